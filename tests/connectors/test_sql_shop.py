"""A shop's database, the same story on SQLite, PostgreSQL and MariaDB: found, given out, erased, searched again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from senim.connectors.records import Act, Blob, Connector, Page, Plan, Trouble, Wish, WishKind
from senim.connectors.sql.connector import SqlConnector
from senim.errors import Code, Held, Invalid, NotAllowed
from tests.connectors import shop
from tests.connectors.shop import EMPLOYEE, OTHER, WHO, everything

ERASE = Wish(kind=WishKind.ERASE)


def blocking(plan: Plan) -> list[tuple[str, str]]:
    """What stands in the way of a plan."""
    return [(one.code.value, one.where) for one in plan.problems if one.blocking]


def sql(engine: Engine, *statements: str) -> None:
    """Change the operator's database as the operator does."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def without_changes(source: str, *changes: tuple[str, str]) -> str:
    """The shop's map with some of its text changed."""
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


def test_it_is_a_connector(shop_system: SqlConnector) -> None:
    """It keeps the contract, and the map fits."""
    assert isinstance(shop_system, Connector)
    reach = shop_system.look()
    assert reach.ready
    assert [one for one in reach.problems if one.code is not Trouble.REFERENCE_NOT_MAPPED] == []
    assert reach.version


def test_everything_that_belongs_to_a_person_is_found(shop_system: SqlConnector) -> None:
    """Rows are found however the telephone and the e-mail are written, by composite keys and polymorphic references."""
    found = shop_system.find(WHO)
    assert {one.table: one.rows for one in found.tables} == {
        "customers": 1, "addresses": 1, "orders": 2, "items": 2, "remarks": 2, "photos": 1, "tags": 1, "visits": 2,
    }  # fmt: skip
    assert [one.by for one in found.people] == [("email", "phone")]
    assert not found.ambiguous
    path = next(one.path for one in found.tables if one.table == "photos")
    assert path == ("customers", "orders", "items", "remarks", "photos")


@pytest.mark.parametrize(
    "phone", ["+7 700 000 00 01", "87000000001", "7000000001", "8-700-000-00-01", "7 (700) 0000001"]
)
def test_a_telephone_is_one_however_it_is_written(shop_system: SqlConnector, phone: str) -> None:
    """8 700… and +7 700… are one telephone, in the question and in the database."""
    assert [one.table for one in shop_system.find({"phone": (phone,)}).people] == ["customers"]


@pytest.mark.parametrize(
    "who",
    [
        {},
        {"email": ()},
        {"email": ("",)},
        {"email": ("nobody@example.kz",)},
        {"email": ("a\0b@example.kz",)},
        {"x": ("y",)},
    ],
)
def test_nobody_is_found_by_nothing(shop_system: SqlConnector, engine: Engine, who: dict[str, Any]) -> None:
    """An empty, unknown or impossible identifier finds nobody and erases nothing."""
    before = everything(engine)
    assert shop_system.find(who).rows == 0
    plan = shop_system.plan(who, ERASE)
    assert plan.steps == ()
    if plan.ready:
        shop_system.execute(plan, who, order="R-1")
    assert everything(engine) == before


def rows_of(pages: list[Page]) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by table."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for page in pages:
        found.setdefault(page.table, []).extend(page.rows)
    return found


def test_a_person_gets_everything(shop_system: SqlConnector) -> None:
    """Every column of every row, the fields of the policy beside them, a long picture in pieces, and an end."""
    pages = list(shop_system.export(WHO))
    assert [page.done for page in pages] == [False] * (len(pages) - 1) + [True]
    rows = rows_of(pages)
    assert {table: len(found) for table, found in rows.items() if table} == {
        "customers": 1, "addresses": 1, "orders": 2, "items": 2, "remarks": 2, "photos": 1, "tags": 1, "visits": 2,
    }  # fmt: skip
    customers = next(page for page in pages if page.table == "customers")
    told = dict(zip(customers.columns, customers.rows[0], strict=True))
    assert told["name"] == "Айгерім"
    assert customers.fields["email"] == "contact.email"
    picture = next(cell for cell in rows["photos"][0] if isinstance(cell, Blob))
    pieces = [piece for page in pages if page.blob == picture.number for piece in page.pieces]
    assert b"".join(one for one in pieces if isinstance(one, bytes)) == b"\x89PNG" + bytes(40_000)


