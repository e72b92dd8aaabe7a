"""The decision. Pure: promises, question and facts in; all reasons out. No clock, no database.

It has two halves. :func:`rule` looks at policy, law and role and is the same for everybody, so its answer is
kept; :func:`decide` adds what is known about the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from senim.consent.rules import holds
from senim.errors import Code, Reason
from senim.gate.records import Question, Ruling
from senim.identity import RESPONSIBLE, Actor, ActorKind
from senim.law import due, parse_term
from senim.policy.promises import Promises
from senim.policy.records import Purpose, Recipient, Term
from senim.policy.taxonomy import Operation
from senim.subjects import Scopes, Standing, scope_key
from senim.times import micros, moment

READS = (Operation.EXTRACT, Operation.USE, Operation.TRANSFER, Operation.DEPERSONALISE)
"""Operations that bring a value before somebody's eyes or into somebody's hands."""

ALLOWED_WHILE_BLOCKED = (Operation.STORE, Operation.BLOCK)
"""94-V 25(2)(8): a block stops collection, change, use, dissemination, depersonalisation and destruction."""

COLLECTION = "collection"
"""The event of data having been taken in, noted for people who come again."""

OWN = (Operation.CLARIFY,)
"""What people may do themselves with their own data, and with nobody else's (airline-11)."""

_SYSTEM = "system"
_OPERATIONS = {operation.value: operation for operation in Operation}


def rule(promises: Promises, actor: Actor, question: Question) -> Ruling:
    """What policy, law and role say, whoever the person is."""
    purpose = promises.policy.purposes.get(question.purpose)
    operation = _OPERATIONS.get(question.operation)
    if purpose is None:
        return Ruling(question.purpose, operation, (promises.reason(Code.PURPOSE_UNDECLARED, question.purpose),))
    found = [
        *_operation(promises, question, purpose, operation),
        *_categories(promises, question),
        *_channel(promises, question, purpose, operation),
        *_recipient(promises, question, operation),
        *_border(promises, question, operation),
        *_role(promises, actor, question, operation),
    ]
    return Ruling(
        purpose=question.purpose,
        operation=operation,
        reasons=tuple(dict.fromkeys(found)),
        needs=tuple(_needs(promises, question, purpose)),
        grounds=(_ground(promises, question, purpose),),
        floor=promises.floors.get(question.purpose, promises.version),
        lost=promises.lost.get(question.purpose, frozenset()),
        term=promises.term(question.purpose),
        responsible=actor.role == RESPONSIBLE,
        by_channel=question.purpose in promises.by_channel,
    )


def _about(question: Question) -> str:
    return f"purposes.{question.purpose}"


def _operation(
    promises: Promises, question: Question, purpose: Purpose, operation: Operation | None
) -> Iterator[Reason]:
    if operation is None or operation not in purpose.operations:
        yield promises.reason(Code.OPERATION_UNDECLARED, question.operation, _about(question))


def _categories(promises: Promises, question: Question) -> Iterator[Reason]:
    needed = promises.needed[question.purpose]
    for reference in question.categories:
        fields = promises.policy.expand((reference,))
        about = (f"categories.{reference.partition('.')[0]}", _about(question))
        if not fields:
            yield promises.reason(Code.CATEGORY_UNDECLARED, reference)
        elif not fields & needed or ("." in reference and not fields <= needed):
            yield promises.reason(Code.FIELD_NOT_NEEDED, reference, *about)


def _channel(promises: Promises, question: Question, purpose: Purpose, operation: Operation | None) -> Iterator[Reason]:
    if question.channel and question.channel not in purpose.channels:
        yield promises.reason(Code.CHANNEL_UNDECLARED, question.channel, _about(question))
    elif purpose.channels and operation is Operation.USE and not question.channel:
        yield promises.reason(Code.CHANNEL_MISSING, question.purpose, _about(question))


def _recipient(promises: Promises, question: Question, operation: Operation | None) -> Iterator[Reason]:
    if not question.recipient:
        if operation is Operation.TRANSFER:
            yield promises.reason(Code.RECIPIENT_MISSING, question.purpose)
        return
    about = (f"recipients.{question.recipient}", _about(question))
    recipient = promises.policy.recipients.get(question.recipient)
    if recipient is None or question.purpose not in recipient.purposes:
        yield promises.reason(Code.RECIPIENT_UNDECLARED, question.recipient)
        return
    if operation is not Operation.TRANSFER and operation not in recipient.operations:
        yield promises.reason(Code.OPERATION_NOT_ENTRUSTED, question.operation, *about)
    entrusted = promises.policy.expand(recipient.uses)
    for reference in question.categories or promises.policy.purposes[question.purpose].uses:
        fields = promises.policy.expand((reference,)) & promises.needed[question.purpose]
        if question.categories and not fields <= entrusted:
            yield promises.reason(Code.CATEGORY_NOT_ENTRUSTED, reference, *about)
    if recipient.kind == "authority" and not question.reason:
        yield promises.reason(Code.REASON_MISSING, question.recipient, *about)


