"""What may happen to a request, and when. Pure: requests, policy and time in; answer out."""

from __future__ import annotations

import functools
import hashlib
import re
import secrets
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from senim.connectors.records import Act
from senim.consent import Scope
from senim.consent.rules import EARLIEST, check_scope
from senim.errors import Code, Held, Invalid, NotAllowed, NotPromised
from senim.identity import Actor, is_id
from senim.law.clocks import add_months
from senim.policy.promises import Promises
from senim.recognisers.numbers import luhn
from senim.rights.clock import right_of
from senim.rights.records import (
    Done,
    Ground,
    Kind,
    Opening,
    Planned,
    Proof,
    Refusal,
    Request,
    State,
    Way,
)
from senim.subjects import Standing

MOST_TEXT = 20_000
"""Longest text of a request in characters."""

MOST_WORDS = 10 * MOST_TEXT
"""Longest text of a request with all that was added to it."""

MASS_ROWS, MASS_PEOPLE = 1_000, 1
"""A plan that touches more than this is a mass act."""

VEXATIOUS_AFTER = 5
"""From so many answered requests of one kind within a year on, staff is shown the count."""

READS = (Kind.CONFIRM, Kind.ACCESS, Kind.COPY, Kind.RECIPIENTS)
"""What is answered by telling."""

CORRECTS = (Kind.CORRECT, Kind.COMPLETE)
GROUNDED = (Kind.BLOCK, Kind.ERASE, Kind.COMPLAINT)
"""For what a person may say what is wrong with the data; nobody has to."""

ANSWERS = {
    Kind.CLAIM: "claim_answer",
    Kind.COMPLAINT: "complaint_answer",
    Kind.CONCERN: "concern_answer",
    Kind.COMPENSATION: "compensation_answer",
    Kind.OBJECT: "objection_answer",
}
SPEAKS = tuple(ANSWERS)
"""What is answered in words after a look, each in a letter of its own."""

CLAIMS = (Kind.CLAIM, Kind.COMPENSATION)
"""What the person's data is evidence for: it is not destroyed while one of them is open."""

OUTLIVES = (*CLAIMS, Kind.COMPLAINT, Kind.CONCERN)
"""What is about what was done with the data, and is answered though it is gone."""

LAST_WORDS = frozenset(
    {*ANSWERS.values(), "refused", "erased", "correction_done", "block_done", "unblocked", "mailings_stopped",
     "withdrawal_done"}
)  # fmt: skip
"""Letters that tell how a request ended: those who gave no address for mail get them on paper."""

AT_ONCE = (Kind.WITHDRAW, Kind.STOP_MAILINGS)
"""What nobody has to decide on: it binds the very next decision of the gate (travel-40, foundation-34)."""

_OPEN = (
    State.RECEIVED,
    State.IDENTITY_NEEDED,
    State.CLARIFYING,
    State.IN_CHECK,
    State.DECIDED,
    State.PLANNED,
    State.WAITING_APPROVAL,
    State.EXECUTING,
    State.RESCANNING,
)
ENDED = (State.ANSWERED, State.REFUSED, State.WITHDRAWN, State.DUPLICATE)
"""States after which only the destruction of what was written follows."""

_UNDECIDED = (State.RECEIVED, State.IDENTITY_NEEDED, State.CLARIFYING, State.IN_CHECK)
_TO_DO = (State.DECIDED, State.PLANNED, State.WAITING_APPROVAL)

