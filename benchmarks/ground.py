"""What everything stands on: an operator's folder on a database, made-up people as CSV files, a key for the doors."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.forms import POLICY, ROLE, Forms
from benchmarks.load import CannotMeasure, Service, environment, memory_of, senim
from benchmarks.sizes import Size
from senim.app import Senim, make_folder, open_senim
from senim.identity import SubjectId

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
"""What was measured here; not for the repository."""
POSTGRES = {"shared_buffers": "'1GB'", "max_wal_size": "'4GB'", "checkpoint_timeout": "'15min'"}
"""Settings of the measured server beside its own defaults: what any guide gives a machine of this size."""


@dataclass
class Ground:
    """An operator on one database."""

    place: Path
    database: str
    url: str
    size: Size
    token: str = ""
    imported: int = 0
    met: int = 0
    known: list[tuple[SubjectId, int]] = field(default_factory=list)
    """Some of the people who are stored: id and number."""

    @property
    def folder(self) -> Path:
        """The operator's folder."""
        return self.place / self.database

    def make(self) -> None:
        """Make the folder, publish the policy, add a key."""
        self.place.mkdir()
        make_folder(self.folder, POLICY.read_bytes(), database=self.url, origin="bench.example/log")
        with self.opened() as platform:
            platform.run(platform.actor(), lambda work: platform.policies.publish(work, POLICY.read_bytes()))
            _, self.token = platform.run(platform.actor(), lambda work: platform.access.add(work, "bench", role=ROLE))

    def opened(self) -> Senim:
        """The platform, in this process."""
        return open_senim(self.folder, environment={})

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of processes that work on the folder."""
        return environment(self.place, SENIM_DIR=str(self.folder), **more)

    @contextmanager
    def served(self) -> Iterator[Service]:
        """The service, as ``senim serve`` starts it."""
        port = free_port()
        service = Service(
            [senim(), "serve", "--port", str(port)], port=port, env=self.environment(), path="/v1/health", cwd=ROOT
        )
        try:
            yield service
        finally:
            service.stop()

    def new_numbers(self, count: int) -> range:
        """Numbers of people whom nobody has met."""
        start = self.size.people + self.met
        self.met += count
        return range(start, start + count)

    def get_to_know(self, platform: Senim) -> None:
        """Learn the ids of some of the people who are stored, all over the database."""
        work, forms = platform.works.begin(platform.actor()), Forms.of(platform)
        chosen = random.Random(20).sample(range(self.imported), min(self.size.known, self.imported))
        for number in chosen:
            owners = platform.vault.owner_of(work, "contact.email", forms.value("contact.email", number))
            self.known.append((owners[0], number))

    def forget(self, count: int) -> list[SubjectId]:
        """Ids of known people who are about to be erased."""
        gone, self.known = self.known[:count], self.known[count:]
        return [subject for subject, _ in gone]


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended well: seconds that passed, seconds of processor, and its most megabytes, if looked at."""

    seconds: float
    processor: float
    memory: float


def run(command: list[str], *, env: dict[str, str], cwd: Path = ROOT, memory: bool = False) -> Ran:
    """Run a command. Raises CannotMeasure with what it said if it fails."""
    most: list[float] = []
    started = time.perf_counter()
    with subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        if memory:
            threading.Thread(target=_watch, args=(process.pid, most), daemon=True).start()
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise CannotMeasure(f"{' '.join(command)} failed: {said.decode(errors='replace')[-2000:]}")
    return Ran(seconds, used.ru_utime + used.ru_stime, max(most, default=0))


def _watch(pid: int, most: list[float]) -> None:
    """Look at a command's memory until it ends. What the kernel tells at the end begins with that of its parent."""
    with suppress(OSError):  # it has ended
        while True:
            most.append(memory_of(pid)[1])
            time.sleep(0.01)
