"""What all pictures are made of: the frame with its title, texts, a round scale. Pure."""

from __future__ import annotations

from markupsafe import Markup


def picture(width: float, height: float, content: Markup, *, title: str, says: str) -> Markup:
    """An SVG picture that fits its column, with a title and a description for who cannot see it."""
    return Markup(
        '<svg class="chart" viewBox="0 0 {:.0f} {:.0f}" width="{:.0f}" height="{:.0f}" role="img" aria-label="{}">'
        "<desc>{}</desc>{}</svg>"
    ).format(width, height, width, height, title, says, content)


def text(x: float, y: float, words: str, kind: str) -> Markup:
    """A text at a place; ``kind`` is its class in the style sheet."""
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, words)


_WIDE = frozenset("жмфшщыюЖМФШЩЫЮДИЙНҢОӨПЧӘmwMWDGHNOQU…")
_NARROW = frozenset("іІijlrtfIJ.,:;!'()-/ ")


def breadth(words: str) -> float:
    """About how wide words are in a usual typeface, in the height of its letters: “ш” is three times “і”."""
    return sum(0.86 if one in _WIDE else 0.38 if one in _NARROW else 0.6 for one in words)


def lines_of(words: str, room: float, most: int) -> list[str]:
    """Words in at most so many lines of such a :func:`breadth`; what does not fit ends with three dots."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or breadth(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = [one if breadth(one) <= room else _cut(one, room) for one in lines[:most]]
    return kept if len(lines) <= most else [*kept[:-1], _cut(kept[-1], room)]


def _cut(words: str, room: float) -> str:
    """The beginning of words, and three dots."""
    words = words.removesuffix("…")
    while words and breadth(f"{words}…") > room:
        words = words[:-1]
    return f"{words.rstrip()}…"


def round_up(value: float) -> int:
    """The next round number: 1, 2 or 5 with noughts behind it. 0 has 1 above it."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= value:
                return factor * step
        step *= 10
