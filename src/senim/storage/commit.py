"""Leader and followers: acts that commit at the same time share one transaction and one fsync.

The first thread to come leads: it takes all that wait, writes them and lets the others go on. While the disk is
busy more units gather, so that the group grows by itself; there is no timer and nothing to tune. Strands, which share
one thread that must not wait, have a thread of this module lead for them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING

from senim.errors import Code, Unavailable
from senim.storage.strands import Strand, current, resume
from senim.storage.unit import Unit, together

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

MOST = 512
"""Units in one transaction at most."""

WAITING = 4096
"""Units that may wait at most; the next one is refused with 503 and nothing is lost."""

Outcome = Exception | None


class _Ticket:
    """A unit that waits: with it a thread, behind the gate, or a strand."""

    __slots__ = ("gate", "leads", "outcome", "strand", "unit")

    def __init__(self, unit: Unit, strand: Strand | None) -> None:
        self.unit = unit
        self.strand = strand
        self.outcome: Outcome = None
        self.leads = False
        self.gate = threading.Lock()
        if strand is None:
            self.gate.acquire()


class GroupCommit:
    """Commits units in groups through ``apply``, which returns an error or None for each."""

    def __init__(self, apply: Callable[[list[Unit]], list[Outcome]]) -> None:
        self._apply = apply
        self._lock = threading.Lock()
        self._queue: list[_Ticket] = []
        self._leading = False
        self._bell: SimpleQueue[bool] = SimpleQueue()
        self._hired: threading.Thread | None = None

    def commit(self, unit: Unit) -> None:
        """Return when the unit is durable; raise what stopped it otherwise (Stale, Unavailable …)."""
        strand = current()
        ticket = _Ticket(unit, strand)
        with self._lock:
            if len(self._queue) >= WAITING:
                raise Unavailable(Code.OVERLOADED)
            self._queue.append(ticket)
            ticket.leads = not self._leading
            self._leading = True
        if strand is not None:
            if ticket.leads:
                self._gather(strand.loop)
            strand.pause()
        else:
            if not ticket.leads:
                ticket.gate.acquire()
            if ticket.leads:
                self._lead(ticket)
        if ticket.outcome is not None:
            raise ticket.outcome

    def close(self) -> None:
        """End the thread that leads for strands, after what waits."""
        if self._hired is not None:
            self._bell.put(False)
            self._hired.join()
            self._hired = None

    def _gather(self, loop: AbstractEventLoop, known: int = 0) -> None:
        """Lead once a turn of the loop brings no more units (``known`` waited before it).

        The requests that are ready come to their commits first: one large group costs less than several small ones,
        and nobody waits for a clock.
        """
        waiting = len(self._queue)
        if known < waiting < MOST:
            loop.call_soon(self._gather, loop, waiting)
        else:
            self._hire()

    def _hire(self) -> None:
        if self._hired is None:
            self._hired = threading.Thread(target=self._lead_for_strands, name="senim-commit", daemon=True)
            self._hired.start()
        self._bell.put(True)

    def _lead_for_strands(self) -> None:
        while self._bell.get():
            self._lead(None)

    def _lead(self, own: _Ticket | None) -> None:
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
            resume(ticket.strand for ticket in group if ticket.strand is not None)
            for ticket in group:
                if ticket.strand is None and ticket is not own:
                    ticket.gate.release()

    def _hand_on(self) -> None:
        with self._lock:
            if not self._queue:
                self._leading = False
                return
            successor = self._queue[0]
            successor.leads = True
        if successor.strand is None:
            successor.gate.release()
            return
        try:
            successor.strand.loop.call_soon_threadsafe(self._gather, successor.strand.loop)
        except RuntimeError:  # the loop is closed; what was asked of it is written all the same
            self._hire()
