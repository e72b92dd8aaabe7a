"""A system that no program reaches, as a connector: each order becomes a task for the role that works it."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping

import msgspec

from senim.connectors import manual_store
from senim.connectors.datamap import DataMap
from senim.connectors.identifiers import tidy
from senim.connectors.manual_store import Task
from senim.connectors.manual_tasks import About, Tasks
from senim.connectors.records import (
    Act,
    Found,
    Identifiers,
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
from senim.errors import Code, Held, Invalid, NotAllowed
from senim.languages import Hint

_ACTS = {WishKind.ERASE: Act.DELETE, WishKind.CORRECT: Act.CORRECT, WishKind.DEPERSONALISE: Act.DEPERSONALISE}


class ManualConnector:
    """One system worked by hand. What is in it, nobody can tell before the person who looks."""

    def __init__(self, found: DataMap, tasks: Tasks, *, secret: bytes) -> None:
        self.map = found
        self._tasks = tasks
        self._secret = secret

    @property
    def name(self) -> str:
        """Its name in the operator's folder."""
        return self.map.system.name

    def _person(self, who: Identifiers) -> bytes:
        """A keyed digest of what a person is found by."""
        told = msgspec.json.encode((self.name, sorted(tidy(who).items())))
        return hmac.digest(self._secret, b"senim manual person\n" + told, "sha256")[: manual_store.PERSON]

    def _waits(self) -> tuple[NotReached, ...]:
        return tuple(NotReached(table=one, why=Trouble.WAITS_FOR_PERSON) for one in self.map.tables or (self.name,))

    def look(self) -> Reach:
        """Always reached: it is people."""
        return Reach(system=self.name, reachable=True, version="by hand", map=self.map.digest)

    def find(self, who: Identifiers) -> Found:
        """Nothing can be told: somebody has to look."""
        return Found(system=self.name, not_reached=self._waits(), problems=tuple(self._unsearchable(who)))

    def _unsearchable(self, who: Identifiers) -> Iterator[Problem]:
        if not tidy(who):
            yield Problem(code=Trouble.NOT_SEARCHABLE, where=self.name)

    def export(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Iterator[Page]:
        """No rows, and a word about who would have to look."""
        messages = [Problem(code=one.why, where=one.table) for one in self._waits()]
        yield Page(table="", messages=tuple(messages), done=True)

    def plan(self, who: Identifiers, wish: Wish) -> Plan:
        """A task, of which nobody knows how much it will be."""
        known = bool(tidy(who))
        problems = list(self._unsearchable(who))
        if wish.kind.value not in self.map.system.tasks:
            detail = Hint("no-task-words", key=f"system.tasks.{wish.kind.value}")
            problems.append(Problem(code=Trouble.FIELD_NOWHERE, where=self.name, detail=detail, blocking=True))
        steps = [Step(table=one.table, act=_ACTS[wish.kind], rows=0) for one in self._waits()]
        return Plan(
            system=self.name,
            kind=wish.kind,
            map=self.map.digest,
            people=(self._person(who).hex(),) if known else (),
            fields=tuple(sorted(wish.changes)),
            steps=tuple(steps) if known else (),
            problems=tuple(problems),
            not_reached=self._waits(),
        )

    def execute(self, plan: Plan, who: Identifiers, *, order: str, changes: Mapping[str, str] | None = None) -> Receipt:
        """Give the task; the same order again tells how far it is."""
        wanted = dict(changes or {})
        if not plan.ready:
            raise NotAllowed(Code.CHANGED_MEANWHILE, self.name, hint=Hint("plan-blocked"))
        if plan.map != self.map.digest or plan.system != self.name:
            raise Held(Code.CHANGED_MEANWHILE, self.name, hint=Hint("map-other"))
        if tuple(sorted(wanted)) != plan.fields:
            raise Invalid(Code.FIELD_MISSING, "changes")
        if not tidy(who):
            return Receipt(system=self.name, order=order)
        if plan.people != (self._person(who).hex(),):
            raise Held(Code.CHANGED_MEANWHILE, self.name, hint=Hint("people-other"))
        fresh = Task(id="", system=self.name, of=order, wish=plan.kind.value, role=self.map.system.role)
        about = About(who={kind: tuple(values) for kind, values in who.items()}, changes=wanted)
        task = self._tasks.ask(self._person(who), fresh, about)
        if task.state == "open":
            return Receipt(system=self.name, order=order, state=State.WAITING, not_reached=self._waits())
        first, *rest = plan.steps
        steps = (msgspec.structs.replace(first, rows=task.rows), *rest)
        return Receipt(system=self.name, order=order, steps=steps, repeated=True, evidence=task.evidence)

    def rescan(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Rescan:
        """What the person said who did it; before that, nobody has looked."""
        task = self._tasks.of_person(self._person(who), self.name) if tidy(who) else None
        if task is None or task.state == "open" or task.wish == WishKind.CORRECT:
            return Rescan(system=self.name, not_reached=self._waits())
        return Rescan(system=self.name, searched=len(self._waits()))
