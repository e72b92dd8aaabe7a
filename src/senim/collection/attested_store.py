"""Who spoke for whom, by the one who spoke; and what the person said to it. Ids, codes and times alone."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from senim.collection.records import Spoken
from senim.identity import SubjectId, place
from senim.storage import Database, guard, main_metadata, query, update, upsert
from senim.storage.statements import Row
from senim.storage.tables import blob, lane, number, table, word
from senim.work import Work

attested = table(
    main_metadata, "attested", lane(), blob("speaker", key=True), blob("subject", key=True), word("authority"),
    number("at"), number("asked_at"), word("word"), number("word_at"),
)  # fmt: skip

_PUT = upsert(attested, keep=("asked_at", "word", "word_at"))
_UPDATE = update(attested, "asked_at", "word", "word_at")
_GUARD = guard(attested, "asked_at", "word")
_ONE = query(
    select(attested.c.authority, attested.c.at, attested.c.asked_at, attested.c.word, attested.c.word_at).where(
        attested.c.lane == bindparam("lane"),
        attested.c.speaker == bindparam("speaker"),
        attested.c.subject == bindparam("subject"),
    )
)
_ALL = query(
    select(
        attested.c.subject, attested.c.authority, attested.c.at, attested.c.asked_at, attested.c.word,
        attested.c.word_at,
    )
    .where(attested.c.lane == bindparam("lane"), attested.c.speaker == bindparam("speaker"))
    .order_by(attested.c.subject)
)  # fmt: skip


def _spoken(speaker: SubjectId, subject: SubjectId, row: Row) -> Spoken:
    authority, at, asked_at, said, said_at = row
    return Spoken(
        speaker=speaker, subject=subject, authority=authority, at=at, asked_at=asked_at, word=said, word_at=said_at
    )


def put(work: Work, spoken: Spoken) -> None:
    """Keep that somebody spoke for a person; what the person said to it before stays."""
    work.add(_PUT, *_key(spoken), spoken.authority, spoken.at, spoken.asked_at, spoken.word, spoken.word_at)


def find(work: Work, speaker: SubjectId, subject: SubjectId) -> Spoken | None:
    """Whether and how somebody spoke for a person; the act stands only if nobody else changes it meanwhile."""
    row = work.one(_ONE, *place(speaker), bytes.fromhex(subject))
    if row is None:
        return None
    found = _spoken(speaker, subject, row)
    work.expect(_GUARD, _key(found), (found.asked_at, found.word), changes=True)
    return found


def save(work: Work, spoken: Spoken) -> None:
    """Write what was found as it stands after this act."""
    work.add(_UPDATE, spoken.asked_at, spoken.word, spoken.word_at, *_key(spoken))


def of_speaker(database: Database, speaker: SubjectId) -> list[Spoken]:
    """For whom somebody spoke."""
    rows = database.read(_ALL, *place(speaker))
    return [_spoken(speaker, SubjectId(bytes(row[0]).hex()), row[1:]) for row in rows]


def _key(spoken: Spoken) -> tuple[int, bytes, bytes]:
    return *place(spoken.speaker), bytes.fromhex(spoken.subject)
