"""Reads the words of ``meaning.toml``: by which people ask for their rights in Kazakh, Russian and English."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any, get_args

from senim.messaging.meaning_sentences import pattern
from senim.policy.rights import RightKind

DESTRUCTIVE: tuple[RightKind, ...] = ("withdraw", "erase")
"""Rights whose use destroys: asked for without any doubt, or a person decides."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one right is asked for: ``does`` asks by itself, ``names`` with a word of request beside it."""

    kind: RightKind
    does: re.Pattern[str] | None
    names: re.Pattern[str] | None
    maybe: re.Pattern[str] | None
    """What may mean it: a person decides."""
    of: frozenset[str]
    """The topics of which one must be there."""
    beside: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    asks: bool
    """Whether a question asks for it too."""


@functools.cache
def _source() -> dict[str, Any]:
    return tomllib.loads(resources.files("senim.messaging").joinpath("meaning.toml").read_text(encoding="utf-8"))


def _expression(lines: str) -> str:
    """Lines of words as one expression."""
    told = lines.replace("{start}", _source()["words"]["start"].strip().removeprefix("~")).strip().split("\n")
    anywhere = [line[1:] for line in told if line.startswith("~")]
    at_word = "|".join(line for line in told if not line.startswith("~"))
    return "|".join([*([rf"\b(?:{at_word})"] if at_word else []), *anywhere])


def _named(names: Iterable[str] | str | None) -> re.Pattern[str] | None:
    """The expression of lines of words, or of several lists of ``[words]``."""
    if not names:
        return None
    if isinstance(names, str):
        return pattern(_expression(names))
    return pattern("|".join(_expression(_source()["words"][name]) for name in names))


@functools.cache
def words(name: str) -> re.Pattern[str]:
    """An expression of ``[mood]``, ``[partial]`` or ``[words]``."""
    source = _source()
    return pattern(
        _expression(next(source[part][name] for part in ("mood", "partial", "words") if name in source[part]))
    )


def topics_in(text: str) -> frozenset[str]:
    """What a folded text is about: data, an account, a consent, mailings and so on."""
    return frozenset(topic for topic, expression in _topics() if expression.search(text))


@functools.cache
def _topics() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((topic, words(topic)) for topic in sorted(frozenset().union(*(rule.of for rule in rules()))))


@functools.cache
def rules() -> tuple[Rule, ...]:
    """The rules, in the order in which rights are told."""
    made = []
    for kind in get_args(RightKind):
        said = _source()["rules"][kind]
        made.append(
            Rule(
                kind,
                _named(said.get("does")),
                _named(said.get("names")),
                _named(said.get("maybe")),
                frozenset(said["of"]),
                _named(said.get("beside")),
                _named(said.get("unless")),
                bool(said.get("asks")),
            )
        )
    return tuple(made)
