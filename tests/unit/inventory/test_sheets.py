"""Files of separated values: columns by name and values, and nothing lost where a file is broken."""

from __future__ import annotations

import csv
import io

import pytest

from senim.conformance import cast
from senim.inventory import sheets
from senim.inventory.records import Finding
from senim.inventory.sheets import Sheet, delimiter_of, is_header
from senim.inventory.tally import Tally
from senim.recognisers import Kind

ALL = frozenset(kind.value for kind in Kind)


def searched(text: str, delimiter: str = ",") -> dict[tuple[str, str], Finding]:
    tally = Tally(ALL, 0.5)
    Sheet([text[at : at + 1_000] for at in range(0, len(text), 1_000)], delimiter, tally).search()
    return {(one.kind, one.column): one for one in tally.findings()}


def made(header: list[str], rows: list[list[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue()


def counts(found: dict[tuple[str, str], Finding]) -> dict[tuple[str, str], int]:
    return {key: one.count for key, one in found.items()}


def test_columns_are_known_by_their_names() -> None:
    """Birth dates, bare telephones and surnames have nothing beside them but the column's name."""
    rows = [["Пак", "Ли", "1985-03-12", f"700000{number:04d}", str(3_000_000_000 + number)] for number in range(40)]
    found = searched(made(["Фамилия", "Имя", "дата_рождения", "tel", "order_no"], rows))
    assert counts(found) == {
        ("family", "Фамилия"): 40, ("given", "Имя"): 40, ("birth-date", "дата_рождения"): 40, ("phone", "tel"): 40,
    }  # fmt: skip
    assert [place.line for place in found["phone", "tel"].places[:3]] == [2, 3, 4]
    assert found["phone", "tel"].places[0].character == 4


def test_other_columns_are_searched_too() -> None:
    """What people wrote into a column that is for something else is found there."""
    rows = [["1", "ok"], ["2", "звонить Анне Соколовой\n8 700 000 00 00"], ["3", "ИИН 981231500014"]]
    found = searched(made(["id", "status"], rows))
    assert counts(found) == {("phone", "status"): 1, ("iin", "status"): 1, ("name", "status"): 1}
    assert found["iin", "status"].places[0].line == 5


def test_a_column_may_hold_two_kinds() -> None:
    """What a column is for, and what is in it besides."""
    found = searched(made(["fio"], [["Соколова Анна 981231500014"], ["Лебедев Иван"], ["Орлова Мария"]]))
    assert counts(found) == {("name", "fio"): 3, ("iin", "fio"): 1}


def test_without_a_header() -> None:
    """The first row counts, and columns have numbers."""
    found = searched(made(["Соколова Анна", "981231500014"], [["Лебедев Иван", "970228600109"]]))
    assert counts(found) == {("name", "#1"): 2, ("iin", "#2"): 2}


@pytest.mark.parametrize("rows", [1, 999, 1_000, 1_001, 2_500])
def test_every_row_counts(rows: int) -> None:
    """At the borders of batches too."""
    found = searched(made(["iin"], [[cast.iin(number)] for number in range(rows)]))
    assert counts(found) == {("iin", "iin"): rows}


def test_a_quotation_that_never_ends_hides_nothing() -> None:
    """What the reader of CSV gives up on is searched as text."""
    good = made(["iin", "note"], [[cast.iin(number), "x"] for number in range(10)])
    broken = '"' + "".join(f"{cast.iin(number)},y\n" for number in range(10, 20_000))
    found = searched(good + broken)
    assert sum(counts(found).values()) == 20_000


def test_a_line_of_megabytes_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no row; it and all behind it are read as text."""
    monkeypatch.setattr(sheets, "_LONGEST_LINE", 5_000)
    text = made(["iin"], [[cast.iin(1)], [cast.iin(2)]]) + ",".join(cast.iin(number) for number in range(3, 1_003))
    found = searched(f"{text}\n981231500014\n")
    assert sum(counts(found).values()) == 1_003
    assert found["iin", ""].places[0].line == 4


def test_rows_of_unequal_length() -> None:
    """Cells that no header names are searched."""
    found = searched("a,b\n1\n1,2,981231500014\n\n1,2,3,87000000000\n")
    assert counts(found) == {("iin", "#3"): 1, ("phone", "#4"): 1}
    assert found["phone", "#4"].places[0].line == 5


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [
        ("a;b;c\n1;2,5;3\n", ";"), ("a,b\n1,2\n", ","), ("a\tb\n1\t2\n", "\t"), ("a|b\n", "|"), ("a\n1\n2\n", ""),
        ("", ""),
        ("a;b\n1;2\n1;", ";"), ("Кому: Анне, Ивану\nПривет\n", ""),
    ],
)  # fmt: skip
def test_delimiters(head: str, delimiter: str) -> None:
    """What stands in every line separates; a comma in some is none."""
    assert delimiter_of(head) == delimiter


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["id", "fio", "tel"], True), (["E-mail", "Phone"], True), (["1", "2"], False), (["Соколова Анна", "x"], False),
        (["anna@people.example"], False), (["Фамилия Имя Отчество", "Дата Рождения"], True), (["", ""], False),
    ],
)  # fmt: skip
def test_headers(row: list[str], expected: bool) -> None:  # a column of the table
    """A first row without numbers and people names the columns."""
    assert is_header(row) is expected
