"""Keys that are gone, wrong, torn, exposed or somebody else's: told at once, and nothing is made in their place."""

from __future__ import annotations

import base64
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from senim.app import make_folder, open_senim
from senim.errors import Code, SenimError, Unavailable
from senim.vault import FileKeys, keystore
from tests.faults.conftest import Command
from tests.faults.scene import halves


def _other() -> str:
    return base64.b64encode(bytes(range(32))).decode()


def _folder_for(file: Path) -> None:
    file.unlink()
    file.mkdir(0o700)


FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "the kek is gone": (lambda keys: (keys / "kek-1.key").unlink(), "key_file_missing"),
    "another kek": (lambda keys: (keys / "kek-1.key").write_text(_other()), "key_file_wrong"),
    "a torn kek": (lambda keys: (keys / "kek-1.key").write_text(_other()[:20]), "key_file_wrong"),
    "an empty kek": (lambda keys: (keys / "kek-1.key").write_bytes(b""), "key_file_wrong"),
    "a kek of noise": (lambda keys: (keys / "kek-1.key").write_bytes(b"\xff" * 45), "key_file_wrong"),
    "a long kek": (
        lambda keys: (keys / "kek-1.key").write_text(base64.b64encode(bytes(33)).decode()),
        "key_file_wrong",
    ),
    "a folder for a kek": (lambda keys: _folder_for(keys / "kek-1.key"), "key_file_wrong"),
    "a kek that all read": (lambda keys: (keys / "kek-1.key").chmod(0o644), "key_file_exposed"),
    "a kek that the group reads": (lambda keys: (keys / "kek-1.key").chmod(0o640), "key_file_exposed"),
    "the index secret is gone": (lambda keys: (keys / "index.key").unlink(), "key_file_missing"),
    "another index secret": (lambda keys: (keys / "index.key").write_text(_other()), "key_file_wrong"),
    "another log key": (lambda keys: (keys / "log.key").write_text(_other()), "key_file_wrong"),
    "another receipts key": (lambda keys: (keys / "receipts.key").write_text(_other()), "key_file_wrong"),
    "a receipts key that all read": (lambda keys: (keys / "receipts.key").chmod(0o604), "key_file_exposed"),
    "no folder": (shutil.rmtree, "key_file_missing"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_key_file_is_told_before_anything_is_done(
    name: str, operator: Path, tmp_path: Path, command: Command
) -> None:
    """Exit code 1 with its code by every command; no key is made anew; the right file back, all opens."""
    break_it, code = FAULTS[name]
    shutil.copytree(operator / "keys", tmp_path / "keys")
    break_it(operator / "keys")
    there = sorted(path.name for path in (operator / "keys").glob("*"))
    for ask in (("keys", "check"), ("verify",), ("keys", "rewrap"), ("serve",)):
        ran = command(*ask, "-C", operator)
        assert (ran.code, ran.err.partition(":")[0]) == (1, code), ran.err
    assert sorted(path.name for path in (operator / "keys").glob("*")) == there
    shutil.rmtree(operator / "keys", ignore_errors=True)
    shutil.copytree(tmp_path / "keys", operator / "keys")
    with open_senim(operator, environment={}) as senim:
        assert halves(senim) == []


def test_the_key_store_of_another_operator_is_refused(operator: Path, mini: bytes, tmp_path: Path) -> None:
    """The other's key store with our keys, and ours with the other's: both are told."""
    make_folder(tmp_path / "other", mini, origin="other.example/log")
    with open_senim(tmp_path / "other", environment={}) as other:
        assert other.persons.counts() == {}
    ours = (operator / "keys.db").read_bytes()
    shutil.copyfile(tmp_path / "other" / "keys.db", operator / "keys.db")
    with pytest.raises(Unavailable) as refusal:
        open_senim(operator, environment={})
    assert refusal.value.code is Code.KEY_FILE_WRONG
    (operator / "keys.db").write_bytes(ours)
    shutil.rmtree(operator / "keys")
    shutil.copytree(tmp_path / "other" / "keys", operator / "keys")
    with pytest.raises(Unavailable) as refusal:
        open_senim(operator, environment={})
    assert refusal.value.code is Code.KEY_FILE_WRONG


def test_a_new_key_store_in_the_place_of_the_old_one_is_refused(operator: Path, mini: bytes, tmp_path: Path) -> None:
    """A key store that was never opened knows no keys yet: in front of data that is sealed it is not ours."""
    make_folder(tmp_path / "new", mini, origin="mini.example/log")
    kept = (operator / "keys.db").read_bytes()
    shutil.copyfile(tmp_path / "new" / "keys.db", operator / "keys.db")
    with pytest.raises(SenimError) as refusal:
        open_senim(operator, environment={})
    assert refusal.value.code in (Code.KEY_STORE_MISSING, Code.KEY_FILE_WRONG)
    (operator / "keys.db").write_bytes(kept)
    with open_senim(operator, environment={}) as senim:
        assert halves(senim) == []


@pytest.mark.parametrize("fault", ["gone", "torn", "another's"])
def test_one_persons_lost_key_concerns_that_person_alone(fault: str, operator: Path, command: Command) -> None:
    """The person's data does not open and is not told; everybody else's does, and the log stays whole."""
    keys = sqlite3.connect(operator / "keys.db", isolation_level=None)
    (first, wrapped), (second, other) = keys.execute("SELECT subject, wrapped FROM person_key LIMIT 2").fetchall()
    if fault == "gone":
        keys.execute("DELETE FROM person_key WHERE subject = ?", (first,))
    else:
        new = other if fault == "another's" else wrapped[:5]
        keys.execute("UPDATE person_key SET wrapped = ? WHERE subject = ?", (new, first))
    keys.close()
    code = "person_key_missing" if fault == "gone" else "key_file_wrong"
    ran = command("subjects", "read", first.hex(), "orders", "-C", operator)
    assert (ran.code, ran.err.partition(":")[0], ran.out) == (1, code, "")
    assert command("subjects", "read", second.hex(), "orders", "-C", operator).code == 0
    assert command("verify", "-C", operator).code == 0
    erased = command("subjects", "erase", first.hex(), "--reason", "request", "--yes", "-C", operator)
    assert erased.code == 0, "who cannot be read any more can be erased all the same"
    with open_senim(operator, environment={}) as senim:
        assert halves(senim) == []


def test_a_rotation_that_was_cut_off_is_finished_by_the_next(
    operator: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the keys under the new key, half under the old: all open, and ``keys rewrap`` does the rest."""
    FileKeys(operator / "keys").create("kek-2")
    with open_senim(operator, environment={}) as senim:
        pages = list(keystore.pages(senim.key_store))
        monkeypatch.setattr(keystore, "pages", lambda keys: pages[:1])
        assert senim.persons.rewrap_all() == len(pages[0])
        assert set(senim.persons.counts()) == {"kek-1", "kek-2"}
        monkeypatch.undo()
        assert halves(senim) == []
    (operator / "keys" / "kek-1.key").rename(operator / "away")
    ran = command("keys", "rewrap", "-C", operator)
    assert (ran.code, ran.err.partition(":")[0]) == (1, "key_file_missing")
    (operator / "away").rename(operator / "keys" / "kek-1.key")
    assert command("keys", "rewrap", "-C", operator).code == 0
    (operator / "keys" / "kek-1.key").unlink()
    with open_senim(operator, environment={}) as senim:
        assert set(senim.persons.counts()) == {"kek-2"}
        assert halves(senim) == []


def test_an_older_key_in_the_newest_place_is_told(operator: Path, command: Command) -> None:
    """After a rotation the key file of before, put back under the new name, is not taken for the new one."""
    assert command("keys", "rotate", "-C", operator).code == 0
    shutil.copyfile(operator / "keys" / "kek-1.key", operator / "keys" / "kek-2.key")
    ran = command("keys", "check", "-C", operator)
    assert (ran.code, ran.err.partition(":")[0]) == (1, "key_file_wrong")


def test_keys_from_the_environment_are_checked_alike(operator: Path) -> None:
    """Missing, torn and foreign keys are told with the variable's name; the right ones open."""
    good = {"SENIM_KEYS_PROVIDER": "environment"}
    for path in (operator / "keys").glob("*.key"):
        good[f"SENIM_KEY_{path.stem.upper().replace('-', '_')}"] = path.read_text().strip()
    for name, value, code in (
        ("SENIM_KEY_KEK_1", None, Code.KEY_FILE_MISSING),
        ("SENIM_KEY_KEK_1", "no key", Code.KEY_FILE_WRONG),
        ("SENIM_KEY_KEK_1", _other(), Code.KEY_FILE_WRONG),
        ("SENIM_KEY_INDEX", None, Code.KEY_FILE_MISSING),
        ("SENIM_KEY_LOG", _other(), Code.KEY_FILE_WRONG),
    ):
        wrong = {key: text for key, text in {**good, name: value}.items() if text is not None}
        with pytest.raises(SenimError) as refusal:
            open_senim(operator, environment=wrong)
        assert refusal.value.code is code
    with open_senim(operator, environment=good) as senim:
        assert halves(senim) == []


def test_key_files_are_made_whole_and_closed_to_others(tmp_path: Path) -> None:
    """A key file appears complete, with mode 600, and an existing one is never replaced."""
    keys = FileKeys(tmp_path / "keys")
    before = os.umask(0)
    try:
        keys.create("kek-1")
    finally:
        os.umask(before)
    path = tmp_path / "keys" / "kek-1.key"
    content = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    keys.create("kek-1")
    assert path.read_bytes() == content
    assert [one.name for one in (tmp_path / "keys").iterdir()] == ["kek-1.key"]
