"""kill -9 at any moment, on both databases: what was acknowledged is there, nothing is half done, the log goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from senim.app import Senim, make_folder, open_senim
from senim.audit.checkpoint import LogVerifier
from senim.errors import Code, SenimError
from tests.faults.disk import ENVIRONMENT
from tests.faults.scene import halves, seen
from tests.postgres import Server

ROUNDS = (1, 7, 40, 150)
"""After how many acknowledgements the writer is killed, one round after the other in the same folder."""


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A PostgreSQL server of these tests' own that survives a power cut; it is killed here."""
    server = Server(durable=True)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def workplace(request: pytest.FixtureRequest, tmp_path: Path, mini: bytes) -> Path:
    """An operator's folder with the policy published, its data in SQLite and in PostgreSQL in turn."""
    database = "sqlite:///senim.db"
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("own_server")
        server.execute("DROP DATABASE IF EXISTS killed")
        server.execute("CREATE DATABASE killed")
        database = server.url("killed")
    return _made(tmp_path / "operator", mini, database)


def _made(folder: Path, mini: bytes, database: str) -> Path:
    make_folder(folder, mini, database=database, origin="mini.example/log")
    with open_senim(folder, environment={}) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
    return folder


class Writer:
    """The writing process, and what it was told is done."""

    def __init__(self, folder: Path, *, minutes: int, seed: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer", str(folder), str(minutes), str(seed)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
            start_new_session=True,
        )
        self.done: list[list[str]] = []

    def read(self, count: int) -> None:
        """Read so many acknowledgements."""
        assert self.process.stdout is not None
        while len(self.done) < count:
            line = self.process.stdout.readline()
            assert line.endswith("\n"), (self.process.wait(30), line, self.done[-3:], self._errors())
            self.done.append(line.split())

    def kill(self) -> list[list[str]]:
        """Kill it at once; all that it had said by then."""
        os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.stdout is not None
        with self.process.stdout as rest:
            self.done += [line.split() for line in rest if line.endswith("\n")]
        assert self.process.wait(30) == -signal.SIGKILL, self._errors()
        self._errors()
        return self.done

    def _errors(self) -> str:
        """What it said on its standard error, when it is dead."""
        assert self.process.stderr is not None
        with self.process.stderr as errors:
            return errors.read()


def _missing(senim: Senim, done: list[list[str]]) -> list[str]:
    """Acknowledged acts that are not there."""
    log = seen(senim)
    people = {one.subject: one for one in senim.subjects.everybody(senim.database)}
    found = []
    for act, subject, *more in (words for words in done if words[0] != "refused"):
        there = subject in people and log.acts["data.collected", subject] == 1
        if act == "consent":
            there = there and more[0] in log.ids
        if act == "erase":
            there = there and people[subject].erased and log.acts["subject.erased", subject] == 1  # type: ignore[index]
        found += [] if there else [f"{act} {subject}"]
    return found


def _reopened(folder: Path, minutes: int) -> Senim:
    """The folder again, when the dead process's lease on sealing is over."""
    ahead = timedelta(minutes=minutes, seconds=30)
    return open_senim(folder, environment={}, now=lambda: datetime.now(UTC) + ahead)


def test_a_killed_writer_loses_nothing_and_leaves_nothing_half(workplace: Path) -> None:
    """Four rounds of kill -9: every acknowledged intake, consent, withdrawal and erasure is there and in the log."""
    done: list[list[str]] = []
    anchors: list[str] = []
    for number, count in enumerate(ROUNDS):
        writer = Writer(workplace, minutes=2 * number, seed=number + 1)
        writer.read(count)
        done += writer.kill()
        with _reopened(workplace, 2 * number) as senim:
            assert halves(senim) == []
            assert _missing(senim, done) == []
            assert senim.log.verify(anchors=tuple(anchors)).ok, "the log only grew"
            anchors.append(senim.log.checkpoint())
            verifier = LogVerifier(senim.log.vkey)
            sizes = [verifier.open(note).size for note in anchors]
            assert sizes == sorted(set(sizes)), "sealing went on after each kill"
    assert {words[0] for words in done} >= {"intake", "consent", "erase"}
    refusals = [words for words in done if words[0] == "refused"]
    assert refusals == []


def test_a_killed_database_server_loses_nothing_that_was_acknowledged(
    own_server: Server, tmp_path: Path, mini: bytes
) -> None:
    """kill -9 of PostgreSQL while a process writes: refusals with a code meanwhile, then it goes on by itself."""
    own_server.execute("DROP DATABASE IF EXISTS crashed")
    own_server.execute("CREATE DATABASE crashed")
    folder = _made(tmp_path / "operator", mini, own_server.url("crashed"))
    writer = Writer(folder, minutes=0, seed=9)
    writer.read(60)
    own_server.kill()
    while not any(words[0] == "refused" for words in writer.done):
        writer.read(len(writer.done) + 1)
    own_server.start()
    before = len(writer.done)
    while sum(words[0] != "refused" for words in writer.done[before:]) < 60:
        writer.read(len(writer.done) + 1)
    done = writer.kill()
    codes = {words[1] for words in done if words[0] == "refused"}
    assert codes <= {Code.STORAGE_UNREACHABLE.value, Code.PERSON_KEY_MISSING.value}, codes
    with _reopened(folder, 0) as senim:
        assert halves(senim) == []
        assert _missing(senim, done) == []


def test_a_server_that_is_gone_is_told_at_opening(own_server: Server, tmp_path: Path, mini: bytes) -> None:
    """Without its database the folder does not open, and says why; with it, it does."""
    own_server.execute("DROP DATABASE IF EXISTS gone")
    own_server.execute("CREATE DATABASE gone")
    folder = _made(tmp_path / "operator", mini, own_server.url("gone"))
    own_server.kill()
    with pytest.raises(SenimError) as refusal:
        open_senim(folder, environment={})
    assert refusal.value.code is Code.STORAGE_UNREACHABLE
    own_server.start()
    with open_senim(folder, environment={}) as senim:
        assert halves(senim) == []
