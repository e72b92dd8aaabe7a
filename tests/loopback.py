"""Applications served at loopback by a thread, and the browser that looks at them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


class Quiet(WSGIRequestHandler):
    """Tells nobody of what it was asked."""

    def log(self, *_: Any) -> None:
        pass


@contextmanager
def serving(
    application: Any, *, kind: type[ThreadedWSGIServer] = ThreadedWSGIServer, handler: type[Quiet] = Quiet
) -> Iterator[ThreadedWSGIServer]:
    """Serve an application at a port that is free, until the block ends."""
    server = kind("127.0.0.1", 0, _closed_with_its_answer(application), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _closed_with_its_answer(application: Any) -> Callable[..., Iterator[bytes]]:
    """An application whose answers are closed whatever happens to whoever asked.

    Werkzeug's server reads what is left of a request before it closes the answer, and leaves the file
    of an answer open if a browser that went away reset the connection. A generator is closed when nobody holds it.
    """

    def answered(environ: Any, start_response: Any) -> Iterator[bytes]:
        parts = application(environ, start_response)
        try:
            yield from parts
        finally:
            getattr(parts, "close", lambda: None)()

    return answered


def address(server: ThreadedWSGIServer) -> str:
    """Where a server is, without a slash at the end."""
    return f"http://127.0.0.1:{server.server_port}"


def chromium() -> str | None:
    """The program of the browser, or None if there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def launched(*flags: str) -> Iterator[Browser]:
    """Chromium without a window. While it runs its event loop is that of this thread."""
    path = chromium()
    assert path, "Chromium is missing: sh scripts/browser.sh"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_FLAGS, *flags])
        yield browser
        browser.close()
