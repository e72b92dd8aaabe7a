"""Each of the 148 promises is cited by a test of this folder, and those whose rooms are built by one that uses them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.promises.test_board import LATER, NOW, rows

HERE = Path(__file__).parent
_CITED = re.compile(r"\b(?:travel|airline|tickets|foundation|shop)-\d+\b")
_LISTS = ("test_board.py", "test_coverage.py")


def cited(*files: Path) -> set[str]:
    """The clause ids that stand in some files."""
    return {ident for file in files for ident in _CITED.findall(file.read_text(encoding="utf-8"))}


EXERCISED = cited(*(file for file in HERE.glob("test_*.py") if file.name not in _LISTS))


@pytest.mark.parametrize("ident", [row["id"] for row in rows()])
def test_every_promise_is_cited_in_a_test(ident: str) -> None:
    """The trace leads from each clause to a test."""
    assert ident in EXERCISED | {one for one, _ in LATER}


@pytest.mark.parametrize("ident", NOW)
def test_every_promise_that_is_built_is_exercised_through_a_door(ident: str) -> None:
    """A promise that the board may call kept has a test that uses it, beside its drill."""
    assert ident in EXERCISED


def test_no_test_cites_a_promise_that_does_not_exist() -> None:
    """There are 148 promises, and the tests speak of no other."""
    known = {row["id"] for row in rows()}
    assert len(known) == 148
    assert cited(*HERE.glob("*.py")) <= known
    assert len(LATER) + len(NOW) == 148
