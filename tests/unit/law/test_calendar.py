"""Which days are worked in Kazakhstan, and what the operator may state itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.errors import Code, Invalid
from senim.law import Calendar, Override

KZ = Calendar("Asia/Almaty", "KZ")
SIX = Calendar("Asia/Almaty", "KZ", 6)


def days(text: str) -> list[date]:
    return [date.fromisoformat(one) for one in text.split()]


# law-kz §2.2: days off that fall on a weekday, with those moved, and weekends that are worked.
OFF = days(
    "2024-01-01 2024-01-02 2024-03-08 2024-03-21 2024-03-22 2024-03-25 2024-05-01 2024-05-07 2024-05-08 2024-05-09 "
    "2024-07-08 2024-08-30 2024-10-25 2024-12-16 "
    "2025-01-01 2025-01-02 2025-01-03 2025-01-07 2025-03-10 2025-03-21 2025-03-24 2025-03-25 2025-05-01 2025-05-07 "
    "2025-05-09 2025-06-06 2025-07-07 2025-09-01 2025-10-27 2025-12-16 "
    "2026-01-01 2026-01-02 2026-01-07 2026-03-09 2026-03-23 2026-03-24 2026-03-25 2026-05-01 2026-05-07 2026-05-11 "
    "2026-05-27 2026-07-06 2026-10-26 2026-12-16 "
    "2027-01-01 2027-01-04 2027-01-07 2027-03-08 2027-03-15 2027-03-22 2027-03-23 2027-03-24 2027-05-03 2027-05-07 "
    "2027-05-10 2027-07-06 2027-10-25 2027-12-16"
)
WORKED = days("2024-05-04 2025-01-05")


@pytest.mark.parametrize(("year", "count"), [(2024, 249), (2025, 246), (2026, 247), (2027, 247)])
def test_every_day_of_the_years_that_are_published(year: int, count: int) -> None:
    """Holidays, days moved from weekends and days swapped by the Government are those of the published calendar."""
    day, worked = date(year, 1, 1), 0
    while day.year == year:
        expected = day in WORKED or (day.weekday() < 5 and day not in OFF)
        assert KZ.is_working(day) is expected, day
        worked += expected
        day += timedelta(days=1)
    assert worked == count


@pytest.mark.parametrize(
    ("day", "working"),
    [("2024-01-08", True), ("2024-06-17", True), ("2026-08-31", True), ("2025-09-01", False), ("2026-11-22", False)],
)
def test_what_does_not_move_and_what_is_gone(day: str, *, working: bool) -> None:
    """Religious days on a Sunday do not move; the old Constitution Day is gone from 2026 on."""
    assert KZ.is_working(date.fromisoformat(day)) is working


VECTORS = (
    ("2024-05-03", "2024-05-04", "2024-05-10", "2024-05-21", "2024-05-28"),
    ("2025-01-02", "2025-01-05", "2025-01-08", "2025-01-17", "2025-01-24"),
    ("2026-03-20", "2026-03-26", "2026-03-30", "2026-04-08", "2026-04-15"),
    ("2026-05-26", "2026-05-28", "2026-06-01", "2026-06-10", "2026-06-17"),
    ("2026-08-28", "2026-08-31", "2026-09-02", "2026-09-11", "2026-09-18"),
    ("2026-12-15", "2026-12-17", "2026-12-21", "2026-12-30", "2027-01-11"),
    ("2026-12-31", "2027-01-05", "2027-01-08", "2027-01-19", "2027-01-26"),
    ("2027-03-12", "2027-03-16", "2027-03-18", "2027-04-01", "2027-04-08"),
)


@pytest.mark.parametrize(
    ("event", "count", "end"),
    [(row[0], count, row[place]) for row in VECTORS for place, count in ((1, 1), (2, 3), (3, 10), (4, 15))],
)
def test_worked_vectors(event: str, count: int, end: str) -> None:
    """So many working days after an event end where law-kz §2.2 counted them by hand."""
    assert KZ.working_day_after(date.fromisoformat(event), count) == date.fromisoformat(end)


some_days = st.dates(date(2024, 1, 1), date(2027, 11, 30))
counts = st.integers(1, 40)


@given(some_days, counts)
def test_a_term_never_ends_on_a_day_off(event: date, count: int) -> None:
    """Working days end on a working day, and lie after the event."""
    end = KZ.working_day_after(event, count)
    assert KZ.is_working(end)
    assert end > event
    assert KZ.working_days_between(event, end) == count


@given(some_days, counts, st.integers(0, 20))
def test_counting_on_is_counting_in_one_go(event: date, count: int, more: int) -> None:
    """More days end later, and it does not matter in how many steps they are counted."""
    end = KZ.working_day_after(event, count)
    assert KZ.working_day_after(end, more) == KZ.working_day_after(event, count + more)
    assert KZ.working_day_after(event, count + more) >= end


@given(some_days, st.integers(0, 30), counts)
def test_who_begins_later_ends_later(event: date, later: int, count: int) -> None:
    """A later event never ends before an earlier one."""
    assert KZ.working_day_after(event + timedelta(days=later), count) >= KZ.working_day_after(event, count)


@given(some_days)
def test_rolling_stops_at_the_first_working_day(day: date) -> None:
    """A last day that is off moves to the next working day, and no further (Civil Code 175)."""
    rolled = KZ.rolled(day)
    assert KZ.is_working(rolled)
    assert rolled == KZ.rolled(rolled)
    assert not any(KZ.is_working(day + timedelta(days=step)) for step in range((rolled - day).days))


@given(st.sets(some_days, max_size=5), st.sets(some_days, max_size=5), some_days)
def test_what_the_operator_states_wins(off: set[date], worked: set[date], day: date) -> None:
    """Days of the override file win over everything known; all others stay as they are."""
    calendar = Calendar("Asia/Almaty", "KZ", 5, Override(frozenset(off - worked), frozenset(worked)))
    expected = True if day in worked else False if day in off else KZ.is_working(day)
    assert calendar.is_working(day) is expected


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2026-11-21", True),  # a plain Saturday
        ("2026-11-22", False),  # a plain Sunday
        ("2026-03-21", False),  # Nauryz on a Saturday is off and does not move
        ("2026-03-22", False),  # Nauryz on a Sunday …
        ("2026-03-24", False),  # … moves behind the three days of Nauryz
        ("2026-03-25", True),
        ("2026-03-09", False),  # 8 March on a Sunday moves to Monday
        ("2024-01-08", True),  # 7 January on a Sunday does not
        ("2024-06-17", True),  # nor does Kurban Ait
        ("2025-01-03", True),  # swaps by the Government concern the five-day week
        ("2026-12-16", False),
    ],
)
def test_a_six_day_week(day: str, *, working: bool) -> None:
    """Who works on Saturdays has Sundays off, and only Sunday's holidays move."""
    assert SIX.is_working(date.fromisoformat(day)) is working


