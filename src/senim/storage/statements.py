"""Statements written once and run by the driver of either database.

Writes are made from the declared tables; reads are SQLAlchemy Core selects compiled once.
Executing them by the driver is 2.4 to 2.8 times faster than through Core (docs/decisions/0003-storage.md).
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, Table, bindparam, text
from sqlalchemy.dialects import postgresql, sqlite

Row = tuple[Any, ...]

_SQLITE = sqlite.dialect(paramstyle="qmark")
_POSTGRES = postgresql.dialect(paramstyle="format")  # type: ignore[no-untyped-call]
_rank = itertools.count()


@dataclass(frozen=True, slots=True)
class Statement:
    """A write. Batches run statements by ``rank`` (the order of declaration), so that locks are taken in one order.

    ``key`` holds the positions of the primary key's columns in a row.
    """

    table: str
    kind: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[int, ...]
    sqlite: str
    postgres: str
    rank: int = field(default_factory=lambda: next(_rank))

    def __hash__(self) -> int:
        return self.rank


class Query:
    """A read with positional parameters, compiled for a database when it is first asked there."""

    __slots__ = ("__dict__", "_select")

    def __init__(self, select: Select[*tuple[Any, ...]]) -> None:
        self._select = select

    @functools.cached_property
    def sqlite(self) -> str:
        """The statement for SQLite."""
        return _compiled(self._select, _SQLITE)

    @functools.cached_property
    def postgres(self) -> str:
        """The statement for PostgreSQL."""
        return _compiled(self._select, _POSTGRES)


@dataclass(frozen=True, slots=True)
class Guard:
    """The row of one key, read again and locked inside the committing transaction."""

    table: str
    sqlite: str
    postgres: str


def _columns(of: Table) -> tuple[str, ...]:
    return tuple(column.name for column in of.columns)


def _keys(of: Table) -> tuple[str, ...]:
    return tuple(column.name for column in of.primary_key.columns)


def _types(of: Table, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(of.columns[name].type.compile(_POSTGRES) for name in names)


def _statement(of: Table, kind: str, columns: tuple[str, ...], sql: str) -> Statement:
    return Statement(
        table=of.name,
        kind=kind,
        columns=columns,
        types=_types(of, columns),
        key=tuple(columns.index(name) for name in _keys(of) if name in columns),
        sqlite=sql,
        postgres=sql.replace("?", "%s"),
    )


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def insert(of: Table) -> Statement:
    """Add a row, all columns in the order of the table. A row that is there already fails the unit."""
    names = _columns(of)
    return _statement(of, "insert", names, f"INSERT INTO {of.name} ({', '.join(names)}) VALUES ({_marks(len(names))})")


def upsert(of: Table, *, keep: tuple[str, ...] = ()) -> Statement:
    """Add a row or replace the one with the same key; columns in ``keep`` stay as they first were."""
    names, keys = _columns(of), _keys(of)
    changed = [name for name in names if name not in keys and name not in keep]
    action = f"UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changed)}" if changed else "NOTHING"
    sql = (
        f"INSERT INTO {of.name} ({', '.join(names)}) VALUES ({_marks(len(names))}) "
        f"ON CONFLICT ({', '.join(keys)}) DO {action}"
    )
    return _statement(of, "upsert", names, sql)


def update(of: Table, *changed: str) -> Statement:
    """Change columns of the row with a key; the row is the changed columns, then the key."""
    keys = _keys(of)
    sets = ", ".join(f"{name} = ?" for name in changed)
    where = " AND ".join(f"{name} = ?" for name in keys)
    return _statement(of, "update", (*changed, *keys), f"UPDATE {of.name} SET {sets} WHERE {where}")


def delete(of: Table, *by: str) -> Statement:
    """Delete the rows whose columns ``by`` (a prefix of the primary key) have the given values."""
    names = by or _keys(of)
    where = " AND ".join(f"{name} = ?" for name in names)
    return _statement(of, "delete", names, f"DELETE FROM {of.name} WHERE {where}")


def guard(of: Table, *columns: str) -> Guard:
    """The columns of the row with a key, to be compared inside the committing transaction."""
    where = " AND ".join(f"{name} = ?" for name in _keys(of))
    sql = f"SELECT {', '.join(columns)} FROM {of.name} WHERE {where}"
    return Guard(table=of.name, sqlite=sql, postgres=sql.replace("?", "%s") + " FOR UPDATE")


def query(select: Select[*tuple[Any, ...]]) -> Query:
    """A read. Its ``bindparam``s are given by position, in the order in which they stand in the statement."""
    return Query(select)


def at_most(select: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The first rows of a select; how many is the last parameter. Core's own limit adds an OFFSET on SQLite."""
    return select.suffix_with(text("LIMIT :most").bindparams(bindparam("most")))


def _compiled(select: Select[*tuple[Any, ...]], dialect: Any) -> str:
    compiled = select.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    if any(value is not None for value in compiled.params.values()):
        raise TypeError(f"write constants of a query with literal_column: {compiled}")
    return str(compiled)
