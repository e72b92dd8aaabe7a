"""Whether a whole value, as a column holds it, is of a kind. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

from senim.recognisers.finding import find
from senim.recognisers.names import is_given, is_patronymic, is_surname
from senim.recognisers.numbers import is_bin, is_card, is_iban, is_iin
from senim.recognisers.records import Kind

_MARKS = re.compile(r"[\s-]+")


def _compact(check: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda value: check(_MARKS.sub("", value).upper())


def _digits(check: Callable[[str], bool], most: int = 30) -> Callable[[str], bool]:
    def fits(value: str) -> bool:
        compact = _MARKS.sub("", value)
        return compact.isascii() and compact.isdigit() and len(compact) <= most and check(compact)

    return fits


def _shaped(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(rf"(?:{pattern})\Z", re.IGNORECASE)
    return lambda value: bool(compiled.match(value))


def _found(kind: Kind, least: float = 0.5) -> Callable[[str], bool]:
    def fits(value: str) -> bool:
        return any(hit.end - hit.start >= len(value) - 2 for hit in find(value, kinds=(kind,), least=least))

    return fits


def _telephone(value: str) -> bool:
    """A telephone; in a column the ten digits of a national number too, if the code is one of a country's."""
    digits = re.sub(r"\D", "", value)
    if not 10 <= len(digits) <= 15 or re.search(r"[^\W\d_]", value):
        return False
    return (len(digits) == 10 and digits[0] in "79") or _found(Kind.PHONE)(value)


def _ip(value: str) -> bool:
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return False
    return "." in value or ":" in value


def _words(value: str) -> list[str]:
    return value.replace(".", ". ").split()


def _name(value: str) -> bool:
    return (
        2 <= len(_words(value)) <= 5
        and len(value) <= 80
        and _found(Kind.NAME)(value.title() if value.islower() else value)
    )


def _word(check: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda value: " " not in value and value.replace("-", "").isalpha() and check(value)


WHOLE: Mapping[Kind, Callable[[str], bool]] = {
    Kind.IIN: _digits(is_iin),
    Kind.BIN: _digits(is_bin),
    Kind.CARD: _digits(lambda digits: 13 <= len(digits) <= 19 and is_card(digits)),
    Kind.IBAN: _compact(is_iban),
    Kind.PHONE: _telephone,
    Kind.EMAIL: _found(Kind.EMAIL),
    Kind.IP: _ip,
    Kind.ID_CARD: _digits(lambda digits: len(digits) == 9),
    Kind.PASSPORT: _compact(lambda value: bool(re.fullmatch(r"[A-Z]{1,2}[0-9]{7,8}|[0-9]{10}", value))),
    Kind.PLATE: _found(Kind.PLATE, 0.4),
    Kind.BIRTH_DATE: _shaped(
        r"(?:18|19|20)\d\d-\d\d-\d\d(?:[T ]00:00(?::00)?.*)?|\d{1,2}[./]\d{1,2}[./](?:18|19|20)\d\d|(?:19|20)\d\d"
    ),
    Kind.NAME: _name,
    Kind.GIVEN: _word(is_given),
    Kind.PATRONYMIC: _word(is_patronymic),
    Kind.FAMILY: _word(is_surname),
    Kind.SEX: _shaped(r"m|f|male|female|м|ж|муж\w*|жен\w*|е|ә|еркек|ер|әйел|[0-2]"),
    Kind.POSTCODE: _shaped(r"\d{6}|[A-Z]\d{2}[A-Z]\d[A-Z]\d"),
    Kind.CARD_EXPIRY: _shaped(r"(?:0[1-9]|1[0-2])/?\d{2}(?:\d{2})?"),
    Kind.USER_AGENT: _shaped(r"Mozilla/.*|Dalvik/.*|okhttp/.*|curl/.*|[A-Za-z]+/\d[\w.]* \(.*"),
}
"""Kinds that a value shows. The others (an address, a login, a password) are known by their column's name alone."""

_PLAIN_PHONE = _found(Kind.PHONE)


def alone(kind: Kind, value: str) -> bool:
    """Whether a value is of a kind even where no name says so: ten digits are as many as an order number has."""
    return _PLAIN_PHONE(value) if kind is Kind.PHONE else WHOLE[kind](value)


_LETTERS = re.compile(r"[^\W\d_]+(?:[\s.'’-]+[^\W\d_]*){0,5}\Z")
_OF_NAMES = frozenset((Kind.NAME, Kind.FAMILY, Kind.GIVEN, Kind.PATRONYMIC))


def may_be(kind: Kind, value: str) -> bool:
    """Whether a value is not against what its column is named: not every surname ends as surnames do."""
    return bool(_LETTERS.match(value)) and len(value) <= 80 if kind in _OF_NAMES else WHOLE[kind](value)


PROVEN = frozenset((Kind.IIN, Kind.BIN, Kind.CARD, Kind.IBAN, Kind.EMAIL))
"""Kinds of which chance makes none."""
