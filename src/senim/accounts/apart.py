"""Records that one address leads to: which are one person's as far as anybody can tell, what tells the others. Pure.

Whoever has the address may open what holds nothing else: nothing there is anybody else's. Records that say the same of
a person are opened together. If several people are left, one more thing is asked for, and only what one of them really
has; it opens the records that have it in them. Where nothing tells people apart, nothing safe can be done online:
whoever sends in a form with another name, and nothing to tell, sends the others of that address to the office.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from senim.identity import SubjectId
from senim.policy.records import Field
from senim.policy.taxonomy import FieldType

_ASKED: Final = (FieldType.IIN, FieldType.BIRTH_DATE)
_PERSONAL: Final = frozenset((
    FieldType.NAME, FieldType.EMAIL, FieldType.PHONE, FieldType.BIRTH_DATE, FieldType.ADDRESS, FieldType.IIN,
    FieldType.PASSPORT, FieldType.ID_CARD, FieldType.IBAN, FieldType.ACCOUNT,
))  # fmt: skip
"""Types whose values say who somebody is. A number of an order says only which order."""

MOST_LOOKED_AT: Final = 200
"""Records of an address that a sign-in looks at: if there are more, the oldest and the newest half."""

MOST_OPENED: Final = 50
"""Records that one sign-in opens: what holds more than the address first, then the oldest of what holds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that an address leads to, and all that it holds, by field: values, and files by their ids."""

    subject: SubjectId
    since: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Records of an address: those that hold nothing else, and the others, person by person."""

    bare: tuple[Found, ...]
    people: tuple[tuple[Found, ...], ...]

    def opened(self, of: Sequence[Found] = ()) -> list[SubjectId]:
        """What a person opens: their own, the newest first, and what holds nothing but the address."""
        own = sorted(of, key=lambda one: one.since)[:MOST_OPENED]
        bare = sorted(self.bare, key=lambda one: one.since)[: MOST_OPENED - len(own)]
        return [one.subject for one in (*reversed(own), *bare)]


def asked(fields: Mapping[str, Field]) -> tuple[str, ...]:
    """The fields by which people who share an address may say who they are."""
    return tuple(name for name, one in fields.items() if one.type in _ASKED or one.identifier)


def apart(fields: Mapping[str, Field], records: Sequence[Found]) -> Apart:
    """Which records hold nothing, and which say the same of a person. The address is in none of the values."""
    people: dict[object, list[Found]] = {}
    for one in records:
        if one.values:
            people.setdefault(_who(fields, one), []).append(one)
    bare = tuple(one for one in records if not one.values)
    return Apart(bare=bare, people=tuple(map(tuple, people.values())))


def _who(fields: Mapping[str, Field], one: Found) -> frozenset[tuple[str, str]]:
    """What a record says of the person, and not of an order; all that it says, if nothing there says who it is."""
    said = {name: value for name, value in one.values.items() if name not in fields or fields[name].type in _PERSONAL}
    return frozenset((name, value.casefold()) for name, value in (said or one.values).items())


def tells(fields: Mapping[str, Field], people: Sequence[Sequence[Found]]) -> tuple[str, ...]:
    """What may be asked for: fields of which somebody has a value that nobody else of them has."""
    return tuple(name for name in asked(fields) if 1 in Counter(chain(*(_of(one, name) for one in people))).values())


def _of(person: Sequence[Found], name: str) -> set[str]:
    """The values of a person in a field."""
    return {one.values[name] for one in person if name in one.values}


def named(people: Sequence[Sequence[Found]], name: str, value: str) -> Sequence[Found]:
    """The records with a value, if it is one person's; none if nobody has it, or several do.

    Whoever has a form filled in with somebody's name and telephone knows what they wrote into it, and opens no more.
    """
    found = [one for one in people if value in _of(one, name)]
    return [one for one in found[0] if one.values.get(name) == value] if len(found) == 1 else ()
