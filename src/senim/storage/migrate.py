"""Numbered migrations, applied when a database is opened.

A migration is a Python file ``migrations/<main|keys>/NNNN_name.py`` with ``upgrade(op)``, ``op`` being
Alembic's operations. Each runs in one transaction with its number written to ``schema_version``; an upgrade
that is cut off is undone whole. A database from a newer Senim is refused, not guessed at.
"""

from __future__ import annotations

import importlib
import re
from importlib import resources

from sqlalchemy import literal_column, select
from sqlalchemy import table as sql_table

from senim.errors import Code, Invalid, SenimError, Tampered, Unavailable
from senim.storage.engine import Engine
from senim.storage.statements import Query, query
from senim.storage.tables import keys_metadata, main_metadata, number, table

_TABLES = {
    metadata: table(metadata, "schema_version", number("version", key=True))
    for metadata in (main_metadata, keys_metadata)
}
_VERSION = query(select(_TABLES[main_metadata].c.version).order_by(literal_column("version DESC")))

_OF_THE_OTHER = {
    kind: query(select(literal_column("1")).select_from(sql_table(name)).where(literal_column("1 = 0")))
    for kind, name in (("main", "person_key"), ("keys", "subject"))
}
"""A look at a table that belongs into the other database."""


def numbered(kind: str) -> list[tuple[int, str]]:
    """The migrations of ``main`` or ``keys``: number and module name, in order."""
    folder = resources.files("senim.storage").joinpath("migrations", kind)
    names = sorted(entry.name for entry in folder.iterdir() if re.fullmatch(r"\d{4}_\w+\.py", entry.name))
    return [(int(name[:4]), f"senim.storage.migrations.{kind}.{name[:-3]}") for name in names]


def migrate(engine: Engine, kind: str) -> None:
    """Bring the tables to the newest version.

    Raises Unavailable (storage_outdated) if they are newer still, Invalid (setting_wrong) if keys and data would
    come to lie in one database.
    """
    have, known = version_of(engine), numbered(kind)
    if have and _readable(engine, _OF_THE_OTHER[kind]):
        raise Invalid(Code.SETTING_WRONG, "keys.store", detail="keys and data must be kept apart")
    if have > known[-1][0]:
        raise Unavailable(Code.STORAGE_OUTDATED, str(have))
    for version, module in known:
        if version > have:
            _apply(engine, version, module)


def _readable(engine: Engine, first: Query) -> bool:
    try:
        engine.read(first)
    except SenimError as error:
        if error.code == Code.STORAGE_OUTDATED:
            return False
        raise
    return True


def version_of(engine: Engine) -> int:
    """The number of the newest migration applied; 0 for an empty database."""
    try:
        rows = engine.read(_VERSION)
    except SenimError as error:
        if error.code == Code.STORAGE_OUTDATED:
            return 0
        raise
    if rows and not isinstance(rows[0][0], int):
        raise Tampered(Code.STORAGE_CORRUPT, "schema_version")
    return rows[0][0] if rows else 0


def _apply(engine: Engine, version: int, module: str) -> None:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import create_engine, event, text
    from sqlalchemy.exc import DBAPIError

    place = create_engine(engine.sqlalchemy_url)
    if engine.dialect == "sqlite":
        # The driver begins no transaction before DDL by itself; without one a cut-off upgrade would stay half done.
        event.listen(place, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(place, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with place.begin() as connection:
            if engine.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(7366)"))
            if version_of(engine) < version:
                operations = Operations(MigrationContext.configure(connection))
                importlib.import_module(module).upgrade(operations)
                connection.execute(text("INSERT INTO schema_version (version) VALUES (:version)"), {"version": version})
    except DBAPIError as error:
        raise engine.converted(error.orig if isinstance(error.orig, Exception) else error) from error
    finally:
        place.dispose()
