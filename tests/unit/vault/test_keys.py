"""Where the operator's keys come from, and what is said when they do not."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.errors import Code, Invalid, SenimError, Unavailable
from senim.vault import EnvironmentKeys, FileKeys, provider
from senim.vault.keys import check_value

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def keys(tmp_path: Path) -> FileKeys:
    made = FileKeys(tmp_path / "keys")
    made.create("kek-1")
    made.create("index")
    return made


def code_of(act: Callable[[], object]) -> tuple[Code, str]:
    with pytest.raises(SenimError) as refused:
        act()
    return refused.value.code, refused.value.where


def test_made_keys_are_closed_to_others(keys: FileKeys, tmp_path: Path) -> None:
    """A new key can be read by its owner alone, and so can its folder be entered."""
    assert len(keys.secret("index")) == 32
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "index.key").stat().st_mode & 0o777 == 0o600


def test_making_a_key_again_leaves_it_as_it_is(keys: FileKeys) -> None:
    """A key is never overwritten: everything sealed with it would be lost."""
    before = keys.secret("index")
    keys.create("index")
    assert keys.secret("index") == before


def test_keys_are_random(keys: FileKeys) -> None:
    """No two keys are alike."""
    keys.create("log")
    assert len({keys.secret("index"), keys.secret("kek-1"), keys.secret("log")}) == 3


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o777, 0o610, 0o601, 0o620])
def test_a_key_that_others_may_read_is_refused(keys: FileKeys, tmp_path: Path, mode: int) -> None:
    """A key file open to group or world is not used: the operator is told which."""
    (tmp_path / "keys" / "index.key").chmod(mode)
    assert code_of(lambda: keys.secret("index")) == (Code.KEY_FILE_EXPOSED, "index.key")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_key_of_its_owner_alone_is_used(keys: FileKeys, tmp_path: Path, mode: int) -> None:
    """Read-only for the owner is as good."""
    (tmp_path / "keys" / "index.key").chmod(mode)
    assert len(keys.secret("index")) == 32


def test_a_missing_key_is_told(keys: FileKeys, tmp_path: Path) -> None:
    """A file that is not there is named."""
    assert code_of(lambda: keys.secret("receipts")) == (Code.KEY_FILE_MISSING, "receipts.key")
    assert code_of(FileKeys(tmp_path / "nowhere").current) == (Code.KEY_FILE_MISSING, "kek-1.key")


CONTENTS = {
    "empty": b"", "not base64": b"not a key!", "too short": base64.b64encode(bytes(31)),
    "too long": base64.b64encode(bytes(33)), "bytes": bytes(range(200, 232)), "cut": KEY.encode()[:-3],
    "hex": bytes(32).hex().encode(), "two keys": f"{KEY}\n{KEY}".encode(),
}  # fmt: skip


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_spoiled_key_is_told(keys: FileKeys, tmp_path: Path, content: bytes) -> None:
    """A file that holds no key of 32 bytes is named."""
    (tmp_path / "keys" / "index.key").write_bytes(content)
    assert code_of(lambda: keys.secret("index")) == (Code.KEY_FILE_WRONG, "index.key")


def test_a_folder_in_the_place_of_a_key_is_told(tmp_path: Path) -> None:
    """So is something that is no file."""
    (tmp_path / "index.key").mkdir(mode=0o700)
    assert code_of(lambda: FileKeys(tmp_path).secret("index")) == (Code.KEY_FILE_WRONG, "index.key")


def test_the_newest_key_wraps(keys: FileKeys, tmp_path: Path) -> None:
    """The key with the highest number is the current one; ten comes after nine."""
    assert keys.current() == "kek-1"
    for name in ("kek-2", "kek-9", "kek-10"):
        keys.create(name)
    (tmp_path / "keys" / "kek-old.key").write_text(KEY)
    (tmp_path / "keys" / "kek-99.key.bak").write_text(KEY)
    assert keys.current() == "kek-10"


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.data())
def test_wrapping(key: bytes, bound: bytes, data: st.DataObject) -> None:
    """A wrapped key comes back for the same person; a changed, cut or moved one is told."""
    made = EnvironmentKeys({"SENIM_KEY_KEK_1": KEY, "SENIM_KEY_KEK_2": OTHER})
    wrapped = made.wrap("kek-1", key, bound)
    assert key not in wrapped
    assert made.unwrap("kek-1", wrapped, bound) == key
    changed = bytearray(wrapped)
    changed[data.draw(st.integers(0, len(wrapped) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    cut = wrapped[: data.draw(st.integers(0, len(wrapped) - 1))]
    for kek, one, where in (
        ("kek-1", bytes(changed), bound), ("kek-1", cut, bound), ("kek-1", wrapped, bound + b"!"),
        ("kek-2", wrapped, bound),
    ):  # fmt: skip
        assert code_of(lambda: made.unwrap(kek, one, where)) == (Code.KEY_FILE_WRONG, kek)  # noqa: B023  # called at once


def test_a_missing_wrapping_key_is_told() -> None:
    """When the key that wrapped is gone, that is said."""
    made = EnvironmentKeys({"SENIM_KEY_KEK_2": KEY})
    assert code_of(lambda: made.unwrap("kek-1", bytes(60), b"")) == (Code.KEY_FILE_MISSING, "SENIM_KEY_KEK_1")


def test_keys_from_the_environment() -> None:
    """Keys may come from the environment, with white space around them or not."""
    made = EnvironmentKeys({"SENIM_KEY_KEK_1": KEY, "SENIM_KEY_KEK_12": f" {KEY}\n", "SENIM_KEY_INDEX": OTHER})
    assert made.current() == "kek-12"
    assert made.secret("index") == bytes(32)
    assert made.secret("kek-12") == bytes(range(32))


@pytest.mark.parametrize(
    ("environment", "code"),
    [({}, Code.KEY_FILE_MISSING), ({"SENIM_KEY_INDEX": ""}, Code.KEY_FILE_WRONG),
     ({"SENIM_KEY_INDEX": "ключ"}, Code.KEY_FILE_WRONG), ({"SENIM_KEY_INDEX": KEY[:-4]}, Code.KEY_FILE_WRONG),
     ({"senim_key_index": KEY}, Code.KEY_FILE_MISSING)],
)  # fmt: skip
def test_wrong_keys_from_the_environment_are_told(environment: dict[str, str], code: Code) -> None:
    """The variable is named, its content never."""
    assert code_of(lambda: EnvironmentKeys(environment).secret("index")) == (code, "SENIM_KEY_INDEX")


def test_no_wrapping_key_in_the_environment_is_told() -> None:
    """A variable that only looks like one does not count."""
    for environment in ({}, {"SENIM_KEY_KEK_": KEY}, {"SENIM_KEY_KEK_A": KEY}, {"SENIM_KEY_KEK": KEY}):
        assert code_of(EnvironmentKeys(environment).current) == (Code.KEY_FILE_MISSING, "SENIM_KEY_KEK_1")


class Elsewhere(EnvironmentKeys):
    """A key service of the operator's own."""

    def __init__(self) -> None:
        super().__init__({"SENIM_KEY_KEK_1": KEY})