def test_a_person_is_erased_and_nobody_else(shop_system: SqlConnector, engine: Engine) -> None:
    """What was planned is done; the rows of others are as they were; nothing of the person is found again."""
    before = everything(engine)
    plan = shop_system.plan(WHO, ERASE)
    assert plan.ready, plan.problems
    receipt = shop_system.execute(plan, WHO, order="R-1")
    assert receipt.steps == plan.steps
    after = everything(engine)
    assert after["customers"] == [row for row in before["customers"] if row[0] != 1]
    assert after["addresses"] == [row for row in before["addresses"] if row[0] != 1]
    assert after["remarks"] == [(3, 3, None, "an answer of another")]
    for table in ("employees", "goods", "invoices"):
        assert after[table] == before[table]
    assert after["tags"] == [("customer", 2, "new"), ("employee", 1, "boss")]
    assert after["visits"] == [(2, "/b")]
    assert shop_system.find(WHO).rows == 0
    again = shop_system.rescan(WHO)
    assert again.clean
    assert {one.why for one in again.not_reached} == {Trouble.BINARY}  # pictures are told, nobody looked inside


def test_an_order_is_carried_out_once(shop_system: SqlConnector, engine: Engine) -> None:
    """The same order again tells what the first run did, and does nothing to a person who came back meanwhile."""
    plan = shop_system.plan(WHO, ERASE)
    receipt = shop_system.execute(plan, WHO, order="R-1")
    sql(engine, "INSERT INTO customers (id, email, name) VALUES (9, 'aigerim@example.kz', 'Aigerim')")
    again = shop_system.execute(plan, WHO, order="R-1")
    assert (again.repeated, again.steps, again.remembered) == (True, receipt.steps, True)
    assert shop_system.find(WHO).rows == 1


def test_an_address_that_two_customers_use_stays(shop_system: SqlConnector, engine: Engine) -> None:
    """A shared row is told in the plan and is not touched; the last one who uses it takes it along."""
    plan = shop_system.plan(OTHER, ERASE)
    shared = next(one for one in plan.steps if one.table == "addresses")
    assert (shared.act, shared.because, shared.rows) == (Act.KEEP, Trouble.SHARED, 1)
    shop_system.execute(plan, OTHER, order="R-1")
    assert (2, "Abai 2", None) in everything(engine)["addresses"]
    last = {"email": ("saule@example.kz",)}
    shop_system.execute(shop_system.plan(last, ERASE), last, order="R-2")
    assert (2, "Abai 2", None) not in everything(engine)["addresses"]


def test_what_a_law_requires_stays_until_its_day(shop_system: SqlConnector, engine: Engine) -> None:
    """An invoice within its five years stays with its customer, who loses the name; an older one goes."""
    plan = shop_system.plan(OTHER, ERASE)
    kept = next(one for one in plan.steps if one.keep)
    assert kept.keep is not None
    assert (kept.table, kept.rows, str(kept.keep.until), kept.keep.because.en) == (
        "invoices",
        1,
        "2031-02-01",
        "Tax Code",
    )
    receipt = shop_system.execute(plan, OTHER, order="R-1")
    assert receipt.steps == plan.steps
    after = everything(engine)
    assert [row[0] for row in after["invoices"]] == [1]
    customer = next(row for row in after["customers"] if row[0] == 2)
    assert customer[1].endswith("@anonymous.invalid")
    assert customer[4] not in ("", "Болат")
    assert customer[2] is None
    needed = next(one for one in plan.steps if one.table == "customers")
    assert (needed.act, needed.because) == (Act.DEPERSONALISE, Trouble.NEEDED)
    left = shop_system.rescan(OTHER)
    assert left.clean
    assert [(one.table, one.column, one.keep.name if one.keep else "") for one in left.left] == [
        ("invoices", "email", "tax")
    ]


