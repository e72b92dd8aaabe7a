"""Give, withdraw, prove."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

import msgspec
from msgspec import structs

from senim.audit.actions import Log
from senim.audit.records import Entry, Outcome
from senim.audit.statements import StatementSigner
from senim.consent.receipts import KIND, receipt
from senim.consent.records import Affected, Event, Evidence, Given, Ready, Said, Scope, State
from senim.consent.rules import (
    agreed_at,
    check_asked,
    check_closed,
    check_notice,
    check_scope,
    closed,
    end_of,
    is_proven,
    papers_of,
    takes_effect,
    until_micros,
    without,
)
from senim.errors import Code, NotFound, Tampered
from senim.identity import SubjectId
from senim.policy import Policies
from senim.policy.notices import StoredNotice
from senim.policy.promises import Promises
from senim.storage import Database
from senim.subjects import Agreed, Standing, Subjects
from senim.times import micros, moment, stamp
from senim.work import Facts, Work

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Said).decode
KeptFile = Callable[[Database, SubjectId, str], bool]
"""Tells whether a file is kept of a person."""

GIVEN, WITHDRAWN = "consent.given", "consent.withdrawn"


class Consents:
    """What people agreed to."""

    def __init__(
        self, policies: Policies, subjects: Subjects, log: Log, signer: StatementSigner, *, kept_file: KeptFile
    ) -> None:
        self._policies = policies
        self._kept_file = kept_file
        self._subjects = subjects
        self._log = log
        self._signer = signer

    def give(self, work: Work, standing: Standing, scope: Scope, *, evidence: Evidence, signed: bool = True) -> Given:
        """Record a consent; its signed receipt. What cannot be proven is kept, but opens nothing at the gate.

        With ``signed`` false the receipt is left to :meth:`prove`, which makes the same one whenever it is asked for.

        Raises NotPromised (…_undeclared, notice_outdated), Invalid (notice_missing, invalid_value), NotAllowed, and
        NotFound (document_unknown) for a document that is kept neither of the person nor of the representative.
        """
        return self.keep(work, standing, self.ready(work, standing, scope, evidence=evidence), signed=signed)

    def ready(self, work: Work, standing: Standing, scope: Scope, *, evidence: Evidence) -> Ready:
        """A consent looked at and ready to be kept, of this person and of all who give the same in the same act.

        Raises as :meth:`give` does.
        """
        promises, told = self._begin(work, standing, scope, GIVEN)
        check_scope(promises, scope)
        check_closed(evidence)
        unknown = next(self._unknown_papers(work, standing, evidence), None)
        if unknown:
            raise NotFound.because(promises.reason(Code.DOCUMENT_UNKNOWN, unknown))
        current = self._policies.notices(promises)
        shown, kept = current.get(evidence.notice), None
        if shown is not None:
            self._policies.freeze(work, shown)
        elif evidence.notice:
            kept = self._kept(evidence.notice)
        notice = shown or kept
        check_notice(promises, evidence, current, notice is not None)
        at = agreed_at(evidence, work.now)
        agreed_to = promises if shown is not None else self._agreed_to(work, kept, at)
        if notice is not None:
            check_asked(agreed_to, notice.point, scope)
        end = end_of(promises, scope.purpose, at)
        agreed = Agreed(
            given=True,
            proven=is_proven(evidence, notice is not None),
            version=agreed_to.version,
            at=micros(at),
            until=until_micros(end),
            event="",
        )
        return _ready(work, agreed_to, scope, agreed, evidence, at=at, told=told)

    def _agreed_to(self, work: Work, kept: StoredNotice | None, at: datetime) -> Promises:
        """The version that a person agreed to: that of the earlier notice shown, or the one in force at the time.

        A notice may have been published first with a version that was not in force yet, or never was.
        """
        bound = [one for one in self._policies.timeline() if one.effective <= work.now]
        if kept is not None and any(one.number == kept.since_version for one in bound):
            number = kept.since_version
        else:
            number = next((one.number for one in reversed(bound) if one.effective <= at), bound[0].number)
        return self._policies.promises(number, work.now.date())

    def withdraw(self, work: Work, standing: Standing, scope: Scope, *, evidence: Evidence) -> list[Given]:
        """Withdraw a consent. Withdrawing from a purpose withdraws from all that hangs on it; it binds at once.

        A withdrawal is never refused for its form, nor because the policy no longer knows the purpose. Raises
        NotPromised (…_undeclared) for what is neither declared nor was ever said by this person.
        """
        promises, _ = self._begin(work, standing, scope, WITHDRAWN)
        if not _said_before(standing, scope):
            check_scope(promises, scope)
        hanging = [one.scope for one in states_of(standing) if one.agreed.given and _within(one.scope, scope)]
        ended = [scope, *(one for one in hanging if one != scope)]
        return self._end(work, standing, promises, ended, evidence)

    def withdraw_all(self, work: Work, standing: Standing, *, evidence: Evidence) -> list[Given]:
        """Withdraw every consent that is given."""
        work.attempt(WITHDRAWN, subject=standing.subject)
        work.need("consent")
        promises = self._policies.in_force(work.now)
        given = [one.scope for one in states_of(standing) if one.agreed.given]
        return self._end(work, standing, promises, given, evidence)

    def _begin(self, work: Work, standing: Standing, scope: Scope, act: str) -> tuple[Promises, dict[str, object]]:
        promises = self._policies.in_force(work.now)
        told = _told(promises, scope)
        work.attempt(act, told, subject=standing.subject)
        work.need("consent")
        return promises, told

    def _end(
        self, work: Work, standing: Standing, promises: Promises, scopes: list[Scope], evidence: Evidence
    ) -> list[Given]:
        """End these consents. A no without an earlier yes is kept too, so that nobody asks the data for a yes."""
        done: list[Given] = []
        evidence = closed(evidence, work.now)
        evidence = without(evidence, *self._unknown_papers(work, standing, evidence))
        at = agreed_at(evidence, work.now)
        agreed = Agreed(given=False, proven=True, version=promises.version, at=work.at, until=0, event="")
        for scope in scopes:
            ready = _ready(work, promises, scope, agreed, evidence, at=at, told=_told(promises, scope))
            done.append(self.keep(work, standing, ready))
            standing = done[-1].standing
        return done

    def _unknown_papers(self, work: Work, standing: Standing, evidence: Evidence) -> Iterator[str]:
        """Where evidence names a document that is kept neither of the person nor of the representative."""
        for where, document, holders in papers_of(evidence, standing.subject):
            if not any(self._kept_file(work.database, SubjectId(one), document) for one in holders):
                yield where

    def _kept(self, digest: str) -> StoredNotice | None:
        try:
            return self._policies.notice_shown(digest)
        except NotFound:
            return None

    def keep(self, work: Work, standing: Standing, ready: Ready, *, signed: bool = True) -> Given:
        """Record what is ready as said by one person."""
        scope, event_id = ready.said.scope, work.cast(ready.entry, standing.subject)
        agreed = structs.replace(ready.agreed, event=event_id)
        event = Event(id=event_id, subject=standing.subject, actor=work.actor.label, said=ready.said)
        after = standing
        if takes_effect(standing.marks.agreed.get(scope.purpose, {}), scope.key, agreed):
            after = self._subjects.agree(work, standing, scope.purpose, scope.key, agreed)
        return Given(event=event, receipt=self._sign(ready.promises, event) if signed else "", standing=after)

    def _sign(self, promises: Promises, event: Event) -> str:
        return self._signer.sign(KIND, receipt(promises, event))

    def of(self, database: Database, subject: SubjectId) -> list[State]:
        """What a person agreed to or withdrew, as it holds now. Raises NotFound."""
        return states_of(self._subjects.find(database, subject))

    def look(
        self, work: Work, subject: SubjectId, after: int = 0, most: int = 100
    ) -> tuple[list[State], list[Event], int | None]:
        """What holds now, and a page of :meth:`history`, for who may read; in the log. Raises NotFound."""
        work.need("read")
        standing = self._subjects.find(work.database, subject)
        work.record("consent.read", subject=standing.subject)
        return (states_of(standing), *self.history(standing.subject, after, most))

    def history(self, subject: SubjectId, after: int = 0, most: int = 100) -> tuple[list[Event], int | None]:
        """Givings and withdrawals of a person from log entry ``after`` on, and where the next page begins."""
        events: list[Event] = []
        # Looked at first: an entry that is sealed meanwhile is found twice, and not missed.
        waiting = [event_of(one) for one in self._log.entries_waiting(subject) if is_said(one)]
        while page := self._log.entries_about(subject, after, most):
            told = [(index, entry) for index, entry in page if is_said(entry)][: most - len(events)]
            events += [event_of(entry) for _, entry in told]
            if len(events) == most:
                return events, told[-1][0] + 1
            after = page[-1][0] + 1
        sealed = {event.id for event in events}
        return events + [event for event in waiting if event.id not in sealed], None

    def newest(self, subject: SubjectId, before: int = 0, most: int = 20) -> tuple[list[Event], int]:
        """The newest givings and withdrawals of a person from before log entry ``before`` on, and where more begins."""
        entries, onwards = self._log.newest_about(subject, (GIVEN, WITHDRAWN), before=before, most=most)
        return [event_of(entry) for entry in entries], onwards

    def prove(self, work: Work, subject: SubjectId, event_id: str) -> tuple[Event, str, str]:
        """An event, its receipt and the text that was shown (94-V 25(2)(5)). Raises NotFound."""
        work.need("read")
        entry = self._log.entry_about(subject, event_id)
        if entry is None or not is_said(entry):
            raise NotFound(Code.NOT_FOUND, "consent")
        event = event_of(entry)
        promises = self._policies.promises(event.said.version, work.now.date())
        notice = self._kept(event.said.evidence.notice)
        return event, self._sign(promises, event), notice.content if notice is not None else ""

    def people(self, database: Database, purpose: str, version: int) -> int:
        """How many people's consent to a purpose is given, under a version up to ``version``. Looks at everybody."""
        return sum(
            any(one.given and one.version <= version for one in standing.marks.agreed.get(purpose, {}).values())
            for standing in self._subjects.everybody(database)
        )

    def affected(self, database: Database, purposes: Collection[str], version: int, *, most: int) -> Affected:
        """How many people's consent to purposes is given, under a version up to ``version``, among ``most`` people.

        People are spread over the lanes by chance, and the first lanes are looked at: with more people it is a sample.
        """
        counts, looked = dict.fromkeys(purposes, 0), 0
        for standing in self._subjects.everybody(database):
            if looked == most:
                return Affected(counts=counts, looked=looked, whole=False)
            looked += 1
            for purpose in purposes:
                given = standing.marks.agreed.get(purpose, {}).values()
                counts[purpose] += any(one.given and one.version <= version for one in given)
        return Affected(counts=counts, looked=looked, whole=True)


