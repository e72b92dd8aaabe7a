"""Two databases that an operator has had for years: bookings on PostgreSQL, a shop on MariaDB, with people in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Date,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    func,
    select,
)

MAPS = Path(__file__).parents[1] / "data" / "maps"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is in the systems: how they write to the operator, and what the rows hold."""

    family: str
    given: str
    patronymic: str
    email: str
    phone: str
    """As people write it: 8 (7xx) …"""
    number: int

    @property
    def marks(self) -> tuple[str, ...]:
        """What no table may hold of this guest after an erasure."""
        return (self.email, self.email.upper(), self.phone, self.phone[-7:], self.family, self.patronymic)


def bookings() -> MetaData:
    """Seventeen tables of an airline: references of all sorts, a cycle, a table without a key, a shared address."""
    made = MetaData()
    Table("employees", made, _id(), Column("email", String(120)), Column("boss", ForeignKey("employees.id")))
    Table(
        "addresses",
        made,
        _id(),
        Column("city", String(80), nullable=False),
        Column("street", String(120), nullable=False),
    )
    Table(
        "accounts",
        made,
        _id(),
        Column("email", String(120), nullable=False, unique=True),
        Column("phone", String(40)),
        Column("family", String(80), nullable=False),
        Column("given", String(80), nullable=False),
        Column("patronymic", String(80)),
        Column("last_booking", Integer),  # a cycle with bookings
        Column("deleted_at", Date),
    )
    Table(
        "account_addresses",
        made,
        Column("account_id", ForeignKey("accounts.id"), primary_key=True),
        Column("address_id", ForeignKey("addresses.id"), primary_key=True),
    )
    Table(
        "bookings",
        made,
        _id(),
        Column("account_id", ForeignKey("accounts.id"), nullable=False),
        Column("locator", String(8), nullable=False, unique=True),
        Column("contact_email", String(120), nullable=False),
        Column("agent", ForeignKey("employees.id")),
    )
    Table("flights", made, Column("number", String(8), primary_key=True), Column("day", Date, primary_key=True))
    Table(
        "segments",
        made,
        Column("booking_id", ForeignKey("bookings.id"), primary_key=True),
        Column("n", Integer, primary_key=True, autoincrement=False),
        Column("flight", String(8), nullable=False),
        Column("day", Date, nullable=False),
        ForeignKeyConstraint(["flight", "day"], ["flights.number", "flights.day"]),
    )
    Table(
        "passengers",
        made,
        _id(),
        Column("booking_id", ForeignKey("bookings.id"), nullable=False),
        Column("family", String(80), nullable=False),
        Column("given", String(80), nullable=False),
        Column("passport", String(20)),
    )
    Table(
        "tickets",
        made,
        Column("number", String(16), primary_key=True),
        Column("passenger_id", ForeignKey("passengers.id"), nullable=False),
        Column("booking_id", Integer, nullable=False),
        Column("segment", Integer, nullable=False),
        ForeignKeyConstraint(["booking_id", "segment"], ["segments.booking_id", "segments.n"]),
    )
    Table(
        "baggage",
        made,
        _id(),
        Column("ticket", ForeignKey("tickets.number"), nullable=False),
        Column("tag", String(20)),
    )
    Table(
        "payments",
        made,
        _id(),
        Column("booking_id", ForeignKey("bookings.id"), nullable=False),
        Column("sum", Integer, nullable=False),
        Column("payer", String(120), nullable=False),
    )
    Table(
        "invoices",
        made,
        _id(),
        Column("account_id", ForeignKey("accounts.id")),
        Column("payer", String(120), nullable=False),
        Column("issued", Date, nullable=False),
    )
    Table(
        "loyalty",
        made,
        Column("account_id", ForeignKey("accounts.id"), primary_key=True),
        Column("points", Integer, nullable=False),
    )
    Table(
        "loyalty_moves",
        made,
        _id(),
        Column("account_id", ForeignKey("loyalty.account_id"), nullable=False),
        Column("note", Text),
    )
    Table(
        "notes",
        made,
        _id(),
        Column("owner_type", String(20), nullable=False),
        Column("owner_id", Integer, nullable=False),
        Column("body", Text),
        Column("author", ForeignKey("employees.id")),
    )
    Table("newsletter", made, Column("address", String(120)), Column("since", Date))  # no key
    Table("sms_log", made, _id(), Column("msisdn", String(40)), Column("body", Text))
    return made


