"""Asks systems without waiting for them longer than people do: a page never hangs on a system that does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from senim.connectors.actions import Connectors
from senim.connectors.records import Reach
from senim.errors import Code, SenimError, Unavailable
from senim.languages import Hint

T = TypeVar("T")

FRESH = 60.0
"""Seconds for which a look counts as one of now."""

_ROOM = threading.BoundedSemaphore(8)
"""Systems may hold up so many callers at once; further ones are told that too much is under way."""


def within(seconds: float, act: Callable[[], T], *, where: str) -> T:
    """What ``act`` gives, if it gives it in time; it is left to its own time limits otherwise.

    Raises Unavailable (system_unreachable, overloaded), and what ``act`` raises.
    """
    if not _ROOM.acquire(blocking=False):
        raise Unavailable(Code.OVERLOADED, where)
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(act())
        except BaseException as error:  # noqa: BLE001  # it is raised where the answer is waited for
            answer.set_exception(error)
        finally:
            _ROOM.release()

    threading.Thread(target=run, daemon=True, name=f"ask {where}").start()
    try:
        return answer.result(seconds)
    except TimeoutError as late:
        if answer.done():
            raise
        raise Unavailable(Code.SYSTEM_UNREACHABLE, where, hint=Hint("no-answer", seconds=f"{seconds:g}")) from late


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The last look at a system."""

    system: str
    at: float = 0.0
    """Seconds of the monotonic clock; 0: it was not looked at yet."""
    when: int = 0
    """Microseconds since 1970 UTC."""
    reach: Reach | None = None
    refusal: SenimError | None = None
    """Why it could not even be asked: no address, a fault in its map."""
    asking: bool = False
    """Whether an answer is still waited for."""


class Looks:
    """The last look at each system. Systems are asked at the same time, each by one caller alone."""

    def __init__(self, systems: Connectors, now: Callable[[], int]) -> None:
        self._systems = systems
        self._now = now
        self._last: dict[str, Look] = {}
        self._asking: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def of(self, names: Iterable[str], *, patience: float, anew: bool = False) -> dict[str, Look]:
        """The last looks; those that are not of now are taken, as far as they come in ``patience`` seconds."""
        wanted = tuple(names)
        threads = [thread for name in wanted if (thread := self._ask(name, anew=anew))]
        end = time.monotonic() + patience
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        with self._lock:
            return {name: self._shown(name) for name in wanted}

    def _shown(self, name: str) -> Look:
        last = self._last.get(name, Look(system=name))
        if name not in self._asking:
            return last
        return Look(system=name, at=last.at, when=last.when, reach=last.reach, refusal=last.refusal, asking=True)

    def _ask(self, name: str, *, anew: bool) -> threading.Thread | None:
        with self._lock:
            under_way = self._asking.get(name)
            last = self._last.get(name)
            if under_way is not None or (last and not anew and time.monotonic() - last.at < FRESH):
                return under_way
            thread = threading.Thread(target=self._look, args=(name,), daemon=True, name=f"look {name}")
            self._asking[name] = thread
            thread.start()
            return thread

    def _look(self, name: str) -> None:
        reach, refusal = None, None
        try:
            reach = self._systems.connector(name).look()
        except SenimError as error:
            refusal = error
        finally:
            with self._lock:
                if reach or refusal:
                    at, when = time.monotonic(), self._now()
                    self._last[name] = Look(system=name, at=at, when=when, reach=reach, refusal=refusal)
                self._asking.pop(name, None)
