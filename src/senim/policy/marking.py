"""Two texts beside each other, with the words that went and those that came marked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from senim.languages import Language
from senim.policy.records import Clause, Policy

_WORDS = re.compile(r"\w+(?:[-’'.]\w+)*|[^\w\s]|\s+")
_MOST_WORDS = 1_200
"""Longer texts are shown as gone and come as a whole: what visitors ask for is bounded work."""


@dataclass(frozen=True, slots=True)
class Run:
    """Words that belong together; ``marked`` if they are on this side alone."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A clause as it was and as it is.

    ``kind``: same, added, removed, changed; or elsewhere, if it reads the same here and not in another language.
    """

    id: str
    kind: str
    before: tuple[Run, ...]
    after: tuple[Run, ...]


def marked(before: str, after: str) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Both texts in runs; what is marked went or came."""
    old, new = _WORDS.findall(_smooth(before)), _WORDS.findall(_smooth(after))
    if max(len(old), len(new)) > _MOST_WORDS:
        return (Run("".join(old), marked=True),), (Run("".join(new), marked=True),)
    left: list[Run] = []
    right: list[Run] = []
    for kind, a, b, c, d in _steps(old, new):
        _add(left, "".join(old[a:b]), kind != "equal")
        _add(right, "".join(new[c:d]), kind != "equal")
    return tuple(left), tuple(right)


def _smooth(text: str) -> str:
    return " ".join(text.split())


def _steps(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """The steps from one row of words to the other. A lone space between two changes belongs to them."""
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        lone = kind == "equal" and b - a == 1 and old[a].isspace() and a > 0 and b < len(old) and d < len(new)
        yield ("lone" if lone else kind), a, b, c, d


def _add(runs: list[Run], text: str, changed: bool) -> None:
    if not text:
        return
    if runs and runs[-1].marked == changed:
        runs[-1] = Run(runs[-1].text + text, changed)
    else:
        runs.append(Run(text, changed))


def beside(old: Policy, new: Policy, language: Language) -> tuple[Pair, ...]:
    """The clauses of two policies side by side, in the order of the new one; what went stands where it stood."""
    before = {one.id: one for one in old.clauses}
    after = {one.id: one for one in new.clauses}
    return tuple(_pair(name, before.get(name), after.get(name), language) for name in _order(list(before), list(after)))


def _order(before: list[str], after: list[str]) -> list[str]:
    order = list(after)
    place = 0
    for name in before:
        if name in after:
            place = order.index(name) + 1
        else:
            order.insert(place, name)
            place += 1
    return order


def _pair(name: str, before: Clause | None, after: Clause | None, language: Language) -> Pair:
    told = before.says.in_(language) if before else "", after.says.in_(language) if after else ""
    if before is None or after is None:
        whole = tuple((Run(_smooth(text), marked=True),) if text else () for text in told)
        return Pair(name, "added" if before is None else "removed", *whole)
    if _smooth(told[0]) == _smooth(told[1]):
        run = (Run(_smooth(told[0]), marked=False),)
        return Pair(name, "same" if before.says == after.says else "elsewhere", run, run)
    return Pair(name, "changed", *marked(*told))
