"""Migrations that are cut off: the tables are as before, whole, and the next opening does the rest."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.operations import Operations

from senim.app import open_senim
from senim.errors import Code, SenimError, Unavailable
from senim.storage import migrate
from tests.faults.conftest import Command
from tests.faults.disk import ENVIRONMENT
from tests.faults.scene import halves

_KNOWN = migrate.numbered
_DIE = """
import os, pathlib, sys
from senim import app
from senim.storage import migrate
run = migrate.importlib.import_module(migrate.numbered(sys.argv[2])[0][1])
upgrade = run.upgrade
run.upgrade = lambda op: (upgrade(op), os._exit(9))
app.make_folder(pathlib.Path(sys.argv[1]), b"id: cut", origin="mini.example/log")
"""


def _add(monkeypatch: pytest.MonkeyPatch, upgrade: Callable[[Operations], object]) -> None:
    """Let there be one migration more of the main database."""
    module = types.ModuleType("senim_test_migration")
    module.upgrade = upgrade  # type: ignore[attr-defined]  # as a migration has it
    monkeypatch.setitem(sys.modules, module.__name__, module)
    more = [(9999, module.__name__)]
    monkeypatch.setattr(migrate, "numbered", lambda kind: _KNOWN(kind) + (more if kind == "main" else []))


def _half(op: Operations) -> None:
    op.create_table("extra", sa.Column("a", sa.Integer()))
    op.add_column("subject", sa.Column("b", sa.Integer()))
    op.execute("INSERT INTO no_such_table VALUES (1)")


def test_a_migration_that_fails_leaves_the_tables_as_they_were(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is undone whole, told with a code; without it, or with a right one, the system opens."""
    with monkeypatch.context() as place:
        _add(place, _half)
        for _ in range(2):
            with pytest.raises(Unavailable):
                open_senim(folder, environment={})
    with open_senim(folder, environment={}) as senim:
        assert halves(senim) == []
    with monkeypatch.context() as place:
        _add(place, lambda op: op.create_table("extra", sa.Column("a", sa.Integer())))
        with open_senim(folder, environment={}) as senim:
            assert halves(senim) == []
            assert migrate.version_of(senim.database.engine) == 9999
    with pytest.raises(Unavailable) as refusal:
        open_senim(folder, environment={})
    assert refusal.value.code is Code.STORAGE_OUTDATED, "an older Senim does not guess at newer tables"


@pytest.mark.parametrize("kind", ["keys", "main"])
def test_a_folder_whose_making_died_in_a_migration_can_be_made_again(
    kind: str, tmp_path: Path, command: Command
) -> None:
    """Killed while the first tables are made: there is no half folder, and ``senim init`` makes it."""
    folder = tmp_path / "operator"
    done = subprocess.run([sys.executable, "-c", _DIE, str(folder), kind], check=False, env=ENVIRONMENT, timeout=60)
    assert done.returncode == 9
    with pytest.raises(SenimError) as refusal:
        open_senim(folder, environment={})
    assert refusal.value.code is Code.FOLDER_WRONG
    assert command("init", folder, "--profile", "shop").code == 0
    assert command("policy", "publish", "-C", folder).code == 0
    assert command("verify", "-C", folder).code == 0
