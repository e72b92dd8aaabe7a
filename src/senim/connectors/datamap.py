"""The map of a system: which tables and columns are personal, how they hang together, what happens to them.

A map is a file ``connectors/<name>.yaml`` of the operator's folder: proposed by the program, corrected by people, kept
in version control. It holds no secret and no value of a person. The docstrings below are what editors show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, field

from senim.languages import Text
from senim.policy.taxonomy import Part

TableAct: TypeAlias = Literal["delete", "blank", "depersonalise", "keep"]
ColumnAct: TypeAlias = Literal["blank", "depersonalise", "keep"]


class System(Part, frozen=True, kw_only=True):
    """The system that is mapped."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
    """Its name in this folder: small letters, digits, hyphens."""
    kind: Literal["sql", "webhook", "files", "manual"] = "sql"
    """What it is."""
    url_env: str = ""
    """Name of the environment variable that holds its address with the password; the address itself is never here."""
    schemas: tuple[str, ...] = ()
    """Schemas of the database to read; empty: the one that its role sees first."""
    recipient: str = ""
    """The recipient of the policy who runs it, if it is not the operator."""
    timeout: Annotated[int, Meta(ge=1, le=3_600)] = 60
    """Seconds after which one statement, or one call, is given up."""
    secret_env: tuple[str, ...] = ()
    """For webhooks: names of the environment variables that hold the secret; two while it is being changed."""
    role: str = ""
    """For systems worked by hand: the role of the policy that does the tasks."""
    tasks: Mapping[str, Text] = field(default_factory=dict)
    """For systems worked by hand: ``erase``, ``correct``, ``depersonalise`` → what to do, in words."""


class ColumnMap(Part, frozen=True, kw_only=True):
    """A personal column."""

    is_: str = field(name="is", default="")
    """What it holds: a field of the policy (``contact.email``) or a kind (``email``). Empty: personal all the same."""
    act: ColumnAct | None = None
    """What happens to it where its row stays: emptied, given a pseudonym, or left. Empty: as its table says."""
    with_: str | None = field(name="with", default=None)
    """What takes its place instead of nothing, for columns that may not be empty."""
    stored: Literal["any", "normal"] = "any"
    """``normal``: every value is in normal form (e-mail in small letters, digits of an IIN without blanks), so that an
    index on the column finds it. ``any``: values are compared however they are written."""
    export: bool = True
    """Whether the person gets it in an answer. ``false`` for passwords and the like."""


class Refers(Part, frozen=True, kw_only=True):
    """Columns that name a row of another table."""

    columns: tuple[str, ...]
    """The columns here."""
    to: str
    """The table that they lead to."""
    to_columns: tuple[str, ...] = ()
    """The columns there; empty: its key."""
    as_: Literal["belongs", "owns", "mentions"] | None = field(name="as", default=None)
    """``belongs``: this row is part of that one, and is found and erased with it. ``owns``: that row is part of this
    one (an address of a customer), unless others use it too. ``mentions``: neither (who handled an order)."""
    where: Mapping[str, str] = field(default_factory=dict)
    """For references to different tables: column here → value that it has if the row is of *that* table."""
    inferred: bool = False
    """Whether no foreign key of the database says so, but names, types and values do."""
    sure: Annotated[int, Meta(ge=0, le=100)] | None = None
    """How sure a proposed reference is, in percent. Take the word out when you have looked at it."""


class KeepRule(Part, frozen=True, kw_only=True):
    """Rows that a law requires to stay, and how long."""

    for_: str = field(name="for")
    """How long: ``5 years``, ``18 months``, ``90 calendar days`` (or ISO 8601: ``P5Y``, ``P18M``, ``P90D``)."""
    act: Text | str
    """The act and article that demand it, as people are told."""
    since: str
    """The column whose date the time is counted from."""


class SoftDelete(Part, frozen=True, kw_only=True):
    """How the system marks rows as deleted without deleting them."""

    column: str
    """The column: not empty, true or a date means deleted."""


