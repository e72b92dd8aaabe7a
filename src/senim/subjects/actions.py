"""Register people, look at where they stand, change what binds every decision."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from senim.errors import Code, NotFound, Tampered
from senim.identity import LANES, SubjectId, is_id, new_subject
from senim.storage import Database, Unit
from senim.subjects import rules, store
from senim.subjects.records import Agreed, Marks, Standing
from senim.work import Work


class Subjects:
    """The register of people. What changes a standing gives the new one back; one act writes it once."""

    def register(self, work: Work) -> Standing:
        """A new person."""
        standing = Standing(subject=new_subject(), epoch=0, created_at=work.at)
        store.write(work, standing)
        return standing

    def look(self, database: Database, subject: SubjectId) -> Standing | None:
        """Where a person stands, erased or not; None if there never was such a person."""
        return store.find(database, subject) if is_id(subject) else None

    def standing(self, database: Database, subject: SubjectId) -> Standing | None:
        """The same for a text that is known to be an id."""
        return store.find(database, subject)

    def find(self, database: Database, subject: SubjectId) -> Standing:
        """Where a person stands, erased or not. Raises NotFound if there never was such a person."""
        standing = self.look(database, subject)
        if standing is None:
            raise NotFound(Code.NOT_FOUND, "subject")
        return standing

    def about(self, work: Work, subject: SubjectId) -> Standing:
        """Where a living person stands; the act is committed only if that has not changed.

        Raises NotFound (not_found, subject_erased): who is erased cannot be written to or read again.
        """
        if work.attempted is None:
            work.attempt("subject.sought", subject=subject if is_id(subject) else None)
        standing = self.find(work.database, subject)
        if standing.erased:
            raise NotFound(Code.SUBJECT_ERASED, "subject")
        store.watch(work.unit, standing)
        return standing

    def watch(self, unit: Unit, standing: Standing) -> None:
        """Let a unit of rows stand only if nothing that binds the person has changed."""
        store.watch(unit, standing)

    def touch(self, work: Work, standing: Standing) -> None:
        """The person's values change with this act: whoever decides on them meanwhile decides anew."""
        store.write(work, standing)

    def agree(self, work: Work, standing: Standing, purpose: str, scope: str, agreed: Agreed) -> Standing:
        """What the person last said about a scope of a purpose."""
        return self._mark(work, standing, rules.agree(standing.marks, purpose, scope, agreed))

    def block(self, work: Work, standing: Standing, reason: str) -> Standing:
        """Let nobody but the responsible person look."""
        return self._mark(work, standing, rules.block(standing.marks, work.at, reason))

    def unblock(self, work: Work, standing: Standing) -> Standing:
        """Lift the block."""
        return self._mark(work, standing, rules.unblock(standing.marks))

    def stop(self, work: Work, standing: Standing, purpose: str) -> Standing:
        """Stop a purpose, or all with an empty name."""
        return self._mark(work, standing, rules.stop(standing.marks, purpose, work.at))

    def resume(self, work: Work, standing: Standing, purpose: str) -> Standing:
        """Lift a stop."""
        return self._mark(work, standing, rules.resume(standing.marks, purpose))

    def happened(self, work: Work, standing: Standing, event: str, at: int) -> Standing:
        """Note an event that ends or starts terms. One that is told late does not undo a later one."""
        return self._mark(work, standing, rules.happen(standing.marks, event, at))

    def erased(self, work: Work, standing: Standing) -> Standing:
        """Mark that the person's data was destroyed, and forget all else."""
        gone = replace(standing, marks=Marks(), erased_at=work.at)
        store.write(work, gone)
        return gone

    def _mark(self, work: Work, standing: Standing, marks: Marks) -> Standing:
        marked = replace(standing, marks=marks)
        store.write(work, marked)
        return marked

    def everybody(self, database: Database, most: int = 1000) -> Iterator[Standing]:
        """All people ever registered, lane by lane, in flat memory. Raises Tampered (storage_corrupt)."""
        for lane in range(LANES):
            for subject, row in store.rows(database, lane, most):
                yield store.standing_of(subject, row)

    def rows(self, database: Database, lane: int, most: int = 1000) -> Iterator[tuple[SubjectId, Standing | None]]:
        """All people of a lane, in flat memory; None for where one stands whose row is not as it was written."""
        for subject, row in store.rows(database, lane, most):
            try:
                yield subject, store.standing_of(subject, row)
            except Tampered:
                yield subject, None

    def count(self, database: Database) -> tuple[int, int]:
        """How many people there ever were, and how many of them are erased."""
        return store.count(database)
