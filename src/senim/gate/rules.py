"""The decision. Pure: promises, question and facts in; all reasons out. No clock, no database.

It has two halves. :func:`rule` looks at policy, law and role and is the same for everybody, so its answer is
kept; :func:`decide` adds what is known about the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from senim.consent.records import State
from senim.consent.rules import holds
from senim.errors import Code, Reason
from senim.gate.records import SCOPE, Facts, Question, Ruling
from senim.identity import RESPONSIBLE, Actor, ActorKind
from senim.law import due, parse_term
from senim.policy.promises import Promises
from senim.policy.records import Purpose, Recipient
from senim.policy.taxonomy import Operation
from senim.subjects import Standing
from senim.times import micros, moment

READS = (Operation.EXTRACT, Operation.USE, Operation.TRANSFER, Operation.DEPERSONALISE)
"""Operations that bring a value before somebody's eyes or into somebody's hands."""

ALLOWED_WHILE_BLOCKED = (Operation.STORE, Operation.BLOCK)
"""94-V 25(2)(8): a block stops collection, change, use, dissemination, depersonalisation and destruction."""

COLLECTION = "collection"
"""The event of data having been taken in, noted for people who come again."""

_SYSTEM = "system"
_OPERATIONS = {operation.value: operation for operation in Operation}


def rule(promises: Promises, actor: Actor, question: Question) -> Ruling:
    """What policy, law and role say, whoever the person is."""
    purpose = promises.policy.purposes.get(question.purpose)
    operation = _OPERATIONS.get(question.operation)
    responsible = actor.role == RESPONSIBLE
    if purpose is None:
        reasons = (promises.reason(Code.PURPOSE_UNDECLARED, question.purpose),)
        return Ruling(reasons, (), (), 0, operation, responsible, question.purpose)
    found = [
        *_operation(promises, question, purpose, operation),
        *_categories(promises, question),
        *_channel(promises, question, purpose, operation),
        *_recipient(promises, question, operation),
        *_border(promises, question, operation),
        *_role(promises, actor, question, operation),
    ]
    return Ruling(
        reasons=tuple(dict.fromkeys(found)),
        needs=tuple(_needs(promises, question, purpose)),
        grounds=(_ground(promises, question, purpose),),
        floor=promises.floors.get(question.purpose, promises.version),
        operation=operation,
        responsible=responsible,
        purpose=question.purpose,
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
    if recipient is None:
        return
    about = ("borders.grounds", "borders", f"recipients.{question.recipient}")
    if not question.country and len(recipient.countries) > 1:
        yield promises.reason(Code.COUNTRY_MISSING, question.recipient, *about)
        return
    for country in country_of(promises, question):
        declared = recipient.countries or law.pack.borders.home
        if country not in declared or not (law.at_home(country) or _crossing(promises, country)):
            yield promises.reason(Code.COUNTRY_NOT_ALLOWED, country, *about)


def _crossing(promises: Promises, country: str) -> bool:
    """Whether some ground of the law could carry data to ``country``: an assessed state, or the person's consent.

    Grounds that the text claims and the law does not know (performance of a contract) count for nothing.
    """
    law, borders = promises.law, promises.policy.borders
    return country in law.pack.borders.adequate or country in borders.assessed or "consent" in law.grounds


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
    if actor.role in (RESPONSIBLE, _SYSTEM):
        return
    role = promises.policy.roles.get(actor.role)
    if role is None or question.purpose not in role.purposes or operation not in role.operations:
        yield promises.reason(Code.ROLE_NOT_ALLOWED, actor.role, f"roles.{actor.role}")


def _needs(promises: Promises, question: Question, purpose: Purpose) -> Iterator[SCOPE]:
    """The consents without which the question is refused (94-V 7(1), 7(3), 15(1), 16(3))."""
    recipient = promises.policy.recipients.get(question.recipient)
    if promises.law.bases[purpose.basis].consent:
        yield ("", question.channel, "")
        if recipient and _needs_permission(promises, recipient):
            yield (promises.group_of(question.recipient), "", "")
    for country in country_of(promises, question) if recipient else ():
        law = promises.law
        assessed = country in law.pack.borders.adequate or country in promises.policy.borders.assessed
        if not law.at_home(country) and not assessed:
            yield ("", "", country)


def _needs_permission(promises: Promises, recipient: Recipient) -> bool:
    return recipient.needs_choice or recipient.kind in promises.law.pack.consent_for_recipients


def _ground(promises: Promises, question: Question, purpose: Purpose) -> Reason:
    basis = promises.law.bases[purpose.basis]
    code = Code.GRANTED_BY_CONSENT if basis.consent else Code.GRANTED_BY_LAW
    about = (f"recipients.{question.recipient}", _about(question)) if question.recipient else (_about(question),)
    clause = promises.reason(code, question.purpose, *about).clause
    return Reason(code, question.purpose, clause, basis.article)


def decide(promises: Promises, ruling: Ruling, facts: Facts | None, now: int) -> tuple[Reason, ...]:
    """All reasons to refuse; none means allowed. ``now`` is in microseconds since 1970 UTC."""
    if ruling.purpose not in promises.policy.purposes:
        return ruling.reasons
    if facts is None:
        if ruling.needs and not ruling.reasons:
            return (promises.reason(Code.SUBJECT_MISSING, ruling.purpose),)
        return ruling.reasons
    standing = facts.standing
    if not ruling.needs and not ruling.reasons and _plain(standing) and promises.term(ruling.purpose) is None:
        return ()
    if standing.erased_at:
        return (promises.reason(Code.SUBJECT_ERASED, "subject"),)
    found = list(ruling.reasons)
    looks = ruling.responsible and ruling.operation is Operation.EXTRACT
    if standing.marks.block is not None and ruling.operation not in ALLOWED_WHILE_BLOCKED and not looks:
        found.append(promises.reason(Code.SUBJECT_BLOCKED, "subject"))
    if standing.marks.stops and ("" in standing.marks.stops or ruling.purpose in standing.marks.stops):
        found.append(promises.reason(Code.SUBJECT_STOPPED, ruling.purpose, f"purposes.{ruling.purpose}"))
    if term_over(promises, ruling.purpose, facts, now):
        found.append(promises.reason(Code.TERM_OVER, ruling.purpose, f"purposes.{ruling.purpose}.term", "terms"))
    for need in ruling.needs:
        lacking = _lacking(facts, need, now, ruling.floor)
        if lacking is not None:
            found.append(
                promises.reason(lacking, need[0] or need[2] or need[1] or ruling.purpose, f"purposes.{ruling.purpose}")
            )
    return tuple(found)


def _plain(standing: Standing) -> bool:
    marks = standing.marks
    return not (standing.erased_at or marks.block or marks.stops or marks.events)


def _lacking(facts: Facts, need: SCOPE, now: int, floor: int) -> Code | None:
    """Why the consent that is needed does not stand, or None if it does."""
    consents = facts.consents
    state = consents.get(need)
    if state is None and need[1]:
        state = consents.get(("", "", ""))
    if state is not None:
        return holds(state, now, floor)
    if need == ("", "", ""):
        # A purpose consented to by single channels is consented to; which channel is asked when it is used.
        ways = [
            holds(one, now, floor) for (recipient, _, country), one in consents.items() if not recipient and not country
        ]
        if ways:
            return None if None in ways else ways[0]
    return Code.CONSENT_MISSING


def term_over(promises: Promises, purpose: str, facts: Facts, now: int) -> bool:
    """Whether an event, or a time after one, has ended the purpose for this person.

    An event ends what was agreed to (or, where the law is the basis, collected) before it: who orders again after
    an order was completed begins a new term.
    """
    term, standing = promises.term(purpose), facts.standing
    if term is None:
        return False
    events = standing.marks.events
    if term.until:
        return max(_begun(facts), events.get(COLLECTION, 0)) <= events.get(term.until, 0) <= now
    if term.after == "consent":
        return False
    since = events.get(term.after, standing.created_at if term.after == COLLECTION else 0)
    if not since:
        return False
    end = due(parse_term(term.lasts), moment(since), promises.calendar, roll=False).strict
    return micros(end.astimezone(UTC)) <= now


def _begun(facts: Facts) -> int:
    """When the newest consent to the purpose was given, or else when the person came."""
    given = [state.at for state in facts.consents.values() if state.given]
    return max(given, default=facts.standing.created_at)


def ends(promises: Promises, purpose: str, standing: Standing, state: State | None) -> datetime | None:
    """When a purpose ends for a person, as far as a date is known."""
    term = promises.term(purpose)
    if term is None or term.until:
        return None
    if term.after == "consent":
        return moment(state.until) if state and state.until else None
    since = standing.marks.events.get(term.after, standing.created_at if term.after == "collection" else 0)
    return due(parse_term(term.lasts), moment(since), promises.calendar, roll=False).strict if since else None
