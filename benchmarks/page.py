"""Writes what was measured as a page."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.ground import POSTGRES, ROOT
from benchmarks.sizes import Size

_PARTS = {
    "a": "Consent writes",
    "b": "Checks and decisions",
    "c": "Intake, read, find",
    "d": "Erasing",
    "e": "Verifying the log",
    "f": "Bulk import",
    "g": "Start and memory",
    "h": "Searching for personal data",
    "i": "Requests by mail",
    "l": "The banner",
    "prototype": "Against the prototype",
}
_PACKAGES = ("granian", "falcon", "msgspec", "cryptography", "psycopg", "SQLAlchemy")


def page(figures: Sequence[Figure], size: Size, servers: dict[str, str], minutes: float) -> str:
    """The page as Markdown."""
    return "\n".join([*_head(figures, size, servers, minutes), *_tables(figures), ""])


def _head(figures: Sequence[Figure], size: Size, servers: dict[str, str], minutes: float) -> Iterator[str]:
    promised = [one for one in figures if one.met is not None]
    missed = [one for one in promised if not one.met]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    yield "# Performance"
    yield ""
    yield from _INTRODUCTION
    yield ""
    kind = f"{platform.system()} {platform.machine()}"
    yield f"- machine: {_processor()}, {os.cpu_count()} cores, {_memory()} GiB, {kind}"
    yield f"- Python {platform.python_version()}; {packages}; {', '.join(f'{k} {v}' for k, v in servers.items())}"
    yield f"- {datetime.now(UTC):%Y-%m-%d}, commit {_commit()}, {minutes:.0f} minutes"
    yield f"- {size.people:,} people, {size.repetitions} repetitions, loads of {size.seconds:g} s by wrk from"
    yield f"  {size.clients} clients on the same cores as service and database; every commit is durable, and the disk"
    yield f"  takes {_flush():.2f} ms for a small write with fsync"
    settings = ", ".join(f"{name} = {value}" for name, value in POSTGRES.items()).replace("'", "")
    yield f"  (SQLite: WAL, synchronous=FULL; PostgreSQL: fsync and synchronous_commit on, {settings})"
    yield ""
    yield f"**{len(promised) - len(missed)} of {len(promised)} targets met.**" + (" Missed:" if missed else "")
    yield ""
    for one in missed:
        got = f"{one.ratio.median:.2f}" if one.ratio and "×" in one.target else f"{one.measured.told()} {one.unit}"
        yield f"- {one.what} ({one.database}): {got} instead of {one.target}"
    yield from _WHICH_LIMIT


_INTRODUCTION = """\
Written by `make bench`; do not edit. Every figure is taken several times, in turns with its limit, on the same machine
in the same run: the median is told, with the lowest and the highest in brackets. Ratios are made sample by sample.
The ratio is the result; the absolute figure is that of this machine.
""".splitlines()

_WHICH_LIMIT = """
## Which limit, and why

Consent writes are held against a bare durable insert of as many bytes through the same driver and the same group
commit, twice. Over HTTP both sides pay for the door: the load generator, granian and the waking of requests that waited
for the disk. That is **the limit** that counts, as it is what the same machine could do for the same clients with
nothing promised. In process there is no door on either side, and the limit is that of the database alone. The bare
handlers run under the settings of `senim serve` itself, in as many processes.

Reads and finds are in the log, durable, before they are answered (refusing to answer unrecorded is a promise of the
policy); the prototype did not write when it read. So their limit is a durable insert too, and not a look-up.
""".splitlines()


def _tables(figures: Sequence[Figure]) -> Iterator[str]:
    for part, title in _PARTS.items():
        some = [one for one in figures if one.part == part]
        if not some:
            continue
        yield ""
        yield f"## {title}" if part == "prototype" else f"## ({part}) {title}"
        yield ""
        yield "| what | database | target | measured | limit | ratio | met | how |"
        yield "| --- | --- | --- | ---: | ---: | ---: | --- | --- |"
        for one in some:
            limit = f"{one.limit.told()}: {one.limited_by}" if one.limit else "—"
            ratio = one.ratio.told(2) if one.ratio else "—"
            met = {True: "yes", False: "**no**", None: "—"}[one.met]
            measured = f"{one.measured.told()} {one.unit}"
            cells = (one.what, one.database, one.target or "—", measured, limit, ratio, met, one.how)
            yield f"| {' | '.join(cells)} |"


def line(one: Figure) -> str:
    """A figure as it is shown when it is taken."""
    ratio = f"  ratio {one.ratio.told(2)}" if one.ratio else ""
    met = {True: ": met", False: ": MISSED", None: ""}[one.met]
    return f"  {one.part:9} {one.what}: {one.measured.told()} {one.unit}{ratio}  {one.target}{met}"


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f}"


def _flush() -> float:
    """Milliseconds of a small write with fsync where the databases lie."""
    taken = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(50):
            started = time.perf_counter()
            file.write(b"s" * 4096)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def _commit() -> str:
    def git(*arguments: str) -> str:
        told = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        return told.stdout.strip()

    changed = "and changes" if git("status", "--porcelain", "--", "src", "benchmarks") else ""
    return f"{git('rev-parse', '--short', 'HEAD') or 'unknown'} {changed}".strip()
