"""Erasures cut off at their worst points: nobody is readable in between, and the rest is done by itself."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from senim import app
from senim.app import Senim, open_senim
from senim.errors import Code, SenimError
from senim.identity import SubjectId
from senim.rights import Opening, State, Way
from senim.runner import Runner
from senim.testing import Stage
from senim.vault import keystore
from tests.faults import cut, disk
from tests.faults.scene import Scene, halves, refused, seen


def _opened(folder: Path) -> Senim:
    """The folder when the dead process's lease on sealing is over."""
    return open_senim(folder, environment={}, now=lambda: datetime.now(UTC) + timedelta(seconds=30))


def _read(senim: Senim, subject: SubjectId) -> dict[str, Any]:
    told = senim.run(senim.actor(), lambda work: senim.vault.read(work, senim.subjects.about(work, subject), "orders"))
    return dict(told.values)


@pytest.mark.parametrize("point", cut.POINTS)
def test_an_erasure_whose_process_died_is_finished_at_the_next_opening(
    point: str, folder: Path, mini: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its key is destroyed nothing happened; from then on the person is erased, whatever dies."""
    with open_senim(folder, environment={}) as senim:
        stage = Stage(senim, mini, app.throwaway)
        person, other = stage.person(), stage.person()
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.cut", str(folder), person.subject, point],
        check=False,
        env=disk.ENVIRONMENT,
        timeout=60,
    )
    assert done.returncode == 9
    with monkeypatch.context() as place:
        place.setattr(Senim, "settle", lambda self: None)
        between = _opened(folder)
        if point == "before the key goes":
            assert _read(between, person.subject)
        else:
            with pytest.raises(SenimError) as refusal:
                _read(between, person.subject)
            assert refusal.value.code in (Code.PERSON_KEY_MISSING, Code.SUBJECT_ERASED)
            assert keystore.read_key(between.key_store, person.subject) is None
        between.database.close()
        between.key_store.close()
    with _opened(folder) as senim:
        assert halves(senim) == []
        erased = seen(senim).acts["subject.erased", person.subject]
        assert erased == (0 if point == "before the key goes" else 1)
        assert _read(senim, other.subject)
        ledger = [one.subject for one in keystore.ledger(senim.key_store)]
        assert ledger == ([person.subject] if erased else [])


def test_an_erasure_that_only_lost_its_rows_commit_is_finished_by_the_running_service(scene_on_both: Scene) -> None:
    """Key gone, rows still there: nobody reads the person, and the clock of the same process does the rest."""
    scene = scene_on_both
    subject = scene.send("POST", "/v1/intake", scene.intake()).json["subject"]  # type: ignore[index]
    with disk.no_commit(scene.senim.database):
        refused(scene.erase(subject), 507, "storage_full")
        assert keystore.read_key(scene.senim.key_store, SubjectId(subject)) is None
    answer = scene.read(subject)
    refused(answer, 503, "person_key_missing")
    scene.senim.upkeep()
    refused(scene.read(subject), 410, "subject_erased")
    assert seen(_sealed(scene)).acts["subject.erased", subject] == 1
    assert halves(scene.senim) == []


def test_an_erasure_that_lost_its_rows_commit_may_be_asked_for_again(scene_on_both: Scene) -> None:
    """The caller who tries again gets the proof; the log tells of one erasure."""
    scene = scene_on_both
    subject = scene.send("POST", "/v1/intake", scene.intake()).json["subject"]  # type: ignore[index]
    with disk.no_commit(scene.senim.database):
        refused(scene.erase(subject), 507, "storage_full")
    answer = scene.erase(subject)
    assert answer.status_code == 200
    assert answer.json
    assert answer.json["proof"]
    refused(scene.erase(subject), 410, "subject_erased")
    assert seen(_sealed(scene)).acts["subject.erased", subject] == 1
    assert halves(scene.senim) == []


def test_what_was_asked_ends_though_its_erasure_was_cut_off(scene_on_both: Scene) -> None:
    """Key gone, rows lost: nothing is granted meanwhile, and what is open ends once by the clock of the service."""
    scene = scene_on_both
    senim, actor = scene.senim, scene.senim.actor()
    subject = SubjectId(scene.send("POST", "/v1/intake", scene.intake()).json["subject"])  # type: ignore[index]
    opening = Opening(kind="copy", way=Way.PORTAL, language="en", subject=subject, text="All of it.")
    number = senim.run(actor, lambda work: senim.rights.open(work, opening)).number
    with disk.no_commit(senim.database):
        refused(scene.erase(subject), 507, "storage_full")
    assert senim.rights.find(senim.database, number).state is not State.CLOSED
    senim.upkeep()
    with pytest.raises(SenimError) as refusal:
        senim.run(actor, lambda work: senim.rights.handling.decide(work, number, granted=True))
    assert refusal.value.code is Code.SUBJECT_ERASED
    for _ in range(2):
        senim.attend()
        senim.orders.run_due("rights")
        ended = senim.rights.find(senim.database, number)
        assert (ended.state, ended.due, ended.papers) == (State.CLOSED, 0, ())
    assert seen(_sealed(scene)).acts["request.closed", subject] == 1
    assert halves(senim) == []


def test_an_erasure_whose_key_could_not_be_destroyed_did_not_happen(scene_on_both: Scene) -> None:
    """The key store says no: the person is as before, in both databases and in the log."""
    scene = scene_on_both
    subject = scene.send("POST", "/v1/intake", scene.intake()).json["subject"]  # type: ignore[index]
    with disk.no_commit(scene.senim.key_store):
        refused(scene.erase(subject), 507, "storage_full")
    assert scene.read(subject).status_code == 200
    assert seen(_sealed(scene)).acts["subject.erased", subject] == 0
    assert halves(scene.senim) == []
    assert scene.erase(subject).status_code == 200
    assert halves(scene.senim) == []


def test_an_intake_whose_rows_could_not_be_written_leaves_nobody(scene_on_both: Scene) -> None:
    """A key alone is nobody: no person, no value, no entry; the same request is done when it is sent again."""
    scene = scene_on_both
    body = scene.intake()
    with disk.no_commit(scene.senim.database):
        refused(scene.send("POST", "/v1/intake", body, Idempotency_Key="k"), 507, "storage_full")
    assert scene.count() == 0
    assert scene.send("POST", "/v1/intake", body, Idempotency_Key="k").status_code == 201
    assert scene.count() == 1
    assert halves(scene.senim) == []


def test_settling_while_the_erasure_is_still_under_way_tells_of_it_once(
    scene_on_both: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that opens between the two commits does not erase a second time."""
    scene = scene_on_both
    subject = scene.send("POST", "/v1/intake", scene.intake()).json["subject"]  # type: ignore[index]
    senim = scene.senim
    looked = senim.subjects.find

    def late(database: Any, about: SubjectId) -> Any:
        """What the other process read before the erasure was committed."""
        standing = looked(database, about)
        monkeypatch.undo()
        assert scene.erase(subject).status_code == 200
        return standing

    with disk.no_commit(senim.database):
        refused(scene.erase(subject), 507, "storage_full")
    monkeypatch.setattr(senim.subjects, "find", late)
    senim.settle()
    assert seen(_sealed(scene)).acts["subject.erased", subject] == 1
    assert halves(senim) == []


def test_the_clock_goes_on_ticking_after_trouble_of_any_kind(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that fails, with a code or by a bug, is told by health and tried again."""
    runner, ticks = Runner(scene.senim), []

    def tick() -> int:
        ticks.append(runner.trouble)
        if len(ticks) == 1:
            raise ZeroDivisionError
        if len(ticks) == 2:
            raise SenimError(Code.STORAGE_FULL)
        runner._stop.set()
        return 0

    monkeypatch.setattr("senim.runner.INTERVAL", 0.001)
    monkeypatch.setattr(scene.senim, "tick", tick)
    runner._run()
    assert [trouble and trouble.code for trouble in ticks] == [None, Code.INTERNAL, Code.STORAGE_FULL]
    assert runner.trouble is None


def _sealed(scene: Scene) -> Senim:
    scene.senim.tick()
    return scene.senim
