"""Files that refer to each other: a person found in one of them, and what is theirs in all the others."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from senim.connectors.files import FilesConnector, place_of
from senim.connectors.mapfile import read
from senim.connectors.records import Act, Plan, Receipt, Step, Trouble, Wish, WishKind
from senim.testing import FixedClock, Killed
from tests.connectors.places import SECRET, blocking, map_of

WHO = {"email": ("aigerim@example.kz",)}
ERASE = Wish(kind=WishKind.ERASE)
SHOP = """
senim-map: 1
system: {name: shop, kind: files, url-env: SHOP}
tables:
  customers.csv:
    key: [id]
    person: {email: email}
    columns: {email: {is: contact.email}, name: {is: identity.given}}
    plain: [since]
    refers: [{columns: [home], to: homes.csv, to-columns: [id], as: owns}]
  homes.csv: {key: [id], columns: {street: {}}}
  orders-*.csv:
    key: [id]
    columns: {note: {}}
    plain: [day]
    refers:
      - {columns: [customer], to: customers.csv}
      - {columns: [seller], to: customers.csv, as: mentions}
    KEEP
  lines.jsonl.gz:
    key: [id]
    plain: [goods]
    refers: [{columns: [order.id], to: orders-*.csv}]
  notes.jsonl:
    columns: {text: {}}
    refers:
      - {columns: [of], to: customers.csv, where: {sort: customer}}
      - {columns: [of], to: orders-*.csv, where: {sort: order}}
"""
KEEP = "keep: {tax: {for: 5 years, act: Tax Code, since: day}}"


def _notes(*told: tuple[str, int, str]) -> str:
    return "".join(json.dumps({"sort": sort, "of": of, "text": text}) + "\n" for sort, of, text in told)


def write(folder: Path) -> None:
    """Two customers in one home, and a third; orders of years; their lines; notes on both."""
    files = {
        "customers.csv": "id,email,name,since,home\n"
        "1,Aigerim@example.kz,A,2019,7\n2,b@x.kz,B,2020,7\n3,c@x.kz,C,2021,8\n",
        "homes.csv": "id,street\n7,Abai 1\n8,Satpayev 2\n",
        "orders-1.csv": "id,customer,seller,day,note\n11,1,3,2019-05-05,ring\n12,2,1,2019-05-06,call\n",
        "orders-2.csv": "id,customer,seller,day,note\n13,1,3,2026-02-01,leave it\n14,3,2,2026-02-01,x\n",
        "notes.jsonl": _notes(
            ("customer", 1, "hers"), ("order", 11, "hers too"), ("customer", 11, "no"), ("order", 14, "x")
        ),
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    lines = [{"id": 100 + one, "order": {"id": one}, "goods": "kettle"} for one in (11, 11, 12, 13, 14)]
    (folder / "lines.jsonl.gz").write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in lines).encode()))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of the shop."""
    write(tmp_path)
    return tmp_path


def connected(folder: Path, clock: FixedClock, *, keep: str = "", source: str = SHOP) -> FilesConnector:
    """The connector to the folder."""
    found = map_of(source.replace("KEEP", keep))
    return FilesConnector(found, place_of(str(folder), where="shop"), secret=SECRET, now=clock)


def content(folder: Path) -> dict[str, str]:
    """What stands in each file."""
    packed = gzip.decompress((folder / "lines.jsonl.gz").read_bytes()).decode()
    plain = {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir() if one.suffix in (".csv", ".jsonl")}
    return {**plain, "lines.jsonl.gz": packed}


def steps(found: Plan | Receipt) -> dict[tuple[str, str], int]:
    """Rows by table and act."""
    return {(one.table, one.act.value): one.rows for one in found.steps}


