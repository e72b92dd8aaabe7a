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

from senim.policy.values import is_iin, luhn

_BETWEEN = r"[\W_]{1,3}"
_SHAPES = tuple(
    re.compile(rf"(?<!\d)(?=({shape})(?!\d))")
    for shape in (
        r"\d{12,19}",
        rf"\d{{4}}(?:{_BETWEEN}\d{{4}}){{3}}",
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

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_ENOUGH_DIGITS = re.compile(r"(?:\d\D{0,3}){12}")
_MOST_INFLATED = 64 * 1024 * 1024
"""Bytes that are unpacked of one file at most: a small file may hold far more than it weighs."""


def plain(text: str) -> str:
    """Text as it is searched: no invisible characters, digits of all scripts as 0-9."""
    if _PLAIN.match(text):
        return text
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return "".join(str(unicodedata.digit(one)) if one.isdigit() and not one.isascii() else one for one in folded)


def _rows(text: str) -> Iterator[str]:
    for shape in _SHAPES:
        for match in shape.finditer(text):
            yield re.sub(r"\D", "", match[1])
    for match in _DIGITS.finditer(_DATE.sub("|", text)):
        yield re.sub(r"\D", "", match[0])


def _is_card(digits: str, short: bool) -> bool:
    """Whether digits are a payment card's: ISO/IEC 7812 lengths with the prefixes that are issued."""
    first, size = digits[0], len(digits)
    if size == 16:
        issued = first in "234569"
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
    text = plain(text)
    return bool(_ENOUGH_DIGITS.search(text)) and any(_is_card(digits, short) for digits in _rows(text))


def iins(text: str) -> list[str]:
    """The IINs in a text."""
    text = plain(text)
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
    match = _lexicon().search(plain(text))
    return (match.lastgroup or "").replace("_", "-") if match else ""


def texts_of_file(content: bytes, media: str) -> Iterator[str]:
    """The texts in a file that can be read without guessing: text files, and the streams of a PDF."""
    if media.startswith("text/") or media == "application/json":
        yield content.decode("utf-8", errors="replace")
    elif media == "application/pdf":
        yield content.decode("latin-1")
        left = _MOST_INFLATED
        for packed in _streams(content):
            inflated = _inflated(packed, left)
            left -= len(inflated)
            if inflated:
                yield _shown(inflated)
            if left <= 0:
                return


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
    return re.sub(r"\)[\s\-\d.]*\(", "", page.decode("latin-1"))
