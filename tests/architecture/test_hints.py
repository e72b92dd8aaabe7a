"""What is said beside a fault has its words in one place, and the code says only what has words there."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_type_hints

import pytest

from senim.audit.live import Beside
from senim.conformance.records import DrillFailed
from senim.conformance.stage import Stage
from senim.errors import SenimError
from senim.languages import LANGUAGES, Hint, wording
from senim.policy import Fault

SOURCES = Path(__file__).parents[2] / "src" / "senim"


@functools.cache
def said() -> tuple[tuple[str, ast.Call], ...]:
    """Every hint that the code makes, with its place."""
    return tuple(_hints())


def _hints() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Hint":
                yield f"{path.relative_to(SOURCES)}:{node.lineno}", node


def key_of(call: ast.Call) -> str:
    """The key that a hint is made of; empty if it is not written there, or if not all that fills it is named."""
    match call.args[:1]:
        case [ast.Constant(value=str(key))] if all(one.arg for one in call.keywords):
            return key
    return ""


def test_every_hint_is_made_of_a_key_that_is_written_there() -> None:
    """So that it can be seen here which are said; and nothing is said that has no words."""
    assert len(said()) > 100
    assert [place for place, call in said() if key_of(call) not in wording("hints")] == []


def test_no_words_are_kept_that_nobody_says() -> None:
    """Each key of ``locales/hints.toml`` is said somewhere."""
    assert set(wording("hints")) == {key_of(call) for _, call in said()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hint_is_filled_with_all_that_its_words_name(language: str) -> None:
    """In each language the same, and nothing besides."""
    for place, call in said():
        text = getattr(wording("hints")[key_of(call)], language)
        named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        assert named == {one.arg for one in call.keywords}, place


def test_what_fills_a_hint_is_no_sentence_of_its_own() -> None:
    """Words of a language are in the locales alone: what is written in the code is at most a name or a mark."""
    for place, call in said():
        parts = [one for part in call.keywords for one in ast.walk(part.value) if isinstance(one, ast.Constant)]
        assert not [one.value for one in parts if " " in str(one.value).strip()], place


def test_a_fault_says_nothing_that_is_no_hint() -> None:
    """Its type takes no text: the checker refuses one in the code."""
    assert get_type_hints(Fault)["hint"] == Hint | None
    assert get_type_hints(SenimError.__init__)["hint"] == Hint | None


def test_what_connectors_say_as_text_is_to_be_typed() -> None:
    """A statement, a line of the map, names or what only a machine says: no sentence stands in their code."""
    prose = [
        (path.name, text)
        for path in sorted((SOURCES / "connectors").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign | ast.keyword) and {"detail", "remedy"} & named_by(node)
        for text in written_in(node.value)
        if PROSE.search(text)
    ]
    assert prose == []


def test_what_drills_and_verifications_find_is_no_text() -> None:
    """Its type takes none where a drill says it; a problem of a log may have a text only where an older one is read."""
    for verb in (Stage.expect, Stage.refused, Stage.denies, Stage.allows, DrillFailed.__init__, Beside.wrong):
        assert Hint in get_type_hints(verb).values(), verb
        assert str not in get_type_hints(verb).values() or verb is Beside.wrong
    texts = [
        f"{path.relative_to(SOURCES)}:{node.lineno}"
        for room in ("audit", "conformance")
        for path in sorted((SOURCES / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and called(node) in FINDINGS
        if any(isinstance(one, ast.JoinedStr) or isinstance(getattr(one, "value", None), str) for one in node.args)
    ]
    assert texts == []


FINDINGS = ("Problem", "_found", "_changed", "expect", "refused", "denies", "allows", "DrillFailed", "NothingDeclared")
"""What is called with what was found."""


def called(call: ast.Call) -> str:
    """The name of what is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


PROSE = re.compile(r"^(?!senim )[a-z']+ [a-z']+ [a-z']+|: [a-z']+ [a-z']+ ")
"""Three words in a row, with which no statement, no line of a map and no command of ours begins."""


def named_by(node: ast.Assign | ast.keyword) -> set[str | None]:
    """What gets the value."""
    if isinstance(node, ast.keyword):
        return {node.arg}
    return {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}


def written_in(value: ast.expr) -> list[str]:
    """The texts in it."""
    return [one.value for one in ast.walk(value) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


@pytest.mark.parametrize("key", sorted(wording("hints")))
def test_a_hint_is_a_part_of_a_line(key: str) -> None:
    """It begins small and ends without a full stop, so that it can stand in brackets and as a sentence."""
    for language in LANGUAGES:
        text = getattr(wording("hints")[key], language)
        assert text == text.strip()
        assert not text.endswith((".", ";", ",")), language
        assert text[:1] == text[:1].lower() or text.startswith(("YAML", "Fides", "HTTP", "TLS")), language