def country_of(promises: Promises, question: Question) -> tuple[str, ...]:
    """The countries that the question may bring data to."""
    if question.country:
        return (question.country,)
    recipient = promises.policy.recipients.get(question.recipient)
    return recipient.countries if recipient else ()


def _border(promises: Promises, question: Question, operation: Operation | None) -> Iterator[Reason]:
    law = promises.law
    recipient = promises.policy.recipients.get(question.recipient)
    stores_abroad = operation is Operation.STORE and bool(question.country) and not law.at_home(question.country)
    if stores_abroad and law.pack.borders.store_at_home and not question.recipient:
        yield promises.reason(Code.STORE_OUTSIDE_COUNTRY, question.country, "borders")
    elif question.country and not question.recipient and not _open(promises, question.country):
        yield promises.reason(Code.COUNTRY_NOT_ALLOWED, question.country, "borders")
    if recipient is None:
        return
    about = ("borders.grounds", "borders", f"recipients.{question.recipient}")
    if not question.country and len(recipient.countries) > 1:
        yield promises.reason(Code.COUNTRY_MISSING, question.recipient, *about)
        return
    for country in country_of(promises, question):
        declared = recipient.countries or law.pack.borders.home
        if country not in declared or not _crossing(promises, country):
            yield promises.reason(Code.COUNTRY_NOT_ALLOWED, country, *about)


def _open(promises: Promises, country: str) -> bool:
    """Whether data may go to ``country`` without anybody's permission: no border, or a state that protects it."""
    law = promises.law
    return law.at_home(country) or country in law.pack.borders.adequate or country in promises.policy.borders.assessed


def _crossing(promises: Promises, country: str) -> bool:
    """Whether some ground of the law could carry data to ``country``: an assessed state, or the person's consent.

    Grounds that the text claims and the law does not know (performance of a contract) count for nothing.
    """
    return _open(promises, country) or "consent" in promises.law.grounds


def _role(promises: Promises, actor: Actor, question: Question, operation: Operation | None) -> Iterator[Reason]:
    reads = operation in READS
    touched = question.categories or promises.policy.purposes[question.purpose].uses
    for reference in touched:
        category = promises.category(reference)
        if category is None or not reads:
            continue
        about = (f"categories.{reference.partition('.')[0]}", _about(question))
        if actor.kind in (ActorKind.STAFF, ActorKind.PERSON) and category.people == "never" and question.categories:
            yield promises.reason(Code.HUMAN_READ_FORBIDDEN, reference, *about)
        elif category.readers and actor.role not in (*category.readers, _SYSTEM) and question.categories:
            yield promises.reason(Code.ROLE_NOT_ALLOWED, reference, *about)
    if actor.role in (RESPONSIBLE, _SYSTEM) or (actor.kind is ActorKind.PERSON and operation in OWN):
        return
    role = promises.policy.roles.get(actor.role)
    if role is None or question.purpose not in role.purposes or operation not in role.operations:
        yield promises.reason(Code.ROLE_NOT_ALLOWED, actor.role, f"roles.{actor.role}")


def _needs(promises: Promises, question: Question, purpose: Purpose) -> Iterator[str]:
    """The consents without which the question is refused (94-V 7(1), 7(3), 15(1), 16(3))."""
    recipient = promises.policy.recipients.get(question.recipient)
    consent = promises.law.bases[purpose.basis].consent
    if consent:
        yield scope_key(channel=question.channel)
    if recipient and _needs_permission(promises, recipient, consent=consent):
        opened = _opened(promises, question, recipient) if recipient.opened_by_people else ("",)
        yield from (scope_key(promises.group_of(question.recipient), category=one) for one in opened)
    for country in country_of(promises, question) if recipient else ():
        if not _open(promises, country):
            yield scope_key(country=country)


def _opened(promises: Promises, question: Question, recipient: Recipient) -> list[str]:
    """The categories that somebody chosen by the person is to see: each has to be open to them (airline-7)."""
    asked = promises.policy.expand(question.categories or recipient.uses) & promises.needed[question.purpose]
    return sorted({one.partition(".")[0] for one in asked & promises.policy.expand(recipient.uses)})


def _needs_permission(promises: Promises, recipient: Recipient, *, consent: bool) -> bool:
    """Whether passing data to the recipient needs the person's word: the law asks for it, or the policy promises it."""
    return recipient.needs_choice or (consent and recipient.kind in promises.law.pack.consent_for_recipients)


def _ground(promises: Promises, question: Question, purpose: Purpose) -> Reason:
    basis = promises.law.bases[purpose.basis]
    code = Code.GRANTED_BY_CONSENT if basis.consent else Code.GRANTED_BY_LAW
    about = (f"recipients.{question.recipient}", _about(question)) if question.recipient else (_about(question),)
    clause = promises.reason(code, question.purpose, *about).clause
    return Reason(code, question.purpose, clause, basis.article)


