"""Counting what is found: in windows, with places, and without a value."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.inventory import tally as module
from senim.inventory.records import MOST_PLACES, Finding, Place
from senim.inventory.tally import Tally, masked
from senim.recognisers import Kind, find
from tests.labelled import Maker

ALL = frozenset(kind.value for kind in Kind)


def searched(chunks: list[str], samples: int = 0) -> list[Finding]:
    tally = Tally(ALL, 0.5, samples)
    tally.text(chunks)
    return tally.findings()


def places(text: str) -> dict[str, list[Place]]:
    """Where everything is, from the text as a whole."""
    found: dict[str, list[Place]] = {}
    for hit in find(text):
        before = text[: hit.start]
        place = Place(before.count("\n") + 1, hit.start - (before.rfind("\n") + 1) + 1)
        found.setdefault(hit.kind.value, []).append(place)
    return found


def told(findings: list[Finding]) -> dict[str, tuple[int, list[Place]]]:
    return {one.kind: (one.count, one.places) for one in findings}


def parts(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


@pytest.mark.parametrize("genre", ["contract", "chat", "json"])
@pytest.mark.parametrize("size", [700, 4_096])
@pytest.mark.parametrize("lines", [True, False], ids=["lines", "one line"])
def test_windows_lose_nothing(genre: str, size: int, *, lines: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text in parts is found as it is found whole: as many, in the same places; one line of it too."""
    monkeypatch.setattr(module, "WINDOW", 4_096)
    text = Maker(7).texts(genre, 300).text
    text = text if lines else text.replace("\n", " ")
    whole = places(text)
    assert told(searched(list(parts(text, size)))) == {
        kind: (len(found), found[:MOST_PLACES]) for kind, found in whole.items()
    }


def test_a_text_of_nothing_but_digits_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that no window holds is no number, and ends all the same."""
    monkeypatch.setattr(module, "WINDOW", 2_000)
    assert searched(["0123456789" * 100] * 30) == []


def test_places_are_counted_from_one() -> None:
    """Line and character, as editors show them."""
    assert told(searched(["a\n  981231500014\n", "\n\n87000000000"])) == {
        "iin": (1, [Place(2, 3)]), "phone": (1, [Place(5, 1)]),
    }  # fmt: skip


def test_only_the_first_places_are_kept() -> None:
    """All are counted; a report stays small."""
    (finding,) = searched(["981231500014\n" * 1_000])
    assert finding.count == 1_000
    assert [place.line for place in finding.places] == list(range(1, MOST_PLACES + 1))


def test_no_samples_unless_asked_for() -> None:
    """And then masked ones, few."""
    text = "ИИН 981231500014, 970228600109, anna@people.example"
    assert [one.samples for one in searched([text])] == [[], []]
    assert {one.kind: one.samples for one in searched([text], samples=1)} == {
        "iin": ["9••••••••••4"], "email": ["a•••@••••••.••••••e"],
    }  # fmt: skip


@given(st.text(max_size=100))
def test_a_masked_value_shows_no_more_than_its_ends(value: str) -> None:
    """Of letters and digits two are shown at most, of short values none."""
    shown = masked(value)
    left = [character for character in shown if character.isalnum()]
    assert len(left) <= 2
    assert len(value.strip()) > 4 or not left
    assert len(shown) <= 60
