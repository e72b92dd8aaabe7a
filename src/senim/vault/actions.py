"""Enrol, put, read, find, erase. Every read asks the gate first, and names its purpose."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from senim.audit.statements import StatementSigner
from senim.errors import Code, Held, Invalid, NotFound, Reason
from senim.gate import Gate, Question
from senim.identity import SubjectId
from senim.policy import Policies
from senim.policy.promises import Kinds
from senim.policy.records import Field
from senim.policy.taxonomy import FieldType, Operation
from senim.policy.values import identifier_kind, normalise
from senim.storage import Database
from senim.subjects import Standing, Subjects
from senim.times import moment, stamp
from senim.vault import keystore, store
from senim.vault.persons import PersonKeys
from senim.vault.records import ERASE_REASONS, Erasure, Kept, Told
from senim.vault.rules import check_blocked, handed_to, masked, sight_of
from senim.vault.sealing import BlindIndex, bound_to, seal, unseal
from senim.vault.store import Mark, SealedValue
from senim.work import Work

PROOF = "erasure-proof+jws"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Kept]).decode
_NONE: dict[str, str] = {}


class Asked(Protocol):
    """What people asked for: it may hold back the destruction of their data, and part of it ends with the data."""

    def check_destroyable(self, work: Work, standing: Standing, reason: str) -> None:
        """Raise Held (claim_open) while something is asked that the data is needed for."""

    def destroyed(self, work: Work, standing: Standing) -> None:
        """The data goes with this very act."""


class Nothing:
    """Nobody asked for anything."""

    def check_destroyable(self, work: Work, standing: Standing, reason: str) -> None:
        """It may go."""

    def destroyed(self, work: Work, standing: Standing) -> None:
        """Nothing ends with it."""


class Vault:
    """Sealed values of people."""

    def __init__(
        self,
        *,
        policies: Policies,
        subjects: Subjects,
        gate: Gate,
        persons: PersonKeys,
        index: BlindIndex,
        signer: StatementSigner,
    ) -> None:
        self._policies = policies
        self._subjects = subjects
        self._gate = gate
        self._persons = persons
        self._index = index
        self._signer = signer
        self.asked: Asked = Nothing()
        """Who is asked before data is destroyed, and told of it."""

    def enrol(self, work: Work) -> Standing:
        """A new person with a key of its own."""
        standing = self._subjects.register(work)
        self._persons.create(work, standing.subject)
        return standing

    def put(self, work: Work, standing: Standing, values: dict[str, Kept], *, new: bool = False) -> None:
        """Seal values (``category.field`` → value) beside those that are there. Asks nobody: callers have.

        ``standing`` is the person's as this act leaves it. ``new`` says that the act is enrolling the person, so
        that nothing can be there yet.
        """
        key = self._persons.open(work, standing.subject)
        grouped: dict[str, dict[str, Kept]] = {}
        for reference, kept in values.items():
            category, _, field = reference.partition(".")
            grouped.setdefault(category, {})[field] = kept
        kinds = self._policies.in_force(work.now).kinds
        if new:
            sealed = [self._sealed(key, standing.subject, name, some, 1, kinds) for name, some in grouped.items()]
            store.add_values(work.unit, standing.subject, sealed)
            return
        there = {one.category: one for one in store.values_of(work.database, standing.subject)}
        after = dict(there)
        for category, changed in grouped.items():
            old = there.get(category)
            merged = {**(self._unsealed(key, standing.subject, old) if old else {}), **changed}
            version = old.version + 1 if old else 1
            after[category] = self._sealed(key, standing.subject, category, merged, version, kinds)
            store.put_value(work, standing.subject, after[category], old)
        store.move_marks(work.unit, standing.subject, _all_marks(there), _all_marks(after))
        self._subjects.touch(work, standing)

    def _sealed(
        self, key: AESGCM, subject: SubjectId, category: str, values: dict[str, Kept], version: int, kinds: Kinds
    ) -> SealedValue:
        marks = [
            (kind, self._index.digest(kind, values[name].value))
            for name, kind in kinds.get(category, _NONE).items()
            if name in values
        ]
        bound = bound_to(bytes.fromhex(subject), category, version)
        return SealedValue(category, version, tuple(marks), seal(key, _encode(values), bound))

    @staticmethod
    def _unsealed(key: AESGCM, subject: SubjectId, value: SealedValue) -> dict[str, Kept]:
        return _decode(unseal(key, value.sealed, bound_to(bytes.fromhex(subject), value.category, value.version)))

    def read(self, work: Work, standing: Standing, purpose: str, *, categories: tuple[str, ...] = ()) -> Told:
        """Values that the purpose needs, for this actor's eyes; in the log before they are told.

        Raises NotPromised or NotAllowed with all reasons of the gate.
        """
        promises = self._policies.in_force(work.now)
        told = promises.told(subject=standing.subject, operation="extract", purpose=purpose, categories=categories)
        work.attempt("data.read", told)
        work.need("read")
        question = Question(Operation.EXTRACT, purpose, standing.subject, categories)
        self._gate.require(work, question, standing)
        sight = sight_of(promises, work.actor.kind, work.actor.role, purpose, categories)
        values = self._open(work, standing, sight.opened)
        shown = {reference: kept for reference, kept in values.items() if reference in sight.wanted}
        hidden = tuple(reference for reference in shown if reference not in sight.clear)
        for reference in hidden:
            kept = shown[reference]
            shown[reference] = Kept(
                masked(kept.value, promises.fields[reference].type), kept.source, kept.at, kept.status
            )
        told["categories"] = tuple(sorted({reference.partition(".")[0] for reference in shown}))
        work.record("data.read", told, count=len(shown))
        return Told(subject=standing.subject, values=shown, masked=hidden, withheld=sight.withheld)

    def _open(self, work: Work, standing: Standing, categories: frozenset[str]) -> dict[str, Kept]:
        """Values of the categories; what the actor may not see is not among them, and not even unsealed."""
        opened: dict[str, Kept] = {}
        key: AESGCM | None = None
        for sealed in store.values_of(work.database, standing.subject):
            if sealed.category in categories:
                key = key or self._persons.open(work, standing.subject)
                for name, kept in self._unsealed(key, standing.subject, sealed).items():
                    opened[f"{sealed.category}.{name}"] = kept
        return opened

    def pass_on(self, work: Work, standing: Standing, question: Question) -> dict[str, Kept]:
        """Values for a recipient, of what the question names or the recipient is entrusted with; others go to nobody.

        What whoever hands them over may not see at all is not among them. Raises NotPromised or NotAllowed with all
        reasons of the gate. Whoever calls records the handing-over.
        """
        self._gate.require(work, question, standing)
        promises = self._policies.in_force(work.now)
        wanted = handed_to(promises, work.actor, question)
        opened = self._open(work, standing, frozenset(one.partition(".")[0] for one in wanted))
        return {reference: kept for reference, kept in opened.items() if reference in wanted}

    def foresee(self, work: Work, standing: Standing, question: Question) -> tuple[tuple[Reason, ...], frozenset[str]]:
        """What :meth:`pass_on` would come to: all reasons against it, and the fields that would pass.

        Nothing is opened, and nothing is recorded: fields are those of categories of which something is kept.
        """
        promises = self._policies.in_force(work.now)
        reasons = self._gate.reasons(work, question, standing)
        if question.purpose not in promises.needed or question.recipient not in promises.policy.recipients:
            return reasons, frozenset()
        held = self.held(work, standing)
        return reasons, frozenset(
            one for one in handed_to(promises, work.actor, question) if one.partition(".")[0] in held
        )

    def everything(
        self, work: Work, standing: Standing, *, categories: frozenset[str] | None = None
    ) -> dict[str, Kept]:
        """All values of a person, or those of some categories, for what the person has a right to.

        Asks nobody: whoever calls has seen who asks, and records what is done with them.
        """
        kept = frozenset(self.held(work, standing))
        return self._open(work, standing, kept if categories is None else kept & categories)

    def held(self, work: Work, standing: Standing) -> dict[str, int]:
        """How many categories are kept of a person, by name, without opening any."""
        return {one.category: one.version for one in store.values_of(work.database, standing.subject)}

    def owner_of(self, work: Work, reference: str, value: str, *, most: int = 10) -> list[SubjectId]:
        """People who have a normalised value in an identifying field; for checks, tells nobody."""
        field = self._policies.in_force(work.now).fields[reference]
        kind = identifier_kind(reference, field)
        return store.ends(work.database, (kind, self._index.digest(kind, value)), most) if kind else []

    def owners(self, work: Work, kind: str, value: str, *, most: int = 10) -> list[SubjectId]:
        """Whom an identifier belongs to here, in whatever way it is written; for checks, tells nobody.

        If there are more than ``most``, the oldest and the newest half: a heap that somebody made hides neither.
        Raises Invalid (invalid_value) if it cannot be one.
        """
        fields = self._policies.in_force(work.now).fields
        reference = next((name for name, spec in fields.items() if identifier_kind(name, spec) == kind), "")
        wanted = normalise(value, fields.get(reference) or Field(type=FieldType(kind)))
        return self.owner_of(work, reference, wanted, most=most) if reference else []

    def find(self, work: Work, kind: str, value: object) -> SubjectId:
        """The person with an e-mail, telephone, IIN or declared identifier, in whatever way it is written.

        Raises NotFound if there is nobody; Held (several_found) with the ids in ``detail`` if there are several.
        """
        promises = self._policies.in_force(work.now)
        work.attempt("subject.found", policy=promises.version)
        work.need("find")
        field = promises.fields.get(kind) or Field(type=_kind_type(kind))
        known = identifier_kind(kind, field)
        if known is None:
            raise Invalid(Code.INVALID_VALUE, "kind")
        found = store.found(work.database, (known, self._index.digest(known, normalise(value, field))))
        if not found:
            raise NotFound(Code.NOT_FOUND, "subject")
        if len(found) > 1:
            raise Held(Code.SEVERAL_FOUND, "subject", detail=" ".join(found))
        work.record("subject.found", subject=found[0], policy=promises.version)
        return found[0]

    def erase(self, work: Work, standing: Standing, *, reason: str) -> Erasure:
        """Destroy a person's key, values, index and files; the signed proof of it. It cannot be undone.

        The key goes first and the ledger of erasures with it: whoever is cut off here is erased all the same,
        and :meth:`settle` removes the rest. While a person is blocked only the responsible person may decide on it;
        for others it raises NotPromised (subject_blocked). An open claim of the person holds it: Held (claim_open).
        """
        work.attempt("subject.erased", subject=standing.subject, reason=reason if reason in ERASE_REASONS else None)
        work.need("erase")
        if reason not in ERASE_REASONS:
            raise Invalid(Code.INVALID_VALUE, "reason", detail=", ".join(ERASE_REASONS))
        # 94-V 25(2)(8): a block stops it too
        check_blocked(self._policies.in_force(work.now), work.actor, standing.marks.block)
        self.asked.check_destroyable(work, standing, reason)
        keystore.destroy_key(work.unit, keystore.Erased(standing.subject, work.at, reason))
        erasure = self._destroy(work, standing, reason)
        self.asked.destroyed(work, standing)
        return erasure

    def _destroy(self, work: Work, standing: Standing, reason: str) -> Erasure:
        sealed = store.values_of(work.database, standing.subject)
        files = store.documents_of(work.database, standing.subject)
        marks = [mark for one in sealed for mark in one.marks]
        store.destroy(work.unit, standing.subject, marks)
        self._subjects.erased(work, standing)
        version = self._policies.in_force(work.now).version
        entry = work.record(
            "subject.erased", subject=standing.subject, reason=reason, count=len(sealed), policy=version
        )
        erasure = Erasure(
            subject=standing.subject,
            at=work.at,
            values=len(sealed),
            documents=len(files),
            identifiers=len(marks),
            entry=entry,
            proof="",
        )
        return replace(erasure, proof=self._prove(erasure, reason, version))

    def _prove(self, erasure: Erasure, reason: str, version: int) -> str:
        return self._signer.sign(
            PROOF,
            {
                "subject": erasure.subject,
                "erased_at": stamp(moment(erasure.at)),
                "reason": reason,
                "destroyed": {
                    "key": True,
                    "categories": erasure.values,
                    "documents": erasure.documents,
                    "identifiers": erasure.identifiers,
                },
                "policy_version": version,
                "log_entry": erasure.entry,
            },
        )

    def settle(self, database: Database, work: Work) -> int:
        """Finish one erasure that was cut off after its key was destroyed; how many are left to look at."""
        keys = database.keys
        left = keystore.unsettled_erasures(keys) if keys else []
        done = []
        for erased in left:
            try:
                standing = self._subjects.find(database, erased.subject)
            except NotFound:  # a restored database may never have known this person
                done.append(erased.subject)
                continue
            if standing.erased:
                done.append(erased.subject)
                continue
            self._subjects.watch(work.unit, standing)  # the erasure may be under way in another thread or process
            self._destroy(work, standing, erased.reason)
            break
        if keys and done:
            keystore.settle(keys, done)
        return len(left) - len(done)


def _all_marks(values: dict[str, SealedValue]) -> set[Mark]:
    return {mark for value in values.values() for mark in value.marks}


def _kind_type(kind: str) -> FieldType:
    try:
        return FieldType(kind)
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE, "kind") from error
