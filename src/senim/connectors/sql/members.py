"""The rows of a person, table by table, as conditions: who matches, what belongs to them, what others use too.

A table's keys are fetched once and only if something depends on them, up to :data:`MOST_LISTED`; beyond that a table
is described by a query within the next one, so that a person with millions of rows takes no more memory than one with
ten. Tables that lead back to themselves are listed to their end, whatever that takes.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.selectable import Select

from senim.connectors.datamap import DataMap, TableMap
from senim.connectors.graph import Graph, Hop, Link, circles
from senim.connectors.identifiers import normal
from senim.connectors.records import NotReached, Person, Trouble
from senim.connectors.schema import Schema
from senim.connectors.sql.statements import Condition, Described, Listed, Tables, Values, either, none_of

MOST_LISTED = 20_000
"""Keys of a table that are held in memory."""

MOST_PEOPLE = 100
"""People that are told one by one."""

_STRENGTH = {"iin": 3, "email": 2, "phone": 1}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as the driver takes it, with what is always the same in it."""

    text: str
    given: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A map, the schema that it was held against, and all that follows from the two; the same for every person."""

    system: str
    map: DataMap
    schema: Schema
    graph: Graph
    tables: Tables
    circles: frozenset[str]
    tied: frozenset[str]
    """Tables whose references are emptied before their rows go: their rows are known by their keys alone."""
    secret: bytes = field(repr=False)
    compiled: dict[str, Compiled] = field(default_factory=dict, repr=False)
    """Statements that are the same for every person, by table."""

    @property
    def unsaid(self) -> Iterator[NotReached]:
        """Schemas with tables of which the map says nothing. A map that names its schemas has left out the others."""
        for name in () if self.map.system.schemas else self.schema.beside:
            yield NotReached(table=f"{name}.*", why=Trouble.TABLE_NOT_MAPPED)

    @classmethod
    def of(cls, found: DataMap, schema: Schema, graph: Graph, secret: bytes) -> Bound:
        """Put together what was read."""
        return cls(
            system=found.system.name,
            map=found,
            schema=schema,
            graph=graph,
            tables=Tables(schema.tables, schema.dialect),
            circles=circles(graph),
            tied=frozenset(name for part in graph.erase if len(part) > 1 for name in part),
            secret=secret,
        )

    @property
    def mapped(self) -> dict[str, TableMap]:
        """The mapped tables that are there."""
        return {name: table for name, table in self.map.tables.items() if name in self.schema.tables}

    def key(self, table: str) -> tuple[str, ...]:
        """What tells rows of a table apart; empty if nothing does."""
        wanted = self.map.tables[table].key if table in self.map.tables else ()
        there = self.schema.tables[table]
        if wanted and all(there.rights.reads(one) and one in there.columns for one in wanted):
            return wanted
        return there.key if all(map(there.rights.reads, there.key)) else ()

    def digest(self, table: str, key: Iterable[Any]) -> str:
        """A keyed digest of a row's key: the same in every run, and nobody can try keys on it."""
        told = "\x1f".join((self.system, table, *(f"{type(one).__name__}:{one}" for one in key)))
        return hmac.digest(self.secret, f"senim row\n{told}".encode("utf-8", "surrogatepass"), "sha256").hex()[:32]

    def readable(self, table: str) -> bool:
        """Whether what leads to a table's rows may be read."""
        rights = self.schema.tables[table].rights
        used = {name for one in self.graph.into[table] for name in one.target_columns}
        used |= {name for one in self.graph.into[table] if not one.owns for name, _ in one.where}
        used |= {name for _, name in self.map.tables[table].identifying()}
        return rights.any_read and all(map(rights.reads, used))


