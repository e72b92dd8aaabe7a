"""A database that is open: reads, group commit, and the key store that is committed just before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from senim.errors import Code, Invalid, Unavailable
from senim.storage.commit import GroupCommit
from senim.storage.engine import Engine
from senim.storage.migrate import migrate, version_of
from senim.storage.sqlite import SQLite
from senim.storage.statements import Query, Row
from senim.storage.unit import Unit


class Database:
    """The main database (``keys`` given) or the key store by itself."""

    def __init__(self, engine: Engine, keys: Database | None = None) -> None:
        self.engine = engine
        self.keys = keys
        key_engine = keys.engine if keys else None
        self._group = GroupCommit(lambda units: engine.apply(units, key_engine))
        self.read = engine.read
        self.read_all = engine.read_all

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect

    def one(self, query: Query, *params: object) -> Row | None:
        """The first row of a query, or None."""
        rows = self.read(query, *params)
        return rows[0] if rows else None

    def stream(self, query: Query, *params: object) -> Iterator[Row]:
        """Rows one after the other, in flat memory."""
        return self.engine.stream(query, *params)

    def commit(self, unit: Unit) -> None:
        """Return when the unit is durable. Raises Stale if a guard no longer holds, Unavailable if the disk says no."""
        if not unit.empty:
            self._group.commit(unit)

    def close(self) -> None:
        """Close the connections, when what waits is committed."""
        self._group.close()
        self.engine.close()


def open_database(url: str, folder: Path, *, keys: Database | None = None, create: bool = False) -> Database:
    """Open ``sqlite:///file`` (relative to ``folder``) or ``postgresql://…`` and bring its tables up to date.

    Only with ``create`` may it be empty: an empty file or database in the place of one that was in use is a loss,
    and must be told before anything new is written into it.

    Raises Invalid (setting_wrong), Unavailable (key_store_missing, storage_unreachable, storage_outdated),
    Tampered (storage_corrupt).
    """
    missing = Code.STORAGE_UNREACHABLE if keys else Code.KEY_STORE_MISSING
    engine = _engine(url, folder, create=create, missing=missing)
    try:
        if not create and version_of(engine) == 0:
            raise Unavailable(missing, detail="it is empty")
        migrate(engine, "main" if keys else "keys")
    except BaseException:
        engine.close()
        raise
    return Database(engine, keys)


def _engine(url: str, folder: Path, *, create: bool, missing: Code) -> Engine:
    setting = "keys.store" if missing is Code.KEY_STORE_MISSING else "database"
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise Invalid(Code.SETTING_WRONG, setting) from error
    if scheme == "sqlite" and url.startswith("sqlite:///"):
        path = folder / url.removeprefix("sqlite:///")
        if not create and not path.exists():
            raise Unavailable(missing, path.name)
        if create:
            _reserve(path)
        return SQLite(path)
    if scheme in ("postgresql", "postgres"):
        from senim.storage.postgres import PostgreSQL

        return PostgreSQL(url)
    raise Invalid(Code.SETTING_WRONG, setting)


def _reserve(path: Path) -> None:
    """Make a database file that its owner alone may read; SQLite gives its WAL the same mode."""
    with suppress(OSError):  # what stands in the way is told when the file is opened
        path.touch(mode=0o600, exist_ok=True)
