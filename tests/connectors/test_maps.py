"""Maps: written by the program, corrected by people, with the line of every fault; taken over from Fides."""

from __future__ import annotations

import json
from datetime import date

import pytest

from senim.connectors.datamap import DataMap, KeepRule, Refers, System, TableMap, cutoff, duration, end_of
from senim.connectors.fides import import_fides
from senim.connectors.graph import components, graph_of
from senim.connectors.identifiers import core, normal, writings
from senim.connectors.inferring import singular
from senim.connectors.mapfile import json_schema, read, write
from senim.connectors.schema import Column, Family, Reference, Schema, Table
from senim.connectors.sql.lite import checks_of
from senim.errors import Code, Invalid
from tests.connectors.shop import MAP

GOOD = """senim-map: 1
system: {name: shop, url-env: SHOP_URL}
tables:
  people:
    key: [id]
    person: {email: email}
    columns: {email: {is: contact.email}}
    plain: [id]
  orders:
    key: [id]
    plain: [id, made]
    refers:
      - {columns: [person], to: people}
    keep:
      tax: {for: 5 years, act: Tax Code, since: made}
"""


def test_a_map_is_read_and_written_alike() -> None:
    """What the program writes it reads again as the same map, with the remarks above it."""
    found = read(MAP.encode()).map
    assert found is not None
    text = write(found, "look here\nand here")
    assert text.startswith("# look here\n# and here\nsenim-map: 1\n")
    assert read(text.encode()).map == found
    assert found.digest == read(text.encode()).map.digest  # type: ignore[union-attr]  # compared above


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "says"),
    [
        ("senim-map: 1", "senim-map: 2", Code.TYPE_WRONG, 1, "none of 1"),
        ("senim-map: 1\n", "", Code.KEY_MISSING, 1, "senim-map"),
        ("name: shop", "name: The Shop", Code.ID_WRONG, 2, "The Shop"),
        ("person: {email", "persn: {email", Code.KEY_UNKNOWN, 6, "person"),
        ("{email: {is", "{mail: {is", Code.REFERENCE_DANGLING, 6, "email"),
        ("plain: [id]", "plain: [email]", Code.ID_DUPLICATE, 8, "email"),
        ("to: people}", "to: poeple}", Code.REFERENCE_DANGLING, 13, "people"),
        ("to: people}", "to: people, as: belong}", Code.TYPE_WRONG, 13, "belongs"),
        ("to: people}", "to: people, as: owns}", Code.TYPE_WRONG, 13, "mentions"),
        ("[person]", "[person, shop]", Code.NUMBER_WRONG, 13, "1"),
        ("for: 5 years", "for: a while", Code.NUMBER_WRONG, 15, "5 years"),
        ("act: Tax Code", "act: {kk: Салық кодексі}", Code.LANGUAGE_MISSING, 15, "ru"),
        ("plain: [id, made]", "person: {phone: phone}\n    columns: {phone: {}}", Code.KEY_MISSING, 14, "mentions"),
        ("to: people}", "to: people}\n      - {columns: [x], to: orders, as: owns}", Code.REFERENCE_CYCLIC, 14, "back"),
        ("  orders:", "  people:", Code.KEY_DUPLICATE, 9, "line 4"),
        ("tables:", "tables: [", Code.POLICY_UNREADABLE, 5, ""),
    ],
)
def test_a_fault_has_its_line_and_says_what_to_do(old: str, new: str, code: Code, line: int, says: str) -> None:
    """Each fault is told where it stands; a map with one is not used."""
    assert GOOD.count(old) == 1
    found = read(GOOD.replace(old, new).encode())
    assert found.map is None
    told = {(one.code, one.line): one for one in found.faults}
    assert (code, line) in told, found.faults
    fault = told[code, line]
    assert fault.hint
    assert says in f"{fault.where} {fault.hint.in_('en')}"


def test_editors_know_the_format() -> None:
    """The JSON Schema tells every key, each with its meaning."""
    schema = json_schema()
    silent = [
        f"{name}.{key}"
        for name, part in schema["$defs"].items()
        for key, its in part.get("properties", {}).items()
        if name != "Text" and "description" not in its
    ]
    assert silent == []
    assert "as" in schema["$defs"]["Refers"]["properties"]
    assert json.dumps(schema)


@pytest.mark.parametrize(
    ("text", "since", "last"),
    [
        ("5 years", date(2024, 2, 29), date(2029, 2, 28)),
        ("P5Y", date(2021, 11, 22), date(2026, 11, 22)),
        ("18 months", date(2025, 8, 31), date(2027, 2, 28)),
        ("1 month", date(2026, 12, 31), date(2027, 1, 31)),
        ("90 calendar days", date(2026, 1, 1), date(2026, 4, 1)),
        ("P1D", date(2026, 12, 31), date(2027, 1, 1)),
        ("100 years", date(9950, 1, 1), date.max),
    ],
)
def test_a_time_to_keep_is_counted(text: str, since: date, last: date) -> None:
    """Months end on their last day; the day on which it ends still counts, the next does not."""
    rule = KeepRule(for_=text, act="an act", since="made")
    assert end_of(rule, since) == last
    if last < date.max:
        assert cutoff(rule, last) <= since
        assert cutoff(rule, date.fromordinal(last.toordinal() + 1)) > since


@pytest.mark.parametrize(
    "text", ["", "years", "0 years", "five years", "5 working days", "P5W", "-1 years", "9999 years"]
)
def test_a_time_that_is_none_is_refused(text: str) -> None:
    """Working days, negative and endless times are no terms of keeping."""
    with pytest.raises(ValueError, match="no time"):
        duration(text)


