"""What an answer is made of. It holds a person's values, and is never kept but sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec

from senim.connectors.records import Receipt, Rescan
from senim.consent import Scope, State
from senim.disclosure import HandedOver
from senim.languages import Language, Text
from senim.policy.promises import Promises
from senim.subjects import Standing
from senim.vault import Document, Erasure, Kept

FORM = "senim-answer/1"
"""The name of the JSON form, for whoever reads it with a program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFound:
    """A table of one of the operator's own systems, and how many of its rows are about the person."""

    system: str
    table: str
    rows: int
    file: str = ""
    """Where in the package its rows are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLookedInto:
    """A place that could not be looked into, and why: said plainly, never left out."""

    system: str
    table: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that is known when an answer is made. ``standing`` None: nobody is on file."""

    number: str
    kind: str
    language: Language
    received: datetime
    made: datetime
    promises: Promises
    standing: Standing | None = None
    values: Mapping[str, Kept] = field(default_factory=dict)
    """All values of the person by ``category.field``; those of closed categories come masked."""
    masked: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    consents: tuple[State, ...] = ()
    disclosures: tuple[HandedOver, ...] = ()
    tables: tuple[TableFound, ...] = ()
    not_looked_into: tuple[NotLookedInto, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBack:
    """Something of the vault that stays, why and until when."""

    what: tuple[str, ...]
    because: Text
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemDone:
    """What was done in one of the operator's own systems, and what was found when it was searched again."""

    receipt: Receipt
    rescan: Rescan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that is known when a request was carried out."""

    number: str
    kind: str
    language: Language
    received: datetime
    made: datetime
    promises: Promises
    subject: str = ""
    erasure: Erasure | None = None
    corrected: tuple[str, ...] = ()
    """Fields of the vault that were corrected."""
    withdrawn: tuple[Scope, ...] = ()
    stays: tuple[KeptBack, ...] = ()
    systems: tuple[SystemDone, ...] = ()
    certificate: str = ""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the answer as people read it: text, then a table if there is one."""

    id: str
    """What it tells: ``confirmation``, ``operator``, ``purposes``, ``data``, ``access``, ``disclosures``,
    ``processors``, ``terms``, ``systems``, ``rights``."""
    title: str
    text: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class ValueTold(msgspec.Struct, frozen=True, kw_only=True):
    """A value as programs read it, with where it came from and when."""

    value: str
    name: str
    source: str
    at: str
    status: str
    masked: bool = False
    place: str = ""


class DisclosureTold(msgspec.Struct, frozen=True, kw_only=True):
    """A handing-over that was really made."""

    at: str
    recipient: str
    name: str
    purpose: str
    fields: tuple[str, ...]
    country: str
    disclosure: str


class PurposeTold(msgspec.Struct, frozen=True, kw_only=True):
    """A purpose that the person's data serves or may serve, as programs read it."""

    id: str
    basis: str
    article: str
    operations: tuple[str, ...]
    fields: tuple[str, ...]
    consent: str
    """``given``, ``withdrawn``, ``none`` or ``not-needed``."""
    ends: str
    """Planned last moment (RFC 3339), where a date can be told."""
    until: str
    """Else the event that ends it."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer. ``sections`` is for people, the rest says the same to programs."""

    form: str
    number: str
    kind: str
    language: str
    received: str
    made: str
    policy: str
    version: int
    digest: str
    subject: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    data: dict[str, ValueTold] = {}
    purposes: tuple[PurposeTold, ...] = ()
    disclosures: tuple[DisclosureTold, ...] = ()
    certificate: str = ""
    """Of an erasure: the signed certificate (JWS), which ``senim verify`` checks."""
