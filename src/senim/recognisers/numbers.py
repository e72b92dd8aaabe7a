"""Numbers that prove themselves: IIN, BIN, payment cards, IBAN. Pure; one place for each check.

Formats and test values: docs/reference/law.md names the sources; the algorithms are public.
"""

from __future__ import annotations

import re
from operator import mul

_TWELVE = re.compile(r"[0-9]{12}\Z")
_FIRST = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_CENTURIES = (1900, 1800, 1800, 1900, 1900, 2000, 2000)
_LAST_DAYS = {
    f"{month:02}": str(last) for month, last in enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1)
}
_LEAP = frozenset(year for year in range(1800, 2100, 4) if year not in (1800, 1900))
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def check_digit(digits: str) -> int | None:
    """The twelfth digit of an IIN or BIN from its first eleven; None if the stem is never issued (law-kz §4.1)."""
    numbers = [*map(int, digits[:11])]
    rest = sum(map(mul, numbers, _FIRST)) % 11
    if rest == 10:
        rest = sum(map(mul, numbers, _SECOND)) % 11
    return None if rest == 10 else rest


def is_iin(text: str) -> bool:
    """Whether 12 digits are an IIN: a real date of birth, a known century digit and the right check digit."""
    if not _TWELVE.match(text) or text[6] > "6":
        return False
    month, day = text[2:4], text[4:6]
    if not ("01" <= month <= "12" and "01" <= day <= _LAST_DAYS[month]):
        return False
    if day == "29" and month == "02" and (_CENTURIES[int(text[6])] + int(text[:2])) not in _LEAP:
        return False
    return check_digit(text) == int(text[11])


def is_bin(text: str) -> bool:
    """Whether 12 digits are a BIN: a real month, a kind of entity (4-6), a kind of unit (0-3), the check digit."""
    if not _TWELVE.match(text) or text[4] not in "456" or text[5] not in "0123":
        return False
    return "01" <= text[2:4] <= "12" and check_digit(text) == int(text[11])


def luhn(digits: str) -> bool:
    """Whether a row of digits passes the check of payment card numbers (ISO/IEC 7812-1 annex B)."""
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[number] for number in numbers[1::2])) % 10 == 0


def is_card(digits: str, *, short: bool = True) -> bool:
    """Whether digits are a payment card's: ISO/IEC 7812 lengths with the prefixes that are issued, check digit right.

    ``short`` counts the 13 digits of old cards too.
    """
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


_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
_IBAN_LENGTHS = {"KZ": 20}


def is_iban(compact: str) -> bool:
    """Whether capital letters and digits are an account with right check digits (ISO 13616, ISO 7064 mod 97-10)."""
    if not _IBAN.fullmatch(compact) or len(compact) != _IBAN_LENGTHS.get(compact[:2], len(compact)):
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1
