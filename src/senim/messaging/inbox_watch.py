"""Mail that comes in while the service runs: a mailbox looked into again and again, and a listener."""

from __future__ import annotations

import threading

from senim.errors import Code, SenimError, Unavailable
from senim.messaging.inbox_imap import Fetcher
from senim.messaging.inbox_smtp import Listener


class Watch:
    """Fetches and listens in threads of its own, so that a mail server that hangs holds up nothing else."""

    def __init__(
        self, *, fetcher: Fetcher | None = None, listener: Listener | None = None, every: float = 60.0
    ) -> None:
        self._fetcher = fetcher
        self._listener = listener
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="senim-mailbox", daemon=True)
        self.trouble: SenimError | None = None
        """What kept the last look into the mailbox from being done; for health."""

    def start(self) -> None:
        """Begin."""
        if self._listener is not None:
            self._listener.start()
        if self._fetcher is not None:
            self._thread.start()

    def wait(self) -> None:
        """Wait until it is stopped."""
        while not self._stop.wait(1):
            pass

    def stop(self) -> None:
        """Stop; a letter half fetched is fetched again next time."""
        self._stop.set()
        if self._listener is not None:
            self._listener.close()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        assert self._fetcher is not None
        while not self._stop.is_set():
            try:
                self._fetcher.fetch(self._stop.is_set)
                self.trouble = None
            except SenimError as trouble:
                self.trouble = trouble
            except Exception as bug:  # noqa: BLE001  # a watch that ends unseen would leave requests unread
                self.trouble = Unavailable(Code.INTERNAL)
                self.trouble.__cause__ = bug
            self._stop.wait(self._every)