def _told(promises: Promises, scope: Scope) -> dict[str, object]:
    """The facts of an entry about a scope, the person apart."""
    return promises.told(
        purpose=scope.purpose,
        categories=(scope.category,) if scope.category else (),
        recipient=scope.recipient,
        channel=scope.channel,
        country=scope.country,
    )


def _ready(
    work: Work, promises: Promises, scope: Scope, agreed: Agreed, evidence: Evidence, *, at: datetime, told: Facts
) -> Ready:
    said = Said(
        scope=scope,
        given=agreed.given,
        proven=agreed.proven,
        version=agreed.version,
        at=stamp(at),
        until=stamp(moment(agreed.until)) if agreed.until else "",
        evidence=evidence,
    )
    act, record = GIVEN if agreed.given else WITHDRAWN, msgspec.Raw(_encode(said))
    return Ready(promises=promises, said=said, agreed=agreed, entry=work.mould(act, told, record=record))


def states_of(standing: Standing) -> list[State]:
    """What a person agreed to or withdrew, as it holds now."""
    return [
        State(scope=Scope.of(purpose, key), agreed=agreed)
        for purpose, scopes in standing.marks.agreed.items()
        for key, agreed in scopes.items()
    ]


def is_said(entry: Entry) -> bool:
    """Whether an entry tells of a giving or withdrawal that was done."""
    return entry.act in (GIVEN, WITHDRAWN) and entry.outcome is Outcome.DONE


def event_of(entry: Entry) -> Event:
    """The giving or withdrawal in an entry. Raises Tampered (log_broken) if it holds none."""
    try:
        said = _decode(entry.record if isinstance(entry.record, msgspec.Raw) else b"")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Tampered(Code.LOG_BROKEN, "entry") from error
    return Event(id=entry.id, subject=entry.subject or "", actor=entry.actor, said=said)


def _said_before(standing: Standing, scope: Scope) -> bool:
    """Whether the person once spoke of the scope, or of a part of the purpose that is withdrawn as a whole."""
    said = standing.marks.agreed.get(scope.purpose, {})
    return bool(said) if not scope.key else scope.key in said


def _within(given: Scope, withdrawn: Scope) -> bool:
    """Whether withdrawing ``withdrawn`` ends ``given``: the same, or a part of it or of the purpose."""
    if given.purpose != withdrawn.purpose:
        return False
    whole = Scope(purpose=withdrawn.purpose)
    return withdrawn in (whole, given.whole, given)
