"""Accounts, their names, their sessions."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select

from senim.governance.records import Account, Session
from senim.storage import Database, Unit, at_most, delete, guard, insert, main_metadata, query, update
from senim.storage.statements import Row
from senim.storage.tables import blob, number, table, word
from senim.work import Work

accounts = table(main_metadata, "staff_account", word("id", key=True), number("epoch"), blob("record"))
names = table(main_metadata, "staff_name", blob("digest", key=True), word("account"))
sessions = table(
    main_metadata, "staff_session", blob("digest", key=True), word("account"), number("begun_at"), number("seen_at"),
    number("second_at"), number("fresh_at"), word("device"), blob("challenge"), blob("pending"),
)  # fmt: skip

_COLUMNS = tuple(column.name for column in sessions.columns)
_INSERT = insert(accounts)
_UPDATE = update(accounts, "epoch", "record")
_GUARD = guard(accounts, "epoch")
_INSERT_NAME = insert(names)
_NAME_GUARD = guard(names, "account")
_INSERT_SESSION = insert(sessions)
_UPDATE_SESSION = update(sessions, "seen_at", "second_at", "fresh_at", "challenge", "pending")
_DELETE_SESSION = delete(sessions)
_SESSION_GUARD = guard(sessions, "second_at", "fresh_at", "challenge", "pending")
_LASTS_GUARD = guard(sessions, "account")
_ALL = query(select(accounts.c.epoch, accounts.c.record))
_ONE = query(select(accounts.c.epoch, accounts.c.record).where(accounts.c.id == bindparam("id")))
_NAMED = query(select(names.c.account).where(names.c.digest == bindparam("digest")))
_SESSION = query(select(sessions).where(sessions.c.digest == bindparam("digest")))
_SESSIONS = query(select(sessions).where(sessions.c.account == bindparam("account")))
_ALL_SESSIONS = query(select(sessions))
_OLD_SESSIONS = query(at_most(select(sessions.c.digest).where(sessions.c.begun_at < bindparam("before"))))
_decode = msgspec.msgpack.Decoder(Account).decode
_encode = msgspec.msgpack.Encoder().encode


def everyone(database: Database) -> list[Account]:
    """All accounts, oldest first."""
    return sorted((_decode(record) for _, record in database.read(_ALL)), key=lambda one: one.id)


def find(database: Database, account: str) -> Account | None:
    """An account, or None."""
    row = database.one(_ONE, account)
    return _decode(row[1]) if row else None


def held(work: Work, account: str) -> Account | None:
    """An account that this act is going to change; nobody else may meanwhile."""
    row = work.one(_ONE, account)
    if row is None:
        return None
    work.memo["staff", account] = row[0]
    work.expect(_GUARD, (account,), (row[0],), changes=True)
    return _decode(row[1])


def named(work: Work, digest: bytes) -> str:
    """The account with a sign-in name, or nothing."""
    row = work.one(_NAMED, digest)
    return str(row[0]) if row else ""


def add(work: Work, account: Account) -> None:
    """Keep a new account; its name must be free."""
    work.expect(_NAME_GUARD, (account.name,), None, changes=True)
    work.add(_INSERT_NAME, account.name, account.id)
    work.add(_INSERT, account.id, 1, _encode(account))


def change(work: Work, account: Account) -> None:
    """Keep an account that was :func:`held` as it is now."""
    epoch = work.memo["staff", account.id]
    assert isinstance(epoch, int)
    work.add(_UPDATE, epoch + 1, _encode(account), account.id)


def session(database: Database, digest: bytes) -> Session | None:
    """A session, or None."""
    row = database.one(_SESSION, digest)
    return _session(row) if row else None


def sessions_of(database: Database, account: str) -> list[Session]:
    """The sessions of an account, the newest first."""
    return sorted(map(_session, database.read(_SESSIONS, account)), key=lambda one: -one.begun_at)


def last_seen(database: Database) -> dict[str, int]:
    """When each account was last used, as far as sessions tell in which a second factor was shown."""
    seen: dict[str, int] = {}
    for one in map(_session, database.read(_ALL_SESSIONS)):
        if not one.second_at:
            continue
        seen[one.account] = max(one.seen_at, seen.get(one.account, 0))
    return seen


def begin(work: Work, one: Session) -> None:
    """Keep a new session."""
    work.add(_INSERT_SESSION, *(getattr(one, name) for name in _COLUMNS))


def lasting(work: Work, digest: bytes) -> Session | None:
    """A session, or None; the act stands only if it does not end meanwhile."""
    found = session(work.database, digest)
    if found is not None:
        work.expect(_LASTS_GUARD, (digest,), (found.account,))
    return found


def note(work: Work, before: Session, now: Session) -> None:
    """Keep a session as it is now."""
    found = (before.second_at, before.fresh_at, before.challenge, before.pending)
    work.expect(_SESSION_GUARD, (before.digest,), found, changes=True)
    work.add(_UPDATE_SESSION, now.seen_at, now.second_at, now.fresh_at, now.challenge, now.pending, now.digest)


def end(work: Work, one: Session) -> None:
    """End a session."""
    work.expect(_LASTS_GUARD, (one.digest,), (one.account,), changes=True)
    work.add(_DELETE_SESSION, one.digest)


def forget_sessions(database: Database, before: int, most: int = 1000) -> int:
    """Remove sessions that began earlier; their number."""
    unit = Unit()
    rows = database.read(_OLD_SESSIONS, before, most)
    for row in rows:
        unit.add(_DELETE_SESSION, *row)
    database.commit(unit)
    return len(rows)


def _session(row: Row) -> Session:
    return Session(**dict(zip(_COLUMNS, row, strict=True)))
