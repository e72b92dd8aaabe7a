"""How long a session lasts, what may be told of a choice. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from senim.accounts.records import Session
from senim.consent import Scope
from senim.consent.rules import holds
from senim.errors import Code
from senim.identity import SubjectId, is_id
from senim.policy.notices import consent_ref
from senim.policy.promises import Promises
from senim.policy.records import ConsentAsked, Point
from senim.subjects import Agreed, Standing

MINUTE = 60_000_000
IDLE, LONGEST, FRESH = 30 * MINUTE, 12 * 60 * MINUTE, 10 * MINUTE
"""A session ends after so long without a page, after so long in all; a code is fresh so long. Microseconds."""

SEEN_EVERY = MINUTE
"""How exactly it is kept when a session was last used."""

CONFIRM_EVERY = 365 * 24 * 60 * MINUTE
"""After so long people are asked whether what they said is still right (tickets-6, shop-18)."""


def digest_of(secret: str) -> bytes:
    """What is kept of a secret that a browser holds."""
    return hashlib.sha256(secret.encode()).digest()


def cookie(records: Sequence[SubjectId], session: str, secret: str) -> str:
    """What a browser keeps of a session: the records it opens, the one that is looked at first, and the secret."""
    return f"{'-'.join(records)}.{session}.{secret}"


def parts_of(kept: str) -> tuple[list[SubjectId], str, str] | None:
    """Records, session and secret of what a browser kept; None if it is nothing of ours."""
    subjects, _, rest = kept.partition(".")
    session, _, secret = rest.partition(".")
    records = subjects.split("-")
    good = all(is_id(one) for one in (*records, session)) and secret
    return ([SubjectId(one) for one in records], session, secret) if good else None


def turned(kept: str, to: str) -> str:
    """What a browser keeps from now on where another of the records is looked at; the same if it is none of them."""
    parts = parts_of(kept)
    if parts is None or to not in parts[0]:
        return kept
    records, session, secret = parts
    return cookie([SubjectId(to), *(one for one in records if one != to)], session, secret)


def opens(session: Session, secret: str, now: int) -> bool:
    """Whether a secret opens a session that still lasts."""
    right = hmac.compare_digest(session.digest, digest_of(secret))
    return right and lasts(session, now)


def lasts(session: Session, now: int) -> bool:
    """Whether a session still lasts."""
    return now - session.seen_at < IDLE and now - session.begun_at < LONGEST


def fresh(session: Session, now: int) -> bool:
    """Whether a code came back in a session so lately that what cannot be undone may be done."""
    return now - session.fresh_at < FRESH


State = Literal["given", "partly", "withdrawn", "none", "renew", "over", "unproven"]
"""``partly``: no yes to the purpose as a whole, but one that holds to some of its channels."""

_WHY: dict[Code | None, State] = {
    None: "given",
    Code.CONSENT_WITHDRAWN: "withdrawn",
    Code.TERM_OVER: "over",
    Code.CONSENT_OUTDATED: "renew",
    Code.CONSENT_UNPROVEN: "unproven",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that a person may say yes or no to, and what they said."""

    scope: Scope
    ask: ConsentAsked
    state: State
    agreed: Agreed | None = None
    point: str = ""
    """The point whose notice asks for it; empty if nobody is asked for it now."""

    @property
    def name(self) -> str:
        """How it is written: ``newsletter@email``."""
        return self.scope.purpose + self.scope.key

    @property
    def on(self) -> bool:
        """Whether it is a yes that holds."""
        return self.state == "given"


def choices(promises: Promises, standing: Standing, now: int) -> list[Choice]:
    """Every choice that a person has or made, purpose by purpose in the order of the policy."""
    return [
        one for purpose in promises.policy.purposes for one in _told_whole(list(_of(promises, standing, purpose, now)))
    ]


def _told_whole(of_purpose: list[Choice]) -> list[Choice]:
    """The choices of a purpose; of the purpose itself it is told, too, if a yes to some of its channels holds."""
    partly = any(one.on and one.scope.channel for one in of_purpose)
    whole = [one for one in of_purpose if not one.scope.key and one.state in ("none", "withdrawn", "over", "unproven")]
    return [replace(one, state="partly") if partly and one in whole else one for one in of_purpose]


