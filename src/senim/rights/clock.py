"""Which clocks run for a request and when they end: law and policy, the stricter first. Pure.

A clock starts when the request came, whoever asks. It stands still only for a reason that its law pack lists, and
runs longer only where the pack gives more time; both are on record with the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from senim.errors import Code, NotPromised
from senim.law import Calendar, Term, due, parse_term
from senim.law import Clock as LawClock
from senim.law.clocks import Start, Unit
from senim.policy.promises import Promises
from senim.policy.rights import RightKind
from senim.rights.records import Deadline, Extension, Kind, Limit, Pause, Request, Stage
from senim.times import micros, moment

POLICY_KINDS: dict[Kind, RightKind] = {
    Kind.COMPLETE: "correct",
    Kind.UNBLOCK: "block",
    Kind.COMPLAINT: "complain",
}
"""The right of the policy file behind a kind of request, where it goes by another word."""

GENERAL = "access"
"""The clock of whatever no clock of its own is in force for: give information or refuse with reasons."""

_CLAIMS = (Kind.CLAIM, Kind.COMPENSATION)


def right_of(kind: Kind) -> RightKind:
    """The right of the policy file that a kind of request uses."""
    return POLICY_KINDS.get(kind) or kind.value  # type: ignore[return-value]  # the words are the same but for those


class Ruled(NamedTuple):
    """What a clock is reckoned with: the days off, what it waited for, what was added."""

    calendar: Calendar
    pauses: tuple[Pause, ...] = ()
    extended: bool = False


def opening_deadlines(
    promises: Promises, kind: Kind, since: datetime, *, consumer: bool = True
) -> tuple[Deadline, ...]:
    """The deadlines of a request that came at ``since``."""
    served = promises.law.pack.requests[kind]
    ruled = Ruled(promises.calendar)
    made = []
    if served.act:
        made.append(_deadline("act", since, list(_by_law(promises, served.act, consumer=consumer)), ruled))
    limits = [*_by_law(promises, served.answer, consumer=consumer), *_by_policy(promises, kind)]
    if not limits:
        limits = list(_by_law(promises, GENERAL, consumer=consumer))
    return (*made, _deadline("answer", since, limits, ruled))


def decided_deadline(promises: Promises, kind: Kind, at: datetime) -> Deadline | None:
    """The time to carry out what was granted at ``at``, where the law sets one."""
    clock = promises.law.pack.requests[kind].decided
    limits = list(_by_law(promises, clock, consumer=True)) if clock else []
    return _deadline("execute", at, limits, Ruled(promises.calendar)) if limits else None


def _by_law(promises: Promises, name: str, *, consumer: bool) -> Iterator[Limit]:
    clock: LawClock | None = promises.law.clocks.get(name)
    if clock is None or (clock.only == "consumer" and not consumer):
        return
    yield Limit(
        source="law",
        ref=name,
        article=clock.article,
        term=clock.term,
        due=0,
        start=clock.start,
        roll=clock.roll,
        least_working=clock.least_working,
        extension=clock.extension,
        pauses=clock.pauses,
    )


def _by_policy(promises: Promises, kind: Kind) -> Iterator[Limit]:
    rights = promises.policy.rights
    right = rights.kinds.get(right_of(kind))
    if right is not None and right.term:
        yield Limit(source="policy", ref=f"rights.kinds.{right_of(kind)}", term=right.term, due=0)
    if kind in _CLAIMS and rights.claim is not None and not (right is not None and right.term == rights.claim.term):
        yield Limit(source="policy", ref="rights.claim", term=rights.claim.term, due=0)


def _deadline(stage: Stage, since: datetime, limits: list[Limit], ruled: Ruled) -> Deadline:
    return _sorted(Deadline(stage=stage, since=micros(since), limits=tuple(limits)), ruled, since)


def _sorted(deadline: Deadline, ruled: Ruled, now: datetime) -> Deadline:
    ended = [replace(one, due=micros(end_of(one, moment(deadline.since), ruled, now))) for one in deadline.limits]
    return replace(deadline, limits=tuple(sorted(ended, key=lambda one: (one.due, one.source))))


def end_of(limit: Limit, since: datetime, ruled: Ruled, now: datetime) -> datetime:
    """When a limit is over, in the calendar's zone: its term, what was added to it, and the time it stood still."""
    calendar = ruled.calendar
    term = parse_term(limit.term)
    start = Start(limit.start)
    how = {"start": start, "roll": limit.roll, "least_working": limit.least_working}
    more = parse_term(limit.extension) if ruled.extended and limit.extension else None
    if more is not None and more.unit is term.unit:
        term, more = Term(term.count + more.count, term.unit), None
    end = due(term, since, calendar, **how).strict  # type: ignore[arg-type]  # by name
    if more is not None:
        end = due(more, end - timedelta(seconds=1), calendar, roll=limit.roll).strict
    for pause in ruled.pauses:
        if pause.reason in limit.pauses and micros(end) > pause.since:
            end = _shifted(end, term.unit, pause, since, now, calendar, roll=limit.roll)
    return end


