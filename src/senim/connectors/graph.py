"""How tables hang together for a person: from the row that says who it is down to all that belongs to it. Pure.

Only two kinds of reference are followed. *belongs*: from a row to the rows that name it as theirs. *owns*: from a row
to one that it names and that is part of it. Never from a row up to another one's row and down to what belongs to
that: an employee's customers are not the employee's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from senim.connectors.datamap import DataMap, Refers
from senim.connectors.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A way from found rows to further ones: rows of ``target`` whose columns have the values of the source's."""

    source: str
    source_columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()
    """Columns of the row that refers, and the values that they have if it refers to this table."""
    owns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A reference between tables, declared or of the map, whichever way a person's rows are followed along it."""

    table: str
    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]
    sort: str = ""
    """``belongs``, ``owns``, ``mentions``; empty: the map does not know of it."""
    where: tuple[tuple[str, str], ...] = ()
    declared: bool = False
    on_delete: str = "NO ACTION"
    deferrable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What a map and a schema make of each other; the same for every person."""

    into: Mapping[str, tuple[Hop, ...]]
    out_of: Mapping[str, tuple[Hop, ...]]
    order: tuple[tuple[str, ...], ...]
    """Tables in the order in which rows are found; tables that lead to each other stand together."""
    erase: tuple[tuple[str, ...], ...]
    """Tables in the order in which rows are removed: who refers goes first. Together: they refer to each other, and are
    in this order once references that may be empty are emptied."""
    knots: tuple[Link, ...]
    """Declared references in a circle of which none may be empty."""
    links: tuple[Link, ...]
    paths: Mapping[str, tuple[str, ...]]
    owned: frozenset[str]
    links_to: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)
    links_from: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)

    def reached(self, table: str) -> bool:
        """Whether any way leads to a table."""
        return table in self.paths


def graph_of(found: DataMap, schema: Schema) -> Graph:
    """The graph of the tables that are both in the map and in the database, with columns that are there."""
    links = tuple(_links(found, schema))
    hops = [_hop(one) for one in links if one.sort in ("belongs", "owns")]
    tables = [name for name in found.tables if name in schema.tables]
    into = {name: tuple(one for one in hops if one.target == name) for name in tables}
    out_of = {name: tuple(one for one in hops if one.source == name) for name in tables}
    owned = frozenset(one.target for one in hops if one.owns)
    roots = [name for name in tables if found.tables[name].person]
    ways = {name: [one.target for one in out_of[name]] for name in tables}
    erase, knots = _untied(components(_erase_ways(tables, links)), links, schema)
    return Graph(
        into=into,
        out_of=out_of,
        order=components(_find_ways(ways, links, owned)),
        erase=erase,
        knots=knots,
        links=links,
        paths=_paths(roots, ways),
        owned=owned,
        links_to={name: tuple(one for one in links if one.to == name) for name in tables},
        links_from={name: tuple(one for one in links if one.table == name) for name in tables},
    )


def _hop(link: Link) -> Hop:
    if link.sort == "owns":
        return Hop(
            source=link.table, source_columns=link.columns, target=link.to, target_columns=link.to_columns, owns=True
        )
    return Hop(
        source=link.to,
        source_columns=link.to_columns,
        target=link.table,
        target_columns=link.columns,
        where=link.where,
    )


def owned_in_circles(found: DataMap) -> Iterator[tuple[str, int]]:
    """References that own a row which leads back to the row that owns it: table and number of the reference."""
    ways: dict[str, list[str]] = {name: [] for name in found.tables}
    for name, table in found.tables.items():
        for one in table.refers:
            sort = sort_of(found, name, one)
            if sort == "owns":
                ways[name].append(one.to)
            elif sort == "belongs" and one.to in ways:
                ways[one.to].append(name)
    for name, table in found.tables.items():
        for number, one in enumerate(table.refers):
            if one.as_ == "owns" and name in all_from(ways, one.to):
                yield name, number


def sort_of(found: DataMap, table: str, one: Refers) -> str:
    """What a reference means; where the map does not say, rows belong to what they refer to."""
    return one.as_ or ("mentions" if found.tables[table].person else "belongs")


def _links(found: DataMap, schema: Schema) -> Iterable[Link]:
    """The references of the map, each with what the database says of it, and the declared ones that the map lacks."""
    declared = {(one.table, one.columns, one.to): one for one in schema.references()}
    told = set()
    for name, table in found.tables.items():
        for one in table.refers:
            there = one.to_columns or (found.tables[one.to].key if one.to in found.tables else ())
            if not _exists(schema, name, one.columns) or not _exists(schema, one.to, there) or not there:
                continue
            known = declared.get((name, one.columns, one.to))
            told.add((name, one.columns, one.to))
            yield Link(
                table=name,
                columns=one.columns,
                to=one.to,
                to_columns=there,
                sort=sort_of(found, name, one),
                where=tuple(one.where.items()),
                declared=known is not None,
                on_delete=known.on_delete if known else "",
                deferrable=known.deferrable if known else False,
            )
    for place, known in declared.items():
        if place not in told and known.to in found.tables:
            yield Link(
                table=known.table,
                columns=known.columns,
                to=known.to,
                to_columns=known.to_columns,
                declared=True,
                on_delete=known.on_delete,
                deferrable=known.deferrable,
            )


def _exists(schema: Schema, table: str, columns: Iterable[str]) -> bool:
    return table in schema.tables and all(one in schema.tables[table].columns for one in columns)


def _find_ways(ways: Mapping[str, list[str]], links: Iterable[Link], owned: frozenset[str]) -> dict[str, list[str]]:
    """The ways of finding; and whoever else uses an owned row comes before it, so that it is known what is shared."""
    found = {name: list(targets) for name, targets in ways.items()}
    for link in links:
        uses = link.to in owned and link.table in found and link.sort != "belongs" and link.table != link.to
        if uses and link.table not in all_from(found, link.to):
            found[link.table].append(link.to)
    return found


def all_from(ways: Mapping[str, list[str]], start: str) -> set[str]:
    """Everything that some way leads to, the start among it."""
    seen, waiting = set[str](), [start]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += ways.get(one, ())
    return seen


def _erase_ways(tables: list[str], links: Iterable[Link]) -> dict[str, list[str]]:
    """Who refers goes before what it refers to. References that nobody enforces make no circle."""
    ways: dict[str, list[str]] = {name: [] for name in tables}
    known = [one for one in links if one.table in ways and one.to in ways and one.table != one.to]
    for link in known:
        if link.declared:
            ways[link.table].append(link.to)
    for link in known:
        if not link.declared and link.table not in all_from(ways, link.to):
            ways[link.table].append(link.to)
    return ways


def _untied(
    parts: tuple[tuple[str, ...], ...], links: Iterable[Link], schema: Schema
) -> tuple[tuple[tuple[str, ...], ...], tuple[Link, ...]]:
    """The order within circles when references that may be empty are left out, and what is a circle even then."""
    untied, knots = [], []
    for part in parts:
        tight = [one for one in links if one.table in part and one.to in part and _firm(one, schema)]
        inner = components({name: [one.to for one in tight if one.table == name] for name in part})
        untied.append(tuple(name for one in inner for name in one))
        knots += [one for one in tight for circle in inner if len(circle) > 1 and {one.table, one.to} <= set(circle)]
    return tuple(untied), tuple(knots)


def _firm(link: Link, schema: Schema) -> bool:
    """Whether a reference between two tables is enforced and may not be empty."""
    facts = schema.tables[link.table].columns
    return link.declared and link.table != link.to and not any(facts[one].nullable for one in link.columns)


def _paths(roots: list[str], ways: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """The shortest way from a table of people to each table."""
    paths: dict[str, tuple[str, ...]] = {name: (name,) for name in roots}
    waiting = list(roots)
    while waiting:
        one = waiting.pop(0)
        for target in ways[one]:
            if target not in paths:
                paths[target] = (*paths[one], target)
                waiting.append(target)
    return paths


def components(ways: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Strongly connected parts of a graph, sources first (Tarjan, without recursion: a chain may be long)."""
    search = _Search(ways)
    for start in ways:
        if start not in search.index:
            search.walk(start)
    return tuple(reversed(search.parts))