def _of(promises: Promises, standing: Standing, purpose: str, now: int) -> Iterator[Choice]:
    said = standing.marks.agreed.get(purpose, {})
    asked = _asked(promises, purpose)
    keys = [*asked, *(key for key in said if key not in asked and _known(promises, Scope.of(purpose, key)))]
    for key in keys:
        scope, agreed = Scope.of(purpose, key), said.get(key)
        if scope.category:
            continue  # opened and closed on a page of their own
        point, ask = asked.get(key, ("", _as_asked(scope)))
        state = "none" if agreed is None else state_of(promises, purpose, agreed, now)
        yield Choice(scope=scope, ask=ask, state=state, agreed=agreed, point=point)


def state_of(promises: Promises, purpose: str, agreed: Agreed, now: int) -> State:
    """What a person's word comes to now."""
    floor = promises.floors.get(purpose, promises.version)
    return _WHY[holds(agreed, now, floor, promises.lost.get(purpose, frozenset()))]


def _asked(promises: Promises, purpose: str, met: Collection[str] = ()) -> dict[str, tuple[str, ConsentAsked]]:
    """What is asked of people for a purpose, and at which point: one that they met, else one that asks for little.

    Points where others speak come last; what devices are asked is no choice of a person who is signed in.
    """

    def far(one: tuple[str, Point]) -> tuple[bool, bool, int]:
        name, point = one
        return point.subject == "other", name not in met, len(point.asks)

    points = sorted(promises.policy.forms.items(), key=far)
    found: dict[str, tuple[str, ConsentAsked]] = {}
    for name, point in points:
        for ask in point.consents:
            if ask.purpose == purpose:
                found.setdefault(consent_ref(ask)[len(purpose) :], (name, ask))
    return found


def _known(promises: Promises, scope: Scope) -> bool:
    purpose = promises.policy.purposes.get(scope.purpose)
    return purpose is not None and (not scope.channel or scope.channel in purpose.channels)


def _as_asked(scope: Scope) -> ConsentAsked:
    """A scope that no point asks for any more, as one would ask."""
    from senim.policy.taxonomy import Channel

    channel = Channel(scope.channel) if scope.channel else None
    country = scope.country or None
    return ConsentAsked(
        purpose=scope.purpose, recipient=scope.recipient, channel=channel, country=country, ask="choice"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A category that a person may open to somebody of their own choice, and whether it is open (airline-7)."""

    scope: Scope
    open: bool
    agreed: Agreed | None = None


def openings(promises: Promises, standing: Standing, now: int) -> list[Opening]:
    """What a person may open, and to whom."""
    found: list[Opening] = []
    for name, one in promises.policy.recipients.items():
        for purpose in one.purposes if one.opened_by_people else ():
            held = promises.policy.expand(one.uses) & promises.needed[purpose]
            for category in sorted({reference.partition(".")[0] for reference in held}):
                scope = Scope(purpose=purpose, recipient=promises.group_of(name), category=category)
                found.append(_opening(promises, standing, scope, now))
    return list({one.scope: one for one in found}.values())


def _opening(promises: Promises, standing: Standing, scope: Scope, now: int) -> Opening:
    said = standing.marks.agreed.get(scope.purpose, {})
    words = [said[key] for key in (scope.key, scope.whole.key) if key in said]
    agreed = max(words, key=lambda one: one.at, default=None)
    stands = agreed is not None and state_of(promises, scope.purpose, agreed, now) == "given"
    return Opening(scope=scope, open=stands, agreed=agreed)


def asked_at(promises: Promises, scope: Scope, met: Collection[str] = ()) -> str:
    """The point whose notice a yes to a scope rests on; empty if nobody is asked for it.

    ``met`` are the points at which the person was taken in: what they were told there fits them best.
    """
    asked = _asked(promises, scope.purpose, met)
    for key in (scope.key, scope.whole.key, ""):
        if key in asked:
            return asked[key][0]
    return ""
