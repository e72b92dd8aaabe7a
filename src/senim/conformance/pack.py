"""The evidence pack of a period: what is in it, what a period is, and how an outsider checks one. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from senim.audit.checkpoint import LogVerifier
from senim.audit.proofs import Span
from senim.audit.records import Problem, ProblemKind
from senim.disclosure import Line
from senim.errors import Code, Invalid
from senim.languages import Hint
from senim.times import micros

KIND = "evidence-pack+jws"
MOST = 1000
"""Requests and handings-over that a pack tells one by one; all of them are counted."""

_NAMED = re.compile(r"(?P<year>[1-9]\d{3})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a pack."""


class Period(Part, frozen=True, kw_only=True):
    """Whole days of the operator's zone, the last one included."""

    since: date
    until: date
    zone: str

    def bounds(self) -> tuple[int, int]:
        """Its beginning and its end, as microseconds since 1970 UTC; the end is not within it."""
        zone = ZoneInfo(self.zone)
        begin, end = (datetime.combine(day, time(), zone) for day in (self.since, self.until + timedelta(days=1)))
        return micros(begin), micros(end)


def period(name: str, since: str, until: str, *, zone: str, today: date) -> Period:
    """A year, quarter or month by its name (``2026``, ``2026-Q3``, ``2026-11``), or from one day to another.

    What has not come yet is left off. Raises Invalid (invalid_value) for what is no period, or has not begun.
    """
    first, last = _named(name) if name else (_day(since, "from"), _day(until or today.isoformat(), "to"))
    if first > today or first > last:
        raise Invalid(Code.INVALID_VALUE, "period")
    return Period(since=first, until=min(last, today), zone=zone)


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE, where, detail="such as 2026-11-30") from error


def _named(name: str) -> tuple[date, date]:
    found = _NAMED.fullmatch(name)
    if found is None:
        raise Invalid(Code.INVALID_VALUE, "period", detail="such as 2026, 2026-Q3 or 2026-11")
    year, quarter, month = int(found["year"]), int(found["quarter"] or 0), int(found["month"] or 0)
    first, months = (quarter * 3 - 2, 3) if quarter else (month, 1) if month else (1, 12)
    after = first + months
    return date(year, first, 1), date(year + after // 13, (after - 1) % 12 + 1, 1) - timedelta(days=1)


def names(today: date) -> list[str]:
    """Periods that are asked for most: this month and the one before, quarters, years."""
    months = [f"{day.year}-{day.month:02}" for day in (today, today.replace(day=1) - timedelta(days=1))]
    quarter = (today.month + 2) // 3
    before = (today.year, quarter - 1) if quarter > 1 else (today.year - 1, 4)
    quarters = [f"{year}-Q{number}" for year, number in ((today.year, quarter), before)]
    return [*months, *quarters, str(today.year), str(today.year - 1)]


class InForce(Part, frozen=True, kw_only=True):
    """A version of the policy that bound in the period."""

    number: int
    digest: str
    effective: str


class Done(Part, frozen=True, kw_only=True):
    """How often an act was done, or tried and refused."""

    act: str
    outcome: str
    count: int


class Said(Part, frozen=True, kw_only=True):
    """How often people agreed to a purpose, and how often they took it back."""

    purpose: str
    given: int
    withdrawn: int


class Erased(Part, frozen=True, kw_only=True):
    """How many people's data was destroyed for a reason."""

    reason: str
    count: int


class Asked(Part, frozen=True, kw_only=True):
    """A request with its term: what of it fell into the period, and how it stood when the period ended."""

    number: str
    kind: str
    way: str
    state: str
    """How far it is now."""
    received: str
    due: str
    """The promised moment; empty if none ran."""
    answered: str
    """Empty if it was not answered when the period ended."""
    late: bool
    extended: bool


class Requests(Part, frozen=True, kw_only=True):
    """Requests in numbers, and one by one."""

    received: int
    answered: int
    in_time: int
    """Of those that were answered."""
    waiting: int
    """Open when the period ended."""
    overdue: int
    """Of those."""
    forgotten: int
    """Destroyed since, as their own term says: the log knows that they were, and no more."""
    lines: tuple[Asked, ...]
    """The first ones, at most MOST."""


class Unknown(Part, frozen=True, kw_only=True):
    """Something that cannot be told, and why."""

    status: str = "cannot_tell"
    evidence: str = "room_later"


class Sealed(Part, frozen=True, kw_only=True):
    """The part of the log that the period is in, between two signed states, and the proof between them."""

    vkey: str
    first: int
    end: int
    earlier: str
    later: str
    proof: tuple[str, ...]
    """The hashes of RFC 6962 §2.1.2, in base64."""

    @classmethod
    def of(cls, span: Span, vkey: str) -> Sealed:
        """A part of the log, to be taken along."""
        proof = tuple(base64.b64encode(one).decode() for one in span.hashes)
        return cls(vkey=vkey, first=span.first, end=span.end, earlier=span.earlier, later=span.later, proof=proof)

    def problems(self, verifier: LogVerifier) -> list[Problem]:
        """What is wrong with it, by the log's public key alone."""
        try:
            hashes = tuple(base64.b64decode(one, validate=True) for one in self.proof)
        except binascii.Error:
            return [Problem(ProblemKind.UNREADABLE, -1, Hint("proof-unread"))]
        span = Span(first=self.first, end=self.end, earlier=self.earlier, later=self.later, hashes=hashes)
        return span.problems(verifier)


class Standing(Part, frozen=True, kw_only=True):
    """What could be said of a clause when the pack was made."""

    id: str
    status: str
    controls: tuple[tuple[str, str, str], ...]
    """Name, status and evidence of each."""


class Pack(Part, frozen=True, kw_only=True):
    """What happened in a period, and how the promises stood when the pack was made. No value of a person."""

    policy: str
    period: Period
    made: str
    """When; the standing of the clauses is of then."""
    versions: tuple[InForce, ...]
    entries: int
    acts: tuple[Done, ...]
    consents: tuple[Said, ...]
    disclosures: int
    handed: tuple[Line, ...]
    """The first ones, at most MOST."""
    erased: tuple[Erased, ...]
    requests: Requests
    incidents: Unknown
    log: Sealed
    standing: tuple[Standing, ...]


def sealed_in(told: Any) -> Sealed:
    """The part of a pack that outsiders check. Raises Invalid (invalid_value) if it is no pack."""
    try:
        return msgspec.convert(told, Pack).log
    except msgspec.ValidationError as error:
        raise Invalid(Code.INVALID_VALUE, "pack", detail="it is no evidence pack") from error