class TableMap(Part, frozen=True, kw_only=True):
    """A table that holds data of people."""

    key: tuple[str, ...] = ()
    """Its key; empty: rows cannot be told apart and are acted on as a whole."""
    person: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """For tables that say who somebody is: kind of identifier → the column, or columns, that hold it."""
    act: TableAct = "delete"
    """What happens to a person's rows in an erasure."""
    columns: Mapping[str, ColumnMap] = field(default_factory=dict)
    """Personal columns."""
    plain: tuple[str, ...] = ()
    """Columns that say nothing about a person. What stands in neither list is told as not mapped."""
    refers: tuple[Refers, ...] = ()
    """References to other tables."""
    keep: Mapping[str, KeepRule] = field(default_factory=dict)
    """What has to stay all the same, by a name of your own."""
    soft_delete: SoftDelete | None = None
    """How rows are marked as deleted."""
    encoding: str = ""
    """For files: how the text is written (``utf-16``, ``windows-1251`` …). Empty: UTF-8, or as its BOM says."""
    delimiter: str = ""
    """For CSV files: what stands between the values. Empty: as the header shows."""

    def by(self, kind: str) -> tuple[str, ...]:
        """The columns that hold a kind of identifier."""
        columns = self.person.get(kind, ())
        return (columns,) if isinstance(columns, str) else columns

    def identifying(self) -> Iterator[tuple[str, str]]:
        """Kind and column of everything that says who somebody is."""
        return ((kind, column) for kind in self.person for column in self.by(kind))


class DataMap(Part, frozen=True, kw_only=True):
    """A map of one system."""

    senim_map: Literal[1]
    """Version of this format."""
    system: System
    """The system that is mapped."""
    tables: Mapping[str, TableMap] = field(default_factory=dict)
    """Tables that hold data of people."""
    plain_tables: tuple[str, ...] = ()
    """Tables that hold none. What stands in neither list is told as not mapped."""

    @property
    def digest(self) -> str:
        """Tells maps apart: the same content has the same digest, however it is written."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]


def end_of(rule: KeepRule, since: date) -> date:
    """The last day on which a row has to stay. Raises ValueError for a time that is none."""
    count, unit = duration(rule.for_)
    if unit == "day":
        return date.fromordinal(min(since.toordinal() + count, date.max.toordinal()))
    return shifted(since, count * (12 if unit == "year" else 1))


def cutoff(rule: KeepRule, today: date) -> date:
    """Rows since this day, or later, have to stay; those before are due."""
    count, unit = duration(rule.for_)
    if unit == "day":
        return date.fromordinal(max(today.toordinal() - count, 1))
    earliest = shifted(today, -count * (12 if unit == "year" else 1))
    while end_of(rule, earliest) < today:
        earliest = date.fromordinal(earliest.toordinal() + 1)
    return earliest


def shifted(day: date, months: int) -> date:
    """The same day so many months on, or the last one of that month (Civil Code of Kazakhstan 173)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year < 1:
        return date.min
    if year > date.max.year:
        return date.max
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) if (year, month) != (9999, 11) else date.max
    last = 31 if following == date.max else (following.toordinal() - date(year, month + 1, 1).toordinal())
    return date(year, month + 1, min(day.day, last))


def duration(text: str) -> tuple[int, Literal["day", "month", "year"]]:
    """``5 years`` or ``P5Y`` as a count and its unit. Raises ValueError."""
    words: dict[str, Literal["day", "month", "year"]] = {"Y": "year", "M": "month", "D": "day"}
    if text[:1] == "P" and text[-1:] in words and text[1:-1].isdigit():
        count, unit = int(text[1:-1]), words[text[-1]]
    else:
        number, _, name = text.partition(" ")
        name = name.removeprefix("calendar ").removesuffix("s")
        if not number.isdigit() or name not in words.values():
            raise ValueError(f"no time: {text}")
        count, unit = int(number), next(one for one in words.values() if one == name)
    if not 0 < count <= {"day": 40_000, "month": 1_200, "year": 100}[unit]:
        raise ValueError(f"no time: {text}")
    return count, unit
