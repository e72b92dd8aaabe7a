"""Hostile content does no harm: SQL in values and in names, NUL, wrong encodings, values of any size."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from senim.connectors.actions import proposal
from senim.connectors.datamap import System
from senim.connectors.mapfile import read, write
from senim.connectors.records import Blob, Wish, WishKind
from senim.connectors.sql.connector import SqlConnector
from tests.connectors.shop import everything
from tests.connectors.test_sql_faults import HEAD, ONE, PEOPLE, mapped
from tests.connectors.test_sql_shop import blocking, sql

ERASE = Wish(kind=WishKind.ERASE)
INJECTIONS = (
    "'; DROP TABLE people; --",
    "' OR '1'='1",
    "x' UNION SELECT 1 --",
    "%",
    "_%@%",
    "\\",
    "aigerim@example.kz'--",
    "%(found)s",
    ":x",
    "$1",
    "\ud800",
    "a" * 100_000,
    "＇ OR １＝１",
)
NAMES = (
    'people"; DROP TABLE x; --',
    "people`; DROP TABLE x; --",
    "select",
    "Ад%s ам",
    "a.b",
    "%(x)s :y $1",
    "tail ",
    "two  words",
    "ADAM",
)
"""Names of tables and columns that some server takes."""


@pytest.mark.parametrize("value", INJECTIONS, ids=range(len(INJECTIONS)))
@pytest.mark.parametrize("kind", ["email", "phone", "iin"])
def test_what_somebody_writes_is_a_value(
    engine: Engine, connect: Callable[..., SqlConnector], value: str, kind: str
) -> None:
    """SQL in an identifier finds nobody, erases nothing and is no error."""
    sql(engine, PEOPLE, ONE)
    system = connect(
        HEAD + "  people: {key: [id], person: {email: email, phone: other, iin: name}, "
        "columns: {email: {}, other: {}, name: {}}}"
    )
    before = everything(engine)
    who = {kind: (value,)}
    assert system.find(who).rows == 0
    assert list(system.export(who))[-1].done
    assert system.plan(who, ERASE).steps == ()
    assert system.rescan(who).left == ()
    assert everything(engine) == before


def test_a_correction_is_a_value(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """SQL in a new value is written as it is."""
    sql(engine, PEOPLE, ONE)
    system = connect(mapped("delete", email="is: contact.email").replace("name: {}", "name: {is: identity.given}"))
    who = {"email": ("aigerim@example.kz",)}
    changes = {"identity.given": "Robert'); DROP TABLE people;-- %s :x"}
    plan = system.plan(who, Wish(kind=WishKind.CORRECT, changes=changes))
    system.execute(plan, who, order="R-1", changes=changes)
    assert everything(engine)["people"][0][2] == changes["identity.given"]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_names(engine: Engine, operator_url: str, connect: Callable[..., SqlConnector], name: str) -> None:
    """Tables and columns may be called anything: they are proposed, mapped, found, given out, erased, searched."""
    if engine.dialect.name == "mysql" and name.endswith(" "):
        pytest.skip("MariaDB takes no such name")
    meta = sa.MetaData()
    table = sa.Table(
        sa.sql.quoted_name(name, quote=True),
        meta,
        sa.Column(sa.sql.quoted_name(name, quote=True), sa.Integer, primary_key=True),
        sa.Column("email", sa.String(80), unique=True),
        sa.Column(sa.sql.quoted_name(f"{name} 2", quote=True), sa.String(80)),
    )
    child = sa.Table("child", meta, sa.Column("ref", sa.ForeignKey(table.c[name])), sa.Column("word", sa.String(80)))
    meta.create_all(engine)
    with engine.begin() as connection:
        rows = [
            {name: 1, "email": "aigerim@example.kz", f"{name} 2": "x"},
            {name: 2, "email": "b@c.kz", f"{name} 2": "y"},
        ]
        connection.execute(sa.insert(table), rows)
        connection.execute(sa.insert(child), [{"ref": 1, "word": "a"}, {"ref": 2, "word": "b"}])
    made = proposal(operator_url, System(name="made", url_env="MADE_URL"), {})
    source = write(made.map)
    assert read(source.encode()).map == made.map
    system = connect(source)
    assert system.look().ready, system.look().problems
    who = {"email": ("aigerim@example.kz",)}
    assert {one.rows for one in system.find(who).tables} == {1}
    plan = system.plan(who, ERASE)
    assert blocking(plan) == []
    assert sum(one.rows for one in system.execute(plan, who, order="R-1").steps) == 2
    assert system.rescan(who).clean
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 1


def test_texts_in_a_wrong_encoding_are_given_out(tmp_path: Path) -> None:
    """A text that is not what it claims to be is given out as bytes; it stops nobody."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = sa.create_engine(url)
    sql(engine, PEOPLE, ONE, "UPDATE people SET name = CAST(x'c0e9e3e5f0b3ec' AS TEXT) WHERE id = 1")
    found = read(mapped("delete").encode()).map
    assert found is not None
    system = SqlConnector(found, url, secret=b"made")
    pages = list(system.export({"email": ("aigerim@example.kz",)}))
    assert b"\xc0\xe9\xe3\xe5\xf0\xb3\xec" in pages[0].rows[0]
    engine.dispose()


