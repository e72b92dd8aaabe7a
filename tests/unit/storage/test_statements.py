"""Statements as they reach a database: many rows in one, alike on both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData, bindparam, literal, literal_column, select

from senim.storage import at_most, delete, guard, insert, query, update, upsert
from senim.storage.engine import merged
from senim.storage.statements import Row, Statement
from senim.storage.tables import blob, lane, number, small, table, word

METADATA = MetaData()
THINGS = table(METADATA, "thing", lane(), blob("id", key=True), number("count"), word("note", null=True), small("flag"))
ONE = table(METADATA, "single", small("one", key=True), number("size"))

INSERT = insert(THINGS)
UPSERT = upsert(THINGS)
KEEPING = upsert(THINGS, keep=("count",))
UPDATE = update(THINGS, "note", "flag")
DELETE = delete(THINGS)
DELETE_LANE = delete(THINGS, "lane")
ADD_ONE = upsert(ONE)
GUARD = guard(THINGS, "count", "flag")
ALL = query(select(THINGS).order_by(THINGS.c.lane, THINGS.c.id))


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(
        "CREATE TABLE thing (lane INTEGER, id BLOB, count INTEGER, note TEXT, flag INTEGER, PRIMARY KEY (lane, id)) "
        "WITHOUT ROWID"
    )
    yield connection
    connection.close()


def run(database: sqlite3.Connection, statement: Statement, *rows: Row) -> None:
    database.execute(statement.sqlite(len(rows)), [value for row in rows for value in row])


def rows(database: sqlite3.Connection) -> list[Row]:
    return list(database.execute(ALL.sqlite).fetchall())


A, B, C = (1, b"a", 10, "first", 0), (1, b"b", 20, None, 1), (2, b"a", 30, "third", 0)


def test_many_rows_in_one_statement(database: sqlite3.Connection) -> None:
    """Rows are added, replaced, changed and deleted together."""
    run(database, INSERT, A, B, C)
    assert rows(database) == [A, B, C]
    run(database, UPSERT, (1, b"a", 11, "new", 1), (3, b"c", 40, None, 0))
    assert rows(database)[0] == (1, b"a", 11, "new", 1)
    assert len(rows(database)) == 4
    run(database, UPDATE, ("mended", 5, 1, b"b"), (None, 6, 2, b"a"))
    assert rows(database)[1:3] == [(1, b"b", 20, "mended", 5), (2, b"a", 30, None, 6)]
    run(database, DELETE, (1, b"a"), (2, b"a"), (9, b"nothing"))
    assert [row[:2] for row in rows(database)] == [(1, b"b"), (3, b"c")]
    run(database, DELETE_LANE, (1,), (3,))
    assert rows(database) == []


def test_columns_that_stay_as_they_first_were(database: sqlite3.Connection) -> None:
    """An upsert may keep columns, such as the time at which something was first made."""
    run(database, INSERT, A)
    run(database, KEEPING, (1, b"a", 99, "second", 1))
    assert rows(database) == [(1, b"a", 10, "second", 1)]


def test_a_row_that_is_there_fails_the_insert(database: sqlite3.Connection) -> None:
    """An insert never replaces."""
    run(database, INSERT, A)
    with pytest.raises(sqlite3.IntegrityError):
        run(database, INSERT, B, A)


def test_the_guard_sees_what_changed(database: sqlite3.Connection) -> None:
    """The columns of a row are compared, one by one and many together."""
    run(database, INSERT, A, B, C)
    assert database.execute(GUARD.sqlite, (1, b"b")).fetchone() == (20, 1)
    assert database.execute(GUARD.sqlite, (9, b"b")).fetchone() is None
    held = [(*A[:3], A[4]), (*C[:3], C[4])]
    flat = [value for row in held for value in row]
    assert database.execute(GUARD.sqlite_many(2), flat).fetchone() == (2,)
    run(database, UPDATE, ("x", 7, 2, b"a"))
    assert database.execute(GUARD.sqlite_many(2), flat).fetchone() == (1,)


def test_for_postgresql() -> None:
    """There the rows come as an array a column, and guarded rows are locked."""
    arrays = "unnest(%b::smallint[], %b::bytea[], %b::bigint[], %b::text[], %b::smallint[])"
    assert INSERT.postgres == f"INSERT INTO thing (lane, id, count, note, flag) SELECT * FROM {arrays}"
    assert UPSERT.postgres == (
        f"{INSERT.postgres} WHERE true ON CONFLICT (lane, id) DO UPDATE SET "
        "count = excluded.count, note = excluded.note, flag = excluded.flag"
    )
    assert UPDATE.postgres == (
        "UPDATE thing SET note = v.note, flag = v.flag FROM "
        "unnest(%b::text[], %b::smallint[], %b::smallint[], %b::bytea[]) AS v(note, flag, lane, id) "
        "WHERE thing.lane = v.lane AND thing.id = v.id"
    )
    assert DELETE.postgres == (
        "DELETE FROM thing USING unnest(%b::smallint[], %b::bytea[]) AS v(lane, id) "
        "WHERE thing.lane = v.lane AND thing.id = v.id"
    )
    assert GUARD.postgres == "SELECT count, flag FROM thing WHERE lane = %s AND id = %s FOR UPDATE"
    assert GUARD.postgres_many.endswith("FOR UPDATE OF t) AS held")


def test_the_first_rows_of_a_select() -> None:
    """How many is the last parameter; there is no OFFSET to pay for."""
    page = query(at_most(select(THINGS.c.id).where(THINGS.c.lane == bindparam("lane")).order_by(THINGS.c.id)))
    assert " ".join(page.sqlite.split()) == "SELECT thing.id FROM thing WHERE thing.lane = ? ORDER BY thing.id LIMIT ?"
    assert " ".join(page.postgres.split()) == (
        "SELECT thing.id FROM thing WHERE thing.lane = %s::SMALLINT ORDER BY thing.id LIMIT %s"
    )


def test_a_hidden_constant_is_refused() -> None:
    """A constant would ask for a parameter that nobody gives: it is told when the statement is made."""
    hidden = query(select(THINGS.c.id).where(THINGS.c.lane == literal(5)))
    for dialect in ("sqlite", "postgres"):
        with pytest.raises(TypeError, match="literal_column"):
            getattr(hidden, dialect)
    assert query(select(THINGS.c.id).where(THINGS.c.lane == literal_column("5"))).sqlite.endswith("= 5")


def test_statements_have_one_order() -> None:
    """Batches run statements in the order of their declaration, so that locks are always taken alike."""
    batch = merged([(UPDATE, (1,)), (DELETE, (2,)), (INSERT, A), (UPDATE, (3,))])
    assert [statement for statement, _ in batch] == [INSERT, UPDATE, DELETE]
    assert batch[1][1] == [(1,), (3,)]
    assert sorted([DELETE, INSERT, UPSERT], key=lambda one: one.rank) == [INSERT, UPSERT, DELETE]


def test_of_upserts_with_one_key_the_last_stays() -> None:
    """PostgreSQL takes a key once in a statement; what was said last counts."""
    ((statement, kept),) = merged([(UPSERT, A), (UPSERT, B), (UPSERT, (1, b"a", 11, "later", 1))])
    assert statement is UPSERT
    assert kept == [(1, b"a", 11, "later", 1), B]
    assert merged([(ADD_ONE, (1, 5)), (ADD_ONE, (1, 6))])[0][1] == [(1, 6)], "a key of one column"


def test_inserts_are_all_kept() -> None:
    """Two rows with one key in an insert are a fault, and not made one in silence."""
    assert merged([(INSERT, A), (INSERT, A)])[0][1] == [A, A]


def test_a_fold_makes_fewer_rows_of_all() -> None:
    """A statement may fold the rows of a whole transaction, as the log does with its entries."""
    folding = insert(THINGS, fold=lambda given: [(*given[0][:2], sum(row[2] for row in given), None, 0)])
    assert merged([(folding, A), (folding, B), (folding, C)])[0][1] == [(1, b"a", 60, None, 0)]


keys = st.tuples(st.integers(0, 3), st.sampled_from([b"a", b"b"]))
writes = st.lists(st.tuples(keys, st.integers(0, 9)), max_size=12)


@given(writes)
def test_folding_upserts_gives_what_writing_them_one_by_one_gives(
    given_rows: list[tuple[tuple[int, bytes], int]],
) -> None:
    """A batch leaves the same rows as its acts would have, one after the other."""
    row_by_row: dict[tuple[int, bytes], Row] = {}
    for key, count in given_rows:
        row_by_row[key] = (*key, count, None, 0)
    batch = merged([(UPSERT, (*key, count, None, 0)) for key, count in given_rows])
    kept = batch[0][1] if batch else []
    assert sorted(kept) == sorted(row_by_row.values())
