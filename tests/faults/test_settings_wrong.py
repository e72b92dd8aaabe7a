"""Settings that are broken, folders that are none or closed: told with the setting's name, and nothing is touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import senim
from senim.app import open_senim
from senim.errors import Code, SenimError
from tests.faults.conftest import Command
from tests.faults.scene import halves

_NOBODY = 65534

BROKEN: dict[str, tuple[bytes, str, str]] = {
    "no TOML": (b"database = \n", "setting_wrong", "senim.toml"),
    "not UTF-8": (b'database = "\xff"\n', "setting_wrong", "senim.toml"),
    "an unknown setting": (b'databse = "sqlite:///senim.db"\n', "setting_wrong", "senim.toml"),
    "an unknown section": (b"[key]\nstore = 'x'\n", "setting_wrong", "senim.toml"),
    "a number for a text": (b"database = 7\n", "setting_wrong", "database"),
    "a text for a section": (b'keys = "x"\n', "setting_wrong", "keys"),
    "a port that is none": (b"[serve]\nport = 99999\n", "setting_wrong", "serve.port"),
    "a port in words": (b'[serve]\nport = "web"\n', "setting_wrong", "serve.port"),
    "another database": (b'database = "mysql://localhost/x"\n', "setting_wrong", "database"),
    "an address that is none": (b'database = "http://["\n', "setting_wrong", "database"),
    "a provider that is none": (b'[keys]\nprovider = "no.such:thing"\n', "setting_wrong", "keys.provider"),
    "a provider that is no provider": (b'[keys]\nprovider = "os.path:join"\n', "setting_wrong", "keys.provider"),
    "an origin of two words": (b'[log]\norigin = "a b"\n', "setting_wrong", "log.origin"),
    "mail from nobody": (b'[mail]\nhost = "mail.example"\n', "setting_wrong", "mail.sender"),
    "mail in clear": (
        b'[mail]\nhost = "mail.example"\nsender = "a@mini.example"\nsecurity = "none"\n',
        "setting_wrong",
        "mail.security",
    ),
    "certificates that are not there": (
        b'[mail]\nhost = "mail.example"\nsender = "a@mini.example"\nauthority = "ca.pem"\n',
        "setting_wrong",
        "mail.authority",
    ),
    "a database that is a folder": (b'database = "sqlite:///keys"\n', "storage_unreachable", ""),
    "a database that is not there": (b'database = "sqlite:///x/y.db"\n', "storage_unreachable", "y.db"),
    "a server that is not there": (b'database = "postgresql://u@127.0.0.1:1/x"\n', "storage_unreachable", ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_setting_is_told_by_name(name: str, operator: Path, command: Command) -> None:
    """Exit code 1 by every command that opens the folder; the right settings back, all works."""
    content, code, where = BROKEN[name]
    good = (operator / "senim.toml").read_bytes()
    (operator / "senim.toml").write_bytes(content)
    for ask in (("verify",), ("serve",), ("policy", "publish")):
        ran = command(*ask, "-C", operator)
        assert (ran.code, ran.err.partition(":")[0]) == (1, code), ran.err
        assert where in ran.err
    (operator / "senim.toml").write_bytes(good)
    with open_senim(operator, environment={}) as again:
        assert halves(again) == []


@pytest.mark.parametrize(
    ("variable", "value", "where"),
    [("SENIM_SERVE_PORT", "none", "serve.port"), ("SENIM_DATABASE", "oracle://x", "database")],
)
def test_a_wrong_variable_is_told_by_the_name_of_its_setting(
    variable: str, value: str, where: str, operator: Path
) -> None:
    """The environment is held to the same rules as the file."""
    with pytest.raises(SenimError) as refusal:
        open_senim(operator, environment={variable: value})
    assert (refusal.value.code, refusal.value.where) == (Code.SETTING_WRONG, where)


def test_a_section_that_is_no_section_is_told_even_if_the_environment_sets_it(operator: Path) -> None:
    """``keys = 5`` in the file and SENIM_KEYS_STORE in the environment: the file is wrong."""
    (operator / "senim.toml").write_text("keys = 5\n")
    with pytest.raises(SenimError) as refusal:
        open_senim(operator, environment={"SENIM_KEYS_STORE": "sqlite:///keys.db"})
    assert (refusal.value.code, refusal.value.where) == (Code.SETTING_WRONG, "keys")


@pytest.mark.parametrize(
    "content",
    [
        b"off = [",
        b"off = 5\n",
        b'off = "2027-05-06"\n',
        b"of = []\n",
        b"off = [2027-05-06T00:00:00]\n",
        b"\xff",
        b"off = [[]]",
    ],
)
def test_a_broken_calendar_is_told(content: bytes, operator: Path) -> None:
    """A day off that cannot be read is not a day worked."""
    (operator / "calendar.toml").write_bytes(content)
    with pytest.raises(SenimError) as refusal:
        open_senim(operator, environment={})
    assert (refusal.value.code, refusal.value.where) == (Code.SETTING_WRONG, "calendar.toml")


@pytest.mark.parametrize("kind", ["nothing", "an empty folder", "a file", "a folder for the settings"])
def test_what_is_no_operators_folder_is_told(kind: str, tmp_path: Path) -> None:
    """``senim.open`` of the wrong place: one code, and nothing is made there."""
    place = tmp_path / "place"
    if kind == "a file":
        place.write_text("x")
    elif kind != "nothing":
        place.mkdir()
    if kind == "a folder for the settings":
        (place / "senim.toml").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SenimError) as refusal:
        senim.open(place)
    assert refusal.value.code is Code.FOLDER_WRONG
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_is_not_made_over_another(operator: Path, command: Command) -> None:
    """``senim init`` where an operator is already: refused, and not a byte is changed."""
    before = {path: path.read_bytes() for path in operator.rglob("*") if path.is_file()}
    ran = command("init", operator, "--profile", "shop")
    assert (ran.code, ran.err.partition(":")[0]) == (1, "folder_wrong")
    assert {path: path.read_bytes() for path in operator.rglob("*") if path.is_file()} == before


@pytest.fixture
def closed(made: Path) -> Iterator[Path]:
    """A folder that may be read and not written."""
    top = Path(tempfile.mkdtemp())
    folder = top / "operator"
    shutil.copytree(made, folder)
    top.chmod(0o755)
    for path in (folder, *folder.rglob("*")):
        if os.geteuid() == 0:
            os.chown(path, _NOBODY, -1)
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield folder
    for path in (folder, *(one for one in folder.rglob("*") if one.is_dir())):
        path.chmod(0o700)
    shutil.rmtree(top)


@contextmanager
def _nobody() -> Iterator[None]:
    """Root may write anywhere: while the block runs it is nobody."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("ask", [("verify",), ("policy", "publish"), ("access", "add", "site", "--role", "shop")])
def test_a_folder_that_may_not_be_written_is_told(
    ask: tuple[str, ...], closed: Path, operator: Path, command: Command
) -> None:
    """Exit code 1 with a code, never a text of the database's; nothing in the folder changes."""
    before = {path: path.read_bytes() for path in closed.rglob("*") if path.is_file()}
    command(*ask, "-C", operator)  # so that all modules are loaded
    with _nobody():
        ran = command(*ask, "-C", closed)
    assert ran.code == 1
    assert ran.err.partition(":")[0] in {"storage_unreachable", "storage_failed"}, ran.err
    assert {path: path.read_bytes() for path in closed.rglob("*") if path.is_file()} == before


def test_a_folder_is_not_made_where_nothing_may_be_written(closed: Path, tmp_path: Path, command: Command) -> None:
    """``senim init`` inside a closed folder: refused, and nothing is left there."""
    command("init", tmp_path / "warm", "--profile", "shop")
    with _nobody():
        ran = command("init", closed / "new", "--profile", "shop")
    assert (ran.code, ran.err.partition(":")[0]) == (1, "folder_wrong")
    assert not (closed / "new").exists()