def test_a_persons_rows_are_found_in_every_file_that_leads_on(shop: Path, clock: FixedClock) -> None:
    """By one reference or three, over a pattern of files, in packed JSON lines; each with its path."""
    connector = connected(shop, clock)
    found = connector.find(WHO)
    assert {one.table: (one.rows, one.path) for one in found.tables} == {
        "customers.csv": (1, ("customers.csv",)),
        "homes.csv": (1, ("customers.csv", "homes.csv")),
        "orders-*.csv": (2, ("customers.csv", "orders-*.csv")),
        "lines.jsonl.gz": (3, ("customers.csv", "orders-*.csv", "lines.jsonl.gz")),
        "notes.jsonl": (2, ("customers.csv", "notes.jsonl")),
    }
    assert found.not_reached == ()
    assert connector.look().problems == ()
    told: dict[str, list[Any]] = {}
    for page in connector.export(WHO):
        told.setdefault(page.table, []).extend(dict(zip(page.columns, row, strict=True)) for row in page.rows)
    assert [one["note"] for one in told["orders-*.csv"]] == ["ring", "leave it"]
    assert [one["text"] for one in told["notes.jsonl"]] == ["hers", "hers too"]
    assert [one["order"] for one in told["lines.jsonl.gz"]] == [{"id": 11}, {"id": 11}, {"id": 13}]


def test_what_belongs_to_the_person_goes_with_them(shop: Path, clock: FixedClock) -> None:
    """A home that another lives in stays; who sold another's order is named there no more; the rest is as it was."""
    connector, before = connected(shop, clock), content(shop)
    plan = connector.plan(WHO, ERASE)
    assert blocking(plan) == []
    receipt = connector.execute(plan, WHO, order="018f-order")
    assert steps(receipt) == steps(plan)
    assert steps(plan) == {
        ("customers.csv", "delete"): 1,
        ("homes.csv", "keep"): 1,
        ("orders-*.csv", "delete"): 2,
        ("orders-*.csv", "detach"): 1,
        ("lines.jsonl.gz", "delete"): 3,
        ("notes.jsonl", "delete"): 2,
    }
    assert [one.because for one in plan.steps if one.act is Act.KEEP] == [Trouble.SHARED]
    after = content(shop)
    assert after["customers.csv"] == before["customers.csv"].replace("1,Aigerim@example.kz,A,2019,7\n", "")
    assert after["homes.csv"] == before["homes.csv"]
    assert after["orders-1.csv"] == "id,customer,seller,day,note\n12,2,,2019-05-06,call\n"
    assert after["orders-2.csv"] == "id,customer,seller,day,note\n14,3,2,2026-02-01,x\n"
    assert [json.loads(one)["order"]["id"] for one in after["lines.jsonl.gz"].splitlines()] == [12, 14]
    assert after["notes.jsonl"] == _notes(("customer", 11, "no"), ("order", 14, "x"))
    assert connector.rescan(WHO).complete


def test_a_home_that_nobody_else_has_goes_too(shop: Path, clock: FixedClock) -> None:
    """What is part of the person alone goes with them."""
    who = {"email": ("c@x.kz",)}
    connector = connected(shop, clock)
    connector.execute(connector.plan(who, ERASE), who, order="018f-order")
    assert content(shop)["homes.csv"] == "id,street\n7,Abai 1\n"


def test_what_a_law_keeps_stays_with_what_it_needs(shop: Path, clock: FixedClock) -> None:
    """An order of this year stays until the act's last day; its customer stays without a name; an old order goes."""
    connector = connected(shop, clock, keep=KEEP)
    plan = connector.plan(WHO, ERASE)
    assert blocking(plan) == []
    kept: list[Step] = [one for one in plan.steps if one.keep is not None]
    assert [(one.table, one.rows, str(one.keep and one.keep.until)) for one in kept] == [
        ("orders-*.csv", 1, "2031-02-01")
    ]
    needed = [(one.table, one.act, one.columns) for one in plan.steps if one.because is Trouble.NEEDED]
    assert needed == [("customers.csv", Act.DEPERSONALISE, ("email", "name"))]
    receipt = connector.execute(plan, WHO, order="018f-order")
    assert steps(receipt) == steps(plan)
    after = content(shop)
    assert "13,1,3,2026-02-01,leave it\n" in after["orders-2.csv"]
    assert "11,1" not in after["orders-1.csv"]
    row = after["customers.csv"].splitlines()[1].split(",")
    assert (row[0], row[3:]) == ("1", ["2019", "7"])
    assert [one.startswith("person-") for one in row[1:3]] == [True, True]
    assert connector.rescan(WHO).complete


