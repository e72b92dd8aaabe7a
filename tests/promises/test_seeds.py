"""The table in docs/reference/seeds.md leads from every numbered clause of the five texts to its clause ids."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "seeds.md"
DATA = ROOT / "tests" / "data"
TEXTS = ("travel", "airline", "tickets", "foundation", "shop")


class Row(NamedTuple):
    """A line of a table: a numbered clause of a text, its clause ids and what they promise."""

    number: str
    speaks: str
    ids: tuple[str, ...]
    promises: str


def table(name: str) -> list[dict[str, str]]:
    """A table of tests/data."""
    with (DATA / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def rows_of(text: str) -> list[Row]:
    """The page's table for a text."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {text}\n")[1].split("\n## ")[0]
    cells = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("|")][2:]
    return [Row(one[0].strip(), one[1].strip(), tuple(one[2].split(", ")), one[3].strip()) for one in cells]


@pytest.mark.parametrize("text", TEXTS)
def test_every_numbered_clause_of_the_text_is_in_the_table(text: str) -> None:
    """Nothing of a text stays outside, and nothing is made up: the numbers are those of the text, in its order."""
    assert [row.number for row in rows_of(text)] == [row["number"] for row in table("seeds") if row["text"] == text]


@pytest.mark.parametrize("text", TEXTS)
def test_every_clause_id_appears_in_the_table_of_its_text_alone(text: str) -> None:
    """Each promise comes from somewhere in its own text."""
    known = {row["id"] for row in table("clauses") if row["policy"] == text}
    shown = [ident for row in rows_of(text) for ident in row.ids]
    assert set(shown) == known
    assert all(len(set(row.ids)) == len(row.ids) for row in rows_of(text))


@pytest.mark.parametrize("text", TEXTS)
def test_each_line_says_what_its_ids_promise(text: str) -> None:
    """The promise on the page is that of the table of clauses."""
    promise = {row["id"]: row["promise"] for row in table("clauses")}
    for row in rows_of(text):
        assert row.promises == " · ".join(promise[ident] for ident in row.ids), row.number
        assert 3 <= len(row.speaks) <= 80


def test_the_tables_of_data_are_whole() -> None:
    """148 promises, each id numbered on within its policy, each with something that software has to do."""
    clauses = table("clauses")
    for text in TEXTS:
        own = [row["id"] for row in clauses if row["policy"] == text]
        assert own == [f"{text}-{number}" for number in range(1, len(own) + 1)]
    assert len(clauses) == 148
    assert all(row["promise"] and row["does"] and row["rooms"] for row in clauses)
    assert {row["text"] for row in table("seeds")} == set(TEXTS)
