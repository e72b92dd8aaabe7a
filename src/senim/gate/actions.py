"""Ask the gate; block, stop, and note what ends a term."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from senim.audit.records import Mould, Outcome
from senim.consent.rules import EARLIEST
from senim.errors import Code, Invalid, NotAllowed, NotFound, NotPromised, Reason
from senim.gate.records import REASONS, Decision, Happened, Question, Ruling
from senim.gate.rules import COLLECTION, decide, rule
from senim.identity import Actor, ActorKind, SubjectId, is_id
from senim.policy import Policies
from senim.policy.actions import purpose_of
from senim.policy.promises import Promises
from senim.subjects import Scopes, Standing, Subjects
from senim.times import micros, moment, stamp
from senim.work import Facts, Work, Works, mould_of

_MOST_RULINGS = 2_000
_MOST_MOULDS = 100
_ROLE_CODES = (Code.ROLE_NOT_ALLOWED, Code.HUMAN_READ_FORBIDDEN)
ALLOWED, REFUSED = "check.allowed", "check.refused"


@dataclass(slots=True)
class _Ruled:
    """A ruling, the facts of its question for the log, and the entries of allowed ones by who asks."""

    ruling: Ruling
    told: dict[str, object]
    moulds: dict[tuple[str, bool], Mould] = field(default_factory=dict)


@dataclass(slots=True)
class _Rulings:
    """Rulings of one version: the half of each decision that is the same for everybody."""

    promises: Promises
    known: dict[tuple[object, ...], _Ruled]


class Gate:
    """The one place that says whether something may be done with a person's data."""

    def __init__(self, works: Works, policies: Policies, subjects: Subjects) -> None:
        self._works = works
        self._policies = policies
        self._subjects = subjects
        self._rulings: _Rulings | None = None

    def _ruled(self, promises: Promises, actor: Actor, question: Question) -> _Ruled:
        """What policy, law and role say to a question, whoever the person is; known from the last time it was asked."""
        rulings = self._rulings
        if rulings is None or rulings.promises is not promises or len(rulings.known) > _MOST_RULINGS:
            rulings = self._rulings = _Rulings(promises, {})
        operation, purpose, _, categories, recipient, country, channel, reason = question
        key = (actor.role, actor.kind, operation, purpose, categories, recipient, country, channel, reason != "")
        ruled = rulings.known.get(key)
        if ruled is None:
            ruled = rulings.known[key] = _Ruled(rule(promises, actor, question), _recorded(question, promises))
        return ruled

    def check(self, actor: Actor, question: Question) -> Decision:
        """May it be done? The answer is in the log: a refusal before it is told, an allowance within a second.

        Raises NotAllowed if the actor may not ask, Invalid if the subject's id is none.
        """
        if "check" not in actor.may:
            self._works.run(actor, lambda work: work.need("check"))
        now = self._works.clock.now()
        promises = self._policies.in_force(now)
        ruled = self._ruled(promises, actor, question)
        subject = question.subject
        standing: Standing | None = None
        if subject:
            if not is_id(subject):
                raise Invalid(Code.INVALID_VALUE, "subject")
            standing = self._subjects.standing(self._works.database, SubjectId(subject))
            if standing is None:
                unknown = (promises.reason(Code.NOT_FOUND, "subject"),)
                return self._refused(actor, {**ruled.told, "subject": subject}, unknown)
        at = micros(now)
        reasons = decide(promises, ruled.ruling, standing, at)
        if actor.kind is ActorKind.PERSON:
            reasons = (*_strangers(promises, actor, question), *reasons)
        if reasons:
            return self._refused(actor, _facts(ruled, question), reasons)
        entry = self._works.record_later(self._mould(ruled, actor, question), subject, at)
        return Decision(True, ruled.ruling.grounds, entry)

    @staticmethod
    def _mould(ruled: _Ruled, actor: Actor, question: Question) -> Mould:
        """What the entry of an allowed question is cast in; known from the last one, unless it names a document."""
        key = actor.label, question.subject != ""
        mould = None if question.reason else ruled.moulds.get(key)
        if mould is None:
            mould = mould_of(actor, ALLOWED, Outcome.ALLOWED, _facts(ruled, question))
            if not question.reason and len(ruled.moulds) < _MOST_MOULDS:
                ruled.moulds[key] = mould
        return mould

    def _refused(self, actor: Actor, facts: Facts, reasons: tuple[Reason, ...]) -> Decision:
        codes = tuple(dict.fromkeys(str(reason.code) for reason in reasons))
        entry = self._works.run(
            actor, lambda work: work.record(REFUSED, {**facts, "codes": codes}, outcome=Outcome.REFUSED)
        )
        return Decision(False, reasons, entry)

    def reasons(
        self, work: Work, question: Question, standing: Standing | None, agreed: Scopes | None = None
    ) -> tuple[Reason, ...]:
        """All reasons to refuse, as a part of the act under way; none means allowed."""
        promises, actor = self._policies.in_force(work.now), work.actor
        ruling = self._ruled(promises, actor, question).ruling
        return (*_strangers(promises, actor, question), *decide(promises, ruling, standing, work.at, agreed))

    def require(self, work: Work, question: Question, standing: Standing | None) -> None:
        """Raise unless it may be done: NotAllowed if only the role is lacking, NotPromised otherwise."""
        reasons = self.reasons(work, question, standing)
        if reasons:
            kind = NotAllowed if all(reason.code in _ROLE_CODES for reason in reasons) else NotPromised
            raise kind.because(*reasons)

    def require_of_nobody(self, work: Work, question: Question) -> None:
        """Raise as :meth:`require` does, of data that is nobody's: policy, law and role alone decide.

        Whether people chose it was asked where it came in, for nothing leads back to them (tickets-8).
        """
        promises = self._policies.in_force(work.now)
        reasons = self._ruled(promises, work.actor, question).ruling.reasons
        if reasons:
            kind = NotAllowed if all(reason.code in _ROLE_CODES for reason in reasons) else NotPromised
            raise kind.because(*reasons)

    def counts_collection(self, promises: Promises) -> bool:
        """Whether some term of the policy depends on when a person's data was last taken in."""
        return any(
            purpose.basis != "consent" and term is not None and (term.until or term.after == COLLECTION)
            for name, purpose in promises.policy.purposes.items()
            for term in [promises.term(name)]
        )

    def block(self, work: Work, standing: Standing, *, reason: str) -> str:
        """Block a person's data: it binds the very next decision (travel-43, shop-20). The entry's id."""
        self._begin(work, standing, "subject.blocked", reason)
        self._subjects.block(work, standing, reason)
        return work.record("subject.blocked", subject=standing.subject, reason=reason)

    def unblock(self, work: Work, standing: Standing, *, reason: str) -> str:
        """Lift a block. Raises NotFound if there is none."""
        self._begin(work, standing, "subject.unblocked", reason)
        if standing.marks.block is None:
            raise NotFound(Code.NOT_FOUND, "block")
        self._subjects.unblock(work, standing)
        return work.record("subject.unblocked", subject=standing.subject, reason=reason)

    def stop(self, work: Work, standing: Standing, purpose: str, *, reason: str) -> str:
        """Stop one purpose, or all with an empty name (travel-44)."""
        self._begin(work, standing, "subject.stopped", reason, purpose)
        self._subjects.stop(work, standing, purpose)
        return work.record("subject.stopped", subject=standing.subject, purpose=purpose or None, reason=reason)

    def resume(self, work: Work, standing: Standing, purpose: str, *, reason: str) -> str:
        """Lift a stop. Raises NotFound if there is none."""
        self._begin(work, standing, "subject.resumed", reason)
        if purpose not in standing.marks.stops:
            raise NotFound(Code.NOT_FOUND, "stop")
        self._subjects.resume(work, standing, purpose)
        return work.record("subject.resumed", subject=standing.subject, purpose=purpose or None, reason=reason)

    def happened(self, work: Work, standing: Standing, event: str, at: int) -> str:
        """Note an event that ends or starts terms (``trip-ended``). Raises NotPromised if no term knows it."""
        promises = self._begin(work, standing, "subject.event", "", verb="event")
        terms = [promises.term(name) for name in promises.policy.purposes]
        if not any(term and event in (term.until, term.after) for term in terms):
            raise NotPromised.because(promises.reason(Code.PURPOSE_UNDECLARED, event))
        if not micros(EARLIEST) <= at <= work.at:
            raise Invalid(Code.INVALID_VALUE, "at")
        self._subjects.happened(work, standing, event, at)
        told = {} if at == work.at else {"record": msgspec.Raw(msgspec.json.encode(Happened(at=stamp(moment(at)))))}
        return work.record("subject.event", told, subject=standing.subject, reason=event)

    def _begin(
        self, work: Work, standing: Standing, act: str, reason: str, purpose: str = "", *, verb: str = "block"
    ) -> Promises:
        promises = self._policies.in_force(work.now)
        facts = promises.told(subject=standing.subject, purpose=purpose)
        work.attempt(act, facts, reason=reason if reason in REASONS else None)
        work.need(verb)
        if reason and reason not in REASONS:
            raise Invalid(Code.INVALID_VALUE, "reason", detail=", ".join(REASONS))
        if purpose:
            purpose_of(promises, purpose)
        return promises


def _recorded(question: Question, promises: Promises) -> dict[str, object]:
    """The facts of a question as its entry holds them, the person apart."""
    return promises.told(
        operation=question.operation,
        purpose=question.purpose,
        categories=question.categories,
        recipient=question.recipient,
        channel=question.channel,
        country=question.country,
    )


def _strangers(promises: Promises, actor: Actor, question: Question) -> tuple[Reason, ...]:
    """People act for themselves alone, whatever is asked."""
    if actor.kind is ActorKind.PERSON and question.subject != actor.id:
        return (promises.reason(Code.ROLE_NOT_ALLOWED, actor.role),)
    return ()


def _facts(ruled: _Ruled, question: Question) -> dict[str, object]:
    """The facts of a question with the person, and with the document that an authority asks by."""
    if not question.subject:
        return ruled.told
    document = {"reason": question.reason} if is_id(question.reason) else {}
    return {**ruled.told, "subject": question.subject, **document}
