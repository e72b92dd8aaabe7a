"""What all pictures are made of: the frame with its title, texts, a round scale. Pure."""

from __future__ import annotations

import textwrap

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


def lines_of(words: str, width: int, most: int) -> list[str]:
    """Words in at most so many lines of so many characters; what does not fit ends with three dots."""
    return textwrap.wrap(words, width, max_lines=most, placeholder="…") or [""]


def round_up(value: float) -> int:
    """The next round number: 1, 2 or 5 with noughts behind it. 0 has 1 above it."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= value:
                return factor * step
        step *= 10
