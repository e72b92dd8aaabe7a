"""What people are found by, in one form: the same telephone however it is written. Pure.

``normal`` is the form in which two writings are the same; ``writings`` are the forms in which a database may hold it,
for indexes on the bare column; ``digits`` is what is left for kinds that are numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from senim.connectors.records import Identifiers

NUMBERS = ("phone", "iin", "bin", "card")
"""Kinds of which only the digits count."""

MARKS = (" ", "-", "(", ")", "+", ".", "/", "\u00a0", "\u2011", "\u2013")
"""What people write between the digits of a number."""

_LENGTHS = {"iin": (12,), "bin": (12,), "card": tuple(range(12, 20))}
_NUMBER = re.compile(r"[0-9 ()+./\-\u2011\u2013]+")
NOT_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no database takes as text."""

_NOT_DIGIT = re.compile(r"[^0-9]")
_LONGEST = 320
"""Of an identifier: the longest e-mail address (RFC 3696, erratum 1690)."""


def normal(kind: str, value: str) -> str:
    """The one form of an identifier; empty if it says nothing. Never raises."""
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if not text or len(text) > _LONGEST or NOT_TEXT.search(text):
        return ""
    if kind not in NUMBERS:
        return text.lower()
    if not _NUMBER.fullmatch(text):
        return ""
    digits = _NOT_DIGIT.sub("", text)
    if kind == "phone":
        return _phone(text, digits)
    return digits if len(digits) in _LENGTHS[kind] else ""


def _phone(text: str, digits: str) -> str:
    """Digits in international form without the plus. A Kazakh number written with 8, or with neither, gets its 7."""
    if len(digits) == 11 and digits[0] == "8" and digits[1] in "67":
        digits = f"7{digits[1:]}"
    elif len(digits) == 10 and digits[0] in "67" and not text.startswith("+"):
        digits = f"7{digits}"
    return digits if 7 <= len(digits) <= 15 else ""


def tidy(who: Identifiers) -> dict[str, tuple[str, ...]]:
    """Identifiers in normal form, without empty ones."""
    found = {
        kind: tuple(sorted({one for value in values if (one := normal(kind, value))})) for kind, values in who.items()
    }
    return {kind: values for kind, values in found.items() if values}


def digits(kind: str, values: Iterable[str]) -> tuple[str, ...]:
    """All sequences of digits by which numbers of a kind may be written: 7701…, 8701… and 701… are one telephone."""
    found: list[str] = []
    for value in values:
        found.append(value)
        if kind == "phone" and len(value) == 11 and value[0] == "7":
            found += [f"8{value[1:]}", value[1:]]
    return tuple(dict.fromkeys(found))


def core(kind: str, value: str) -> str:
    """The part that stands in every writing of a value; what free text is searched for."""
    return value[1:] if kind == "phone" and len(value) == 11 and value[0] == "7" else value


def writings(kind: str, values: Iterable[str]) -> tuple[str, ...]:
    """How a value in normal form is usually stored, so that an index on the bare column finds it."""
    found: list[str] = []
    for value in values:
        if kind == "phone":
            found += _phone_writings(value)
        elif kind in NUMBERS:
            found.append(value)
        else:
            found += [value, value.upper()]
    return tuple(dict.fromkeys(found))


def _phone_writings(value: str) -> list[str]:
    if len(value) != 11 or value[0] != "7":
        return [f"+{value}", value]
    code, first, second, third = value[1:4], value[4:7], value[7:9], value[9:]
    written = [f"+{value}", value, f"8{value[1:]}", value[1:]]
    for start in ("+7", "8", "7"):
        written += [
            f"{start} {code} {first} {second} {third}",
            f"{start} {code} {first}-{second}-{third}",
            f"{start} ({code}) {first}-{second}-{third}",
            f"{start} ({code}) {first} {second} {third}",
            f"{start}({code}){first}-{second}-{third}",
            f"{start}({code}){first}{second}{third}",
            f"{start}-{code}-{first}-{second}-{third}",
        ]
    return written
