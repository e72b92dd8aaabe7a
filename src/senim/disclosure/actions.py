"""Hand over, and tell to whom was handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from senim.audit.actions import Log
from senim.audit.records import Entry, Outcome
from senim.disclosure.records import MOST, Foreseen, Handed, HandedOver, Handing, Line, Listing
from senim.disclosure.rules import MOST_NUMBER, is_number
from senim.errors import Code, Invalid, Reason, SenimError
from senim.gate import Question
from senim.identity import SubjectId, is_id, new_id
from senim.policy import Policies
from senim.policy.taxonomy import Operation
from senim.subjects import Subjects
from senim.vault import Kept, Vault
from senim.work import Work

ACT = "data.disclosed"
_PAGE = 500
LOOKED, LINES = 10_000, 50
"""Entries that a page of the register looks through at most, and lines that it has."""


class Disclosures:
    """Handings-over of data and their register, which is the log itself (94-V 22(1)(5))."""

    def __init__(self, policies: Policies, subjects: Subjects, vault: Vault, log: Log) -> None:
        self._policies = policies
        self._subjects = subjects
        self._vault = vault
        self._log = log

    def make(self, work: Work, subjects: Sequence[SubjectId], handing: Handing) -> Handed:
        """Hand people's data to a recipient; durable in the log before the values are told.

        Each person is decided on alone: who may not be handed over is named in ``refused``, with all reasons, and
        the others go. A person named alone is refused as a whole.

        Raises NotPromised or NotAllowed with the gate's reasons, Invalid (invalid_value) for a list that is empty,
        too long or names somebody twice and for a ``reason`` that is no number of a document, NotFound.
        """
        work.attempt(ACT, self._told(work, handing))
        work.need("disclose")
        if handing.reason and not is_number(handing.reason):
            raise Invalid(Code.INVALID_VALUE, "reason", detail=f"a document's number, up to {MOST_NUMBER} characters")
        if not 0 < len(subjects) <= MOST or len(set(subjects)) != len(subjects):
            raise Invalid(Code.INVALID_VALUE, "subjects", detail=f"1 to {MOST} people, each once")
        disclosure = new_id()
        values: dict[SubjectId, dict[str, Kept]] = {}
        refused: dict[SubjectId, tuple[Reason, ...]] = {}
        if len(subjects) == 1:
            values[subjects[0]] = self._one(work, subjects[0], handing, disclosure)
            return Handed(disclosure=disclosure, values=values, refused=refused)
        for subject in subjects:
            try:
                with work.part():
                    values[subject] = self._one(work, subject, handing, disclosure)
            except SenimError as refusal:
                refused[subject] = tuple(refusal.reasons)
        return Handed(disclosure=disclosure, values=values, refused=refused)

    def _one(self, work: Work, subject: SubjectId, handing: Handing, disclosure: str) -> dict[str, Kept]:
        told = {**self._told(work, handing), "subject": subject if is_id(subject) else None}
        work.attempt(ACT, told)
        standing = self._subjects.about(work, subject)
        values = self._vault.pass_on(work, standing, _question(subject, handing))
        told["categories"] = tuple(sorted(values))
        if not handing.country:  # where it went is part of the register, also when nobody had to name it
            told["country"] = self._country(work, handing.recipient)
        work.record(ACT, told, ref=disclosure, count=len(values))
        return values

    def foresee(self, work: Work, subject: SubjectId, handing: Handing) -> Foreseen:
        """What a handing-over would come to if it were made now, for who may make it; nothing leaves.

        Raises NotAllowed (role_not_allowed), NotFound.
        """
        work.need("disclose")
        standing = self._subjects.find(work.database, subject)
        reasons, fields = self._vault.foresee(work, standing, _question(subject, handing))
        return Foreseen(reasons=reasons, fields=tuple(sorted(fields)))

    def _country(self, work: Work, recipient: str) -> str | None:
        promises = self._policies.in_force(work.now)
        countries = promises.policy.recipients[recipient].countries or promises.law.pack.borders.home
        return countries[0] if countries else None

    def _told(self, work: Work, handing: Handing) -> dict[str, object]:
        told = self._policies.in_force(work.now).told(
            operation=Operation.TRANSFER.value,
            purpose=handing.purpose,
            categories=handing.categories,
            recipient=handing.recipient,
            channel=handing.channel,
            country=handing.country,
        )
        return {**told, "reason": handing.reason} if is_number(handing.reason) else told

    def newest(self, subject: SubjectId, before: int = 0, most: int = 20) -> tuple[list[HandedOver], int]:
        """The newest handings-over of a person's data from before log entry ``before`` on, and where more begins."""
        entries, onwards = self._log.newest_about(subject, (ACT,), before=before, most=most)
        return [_line(entry) for entry in entries], onwards

    def listed(self, work: Work, *, recipients: frozenset[str] = frozenset(), before: int = -1) -> Listing:
        """A page of the register of all handings-over, to some recipients or to all, for who may read the log.

        It looks back from entry ``before`` (from the end if that is negative) through at most ``LOOKED`` entries, so
        that a page costs the same in a long log; what is not sealed yet, for a second, is not in it.
        """
        work.need("log")
        lines: dict[str, Line] = {}
        at, following = "", 0
        for index, entry in self._log.back(self._log.size if before < 0 else before, LOOKED):
            at, following = entry.at, index
            if not _is_one(entry) or (recipients and entry.recipient not in recipients):
                continue
            known = lines.get(entry.ref or "")
            if known is None and len(lines) == LINES:
                following = index + 1
                break
            lines[entry.ref or ""] = counted(entry, known)
        return Listing(lines=tuple(lines.values()), before=following, back_to=at)

    def since(self, at: int) -> int:
        """The number of the log's first entry from a time on: where a page that ends before it begins."""
        return self._log.number_at(at)

    def look(self, work: Work, subject: SubjectId) -> list[HandedOver]:
        """Every handing-over of a person's data, for who may read; in the log. Raises NotFound."""
        return self.of(self._sought(work, subject))

    def look_back(self, work: Work, subject: SubjectId, before: int = 0) -> tuple[list[HandedOver], int]:
        """A page of them as :meth:`newest` tells it, for who may read; in the log. Raises NotFound."""
        return self.newest(self._sought(work, subject), before)

    def _sought(self, work: Work, subject: SubjectId) -> SubjectId:
        work.need("read")
        standing = self._subjects.find(work.database, subject)
        work.record("disclosures.read", subject=standing.subject)
        return standing.subject

    def of(self, subject: SubjectId) -> list[HandedOver]:
        """Every handing-over of a person's data, the oldest first, those of this moment included (travel-34)."""
        # Looked at first: an entry that is sealed meanwhile is found twice, and not missed.
        waiting = [_line(entry) for entry in self._log.entries_waiting(subject) if _is_one(entry)]
        found: list[HandedOver] = []
        after = 0
        while page := self._log.entries_about(subject, after, _PAGE):
            found += [_line(entry) for _, entry in page if _is_one(entry)]
            after = page[-1][0] + 1
        sealed = {one.entry for one in found}
        return found + [one for one in waiting if one.entry not in sealed]


def _question(subject: SubjectId, handing: Handing) -> Question:
    """What the gate is asked about one person."""
    return Question(
        Operation.TRANSFER,
        handing.purpose,
        subject,
        handing.categories,
        handing.recipient,
        handing.country,
        handing.channel,
        handing.reason,
    )


def counted(entry: Entry, known: Line | None) -> Line:
    """The line of a handing-over with one person more in it."""
    if known is not None:
        return replace(known, people=known.people + 1)
    return Line(
        disclosure=entry.ref or "",
        at=entry.at,
        recipient=entry.recipient or "",
        purpose=entry.purpose or "",
        categories=entry.categories,
        country=entry.country or "",
        document=entry.reason or "",
        people=1,
    )


def _is_one(entry: Entry) -> bool:
    return entry.act == ACT and entry.outcome is Outcome.DONE


def _line(entry: Entry) -> HandedOver:
    return HandedOver(
        disclosure=entry.ref or "",
        entry=entry.id,
        at=entry.at,
        recipient=entry.recipient or "",
        purpose=entry.purpose or "",
        categories=entry.categories,
        country=entry.country or "",
        channel=entry.channel or "",
        document=entry.reason or "",
        policy=entry.policy or 0,
    )
