"""Numbers over time, from the daily counts of the log: by week and by quarter. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from senim.audit.records import Day
from senim.law import due, parse_term
from senim.policy import Promises

WEEKS, QUARTERS = 26, 24
"""How far pictures look back, and ahead."""


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weeks(today: date) -> list[date]:
    """The Mondays of the last weeks, this one included."""
    last = monday(today)
    return [last - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]


def by_week(days: Iterable[Day]) -> dict[str, Counter[date]]:
    """How many in each week, by purpose."""
    found: dict[str, Counter[date]] = {}
    for one in days:
        found.setdefault(one.purpose, Counter())[monday(one.date)] += one.count
    return found


def quarter(day: date) -> date:
    """The first day of a day's quarter."""
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def quarters(today: date) -> list[date]:
    """The first days of the coming quarters, this one included."""
    found = [quarter(today)]
    while len(found) < QUARTERS:
        found.append(quarter(found[-1] + timedelta(days=95)))
    return found


def ends(now: Promises, given: Iterable[Day], collected: Iterable[Day]) -> dict[str, Counter[date]]:
    """How many terms that run from a consent, or from the taking in of data, end in each quarter, by purpose.

    Withdrawn consents are among them: what the log counts by day tells of nobody, and so not of whose.
    """
    came = list(collected)
    starts = {name: list(came) for name in _running(now, "collection")}
    for one in given:
        starts.setdefault(one.purpose, []).append(one)
    found: dict[str, Counter[date]] = {}
    for name, days in starts.items():
        term = now.term(name) if name in now.policy.purposes else None
        if term is None or not term.lasts or term.after not in ("consent", "collection"):
            continue
        for one in days:
            noon = datetime(one.date.year, one.date.month, one.date.day, 12, tzinfo=UTC)
            end = due(parse_term(term.lasts), noon, now.calendar, roll=False).strict.date()
            found.setdefault(name, Counter())[quarter(end)] += one.count
    return found


def _running(now: Promises, after: str) -> list[str]:
    terms = {name: now.term(name) for name in now.policy.purposes}
    return [name for name, term in terms.items() if term and term.lasts and term.after == after]
