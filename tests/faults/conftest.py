"""What faults are tried on: a platform with its service, an operator's folder, the command line."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from senim.app import make_folder, open_senim
from senim.cli import main
from senim.testing import FixedClock, Stage, platform
from tests.faults.scene import Scene


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did: exit code, output, errors."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command ``senim``, run in this process as its entry point runs it. A traceback is an error of the test."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as place:
            place.setenv("SENIM_LANGUAGE", "en")
            place.setattr(sys, "argv", ["senim", *map(str, arguments)])
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


@pytest.fixture
def scene(mini: bytes, clock: FixedClock) -> Iterator[Scene]:
    """A platform with the small policy and its service, on SQLite."""
    with platform(mini, now=clock) as stage:
        yield Scene(stage.platform, mini)  # type: ignore[arg-type]  # the stage's platform is a whole Senim


@pytest.fixture
def scene_on_both(stage: Stage, mini: bytes) -> Scene:
    """A platform with the small policy and its service, on SQLite and PostgreSQL in turn."""
    return Scene(stage.platform, mini)  # type: ignore[arg-type]  # the stage's platform is a whole Senim


def _published(folder: Path, mini: bytes, database: str = "") -> Path:
    make_folder(folder, mini, database=database, origin="mini.example/log")
    with open_senim(folder, environment={}) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
    return folder


@pytest.fixture
def folder(database_url: str, tmp_path: Path, mini: bytes) -> Path:
    """An operator's folder, its data in SQLite and in PostgreSQL in turn."""
    return _published(tmp_path / "operator", mini, database_url)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, mini: bytes) -> Path:
    """An operator's folder with the small policy published and three people; to be copied, never used."""
    folder = _published(tmp_path_factory.mktemp("made") / "operator", mini)
    with open_senim(folder, environment={}) as senim:
        for _ in range(3):
            Scene(senim, mini).stage.person()
    return folder


@pytest.fixture
def operator(made: Path, tmp_path: Path) -> Path:
    """An operator's folder of this test's own."""
    copy = tmp_path / "operator"
    shutil.copytree(made, copy)
    return copy
