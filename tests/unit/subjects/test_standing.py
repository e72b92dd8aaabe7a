"""Where a person stands, as a record."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from senim.subjects import scope_key
from senim.subjects.records import NO_MARKS, Marks, Standing
from tests.unit.made import SUBJECT, standing

parts = st.from_regex(r"([a-z][a-z0-9-]{0,8})?", fullmatch=True)
countries = st.sampled_from(["", "KZ", "TR"])


@given(parts, parts, countries, parts, parts, countries)
def test_a_key_means_one_scope(one: str, two: str, three: str, other: str, another: str, third: str) -> None:
    """Two scopes have the same key only if they are the same."""
    assert (scope_key(one, two, three) == scope_key(other, another, third)) is (
        (one, two, three) == (other, another, third)
    )


def test_keys() -> None:
    """A key shows what is agreed to: the purpose itself, a recipient class, a channel, a country."""
    assert scope_key() == ""
    assert scope_key("couriers") == "/couriers"
    assert scope_key(channel="email") == "@email"
    assert scope_key(country="TR") == ">TR"
    assert scope_key("couriers", "email", "TR") == "/couriers@email>TR"


def test_marks_are_kept_whole_in_one_row() -> None:
    """All that binds a decision goes into one row and comes out as it was."""
    marks = standing(block=True, stops=("", "orders"), events={"order-completed": 5}).marks
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(marks), type=Marks) == marks
    assert msgspec.msgpack.encode(NO_MARKS) == b"\x80", "nobody's marks take no room"


def test_erased() -> None:
    """A person is erased from the moment on record."""
    assert not Standing(subject=SUBJECT, epoch=1, created_at=1).erased
    assert Standing(subject=SUBJECT, epoch=1, created_at=1, erased_at=2).erased
