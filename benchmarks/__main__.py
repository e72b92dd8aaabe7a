"""``python -m benchmarks [NAMES] [--people N] [--entries N] [--quick] [--database sqlite|postgresql|both]``."""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
from tests.postgres import Server

from benchmarks import banner, bulk, connected, doors, heavy, inside, kept, mail, orders, pages, proof, scan, start
from benchmarks.bare import bare
from benchmarks.figures import Figure
from benchmarks.ground import POSTGRES, RESULTS, ROOT, Ground
from benchmarks.load import CannotMeasure, wrk
from benchmarks.page import Taken, line, page, what_it_ran_on
from benchmarks.sizes import DATABASES, NAMES, QUICK, Size

PAGE = ROOT / "docs" / "performance.md"
_ON_THEIR_OWN = {"connected": connected.measure, "heavy": heavy.measure}
"""What needs nobody stored: it has databases of its own."""

KINDS = ("ours", "bare")
"""The operator that is measured, and the one whose database shows what is possible."""


def main() -> int:
    """Measure what is asked for. What was measured in full is kept; the page is written once there is all of it."""
    asked = _arguments()
    size = QUICK if asked.quick else Size()
    size = replace(size, people=asked.people or size.people, entries=asked.entries or size.entries)
    databases = DATABASES if asked.database == "both" else (asked.database,)
    names = tuple(asked.names) or NAMES
    try:
        wrk()
        run = Run(size, names)
        run.measure(databases)
        told = run.page()
    except CannotMeasure as problem:
        print(problem, file=sys.stderr)
        return 1
    target = RESULTS / "performance.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(told, encoding="utf-8")
    if asked.page or (size == Size() and kept.whole()):
        target = PAGE
        PAGE.write_text(kept.page_with(run.taken, size), encoding="utf-8")
    print(f"Written: {target.relative_to(ROOT)}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Senim against its limits.")
    parser.add_argument("names", nargs="*", metavar="NAMES", help=f"what: {', '.join(NAMES)}; all if left out")
    parser.add_argument("--people", type=int, help=f"people stored ({Size().people:,})")
    parser.add_argument("--entries", type=int, help=f"entries verified ({Size().entries:,})")
    parser.add_argument("--quick", action="store_true", help="small and short, to see that all of it works")
    parser.add_argument(
        "--page", action="store_true", help="write docs/performance.md although parts were never measured"
    )
    parser.add_argument("--database", choices=(*DATABASES, "both"), default="both")
    asked = parser.parse_args()
    for name in asked.names:
        if name not in NAMES:
            parser.error(f"unknown: {name}; there is {', '.join(NAMES)}")
    return asked


class Run:
    """A run: one database after the other."""

    def __init__(self, size: Size, names: tuple[str, ...]) -> None:
        self._size = size
        self._names = names
        self.taken: list[Taken] = []
        """What was found so far."""
        self._servers: dict[str, str] = {}

    def page(self) -> str:
        """What was found."""
        return page(self.taken, self._size)

    def measure(self, databases: tuple[str, ...]) -> None:
        """Measure on each database; what does not depend on one, on the first."""
        for name, measured in _ON_THEIR_OWN.items():
            self._take(name, measured(self._size))
        if set(self._names) <= set(_ON_THEIR_OWN):
            return
        for database in databases:
            with tempfile.TemporaryDirectory(prefix="senim-bench-") as name, self._urls(database) as urls:
                print(f"{database}: {self._size.people:,} people")
                ground, other = (Ground(Path(name) / kind, database, urls[kind], self._size) for kind in KINDS)
                ground.make()
                other.make()
                bare(other.url, other.folder).make()
                self._on(ground, other, first=database == databases[0])

    @contextmanager
    def _urls(self, database: str) -> Iterator[dict[str, str]]:
        if database == "sqlite":
            self._servers["SQLite"] = sqlite3.sqlite_version
            yield dict.fromkeys(KINDS, "sqlite:///senim.db")
            return
        server = Server(durable=True, settings=POSTGRES)
        try:
            for name in KINDS:
                server.execute(f"CREATE DATABASE {name}")
            with psycopg.connect(server.url("postgres")) as connection:
                self._servers["PostgreSQL"] = connection.info.parameter_status("server_version") or "unknown"
            yield {name: server.url(name) for name in KINDS}
        finally:
            server.stop()

    def _on(self, ground: Ground, other: Ground, *, first: bool) -> None:
        exports: list[Path] = []

        def meanwhile() -> None:
            """Export the log when the first people are in: the small one of the two that are verified."""
            if first and "verify" in self._names and not exports:
                exports.append(proof.export(ground, self._size.entries // 10, "small"))

        self._take("import", bulk.import_people(ground, other, meanwhile), always=True)
        if exports:
            exports.append(proof.export(ground, self._size.entries, "large"))
            self._take("verify", proof.measure(ground, *exports))
        with ground.opened() as platform:
            ground.get_to_know(platform)
        if first:
            self._take("start", start.measure_command(ground))
            self._take("scan", scan.measure(ground))
            self._take("mail", mail.measure(ground))
            self._take("banner", banner.measure(ground))
        self._take("start", start.measure_service(ground, other))
        self._take("doors", doors.measure(ground, other))
        self._take("inside", inside.measure(ground, other))
        self._take("pages", pages.measure(ground))
        self._take("orders", orders.measure(ground))
        self._take("erase", bulk.erase_people(ground, other))

    def _take(self, name: str, figures: Iterable[Figure], *, always: bool = False) -> None:
        """Measure if it is asked for, and show what is found as it comes."""
        if name not in self._names and not always:
            return
        started, found = time.monotonic(), []
        for one in figures:
            found.append(one)
            print(line(one), flush=True)
        seconds = time.monotonic() - started
        print(f"  {name}: {seconds:.0f} s", flush=True)
        taken = Taken(name=name, figures=tuple(found), seconds=seconds, ran=what_it_ran_on(self._servers))
        self.taken.append(taken)
        if self._size == Size():
            kept.keep(taken)


if __name__ == "__main__":
    sys.exit(main())
