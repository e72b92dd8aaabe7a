"""Values in their one form; what is no value of its type is refused, and never told."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.conformance import cast
from senim.errors import Code, Invalid
from senim.languages import LANGUAGES, Language
from senim.policy.records import Field
from senim.policy.taxonomy import FILES, FieldType
from senim.policy.values import INVISIBLE, expected, identifier_kind, mixed_script, normalise
from senim.recognisers.numbers import check_digit, is_bin, is_iin, luhn

T = FieldType


def test_invisible_characters_are_those_of_unicode() -> None:
    """All of category Cf, and the grapheme joiner."""
    unseen = {chr(one) for one in range(0x110000) if unicodedata.category(chr(one)) == "Cf"}
    assert all(map(INVISIBLE.match, unseen | {"\u034f"}))
    assert not INVISIBLE.search("Әлия O’Connor \n")


def test_a_domain_of_two_scripts_is_refused() -> None:
    """A Cyrillic а in a Latin domain leads elsewhere; a wholly Cyrillic label is one of its own."""
    assert refused("a@pe\u043eple.example", T.EMAIL) is Code.INVALID_VALUE
    assert form("a@почта.example", T.EMAIL) == "a@xn--80a1acny.example"


def form(value: object, kind: FieldType, **more: object) -> str:
    return normalise(value, Field(type=kind, **more))  # type: ignore[arg-type]  # parts of a field


def refused(value: object, kind: FieldType, **more: object) -> Code | None:
    try:
        form(value, kind, **more)
    except Invalid as error:
        # Neither the message nor the place shows what was typed.
        return error.code if error.where == "" and not error.detail else None
    return None


# law-kz §4.1 and §4.2
IINS = ("981231500014", "981231500501", "970228600109", "970228600013")
NO_IINS = (
    "981231500015", "981331500014", "970230600109", "981231700014", *(f"98123150130{last}" for last in range(10)),
    "000000000000", "98123150001", "9812315000144", "", "98123150001x", "٩٨١٢٣١٥٠٠٠١٤",
    "123456789011", "123456789013", "691240000010", "981231900014", "000101500009",
)  # fmt: skip
BINS = (
    "691240000010", "691240000101", "691241000016", "691242000011", "691250000015", "691260000109", "691263000016",
)  # fmt: skip
NO_BINS = (
    "691240000011", *(f"69124000281{last}" for last in range(10)), "691340000010", "690040000010", "691230000010",
    "691244000010", "69124000001", "", "981231500014", "123456789021",
)  # fmt: skip


@pytest.mark.parametrize("number", IINS)
def test_good_iins(number: str) -> None:
    """A real date, a century and the right check digit, in one round or two."""
    assert is_iin(number)
    assert form(number, T.IIN) == number
    assert not is_bin(number)


@pytest.mark.parametrize("number", NO_IINS)
def test_numbers_that_are_no_iin(number: str) -> None:
    """A wrong check digit, a day that never was, a stem that is never issued."""
    assert not is_iin(number)
    assert refused(number, T.IIN) is Code.INVALID_VALUE


@pytest.mark.parametrize("number", BINS)
def test_good_bins(number: str) -> None:
    """A real month, a kind of entity and of unit, and the right check digit."""
    assert is_bin(number)
    assert form(f" {number} ", T.BIN) == number
    assert not is_iin(number)


@pytest.mark.parametrize("number", NO_BINS)
def test_numbers_that_are_no_bin(number: str) -> None:
    """Anything else is none."""
    assert not is_bin(number)


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_one_check_digit_at_most(stem: str) -> None:
    """Of ten last digits one is right, or none; a slip of the pen never passes."""
    right = check_digit(stem)
    passing = [last for last in range(10) if is_iin(f"{stem}{last}") or is_bin(f"{stem}{last}")]
    assert passing in ([], [right])


@given(st.integers(0, 10**9), st.integers(0, 9), st.integers(1, 9))
def test_a_slip_in_an_iin_is_noticed(number: int, place: int, by: int) -> None:
    """One wrong digit of the first ten shows, but in the second round; the eleventh weighs nothing."""
    good = cast.iin(number)
    assert is_iin(good)
    slipped = good[:place] + str((int(good[place]) + by) % 10) + good[place + 1 :]
    first = sum(int(digit) * weight for digit, weight in zip(good, range(1, 12), strict=False)) % 11
    again = sum(int(digit) * weight for digit, weight in zip(slipped, range(1, 12), strict=False)) % 11
    if 10 not in (first, again):
        assert not is_iin(slipped)


CARDS = ("9398000000000001", "9398000000000019", "9398000000000009", "4111111111111111", "378282246310005")


@pytest.mark.parametrize(("digits", "good"), [("9398000000000001", True), ("9398000000000019", True),
                                              ("9398000000000009", False), ("9398000000000000009", True),
                                              ("79927398713", True), ("79927398710", False), ("0", True)])  # fmt: skip
def test_luhn(digits: str, *, good: bool) -> None:
    """The check of payment cards (ISO/IEC 7812-1, annex B)."""
    assert luhn(digits) is good


@given(st.from_regex(r"[0-9]{12,18}", fullmatch=True))
def test_luhn_has_one_last_digit(stem: str) -> None:
    """Exactly one last digit completes a row."""
    assert [last for last in range(10) if luhn(f"{stem}{last}")] == [int(cast.luhn_digit(stem))]


FORMS = [
    (T.NAME, "  Әлия  ", "Әлия"), (T.NAME, "O’Connor", "O’Connor"), (T.NAME, "Анна-Мария", "Анна-Мария"),
    (T.NAME, "Әбдіқалық\tұлы", "Әбдіқалық ұлы"), (T.NAME, "И\u0306ван", "Йван"),
    (T.NAME, "Ал\u200bи\u2061я", "Алия"),
    (T.BIRTH_DATE, "31.12.1998", "1998-12-31"), (T.BIRTH_DATE, "1/2/1998", "1998-02-01"),
    (T.BIRTH_DATE, "1998-12-31", "1998-12-31"), (T.BIRTH_DATE, "1900-01-01", "1900-01-01"),
    (T.DATE, "29.02.2028", "2028-02-29"),
    (T.COUNTRY, "KZ", "KZ"), (T.POSTCODE, "050000", "050000"), (T.POSTCODE, "a05 b6d2", "A05B6D2"),
    (T.POSTCODE, 50000, "50000"),
    (T.IIN, "981231 500014", "981231500014"), (T.PASSPORT, "n 00000000", "N00000000"),
    (T.PASSPORT, "N00000000", "N00000000"), (T.ID_CARD, "000000000", "000000000"),
    (T.CARD, "9398 0000 0000 0001", "9398000000000001"), (T.CARD, "9398-0000-0000-0001", "9398000000000001"),
    (T.CARD, "9398\u00a00000\u00a00000\u00a00001", "9398000000000001"), (T.CARD_EXPIRY, "07/39", "07/39"),
    (T.IBAN, "kz69 9990 0000 0000 0001", "KZ699990000000000001"),
    (T.IBAN, "KZ67999TEST000000KZT", "KZ67999TEST000000KZT"),
    (T.REFERENCE, "ТРВ-12/7", "ТРВ-12/7"), (T.URL, "https://people.example/a?b=c", "https://people.example/a?b=c"),
    (T.NUMBER, 5, "5"), (T.NUMBER, -1.5, "-1.5"), (T.NUMBER, "007", "007"),
    (T.BOOLEAN, True, "true"), (T.BOOLEAN, "false", "false"),
    (T.TEXT, " первая\r\nвторая\rтретья \n", "первая\nвторая\nтретья"), (T.TEXT, "a\tb", "a\tb"),
    (T.WORDS, "горы\n и   море", "горы и море"), (T.ADDRESS, "Абай көшесі,\r\n1", "Абай көшесі, 1"),
    (T.IP, "192.0.2.1", "192.0.2.1"), (T.IP, "2001:DB8:0:0::1", "2001:db8::1"),
    (T.USER_AGENT, "Browser/9.0", "Browser/9.0"), (T.ACCOUNT, "@person", "@person"),
    (T.PHONE, "+49 30 123456", "+4930123456"), (T.PHONE, "8 10 49 30 123456", "+4930123456"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "kept"), FORMS, ids=[f"{one[0]}-{one[1]!r}"[:60] for one in FORMS])
def test_forms(kind: FieldType, value: object, kept: str) -> None:
    """What means the same is kept the same (tickets-11), and normalising twice changes nothing."""
    assert form(value, kind) == kept
    assert form(kept, kind) == kept


WRONG = [
    (T.NAME, "Ivan2"), (T.NAME, "<b>Анна</b>"), (T.NAME, "a@b"), (T.NAME, "x" * 101), (T.NAME, "Анна\u202eаннА"),
    (T.EMAIL, "person"), (T.EMAIL, "person@"), (T.EMAIL, "@people.example"), (T.EMAIL, "person@people"),
    (T.EMAIL, "per son@people.example"), (T.EMAIL, "person@people..example"), (T.EMAIL, ".person@people.example"),
    (T.EMAIL, "person.@people.example"), (T.EMAIL, "a@b@people.example"), (T.EMAIL, "person@-people.example"),
    (T.EMAIL, "person@people.example."), (T.EMAIL, "анна@people.example"), (T.EMAIL, "person\u200b@people.example"),
    (T.EMAIL, "person@people.example\nbcc: x@people.example"), (T.EMAIL, "person@" + "я" * 70 + ".example"),
    (T.EMAIL, "<person@people.example>"), (T.EMAIL, "x" * 65 + "@people.example"),
    (T.PHONE, "+7700000000"), (T.PHONE, "+770000000000"), (T.PHONE, "0"), (T.PHONE, "abc"), (T.PHONE, "+7 (701)"),
    (T.PHONE, "+"), (T.PHONE, "112"), (T.PHONE, "7" * 40), (T.PHONE, 87000000000),
    (T.BIRTH_DATE, "31.02.1998"), (T.BIRTH_DATE, "1899-12-31"), (T.BIRTH_DATE, "2101-01-01"),
    (T.BIRTH_DATE, "1998-W01-1"), (T.DATE, "2026-W01-1"),
    (T.NAME, "=1+1"), (T.NAME, "+1"), (T.NAME, "-a"), (T.NAME, "\u200b"), (T.NAME, "\u200b=a"),
    (T.REFERENCE, "../a"), (T.REFERENCE, "/a"), (T.BIRTH_DATE, "12/31/1998"), (T.BIRTH_DATE, "1998"),
    (T.BIRTH_DATE, "98-12-31"), (T.BIRTH_DATE, "19981231"), (T.BIRTH_DATE, "вчера"), (T.BIRTH_DATE, "00.00.0000"),
    (T.COUNTRY, "kz"), (T.COUNTRY, "KAZ"), (T.COUNTRY, "Қазақстан"), (T.COUNTRY, "KZ\n!"),
    (T.POSTCODE, "05"), (T.POSTCODE, "алма"), (T.POSTCODE, "٠٥٠٠٠٠"), (T.POSTCODE, 1.5),
    (T.PASSPORT, "N"), (T.PASSPORT, "NNN000000"), (T.PASSPORT, "N0000000000"), (T.PASSPORT, "Н00000000"),
    (T.ID_CARD, "00000000"), (T.ID_CARD, "0000000000"), (T.ID_CARD, "٠٠٠٠٠٠٠٠٠"),
    (T.CARD, "9398000000000002"), (T.CARD, "9398"), (T.CARD, "٩٣٩٨٠٠٠٠٠٠٠٠٠٠٠١"), (T.CARD, 9398000000000001),
    (T.CARD_EXPIRY, "13/39"), (T.CARD_EXPIRY, "00/39"), (T.CARD_EXPIRY, "7/39"),
    (T.IBAN, "KZ689990000000000001"), (T.IBAN, "KZ6999900000000000019"), (T.IBAN, "KZ69"), (T.IBAN, "6999900000000000"),
    (T.REFERENCE, "a b"), (T.REFERENCE, ""), (T.REFERENCE, "x" * 65), (T.REFERENCE, "a'b"),
    (T.URL, "ftp://people.example"), (T.URL, "javascript:alert(1)"), (T.URL, "https://a b"), (T.URL, 'https://a"b'),
    (T.NUMBER, "1e9"), (T.NUMBER, "1,5"), (T.NUMBER, "NaN"), (T.NUMBER, float("nan")), (T.NUMBER, float("inf")),
    (T.NUMBER, "٥"), (T.NUMBER, "--1"), (T.NUMBER, True), (T.NUMBER, 10**40),
    (T.BOOLEAN, "yes"), (T.BOOLEAN, 1), (T.BOOLEAN, "TRUE"),
    (T.TEXT, ""), (T.TEXT, "  \n "), (T.TEXT, "x" * 10_001), (T.TEXT, "a\x00b"), (T.TEXT, "a\u2066b"), (T.TEXT, 5),
    (T.TEXT, None), (T.TEXT, []), (T.TEXT, {"a": 1}), (T.TEXT, b"bytes"), (T.TEXT, True),
    (T.WORDS, "x" * 301), (T.IP, "192.0.2.256"), (T.IP, "192.0.2.1/24"), (T.IP, "::g"),
    (T.PHOTO, "me.jpg"), (T.DOCUMENT, "scan.pdf"), (T.CHOICE, "anything"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), WRONG, ids=[f"{one[0]}-{str(one[1])[:30]!r}" for one in WRONG])
def test_what_is_refused(kind: FieldType, value: object) -> None:
    """What is no value of its type does not come in; the error shows the code, not the value."""
    assert refused(value, kind) is Code.INVALID_VALUE


@pytest.mark.parametrize(
    ("text", "word"),
    [("Әлия", ""), ("Alice", ""), ("Тұрсынбек Nurlan", ""), ("SMS-рассылка", ""), ("e-mail’ы", ""), ("", ""),
     ("Сынaқбай", "Сынaқбай"), ("тiркелу", "тiркелу"), ("қызмет тiркелу", "тiркелу"), ("Pегистрация", "Pегистрация"),
     ("IТ", "IТ"), ("a_б", ""), ("x2я", ""), ("Ёлкina", "Ёлкina")],
)  # fmt: skip
def test_mixed_letters(text: str, word: str) -> None:
    """A Latin i in a Kazakh word makes another word of it; it is shown."""
    assert mixed_script(text) == word


def test_a_name_with_mixed_letters_is_refused_as_that() -> None:
    """So that the person can be told what to mend."""
    assert refused("Нұрлaн", T.NAME) is Code.MIXED_SCRIPT


def test_limits_of_the_field() -> None:
    """A field may be shorter than its type."""
    assert form("пять!", T.TEXT, max=5) == "пять!"
    assert refused("шесть!", T.TEXT, max=5) is Code.INVALID_VALUE
    assert form("x" * 20_000, T.TEXT, max=20_000)


@pytest.mark.parametrize(("value", "good"), [("green", True), ("red", True), ("Red", False), ("", False), ("r", False)])
def test_choices(value: str, *, good: bool) -> None:
    """Only what the policy lists."""
    assert (refused(value, T.CHOICE, choices=("red", "green")) is None) is good


EXAMPLES = {
    T.EMAIL: "[a-z]+@example.kz", T.PHONE: r"\+7 701 234 56 78",
    T.BIRTH_DATE: "31.12.1990", T.DATE: "31.12.2026", T.COUNTRY: "KZ", T.POSTCODE: "050000", T.PASSPORT: "N12345678",
    T.CARD_EXPIRY: "12/39", T.NUMBER: r"12\.5", T.IP: "192.0.2.1", T.BOOLEAN: "true",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", FieldType)
def test_how_a_value_is_written_is_told(kind: FieldType, language: Language) -> None:
    """Of each type, in each language; and who writes it as the example does is not refused again."""
    field = Field(type=kind, choices=("red", "green"))
    told = expected(field).sentences(language)
    assert told
    if kind in EXAMPLES:
        example = re.search(EXAMPLES[kind], told)
        assert example
        assert refused(example[0], kind) is None


def test_what_is_told_is_the_fields_own_limit() -> None:
    """How many characters there may be, and which values the policy lists."""
    assert expected(Field(type=T.TEXT, max=5)).in_("en") == "at most 5 characters"
    assert expected(Field(type=T.WORDS)).in_("en") == "at most 300 characters"
    assert expected(Field(type=T.CHOICE, choices=("red", "green"))).in_("en") == "one of red, green"


@given(st.sampled_from([one for one in FieldType if one not in FILES]), st.integers(0, 10**6))
def test_everybody_in_the_cast_has_good_values(kind: FieldType, number: int) -> None:
    """The made-up people of drills and tests give values that come in, and stay as they are."""
    field = Field(type=kind, choices=("a", "b"))
    value = cast.value("any.field", field, number)
    kept = normalise(value, field)
    assert normalise(kept, field) == kept


@given(st.sampled_from(list(FieldType)), st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_anything_is_kept_in_one_form_or_refused(kind: FieldType, value: object) -> None:
    """Nothing else ever happens, and what is kept is never changed by keeping it again."""
    field = Field(type=kind, choices=("a", "b"))
    try:
        kept = normalise(value, field)
    except Invalid:
        return
    assert kept
    assert "\x00" not in kept
    assert normalise(kept, field) == kept


@pytest.mark.parametrize(
    ("name", "kind", "declared", "found_by"),
    [("contact.email", T.EMAIL, False, "email"), ("contact.second", T.EMAIL, False, "email"),
     ("contact.phone", T.PHONE, False, "phone"), ("identity.iin", T.IIN, False, "iin"),
     ("contact.order", T.REFERENCE, True, "contact.order"), ("contact.order", T.REFERENCE, False, None),
     ("identity.family", T.NAME, False, None)],
)  # fmt: skip
def test_what_people_are_found_by(name: str, kind: FieldType, declared: bool, found_by: str | None) -> None:
    """E-mails, telephones and IINs always, other fields if the policy says so."""
    assert identifier_kind(name, Field(type=kind, identifier=declared)) == found_by
