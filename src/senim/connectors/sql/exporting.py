"""The rows of a person, page by page: rows are streamed, long values come in pieces, memory stays flat."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Select

from senim.connectors.records import PAGE_BYTES, PAGE_ROWS, Blob, Page, Problem, Trouble
from senim.connectors.schema import Family
from senim.connectors.sql.members import MOST_LISTED, Bound, Members
from senim.connectors.sql.pipelining import AT_ONCE, fetched, plain_values, statement
from senim.connectors.sql.statements import Condition, Listed, size_of

INLINE = 16 * 1024
"""A longer value is not read with its row."""

PIECE = 1024 * 1024
"""Of a long value, how much is read at once."""

MOST_LONG = 60
"""Columns of a table whose long values come in pieces: as many as a whole number has bits to tell them by."""

_NO_KEY = {"postgresql": "ctid", "sqlite": "rowid"}
"""What tells rows apart, within one look, where a table has no key."""


class _Place(types.UserDefinedType[str]):
    """Where PostgreSQL has a row just now."""

    cache_ok = True

    def get_col_spec(self, **more: Any) -> str:
        return "tid"


_ODD = (Family.DECIMAL, Family.BINARY, Family.OTHER)
"""Values of which drivers give something that not everybody takes."""


@dataclass(slots=True)
class _Reading:
    """One table being read: what is asked for, and how a row is told."""

    table: str
    names: list[str]
    key: tuple[str, ...]
    long: list[str]
    hidden: str = ""
    gathered: list[tuple[Any, ...]] | None = field(default_factory=list)


class Export:
    """An export under way."""

    def __init__(self, members: Members) -> None:
        self._members = members
        self._bound: Bound = members.bound
        self._blobs = 0

    def pages(self) -> Iterator[Page]:
        """All pages but the last, which is the connector's to tell."""
        waiting: list[tuple[_Reading, list[Any]]] = []
        for table in (name for part in self._bound.graph.order for name in part if name in self._bound.mapped):
            values = plain_values(self._members, table)
            reading = self._reading(table) if values is not None else None
            if values is None or reading is None or not reading.names:
                yield from self._table(table)
                continue
            waiting.append((reading, values))
            if len(waiting) == AT_ONCE or self._to_gather(table):  # what hangs from it has to wait for its rows
                yield from self._together(waiting)
                waiting = []
        yield from self._together(waiting)

    def _together(self, waiting: Sequence[tuple[_Reading, list[Any]]]) -> Iterator[Page]:
        """Tables that are read in one go; one with very many rows is read again, as a stream."""
        asked = [
            (statement(self._bound, reading.table, functools.partial(self._columns, reading), PAGE_ROWS + 1), values)
            for reading, values in waiting
            if values
        ]
        found = iter(list(fetched(self._members, asked)) if asked else ())
        for reading, values in waiting:
            rows = next(found) if values else []
            if len(rows) > PAGE_ROWS:
                yield from self._table(reading.table)
            else:
                yield from self._shown(reading, rows)

    def _table(self, table: str) -> Iterator[Page]:
        condition = self._members.condition(table)
        if condition is None:
            return
        reading = self._reading(table)
        if not reading.names:
            return
        columns = self._columns(reading)
        query = sa.select(*columns).where(condition)
        first = self._members.connection.execute(query.limit(PAGE_ROWS + 1)).all()
        yield from self._shown(reading, first if len(first) <= PAGE_ROWS else self._stream(query))

    def _to_gather(self, table: str) -> bool:
        """Whether something hangs from a table's rows that nobody has looked at yet."""
        return self._members.wanted(table) and not self._members.known(table)

    def _shown(self, reading: _Reading, rows: Any) -> Iterator[Page]:
        """Pages of rows; what hangs from them is remembered on the way."""
        if not self._to_gather(reading.table):
            reading.gathered = None
        yield from self._told(reading, rows)
        if reading.gathered is not None:
            self._members.learn(reading.table, reading.names, reading.gathered)

    def _stream(self, query: Select[Any]) -> Iterator[Any]:
        with self._members.connection.execution_options(stream_results=True, max_row_buffer=PAGE_ROWS).execute(
            query
        ) as result:
            yield from result

    def _reading(self, table: str) -> _Reading:
        there = self._bound.schema.tables[table]
        mapped = self._bound.map.tables[table].columns
        names = [name for name in there.readable if name not in mapped or mapped[name].export]
        reading = _Reading(table=table, names=names, key=self._bound.key(table), long=[])
        reading.hidden = "" if reading.key else _NO_KEY.get(self._bound.tables.dialect, "")
        if reading.key or reading.hidden:
            reading.long = [name for name in names if there.columns[name].long and name not in reading.key][:MOST_LONG]
        if any(name not in names for name in reading.key):
            reading.names = [*names, *(name for name in reading.key if name not in names)]
        return reading

    def _columns(self, reading: _Reading) -> list[ColumnElement[Any]]:
        """The columns of a table; of long ones, only short values, and at the end which values are long, as bits."""
        found: list[ColumnElement[Any]] = []
        longer: list[ColumnElement[int]] = []
        for name in reading.names:
            column = self._bound.tables[reading.table].c[name]
            if name in reading.long:
                size = self._size(reading.table, name)
                found.append(sa.case((size <= INLINE, self._value(reading.table, name)), else_=None).label(name))
                longer.append(sa.case((size > INLINE, 1 << len(longer)), else_=0))
            else:
                found.append(column)
        if longer:
            found.append(functools.reduce(operator.add, longer).label("senim_longer"))
            if reading.hidden:
                found.append(sa.literal_column(reading.hidden).label("senim_row"))
        return found

    def _value(self, table: str, name: str) -> ColumnElement[Any]:
        column = self._bound.tables[table].c[name]
        is_json = self._bound.schema.tables[table].columns[name].family is Family.JSON
        return self._bound.tables.as_text(column) if is_json else column

    def _size(self, table: str, name: str) -> ColumnElement[Any]:
        return size_of(
            self._value(table, name), self._bound.schema.tables[table].columns[name], self._bound.tables.dialect
        )

    def _told(self, reading: _Reading, rows: Any) -> Iterator[Page]:
        """Pages of rows. The pieces of long values come after the stream is read: a connection reads one at a time."""
        width, families = len(reading.names), self._bound.schema.tables[reading.table].columns
        odd = [place for place, name in enumerate(reading.names) if families[name].family in _ODD]
        long = [reading.names.index(name) for name in reading.long]
        page: list[tuple[Any, ...]] = []
        size, waiting = 0, list[tuple[int, int, str, tuple[Any, ...]]]()
        for row in rows:
            self._gather(reading, row)
            told = tuple(row[:width])
            if odd or (long and row[width]):
                cells = [_plain(one) if place in odd else one for place, one in enumerate(told)]
                waiting += self._blobs_of(reading, row, cells) if long and row[width] else ()
                told = tuple(cells)
            page.append(told)
            size += sum(len(told[place] or "") for place in long if type(told[place]) in (str, bytes))
            if len(page) == PAGE_ROWS or size > PAGE_BYTES:
                yield self._page(reading, page)
                page, size = [], 0
        if page:
            yield self._page(reading, page)
        for number, length, name, place in waiting:
            yield from self._pieces(reading, number, length, name, place)

    def _gather(self, reading: _Reading, row: Any) -> None:
        """Remember what further rows hang from, unless it is too much: then it is asked for within the next query."""
        if reading.gathered is not None:
            owned = reading.table in self._bound.graph.owned or reading.table in self._bound.circles
            if len(reading.gathered) < MOST_LISTED or owned:
                reading.gathered.append(tuple(row[: len(reading.names)]))
            else:
                reading.gathered = None

    def _blobs_of(
        self, reading: _Reading, row: Any, cells: list[Any]
    ) -> Iterator[tuple[int, int, str, tuple[Any, ...]]]:
        """The long values of a row: their place in it is marked, what they are is read later."""
        place = (row[-1],) if reading.hidden else tuple(row[reading.names.index(name)] for name in reading.key)
        for bit, name in enumerate(reading.long):
            if row[len(reading.names)] & 1 << bit:
                self._blobs += 1
                index = reading.names.index(name)
                cells[index] = Blob(self._blobs)
                yield self._blobs, index, name, place

    def _page(self, reading: _Reading, rows: Sequence[tuple[Any, ...]]) -> Page:
        mapped = self._bound.map.tables[reading.table].columns
        there = self._bound.schema.tables[reading.table]
        fields: Mapping[str, str] = {
            name: mapped[name].is_ for name in reading.names if name in mapped and mapped[name].is_
        }
        missing = [name for name in there.columns if name not in there.readable]
        messages = [Problem(code=Trouble.NOT_READABLE, where=f"{reading.table}.{name}") for name in missing]
        return Page(
            table=reading.table,
            columns=tuple(reading.names),
            rows=tuple(rows),
            fields=fields,
            messages=tuple(messages),
        )

    def _pieces(self, reading: _Reading, number: int, index: int, name: str, place: tuple[Any, ...]) -> Iterator[Page]:
        """A long value, a piece at a time; one that is empty after all gives a single empty piece."""
        table = self._bound.tables[reading.table]
        if reading.hidden:
            row = sa.cast(place[0], _Place()) if self._bound.tables.dialect == "postgresql" else place[0]
            here: Condition = sa.literal_column(reading.hidden) == row
        else:
            here = self._bound.tables.among(reading.table, reading.key, Listed((place,)))
        value, start = self._value(reading.table, name), 1
        while True:
            query = sa.select(sa.func.substr(value, start, PIECE)).select_from(table).where(here)
            piece = self._members.connection.execute(query).scalar()
            if not piece:
                break
            piece = bytes(piece) if isinstance(piece, memoryview | bytearray) else piece
            yield Page(table=reading.table, columns=(name,), blob=number, pieces=(piece,))
            if len(piece) < PIECE:
                break
            start += PIECE


def _plain(value: Any) -> Any:
    """A value as everybody can take it."""
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    if isinstance(value, Decimal):
        return str(value)
    return value
