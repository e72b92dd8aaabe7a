"""Tables: declared and migrated ones are the same, a newer database is refused, keys and data lie apart."""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import MetaData, create_engine, inspect

from senim.app import Senim, make_folder, open_senim
from senim.cli.folder import init, profile
from senim.errors import Code, Invalid, SenimError
from senim.identity import LANES, lane_of, new_id
from senim.storage import Database, Query, keys_metadata, main_metadata, open_database, query
from senim.storage.migrate import migrate, numbered, version_of
from senim.subjects import Standing
from senim.work import Work
from tests.postgres import Server

KINDS: dict[str, MetaData] = {"main": main_metadata, "keys": keys_metadata}
REFERENCE = {
    "schema_version",
    "policy_version",
    "policy_cancelled",
    "policy_notice",
    "api_key",
    "control_run",
    "key_check",
    "letter_mailbox",
    "technical_period",
    "staff_account",
    "staff_name",
    "staff_session",
    "proof_order",
    "policy_draft",
    "map_version",
}
"""Tables that do not grow with people."""
THE_LOG_ITSELF = {"log_head", "log_checkpoint", "log_tally", "log_daily", "log_daily_end"}
_number = itertools.count()


@pytest.fixture
def empty(database_url: str, request: pytest.FixtureRequest) -> Callable[[], str]:
    """Addresses of databases without a single table, on the database of this test."""

    def make() -> str:
        name = f"empty_{os.getpid()}_{next(_number)}"
        if database_url.startswith("sqlite"):
            return f"sqlite:///{name}.db"
        server: Server = request.getfixturevalue("postgres")
        server.execute(f"CREATE DATABASE {name}")
        return server.url(name)

    return make


@pytest.fixture
def opened(tmp_path: Path, empty: Callable[[], str]) -> Iterator[dict[str, Database]]:
    """A key store and a main database that were just made."""
    keys = open_database(empty(), tmp_path, create=True)
    main = open_database(empty(), tmp_path, keys=keys, create=True)
    yield {"main": main, "keys": keys}
    main.close()
    keys.close()


@pytest.mark.parametrize("kind", KINDS)
def test_declared_tables_are_the_migrated_ones(opened: dict[str, Database], kind: str) -> None:
    """What the stores declare is exactly what the migrations make: tables, columns, types, keys."""
    declared = KINDS[kind]
    place = create_engine(opened[kind].engine.sqlalchemy_url)
    with place.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, declared) == []
        looked = inspect(connection)
        assert set(looked.get_table_names()) == set(declared.tables)
        for name, table in declared.tables.items():
            assert looked.get_pk_constraint(name)["constrained_columns"] == [one.name for one in table.primary_key]
            nullable = {one["name"]: one["nullable"] for one in looked.get_columns(name)}
            assert nullable == {one.name: one.nullable for one in table.columns}
    place.dispose()


def test_tables_that_grow_with_people_begin_with_the_lane() -> None:
    """Every key of such a table starts with the lane, for ever: a cluster shares people out by it."""
    for metadata in KINDS.values():
        for name, table in metadata.tables.items():
            first = next(iter(table.primary_key)).name
            assert (first == "lane") == (name not in REFERENCE | THE_LOG_ITSELF), name
            assert not table.indexes
            assert not table.foreign_keys
    assert LANES == 64
    assert {lane_of(new_id()) for _ in range(4000)} == set(range(64))


def test_keys_and_data_share_no_table() -> None:
    """The database alone opens nothing: what wraps people's keys is in another one, with its own backup."""
    assert set(main_metadata.tables) & set(keys_metadata.tables) == {"schema_version"}
    assert {"person_key", "erasure", "erasure_unsettled", "key_check"} < set(keys_metadata.tables)


def test_keys_and_data_in_one_database_are_refused(tmp_path: Path, empty: Callable[[], str]) -> None:
    """An operator who puts both into one database is told so, whichever came first, before anything is kept in it."""
    one = empty()
    keys = open_database(one, tmp_path, create=True)
    with pytest.raises(SenimError) as refusal:
        open_database(one, tmp_path, keys=keys, create=True)
    assert (refusal.value.code, refusal.value.where) == (Code.SETTING_WRONG, "keys.store")
    other = empty()
    open_database(other, tmp_path, keys=keys, create=True).close()
    with pytest.raises(SenimError) as refusal:
        open_database(other, tmp_path)
    assert (refusal.value.code, refusal.value.where) == (Code.SETTING_WRONG, "keys.store")
    keys.close()


def test_a_key_store_has_a_server_of_its_own_from_the_start(tmp_path: Path, empty: Callable[[], str]) -> None:
    """``senim init --keys`` makes the key store where it is to stay; what is opened afterwards is that one."""
    folder, keys = tmp_path / "operator", empty()
    made = CliRunner().invoke(init, [str(folder), "--profile=shop", f"--database={empty()}", f"--keys={keys}"])
    assert made.exit_code == 0, made.output
    assert not (folder / "keys.db").exists()
    with open_senim(folder, environment={}) as senim:
        assert senim.settings.keys.store == keys
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, profile("shop")))
    with open_senim(folder, environment={}) as again:
        assert again.works.begun
    same = keys.replace("sqlite:///", f"sqlite:///{folder}/")
    second = CliRunner().invoke(init, [str(tmp_path / "second"), "--profile=shop", f"--keys={same}"])
    assert isinstance(second.exception, Invalid)
    assert (second.exception.where, second.exception.detail) == ("keys.store", "another folder has its keys there")


