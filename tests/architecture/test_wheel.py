"""What is built is whole: the wheel holds all that the package reads, and gives the command."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as ``make wheel`` builds it, without the network."""
    out = tmp_path_factory.mktemp("dist")
    build = "import sys; from hatchling import build; build.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(out)], cwd=ROOT, check=True, capture_output=True)
    return next(out.glob("senim-*.whl"))


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    """Profiles, law packs, wording, pages and migrations are in the wheel, and its licence."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    files = {
        path.relative_to(PACKAGE).as_posix()
        for path in (PACKAGE / "senim").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(files) > 100
    assert files - held == set()
    assert [name for name in held if name.endswith("licenses/LICENSE")]
    assert not [name for name in held if not name.startswith(("senim/", "senim-"))]


def test_the_wheel_gives_the_command(wheel: Path, tmp_path: Path) -> None:
    """Unpacked in a place of its own it runs: an operator's folder is made, and its policy is checked."""
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
        entry = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "senim = senim.cli:main" in archive.read(entry).decode()
    script = (
        f"import sys; sys.path.insert(0, {str(place)!r})\n"
        f"import senim; assert senim.__file__.startswith({str(place)!r})\n"
        "from senim.cli import main; main()"
    )
    for arguments in (["init", "operator", "--profile", "shop"], ["policy", "check", "-C", "operator"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
