"""The key store: a database of its own, with its own backup. Keys of people, and who was erased.

The ledger of erasures stands here and not beside the data: a backup of the data that is older than an
erasure is opened against a ledger that is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from senim.identity import LANES, SubjectId, place
from senim.storage import Database, Query, Unit, at_most, delete, guard, keys_metadata, query, update, upsert
from senim.storage.tables import blob, lane, number, table, word

person_keys = table(keys_metadata, "person_key", lane(), blob("subject", key=True), word("kek"), blob("wrapped"))
erasures = table(keys_metadata, "erasure", lane(), blob("subject", key=True), number("at"), word("reason"))
unsettled = table(keys_metadata, "erasure_unsettled", lane(), blob("subject", key=True), number("at"), word("reason"))
checks = table(keys_metadata, "key_check", word("name", key=True), blob("value"))

_ADD_KEY = upsert(person_keys, keep=("kek", "wrapped"))
_DELETE_KEY = delete(person_keys)
_REWRAP = update(person_keys, "kek", "wrapped")
_KEY_GUARD = guard(person_keys, "kek")
_PUT_ERASURE = upsert(erasures)
_PUT_UNSETTLED = upsert(unsettled)
_DELETE_UNSETTLED = delete(unsettled)
_PUT_CHECK = upsert(checks)
KEY: Query = query(
    select(person_keys.c.kek, person_keys.c.wrapped).where(
        person_keys.c.lane == bindparam("lane"), person_keys.c.subject == bindparam("subject")
    )
)
_PAGE = query(
    at_most(
        select(person_keys.c.subject, person_keys.c.kek, person_keys.c.wrapped)
        .where(person_keys.c.lane == bindparam("lane"), person_keys.c.subject > bindparam("after"))
        .order_by(person_keys.c.subject)
    )
)
_ERASURE: Query = query(
    select(erasures.c.at).where(erasures.c.lane == bindparam("lane"), erasures.c.subject == bindparam("subject"))
)
_UNSETTLED = query(select(unsettled.c.subject, unsettled.c.at, unsettled.c.reason))
_ERASURES = query(
    select(erasures.c.subject, erasures.c.at, erasures.c.reason).order_by(erasures.c.lane, erasures.c.subject)
)
_ERASED: Query = query(select(func.count()).select_from(erasures))
_CHECKS = query(select(checks.c.name, checks.c.value))
_COUNT = query(select(person_keys.c.kek, func.count()).group_by(person_keys.c.kek))


@dataclass(frozen=True, slots=True)
class Erased:
    """A line of the ledger of erasures."""

    subject: SubjectId
    at: int
    reason: str


def read_key(keys: Database, subject: SubjectId) -> tuple[str, bytes] | None:
    """A person's wrapped key and the id of the key that wraps it, or None."""
    row = keys.one(KEY, *place(subject))
    return (row[0], row[1]) if row else None


def add_key(unit: Unit, subject: SubjectId, kek: str, wrapped: bytes) -> None:
    """Keep a new person's wrapped key, durable before anything sealed with it.

    A group of units that fails for one of them is tried again unit by unit; the key is there by then.
    """
    unit.add_key(_ADD_KEY, *place(subject), kek, wrapped)


def destroy_key(unit: Unit, erased: Erased) -> None:
    """Destroy a person's key and write the ledger, durable before the rest of the erasure."""
    where = place(erased.subject)
    unit.add_key(_DELETE_KEY, *where)
    unit.add_key(_PUT_ERASURE, *where, erased.at, erased.reason)
    unit.add_key(_PUT_UNSETTLED, *where, erased.at, erased.reason)


def drop_key(unit: Unit, erased: Erased) -> None:
    """Destroy the key of something that is no person's profile, and write the ledger; no rows are left to settle."""
    where = place(erased.subject)
    unit.add_key(_DELETE_KEY, *where)
    unit.add_key(_PUT_ERASURE, *where, erased.at, erased.reason)


def is_erased(keys: Database, subject: SubjectId) -> bool:
    """Whether the ledger has this id."""
    return keys.one(_ERASURE, *place(subject)) is not None


def erased(keys: Database) -> int:
    """How many keys were destroyed, of people and of boxes."""
    count: int = keys.read(_ERASED)[0][0]
    return count


def unsettled_erasures(keys: Database) -> list[Erased]:
    """Erasures whose key is destroyed and whose rows may still be there: the process was cut off between."""
    return [Erased(SubjectId(bytes(subject).hex()), at, reason) for subject, at, reason in keys.read(_UNSETTLED)]


def settle(keys: Database, subjects: list[SubjectId]) -> None:
    """Note that nothing is left to do for these erasures."""
    unit = Unit()
    for subject in subjects:
        unit.add(_DELETE_UNSETTLED, *place(subject))
    keys.commit(unit)


def ledger(keys: Database) -> Iterator[Erased]:
    """All erasures."""
    for subject, at, reason in keys.stream(_ERASURES):
        yield Erased(SubjectId(bytes(subject).hex()), at, reason)


def pages(keys: Database, most: int = 1000) -> Iterator[list[tuple[SubjectId, str, bytes]]]:
    """All wrapped keys, a page at a time."""
    for lane_number in range(LANES):
        after = b""
        while rows := keys.read(_PAGE, lane_number, after, most):
            yield [(SubjectId(bytes(row[0]).hex()), row[1], row[2]) for row in rows]
            after = rows[-1][0]


def rewrap(unit: Unit, subject: SubjectId, old_kek: str, kek: str, wrapped: bytes) -> None:
    """Replace the wrapping of a key, if it is still the old one."""
    unit.expect(_KEY_GUARD, place(subject), (old_kek,), changes=True)
    unit.add(_REWRAP, kek, wrapped, *place(subject))


def counts(keys: Database) -> dict[str, int]:
    """How many keys each key-encryption key wraps."""
    return {row[0]: row[1] for row in keys.read(_COUNT)}


def read_checks(keys: Database) -> dict[str, bytes]:
    """Check values of the operator's keys."""
    return {row[0]: bytes(row[1]) for row in keys.read(_CHECKS)}


def put_checks(keys: Database, values: dict[str, bytes]) -> None:
    """Remember check values."""
    unit = Unit()
    for name, value in values.items():
        unit.add(_PUT_CHECK, name, value)
    keys.commit(unit)