def shop() -> MetaData:
    """Ten tables of a shop on board and on the ground."""
    made = MetaData()
    Table(
        "customers",
        made,
        _id(),
        Column("email", String(120), nullable=False, unique=True),
        Column("phone", String(40)),
        Column("name", String(160), nullable=False),
        Column("referred_by", ForeignKey("customers.id")),
    )
    Table("products", made, _id(), Column("title", String(120), nullable=False))
    Table("orders", made, _id(), Column("customer_id", ForeignKey("customers.id"), nullable=False), Column("day", Date))
    Table(
        "order_lines",
        made,
        Column("order_id", ForeignKey("orders.id"), primary_key=True),
        Column("product_id", ForeignKey("products.id"), primary_key=True),
        Column("engraving", String(120)),
    )
    Table(
        "deliveries",
        made,
        _id(),
        Column("order_id", ForeignKey("orders.id"), nullable=False),
        Column("receiver", String(160), nullable=False),
        Column("street", String(160)),
    )
    Table("carts", made, _id(), Column("customer_id", ForeignKey("customers.id")), Column("note", Text))
    Table(
        "cart_items",
        made,
        Column("cart_id", ForeignKey("carts.id"), primary_key=True),
        Column("product_id", ForeignKey("products.id"), primary_key=True),
    )
    Table(
        "reviews",
        made,
        _id(),
        Column("customer_id", ForeignKey("customers.id")),
        Column("signed", String(160)),
        Column("body", Text),
    )
    Table(
        "wishes",
        made,
        _id(),
        Column("customer_id", ForeignKey("customers.id"), nullable=False),
        Column("product_id", ForeignKey("products.id"), nullable=False),
        UniqueConstraint("customer_id", "product_id"),
    )
    Table("mail_queue", made, _id(), Column("recipient", String(120)), Column("body", Text))
    return made


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def fill_bookings(connection: Connection, tables: MetaData, guests: list[Guest]) -> None:
    """Each guest has an account, bookings, passengers, a kept and an old invoice …; two of them share an address."""
    put = _Put(connection, tables)
    put("employees", id=1, email="desk@airline.example")
    put("employees", id=2, email="agent@airline.example", boss=1)
    put("flights", number="ZZ101", day=date(2026, 12, 1))
    put("addresses", id=1, city="Астана", street="Ортақ көше 5")
    for guest in guests:
        _account(put, guest)
        for trip in (1, 2):
            _trip(put, guest, guest.number * 10 + trip)
        put("loyalty_moves", id=guest.number, account_id=guest.number, note=f"for {guest.given}")
        put(
            "notes", id=guest.number, owner_type="account", owner_id=guest.number, body=f"{guest.family} rang", author=2
        )
        put("newsletter", address=guest.email, since=date(2025, 1, 1))
        put("sms_log", id=guest.number, msisdn=guest.phone, body=f"{guest.given}, gate 4")
        connection.execute(
            tables.tables["accounts"]
            .update()
            .where(tables.tables["accounts"].c.id == guest.number)
            .values(last_booking=guest.number * 10 + 2)
        )


class _Put:
    def __init__(self, connection: Connection, tables: MetaData) -> None:
        self._connection = connection
        self._tables = tables.tables

    def __call__(self, table: str, **row: Any) -> None:
        self._connection.execute(self._tables[table].insert().values(**row))


def _account(put: _Put, guest: Guest) -> None:
    n = guest.number
    put(
        "accounts",
        id=n,
        email=guest.email,
        phone=guest.phone,
        family=guest.family,
        given=guest.given,
        patronymic=guest.patronymic,
    )
    put("addresses", id=n + 1000, city="Алматы", street=f"{guest.family} көшесі {n}")
    put("account_addresses", account_id=n, address_id=n + 1000)
    if n <= 2:
        put("account_addresses", account_id=n, address_id=1)
    put("loyalty", account_id=n, points=10 * n)
    put("invoices", id=n * 2, account_id=n, payer=f"{guest.family} {guest.given}", issued=date(2026, 5, 4))
    put("invoices", id=n * 2 + 1, account_id=n, payer=f"{guest.family} {guest.given}", issued=date(2015, 5, 4))


def _trip(put: _Put, guest: Guest, booking: int) -> None:
    put("bookings", id=booking, account_id=guest.number, locator=f"L{booking:05}", contact_email=guest.email, agent=2)
    put("segments", booking_id=booking, n=1, flight="ZZ101", day=date(2026, 12, 1))
    put("passengers", id=booking, booking_id=booking, family=guest.family, given=guest.given, passport=f"N{booking:08}")
    put("tickets", number=f"465-{booking:08}", passenger_id=booking, booking_id=booking, segment=1)
    put("baggage", id=booking, ticket=f"465-{booking:08}", tag=f"{guest.family[:3]}{booking}")
    put("payments", id=booking, booking_id=booking, sum=45_000, payer=f"{guest.given} {guest.family}")


def fill_shop(connection: Connection, tables: MetaData, guests: list[Guest]) -> None:
    """Each guest has ordered, reviewed and left a cart; each but the first was referred by the one before."""
    put = _Put(connection, tables)
    put("products", id=1, title="Жол жастығы")
    for guest in guests:
        n, name = guest.number, f"{guest.given} {guest.family}"
        before = n - 1 if n > 1 else None
        put("customers", id=n, email=guest.email.upper(), phone=guest.phone, name=name, referred_by=before)
        put("orders", id=n, customer_id=n, day=date(2026, 3, 3))
        put("order_lines", order_id=n, product_id=1, engraving=guest.given)
        put("deliveries", id=n, order_id=n, receiver=name, street=f"{guest.family} көшесі {n}")
        put("carts", id=n, customer_id=n, note=f"gift for {guest.given}")
        put("cart_items", cart_id=n, product_id=1)
        put("reviews", id=n, customer_id=n, signed=name, body=f"{guest.family}: thanks")
        put("wishes", id=n, customer_id=n, product_id=1)
        put("mail_queue", id=n, recipient=guest.email, body=f"Dear {name}")


@contextmanager
def system(url: str, tables: MetaData, fill: Any, guests: list[Guest]) -> Iterator[Engine]:
    """A filled database, emptied of its tables afterwards."""
    engine = create_engine(url)
    tables.create_all(engine)
    try:
        with engine.begin() as connection:
            fill(connection, tables, guests)
        yield engine
    finally:
        tables.drop_all(engine)
        engine.dispose()


def counts(engine: Engine, tables: MetaData) -> dict[str, int]:
    """Rows in each table."""
    with engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in tables.tables.items()
        }


def holding(engine: Engine, tables: MetaData, marks: tuple[str, ...]) -> dict[str, int]:
    """Tables in which any of these words stands, in any column, by looking at every row; nothing of ours helps."""
    found: dict[str, int] = {}
    with engine.connect() as connection:
        for name, table in tables.tables.items():
            for row in connection.execute(select(table)):
                text = "\n".join(str(value) for value in row).lower()
                if any(mark.lower() in text for mark in marks):
                    found[name] = found.get(name, 0) + 1
    return found
