"""Terms and their ends: what is counted, from when, and until which moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.errors import Code, Invalid
from senim.law import Calendar, Term, due, load, parse_term
from senim.law.clocks import Start, Unit, add_months, earlier
from tests.unit.made import TODAY

ALMATY = ZoneInfo("Asia/Almaty")
KZ = Calendar("Asia/Almaty", "KZ")
DE = Calendar("Europe/Brussels", "DE")


def local(text: str, zone: ZoneInfo = ALMATY) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# law-kz §2.3, each row counted by hand from Friday 20 March 2026, 14:30: Nauryz is off until the 25th.
CLOCKS = {
    "withdrawal": "2026-04-16T00:00", "access": "2026-03-31T00:00", "refusal": "2026-03-31T00:00",
    "correction": "2026-03-27T00:00", "block": "2026-03-27T00:00", "unblock": "2026-03-27T00:00",
    "destruction": "2026-03-27T00:00", "public-removal": "2026-03-27T00:00", "objection": "2026-03-31T00:00",
    "transfer-notice": "2026-04-09T00:00", "breach-notice": "2026-03-26T14:30", "claim": "2026-03-31T00:00",
    "complaint": "2026-03-31T00:00",
}  # fmt: skip


@pytest.mark.parametrize(("clock", "end"), CLOCKS.items(), ids=CLOCKS)
def test_every_clock_of_kazakhstan(clock: str, end: str) -> None:
    """Each duty of the law ends when the law says, at 24:00 in Kazakhstan (Civil Code 173-176)."""
    row = load("kz", TODAY).clocks[clock]
    found = due(parse_term(row.term), local("2026-03-20T14:30"), KZ, start=Start(row.start), roll=row.roll)
    assert found.strict == local(end)
    assert found.strict.utcoffset() == timedelta(hours=5)


def test_no_clock_is_left_out() -> None:
    """The table above has every clock that the pack has."""
    assert set(CLOCKS) == set(load("kz", TODAY).clocks)


def test_a_breach_has_two_readings() -> None:
    """“From the moment”: the same time of the next working day to be safe, its 24:00 at the latest."""
    found = due(parse_term("1 working day"), local("2026-11-20T18:05"), KZ, start=Start.MOMENT)
    assert (found.strict, found.lenient) == (local("2026-11-23T18:05"), local("2026-11-24T00:00"))
    plain = due(parse_term("1 working day"), local("2026-11-20T18:05"), KZ)
    assert plain.strict == plain.lenient == local("2026-11-24T00:00")


ENDS = (
    # what falls on a day off moves on …
    ("10 calendar days", "2026-03-11T10:00", True, "2026-03-27T00:00"),
    ("10 calendar days", "2026-11-12T10:00", True, "2026-11-24T00:00"),
    # … unless it is a term of keeping
    ("10 calendar days", "2026-11-12T10:00", False, "2026-11-23T00:00"),
    # the day of the event is not counted, whatever the hour
    ("1 calendar day", "2026-11-23T00:00", True, "2026-11-25T00:00"),
    ("1 calendar day", "2026-11-23T23:59", True, "2026-11-25T00:00"),
    ("1 working day", "2026-11-23T00:00", True, "2026-11-25T00:00"),
    # months and years end on the same date, or on the month's last day (Civil Code 174)
    ("1 month", "2027-01-31T10:00", False, "2027-03-01T00:00"),
    ("1 month", "2028-01-31T10:00", False, "2028-03-01T00:00"),
    ("13 months", "2026-11-30T10:00", False, "2027-12-31T00:00"),
    ("1 year", "2028-02-29T10:00", False, "2029-03-01T00:00"),
    ("4 years", "2028-02-29T10:00", False, "2032-03-01T00:00"),
    ("5 years", "2021-11-22T10:00", False, "2026-11-23T00:00"),
    ("100 years", "2026-11-22T10:00", False, "2126-11-23T00:00"),
    # hours run from the next full hour, in elapsed time
    ("72 hours", "2026-11-20T14:30", True, "2026-11-23T15:00"),
    ("72 hours", "2026-11-20T14:00", True, "2026-11-23T14:00"),
)


@pytest.mark.parametrize(("term", "since", "roll", "end"), ENDS)
def test_ends(term: str, since: str, end: str, *, roll: bool) -> None:
    """Days off, ends of months, leap years and hours are counted as the code says."""
    assert due(parse_term(term), local(since), KZ, roll=roll).strict == local(end)


def test_the_day_is_that_of_the_country() -> None:
    """At 20:00 UTC it is tomorrow in Kazakhstan, and the term begins there a day later."""
    evening = datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert due(parse_term("1 working day"), evening, KZ).strict == local("2026-11-25T00:00")
    assert due(parse_term("1 working day"), evening - timedelta(hours=2), KZ).strict == local("2026-11-24T00:00")


def test_before_march_2024_almaty_was_an_hour_further() -> None:
    """The zone's own history counts: until 1 March 2024 Almaty was six hours ahead."""
    end = due(parse_term("1 calendar day"), datetime(2024, 2, 27, 9, tzinfo=UTC), KZ).strict
    assert end.astimezone(UTC) == datetime(2024, 2, 28, 18, tzinfo=UTC)


BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.mark.parametrize(
    ("clock", "since", "end"),
    [
        ("breach-notice", "2026-11-20T14:30", "2026-11-25T00:00"),  # Friday: Monday and Tuesday are two working days
        ("breach-notice", "2026-11-23T14:30", "2026-11-26T15:00"),  # plain 72 hours
        ("breach-notice", "2026-03-27T14:30", "2026-04-01T00:00"),  # over the change to summer time
        ("access", "2026-01-31T10:00", "2026-03-03T00:00"),  # the last day of February is a Saturday
        ("access", "2026-11-24T10:00", "2026-12-25T00:00"),
    ],
)
def test_clocks_of_the_union(clock: str, since: str, end: str) -> None:
    """One month, 72 hours and at least two working days (GDPR 12(3), 33; Regulation 1182/71)."""
    row = load("eu", TODAY).clocks[clock]
    found = due(
        parse_term(row.term), local(since, BRUSSELS), DE, start=Start(row.start), roll=row.roll,
        least_working=row.least_working,
    )  # fmt: skip
    assert found.strict == local(end, BRUSSELS)


GOOD = {
    "1 hour": Term(1, Unit.HOURS), "72 hours": Term(72, Unit.HOURS), "1 working day": Term(1, Unit.WORKING_DAYS),
    "30 working days": Term(30, Unit.WORKING_DAYS), "10 calendar days": Term(10, Unit.CALENDAR_DAYS),
    "1 month": Term(1, Unit.MONTHS), "18 months": Term(18, Unit.MONTHS), "3 years": Term(3, Unit.YEARS),
    "100 years": Term(100, Unit.YEARS),
}  # fmt: skip


@pytest.mark.parametrize(("text", "term"), GOOD.items(), ids=GOOD)
def test_terms_as_people_write_them(text: str, term: Term) -> None:
    """A term reads as it is written, and is written as it was read."""
    assert parse_term(text) == term
    assert str(term) == text


@pytest.mark.parametrize(
    "text",
    ["", "30", "days", "30 days", "30 workdays", "0 working days", "-1 working days", "1.5 years", "thirty days",
     " 3 years", "3 years ", "3  years", "3 Years", "3 года", "٣ years", "3 years\n", "999999 hours", "P3Y",
     "99999 years", "101 years", "99999 working days", "99999 months", "forever"],
)  # fmt: skip
def test_what_is_no_term(text: str) -> None:
    """What cannot be counted, or ends after all calendars, is refused when the policy is checked."""
    with pytest.raises(Invalid) as refused:
        parse_term(text)
    assert refused.value.code is Code.INVALID_VALUE


@pytest.mark.parametrize(
    "text", ["10000 hours", "1000 working days", "40000 calendar days", "1200 months", "100 years"]
)
def test_the_longest_terms_have_an_end(text: str) -> None:
    """Whatever may be written has a date on which it ends."""
    assert due(parse_term(text), local("2026-11-22T10:00"), KZ).strict > local("2026-11-22T10:00")


terms = st.builds(Term, st.integers(1, 40), st.sampled_from(list(Unit)))
BEGIN = local("2024-03-02T00:00")
moments = st.integers(0, 3 * 365 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))


@given(terms, moments, st.sampled_from(list(Start)), st.booleans())
def test_an_end_lies_ahead_and_the_strict_one_first(term: Term, since: datetime, start: Start, roll: bool) -> None:
    """Every term ends after its event, and the safe reading never later than the other."""
    end = due(term, since, KZ, start=start, roll=roll)
    assert since < end.strict <= end.lenient


@given(terms, moments, st.integers(0, 72 * 60))
def test_a_later_event_never_ends_earlier(term: Term, since: datetime, minutes: int) -> None:
    """Who is told later never has less time."""
    later = since + timedelta(minutes=minutes)
    assert due(term, later, KZ).strict >= due(term, since, KZ).strict


@given(st.sampled_from([Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS, Unit.YEARS]), st.integers(1, 30), moments)
def test_days_end_at_midnight_of_a_working_day(unit: Unit, count: int, since: datetime) -> None:
    """An act is in time until 24:00 of the last day, and that day is worked (Civil Code 175, 176)."""
    end = due(Term(count, unit), since, KZ).strict
    assert (end.hour, end.minute, end.second) == (0, 0, 0)
    assert KZ.is_working(end.date() - timedelta(days=1))


@given(
    st.builds(Term, st.integers(1, 20), st.sampled_from([Unit.HOURS, Unit.WORKING_DAYS, Unit.CALENDAR_DAYS])),
    moments,
    st.integers(0, 10),
)
def test_a_term_widened_holds_so_many_working_days(term: Term, since: datetime, least: int) -> None:
    """A short term is widened to hold enough working days, and never made shorter (Regulation 1182/71, 3(5))."""
    plain, widened = due(term, since, KZ).strict, due(term, since, KZ, least_working=least).strict
    assert widened >= plain
    inside = term.unit is Unit.HOURS and widened == plain
    last = widened.date() if inside else (widened - timedelta(microseconds=1)).date()
    assert KZ.working_days_between(since.date(), last) >= least


@given(terms, terms, moments)
def test_the_stricter_of_two_terms(first: Term, second: Term, since: datetime) -> None:
    """Of two terms that begin together the one that ends first is taken, whichever is named first."""
    chosen = due(earlier(first, second, since, KZ), since, KZ).strict
    assert chosen == due(earlier(second, first, since, KZ), since, KZ).strict
    assert chosen == min(due(first, since, KZ).strict, due(second, since, KZ).strict)


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(0, 1200))
def test_months_keep_the_date_or_take_the_last_day(day: date, count: int) -> None:
    """So many months on, the date is the same or the month's last."""
    end = add_months(day, count)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == count
    assert end.day == day.day or (end.day < day.day and (end + timedelta(days=1)).day == 1)
