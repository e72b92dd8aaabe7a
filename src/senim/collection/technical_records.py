"""What a device tells by itself when it opens a page, what of it is kept, and what is told of that (tickets-8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from senim.policy.visits import Told

MOST = 1000
"""Visits in one batch."""

By = Literal["day", "hour", "page", "referrer", "browser", "device", "system"]
"""What visits are counted by."""


class Visit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device told by itself when it opened a page. Nothing of it is kept as it came."""

    at: Annotated[datetime, Meta(tz=True)] | None = None
    """When; left out: now."""
    ip: Annotated[str, Meta(max_length=64)] = ""
    """The network address."""
    visitor: Annotated[str, Meta(max_length=200)] = ""
    """What a cookie knows the visitor by."""
    browser: Annotated[str, Meta(max_length=2000)] = ""
    """What the browser says it is (``User-Agent``)."""
    page: Annotated[str, Meta(max_length=4000)] = ""
    """The address of the page."""
    referrer: Annotated[str, Meta(max_length=4000)] = ""
    """The address of the page before."""
    allowed: tuple[Annotated[str, Meta(max_length=100)], ...] = ()
    """The kinds of cookies that the visitor chose."""


class VisitKept(NamedTuple):
    """A visit as it is kept for one purpose: pseudonyms, and what many devices have in common."""

    ends: int
    """When it is over, in microseconds since 1970 UTC; counted from the beginning of its hour or day."""
    point: str
    purpose: str
    day: str
    """The day, where the operator is."""
    hour: int = -1
    """The hour of that day; -1 if the policy asks for no time."""
    ip: bytes = b""
    visitor: bytes = b""
    browser: str = ""
    device: str = ""
    system: str = ""
    page: str = ""
    referrer: str = ""


class Device(NamedTuple):
    """What is kept of a browser's own words: its family and main version, its system, and what kind of thing it is."""

    browser: str
    system: str
    kind: str


class Period(NamedTuple):
    """A day or week in which an address has one pseudonym. Times in microseconds since 1970 UTC."""

    renews: str
    begins: int
    ends: int


class PeriodKept(NamedTuple):
    """A period on record: the box of its key, and the key sealed in it."""

    period: Period
    holder: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitsTaken:
    """What became of a batch of visits."""

    kept: int
    """Visits kept, for one purpose or several."""
    not_chosen: int
    """Visits of those who did not choose it."""
    over: int
    """Visits whose time was over already, or that have not been yet."""
    dropped: tuple[Told, ...]
    """What came and is not asked for at this point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCount:
    """How many visits there were of one kind."""

    of: str
    """The day, page, browser …"""
    visits: int
    addresses: int
    """How many addresses they came from, each counted anew in each period; 0 if the policy asks for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitsCounted:
    """Visits of a purpose, counted."""

    purpose: str
    by: By
    counts: tuple[VisitCount, ...]
    total: int
