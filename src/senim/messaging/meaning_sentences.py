"""Text as the search for a meaning reads it: folded, in sentences, with their mood. Pure, linear.

Folded: small letters, ё as е, Kazakh letters as people type them on a Russian keyboard (and ы as и), Latin letters that
stand in Cyrillic words as the Cyrillic ones they look like.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_LETTERS = str.maketrans("ёәғқңөұүһіы’`´“”«»„", 'еагкноуухии\'\'\'"""""')
_MIXED = re.compile(r"[а-я][a-z]|[a-z][а-я]")
_WORD = re.compile(r"[^\W\d_]+")
_LOOKALIKES = str.maketrans("aceopxyikmthbz", "асеорхуикмтнвз")
_CYRILLIC = re.compile("[а-я]")

MOST = 600
"""Characters of a sentence that are read."""

_MARKER = re.compile(r"\s{0,8}(?:[-•*–—·]|\(?\d{1,2}[.)]|[a-zа-яәғқңөұүһі]\))\s*", re.IGNORECASE)
_ENDS = re.compile(r"(?:[.!?…]+[\"»”)]*(?=\s|$))")
_SHORT = re.compile(
    r"(?:\b(?:перс|тел|моб|ул|им|др|пр|ст|обл|эл|д|кв|корп|стр|mr|mrs|ms|dr|no|nr|art|e\.g|i\.e|т\.е|т\.к|т\.д|[а-яa-z])"
    r"|\d)$",
    re.IGNORECASE,
)


def fold(text: str) -> str:
    """A text folded, for words to be compared and found in."""
    folded = unicodedata.normalize("NFKC", text).lower().translate(_LETTERS)
    return _WORD.sub(_one_script, folded) if _MIXED.search(folded) else folded


def _one_script(word: re.Match[str]) -> str:
    return word[0].translate(_LOOKALIKES) if _CYRILLIC.search(word[0]) else word[0]


def pattern(text: str) -> re.Pattern[str]:
    """An expression over folded text, written in the usual letters of Kazakh, Russian and English."""
    return re.compile(text.translate(_LETTERS))


def shared(one: str, other: str) -> int:
    """How many letters two words have in common from their beginning."""
    differ = (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])
    return next(differ, min(len(one), len(other)))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, folded."""

    text: str
    question: bool
    listed: bool
    """Whether it is an item of a list whose first line asked for what follows."""


_ASKS_BEFORE_LIST = pattern(
    r"прошу|просим|требу|хочу|хотел|просьба|необходимо|please|i (?:want|would like|request|demand|ask)|i'd like|"
    r"сұраймы|талап ет|өтін"
)


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text, also where it is broken into lines of a fixed width."""
    asked = False
    for paragraph, marked in _paragraphs(text):
        if not marked:
            asked = False
        for said, mark in _split(paragraph):
            yield Sentence(fold(said[:MOST]), "?" in mark, marked and asked)
        if paragraph.endswith(":"):
            asked = _ASKS_BEFORE_LIST.search(fold(paragraph[-MOST:])) is not None


def _paragraphs(text: str) -> Iterator[tuple[str, bool]]:
    """Lines that belong together, and whether they are an item of a list."""
    waiting, marked = "", False
    for line in text.split("\n"):
        bare = line.strip()
        item = _MARKER.match(line)
        if waiting and bare and item is None and _goes_on(waiting, bare):
            waiting = f"{waiting} {bare}" if len(waiting) < 20 * MOST else waiting
            continue
        if waiting:
            yield waiting, marked
        waiting = bare[len(item[0].lstrip()) :] if item else bare
        marked = item is not None
    if waiting:
        yield waiting, marked


def _goes_on(before: str, line: str) -> bool:
    """Whether a line goes on with the one before it."""
    if before[-1] in ".!?:;…":
        return False
    return line[0].islower() or before[-1] in ",-–—(" or len(before.rpartition("\n")[2]) >= 55


def _split(paragraph: str) -> Iterator[tuple[str, str]]:
    """The sentences of a paragraph, each with the mark that ends it."""
    start = 0
    for found in _ENDS.finditer(paragraph):
        if found[0] == "." and _SHORT.search(paragraph[max(start, found.start() - 6) : found.start()]):
            continue
        if paragraph[start : found.start()].strip():
            yield paragraph[start : found.start()].strip(), found[0]
        start = found.end()
    if paragraph[start:].strip():
        yield paragraph[start:].strip(), ""
