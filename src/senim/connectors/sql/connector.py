"""A database of the operator as a connector: find, export, plan, execute, search again."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TypeAlias

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from senim.connectors.datamap import DataMap
from senim.connectors.drift import drift
from senim.connectors.graph import graph_of
from senim.connectors.identifiers import tidy
from senim.connectors.records import (
    Act,
    Found,
    FoundRows,
    Identifiers,
    NotReached,
    Page,
    Plan,
    Problem,
    Reach,
    Receipt,
    Rescan,
    Step,
    Trouble,
    Wish,
    WishKind,
)
from senim.connectors.schema import MARKS, Family, Schema
from senim.connectors.sql.checking import broken
from senim.connectors.sql.correcting import Correction
from senim.connectors.sql.executing import BATCH, carry_out, prepare_marks, remember, remembered, step_of
from senim.connectors.sql.exporting import Export
from senim.connectors.sql.fate import Fate, Part
from senim.connectors.sql.members import Bound, Members
from senim.connectors.sql.opening import Opened
from senim.connectors.sql.reading import fingerprint, read_schema
from senim.connectors.sql.replacing import granted
from senim.connectors.sql.rescanning import Search
from senim.connectors.sql.statements import Condition
from senim.errors import Code, Held, Invalid, NotAllowed, Unavailable
from senim.languages import Hint, Said

RECHECK_SECONDS = 1.0
"""How soon a change of the schema is seen."""


_Timed: TypeAlias = tuple[Part, Callable[[], date | None]]
"""A part, and what tells until when it is kept."""


def _now() -> datetime:
    return datetime.now(UTC)


class SqlConnector:
    """One database and its map. Connections are opened for each verb; the schema is read again when it changes."""

    def __init__(self, found: DataMap, url: str, *, secret: bytes, now: Callable[[], datetime] = _now) -> None:
        self.map = found
        self._secret = secret
        self._now = now
        self._opened = Opened(url, timeout=found.system.timeout, where=found.system.name)
        self._last: Bound | None = None
        self._checked = 0.0
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Its name in the operator's folder."""
        return self.map.system.name

    def close(self) -> None:
        """Close its connections."""
        self._opened.close()

    def _bound(self, connection: Connection) -> Bound:
        """The map held against the schema, kept until the schema changes."""
        with self._lock:
            last = self._last
            if last is not None and time.monotonic() - self._checked < RECHECK_SECONDS:
                return last
            schemas = self.map.system.schemas
            if last is not None and last.schema.fingerprint == (fingerprint(connection, schemas) or None):
                self._checked = time.monotonic()
                return last
            schema = read_schema(connection, schemas)
            self._last = Bound.of(self.map, schema, graph_of(self.map, schema), self._secret)
            self._checked = time.monotonic()
            return self._last

    @property
    def _today(self) -> date:
        return self._now().astimezone().date()

    def schema(self) -> Schema:
        """The live schema, read anew."""
        with self._opened.reading() as connection:
            return read_schema(connection, self.map.system.schemas)

    # look

    def look(self) -> Reach:
        """Whether it is reached, what is missing, where the map does not fit."""
        self._checked = 0
        try:
            with self._opened.reading() as connection:
                bound = self._bound(connection)
        except Unavailable as error:
            problem = Problem(code=Trouble.UNREACHABLE, where=self.name, detail=error.besides, blocking=True)
            return Reach(system=self.name, reachable=False, map=self.map.digest, problems=(problem,))
        except NotAllowed as error:
            problem = Problem(code=Trouble.GRANT_MISSING, where=self.name, detail=error.besides, blocking=True)
            return Reach(system=self.name, reachable=False, map=self.map.digest, problems=(problem,))
        problems = drift(self.map, bound.schema, bound.graph, functools.partial(granted, bound))
        return Reach(
            system=self.name,
            reachable=True,
            version=bound.schema.version,
            map=self.map.digest,
            problems=tuple(problems),
        )

    # find

    def find(self, who: Identifiers) -> Found:
        """What is where about a person."""
        with self._opened.reading() as connection:
            bound = self._bound(connection)
            members = Members(bound, connection, tidy(who))
            rows = tuple(self._counted(bound, members))
            return Found(
                system=self.name,
                people=tuple(members.people),
                tables=rows,
                ambiguous=members.ambiguous,
                problems=tuple(self._unsearchable(bound, who)),
                not_reached=tuple(self._not_reached(bound, members)),
            )

    def _counted(self, bound: Bound, members: Members) -> Iterator[FoundRows]:
        for name in (one for part in bound.graph.order for one in part):
            condition = members.condition(name)
            if condition is None:
                continue
            counts: list[sa.ColumnElement[int]] = [sa.func.count()]
            hidden = self._hidden(bound, name)
            if hidden is not None:
                counts.append(sa.func.sum(sa.case((hidden, 1), else_=0)))
            row = members.connection.execute(sa.select(*counts).select_from(bound.tables[name]).where(condition)).one()
            if row[0]:
                path = bound.graph.paths.get(name, (name,))
                yield FoundRows(table=name, rows=row[0], path=path, hidden=int(row[1] or 0) if len(row) > 1 else 0)

    @staticmethod
    def _hidden(bound: Bound, name: str) -> Condition | None:
        """Whether a row is marked as deleted."""
        mark = bound.map.tables[name].soft_delete
        fact = bound.schema.tables[name].columns.get(mark.column) if mark else None
        if mark is None or fact is None:
            return None
        column = bound.tables[name].c[mark.column]
        if fact.family is Family.BOOLEAN:
            return column.is_(sa.true()) if bound.tables.dialect == "postgresql" else column == sa.true()
        if fact.family is Family.INTEGER:
            return column != 0
        return column.is_not(None)

    def _unsearchable(self, bound: Bound, who: Identifiers) -> Iterator[Problem]:
        known = {kind for table in bound.mapped.values() for kind in table.person}
        wanted = tidy(who)
        if not set(wanted) & known:
            detail = Hint("finds-by", kinds=", ".join(sorted(known)) or Hint("found-nothing"))
            yield Problem(code=Trouble.NOT_SEARCHABLE, where=self.name, detail=detail)

    @staticmethod
    def _not_reached(bound: Bound, members: Members) -> Iterator[NotReached]:
        yield from members.not_reached
        yield from bound.unsaid
        for name in bound.map.tables:
            if name not in bound.schema.tables:
                yield NotReached(table=name, why=Trouble.TABLE_GONE)
            elif not bound.graph.reached(name):
                yield NotReached(table=name, why=Trouble.NOBODY_LEADS_HERE)
        for name in bound.schema.tables:
            if name not in bound.map.tables and name not in bound.map.plain_tables and name != MARKS:
                yield NotReached(table=name, why=Trouble.TABLE_NOT_MAPPED)

    # export

    def export(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Iterator[Page]:
        """The person's rows, page by page."""
        with self._opened.reading() as connection:
            bound = self._bound(connection)
            members = Members(bound, connection, tidy(who), people=people)
            if members.ambiguous and not people:
                raise Held(Code.SEVERAL_FOUND, self.name)
            yield from Export(members).pages()
            messages = [
                Problem(code=one.why, where=one.table, detail=", ".join(one.columns))
                for one in self._not_reached(bound, members)
            ]
            yield Page(table="", messages=(*messages, *self._unsearchable(bound, who)), done=True)

    # plan

    def plan(self, who: Identifiers, wish: Wish) -> Plan:
        """What would happen, and all that stands in the way."""
        with self._opened.reading() as connection:
            bound = self._bound(connection)
            members = Members(bound, connection, tidy(who), people=wish.people, held=True)
            parts, problems = self._parts(members, wish.kind, wish.changes)
            steps = []
            for part, keep_until in parts:
                rows = self._count(connection, bound, part)
                if not rows:
                    continue
                steps.append(self._step(part, rows, keep_until))
                problems += [*part.problems, *self._forbidden(bound, part)]
                problems += broken(connection, bound, part) if part.values else ()
            problems += self._doubts(bound, members, wish, who)
            return Plan(
                system=self.name,
                kind=wish.kind,
                map=self.map.digest,
                people=tuple(sorted(one.digest for one in members.people)),
                chosen=bool(wish.people),
                fields=tuple(sorted(wish.changes)),
                steps=tuple(steps),
                problems=tuple(dict.fromkeys(problems)),
                not_reached=tuple(self._not_reached(bound, members)),
            )

    def _parts(
        self, members: Members, kind: WishKind, changes: Mapping[str, str]
    ) -> tuple[list[_Timed], list[Problem]]:
        """The parts of a wish, each with what tells until when it is kept."""
        if kind == WishKind.CORRECT:
            correction = Correction(members, changes)
            found: list[_Timed] = [(part, _never) for part in correction.parts()]
            return found, correction.problems
        fate = Fate(members, kind, self._today)
        parts: list[_Timed] = [(part, functools.partial(fate.until, part)) for part in fate.parts()]
        return parts, fate.problems

    @staticmethod
    def _count(connection: Connection, bound: Bound, part: Part) -> int:
        query = sa.select(sa.func.count()).select_from(bound.tables[part.table]).where(part.condition)
        return int(connection.execute(query).scalar() or 0)

    @staticmethod
    def _step(part: Part, rows: int, keep_until: Callable[[], date | None]) -> Step:
        if part.keep is None:
            return step_of(part, rows)
        return step_of(part, rows, replace(part.keep, until=keep_until()))

    @staticmethod
    def _forbidden(bound: Bound, part: Part) -> Iterator[Problem]:
        there = bound.schema.tables[part.table]
        if part.act is Act.KEEP:
            return
        if not there.transactional:
            remedy: Said = f"ALTER TABLE {there.name} ENGINE=InnoDB;"
            yield Problem(code=Trouble.NOT_TRANSACTIONAL, where=part.table, remedy=remedy, blocking=True)
        if part.act is Act.DELETE and not there.rights.delete:
            remedy = granted(bound, "DELETE", there)
            yield Problem(code=Trouble.GRANT_MISSING, where=part.table, detail="DELETE", remedy=remedy, blocking=True)
        closed = [name for name in part.values if not there.rights.writes(name)]
        if closed:
            remedy = granted(bound, "UPDATE", there, *closed)
            yield Problem(code=Trouble.GRANT_MISSING, where=part.table, detail="UPDATE", remedy=remedy, blocking=True)

    def _doubts(self, bound: Bound, members: Members, wish: Wish, who: Identifiers) -> Iterator[Problem]:
        """Whether it is certain who is meant, and that nobody is overlooked."""
        yield from self._unsearchable(bound, who)
        if members.ambiguous and not wish.people:
            tables = sorted({one.table for one in members.people})
            against = any(one.against for one in members.people)
            code = Trouble.CONTRADICTION if len(members.people) == 1 and against else Trouble.SEVERAL_PEOPLE
            remedy: Said = Hint("choose-people")
            yield Problem(code=code, where=", ".join(tables), remedy=remedy, blocking=True)
        if wish.people and {one.digest for one in members.people} != set(wish.people):
            yield Problem(code=Trouble.PEOPLE_CHANGED, where=self.name, blocking=True)
        for one in members.not_reached:
            remedy = granted(bound, "SELECT", bound.schema.tables[one.table])
            yield Problem(code=Trouble.GRANT_MISSING, where=one.table, detail="SELECT", remedy=remedy, blocking=True)
        for name in bound.map.tables:
            if name not in bound.schema.tables:
                yield Problem(code=Trouble.TABLE_GONE, where=name, blocking=True)
        for name, entry in bound.mapped.items():
            for column in entry.columns:
                if column not in bound.schema.tables[name].columns:
                    yield Problem(code=Trouble.COLUMN_GONE, where=f"{name}.{column}", blocking=True)

    # execute

    def execute(self, plan: Plan, who: Identifiers, *, order: str, changes: Mapping[str, str] | None = None) -> Receipt:
        """Carry out a plan in one transaction; the same order again gives the first result."""
        wanted = self._fit(plan, order, changes)
        with self._opened.reading() as connection:
            present = MARKS in self._bound(connection).schema.tables
        marks = prepare_marks(self._opened, present=present)
        with self._opened.writing() as connection:
            earlier = remembered(connection, order) if marks else None
            if earlier is not None:
                return replace(earlier, repeated=True)
            bound = self._bound(connection)
            members = self._meant(bound, connection, plan, who)
            self._defer(bound, connection)
            receipt = Receipt(
                system=self.name,
                order=order,
                steps=tuple(self._carried(bound, members, plan, wanted)),
                remembered=marks,
                not_reached=plan.not_reached,
            )
            if marks:
                remember(connection, receipt, self._now().isoformat(timespec="seconds"))
            return receipt

    def _fit(self, plan: Plan, order: str, changes: Mapping[str, str] | None) -> Mapping[str, str]:
        wanted = changes or {}
        if not order or len(order) > 64:
            raise Invalid(Code.INVALID_VALUE, "order")
        if not plan.ready:
            raise NotAllowed(Code.CHANGED_MEANWHILE, self.name, hint=Hint("plan-blocked"))
        if plan.map != self.map.digest or plan.system != self.name:
            raise Held(Code.CHANGED_MEANWHILE, self.name, hint=Hint("map-other"))
        if tuple(sorted(wanted)) != plan.fields:
            raise Invalid(Code.FIELD_MISSING, "changes")
        return wanted

    def _meant(self, bound: Bound, connection: Connection, plan: Plan, who: Identifiers) -> Members:
        """The rows of those whom the plan is about, locked. Raises Held if somebody else matches now."""
        people = plan.people if plan.chosen else ()
        members = Members(bound, connection, tidy(who), people=people, locked=True)
        if not {one.digest for one in members.people} <= set(plan.people):
            raise Held(Code.CHANGED_MEANWHILE, self.name, hint=Hint("people-other"))
        return members

    @staticmethod
    def _defer(bound: Bound, connection: Connection) -> None:
        """Rules that may wait until the end of the transaction do."""
        if bound.tables.dialect == "postgresql" and any(one.deferrable for one in bound.graph.links):
            connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")
        if bound.tables.dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")

    def _carried(self, bound: Bound, members: Members, plan: Plan, changes: Mapping[str, str]) -> Iterator[Step]:
        parts, problems = self._parts(members, plan.kind, changes)
        planned: dict[str, int] = {}
        for step in plan.steps:
            planned[step.table] = planned.get(step.table, 0) + step.rows
        blocking = [one for one in problems if one.blocking]
        if blocking:
            raise Held(Code.CHANGED_MEANWHILE, blocking[0].where, hint=Hint("now-in-the-way", code=blocking[0].code))
        for part, keep_until in parts:
            if part.act is Act.KEEP:
                rows = self._count(members.connection, bound, part)
            elif any(one.blocking for one in part.problems) and self._count(members.connection, bound, part):
                raise Held(Code.CHANGED_MEANWHILE, part.table, hint=Hint("now-in-the-way", code=part.problems[0].code))
            else:
                rows = 0 if part.problems else self._done(members, bound, part, planned.get(part.table, 0))
            if rows:
                yield self._step(part, rows, keep_until)

    @staticmethod
    def _done(members: Members, bound: Bound, part: Part, planned: int) -> int:
        try:
            return carry_out(members.connection, bound, part, many=planned > BATCH * 4)
        except exc.IntegrityError:
            raise Held(Code.CHANGED_MEANWHILE, part.table, hint=Hint("rule-against")) from None

    # search again

    def rescan(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Rescan:
        """What can still be found, and which tables could not be looked into."""
        with self._opened.reading() as connection:
            bound = self._bound(connection)
            return Search(bound, connection, tidy(who), people, self._today).run()


def _never() -> None:
    return None
