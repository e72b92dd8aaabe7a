"""A made-up shop's database, on each server: what real ones have in them, the awkward things too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

WHO = {"email": ("aigerim@example.kz",), "phone": ("+7 700 000 00 01",)}
OTHER = {"email": ("bolat@example.kz",)}
EMPLOYEE = {"email": ("dana@shop.example",)}

MAP = """
senim-map: 1
system: {name: shop, url-env: SHOP_URL}
tables:
  employees:
    key: [id]
    person: {email: email}
    act: depersonalise
    columns: {email: {is: contact.email}, name: {is: identity.given}}
    plain: [id, boss_id]
    refers: [{columns: [boss_id], to: employees, as: mentions}]
  addresses:
    key: [id]
    columns: {street: {is: delivery.street}, phone: {is: contact.phone}}
    plain: [id]
  customers:
    key: [id]
    person: {email: email, phone: phone, iin: iin}
    columns:
      email: {is: contact.email}
      phone: {is: contact.phone}
      iin: {is: identity.iin}
      name: {is: identity.given}
      birthday: {is: identity.birthday}
    plain: [id, deleted_at]
    soft-delete: {column: deleted_at}
    refers:
      - {columns: [address_id], to: addresses, as: owns}
      - {columns: [manager_id], to: employees, as: mentions}
  orders:
    key: [shop_no, number]
    columns: {phone: {is: contact.phone}, note: {}}
    plain: [shop_no, number, made]
    refers: [{columns: [customer_id], to: customers}]
  items:
    key: [id]
    plain: [id, goods]
    refers: [{columns: [shop_no, order_number], to: orders}]
  remarks:
    key: [id]
    columns: {said: {}}
    plain: [id]
    refers:
      - {columns: [item_id], to: items}
      - {columns: [answers], to: remarks, as: mentions}
  photos:
    key: [id]
    columns: {picture: {}}
    plain: [id]
    refers: [{columns: [remark_id], to: remarks}]
  invoices:
    key: [id]
    columns: {buyer: {is: identity.given}, email: {is: contact.email}}
    plain: [id, issued, total]
    refers: [{columns: [customer_id], to: customers}]
    keep: {tax: {for: 5 years, act: {kk: Салық кодексі, ru: Налоговый кодекс, en: Tax Code}, since: issued}}
  tags:
    columns: {word: {}}
    plain: [owner_type]
    refers:
      - {columns: [owner_id], to: customers, where: {owner_type: customer}}
      - {columns: [owner_id], to: employees, where: {owner_type: employee}}
  visits:
    columns: {page: {}}
    refers: [{columns: [customer_id], to: customers}]
plain-tables: [goods]
"""

TABLES = """
CREATE TABLE employees (
    id int NOT NULL PRIMARY KEY, name varchar(80) NOT NULL, email varchar(80) NOT NULL UNIQUE,
    boss_id int REFERENCES employees (id));
CREATE TABLE addresses (id int NOT NULL PRIMARY KEY, street varchar(200) NOT NULL, phone varchar(30));
CREATE TABLE customers (
    id int NOT NULL PRIMARY KEY, email varchar(80) NOT NULL UNIQUE, phone varchar(30), iin varchar(12),
    name varchar(80) NOT NULL, birthday date, address_id int, manager_id int, deleted_at date,
    FOREIGN KEY (address_id) REFERENCES addresses (id), FOREIGN KEY (manager_id) REFERENCES employees (id),
    CONSTRAINT with_at CHECK (email LIKE '%@%'));
CREATE TABLE orders (
    shop_no int NOT NULL, number int NOT NULL, customer_id int NOT NULL, phone varchar(30), note varchar(200),
    made date, PRIMARY KEY (shop_no, number), FOREIGN KEY (customer_id) REFERENCES customers (id));
CREATE TABLE goods (id int NOT NULL PRIMARY KEY, title varchar(80));
CREATE TABLE items (
    id int NOT NULL PRIMARY KEY, shop_no int NOT NULL, order_number int NOT NULL, goods int,
    FOREIGN KEY (shop_no, order_number) REFERENCES orders (shop_no, number),
    FOREIGN KEY (goods) REFERENCES goods (id));
CREATE TABLE remarks (
    id int NOT NULL PRIMARY KEY, item_id int NOT NULL, answers int, said varchar(200),
    FOREIGN KEY (item_id) REFERENCES items (id), FOREIGN KEY (answers) REFERENCES remarks (id));
CREATE TABLE photos (
    id int NOT NULL PRIMARY KEY, remark_id int NOT NULL, picture {blob},
    FOREIGN KEY (remark_id) REFERENCES remarks (id));
CREATE TABLE invoices (
    id int NOT NULL PRIMARY KEY, customer_id int NOT NULL, buyer varchar(80), email varchar(80), issued date,
    total int, FOREIGN KEY (customer_id) REFERENCES customers (id));
CREATE TABLE tags (owner_type varchar(20) NOT NULL, owner_id int NOT NULL, word varchar(40));
CREATE TABLE visits (customer_id int, page varchar(200))
"""

ROWS: dict[str, Sequence[tuple[Any, ...]]] = {
    "employees": [(1, "Dana", "dana@shop.example", None), (2, "Erlan", "erlan@shop.example", 1)],
    "addresses": [(1, "Abai 1", "8 700 000 00 01"), (2, "Abai 2", None), (3, "Abai 3", None)],
    "customers": [
        (1, "Aigerim@Example.kz", "8 (700) 000-00-01", None, "Айгерім", "1998-12-31", 1, 1, None),
        (2, "bolat@example.kz", "87000000002", None, "Болат", "1970-01-01", 2, 1, None),
        (3, "saule@example.kz", None, None, "Сәуле", None, 2, 2, "2026-01-01"),
    ],
    "orders": [
        (1, 1, 1, "+77000000001", "call aigerim@example.kz", "2026-01-01"),
        (1, 2, 1, None, None, "2026-02-01"),
        (2, 1, 2, "+77000000002", None, "2026-02-01"),
    ],
    "goods": [(1, "Kettle")],
    "items": [(1, 1, 1, 1), (2, 1, 2, 1), (3, 2, 1, 1)],
    "remarks": [(1, 1, None, "nice"), (2, 1, 1, "very"), (3, 3, 1, "an answer of another")],
    "photos": [(1, 1, b"\x89PNG" + bytes(40_000)), (2, 3, b"\x89PNG")],
    "invoices": [(1, 2, "Болат", "bolat@example.kz", "2026-02-01", 5), (2, 2, "Болат", None, "2019-02-01", 5)],
    "tags": [("customer", 1, "vip"), ("employee", 1, "boss"), ("customer", 2, "new")],
    "visits": [(1, "/a"), (1, "/a"), (2, "/b")],
}


def make(engine: Engine, *, rows: bool = True) -> None:
    """Make the tables, and fill them."""
    with engine.begin() as connection:
        blob = {"postgresql": "bytea", "mysql": "longblob"}.get(engine.dialect.name, "blob")
        for statement in TABLES.split(";"):
            connection.execute(sa.text(statement.replace("{blob}", blob)))
        for table, values in ROWS.items() if rows else ():
            columns = [one["name"] for one in sa.inspect(connection).get_columns(table)]
            there = sa.table(table, *map(sa.column, columns))
            connection.execute(sa.insert(there), [dict(zip(columns, one, strict=True)) for one in values])


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, to see that nothing else changed."""
    with engine.connect() as connection:
        names = [one for one in sa.inspect(connection).get_table_names() if one != "senim_orders"]
        return {
            name: sorted((tuple(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}"))), key=repr)
            for name in names
        }
