"""Reads files by their map: which of them it knows, which lead to whose rows, and where the two do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from hashlib import sha256

from senim.connectors.datamap import DataMap, TableMap
from senim.connectors.files.joining import joined, used_of, writing_order
from senim.connectors.files.lines import Csv, Format, Row, Unreadable, format_of, is_rows, opened
from senim.connectors.files.place import Place
from senim.connectors.matching import Matching
from senim.connectors.records import NotReached, Problem, Trouble

_NOBODY = TableMap()


def not_told(found: DataMap, table: str, names: Iterable[str]) -> list[str]:
    """Columns of which the map does not say whether they are personal; JSON's inner ones are told by their path."""
    entry = found.tables[table]
    told = {*entry.columns, *entry.plain, *entry.key, *used_of(found, table)}
    return [one for one in names if one not in told and not any(path.startswith(f"{one}.") for path in told)]


class Files:
    """The files of a place, held against the map. A table of the map may be a pattern: ``orders-*.csv``."""

    def __init__(self, found: DataMap, place: Place) -> None:
        self.map = found
        self.place = place
        self.graph = joined(found)
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

    def files_of(self, table: str) -> list[str]:
        """The files with rows that are a table of the map."""
        return [one for one in self.names if is_rows(one) and self.table(one) == table]

    def mapped(self) -> list[str]:
        """Files with rows that the map knows, in the order in which they are written."""
        return [name for part in writing_order(self.graph) for table in part for name in self.files_of(table)]

    def reached(self) -> list[str]:
        """Files whose rows say whose they are, or refer to others that do."""
        there = self._led_to()
        return [one for one in self.names if is_rows(one) and self.table(one) in there]

    def _led_to(self) -> set[str]:
        """Tables that some way leads to over files that are there and can be read."""
        live = {self.table(one) for one in self.names if is_rows(one) and one not in self.unreadable} - {""}
        found, waiting = set[str](), [one for one in live if self.map.tables[one].person]
        while waiting:
            table = waiting.pop()
            if table not in found:
                found.add(table)
                waiting += [hop.target for hop in self.graph.out_of[table] if hop.target in live]
        return found

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
        there = self._led_to()
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
            elif self.table(name) not in there:
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
            used = tuple(used_of(self.map, table))
            yield from gone(table, entry, form, used)
            header = form.header if isinstance(form, Csv) else []
            unknown = not_told(self.map, table, header)
            yield from (Problem(code=Trouble.COLUMN_NOT_MAPPED, where=f"{table}.{column}") for column in unknown)
        if name in self.unreadable:
            yield Problem(code=Trouble.LINES_BROKEN, where=table, blocking=True)


def gone(table: str, entry: TableMap, form: Format, used: Iterable[str]) -> Iterator[Problem]:
    """Columns of the map that a file has not, what is kept by law by one among them. JSON lines may leave any out."""
    if not isinstance(form, Csv) or not form.header:
        return
    for column in dict.fromkeys((*entry.columns, *used)):
        if column not in form.header:
            yield Problem(code=Trouble.COLUMN_GONE, where=f"{table}.{column}", blocking=True)
    for name, rule in entry.keep.items():
        if rule.since not in form.header:
            remedy = f"keep: {{{name}: {{since: …}}}}"
            yield Problem(code=Trouble.KEEP_UNDATED, where=f"{table}.{rule.since}", remedy=remedy, blocking=True)
