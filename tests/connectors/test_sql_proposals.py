"""What the program proposes for a database that nobody described, and what it tells when the database changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from senim.connectors.actions import proposal
from senim.connectors.datamap import DataMap, System
from senim.connectors.mapfile import write
from senim.connectors.records import Trouble, Wish, WishKind
from senim.connectors.sql.connector import SqlConnector
from senim.languages import Hint
from tests.connectors import shop
from tests.connectors.shop import WHO
from tests.connectors.test_sql_faults import ONE, PEOPLE, mapped
from tests.connectors.test_sql_shop import blocking, sql

ERASE = Wish(kind=WishKind.ERASE)


def proposed(url: str) -> DataMap:
    """The proposed map of a database."""
    return proposal(url, System(name="shop", url_env="SHOP_URL"), {"email": "contact.email"}).map


def meanings(found: DataMap, table: str) -> dict[str, tuple[str, str | None]]:
    """Columns → the table that they lead to, and what that means."""
    return {" ".join((*one.columns, *one.where.values())): (one.to, one.as_) for one in found.tables[table].refers}


def test_the_proposal_finds_people_and_what_is_theirs(engine: Engine, operator_url: str) -> None:
    """Declared, undeclared, composite and polymorphic references; owners, mentions, tables without people."""
    shop.make(engine)
    found = proposed(operator_url)
    assert {name for name, table in found.tables.items() if table.person} == {"customers", "employees"}
    assert found.plain_tables == ("goods",)
    assert meanings(found, "customers") == {
        "address_id": ("addresses", "owns"),
        "manager_id": ("employees", "mentions"),
    }
    assert meanings(found, "items") == {"shop_no order_number": ("orders", "belongs")}
    assert meanings(found, "visits") == {"customer_id": ("customers", "belongs")}
    assert found.tables["visits"].refers[0].inferred
    assert meanings(found, "tags")["owner_id customer"] == ("customers", "belongs")
    assert meanings(found, "employees") == {"boss_id": ("employees", "mentions")}
    assert found.tables["customers"].person == {"email": "email", "phone": "phone", "iin": "iin"}
    assert found.tables["customers"].columns["email"].is_ == "contact.email"
    assert found.tables["customers"].soft_delete is not None
    folded = engine.dialect.name == "mysql"  # its comparisons ignore case anyway
    assert found.tables["employees"].columns["email"].stored == ("any" if folded else "normal")
    assert found.tables["customers"].columns["email"].stored == "any"


def test_what_is_proposed_works(engine: Engine, operator_url: str, connect: Callable[..., SqlConnector]) -> None:
    """The proposal, as it stands, finds the same rows as the map that people wrote, and erases them."""
    shop.make(engine)
    system = connect(write(proposed(operator_url)))
    by_hand = connect(shop.MAP)
    assert system.look().ready
    rows = {one.table: one.rows for one in system.find(WHO).tables}
    assert rows == {one.table: one.rows for one in by_hand.find(WHO).tables}
    plan = system.plan(WHO, ERASE)
    assert blocking(plan) == []
    system.execute(plan, WHO, order="R-1")
    assert by_hand.rescan(WHO).clean


@pytest.mark.parametrize(
    ("column", "values", "likely"),
    [
        ("customer_id int", (1, 2), True),
        ("billing_customer_id int", (1, 2), True),
        ("customerId int", (1, 2), True),
        ("customer_id int", (1, 2, 777), False),
        ("customer_id varchar(10)", ("'1'",), False),
        ("customer int", (1,), False),
        ("goods_count int", (1, 1), False),
    ],
)
def test_references_are_inferred_from_names_types_and_values(
    engine: Engine, operator_url: str, column: str, values: tuple[object, ...], *, likely: bool
) -> None:
    """A name, the same type, and values that are there make a reference likely; strange values unmake it."""
    shop.make(engine)
    name, sort = column.split()
    quoted = f'"{name}"' if engine.dialect.name != "mysql" else f"`{name}`"
    sql(engine, f"CREATE TABLE letters (id int NOT NULL PRIMARY KEY, {quoted} {sort}, email varchar(80))")
    rows = ", ".join(f"({number}, {value}, 'x{number}@example.kz')" for number, value in enumerate(values))
    sql(engine, f"INSERT INTO letters VALUES {rows}")
    found = proposed(operator_url).tables["letters"]
    assert bool([one for one in found.refers if one.inferred and one.to == "customers"]) is likely


def test_nothing_of_the_samples_is_kept(engine: Engine, operator_url: str) -> None:
    """A proposal holds names and kinds, no value of a person."""
    shop.make(engine)
    made = proposal(operator_url, System(name="shop", url_env="SHOP_URL"), {})
    text = write(made.map, "\n".join(one.in_("en") for one in made.remarks)).lower()
    for value in ("aigerim", "айгерім", "7000000001", "abai", "example.kz"):
        assert value not in text


def test_a_changed_database_is_noticed(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """New columns and tables, and those that are gone, are told with what to do; a plan does not go on without."""
    sql(engine, PEOPLE, ONE)
    system = connect(mapped("delete"))
    assert system.look().problems == ()
    sql(engine, "ALTER TABLE people ADD COLUMN phone varchar(30)", "CREATE TABLE guests (id int, email varchar(80))")
    told = {(one.code, one.where): one for one in system.look().problems}
    assert told[Trouble.COLUMN_NOT_MAPPED, "people.phone"].detail == Hint("seems", kind="phone")
    assert told[Trouble.TABLE_NOT_MAPPED, "guests"].detail == Hint("seems-people", columns="email (email)")
    assert system.look().ready
    sql(engine, "ALTER TABLE people DROP COLUMN name")
    reach = system.look()
    assert not reach.ready
    assert (Trouble.COLUMN_GONE, "people.name") in {(one.code, one.where) for one in reach.problems if one.blocking}
    who = {"email": ("aigerim@example.kz",)}
    assert ("column_gone", "people.name") in blocking(system.plan(who, ERASE))
    sql(engine, "DROP TABLE people")
    assert (Trouble.TABLE_GONE, "people") in {(one.code, one.where) for one in system.look().problems}
    assert system.find(who).rows == 0


def test_a_search_without_an_index_is_told(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """For a large table the index that is missing is told as a statement."""
    sql(engine, PEOPLE, ONE, "CREATE TABLE visits (id int NOT NULL PRIMARY KEY, person int, word varchar(80))")
    source = mapped("delete") + (
        "\n  visits: {key: [id], columns: {word: {}}, plain: [id], refers: [{columns: [person], to: people}]}"
    )
    assert Trouble.INDEX_MISSING not in {one.code for one in connect(source).look().problems}
    if engine.dialect.name == "sqlite":
        return  # a file does not tell how many rows it has
    with engine.begin() as connection:
        there = sa.table("visits", sa.column("id"), sa.column("person"))
        connection.execute(sa.insert(there), [{"id": number, "person": 2} for number in range(12_000)])
    sql(engine, "ANALYZE visits" if engine.dialect.name == "postgresql" else "ANALYZE TABLE visits")
    told = [one.remedy for one in connect(source).look().problems if one.code is Trouble.INDEX_MISSING]
    assert told == ["CREATE INDEX ON visits (person);"]


def test_a_system_that_is_down_is_told(connect: Callable[..., SqlConnector], mini: bytes) -> None:
    """An address where nothing answers is a problem, not a crash; its password is in no message."""
    system = connect(mapped("delete"), "postgresql://somebody:topsecret@127.0.0.1:9/none")
    reach = system.look()
    assert not reach.reachable
    assert [one.code for one in reach.problems] == [Trouble.UNREACHABLE]
    assert "topsecret" not in str(reach)


def test_a_table_that_knows_no_transactions_is_refused(engine: Engine, connect: Callable[..., SqlConnector]) -> None:
    """What breaks off half-way could not be taken back: it is told before."""
    sql(engine, PEOPLE + (" ENGINE=MyISAM" if engine.dialect.name == "mysql" else ""), ONE)
    system = connect(mapped("delete"))
    who = {"email": ("aigerim@example.kz",)}
    met = {code for code, _ in blocking(system.plan(who, ERASE))}
    assert met == ({"not_transactional"} if engine.dialect.name == "mysql" else set())


def test_lists_and_json_are_personal_until_somebody_says_otherwise(engine: Engine, operator_url: str) -> None:
    """Anything may be written in a column of JSON or a list of texts: a proposal does not call it plain."""
    lists = "text[]" if engine.dialect.name == "postgresql" else "json"
    rest = f"email varchar(80), more json, others {lists}, n int"
    sql(engine, f"CREATE TABLE people (id int NOT NULL PRIMARY KEY, {rest})")
    sql(engine, "INSERT INTO people (id, email) VALUES (1, 'aigerim@example.kz')")
    found = proposed(operator_url).tables["people"]
    assert {"email", "more", "others"} == set(found.columns)
    assert set(found.plain) == {"id", "n"}
