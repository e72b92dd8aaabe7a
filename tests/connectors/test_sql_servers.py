"""What one server has and others do not: types, partitions, stored views, policies of rows; and waiting for locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from senim.connectors.actions import proposal
from senim.connectors.datamap import System
from senim.connectors.mapfile import write
from senim.connectors.records import Trouble, Wish, WishKind
from senim.connectors.sql.connector import SqlConnector
from senim.errors import Code, Unavailable
from tests.connectors.conftest import engine_of
from tests.connectors.shop import everything
from tests.connectors.test_sql_faults import HEAD, ONE, PEOPLE, WHO, erased, mapped
from tests.connectors.test_sql_shop import sql
from tests.mariadb import MariaServer
from tests.postgres import Server

ERASE = Wish(kind=WishKind.ERASE)


@pytest.fixture
def operator_url(postgres: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database on PostgreSQL alone."""
    postgres.execute("CREATE DATABASE operator_alone")
    yield postgres.url("operator_alone")
    postgres.execute("DROP DATABASE operator_alone WITH (FORCE)")


@pytest.mark.parametrize(
    ("sort", "first", "second"),
    [
        ("citext", "'Ab-1'", "'Cd-2'"),
        ("char(12)", "'ab'", "'cd'"),
        ("uuid", "'6f0f2fd8-6d5e-4d9b-9f07-000000000001'", "'6f0f2fd8-6d5e-4d9b-9f07-000000000002'"),
        ("mood", "'glad'", "'sad'"),
        ("numeric(20)", "12345678901234567890", "2"),
        ("date", "'2026-01-01'", "'2026-01-02'"),
        ("smallint", "1", "2"),
        ("positive", "1", "2"),
        ("varchar(20)", "'Ы''\"%'", "'b'"),
    ],
)
def test_keys_of_any_type_are_followed(
    engine: Engine, connect: Callable[..., SqlConnector], sort: str, first: str, second: str
) -> None:
    """A key may be a text that ignores case, a UUID, an enumeration, a domain: what hangs from it is found and goes."""
    sql(
        engine,
        "CREATE EXTENSION IF NOT EXISTS citext",
        "CREATE TYPE mood AS ENUM ('glad', 'sad')",
        "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
        f"CREATE TABLE people (id {sort} PRIMARY KEY, email citext UNIQUE)",
        f"CREATE TABLE visits (who {sort} REFERENCES people (id), page text)",
        f"CREATE TABLE clicks (id {sort} PRIMARY KEY, who {sort})",
        f"INSERT INTO people VALUES ({first}, 'Aigerim@Example.kz'), ({second}, 'bolat@example.kz')",
        f"INSERT INTO visits VALUES ({first}, '/a'), ({second}, '/b')",
        f"INSERT INTO clicks VALUES ({first}, {first}), ({second}, {second})",
    )
    system = connect(
        HEAD + "  people: {key: [id], person: {email: email}, columns: {email: {}}, plain: [id]}\n"
        "  visits: {columns: {page: {}}, refers: [{columns: [who], to: people}]}\n"
        "  clicks: {key: [id], plain: [id], refers: [{columns: [who], to: people}]}\n"
    )
    assert sum(len(page.rows) for page in system.export(WHO)) == 3
    erased(system)
    assert {name: len(rows) for name, rows in everything(engine).items()} == {"people": 1, "visits": 1, "clicks": 1}
    assert system.rescan(WHO).clean


