"""Sealed values, the blind index, sealed files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import msgspec
from sqlalchemy import bindparam, literal_column, select

from senim.identity import LANES, SubjectId, place
from senim.storage import Database, Query, Unit, at_most, delete, guard, insert, main_metadata, query, upsert
from senim.storage.tables import blob, lane, number, small, table, word
from senim.work import Work

values = table(
    main_metadata,
    "sealed_value",
    lane(),
    blob("subject", key=True),
    word("category", key=True),
    number("version"),
    blob("marks"),
    blob("sealed"),
)
blind = table(
    main_metadata, "blind", lane(), word("kind", key=True), blob("digest", key=True), blob("subject", key=True)
)
documents = table(
    main_metadata,
    "sealed_document",
    lane(),
    blob("subject", key=True),
    blob("id", key=True),
    word("field"),
    small("complete"),
    number("chunks"),
    blob("meta"),
)
chunks = table(
    main_metadata,
    "sealed_chunk",
    lane(),
    blob("subject", key=True),
    blob("document", key=True),
    number("n", key=True),
    blob("sealed"),
)

_INSERT_VALUE = insert(values)
_PUT_VALUE = upsert(values)
_DELETE_VALUES = delete(values, "lane", "subject")
_VALUE_GUARD = guard(values, "version")
_INSERT_BLIND = insert(blind)
_PUT_BLIND = upsert(blind)
_DELETE_BLIND = delete(blind)
_PUT_DOCUMENT = upsert(documents)
_DELETE_DOCUMENTS = delete(documents, "lane", "subject")
_DELETE_DOCUMENT = delete(documents)
_INSERT_CHUNK = insert(chunks)
_DELETE_CHUNKS = delete(chunks, "lane", "subject")
_DELETE_CHUNKS_OF = delete(chunks, "lane", "subject", "document")
_OF_SUBJECT = query(
    select(values.c.category, values.c.version, values.c.marks, values.c.sealed).where(
        values.c.lane == bindparam("lane"), values.c.subject == bindparam("subject")
    )
)
_WITH_DIGEST = select(blind.c.subject).where(
    blind.c.lane == bindparam("lane"), blind.c.kind == bindparam("kind"), blind.c.digest == bindparam("digest")
)
_FOUND = query(at_most(_WITH_DIGEST.order_by(blind.c.subject)))
_NEWEST = query(at_most(_WITH_DIGEST.order_by(blind.c.subject.desc())))
_DOCUMENTS = query(
    select(documents.c.id, documents.c.field, documents.c.complete, documents.c.chunks, documents.c.meta)
    .where(documents.c.lane == bindparam("lane"), documents.c.subject == bindparam("subject"))
    .order_by(documents.c.id)
)
_DOCUMENT = query(
    select(documents.c.complete).where(
        documents.c.lane == bindparam("lane"),
        documents.c.subject == bindparam("subject"),
        documents.c.id == bindparam("id"),
    )
)
_UNFINISHED = query(
    select(documents.c.subject, documents.c.id).where(
        documents.c.lane == bindparam("lane"),
        documents.c.complete == literal_column("0"),
        documents.c.id < bindparam("before"),
    )
)
_CHUNK = query(
    select(chunks.c.sealed).where(
        chunks.c.lane == bindparam("lane"),
        chunks.c.subject == bindparam("subject"),
        chunks.c.document == bindparam("document"),
        chunks.c.n == bindparam("n"),
    )
)

Mark = tuple[str, bytes]
"""An entry of the blind index: kind and digest."""


class SealedValue(msgspec.Struct, frozen=True):
    """A person's values of one category. ``marks`` are their entries in the blind index."""

    category: str
    version: int
    marks: tuple[Mark, ...]
    sealed: bytes


@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A file's row."""

    id: str
    field: str
    complete: bool
    chunks: int
    meta: bytes


def _pack(marks: tuple[Mark, ...]) -> bytes:
    return b"".join([bytes([len(kind)]) + kind.encode() + digest for kind, digest in marks])


def _unpack(packed: bytes) -> tuple[Mark, ...]:
    marks, at = [], 0
    while at < len(packed):
        end = at + 1 + packed[at]
        marks.append((packed[at + 1 : end].decode(), packed[end : end + 16]))
        at = end + 16
    return tuple(marks)


def values_of(database: Database, subject: SubjectId) -> list[SealedValue]:
    """All that is sealed of a person."""
    rows = database.read(_OF_SUBJECT, *place(subject))
    return [SealedValue(row[0], row[1], _unpack(bytes(row[2])), bytes(row[3])) for row in rows]


def put_value(work: Work, subject: SubjectId, new: SealedValue, old: SealedValue | None) -> None:
    """Keep a category's values, if they are still as they were read."""
    where = place(subject)
    work.expect(_VALUE_GUARD, (*where, new.category), (old.version,) if old else None, changes=True)
    work.add(_PUT_VALUE, *where, new.category, new.version, _pack(new.marks), new.sealed)


