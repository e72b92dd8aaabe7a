"""Values of fields: checked and brought into one form, so that what is the same is found as the same. Pure.

Errors name the field type and a code, never the value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date

from senim.errors import Code, Invalid
from senim.languages import Hint
from senim.policy.records import Field
from senim.policy.taxonomy import FieldType
from senim.recognisers.numbers import is_bin, is_iban, is_iin, luhn

_LINE_END = re.compile(r"\r\n?")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z")
_KZ_PHONE = re.compile(r"(?:\+?7|8)(7[0-9]{9})\Z")
_PHONE_MARKS = re.compile(r"[\s().\-–—]+")
_REFERENCE = re.compile(r"(?!/|\.\.)[0-9A-Za-zА-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі/#._-]{1,64}\Z")
_URL = re.compile(r"https?://[^\s<>\"]{1,2000}\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")
INVISIBLE = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Characters that nobody sees: Unicode's category Cf, and the combining grapheme joiner."""

_LATIN = re.compile(r"[A-Za-z]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_WORD = re.compile(r"[^\W\d_]+")

_TEXT = FieldType.TEXT
_LIMITS = {
    FieldType.TEXT: 10_000,
    FieldType.WORDS: 300,
    FieldType.ADDRESS: 300,
    FieldType.NAME: 100,
    FieldType.URL: 2_000,
}


def mixed_script(text: str) -> str:
    """The first word that mixes Latin and Cyrillic letters (a Latin i in a Kazakh word), or an empty text."""
    if text.isascii() or not _LATIN.search(text):
        return ""
    for word in _WORD.findall(text):
        if _LATIN.search(word) and _CYRILLIC.search(word):
            return str(word)
    return ""


def normalise(value: object, field: Field) -> str:
    """``value`` as it is kept: one form for one meaning. Raises Invalid (invalid_value, mixed_script)."""
    form, limit = _KEPT[field.type]
    text = _as_text(value, field.type)
    if not text or len(text) > (field.max or limit) or (not text.isprintable() and _CONTROL.search(text)):
        raise Invalid(Code.INVALID_VALUE)
    return form(text, field)


def _as_text(value: object, kind: FieldType) -> str:
    if not isinstance(value, str):
        return _of_other(value, kind)
    text = value if value.isascii() else unicodedata.normalize("NFC", value)
    # Forms and Windows end lines with CR LF.
    return _LINE_END.sub("\n", text).strip() if kind is _TEXT else " ".join(text.split())


def _of_other(value: object, kind: FieldType) -> str:
    """A number or a yes or no as text."""
    if isinstance(value, bool):
        if kind is FieldType.BOOLEAN:
            return "true" if value else "false"
    elif isinstance(value, int | float) and kind in (FieldType.NUMBER, FieldType.POSTCODE):
        return str(value)
    raise Invalid(Code.INVALID_VALUE)


def _name(text: str, _: Field) -> str:
    if text.isalpha():  # nothing invisible, no gaps, no marks
        if mixed_script(text):
            raise Invalid(Code.MIXED_SCRIPT)
        return text
    text = " ".join(INVISIBLE.sub("", text).split())
    if not text or text[0] in "=+-@":  # what spreadsheets take for a formula
        raise Invalid(Code.INVALID_VALUE)
    if mixed_script(text):
        raise Invalid(Code.MIXED_SCRIPT)
    if any(character.isdigit() or character in "<>@{}[]|\\/" for character in text):
        raise Invalid(Code.INVALID_VALUE)
    return text


def _email(text: str, _: Field) -> str:
    local, domain = text.rpartition("@")[::2]
    lowered = text.lower()
    if not domain.isascii():
        if any(_LATIN.search(label) and _CYRILLIC.search(label) for label in domain.split(".")):
            raise Invalid(Code.INVALID_VALUE)
        try:
            lowered = f"{local.lower()}@{domain.lower().encode('idna').decode()}"
        except UnicodeError as error:
            raise Invalid(Code.INVALID_VALUE) from error
    if not _EMAIL.match(lowered) or ".." in lowered or lowered.startswith(".") or local.endswith("."):
        raise Invalid(Code.INVALID_VALUE)
    return lowered


def _phone(text: str, _: Field) -> str:
    """E.164. Kazakh numbers are known in all their ways (+7, 8, spaces, brackets); others by libphonenumber."""
    digits = _PHONE_MARKS.sub("", text)
    if match := _KZ_PHONE.match(digits):
        return f"+7{match[1]}"
    import phonenumbers

    try:
        number = phonenumbers.parse(digits.replace("810", "+", 1) if digits.startswith("810") else digits, "KZ")
    except phonenumbers.NumberParseException as error:
        raise Invalid(Code.INVALID_VALUE) from error
    if not phonenumbers.is_possible_number(number):
        raise Invalid(Code.INVALID_VALUE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_DMY = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})\Z")
_YMD = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def _date(text: str, _: Field) -> str:
    try:
        if match := _DMY.match(text):
            return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
        if not _YMD.match(text):  # Python reads week dates too
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE) from error


def _birth_date(text: str, field: Field) -> str:
    found = _date(text, field)
    if not "1900-01-01" <= found <= "2100-12-31":
        raise Invalid(Code.INVALID_VALUE)
    return found


