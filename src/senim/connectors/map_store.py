"""Saved versions of maps: added, never changed. A map holds no value of a person."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from sqlalchemy import bindparam, select

from senim.storage import Database, guard, insert, main_metadata, query
from senim.storage.tables import blob, number, table, word
from senim.work import Work

versions = table(
    main_metadata,
    "map_version",
    word("system", key=True),
    number("number", key=True),
    word("digest"),
    word("reason"),
    word("saved_by"),
    number("saved_at"),
    blob("source"),
)

SavedAs: TypeAlias = Literal["edited", "proposed", "imported", "restored", "outside"]
"""How a version came about; ``outside``: the file was changed in the folder, without this program."""


class MapVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a system's map, as its file was."""

    system: str
    number: int
    """Counts from 1."""
    digest: str
    """SHA-256 of the file, in hex."""
    reason: SavedAs
    saved_by: str
    """Who saved it: kind and id, never a name; empty for what was found in the folder."""
    saved_at: int
    """When, in microseconds since 1970 UTC."""
    source: bytes
    """The file."""


_INSERT = insert(versions)
_GUARD = guard(versions, "digest")
_ALL = query(select(versions).where(versions.c.system == bindparam("system")).order_by(versions.c.number))


def every(database: Database, system: str) -> list[MapVersion]:
    """All versions of a system's map, the oldest first."""
    return [
        MapVersion(
            system=row[0],
            number=row[1],
            digest=row[2],
            reason=row[3],
            saved_by=row[4],
            saved_at=row[5],
            source=bytes(row[6]),
        )
        for row in database.read(_ALL, system)
    ]


def add(work: Work, one: MapVersion) -> None:
    """Keep a new version, if there is none of its number."""
    work.expect(_GUARD, (one.system, one.number), None, changes=True)
    row = (one.digest, one.reason, one.saved_by, one.saved_at, one.source)
    work.add(_INSERT, one.system, one.number, *row)
