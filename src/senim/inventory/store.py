"""Tables of an operator's own database, read and never written: streamed through SQLAlchemy."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from senim.errors import Code, Invalid, Unavailable
from senim.inventory.records import Source, State, Why
from senim.inventory.sheets import BATCH, Columns
from senim.inventory.tally import Tally

_SYSTEM = frozenset(("information_schema", "pg_catalog", "pg_toast", "mysql", "performance_schema", "sys"))
_BINARY = (bytes, bytearray, memoryview)
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
"""The drivers that come with Senim, where an address names none."""

Table = tuple[str | None, str]
"""Schema and name."""


class Tables:
    """The tables of a database."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._inspector = sa.inspect(connection)

    def names(self, patterns: Sequence[str]) -> list[Table]:
        """The tables of all schemas that match a pattern (``bookings``, ``shop.*``); all, if there is no pattern."""
        try:
            found = self._names()
        except SQLAlchemyError as error:
            raise Unavailable(Code.STORAGE_CORRUPT, "url") from error
        return [one for one in found if not patterns or any(_matches(one, pattern) for pattern in patterns)]

    def _names(self) -> list[Table]:
        default = self._inspector.default_schema_name
        found: list[Table] = []
        for schema in self._inspector.get_schema_names():
            if schema in _SYSTEM:
                continue
            own = None if schema in (default, "main") else schema
            found += [(own, name) for name in sorted(self._inspector.get_table_names(schema=own))]
        return found

    def search(self, table: Table, tally: Tally, *, most: int = 0) -> Source:
        """Search a table: all of it, or its first ``most`` rows. What the database refuses is told, not raised."""
        source = Source(shown(table), "table", findings=[])
        try:
            self._search(table, tally, source, most)
        except SQLAlchemyError:  # its words may hold values
            self._connection.rollback()
            source.state = State.PART if source.size else State.UNREADABLE
            source.why = Why.TABLE
        source.findings = tally.findings()
        return source

    def _search(self, table: Table, tally: Tally, source: Source, most: int) -> None:
        schema, name = table
        told = self._inspector.get_columns(name, schema=schema)
        names = [str(column["name"]) for column in told]
        types = [str(column["type"]) for column in told]
        wanted: Any = sa.select(*[sa.column(column) for column in names]).select_from(sa.table(name, schema=schema))
        wanted = wanted.limit(most) if most else wanted
        columns = Columns(names, tally, types)
        rows = self._connection.execution_options(stream_results=True, yield_per=BATCH).execute(wanted)
        for batch in rows.partitions(BATCH):
            if any(isinstance(value, _BINARY) for value in batch[0]):
                source.state, source.why = State.PART, Why.BINARY_COLUMNS
            first = source.size + 1
            columns.search([[_text(value) for value in row] for row in batch], range(first, first + len(batch)))
            source.size += len(batch)
        if most and source.size == most:
            source.state, source.why = State.PART, Why.SAMPLED


def _text(value: Any) -> str:
    if value is None or isinstance(value, (*_BINARY, bool)):
        return ""
    return value if isinstance(value, str) else str(value)


def shown(table: Table) -> str:
    """A table as it is told."""
    return ".".join(part for part in table if part)


def _matches(table: Table, pattern: str) -> bool:
    return fnmatch.fnmatchcase(table[1], pattern) or fnmatch.fnmatchcase(shown(table), pattern)


@contextmanager
def opened(url: str) -> Iterator[Tables]:
    """The tables of a database, read-only as far as it knows how. Raises Invalid and Unavailable, without the URL."""
    engine = _engine(url)
    try:
        with _connected(engine) as connection:
            yield Tables(connection)
    finally:
        engine.dispose()


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
        if parsed.drivername.startswith("sqlite") and parsed.database:
            query = {**parsed.query, "mode": "ro", "uri": "true"}
            parsed = parsed.set(database=f"file:{parsed.database.removeprefix('file:')}", query=query)
        return sa.create_engine(parsed, poolclass=sa.pool.NullPool)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise Invalid(Code.INVALID_VALUE, "url") from error


@contextmanager
def _connected(engine: sa.Engine) -> Iterator[sa.Connection]:
    try:
        connection = engine.connect()
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(postgresql_readonly=True)
        elif engine.dialect.name in ("mysql", "mariadb"):
            connection.execute(sa.text("SET SESSION TRANSACTION READ ONLY"))
            connection.commit()
    except SQLAlchemyError as error:
        raise Unavailable(Code.STORAGE_UNREACHABLE, "url") from error
    with connection:
        yield connection
