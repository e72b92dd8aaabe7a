"""kill -9 of whoever runs orders, at every step: each is done, and what it recorded is recorded exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from senim.app import Senim, make_folder, open_senim
from senim.identity import SYSTEM, new_subject
from senim.orders import State
from tests.faults.disk import ENVIRONMENT
from tests.faults.worker import END_EFFECT, KIND, POINTS, STEP_EFFECT


class Place:
    """An operator's folder with orders, and a remote system."""

    def __init__(self, folder: Path, mini: bytes, database: str, count: int) -> None:
        self.folder, self.remote = folder / "operator", folder / "remote"
        self.remote.mkdir()
        make_folder(self.folder, mini, database=database, origin="mini.example/log")
        with open_senim(self.folder, environment={}) as senim:
            senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
            place = senim.orders.place
            self.ids = [senim.run(SYSTEM, lambda work: place(work, KIND, lane_of=new_subject())) for _ in range(count)]

    def worker(self, minutes: int, point: str = "") -> subprocess.Popen[str]:
        """A process that runs the orders."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker", str(self.folder), str(self.remote), str(minutes), point],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
            start_new_session=True,
        )

    def end(self, process: subprocess.Popen[str]) -> int:
        """Wait for the end of a worker."""
        _, errors = process.communicate(timeout=60)
        assert errors == ""
        return process.returncode

    def opened(self, minutes: int) -> Senim:
        """The folder, later."""
        ahead = timedelta(minutes=minutes)
        return open_senim(self.folder, environment={}, now=lambda: datetime.now(UTC) + ahead)

    def check(self, minutes: int) -> None:
        """Every order is done, its deed and each of its effects are there once, and the log is whole."""
        with self.opened(minutes) as senim:
            most = 10 * len(self.ids)
            orders = senim.orders.list(senim.database, kind=KIND, most=most)
            assert {one.id for one in orders} == set(self.ids)
            assert {one.state for one in orders} == {State.DONE}
            for kind in (STEP_EFFECT, END_EFFECT):
                effects = senim.orders.list(senim.database, kind=kind, most=most)
                assert Counter(one.about for one in effects) == Counter(self.ids)
            assert {one.name: one.read_text() for one in self.remote.iterdir()} == dict.fromkeys(self.ids, "done once")
            report = senim.log.verify()
            assert (report.ok, report.waiting) == (True, 0)
            done = Counter(entry.ref for _, entry in senim.log.entries() if entry.act == "order.done")
            assert done == Counter(self.ids)


@pytest.fixture
def place(tmp_path: Path, mini: bytes, database_url: str) -> Callable[[int], Place]:
    """Makes a place with some orders."""
    return lambda count: Place(tmp_path, mini, database_url, count)


def test_a_worker_killed_at_any_step_is_gone_on_with(place: Callable[[int], Place]) -> None:
    """One after the other workers die at each point; the next one takes over when the lease is over."""
    made = place(len(POINTS) + 2)
    for number, point in enumerate(POINTS):
        assert made.end(made.worker(5 * number, point)) == -signal.SIGKILL, point
    assert made.end(made.worker(5 * len(POINTS))) == 0
    made.check(5 * len(POINTS) + 1)


def test_workers_killed_at_some_moment_lose_and_repeat_nothing(place: Callable[[int], Place]) -> None:
    """Two workers at once, killed after some orders, again and again: the rest is done by those who come after."""
    made = place(60)
    for number, count in enumerate((1, 7, 13)):
        workers = [made.worker(5 * number) for _ in "12"]
        for worker in workers:
            assert worker.stdout is not None
            for _ in range(count):
                worker.stdout.readline()
            os.killpg(worker.pid, signal.SIGKILL)
        for worker in workers:
            worker.communicate(timeout=60)
    assert made.end(made.worker(15)) == 0
    made.check(16)
