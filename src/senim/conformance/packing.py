"""Make the evidence pack of a period: one pass through its part of the log, and what is kept of requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from senim.audit.records import Entry, Outcome, time_of
from senim.conformance.actions import Conformance
from senim.conformance.pack import (
    KIND,
    MOST,
    Asked,
    Done,
    Erased,
    InForce,
    Pack,
    Period,
    Requests,
    Said,
    Sealed,
    Standing,
    Unknown,
    period,
)
from senim.conformance.stage import Platform
from senim.disclosure import Line, counted
from senim.errors import NotFound
from senim.rights import Request
from senim.rights.listing import LISTED, READ
from senim.rights.rules import is_open
from senim.times import micros, stamp, stamp_of
from senim.work import Work

_SLACK = timedelta(minutes=2) // timedelta(microseconds=1)
"""By how much entries may stand out of the order of their times."""

_LOOKS = (LISTED, READ)
"""Acts about requests that change nothing of them."""


@dataclass(slots=True)
class _Tallied:
    """What one pass through the log counts."""

    acts: Counter[tuple[str, str]] = field(default_factory=Counter)
    said: Counter[tuple[str, str]] = field(default_factory=Counter)
    erased: Counter[str] = field(default_factory=Counter)
    disclosures: set[str] = field(default_factory=set)
    handed: dict[str, Line] = field(default_factory=dict)
    requests: dict[str, None] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Count an entry."""
        self.acts[entry.act, entry.outcome.value] += 1
        if entry.outcome is not Outcome.DONE:
            return
        match entry.act:
            case "consent.given" | "consent.withdrawn":
                self.said[entry.purpose or "", entry.act] += 1
            case "subject.erased":
                self.erased[entry.reason or ""] += 1
            case "data.disclosed":
                self._hand(entry)
        if entry.act.startswith("request.") and entry.act not in _LOOKS and entry.ref:
            self.requests[entry.ref] = None

    def _hand(self, entry: Entry) -> None:
        name = entry.ref or ""
        self.disclosures.add(name)
        known = self.handed.get(name)
        if known is not None or len(self.handed) < MOST:
            self.handed[name] = counted(entry, known)


class Packs:
    """Makes evidence packs, and signs them."""

    def __init__(self, platform: Platform, conformance: Conformance) -> None:
        self._platform = platform
        self._conformance = conformance

    def today(self) -> tuple[date, str]:
        """The operator's day and zone."""
        now = self._platform.works.clock.now()
        zone = self._platform.policies.in_force(now).calendar.zone
        return now.astimezone(ZoneInfo(zone)).date(), zone

    def period(self, name: str = "", since: str = "", until: str = "") -> Period:
        """The period that somebody asks for. Raises Invalid (invalid_value)."""
        today, zone = self.today()
        return period(name, since, until, zone=zone, today=today)

    def make(self, work: Work, of: Period) -> Pack:
        """The pack of a period, for who may read the log.

        It takes one pass through the period's part of the log. Raises NotAllowed (role_not_allowed), Tampered.
        """
        work.need("log")
        self._platform.tick()
        since, end = of.bounds()
        until = min(end, work.at + 1)  # of today, as far as it has come
        told = _Tallied()
        for entry in self._entries(since, until):
            told.add(entry)
        board = self._conformance.known()
        log = self._platform.log
        return Pack(
            policy=board.policy,
            period=of,
            made=stamp(work.now),
            versions=tuple(self._versions(since, until)),
            entries=told.acts.total(),
            acts=tuple(Done(act=act, outcome=how, count=count) for (act, how), count in sorted(told.acts.items())),
            consents=tuple(_said(told.said)),
            disclosures=len(told.disclosures),
            handed=tuple(told.handed.values()),
            erased=tuple(Erased(reason=reason, count=count) for reason, count in sorted(told.erased.items())),
            requests=self._requests(work, told.requests, since, until),
            incidents=Unknown(),
            log=Sealed.of(log.span(since, until), log.vkey),
            standing=tuple(
                Standing(
                    id=one.id,
                    status=one.status.value,
                    controls=tuple((it.name, it.status.value, it.evidence.value) for it in one.controls),
                )
                for one in board.clauses
            ),
        )

    def sign(self, pack: Pack) -> str:
        """A pack as a statement that anybody can check (JWS)."""
        return self._platform.statements.sign(KIND, pack)

    def _entries(self, since: int, until: int) -> Iterator[Entry]:
        log = self._platform.log
        for _, entry in log.entries(log.number_at(since - _SLACK), log.number_at(until + _SLACK)):
            if since <= time_of(entry) < until:
                yield entry

    def _versions(self, since: int, until: int) -> Iterator[InForce]:
        bound = [one for one in self._platform.policies.timeline() if micros(one.effective) < until]
        ends = [*(micros(one.effective) for one in bound[1:]), until]
        for one, end in zip(bound, ends, strict=False):  # without a version there is an end alone
            if end > since:
                yield InForce(number=one.number, digest=one.digest, effective=stamp(one.effective))

    def _requests(self, work: Work, touched: dict[str, None], since: int, until: int) -> Requests:
        """Those that something was done about in the period, and those that are still open from before its end."""
        found: dict[str, Request] = {}
        for number in touched:
            try:
                found[number] = self._platform.rights.find(work.database, number)
            except NotFound:
                continue
        gone = len(touched) - len(found)
        waiting = self._platform.rights.listing.every(work, "open")
        found |= {one.number: one for one in waiting if one.received_at < until}
        lines = sorted((_asked(one, until) for one in found.values()), key=lambda one: one.received)
        begin = stamp_of(since)
        answered = [one for one in lines if one.answered >= begin]
        open_then = [_asked(one, until) for one in found.values() if _was_open(one, until)]
        return Requests(
            received=sum(one.received >= begin for one in lines),
            answered=len(answered),
            in_time=sum(not one.late for one in answered),
            waiting=len(open_then),
            overdue=sum(one.late for one in open_then),
            forgotten=gone,
            lines=tuple(lines[:MOST]),
        )


def _was_open(one: Request, until: int) -> bool:
    """Whether a request waited for an answer when the period ended."""
    ended = one.answered_at or one.closed_at
    return one.received_at < until and (ended >= until if ended else is_open(one))


def _asked(one: Request, until: int) -> Asked:
    answered = one.answered_at if 0 < one.answered_at < until else 0
    due = one.due or max((it.due for it in one.deadlines), default=0)
    waits = _was_open(one, until)
    late = any((it.met_at or (until if waits and not one.paused else 0)) > it.due for it in one.deadlines)
    return Asked(
        number=one.number,
        kind=one.kind.value,
        way=one.way.value,
        state=one.state.value,
        received=stamp_of(one.received_at),
        due=stamp_of(due) if due else "",
        answered=stamp_of(answered) if answered else "",
        late=late,
        extended=one.extension is not None,
    )


def _said(counted: Counter[tuple[str, str]]) -> Iterator[Said]:
    for purpose in sorted({purpose for purpose, _ in counted}):
        given, withdrawn = (counted[purpose, f"consent.{word}"] for word in ("given", "withdrawn"))
        yield Said(purpose=purpose, given=given, withdrawn=withdrawn)
