"""Requests, whose they are, which are open, what was written in them (sealed), what stays by law, attempts counted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
from sqlalchemy import bindparam, literal_column, select

from senim.errors import Code, Tampered
from senim.identity import LANES, SubjectId, place
from senim.rights.records import Request
from senim.storage import Database, Unit, at_most, delete, guard, insert, main_metadata, query, update, upsert
from senim.storage.statements import Query, Row, Statement
from senim.storage.tables import blob, lane, number, table, word
from senim.work import Work

requests = table(
    main_metadata, "request", lane(), word("number", key=True), number("epoch"), word("state"), number("received_at"),
    number("keep_until"), blob("record"),
)  # fmt: skip
of_people = table(main_metadata, "request_of", lane(), blob("subject", key=True), word("number", key=True))
open_ones = table(main_metadata, "request_open", lane(), word("number", key=True), number("due_at"))
parts = table(
    main_metadata, "request_part", lane(), word("number", key=True), word("part", key=True), number("n", key=True),
    blob("sealed"),
)  # fmt: skip
kept = table(
    main_metadata, "request_kept", lane(), blob("holder", key=True), word("number"), number("until"), blob("sealed")
)
attempts = table(
    main_metadata, "request_attempt", lane(), word("kind", key=True), blob("digest", key=True), number("since"),
    number("count"),
)  # fmt: skip

_INSERT = insert(requests)
_UPDATE = update(requests, "epoch", "state", "received_at", "keep_until", "record")
_GUARD = guard(requests, "epoch")
_PUT_OF = upsert(of_people)
_PUT_OPEN = upsert(open_ones)
_DELETE_OPEN = delete(open_ones)
_PUT_PART = upsert(parts)
_DELETE_PARTS = delete(parts, "lane", "number")
_INSERT_KEPT = insert(kept)
_DELETE_KEPT = delete(kept)
_PUT_ATTEMPT = upsert(attempts)
_DELETE_ATTEMPT = delete(attempts)
_ATTEMPT_GUARD = guard(attempts, "since", "count")
_ONE = query(
    select(requests.c.epoch, requests.c.record).where(
        requests.c.lane == bindparam("lane"), requests.c.number == bindparam("number")
    )
)
_OF = query(
    select(of_people.c.number).where(of_people.c.lane == bindparam("lane"), of_people.c.subject == bindparam("subject"))
)
_OPEN = query(
    at_most(
        select(open_ones.c.number)
        .where(open_ones.c.due_at < bindparam("before"))
        .order_by(open_ones.c.due_at, open_ones.c.number)
    )
)
_PAGE = query(
    at_most(
        select(requests.c.number, requests.c.record)
        .where(requests.c.lane == bindparam("lane"), requests.c.number > bindparam("after"))
        .order_by(requests.c.number)
    )
)
_OVER = query(
    at_most(
        select(requests.c.number).where(
            requests.c.keep_until > literal_column("0"), requests.c.keep_until <= bindparam("now")
        )
    )
)
_PART = query(
    select(parts.c.sealed).where(
        parts.c.lane == bindparam("lane"),
        parts.c.number == bindparam("number"),
        parts.c.part == bindparam("part"),
        parts.c.n == bindparam("n"),
    )
)
_KEPT = query(select(kept.c.holder, kept.c.number, kept.c.until, kept.c.sealed))
_ATTEMPT = query(
    select(attempts.c.since, attempts.c.count).where(
        attempts.c.lane == bindparam("lane"),
        attempts.c.kind == bindparam("kind"),
        attempts.c.digest == bindparam("digest"),
    )
)
_OLD_ATTEMPTS = query(
    at_most(select(attempts.c.lane, attempts.c.kind, attempts.c.digest).where(attempts.c.since < bindparam("before")))
)
PLACE = "from"
"""The word in the kinds of attempts that are counted by the place of the network."""

_OLD_PLACES = query(
    at_most(
        select(attempts.c.lane, attempts.c.kind, attempts.c.digest).where(
            attempts.c.since < bindparam("before"), attempts.c.kind.like(bindparam("places"))
        )
    )
)
_decode = msgspec.msgpack.Decoder(Request).decode
_encode = msgspec.msgpack.Encoder().encode


def lane_of_number(number_of: str) -> int:
    """The lane of what goes by the number of a request."""
    return hashlib.sha256(number_of.encode()).digest()[-1] % LANES


def _request(record: bytes) -> Request:
    try:
        return _decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Tampered(Code.STORAGE_CORRUPT, "request") from error


def look(database: Database, number_of: str) -> Request | None:
    """A request as last committed, or None."""
    row = database.one(_ONE, lane_of_number(number_of), number_of)
    return _request(row[1]) if row else None


def find(work: Work, number_of: str) -> Request | None:
    """A request as this act leaves it; the act is committed only if nobody else changes it meanwhile."""
    known = work.memo.get(("request", number_of))
    if isinstance(known, Request):
        return known
    row = work.one(_ONE, lane_of_number(number_of), number_of)
    if row is None:
        return None
    work.expect(_GUARD, (lane_of_number(number_of), number_of), (row[0],))
    work.memo["request epoch", number_of] = row[0]
    found = _request(row[1])
    work.memo["request", number_of] = found
    return found


def taken(work: Work, number_of: str) -> bool:
    """Whether there is a request with this number; if not, none may come to be while the act is under way."""
    if work.one(_ONE, lane_of_number(number_of), number_of):
        return True
    work.expect(_GUARD, (lane_of_number(number_of), number_of), None, changes=True)
    return False


def save(work: Work, request: Request) -> Request:
    """Write a request as it stands after this act, in place of what the act wrote of it before."""
    where = (lane_of_number(request.number), request.number)
    epoch = work.memo.get(("request epoch", request.number))
    facts = (request.state.value, request.received_at, 0 if request.closed_at else request.keep_until, _encode(request))
    row: tuple[Statement, Row]
    if isinstance(epoch, int):
        row = _UPDATE, (epoch + 1, *facts, *where)
        work.unit.changed.add((_GUARD.table, where))
    else:
        row = _INSERT, (*where, 1, *facts)
    slot = work.memo.get(("request slot", request.number))
    if isinstance(slot, int):
        work.unit.rows[slot] = row
    else:
        work.memo["request slot", request.number] = len(work.unit.rows)
        work.unit.rows.append(row)
    work.memo["request", request.number] = request
    return request


def list_open(work: Work, request: Request, *, still: bool) -> None:
    """Keep a request in the list of open ones, by what is due next; or take it out."""
    where = (lane_of_number(request.number), request.number)
    if still:
        work.add(_PUT_OPEN, *where, request.due)
    else:
        work.add(_DELETE_OPEN, *where)


def opened(database: Database, before: int, most: int) -> list[Request]:
    """Open requests with something due before a time, the most urgent first."""
    found = (look(database, row[0]) for row in database.read(_OPEN, before, most))
    return [one for one in found if one is not None]


def everything(database: Database, most: int = 500) -> Iterator[Request]:
    """All requests, in flat memory."""
    for lane_number in range(LANES):
        after = ""
        while rows := database.read(_PAGE, lane_number, after, most):
            yield from (_request(row[1]) for row in rows)
            after = rows[-1][0]


def over(database: Database, now: int, most: int) -> list[str]:
    """Numbers of requests whose own term is over."""
    return [row[0] for row in database.read(_OVER, now, most)]


def belongs(work: Work, subject: SubjectId, number_of: str) -> None:
    """Note whose request it is."""
    work.add(_PUT_OF, *place(subject), number_of)


def of(database: Database, subject: SubjectId) -> list[Request]:
    """The requests of a person."""
    found = (look(database, row[0]) for row in database.read(_OF, *place(subject)))
    return [one for one in found if one is not None]


def put_part(unit: Unit, number_of: str, part: str, n: int, sealed: bytes) -> None:
    """Keep a sealed chunk of what was written in a request."""
    unit.add(_PUT_PART, lane_of_number(number_of), number_of, part, n, sealed)


def read_part(database: Database, number_of: str, part: str, n: int) -> bytes | None:
    """A sealed chunk, or None."""
    row = database.one(_PART, lane_of_number(number_of), number_of, part, n)
    return bytes(row[0]) if row else None


def drop_parts(unit: Unit, number_of: str) -> None:
    """Remove what was written in a request."""
    unit.add(_DELETE_PARTS, lane_of_number(number_of), number_of)


def put_kept(work: Work, holder: SubjectId, number_of: str, until: int, sealed: bytes) -> None:
    """Keep what stays by law of an erased person, in a box of its own."""
    work.add(_INSERT_KEPT, *place(holder), number_of, until, sealed)


def all_kept(database: Database) -> Iterator[tuple[SubjectId, str, int, bytes]]:
    """Everything that stays by law: box, request, until when, sealed."""
    for holder, number_of, until, sealed in database.stream(_KEPT):
        yield SubjectId(bytes(holder).hex()), number_of, until, bytes(sealed)


def drop_kept(work: Work, holder: SubjectId) -> None:
    """Remove it."""
    work.add(_DELETE_KEPT, *place(holder))


def attempted(work: Work, kind: str, digest: bytes) -> tuple[int, int]:
    """Since when attempts are counted, and how many there were; watched until the act is committed."""
    where = (digest[-1] % LANES, kind, digest)
    row = work.one(_ATTEMPT, *where)
    work.expect(_ATTEMPT_GUARD, where, (row[0], row[1]) if row else None, changes=True)
    return (row[0], row[1]) if row else (0, 0)


def count_attempt(work: Work, kind: str, digest: bytes, *, since: int, count: int) -> None:
    """Note how many attempts there were."""
    work.add(_PUT_ATTEMPT, digest[-1] % LANES, kind, digest, since, count)


def forget_attempts(database: Database, before: int, most: int = 1000) -> int:
    """Remove counts that are older; their number."""
    return _forget(database, _OLD_ATTEMPTS, before, most)


def forget_places(database: Database, before: int, most: int = 1000) -> int:
    """Remove older counts of places of the network; their number."""
    return _forget(database, _OLD_PLACES, before, f"% {PLACE}", most)


def _forget(database: Database, old: Query, *which: object) -> int:
    unit = Unit()
    rows = database.read(old, *which)
    for row in rows:
        unit.add(_DELETE_ATTEMPT, *row)
    database.commit(unit)
    return len(rows)
