"""Takes people in. What is the same for all who come in one way (point, notice, source, consents) is looked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from senim.audit.records import Mould
from senim.collection import attested_store
from senim.collection.records import Attestation, ConsentGiven, Intake, OnBehalf, SourceGiven, Spoken, Taken
from senim.collection.rules import (
    Looked,
    channel_of,
    check_way,
    look,
    look_at_place,
    missing,
    unagreed,
    undeclared,
    unserved,
)
from senim.consent import Consents, Evidence, Scope
from senim.consent.records import Ready, Representative
from senim.errors import Code, Invalid, NotFound, Reason, SenimError
from senim.gate import Gate, Question
from senim.gate.rules import COLLECTION
from senim.identity import SubjectId, is_id
from senim.policy import Policies
from senim.policy.promises import Promises
from senim.policy.records import Point
from senim.policy.taxonomy import FieldType, Operation
from senim.subjects import Standing, Subjects
from senim.vault import Documents, Kept, Vault
from senim.work import Facts, Work


@dataclass(frozen=True, slots=True)
class Parts:
    """What taking in needs of the other features."""

    policies: Policies
    subjects: Subjects
    consents: Consents
    gate: Gate
    vault: Vault
    documents: Documents


@dataclass(frozen=True, slots=True)
class _Way:
    """How people come in, looked at: where their values come from, how they agree, and what is wrong with it."""

    point: Point
    source: str
    place: str
    evidence: Evidence
    reasons: tuple[Reason, ...]
    unagreed: tuple[Reason, ...]


class Reception:
    """Takes in people who come in the same way, one after the other, in one act."""

    def __init__(self, parts: Parts, work: Work, intake: Intake, *, signed: bool) -> None:
        self._parts = parts
        self._work = work
        self._intake = intake
        self._signed = signed
        self._promises = parts.policies.in_force(work.now)
        self._tried = self._attempt()
        self._looked: _Way | None = None
        self._ready: dict[int, Ready] = {}
        self._served: dict[tuple[str, ...], tuple[Reason, ...]] = {}
        self._stored: dict[tuple[str, ...], tuple[Mould, tuple[str, ...]]] = {}

    def take(self, values: Mapping[str, Any]) -> Taken:
        """Take in one person. Raises what :meth:`Collection.intake` raises."""
        try:
            return self._take(values)
        except SenimError:
            self._ready.clear()  # the notice that was to be kept with it is thrown away with this person's rows
            raise

    def _take(self, values: Mapping[str, Any]) -> Taken:
        work, intake, promises = self._work, self._intake, self._promises
        work.attempted = self._tried
        work.need("intake")
        way = self._looked = self._looked or self._way()
        given = values
        if None in values.values():
            given = {name: value for name, value in values.items() if value is not None}
        looked = look(promises, given, way.point.asks, work.now)
        standing = self._parts.subjects.about(work, SubjectId(intake.subject)) if intake.subject else None
        lacking = () if standing else (*missing(promises, intake.point, values), *way.unagreed)
        others = strangers(self._parts.vault, work, promises, standing, looked, intake)
        refuse([*way.reasons, *lacking, *looked.reasons, *others])
        enrolled = standing or self._parts.vault.enrol(work)
        if intake.on_behalf_of:
            self._attest(enrolled, intake.on_behalf_of)
        if intake.document:
            self._check_document("document", intake.document, enrolled.subject, *self._speakers())
        receipts, agreed = self._agree(enrolled, way.evidence)
        work.attempted = self._tried
        refuse(self._unserved(agreed, tuple(looked.values), new=standing is None))
        kept = {name: Kept(value, way.source, work.at, "stated", way.place) for name, value in looked.values.items()}
        if kept:
            self._parts.vault.put(work, agreed, kept, new=standing is None)
        counted = standing is not None and self._parts.gate.counts_collection(promises)
        if counted:
            self._parts.subjects.happened(work, agreed, COLLECTION, work.at)
        mould, stored = self._entry(tuple(kept), counted=counted)
        entry = work.cast(mould, enrolled.subject)
        return Taken(subject=enrolled.subject, stored=stored, receipts=tuple(receipts), entry=entry)

    def _attempt(self) -> tuple[str, Facts]:
        """What is being tried, as a refusal records it."""
        point = self._intake.point if self._intake.point in self._promises.policy.points else None
        told = self._promises.told(subject=self._intake.subject, operation="collect")
        return "data.collected", {**told, "point": point}

    def _entry(self, fields: tuple[str, ...], *, counted: bool) -> tuple[Mould, tuple[str, ...]]:
        """The entry of taking in these fields, of whomever, and the fields in order."""
        known = self._stored.get(fields)
        if known is None:
            told = self._promises.told(operation="collect", categories=fields)
            reason = COLLECTION if counted else None
            more = {"point": self._intake.point, "count": len(fields), "reason": reason}
            mould = self._work.mould("data.collected", told, **more)
            known = self._stored[fields] = mould, tuple(sorted(fields))
        return known

    def _unserved(self, standing: Standing, fields: tuple[str, ...], *, new: bool) -> tuple[Reason, ...]:
        """Why fields may not come in. Who is new here said the same as all who are: what holds of one holds of all."""
        known = self._served.get(fields) if new else None
        if known is None:
            # Whatever the gate says first, as it always was: what is wrong with how people agreed comes after it.
            known = tuple(self._not_served(standing, fields)) or tuple(self._unwritten(fields))
            if new:
                self._served[fields] = known
        return known

    def _way(self) -> _Way:
        promises, intake = self._promises, self._intake
        point = promises.policy.points.get(intake.point)
        if point is None:
            raise undeclared(promises, intake.point)
        reasons = check_way(promises, intake, self._parts.policies.notices(promises))
        lacking = tuple(unagreed(promises, intake))
        return _Way(point, *self._source(point), self._evidence(point), tuple(reasons), lacking)

    def _source(self, point: Point) -> tuple[str, str]:
        """Where the values come from: every value keeps it (travel-6)."""
        promises, given = self._promises, self._intake.source
        named = given if isinstance(given, SourceGiven) else SourceGiven(id=given)
        chosen = named.id or point.source
        if not chosen:
            chosen = next(name for name, one in promises.policy.sources.items() if one.kind == "subject")
        source = promises.policy.sources.get(chosen)
        if source is None:
            raise Invalid.because(promises.reason(Code.SOURCE_UNDECLARED, "source"))
        if (source.kind == "public") != bool(named.place):
            raise Invalid(Code.INVALID_VALUE, "source.place")
        if named.place:
            refuse(look_at_place(promises, named.place))
        return chosen, named.place

    def _evidence(self, point: Point) -> Evidence:
        intake, behalf = self._intake, self._intake.on_behalf_of
        representative = (
            Representative(authority=behalf.authority, subject=behalf.by, document=behalf.document) if behalf else None
        )
        return Evidence(
            notice=intake.notice,
            language=intake.language,
            surface=intake.surface,
            act=intake.act,
            channel=channel_of(point, intake),
            document=intake.document,
            archive=intake.archive,
            read_to_caller=intake.read_to_caller,
            representative=representative,
        )

    def _speakers(self) -> tuple[str, ...]:
        return (self._intake.on_behalf_of.by,) if self._intake.on_behalf_of else ()

    def _check_document(self, where: str, document: str, *holders: str) -> None:
        """Raise NotFound (document_unknown) unless a document is kept of one of these people."""
        kept, database = self._parts.documents.kept, self._work.database
        if not any(kept(database, SubjectId(one), document) for one in holders):
            raise NotFound.because(self._promises.reason(Code.DOCUMENT_UNKNOWN, where))

    def _attest(self, standing: Standing, behalf: OnBehalf) -> None:
        """Keep who spoke for the person. The speaker must be known here; a document must be theirs."""
        work, parts = self._work, self._parts
        if not is_id(behalf.by) or behalf.by == standing.subject:
            raise Invalid(Code.ATTESTATION_MISSING, "on_behalf_of.by")
        speaker = parts.subjects.about(work, SubjectId(behalf.by))
        if behalf.document:
            self._check_document("on_behalf_of.document", behalf.document, speaker.subject)
        attestation = Attestation(
            by=behalf.by,
            authority=behalf.authority,
            notice=self._intake.notice,
            language=self._intake.language,
            document=behalf.document,
        )
        record = msgspec.Raw(msgspec.json.encode(attestation))
        work.record("subject.attested", subject=standing.subject, reason=behalf.authority, record=record)
        spoken = Spoken(speaker=speaker.subject, subject=standing.subject, authority=behalf.authority, at=work.at)
        attested_store.put(work, spoken)

    def _agree(self, standing: Standing, evidence: Evidence) -> tuple[list[str], Standing]:
        """Record the choices made here: their receipts, and where the person stands after them."""
        work, consents = self._work, self._parts.consents
        receipts: list[str] = []
        for number, one in enumerate(self._intake.consents):
            if one.given:
                ready = self._ready.get(number)
                if ready is None:
                    ready = self._ready[number] = consents.ready(work, standing, _scope(one), evidence=evidence)
                made = [consents.keep(work, standing, ready, signed=self._signed)]
            else:
                made = consents.withdraw(work, standing, _scope(one), evidence=evidence)
            receipts += [given.receipt for given in made if self._signed]
            standing = made[-1].standing
        return receipts, standing

    def _not_served(self, standing: Standing, fields: tuple[str, ...]) -> list[Reason]:
        """Ask the gate, purpose by purpose, whether it may collect; fields that none of those needs are refused."""
        promises = self._promises
        allowed, refused = [], {}
        for purpose, needed in promises.needed.items():
            if needed.isdisjoint(fields):
                continue
            question = Question(Operation.COLLECT, purpose, standing.subject)
            reasons = self._parts.gate.reasons(self._work, question, standing)
            if reasons:
                refused[purpose] = reasons
            elif needed.issuperset(fields):
                return []
            else:
                allowed.append(purpose)
        return unserved(promises, fields, allowed, refused)

    def _unwritten(self, fields: tuple[str, ...]) -> list[Reason]:
        """Special categories come in with a written consent only: a signature or a signed document (foundation-12)."""
        if self._intake.act == "signature" or self._intake.document or self._intake.archive:
            return []
        promises = self._promises
        special = {name for name, one in promises.policy.categories.items() if one.special}
        found = (name for name in fields if name.partition(".")[0] in special) if special else ()
        return [promises.reason(Code.SPECIAL_CATEGORY, name) for name in found]


def _scope(one: ConsentGiven) -> Scope:
    return Scope(purpose=one.purpose, recipient=one.recipient, channel=one.channel, country=one.country)


def strangers(
    vault: Vault,
    work: Work,
    promises: Promises,
    standing: Standing | None,
    looked: Looked,
    intake: Intake | None = None,
) -> list[Reason]:
    """Other people's data: an IIN that is somebody else's, in its own field or in free text (tickets-20).

    Without ``intake`` the values are corrected, and nobody speaks for another.
    """
    if standing is None and not looked.strangers:
        return []
    about = (f"points.{intake.point}",) if intake else ()
    fields = [name for name, field in promises.fields.items() if field.type is FieldType.IIN]
    own = {looked.values[name] for name in fields if name in looked.values}
    reasons = []
    for reference, iin in looked.strangers:
        if iin in own:
            continue
        mine = standing and any(standing.subject in vault.owner_of(work, name, iin) for name in fields)
        if not mine:
            code = Code.ATTESTATION_MISSING if fields else Code.CATEGORY_UNDECLARED
            reasons.append(promises.reason(code, reference, *about))
    if standing is not None and not (intake and intake.on_behalf_of):
        for name in fields:
            owners = vault.owner_of(work, name, looked.values[name]) if name in looked.values else []
            if owners and standing.subject not in owners:
                reasons.append(promises.reason(Code.ATTESTATION_MISSING, name, *about))
    return reasons


def refuse(reasons: list[Reason] | tuple[Reason, ...]) -> None:
    """Raise Invalid with all reasons, if there are any."""
    if reasons:
        raise Invalid.because(*reasons)