MOVES: dict[State, tuple[State, ...]] = {
    State.RECEIVED: (State.CLARIFYING, State.IN_CHECK, State.DECIDED, State.REFUSED, State.WITHDRAWN, State.DUPLICATE),
    State.IDENTITY_NEEDED: (State.RECEIVED, State.IN_CHECK, State.CLARIFYING, State.REFUSED, State.WITHDRAWN,
                            State.DUPLICATE, State.DECIDED),
    State.CLARIFYING: (State.RECEIVED, State.IDENTITY_NEEDED, State.IN_CHECK, State.DECIDED, State.REFUSED,
                       State.WITHDRAWN, State.DUPLICATE),
    State.IN_CHECK: (State.CLARIFYING, State.DECIDED, State.REFUSED, State.WITHDRAWN, State.DUPLICATE),
    State.DECIDED: (State.PLANNED, State.ANSWERED, State.REFUSED),
    State.PLANNED: (State.PLANNED, State.WAITING_APPROVAL, State.EXECUTING, State.REFUSED),
    State.WAITING_APPROVAL: (State.PLANNED, State.EXECUTING, State.REFUSED),
    State.EXECUTING: (State.RESCANNING, State.PLANNED, State.REFUSED),
    State.RESCANNING: (State.EXECUTING, State.PLANNED, State.ANSWERED, State.REFUSED),
    State.ANSWERED: (State.CLOSED,),
    State.REFUSED: (State.CLOSED,),
    State.WITHDRAWN: (State.CLOSED,),
    State.DUPLICATE: (State.CLOSED,),
    State.CLOSED: (),
}  # fmt: skip
"""From where a request may go where. Whatever is not here does not happen."""


def moved(request: Request, to: State) -> Request:
    """The request in another state. Raises Held (request_state) if there is no way there."""
    if to not in MOVES[request.state]:
        raise Held(Code.REQUEST_STATE, request.number, detail=f"{request.state} > {to}")
    return replace(request, state=to)


def is_open(request: Request) -> bool:
    """Whether it still waits for something to be done."""
    return request.state in _OPEN


def is_undecided(request: Request) -> bool:
    """Whether nobody has decided on it yet."""
    return request.state in _UNDECIDED


def check_undecided(request: Request) -> None:
    """Raise Held (request_state) once a request was decided on."""
    if not is_undecided(request):
        raise Held(Code.REQUEST_STATE, request.number, detail=str(request.state))


# Data Rights Protocol 1.0, section 3.02: (status, reason)
_DRP: dict[State, tuple[str, str]] = {
    State.RECEIVED: ("open", ""),
    State.IDENTITY_NEEDED: ("in_progress", "need_user_verification"),
    State.CLARIFYING: ("in_progress", ""),
    State.IN_CHECK: ("in_progress", ""),
    State.DECIDED: ("in_progress", ""),
    State.PLANNED: ("in_progress", ""),
    State.WAITING_APPROVAL: ("in_progress", ""),
    State.EXECUTING: ("in_progress", ""),
    State.RESCANNING: ("in_progress", ""),
    State.ANSWERED: ("fulfilled", ""),
    State.REFUSED: ("denied", "other"),
    State.WITHDRAWN: ("revoked", ""),
    State.DUPLICATE: ("revoked", ""),
}
_DRP_REASONS = {
    Refusal.IDENTITY_UNPROVEN: "insuf_verification",
    Refusal.AUTHORITY_UNPROVEN: "insuf_verification",
    Refusal.NOTHING_ON_FILE: "no_match",
    Refusal.VEXATIOUS: "too_many_requests",
    Refusal.LEGAL_RETENTION: "claim_not_covered",
    Refusal.OUT_OF_SCOPE: "claim_not_covered",
    Refusal.LAW_FORBIDS: "outside_jurisdiction",
}


def drp(request: Request) -> tuple[str, str]:
    """Status and reason of the Data Rights Protocol for the state of a request."""
    state = request.state
    if state is State.CLOSED:
        granted = request.decision is not None and request.decision.granted
        state = State.ANSWERED if granted else State.REFUSED if request.decision else State.WITHDRAWN
    status, reason = _DRP[state]
    if state is State.REFUSED and request.decision and request.decision.reasons:
        reason = _DRP_REASONS.get(request.decision.reasons[0], reason)
    return status, reason


# who asks

_STRENGTH = (Proof.NONE, Proof.CONTACT, Proof.CODE, Proof.SESSION, Proof.DOCUMENT, Proof.SIGNATURE, Proof.AUTHORITY)
_BY_CONTACT = (Kind.BLOCK, Kind.STOP_MAILINGS, Kind.CLAIM, Kind.COMPLAINT, Kind.CONCERN, Kind.COMPENSATION)
"""Requests that tell nobody anything and destroy nothing: that they came from the address on file is enough."""


def needed_proof(kind: Kind) -> Proof:
    """How surely it has to be shown who asks. A sender's name alone is never enough."""
    return Proof.CONTACT if kind in _BY_CONTACT else Proof.CODE


