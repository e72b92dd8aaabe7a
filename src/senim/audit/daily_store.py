"""The table of daily counts, and how far the log is counted."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from senim.audit.records import Day
from senim.storage import Database, Unit, delete, guard, insert, main_metadata, query, upsert
from senim.storage.tables import number, small, table, word

daily = table(
    main_metadata,
    "log_daily",
    word("act", key=True),
    number("day", key=True),
    word("purpose", key=True),
    word("recipient", key=True),
    number("count"),
    number("last_at"),
)
far = table(main_metadata, "log_daily_end", small("one", key=True), number("size"))

_PUT = upsert(daily)
_DELETE = delete(daily)
_BEGIN = insert(far)
_MOVE = upsert(far)
_GUARD = guard(far, "size")
_OF = query(select(daily).where(daily.c.act == bindparam("act")).order_by(daily.c.day))
_ALL = query(select(daily))
_FAR = query(select(far.c.size))


def days(database: Database, acts: tuple[str, ...]) -> list[Day]:
    """The counts of some acts, by day."""
    return [Day(*row) for act in acts for row in database.read(_OF, act)]


def counted(database: Database) -> int:
    """Up to which entry the log is counted."""
    row = database.one(_FAR)
    return row[0] if row else 0


def put(unit: Unit, day: Day) -> None:
    """Keep a count."""
    unit.add(_PUT, *day.key, day.count, day.last_at)


def move(unit: Unit, old: int, new: int) -> None:
    """Count on from ``new``, if nobody else counted meanwhile."""
    unit.expect(_GUARD, (1,), (old,) if old else None, changes=True)
    unit.add(_MOVE if old else _BEGIN, 1, new)


def forget(unit: Unit, database: Database) -> None:
    """Forget all counts."""
    for row in database.read(_ALL):
        unit.add(_DELETE, *row[:4])
