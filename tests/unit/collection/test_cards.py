"""Card numbers and IINs anywhere in a text; and what only looks like them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.collection.scanning import has_card, iins
from senim.conformance import cast

CARD = "9398000000000001"
GROUPED = "9398 0000 0000 0001"

CARDS = {
    "alone": CARD,
    "in groups": GROUPED,
    "with hyphens": "9398-0000-0000-0001",
    "with dots": "9398.0000.0000.0001",
    "with non-breaking spaces": GROUPED.replace(" ", "\u00a0"),
    "with thin spaces": GROUPED.replace(" ", "\u2009"),
    "with narrow spaces": GROUPED.replace(" ", "\u202f"),
    "with en dashes": GROUPED.replace(" ", "–"),
    "with em dashes": GROUPED.replace(" ", "—"),
    "with non-breaking hyphens": GROUPED.replace(" ", "\u2011"),
    "with spaced dashes": GROUPED.replace(" ", " - "),
    "with slashes": GROUPED.replace(" ", "/"),
    "with underscores": GROUPED.replace(" ", "_"),
    "with commas": GROUPED.replace(" ", ", "),
    "over four lines": GROUPED.replace(" ", "\n"),
    "over windows' lines": GROUPED.replace(" ", "\r\n"),
    "with tabs": GROUPED.replace(" ", "\t"),
    "two spaces": GROUPED.replace(" ", "  "),
    "in Arabic digits": "٩٣٩٨٠٠٠٠٠٠٠٠٠٠٠١",
    "in Persian digits": "۹۳۹۸۰۰۰۰۰۰۰۰۰۰۰۱",
    "in full-width digits": "".join(chr(0xFF10 + int(digit)) for digit in CARD),
    "in Devanagari digits": "".join(chr(0x0966 + int(digit)) for digit in CARD),
    "with invisible characters": "\u200b".join(CARD),
    "with soft hyphens": GROUPED.replace(" ", "\u00ad"),
    "with a word joiner": "\u2060".join(CARD),
    "digit by digit": " ".join(CARD),
    "in pairs": "93 98 00 00 00 00 00 01",
    "in eights": "93980000 00000001",
    "several spaces": GROUPED.replace(" ", "    "),
    "several tabs": GROUPED.replace(" ", "\t\t\t\t"),
    "tabs between digits": "\t".join(CARD),
    "in eights over two lines": "93980000\n00000001",
    "in eights with a slash": "93980000/00000001",
    "in uneven groups": "9398:0000:00000001",
    "in other uneven groups": "9398/00000000/0001",
    "with invisible operators": "\u2061".join(CARD),
    "with grapheme joiners": "\u034f".join(CARD),
    "in the middle of a text": f"Оплатил картой {GROUPED}, жду ответа.",
    "glued to words": f"карта{CARD}конец",
    "in brackets": f"({CARD})",
    "before an expiry date": f"{GROUPED} 12/39",
    "before expiry and code": f"{GROUPED} 12/39 123",
    "before a code": f"{CARD} 123",
    "before an amount": f"{CARD} 5 000",
    "after a number": f"№5 {CARD}",
    "after an order number": f"123456 {GROUPED}",
    "after a telephone": f"+77000000000 {CARD}",
    "between digits": f"12 {GROUPED} 34",
    "as a decimal": f"{CARD}.0",
    "two of them": f"{GROUPED} {GROUPED}",
    "American Express": "378282246310005",
    "American Express in groups": "3782 822463 10005",
    "Diners": "30569309025904",
    "Diners in groups": "3056 930902 5904",
    "nineteen digits": "9398000000000000009",
    "nineteen in groups": "9398 0000 0000 0000 009",
    "nineteen before an expiry": "9398000000000000009 12/39",
    "thirteen digits": "4222222222222",
    "Mir": "2200000000000004",
    "JSON": '{"pan":"9398000000000001"}',
    "an address of a page": f"https://people.example/?q={CARD}",
    "in Kazakh": f"Картам {GROUPED} еді",
}


@pytest.mark.parametrize("text", CARDS.values(), ids=CARDS)
def test_card_numbers_are_found(text: str) -> None:
    """However a card number is written, and whatever stands around it, it does not come in (foundation-9)."""
    assert has_card(text)


NO_CARDS = {
    "nothing": "",
    "words": "карта",
    "a wrong check digit": "9398000000000002",
    "a wrong one in groups": "9398 0000 0000 0002",
    "an IIN": "981231500014",
    "two IINs": "981231500014 981231500501",
    "IINs in a list": "981231500014, 970228600109",
    "a BIN": "691240000010",
    "a telephone": "+7 700 000 00 00",
    "two telephones": "+77000000000, 87770000000",
    "telephones in groups": "8 700 000 00 00; 8 777 000 00 00",
    "a row of telephones": "87000000000 87000000001 87000000002",
    "a passport": "N00000000",
    "an identity card": "000000000",
    "an order number": "20261122000000000015",
    "an order number in groups": "2026-1122-0000-0016",
    "zeros": "0" * 16,
    "nines": "9" * 16,
    "ones": "1111111111111111",
    "an IIN and a postcode on two lines": "981231500014\n050000",
    "an IIN and a year": "981231500014, 2026",
    "compact dates": "20261220/20261227",
    "a date": "22.11.2026",
    "dates": "20.12.2026-27.12.2026",
    "dates with spaces": "20.12.2026 - 27.12.2026",
    "ISO dates": "2026-12-20 2026-12-27",
    "a time": "2026-11-22T09:00:00.000000Z",
    "years": "2019 2020 2021 2022",
    "a date and a time": "22.11.2026 09:00:00",
    "seventeen digits": "93980000000000011",
    "twelve digits": "939800000000",
    "twenty digits": "93980000000000010000",
    "a postcode": "050000",
    "prices": "1 000 000, 2 000 000, 3 000 000",
    "coordinates": "43.238949, 76.889709",
    "a card in words": "девять три девять восемь",
    "an IP": "192.0.2.1 192.0.2.2",
    "letters between": "9398a0000b0000c0001",
    "a hash": "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee",
    "a version": "1.2.3.4.5.6.7.8.9.10.11",
}


@pytest.mark.parametrize("text", NO_CARDS.values(), ids=NO_CARDS)
def test_what_is_no_card_comes_in(text: str) -> None:
    """IINs, telephones, dates and order numbers are not taken for cards."""
    assert not has_card(text)


def test_no_range_of_dates_is_a_card() -> None:
    """A traveller may write any two dates of a journey, in any of the usual ways."""
    begin = date(2026, 1, 1)
    for day in range(366):
        first, last = begin + timedelta(day), begin + timedelta(day + 7)
        for form in ("%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
            for between in ("-", " - ", " ", "–", " – ", ", "):
                text = f"{first.strftime(form)}{between}{last.strftime(form)}"
                assert not has_card(text), text


def test_no_range_of_compact_dates_is_a_card() -> None:
    """Dates without points are no card either: none begins with 20."""
    for day in range(366):
        first, last = date(2026, 1, 1) + timedelta(day), date(2026, 1, 8) + timedelta(day)
        for between in ("-", " ", "/", "\n"):
            assert not has_card(f"{first:%Y%m%d}{between}{last:%Y%m%d}")


def test_old_thirteen_digit_cards_may_be_left_out() -> None:
    """Where order numbers are thirteen digits long, those old cards are not looked for."""
    assert has_card("4222222222222")
    assert not has_card("4222222222222", short=False)


harmless = st.text(alphabet=st.characters(exclude_categories=["Nd", "No", "Nl", "Cf", "Cs"]), min_size=1, max_size=20)
separators = st.sampled_from(["", " ", "-", "\u00a0", "–", ".", "\n", " - ", "_", "/"])


@given(st.integers(0, 10**11 - 1), harmless, harmless, separators)
def test_any_card_in_any_text_is_found(number: int, before: str, after: str, between: str) -> None:
    """No number, no text around it and no usual separator hides a card."""
    digits = cast.card(number)
    written = between.join(digits[at : at + 4] for at in range(0, 16, 4))
    assert has_card(f"{before}{written}{after}")


@given(st.integers(0, 10**11 - 1), st.integers(1, 9))
def test_a_wrong_check_digit_is_no_card(number: int, by: int) -> None:
    """What fails the check is no card, alone or in groups."""
    digits = cast.card(number)
    wrong = digits[:-1] + str((int(digits[-1]) + by) % 10)
    assert not has_card(f"заказ {wrong}")
    assert not has_card(" ".join(wrong[at : at + 4] for at in range(0, 16, 4)))


@pytest.mark.parametrize(
    ("text", "found"),
    [("981231500014", ["981231500014"]), ("ИИН: 981231500014.", ["981231500014"]),
     ("981231 500014", ["981231500014"]), ("981231500014 2 шт", ["981231500014"]),
     ("981231500014, 970228600109", ["981231500014", "970228600109"]), ("981231500014 981231500014", ["981231500014"]),
     ("981231500015", []), ("691240000010", []), ("+7 700 000 00 00", []), ("9812315000141", []), ("", [])],
)  # fmt: skip
def test_iins_in_texts(text: str, found: list[str]) -> None:
    """IINs of people are found in free text, to ask who they belong to (travel-4)."""
    assert sorted(iins(text)) == sorted(found)
