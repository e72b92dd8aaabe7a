"""Take in, correct, show what is asked and why."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import BinaryIO

from senim.collection.reception import Parts, Reception, refuse, strangers
from senim.collection.records import Intake, Taken
from senim.collection.rules import look, undeclared, unwanted
from senim.collection.scanning import texts_of_file
from senim.consent import Consents
from senim.errors import Code, Invalid
from senim.gate import Gate, Question
from senim.languages import Language
from senim.policy import Policies
from senim.policy.notices import Notice
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
        self._parts = Parts(policies, subjects, consents, gate, vault, documents)

    def notice(self, work: Work, point: str, language: Language) -> Notice:
        """What a person is told at a point before anything is asked. Raises NotPromised (point_undeclared)."""
        promises = self._parts.policies.in_force(work.now)
        for notice in self._parts.policies.notices(promises).values():
            if notice.point == point and notice.language == language:
                return notice
        raise undeclared(promises, point)

    def intake(self, work: Work, intake: Intake) -> Taken:
        """Take in one person's data with the consents given at the same time: all of it, or none.

        Raises Invalid with every reason at once (category_undeclared, field_not_needed, card_number, …), or
        NotPromised and NotAllowed of the gate, or NotFound for an unknown or erased person.
        """
        return self.reception(work, intake).take(intake.values)

    def reception(self, work: Work, intake: Intake, *, signed: bool = True) -> Reception:
        """Takes in people, one after the other in one act, who come as ``intake`` does, each with its own values.

        With ``signed`` false nobody waits for receipts of what they agree to (an import), and none are made:
        :meth:`Consents.prove` makes them whenever they are asked for.
        """
        return Reception(self._parts, work, intake, signed=signed)

    def correct(self, work: Work, standing: Standing, purpose: str, *, values: Mapping[str, object]) -> tuple[str, ...]:
        """Correct or complete values of a person (94-V 13); the fields changed. Raises as :meth:`intake` does."""
        promises = self._parts.policies.in_force(work.now)
        told = promises.told(subject=standing.subject, operation="clarify", purpose=purpose, categories=values)
        work.attempt("data.corrected", told)
        work.need("correct")
        looked = look(promises, values, None, work.now)
        refuse([*looked.reasons, *strangers(self._parts.vault, work, promises, standing, looked)])
        question = Question(Operation.CLARIFY, purpose, standing.subject, tuple(looked.values))
        self._parts.gate.require(work, question, standing)
        source = next(name for name, one in promises.policy.sources.items() if one.kind == "subject")
        kept = {name: Kept(value, source, work.at) for name, value in looked.values.items()}
        self._parts.vault.put(work, standing, kept)
        work.record("data.corrected", told, count=len(kept))
        return tuple(sorted(kept))

    def receive(
        self, work: Work, standing: Standing, reference: str, *, media: str, content: BinaryIO, purpose: str
    ) -> Document:
        """Take in a file: sealed, of a declared type, without card numbers in what of it can be read (tickets-9)."""
        parts = self._parts
        promises = parts.policies.in_force(work.now)
        told = promises.told(subject=standing.subject, operation="collect", purpose=purpose, categories=(reference,))
        work.attempt("document.stored", told)
        parts.documents.admit(work, standing, reference, media=media, purpose=purpose)
        whole = content.read(_MOST_SCANNED + 1)
        if len(whole) > _MOST_SCANNED:
            raise Invalid(Code.BODY_TOO_LARGE, reference)
        for text in texts_of_file(whole, media):
            refuse(unwanted(promises, reference, FieldType.TEXT, text))
        return parts.documents.put(work, standing, reference, media=media, content=io.BytesIO(whole), purpose=purpose)
