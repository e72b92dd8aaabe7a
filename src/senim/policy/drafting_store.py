"""Drafts of the next version: one row each, changed only as it was read, gone when it is published."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from senim.policy.drafting_records import Draft
from senim.storage import Database, Query, delete, guard, insert, main_metadata, query, update
from senim.storage.statements import Row
from senim.storage.tables import blob, number, table, word
from senim.work import Work

drafts = table(
    main_metadata,
    "policy_draft",
    word("id", key=True),
    word("name"),
    blob("source"),
    word("digest"),
    number("base"),
    number("revision"),
    word("saved_by"),
    number("saved_at"),
    word("proposed_by"),
    number("proposed_at"),
    number("effective_at"),
)

_INSERT = insert(drafts)
_UPDATE = update(
    drafts, "name", "source", "digest", "base", "revision", "saved_by", "saved_at", "proposed_by", "proposed_at",
    "effective_at",
)  # fmt: skip
_DELETE = delete(drafts)
_GUARD = guard(drafts, "revision", "proposed_at")
_ONE: Query = query(select(drafts).where(drafts.c.id == bindparam("id")))
_ALL: Query = query(select(drafts).order_by(drafts.c.id))


def find(database: Database, draft: str) -> Draft | None:
    """A draft, or None."""
    row = database.one(_ONE, draft)
    return _draft(row) if row else None


def every(database: Database) -> list[Draft]:
    """All drafts, the oldest first."""
    return [_draft(row) for row in database.read(_ALL)]


def add(work: Work, new: Draft) -> None:
    """Keep a new draft."""
    work.add(_INSERT, new.id, *_rest(new))


def change(work: Work, old: Draft, new: Draft) -> None:
    """Keep a draft as it is now, if nobody else changed it meanwhile."""
    work.expect(_GUARD, (old.id,), (old.revision, old.proposed_at), changes=True)
    work.add(_UPDATE, *_rest(new), old.id)


def drop(work: Work, old: Draft) -> None:
    """Take a draft away, if nobody else changed it meanwhile."""
    work.expect(_GUARD, (old.id,), (old.revision, old.proposed_at), changes=True)
    work.add(_DELETE, old.id)


def _draft(row: Row) -> Draft:
    return Draft(
        id=row[0], name=row[1], source=bytes(row[2]), digest=row[3], base=row[4], revision=row[5], saved_by=row[6],
        saved_at=row[7], proposed_by=row[8], proposed_at=row[9], effective_at=row[10],
    )  # fmt: skip


def _rest(one: Draft) -> Row:
    return (
        one.name, one.source, one.digest, one.base, one.revision, one.saved_by, one.saved_at, one.proposed_by,
        one.proposed_at, one.effective_at,
    )  # fmt: skip