def test_a_long_value_comes_in_pieces(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """Forty megabytes in a few values never are in memory together."""
    kind = {"postgresql": "bytea", "mysql": "longblob"}.get(engine.dialect.name, "blob")
    long = {
        "postgresql": "decode(repeat('ab', 8000000), 'hex')",
        "mysql": "repeat('x', 8000000)",
        "sqlite": "zeroblob(8000000)",
    }[engine.dialect.name]
    sql(engine, PEOPLE, ONE, f"CREATE TABLE scans (id int NOT NULL PRIMARY KEY, person int, scan {kind})")
    sql(engine, *(f"INSERT INTO scans SELECT {number}, 1, {long}" for number in range(5)))
    system = connect(
        mapped("delete") + "\n  scans: {key: [id], columns: {scan: {}}, plain: [id], "
        "refers: [{columns: [person], to: people}]}"
    )
    sizes: dict[int, int] = {}
    blobs = []
    list(system.export({"email": ("nobody@example.kz",)}))
    tracemalloc.start()
    for page in system.export({"email": ("aigerim@example.kz",)}):
        sizes[page.blob] = sizes.get(page.blob, 0) + sum(map(len, page.pieces))
        blobs += [cell for row in page.rows for cell in row if isinstance(cell, Blob)]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.number for one in blobs] == [1, 2, 3, 4, 5]
    assert {number: size for number, size in sizes.items() if number} == dict.fromkeys(range(1, 6), 8_000_000)
    assert most < 8_000_000


def test_very_many_rows_take_no_more_memory(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """Thirty thousand rows, and as many that hang from them, are streamed, counted and erased in flat memory."""
    sql(
        engine,
        PEOPLE,
        ONE,
        "CREATE TABLE visits (id int NOT NULL PRIMARY KEY, person int)",
        "CREATE TABLE clicks (visit int NOT NULL PRIMARY KEY, place varchar(40))",
        "CREATE INDEX of_person ON visits (person)",
    )
    thousand = "(SELECT a.i + 10 * b.i + 100 * c.i AS i FROM t a, t b, t c)"
    sql(engine, "CREATE TABLE t (i int)", "INSERT INTO t VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
    sql(
        engine,
        f"INSERT INTO visits SELECT x.i + 1000 * y.i, 1 FROM {thousand} x, {thousand} y WHERE y.i < 30",
        "INSERT INTO clicks SELECT id, 'somewhere' FROM visits",
        "INSERT INTO visits VALUES (1000000, 2)",
        "INSERT INTO clicks VALUES (1000000, 'else')",
        "DROP TABLE t",
    )
    system = connect(
        mapped("delete")
        + "\n  visits: {key: [id], plain: [id], refers: [{columns: [person], to: people}]}"
        + "\n  clicks: {key: [visit], columns: {place: {}}, refers: [{columns: [visit], to: visits}]}"
    )
    who = {"email": ("aigerim@example.kz",)}
    system.look()
    tracemalloc.start()
    assert sum(len(page.rows) for page in system.export(who)) == 60_001
    plan = system.plan(who, ERASE)
    assert plan.rows == 60_001
    system.execute(plan, who, order="R-1")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16_000_000
    assert {name: len(rows) for name, rows in everything(engine).items()} == {"people": 1, "visits": 1, "clicks": 1}
