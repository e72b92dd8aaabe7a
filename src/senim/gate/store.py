"""Keys of the operator's systems: only their digests are kept."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from senim.storage import Database, guard, insert, main_metadata, query, update
from senim.storage.tables import blob, number, table, word
from senim.work import Work

api_keys = table(
    main_metadata,
    "api_key",
    word("id", key=True),
    blob("digest"),
    word("label"),
    word("role"),
    number("created_at"),
    number("revoked_at"),
)

_INSERT = insert(api_keys)
_REVOKE = update(api_keys, "revoked_at")
_GUARD = guard(api_keys, "revoked_at")
_ALL = query(select(api_keys).order_by(api_keys.c.created_at))
_ONE = query(select(api_keys).where(api_keys.c.id == bindparam("id")))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of a system: its id, the SHA-256 of its secret, a label, its role and its times."""

    id: str
    digest: bytes
    label: str
    role: str
    created_at: int
    revoked_at: int


def everything(database: Database) -> list[ApiKey]:
    """All keys, oldest first."""
    return [ApiKey(*row) for row in database.read(_ALL)]


def find(database: Database, key_id: str) -> ApiKey | None:
    """One key, or None."""
    row = database.one(_ONE, key_id)
    return ApiKey(*row) if row else None


def add(work: Work, key: ApiKey) -> None:
    """Keep a new key."""
    work.add(_INSERT, key.id, key.digest, key.label, key.role, key.created_at, key.revoked_at)


def revoke(work: Work, key: ApiKey) -> None:
    """Revoke a key."""
    work.expect(_GUARD, (key.id,), (key.revoked_at,), changes=True)
    work.add(_REVOKE, work.at, key.id)
