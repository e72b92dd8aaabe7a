"""(g) How soon the command and the service are there."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from benchmarks.doors import bare_service
from benchmarks.figures import Figure, in_turns
from benchmarks.ground import Ground, run
from benchmarks.load import senim

_SETTLE = 1.0
"""Seconds for which a service stays: one that is stopped while its workers start takes its time."""


def measure_command(ground: Ground) -> Iterator[Figure]:
    """The start of ``senim --help``."""
    env = ground.environment()

    def seconds(*command: str) -> float:
        return run(list(command), env=env).seconds

    seconds(senim(), "--help")
    found = in_turns(
        2 * ground.size.repetitions,
        {
            "help": lambda: seconds(senim(), "--help"),
            "click": lambda: seconds(sys.executable, "-c", "import click"),
        },
    )
    yield Figure(
        part="g",
        what="start of `senim --help`",
        database="—",
        unit="s",
        measured=found["help"],
        limit=found["click"],
        limited_by="`python -c 'import click'`",
        ratio=found["help"].over(found["click"]),
        target="< 0.3",
        met=found["help"].median < 0.3,
        how="from the start of the process to its end, byte code cached",
    )


def measure_service(ground: Ground, other: Ground) -> Iterator[Figure]:
    """The start of the service."""

    def ours() -> float:
        with ground.served() as service:
            time.sleep(_SETTLE)
            return service.started_in

    def bare() -> float:
        with bare_service(other) as service:
            time.sleep(_SETTLE)
            return service.started_in

    ours(), bare()
    found = in_turns(ground.size.repetitions, {"service": ours, "bare": bare})
    yield Figure(
        part="g",
        what="start of the service",
        database=ground.database,
        unit="s",
        measured=found["service"],
        limit=found["bare"],
        limited_by="granian with an empty Falcon handler under the same command",
        ratio=found["service"].over(found["bare"]),
        target="< 2",
        met=found["service"].median < 2,
        how=f"`senim serve` until /v1/health answers, {ground.imported:,} people stored, byte code cached",
    )
