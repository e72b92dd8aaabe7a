"""The promises board: kept, broken or cannot be told. What nobody can show yet is never called kept."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.test import Client

from senim.app import open_senim
from senim.languages import LANGUAGES, Language
from senim.web.site import site
from tests.promises.house import Told, run

CLAUSES = Path(__file__).parents[1] / "data" / "clauses.tsv"
LATER = (
    ("travel-8", "retention"),
    ("travel-13", "disclosure"),
    ("travel-14", "disclosure"),
    ("travel-15", "disclosure connectors"),
    ("travel-16", "statistics"),
    ("travel-17", "governance"),
    ("travel-19", "governance"),
    ("travel-20", "incidents"),
    ("travel-21", "recovery"),
    ("travel-23", "governance"),
    ("travel-24", "governance incidents"),
    ("travel-26", "governance"),
    ("travel-27", "governance"),
    ("travel-36", "retention"),
    ("travel-47", "governance"),
    ("airline-6", "statistics"),
    ("airline-9", "disclosure"),
    ("airline-10", "incidents recovery governance"),
    ("airline-13", "retention"),
    ("tickets-14", "statistics"),
    ("tickets-15", "statistics"),
    ("tickets-17", "disclosure"),
    ("tickets-21", "retention"),
    ("tickets-22", "governance"),
    ("tickets-23", "governance incidents recovery"),
    ("foundation-17", "statistics"),
    ("foundation-18", "statistics"),
    ("foundation-20", "governance"),
    ("foundation-23", "disclosure"),
    ("foundation-24", "governance disclosure"),
    ("foundation-25", "governance"),
    ("foundation-26", "incidents"),
    ("foundation-27", "retention"),
    ("foundation-28", "retention"),
    ("shop-9", "statistics"),
    ("shop-15", "retention"),
    ("shop-17", "disclosure"),
)
"""Clauses that rest on a room which comes with later work, and the rooms."""


def rows() -> list[dict[str, str]]:
    """All clauses of the five texts."""
    with CLAUSES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


PROFILES = tuple(dict.fromkeys(row["policy"] for row in rows()))
NOW = tuple(row["id"] for row in rows() if row["id"] not in dict(LATER))


@dataclass(frozen=True, slots=True)
class Shown:
    """An operator's board before and after a drill, and its pages by language."""

    before: Told
    after: Told
    pages: dict[Language, str]

    def clause(self, ident: str, *, drilled: bool) -> Told:
        """What the board says of a clause."""
        board = self.after if drilled else self.before
        found: Told = next(one for one in board["clauses"] if one["id"] == ident)
        return found


@pytest.fixture(scope="session")
def shown(
    operators: Callable[[str], tuple[Path, dict[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Shown]:
    """The board and the pages of the operator of a clause; each operator is drilled once."""
    known: dict[str, Shown] = {}

    def of(ident: str) -> Shown:
        profile = ident.partition("-")[0]
        if profile not in known:
            folder = tmp_path_factory.mktemp("board") / profile
            shutil.copytree(operators(profile)[0], folder)
            before = run("conformance", "--json", "-C", folder)
            after = run("conformance", "--drill", "--json", "-C", folder)
            assert (before.exit_code, after.exit_code) == (0, 0), after.output
            with open_senim(folder, environment={}) as senim:
                client = Client(site(senim))
                pages = {language: client.get(f"/privacy/{language}").text for language in LANGUAGES}
            known[profile] = Shown(json.loads(before.stdout), json.loads(after.stdout), pages)
        return known[profile]

    return of


@pytest.mark.parametrize(("ident", "rooms"), LATER, ids=[ident for ident, _ in LATER])
def test_a_promise_whose_room_is_not_built_cannot_be_told(
    shown: Callable[[str], Shown], ident: str, rooms: str
) -> None:
    """Nothing counts as kept because nobody looked: the board says "cannot tell", drilled or not."""
    for drilled in (False, True):
        found = shown(ident).clause(ident, drilled=drilled)
        assert found["status"] == "cannot_tell"
        waiting = [one for one in found["controls"] if one["evidence"]["code"] == "room_later"]
        assert list(dict.fromkeys(one["name"].partition(".")[0] for one in waiting)) == rooms.split()
        assert all(one["status"] == "cannot_tell" and one["at"] is None for one in waiting)


@pytest.mark.parametrize("ident", NOW)
def test_a_promise_that_is_built_is_kept_once_it_was_shown(shown: Callable[[str], Shown], ident: str) -> None:
    """Before a drill nobody knows; after it every control has its evidence and its date."""
    assert shown(ident).clause(ident, drilled=False)["status"] == "cannot_tell"
    found = shown(ident).clause(ident, drilled=True)
    assert found["status"] == "kept"
    for one in found["controls"]:
        assert (one["status"], one["evidence"]["code"]) == ("kept", "drilled")
        assert one["at"]


@pytest.mark.parametrize("ident", [row["id"] for row in rows()])
def test_every_clause_is_published_in_three_languages(shown: Callable[[str], Shown], ident: str) -> None:
    """People can read each promise, at an address of its own, in Kazakh, Russian and English."""
    said = set()
    for language, page in shown(ident).pages.items():
        assert f'<html lang="{language}">' in page
        at = page.index(f'<div class="clause" id="{ident}">')
        text = page[page.index("<p>", at) + 3 : page.index("</p>", at)]
        assert len(text) > 20
        said.add(text)
    assert len(said) == len(LANGUAGES)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_board_has_every_clause_of_the_text_and_no_other(shown: Callable[[str], Shown], profile: str) -> None:
    """The board is complete, so that nothing is kept by being left out."""
    expected = [row["id"] for row in rows() if row["policy"] == profile]
    for board in (shown(profile).before, shown(profile).after):
        assert sorted(one["id"] for one in board["clauses"]) == sorted(expected)
        assert not [one["id"] for one in board["clauses"] if one["status"] == "broken"]


def test_the_board_is_readable_on_a_terminal(operators: Callable[[str], tuple[Path, dict[str, str]]]) -> None:
    """A privacy officer sees a line for each clause and the count."""
    done = run("conformance", "--full", "-C", operators("airline")[0])
    assert done.exit_code == 0
    assert "airline-12" in done.stdout
    assert "13 clauses: 0" in done.stdout
