"""Reads files by their map: whose rows they hold, what the person gets of them, what is left after all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from senim.connectors.datamap import DataMap, TableMap
from senim.connectors.files.lines import Csv, Format, Row, Unreadable, format_of, is_rows, opened
from senim.connectors.files.place import Place
from senim.connectors.matching import Matching, kept
from senim.connectors.records import (
    PAGE_BYTES,
    PAGE_ROWS,
    Keep,
    Left,
    NotReached,
    Page,
    Problem,
    Trouble,
)

_NOBODY = TableMap()


class Files:
    """The files of a place, held against the map. A table of the map may be a pattern: ``orders-*.csv``."""

    def __init__(self, found: DataMap, place: Place) -> None:
        self.map = found
        self.place = place
        self.names = place.names()
        self.unreadable: dict[str, None] = {}

    def table(self, name: str) -> str:
        """What the map calls a file; empty if it does not know it."""
        return next((one for one in self.map.tables if one == name or fnmatchcase(name, one)), "")

    def of(self, name: str) -> TableMap:
        """The part of the map that is about a file."""
        return self.map.tables.get(self.table(name), _NOBODY)

    def is_plain(self, name: str) -> bool:
        """Whether the map says that nobody's data is in a file."""
        return any(fnmatchcase(name, one) for one in self.map.plain_tables)

    def mapped(self) -> list[str]:
        """Files whose rows say whose they are."""
        return [one for one in self.names if is_rows(one) and self.of(one).person]

    def others(self) -> list[str]:
        """Files that hold no rows: pictures, letters."""
        return [one for one in self.names if not is_rows(one)]

    @contextmanager
    def reading(self, name: str, version: str = "") -> Iterator[tuple[str, Format, Iterator[Row]]]:
        """The encoding, the form and the rows of a file; a broken one ends early and is remembered."""
        table = self.of(name)
        form = format_of(name, delimiter=table.delimiter, columns={*table.columns, *table.plain})
        with self.place.read(name, version or self.place.version(name)) as file:
            begun = False
            try:
                with opened(name, file, table.encoding) as (encoding, read):
                    begun = True
                    yield encoding, form, form.rows(read)
            except Unreadable:
                self.unreadable[name] = None
            if not begun:
                yield "utf-8", form, iter(())

    def shown(self, name: str, matching: Matching | None = None) -> str:
        """A file as it is told: by its name, unless that says who the person is."""
        if matching and matching.holds(name):
            return f"file {sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        return name.encode("utf-8", "replace").decode()

    def not_reached(self, matching: Matching) -> Iterator[NotReached]:
        """Files that nobody could find the person in."""
        for name in self.names:
            told = self.shown(name, matching)
            if name in self.unreadable:
                yield NotReached(table=told, why=Trouble.LINES_BROKEN)
            elif self.is_plain(name):
                continue
            elif not self.table(name):
                yield NotReached(table=told, why=Trouble.TABLE_NOT_MAPPED)
            elif not is_rows(name):
                yield NotReached(table=told, why=Trouble.BINARY)
            elif not self.of(name).person:
                yield NotReached(table=told, why=Trouble.NOBODY_LEADS_HERE)

    def drift(self) -> Iterator[Problem]:
        """Where map and files do not fit."""
        for table in self.map.tables:
            if not any(fnmatchcase(name, table) for name in self.names):
                yield Problem(code=Trouble.TABLE_GONE, where=table)
        for name in self.names:
            if self.is_plain(name):
                continue
            if not self.table(name):
                yield Problem(code=Trouble.TABLE_NOT_MAPPED, where=self.shown(name))
            elif is_rows(name):
                yield from self._columns(name)

    def _columns(self, name: str) -> Iterator[Problem]:
        table, entry = self.table(name), self.of(name)
        with self.reading(name) as (_, form, rows):
            next(rows, None)
            yield from gone(table, entry, form)
            header = form.header if isinstance(form, Csv) else []
            unknown = [one for one in header if one not in entry.columns and one not in entry.plain]
            yield from (Problem(code=Trouble.COLUMN_NOT_MAPPED, where=f"{table}.{column}") for column in unknown)
        if name in self.unreadable:
            yield Problem(code=Trouble.LINES_BROKEN, where=table, blocking=True)


