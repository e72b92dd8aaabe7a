"""Turns: of the threads that serve requests one runs at a time; the next when it is done or waits for a commit.

CPython runs one thread at a time anyway; but threads that fight for its lock hand it over at every small read of
the database, some twenty times a request, and most of the machine's time goes into that. Waiting in a queue of our
own costs one hand-over a request (docs/decisions/0006-turns.md has the figures).
"""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class _Mine(threading.local):
    turn = False


class Turns:
    """A queue of threads. Entering waits for a turn; leaving or :meth:`pass_on` gives it to the next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = False
        self._waiting: deque[threading.Lock] = deque()
        self._mine = _Mine()

    def __enter__(self) -> None:
        with self._lock:
            first = not self._running
            self._running = True
            if not first:
                gate = closed_gate()
                self._waiting.append(gate)
        if not first:
            gate.acquire()
        self._mine.turn = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pass_on()

    def pass_on(self) -> bool:
        """Give the turn to the next thread, if this one has it; whether it had."""
        if not self._mine.turn:
            return False
        self._mine.turn = False
        with self._lock:
            gate = self._waiting.popleft() if self._waiting else None
            self._running = gate is not None
        if gate is not None:
            gate.release()
        return True

    def invite(self, gate: threading.Lock) -> None:
        """Let the thread that waits at ``gate`` go on when it is its turn, before those that only begin."""
        with self._lock:
            now = not self._running
            self._running = True
            if not now:
                self._waiting.appendleft(gate)
        if now:
            gate.release()

    def taken(self) -> None:
        """Note that this thread was invited and has the turn now."""
        self._mine.turn = True


def closed_gate() -> threading.Lock:
    """A lock to wait at."""
    gate = threading.Lock()
    gate.acquire()
    return gate
