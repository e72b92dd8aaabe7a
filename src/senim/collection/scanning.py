"""What must not come in, found anywhere in a value: card numbers, special categories, other people's IINs. Pure.

Lexical: what is paraphrased or misspelt gets past, and an image is not read. What is found is certain enough
to be refused: card numbers by length, prefix and check digit, IINs by date and check digit, words as whole words.
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
import zlib
from collections.abc import Iterator
from importlib import resources
from itertools import islice

from senim.policy.values import INVISIBLE, is_iin, luhn

_BETWEEN = r"[\W_]{1,3}"
_HALF = rf"(?:\d{{8}}|\d{{4}}{_BETWEEN}\d{{4}})"
_SHAPES = tuple(
    re.compile(rf"(?<!\d)(?=({shape})(?!\d))")
    for shape in (
        r"\d{12,19}",
        rf"{_HALF}{_BETWEEN}{_HALF}",
        rf"\d{{4}}{_BETWEEN}\d{{8}}{_BETWEEN}\d{{4}}",
        rf"\d{{4}}(?:{_BETWEEN}\d{{4}}){{3}}{_BETWEEN}\d{{2,3}}",
        rf"\d{{4}}{_BETWEEN}\d{{6}}{_BETWEEN}\d{{4,5}}",
    )
)
"""How card numbers are printed. They are seen beside other digits too: an expiry date, a code, an amount."""

_DIGITS = re.compile(r"(?<!\d)\d(?:[ .\-\u2010-\u2015]{0,3}\d){11,18}(?!\d)")
"""Digits that stand alone, in groups of any size."""

_DATE = re.compile(r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./-])\d\d\2\d\d)(?!\d)")
"""Dates, which are no part of a row of digits: two of them have the length of a card number."""

_PLAIN = re.compile(r"[\x00-\x7f\u0400-\u052f]*\Z")
"""ASCII and Cyrillic: nothing of it is folded, nothing in it is a digit of another script."""

_GAP = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_ENOUGH_DIGITS = re.compile(r"(?:\d\D{0,3}){12}")
_MOST_INFLATED = 2 * 1024 * 1024
"""Bytes that are unpacked of one file at most: a small file may hold far more than it weighs."""

_MOST_OF_STREAM = 256 * 1024
"""Bytes that are unpacked of one stream: a picture does not use up what the pages after it need."""

_MOST_STREAMS = 10_000
_WINDOW = 64 * 1024
_OVERLAP = 256
_ALL_DIGITS = "0123456789"
_ASCII = bytes(byte if byte < 128 else 32 for byte in range(256))
"""Takes bytes that are no ASCII for spaces: what a PDF says in them depends on its fonts."""


def plain(text: str) -> str:
    """Text as it is searched: no invisible characters, digits of all scripts as 0-9."""
    if _PLAIN.match(text):
        return text
    folded = unicodedata.normalize("NFKC", INVISIBLE.sub("", text))
    digits = {ord(one): str(unicodedata.digit(one)) for one in set(folded) if one.isdigit() and not one.isascii()}
    return folded.translate(digits)


def _evenly(text: str) -> str:
    """Plain text with one space for any gap in a line."""
    return _GAP.sub(" ", plain(text))


def _rows(text: str) -> Iterator[str]:
    for shape in _SHAPES:
        for match in shape.finditer(text):
            yield re.sub(r"\D", "", match[1])
    for match in _DIGITS.finditer(_DATE.sub("|", text)):
        yield re.sub(r"\D", "", match[0])


def _is_card(digits: str, short: bool) -> bool:
    """Whether digits are a payment card's: ISO/IEC 7812 lengths with the prefixes that are issued."""
    first, size = digits[0], len(digits)
    if size == 16:  # 20261122 is how a date begins, and no card
        issued = first in "34569" or "22" <= digits[:2] <= "27"
    elif size == 15:
        issued = digits[:2] in ("34", "37")
    elif size == 14:
        issued = digits[:2] in ("30", "36", "38", "39")
    elif size == 13:
        issued = short and first == "4"
    else:
        issued = size in (18, 19) and first in "4569"
    return issued and luhn(digits) and len(set(digits)) > 1


def has_card(text: str, *, short: bool = True) -> bool:
    """Whether a payment card number stands in the text. ``short`` counts the 13 digits of old cards too."""
    text = _evenly(text)
    return bool(_ENOUGH_DIGITS.search(text)) and any(_is_card(digits, short) for digits in _rows(text))


