"""What a person gets of files: pages of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from senim.connectors.datamap import DataMap
from senim.connectors.files.members import Mine
from senim.connectors.records import PAGE_BYTES, PAGE_ROWS, Page


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
