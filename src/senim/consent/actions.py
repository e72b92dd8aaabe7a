"""Give, withdraw, prove."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import msgspec

from senim.audit.statements import StatementSigner
from senim.consent import store
from senim.consent.receipts import KIND, receipt
from senim.consent.records import Event, Evidence, Given, Scope, State
from senim.consent.rules import agreed_at, check_notice, check_scope, end_of, is_proven, until_micros
from senim.errors import Code, NotFound
from senim.identity import SubjectId, is_id, new_id
from senim.policy import Policies
from senim.policy.promises import Promises
from senim.storage import Database, Query
from senim.storage.statements import Row
from senim.subjects import Standing
from senim.times import micros, stamp
from senim.work import Work

_encode = msgspec.json.Encoder().encode


class Consents:
    """What people agreed to."""

    def __init__(self, policies: Policies, signer: StatementSigner) -> None:
        self._policies = policies
        self._signer = signer

    def give(self, work: Work, standing: Standing, scope: Scope, *, evidence: Evidence) -> Given:
        """Record a consent; its signed receipt. What cannot be proven is kept, but opens nothing at the gate.

        Raises NotPromised (…_undeclared, notice_outdated), Invalid (notice_missing, invalid_value), NotAllowed.
        """
        promises = self._begin(work, standing, scope, "consent.given")
        check_scope(promises, scope)
        current = self._policies.notices(promises)
        known = evidence.notice in current or (bool(evidence.notice) and self._kept(evidence.notice))
        check_notice(promises, evidence, current, known)
        at = agreed_at(evidence, work.now)
        end = end_of(promises, scope.purpose, at)
        state = State(
            scope=scope,
            given=True,
            proven=is_proven(evidence, known),
            version=promises.version,
            at=micros(at),
            until=until_micros(end),
            event=new_id(),
        )
        return self._keep(work, standing, promises, state, evidence, until=stamp(end) if end else "")

    def withdraw(self, work: Work, standing: Standing, scope: Scope, *, evidence: Evidence) -> list[Given]:
        """Withdraw a consent. Withdrawing from a purpose withdraws from all that hangs on it; it binds at once.

        A withdrawal is never refused for its form, nor because the policy no longer knows the purpose.
        """
        promises = self._begin(work, standing, scope, "consent.withdrawn")
        states = store.of_subject(work.database, standing.subject)
        ended = [state for state in states if state.given and _within(state.scope, scope)]
        kept = [state for state in ended if state.scope == scope] or [_refusal(scope, promises.version)]
        return [
            self._end(work, standing, promises, state, evidence)
            for state in [*kept, *(state for state in ended if state.scope != scope)]
        ]

    def withdraw_all(self, work: Work, standing: Standing, *, evidence: Evidence) -> list[Given]:
        """Withdraw every consent that is given."""
        work.need("consent")
        work.attempt("consent.withdrawn", subject=standing.subject)
        promises = self._policies.in_force(work.now)
        given = [state for state in store.of_subject(work.database, standing.subject) if state.given]
        return [self._end(work, standing, promises, state, evidence) for state in given]

    def _begin(self, work: Work, standing: Standing, scope: Scope, act: str) -> Promises:
        promises = self._policies.in_force(work.now)
        work.attempt(act, _facts(promises, standing, scope))
        work.need("consent")
        return promises

    def _end(self, work: Work, standing: Standing, promises: Promises, state: State, evidence: Evidence) -> Given:
        ended = replace(state, given=False, proven=True, at=work.at, until=0, event=new_id())
        return self._keep(work, standing, promises, ended, evidence)

    def _kept(self, digest: str) -> bool:
        try:
            self._policies.notice_shown(digest)
        except NotFound:
            return False
        return True

    def _keep(
        self, work: Work, standing: Standing, promises: Promises, state: State, evidence: Evidence, until: str = ""
    ) -> Given:
        entry = new_id()
        event = Event(
            id=state.event,
            subject=standing.subject,
            scope=state.scope,
            given=state.given,
            at=evidence.at or stamp(work.now),
            version=state.version,
            proven=state.proven,
            actor=work.actor.label,
            entry=entry,
            until=until,
            evidence=evidence,
        )
        body = _encode(event)
        store.add(work, standing.subject, body, event.id, state)
        work.record(
            "consent.given" if event.given else "consent.withdrawn",
            _facts(promises, standing, state.scope),
            entry_id=entry,
            ref=event.id,
            digest=hashlib.sha256(body).hexdigest(),
        )
        return Given(event=event, receipt=self._sign(promises, event), state=state)

    def _sign(self, promises: Promises, event: Event) -> str:
        return self._signer.sign(KIND, receipt(promises, event))

    def of(self, database: Database, subject: SubjectId) -> list[State]:
        """What a person agreed to or withdrew, as it holds now."""
        return store.of_subject(database, subject)

    def asked(self, subject: SubjectId, purpose: str) -> tuple[Query, Row]:
        """The query for what holds for one purpose, for who fetches several facts in one trip."""
        return store.FOR_PURPOSE, (*store.place(subject), purpose)

    def answered(self, rows: list[Row]) -> dict[tuple[str, str, str], State]:
        """The states in the rows of that query, by recipient, channel and country."""
        return store.scoped(rows)

    def history(self, database: Database, subject: SubjectId, after: str = "", most: int = 100) -> list[Event]:
        """Every giving and withdrawal of a person, oldest first, after one."""
        return store.history(database, subject, after or "00" * 16, most)

    def prove(self, work: Work, subject: SubjectId, event_id: str) -> tuple[Event, str, str]:
        """An event, its receipt as it was signed, and the text that was shown (94-V 25(2)(5)). Raises NotFound."""
        work.need("read")
        event = store.event(work.database, subject, event_id) if is_id(event_id) else None
        if event is None:
            raise NotFound(Code.NOT_FOUND, "consent")
        promises = self._policies.promises(event.version, work.now.date())
        notice = event.evidence.notice
        shown = self._policies.notice_shown(notice).content if notice and self._kept(notice) else ""
        return event, self._sign(promises, event), shown

    def people(self, database: Database, purpose: str, version: int) -> int:
        """How many people's consent to a purpose holds and was given under a version up to ``version``."""
        return store.people(database, purpose, version)

    def forget(self, work: Work, standing: Standing) -> None:
        """Remove what holds for a person who is being erased. The events stay: proof, about nobody."""
        store.forget_states(work, standing.subject)


def _facts(promises: Promises, standing: Standing, scope: Scope) -> dict[str, object]:
    return promises.told(
        subject=standing.subject,
        purpose=scope.purpose,
        recipient=scope.recipient,
        channel=scope.channel,
        country=scope.country,
    )


def _within(given: Scope, withdrawn: Scope) -> bool:
    """Whether withdrawing ``withdrawn`` ends ``given``: the same scope, or a part of the purpose as a whole."""
    if given.purpose != withdrawn.purpose:
        return False
    whole = Scope(purpose=withdrawn.purpose)
    return withdrawn in (whole, given)


def _refusal(scope: Scope, version: int) -> State:
    """A person who says no without ever having said yes: kept too, so that nobody asks the data for a yes."""
    return State(scope=scope, given=False, proven=True, version=version, at=0, until=0, event="")
