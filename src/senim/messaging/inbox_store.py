"""Letters that came in: rows without a word of theirs, sealed pieces, and what was here already."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import bindparam, func, select

from senim.errors import Code, Tampered
from senim.identity import LANES, SubjectId, place
from senim.messaging.inbox_records import Mark, Outcome, Received, Traits
from senim.storage import Database, Query, at_most, delete, guard, insert, main_metadata, query, update, upsert
from senim.storage.statements import Row
from senim.storage.tables import blob, lane, number, table, word
from senim.work import Work

letters = table(
    main_metadata,
    "letter",
    lane(),
    blob("id", key=True),
    word("source"),
    word("outcome"),
    word("about"),
    blob("traits"),
    number("size"),
    number("pieces"),
    number("received_at"),
    number("read_at"),
)
pieces = table(main_metadata, "letter_piece", lane(), blob("id", key=True), number("n", key=True), blob("sealed"))
seen = table(main_metadata, "letter_seen", lane(), blob("digest", key=True), blob("id"), number("at"))
mailboxes = table(
    main_metadata, "letter_mailbox", word("name", key=True), number("validity"), number("uid"), number("at")
)

_INSERT = insert(letters)
_UPDATE = update(letters, "outcome", "about", "traits", "read_at")
_EMPTY = update(letters, "pieces")
_GUARD = guard(letters, "outcome", "pieces")
_INSERT_PIECE = insert(pieces)
_DELETE_PIECES = delete(pieces, "lane", "id")
_INSERT_SEEN = insert(seen)
_SEEN_GUARD = guard(seen, "id")
_PUT_MAILBOX = upsert(mailboxes)
_MAILBOX_GUARD = guard(mailboxes, "validity", "uid")
_ONE: Query = query(select(*letters.c).where(letters.c.lane == bindparam("lane"), letters.c.id == bindparam("id")))
_PIECES: Query = query(
    select(pieces.c.sealed)
    .where(pieces.c.lane == bindparam("lane"), pieces.c.id == bindparam("id"))
    .order_by(pieces.c.n)
)
_PAGE: Query = query(
    at_most(
        select(*letters.c)
        .where(letters.c.lane == bindparam("lane"), letters.c.id > bindparam("after"))
        .order_by(letters.c.id)
    )
)
_SEEN: Query = query(select(seen.c.id).where(seen.c.lane == bindparam("lane"), seen.c.digest == bindparam("digest")))
_MAILBOX: Query = query(select(mailboxes.c.validity, mailboxes.c.uid).where(mailboxes.c.name == bindparam("name")))
_COUNTS: Query = query(select(letters.c.outcome, func.count()).group_by(letters.c.outcome))
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Traits).decode


def _received(row: Row) -> Received:
    """The letter in a row. Raises Tampered (storage_corrupt) if it is not as it was written."""
    try:
        return Received(
            id=SubjectId(bytes(row[1]).hex()),
            source=row[2],
            outcome=Outcome(row[3]),
            about=row[4],
            traits=_decode(row[5]),
            size=row[6],
            pieces=row[7],
            received_at=row[8],
            read_at=row[9],
        )
    except (ValueError, TypeError, msgspec.DecodeError) as error:
        raise Tampered(Code.STORAGE_CORRUPT, "letter") from error


def add(work: Work, letter: Received, sealed: list[bytes]) -> None:
    """Write a new letter and its sealed pieces."""
    where = place(letter.id)
    work.add(
        _INSERT, *where, letter.source, letter.outcome.value, letter.about, _encode(letter.traits), letter.size,
        letter.pieces, letter.received_at, letter.read_at,
    )  # fmt: skip
    for n, piece in enumerate(sealed):
        work.add(_INSERT_PIECE, *where, n, piece)


def find(database: Database, letter: SubjectId) -> Received | None:
    """A letter, or None."""
    row = database.one(_ONE, *place(letter))
    return _received(row) if row else None


def pieces_of(database: Database, letter: SubjectId) -> list[bytes]:
    """The sealed pieces of a letter, in order."""
    return [bytes(row[0]) for row in database.read(_PIECES, *place(letter))]


def change(work: Work, old: Received, new: Received) -> None:
    """Write what came of a letter, if nobody else wrote it meanwhile."""
    where = place(old.id)
    work.expect(_GUARD, where, (old.outcome.value, old.pieces), changes=True)
    work.add(_UPDATE, new.outcome.value, new.about, _encode(new.traits), new.read_at, *where)


def empty(work: Work, old: Received) -> None:
    """Remove what is sealed of a letter."""
    where = place(old.id)
    work.expect(_GUARD, where, (old.outcome.value, old.pieces), changes=True)
    work.add(_EMPTY, 0, *where)
    work.add(_DELETE_PIECES, *where)


def every(database: Database, most: int = 500) -> Iterator[Received]:
    """All letters, lane by lane, in flat memory."""
    for lane_number in range(LANES):
        after = b""
        while rows := database.read(_PAGE, lane_number, after, most):
            yield from map(_received, rows)
            after = bytes(rows[-1][1])


def counts(database: Database) -> dict[Outcome, int]:
    """How many letters there are, by what came of them."""
    return {Outcome(row[0]): row[1] for row in database.read(_COUNTS)}


def known(work: Work, digest: bytes) -> SubjectId | None:
    """The letter with this digest, if it came before; the act stands only if that is still so."""
    where = (digest[0] % LANES, digest)
    row = work.one(_SEEN, *where)
    found = bytes(row[0]) if row else None
    work.expect(_SEEN_GUARD, where, None if found is None else (found,), changes=found is None)
    return SubjectId(found.hex()) if found else None


def remember(work: Work, digest: bytes, letter: SubjectId) -> None:
    """Remember that a letter came."""
    work.add(_INSERT_SEEN, digest[0] % LANES, digest, bytes.fromhex(letter), work.at)


def mark_of(database: Database, mailbox: str) -> Mark:
    """How far a mailbox was fetched."""
    row = database.one(_MAILBOX, mailbox)
    return Mark(mailbox=mailbox, validity=row[0] if row else 0, uid=row[1] if row else 0)


def advance(work: Work, mark: Mark) -> None:
    """Note how far a mailbox was fetched; never back, but for a new validity."""
    row = work.one(_MAILBOX, mark.mailbox)
    work.expect(_MAILBOX_GUARD, (mark.mailbox,), tuple(row) if row else None, changes=True)
    if row is None or row[0] != mark.validity or row[1] < mark.uid:
        work.add(_PUT_MAILBOX, mark.mailbox, mark.validity, mark.uid, work.at)
