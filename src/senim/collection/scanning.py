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
from itertools import chain, islice

from senim.policy.values import INVISIBLE
from senim.recognisers.numbers import is_card, is_iin

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
_MOST_INFLATED = 32 * 1024 * 1024
"""Bytes that are unpacked of one file at most: a small file may hold far more than it weighs."""

_MOST_OF_STREAM = 4 * 1024 * 1024
"""Bytes that are unpacked of one stream: one that blows up does not use up what the pages after it need."""

_NO_TEXT = re.compile(rb"/Subtype\s*/Image|/Length1\b|/Subtype\s*/(?:Type1C|CIDFontType0C|OpenType)\b|/ICCBased\b")
"""What the dictionary of a PDF's stream holds if that is a picture or a font: there is nothing to read in it."""

_FED = 16 * 1024
_ABOUT = 512

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


def has_card(text: str, *, short: bool = True) -> bool:
    """Whether a payment card number stands in the text. ``short`` counts the 13 digits of old cards too."""
    text = _evenly(text)
    return bool(_ENOUGH_DIGITS.search(text)) and any(is_card(digits, short=short) for digits in _rows(text))


def iins(text: str) -> list[str]:
    """The IINs in a text."""
    text = _evenly(text)
    if not _ENOUGH_DIGITS.search(text):
        return []
    return list(dict.fromkeys(digits for digits in _rows(text) if len(digits) == 12 and is_iin(digits)))


_TAME = re.compile(r"[\n\x20-\x7e\u0400-\u0482\u048a-\u052f]*\Z")
"""What is searched as it stands: nothing to fold, nothing invisible, and each letter has one small letter."""

_TWELVE_DIGITS = re.compile(r"(?:[^0-9]*+[0-9]){12}")
_BEGINNING = re.compile(r"(?:\(\?-i:)?([A-Za-z\u0400-\u052f]{1,4})(?![?*{])")


def quiet(texts: list[str]) -> bool:
    """Whether a quick look shows that nothing of all this can be in any of the texts.

    A no tells nothing: then each is searched. Too few digits, no word that begins as one of the lexicon's does, and
    letters that are only what they seem to be: that holds for nearly everybody's name, address and telephone.
    """
    whole = "\n".join(texts)
    if not _TAME.match(whole) or _MIXED.search(whole) or _beginnings().search(whole.lower()):
        return False
    return not any(len(text) > 11 and _TWELVE_DIGITS.match(text) for text in texts)


_BEFORE_STREET = "".join(rf"(?<!\b{word})" for word in (r"улица\s", r"улице\s", r"ул\.\s", r"ул\.", r"ул\s"))
_AFTER_STREET = r"(?!\s+(?:улиц|ул\b|көшес|street|st\b))"
"""What makes a word the name of a street: people live in Профсоюзная улица without being in a trade union."""


@functools.cache
def _stems() -> dict[str, tuple[str, ...]]:
    """The stems of the lexicon by category, each once."""
    source = resources.files("senim.collection").joinpath("lexicon.toml").read_text(encoding="utf-8")
    return {
        category.replace("-", "_"): tuple(dict.fromkeys(stem for stems in languages.values() for stem in stems))
        for category, languages in tomllib.loads(source).items()
    }


@functools.cache
def _beginnings() -> re.Pattern[str]:
    """How the words of the lexicon begin, in small letters; raises ValueError for a stem without a fixed beginning."""
    beginnings: dict[str, None] = {}
    for stem in chain.from_iterable(_stems().values()):
        match = _BEGINNING.match(stem)
        if match is None:
            raise ValueError(stem)
        beginnings[match[1].lower()] = None
    return re.compile(rf"\b(?:{'|'.join(beginnings)})")


@functools.cache
def _lexicon() -> re.Pattern[str]:
    groups = []
    for category, stems in _stems().items():
        words = "|".join(stem.replace(" ", r"\s+") for stem in stems)
        groups.append(f"(?P<{category}>{words})")
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

    Of what a PDF has packed only so much is unpacked: 4 MB of a stream, 32 MB of a file, a window at a time. The rest
    is not read, nor are its pictures and fonts.
    """
    if media.startswith("text/") or media == "application/json":
        yield from _windows(content.decode("utf-8", errors="replace"))
    elif media == "application/pdf":
        last = ""
        for text in _texts_of_pdf(content):
            if text != last:  # what blows up does so by saying the same again and again
                yield text
            last = text


def _texts_of_pdf(content: bytes) -> Iterator[str]:
    """What its packed streams hold, then what stands in a PDF as it is."""
    left, outside, at = _MOST_INFLATED, list[bytes](), 0
    for start, end in islice(_streams(content), _MOST_STREAMS):
        about = content[max(start - _ABOUT, 0) : start].rpartition(b"obj")[2]
        # What is packed and comes after the limit is no text as it stands.
        read = bool(_NO_TEXT.search(about)) or (left <= 0 and content[start : start + 3].lstrip(b"\r\n")[:1] == b"x")
        for text in () if read else _joined(_inflated(content, start, end, min(left, _MOST_OF_STREAM))):
            left -= len(text)
            read = True
            yield text
        if read:
            outside.append(content[at:start])
            at = end
    outside.append(content[at:])
    yield from _windows(b"\n".join(outside).translate(_ASCII).decode())


def _windows(text: str) -> Iterator[str]:
    """A text in parts that overlap: while one is searched no other thread has its turn.

    A row of digits that a part cuts off is left to the next part, which has the whole of it.
    """
    for at in range(0, len(text), _WINDOW):
        part = text[max(at - _OVERLAP, 0) : at + _WINDOW]
        part = part.lstrip(_ALL_DIGITS) if at else part
        yield part.rstrip(_ALL_DIGITS) if at + _WINDOW < len(text) else part


def _streams(content: bytes) -> Iterator[tuple[int, int]]:
    """Where the streams of a PDF are, each looked for once: what is begun and never ended costs no second look."""
    at = 0
    while (start := content.find(b"stream", at)) >= 0 and (end := content.find(b"endstream", start + 6)) >= 0:
        yield start + 6, end
        at = end + 9


def _inflated(content: bytes, start: int, end: int, most: int) -> Iterator[bytes]:
    """What is packed between two places, a window at a time and at most so much. Nothing, if nothing is."""
    while start < end and content[start] in b"\r\n":
        start += 1
    unpacking = zlib.decompressobj()
    for at in range(start, end, _FED):
        fed = content[at : min(at + _FED, end)]
        while fed and most > 0 and not unpacking.eof:
            try:
                piece = unpacking.decompress(fed, min(_WINDOW, most))
            except zlib.error:
                return
            fed = unpacking.unconsumed_tail
            most -= len(piece)
            if piece:
                yield piece


def _joined(pieces: Iterator[bytes]) -> Iterator[str]:
    """What pieces of a page show, each with the end of the one before. A row of digits that is cut off is left out."""
    before, piece = b"", next(pieces, None)
    while piece is not None:
        after = next(pieces, None)
        text = _shown(before + piece)
        text = text.lstrip(_ALL_DIGITS) if before else text
        yield text.rstrip(_ALL_DIGITS) if after is not None else text
        before, piece = piece[-_ABOUT:], after


def _shown(page: bytes) -> str:
    """The strings that a PDF page shows, joined: text between brackets, kerning left out."""
    return re.sub(r"\)[\s\-\d.]*\(", "", page.translate(_ASCII).decode())