def _shifted(
    end: datetime, unit: Unit, pause: Pause, since: datetime, now: datetime, calendar: Calendar, *, roll: bool
) -> datetime:
    """``end`` later by what a pause took: days of the kind that the term is counted in."""
    zone = ZoneInfo(calendar.zone)
    begun = max(moment(pause.since), since.astimezone(UTC)).astimezone(zone)
    over = (moment(pause.until) if pause.until else now).astimezone(zone)
    if over <= begun:
        return end
    if unit is Unit.HOURS:
        return end + (over - begun)
    last = last_day(end)
    if unit is Unit.WORKING_DAYS:
        lost = calendar.working_days_between(begun.date(), over.date())
        moved = calendar.working_day_after(last, lost)
    else:
        moved = last + (over.date() - begun.date())
        moved = calendar.rolled(moved) if roll else moved
    return end + (moved - last)


def last_day(end: datetime) -> date:
    """The last day on which it is still in time: the day before, for an end at midnight."""
    return (end - timedelta(microseconds=1)).date()


def reckoned(request: Request, calendar: Calendar, now: datetime) -> tuple[Deadline, ...]:
    """The deadlines of a request with its pauses and its extension; those that were met stay as they are."""
    ruled = Ruled(calendar, request.pauses, request.extension is not None)
    return tuple(one if one.met_at else _sorted(one, ruled, now) for one in request.deadlines)


def check_pause(request: Request, reason: str) -> None:
    """Raise NotPromised (pause_not_allowed) unless the strictest open clock of the request knows this reason."""
    open_ones = [one for one in request.deadlines if not one.met_at]
    if request.paused or not any(reason in one.limits[0].pauses for one in open_ones):
        raise NotPromised(Code.PAUSE_NOT_ALLOWED, reason)


def check_extension(request: Request, now: int) -> None:
    """Raise NotPromised (extension_not_allowed) unless the law gives more time and the first time is not over.

    A shorter term that the policy promises is not made longer by the law.
    """
    answer = next((one for one in request.deadlines if one.stage == "answer" and not one.met_at), None)
    if answer is None or request.extension or not answer.limits[0].extension or answer.due <= now:
        raise NotPromised(Code.EXTENSION_NOT_ALLOWED, request.number)


def met(request: Request, stage: Stage, at: int) -> tuple[Deadline, ...]:
    """The deadlines with those of a stage met at ``at``."""
    return tuple(replace(one, met_at=at) if one.stage == stage and not one.met_at else one for one in request.deadlines)


def overdue(request: Request, now: int) -> tuple[Deadline, ...]:
    """The deadlines that are over and not met. None while a clock stands still: its end moves with every day."""
    return tuple(one for one in request.deadlines if not one.met_at and one.due <= now)


def reminders(request: Request, now: int) -> tuple[str, ...]:
    """What is to be told to whoever handles it, and was not yet: ``answer:soon``, ``answer:overdue``.

    Soon is the last quarter of the time, at least the last day.
    """
    told = []
    for one in request.deadlines:
        if one.met_at:
            continue
        word = "overdue" if one.due <= now else "soon" if now >= reminded_at(one) else ""
        name = f"{one.stage}:{word}"
        if word and name not in request.reminded:
            told.append(name)
    return tuple(told)


SOON = timedelta(days=5)
"""How long before its end a request is due soon, in the lists of those who handle them."""


def reminded_at(deadline: Deadline) -> int:
    """From when on whoever handles it is reminded: our own date, before the one that was promised."""
    day = 86_400_000_000
    return deadline.due - max((deadline.due - deadline.since) // 4, day)


def extended(request: Request, extension: Extension) -> Request:
    """The request with more time; :func:`reckoned` says how much."""
    return replace(request, extension=extension)