def iins(text: str) -> list[str]:
    """The IINs in a text."""
    text = _evenly(text)
    if not _ENOUGH_DIGITS.search(text):
        return []
    return list(dict.fromkeys(digits for digits in _rows(text) if len(digits) == 12 and is_iin(digits)))


_BEFORE_STREET = "".join(rf"(?<!\b{word})" for word in (r"улица\s", r"улице\s", r"ул\.\s", r"ул\.", r"ул\s"))
_AFTER_STREET = r"(?!\s+(?:улиц|ул\b|көшес|street|st\b))"
"""What makes a word the name of a street: people live in Профсоюзная улица without being in a trade union."""


@functools.cache
def _lexicon() -> re.Pattern[str]:
    source = resources.files("senim.collection").joinpath("lexicon.toml").read_text(encoding="utf-8")
    groups = []
    for category, languages in tomllib.loads(source).items():
        words = dict.fromkeys(word.replace(" ", r"\s+") for stems in languages.values() for word in stems)
        groups.append(f"(?P<{category.replace('-', '_')}>{'|'.join(words)})")
    return re.compile(rf"\b{_BEFORE_STREET}(?:{'|'.join(groups)})\b{_AFTER_STREET}", re.IGNORECASE)


def special(text: str) -> str:
    """The special category that a text gives away (``health`` …), or an empty text."""
    for written in (text, INVISIBLE.sub(" ", text)) if INVISIBLE.search(text) else (text,):
        if match := _lexicon().search(_one_script(plain(written))):
            return (match.lastgroup or "").replace("_", "-")
    return ""


_MIXED = re.compile(r"[A-Za-z][\u0400-\u052f]|[\u0400-\u052f][A-Za-z]")
_WORD = re.compile(r"[A-Za-z\u0400-\u052f]+")
_ALIKE = str.maketrans("ABCEHIKMOPTXYaceikopxyh", "АВСЕНІКМОРТХУасеікорхуһ")  # looking alike is the point


def _one_script(text: str) -> str:
    """Text in whose words of Latin and Cyrillic letters the Latin ones are the Cyrillic ones that they look like."""
    if not _MIXED.search(text):
        return text
    return _WORD.sub(lambda word: word[0].translate(_ALIKE) if _MIXED.search(word[0]) else word[0], text)


def texts_of_file(content: bytes, media: str) -> Iterator[str]:
    """The texts in a file that can be read without guessing, in windows: text files, and the streams of a PDF.

    Of what a PDF has packed only so much is unpacked: 256 kB of a stream, 2 MB of a file. The rest is not read.
    """
    if media.startswith("text/") or media == "application/json":
        yield from _windows(content.decode("utf-8", errors="replace"))
    elif media == "application/pdf":
        yield from _windows(content.translate(_ASCII).decode())
        left = _MOST_INFLATED
        for packed in islice(_streams(content), _MOST_STREAMS):
            inflated = _inflated(packed, min(left, _MOST_OF_STREAM))
            left -= len(inflated)
            yield from _windows(_shown(inflated))
            if left <= 0:
                return


def _windows(text: str) -> Iterator[str]:
    """A text in parts that overlap: while one is searched no other thread has its turn.

    A row of digits that a part cuts off is left to the next part, which has the whole of it.
    """
    for at in range(0, len(text), _WINDOW):
        part = text[max(at - _OVERLAP, 0) : at + _WINDOW]
        part = part.lstrip(_ALL_DIGITS) if at else part
        yield part.rstrip(_ALL_DIGITS) if at + _WINDOW < len(text) else part


def _streams(content: bytes) -> Iterator[bytes]:
    """The streams of a PDF, each looked for once: what is begun and never ended costs no second look."""
    at = 0
    while (start := content.find(b"stream", at)) >= 0 and (end := content.find(b"endstream", start + 6)) >= 0:
        yield content[start + 6 : end].strip(b"\r\n")
        at = end + 9


def _inflated(packed: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        return b""


def _shown(page: bytes) -> str:
    """The strings that a PDF page shows, joined: text between brackets, kerning left out."""
    return re.sub(r"\)[\s\-\d.]*\(", "", page.translate(_ASCII).decode())
