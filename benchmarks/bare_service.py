"""The limits of the doors: bare Falcon handlers under the very front and settings of ``senim serve``.

``python -m benchmarks.bare_service PORT`` in the environment of an operator's folder (SENIM_DIR). One handler does
nothing; one inserts a row of as many bytes as it is told, durably, by the same driver and the same group commit.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
from pathlib import Path
from typing import Any

import falcon
import granian

from benchmarks.bare import add_one, bare
from senim.cli.service import run
from senim.settings import read
from senim.storage.commit import GroupCommit
from senim.web.front import Front


class Empty:
    """Does nothing."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer."""
        response.data, response.content_type = b"{}", "application/json"

    on_post = on_get


class Insert:
    """Inserts as many bytes as the path says."""

    def __init__(self, inserts: GroupCommit) -> None:
        self._inserts = inserts

    def on_post(self, request: falcon.Request, response: falcon.Response, size: int) -> None:
        """Answer when they are durable."""
        request.bounded_stream.read()
        add_one(self._inserts, size)
        response.data, response.content_type = b"{}", "application/json"


def application() -> Any:
    """The front of a worker process."""
    folder = Path(os.environ["SENIM_DIR"])
    app: falcon.App[Any, Any] = falcon.App()
    app.add_route("/empty", Empty())
    settings = read(folder, os.environ)
    app.add_route("/insert/{size:int}", Insert(bare(settings.database, folder).inserts()))
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    return Front(app, threads=settings.serve.threads, lengthy=lambda method, path: False)


def main() -> None:
    """Serve as ``senim serve`` does, another application."""
    os.environ["SENIM_SERVE_PORT"] = sys.argv[1]
    folder = Path(os.environ["SENIM_DIR"])
    served = granian.Granian

    @functools.wraps(served)
    def instead(target: str, **settings: Any) -> Any:
        return served("benchmarks.bare_service:application", **settings)

    granian.Granian = instead  # type: ignore[assignment]  # the settings are senim's own
    run(folder, read(folder, os.environ))


if __name__ == "__main__":
    main()
