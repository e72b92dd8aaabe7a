"""Whose row is it? For systems without a query language: files, and the fake. Pure."""

from __future__ import annotations

import functools
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from senim.connectors.datamap import KeepRule, TableMap, cutoff, end_of
from senim.connectors.identifiers import NUMBERS, core, normal, tidy
from senim.connectors.records import Identifiers, Keep, Person
from senim.languages import Text

Cells = Mapping[str, Any]
MOST_PEOPLE = 1_000
"""People who match, of whom more are not told apart."""
_NOT_DIGIT = re.compile(r"\D")
_SHORTEST = 4
"""Of an identifier that is searched for inside of other text: shorter ones are found everywhere."""
_FORMS = ("%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d")


@dataclass(slots=True)
class Matching:
    """Which rows belong to a person, and who it is that matches."""

    who: Identifiers
    secret: bytes
    chosen: tuple[str, ...] = ()
    """People who are meant; empty: whoever matches."""
    apart: tuple[str, ...] = ()
    """People who are not."""
    people: dict[str, Person] = field(default_factory=dict)
    _values: dict[str, dict[str, dict[str, None]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.who = tidy(self.who)

    def person(self, name: str, table: TableMap, cells: Cells) -> Person | None:
        """Who matches by a row of a table, or None."""
        by: dict[str, None] = {}
        against: dict[str, None] = {}
        told: list[str] = []
        for kind, column in table.identifying():
            value = normal(kind, text_of(cells.get(column)))
            told.append(value)
            if value and kind in self.who:
                (by if value in self.who[kind] else against)[kind] = None
        if not by:
            return None
        against = {kind: None for kind in against if kind not in by}
        key = "\0".join((name, *told))
        digest = hmac.digest(self.secret, f"senim row\n{key}".encode("utf-8", "surrogatepass"), "sha256").hex()[:32]
        return Person(digest=digest, table=name, by=tuple(by), against=tuple(against))

    def mine(self, name: str, table: TableMap, cells: Cells) -> bool:
        """Whether a row is that of the person; who it is that matches is remembered."""
        person = self.person(name, table, cells)
        if person is None:
            return False
        if len(self.people) < MOST_PEOPLE and person.digest not in self.people:
            self.people[person.digest] = person
            self._remember(name, table, cells)
        return person.digest not in self.apart and (not self.chosen or person.digest in self.chosen)

    def _remember(self, name: str, table: TableMap, cells: Cells) -> None:
        """Values by which rows of one table may contradict each other."""
        kinds = self._values.setdefault(name, {})
        for kind, column in table.identifying():
            value = normal(kind, text_of(cells.get(column)))
            if value and value not in self.who.get(kind, ()):
                kinds.setdefault(kind, {})[value] = None

    @property
    def ambiguous(self) -> bool:
        """Whether rows contradict each other, or what the person is found by: somebody has to say who is meant."""
        several = any(len(values) > 1 for kinds in self._values.values() for values in kinds.values())
        return several or any(one.against for one in self.people.values()) or len(self.people) >= MOST_PEOPLE

    def holds(self, value: Any) -> bool:
        """Whether what the person is found by stands somewhere in a value."""
        return any(_holds(self._needles, one) for one in texts_of(value))

    @property
    def _needles(self) -> tuple[tuple[bool, str], ...]:
        return _needles(tuple(sorted(self.who.items())))


@functools.lru_cache(maxsize=64)
def _needles(who: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((kind in NUMBERS, core(kind, one)) for kind, values in who for one in values)


def _holds(needles: tuple[tuple[bool, str], ...], text: str) -> bool:
    plain = text.lower()
    digits = ""
    for number, needle in needles:
        if number and not digits:
            digits = _NOT_DIGIT.sub("", text)
        inside = digits if number else plain
        if needle in inside and (len(needle) >= _SHORTEST or needle == inside.strip()):
            return True
    return False


def text_of(value: Any) -> str:
    """A single value as text."""
    return "" if value is None else value if isinstance(value, str) else str(value)


def texts_of(value: Any) -> Iterator[str]:
    """All texts in a value of JSON."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    else:
        yield text_of(value)


def kept(table: TableMap, cells: Cells, today: date) -> Keep | None:
    """Why a row has to stay, and until when; None if nothing keeps it. One without a date stays, to be safe."""
    found: Keep | None = None
    for name, rule in table.keep.items():
        since = as_date(cells.get(rule.since))
        if since is not None and since < cutoff(rule, today) and table.act != "keep":
            continue
        until = end_of(rule, since) if since else None
        if found is None or (until is not None and (found.until is None or until > found.until)):
            found = Keep(name=name, because=because(rule), until=until)
    return found


def because(rule: KeepRule) -> Text:
    """The act that demands it, in all languages."""
    return rule.act if isinstance(rule.act, Text) else Text(kk=rule.act, ru=rule.act, en=rule.act)


def as_date(value: Any) -> date | None:
    """A date as files have it: ISO, or day.month.year."""
    text = text_of(value).strip()
    for form in ("", *_FORMS):
        try:
            return date.fromisoformat(text[:10]) if not form else datetime.strptime(text[:10], form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None
