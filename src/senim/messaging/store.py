"""The outbox, and who does not want to be written to. No address is readable here."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import bindparam, select

from senim.errors import Code, Tampered
from senim.identity import LANES, SubjectId, place
from senim.languages import Language
from senim.messaging.records import Message, MessageState
from senim.storage import Database, Query, at_most, delete, guard, insert, main_metadata, query, update, upsert
from senim.storage.statements import Row
from senim.storage.tables import blob, lane, number, table, word
from senim.work import Work

messages = table(
    main_metadata,
    "message",
    lane(),
    blob("id", key=True),
    word("template"),
    word("language"),
    blob("subject"),
    word("purpose"),
    word("about"),
    word("state"),
    number("parts"),
    blob("sealed"),
    number("created_at"),
    number("ended_at"),
)
parts = table(main_metadata, "message_part", lane(), blob("id", key=True), number("n", key=True), blob("sealed"))
unsubscribed = table(
    main_metadata, "unsubscribed", lane(), blob("digest", key=True), word("purpose", key=True), number("at")
)

_INSERT = insert(messages)
_UPDATE = update(messages, "state", "parts", "sealed", "ended_at")
_GUARD = guard(messages, "state")
_INSERT_PART = insert(parts)
_DELETE_PARTS = delete(parts, "lane", "id")
_UNSUBSCRIBE = upsert(unsubscribed, keep=("at",))
_RESUBSCRIBE = delete(unsubscribed)
_ONE: Query = query(select(*messages.c).where(messages.c.lane == bindparam("lane"), messages.c.id == bindparam("id")))
_PARTS: Query = query(
    select(parts.c.n, parts.c.sealed)
    .where(parts.c.lane == bindparam("lane"), parts.c.id == bindparam("id"))
    .order_by(parts.c.n)
)
_HOW_MANY: Query = query(at_most(select(unsubscribed.c.purpose)))
_REFUSES: Query = query(
    select(unsubscribed.c.at).where(
        unsubscribed.c.lane == bindparam("lane"),
        unsubscribed.c.digest == bindparam("digest"),
        unsubscribed.c.purpose == bindparam("purpose"),
    )
)


def _message(row: Row) -> Message:
    """The message in a row. Raises Tampered (storage_corrupt) if it is not as it was written."""
    try:
        language: Language = row[3]
        return Message(
            id=SubjectId(bytes(row[1]).hex()),
            template=row[2],
            language=language,
            subject=SubjectId(bytes(row[4]).hex()) if row[4] else None,
            purpose=row[5],
            about=row[6],
            state=MessageState(row[7]),
            parts=row[8],
            sealed=bytes(row[9]),
            created_at=row[10],
            ended_at=row[11],
        )
    except (ValueError, TypeError) as error:
        raise Tampered(Code.STORAGE_CORRUPT, "message") from error


def add(work: Work, message: Message, files: list[bytes]) -> None:
    """Write a new message and its sealed files."""
    where = place(message.id)
    subject = bytes.fromhex(message.subject) if message.subject else b""
    work.add(
        _INSERT, *where, message.template, message.language, subject, message.purpose, message.about,
        message.state.value, message.parts, message.sealed, message.created_at, message.ended_at,
    )  # fmt: skip
    for n, sealed in enumerate(files):
        work.add(_INSERT_PART, *where, n, sealed)


def find(database: Database, message: SubjectId) -> Message | None:
    """A message, or None."""
    row = database.one(_ONE, *place(message))
    return _message(row) if row else None


def files_of(database: Database, message: SubjectId) -> list[bytes]:
    """The sealed files of a message, in order."""
    return [bytes(row[1]) for row in database.read(_PARTS, *place(message))]


def move(work: Work, old: Message, state: MessageState, *, emptied: bool = False) -> None:
    """Write how far a message is; ``emptied`` removes what is sealed of it."""
    where = place(old.id)
    work.expect(_GUARD, where, (old.state.value,), changes=True)
    left = (0, b"") if emptied else (old.parts, old.sealed)
    work.add(_UPDATE, state.value, *left, work.at, *where)
    if emptied and old.parts:
        work.add(_DELETE_PARTS, *where)


def unsubscribe(work: Work, digest: bytes, purpose: str) -> None:
    """Remember that an address does not want a kind of mailing."""
    work.add(_UNSUBSCRIBE, digest[0] % LANES, digest, purpose, work.at)


def resubscribe(work: Work, digest: bytes, purpose: str) -> None:
    """Forget it again."""
    work.add(_RESUBSCRIBE, digest[0] % LANES, digest, purpose)


def refused_since(database: Database, digest: bytes, purpose: str) -> int | None:
    """Since when an address does not want a kind of mailing; None if it does not mind."""
    row = database.one(_REFUSES, digest[0] % LANES, digest, purpose)
    return row[0] if row else None


def refuses(database: Database, digest: bytes, purpose: str) -> bool:
    """Whether an address does not want a kind of mailing."""
    return refused_since(database, digest, purpose) is not None


def how_many(database: Database, most: int) -> Counter[str]:
    """How many addresses do not want each kind of mailing, as far as ``most`` rows tell."""
    return Counter(purpose for (purpose,) in database.read(_HOW_MANY, most))
