"""Searches everything again: every readable column of every table that can hold what says who a person is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from senim.connectors.datamap import cutoff
from senim.connectors.records import Keep, Left, NotReached, Rescan, Trouble
from senim.connectors.schema import MARKS, Family, Table
from senim.connectors.sql.fate import because
from senim.connectors.sql.members import Bound, Members
from senim.connectors.sql.statements import Condition, either, none_of


class Search:
    """A search for identifiers through a whole database."""

    def __init__(
        self,
        bound: Bound,
        connection: Connection,
        who: Mapping[str, tuple[str, ...]],
        people: Sequence[str],
        today: date,
    ) -> None:
        self._bound = bound
        self._connection = connection
        self._who = who
        self._today = today
        self._others = Members(bound, connection, who, others_than=people) if people else None
        self._left: list[Left] = []
        self._not_reached: list[NotReached] = []
        self._searched = 0

    def run(self) -> Rescan:
        """Search every table."""
        self._not_reached += self._bound.unsaid
        for name, table in sorted(self._bound.schema.tables.items()):
            if name != MARKS:
                self._table(name, table)
        for name in self._bound.map.tables:
            if name not in self._bound.schema.tables:
                self._not_reached.append(NotReached(table=name, why=Trouble.TABLE_GONE))
        return Rescan(
            system=self._bound.system,
            left=tuple(self._left),
            searched=self._searched,
            not_reached=tuple(self._not_reached),
        )

    def _table(self, name: str, table: Table) -> None:
        unread = tuple(one for one in table.columns if not table.rights.reads(one))
        if unread or table.hidden:
            self._not_reached.append(NotReached(table=name, why=Trouble.NOT_READABLE, columns=unread))
        entry = self._bound.map.tables.get(name)
        gone = tuple(one for one in (*entry.columns, *entry.plain) if one not in table.columns) if entry else ()
        if gone:  # MariaDB does not show columns that may not be read
            self._not_reached.append(NotReached(table=name, why=Trouble.COLUMN_GONE, columns=gone))
        if not table.readable:
            return
        binary = tuple(one for one in table.readable if table.columns[one].family is Family.BINARY)
        if binary and not self._says_plain(name, binary):
            self._not_reached.append(NotReached(table=name, why=Trouble.BINARY, columns=binary))
        self._searched += 1
        holds = {
            column: either(self._bound.tables.holds(name, column, kind, values) for kind, values in self._who.items())
            for column in self._bound.tables.searchable(name, table.readable)
        }
        if holds:
            self._count(name, holds)

    def _says_plain(self, name: str, columns: Sequence[str]) -> bool:
        """Whether the map says that nothing personal is in them."""
        entry = self._bound.map.tables.get(name)
        plain = entry.plain if entry else columns if name in self._bound.map.plain_tables else ()
        return all(one in plain for one in columns)

    def _count(self, name: str, holds: Mapping[str, Condition]) -> None:
        """Rows by column and by the reason why they may stay, in one look at the table."""
        reasons = list(self._reasons(name))
        first: list[Condition] = []
        sorts: list[tuple[Keep | None, Trouble | None]] = []
        counts = []
        for keep, trouble, condition in [*reasons, (None, None, sa.true())]:
            here = sa.and_(condition, none_of(either(first)))
            first.append(condition)
            sorts.append((keep, trouble))
            counts += [sa.func.sum(sa.case((sa.and_(one, here), 1), else_=0)) for one in holds.values()]
        query = sa.select(*counts).select_from(self._bound.tables[name]).where(either(holds.values()))
        if self._bound.schema.tables[name].past:
            query = query.with_hint(self._bound.tables[name], "FOR SYSTEM_TIME ALL")
        row = iter(self._connection.execute(query).one())
        for keep, trouble in sorts:
            for column in holds:
                found = int(next(row) or 0)
                if found:
                    self._left.append(self._told(name, column, found, keep=keep, trouble=trouble))

    def _told(self, name: str, column: str, rows: int, *, keep: Keep | None, trouble: Trouble | None) -> Left:
        entry = self._bound.map.tables.get(name)
        mapped = entry is not None and column in entry.columns
        return Left(table=name, column=column, rows=rows, mapped=mapped, keep=keep, because=trouble)

    def _reasons(self, name: str) -> Iterator[tuple[Keep | None, Trouble | None, Condition]]:
        """Why rows of a table may still be there."""
        entry = self._bound.map.tables.get(name)
        if entry is None:
            return
        for rule_name, rule in entry.keep.items():
            fact = self._bound.schema.tables[name].columns.get(rule.since)
            if fact is not None and self._bound.schema.tables[name].rights.reads(rule.since):
                column, day = self._bound.tables[name].c[rule.since], cutoff(rule, self._today)
                text = fact.family is Family.TEXT or self._bound.tables.dialect == "sqlite"
                here = sa.or_(column >= (day.isoformat() if text else day), column.is_(None))
                keep = Keep(name=rule_name, because=because(rule))
                yield keep, None, sa.true() if entry.act == "keep" else here
        others = self._others.condition(name) if self._others else None
        if others is not None:
            yield None, Trouble.SEVERAL_PEOPLE, others
        if name in self._bound.graph.owned:
            yield None, Trouble.SHARED, either(self._in_use(name))

    def _in_use(self, name: str) -> Iterator[Condition]:
        """Whether somebody refers to a row that may belong to several."""
        for link in self._bound.graph.links_to[name]:
            rights = self._bound.schema.tables[link.table].rights
            if link.sort != "belongs" and link.table != name and all(map(rights.reads, link.columns)):
                there = self._bound.tables.columns(name, link.to_columns)
                here = self._bound.tables.columns(link.table, link.columns)
                same = [one == other for one, other in zip(here, there, strict=True)]
                yield sa.exists().where(*same)
