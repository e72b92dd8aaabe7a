"""The limits in this process: the same driver, rows and transactions, with Senim taken away."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import MetaData

from senim.identity import new_id
from senim.storage.commit import GroupCommit, Outcome
from senim.storage.engine import Batch, merged
from senim.storage.statements import Query, Row, Statement, insert
from senim.storage.tables import blob, table
from senim.storage.unit import Unit

BARE = insert(table(MetaData(), "bare", blob("id", key=True), blob("content")))
_COPY_FROM = 64


class Bare(ABC):
    """A connection of a driver, and nothing between it and the caller."""

    @abstractmethod
    def make(self) -> None:
        """Make the table of bare rows."""

    @abstractmethod
    def add(self, rows: list[Row]) -> None:
        """Insert bare rows in one transaction."""

    @abstractmethod
    def write(self, batch: Batch) -> None:
        """Run the statements of a batch in one transaction."""

    @abstractmethod
    def read(self, query: Query, *params: object) -> list[Row]:
        """The rows of a query."""

    def inserts(self) -> GroupCommit:
        """Single rows, committed in groups by the threads that wait: see :func:`add_one`."""

        def apply(units: list[Unit]) -> list[Outcome]:
            self.add([unit.rows[0][1] for unit in units])
            return [None] * len(units)

        return GroupCommit(apply)


def add_one(inserts: GroupCommit, size: int) -> None:
    """Insert a bare row of ``size`` bytes; it is durable on return."""
    inserts.commit(Unit(rows=[(BARE, (bytes.fromhex(new_id()), b"s" * size))]))


class BareSQLite(Bare):
    """``sqlite3`` with the settings that durability needs."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -32768", "wal_autocheckpoint = 16384"):
            self._connection.execute(f"PRAGMA {pragma}")

    def make(self) -> None:
        self._connection.execute("CREATE TABLE bare (id BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID")

    def add(self, rows: list[Row]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(BARE.sqlite(len(rows)), list(chain.from_iterable(rows)))
        self._connection.execute("COMMIT")

    def write(self, batch: Batch) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statement, rows in batch:
            self._connection.executemany(_one(statement), rows)
        self._connection.execute("COMMIT")

    def read(self, query: Query, *params: object) -> list[Row]:
        return self._connection.execute(query.sqlite, params).fetchall()


def _one(statement: Statement) -> str:
    """The statement for one row, as anybody would write it."""
    if statement.kind in ("insert", "upsert"):
        names = ", ".join(statement.columns)
        return f"INSERT INTO {statement.table} ({names}) VALUES ({', '.join('?' * len(statement.columns))})"
    where = " AND ".join(f"{name} = ?" for name in statement.columns if name not in statement.changed)
    sets = ", ".join(f"{name} = ?" for name in statement.changed)
    begin = f"UPDATE {statement.table} SET {sets}" if sets else f"DELETE FROM {statement.table}"
    return f"{begin} WHERE {where}"


class BarePostgreSQL(Bare):
    """psycopg 3: arrays of columns in one statement, COPY for many rows."""

    def __init__(self, url: str) -> None:
        self._connection: psycopg.Connection[Row] = psycopg.connect(url, autocommit=True, prepare_threshold=2)

    def make(self) -> None:
        self._connection.execute("CREATE TABLE bare (id bytea PRIMARY KEY, content bytea NOT NULL)")

    def add(self, rows: list[Row]) -> None:
        self._connection.execute(BARE.postgres, _columns(rows), binary=True)

    def write(self, batch: Batch) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for statement, rows in batch:
                if statement.kind in ("insert", "upsert") and len(rows) >= _COPY_FROM:
                    self._copy(cursor, statement, rows)
                else:
                    cursor.execute(statement.postgres, _columns(rows))

    @staticmethod
    def _copy(cursor: psycopg.Cursor[Any], statement: Statement, rows: list[Row]) -> None:
        names = ", ".join(statement.columns)
        with cursor.copy(f"COPY {statement.table} ({names}) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(statement.types)
            for row in rows:
                copy.write_row(row)

    def read(self, query: Query, *params: object) -> list[Row]:
        return self._connection.execute(query.postgres, params, binary=True).fetchall()


def _columns(rows: list[Row]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def bare(url: str, folder: Path) -> Bare:
    """A bare connection to an operator's database."""
    return BareSQLite(folder / url.removeprefix("sqlite:///")) if url.startswith("sqlite") else BarePostgreSQL(url)


class BarePeople:
    """Writes what acts have prepared: the keys first, then the rest, each in one transaction."""

    def __init__(self, url: str, folder: Path) -> None:
        self._main = bare(url, folder)
        self._keys = bare("sqlite:///keys.db", folder)

    def write(self, prepared: tuple[Batch, Batch]) -> None:
        """Write rows of keys and of the rest."""
        keys, rows = prepared
        self._keys.write(keys)
        self._main.write(rows)


def prepared(unit: Unit) -> tuple[Batch, Batch]:
    """The rows of a unit that was not committed, ready to be written: of the key store, and all others."""
    return merged(unit.keys), merged(unit.rows)


def weight(unit: Unit) -> int:
    """The bytes that a unit writes: its values, without what a database adds."""
    return sum(_size(value) for _, row in (*unit.rows, *unit.keys) for value in row)


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode())
    return len(value) if isinstance(value, bytes) else 8
