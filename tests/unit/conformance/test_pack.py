"""What a period is, and how the sealed part of a log in a pack is checked."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from senim.conformance.pack import Period, names, period
from senim.errors import Invalid
from senim.times import micros

TODAY = date(2026, 11, 28)
ZONE = "Asia/Almaty"


@pytest.mark.parametrize(
    ("asked", "since", "until"),
    [
        (("2026-10", "", ""), (2026, 10, 1), (2026, 10, 31)),
        (("2024-02", "", ""), (2024, 2, 1), (2024, 2, 29)),
        (("2025-12", "", ""), (2025, 12, 1), (2025, 12, 31)),
        (("2026-Q1", "", ""), (2026, 1, 1), (2026, 3, 31)),
        (("2025-Q4", "", ""), (2025, 10, 1), (2025, 12, 31)),
        (("2025", "", ""), (2025, 1, 1), (2025, 12, 31)),
        (("2026-11", "", ""), (2026, 11, 1), (2026, 11, 28)),
        (("2026", "", ""), (2026, 1, 1), (2026, 11, 28)),
        (("", "2026-11-28", ""), (2026, 11, 28), (2026, 11, 28)),
        (("", "2026-09-07", "2026-09-07"), (2026, 9, 7), (2026, 9, 7)),
        (("", "2026-11-01", "2027-01-01"), (2026, 11, 1), (2026, 11, 28)),
    ],
)
def test_a_period_is_whole_days_up_to_today(
    asked: tuple[str, str, str], since: tuple[int, int, int], until: tuple[int, int, int]
) -> None:
    """By its name or by its days; what has not come yet is left off."""
    found = period(*asked, zone=ZONE, today=TODAY)
    assert (found.since, found.until) == (date(*since), date(*until))


@pytest.mark.parametrize(
    "asked",
    [
        ("2026-13", "", ""),
        ("2026-Q5", "", ""),
        ("soon", "", ""),
        ("2026-12", "", ""),
        ("2027", "", ""),
        ("", "2026-11-29", ""),
        ("", "2026-11-02", "2026-11-01"),
        ("", "yesterday", ""),
        ("", "", "2026-11-01"),
    ],
)
def test_what_is_no_period_or_has_not_begun_is_refused(asked: tuple[str, str, str]) -> None:
    """Nothing is made of the future, and nothing of what cannot be read."""
    with pytest.raises(Invalid):
        period(*asked, zone=ZONE, today=TODAY)


def test_its_bounds_are_midnights_of_the_operator() -> None:
    """The last day is within it to its end."""
    one = Period(since=date(2026, 11, 1), until=date(2026, 11, 2), zone=ZONE)
    begin, end = (micros(datetime(2026, month, day, 19, tzinfo=UTC)) for month, day in ((10, 31), (11, 2)))
    assert one.bounds() == (begin, end)


def test_the_periods_that_are_offered_can_be_asked_for() -> None:
    """In January too, when the quarter and the month before are of another year."""
    assert names(TODAY) == ["2026-11", "2026-10", "2026-Q4", "2026-Q3", "2026", "2025"]
    january = date(2027, 1, 5)
    assert names(january) == ["2027-01", "2026-12", "2027-Q1", "2026-Q4", "2027", "2026"]
    for name in names(january):
        assert period(name, "", "", zone=ZONE, today=january).since <= january
