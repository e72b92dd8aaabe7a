"""(k) Stored orders a second: claimed, carried out, the receipt durable, each in a transaction of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks.figures import Figure, in_turns
from benchmarks.ground import Ground
from senim.app import Senim
from senim.identity import SYSTEM, new_subject
from senim.orders.context import Context, Done
from senim.orders.records import Claimed

KIND, QUEUE = "bench.nothing", "bench"
THREADS = 8


def measure(ground: Ground) -> Iterator[Figure]:
    """Orders that have nothing to do, by one worker and by several."""
    with ground.opened() as senim:
        senim.orders.handle(KIND, _nothing)
        count = ground.size.orders
        found = in_turns(
            ground.size.repetitions,
            {"one": lambda: _through(senim, count, 1), "several": lambda: _through(senim, count, THREADS)},
        )
    for name, who in (("one", "one worker"), ("several", f"{THREADS} workers")):
        yield Figure(
            part="k",
            what=f"orders by {who}",
            database=ground.database,
            unit="/s",
            measured=found[name],
            how=f"{count:,} orders placed before, claimed in batches, done and told in the log",
        )


def _nothing(context: Context, claimed: Claimed) -> Done:
    return Done({"attempt": claimed.attempt})


def _through(senim: Senim, count: int, threads: int) -> float:
    """Carry out so many orders; how many a second."""
    for _ in range(count // 100):
        senim.run(SYSTEM, lambda work: [senim.orders.place(work, KIND, lane_of=new_subject()) for _ in range(100)])
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(lambda _: senim.orders.run_due(QUEUE), range(threads)))
    seconds = time.perf_counter() - started
    left = senim.orders.counts(senim.database)
    if done < count // 100 * 100 or KIND in {**left.due, **left.later, **left.dead}:
        raise AssertionError(f"{done} of {count} orders: {left}")
    return done / seconds
