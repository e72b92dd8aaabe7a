"""The clock of a process: commits late entries and seals the log, a few times a second.

Any number of processes may run one; the log's lease lets one seal at a time.
"""

from __future__ import annotations

import threading

from senim.app import Senim
from senim.errors import Code, SenimError, Unavailable

INTERVAL = 0.25
"""Seconds between ticks: an entry is in the tree within a second."""

_UPKEEP_EVERY = 12
"""Ticks between upkeep of the databases."""

_TIDY_EVERY = 240
"""Ticks between tidying the key store's files of keys that were destroyed."""


class Runner:
    """A background thread that keeps a platform's clock."""

    def __init__(self, senim: Senim) -> None:
        self._senim = senim
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="senim-clock", daemon=True)
        self.trouble: SenimError | None = None
        """What kept the last tick from being done; shown by ``/v1/health``."""

    def start(self) -> None:
        """Start ticking."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the tick under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        ticks = 0
        while not self._stop.wait(INTERVAL):
            ticks += 1
            try:
                self._senim.tick()
                if ticks % _UPKEEP_EVERY == 0:
                    self._senim.upkeep()
                if ticks % _TIDY_EVERY == 0:
                    self._senim.tidy_keys()
                self.trouble = None
            except SenimError as trouble:
                # Nothing is lost: what waits goes on waiting, and the next tick tries again.
                self.trouble = trouble
            except Exception as bug:  # noqa: BLE001  # a clock that stops unseen would break promises unseen
                self.trouble = Unavailable(Code.INTERNAL)
                self.trouble.__cause__ = bug