@pytest.mark.parametrize("keys", ["sqlite:///senim.db", "nonsense", "http://["])
def test_a_key_store_that_cannot_be_one_is_told_as_such(tmp_path: Path, keys: str) -> None:
    """It is named by its own setting, and the folder can be made as it should be afterwards."""
    with pytest.raises(Invalid) as refused:
        make_folder(tmp_path / "operator", b"", key_store=keys)
    assert (refused.value.code, refused.value.where) == (Code.SETTING_WRONG, "keys.store")
    make_folder(tmp_path / "operator", b"")


@pytest.mark.parametrize("kind", KINDS)
def test_migrating_again_changes_nothing(opened: dict[str, Database], kind: str) -> None:
    """Opening a database of this version runs no migration and leaves its one version as it is."""
    engine = opened[kind].engine
    newest = numbered(kind)[-1][0]
    for _ in range(2):
        migrate(engine, kind)
        assert version_of(engine) == newest
    versions: Query = query(sa.select(KINDS[kind].tables["schema_version"].c.version))
    assert sorted(row[0] for row in engine.read(versions)) == [number for number, _ in numbered(kind)]


def test_processes_that_start_at_once_migrate_once(tmp_path: Path, empty: Callable[[], str]) -> None:
    """Several workers started on an empty database at the same moment: one makes the tables, all can write."""
    keys = open_database(empty(), tmp_path, create=True)
    url, barrier, opened = empty(), threading.Barrier(4), list[Database | BaseException]()

    def start() -> None:
        barrier.wait(30)
        try:
            opened.append(open_database(url, tmp_path, keys=keys, create=True))
        except SenimError as error:
            opened.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    databases = [one for one in opened if isinstance(one, Database)]
    assert len(databases) == 4, opened
    assert {version_of(one.engine) for one in databases} == {numbered("main")[-1][0]}
    for one in databases:
        one.engine.execute("UPDATE schema_version SET version = version")
    for one in (*databases, keys):
        one.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    mini: bytes, tmp_path: Path, database_url: str, kind: str
) -> None:
    """After a step back to an older release nothing is guessed at: opening ends with a clear error."""
    folder = tmp_path / "operator"
    make_folder(folder, mini, database=database_url)
    with open_senim(folder, environment={}) as senim:
        databases = {"main": senim.database, "keys": senim.key_store}
        databases[kind].engine.execute("INSERT INTO schema_version (version) VALUES (9999)")
    with pytest.raises(SenimError) as refusal:
        open_senim(folder, environment={})
    assert (refusal.value.code, refusal.value.where) == (Code.STORAGE_OUTDATED, "9999")


def upgrade_of(act: Callable[[Operations], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be one more migration of the main database."""
    name, known = "senim.storage.migrations.main.later", numbered("main")
    module = ModuleType(name)
    module.upgrade = act  # type: ignore[attr-defined]  # as in a file
    monkeypatch.setitem(sys.modules, name, module)
    later = [*known, (known[-1][0] + 1, name)]
    monkeypatch.setattr("senim.storage.migrate.numbered", lambda kind: later if kind == "main" else numbered(kind))


def test_an_upgrade_that_is_cut_off_is_undone_whole(
    opened: dict[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration that fails half way leaves the database as it was, of its old version; the next try does it all."""
    engine, newest = opened["main"].engine, numbered("main")[-1][0]

    def good(op: Operations) -> None:
        op.create_table("later", sa.Column("one", sa.SmallInteger(), primary_key=True))
        op.add_column("api_key", sa.Column("note", sa.Text(), nullable=True))

    def bad(op: Operations) -> None:
        good(op)
        raise RuntimeError("the power went")

    with monkeypatch.context() as patched:
        upgrade_of(bad, patched)
        with pytest.raises(RuntimeError):
            migrate(engine, "main")
    place = create_engine(engine.sqlalchemy_url)
    assert version_of(engine) == newest
    assert not inspect(place).has_table("later")
    upgrade_of(good, monkeypatch)
    migrate(engine, "main")
    assert version_of(engine) == newest + 1
    assert inspect(place).has_table("later")
    place.dispose()


def _taken_in(senim: Senim, work: Work) -> Standing:
    standing = senim.vault.enrol(work)
    work.record("data.collected", subject=standing.subject)
    return standing


def test_old_data_survives_the_next_migration(
    mini: bytes, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was kept before an upgrade is read after it, in the same order and with the same log."""
    folder = tmp_path / "operator"
    make_folder(folder, mini, database=database_url)
    with open_senim(folder, environment={}) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
        people = [senim.run(senim.actor(), partial(_taken_in, senim)).subject for _ in range(3)]
        root = senim.log.verify().root

    def wider(op: Operations) -> None:
        op.add_column("subject", sa.Column("note", sa.Text(), nullable=True))

    upgrade_of(wider, monkeypatch)
    with open_senim(folder, environment={}) as senim:
        assert version_of(senim.database.engine) == numbered("main")[-1][0] + 1
        assert sorted(one.subject for one in senim.subjects.everybody(senim.database)) == sorted(people)
        report = senim.log.verify()
        assert (report.ok, report.root) == (True, root)
