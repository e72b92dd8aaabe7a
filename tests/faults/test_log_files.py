"""The log's files outside the database, torn or gone: an export that is not whole does not pass, an anchor binds."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from senim.app import open_senim
from senim.audit.checkpoint import LogSigner
from senim.audit.tiles import pack, unpack
from senim.errors import Code, SenimError, Unavailable
from tests.faults.conftest import Command
from tests.faults.scene import Scene, halves


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _file_for(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.touch()


TORN: dict[str, Callable[[Path], object]] = {
    "half a checkpoint": lambda copy: _half(copy / "checkpoint"),
    "an empty checkpoint": lambda copy: (copy / "checkpoint").write_bytes(b""),
    "no checkpoint": lambda copy: (copy / "checkpoint").unlink(),
    "a checkpoint of noise": lambda copy: (copy / "checkpoint").write_bytes(b"\xff\x00\xfe" * 99),
    "half a bundle": lambda copy: _half(next((copy / "tile" / "entries").rglob("*.p/*"))),
    "an empty bundle": lambda copy: next((copy / "tile" / "entries").rglob("*.p/*")).write_bytes(b""),
    "no bundles": lambda copy: shutil.rmtree(copy / "tile" / "entries"),
    "half a tile": lambda copy: _half(next((copy / "tile" / "0").rglob("*.p/*"))),
    "no tiles": lambda copy: shutil.rmtree(copy / "tile"),
    "a file for the tiles": lambda copy: _file_for(copy / "tile"),
    "half an earlier checkpoint": lambda copy: _half(next((copy / "checkpoints").iterdir())),
}


@pytest.mark.parametrize("name", TORN)
def test_a_torn_export_does_not_verify(name: str, operator: Path, tmp_path: Path, command: Command) -> None:
    """Exit code 1 and a problem that says what is missing or wrong; a new export is good again."""
    copy = tmp_path / "copy"
    assert command("log", "export", copy, "-C", operator).code == 0
    key = command("log", "key", "-C", operator).out.strip()
    TORN[name](copy)
    ran = command("verify", copy, "--key", key, "--json")
    assert ran.code == 1
    assert "internal error" not in ran.err
    told = json.loads(ran.out)
    assert not told["ok"]
    assert told["problems"]
    shutil.rmtree(copy)
    assert command("log", "export", copy, "-C", operator).code == 0
    assert command("verify", copy, "--key", key).code == 0


@pytest.mark.parametrize("key", [b"", b"mini.example/log+00000000+AAAA", b"\xff\xfe"])
def test_a_torn_key_of_an_export_is_told(key: bytes, operator: Path, tmp_path: Path, command: Command) -> None:
    """The key that came with the copy may be torn too."""
    copy = tmp_path / "copy"
    command("log", "export", copy, "-C", operator)
    (copy / "vkey").write_bytes(key)
    ran = command("verify", copy)
    assert ran.code == 1
    assert "key_file_wrong" in ran.err


def test_a_folder_that_is_no_export_does_not_verify(operator: Path, tmp_path: Path, command: Command) -> None:
    """An empty folder is not a log without faults."""
    (tmp_path / "empty").mkdir()
    key = command("log", "key", "-C", operator).out.strip()
    assert command("verify", tmp_path / "empty", "--key", key).code == 1
    assert command("verify", tmp_path / "empty").code == 1
    assert command("verify", tmp_path / "nothing").code == 2


ANCHORS: dict[str, Callable[[bytes], bytes]] = {
    "torn": lambda note: note[: len(note) // 2],
    "noise": lambda note: b"\xff\xfe" * 40,
    "another's": lambda note: LogSigner("mini.example/log", bytes(32)).sign(10**6, bytes(32)).encode(),
    "text": lambda note: b"hello\n",
}


@pytest.mark.parametrize("name", ANCHORS)
def test_a_torn_anchor_is_told_by_a_verification_and_mended_by_the_next_sealing(name: str, operator: Path) -> None:
    """An anchor that nobody signed says nothing; work goes on and writes it anew."""
    anchor = operator / "log" / "checkpoint"
    anchor.write_bytes(ANCHORS[name](anchor.read_bytes()))
    with open_senim(operator, environment={}) as senim:
        assert [problem.kind for problem in senim.log.verify().problems] == ["signature"]
        senim.run(senim.actor(), lambda work: senim.access.add(work, "site", role="shop"))
        senim.tick()
        assert halves(senim) == []
        assert anchor.read_text(encoding="utf-8") == senim.log.checkpoint()


def test_an_anchor_that_knows_more_than_the_log_is_never_overwritten(operator: Path, tmp_path: Path) -> None:
    """An older database in the place of the newer one: the anchor stays, and shows that the log was cut."""
    old = (operator / "senim.db").read_bytes()
    with open_senim(operator, environment={}) as senim:
        for _ in range(5):
            senim.run(senim.actor(), lambda work: senim.access.add(work, "site", role="shop"))
    anchor = operator / "log" / "checkpoint"
    known = anchor.read_bytes()
    (operator / "senim.db").write_bytes(old)
    with open_senim(operator, environment={}) as senim:
        senim.run(senim.actor(), lambda work: senim.access.add(work, "site", role="shop"))
        assert senim.tick() == 1
        assert [problem.kind for problem in senim.log.verify().problems] == ["cut"]
    assert anchor.read_bytes() == known


@pytest.mark.parametrize("fault", ["gone", "a file", "a folder in its place"])
def test_an_anchor_that_cannot_be_written_is_told_and_nothing_is_lost(fault: str, operator: Path, mini: bytes) -> None:
    """The entries are sealed all the same; health tells; when the place is there again, it is written."""
    place = operator / "log"
    with open_senim(operator, environment={}) as senim:
        scene = Scene(senim, mini)
        senim.tick()
        shutil.rmtree(place)
        if fault == "a file":
            place.touch()
        elif fault == "a folder in its place":
            (place / "checkpoint").mkdir(parents=True)
        size = senim.log.size
        assert scene.send("POST", "/v1/intake", scene.intake()).status_code == 201
        with pytest.raises(Unavailable) as refusal:
            senim.tick()
        assert refusal.value.code is Code.STORAGE_FAILED
        assert senim.log.size > size
        assert scene.send("POST", "/v1/intake", scene.intake()).status_code == 201
        if place.is_file():
            place.unlink()
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        senim.tick()
        assert halves(senim) == []
        assert (place / "checkpoint").read_text(encoding="utf-8") == senim.log.checkpoint()
        assert [path.name for path in place.iterdir()] == ["checkpoint"]


def _about_nobody(packed: bytes) -> bytes:
    """An entry whose subject is no person's id."""
    return pack([leaf.replace(b'"actor"', b'"subject":"i.petrov","actor"') for leaf in unpack(packed)])


@pytest.mark.parametrize("spoil", [lambda packed: packed[:-3], _about_nobody])
def test_what_waits_and_is_broken_is_not_sealed_and_is_told(operator: Path, spoil: Callable[[bytes], bytes]) -> None:
    """A damaged entry that waits stops sealing with a code; nothing that is sealed suffers."""
    senim = open_senim(operator, environment={})
    senim.run(senim.actor(), lambda work: senim.access.add(work, "site", role="shop"))
    senim.database.close()
    senim.key_store.close()
    main = sqlite3.connect(operator / "senim.db", isolation_level=None)
    good = main.execute("SELECT leaves FROM log_pending").fetchone()[0]
    main.execute("UPDATE log_pending SET leaves = ?", (spoil(good),))
    senim = open_senim(operator, environment={})
    size = senim.log.size
    with pytest.raises(SenimError) as refusal:
        senim.tick()
    assert refusal.value.code is Code.LOG_BROKEN
    assert senim.log.size == size
    main.execute("UPDATE log_pending SET leaves = ?", (good,))
    main.close()
    with senim:
        assert senim.tick() == 1
        assert halves(senim) == []
