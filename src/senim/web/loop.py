"""The event loop of a worker: asyncio's own, but what other threads hand over wakes it only if it sleeps.

asyncio writes a byte to itself for each call from another thread, whether or not anybody waits for it. Each of these
writes lets go of the interpreter's lock, for which the thread then has to wait again: twice a request, since granian
hands requests over from a thread of its own, and once a group of commits (docs/decisions/0006-strands.md).
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from contextvars import Context
from typing import TypeVarTuple

Ts = TypeVarTuple("Ts")


class _Selector(selectors.DefaultSelector):
    """Knows whether the loop sleeps, and whether something was handed over that the loop may not have seen yet.

    One side says that it falls asleep and then looks whether anything came; the other hands something over and then
    looks whether anybody sleeps. Whichever is first, one of the two sees the other.
    """

    asleep = False
    given = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for sockets, but not while something waits for the loop."""
        self.asleep = True
        try:
            return super().select(0 if self.given else timeout)
        finally:
            self.asleep = False
            self.given = False  # the loop looks at all that it was given before it selects again


class Loop(asyncio.SelectorEventLoop):
    """asyncio's loop on :class:`_Selector`."""

    def __init__(self) -> None:
        self._sleeper = _Selector()
        super().__init__(self._sleeper)

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Let a callback be run in the loop's thread; called from any thread. Raises RuntimeError once it is closed."""
        if self.get_debug():  # call_soon then refuses other threads
            return super().call_soon_threadsafe(callback, *args, context=context)
        handle = self.call_soon(callback, *args, context=context)
        sleeper = self._sleeper
        sleeper.given = True
        if sleeper.asleep:
            sleeper.asleep = False  # one call is enough to wake it
            super().call_soon_threadsafe(_nothing)
        return handle


def _nothing() -> None:
    """What a loop is woken with."""


def new_loop() -> Loop:
    """A new loop, for this thread."""
    loop = Loop()
    asyncio.set_event_loop(loop)
    return loop
