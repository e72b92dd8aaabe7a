"""Leader and followers: threads that commit at the same time share one transaction and one fsync.

The first thread to come leads: it takes all that wait, writes them and lets the others go on. While the disk is
busy more units gather, so that the group grows by itself; there is no timer and nothing to tune.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from senim.errors import Code, Unavailable
from senim.storage.turns import Turns
from senim.storage.unit import Unit, together

MOST = 512
"""Units in one transaction at most."""

WAITING = 4096
"""Units that may wait at most; the next one is refused with 503 and nothing is lost."""

Outcome = Exception | None


class _Ticket:
    __slots__ = ("gate", "leads", "outcome", "unit")

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.outcome: Outcome = None
        self.leads = False
        self.gate = threading.Lock()
        self.gate.acquire()


class GroupCommit:
    """Commits units in groups through ``apply``, which returns an error or None for each.

    Threads that serve requests give up their turn before they wait; the little that is left afterwards needs none.
    """

    def __init__(self, apply: Callable[[list[Unit]], list[Outcome]]) -> None:
        self._apply = apply
        self._lock = threading.Lock()
        self._queue: list[_Ticket] = []
        self._leading = False
        self.turns = Turns()

    def commit(self, unit: Unit) -> None:
        """Return when the unit is durable; raise what stopped it otherwise (Stale, Unavailable …)."""
        ticket = _Ticket(unit)
        with self._lock:
            if len(self._queue) >= WAITING:
                raise Unavailable(Code.OVERLOADED)
            self._queue.append(ticket)
            ticket.leads = not self._leading
            self._leading = True
        self.turns.pass_on()
        if not ticket.leads:
            ticket.gate.acquire()
        if ticket.leads:
            self._lead(ticket)
        if ticket.outcome is not None:
            raise ticket.outcome

    def _lead(self, own: _Ticket) -> None:
        """Write the group at the head of the queue (``own`` is its first), then hand the lead on."""
        with self._lock:
            count = together([ticket.unit for ticket in self._queue], MOST)
            group, self._queue = self._queue[:count], self._queue[count:]
        try:
            outcomes = self._apply([ticket.unit for ticket in group])
            for ticket, outcome in zip(group, outcomes, strict=True):
                ticket.outcome = outcome
        except BaseException as error:
            for ticket in group:
                ticket.outcome = error if isinstance(error, Exception) else Unavailable(Code.INTERNAL)
            if not isinstance(error, Exception):
                raise
        finally:
            self._hand_on()
            for ticket in group:
                if ticket is not own:
                    ticket.gate.release()

    def _hand_on(self) -> None:
        with self._lock:
            if self._queue:
                successor = self._queue[0]
                successor.leads = True
                successor.gate.release()
            else:
                self._leading = False
