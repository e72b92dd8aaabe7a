"""The one WSGI application of the service: ``/v1`` to the API, each other door below its own name."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from senim.app import Senim
from senim.runner import Runner
from senim.web.api import api
from senim.web.console import console
from senim.web.portal import portal
from senim.web.public import public

_LENGTHY = re.compile(r"/v1/(?:subjects/[^/]*/(?:documents/|fields/|entries|consents)|log/tile/entries/)")

WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


def site(senim: Senim, runner: Runner | None = None) -> WSGI:
    """The application. ``runner`` is the clock whose trouble ``/v1/health`` tells."""
    machines = api(senim)
    pages: WSGI = DispatcherMiddleware(
        public(senim), {"/portal": _opened(lambda: portal(senim)), "/console": _opened(lambda: console(senim))}
    )

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/v1/"):
            if runner is not None and runner.trouble is not None:
                environ["senim.trouble"] = runner.trouble.code.value
            return machines(environ, start_response)
        return pages(environ, start_response)

    return application


def _opened(door: Callable[[], WSGI]) -> WSGI:
    """A door that is made when somebody first comes to it: a service starts sooner, and most have few who come."""
    lock, made = threading.Lock(), list[WSGI]()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not made:
            with lock:
                if not made:
                    made.append(door())
        return made[0](environ, start_response)

    return application


def lengthy(method: str, path: str) -> bool:
    """Whether requests of a path may take long: pages, files, and lists that are read from the log."""
    return not path.startswith("/v1/") or _LENGTHY.match(path) is not None
