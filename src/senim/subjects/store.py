"""One row a person."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import bindparam, func, literal_column, select

from senim.errors import Code, Tampered
from senim.identity import SubjectId, place
from senim.storage import Database, Query, Unit, at_most, guard, insert, main_metadata, query, update
from senim.storage.statements import Row, Statement
from senim.storage.tables import blob, lane, number, table
from senim.subjects.records import NO_MARKS, Marks, Standing
from senim.work import Work

subjects = table(
    main_metadata,
    "subject",
    lane(),
    blob("id", key=True),
    number("epoch"),
    number("created_at"),
    number("erased_at"),
    blob("marks", null=True),
)

_INSERT = insert(subjects)
_UPDATE = update(subjects, "epoch", "erased_at", "marks")
_GUARD = guard(subjects, "epoch")
STANDING: Query = query(
    select(subjects.c.epoch, subjects.c.created_at, subjects.c.erased_at, subjects.c.marks).where(
        subjects.c.lane == bindparam("lane"), subjects.c.id == bindparam("id")
    )
)
_PAGE = query(
    at_most(
        select(subjects.c.id, subjects.c.epoch, subjects.c.created_at, subjects.c.erased_at, subjects.c.marks)
        .where(subjects.c.lane == bindparam("lane"), subjects.c.id > bindparam("after"))
        .order_by(subjects.c.id)
    )
)
_COUNT = query(
    select(func.count(), func.count(func.nullif(subjects.c.erased_at, literal_column("0")))).select_from(subjects)
)
_decode = msgspec.msgpack.Decoder(Marks).decode
_encode = msgspec.msgpack.Encoder().encode


def standing_of(subject: SubjectId, row: Row) -> Standing:
    """The standing in a row of ``STANDING``. Raises Tampered (storage_corrupt) if it is not as it was written."""
    epoch, created_at, erased_at, marks = row
    try:
        known = _decode(marks) if marks is not None else NO_MARKS
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Tampered(Code.STORAGE_CORRUPT, "subject") from error
    return Standing(subject=subject, epoch=epoch, created_at=created_at, erased_at=erased_at, marks=known)


def find(database: Database, subject: SubjectId) -> Standing | None:
    """A person's standing, or None if there never was such a person."""
    found = database.read(STANDING, *place(subject))
    return standing_of(subject, found[0]) if found else None


def rows(database: Database, lane_number: int, most: int) -> Iterator[tuple[SubjectId, Row]]:
    """People of one lane in order of their ids, each with the row of ``STANDING``; ``most`` are read at a time."""
    after = b""
    while found := database.read(_PAGE, lane_number, after, most):
        for row in found:
            yield SubjectId(bytes(row[0]).hex()), row[1:]
        after = bytes(found[-1][0])


def count(database: Database) -> tuple[int, int]:
    """How many people there ever were, and how many of them are erased."""
    known, erased = database.read(_COUNT)[0]
    return known, erased


def watch(unit: Unit, standing: Standing) -> None:
    """Let the act stand only if nothing that binds the person has changed."""
    unit.expect(_GUARD, place(standing.subject), (standing.epoch,))


def write(work: Work, standing: Standing) -> None:
    """Write a person's row as it stands after this act, in place of what the act wrote of it before."""
    where = place(standing.subject)
    marks = standing.marks
    encoded = None if marks is NO_MARKS or marks == NO_MARKS else _encode(marks)
    row: tuple[Statement, Row]
    if standing.epoch:
        work.unit.changed.add((_GUARD.table, where))
        row = _UPDATE, (standing.epoch + 1, standing.erased_at, encoded, *where)
    else:
        row = _INSERT, (*where, 1, standing.created_at, standing.erased_at, encoded)
    slot = work.memo.setdefault((subjects.name, standing.subject), len(work.unit.rows))
    if isinstance(slot, int) and slot < len(work.unit.rows):
        work.unit.rows[slot] = row
    else:
        work.unit.rows.append(row)
