"""A system in memory, for tests: it keeps the whole contract, and breaks when it is told to.

Rows are dictionaries; ``by`` says in which columns of which table somebody is known::

    crm = FakeConnector(
        "crm",
        {"customers": [{"id": 1, "email": "aigerim@example.kz"}], "calls": [{"email": "aigerim@example.kz"}]},
        by={"customers": {"email": "email"}, "calls": {"email": "email"}},
    )
    crm.fail("execute", times=2)          # the next two calls raise Unavailable
    crm.die()                             # the next execution is killed after its first table
    crm.wait(1)                           # the next execution answers that it is not done yet
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from msgspec.structs import replace

from senim.connectors.datamap import TableMap
from senim.connectors.matching import Matching
from senim.connectors.records import (
    PAGE_ROWS,
    Act,
    Found,
    FoundRows,
    Identifiers,
    Keep,
    Left,
    NotReached,
    Page,
    Plan,
    Problem,
    Reach,
    Receipt,
    Rescan,
    State,
    Step,
    Trouble,
    Wish,
    WishKind,
)
from senim.errors import Code, Held, Invalid, NotAllowed, SenimError, Unavailable
from senim.languages import Hint

Rows = dict[str, list[dict[str, Any]]]
_ACTS = {WishKind.ERASE: Act.DELETE, WishKind.CORRECT: Act.CORRECT, WishKind.DEPERSONALISE: Act.DEPERSONALISE}


class Killed(Exception):
    """The process died here."""


class FakeConnector:
    """A system whose rows are ``rows``. What it was asked is in ``calls``, by verb."""

    def __init__(
        self,
        name: str,
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        by: Mapping[str, Mapping[str, str]],
        fields: Mapping[str, str] | None = None,
        keep: Mapping[str, Keep] | None = None,
        hidden: Sequence[str] = (),
        secret: bytes = b"fake",
    ) -> None:
        """``fields``: column → field of the policy. ``keep``: tables that stay. ``hidden``: tables not looked into."""
        self._name = name
        self.rows: Rows = {table: [dict(one) for one in some] for table, some in rows.items()}
        self.calls: list[str] = []
        self._maps = {table: TableMap(person=dict(columns)) for table, columns in by.items()}
        self._fields = dict(fields or {})
        self._keep = dict(keep or {})
        self._hidden = tuple(hidden)
        self._secret = secret
        self._faults: dict[str, list[SenimError]] = {}
        self._dies, self._waits = 0, 0
        self._receipts: dict[str, Receipt] = {}
        self._half: dict[str, dict[str, Step]] = {}

    @property
    def name(self) -> str:
        """Its name in the operator's folder."""
        return self._name

    # what breaks

    def fail(self, verb: str, error: SenimError | None = None, *, times: int = 1) -> None:
        """The next calls of a verb raise an error: as a rule that the system cannot be reached."""
        error = error or Unavailable(Code.SYSTEM_UNREACHABLE, self._name)
        self._faults.setdefault(verb, []).extend([error] * times)

    def die(self, times: int = 1) -> None:
        """The next executions are cut off after their first table."""
        self._dies += times

    def wait(self, times: int = 1) -> None:
        """The next executions say that they are not done yet."""
        self._waits += times

    def _asked(self, verb: str) -> None:
        self.calls.append(verb)
        if faults := self._faults.get(verb):
            raise faults.pop(0)

    # the contract

    def look(self) -> Reach:
        """Whether it was told to fail."""
        try:
            self._asked("look")
        except SenimError as error:
            problem = Problem(code=Trouble.UNREACHABLE, where=self._name, detail=error.besides, blocking=True)
            return Reach(system=self._name, reachable=False, problems=(problem,))
        return Reach(system=self._name, reachable=True, version="fake")

    def _mine(self, matching: Matching) -> Iterator[tuple[str, dict[str, Any]]]:
        for table, entry in self._maps.items():
            for row in list(self.rows.get(table, ())):
                if matching.mine(table, entry, row):
                    yield table, row

    def _counted(self, matching: Matching) -> dict[str, int]:
        counts: dict[str, int] = {}
        for table, _ in self._mine(matching):
            counts[table] = counts.get(table, 0) + 1
        return counts

    @property
    def _not_reached(self) -> tuple[NotReached, ...]:
        return tuple(NotReached(table=one, why=Trouble.NOT_READABLE) for one in self._hidden)

    def _unsearchable(self, matching: Matching) -> Iterator[Problem]:
        if not set(matching.who) & {kind for entry in self._maps.values() for kind in entry.person}:
            yield Problem(code=Trouble.NOT_SEARCHABLE, where=self._name)

    def find(self, who: Identifiers) -> Found:
        """What is where about a person."""
        self._asked("find")
        matching = Matching(who, self._secret)
        counts = self._counted(matching)
        return Found(
            system=self._name,
            people=tuple(matching.people.values()),
            tables=tuple(FoundRows(table=table, rows=rows, path=(table,)) for table, rows in counts.items()),
            ambiguous=matching.ambiguous,
            problems=tuple(self._unsearchable(matching)),
            not_reached=self._not_reached,
        )

    def export(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Iterator[Page]:
        """The person's rows."""
        self._asked("export")
        matching = Matching(who, self._secret, people)
        found = list(self._mine(matching))
        if matching.ambiguous and not people:
            raise Held(Code.SEVERAL_FOUND, self._name)
        for table in self._counted(matching):
            rows = [row for name, row in found if name == table]
            columns = tuple(dict.fromkeys(column for row in rows for column in row))
            fields = {column: self._fields[column] for column in columns if column in self._fields}
            for start in range(0, len(rows), PAGE_ROWS):
                told = tuple(tuple(row.get(one) for one in columns) for row in rows[start : start + PAGE_ROWS])
                yield Page(table=table, columns=columns, rows=told, fields=fields)
        yield Page(table="", done=True)

    def plan(self, who: Identifiers, wish: Wish) -> Plan:
        """What would happen."""
        self._asked("plan")
        matching = Matching(who, self._secret, wish.people)
        counts = self._counted(matching)
        found = set(matching.people)
        problems = list(self._unsearchable(matching))
        if matching.ambiguous and not wish.people:
            problems.append(Problem(code=Trouble.SEVERAL_PEOPLE, where=self._name, blocking=True))
        if not set(wish.people) <= found:
            problems.append(Problem(code=Trouble.PEOPLE_CHANGED, where=self._name, blocking=True))
        nowhere = sorted(set(wish.changes) - set(self._fields.values()))
        problems += (Problem(code=Trouble.FIELD_NOWHERE, where=field, blocking=True) for field in nowhere)
        return Plan(
            system=self._name,
            kind=wish.kind,
            people=tuple(sorted(found & set(wish.people) if wish.people else found)),
            chosen=bool(wish.people),
            fields=tuple(sorted(wish.changes)),
            steps=tuple(self._step(table, wish.kind, rows) for table, rows in counts.items()),
            problems=tuple(problems),
            not_reached=self._not_reached,
        )

    def _step(self, table: str, kind: WishKind, rows: int) -> Step:
        if table in self._keep and kind is not WishKind.CORRECT:
            return Step(table=table, act=Act.KEEP, rows=rows, keep=self._keep[table])
        return Step(table=table, act=_ACTS[kind], rows=rows)

    def execute(self, plan: Plan, who: Identifiers, *, order: str, changes: Mapping[str, str] | None = None) -> Receipt:
        """Carry out a plan, once."""
        self._asked("execute")
        if order in self._receipts:
            return replace(self._receipts[order], repeated=True)
        self._fits(plan, dict(changes or {}))
        if self._waits:
            self._waits -= 1
            return Receipt(system=self._name, order=order, state=State.WAITING)
        matching = Matching(who, self._secret, plan.people if plan.chosen else ())
        counts = self._counted(matching)
        done = self._half.setdefault(order, {})
        if not done and not plan.chosen and not set(matching.people) <= set(plan.people):
            raise Held(Code.CHANGED_MEANWHILE, self._name)
        for table, rows in counts.items():
            step = self._step(table, plan.kind, rows)
            self._carry_out(step, matching, dict(changes or {}))
            done[table] = step
            if self._dies:
                self._dies -= 1
                raise Killed
        receipt = Receipt(system=self._name, order=order, steps=tuple(done.values()), not_reached=self._not_reached)
        self._receipts[order] = receipt
        return receipt

    def _fits(self, plan: Plan, changes: Mapping[str, str]) -> None:
        if not plan.ready:
            raise NotAllowed(Code.CHANGED_MEANWHILE, self._name, hint=Hint("plan-blocked"))
        if plan.system != self._name:
            raise Held(Code.CHANGED_MEANWHILE, self._name)
        if tuple(sorted(changes)) != plan.fields:
            raise Invalid(Code.FIELD_MISSING, "changes")

    def _carry_out(self, step: Step, matching: Matching, changes: Mapping[str, str]) -> None:
        if step.act is Act.KEEP:
            return
        mine = [row for table, row in self._mine(matching) if table == step.table]
        if step.act is Act.DELETE:
            self.rows[step.table] = [row for row in self.rows[step.table] if not any(row is one for one in mine)]
            return
        for number, row in enumerate(mine):
            for column in list(row):
                if step.act is Act.CORRECT and self._fields.get(column) in changes:
                    row[column] = changes[self._fields[column]]
                elif step.act is Act.DEPERSONALISE and column in self._fields:
                    row[column] = f"person-{number}"

    def rescan(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Rescan:
        """What is still found in any column of any table that may be looked into."""
        self._asked("rescan")
        matching = Matching(who, self._secret)
        counts: dict[tuple[str, str, Trouble | None], int] = {}
        for table, rows in self.rows.items():
            for row in rows if table not in self._hidden else ():
                entry = self._maps.get(table)
                person = matching.person(table, entry, row) if entry else None
                other = bool(people and person and person.digest not in people)
                for column in (one for one, value in row.items() if matching.holds(value)):
                    key = (table, column, Trouble.SEVERAL_PEOPLE if other else None)
                    counts[key] = counts.get(key, 0) + 1
        left = tuple(
            Left(
                table=table,
                column=column,
                rows=count,
                mapped=table in self._maps,
                keep=self._keep.get(table),
                because=because,
            )
            for (table, column, because), count in counts.items()
        )
        searched = len(set(self.rows) - set(self._hidden))
        return Rescan(system=self._name, left=left, searched=searched, not_reached=self._not_reached)

    def everything(self) -> Rows:
        """All rows, as they are now."""
        return deepcopy(self.rows)