def test_rows_marked_as_deleted_are_there(shop: Path, clock: FixedClock) -> None:
    """They are found and erased like the others, and counted as hidden."""
    source = SHOP.replace("    columns: {note: {}}\n", "    columns: {note: {}}\n    soft-delete: {column: note}\n")
    (shop / "orders-2.csv").write_text("id,customer,seller,day,note\n13,1,3,2026-02-01,\n", encoding="utf-8")
    orders = next(one for one in connected(shop, clock, source=source).find(WHO).tables if one.table == "orders-*.csv")
    assert (orders.rows, orders.hidden) == (2, 1)


def test_a_column_that_nobody_described_stops_rows_from_staying(shop: Path, clock: FixedClock) -> None:
    """What stays without a name must say so in every column; where the row goes as a whole nothing is in the way."""
    path = shop / "customers.csv"
    path.write_text(path.read_text().replace("name,since", "name,nick").replace(",2019,", ",Aika,"), encoding="utf-8")
    source = SHOP.replace("    plain: [since]\n", "")
    assert blocking(connected(shop, clock, source=source).plan(WHO, ERASE)) == []
    [problem] = connected(shop, clock, source=source, keep=KEEP).plan(WHO, ERASE).problems
    assert (problem.code, problem.where, problem.blocking) == (Trouble.COLUMN_NOT_MAPPED, "customers.csv.nick", True)


def test_values_in_kept_rows_are_told_with_their_ground(shop: Path, clock: FixedClock) -> None:
    """A search afterwards says of what it finds in them which law keeps it."""
    path = shop / "orders-2.csv"
    path.write_text(path.read_text().replace("leave it", "to aigerim@example.kz"), encoding="utf-8")
    connector = connected(shop, clock, keep=KEEP)
    connector.execute(connector.plan(WHO, ERASE), WHO, order="018f-order")
    rescan = connector.rescan(WHO)
    assert [(one.table, one.column, one.keep and one.keep.name) for one in rescan.left] == [
        ("orders-*.csv", "note", "tax")
    ]
    assert rescan.complete


@pytest.mark.parametrize("keep", ["", KEEP])
@pytest.mark.parametrize("writes", range(1, 7))
def test_whoever_dies_between_two_files_is_gone_on_with(shop: Path, clock: FixedClock, writes: int, keep: str) -> None:
    """What led to a row is still there until the row is gone: the same end, and a receipt that tells all of it."""
    connector = connected(shop, clock, keep=keep)
    plan = connector.plan(WHO, ERASE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connector._place, "replace", _dying(connector._place.replace, writes))
        try:
            connector.execute(plan, WHO, order="018f-order")
        except Killed:
            assert writes < 7
    receipt = connected(shop, clock, keep=keep).execute(plan, WHO, order="018f-order")
    assert steps(receipt) == steps(plan)
    after = content(shop)
    assert ("1,Aigerim" in after["customers.csv"], "hers" in after["notes.jsonl"]) == (False, False)
    assert [json.loads(one)["order"]["id"] for one in after["lines.jsonl.gz"].splitlines()] == [12, 14]


def _dying(replace: Callable[..., None], writes: int) -> Callable[..., None]:
    left = [writes]

    def counted(*given: Any, **named: Any) -> None:
        replace(*given, **named)
        left[0] -= 1
        if not left[0]:
            raise Killed

    return counted


def test_files_behind_one_that_is_not_there_are_told(shop: Path, clock: FixedClock) -> None:
    """Nobody can say whose rows they hold: they are named, and nothing is called complete."""
    (shop / "orders-1.csv").unlink()
    (shop / "orders-2.csv").unlink()
    found = connected(shop, clock).find(WHO)
    assert [(one.table, one.why) for one in found.not_reached] == [("lines.jsonl.gz", Trouble.NOBODY_LEADS_HERE)]
    (shop / "customers.csv").write_bytes(b"\xff\xfe\xd8")
    rescan = connected(shop, clock).rescan(WHO)
    told = {one.table: one.why for one in rescan.not_reached}
    assert told["customers.csv"] is Trouble.LINES_BROKEN
    assert told["notes.jsonl"] is Trouble.NOBODY_LEADS_HERE
    assert not rescan.complete


