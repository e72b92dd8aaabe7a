"""Two texts beside each other: nothing is lost, and only what differs is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.policy.marking import Run, beside, marked
from tests.unit.made import policy, varied

OLD = policy()


def text(runs: tuple[Run, ...], *, marked_too: bool = True) -> str:
    """The words of some runs."""
    return "".join(run.text for run in runs if marked_too or not run.marked)


@pytest.mark.parametrize(
    ("before", "after", "gone", "come"),
    [
        ("We keep data.", "We keep data.", [], []),
        ("We keep data for 3 years.", "We keep data for 5 years.", ["3"], ["5"]),
        ("Мы храним данные.", "Мы храним все данные.", [], ["все "]),
        ("Деректер сақталады.", "Деректер жойылады.", ["сақталады"], ["жойылады"]),
        ("one two three four", "one 2 3 four", ["two three"], ["2 3"]),
        ("", "New.", [], ["New."]),
    ],
)
def test_the_words_that_differ_are_marked(before: str, after: str, gone: list[str], come: list[str]) -> None:
    """travel-2: a reader sees at a glance what went and what came."""
    left, right = marked(before, after)
    assert [run.text for run in left if run.marked] == gone
    assert [run.text for run in right if run.marked] == come


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_word_is_lost_or_made_up(before: str, after: str) -> None:
    """Each side is its text, whole; what is not marked is the same on both."""
    left, right = marked(before, after)
    assert text(left) == "".join(" ".join(before.split()))
    assert text(right) == " ".join(after.split())
    assert text(left, marked_too=False) == text(right, marked_too=False)


def test_a_text_without_end_is_bounded_work() -> None:
    """A visitor cannot make the service compare texts of any length word by word."""
    left, right = marked("a " * 4_000, "b " * 4_000)
    assert (len(left), len(right)) == (1, 1)
    assert left[0].marked


def test_clauses_stand_in_the_order_of_the_new_text_and_gone_ones_where_they_stood() -> None:
    """Added, removed, reworded and untouched clauses are told apart."""
    new = policy(varied({"clauses.1.says.en": "We take less.", "clauses.2.id": "mini-9"}))
    assert [(one.id, one.kind) for one in beside(OLD, new, "en")] == [
        ("mini-1", "same"),
        ("mini-2", "changed"),
        ("mini-3", "removed"),
        ("mini-9", "added"),
        ("mini-4", "same"),
    ]
    gone = next(one for one in beside(OLD, new, "en") if one.kind == "removed")
    assert (gone.after, gone.before[0].text) == ((), "No human sees card data.")
