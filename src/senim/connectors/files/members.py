"""The rows of a person in all files: by what they say themselves, and by what they refer to in other files.

A file is read as a stream, once for each step that leads on from it. What leads on is held as keyed digests in a
database of its own, which SQLite lets flow over into a file without a name: a person with millions of rows takes no
more memory than one with ten, and no value of theirs is written anywhere.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator

from senim.connectors.datamap import TableMap
from senim.connectors.files.lines import Row
from senim.connectors.files.reading import Files
from senim.connectors.graph import Link, circles
from senim.connectors.matching import Cells, Matching, text_of
from senim.connectors.records import Problem, Trouble
from senim.languages import Hint

Columns = tuple[str, ...]
Place = tuple[str, str, Columns]
"""What a set is for, and the table and columns that its values are of."""

_NOT_MARKED = ("", "0", "false", "f", "no", "n")


class Keys:
    """Sets of values of columns, each set under a name."""

    def __init__(self) -> None:
        self._secret = os.urandom(32)
        self._places: set[Place] = set()
        self._held = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._held.execute("PRAGMA journal_mode = OFF")
        self._held.execute("CREATE TABLE held (key BLOB PRIMARY KEY) WITHOUT ROWID")
        self._held.execute("BEGIN")
        self.size = 0
        weakref.finalize(self, self._held.close)

    def add(self, place: Place, cells: Cells, columns: Columns) -> None:
        """Hold the values that a row has in some columns; a row that has nothing in one of them leads nowhere."""
        key = self._key(place, cells, columns)
        if key:
            self._places.add(place)
            self.size += self._held.execute("INSERT OR IGNORE INTO held VALUES (?)", (key,)).rowcount

    def has(self, place: Place, cells: Cells, columns: Columns) -> bool:
        """Whether the values that a row has in some columns are held."""
        if place not in self._places:
            return False
        key = self._key(place, cells, columns)
        return bool(key) and self._held.execute("SELECT 1 FROM held WHERE key = ?", (key,)).fetchone() is not None

    def _key(self, place: Place, cells: Cells, columns: Columns) -> bytes:
        values = [text_of(cells.get(one)).strip() for one in columns]
        if not all(values):
            return b""
        told = repr((place, values)).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(told, key=self._secret, digest_size=16).digest()


class Mine:
    """The rows of a person, or of those who match, in all files that lead to them."""

    def __init__(self, files: Files, matching: Matching) -> None:
        self.files = files
        self.matching = matching
        self.keys = Keys()
        self.broken: dict[str, int] = {}
        self._graph = files.graph
        self._circles = circles(files.graph)
        for part in self._graph.order if matching.who else ():
            self._follow(part)

    def has(self, table: str, cells: Cells) -> bool:
        """Whether a row is the person's, one that others use too among them."""
        entry = self.files.map.tables.get(table)
        if entry is None:
            return False
        said = bool(entry.person) and self.matching.mine(table, entry, cells)
        return said or any(
            self.keys.has(("leads", hop.source, hop.source_columns), cells, hop.target_columns)
            and meant(cells, hop.where)
            for hop in self._graph.into[table]
        )

    def shared(self, table: str, cells: Cells) -> bool:
        """Whether others use a row too: nothing follows from it, and it stays."""
        if table not in self._graph.owned:
            return False
        return any(
            self.keys.has(("shared", table, one.to_columns), cells, one.to_columns)
            for one in self._graph.links_to[table]
        )

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Table and row."""
        for name in self.files.reached() if self.matching.who else ():
            table = self.files.table(name)
            yield from ((table, row) for row in self._of(name) if self.has(table, row.cells or {}))

    def _of(self, name: str) -> Iterator[Row]:
        """The rows of a file that are understood; the others are counted."""
        broken = 0
        with self.files.reading(name) as (_, _, rows):
            for row in rows:
                if row.cells is None:
                    broken += not row.plain
                else:
                    yield row
        self.broken[name] = broken

    def all_of(self, table: str) -> Iterator[Cells]:
        """The cells of every row of a table, the person's or not."""
        for name in self.files.files_of(table):
            yield from (row.cells or {} for row in self._of(name))

    # what leads on

    def _follow(self, part: tuple[str, ...]) -> None:
        for table in self._graph.owned.intersection(part):
            self._set_apart(table)
        leading, before = [one for one in part if self._graph.out_of[one]], -1
        while leading and before != self.keys.size:
            before = self.keys.size
            for table in leading:
                self._learn(table)
            if not self._circles.intersection(part):
                return

    def _learn(self, table: str) -> None:
        """What the person's rows of a table lead on to."""
        for cells in self.all_of(table):
            if self.has(table, cells) and not self.shared(table, cells):
                for hop in self._graph.out_of[table]:
                    self.keys.add(("leads", table, hop.source_columns), cells, hop.source_columns)

    def _set_apart(self, table: str) -> None:
        """Which of the rows that the person's rows own others use too."""
        users = [one for one in self._graph.links_to[table] if one.sort != "belongs"]
        for cells in self.all_of(table):
            if self.has(table, cells):
                for link in users:
                    self.keys.add(("owned", table, link.to_columns), cells, link.to_columns)
        for link in users:
            for cells in self.all_of(link.table):
                if self._uses(link, cells) and not self.has(link.table, cells):
                    self.keys.add(("shared", table, link.to_columns), cells, link.columns)

    def _uses(self, link: Link, cells: Cells) -> bool:
        return meant(cells, link.where) and self.keys.has(("owned", link.to, link.to_columns), cells, link.columns)

    # what could not be understood

    def problems(self) -> Iterator[Problem]:
        """Lines and files that could not be understood."""
        for name, count in self.broken.items():
            if count:
                yield Problem(
                    code=Trouble.LINES_BROKEN, where=self.files.table(name), detail=Hint("lines", count=count)
                )
        for name in self.files.unreadable:
            if self.files.table(name):
                yield Problem(code=Trouble.LINES_BROKEN, where=self.files.table(name), blocking=True)


def meant(cells: Cells, where: Iterable[tuple[str, str]]) -> bool:
    """Whether a row that may refer to several tables refers to this one."""
    return all(text_of(cells.get(column)).strip() == value for column, value in where)


def marked(table: TableMap, cells: Cells) -> bool:
    """Whether a row is marked as deleted: not empty, true or a date. It is there all the same."""
    told = text_of(cells.get(table.soft_delete.column)).strip().lower() if table.soft_delete else ""
    return told not in _NOT_MARKED