def _checked(check: Callable[[str], bool]) -> Callable[[str, Field], str]:
    def form(text: str, _: Field) -> str:
        compact = text.replace(" ", "")
        if not check(compact):
            raise Invalid(Code.INVALID_VALUE)
        return compact

    return form


def _matching(pattern: str, *, upper: bool = True) -> Callable[[str, Field], str]:
    compiled = re.compile(rf"(?:{pattern})\Z", re.ASCII)

    def form(text: str, _: Field) -> str:
        compact = re.sub(r"[\s-]+", "", text)
        compact = compact.upper() if upper else compact
        if not compiled.match(compact):
            raise Invalid(Code.INVALID_VALUE)
        return compact

    return form


def _card(text: str, _: Field) -> str:
    digits = re.sub(r"[ -]+", "", text)
    if not re.fullmatch(r"[0-9]{13,19}", digits) or not luhn(digits):
        raise Invalid(Code.INVALID_VALUE)
    return digits


def _iban(text: str, _: Field) -> str:
    compact = text.replace(" ", "").upper()
    if not is_iban(compact):
        raise Invalid(Code.INVALID_VALUE)
    return compact


def _choice(text: str, field: Field) -> str:
    if text not in field.choices:
        raise Invalid(Code.INVALID_VALUE)
    return text


def _number(text: str, _: Field) -> str:
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", text):
        raise Invalid(Code.INVALID_VALUE)
    return text


def _ip(text: str, _: Field) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE) from error


def _matches(pattern: re.Pattern[str]) -> Callable[[str, Field], str]:
    def form(text: str, _: Field) -> str:
        if not pattern.match(text):
            raise Invalid(Code.INVALID_VALUE)
        return text

    return form


def _as_is(text: str, _: Field) -> str:
    return text


def _file(text: str, _: Field) -> str:
    raise Invalid(Code.INVALID_VALUE)


_FORMS: dict[FieldType, Callable[[str, Field], str]] = {
    FieldType.NAME: _name,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.BIRTH_DATE: _birth_date,
    FieldType.DATE: _date,
    FieldType.COUNTRY: _matches(_COUNTRY),
    FieldType.ADDRESS: _as_is,
    FieldType.POSTCODE: _matching(r"[A-Z0-9]{3,10}"),
    FieldType.IIN: _checked(is_iin),
    FieldType.BIN: _checked(is_bin),
    FieldType.PASSPORT: _matching(r"[A-Z]{0,2}\d{6,9}"),
    FieldType.ID_CARD: _matching(r"\d{9}"),
    FieldType.CARD: _card,
    FieldType.CARD_EXPIRY: _matching(r"(?:0[1-9]|1[0-2])/?\d{2}"),
    FieldType.IBAN: _iban,
    FieldType.REFERENCE: _matches(_REFERENCE),
    FieldType.URL: _matches(_URL),
    FieldType.ACCOUNT: _as_is,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: lambda text, field: _choice(text, Field(type=field.type, choices=("true", "false"))),
    FieldType.CHOICE: _choice,
    FieldType.WORDS: _as_is,
    FieldType.TEXT: _as_is,
    FieldType.IP: _ip,
    FieldType.USER_AGENT: _as_is,
    FieldType.PHOTO: _file,
    FieldType.DOCUMENT: _file,
}

_KEPT = {kind: (form, _LIMITS.get(kind, 200)) for kind, form in _FORMS.items()}
"""How a type is kept, and how long it may be if its field does not say."""

_EXPECTED = {
    FieldType.NAME: Hint("write-name"),
    FieldType.EMAIL: Hint("write-email"),
    FieldType.PHONE: Hint("write-phone"),
    FieldType.BIRTH_DATE: Hint("write-birth-date"),
    FieldType.DATE: Hint("write-date"),
    FieldType.COUNTRY: Hint("write-country"),
    FieldType.POSTCODE: Hint("write-postcode"),
    FieldType.IIN: Hint("write-iin"),
    FieldType.BIN: Hint("write-bin"),
    FieldType.PASSPORT: Hint("write-passport"),
    FieldType.ID_CARD: Hint("write-id-card"),
    FieldType.CARD: Hint("write-card"),
    FieldType.CARD_EXPIRY: Hint("write-card-expiry"),
    FieldType.IBAN: Hint("write-iban"),
    FieldType.REFERENCE: Hint("write-reference"),
    FieldType.URL: Hint("write-url"),
    FieldType.NUMBER: Hint("write-number"),
    FieldType.BOOLEAN: Hint("write-boolean"),
    FieldType.IP: Hint("write-ip"),
    FieldType.PHOTO: Hint("write-file"),
    FieldType.DOCUMENT: Hint("write-file"),
}


def expected(field: Field) -> Hint:
    """How a value of a field is written, for whoever wrote it another way (WCAG 3.3.3)."""
    if field.type is FieldType.CHOICE:
        return Hint("one-of", choices=", ".join(field.choices))
    return _EXPECTED.get(field.type) or Hint("write-at-most", most=field.max or _KEPT[field.type][1])


IDENTIFIERS = frozenset((FieldType.EMAIL, FieldType.PHONE, FieldType.IIN))
"""Types by which people are always found."""


def identifier_kind(name: str, field: Field) -> str | None:
    """Under which kind a field is found: ``email``, ``phone``, ``iin``, or its own name if declared an identifier."""
    if field.type in IDENTIFIERS:
        return str(field.type)
    return name if field.identifier else None
