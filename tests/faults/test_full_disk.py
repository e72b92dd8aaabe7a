"""A full disk: 507 or exit code 1, whatever was acknowledged stays, nothing is half written, work goes on with room."""

from __future__ import annotations

import collections
import io
import os
from pathlib import Path

import pytest
from sqlalchemy import select

from senim import work as works
from senim.app import open_senim
from senim.conformance import cast
from senim.errors import Code, SenimError, Unavailable
from senim.gate import Question
from senim.runner import Runner
from senim.storage import query
from senim.testing import Stage
from senim.vault import store
from senim.web.site import site
from senim.work import Work
from tests.faults import disk
from tests.faults.scene import Scene, halves, refused, seen

_ALL_CHUNKS = query(select(store.chunks.c.n))


def _fill(scene: Scene) -> list[str]:
    """Take people in until the disk is full; those who were acknowledged."""
    taken: list[str] = []
    for _ in range(200):
        answer = scene.send("POST", "/v1/intake", scene.intake())
        if answer.status_code != 201:
            refused(answer, 507, "storage_full")
            assert answer.headers["Retry-After"]
            return taken
        taken.append(answer.json["subject"])  # type: ignore[index]  # it is an answer
    raise AssertionError("the disk never was full")


@pytest.mark.parametrize("which", ["database", "key store"])
def test_an_intake_on_a_full_disk_is_refused_whole(which: str, scene: Scene) -> None:
    """Everybody who was told 201 is there, nobody else is, and with room it goes on."""
    full = scene.senim.database if which == "database" else scene.senim.key_store
    disk.room(full, 8 if which == "database" else 1)
    taken = _fill(scene)
    assert taken
    assert scene.count() == len(taken)
    refused(scene.send("POST", "/v1/intake", scene.intake()), 507, "storage_full")
    disk.room_again(full)
    assert scene.send("POST", "/v1/intake", scene.intake()).status_code == 201
    assert halves(scene.senim) == []
    assert scene.count() == len(taken) + 1
    for subject in taken:
        assert scene.read(subject).status_code == 200


def test_a_full_disk_at_the_commit_leaves_nothing(scene_on_both: Scene) -> None:
    """Intake, consent, reading and erasing are refused whole when only their commit fails."""
    scene = scene_on_both
    subject = scene.send("POST", "/v1/intake", scene.intake()).json["subject"]  # type: ignore[index]
    consent = {"subject": subject, "purpose": "newsletter", "given": False}
    with disk.no_commit(scene.senim.database) as tried:
        refused(scene.send("POST", "/v1/intake", scene.intake()), 507, "storage_full")
        refused(scene.send("POST", "/v1/consents", consent, Idempotency_Key="k"), 507, "storage_full")
        refused(scene.read(subject), 507, "storage_full")
    assert len(tried) == 3
    assert scene.count() == 1
    assert scene.read(subject).status_code == 200
    assert scene.send("POST", "/v1/consents", consent, Idempotency_Key="k").status_code == 201
    assert halves(scene.senim) == []


def test_sealing_on_a_full_disk_waits_and_is_told_by_health(scene: Scene) -> None:
    """What waits goes on waiting; the service's health names the trouble; then the same log goes on."""
    scene.senim.tick()
    size = scene.senim.log.size
    scene.stage.person()
    runner = Runner(scene.senim)
    scene.client.application = site(scene.senim, runner)
    with disk.no_commit(scene.senim.database), pytest.raises(Unavailable) as refusal:
        scene.senim.tick()
    assert refusal.value.code is Code.STORAGE_FULL
    runner._troubles["clock"] = refusal.value  # as its thread notes it
    told = scene.send("GET", "/v1/health").json
    assert told is not None
    assert (told["status"], told["trouble"], told["entries"]) == ("trouble", "storage_full", size)
    assert scene.senim.tick() > 0
    assert halves(scene.senim) == []


