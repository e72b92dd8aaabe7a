"""What rows of digits are: IIN, BIN, cards, telephones, documents, accounts. Pure.

A row is what stands together with no more than spaces, dashes, dots and brackets between. Its groups are tried alone
and together, as such numbers are printed; the check digit comes first, the shape next, the words beside last.
"""

from __future__ import annotations

import functools
import re

from senim.recognisers.numbers import is_bin, is_card, is_iin
from senim.recognisers.records import Hit, Kind, Why
from senim.recognisers.words import ORDER, said_before

# names of a module are found faster than those of an Enum, and there are many hits
_ACCOUNT = Kind.ACCOUNT
_BIN = Kind.BIN
_CARD = Kind.CARD
_ID_CARD = Kind.ID_CARD
_IIN = Kind.IIN
_PASSPORT = Kind.PASSPORT
_PHONE = Kind.PHONE
_SAID = (Why.SHAPE, Why.WORDS)
_DENIED = (Why.SHAPE, Why.AGAINST)
_PROVEN_SAID = (Why.CHECK_DIGIT, Why.WORDS)
_PROVEN_DENIED = (Why.CHECK_DIGIT, Why.AGAINST)
_PROVEN = (Why.CHECK_DIGIT,)
_SHAPED = (Why.SHAPE,)
_BY_WORDS = (Why.WORDS,)

_ZEROS = str.maketrans("123456789", "000000000")
_GAPS = re.compile(r"[^0-9]+")
_GROUP = re.compile(r"[0-9]+")
_MOST_GROUPS, _FEW_GROUPS = 19, 6
"""Groups of one number at most; in a long row, which is a table rather than a number, fewer are tried together."""

_LONG = 200
_OF_TWELVE = frozenset(((6, 6), (4, 4, 4), (6, 4, 2), (2, 2, 2, 6), (6, 1, 5), (6, 1, 4, 1), (3, 3, 3, 3)))
_OF_TEN = frozenset(
    (
        (3, 7), (3, 3, 4), (3, 3, 2, 2), (3, 2, 2, 3), (3, 4, 3), (4, 6), (4, 2, 2, 2), (4, 3, 3), (5, 5),
        (5, 1, 2, 2), (3, 1, 3, 3), (3, 2, 5), (3, 5, 2), (5, 2, 3), (3, 2, 3, 2), (4, 2, 4), (4, 4, 2),
        (3, 1, 2, 2, 2), (2, 2, 2, 2, 2), (10,),
    )
)  # fmt: skip
"""How the ten digits of a telephone behind +7 or 8 are grouped."""

_CARDS = re.compile(r"(?:4,){3}[1-4],?(?:[23],)?\Z|8,8,\Z|4,6,[45],\Z|(?:[12],)+\Z|4,8,4,\Z|6,\d\d?,\Z")
_KZ_MOBILE = re.compile(r"7(?:0[0-25-8]|47|6[0-4]|7[15-8]|85)")
"""Mobile codes that are given out (libphonenumber 9.0.43); 71x and 72x are cities."""

_KZ = re.compile(r"7(?:0[0-25-8]|[12][0-9]|47|6[0-4]|7[15-8]|85)")
_OF_PASSPORTS = frozenset(((9,), (10,), (4, 6), (2, 2, 6)))
_TAXPAYERS = ("iin", "bin")
_NO_CODE = ("500", "600")
_OTHERS = frozenset((ORDER, "card", "account", "iin", "bin", "id-card", "passport", "version", "date", "birth-date"))
"""What a number may be said to be that is no telephone."""

_LETTERS_BEFORE = re.compile(r"(?:иин|жсн|бин|бсн|iin|bin|тел|tel|id|№)\Z", re.IGNORECASE)


def of_row(text: str, start: int, end: int) -> list[Hit]:
    """What a row of digits may be. Hits may overlap; the caller keeps the strongest."""
    written = text[start:end]
    if written.isdigit():
        hit = _of_digits(text, written, (end - start,), start, end)
        return [hit] if hit else []
    hits = []
    form = written.translate(_ZEROS)
    if len(form) >= _LONG and "00" not in form:
        return []  # a table of single digits
    for first, last, shape in _windows(form) if len(form) < _LONG else _windows.__wrapped__(form, _FEW_GROUPS):
        digits = _GAPS.sub("", written[first:last])
        if hit := _of_digits(text, digits, shape, start + first, start + last):
            hits.append(hit)
    return hits


@functools.lru_cache(maxsize=20_000)
def _windows(form: str, most: int = _MOST_GROUPS) -> tuple[tuple[int, int, tuple[int, ...]], ...]:
    """Which groups of a row, alone and together, are written as some number is: start, end, sizes of groups.

    ``form`` is the row with zeros for digits: rows are many, ways of writing them few.
    """
    groups = [match.span() for match in _GROUP.finditer(form)]
    found = []
    for first in range(len(groups)):
        shape: tuple[int, ...] = ()
        start = groups[first][0]
        for begin, end in groups[first : first + most]:
            shape += (end - begin,)
            if sum(shape) > 20:
                break
            if _may_be(shape) and not (len(shape) > 1 and "-" in (form[start - 1 : start], form[end : end + 1])):
                found.append((start, end, shape))  # what a dash ties to the next group is a part of something longer
    return tuple(found)


def _may_be(shape: tuple[int, ...]) -> bool:
    size = sum(shape)
    if len(shape) == 1:
        return size >= 9
    if size == 12 and shape in _OF_TWELVE:
        return True
    if size >= 13:
        return size <= 15 or bool(_CARDS.match("".join(f"{n}," for n in shape)))
    return size in (10, 11, 12)


