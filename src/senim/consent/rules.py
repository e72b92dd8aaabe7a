"""When a consent may be recorded, and when it proves anything. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Container, Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from senim.consent.records import Event, Evidence, Scope
from senim.errors import Code, Invalid, NotPromised, Reason
from senim.identity import is_id
from senim.law import Calendar, due, parse_term
from senim.policy.notices import Notice, consent_ref
from senim.policy.promises import Promises
from senim.subjects import Agreed, Scopes
from senim.times import micros

UNPROVEN_ACTS = ("sending", "use")
"""What a text may call consent and the law does not."""

LATER_SURFACES = ("import", "letter", "document", "email", "telephone", "counter")
"""Surfaces that report what happened before: the notice may be that of an earlier version."""

EARLIEST = datetime(2013, 1, 1, tzinfo=UTC)
"""The year of the law on personal data: nothing that is told to have happened before counts for it."""

_ARCHIVE = re.compile(r"[^\W\d_]{0,3}[0-9]{0,6}(?:[-/.][^\W\d_]{0,3}[0-9]{0,6}){0,5}\Z")
"""A place in an archive: groups of at most three letters and six figures."""

_MOST_FIGURES = 9
"""Figures in a place in an archive: fewer than a telephone number, an IIN or a card number has."""

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


def check_scope(promises: Promises, scope: Scope) -> None:
    """Raise NotPromised unless the policy declares everything that the scope names."""
    reasons = list(_undeclared(promises, scope))
    if reasons:
        raise NotPromised.because(*reasons)


def _undeclared(promises: Promises, scope: Scope) -> Iterator[Reason]:
    purpose = promises.policy.purposes.get(scope.purpose)
    if purpose is None:
        yield promises.reason(Code.PURPOSE_UNDECLARED, scope.purpose)
        return
    about = f"purposes.{scope.purpose}"
    recipients = promises.recipients_for(scope.purpose)
    if scope.recipient and not any(scope.recipient in (name, one.group) for name, one in recipients.items()):
        yield promises.reason(Code.RECIPIENT_UNDECLARED, scope.recipient, about)
    if scope.channel and scope.channel not in purpose.channels:
        yield promises.reason(Code.CHANNEL_UNDECLARED, scope.channel, about)
    if scope.category and not any(
        one.opened_by_people and promises.policy.expand((scope.category,)) & promises.policy.expand(one.uses)
        for name, one in recipients.items()
        if scope.recipient in (name, one.group)
    ):
        yield promises.reason(Code.CATEGORY_NOT_ENTRUSTED, scope.category, f"recipients.{scope.recipient}", about)
    if scope.country and not any(scope.country in one.countries for one in recipients.values()):
        yield promises.reason(Code.COUNTRY_NOT_ALLOWED, scope.country, "borders")


def check_notice(promises: Promises, evidence: Evidence, current: dict[str, Notice], kept: bool) -> None:
    """Raise NotPromised (notice_outdated) if what was shown is not what is shown now; Invalid if we never showed it.

    ``kept`` says whether the notice is that of some version.
    """
    if not evidence.notice or evidence.notice in current:
        return
    if not kept:
        raise Invalid(Code.NOTICE_MISSING, "evidence.notice")
    if evidence.surface not in LATER_SURFACES:
        raise _outdated(promises)


def check_asked(promises: Promises, point: str, scope: Scope) -> None:
    """Raise NotPromised (notice_outdated) unless the notice of a point asks for the scope.

    A scope that no point asks for apart is asked for with its purpose, a category with who may see it.
    """
    name = scope.purpose + scope.whole.key
    asked = _asked(promises)
    apart = any(name in names for names in asked.values())
    if (name if apart else scope.purpose) not in asked.get(point, ()):
        raise _outdated(promises)


@functools.lru_cache(maxsize=64)
def _asked(promises: Promises) -> dict[str, frozenset[str]]:
    """What each point asks consent for."""
    points = promises.policy.points.items()
    return {name: frozenset(consent_ref(ask) for ask in point.consents) for name, point in points}


def _outdated(promises: Promises) -> NotPromised:
    return NotPromised.because(promises.reason(Code.NOTICE_OUTDATED, "evidence.notice"))


def closed(evidence: Evidence, now: datetime) -> Evidence:
    """The evidence without what is no digest, id or time: the log keeps it for ever, and no free text may be in it."""
    notice = evidence.notice if _DIGEST.match(evidence.notice) else ""
    document = evidence.document if is_id(evidence.document) else ""
    archive = evidence.archive if is_archive(evidence.archive) else ""
    who = evidence.representative
    if who is not None:
        subject, paper = (one if is_id(one) else "" for one in (who.subject, who.document))
        who = replace(who, subject=subject, document=paper, archive=who.archive if is_archive(who.archive) else "")
    try:
        agreed_at(evidence, now)
        at = evidence.at
    except Invalid:
        at = ""
    return replace(evidence, notice=notice, document=document, archive=archive, representative=who, at=at)


def is_archive(text: str) -> bool:
    """Whether a text names a place in an archive, and can hardly name a person."""
    figures = sum(one in "0123456789" for one in text)
    return 0 < figures <= _MOST_FIGURES and _ARCHIVE.match(text) is not None


def check_closed(evidence: Evidence) -> None:
    """Raise Invalid (invalid_value) if something stands where an id belongs; :func:`closed` would leave it out."""
    who = evidence.representative
    ids = (evidence.document, who.subject, who.document) if who else (evidence.document,)
    if any(one and not is_id(one) for one in ids):
        raise Invalid(Code.INVALID_VALUE, "evidence")
    if any(one and not is_archive(one) for one in (evidence.archive, who.archive if who else "")):
        raise Invalid(Code.INVALID_VALUE, "evidence.archive")


def papers_of(evidence: Evidence, subject: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The documents that evidence names: where, the id, and the people of whom it may be kept."""
    who = evidence.representative
    holders = (subject, who.subject) if who and who.subject else (subject,)
    if evidence.document:
        yield "evidence.document", evidence.document, holders
    if who and who.document:
        yield "evidence.representative.document", who.document, holders


