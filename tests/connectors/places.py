"""The same two tables of the same people in every kind of system, for the one contract that all connectors keep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from senim.app import Senim
from senim.connectors.actions import by_hand
from senim.connectors.datamap import DataMap
from senim.connectors.files import FilesConnector, place_of
from senim.connectors.mapfile import read
from senim.connectors.records import Connector, Plan
from senim.connectors.sql.connector import SqlConnector
from senim.connectors.webhook import WebhookConnector
from senim.testing import FakeConnector, FixedClock, Killed
from tests.connectors import own_system, store
from tests.connectors.own_system import OwnSystem

SECRET = b"a secret of the tests"
WHO = {"email": ("aigerim@example.kz",)}
TWINS = {"phone": ("+7 700 000 00 09",)}
Rows = dict[str, list[dict[str, Any]]]
ROWS: Rows = {
    "customers": [
        {"person": 1, "email": "Aigerim@Example.kz", "phone": "8 (700) 000-00-01", "name": "Айгерім"},
        {"person": 2, "email": "bolat@example.kz", "phone": "87000000002", "name": 'Болат, "Bob"'},
        {"person": 3, "email": "asel@example.kz", "phone": "87000000009", "name": "Әсел"},
        {"person": 4, "email": "anel@example.kz", "phone": "+77000000009", "name": "Әнел"},
    ],
    "orders": [
        {"id": 1, "person": 1, "email": "aigerim@example.kz", "goods": "kettle"},
        {"id": 2, "person": 2, "email": "bolat@example.kz", "goods": "spoon"},
        {"id": 3, "person": 1, "email": "aigerim@example.kz", "goods": "fork; knife"},
    ],
}
VALUES = ("aigerim", "87000000001", "7000000001", "Айгерім", "7000000009", "asel", "anel")
SQL = """
senim-map: 1
system: {name: shop, url-env: SHOP_URL}
tables:
  customers:
    key: [person]
    person: {email: email, phone: phone}
    columns: {email: {is: contact.email}, phone: {is: contact.phone}, name: {is: identity.given}}
    plain: [person]
  orders:
    key: [id]
    columns: {email: {is: contact.email}}
    plain: [id, goods]
    refers: [{columns: [person], to: customers}]
"""
FILES = """
senim-map: 1
system: {name: shop, kind: files, url-env: SHOP_FILES}
tables:
  customers.csv:
    key: [person]
    person: {email: email, phone: phone}
    columns: {email: {is: contact.email}, phone: {is: contact.phone}, name: {is: identity.given}}
    plain: [person]
  orders.jsonl.gz:
    key: [id]
    columns: {email: {is: contact.email}}
    plain: [id, goods]
    refers: [{columns: [person], to: customers.csv}]
"""
HOOK = """
senim-map: 1
system: {name: shop, kind: webhook, url-env: SHOP_URL, secret-env: [SHOP_SECRET]}
"""
HAND = """
senim-map: 1
system:
  name: shop
  kind: manual
  role: archive
  tasks:
    erase: {kk: Қағаздарын жойыңыз., ru: Уничтожьте бумаги., en: Destroy the papers.}
    correct: {kk: Карточканы түзетіңіз., ru: Исправьте карточку., en: Correct the card.}
tables: {papers: {}}
"""


def map_of(source: str) -> DataMap:
    """A map that has no fault."""
    found = read(source.encode())
    assert found.map is not None, found.faults
    return found.map


@dataclass
class PlaceOfPeople:
    """A system with the people in it."""

    connector: Connector
    everything: Callable[[], Rows]
    """All its rows."""
    interrupt: Callable[[], None]
    """The next execution dies half-way."""
    nowhere: Connector
    """The same system, not reached."""
    tables: tuple[str, str] = ("customers", "orders")
    again: Callable[[], Connector] | None = None
    """The connector of a program that was started again."""
    finish: Callable[[], None] | None = None
    """For systems worked by hand: somebody does all tasks."""


def customers_csv() -> str:
    """The customers as a file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROWS["customers"][0]))
    writer.writeheader()
    writer.writerows(ROWS["customers"])
    return text.getvalue()


def orders_jsonl() -> str:
    """The orders as a file."""
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in ROWS["orders"])


def _copy() -> Rows:
    return {table: [dict(row) for row in rows] for table, rows in ROWS.items()}


@contextmanager
def sql(url: str, clock: FixedClock) -> Iterator[PlaceOfPeople]:
    """A database."""
    driver = url.replace("postgresql://", "postgresql+psycopg://").replace("mysql://", "mysql+pymysql://")
    engine = sa.create_engine(driver, poolclass=sa.NullPool)
    made = sa.MetaData()
    for table, rows in ROWS.items():
        key = "person" if table == "customers" else "id"
        columns: list[Any] = [
            sa.Column(
                name,
                sa.Integer if isinstance(value, int) else sa.String(80),
                *([sa.ForeignKey("customers.person")] if (table, name) == ("orders", "person") else []),
                primary_key=name == key,
            )
            for name, value in rows[0].items()
        ]
        sa.Table(table, made, *columns)
    made.create_all(engine)
    with engine.begin() as connection:
        for table, rows in ROWS.items():
            connection.execute(sa.insert(made.tables[table]), rows)
    connector = SqlConnector(map_of(SQL), url, secret=SECRET, now=clock)
    nowhere = SqlConnector(map_of(SQL), "postgresql://nobody@127.0.0.1:9/nothing", secret=SECRET, now=clock)

    def everything() -> Rows:
        with engine.connect() as looking:
            return {
                table: [dict(row._mapping) for row in looking.execute(sa.select(made.tables[table]))] for table in ROWS
            }

    def interrupt() -> None:
        @sa.event.listens_for(connector._opened.engine, "before_cursor_execute", once=True)
        def begin(*_: Any) -> None:
            sa.event.listen(connector._opened.engine, "commit", die, once=True)

        def die(_: Any) -> None:
            raise Killed

    yield PlaceOfPeople(connector, everything, interrupt, nowhere)
    connector.close()
    nowhere.close()
    engine.dispose()