def test_an_employees_address_does_not_bring_the_customers(shop_system: SqlConnector, engine: Engine) -> None:
    """Who is managed by somebody is not theirs: an answer to the employee holds the employee's row alone."""
    found = shop_system.find(EMPLOYEE)
    assert {one.table: one.rows for one in found.tables} == {"employees": 1, "tags": 1}
    assert set(rows_of(list(shop_system.export(EMPLOYEE)))) == {"employees", "tags", ""}
    before = everything(engine)
    plan = shop_system.plan(EMPLOYEE, ERASE)
    assert plan.ready, plan.problems
    shop_system.execute(plan, EMPLOYEE, order="R-1")
    after = everything(engine)
    assert after["customers"] == before["customers"]
    assert [row[0] for row in after["employees"]] == [1, 2]
    assert "dana@shop.example" not in str(after["employees"])


def test_the_same_person_gets_one_pseudonym(shop_system: SqlConnector, engine: Engine) -> None:
    """Depersonalised rows of one run still belong together, and nobody can tell to whom; another run differs."""
    plan = shop_system.plan(WHO, Wish(kind=WishKind.DEPERSONALISE))
    assert blocking(plan) == []
    shop_system.execute(plan, WHO, order="R-1")
    after = everything(engine)
    phones = {row[2] for row in after["customers"] if row[0] == 1} | {row[3] for row in after["orders"] if row[0] == 1}
    assert len(phones) == 1
    assert next(row for row in after["customers"] if row[0] == 1)[5:6] != (None,)
    assert shop_system.rescan(WHO).clean
    shop_system.execute(shop_system.plan(OTHER, Wish(kind=WishKind.DEPERSONALISE)), OTHER, order="R-2")
    assert everything(engine)["customers"][1][2] not in phones


def test_a_correction_reaches_the_copies(shop_system: SqlConnector, engine: Engine) -> None:
    """The telephone is corrected where the same one stands, in a copy too; an unlike one of an order stays."""
    wish = Wish(kind=WishKind.CORRECT, changes={"identity.given": "Айгерим", "contact.phone": "+77000000005"})
    plan = shop_system.plan(WHO, wish)
    assert plan.ready, plan.problems
    assert plan.fields == ("contact.phone", "identity.given")
    shop_system.execute(plan, WHO, order="R-1", changes=wish.changes)
    after = everything(engine)
    customer = next(row for row in after["customers"] if row[0] == 1)
    assert (customer[2], customer[4]) == ("+77000000005", "Айгерим")
    assert {row[3] for row in after["orders"]} == {"+77000000001", "+77000000002", None}
    with pytest.raises(Invalid):
        shop_system.execute(plan, WHO, order="R-2")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"contact.email": "bolat@example.kz"}, Trouble.UNIQUE),
        ({"contact.email": ""}, Trouble.NOT_NULL),
        ({"contact.email": "no address"}, Trouble.CHECK),
        ({"identity.iin": "9" * 13}, Trouble.TOO_LONG),
        ({"identity.birthday": "yesterday"}, Trouble.VALUE_WRONG),
        ({"identity.shoe": "45"}, Trouble.FIELD_NOWHERE),
    ],
)
def test_a_correction_that_cannot_be_is_met_before(
    shop_system: SqlConnector, engine: Engine, changes: dict[str, str], code: Trouble
) -> None:
    """NOT NULL, UNIQUE, CHECK, lengths and types are told in the plan; nothing is tried."""
    before = everything(engine)
    plan = shop_system.plan(WHO, Wish(kind=WishKind.CORRECT, changes=changes))
    assert code in {one.code for one in plan.problems if one.blocking}
    with pytest.raises(NotAllowed):
        shop_system.execute(plan, WHO, order="R-1", changes=changes)
    assert everything(engine) == before