def test_documents_lists_and_stored_views_are_searched(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """An e-mail in JSON, in a list, in a stored view is found again."""
    sql(
        engine,
        PEOPLE,
        ONE,
        "CREATE TABLE events (data jsonb, tags text[])",
        """INSERT INTO events VALUES ('{"to"\\:"AIGERIM@example.kz"}', ARRAY['x', '8-700-000-00-01'])""",
        "CREATE MATERIALIZED VIEW report AS SELECT email FROM people",
    )
    system = connect(mapped("delete"))
    erased(system)
    assert {(one.table, one.column) for one in system.rescan(WHO).left} == {
        ("events", "data"),
        ("events", "tags"),
        ("report", "email"),
    }


def test_partitions_are_one_table(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """A partitioned table is mapped once; its parts are no tables that nobody knows."""
    sql(
        engine,
        PEOPLE,
        ONE,
        "CREATE TABLE visits (id int, person int, PRIMARY KEY (id)) PARTITION BY RANGE (id)",
        "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM (10) TO (20)",
        "INSERT INTO visits VALUES (1, 1), (11, 1), (12, 2)",
    )
    system = connect(
        mapped("delete") + "\n  visits: {key: [id], plain: [id], refers: [{columns: [person], to: people}]}"
    )
    assert system.look().problems == ()
    assert {one.table: one.rows for one in system.find(WHO).tables} == {"people": 1, "visits": 2}
    erased(system)
    assert everything(engine)["visits"] == [(12, 2)]


def test_policies_of_rows_are_told(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """A role from which row-level security may hide rows cannot say that nothing is left."""
    sql(
        engine,
        PEOPLE,
        ONE,
        "ALTER TABLE people ENABLE ROW LEVEL SECURITY",
        "CREATE ROLE narrow_role LOGIN",
        "CREATE POLICY own ON people USING (id = 2)",
        "GRANT SELECT, DELETE ON people TO narrow_role",
    )
    url = engine.url.set(username="narrow_role", drivername="postgresql").render_as_string(hide_password=False)
    system = connect(mapped("delete"), url)
    try:
        assert system.find(WHO).rows == 0
        assert (Trouble.NOT_READABLE, "people") in {(one.code, one.where) for one in system.look().problems}
        left = system.rescan(WHO)
        assert [(one.table, one.why) for one in left.not_reached] == [("people", Trouble.NOT_READABLE)]
        assert not left.complete
    finally:
        system.close()
        sql(engine, "DROP OWNED BY narrow_role", "DROP ROLE narrow_role")


def test_several_schemas_are_read(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """Tables of other schemas are called by schema and name; of which nothing is said are not reached, and told so."""
    sql(
        engine,
        PEOPLE,
        ONE,
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.orders (id int PRIMARY KEY, person int REFERENCES people (id))",
        "INSERT INTO sales.orders VALUES (1, 1), (2, 2)",
    )
    silent = connect(mapped("delete"))
    assert [one.where for one in silent.look().problems] == ["sales.*"]
    assert [one.table for one in silent.plan(WHO, ERASE).not_reached] == ["sales.*"]
    assert not silent.rescan(WHO).complete
    left_out = connect(mapped("delete").replace("url-env: MADE_URL", "url-env: MADE_URL, schemas: [public]"))
    assert left_out.plan(WHO, ERASE).not_reached == ()
    source = mapped("delete").replace("url-env: MADE_URL", "url-env: MADE_URL, schemas: [public, sales]")
    system = connect(source + "\n  sales.orders: {key: [id], plain: [id], refers: [{columns: [person], to: people}]}")
    assert system.look().ready
    erased(system)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT id FROM sales.orders")).scalars().all() == [2]


def test_rows_that_others_hold_are_not_waited_for_long(
    engine: Engine, connect: Callable[..., SqlConnector], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that somebody else has locked makes the order wait a little and be tried later; nothing is half done."""
    monkeypatch.setattr("senim.connectors.sql.opening.LOCK_SECONDS", 1)
    sql(engine, PEOPLE, ONE, "CREATE TABLE visits (person int)", "INSERT INTO visits VALUES (1)")
    system = connect(mapped("delete") + "\n  visits: {refers: [{columns: [person], to: people}]}")
    plan = system.plan(WHO, ERASE)
    before = everything(engine)
    other = engine_of(engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    with other.begin() as connection:
        connection.execute(sa.text("SELECT * FROM people WHERE id = 1 FOR UPDATE"))
        with pytest.raises(Unavailable) as refused:
            system.execute(plan, WHO, order="R-1")
    assert refused.value.code is Code.STORAGE_BUSY
    assert everything(engine) == before
    assert not system.execute(plan, WHO, order="R-1").repeated


def test_what_a_table_was_before_is_searched(mariadb: MariaServer, connect: Callable[..., SqlConnector]) -> None:
    """A table of which MariaDB keeps the past is no hidden one: it is told, erased, and its history found again."""
    mariadb.execute("CREATE DATABASE operator_past")
    url = mariadb.url("operator_past")
    engine = engine_of(url)
    try:
        times = "a TIMESTAMP(6) GENERATED ALWAYS AS ROW START, z TIMESTAMP(6) GENERATED ALWAYS AS ROW END"
        kept = f", {times}, PERIOD FOR SYSTEM_TIME (a, z)) WITH SYSTEM VERSIONING"
        rows = ONE.replace(" VALUES", " (id, email, name, other) VALUES", 1)
        sql(engine, PEOPLE.removesuffix(")") + kept, rows)
        system = connect(mapped("delete", plain="other, a, z"), url)
        told = {(one.code, one.where): str(one.remedy) for one in system.look().problems}
        assert told == {(Trouble.PAST_KEPT, "people"): "DELETE HISTORY FROM people;"}
        erased(system)
        assert system.find(WHO).rows == 0
        assert {(one.table, one.column) for one in system.rescan(WHO).left} == {("people", "email")}
        sql(engine, told[Trouble.PAST_KEPT, "people"])
        assert system.rescan(WHO).clean
    finally:
        mariadb.execute("DROP DATABASE operator_past")


def test_inner_tables_of_a_search_are_left_to_it(tmp_path: Path, connect: Callable[..., SqlConnector]) -> None:
    """SQLite's full-text search keeps its rows in tables of its own: they go through it, or its words would stay."""
    url = f"sqlite:///{tmp_path / 'search.db'}"
    engine = engine_of(url)
    sql(engine, "CREATE VIRTUAL TABLE search USING fts5 (body, mail)")
    sql(engine, "INSERT INTO search VALUES ('Айгерім', 'aigerim@example.kz'), ('Болат', 'bolat@example.kz')")
    proposed = proposal(url, System(name="made", url_env="MADE_URL"), {}).map
    assert set(proposed.tables) == {"search"}
    assert set(proposed.tables["search"].columns) == {"body", "mail"}
    system = connect(write(proposed), url)
    erased(system)
    assert system.rescan(WHO).left == ()
    with engine.connect() as connection:
        found = sa.text("SELECT mail FROM search WHERE search MATCH :word")
        assert connection.execute(found, {"word": "aigerim"}).scalars().all() == []
        assert connection.execute(found, {"word": "bolat"}).scalars().all() == ["bolat@example.kz"]