def test_columns_that_the_map_needs_are_missed(shop: Path, clock: FixedClock) -> None:
    """A reference or a day by which a law counts that is not in the file stops a plan, and is told by a look."""
    (shop / "orders-2.csv").write_text("id,seller,note\n13,1,x\n", encoding="utf-8")
    connector = connected(shop, clock, keep=KEEP)
    missed = {(Trouble.COLUMN_GONE, "orders-*.csv.customer"), (Trouble.KEEP_UNDATED, "orders-*.csv.day")}
    assert {(one.code, one.where) for one in connector.look().problems if one.blocking} == missed
    assert {(one.code, one.where) for one in connector.plan(WHO, ERASE).problems if one.blocking} == missed


TREE = """
senim-map: 1
system: {name: tree, kind: files, url-env: TREE}
tables:
  people.csv:
    key: [id]
    person: {email: email}
    columns: {email: {}}
    refers: [{columns: [friend], to: threads.csv, to-columns: [id], as: SORT}]
  threads.csv:
    key: [id]
    columns: {text: {}}
    refers: [{columns: [person], to: people.csv}, {columns: [answers], to: threads.csv}]
"""


def test_rows_of_one_file_that_lead_to_each_other_are_followed_to_the_end(tmp_path: Path, clock: FixedClock) -> None:
    """Answers to answers of the person's words, in whatever order they stand; a ring of them ends."""
    (tmp_path / "people.csv").write_text("id,email,friend\n1,aigerim@example.kz,\n2,b@x.kz,\n", encoding="utf-8")
    ring = "".join(f"{one},,{one + 1},x\n" for one in range(10, 19)) + "19,1,,x\n30,,31,y\n31,2,30,y\n"
    (tmp_path / "threads.csv").write_text(f"id,person,answers,text\n{ring}", encoding="utf-8")
    connector = connected(tmp_path, clock, source=TREE.replace("SORT", "mentions"))
    assert {one.table: one.rows for one in connector.find(WHO).tables} == {"people.csv": 1, "threads.csv": 10}
    connector.execute(connector.plan(WHO, ERASE), WHO, order="018f-order")
    assert (tmp_path / "threads.csv").read_text() == "id,person,answers,text\n30,,31,y\n31,2,30,y\n"


def test_files_that_lead_to_each_other_are_not_written_half(tmp_path: Path, clock: FixedClock) -> None:
    """Cut off between the two nobody would find the rest: the plan says so and does nothing."""
    (tmp_path / "people.csv").write_text("id,email,friend\n1,aigerim@example.kz,\n2,b@x.kz,5\n", encoding="utf-8")
    (tmp_path / "threads.csv").write_text("id,person,answers,text\n5,1,,x\n", encoding="utf-8")
    connector = connected(tmp_path, clock, source=TREE.replace("SORT", "belongs"))
    assert {one.table: one.rows for one in connector.find(WHO).tables} == {"people.csv": 2, "threads.csv": 1}
    assert blocking(connector.plan(WHO, ERASE)) == [Trouble.REFERRED_TO]


def test_a_reference_to_nothing_is_a_fault_of_the_map() -> None:
    """As for databases: named with its line."""
    [fault] = read(SHOP.replace("KEEP", "").replace("to: homes.csv", "to: houses.csv").encode()).faults
    assert fault.where == "tables.customers.csv.refers[0].to"


def test_many_rows_that_lead_on_take_no_more_memory(tmp_path: Path, clock: FixedClock) -> None:
    """A person with two thousand orders, each with a line."""
    write(tmp_path)
    many = "".join(f"{one},1,3,2019-05-05,ring\n" for one in range(1000, 3_000))
    (tmp_path / "orders-3.csv").write_text(f"id,customer,seller,day,note\n{many}", encoding="utf-8")
    lines = "".join(f'{{"id":{one},"order":{{"id":{one}}},"goods":"x"}}\n' for one in range(1000, 3_000))
    (tmp_path / "lines.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    connector = connected(tmp_path, clock)
    tracemalloc.start()
    plan = connector.plan(WHO, ERASE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert steps(plan)["lines.jsonl.gz", "delete"] == 2_000
    assert peak < 1_500_000