def test_answers_of_the_gate_that_cannot_be_logged_stop(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allowed checks wait for the disk, but not without end: then asking is refused, and no answer goes unlogged."""
    monkeypatch.setattr(works, "MOST_LATER", 5)
    person = scene.stage.person()
    scene.senim.tick()
    before = seen(scene.senim)
    question = {"operation": "extract", "purpose": "orders", "subject": person.subject}
    with disk.no_commit(scene.senim.database):
        for _ in range(5):
            assert scene.send("POST", "/v1/check", question).json["allowed"]  # type: ignore[index]
        for _ in range(3):
            refused(scene.send("POST", "/v1/check", question), 507, "storage_full")
    scene.senim.tick()
    allowed = [entry for entry in seen(scene.senim).entries[len(before.entries) :] if entry.act == "check.allowed"]
    assert len(allowed) == 5
    assert halves(scene.senim) == []


def test_publishing_a_policy_on_a_full_disk_changes_nothing(scene: Scene, mini: bytes) -> None:
    """The earlier version stays in force; the next try publishes the next number."""
    senim = scene.senim

    def publish(number: int) -> int:
        new = mini.replace(b"1 Probnaya", b"%d Probnaya" % number)
        return senim.run(senim.actor(), lambda work: senim.policies.publish(work, new)).number

    disk.room(senim.database, 0)
    with pytest.raises(Unavailable) as refusal:
        collections.deque(map(publish, range(2, 30)), maxlen=0)
    assert refusal.value.code is Code.STORAGE_FULL
    known = len(senim.policies.versions())
    disk.room_again(senim.database)
    assert publish(77) == known + 1
    assert halves(senim) == []


def test_a_file_that_did_not_fit_leaves_no_chunk(scene: Scene) -> None:
    """An upload that the disk cuts off is refused, and what was written of it is gone."""
    person = scene.stage.person()
    content = b"%PDF-1.7\n" + os.urandom(3 * 1024 * 1024)
    senim = scene.senim

    def put(work: Work) -> str:
        standing = senim.subjects.about(work, person.subject)
        return senim.documents.put(
            work, standing, "profile.scan", media="application/pdf", content=io.BytesIO(content), purpose="newsletter"
        ).id

    disk.room(senim.database, 400)
    with pytest.raises(Unavailable) as refusal:
        senim.run(scene.stage.actor, put)
    assert refusal.value.code is Code.STORAGE_FULL
    assert store.documents_of(senim.database, person.subject) == []
    assert not senim.database.read(_ALL_CHUNKS)
    disk.room_again(senim.database)
    document = senim.run(scene.stage.actor, put)
    assert [one.id for one in store.documents_of(senim.database, person.subject)] == [document]
    assert halves(senim) == []


def test_an_export_on_a_full_disk_is_refused_and_does_not_pass_for_a_log(operator: Path, tmp_path: Path) -> None:
    """Exit code 1 with its code; what was written of the copy does not verify as one."""
    target = tmp_path / "copy"
    target.mkdir()
    (target / "checkpoint").symlink_to("/dev/full")
    done = disk.command("log", "export", target, "-C", operator)
    assert (done.returncode, done.stderr.partition(":")[0]) == (1, "storage_full")
    (target / "checkpoint").unlink()
    assert disk.command("verify", target, "-C", operator).returncode == 1
    assert disk.command("log", "export", target, "-C", operator).returncode == 0
    assert disk.command("verify", target, "-C", operator).returncode == 0


def _csv(path: Path, people: int) -> Path:
    lines = ["identity.family,identity.given,contact.email,contact.note"]
    lines += [f"{cast.family(n)},{cast.given(n)},person.{n}@people.example,{'заметка ' * 12}" for n in range(people)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_import_that_fills_the_disk_ends_with_a_code_and_can_go_on(operator: Path, tmp_path: Path) -> None:
    """Batches are whole: what the disk cut off is not there, and the import goes on from its line."""
    file = _csv(tmp_path / "people.csv", 1600)
    ask = ("intake", "import", file, "--point", "registration", "--language", "ru", "--consent", "orders")
    cut = disk.command(*ask, "-C", operator, largest=2 * 1024 * 1024)
    assert cut.returncode == 1, cut.stdout
    assert {line.partition(":")[0] for line in cut.stderr.splitlines()} & {"storage_full", "storage_failed"}, cut.stderr
    assert "Traceback" not in cut.stderr
    with open_senim(operator, environment={}) as senim:
        assert halves(senim) == []
        there = senim.subjects.count(senim.database)[0] - 3
    assert there % 500 == 0
    assert there < 1600
    rest = disk.command(*ask, "--from-line", there + 2, "-C", operator)
    assert rest.returncode == 0, rest.stderr
    with open_senim(operator, environment={}) as senim:
        assert halves(senim) == []
        assert senim.subjects.count(senim.database)[0] == 1603


@pytest.mark.parametrize("largest", [20, 4096, 16_384])
def test_a_folder_whose_making_the_disk_cut_off_can_be_made_again(largest: int, tmp_path: Path) -> None:
    """``senim init`` on a full disk ends with a code; with room the same command makes the folder."""
    cut = disk.command("init", tmp_path / "shop", "--profile", "shop", largest=largest)
    assert cut.returncode == 1
    assert cut.stderr.partition(":")[0] in {"folder_wrong", "storage_full", "storage_failed"}, cut.stderr
    made = disk.command("init", tmp_path / "shop", "--profile", "shop")
    assert made.returncode == 0, made.stderr
    assert disk.command("policy", "publish", "-C", tmp_path / "shop").returncode == 0
    assert disk.command("verify", "-C", tmp_path / "shop").returncode == 0


def test_closing_on_a_full_disk_says_so_and_closes(operator: Path, mini: bytes) -> None:
    """Answers of the gate that could not be logged any more are told of; the next opening works."""
    senim = open_senim(operator, environment={})
    person = Stage(senim, mini, lambda policy: pytest.fail("unused")).person()
    senim.gate.check(senim.actor(), Question("extract", "orders", person.subject))
    with disk.no_commit(senim.database), pytest.raises(SenimError) as refusal:
        senim.close()
    assert refusal.value.code is Code.STORAGE_FULL
    with open_senim(operator, environment={}) as again:
        assert halves(again) == []
