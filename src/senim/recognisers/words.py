"""Words beside a number that tell what it is, in Kazakh, Russian and English, and as keys of files are named. Pure."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources

ORDER = "order"
"""What the words of orders, contracts and the like make of a number: something that is no person's."""

_ENDS = frozenset("\n.!?")
_BEFORE = 44
_AFTER = 24
_MOST_WORDS = 9
_WORDS = re.compile(r"[^\W\d_]+|[0-9]{3,}|[\n№]|(?:(?<=[^\W\d_]{5})|(?<=[0-9]))[.!?](?=\s)")
"""Words, numbers, and ends: of a line, of a sentence. After a short word a point is that of an abbreviation."""

_STEM = 2
"""Letters by which stems are looked up: as many as the shortest has."""


@functools.cache
def _lexicon() -> tuple[dict[str, str], dict[str, tuple[tuple[str, str], ...]]]:
    """Words with what they say, and stems by their first letters."""
    source = resources.files("senim.recognisers").joinpath("words.toml").read_text(encoding="utf-8")
    whole: dict[str, str] = {}
    stems: dict[str, list[tuple[str, str]]] = {}
    for kind, listed in tomllib.loads(source).items():
        for word in listed.split():
            if word.endswith("*"):
                stems.setdefault(word[:_STEM], []).append((word[:-1], kind))
            else:
                whole[word] = kind
    return whole, {first: tuple(sorted(some, key=lambda one: -len(one[0]))) for first, some in stems.items()}


@functools.lru_cache(maxsize=20_000)
def _says(word: str) -> str:
    """What a word says, or an empty text. Of two stems the longer tells."""
    whole, stems = _lexicon()
    word = word.lower()
    if word in whole:
        return whole[word]
    return next((kind for stem, kind in stems.get(word[:_STEM], ()) if word.startswith(stem)), "")


def said_before(text: str, start: int) -> tuple[str, bool]:
    """What the nearest telling word before a place says (``phone``, ``iin``, ``order`` …), or an empty text.

    With it, whether another number stands between, of which the word speaks rather (``заказ 15, 8 701 …``). The end of
    a line or sentence ends what is beside; ``№`` tells of an order if no word tells anything else.
    """
    words = _WORDS.findall(text, start - _BEFORE if start > _BEFORE else 0, start)
    numbered = spent = False
    for place in range(len(words) - 1, max(-1, len(words) - _MOST_WORDS), -1):
        word = words[place]
        if word in _ENDS:
            break
        if word == "№":
            numbered = True
        elif "0" <= word[0] <= "9":
            spent = True
        elif told := _says(word):
            if told == "card" and place and _says(words[place - 1]) == "id-card":
                told = "id-card"
            return told, spent
    return (ORDER, spent) if numbered else ("", spent)


_BORN_AFTER = re.compile(
    r"[\s,]*(?:г(?:ода|\.)?\s?р(?:ожд\w+|\.|\b)|года? рождения|жылы туған|ж\.?\s?т\.|ж\. туған"
    r"|туған(?!\w|\s+(?:кү|ж))|year of birth|\(?born\b)",
    re.IGNORECASE,
)


def born_after(text: str, end: int) -> bool:
    """Whether the words behind a date say that it is one of birth: ``12.03.2085 г.р.``."""
    return bool(_BORN_AFTER.match(text, end, end + _AFTER))
