"""Made-up people: names in three languages, and identifiers from ranges that belong to nobody (law-kz §4)."""

from __future__ import annotations

import string
from collections.abc import Callable

from senim.languages import Language
from senim.policy.records import Field
from senim.policy.taxonomy import FieldType
from senim.recognisers.numbers import check_digit

_FAMILIES: dict[Language, str] = {
    "kk": "Сынақбай Әбдіқалық Жұмабекова Қасенов Өтегенов Ермекқызы Тұрсынбек Нұрлан Байжанова Серікұлы Мұқаш Шәріп",
    "ru": "Пробников Иванова Соколов Кузнецова Лебедев Новикова Морозов Васильева Щербаков Ёлкина Зайцев Орлова",
    "en": "Sampleton Whitfield O’Connor Harper Bennett Fletcher Marsh Ellison Thornbury Quigley Underhill Winslow",
}
_GIVEN: dict[Language, str] = {
    "kk": "Әлия Қуаныш Гүлнұр Ғалым Жансая Дәурен Ұлпан Іңкәр Арман Өркен Мөлдір Һәкім",
    "ru": "Анна Пётр Мария Семён Ольга Иван Дарья Алексей Юлия Фёдор Татьяна Глеб",
    "en": "Alice Robert Grace Thomas Emily George Hannah Oliver Sophie Henry Lucy Edward",
}
_LANGUAGES: tuple[Language, ...] = ("kk", "ru", "en")


def language_of(number: int) -> Language:
    """The language of the made-up person with a number."""
    return _LANGUAGES[number % 3]


def luhn_digit(stem: str) -> str:
    """The digit that makes a row of digits pass the check of payment cards."""
    total = 0
    for place, digit in enumerate(reversed(stem)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card(number: int) -> str:
    """A card number of no bank: national industry digit 9, country 398."""
    stem = f"9398{number % 10**11:011d}"
    return stem + luhn_digit(stem)


def iin(number: int) -> str:
    """An IIN of a person born after 2070, who does not exist yet."""
    serial = number
    while True:
        day, rest = serial % 28 + 1, serial // 28
        month, rest = rest % 12 + 1, rest // 12
        year, rest = 70 + rest % 30, rest // 30
        stem = f"{year:02d}{month:02d}{day:02d}{5 + rest % 2}{rest // 2 % 10000:04d}"
        digit = check_digit(stem)
        if digit is not None:
            return f"{stem}{digit}"
        serial += 10**7


def phone(number: int) -> str:
    """A telephone number under the code +7 799, which is not assigned."""
    return f"+7799{number % 10**7:07d}"


def iban(number: int) -> str:
    """A Kazakh account of bank 999, which does not exist."""
    body = f"999{number % 10**13:013d}"
    return f"KZ{98 - int(body + '203500') % 97:02d}{body}"


def family(number: int) -> str:
    """A surname."""
    names = _FAMILIES[language_of(number)].split()
    return names[number // 3 % len(names)]


def given(number: int) -> str:
    """A given name."""
    names = _GIVEN[language_of(number)].split()
    return names[number // 36 % len(names)]


def _word(number: int) -> str:
    letters = ""
    while True:
        letters = string.ascii_lowercase[number % 26] + letters
        number //= 26
        if not number:
            return letters


def value(reference: str, field: Field, number: int) -> str:
    """A value for a field of the made-up person with a number; the same each time."""
    name = reference.partition(".")[2]
    match field.type:
        case FieldType.NAME:
            return family(number) if name == "family" else given(number)
        case FieldType.CHOICE:
            return field.choices[number % len(field.choices)]
        case FieldType.REFERENCE:
            return f"{name[:3].upper()}-{_word(number)}-{number % 997}"
    made = _BY_TYPE.get(field.type)
    return made(number) if made else f"{given(number)} {_word(number)}"


_BY_TYPE: dict[FieldType, Callable[[int], str]] = {
    FieldType.EMAIL: lambda n: f"person.{_word(n)}@people.example",
    FieldType.PHONE: phone,
    FieldType.BIRTH_DATE: lambda n: f"{1950 + n % 55}-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
    FieldType.DATE: lambda n: f"2031-{n % 12 + 1:02d}-{n % 28 + 1:02d}",
    FieldType.COUNTRY: lambda n: ("KZ", "RU", "UZ", "TR")[n % 4],
    FieldType.POSTCODE: lambda n: f"{n % 1000:03d}000",
    FieldType.IIN: iin,
    FieldType.BIN: lambda n: "691240000010",
    FieldType.PASSPORT: lambda n: f"N00{n % 10**6:06d}",
    FieldType.ID_CARD: lambda n: f"000{n % 10**6:06d}",
    FieldType.CARD: card,
    FieldType.CARD_EXPIRY: lambda n: f"{n % 12 + 1:02d}/39",
    FieldType.IBAN: iban,
    FieldType.URL: lambda n: f"https://people.example/{_word(n)}",
    FieldType.ACCOUNT: lambda n: f"@person_{_word(n)}",
    FieldType.NUMBER: lambda n: str(n % 100),
    FieldType.BOOLEAN: lambda n: "true" if n % 2 else "false",
    FieldType.ADDRESS: lambda n: f"{('Абай көшесі', 'улица Лесная', 'Orchard Street')[n % 3]}, {n % 90 + 1}-{_word(n)}",
    FieldType.IP: lambda n: f"192.0.2.{n % 254 + 1}",
    FieldType.USER_AGENT: lambda n: f"Browser/{n % 9}.0",
}
