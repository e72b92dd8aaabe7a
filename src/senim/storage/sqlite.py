"""SQLite: WAL, ``synchronous=FULL``, ``secure_delete``, one writer, a few readers."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from operator import itemgetter
from pathlib import Path

from senim.errors import Code, SenimError, Stale, Tampered, Unavailable
from senim.storage.engine import Batch, Engine
from senim.storage.statements import Guard, Query, Row

_BUSY_MS = 5_000
_READERS = 8
_ROWS = 256
"""Rows in one statement at most: their parameters stay far below the limit of 32,766."""

_ASKERS = 32
"""Askers of one statement at most: its parts stay far below the limit of 500."""

_TERMS = 256
"""Alternatives of one condition at most: their depth stays below the limit of 1,000."""
_CODES = {
    sqlite3.SQLITE_FULL: Code.STORAGE_FULL,
    sqlite3.SQLITE_IOERR: Code.STORAGE_FAILED,
    sqlite3.SQLITE_BUSY: Code.STORAGE_BUSY,
    sqlite3.SQLITE_LOCKED: Code.STORAGE_BUSY,
    sqlite3.SQLITE_CANTOPEN: Code.STORAGE_UNREACHABLE,
    sqlite3.SQLITE_READONLY: Code.STORAGE_UNREACHABLE,
    sqlite3.SQLITE_PERM: Code.STORAGE_UNREACHABLE,
}


ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises; the second where damaged pages hold no text any more, its own message about them included."""


def convert(error: Exception) -> SenimError:
    """An error of the driver as one of ours; the text of the driver stays in the cause, out of answers."""
    if isinstance(error, UnicodeDecodeError):
        return Tampered(Code.STORAGE_CORRUPT)
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Tampered(Code.STORAGE_CORRUPT)
    known = _CODES.get(code & 0xFF) if code is not None else None
    if known is None and "no such table" in str(error):
        known = Code.STORAGE_OUTDATED
    if isinstance(error, sqlite3.IntegrityError):
        return Stale()
    converted = Unavailable(known or Code.STORAGE_FAILED)
    converted.__cause__ = error
    return converted


class SQLite(Engine):
    """An embedded database file. Other processes may read and write it at the same time."""

    dialect = "sqlite"
    errors = ERRORS
    of_all = (Code.STORAGE_UNREACHABLE, Code.STORAGE_BUSY)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.sqlalchemy_url = f"sqlite:///{path}"
        self._idle: deque[sqlite3.Connection] = deque()
        self._writer = self._connect()
        try:
            self._write_ahead()
            self._writer.execute("PRAGMA journal_size_limit = 16777216")
            self._writer.execute("PRAGMA cache_size = -12288")
            # The clock moves the WAL into the file (see upkeep); a commit does so only if the clock stands still.
            self._writer.execute("PRAGMA wal_autocheckpoint = 16384")
        except ERRORS as error:
            self._writer.close()
            raise convert(error) from error

    def _write_ahead(self) -> None:
        """Turn the WAL on. SQLite waits for whoever writes, but not for who turns it on at the same moment: we do."""
        end = time.monotonic() + _BUSY_MS / 1000
        while True:
            try:
                self._writer.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.005)
            else:
                return

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=_BUSY_MS / 1000
            )
            for pragma in ("synchronous = FULL", "secure_delete = ON", "temp_store = MEMORY", "cache_size = -2048"):
                connection.execute(f"PRAGMA {pragma}")
        except ERRORS as error:
            if connection is not None:
                connection.close()
            raise convert(error) from error
        return connection

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        except ERRORS as error:
            raise convert(error) from error
        finally:
            if len(self._idle) < _READERS:
                self._idle.append(connection)
            else:
                connection.close()

    def _read_alone(self, query: Query, params: Row) -> list[Row]:
        # The body of _reader by hand: a context manager costs as much as the read itself.
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            return connection.execute(query.sqlite, params).fetchall()
        except ERRORS as error:
            raise convert(error) from error
        finally:
            self._idle.append(connection)

    def _read_several(self, query: Query, asked: list[Row], rest: Row) -> list[list[Row]]:
        # Fewer statements are fewer times that the interpreter's lock is let go of: each wakes other threads.
        found: list[list[Row]] = [[] for _ in asked]
        at = 0
        with self._reader() as connection:
            for part in _parts(asked, _ASKERS):
                params = [value for one in part for value in (*one, *rest)]
                for row in connection.execute(query.sqlite_many(len(part)), params).fetchall():
                    found[at + row[0] - 1].append(row[1:])
                at += len(part)
        return found

    def read_all(self, *asked: tuple[Query, Row]) -> list[list[Row]]:
        with self._reader() as connection:
            return [connection.execute(query.sqlite, params).fetchall() for query, params in asked]

    def stream(self, query: Query, *params: object) -> Iterator[Row]:
        with self._reader() as connection:
            yield from connection.execute(query.sqlite, params)

    def begin(self) -> None:
        self._writer.execute("BEGIN IMMEDIATE")

    def count(self, guard: Guard, rows: list[Row]) -> int:
        return sum(
            self._writer.execute(guard.sqlite_many(len(part)), list(chain.from_iterable(part))).fetchone()[0]
            for part in _parts(rows)
        )

    def look(self, guard: Guard, key: Row) -> Row | None:
        found: Row | None = self._writer.execute(guard.sqlite, key).fetchone()
        return found

    def write(self, batch: Batch) -> None:
        for statement, rows in batch:
            if statement.kind in ("insert", "upsert"):
                # In the order of the tree: a page that takes several rows is looked for once.
                rows.sort(key=itemgetter(*statement.key))
            for part in _parts(rows, _TERMS if statement.kind == "delete" else _ROWS):
                self._writer.execute(statement.sqlite(len(part)), list(chain.from_iterable(part)))

    def commit(self) -> None:
        self._writer.execute("COMMIT")

    def rollback(self) -> None:
        with suppress(sqlite3.Error):
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    def converted(self, error: Exception) -> SenimError:
        return convert(error)

    def execute(self, sql: str) -> None:
        try:
            with self._writing:  # between transactions, never inside that of another thread
                self._writer.execute(sql)
        except ERRORS as error:
            raise convert(error) from error

    def upkeep(self) -> None:
        with self._reader() as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def tidy(self) -> bool:
        try:
            with self._writing:
                busy: int = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except ERRORS as error:
            raise convert(error) from error
        return not busy

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        with suppress(sqlite3.Error):
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writer.close()


def _parts(rows: list[Row], most: int = _ROWS) -> Iterator[list[Row]]:
    """Rows in parts of a power of two, so that there are few statements to prepare."""
    at = 0
    while at < len(rows):
        size = 1 << (min(len(rows) - at, most).bit_length() - 1)
        yield rows[at : at + size]
        at += size
