"""Visits by their end, in lanes that have nothing to do with people; and the periods of their pseudonyms."""

from __future__ import annotations

import os
from collections.abc import Iterable

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select

from senim.collection.technical_records import By, Period, PeriodKept, VisitCount, VisitKept
from senim.identity import LANES
from senim.storage import Database, Query, at_most, delete, guard, insert, main_metadata, query
from senim.storage.tables import blob, lane, number, small, table, word
from senim.work import Work

visits = table(
    main_metadata, "technical_visit", lane(), number("ends", key=True), blob("id", key=True), word("point"),
    word("purpose"), word("day"), small("hour"), blob("ip"), blob("visitor"), word("browser"), word("device"),
    word("system"), word("page"), word("referrer"),
)  # fmt: skip
periods = table(
    main_metadata, "technical_period", word("renews", key=True), number("begins", key=True), number("ends"),
    blob("holder"), blob("sealed"),
)  # fmt: skip

_INSERT = insert(visits)
_DELETE = delete(visits)
_INSERT_PERIOD = insert(periods)
_DELETE_PERIOD = delete(periods)
_PERIOD_GUARD = guard(periods, "holder")
_PERIODS = query(select(*periods.c).order_by(periods.c.renews, periods.c.begins))
_OVER = query(
    at_most(
        select(visits.c.ends, visits.c.id)
        .where(visits.c.lane == bindparam("lane"), visits.c.ends <= bindparam("now"))
        .order_by(visits.c.ends, visits.c.id)
    )
)
_HAS: ColumnElement[bytes] = literal_column("CASE WHEN length(ip) > 0 THEN ip END")


def _counts(by: By) -> Query:
    """Visits of a purpose by one column, the most frequent first; days and hours in their order."""
    column = visits.c[by]
    counted = (
        select(column, func.count(), func.count(_HAS.distinct()))
        .where(visits.c.purpose == bindparam("purpose"), visits.c.ends > bindparam("now"))
        .where(visits.c.day >= bindparam("since"), visits.c.day <= bindparam("until"))
        .group_by(column)
    )
    order = (column,) if by in ("day", "hour") else (func.count().desc(), column)
    return query(at_most(counted.order_by(*order)))


_BY: dict[By, Query] = {by: _counts(by) for by in ("day", "hour", "page", "referrer", "browser", "device", "system")}


def put(work: Work, kept: Iterable[VisitKept]) -> int:
    """Keep visits, all of a batch in one lane taken at random; how many rows."""
    where, count = os.urandom(1)[0] % LANES, 0
    for visit in kept:
        work.add(_INSERT, where, visit.ends, os.urandom(16), *visit[1:])
        count += 1
    return count


def take_over(work: Work, most: int) -> int:
    """Remove visits whose time is over, not more than ``most`` in this act; how many."""
    found = 0
    for number_of in range(LANES):
        if found >= most:
            break
        for ends, visit in work.read(_OVER, number_of, work.at, most - found):
            work.add(_DELETE, number_of, ends, visit)
            found += 1
    return found


def read_periods(database: Database) -> list[PeriodKept]:
    """The periods on record; of each length one, and before it was swept another."""
    return [
        PeriodKept(Period(renews, begins, ends), bytes(holder), bytes(sealed))
        for renews, begins, ends, holder, sealed in database.read(_PERIODS)
    ]


def put_period(work: Work, kept: PeriodKept) -> None:
    """Begin a period, unless somebody else did meanwhile."""
    key = (kept.period.renews, kept.period.begins)
    work.expect(_PERIOD_GUARD, key, None, changes=True)
    work.add(_INSERT_PERIOD, *key, kept.period.ends, kept.holder, kept.sealed)


def end_period(work: Work, kept: PeriodKept) -> None:
    """Forget a period, unless somebody else did meanwhile."""
    key = (kept.period.renews, kept.period.begins)
    work.expect(_PERIOD_GUARD, key, (kept.holder,), changes=True)
    work.add(_DELETE_PERIOD, *key)


def count(work: Work, purpose: str, by: By, *, since: str, until: str, most: int) -> list[VisitCount]:
    """Visits of a purpose on these days that are not over, counted."""
    rows = work.read(_BY[by], purpose, work.at, since, until, most)
    return [VisitCount(of=str(of), visits=visits_, addresses=addresses) for of, visits_, addresses in rows]
