"""Register people, look at where they stand, mark what binds every decision."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from senim.errors import Code, NotFound
from senim.identity import LANES, SubjectId, is_id, new_subject
from senim.storage import Database, Query, Unit
from senim.storage.statements import Row
from senim.subjects import store
from senim.subjects.records import Block, Marks, Standing
from senim.work import Work


class Subjects:
    """The register of people."""

    def register(self, work: Work) -> Standing:
        """A new person."""
        subject = new_subject()
        store.add(work, subject)
        return Standing(subject=subject, epoch=1, created_at=work.at)

    def find(self, database: Database, subject: SubjectId) -> Standing:
        """Where a person stands, erased or not. Raises NotFound if there never was such a person."""
        standing = store.find(database, subject) if is_id(subject) else None
        if standing is None:
            raise NotFound(Code.NOT_FOUND, "subject")
        return standing

    def asked(self, subject: SubjectId) -> tuple[Query, Row]:
        """The query behind :meth:`find`, for who fetches several facts in one trip; see :meth:`answered`."""
        return store.STANDING, store.place(subject)

    def answered(self, subject: SubjectId, rows: list[Row]) -> Standing | None:
        """The standing in the rows of that query."""
        return store.standing_of(subject, rows[0]) if rows else None

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

    def block(self, work: Work, standing: Standing, reason: str) -> None:
        """Let nobody but the responsible person look."""
        self._mark(work, standing, block=Block(at=work.at, reason=reason))

    def unblock(self, work: Work, standing: Standing) -> None:
        """Lift the block."""
        self._mark(work, standing, block=None)

    def stop(self, work: Work, standing: Standing, purpose: str) -> None:
        """Stop a purpose, or all with an empty name."""
        self._mark(work, standing, stops={**standing.marks.stops, purpose: work.at})

    def resume(self, work: Work, standing: Standing, purpose: str) -> None:
        """Lift a stop."""
        self._mark(work, standing, stops={name: at for name, at in standing.marks.stops.items() if name != purpose})

    def happened(self, work: Work, standing: Standing, event: str, at: int) -> None:
        """Note an event that ends or starts terms."""
        self._mark(work, standing, events={**standing.marks.events, event: at})

    def erased(self, work: Work, standing: Standing) -> None:
        """Mark that the person's data was destroyed."""
        store.change(work, standing, marks=Marks(), erased_at=work.at)

    def _mark(self, work: Work, standing: Standing, **changed: object) -> None:
        marks = msgspec.structs.replace(standing.marks, **changed)
        store.change(work, standing, marks=marks, erased_at=standing.erased_at)

    def everybody(self, database: Database, most: int = 1000) -> Iterator[Standing]:
        """All people ever registered, lane by lane, in flat memory."""
        for lane in range(LANES):
            after = b""
            while found := store.page(database, lane, after, most):
                yield from found
                after = bytes.fromhex(found[-1].subject)

    def page(self, database: Database, after: SubjectId | None, most: int) -> list[Standing]:
        """People after one, in the order of :meth:`everybody`."""
        lane, last = store.place(after) if after else (0, b"")
        found: list[Standing] = []
        while lane < LANES and len(found) < most:
            found += store.page(database, lane, last, most - len(found))
            lane, last = lane + 1, b""
        return found

    def count(self, database: Database) -> tuple[int, int]:
        """How many people there ever were, and how many of them are erased."""
        return store.count(database)