def test_several_people_are_told_and_chosen(shop_system: SqlConnector, engine: Engine) -> None:
    """One telephone of two customers is nobody in particular, until somebody chooses; the other one stays."""
    sql(engine, "UPDATE customers SET phone = '8 700 000 0001' WHERE id = 2")
    who = {"phone": ("+77000000001",)}
    found = shop_system.find(who)
    assert (found.ambiguous, len(found.people)) == (True, 2)
    with pytest.raises(Held) as refused:
        list(shop_system.export(who))
    assert refused.value.code is Code.SEVERAL_FOUND
    assert blocking(shop_system.plan(who, ERASE)) == [("several_people", "customers")]
    first = shop_system.find(WHO).people[0].digest if not shop_system.find(WHO).ambiguous else ""
    chosen = first or next(one.digest for one in shop_system.find(WHO).people if "email" in one.by)
    plan = shop_system.plan(who, Wish(kind=WishKind.ERASE, people=(chosen,)))
    assert plan.ready, plan.problems
    assert {page.table for page in shop_system.export(who, people=(chosen,)) if page.table} >= {"customers", "orders"}
    shop_system.execute(plan, who, order="R-1")
    assert [row[0] for row in everything(engine)["customers"]] == [2, 3]
    left = shop_system.rescan(who, people=(chosen,))
    assert left.clean
    assert {one.because for one in left.left} == {Trouble.SEVERAL_PEOPLE}
    assert not shop_system.rescan(who).clean


def test_a_contradiction_is_told(shop_system: SqlConnector) -> None:
    """A telephone that matches beside an e-mail that does not is perhaps somebody else's by now."""
    found = shop_system.find({"phone": ("+77000000001",), "email": ("other@example.kz",)})
    assert (found.ambiguous, found.people[0].against) == (True, ("email",))
    certain = shop_system.find({"email": ("aigerim@example.kz",), "phone": ("+77000000099",)})
    assert not certain.ambiguous


def test_rows_marked_as_deleted_are_there(shop_system: SqlConnector) -> None:
    """A soft deletion hides a row from the shop's pages, not from the person's rights."""
    found = shop_system.find({"email": ("saule@example.kz",)})
    assert [(one.rows, one.hidden) for one in found.tables if one.table == "customers"] == [(1, 1)]


def test_other_people_meanwhile_make_the_plan_void(shop_system: SqlConnector, engine: Engine) -> None:
    """If somebody else matches when the plan is carried out, nothing is done."""
    who = {"phone": ("+77000000001",)}
    plan = shop_system.plan(who, ERASE)
    sql(engine, "UPDATE customers SET phone = '8 700 000 0001' WHERE id = 2")
    before = everything(engine)
    with pytest.raises(Held):
        shop_system.execute(plan, who, order="R-1")
    assert everything(engine) == before


def test_new_rows_of_the_person_go_too(shop_system: SqlConnector, engine: Engine) -> None:
    """An order that came after the plan is the person's as well."""
    plan = shop_system.plan(WHO, ERASE)
    sql(engine, "INSERT INTO orders (shop_no, number, customer_id) VALUES (7, 7, 1)")
    receipt = shop_system.execute(plan, WHO, order="R-1")
    assert sum(one.rows for one in receipt.steps if one.table == "orders") == 3


def test_another_map_makes_the_plan_void(
    shop_system: SqlConnector, connect: Callable[..., SqlConnector], engine: Engine
) -> None:
    """A plan that was approved under one map is not carried out under another."""
    plan = shop_system.plan(WHO, ERASE)
    other = connect(without_changes(shop.MAP, ("columns: {page: {}}", "plain: [page]")))
    with pytest.raises(Held):
        other.execute(plan, WHO, order="R-1")