def decide(
    promises: Promises, ruling: Ruling, standing: Standing | None, now: int, agreed: Scopes | None = None
) -> tuple[Reason, ...]:
    """All reasons to refuse; none means allowed. ``now`` is in microseconds since 1970 UTC.

    ``agreed`` are the person's consents to the purpose, if they are not those of the standing.
    """
    if standing is None:
        if ruling.needs and not ruling.reasons:
            return (promises.reason(Code.SUBJECT_MISSING, ruling.purpose),)
        return ruling.reasons
    if standing.erased_at:
        return (promises.reason(Code.SUBJECT_ERASED, "subject"),)
    marks = standing.marks
    scopes = agreed if agreed is not None else marks.agreed.get(ruling.purpose, {})
    lacking: list[tuple[str, Code]] = []
    for need in ruling.needs:  # a comprehension would be a call of its own, in every decision
        code = _lacking(scopes, need, now, ruling)
        if code is not None:
            lacking.append((need, code))
    over = ruling.term is not None and term_over(promises, ruling.term, standing, scopes, now)
    if not (lacking or over or ruling.reasons or marks.block or marks.stops):
        return ()
    found = list(ruling.reasons)
    looks = ruling.responsible and ruling.operation is Operation.EXTRACT
    if marks.block is not None and ruling.operation not in ALLOWED_WHILE_BLOCKED and not looks:
        found.append(promises.reason(Code.SUBJECT_BLOCKED, "subject"))
    if marks.stops and ("" in marks.stops or ruling.purpose in marks.stops):
        found.append(promises.reason(Code.SUBJECT_STOPPED, ruling.purpose, f"purposes.{ruling.purpose}"))
    if over:
        found.append(promises.reason(Code.TERM_OVER, ruling.purpose, f"purposes.{ruling.purpose}.term", "terms"))
    for need, code in lacking:
        found.append(promises.reason(code, need or ruling.purpose, f"purposes.{ruling.purpose}"))
    return tuple(found)


def _lacking(scopes: Scopes, need: str, now: int, ruling: Ruling) -> Code | None:
    """Why the consent that is needed does not stand, or None if it does."""
    agreed, whole = scopes.get(need), scopes.get(need.partition("#")[0]) if "#" in need else None
    if whole is not None and (agreed is None or agreed.at < whole.at):
        agreed = whole  # of a category and of all of them, what was said last
    if agreed is not None:
        return holds(agreed, now, ruling.floor, ruling.lost)
    if need.startswith("@") and (purpose := scopes.get("")) is not None:
        # A no to the purpose is one to each of its channels; a yes is not, where people are asked channel by channel.
        return holds(purpose, now, ruling.floor, ruling.lost) or (Code.CONSENT_MISSING if ruling.by_channel else None)
    if not need:
        # A purpose consented to by single channels is consented to; which channel is asked when it is used.
        ways = [holds(one, now, ruling.floor, ruling.lost) for key, one in scopes.items() if key.startswith("@")]
        if ways:
            return None if None in ways else ways[0]
    return Code.CONSENT_MISSING


def term_over(promises: Promises, term: Term, standing: Standing, scopes: Scopes, now: int) -> bool:
    """Whether an event, or a time after one, has ended a purpose for this person.

    An event ends what was agreed to (or, where the law is the basis, collected) before it: who orders again after
    an order was completed begins a new term.
    """
    events = standing.marks.events
    if term.until:
        ended = events.get(term.until, 0)
        return 0 < ended <= now and max(_begun(standing, scopes), events.get(COLLECTION, 0)) <= ended
    if term.after == "consent":
        return False
    since = events.get(term.after, standing.created_at if term.after == COLLECTION else 0)
    if not since:
        return False
    end = due(parse_term(term.lasts), moment(since), promises.calendar, roll=False).strict
    return micros(end.astimezone(UTC)) <= now


def _begun(standing: Standing, scopes: Scopes) -> int:
    """When the newest consent to the purpose was given, or else when the person came."""
    return max((agreed.at for agreed in scopes.values() if agreed.given), default=standing.created_at)


def ends(promises: Promises, purpose: str, standing: Standing) -> datetime | None:
    """When a purpose ends for a person, as far as a date is known."""
    term = promises.term(purpose)
    if term is None or term.until:
        return None
    if term.after == "consent":
        agreed = standing.marks.agreed.get(purpose, {}).get("")
        return moment(agreed.until) if agreed and agreed.until else None
    since = standing.marks.events.get(term.after, standing.created_at if term.after == COLLECTION else 0)
    return due(parse_term(term.lasts), moment(since), promises.calendar, roll=False).strict if since else None
