"""All ways of writing the same identifier lead to the same person, and to nobody else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.policy.records import Field
from senim.policy.taxonomy import FieldType
from senim.policy.values import normalise
from senim.vault import BlindIndex

INDEX = BlindIndex(b"i" * 32)


def digest(kind: FieldType, value: str) -> bytes:
    return INDEX.digest(kind.value, normalise(value, Field(type=kind)))


PHONE = "+77000000000"
PHONES = (
    "+77000000000", "77000000000", "87000000000", "8 700 000 00 00", "8 (700) 000-00-00", "+7 (700) 000-00-00",
    "+7 700 0000000", "+7-700-000-00-00", "8-700-000-00-00", "8.700.000.00.00", "  +7 700 000 00 00  ",
    "+7 700 000 00 00", "+7 700 000–00–00", "8(700)0000000", "+7(700)000 00 00", "7 700 000 00 00",
    "7000000000", "+7\t700\t000\t00\t00", "+٧٧٠٠٠٠٠٠٠٠٠", "+7700٠٠٠٠٠٠٠", "+7 700 000 00 00", "тел. +7 700 000 00 00",
    "81077000000000", "8~10 7 700 000 00 00".replace("~", ""),
)  # fmt: skip


@pytest.mark.parametrize("written", PHONES)
def test_every_way_of_writing_a_kazakh_number(written: str) -> None:
    """+7 and 8, spaces, brackets, dashes and dots: one number, one person."""
    assert normalise(written, Field(type=FieldType.PHONE)) == PHONE
    assert digest(FieldType.PHONE, written) == digest(FieldType.PHONE, PHONE)


@given(
    st.from_regex(r"7[0-9]{9}", fullmatch=True),
    st.sampled_from(["+7", "7", "8", " +7 ", "8 ", "+7(", "8-"]),
    st.lists(st.sampled_from(["", " ", "-", " (", ") ", ".", "–", "\u00a0"]), min_size=9, max_size=9),
)
def test_any_number_in_any_dress(digits: str, prefix: str, between: list[str]) -> None:
    """No prefix and no separator makes another number of it."""
    written = prefix + "".join(itertools.chain.from_iterable(zip(digits, [*between, ""], strict=True)))
    assert normalise(written, Field(type=FieldType.PHONE)) == f"+7{digits}"


@given(st.from_regex(r"7[0-9]{9}", fullmatch=True), st.from_regex(r"7[0-9]{9}", fullmatch=True))
def test_other_numbers_are_other_people(one: str, other: str) -> None:
    """Two numbers never lead to the same digest."""
    assert (digest(FieldType.PHONE, f"8{one}") == digest(FieldType.PHONE, f"+7{other}")) is (one == other)


MAIL = "person@people.example"
IDN = "person@xn--80a1acny.example"


@pytest.mark.parametrize(
    ("written", "same"),
    [("person@people.example", MAIL), ("Person@People.Example", MAIL), ("PERSON@PEOPLE.EXAMPLE", MAIL),
     ("  person@people.example ", MAIL), ("\tperson@people.example\n", MAIL), ("\u00a0person@people.example", MAIL),
     ("person@почта.example", IDN), ("PERSON@ПОЧТА.example", IDN), ("person@Почта.Example", IDN),
     ("person@XN--80A1ACNY.example", IDN)],
)  # fmt: skip
def test_every_way_of_writing_an_address(written: str, same: str) -> None:
    """Case, spaces around it and the spelling of its domain make no other address."""
    assert normalise(written, Field(type=FieldType.EMAIL)) == same
    assert digest(FieldType.EMAIL, written) == digest(FieldType.EMAIL, same)


@pytest.mark.parametrize("written", ["981231500014", "981231 500014", " 981231500014 ", "981 231 500 014"])
def test_every_way_of_writing_an_iin(written: str) -> None:
    """Spaces make no other IIN."""
    assert digest(FieldType.IIN, written) == digest(FieldType.IIN, "981231500014")


def test_a_telephone_and_an_iin_never_meet() -> None:
    """The same digits under different kinds are different identifiers."""
    kinds = ("phone", "iin", "email", "contact.order")
    assert len({INDEX.digest(kind, "981231500014") for kind in kinds}) == len(kinds)