def gone(table: str, entry: TableMap, form: Format) -> Iterator[Problem]:
    """Columns of the map that a file has not. One of JSON lines may leave any out."""
    if isinstance(form, Csv) and form.header:
        for column in entry.columns:
            if column not in form.header:
                yield Problem(code=Trouble.COLUMN_GONE, where=f"{table}.{column}", blocking=True)


class Mine:
    """The rows of a person in all mapped files."""

    def __init__(self, files: Files, matching: Matching) -> None:
        self.files = files
        self.matching = matching
        self.broken: dict[str, int] = {}

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Table and row."""
        for name in self.files.mapped() if self.matching.who else ():
            yield from self._of(name)

    def _of(self, name: str) -> Iterator[tuple[str, Row]]:
        table, entry = self.files.table(name), self.files.of(name)
        broken = 0
        with self.files.reading(name) as (_, _, rows):
            for row in rows:
                if row.cells is None:
                    broken += not row.plain
                elif self.matching.mine(table, entry, row.cells):
                    yield table, row
        self.broken[name] = broken

    def problems(self) -> Iterator[Problem]:
        """Lines and files that could not be understood."""
        for name, count in self.broken.items():
            if count:
                yield Problem(code=Trouble.LINES_BROKEN, where=self.files.table(name), detail=f"{count} lines")
        for name in self.files.unreadable:
            if self.files.table(name):
                yield Problem(code=Trouble.LINES_BROKEN, where=self.files.table(name), blocking=True)


def exported(found: DataMap, mine: Mine) -> Iterator[Page]:
    """Pages of a person's rows. Rows with other columns are on another page."""
    page: list[tuple[Any, ...]] = []
    place: tuple[str, tuple[str, ...]] = ("", ())
    size = 0
    for table, row in mine.rows():
        mapped = found.tables[table].columns
        cells = row.cells or {}
        here = (table, tuple(name for name in cells if name not in mapped or mapped[name].export))
        if page and (here != place or len(page) == PAGE_ROWS or size > PAGE_BYTES):
            yield _page(found, place, page)
            page, size = [], 0
        place = here
        page.append(tuple(_told(cells[name]) for name in here[1]))
        size += len(row.raw)
    if page:
        yield _page(found, place, page)


def _page(found: DataMap, place: tuple[str, tuple[str, ...]], rows: list[tuple[Any, ...]]) -> Page:
    table, columns = place
    mapped = found.tables[table].columns
    fields = {name: mapped[name].is_ for name in columns if name in mapped and mapped[name].is_}
    return Page(table=table, columns=columns, rows=tuple(rows), fields=fields)


def _told(value: Any) -> Any:
    """A value as it can be given out: what is no text comes as bytes."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogateescape")
    return value


_Place = tuple[str, str, bool, Keep | None, Trouble | None]


def searched(files: Files, matching: Matching, people: tuple[str, ...], today: date) -> tuple[Left, ...]:
    """Rows of all files in which something says who the person is, by column and by why they stay."""
    counts: dict[_Place, int] = {}
    for name in filter(is_rows, files.names if matching.who else ()):
        with files.reading(name) as (_, _, rows):
            for row in rows:
                _search(files, matching, (name, people, today), row, counts)
    return tuple(
        Left(table=table, column=column, rows=rows, mapped=mapped, keep=keep, because=because)
        for (table, column, mapped, keep, because), rows in counts.items()
    )


def _search(
    files: Files,
    matching: Matching,
    place: tuple[str, tuple[str, ...], date],
    row: Row,
    counts: dict[_Place, int],
) -> None:
    name, people, today = place
    table = files.table(name) or files.shown(name, matching)
    if row.cells is None:
        if matching.holds(row.raw):
            _count(counts, (table, "*", False, None, None))
        return
    columns = [column for column, value in row.cells.items() if matching.holds(value)]
    if not columns:
        return
    entry = files.of(name)
    person = matching.person(table, entry, row.cells) if entry.person else None
    keep = kept(entry, row.cells, today) if person else None
    others = bool(people and person and person.digest not in people)
    for column in columns:
        mapped = column in entry.columns or any(one.startswith(f"{column}.") for one in entry.columns)
        _count(counts, (table, column, mapped, keep, Trouble.SEVERAL_PEOPLE if others and not keep else None))


def _count(counts: dict[_Place, int], place: _Place) -> None:
    counts[place] = counts.get(place, 0) + 1
