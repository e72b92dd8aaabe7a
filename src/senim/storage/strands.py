"""Strands: requests that share the one thread of an event loop, each on a stack of its own.

The core is synchronous and stays so (docs/decisions/0009-synchronous-core.md). Run in a strand, it gives the thread to
other requests where it would wait, for a commit or for PostgreSQL, and goes on in the same place when that is done
(docs/decisions/0006-strands.md). Everything else waits as usual: threads never notice that there are strands.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE
from typing import TYPE_CHECKING, Any, TypeVar

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

T = TypeVar("T")

_IDLE = 256
"""Strands that are kept for later."""


class Strand(greenlet):
    """Runs acts, one after the other, in the thread of ``loop``; made and begun there by :class:`Strands`."""

    def __init__(self, loop: AbstractEventLoop, idle: list[Strand]) -> None:
        super().__init__()
        self._hub = getcurrent()
        self.loop = loop
        self.idle = idle
        self.done: Future[None] | None = None
        """What the loop waits for, once the act has paused."""
        self.whole = 0
        """Of how many locks it is inside that it must not leave waiting: see :class:`Hold`."""
        self.places = 0
        """How many places it has: see :class:`Places`."""

    def run(self, act: Callable[..., None], *given: Any) -> None:
        """Begin: run an act, and whatever is given later."""
        while True:
            act(*given)
            if self.done is not None:
                self.done.set_result(None)
                self.done = None
            if len(self.idle) >= _IDLE:
                return
            self.idle.append(self)
            act, *given = self.pause()

    def pause(self) -> Any:
        """Let the thread go on with other requests until :meth:`switch` is called; what was given to that."""
        return self._hub.switch()

    def aside(self, act: Callable[[], T]) -> T:
        """Run an act that takes long in a thread of the loop, and go on when it is done."""
        future = self.loop.run_in_executor(None, act)
        future.add_done_callback(lambda _: self.switch())
        self.pause()
        return future.result()

    def ready(self, socket: int, asked: int) -> int:
        """Go on when a socket may be read (1) or written (2), as is asked; which of the two it is."""
        loop, reads, writes = self.loop, asked & EVENT_READ, asked & EVENT_WRITE
        if reads:
            loop.add_reader(socket, self.switch, EVENT_READ)
        if writes:
            loop.add_writer(socket, self.switch, EVENT_WRITE)
        try:
            found: int = self.pause()
        finally:
            if reads:
                loop.remove_reader(socket)
            if writes:
                loop.remove_writer(socket)
        return found


class Strands:
    """The strands of a loop. Those that are done are used again: making one costs more than a small act."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._idle: list[Strand] = []

    def run(self, act: Callable[..., None], *given: Any) -> Future[None] | None:
        """Run an act, which must not raise, until it is done (None), or to be done when the future is."""
        strand = self._idle.pop() if self._idle else Strand(self._loop, self._idle)
        strand.switch(act, *given)
        if strand.dead or (self._idle and self._idle[-1] is strand):
            return None
        strand.done = done = self._loop.create_future()
        return done


def current() -> Strand | None:
    """The strand that runs here, if it may pause."""
    here = getcurrent()
    return here if type(here) is Strand and not here.whole else None


def resume(strands: Iterable[Strand]) -> None:
    """Let strands of one loop go on, one after the other; called from any thread, and at once back from."""
    several = list(strands)
    if several:
        with suppress(RuntimeError):  # the loop is closed: nobody waits for an answer any more
            several[0].loop.call_soon_threadsafe(_resume, several)


def _resume(strands: list[Strand]) -> None:
    for strand in strands:
        strand.switch()


class Hold:
    """A lock that is kept while its holder waits: a strand inside does not pause.

    If it did, the next strand that wants the lock would stop their common thread, and with it the one that has it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        here = getcurrent()
        if isinstance(here, Strand):
            here.whole += 1
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        here = getcurrent()
        if isinstance(here, Strand):
            here.whole -= 1


class Places:
    """How many strands of a loop may have one thing at once; threads, which are few anyway, are not counted.

    A strand that has one and wants another gets it: it would otherwise wait for others that wait for it.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: deque[Strand] = deque()

    def __enter__(self) -> None:
        strand = current()
        if strand is None:
            return
        if self._free <= 0 and not strand.places:
            self._waiting.append(strand)
            strand.pause()
        else:
            self._free -= 1
        strand.places += 1

    def __exit__(self, *_: object) -> None:
        strand = current()
        if strand is None:
            return
        strand.places -= 1
        if self._waiting and self._free >= 0:
            strand.loop.call_soon(self._waiting.popleft().switch)
        else:
            self._free += 1
