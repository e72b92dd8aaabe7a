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

_DIGITS = re.compile(r"(?<!\d)\d(?:[ .\-\u00a0]{0,2}\d){11,18}(?!\d)")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_ENOUGH_DIGITS = re.compile(r"(?:\d\D{0,3}){12}")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_MOST_INFLATED = 4 * 1024 * 1024


def plain(text: str) -> str:
    """Text as it is searched: no invisible characters, digits of all scripts as 0-9."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    return "".join(str(unicodedata.digit(one)) if one.isdigit() and not one.isascii() else one for one in folded)


def _rows(text: str) -> Iterator[str]:
    if _ENOUGH_DIGITS.search(text):
        for match in _DIGITS.finditer(text):
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
    return any(_is_card(digits, short) for digits in _rows(plain(text)))


def iins(text: str) -> list[str]:
    """The IINs in a text."""
    return [digits for digits in _rows(plain(text)) if len(digits) == 12 and is_iin(digits)]


@functools.cache
def _lexicon() -> re.Pattern[str]:
    source = resources.files("senim.collection").joinpath("lexicon.toml").read_text(encoding="utf-8")
    groups = []
    for category, languages in tomllib.loads(source).items():
        words = dict.fromkeys(word for stems in languages.values() for word in stems)
        groups.append(f"(?P<{category.replace('-', '_')}>{'|'.join(words)})")
    return re.compile(rf"\b(?:{'|'.join(groups)})\b", re.IGNORECASE)


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
        for match in _STREAM.finditer(content):
            inflated = _inflated(match[1])
            if inflated:
                yield _shown(inflated)


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _MOST_INFLATED)
    except zlib.error:
        return b""


def _shown(page: bytes) -> str:
    """The strings that a PDF page shows, joined: text between brackets, kerning left out."""
    return re.sub(r"\)[\s\-\d.]*\(", "", page.decode("latin-1"))
