"""The service's processes: the first, small, starts the workers and looks after them; each worker has its platform.

``python -m senim.cli.service DIR``; :mod:`senim.cli.serve` looks at the folder first.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from senim.settings import Settings, read

_MOST_WORKERS = 4

CONNECTIONS = 1024
"""Connections of one worker at most; who comes then waits until another goes."""


_LOOK_EVERY = 0.1
"""Seconds between two looks whether the service answers already."""


def many(settings: Settings) -> bool:
    """Whether several processes may serve."""
    return settings.database.startswith("postgres")


def _workers(settings: Settings) -> int:
    return settings.serve.workers or (min(os.cpu_count() or 1, _MOST_WORKERS) if many(settings) else 1)


def run(folder: Path, settings: Settings) -> None:
    """Run granian until it is told to stop."""
    from granian import Granian, loops
    from granian.constants import Interfaces, Loops

    from senim.web.loop import new_loop

    # By the name of asyncio's own: that is what a worker gets which does not inherit this (Python 3.14 spawns them).
    loops.register("asyncio")(new_loop)
    os.environ["SENIM_DIR"] = str(folder.resolve())
    tls: dict[str, Any] = {}
    if settings.serve.certificate:
        tls = {
            "ssl_cert": folder / settings.serve.certificate,
            "ssl_key": folder / settings.serve.private_key if settings.serve.private_key else None,
        }
    workers = _workers(settings)
    if workers > 1:
        _load()

    class Server(Granian):  # type: ignore[misc, valid-type]  # which of its classes it is depends on the system
        """Says where it serves. The thread that waits for an answer begins once the workers are forked."""

        def startup(self, *how: Any) -> None:
            super().startup(*how)
            threading.Thread(target=_tell, args=(settings,), name="senim-tell", daemon=True).start()

    server = Server(
        "senim.cli.service:application",
        factory=True,
        address=settings.serve.address,
        port=settings.serve.port,
        interface=Interfaces.RSGI,
        loop=Loops.asyncio,  # libuv keeps pointers into the stack, which strands exchange under it
        workers=workers,
        backpressure=CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_enabled=False,
        **tls,
    )
    try:
        server.serve()
    except (OSError, RuntimeError) as error:
        sys.exit(f"The service could not start: {error}")


def _tell(settings: Settings) -> None:
    """Say where the service is once it answers there: a worker takes seconds to open its platform."""
    place, scheme = (settings.serve.address, settings.serve.port), "https" if settings.serve.certificate else "http"
    while not _answers(place):
        time.sleep(_LOOK_EVERY)
    sys.stdout.write(f"Senim serves {scheme}://{place[0]}:{place[1]}/privacy and /v1. Stop with Ctrl-C.\n")
    sys.stdout.flush()


def _answers(place: tuple[str, int]) -> bool:
    """Whether anything comes back: with TLS that this was none, or the end."""
    try:
        with socket.create_connection(place) as asked:
            asked.sendall(b"GET /v1/health HTTP/1.0\r\n\r\n")
            asked.recv(1)
    except ConnectionResetError:
        return True
    except OSError:
        return False
    return True


def _load() -> None:
    """Load before the workers are forked what each of them would load: they share its memory.

    With one worker there is nobody to share with but this process, which needs none of it.
    """
    import senim.runner
    import senim.storage.postgres
    import senim.web.front
    import senim.web.site  # noqa: F401  # they are loaded, and used by the workers

    gc.collect()
    gc.freeze()  # a collection would write into every object, and so copy the memory that is shared


def application() -> Any:
    """The front of a worker process: its own platform and its own clock."""
    from senim.app import open_senim
    from senim.runner import Runner
    from senim.web.front import Front
    from senim.web.site import lengthy, site

    senim = open_senim(Path(os.environ["SENIM_DIR"]))
    runner = Runner(senim)
    runner.start()
    incoming = senim.incoming()
    if incoming is not None:
        incoming.start()
    threading.Thread(target=_follow, args=(os.getppid(),), name="senim-parent", daemon=True).start()

    from multiprocessing.util import Finalize

    def close() -> None:
        if incoming is not None:
            incoming.stop()
        runner.stop()
        senim.close()

    # Not atexit, of which a forked worker runs nothing.
    Finalize(None, close, exitpriority=1)
    # What is loaded by now stays: looking through it again and again for garbage would cost a tenth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return Front(site(senim, runner), threads=senim.settings.serve.threads, lengthy=lengthy)


def _follow(parent: int) -> None:
    """End this worker when the process that started it is gone, killed outright: nobody else would ever stop it."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    _folder = Path(sys.argv[1])
    run(_folder, read(_folder, os.environ))
