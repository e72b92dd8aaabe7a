"""Ask the gate; block, stop, and note what ends a term."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from senim.audit.records import Outcome
from senim.consent import Consents
from senim.consent.records import State
from senim.errors import Code, Invalid, NotAllowed, NotFound, NotPromised, Reason
from senim.gate.records import REASONS, SCOPE, Decision, Facts, Question, Ruling
from senim.gate.rules import COLLECTION, decide, rule
from senim.identity import Actor, SubjectId, is_id
from senim.policy import Policies
from senim.policy.promises import Promises
from senim.subjects import Standing, Subjects
from senim.times import micros
from senim.work import Work, Works

_MOST_RULINGS = 20_000
_ROLE_CODES = (Code.ROLE_NOT_ALLOWED, Code.HUMAN_READ_FORBIDDEN)
ALLOWED, REFUSED = "check.allowed", "check.refused"


@dataclass(slots=True)
class _Rulings:
    """Rulings of one version: the half of each decision that is the same for everybody."""

    promises: Promises
    known: dict[tuple[object, ...], Ruling]


class Gate:
    """The one place that says whether something may be done with a person's data."""

    def __init__(self, works: Works, policies: Policies, subjects: Subjects, consents: Consents) -> None:
        self._works = works
        self._policies = policies
        self._subjects = subjects
        self._consents = consents
        self._rulings: _Rulings | None = None

    def ruling(self, promises: Promises, actor: Actor, question: Question) -> Ruling:
        """What policy, law and role say to a question, whoever the person is."""
        rulings = self._rulings
        if rulings is None or rulings.promises is not promises or len(rulings.known) > _MOST_RULINGS:
            rulings = self._rulings = _Rulings(promises, {})
        operation, purpose, _, *rest = question
        key = (actor.role, actor.kind, operation, purpose, *rest[:-1], bool(rest[-1]))
        ruling = rulings.known.get(key)
        if ruling is None:
            ruling = rulings.known[key] = rule(promises, actor, question)
        return ruling

    def facts(self, subject: SubjectId, purpose: str) -> Facts | None:
        """What is known about a person for a purpose, in one trip; None if there never was such a person."""
        database = self._works.database
        standing_rows, consent_rows = database.read_all(
            self._subjects.asked(subject), self._consents.asked(subject, purpose)
        )
        standing = self._subjects.answered(subject, standing_rows)
        return Facts(standing, self._consents.answered(consent_rows)) if standing else None

    def check(self, actor: Actor, question: Question) -> Decision:
        """May it be done? The answer is in the log: a refusal before it is told, an allowance within a second.

        Raises NotAllowed if the actor may not ask, Invalid if the subject's id is none.
        """
        if "check" not in actor.may:
            raise NotAllowed(Code.ROLE_NOT_ALLOWED, f"{actor.role}: check")
        now = self._works.clock.now()
        promises = self._policies.in_force(now)
        ruling = self.ruling(promises, actor, question)
        facts = None
        if question.subject:
            if not is_id(question.subject):
                raise Invalid(Code.INVALID_VALUE, "subject")
            facts = self.facts(SubjectId(question.subject), question.purpose)
            if facts is None:
                reasons: tuple[Reason, ...] = (promises.reason(Code.NOT_FOUND, "subject"),)
                return self._refused(actor, question, promises, reasons)
        reasons = decide(promises, ruling, facts, micros(now))
        if reasons:
            return self._refused(actor, question, promises, reasons)
        entry = self._works.record_later(actor, ALLOWED, Outcome.ALLOWED, _recorded(question, promises))
        return Decision(True, ruling.grounds, entry)

    def _refused(self, actor: Actor, question: Question, promises: Promises, reasons: tuple[Reason, ...]) -> Decision:
        facts = _recorded(question, promises)
        facts["codes"] = tuple(dict.fromkeys(str(reason.code) for reason in reasons))
        entry = self._works.run(actor, lambda work: work.record(REFUSED, facts, outcome=Outcome.REFUSED))
        return Decision(False, reasons, entry)

    def reasons(
        self, work: Work, question: Question, standing: Standing | None, consents: Mapping[SCOPE, State] | None = None
    ) -> tuple[Reason, ...]:
        """All reasons to refuse, as a part of the act under way; none means allowed.

        ``consents`` are those of the person to the purpose, when the act itself is just giving them.
        """
        promises = self._policies.in_force(work.now)
        ruling = self.ruling(promises, work.actor, question)
        if standing is None:
            return decide(promises, ruling, None, work.at)
        if consents is None:
            query, place = self._consents.asked(standing.subject, question.purpose)
            consents = self._consents.answered(work.read(query, *place))
        return decide(promises, ruling, Facts(standing, consents), work.at)

    def require(self, work: Work, question: Question, standing: Standing | None) -> None:
        """Raise unless it may be done: NotAllowed if only the role is lacking, NotPromised otherwise."""
        reasons = self.reasons(work, question, standing)
        if reasons:
            kind = NotAllowed if all(reason.code in _ROLE_CODES for reason in reasons) else NotPromised
            raise kind(reasons[0].code, reasons[0].where, reasons=reasons)

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
            raise NotPromised(Code.PURPOSE_UNDECLARED, event, reasons=[promises.reason(Code.PURPOSE_UNDECLARED, event)])
        if at > work.at:
            raise Invalid(Code.INVALID_VALUE, "at")
        self._subjects.happened(work, standing, event, at)
        return work.record("subject.event", subject=standing.subject, reason=event)

    def _begin(
        self, work: Work, standing: Standing, act: str, reason: str, purpose: str = "", *, verb: str = "block"
    ) -> Promises:
        promises = self._policies.in_force(work.now)
        facts = promises.told(subject=standing.subject, purpose=purpose)
        work.attempt(act, facts, reason=reason if reason in REASONS else None)
        work.need(verb)
        if reason and reason not in REASONS:
            raise Invalid(Code.INVALID_VALUE, "reason", detail=", ".join(REASONS))
        if purpose and purpose not in promises.policy.purposes:
            lacking = promises.reason(Code.PURPOSE_UNDECLARED, purpose)
            raise NotPromised(Code.PURPOSE_UNDECLARED, purpose, reasons=[lacking])
        return promises


def _recorded(question: Question, promises: Promises) -> dict[str, object]:
    """The facts of a question as its entry holds them."""
    facts = promises.told(
        subject=question.subject,
        operation=question.operation,
        purpose=question.purpose,
        categories=question.categories,
        recipient=question.recipient,
        channel=question.channel,
        country=question.country,
    )
    if is_id(question.reason):
        facts["reason"] = question.reason
    return facts
