"""People for whom others spoke: their own word to it, yes or no (travel-4, tickets-20)."""

from __future__ import annotations

from msgspec.structs import replace

from senim.collection import attested_store as store
from senim.collection.records import Spoken, Word
from senim.errors import Code, NotFound
from senim.identity import SubjectId, is_id
from senim.storage import Database
from senim.work import Work

ASKED, SAID = "subject.asked", "subject.said"


class Attested:
    """Who spoke for whom, and what the person said to it."""

    def of(self, database: Database, speaker: SubjectId) -> list[Spoken]:
        """For whom somebody spoke."""
        return store.of_speaker(database, speaker)

    def find(self, work: Work, speaker: SubjectId, subject: SubjectId) -> Spoken:
        """How somebody spoke for a person. Raises NotFound."""
        found = store.find(work, speaker, subject) if is_id(subject) else None
        if found is None:
            raise NotFound(Code.NOT_FOUND, "subject")
        return found

    def asked(self, work: Work, spoken: Spoken) -> Spoken:
        """The person is asked for their word."""
        after = replace(spoken, asked_at=work.at)
        store.save(work, after)
        work.record(ASKED, subject=spoken.subject)
        return after

    def said(self, work: Work, spoken: Spoken, word: Word) -> Spoken:
        """The person said yes or no."""
        after = replace(spoken, word=word, word_at=work.at)
        store.save(work, after)
        work.record(SAID, subject=spoken.subject, codes=(word,))
        return after
