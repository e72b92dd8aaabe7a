"""Carries out what was planned, in one transaction; the database itself remembers the order, if it lets us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.engine import Connection
from sqlalchemy.sql.selectable import TableClause

from senim.connectors.records import Act, Receipt, Step
from senim.connectors.schema import MARKS
from senim.connectors.sql.fate import Part
from senim.connectors.sql.members import Bound
from senim.connectors.sql.opening import Opened
from senim.connectors.sql.statements import Condition, Listed
from senim.errors import Held, NotAllowed

BATCH = 5_000
"""Rows in one statement where a table has very many."""

_MARKS: TableClause = sa.table(
    MARKS, sa.column("id", types.String(64)), sa.column("receipt", types.Text()), sa.column("at", types.String(40))
)
_CREATE = (
    f"CREATE TABLE IF NOT EXISTS {MARKS} "
    "(id varchar(64) NOT NULL PRIMARY KEY, receipt text NOT NULL, at varchar(40) NOT NULL)"
)


def carry_out(connection: Connection, bound: Bound, part: Part, *, many: bool) -> int:
    """Do one part; the number of rows. ``many``: in batches by key, each a short statement."""
    table = bound.tables[part.table]
    key = bound.key(part.table)
    if many and key:
        return sum(
            _do(connection, table, bound.tables.among(part.table, key, Listed(tuple(keys))), part)
            for keys in _batches(connection, bound, part, key)
        )
    return _do(connection, table, part.condition, part)


def _do(connection: Connection, table: TableClause, condition: Condition, part: Part) -> int:
    if part.act is Act.DELETE:
        return connection.execute(sa.delete(table).where(condition)).rowcount
    values = {table.c[name]: value for name, value in part.values.items()}
    return connection.execute(sa.update(table).where(condition).values(values)).rowcount if values else 0


def _batches(connection: Connection, bound: Bound, part: Part, key: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    """Keys of the rows, in their order, some thousand at a time."""
    columns = bound.tables.columns(part.table, key)
    last: tuple[Any, ...] = ()
    while True:
        further = [bound.tables.after(part.table, key, last)] if last else []
        query = sa.select(*columns).where(part.condition, *further).order_by(*columns).limit(BATCH)
        keys = [tuple(row) for row in connection.execute(query)]
        if not keys:
            return
        last = keys[-1]
        yield keys


# how a database remembers an order


def prepare_marks(opened: Opened, *, present: bool) -> bool:
    """Whether the database can remember orders; makes the table for it if our role may."""
    if present:
        return True
    try:
        with opened.writing() as connection:
            connection.exec_driver_sql(_CREATE)
    except (NotAllowed, Held):
        return False
    return True


def remembered(connection: Connection, order: str) -> Receipt | None:
    """What an earlier run of the order told."""
    found = connection.execute(sa.select(_MARKS.c.receipt).where(_MARKS.c.id == order)).scalar()
    return msgspec.json.decode(found, type=Receipt) if found else None


def remember(connection: Connection, receipt: Receipt, at: str) -> None:
    """Write the mark, in the transaction of what it tells. A second one of the same order breaks it."""
    told = msgspec.json.encode(receipt).decode()
    connection.execute(sa.insert(_MARKS).values(id=receipt.order, receipt=told, at=at))


def step_of(part: Part, rows: int, keep: Any = None) -> Step:
    """What was, or will be, done to a part."""
    return Step(
        table=part.table,
        act=part.act,
        rows=rows,
        columns=tuple(sorted(part.values)),
        keep=keep or part.keep,
        because=part.because,
    )