class _Search:
    """A walk through a graph that finds its strongly connected parts, the last ones first."""

    def __init__(self, ways: Mapping[str, Iterable[str]]) -> None:
        self._ways = ways
        self.index: dict[str, int] = {}
        self.parts: list[tuple[str, ...]] = []
        self._low: dict[str, int] = {}
        self._stack: list[str] = []
        self._on_stack: set[str] = set()

    def walk(self, start: str) -> None:
        """Everything that can be reached from a node."""
        walk = [self._entered(start)]
        while walk:
            node, further = walk[-1]
            target = next((one for one in further if one in self._ways), None)
            if target is None:
                walk.pop()
                self._left(node, walk[-1][0] if walk else None)
            elif target not in self.index:
                walk.append(self._entered(target))
            elif target in self._on_stack:
                self._low[node] = min(self._low[node], self.index[target])

    def _entered(self, node: str) -> tuple[str, Iterator[str]]:
        self.index[node] = self._low[node] = len(self.index)
        self._stack.append(node)
        self._on_stack.add(node)
        return node, iter(self._ways[node])

    def _left(self, node: str, before: str | None) -> None:
        if before is not None:
            self._low[before] = min(self._low[before], self._low[node])
        if self._low[node] == self.index[node]:
            self.parts.append(_popped(self._stack, self._on_stack, node))


def _popped(stack: list[str], on_stack: set[str], until: str) -> tuple[str, ...]:
    part: list[str] = []
    while not part or part[-1] != until:
        part.append(stack.pop())
        on_stack.discard(part[-1])
    return tuple(sorted(part))


def circles(graph: Graph) -> frozenset[str]:
    """Tables whose rows lead to each other, or to rows of the same table."""
    many = {name for part in graph.order if len(part) > 1 for name in part}
    own = {name for name, hops in graph.out_of.items() if any(one.target == name for one in hops)}
    return frozenset(many | own)
