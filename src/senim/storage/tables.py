"""The two sets of tables: the main database and the key store, each with its own backup.

Column types are four, alike on both databases: small and big integers, text, bytes. Times are
microseconds since 1970 UTC, given by the application (Citus allows no functions in upserts).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, SmallInteger, Table, Text

main_metadata = MetaData()
"""Tables of the main database. Each feature's ``store.py`` declares its own here."""

keys_metadata = MetaData()
"""Tables of the key store, which lives and is backed up apart (docs/decisions/0005-keys-apart.md)."""


def lane() -> Column[int]:
    """The first column of every table that grows with people."""
    return Column("lane", SmallInteger, nullable=False, primary_key=True, autoincrement=False)


def small(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    """A small integer or a flag (0, 1)."""
    return Column(name, SmallInteger, nullable=null, primary_key=key, autoincrement=False)


def number(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    """A 64-bit integer: a count, a version or a time in microseconds since 1970 UTC."""
    return Column(name, BigInteger, nullable=null, primary_key=key, autoincrement=False)


def word(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    """A text without personal values: a code, an id of the policy, JSON made by us."""
    return Column(name, Text, nullable=null, primary_key=key)


def blob(name: str, *, key: bool = False, null: bool = False) -> Column[bytes]:
    """Bytes: a random id, a digest, a sealed value."""
    return Column(name, LargeBinary, nullable=null, primary_key=key)


def table(metadata: MetaData, name: str, *columns: Column[int] | Column[str] | Column[bytes]) -> Table:
    """A table; stored by its primary key on SQLite (WITHOUT ROWID saves a second tree)."""
    return Table(name, metadata, *columns, sqlite_with_rowid=False)