def without(evidence: Evidence, *unknown: str) -> Evidence:
    """The evidence without the documents at these places, as :func:`papers_of` names them."""
    if "evidence.document" in unknown:
        evidence = replace(evidence, document="")
    if "evidence.representative.document" in unknown and evidence.representative:
        evidence = replace(evidence, representative=replace(evidence.representative, document=""))
    return evidence


def is_proven(evidence: Evidence, known_notice: bool) -> bool:
    """Whether the giving can be proven: an act of the person, and the text that was shown or signed (foundation-3)."""
    if evidence.act in UNPROVEN_ACTS:
        return False
    if evidence.surface == "telephone" and not evidence.read_to_caller:
        return False
    return known_notice or bool(evidence.document or evidence.archive)


def end_of(promises: Promises, purpose: str, at: datetime) -> datetime | None:
    """When a consent given at ``at`` ends by the purpose's term; None if an event or the purpose ends it."""
    term = promises.term(purpose)
    if term is None or not term.lasts or term.after != "consent":
        return None
    return _end(term.lasts, at.astimezone(ZoneInfo(promises.calendar.zone)).date(), promises.calendar)


@functools.lru_cache(maxsize=1024)
def _end(lasts: str, day: date, calendar: Calendar) -> datetime:
    """The end is the same for all consents of a day: terms run from the day after."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(calendar.zone))
    return due(parse_term(lasts), noon, calendar, roll=False).strict


def agreed_at(evidence: Evidence, now: datetime) -> datetime:
    """When the person agreed. Raises Invalid (invalid_value) for a time that is none, lies ahead or before the law."""
    if not evidence.at:
        return now
    try:
        at = datetime.fromisoformat(evidence.at)
        if at.tzinfo is None or not EARLIEST <= at <= now:
            raise ValueError
        return at.astimezone(UTC)
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE, "evidence.at") from error


def holds(agreed: Agreed, now: int, floor: int, lost: Container[int] = ()) -> Code | None:
    """Why a consent does not hold now, or None if it does.

    ``floor`` is the oldest version whose consents still cover the purpose; those of ``lost``, which are newer, do not.
    """
    if not agreed.given:
        return Code.CONSENT_WITHDRAWN
    if agreed.until and agreed.until <= now:
        return Code.TERM_OVER
    if agreed.version < floor or agreed.version in lost:
        return Code.CONSENT_OUTDATED
    if not agreed.proven:
        return Code.CONSENT_UNPROVEN
    return None


def takes_effect(scopes: Scopes, key: str, agreed: Agreed) -> bool:
    """Whether what a person said about a scope stands from now on, beside what stands of the purpose (``scopes``).

    What was said later stands, however late it was recorded, and so does a later no to the whole purpose; a withdrawal
    always does, whatever the clock says.
    """
    before = (one for name, one in scopes.items() if name == key or not (name or one.given))
    return not agreed.given or all(one.at <= agreed.at for one in before)


def agreed_in(event: Event, at: int) -> Agreed:
    """What an event, recorded ``at``, makes of its scope if it takes effect."""
    said = event.said
    return Agreed(
        given=said.given,
        proven=said.proven,
        version=said.version,
        at=_told_at(said.at) if said.given else at,
        until=_told_at(said.until) if said.until else 0,
        event=event.id,
    )


@functools.lru_cache(maxsize=64)  # entries of one act have one time
def _told_at(text: str) -> int:
    return micros(datetime.fromisoformat(text))


def until_micros(end: datetime | None) -> int:
    """An end as it is stored: 0 for none."""
    return micros(end) if end else 0
