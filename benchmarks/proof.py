"""(e) Verify an exported log: entries a second, and memory that does not grow with it."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.figures import Figure, Spread
from benchmarks.forms import PURPOSE, ROLE
from benchmarks.ground import Ground, Ran, run
from benchmarks.load import senim
from senim.app import Senim
from senim.gate import Question

_MANY = 5_000


def export(ground: Ground, entries: int, name: str) -> Path:
    """Export the operator's log when it has ``entries``; what is missing is filled up with checks."""
    target = ground.place / name
    with ground.opened() as platform:
        platform.tick()
        _fill(platform, entries)
        platform.log.export(target)
    return target


def _fill(platform: Senim, entries: int) -> None:
    actor = platform.actor(ROLE)
    somebody = next(platform.subjects.everybody(platform.database)).subject
    while platform.log.size < entries:
        for _ in range(min(_MANY, entries - platform.log.size)):
            platform.gate.check(actor, Question("use", PURPOSE, somebody))
        platform.tick()


def measure(ground: Ground, small: Path, large: Path) -> Iterator[Figure]:
    """Verify both exports by the command, in turns with the bare hashing of the same files."""
    rates, limits, memory_small, memory_large = [], [], [], []
    size = int((large / "checkpoint").read_text(encoding="utf-8").splitlines()[1])
    few = int((small / "checkpoint").read_text(encoding="utf-8").splitlines()[1])
    for _ in range(ground.size.repetitions):
        memory_small.append(_verify(ground, small).memory)
        ran = _verify(ground, large)
        rates.append(size / ran.seconds)
        memory_large.append(ran.memory)
        limits.append(size / _hash_all(large))
    measured, limit = Spread(tuple(rates)), Spread(tuple(limits))
    yield Figure(
        part="e",
        what=f"verify {size:,} entries from an export",
        database="—",
        unit="entries/s",
        measured=measured,
        limit=limit,
        limited_by="reading the same bundles and hashing leaves and nodes, with nothing compared",
        ratio=measured.over(limit),
        target="≥ 300,000",
        met=measured.median >= 300_000,
        how=f"`senim verify EXPORT --key …`, start of the command included, on {os.cpu_count()} cores",
    )
    growth = Spread(tuple(memory_large)).over(Spread(tuple(memory_small)))
    yield Figure(
        part="e",
        what=f"memory of verify, {size:,} entries against {few:,}",
        database="—",
        unit="MB",
        measured=Spread(tuple(memory_large)),
        limit=Spread(tuple(memory_small)),
        limited_by=f"{few:,} entries",
        ratio=growth,
        target="flat",
        met=growth.median <= 1.15,
        how="the most of all its processes together (PSS); flat: at most 15 % more for ten times as many",
    )
    shutil.rmtree(small)
    shutil.rmtree(large)


def _verify(ground: Ground, export: Path) -> Ran:
    key = (export / "vkey").read_text(encoding="utf-8").strip()
    return run([senim(), "verify", str(export), "--key", key], env=ground.environment(), memory=True)


def _hash_all(export: Path) -> float:
    """Seconds in which all cores hash the bundles of an export."""
    started = time.perf_counter()
    bundles = sorted(path for path in (export / "tile" / "entries").rglob("*") if path.is_file())
    with ProcessPoolExecutor() as pool:
        for _ in pool.map(_hash, bundles, chunksize=64):
            pass
    return time.perf_counter() - started


def _hash(bundle: Path) -> bytes:
    """The root over a bundle: RFC 6962, and nothing else."""
    content, at, level, sha = bundle.read_bytes(), 0, [], hashlib.sha256
    while at < len(content):
        end = at + 2 + (content[at] << 8 | content[at + 1])
        level.append(sha(b"\x00" + content[at + 2 : end]).digest())
        at = end
    while len(level) > 1:
        level = [sha(b"\x01" + b"".join(level[i : i + 2])).digest() for i in range(0, len(level), 2)]
    return level[0]