def proven(request: Request) -> bool:
    """Whether it was shown who asks, surely enough for what is asked."""
    return _STRENGTH.index(request.proof) >= _STRENGTH.index(needed_proof(request.kind))


def check_proven(request: Request) -> None:
    """Raise NotPromised (identity_unproven) unless it was shown who asks, and by what right for another person."""
    if not proven(request):
        raise NotPromised(Code.IDENTITY_UNPROVEN, request.number)
    if request.represented is not None and not request.represented.checked_by:
        raise NotPromised(Code.AUTHORITY_UNPROVEN, request.number)


# what comes in

_NAME_PARTS = ("family", "given", "patronymic")
_TELLS = {"email-or-postal-address": "reply_to", "content": "text"}


def missing(promises: Promises, opening: Opening, kind: Kind) -> tuple[str, ...]:
    """What the policy wants a request to state and this one does not (foundation-33); and what it cannot do without.

    The patronymic is asked for with the rest, but a name without one is a whole name: it holds nothing up.
    """
    right = promises.policy.rights.kinds.get(right_of(kind))
    wanted = right.contains if right else ()
    lacking = [one for one in wanted if one != "patronymic" and not _stated(opening, one)]
    if lacking and "patronymic" in wanted and not opening.name.get("patronymic"):
        lacking.append("patronymic")
    if kind in CORRECTS and not opening.changes:
        lacking.append("changes")
    if not opening.subject and not opening.identifiers:
        lacking.append("identifier")
    return tuple(dict.fromkeys(lacking))


def _stated(opening: Opening, part: str) -> bool:
    if part in _NAME_PARTS:
        return bool(opening.name.get(part, "").strip())
    if part == "email-or-postal-address":
        return bool(opening.reply_to or opening.identifiers.get("email"))
    return bool(getattr(opening, _TELLS.get(part, ""), "") or opening.subject) if part in _TELLS else True


def masked_name(opening: Opening) -> str:
    """A stated name as a hint: its first letters."""
    parts = (opening.name.get(one, "").strip() for one in _NAME_PARTS[:2])
    return " ".join(f"{part[0]}•••" for part in parts if part)


def kind_of(word: str) -> Kind:
    """The kind by its own word or the policy file's. Raises Invalid (invalid_value)."""
    try:
        return Kind("complaint" if word == "complain" else word)
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE, "kind") from error


def scope_of(text: str) -> Scope:
    """A purpose, or a part of one, as consents are written: see :meth:`Scope.parse`."""
    return Scope.parse(text)


def check_opening(promises: Promises, opening: Opening) -> None:
    """Raise Invalid (invalid_value) for what no request can be; never for what may be a person's own mistake."""
    if opening.subject and not is_id(opening.subject):
        raise Invalid(Code.INVALID_VALUE, "subject")
    if opening.way is Way.OPERATOR:
        raise Invalid(Code.INVALID_VALUE, "way")
    if len(opening.text) > MOST_TEXT:
        raise Invalid(Code.BODY_TOO_LARGE, "text")
    if set(opening.name) - set(_NAME_PARTS):
        raise Invalid(Code.INVALID_VALUE, "name")
    fields = promises.fields
    if any(name not in fields for name in opening.changes):
        raise Invalid(Code.CATEGORY_UNDECLARED, "changes")
    known = {"email", "phone", "iin", *(name for name, field in fields.items() if field.identifier)}
    if set(opening.identifiers) - known:
        raise Invalid(Code.INVALID_VALUE, "identifiers")
    for one in opening.purposes:
        check_scope(promises, scope_of(one))


def received(opening: Opening, now: datetime) -> datetime:
    """When it came: the clock starts there, however late it was entered. Raises Invalid for a time that is none."""
    if not opening.received_at:
        return now
    try:
        at = datetime.fromisoformat(opening.received_at)
        if at.tzinfo is None or not EARLIEST <= at <= now:
            raise ValueError
        return at.astimezone(UTC)
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE, "received_at") from error


_NUMBER = re.compile(r"R-(20[0-9]{2})-([0-9]{8})\Z")


def new_number(year: int) -> str:
    """A number for people to say and write: drawn, so that it tells nothing of others; its last digit is a check."""
    drawn = f"{secrets.randbelow(10**7):07d}"
    return f"R-{year}-{drawn}{_check_digit(drawn)}"


