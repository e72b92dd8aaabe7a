"""(h) Searching for personal data: how fast, how exactly, and in how much memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.labelled import HOSTILE, Labelled, Maker, sample

from benchmarks.figures import Figure, Spread, in_turns
from benchmarks.ground import Ground, run
from benchmarks.load import senim
from senim.recognisers import IN_TEXTS, find

_LINES = 5_000
"""Lines of each genre: four megabytes in all."""

_MB = 1_000_000


def measure(ground: Ground) -> Iterator[Figure]:
    """Search the labelled sample, text that is made to cost much, and one line that does not fit into memory."""
    texts = dict(sample(_LINES))
    yield from _speed(texts, ground.size.repetitions)
    yield from _exactness(texts)
    yield _memory(ground)


def _seconds(act: Callable[[str], object], texts: Iterable[str]) -> float:
    """Processor seconds: other work on the machine is not this search's."""
    started = time.process_time()
    for text in texts:
        act(text)
    return time.process_time() - started


def _speed(texts: dict[str, Labelled], repetitions: int) -> Iterator[Figure]:
    """Megabytes of UTF-8 a second of one core."""
    written = {genre: one.text for genre, one in texts.items()}
    weight = {genre: len(text.encode()) / _MB for genre, text in written.items()}
    labels = sum(len(one.labels) for one in texts.values())
    everything = list(written.values())
    find(written["contract"])  # lists of names are read once

    def lower(text: str) -> object:
        return [character for character in text if character == "@"]

    runs: dict[str, Callable[[], float]] = {
        "all": lambda: sum(weight.values()) / _seconds(find, everything),
        "limit": lambda: sum(weight.values()) / _seconds(lower, everything),
        "hostile": lambda: min(len(text.encode()) / _MB / _seconds(find, [text]) for text in HOSTILE),
    }
    runs |= {genre: lambda genre=genre: weight[genre] / _seconds(find, [written[genre]]) for genre in written}  # type: ignore[misc]
    found = in_turns(repetitions, runs)
    yield Figure(
        part="h",
        what="search of the labelled sample, rules only",
        database="—",
        unit="MB/s per core",
        measured=found["all"],
        limit=found["limit"],
        limited_by="a loop in Python that looks at each character once",
        ratio=found["all"].over(found["limit"]),
        target="≥ 10",
        met=found["all"].median >= 10,
        how=f"all {len(IN_TEXTS)} kinds; {sum(weight.values()):.1f} MB of kk, ru, en with {labels:,} hits in them",
    )
    for genre in written:
        how = f"{len(texts[genre].labels) / weight[genre]:,.0f} hits a megabyte"
        yield _plain(f"the same, {genre} alone", found[genre], how)
    yield _plain("text that is made to cost much, the costliest", found["hostile"], f"{len(HOSTILE)} texts of 0.1 MB")


def _plain(what: str, measured: Spread, how: str) -> Figure:
    return Figure(part="h", what=what, database="—", unit="MB/s per core", measured=measured, how=how)


def _exactness(texts: dict[str, Labelled]) -> Iterator[Figure]:
    """Of what is told how much is right, and of what is there how much is told; places must be the very same."""
    right, false, missed = Counter[str](), Counter[str](), Counter[str]()
    for one in texts.values():
        labels = set(one.labels)
        hits = {(hit.kind.value, hit.start, hit.end) for hit in find(one.text)}
        right.update(kind for kind, _, _ in labels & hits)
        false.update(kind for kind, _, _ in hits - labels)
        missed.update(kind for kind, _, _ in labels - hits)
    for kind in sorted(right):
        precision = right[kind] / (right[kind] + false[kind])
        recall = right[kind] / (right[kind] + missed[kind])
        yield Figure(
            part="h",
            what=f"precision of {kind} on the labelled sample",
            database="—",
            unit="",
            measured=Spread((precision,)),
            target="≥ 0.99" if kind == "iin" else "",
            met=precision >= 0.99 if kind == "iin" else None,
            how=f"recall {recall:.3f} of {right[kind] + missed[kind]:,}; traps and recognisers are by the same hands",
        )


def _memory(ground: Ground) -> Figure:
    """The command over one line, and over one of ten times its length."""
    line = Maker(1).texts("contract", 4_000).text.replace("\n", " ").encode()
    memory = {
        name: _line(ground, ground.place / f"line-{name}", line, times)
        for name, times in (("short", 20), ("long", 200))
    }
    return Figure(
        part="h",
        what=f"memory of `senim scan`, one line of {200 * len(line) // _MB:,} MB against {20 * len(line) // _MB:,} MB",
        database="—",
        unit="MB",
        measured=Spread((memory["long"],)),
        limit=Spread((memory["short"],)),
        limited_by=f"a line of {20 * len(line) // _MB:,} MB",
        ratio=Spread((memory["long"],)).over(Spread((memory["short"],))),
        target="flat",
        met=memory["long"] <= 1.15 * memory["short"],
        how="the most of the process (PSS); flat: at most 15 % more for ten times as much",
    )


def _line(ground: Ground, path: Path, line: bytes, times: int) -> float:
    with path.open("wb") as file:
        for _ in range(times):
            file.write(line)
    try:
        return run([senim(), "scan", str(path), "--json"], env=ground.environment(), memory=True).memory
    finally:
        path.unlink()
