"""Turns: of the threads that serve requests one runs at a time, until it is done or waits for a commit.

CPython runs one thread at a time anyway; but threads that fight for its lock hand it over at every small read of
the database, some twenty times a request, and most of the machine's time goes into that. A lock of our own around
the whole request costs one hand-over (docs/decisions/0006-turns.md has the figures, and what else was tried).
"""

from __future__ import annotations

import threading
from types import TracebackType


class _Mine(threading.local):
    turn = False


class Turns:
    """A lock that its thread may leave early: before it waits for others, who need a turn to get there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mine = _Mine()

    def __enter__(self) -> None:
        self._lock.acquire()
        self._mine.turn = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pass_on()

    def pass_on(self) -> None:
        """Let the next thread have its turn, if this one has it."""
        if self._mine.turn:
            self._mine.turn = False
            self._lock.release()