def add_values(unit: Unit, subject: SubjectId, values: list[SealedValue]) -> None:
    """Keep the values, a category each, of a person who is only being enrolled, and what finds the person.

    Nobody else can know this person yet, so that nothing needs to be guarded, and nothing can be there: plain inserts
    are cheaper, and many go by COPY.
    """
    lane_number, who = place(subject)
    for one in values:
        unit.add(_INSERT_VALUE, lane_number, who, one.category, one.version, _pack(one.marks), one.sealed)
    for kind, digest in dict.fromkeys(chain.from_iterable(one.marks for one in values)):
        unit.add(_INSERT_BLIND, digest[-1] % LANES, kind, digest, who)


def move_marks(unit: Unit, subject: SubjectId, before: set[Mark], after: set[Mark]) -> None:
    """Bring the blind index from what identified a person before, in whatever category, to what does now."""
    _, who = place(subject)
    for mark in before - after:
        _drop_mark(unit, mark, who)
    for kind, digest in after - before:
        unit.add(_PUT_BLIND, digest[-1] % LANES, kind, digest, who)


def _drop_mark(unit: Unit, mark: Mark, subject: bytes) -> None:
    kind, digest = mark
    unit.add(_DELETE_BLIND, digest[-1] % LANES, kind, digest, subject)


def found(database: Database, mark: Mark, most: int = 10) -> list[SubjectId]:
    """People with a digest in the blind index, the oldest first."""
    return _with_digest(database, _FOUND, mark, most)


def ends(database: Database, mark: Mark, most: int) -> list[SubjectId]:
    """People with a digest in the blind index, the oldest first; if there are more, the oldest and the newest half."""
    oldest = _with_digest(database, _FOUND, mark, most)
    if len(oldest) < most:
        return oldest
    newest = _with_digest(database, _NEWEST, mark, most // 2)
    return list(dict.fromkeys((*oldest[: most - most // 2], *reversed(newest))))


def _with_digest(database: Database, wanted: Query, mark: Mark, most: int) -> list[SubjectId]:
    kind, digest = mark
    rows = database.read(wanted, digest[-1] % LANES, kind, digest, most)
    return [SubjectId(bytes(row[0]).hex()) for row in rows]


def documents_of(database: Database, subject: SubjectId) -> list[SealedDocument]:
    """A person's files, unfinished uploads included."""
    rows = database.read(_DOCUMENTS, *place(subject))
    return [SealedDocument(bytes(row[0]).hex(), row[1], row[2] == 1, row[3], bytes(row[4])) for row in rows]


def has_document(database: Database, subject: SubjectId, document_id: str) -> bool:
    """Whether a whole file is kept of a person."""
    row = database.one(_DOCUMENT, *place(subject), bytes.fromhex(document_id))
    return row is not None and row[0] == 1


def unfinished(database: Database, before: float) -> Iterator[tuple[SubjectId, str]]:
    """Files that were begun before a time (seconds since 1970 UTC, which an id begins with) and never became whole."""
    first = int(before * 1000).to_bytes(6).ljust(16, b"\0")
    for number_of_lane in range(LANES):
        for subject, document in database.read(_UNFINISHED, number_of_lane, first):
            yield SubjectId(bytes(subject).hex()), bytes(document).hex()


def put_document(unit: Unit, subject: SubjectId, document: SealedDocument) -> None:
    """Keep a file's row."""
    ident = bytes.fromhex(document.id)
    unit.add(
        _PUT_DOCUMENT, *place(subject), ident, document.field, int(document.complete), document.chunks, document.meta
    )


def drop_document(unit: Unit, subject: SubjectId, document_id: str) -> None:
    """Remove a file."""
    ident = bytes.fromhex(document_id)
    unit.add(_DELETE_CHUNKS_OF, *place(subject), ident)
    unit.add(_DELETE_DOCUMENT, *place(subject), ident)


def add_chunk(unit: Unit, subject: SubjectId, document_id: str, n: int, sealed: bytes) -> None:
    """Keep a sealed chunk of a file."""
    unit.add(_INSERT_CHUNK, *place(subject), bytes.fromhex(document_id), n, sealed)


def read_chunks(database: Database, subject: SubjectId, document: SealedDocument) -> Iterator[bytes | None]:
    """The sealed chunks of a file in order; None for one that is missing."""
    for n in range(document.chunks):
        row = database.one(_CHUNK, *place(subject), bytes.fromhex(document.id), n)
        yield bytes(row[0]) if row else None


def destroy(unit: Unit, subject: SubjectId, marks: list[Mark]) -> None:
    """Remove everything that is kept of a person."""
    where = place(subject)
    for mark in marks:
        _drop_mark(unit, mark, where[1])
    unit.add(_DELETE_CHUNKS, *where)
    unit.add(_DELETE_DOCUMENTS, *where)
    unit.add(_DELETE_VALUES, *where)
