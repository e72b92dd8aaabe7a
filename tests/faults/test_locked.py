"""A database that somebody else holds: 503 or exit code 1, soon, for all who wait; then everything goes on."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from senim.app import open_senim
from senim.errors import Code, Unavailable
from senim.storage import Unit
from senim.storage import sqlite as driver
from senim.testing import FixedClock, platform
from senim.vault import keystore, store
from tests.faults.conftest import Command
from tests.faults.scene import Scene, halves, refused

LOCKS = {
    "another writes": ("BEGIN IMMEDIATE",),
    "another has it alone": ("PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"),
}


@contextmanager
def _held(path: Path, *statements: str) -> Iterator[None]:
    """Another connection holds an SQLite file."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for statement in statements or LOCKS["another writes"]:
            other.execute(statement)
        yield
    finally:
        other.close()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits five seconds for a lock in these tests."""
    monkeypatch.setattr(driver, "_BUSY_MS", 20)


@pytest.mark.parametrize("file", ["senim.db", "keys.db"])
def test_what_writes_is_refused_while_another_process_writes(file: str, scene: Scene) -> None:
    """503 with its code, nothing half done in either database; when the lock is gone all goes on."""
    subject = scene.send("POST", "/v1/intake", scene.intake()).json["subject"]  # type: ignore[index]
    body = scene.intake()
    with _held(scene.senim.folder / file):
        refused(scene.send("POST", "/v1/intake", body, Idempotency_Key="k"), 503, "storage_busy")
        refused(scene.erase(subject), 503, "storage_busy")
        if file == "senim.db":
            refused(scene.read(subject), 503, "storage_busy")
        else:
            assert scene.read(subject).status_code == 200
    assert scene.count() == 1
    assert scene.read(subject).status_code == 200, "an erasure that was refused did nothing"
    assert keystore.unsettled_erasures(scene.senim.key_store) == []
    assert scene.send("POST", "/v1/intake", body, Idempotency_Key="k").status_code == 201
    assert scene.erase(subject).status_code == 200
    assert halves(scene.senim) == []


def test_what_only_reads_goes_on_while_another_process_writes(scene: Scene) -> None:
    """The public policy, the notice and allowed checks need no lock."""
    subject = scene.stage.person().subject
    question = {"operation": "extract", "purpose": "orders", "subject": subject}
    scene.senim.tick()
    with _held(scene.senim.folder / "senim.db"):
        assert scene.send("GET", "/privacy/ru").status_code == 200
        assert scene.send("GET", "/v1/points/registration/notice?language=kk").status_code == 200
        assert scene.send("POST", "/v1/check", question).json["allowed"]  # type: ignore[index]
        with pytest.raises(Unavailable) as refusal:
            scene.senim.tick()
    assert refusal.value.code is Code.STORAGE_BUSY
    assert scene.senim.tick() > 0, "the check is in the log after all"
    assert halves(scene.senim) == []


def test_those_who_wait_together_wait_once(scene: Scene) -> None:
    """A group behind a lock is refused as one: not one after the other, each after a wait of its own."""
    engine: Any = scene.senim.database.engine
    begin = engine.begin
    begun: list[int] = []

    def counted() -> None:
        begun.append(1)
        begin()

    engine.begin = counted
    units = [Unit() for _ in range(40)]
    with _held(scene.senim.folder / "senim.db"):
        outcomes = engine.apply(units, scene.senim.key_store.engine)
    assert {getattr(outcome, "code", None) for outcome in outcomes} == {Code.STORAGE_BUSY}
    assert len(outcomes) == 40
    assert len(begun) == 1


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("file", ["senim.db", "keys.db"])
def test_the_command_line_says_that_the_database_is_busy(
    lock: str, file: str, operator: Path, command: Command
) -> None:
    """Exit code 1 and the code; the next try works."""
    sql = "SELECT lower(hex(subject)) FROM person_key LIMIT 1"
    with sqlite3.connect(operator / "keys.db") as keys:
        subject = keys.execute(sql).fetchone()[0]
    keys.close()
    ask = ("subjects", "erase", subject, "--reason", "request", "--yes", "-C", operator)
    with _held(operator / file, *LOCKS[lock]):
        ran = command(*ask)
        assert (ran.code, ran.err.partition(":")[0]) == (1, "storage_busy"), ran.err
    assert command(*ask).code == 0
    with open_senim(operator, environment={}) as senim:
        assert halves(senim) == []


def test_two_processes_share_one_sqlite_file(operator: Path, mini: bytes) -> None:
    """The service and the command line at once: both write, the log stays one."""
    with open_senim(operator, environment={}) as one, open_senim(operator, environment={}) as two:
        scenes = [Scene(one, mini), Scene(two, mini)]
        statuses: list[int] = []

        def work(scene: Scene) -> None:
            for _ in range(6):
                answer = scene.send("POST", "/v1/intake", scene.intake())
                while answer.status_code == 503:
                    answer = scene.send("POST", "/v1/intake", scene.intake())
                statuses.append(answer.status_code)

        threads = [threading.Thread(target=work, args=(scene,)) for scene in scenes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [201] * 12
        one.tick()
        one.log.release()
        assert halves(two) == []


@pytest.fixture
def on_postgres(new_postgres: Any, mini: bytes, clock: FixedClock) -> Iterator[tuple[Scene, psycopg.Connection]]:
    """A platform on PostgreSQL whose writer waits 100 ms for locks, and another connection to its database."""
    url = new_postgres()
    with platform(mini, database=url, now=clock) as stage, psycopg.connect(url, autocommit=True) as other:
        scene = Scene(stage.platform, mini)  # type: ignore[arg-type]  # the stage's platform is a whole Senim
        engine: Any = scene.senim.database.engine
        engine._writer.execute("SET lock_timeout = '100ms'")
        yield scene, other


def test_a_lock_on_a_table_of_postgresql_is_told_and_passes(
    on_postgres: tuple[Scene, psycopg.Connection],
) -> None:
    """503 while somebody locks the table; then everything goes on."""
    scene, other = on_postgres
    with other.transaction():
        other.execute("LOCK TABLE subject IN EXCLUSIVE MODE")
        refused(scene.send("POST", "/v1/intake", scene.intake()), 503, "storage_busy")
    assert scene.send("POST", "/v1/intake", scene.intake()).status_code == 201
    assert halves(scene.senim) == []


def test_a_lock_on_one_person_stops_nobody_else(on_postgres: tuple[Scene, psycopg.Connection]) -> None:
    """Who is committed together with an act that waits for a row is not refused with it."""
    scene, other = on_postgres
    locked, free = (scene.stage.person().subject for _ in range(2))
    with other.transaction():
        other.execute("SELECT 1 FROM subject WHERE id = %s FOR UPDATE", [bytes.fromhex(locked)])
        engine, units = scene.senim.database.engine, []
        for subject in (locked, free):
            unit = Unit()
            scene.senim.subjects.watch(unit, scene.senim.subjects.find(scene.senim.database, subject))
            store.drop_document(unit, subject, "0" * 32)
            units.append(unit)
        outcomes = engine.apply(units, scene.senim.key_store.engine)
    assert isinstance(outcomes[0], Unavailable)
    assert outcomes[0].code is Code.STORAGE_BUSY
    assert outcomes[1] is None


def test_a_statement_that_takes_too_long_is_told_and_passes(on_postgres: tuple[Scene, psycopg.Connection]) -> None:
    """A statement timeout of the server's is 503; the connection goes on being used."""
    scene, other = on_postgres
    engine: Any = scene.senim.database.engine
    engine._writer.execute("SET lock_timeout = 0")
    engine._writer.execute("SET statement_timeout = '100ms'")
    with other.transaction():
        other.execute("LOCK TABLE log_pending IN EXCLUSIVE MODE")
        refused(scene.send("POST", "/v1/intake", scene.intake()), 503, "storage_busy")
    assert scene.send("POST", "/v1/intake", scene.intake()).status_code == 201
    assert halves(scene.senim) == []
