"""The command line over an operator's own database: propose, check, look, find, preview, take over from Fides."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doors.conftest import Ran, Terminal

EMAIL = "aigerim@example.kz"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small database, and the variable with its address."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            f"""
            CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT);
            CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers (id));
            INSERT INTO customers VALUES (1, '{EMAIL}', 'Aigerim'), (2, 'bolat@example.kz', 'Bolat');
            INSERT INTO orders VALUES (1, 1), (2, 2);
            """
        )
    connection.close()
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{path}")
    return path


@pytest.fixture
def mapped(senim: Terminal, folder: Path, shop: Path) -> Callable[..., Ran]:
    """The proposed map, and ``senim connectors …`` in the operator's folder."""

    def run(*words: str, typed: str = "", **environment: str) -> Ran:
        return senim("connectors", *words, "-C", str(folder), typed=typed, **environment)

    assert run("propose", "shop", "--url-env", "SHOP_URL").code == 0
    return run


def test_a_map_is_proposed_checked_and_shown(mapped: Callable[..., Ran], folder: Path) -> None:
    """The file is written once, never over people's corrections; it is in order and fits the database."""
    before = (folder / "connectors" / "shop.yaml").read_bytes()
    again = mapped("propose", "shop", "--url-env", "SHOP_URL")
    assert (again.code, (folder / "connectors" / "shop.yaml").read_bytes()) == (1, before)
    assert mapped("propose", "shop", "--url-env", "SHOP_URL", "--over").code == 0
    assert "2 tables" in mapped("check", "shop").out
    assert json.loads(mapped("check", "shop", "--json").out)["ok"] is True
    assert "orders: delete; belongs customers" in mapped("map", "shop").out
    assert json.loads(mapped("map", "--json").out)["shop"]["tables"]["customers"]["person"] == {"email": "email"}
    assert "ready" in mapped("look", "shop").out
    assert json.loads(mapped("map", "--format").out)["title"] == "Senim map"


def test_a_fault_is_told_with_file_and_line(mapped: Callable[..., Ran], folder: Path) -> None:
    """As compilers do it, so that an editor jumps there."""
    path = folder / "connectors" / "shop.yaml"
    lines = path.read_text(encoding="utf-8").replace("act: delete", "act: remove", 1)
    path.write_text(lines, encoding="utf-8")
    number = next(place for place, line in enumerate(lines.splitlines(), 1) if "remove" in line)
    ran = mapped("check", "shop")
    assert ran.code == 1
    assert f"connectors/shop.yaml:{number}:" in ran.err
    assert "map_invalid" in mapped("look", "shop").err
    assert mapped("check", "nowhere").code == 1


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("kk", "«remove» мыналардың ешқайсысына жатпайды: "),
        ("ru", "«remove» не из числа допустимых: "),
        ("en", "“remove” is none of "),
    ],
)
def test_a_fault_is_told_in_the_language_of_the_terminal(
    mapped: Callable[..., Ran], folder: Path, language: str, says: str
) -> None:
    """To people and in JSON."""
    path = folder / "connectors" / "shop.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("act: delete", "act: remove", 1), encoding="utf-8")
    assert says in mapped("check", "shop", SENIM_LANGUAGE=language).err
    [fault] = json.loads(mapped("check", "shop", "--json", SENIM_LANGUAGE=language).out)["faults"]
    assert (fault["code"], fault["detail"].startswith(says)) == ("type_wrong", True)


def test_a_person_is_found_and_the_erasure_previewed(mapped: Callable[..., Ran], shop: Path) -> None:
    """No identifier is on the command line, and none is printed; nothing changes."""
    before = shop.read_bytes()
    found = mapped("find", "shop", typed=f"{EMAIL}\n")
    assert (found.code, "orders: 1 row, by customers → orders" in found.out) == (0, True)
    plan = mapped("preview", "shop", typed=f"{EMAIL}\n")
    assert plan.code == 0
    assert "Rows to change: 2. Nothing stands in the way." in plan.out
    told = json.loads(mapped("preview", "shop", "--json", typed=f"{EMAIL}\n").out)
    assert [step["table"] for step in told["steps"]] == ["orders", "customers"]
    assert EMAIL not in found.out + plan.out + json.dumps(told)
    assert "Nothing was found." in mapped("find", "shop", typed="nobody@example.kz\n").out
    assert shop.read_bytes() == before


def test_what_stands_in_the_way_ends_with_1(mapped: Callable[..., Ran], folder: Path) -> None:
    """A plan that cannot be carried out says why and what to type."""
    path = folder / "connectors" / "shop.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("act: delete", "act: blank", 1), encoding="utf-8")
    ran = mapped("preview", "shop", typed=f"{EMAIL}\n")
    assert ran.code == 1
    assert "! customers.email" in ran.out
    assert "write “email: {act: depersonalise}” or “email: {with: …}” in the map" in ran.out
    told = json.loads(mapped("preview", "shop", "--json", typed=f"{EMAIL}\n", SENIM_LANGUAGE="ru").out)["problems"]
    assert "впишите в карту «email: {act: depersonalise}» или «email: {with: …}»" in [one.get("remedy") for one in told]


def test_an_address_that_is_missing_is_told(
    senim: Terminal, folder: Path, mapped: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is named; ``[systems]`` of the settings serves as well."""
    address = f"sqlite:///{folder.parent / 'shop.db'}"
    monkeypatch.delenv("SHOP_URL")
    ran = mapped("look", "shop")
    assert ran.code == 1
    assert "SHOP_URL" in ran.err
    with (folder / "senim.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[systems]\nshop = "{address}"\n')
    assert mapped("look", "shop").code == 0


def test_a_dataset_of_fides_is_taken_over(mapped: Callable[..., Ran], folder: Path, tmp_path: Path) -> None:
    """A map for each dataset, with what Fides leaves open as remarks."""
    source = tmp_path / "dataset.yml"
    source.write_text(
        "dataset: [{fides_key: old_shop, collections: [{name: customers, fields: ["
        "{name: id, data_categories: [system.operations], fides_meta: {primary_key: true}},"
        "{name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}, {name: odd}]}]}]",
        encoding="utf-8",
    )
    ran = mapped("import-fides", str(source), "--url-env", "SHOP_URL")
    assert ran.code == 0
    assert "customers.odd" in ran.out
    assert mapped("check", "old-shop").code == 0
    assert (folder / "connectors" / "old-shop.yaml").read_text(encoding="utf-8").startswith("# Read from")
    assert mapped("import-fides", str(source)).code == 1
