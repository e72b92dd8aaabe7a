"""Sign-ins under way, sessions, what was last seen and confirmed. No contact is readable here."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select

from senim.accounts.records import Account, Attempt, Session
from senim.errors import Code, Tampered
from senim.identity import LANES, SubjectId, place
from senim.storage import Database, Unit, at_most, delete, guard, insert, main_metadata, query, update, upsert
from senim.storage.tables import blob, lane, number, table
from senim.work import Work

attempts = table(
    main_metadata, "sign_in", lane(), blob("id", key=True), number("epoch"), number("until"), blob("record")
)
sessions = table(
    main_metadata, "account_session", lane(), blob("subject", key=True), blob("id", key=True), blob("digest"),
    number("begun_at"), number("seen_at"), number("fresh_at"),
)  # fmt: skip
accounts = table(
    main_metadata, "account", lane(), blob("subject", key=True), number("version"), number("accepted_at"),
    number("confirmed_at"),
)  # fmt: skip

_INSERT_ATTEMPT = insert(attempts)
_UPDATE_ATTEMPT = update(attempts, "epoch", "until", "record")
_DELETE_ATTEMPT = delete(attempts)
_ATTEMPT_GUARD = guard(attempts, "epoch")
_INSERT_SESSION = insert(sessions)
_UPDATE_SESSION = update(sessions, "seen_at", "fresh_at")
_DELETE_SESSION = delete(sessions)
_PUT_ACCOUNT = upsert(accounts)
_ATTEMPT = query(
    select(attempts.c.epoch, attempts.c.record).where(
        attempts.c.lane == bindparam("lane"), attempts.c.id == bindparam("id")
    )
)
_OLD_ATTEMPTS = query(at_most(select(attempts.c.lane, attempts.c.id).where(attempts.c.until < bindparam("before"))))
_SESSION = query(
    select(sessions.c.digest, sessions.c.begun_at, sessions.c.seen_at, sessions.c.fresh_at).where(
        sessions.c.lane == bindparam("lane"),
        sessions.c.subject == bindparam("subject"),
        sessions.c.id == bindparam("id"),
    )
)
_SESSIONS = query(
    select(sessions.c.id, sessions.c.digest, sessions.c.begun_at, sessions.c.seen_at, sessions.c.fresh_at)
    .where(sessions.c.lane == bindparam("lane"), sessions.c.subject == bindparam("subject"))
    .order_by(sessions.c.id)
)
_OLD_SESSIONS = query(
    at_most(select(sessions.c.lane, sessions.c.subject, sessions.c.id).where(sessions.c.seen_at < bindparam("before")))
)
_ACCOUNT = query(
    select(accounts.c.version, accounts.c.accepted_at, accounts.c.confirmed_at).where(
        accounts.c.lane == bindparam("lane"), accounts.c.subject == bindparam("subject")
    )
)
_decode = msgspec.msgpack.Decoder(Attempt).decode
_encode = msgspec.msgpack.Encoder().encode


def _place(attempt: str) -> tuple[int, bytes]:
    raw = bytes.fromhex(attempt)
    return raw[-1] % LANES, raw


def add_attempt(work: Work, attempt: Attempt) -> None:
    """Keep a new sign-in."""
    work.add(_INSERT_ATTEMPT, *_place(attempt.id), 1, attempt.until, _encode(attempt))


def find_attempt(work: Work, attempt: str) -> Attempt | None:
    """A sign-in, or None; the act stands only if nobody else changes it meanwhile."""
    where = _place(attempt)
    row = work.one(_ATTEMPT, *where)
    if row is None:
        return None
    work.expect(_ATTEMPT_GUARD, where, (row[0],), changes=True)
    work.memo["sign-in epoch", attempt] = row[0]
    try:
        return _decode(row[1])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Tampered(Code.STORAGE_CORRUPT, "sign_in") from error


def save_attempt(work: Work, attempt: Attempt) -> None:
    """Write a sign-in that was found as it stands after this act."""
    epoch = work.memo["sign-in epoch", attempt.id]
    assert isinstance(epoch, int)
    work.add(_UPDATE_ATTEMPT, epoch + 1, attempt.until, _encode(attempt), *_place(attempt.id))


def drop_attempt(work: Work, attempt: Attempt) -> None:
    """Remove a sign-in that came to its end."""
    work.add(_DELETE_ATTEMPT, *_place(attempt.id))


def add_session(work: Work, session: Session) -> None:
    """Keep a new session."""
    work.add(
        _INSERT_SESSION, *place(session.subject), bytes.fromhex(session.id), session.digest, session.begun_at,
        session.seen_at, session.fresh_at,
    )  # fmt: skip


def find_session(database: Database, subject: SubjectId, session: str) -> Session | None:
    """A session, or None."""
    row = database.one(_SESSION, *place(subject), bytes.fromhex(session))
    return _session(subject, session, row) if row else None


def _session(subject: SubjectId, session: str, row: tuple[object, ...]) -> Session:
    digest, begun, seen, fresh = row
    assert isinstance(digest, bytes | memoryview)
    assert isinstance(begun, int)
    assert isinstance(seen, int)
    assert isinstance(fresh, int)
    return Session(subject=subject, id=session, digest=bytes(digest), begun_at=begun, seen_at=seen, fresh_at=fresh)


def sessions_of(database: Database, subject: SubjectId) -> list[Session]:
    """The sessions of a person, the oldest first."""
    rows = database.read(_SESSIONS, *place(subject))
    return [_session(subject, bytes(row[0]).hex(), row[1:]) for row in rows]


def touch(unit: Unit, session: Session) -> None:
    """Write when a session was last used, and when a code last came back in it."""
    unit.add(_UPDATE_SESSION, session.seen_at, session.fresh_at, *place(session.subject), bytes.fromhex(session.id))


def drop_session(unit: Unit, subject: SubjectId, session: str) -> None:
    """End a session."""
    unit.add(_DELETE_SESSION, *place(subject), bytes.fromhex(session))


def forget(database: Database, *, attempts_before: int, sessions_before: int, most: int = 1000) -> list[bytes]:
    """Remove what is over; the sign-ins that were removed (their ids)."""
    unit = Unit()
    old = database.read(_OLD_ATTEMPTS, attempts_before, most)
    for row in old:
        unit.add(_DELETE_ATTEMPT, *row)
    for row in database.read(_OLD_SESSIONS, sessions_before, most):
        unit.add(_DELETE_SESSION, *row)
    database.commit(unit)
    return [bytes(row[1]) for row in old]


def account_of(database: Database, subject: SubjectId) -> Account:
    """What a person last saw and confirmed."""
    row = database.one(_ACCOUNT, *place(subject))
    if row is None:
        return Account(subject=subject)
    return Account(subject=subject, version=row[0], accepted_at=row[1], confirmed_at=row[2])


def put_account(work: Work, account: Account) -> None:
    """Write it as it stands after this act."""
    work.add(_PUT_ACCOUNT, *place(account.subject), account.version, account.accepted_at, account.confirmed_at)
