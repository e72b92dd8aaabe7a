"""Boxes: sealed things that belong to no person's profile, and their end."""

from __future__ import annotations

from senim.errors import Code
from senim.identity import SYSTEM, SubjectId
from senim.storage import Database
from senim.testing import Stage
from senim.vault import keystore
from senim.work import Work
from tests.features import acting
from tests.features.acting import refused, senim_of

CONTENT = b"aigerim@people.example"


def _sealed(stage: Stage) -> tuple[SubjectId, bytes]:
    boxes = senim_of(stage).boxes

    def act(work: Work) -> tuple[SubjectId, bytes]:
        holder = boxes.holder(work)
        sealed = boxes.seal(work, holder, "letter", CONTENT)
        assert boxes.open(work, holder, "letter", sealed) == CONTENT
        return holder, sealed

    return senim_of(stage).run(SYSTEM, act)


def _open(stage: Stage, holder: SubjectId, context: str, sealed: bytes) -> bytes:
    senim = senim_of(stage)
    return senim.boxes.open(senim.works.begin(SYSTEM), holder, context, sealed)


def _keys(database: Database) -> int:
    return len(database.read(acting.KEYS))


def test_a_box_opens_for_its_own_place_alone(stage: Stage) -> None:
    """What was sealed opens again, but not as something else, not in another box, and not when a bit is changed."""
    (holder, sealed), (other, _) = _sealed(stage), _sealed(stage)
    assert CONTENT not in sealed
    assert _open(stage, holder, "letter", sealed) == CONTENT
    changed = bytes([sealed[0], *sealed[1:-1], sealed[-1] ^ 1])
    for where, context, content in ((holder, "scan", sealed), (other, "letter", sealed), (holder, "letter", changed)):
        refused(Code.SEAL_BROKEN, lambda which=(where, context, content): _open(stage, *which))  # type: ignore[misc]


def test_a_destroyed_box_is_closed_for_ever(stage: Stage) -> None:
    """Its key leaves the key store, and the ledger of erasures remembers it, so that no restored backup opens it."""
    senim, (holder, sealed) = senim_of(stage), _sealed(stage)
    assert _keys(senim.key_store) == 1
    for _ in range(2):
        senim.run(SYSTEM, lambda work: senim.boxes.destroy(work, holder))
    assert _keys(senim.key_store) == 0
    refused(Code.NOT_FOUND, lambda: _open(stage, holder, "letter", sealed))
    refused(Code.NOT_FOUND, lambda: senim.boxes.seal(senim.works.begin(SYSTEM), holder, "letter", b""))
    assert [(one.subject, one.reason) for one in keystore.ledger(senim.key_store)] == [(holder, "box")]
    assert keystore.unsettled_erasures(senim.key_store) == []
    senim.settle()


def test_a_lost_key_is_not_taken_for_a_destroyed_one(stage: Stage) -> None:
    """A box that never was, or whose key was lost, is told as a loss."""
    _, sealed = _sealed(stage)
    refused(Code.PERSON_KEY_MISSING, lambda: _open(stage, SubjectId("0" * 32), "letter", sealed))


def test_keys_of_boxes_go_out_of_the_files_too(stage: Stage) -> None:
    """After a box is destroyed its wrapped key is wiped from the files of the key store, as a person's is."""
    senim, (holder, _) = senim_of(stage), _sealed(stage)
    wrapped = bytes(senim.key_store.read(acting.KEYS)[0][0])
    files = [senim.folder / "keys.db", senim.folder / "keys.db-wal"]
    assert any(wrapped in file.read_bytes() for file in files)
    senim.run(SYSTEM, lambda work: senim.boxes.destroy(work, holder))
    senim.tidy_keys()
    assert not any(wrapped in file.read_bytes() for file in files if file.exists())
