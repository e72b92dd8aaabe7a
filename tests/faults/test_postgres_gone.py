"""PostgreSQL that breaks off or restarts: told with 503, never told as done when that is not known; it recovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from senim.app import make_folder, open_senim
from senim.errors import Code, Unavailable
from senim.storage.postgres import PostgreSQL
from senim.testing import FixedClock, platform
from tests.faults.scene import Scene, halves, refused
from tests.postgres import Server


@pytest.fixture
def scene(new_postgres: Callable[[], str], mini: bytes, clock: FixedClock) -> Iterator[Scene]:
    """A platform on PostgreSQL with its service."""
    with platform(mini, database=new_postgres(), now=clock) as stage:
        yield Scene(stage.platform, mini)  # type: ignore[arg-type]  # the stage's platform is a whole Senim


def _engine(scene: Scene) -> PostgreSQL:
    engine = scene.senim.database.engine
    assert isinstance(engine, PostgreSQL)
    return engine


def _cut(scene: Scene, *, only: int = 0) -> None:
    """Break off every connection of the platform, as a restart of the server does."""
    with psycopg.connect(_engine(scene)._url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND (%(only)s = 0 OR pid = %(only)s)",
            {"only": only},
        )


def _lose_the_next_commit(scene: Scene) -> list[int]:
    """Let the connection break when the server has committed; whose it was, once it happened."""
    engine: Any = _engine(scene)
    commit = engine.commit
    lost: list[int] = []

    def losing() -> None:
        commit()
        if not lost:
            lost.append(engine._writer.info.backend_pid)
            _cut(scene, only=lost[0])
            engine._writer.execute("SELECT 1")

    engine.commit = losing
    return lost


def test_reading_and_asking_recover_unseen_when_connections_broke(scene: Scene) -> None:
    """Whoever only reads does not notice that the server was restarted between two requests."""
    subject = scene.stage.person().subject
    question = {"operation": "extract", "purpose": "orders", "subject": subject}
    scene.senim.tick()
    _cut(scene)
    assert scene.send("POST", "/v1/check", question).json["allowed"]  # type: ignore[index]
    assert scene.send("GET", "/v1/health").status_code == 200


def test_writing_recovers_unseen_when_the_connection_broke_between_two_acts(scene: Scene) -> None:
    """Nothing was begun on the broken connection, so that a new one may do it all."""
    _cut(scene)
    assert scene.send("POST", "/v1/intake", scene.intake()).status_code == 201
    assert scene.count() == 1
    assert halves(scene.senim) == []


@pytest.mark.parametrize("where", ["write", "count", "look"])
def test_a_connection_that_breaks_within_the_transaction_leaves_nothing(where: str, scene: Scene) -> None:
    """Whatever was written so far is gone with the connection."""
    engine: Any = _engine(scene)
    subject = scene.stage.person().subject
    act = getattr(engine, where)
    cuts: list[int] = []

    def breaking(*arguments: Any) -> Any:
        if not cuts:
            cuts.append(engine._writer.info.backend_pid)
            _cut(scene, only=cuts[0])
        return act(*arguments)

    setattr(engine, where, breaking)
    consent = {"subject": subject, "purpose": "newsletter", "given": False}
    answer = scene.send("POST", "/v1/consents", consent, Idempotency_Key="k")
    assert cuts
    refused(answer, 503, "storage_unreachable")
    assert scene.send("POST", "/v1/consents", consent, Idempotency_Key="k").status_code == 201
    assert halves(scene.senim) == []


def test_a_commit_whose_outcome_is_unknown_is_not_told_as_done_and_not_done_twice(scene: Scene) -> None:
    """The connection breaks after the server committed: 503; the same key then gives the answer that stands."""
    lost = _lose_the_next_commit(scene)
    body = scene.intake()
    refused(scene.send("POST", "/v1/intake", body, Idempotency_Key="k"), 503, "storage_unreachable")
    assert lost
    again = scene.send("POST", "/v1/intake", body, Idempotency_Key="k")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert scene.count() == 1
    assert halves(scene.senim) == []


def test_a_group_whose_commit_is_unknown_is_not_written_again(scene: Scene) -> None:
    """Acts that shared the lost commit are all told so; none is decided anew by us behind the caller's back."""
    engine, senim = _engine(scene), scene.senim
    lost = _lose_the_next_commit(scene)
    units = []
    for _ in range(3):
        work = senim.works.begin(scene.stage.actor)
        senim.collection.intake(work, scene.stage.request("registration"))
        units.append(work.unit)
    outcomes = engine.apply(units, senim.key_store.engine)
    assert lost
    assert {getattr(outcome, "code", None) for outcome in outcomes} == {Code.STORAGE_UNREACHABLE}
    assert scene.count() == 3
    assert halves(senim) == []


def test_a_server_without_a_free_connection_is_told_and_waited_for(tmp_path: Path, mini: bytes) -> None:
    """Too many connections: 503 for who needs a new one; with a free one it goes on. Restarts are survived."""
    server = Server(settings={"max_connections": "8", "superuser_reserved_connections": "0"})
    try:
        server.execute("CREATE DATABASE small")
        folder = tmp_path / "operator"
        make_folder(folder, mini, database=server.url("small"), origin="mini.example/log")
        with open_senim(folder, environment={}) as senim:
            senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
            scene = Scene(senim, mini)
            subject = scene.stage.person().subject
            _cut(scene)
            others = _all_connections(server)
            refused(scene.read(subject), 503, "storage_unreachable")
            refused(scene.send("POST", "/v1/intake", scene_body(scene)), 503, "storage_unreachable")
            watcher = others.pop()
            for other in others:
                other.close()
            while watcher.execute("SELECT count(*) > 1 FROM pg_stat_activity WHERE datname = 'small'").fetchone() == (
                True,
            ):
                watcher.rollback()
            watcher.close()
            assert scene.read(subject).status_code == 200
            server.kill()
            for _ in range(3):
                refused(scene.read(subject), 503, "storage_unreachable")
                with pytest.raises(Unavailable):
                    senim.tick()
            server.start()
            assert scene.read(subject).status_code == 200
            assert scene.client.get("/privacy/ru").status_code == 200
            assert halves(senim) == []
    finally:
        server.stop()


def _all_connections(server: Server) -> list[psycopg.Connection]:
    """Take every connection that the server has left."""
    taken: list[psycopg.Connection] = []
    while True:
        try:
            taken.append(psycopg.connect(server.url("small")))
        except psycopg.OperationalError:
            return taken


def scene_body(scene: Scene) -> dict[str, Any]:
    """A body made without asking the database."""
    return {"point": "registration", "language": "ru", "notice": "0" * 64, "values": scene.stage.values("registration")}
