"""PostgreSQL through psycopg 3: one writing connection per process, a few reading ones."""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from operator import itemgetter
from typing import Any

import psycopg
from psycopg import errors as pg
from psycopg.abc import RV, PQGen
from psycopg.waiting import Ready, Wait

from senim.errors import Code, Invalid, SenimError, Stale, Tampered, Unavailable
from senim.storage.engine import Batch, Engine
from senim.storage.statements import Guard, Query, Row, Statement
from senim.storage.strands import Places, Strand, current

_READERS = 16
"""Connections for reading that are kept; strands, of which there may be hundreds, have no more than these."""

_COPY_FROM = 64
"""Rows from which on COPY beats single inserts (benchmarks/, measured on PostgreSQL 18)."""


class Connection(psycopg.Connection[Row]):
    """A connection whose answers a strand awaits without stopping its thread."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        strand = current()
        if strand is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            asked = next(gen)
            while True:
                asked = gen.send(_ready(strand, self.pgconn.socket, asked))
        except StopIteration as done:
            found: RV = done.value
            return found
        except OSError as error:
            raise psycopg.OperationalError("connection socket closed") from error


def _ready(strand: Strand, socket: int, asked: int) -> int:
    """Wait for what psycopg asks for: which of it is ready. A socket nearly always takes what is written at once."""
    if asked & Wait.W:
        poll = select.poll()
        poll.register(socket, (select.POLLIN if asked & Wait.R else 0) | select.POLLOUT)
        for _, found in poll.poll(0):
            return (Ready.R if found & ~select.POLLOUT else 0) | (Ready.W if found & ~select.POLLIN else 0)
    return strand.ready(socket, asked)


def convert(error: Exception) -> SenimError:
    """An error of the driver as one of ours; the text of the driver stays in the cause, out of answers."""
    match error:
        case psycopg.IntegrityError():
            converted: SenimError = Stale()
        case pg.DiskFull():
            converted = Unavailable(Code.STORAGE_FULL)
        case pg.DataCorrupted() | pg.IndexCorrupted():
            converted = Tampered(Code.STORAGE_CORRUPT)
        case pg.DeadlockDetected() | pg.SerializationFailure():
            converted = Stale()
        case pg.LockNotAvailable() | pg.QueryCanceled():
            converted = Unavailable(Code.STORAGE_BUSY)
        case psycopg.DataError():  # a text with NUL in it, above all: what was asked with is at fault, not the server
            converted = Invalid(Code.INVALID_VALUE)
        case pg.UndefinedTable():
            converted = Unavailable(Code.STORAGE_OUTDATED)
        case psycopg.OperationalError() | psycopg.InterfaceError():
            converted = Unavailable(Code.STORAGE_UNREACHABLE)
        case _:
            converted = Unavailable(Code.STORAGE_FAILED)
    converted.__cause__ = error
    return converted


class PostgreSQL(Engine):
    """A PostgreSQL database. Connections that break are replaced; the act under way ends with 503."""

    dialect = "postgresql"
    errors = (psycopg.Error,)
    of_all = (Code.STORAGE_UNREACHABLE,)

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.sqlalchemy_url = "postgresql+psycopg://" + url.partition("://")[2]
        self._idle: deque[Connection] = deque()
        self._readers = Places(_READERS)
        self._writer = self._connect()

    def _connect(self) -> Connection:
        try:
            return Connection.connect(
                self._url,
                autocommit=True,
                prepare_threshold=2,
                options="-c synchronous_commit=on -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s",
                connect_timeout=10,
                keepalives_idle=30,
                keepalives_interval=10,
                keepalives_count=3,
                tcp_user_timeout=60_000,
            )
        except psycopg.Error as error:
            raise convert(error) from error

    @contextmanager
    def _reader(self) -> Iterator[Connection]:
        with self._readers:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connected()
            try:
                yield connection
            except psycopg.Error as error:
                raise convert(error) from error
            finally:
                if connection.closed or len(self._idle) >= _READERS:
                    connection.close()
                else:
                    self._idle.append(connection)

    def _connected(self) -> Connection:
        """A new connection; a strand lets others go on until the server answers."""
        strand = current()
        return self._connect() if strand is None else strand.aside(self._connect)

    def _again(self, error: psycopg.Error) -> bool:
        """Whether a read failed because its idle connection had died (a restart of the server)."""
        if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return False
        stale = [self._idle.pop() for _ in range(len(self._idle))]
        for connection in stale:
            connection.close()
        return True

    def _read_alone(self, query: Query, params: Row) -> list[Row]:
        return self.read_all((query, params))[0]

    def _read_several(self, query: Query, asked: list[Row], rest: Row) -> list[list[Row]]:
        columns = [list(column) for column in zip(*asked, strict=True)]
        found: list[list[Row]] = [[] for _ in asked]
        with self._reader() as connection:
            for row in connection.execute(query.postgres_many, [*columns, *rest], binary=True).fetchall():
                found[row[0] - 1].append(row[1:])
        return found

    def read_all(self, *asked: tuple[Query, Row]) -> list[list[Row]]:
        try:
            return self._read_all(asked)
        except Unavailable as error:
            if isinstance(error.__cause__, psycopg.Error) and self._again(error.__cause__):
                return self._read_all(asked)
            raise

    def _read_all(self, asked: tuple[tuple[Query, Row], ...]) -> list[list[Row]]:
        with self._reader() as connection:
            if len(asked) == 1:
                query, params = asked[0]
                return [connection.execute(query.postgres, params, binary=True).fetchall()]
            with connection.pipeline():
                cursors = [connection.execute(query.postgres, params, binary=True) for query, params in asked]
            return [cursor.fetchall() for cursor in cursors]

    def stream(self, query: Query, *params: object) -> Iterator[Row]:
        with self._reader() as connection, connection.transaction(), connection.cursor("stream", binary=True) as cursor:
            cursor.itersize = 512
            cursor.execute(query.postgres, params)
            yield from cursor

    def begin(self) -> None:
        try:
            self._writer.execute("BEGIN")
        except (psycopg.OperationalError, psycopg.InterfaceError):
            if not self._writer.closed:
                raise
            # It broke since the last act (the server was restarted). Nothing was begun, so a new one may do it.
            self._writer = self._connect()
            self._writer.execute("BEGIN")

    def count(self, guard: Guard, rows: list[Row]) -> int:
        # Locks are taken in one order by all processes, so that they seldom wait for each other in a ring.
        columns = [list(column) for column in zip(*sorted(rows), strict=True)]
        cursor = self._writer.execute(guard.postgres_many, columns, binary=True)
        return int((cursor.fetchone() or (0,))[0])

    def look(self, guard: Guard, key: Row) -> Row | None:
        return self._writer.execute(guard.postgres, key, binary=True).fetchone()

    def write(self, batch: Batch) -> None:
        with self._writer.cursor() as cursor:
            for statement, rows in batch:
                if statement.kind == "insert" and len(rows) >= _COPY_FROM:
                    self._copy(cursor, statement, rows)
                else:
                    ordered = sorted(rows, key=itemgetter(*statement.key))
                    cursor.execute(statement.postgres, [list(column) for column in zip(*ordered, strict=True)])

    @staticmethod
    def _copy(cursor: psycopg.Cursor[Any], statement: Statement, rows: list[Row]) -> None:
        names = ", ".join(statement.columns)
        with cursor.copy(f"COPY {statement.table} ({names}) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(statement.types)
            for row in rows:
                copy.write_row(row)

    def commit(self) -> None:
        self._writer.execute("COMMIT")

    def rollback(self) -> None:
        with suppress(psycopg.Error):
            self._writer.execute("ROLLBACK")

    def converted(self, error: Exception) -> SenimError:
        return convert(error)

    def execute(self, sql: str) -> None:
        try:
            with self._connect() as connection:
                connection.execute(sql)
        except psycopg.Error as error:
            raise convert(error) from error

    def upkeep(self) -> None:
        """PostgreSQL keeps itself (checkpointer, autovacuum)."""

    def tidy(self) -> bool:
        self.execute("VACUUM")
        return True

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self._writer.close()