@given(some_days)
def test_six_days_are_worked_where_five_are_but_for_swaps(day: date) -> None:
    """A six-day week has no weekday off that a five-day week has not."""
    if day.weekday() < 5 and not SIX.is_working(day):
        assert not KZ.is_working(day)


def override(tmp_path: Path, text: str | bytes) -> Override:
    path = tmp_path / "calendar.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Override.read(path)


def test_reading_the_override_file(tmp_path: Path) -> None:
    """The operator's file names days off and days worked."""
    read = override(tmp_path, "off = [2027-05-06]\nworked = [2027-05-15, 2027-05-16]\n")
    assert read.off == frozenset(days("2027-05-06"))
    assert read.worked == frozenset(days("2027-05-15 2027-05-16"))
    assert override(tmp_path, "") == Override()
    assert Override.read(tmp_path / "nowhere.toml") == Override()


@pytest.mark.parametrize(
    "text",
    ["off = 2027-05-06", "off = 5", 'off = "2027-05-06"', 'off = ["2027-05-06"]', "off = [2027-05-06T10:00:00]",
     "off = [20270506]", "off = [2027-02-30]", "off = [2027-05-06", "of = [2027-05-06]", "off = true", "[off]",
     "off = [2027-05-06]\nworked = [2027-05-06]", b"\xff\xfe", "worked = {}"],
)  # fmt: skip
def test_a_wrong_override_file_is_told(tmp_path: Path, text: str | bytes) -> None:
    """A mistake in the file is told with its name; it never counts days wrongly in silence."""
    with pytest.raises(Invalid) as refused:
        override(tmp_path, text)
    assert (refused.value.code, refused.value.where) == (Code.SETTING_WRONG, "calendar.toml")


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    """So is something that is no file."""
    (tmp_path / "calendar.toml").mkdir()
    with pytest.raises(Invalid) as refused:
        Override.read(tmp_path / "calendar.toml")
    assert refused.value.code is Code.SETTING_WRONG


@pytest.mark.parametrize(
    ("country", "off"), [("DE", "2026-10-03"), ("FR", "2026-07-14"), ("IS", "2026-06-17"), ("LI", "2026-08-15")]
)
def test_other_countries_have_their_own_holidays(country: str, off: str) -> None:
    """Under the GDPR the operator's own country is asked."""
    day = date.fromisoformat(off)
    calendar = Calendar("Europe/Brussels", country)
    assert not calendar.is_working(day)
    working: Callable[[date], bool] = calendar.is_working
    assert working(date(2026, 11, 24))
