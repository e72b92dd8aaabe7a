"""The clock of a process: commits late entries and seals the log, a few times a second; and runs orders that are due.

Any number of processes may run one; the log's lease lets one seal at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from senim.app import Senim
from senim.errors import Code, SenimError, Unavailable

INTERVAL = 0.25
"""Seconds between ticks: an entry is in the tree within a second."""

_UPKEEP_EVERY = 12
"""Ticks between upkeep of the databases."""

ORDERS_INTERVAL = 0.5
"""Seconds between looks at what is due in a queue of orders."""

_PATIENCE = 10
"""Seconds that an order under way is waited for at the end; after that it is run again, here or elsewhere."""

_TIDY_EVERY = 240
"""Ticks between tidying the key store's files of keys that were destroyed."""

_ATTEND_EVERY = 14_400
"""Ticks between looks at what people asked for: an hour, the first a minute after the start."""


class Runner:
    """Background threads: one that keeps a platform's clock, and one for each queue of orders.

    A mail server that hangs delays the mail, and neither the log nor the orders to databases.
    """

    def __init__(self, senim: Senim) -> None:
        self._senim = senim
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="senim-clock", daemon=True)
        self._workers = [
            threading.Thread(target=self._run_orders, args=(queue,), name=f"senim-{queue}", daemon=True)
            for queue in senim.orders.queues
        ]
        self._troubles: dict[str, SenimError] = {}

    @property
    def trouble(self) -> SenimError | None:
        """What kept the last tick, or the last look at the orders, from being done; shown by ``/v1/health``."""
        return next(iter(self._troubles.copy().values()), None) if self._troubles else None

    def start(self) -> None:
        """Start ticking."""
        self._thread.start()
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Stop after the tick and the orders under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for worker in self._workers:
            if worker.is_alive():
                worker.join(_PATIENCE)

    def _run(self) -> None:
        ticks = 0
        while not self._stop.wait(INTERVAL):
            ticks += 1
            with self._noting("clock"):
                self._senim.tick()
                if ticks % _UPKEEP_EVERY == 0:
                    self._senim.upkeep()
                if ticks % _TIDY_EVERY == 0:
                    self._senim.tidy_keys()
                if ticks % _ATTEND_EVERY == _TIDY_EVERY:
                    self._senim.attend()

    def _run_orders(self, queue: str) -> None:
        while not self._stop.wait(ORDERS_INTERVAL):
            with self._noting(queue):
                self._senim.orders.run_due(queue, stopped=self._stop.is_set)

    @contextmanager
    def _noting(self, part: str) -> Iterator[None]:
        """Note what keeps a part from being done. Nothing is lost: what waits goes on waiting, and is tried again."""
        try:
            yield
            self._troubles.pop(part, None)
        except SenimError as trouble:
            self._troubles[part] = trouble
        except Exception as bug:  # noqa: BLE001  # a clock that stops unseen would break promises unseen
            self._troubles[part] = internal = Unavailable(Code.INTERNAL)
            internal.__cause__ = bug
