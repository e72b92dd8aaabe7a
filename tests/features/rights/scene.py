"""Requests played through: who asks, what they say, and a system of the operator that can die in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from senim.app import Senim
from senim.connectors.records import (
    Act,
    Found,
    FoundRows,
    Identifiers,
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
)
from senim.identity import Actor
from senim.languages import Hint
from senim.rights import Opened, Opening, Request, Way
from senim.testing import Person, Stage
from senim.work import Work
from tests.features.acting import senim_of

T = TypeVar("T")


class System:
    """A system in memory: e-mail → number of rows in one table. It remembers orders, and dies when told to."""

    def __init__(self, rows: dict[str, int], *, name: str = "shop-db") -> None:
        self.name = name
        self.rows = rows
        self.orders: dict[str, Receipt] = {}
        self.executed: list[str] = []
        self.dies: str = ""
        self.waits = False
        self.forgets = ""
        """An e-mail that stays in a column that the map forgot."""
        self.unreached: tuple[NotReached, ...] = ()
        self.blocked = False
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens while this system is busy for an access or a correction."""

    def _mine(self, who: Identifiers) -> list[str]:
        return [email for email in who.get("email", ()) if self.rows.get(email)]

    def look(self) -> Reach:
        return Reach(system=self.name, reachable=True)

    def find(self, who: Identifiers) -> Found:
        total = sum(self.rows[one] for one in self._mine(who))
        tables = (FoundRows(table="orders", rows=total, path=("orders",)),) if total else ()
        return Found(system=self.name, tables=tables, not_reached=self.unreached)

    def export(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Iterator[Page]:
        self.meanwhile()
        for email in self._mine(who):
            rows = tuple((number, email) for number in range(self.rows[email]))
            yield Page(table="orders", columns=("id", "email"), rows=rows)
        yield Page(table="orders", done=True)

    def plan(self, who: Identifiers, wish: Wish) -> Plan:
        total = sum(self.rows[one] for one in self._mine(who))
        act = Act.CORRECT if wish.kind == "correct" else Act.DELETE
        mend = Hint("name-or-value", column="email")
        problem = Problem(code=Trouble.NOT_NULL, where="orders.email", detail="text", remedy=mend, blocking=True)
        return Plan(
            system=self.name,
            kind=wish.kind,
            fields=tuple(wish.changes),
            steps=(Step(table="orders", act=act, rows=total),) if total else (),
            problems=(problem,) if self.blocked else (),
            not_reached=self.unreached,
        )

    def execute(self, plan: Plan, who: Identifiers, *, order: str, changes: Mapping[str, str] | None = None) -> Receipt:
        self._maybe_die("before")
        if plan.kind == "correct":
            self.meanwhile()
        if order in self.orders and self.orders[order].state is State.DONE:
            return self.orders[order]
        if self.waits:
            return Receipt(system=self.name, order=order, state=State.WAITING)
        self.executed.append(order)
        for email in self._mine(who):
            if plan.kind != "correct" and email != self.forgets:
                del self.rows[email]
        self.orders[order] = Receipt(system=self.name, order=order, steps=plan.steps)
        self._maybe_die("after")
        return self.orders[order]

    def rescan(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Rescan:
        self._maybe_die("rescan")
        left = tuple(Left(table="mailing", column="note", rows=self.rows[one], mapped=False) for one in self._mine(who))
        return Rescan(system=self.name, left=left, searched=1, not_reached=self.unreached)

    def _maybe_die(self, where: str) -> None:
        if self.dies == where:
            self.dies = ""
            raise SystemExit(9)  # no error of ours: the process is gone


def opened(stage: Stage, kind: str, *, actor: Actor | None = None, **more: Any) -> Opened:
    """Open a request, in English unless said otherwise."""
    senim, parts = senim_of(stage), {"way": Way.PORTAL, "language": "en", **more}
    return senim.run(actor or stage.actor, lambda work: senim.rights.open(work, Opening(kind=kind, **parts)))


def by(stage: Stage, person: Person, kind: str, **more: Any) -> Request:
    """A request of somebody who is signed in."""
    told = opened(stage, kind, subject=person.subject, reply_to=person.values["contact.email"], **more)
    return now(stage, told.number)


def now(stage: Stage, number: str) -> Request:
    """A request as it stands."""
    senim = senim_of(stage)
    return senim.rights.find(senim.database, number)


def act(stage: Stage, verb: Callable[..., T], *about: Any, actor: Actor | None = None, **more: Any) -> T:
    """Run a verb as staff: ``act(stage, senim.rights.handling.decide, number, granted=True)``."""

    def acted(work: Work) -> T:
        return verb(work, *about, **more)

    return senim_of(stage).run(actor or stage.actor, acted)


def decide(stage: Stage, number: str, **how: Any) -> Request:
    """Decide on a request."""
    return act(stage, senim_of(stage).rights.handling.decide, number, **how)


def second(stage: Stage) -> Actor:
    """Another person in the responsible role."""
    return senim_of(stage).actor(name="boris")


def approve(stage: Stage, number: str) -> Request:
    """The second person says yes to what they see."""
    plan = now(stage, number).plan
    assert plan is not None
    return act(stage, senim_of(stage).rights.planning.approve, number, plan.digest, actor=second(stage))


def run(stage: Stage) -> int:
    """Do all orders of requests that are due."""
    return senim_of(stage).orders.run_due("rights")


def connect(stage: Stage, *systems: System) -> None:
    """Let the operator have these systems."""
    senim_of(stage).connectors = systems


class Letters:
    """Keeps what is written to people while it goes its usual way: template, address, facts, files."""

    def __init__(self, senim: Senim) -> None:
        self.sent: list[tuple[str, str, dict[str, Any], tuple[str, ...]]] = []
        self.languages: list[tuple[str, str]] = []
        send = senim.messages.send

        def keep(work: Work, template: str, **how: Any) -> Any:
            message = send(work, template, **how)
            files = tuple(one.name for one in how.get("attachments", ()))
            self.languages.append((template, how["language"]))
            self.sent.append((template, how["to"].address, dict(how["facts"]), files))
            return message

        senim.messages.send = keep  # type: ignore[method-assign]  # of this platform alone

    def of(self, template: str) -> list[tuple[str, dict[str, Any]]]:
        """Addresses and facts of the letters by a template."""
        return [(address, facts) for name, address, facts, _ in self.sent if name == template]

    @property
    def code(self) -> str:
        """The newest one-time code."""
        return str(self.of("code")[-1][1]["code"])