def _check_digit(digits: str) -> str:
    return next(one for one in "0123456789" if luhn(digits + one))


def is_number(text: str) -> bool:
    """Whether a text can be the number of a request; a slip in one digit is noticed."""
    match = _NUMBER.match(text)
    return match is not None and luhn(match[2])


def token_digest(token: str) -> bytes:
    """What is kept of the secret with which a person looks at the state of a request."""
    return hashlib.sha256(token.encode()).digest()[:16]


# what follows

_BLOCKS = {Ground.INACCURATE: "inaccuracy-reported", Ground.UNLAWFUL: "unlawful-reported"}
_BLOCKED_KINDS = (*CORRECTS, Kind.BLOCK, Kind.ERASE, Kind.CLAIM, Kind.COMPLAINT, Kind.CONCERN)


def block_reason(request: Request) -> str:
    """Why the data is to be blocked for the time of the check, or nothing (shop-20, 94-V 25(2)(8))."""
    if request.way is Way.AUTHORITY and request.kind in _BLOCKED_KINDS:
        return "request-of-authority"
    if request.kind in _BLOCKED_KINDS and request.ground in _BLOCKS:
        return _BLOCKS[request.ground]
    return "request-of-person" if request.kind is Kind.BLOCK else ""


Aim = Literal["read", "correct", "erase", "stop"]
"""What the plan of a request does."""


def aim_of(promises: Promises, request: Request) -> Aim:
    """What a granted request comes to, where it is planned."""
    if request.kind in READS:
        return "read"
    if request.kind in CORRECTS:
        return "correct"
    return "erase" if deletes(promises, request) else "stop"


def follows(promises: Promises, request: Request) -> tuple[str, str]:
    """What granting a request leads to, and when a second person looks first: never if it is empty."""
    if request.kind in SPEAKS:
        return "words", ""
    if request.kind in (Kind.BLOCK, Kind.UNBLOCK):
        return request.kind.value, ""
    aim, wanted = aim_of(promises, request), promises.policy.rights.second_person
    if wanted == "destructive":
        return aim, wanted if aim == "erase" else "mass"
    return aim, "" if wanted == "never" else wanted


def deletes(promises: Promises, request: Request) -> bool:
    """Whether the request ends in destruction: it asks for it, or withdraws all where that deletes (airline-12)."""
    if request.kind is Kind.ERASE:
        return True
    whole = request.kind is Kind.WITHDRAW and not request.purposes
    return whole and promises.policy.rights.withdrawal_deletes


def open_claims(requests: Iterable[Request]) -> tuple[str, ...]:
    """Numbers of the claims among these that are open: what they are about may not be destroyed meanwhile."""
    return tuple(dict.fromkeys(one.number for one in requests if one.kind in CLAIMS and is_open(one)))


def outlasts(promises: Promises, request: Request) -> bool:
    """Whether a request can still be carried out in the systems when nothing of the person is here any more."""
    return aim_of(promises, request) in ("read", "erase")


def ends_with_data(promises: Promises, request: Request, *, elsewhere: bool) -> bool:
    """Whether an open request ends when the person's data is destroyed here; ``elsewhere`` it may lie in systems.

    A granted erasure goes on, in the systems that it has not reached yet; so does what is about what was done.
    An authority is answered by somebody, whatever became of the data.
    """
    if request.kind in OUTLIVES or request.way is Way.AUTHORITY or not is_open(request):
        return False
    if elsewhere and outlasts(promises, request):
        return False
    return request.decision is None or aim_of(promises, request) != "erase"


def blocked_since(request: Request, people: Iterable[Standing]) -> bool:
    """Whether data that the operator destroys of its own accord was blocked after the last yes to it."""
    if request.way is not Way.OPERATOR or request.decision is None:
        return False
    yes = request.approval.at if request.approval else request.decision.at
    return any(one.marks.block is not None and one.marks.block.at > yes for one in people)


def let_go(request: Request) -> Request:
    """The request that whoever opened it does not want any more. Raises Held (request_state).

    People let go of it while nothing was decided, the operator until it is carried out.
    """
    if request.way is Way.OPERATOR and request.state in _TO_DO:
        return moved(replace(request, decision=None, trouble=""), State.REFUSED)
    return moved(request, State.WITHDRAWN)


