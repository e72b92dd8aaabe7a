"""The console calls a thing by one name."""

from __future__ import annotations

import re

import pytest

from senim.languages import Language, wording

ROWS = {"map-soft", "map-soft-hint", "map-act-delete", "search-hidden"}
"""Words about rows of a connected system, which is another thing than destroying a person's data."""

OTHERS: tuple[tuple[Language, str], ...] = (
    ("en", r"\b(?:eras|delet)"),
    ("ru", r"(?i)\bудал(?!ос|ён)"),
    ("kk", r"(?i)\bөшір"),
)


@pytest.mark.parametrize(("language", "other"), OTHERS)
def test_destroying_has_one_word(language: Language, other: str) -> None:
    """жою, уничтожение, destruction, as the glossary has it; what only rows are is told apart."""
    said = {name: text.in_(language) for name, text in wording("console").items()}
    found = {name for name, text in said.items() if re.search(other, text)}
    assert found <= ROWS
    assert found, "the rule finds what it looks for"
