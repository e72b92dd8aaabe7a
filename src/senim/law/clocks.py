"""Terms and when they end: working days, calendar days, hours, months, years. Pure.

Counting rules (law-kz §2.1; Civil Code of Kazakhstan 172-176): a term starts on the day after the event;
a last day that is off rolls to the next working day; the act is in time until 24:00 of it, local time.
A month ends on the same date of the last month, or on that month's last day.
"""

from __future__ import annotations

import calendar as months
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from senim.errors import Code, Invalid
from senim.law.calendar import Calendar


class Unit(StrEnum):
    """What a term is counted in."""

    HOURS = "hours"
    WORKING_DAYS = "working days"
    CALENDAR_DAYS = "calendar days"
    MONTHS = "months"
    YEARS = "years"


class Start(StrEnum):
    """What starts a term: the day after the event, or the very moment."""

    NEXT_DAY = "next-day"
    MOMENT = "moment"


_TERM = re.compile(r"([0-9]{1,5}) (hour|working day|calendar day|month|year)s?\Z")
_UNITS = {
    "hour": Unit.HOURS,
    "working day": Unit.WORKING_DAYS,
    "calendar day": Unit.CALENDAR_DAYS,
    "month": Unit.MONTHS,
    "year": Unit.YEARS,
}
_MOST = {
    Unit.HOURS: 10_000,
    Unit.WORKING_DAYS: 1_000,
    Unit.CALENDAR_DAYS: 40_000,
    Unit.MONTHS: 1_200,
    Unit.YEARS: 100,
}
"""Longest terms: a hundred years and what is near it, so that every end is a date."""


@dataclass(frozen=True, slots=True)
class Term:
    """So many units, as written: ``30 working days``."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        name = self.unit.value
        return f"{self.count} {name[:-1] if self.count == 1 else name}"


def parse_term(text: str) -> Term:
    """``"30 working days"`` as a term. Raises Invalid (invalid_value)."""
    match = _TERM.match(text)
    if match is None or not 0 < int(match[1]) <= _MOST[_UNITS[match[2]]]:
        raise Invalid(Code.INVALID_VALUE, text[:40])
    return Term(int(match[1]), _UNITS[match[2]])


@dataclass(frozen=True, slots=True)
class Due:
    """When a term ends, at the latest. ``strict`` is the reading to be safe by; both are aware times.

    They differ only for terms that run from a moment: *one working day from the moment of detection* may mean
    the same clock time of the next working day (strict) or that day's 24:00 (lenient).
    """

    strict: datetime
    lenient: datetime


def due(
    term: Term,
    since: datetime,
    calendar: Calendar,
    *,
    start: Start = Start.NEXT_DAY,
    roll: bool = True,
    least_working: int = 0,
) -> Due:
    """When a term that an event at ``since`` (aware) starts is over. The answer is in the calendar's zone.

    ``least_working`` widens short terms to contain so many working days (Regulation 1182/71, article 3(5)).
    """
    local = since.astimezone(ZoneInfo(calendar.zone))
    if term.unit is Unit.HOURS:
        return _hours(term, local, calendar, start, least_working)
    day = _last_day(term, local.date(), calendar)
    if roll and term.unit is not Unit.WORKING_DAYS:
        day = calendar.rolled(day)
    day = _widened(day, local.date(), calendar, least_working)
    end = _midnight_after(day, local)
    if start is Start.MOMENT:
        return Due(datetime.combine(day, local.timetz()), end)
    return Due(end, end)


def _hours(term: Term, local: datetime, calendar: Calendar, start: Start, least_working: int) -> Due:
    begin = local
    if start is Start.NEXT_DAY and (local.minute or local.second or local.microsecond):
        begin = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    # Hours are counted in elapsed time; a zone that changes its offset does not stretch them.
    end = (begin.astimezone(ZoneInfo("UTC")) + timedelta(hours=term.count)).astimezone(local.tzinfo)
    day = _widened(end.date(), local.date(), calendar, least_working)
    if day != end.date():
        end = _midnight_after(day, local)
    return Due(end, end)


def _widened(day: date, event: date, calendar: Calendar, least_working: int) -> date:
    """``day``, or the first one after it by which so many working days have passed since the event."""
    while least_working and calendar.working_days_between(event, day) < least_working:
        day = calendar.working_day_after(day, 1)
    return day


def _last_day(term: Term, event: date, calendar: Calendar) -> date:
    match term.unit:
        case Unit.WORKING_DAYS:
            return calendar.working_day_after(event, term.count)
        case Unit.CALENDAR_DAYS:
            return event + timedelta(days=term.count)
        case Unit.MONTHS:
            return add_months(event, term.count)
        case _:
            return add_months(event, 12 * term.count)


def add_months(day: date, count: int) -> date:
    """The same date ``count`` months on, or that month's last day (Civil Code of Kazakhstan, article 174)."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def _midnight_after(day: date, local: datetime) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), local.tzinfo)


def earlier(first: Term, second: Term, since: datetime, calendar: Calendar) -> Term:
    """The term of the two that ends first, when both start at ``since``: the stricter."""
    return first if due(first, since, calendar).strict <= due(second, since, calendar).strict else second