def joins(request: Request, others: Iterable[Request]) -> Request | None:
    """The open request of the same person and kind that this one only repeats. Claims and the like never do."""
    if request.kind in (*SPEAKS, *CORRECTS):
        return None
    same = (
        one
        for one in others
        if one.number != request.number
        and is_open(one)
        and one.way is not Way.OPERATOR
        and (one.kind, set(one.purposes), one.ground) == (request.kind, set(request.purposes), request.ground)
        and one.opened_at <= request.opened_at
    )
    return min(same, key=lambda one: one.opened_at, default=None)


def repeats(request: Request, others: Iterable[Request]) -> int:
    """How many requests of this kind the person had answered within a year before this one."""
    year = 366 * 86_400_000_000
    return sum(
        one.kind is request.kind
        and one.number != request.number
        and one.way is not Way.OPERATOR
        and one.state in (State.ANSWERED, State.REFUSED, State.CLOSED)
        and request.received_at - one.received_at < year
        for one in others
    )


def check_refusal(
    request: Request, reasons: Collection[Refusal], actor: Actor, *, responsible: bool, past: int
) -> None:
    """Raise unless the request may be refused for these reasons: Invalid without any, NotAllowed for vexatious ones.

    That somebody asks too often is for the responsible person to say, and only of somebody who did ask often.
    """
    if not reasons:
        raise Invalid(Code.REASON_NOT_CHOSEN, request.number)
    if Refusal.VEXATIOUS in reasons and not (responsible and past >= VEXATIOUS_AFTER):
        raise NotAllowed(Code.ROLE_NOT_ALLOWED, f"{actor.role}: vexatious")


def needs_second(promises: Promises, plan: Planned) -> bool:
    """Whether a second person has to approve a plan: mass and destructive acts, as the policy says."""
    mass = plan.people > MASS_PEOPLE or plan.rows > MASS_ROWS
    wanted = promises.policy.rights.second_person
    return {"always": True, "destructive": plan.destroys or mass, "mass": mass, "never": False}[wanted]


def found_again(plan: Planned, done: Done) -> bool:
    """Whether the search afterwards brought out what must be gone.

    Of a correction that is the old value where it was put right; elsewhere it is told, and stops nothing.
    """
    if done.rescan is None or plan.wish != "correct":
        return done.rescan is not None and not done.rescan.clean
    steps = done.receipt.steps if done.receipt else ()
    put_right = {(one.table, column) for one in steps if one.act is Act.CORRECT for column in (*one.columns, "*")}
    left = (one for one in done.rescan.left if not (one.keep or one.because))
    return any((one.table, one.column) in put_right for one in left)


def check_second(request: Request, actor: Actor, digest: str) -> None:
    """Raise unless this actor may approve this plan: NotAllowed for who decided or made it, Held if it has changed."""
    assert request.plan is not None
    decided = request.decision.by if request.decision else ""
    if actor.label in (request.plan.by, decided):
        raise NotAllowed(Code.SECOND_PERSON_NEEDED, request.number)
    if digest != request.plan.digest:
        raise Held(Code.PLAN_CHANGED, request.number)


def digest_of(plan: Planned) -> str:
    """By what a plan is recognised: SHA-256 of all that it says but who made it and when, in hex."""
    return hashlib.sha256(msgspec.json.encode(replace(plan, by="", at=0, digest=""))).hexdigest()


# children, the deceased, representatives

HEIRS_ASK = (
    Kind.CONFIRM, Kind.CORRECT, Kind.BLOCK, Kind.ERASE, Kind.WITHDRAW, Kind.STOP_MAILINGS,
    Kind.CLAIM, Kind.COMPLAINT, Kind.CONCERN, Kind.COMPENSATION,
)  # fmt: skip
"""What heirs may ask for: to end what goes on and to hold somebody to account, not to read what was private."""


@functools.lru_cache(maxsize=256)
def age_on(born: date, day: date) -> int:
    """Whole years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def guardian_until(promises: Promises, born: date) -> date:
    """Until when parents and guardians may speak for a child: the day on which it decides alone."""
    return add_months(born, 12 * promises.law.pack.children.agreed_under)
