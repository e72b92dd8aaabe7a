"""Published versions, which of them were cancelled, and the notices that were shown: added, never changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from senim.policy.notices import StoredNotice
from senim.storage import Database, Unit, guard, insert, main_metadata, query, upsert
from senim.storage.tables import blob, number, table, word

versions = table(
    main_metadata,
    "policy_version",
    number("version", key=True),
    number("effective_at"),
    number("published_at"),
    word("published_by"),
    word("law_on"),
    word("digest"),
    blob("canonical"),
    blob("source"),
)
cancelled = table(main_metadata, "policy_cancelled", number("version", key=True), number("at"), word("by"))
notices = table(
    main_metadata,
    "policy_notice",
    word("digest", key=True),
    word("point"),
    word("language"),
    number("since_version"),
    word("content"),
)

_INSERT_VERSION = insert(versions)
_VERSION_GUARD = guard(versions, "digest")
_PUT_NOTICE = upsert(notices, keep=("point", "language", "since_version", "content"))
_INSERT_CANCELLED = insert(cancelled)
_CANCELLED_GUARD = guard(cancelled, "at")
_LATEST = query(select(func.max(versions.c.version)))
_COUNT = query(select(func.count(cancelled.c.version)))
_CANCELLED = query(select(cancelled))
_ALL = query(select(versions).order_by(versions.c.version))
_NOTICE = query(select(notices).where(notices.c.digest == bindparam("digest")))


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version as it was published. Times are microseconds since 1970 UTC; ``canonical`` is JSON."""

    version: int
    effective_at: int
    published_at: int
    published_by: str
    law_on: str
    digest: str
    canonical: bytes
    source: bytes


def latest(database: Database) -> tuple[int, int]:
    """The number of the newest version (0 if none is published), and how many were cancelled."""
    return int(database.read(_LATEST)[0][0] or 0), int(database.read(_COUNT)[0][0])


def all_versions(database: Database) -> list[StoredVersion]:
    """All versions, oldest first."""
    return [StoredVersion(*row) for row in database.read(_ALL)]


def add_version(unit: Unit, new: StoredVersion) -> None:
    """Publish a version, if its number is still free."""
    unit.expect(_VERSION_GUARD, (new.version,), None, changes=True)
    unit.add(
        _INSERT_VERSION,
        new.version,
        new.effective_at,
        new.published_at,
        new.published_by,
        new.law_on,
        new.digest,
        new.canonical,
        new.source,
    )


def all_cancelled(database: Database) -> dict[int, tuple[int, str]]:
    """When and by whom versions were cancelled."""
    return {row[0]: (row[1], row[2]) for row in database.read(_CANCELLED)}


def cancel(unit: Unit, version: int, at: int, by: str) -> None:
    """Mark a version as cancelled, if it is not."""
    unit.expect(_CANCELLED_GUARD, (version,), None, changes=True)
    unit.add(_INSERT_CANCELLED, version, at, by)


def add_notice(unit: Unit, new: StoredNotice) -> None:
    """Keep the exact text of a notice."""
    unit.add(_PUT_NOTICE, new.digest, new.point, new.language, new.since_version, new.content)


def find_notice(database: Database, digest: str) -> StoredNotice | None:
    """The notice with a digest, of whatever version."""
    row = database.one(_NOTICE, digest)
    return StoredNotice(*row) if row else None