class Members:
    """The rows of the people who match some identifiers.

    ``locked``: until the end of the transaction nobody else changes them. ``held``: what is going to be changed, or to
    be told so, is known by its keys where a change takes away what led to it.
    """

    def __init__(
        self,
        bound: Bound,
        connection: Connection,
        who: Mapping[str, tuple[str, ...]],
        *,
        people: Sequence[str] = (),
        others_than: Sequence[str] | None = None,
        locked: bool = False,
        held: bool = False,
    ) -> None:
        self.bound = bound
        self.connection = connection
        self._who = who
        self._wanted: Callable[[str], bool] = lambda digest: not people or digest in people
        if others_than is not None:
            self._wanted = lambda digest: digest not in others_than
        self._locked = locked
        self._held = held or locked
        self.people: list[Person] = []
        self.ambiguous = False
        self.not_reached: list[NotReached] = []
        self._roots: dict[str, Condition] = {}
        self._values: dict[tuple[str, tuple[str, ...]], Values] = {}
        self._conditions: dict[str, Condition | None] = {}
        self.shared: dict[str, Values] = {}
        """Owned tables → keys of the rows that others use too."""
        self._find_people()

    # who matches

    def _find_people(self) -> None:
        for name, table in self.bound.mapped.items():
            if not table.person:
                continue
            if not self.bound.readable(name):
                self.not_reached.append(NotReached(table=name, why=Trouble.NOT_READABLE))
                continue
            self._people_of(name, table)
        tables = [one.table for one in self.people]
        self.ambiguous = len(tables) > len(set(tables)) or any(map(_contradicted, self.people))

    def match(self, table: str) -> Condition | None:
        """Whether a row of a table of people has one of the identifiers; None if none of their kinds is known there."""
        entry = self.bound.map.tables[table]
        columns = self.bound.schema.tables[table].columns
        found = [
            self.bound.tables.matches(
                table, column, kind, self._who[kind], normal=entry.columns[column].stored == "normal"
            )
            for kind, column in entry.identifying()
            if kind in self._who and column in columns
        ]
        return either(found) if found else None

    def _people_of(self, name: str, table: TableMap) -> None:
        match = self.match(name)
        if match is None:
            return
        key = self.bound.key(name)
        if not key:
            self._roots[name] = match
            return
        known = [(kind, column) for kind, column in table.identifying() if kind in self._who]
        columns = self.bound.tables.columns(name, (*key, *(column for _, column in known)))
        query = sa.select(*columns).where(match).limit(MOST_LISTED + 1)
        rows = self.connection.execute(self._lock(query, name, key)).all()
        people = [_person(self.bound, name, tuple(row[: len(key)]), known, row[len(key) :], self._who) for row in rows]
        chosen = [(person, row) for person, row in zip(people, rows, strict=True) if self._wanted(person.digest)]
        self.people += [person for person, _ in chosen[:MOST_PEOPLE]]
        self._roots[name] = self.bound.tables.among(
            name, key, Listed(tuple(tuple(row[: len(key)]) for _, row in chosen))
        )
        if not chosen:
            del self._roots[name]

    def _lock(self, query: Select[Any], table: str, key: Sequence[str]) -> Select[Any]:
        """Lock the rows, in the order of their keys, so that two of us never wait for each other."""
        if not self._locked or self.bound.tables.dialect == "sqlite":
            return query
        if not self.bound.schema.tables[table].rights.any_write:
            return query  # who may only delete may not lock; the deletion does
        ordered = query.order_by(*self.bound.tables.columns(table, key)) if key else query
        return ordered.with_for_update()

    # what belongs to them

    def condition(self, table: str) -> Condition | None:
        """Whether a row of a table is one of the person's; None if none can be. Rows others use too are among them."""
        self._reach(table)
        return self._conditions[table]

    def _reach(self, table: str) -> None:
        """Find what leads to a table, before it whatever leads there."""
        if table in self._conditions:
            return
        for part in self.bound.graph.order:
            if part[0] not in self._conditions:
                self._find(part)
            if table in part:
                return
        self._conditions.setdefault(table, None)

    def _find(self, part: tuple[str, ...]) -> None:
        if len(part) > 1 or part[0] in self.bound.circles:
            self._follow(part)
        else:
            self._conditions[part[0]] = self._from_outside(part[0], part)
            self._tell_apart(part[0])
        for table in part:
            if table in self.bound.graph.owned and self._conditions[table] is not None:
                self._set_apart(table)

    def _tell_apart(self, table: str) -> None:
        """Hold on to the rows of a table by their keys: what leads to them now will not do so any more."""
        key, condition = self.bound.key(table), self._conditions[table]
        if self._held and table in self.bound.tied and key and condition is not None:
            self._fetch(table, condition, to_the_end=True)
            self._conditions[table] = self.bound.tables.among(table, key, self._values[table, key])

    def _from_outside(self, table: str, part: tuple[str, ...]) -> Condition | None:
        """The condition of what leads to a table from tables before it."""
        if not self.bound.readable(table):
            self._unreadable(table)
            return None
        found = [self._roots[table]] if table in self._roots else []
        for hop in self.bound.graph.into[table]:
            if hop.source not in part:
                found += self._by(hop)
        return either(found) if found else None

    def _unreadable(self, table: str) -> None:
        if all(one.table != table for one in self.not_reached):
            self.not_reached.append(NotReached(table=table, why=Trouble.NOT_READABLE))

    def _by(self, hop: Hop) -> list[Condition]:
        values = self.values(hop.source, hop.source_columns, alone=hop.owns)
        if values is None or values == Listed(()):
            return []
        here = self.bound.tables.among(hop.target, hop.target_columns, values)
        return [sa.and_(here, *self.bound.tables.is_one_of(hop.target, hop.where))]

    def values(self, table: str, columns: tuple[str, ...], *, alone: bool = False) -> Values | None:
        """What a person's rows of a table have in some columns; None if there is no row. Fetched once.

        ``alone``: listed to the end, because the rows will be gone when the values are needed.
        """
        place = (table, columns)
        if place in self._values:
            return self._values[place]
        condition = self.condition(table)
        if condition is None:
            return None
        self._fetch(table, condition, to_the_end=alone)
        if place not in self._values:
            self._values[place] = Described(self._described(table, columns, condition))
        return self._values[place]

    def _described(self, table: str, columns: Sequence[str], condition: Condition) -> Select[Any]:
        return sa.select(*self.bound.tables.columns(table, columns)).where(condition)

    def _handles(self, table: str) -> list[tuple[str, ...]]:
        """All sets of columns of a table by which something is found, or known to be used by others."""
        graph, key = self.bound.graph, self.bound.key(table)
        found = [one.source_columns for one in graph.out_of[table]]
        if table in graph.owned or table in self.bound.circles:
            found += [one.to_columns for one in graph.links_to[table]]
        reads = self.bound.schema.tables[table].rights.reads
        return [one for one in dict.fromkeys([*([key] if key else []), *found]) if all(map(reads, one))]

    def _fetch(self, table: str, condition: Condition, *, to_the_end: bool) -> None:
        """List the values of all sets of columns of a table's rows; describe them if they are too many."""
        handles = self._handles(table)
        names = list(dict.fromkeys(name for one in handles for name in one))
        if not names:
            return
        query = sa.select(*self.bound.tables.columns(table, names)).where(condition)
        listed_only = to_the_end or not self.alone(table)
        if not listed_only:
            query = query.limit(MOST_LISTED + 1)
        rows = self.connection.execute(self._lock(query, table, self.bound.key(table))).all()
        if len(rows) > MOST_LISTED and not listed_only:
            for one in handles:
                self._values[table, one] = Described(self._described(table, one, condition))
            return
        self.learn(table, names, rows)

    def learn(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Take the values of all sets of columns out of rows that have been read."""
        rows = list(rows)
        for one in self._handles(table):
            places = [names.index(name) for name in one]
            found = dict.fromkeys(tuple(row[place] for place in places) for row in rows)
            self._values[table, one] = Listed(tuple(value for value in found if None not in value))

    def wanted(self, table: str) -> bool:
        """Whether something depends on the values of a table's rows."""
        graph = self.bound.graph
        return bool(graph.out_of[table]) or table in graph.owned or table in self.bound.circles

    def alone(self, table: str) -> bool:
        """Whether a table's rows are the person's own and lead away only: nobody shares them, no circle is in it."""
        graph = self.bound.graph
        owns = any(one.owns for one in graph.out_of[table])
        return not owns and table not in graph.owned and table not in self.bound.circles

    def known(self, table: str) -> bool:
        """Whether the values of a table's rows have been fetched."""
        return any(place[0] == table for place in self._values)

    # what leads back

    def _follow(self, part: tuple[str, ...]) -> None:
        """Follow references in a circle until nothing new is found."""
        rows: dict[str, dict[tuple[Any, ...], tuple[Any, ...]]] = {table: {} for table in part}
        names = {table: list(dict.fromkeys(name for one in self._handles(table) for name in one)) for table in part}
        first = {table: self._from_outside(table, part) for table in part}
        new = {
            table: self._new(table, names[table], condition, rows[table])
            for table, condition in first.items()
            if condition is not None and names[table]
        }
        while any(new.values()):
            further: dict[str, list[tuple[Any, ...]]] = {}
            for hop in (one for table in part for one in self.bound.graph.into[table]):
                if hop.source in new and new[hop.source] and self.bound.readable(hop.target):
                    found = self._step(hop, names, new[hop.source], rows[hop.target])
                    further.setdefault(hop.target, []).extend(found)
            new = further
        for table in part:
            self.learn(table, names[table], rows[table].values())
            key = self.bound.key(table)
            self._conditions[table] = (
                self.bound.tables.among(table, key, self._values[table, key]) if key and rows[table] else None
            )
            if not key:
                self._conditions[table] = self._keyless(table, first[table])

    def _keyless(self, table: str, first: Condition | None) -> Condition | None:
        found = [
            one
            for hop in self.bound.graph.into[table]
            if (hop.source, hop.source_columns) in self._values
            for one in self._by(hop)
        ]
        return either([*([first] if first is not None else []), *found]) if found or first is not None else None

    def _step(
        self,
        hop: Hop,
        names: Mapping[str, list[str]],
        new: Sequence[Sequence[Any]],
        known: dict[tuple[Any, ...], tuple[Any, ...]],
    ) -> list[tuple[Any, ...]]:
        places = [names[hop.source].index(name) for name in hop.source_columns]
        values = dict.fromkeys(tuple(row[place] for place in places) for row in new)
        listed = Listed(tuple(one for one in values if None not in one))
        if not listed.values:
            return []
        tables = self.bound.tables
        here = sa.and_(tables.among(hop.target, hop.target_columns, listed), *tables.is_one_of(hop.target, hop.where))
        return self._new(hop.target, names[hop.target], here, known)

    def _new(
        self, table: str, names: Sequence[str], condition: Condition, known: dict[tuple[Any, ...], tuple[Any, ...]]
    ) -> list[tuple[Any, ...]]:
        """Rows that were not known yet."""
        key = self.bound.key(table)
        query = sa.select(*self.bound.tables.columns(table, names)).where(condition)
        found = []
        for row in self.connection.execute(self._lock(query, table, key)):
            one = tuple(row)
            place = tuple(one[names.index(name)] for name in key) if key else one
            if place not in known:
                known[place] = one
                found.append(one)
        return found

    # what others use too

    def users(self, link: Link, rows: Values) -> Condition:
        """Rows of other people, or of nobody, that refer to some of a table's rows."""
        refers = self.bound.tables.among(link.table, link.columns, rows)
        meant = self.bound.tables.is_one_of(link.table, link.where)
        ours = self._conditions.get(link.table) if link.table in self.bound.graph.into else None
        return sa.and_(refers, *meant, *([none_of(ours)] if ours is not None else []))

    def _set_apart(self, table: str) -> None:
        """Set the rows of an owned table apart that others use too: nothing follows from them, and they stay."""
        key, condition = self.bound.key(table), self._conditions[table]
        assert condition is not None
        self._fetch(table, condition, to_the_end=True)
        mine = self._values.get((table, key))
        if not key or not isinstance(mine, Listed):
            self.shared[table] = Described(self._described(table, key, condition)) if key else Listed(())
            return
        used: list[Condition] = []
        for link in self.bound.graph.links_to[table]:
            used += self._used(link, table)
        if not used:
            self.shared[table] = Listed(())
            return
        both = sa.and_(condition, either(used))
        rows = self.connection.execute(sa.select(*self.bound.tables.columns(table, key)).where(both)).all()
        self.shared[table] = Listed(tuple(tuple(row) for row in rows))
        if rows:
            self._fetch(table, sa.and_(condition, none_of(either(used))), to_the_end=True)

    def _used(self, link: Link, table: str) -> list[Condition]:
        """Whether others refer to a row by this reference. If that cannot be read, every row may be theirs."""
        if link.sort == "belongs":
            return []
        rights = self.bound.schema.tables[link.table].rights
        if not all(map(rights.reads, link.columns)):
            self._unreadable(link.table)
            return [sa.true()]
        values = self._values.get((table, link.to_columns))
        if not isinstance(values, Listed) or not values.values:
            return []
        columns = self.bound.tables.columns(link.table, link.columns)
        rows = self.connection.execute(sa.select(*columns).where(self.users(link, values)).distinct()).all()
        others = Listed(tuple(tuple(row) for row in rows))
        return [self.bound.tables.among(table, link.to_columns, others)] if rows else []


def _contradicted(person: Person) -> bool:
    """Whether what speaks against a match is at least as strong as what speaks for it."""
    strength = [_STRENGTH.get(kind, 2) for kind in person.by]
    return bool(person.against) and max(strength, default=0) <= max(_STRENGTH.get(kind, 2) for kind in person.against)


def _person(
    bound: Bound,
    table: str,
    key: tuple[Any, ...],
    known: Sequence[tuple[str, str]],
    values: Sequence[Any],
    who: Mapping[str, tuple[str, ...]],
) -> Person:
    by, against = [], []
    for (kind, _), value in zip(known, values, strict=True):
        text = normal(kind, str(value).zfill(12) if kind == "iin" and isinstance(value, int) else str(value or ""))
        if text and text in who[kind]:
            by.append(kind)
        elif text:
            against.append(kind)
    return Person(
        digest=bound.digest(table, key),
        table=table,
        by=tuple(dict.fromkeys(by)),
        against=tuple(kind for kind in dict.fromkeys(against) if kind not in by),
    )
