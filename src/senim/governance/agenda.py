"""What waits for somebody of the staff: counted for the start page, by what their role may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from senim.connectors import Tasks
from senim.identity import RESPONSIBLE
from senim.messaging.inbox import Inbox
from senim.messaging.inbox_records import OPEN
from senim.orders import Orders
from senim.policy import Drafts
from senim.rights import Request, Rights, State
from senim.rights.clock import SOON
from senim.work import Work

MOST = 1000
"""Open requests that are looked through, the most urgent first."""

_NEXT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many of a kind wait."""

    what: str
    """``overdue``, ``due``, ``approval``, ``drafts``, ``new``, ``identity``, ``orders``, ``letters``, ``tasks``."""
    count: int
    weight: str = ""
    """``bad``: something is too late or broken; ``warn``: it soon is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What waits, the worst first, and the requests that come next."""

    waiting: tuple[Waiting, ...]
    next: tuple[Request, ...]


class Agendas:
    """Looks at everything that may wait, and changes nothing."""

    def __init__(self, *, rights: Rights, orders: Orders, inbox: Inbox, tasks: Tasks, drafts: Drafts) -> None:
        self._rights = rights
        self._orders = orders
        self._inbox = inbox
        self._tasks = tasks
        self._drafts = drafts

    def of(self, work: Work) -> Agenda:
        """What waits for whoever acts: nothing of it that their role may not see."""
        may = work.actor.may
        opened = self._rights.opened(work.database, most=MOST) if may & {"handle", "approve"} else []
        found: list[Waiting] = []
        if "handle" in may:
            found += _of_requests(opened, work.at)
        if "approve" in may:
            ours = [one for one in opened if one.state is State.WAITING_APPROVAL and not _by(one, work.actor.label)]
            found.append(Waiting(what="approval", count=len(ours), weight="warn"))
        if "policy" in may:
            proposed = [one for one in self._drafts.all(work) if one.waits_for(work.actor.label)]
            found.append(Waiting(what="drafts", count=len(proposed), weight="warn"))
        if "handle" in may:
            letters = self._inbox.counts(work.database)
            found.append(Waiting(what="letters", count=sum(letters.get(one, 0) for one in OPEN)))
        tasks = [one for one in self._tasks.list(work.database) if work.actor.role in (one.role, RESPONSIBLE)]
        found.append(Waiting(what="tasks", count=len(tasks)))
        if "orders" in may:
            found.append(Waiting(what="orders", count=self._orders.dead(work.database), weight="bad"))
        return Agenda(
            waiting=tuple(one for one in found if one.count),
            next=tuple(opened[:_NEXT]) if "handle" in may else (),
        )


def _of_requests(opened: list[Request], at: int) -> list[Waiting]:
    running = [one for one in opened if one.due and not one.paused]
    soon = at + SOON // timedelta(microseconds=1)
    states = [one.state for one in opened]
    return [
        Waiting(what="overdue", count=sum(one.due <= at for one in running), weight="bad"),
        Waiting(what="due", count=sum(at < one.due <= soon for one in running), weight="warn"),
        Waiting(what="new", count=states.count(State.RECEIVED)),
        Waiting(what="identity", count=states.count(State.IDENTITY_NEEDED)),
    ]


def _by(request: Request, actor: str) -> bool:
    """Whether it is one's own decision or plan: then somebody else has to look at it."""
    return actor in (request.plan.by if request.plan else "", request.decision.by if request.decision else "")