@contextmanager
def webhook(clock: FixedClock) -> Iterator[PlaceOfPeople]:
    """An own system."""
    system = OwnSystem(clock, _copy())
    secrets = [own_system.SECRET.encode()]
    with own_system.served(system) as url:
        connector = WebhookConnector(map_of(HOOK), url, secrets=secrets, secret=SECRET, now=clock)
        nowhere = WebhookConnector(map_of(HOOK), "http://127.0.0.1:9/x", secrets=secrets, secret=SECRET, now=clock)

        def interrupt() -> None:
            system.cut = 1

        yield PlaceOfPeople(connector, lambda: system.rows, interrupt, nowhere)


@contextmanager
def files(folder: Path, clock: FixedClock) -> Iterator[PlaceOfPeople]:
    """A folder."""
    (folder / "customers.csv").write_text(customers_csv(), encoding="utf-8", newline="")
    (folder / "orders.jsonl.gz").write_bytes(packed(orders_jsonl()))
    place = place_of(str(folder), where="shop")
    nowhere = FilesConnector(map_of(FILES), place_of(str(folder / "no"), where="shop"), secret=SECRET, now=clock)

    def everything() -> Rows:
        return rows_of((folder / "customers.csv").read_bytes(), (folder / "orders.jsonl.gz").read_bytes())

    yield _of_files(place, everything, nowhere, clock)


@contextmanager
def bucket(clock: FixedClock) -> Iterator[PlaceOfPeople]:
    """A store that speaks S3."""
    made = store.Store()
    made.objects["/lists/shop/customers.csv"] = (customers_csv().encode(), {})
    made.objects["/lists/shop/orders.jsonl.gz"] = (packed(orders_jsonl()), {})
    made.objects["/lists/other/customers.csv"] = (customers_csv().encode(), {})
    gone = f"s3+http://{store.KEY}:x@127.0.0.1:9/lists"
    nowhere = FilesConnector(map_of(FILES), place_of(gone, where="shop"), secret=SECRET, now=clock)

    def everything() -> Rows:
        return rows_of(made.objects["/lists/shop/customers.csv"][0], made.objects["/lists/shop/orders.jsonl.gz"][0])

    with store.served(made) as url:
        yield _of_files(place_of(url, where="shop", now=clock), everything, nowhere, clock)


def _of_files(place: Any, everything: Callable[[], Rows], nowhere: Connector, clock: FixedClock) -> PlaceOfPeople:
    replace, writes = place.replace, [10**9]

    def counted(*given: Any, **named: Any) -> None:
        replace(*given, **named)
        writes[0] -= 1
        if not writes[0]:
            raise Killed

    place.replace = counted

    def interrupt() -> None:
        writes[0] = 1

    made = FilesConnector(map_of(FILES), place, secret=SECRET, now=clock)
    return PlaceOfPeople(made, everything, interrupt, nowhere, tables=("customers.csv", "orders.jsonl.gz"))


def packed(text: str) -> bytes:
    """Text as gzip."""
    import gzip

    return gzip.compress(text.encode())


def rows_of(customers: bytes, orders: bytes) -> Rows:
    """The rows of both files."""
    import gzip

    lines = list(csv.DictReader(io.StringIO(customers.decode(), newline="")))
    return {
        "customers": [{**one, "person": int(one["person"])} for one in lines],
        "orders": [json.loads(line) for line in gzip.decompress(orders).decode().splitlines()],
    }


@contextmanager
def fake() -> Iterator[PlaceOfPeople]:
    """The fake, as its users have it."""
    fields = {"email": "contact.email", "phone": "contact.phone", "name": "identity.given"}
    made = FakeConnector(
        "shop",
        ROWS,
        by={"customers": {"email": "email", "phone": "phone"}, "orders": {"email": "email"}},
        fields=fields,
    )
    nowhere = FakeConnector("shop", ROWS, by={"customers": {"email": "email"}})
    for verb in ("look", "find", "export", "plan", "execute", "rescan"):
        nowhere.fail(verb, times=9)
    yield PlaceOfPeople(made, made.everything, made.die, nowhere)


@contextmanager
def manual(senim: Senim) -> Iterator[PlaceOfPeople]:
    """Paper, and a person who has the key to the cupboard."""
    made = by_hand(senim.tasks, secret=SECRET)(map_of(HAND), "")

    def finish() -> None:
        for one in senim.tasks.list(senim.database):
            senim.run(senim.actor(), lambda work, one=one: senim.tasks.done(work, one.id, archive="AR-2026/1", rows=3))  # type: ignore[misc]

    def nothing() -> None:
        """Nobody can be cut off half-way by us."""

    yield PlaceOfPeople(made, _copy, nothing, made, tables=("papers", "papers"), finish=finish)


def blocking(plan: Plan) -> list[str]:
    """What stands in the way of a plan."""
    return [one.code.value for one in plan.problems if one.blocking]