@pytest.mark.parametrize(
    ("kind", "value", "same"),
    [
        ("phone", "8 (700) 000-00-01", "77000000001"),
        ("phone", "+7 700 000 00 01", "77000000001"),
        ("phone", "7000000001", "77000000001"),
        ("phone", "+49 30 1234567", "49301234567"),
        ("phone", "call me", ""),
        ("email", " Aigerim@Example.KZ ", "aigerim@example.kz"),
        ("iin", "981231 500014", "981231500014"),
        ("iin", "12", ""),
        ("iin", "x' OR 1=1", ""),
        ("booking", "ab-12", "ab-12"),
    ],
)
def test_identifiers_have_one_form(kind: str, value: str, same: str) -> None:
    """However it is written, it is one; what says nothing is nothing."""
    assert normal(kind, value) == same
    if same:
        assert all(normal(kind, one) == same for one in writings(kind, [same]))
        assert core(kind, same) in same


def test_checks_are_read_out_of_a_table() -> None:
    """CHECK rules are found whatever stands around them: brackets, quotes, comments, names."""
    text = """CREATE TABLE "CHECK (x)" (a int CHECK (a > 0), b text DEFAULT 'CHECK (b)', -- CHECK (c)
        c text, CONSTRAINT "its name" CHECK (c IN ('(', 'x)') OR (a > 1)), checked int)"""
    assert [(one.name, one.sql) for one in checks_of(text)] == [
        ("", "a > 0"),
        ("its name", "c IN ('(', 'x)') OR (a > 1)"),
    ]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("customers", "customer"),
        ("companies", "company"),
        ("Addresses", "address"),
        ("people", "person"),
        ("boxes", "box"),
        ("OrderLines", "order_line"),
        ("sales.orders", "order"),
        ("address", "address"),
    ],
)
def test_a_row_is_called_in_the_singular(name: str, row: str) -> None:
    """Names of tables are compared with names of columns by what one row is called."""
    assert singular(name) == row


def test_circles_are_found_without_recursion() -> None:
    """A chain of ten thousand tables and a circle at its end are put in order."""
    ways = {str(number): [str(number + 1)] for number in range(10_000)}
    ways["10000"] = ["9999"]
    parts = components(ways)
    assert parts[0] == ("0",)
    assert parts[-1] == ("10000", "9999")


def test_a_way_never_leads_up_and_down_again() -> None:
    """From a child no way leads to its parent, nor from there to the parent's other children."""
    column = {
        "id": Column(name="id", type="INT", family=Family.INTEGER),
        "r": Column(name="r", type="INT", family=Family.INTEGER),
    }
    tables = {
        name: Table(id=name, name=name, schema=None, columns=column, key=("id",))
        for name in ("boss", "client", "order")
    }
    tables["client"] = Table(
        id="client", name="client", schema=None, columns=column, key=("id",),
        references=(Reference(table="client", columns=("r",), to="boss", to_columns=("id",)),),
    )  # fmt: skip
    maps = {
        "boss": TableMap(key=("id",), person={"email": "id"}),
        "client": TableMap(
            key=("id",), person={"email": "id"}, refers=(Refers(columns=("r",), to="boss", as_="mentions"),)
        ),
        "order": TableMap(key=("id",), refers=(Refers(columns=("r",), to="client"),)),
    }
    found = graph_of(DataMap(senim_map=1, system=System(name="x"), tables=maps), Schema.of("sqlite", tables))
    assert found.out_of["boss"] == ()
    assert [one.target for one in found.out_of["client"]] == ["order"]
    assert found.out_of["order"] == ()


FIDES = """
dataset:
  - fides_key: cookie_house
    name: Cookie House
    collections:
      - name: address
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - {name: street, data_categories: [user.contact.address.street]}
      - name: customer
        fields:
          - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: True}}
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {identity: email, data_type: string}
          - name: address_id
            data_categories: [system.operations]
            fides_meta: {references: [{dataset: cookie_house, field: address.id, direction: to}]}
          - {name: created, data_categories: [system.operations]}
          - {name: mystery}
      - name: orders
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: cookie_house, field: customer.id, direction: from}]}
          - name: card
            data_categories: [user.financial]
            fidesops_meta: {masking_strategy_override: {strategy: random_string_rewrite}}
      - name: product
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: True}}
"""


def test_a_dataset_of_fides_becomes_a_map() -> None:
    """Identities, categories, keys and directions are taken over; what Fides leaves open is told, not dropped."""
    done = import_fides(FIDES.encode())
    found = done.maps[0]
    assert found.system.name == "cookie-house"
    assert found.plain_tables == ("product",)
    customer = found.tables["customer"]
    assert customer.person == {"email": "email"}
    assert customer.refers[0].as_ == "owns"
    assert found.tables["orders"].refers[0].as_ == "belongs"
    assert found.tables["address"].columns["street"].is_ == "address"
    assert any("customer.mystery" in one.in_("en") for one in done.remarks)
    assert any("random_string_rewrite" in one.in_("en") for one in done.remarks)
    again = read(write(found).encode())
    assert again.map == found, again.faults


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"dataset: 1",
        b"[]",
        b"dataset: [{fides_key: x, collections: [{}]}]",
        b"\xff",
        b"a: [",
        b"dataset: " + b"[" * 30_000 + b"]" * 30_000,
        b"dataset: [{fides_key: x, collections: [{name: a, fields: [{name: b, fides_meta: text}]}]}]",
        b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (at, at, b", ".join([b"*a%d" % (at - 1)] * 10)) for at in range(1, 7))
        + b"dataset: [{fides_key: *a6}]",
    ],
)
def test_what_is_no_dataset_is_refused(source: bytes) -> None:
    """A file of another kind is refused as such, and so is one that is too much: deep, or full of aliases."""
    with pytest.raises(Invalid):
        import_fides(source)
