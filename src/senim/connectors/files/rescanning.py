"""Searches all files again: what is left of a person, in columns that the map forgot too, and why it may be there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from senim.connectors.files.lines import Row, is_rows
from senim.connectors.files.members import Keys, Mine, meant
from senim.connectors.files.reading import Files
from senim.connectors.matching import Cells, Matching, kept
from senim.connectors.records import Keep, Left, Trouble

_Place = tuple[str, str, bool, Keep | None, Trouble | None]


def searched(files: Files, matching: Matching, people: tuple[str, ...], today: date) -> tuple[Left, ...]:
    """Rows of all files in which something says who the person is, by column and by why they stay."""
    counts: dict[_Place, int] = {}
    others = Mine(files, Matching(matching.who, matching.secret, apart=people)) if people else None
    why = _Why(files, today, others, _used(files))
    for name in filter(is_rows, files.names if matching.who else ()):
        with files.reading(name) as (_, _, rows):
            for row in rows:
                _search(why, matching, name, row, counts)
    return tuple(
        Left(table=table, column=column, rows=rows, mapped=mapped, keep=keep, because=because)
        for (table, column, mapped, keep, because), rows in counts.items()
    )


@dataclass(frozen=True, slots=True)
class _Why:
    """Why rows may still be there."""

    files: Files
    today: date
    others: Mine | None
    used: Keys

    def of(self, table: str, cells: Cells) -> tuple[Keep | None, Trouble | None]:
        """The law that keeps a row, or whose it is besides."""
        entry = self.files.map.tables.get(table)
        keep = kept(entry, cells, self.today) if entry else None
        if entry is None or keep is not None:
            return keep, None
        if self.others is not None and self.others.has(table, cells):
            return None, Trouble.SEVERAL_PEOPLE
        links = self.files.graph.links_to[table] if table in self.files.graph.owned else ()
        used = any(self.used.has(("used", table, one.to_columns), cells, one.to_columns) for one in links)
        return None, Trouble.SHARED if used else None


def _used(files: Files) -> Keys:
    """The rows that may belong to several, and that somebody refers to."""
    used, graph = Keys(), files.graph
    nobody = Mine(files, Matching({}, b""))
    links = [link for table in graph.owned for link in graph.links_to[table] if link.sort != "belongs"]
    for link in links:
        for cells in nobody.all_of(link.table):
            if meant(cells, link.where):
                used.add(("used", link.to, link.to_columns), cells, link.columns)
    return used


def _search(why: _Why, matching: Matching, name: str, row: Row, counts: dict[_Place, int]) -> None:
    table = why.files.table(name) or why.files.shown(name, matching)
    if row.cells is None:
        if matching.holds(row.raw):
            _count(counts, (table, "*", False, None, None))
        return
    columns = [column for column, value in row.cells.items() if matching.holds(value)]
    if not columns:
        return
    entry, (keep, because) = why.files.of(name), why.of(table, row.cells)
    for column in columns:
        mapped = column in entry.columns or any(one.startswith(f"{column}.") for one in entry.columns)
        _count(counts, (table, column, mapped, keep, because))


def _count(counts: dict[_Place, int], place: _Place) -> None:
    counts[place] = counts.get(place, 0) + 1
