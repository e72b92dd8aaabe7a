"""Writes what was measured as a page."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

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
    "j": "Connected databases",
    "k": "Stored orders",
    "l": "The banner",
    "m": "Pages",
    "prototype": "Against the prototype",
}
_VERSION = re.compile(r"\w[^,;]*")
_PACKAGES = ("granian", "falcon", "msgspec", "cryptography", "psycopg", "SQLAlchemy")


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What a part ran on, and when."""

    day: str
    commit: str
    machine: str
    versions: str
    flush: float
    """Milliseconds of a small write with fsync."""
    busy: float
    """How many programs wanted a processor when it had been measured (load of the last five minutes)."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What one part of a run found."""

    name: str
    figures: tuple[Figure, ...]
    seconds: float
    ran: Ran


def what_it_ran_on(servers: dict[str, str]) -> Ran:
    """This machine, now."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    kind = f"{platform.system()} {platform.machine()}"
    return Ran(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        commit=_commit(),
        machine=f"{_processor()}, {os.cpu_count()} cores, {_memory()} GiB, {kind}",
        versions=f"Python {platform.python_version()}; {packages}; {', '.join(f'{k} {v}' for k, v in servers.items())}",
        flush=_flush(),
        busy=os.getloadavg()[1],
    )


def page(taken: Sequence[Taken], size: Size, *, missing: Sequence[str] = ()) -> str:
    """The page as Markdown; ``missing`` are parts that were not measured, or not on both databases."""
    figures = [figure for one in taken for figure in one.figures]
    return "\n".join([*_head(taken, figures, size), *_tables(figures), *_runs(taken, missing), ""])


def _head(taken: Sequence[Taken], figures: Sequence[Figure], size: Size) -> Iterator[str]:
    promised = [one for one in figures if one.met is not None]
    missed = [one for one in promised if not one.met]
    yield "# Performance"
    yield ""
    yield from _INTRODUCTION
    yield ""
    for told in dict.fromkeys(one.ran.machine for one in taken):
        yield f"- machine: {told}"
    yield f"- {', '.join(dict.fromkeys(one for run in taken for one in _VERSION.findall(run.ran.versions)))}"
    yield f"- {size.people:,} people, {size.repetitions} repetitions, loads of {size.seconds:g} s by wrk from"
    yield f"  {size.clients} clients on the same cores as service and database; every commit is durable, and the disk"
    yield f"  takes {statistics.median(one.ran.flush for one in taken):.2f} ms for a small write with fsync"
    settings = ", ".join(f"{name} = {value}" for name, value in POSTGRES.items()).replace("'", "")
    yield f"  (SQLite: WAL, synchronous=FULL; PostgreSQL: fsync and synchronous_commit on, {settings})"
    yield ""
    yield f"**{len(promised) - len(missed)} of {len(promised)} targets met.**" + (" Missed:" if missed else "")
    yield ""
    for one in missed:
        got = f"{one.ratio.median:.2f}" if one.ratio and "×" in one.target else f"{one.measured.told()} {one.unit}"
        yield f"- {one.what} ({one.database}): {got} instead of {one.target}"
    yield from _WHICH_LIMIT


def _runs(taken: Sequence[Taken], missing: Sequence[str]) -> Iterator[str]:
    """When each part was measured: a part is of one run, the whole may be of several."""
    yield ""
    yield "## Runs"
    yield ""
    yield "| part | databases | day | commit | minutes | load of the machine |"
    yield "| --- | --- | --- | --- | ---: | ---: |"
    for one in taken:
        databases = ", ".join(dict.fromkeys(figure.database for figure in one.figures))
        ran = one.ran
        yield f"| {one.name} | {databases} | {ran.day} | {ran.commit} | {one.seconds / 60:.0f} | {ran.busy:.1f} |"
    if missing:
        yield ""
        yield f"Not measured in full: {', '.join(missing)}."


_INTRODUCTION = """\
Written by `make bench`; do not edit. Every figure is taken several times, in turns with its limit, on the same machine
in the same run: the median is told, with the lowest and the highest in brackets. Ratios are made sample by sample.
The ratio is the result; the absolute figure is that of this machine. When each part was measured, and how much else the
machine had to do then, stands [at the end](#runs).
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
