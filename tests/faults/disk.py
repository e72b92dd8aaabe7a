"""Disks that say no: a database that may not grow, and commits that fail on either database."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg import errors as pg

import senim
from senim.storage import Database
from senim.storage.sqlite import SQLite

_NO_LIMIT = 1_073_741_823
ENVIRONMENT = {
    "SENIM_LANGUAGE": "en",
    "PATH": os.defpath,
    "PYTHONPATH": os.pathsep.join((str(Path(senim.__file__).parents[1]), str(Path(__file__).parents[2]))),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPYCACHEPREFIX": sys.pycache_prefix or "",
    "PYTHONFAULTHANDLER": "1",
}
"""Of processes that are cut off: they run this code, and leave no cut-off caches of modules behind."""


def room(database: Database, pages: int) -> None:
    """Let an SQLite database grow by so many pages and no more."""
    engine = database.engine
    assert isinstance(engine, SQLite)
    now = engine._writer.execute("PRAGMA page_count").fetchone()[0]
    engine._writer.execute(f"PRAGMA max_page_count = {now + pages}")


def room_again(database: Database) -> None:
    """The disk has room again."""
    engine = database.engine
    assert isinstance(engine, SQLite)
    engine._writer.execute(f"PRAGMA max_page_count = {_NO_LIMIT}")


def full(database: Database) -> Exception:
    """What the driver of a database raises when its disk is full."""
    if database.dialect == "postgresql":
        return pg.DiskFull("no space left")
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


@contextmanager
def no_commit(database: Database) -> Iterator[list[int]]:
    """While the block runs no commit of this database succeeds; the list counts them."""
    engine: Any = database.engine
    tried: list[int] = []

    def commit() -> None:
        tried.append(1)
        raise full(database)

    engine.commit = commit
    try:
        yield tried
    finally:
        del engine.commit


def command(*arguments: object, largest: int = 0) -> subprocess.CompletedProcess[str]:
    """The command ``senim`` in a process of its own; no file it writes may become larger than ``largest`` bytes."""

    def limit() -> None:
        if largest:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.run(
        [sys.executable, "-c", "from senim.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=limit,
        env=ENVIRONMENT,
    )
