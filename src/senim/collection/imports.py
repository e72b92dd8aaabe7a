"""Take in a file of people, batch by batch: each batch with the mark of how far the file is, in one transaction.

So an import that is cut off, however hard, goes on where it was cut: nobody is taken in twice, and nobody is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from senim.collection import store
from senim.collection.actions import Collection
from senim.collection.reception import Reception
from senim.collection.records import Intake, Progress, Refusal
from senim.errors import Code, Held, Invalid, NotAllowed, SenimError, Tampered, Unavailable
from senim.storage import Database
from senim.times import moment, stamp
from senim.work import Work

Line = tuple[int, Mapping[str, str] | None]
"""A line's number and its values; None if it could not be read."""

FIRST = 2
"""The first line of people: the one before is the header."""


class Imports:
    """Files of people, each taken in once."""

    def __init__(self, database: Database, collection: Collection) -> None:
        self._database = database
        self._collection = collection

    def begin(self, file: bytes, name: bytes, *, from_line: int | None = None, again: bool = False) -> Import:
        """An import of a file, from its beginning or from where it was cut. ``file`` and ``name`` are keyed digests.

        Raises Held: import_done for a file that is taken in (unless ``again``), import_changed if a file of this
        name was cut off and is another one now. A line said in ``from_line`` is believed.
        """
        known = store.find(self._database, file)
        cut = [one for one in store.cut(self._database, name) if one.file != file]
        start = Progress(file=file, name=name, next_line=from_line or FIRST)
        if known is None:
            if cut and from_line is None:
                raise Held(Code.IMPORT_CHANGED, f"line {cut[0].next_line}")
        elif not known.ended_at:
            start = replace(known, next_line=from_line or known.next_line)
        elif not again and from_line is None:
            raise Held(Code.IMPORT_DONE, stamp(moment(known.ended_at)))
        return Import(self._database, self._collection, start, known, cut)


class Import:
    """A file that is being taken in, by one process at a time."""

    def __init__(
        self,
        database: Database,
        collection: Collection,
        start: Progress,
        known: Progress | None,
        cut: list[Progress],
    ) -> None:
        self._database = database
        self._collection = collection
        self._known = known
        self._cut = cut
        self.progress = start

    def take(self, work: Work, frame: Intake, lines: Iterable[Line]) -> Progress:
        """Take in lines that come as ``frame`` says; a refused one is left out. How far the file is then.

        Raises what concerns not a line but the machine or who imports, and Held (changed_meanwhile) if another
        process goes on with the same file. :meth:`taken` tells that the act is durable.
        """
        self._check()
        refused: list[Refusal] = []
        last = count = 0
        reception = self._collection.reception(work, frame, signed=False)
        for last, values in lines:
            count += 1
            try:
                _one(work, reception, values)
            except (NotAllowed, Unavailable, Tampered):
                raise
            except SenimError as error:
                refused.append((last, error.code.value, error.where))
        before = self.progress
        return self._put(
            work,
            replace(
                before,
                next_line=last + 1 if count else before.next_line,
                taken=before.taken + count - len(refused),
                refused=before.refused + len(refused),
            ),
            refused,
        )

    def end(self, work: Work) -> Progress:
        """Mark the file as taken in, and those that it stands for now."""
        self._check()
        for one in self._cut:
            store.put(work.unit, replace(one, ended_at=work.at), one)
        return self._put(work, replace(self.progress, ended_at=work.at), [])

    def taken(self, progress: Progress) -> None:
        """Go on from here: what :meth:`take` or :meth:`end` wrote is durable."""
        self._known = self.progress = progress

    def refusals(self) -> list[Refusal]:
        """The lines that were not taken in, those from before a cut too."""
        return store.refusals(self._database, self.progress.file)

    def _check(self) -> None:
        if store.find(self._database, self.progress.file) != self._known:
            raise Held(Code.CHANGED_MEANWHILE, "file")

    def _put(self, work: Work, progress: Progress, refused: list[Refusal]) -> Progress:
        progress = replace(progress, begun_at=progress.begun_at or work.at)
        if self._known and self._known.ended_at:
            store.forget_refused(work.unit, progress.file)
        store.put(work.unit, progress, self._known)
        store.refuse(work.unit, progress.file, refused)
        return progress


def _one(work: Work, reception: Reception, values: Mapping[str, str] | None) -> None:
    if values is None:
        raise Invalid(Code.BODY_MALFORMED)
    with work.part():
        reception.take(values)