def test_providers_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings name files, the environment, or any class of the operator's own."""
    assert isinstance(provider("file", tmp_path, {}), FileKeys)
    assert isinstance(provider("environment", tmp_path, {}), EnvironmentKeys)
    module = ModuleType("vault_of_ours")
    module.Elsewhere = Elsewhere  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "vault_of_ours", module)
    made = provider("vault_of_ours:Elsewhere", tmp_path, {})
    assert made.unwrap("kek-1", made.wrap("kek-1", b"k" * 32, b"p"), b"p") == b"k" * 32


@pytest.mark.parametrize(
    "kind", ["", "files", "no_such_module:Factory", "senim.vault:NoSuchFactory", "senim.vault", ":", ":x", "..:x"]
)
def test_a_provider_that_is_none_is_told(tmp_path: Path, kind: str) -> None:
    """A wrong name is a wrong setting, told as that."""
    with pytest.raises(Invalid) as refused:
        provider(kind, tmp_path, {})
    assert (refused.value.code, refused.value.where) == (Code.SETTING_WRONG, "keys.provider")


def test_errors_never_show_a_key(tmp_path: Path) -> None:
    """Whatever is wrong, no part of a key is in what is told or in its causes."""
    secret = base64.b64encode(os.urandom(40)).decode()
    (tmp_path / "index.key").write_text(secret)
    (tmp_path / "index.key").chmod(0o600)
    with pytest.raises(Unavailable) as refused:
        FileKeys(tmp_path).secret("index")
    error: BaseException | None = refused.value
    while error is not None:
        assert secret[:8] not in f"{error!r} {error}"
        error = error.__cause__ or error.__context__


def test_a_key_is_recognised_and_not_told() -> None:
    """The check value differs for different keys and gives nothing of them away."""
    first, second = check_value(bytes(range(32))), check_value(bytes(32))
    assert first == check_value(bytes(range(32)))
    assert first != second
    assert len(first) == 8
    assert first not in bytes(range(32))
