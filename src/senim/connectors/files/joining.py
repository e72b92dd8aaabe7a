"""How files hang together by the references of their map, and in which order they are written. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from senim.connectors.datamap import DataMap
from senim.connectors.graph import Graph, all_from, components, graph_of
from senim.connectors.schema import Column, Family, Schema, Table


def joined(found: DataMap) -> Graph:
    """The graph of a map of files: what the map says is all that is known of them."""
    columns: dict[str, list[str]] = {name: [] for name in found.tables}
    for name, entry in found.tables.items():
        columns[name] += [*entry.columns, *entry.plain, *entry.key, *used_of(found, name)]
    tables = {name: _table(name, told, found.tables[name].key) for name, told in columns.items()}
    return graph_of(found, Schema.of("files", tables))


def _table(name: str, columns: list[str], key: tuple[str, ...]) -> Table:
    there = {one: Column(name=one, type="", family=Family.TEXT) for one in columns}
    return Table(id=name, name=name, schema=None, columns=there, key=key)


def used_of(found: DataMap, table: str) -> Iterator[str]:
    """Columns of a table by which it refers to others, or is referred to."""
    for one in found.tables[table].refers:
        yield from (*one.columns, *one.where)
    for entry in found.tables.values():
        for one in entry.refers:
            if one.to == table:
                yield from one.to_columns or found.tables[table].key


def writing_order(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """Tables in the order in which their files are written: what was found goes before what led to it.

    So whoever goes on after a crash finds all that is not written yet. Tables that lead to each other stand together.
    """
    ways: dict[str, list[str]] = {name: [] for name in graph.into}
    for name, hops in graph.into.items():
        ways[name] += [one.source for one in hops if one.source != name]
    for link in graph.links:  # whoever mentions a row lets go of it before it goes
        if link.sort == "mentions" and link.table in ways and link.table not in all_from(ways, link.to):
            ways[link.table].append(link.to)
    return components(ways)
