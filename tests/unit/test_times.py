"""Times as numbers and as text: the same moment, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.times import micros, moment, stamp, stamp_of

MOST = 253_402_300_799_999_999  # the last microsecond of the year 9999
numbers = st.integers(-62_135_596_800_000_000, MOST)


@given(numbers)
def test_a_number_is_a_moment(number: int) -> None:
    """Stored numbers come back exactly, before 1970 too."""
    assert micros(moment(number)) == number
    assert moment(number).tzinfo is UTC
    assert stamp_of(number) == stamp(moment(number))


@given(numbers, numbers)
def test_numbers_have_the_order_of_moments(one: int, other: int) -> None:
    """What is earlier has the smaller number and the smaller text."""
    assert (one < other) is (moment(one) < moment(other)) is (stamp(moment(one)) < stamp(moment(other)))


@given(st.integers(0, MOST - 10**12), st.integers(-14 * 60, 14 * 60))
def test_a_zone_changes_no_moment(number: int, minutes: int) -> None:
    """The same moment in another zone is the same number and the same text."""
    local = moment(number).astimezone(timezone(timedelta(minutes=minutes)))
    assert micros(local) == number
    assert stamp(local) == stamp(moment(number))
    assert datetime.fromisoformat(stamp(local)) == local


@pytest.mark.parametrize(
    ("text", "number", "stamped"),
    [("1970-01-01T00:00:00+00:00", 0, "1970-01-01T00:00:00.000000Z"),
     ("1969-12-31T23:59:59.999999+00:00", -1, "1969-12-31T23:59:59.999999Z"),
     ("2026-11-22T14:00:00+05:00", 1_795_338_000_000_000, "2026-11-22T09:00:00.000000Z"),
     ("2026-11-22T09:00:00.5+00:00", 1_795_338_000_500_000, "2026-11-22T09:00:00.500000Z")],
)  # fmt: skip
def test_known_moments(text: str, number: int, stamped: str) -> None:
    """A time is written in UTC with six decimals, always alike (RFC 3339)."""
    assert micros(datetime.fromisoformat(text)) == number
    assert stamp(datetime.fromisoformat(text)) == stamped