def _of_digits(text: str, digits: str, shape: tuple[int, ...], start: int, end: int) -> Hit | None:
    size = len(digits)
    before = text[start - 1] if start else ""
    if before == "+" or (before == "(" and text[start - 2 : start - 1] == "+"):
        return _international(text, digits, len(shape), start, end) if 9 < size < 16 else None
    if 10 <= size <= 11:
        hit = _national(text, digits, shape, start, end)
        return hit or (_document(text, digits, shape, start, end) if size == 10 else None)
    if size == 12:
        return _of_twelve(text, digits, start, end) if len(shape) == 1 or shape in _OF_TWELVE else None
    if size == 9:
        return _document(text, digits, shape, start, end)
    if size == 20:
        told = len(shape) == 1 and said_before(text, start) == ("account", False)
        return Hit(_ACCOUNT, start, end, 0.8, _BY_WORDS, digits) if told else None
    if size < 20 and is_card(digits) and (len(shape) == 1 or _CARDS.match("".join(f"{n}," for n in shape))):
        return _card(text, digits, start, end)
    return None


def _alone(text: str, start: int, end: int) -> bool:
    """Whether no letter and no digit touches it, as in hashes; ``ИИН981231500014`` counts as alone."""
    after = text[end : end + 1]
    if after.isalnum() or after == "_":
        return False
    before = text[start - 1] if start else ""
    return not (before.isalnum() or before == "_") or bool(_LETTERS_BEFORE.search(text, max(0, start - 4), start))


def _of_twelve(text: str, digits: str, start: int, end: int) -> Hit | None:
    iin = is_iin(digits)
    if not (iin or is_bin(digits)) or not _alone(text, start, end):
        return None
    kind = _IIN if iin else _BIN
    told, spent = said_before(text, start)
    if told in _TAXPAYERS:
        return Hit(kind, start, end, 0.99, _PROVEN_SAID, digits)
    sure = 0.9 if not iin or digits[6] in "3456" else 0.45  # nobody who was born before 1900 is left
    if told == ORDER and not spent:
        return Hit(kind, start, end, round(sure - 0.45, 2), _PROVEN_DENIED, digits)
    return Hit(kind, start, end, sure, _PROVEN, digits)


def _card(text: str, digits: str, start: int, end: int) -> Hit | None:
    if not _alone(text, start, end):
        return None
    told, spent = said_before(text, start)
    if told == "card":
        return Hit(_CARD, start, end, 0.99, _PROVEN_SAID, digits)
    if told == ORDER and not spent:
        return Hit(_CARD, start, end, 0.4, _PROVEN_DENIED, digits)
    return Hit(_CARD, start, end, 0.45 if len(digits) in (13, 14) else 0.85, _PROVEN, digits)


def _document(text: str, digits: str, shape: tuple[int, ...], start: int, end: int) -> Hit | None:
    if not _alone(text, start, end):
        return None
    told, spent = said_before(text, start)
    if spent:
        return None
    if told == "id-card" and shape == (9,):
        return Hit(_ID_CARD, start, end, 0.9, _SAID, digits)
    if told == "passport" and shape in _OF_PASSPORTS:
        return Hit(_PASSPORT, start, end, 0.85, _SAID, digits)
    return None


def _national(text: str, digits: str, shape: tuple[int, ...], start: int, end: int) -> Hit | None:
    """Ten digits of a Kazakh or Russian telephone, alone or behind 8 or 7."""
    rest = shape
    national = digits
    if len(digits) == 11:
        if digits[0] not in "78":
            return None
        rest = shape[1:] if shape[0] == 1 else (shape[0] - 1, *shape[1:])
        national = digits[1:]
    if rest not in _OF_TEN or national[0] not in "3456789" or national[:3] in _NO_CODE or not _alone(text, start, end):
        return None
    begin = start - 1 if text[start - 1 : start] == "(" else start
    told, spent = said_before(text, start)
    if told == "phone":
        return Hit(_PHONE, begin, end, 0.95, _SAID, f"+7{national}")
    form = text[begin:end]
    sure = _by_form(digits, form, len(shape))
    if told in _OTHERS and not spent and "(" not in form:
        return Hit(_PHONE, begin, end, round(sure - 0.35, 2), _DENIED, f"+7{national}")
    return Hit(_PHONE, begin, end, sure, _SHAPED, f"+7{national}")


def _by_form(digits: str, form: str, groups: int) -> float:
    """How sure digits without a plus and without words are a telephone."""
    if len(digits) == 10:  # as many as an order number has
        return 0.6 if groups >= 3 and _KZ_MOBILE.match(digits) else 0.3
    kz = bool(_KZ.match(digits, 1))
    if "(" in form:
        return 0.9
    if groups >= 3:
        return 0.85 if kz else 0.75 if digits[1] in "79" else 0.65
    return 0.75 if kz else 0.65 if digits[1] == "9" else 0.35


def _international(text: str, digits: str, groups: int, start: int, end: int) -> Hit | None:
    """Behind a plus: +7 with ten digits, another country with ten to fifteen in all."""
    begin = start - 1 if text[start - 1] == "+" else start - 2
    if text[begin - 1 : begin].isalnum() or text[end : end + 1].isalnum():
        return None
    why = _SAID if said_before(text, begin)[0] == "phone" else _SHAPED
    if digits[0] == "7":
        good = len(digits) == 11 and digits[1] in "3456789"
        return Hit(_PHONE, begin, end, 0.97 if digits[1] in "79" else 0.9, why, f"+{digits}") if good else None
    return Hit(_PHONE, begin, end, 0.8, why, f"+{digits}") if digits[0] != "0" and groups <= 7 else None
