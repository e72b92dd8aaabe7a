"""Take in, correct, show what is asked and why."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import BinaryIO

import msgspec

from senim.collection.records import Attestation, Intake, OnBehalf, SourceGiven, Taken
from senim.collection.rules import channel_of, check_point, look, unserved
from senim.collection.scanning import has_card, special, texts_of_file
from senim.consent import Consents, Evidence, Scope
from senim.consent.records import Representative
from senim.errors import Code, Invalid, NotFound, NotPromised, Reason
from senim.gate import Gate, Question
from senim.gate.rules import COLLECTION
from senim.identity import SubjectId, is_id
from senim.languages import Language
from senim.policy import Policies
from senim.policy.notices import Notice
from senim.policy.promises import Promises
from senim.policy.taxonomy import FieldType, Operation
from senim.subjects import Standing, Subjects
from senim.vault import Document, Documents, Kept, Vault
from senim.work import Work

_MOST_SCANNED = 20 * 1024 * 1024


class Collection:
    """The way in. What is not declared, not needed or not agreed to does not come in."""

    def __init__(
        self,
        *,
        policies: Policies,
        subjects: Subjects,
        consents: Consents,
        gate: Gate,
        vault: Vault,
        documents: Documents,
    ) -> None:
        self._policies = policies
        self._subjects = subjects
        self._consents = consents
        self._gate = gate
        self._vault = vault
        self._documents = documents

    def notice(self, work: Work, point: str, language: Language) -> Notice:
        """What a person is told at a point before anything is asked. Raises NotPromised (point_undeclared)."""
        promises = self._policies.in_force(work.now)
        for notice in self._policies.notices(promises).values():
            if notice.point == point and notice.language == language:
                return notice
        raise NotPromised(Code.POINT_UNDECLARED, point[:64])

    def intake(self, work: Work, intake: Intake) -> Taken:
        """Take in one person's data with the consents given at the same time: all of it, or none.

        Raises Invalid with every reason at once (category_undeclared, field_not_needed, card_number, …), or
        NotPromised and NotAllowed of the gate, or NotFound for an unknown or erased person.
        """
        promises = self._policies.in_force(work.now)
        known = intake.point if intake.point in promises.policy.points else None
        work.attempt("data.collected", promises.told(subject=intake.subject, operation="collect"), point=known)
        work.need("intake")
        if intake.point not in promises.policy.points:
            reason = promises.reason(Code.POINT_UNDECLARED, intake.point[:64])
            raise NotPromised(Code.POINT_UNDECLARED, intake.point[:64], reasons=[reason])
        point = promises.policy.points[intake.point]
        reasons = check_point(promises, intake, self._policies.notices(promises))
        looked = look(promises, {name: value for name, value in intake.values.items() if value is not None}, point.asks)
        reasons += looked.reasons
        source, place = self._source(promises, intake)
        standing = self._subjects.about(work, SubjectId(intake.subject)) if intake.subject else None
        reasons += self._others(work, promises, standing, looked.values, looked.strangers, intake)
        _refuse(reasons)
        enrolled = standing or self._vault.enrol(work)
        if intake.on_behalf_of:
            self._attest(work, enrolled, intake, intake.on_behalf_of)
        receipts, agreed = self._agree(work, enrolled, promises, intake)
        _refuse(self._not_served(work, promises, agreed, looked.values))
        _refuse(_unwritten(promises, looked.values, intake))
        kept = {name: Kept(value, source, work.at, "stated", place) for name, value in looked.values.items()}
        if kept:
            self._vault.put(work, agreed, kept, new=standing is None)
        if standing is not None and self._gate.counts_collection(promises):
            self._subjects.happened(work, agreed, COLLECTION, work.at)
        told = promises.told(subject=enrolled.subject, operation="collect", categories=looked.values)
        entry = work.record("data.collected", told, point=intake.point, count=len(kept))
        return Taken(subject=enrolled.subject, stored=tuple(sorted(kept)), receipts=tuple(receipts), entry=entry)

    def _source(self, promises: Promises, intake: Intake) -> tuple[str, str]:
        """Where the values come from: every value keeps it (travel-6)."""
        given = intake.source
        named = given if isinstance(given, SourceGiven) else SourceGiven(id=given)
        chosen = named.id or promises.policy.points[intake.point].source
        if not chosen:
            chosen = next(name for name, one in promises.policy.sources.items() if one.kind == "subject")
        source = promises.policy.sources.get(chosen)
        if source is None:
            raise Invalid(Code.SOURCE_UNDECLARED, "source", reasons=[promises.reason(Code.SOURCE_UNDECLARED, "source")])
        if (source.kind == "public") != bool(named.place) or len(named.place) > 2000:
            raise Invalid(Code.INVALID_VALUE, "source.place")
        return chosen, named.place

    def _others(
        self,
        work: Work,
        promises: Promises,
        standing: Standing | None,
        values: Mapping[str, str],
        strangers: tuple[tuple[str, str], ...],
        intake: Intake,
    ) -> list[Reason]:
        """Other people's data: an IIN that is somebody else's, in its own field or in free text (tickets-20)."""
        fields = [name for name, field in promises.fields.items() if field.type is FieldType.IIN]
        own = {values[name] for name in fields if name in values}
        reasons = []
        for reference, iin in strangers:
            if iin in own:
                continue
            mine = standing and any(standing.subject in self._vault.owner_of(work, name, iin) for name in fields)
            if not mine:
                code = Code.ATTESTATION_MISSING if fields else Code.CATEGORY_UNDECLARED
                reasons.append(promises.reason(code, reference, f"points.{intake.point}"))
        if standing is not None and intake.on_behalf_of is None:
            for name in fields:
                owners = self._vault.owner_of(work, name, values[name]) if name in values else []
                if owners and standing.subject not in owners:
                    reasons.append(promises.reason(Code.ATTESTATION_MISSING, name, f"points.{intake.point}"))
        return reasons

    def _attest(self, work: Work, standing: Standing, intake: Intake, behalf: OnBehalf) -> None:
        """Keep who spoke for the person. The speaker must be known here; a document must be theirs."""
        if not is_id(behalf.by) or behalf.by == standing.subject:
            raise Invalid(Code.ATTESTATION_MISSING, "on_behalf_of.by")
        speaker = self._subjects.about(work, SubjectId(behalf.by))
        if behalf.document:
            documents = self._documents.of(work.database, work, speaker)
            if behalf.document not in {document.id for document in documents}:
                raise NotFound(Code.NOT_FOUND, "on_behalf_of.document")
        attestation = Attestation(
            by=behalf.by,
            authority=behalf.authority,
            notice=intake.notice,
            language=intake.language,
            document=behalf.document,
        )
        record = msgspec.Raw(msgspec.json.encode(attestation))
        work.record("subject.attested", subject=standing.subject, reason=behalf.authority, record=record)

    def _agree(self, work: Work, standing: Standing, promises: Promises, intake: Intake) -> tuple[list[str], Standing]:
        """Record the choices made here: their receipts, and where the person stands after them."""
        point = promises.policy.points[intake.point]
        behalf = intake.on_behalf_of
        representative = (
            Representative(authority=behalf.authority, subject=behalf.by, document=behalf.document) if behalf else None
        )
        evidence = Evidence(
            notice=intake.notice,
            language=intake.language,
            surface=intake.surface,
            act=intake.act,
            channel=channel_of(point, intake),
            document=intake.document,
            read_to_caller=intake.read_to_caller,
            representative=representative,
        )
        receipts: list[str] = []
        for one in intake.consents:
            scope = Scope(purpose=one.purpose, recipient=one.recipient, channel=one.channel, country=one.country)
            if one.given:
                made = [self._consents.give(work, standing, scope, evidence=evidence)]
            else:
                made = self._consents.withdraw(work, standing, scope, evidence=evidence)
            receipts += [given.receipt for given in made]
            standing = made[-1].standing
        return receipts, standing

    def _not_served(
        self, work: Work, promises: Promises, standing: Standing, values: Mapping[str, str]
    ) -> list[Reason]:
        """Ask the gate, purpose by purpose, whether it may collect; fields that none of those needs are refused."""
        allowed, refused = [], {}
        for purpose, needed in promises.needed.items():
            if needed.isdisjoint(values):
                continue
            question = Question(Operation.COLLECT, purpose, standing.subject)
            reasons = self._gate.reasons(work, question, standing)
            if reasons:
                refused[purpose] = reasons
            else:
                allowed.append(purpose)
        return unserved(promises, values, allowed, refused)

    def correct(self, work: Work, standing: Standing, purpose: str, *, values: Mapping[str, object]) -> tuple[str, ...]:
        """Correct or complete values of a person (94-V 13); the fields changed. Raises as :meth:`intake` does."""
        promises = self._policies.in_force(work.now)
        told = promises.told(subject=standing.subject, operation="clarify", purpose=purpose, categories=values)
        work.attempt("data.corrected", told)
        work.need("correct")
        looked = look(promises, values, None)
        _refuse(looked.reasons)
        question = Question(Operation.CLARIFY, purpose, standing.subject, tuple(looked.values))
        self._gate.require(work, question, standing)
        source = next(name for name, one in promises.policy.sources.items() if one.kind == "subject")
        kept = {name: Kept(value, source, work.at) for name, value in looked.values.items()}
        self._vault.put(work, standing, kept)
        work.record("data.corrected", told, count=len(kept))
        return tuple(sorted(kept))

    def receive(
        self, work: Work, standing: Standing, reference: str, *, media: str, content: BinaryIO, purpose: str
    ) -> Document:
        """Take in a file: sealed, of a declared type, without card numbers in what of it can be read (tickets-9)."""
        promises = self._policies.in_force(work.now)
        told = promises.told(subject=standing.subject, operation="collect", purpose=purpose, categories=(reference,))
        work.attempt("document.stored", told)
        whole = content.read(_MOST_SCANNED + 1)
        if len(whole) > _MOST_SCANNED:
            raise Invalid(Code.BODY_TOO_LARGE, reference)
        for text in texts_of_file(whole, media):
            if has_card(text):
                _refuse([promises.reason(Code.CARD_NUMBER, reference)])
            found = special(text)
            category = promises.category(reference)
            if found in promises.law.special and (category is None or category.special != found):
                _refuse([promises.reason(Code.SPECIAL_CATEGORY, reference)])
        return self._documents.put(work, standing, reference, media=media, content=io.BytesIO(whole), purpose=purpose)


def _refuse(reasons: list[Reason] | tuple[Reason, ...]) -> None:
    if reasons:
        raise Invalid(reasons[0].code, reasons[0].where, reasons=reasons)


def _unwritten(promises: Promises, values: Mapping[str, str], intake: Intake) -> list[Reason]:
    """Special categories come in with a written consent only: a signature or a signed document (foundation-12)."""
    if intake.act == "signature" or intake.document:
        return []
    found = (name for name in values if (category := promises.category(name)) and category.special)
    return [promises.reason(Code.SPECIAL_CATEGORY, name) for name in found]
