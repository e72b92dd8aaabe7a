"""The list of requests by what they are found by, and what was done and written about each: no value of a person.

A row is some eighty bytes, so that a hundred thousand of them are looked through in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import bindparam, literal_column, select
from sqlalchemy import or_ as either

from senim.errors import Code, Tampered
from senim.rights.records import Request, Trace
from senim.rights.store import lane_of_number
from senim.storage import Database, at_most, insert, main_metadata, query, upsert
from senim.storage.tables import blob, lane, number, small, table, word
from senim.work import Work

NEWEST = 2**62
"""What the time of a request that ended is taken from, so that the newest comes first, after all open ones."""

FOREVER = 2**61
"""The place of an open request with nothing that runs."""

listed = table(
    main_metadata, "request_listed", lane(), word("number", key=True), word("kind"), word("way"), word("state"),
    word("assigned"), small("open"), small("stuck"), number("due_at"), number("sort_at"),
)  # fmt: skip
traces = table(
    main_metadata, "request_trace", lane(), word("number", key=True), word("id", key=True), number("at"), blob("told")
)

_PUT = upsert(listed)
_INSERT_TRACE = insert(traces)
_PAGE = query(
    at_most(
        select(listed.c.number, listed.c.sort_at)
        .where(
            listed.c.open >= bindparam("least"),
            listed.c.open <= bindparam("most_open"),
            listed.c.stuck >= bindparam("stuck"),
            listed.c.state.like(bindparam("state")),
            listed.c.kind.like(bindparam("kind")),
            listed.c.way.like(bindparam("way")),
            listed.c.assigned.like(bindparam("assigned")),
            listed.c.due_at >= bindparam("due_from"),
            listed.c.due_at <= bindparam("due_to"),
            either(
                listed.c.sort_at > bindparam("after"),
                (listed.c.sort_at == bindparam("same")) & (listed.c.number > bindparam("last")),
            ),
        )
        .order_by(listed.c.sort_at, listed.c.number)
    )
)
_OPEN = query(
    select(listed.c.state, listed.c.assigned, listed.c.stuck, listed.c.due_at).where(
        listed.c.open == literal_column("1")
    )
)
_TRACES = query(
    select(traces.c.told)
    .where(traces.c.lane == bindparam("lane"), traces.c.number == bindparam("number"))
    .order_by(traces.c.at, traces.c.id)
)
_decode = msgspec.json.Decoder(Trace).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; an empty word is any. Times are microseconds since 1970 UTC."""

    ended: bool = False
    """Those that ended too."""
    open: bool = True
    stuck: bool = False
    state: str = ""
    kind: str = ""
    way: str = ""
    assigned: str = ""
    due_from: int = 0
    due_to: int = NEWEST


def put(work: Work, request: Request, *, still: bool) -> None:
    """Keep a request in the list as this act leaves it."""
    due = request.due
    work.add(
        _PUT, lane_of_number(request.number), request.number, request.kind.value, request.way.value,
        request.state.value, request.assigned, int(still), int(still and bool(request.trouble)),
        0 if request.paused or not still else due, (due or FOREVER) if still else NEWEST - request.received_at,
    )  # fmt: skip


def page(database: Database, wanted: Wanted, *, after: tuple[int, str], most: int) -> list[tuple[str, int]]:
    """Numbers and places of requests after a place: open ones by what is due first, then the newest that ended."""
    rows = database.read(
        _PAGE, int(wanted.open and not wanted.ended), int(wanted.open), int(wanted.stuck), wanted.state or "%",
        wanted.kind or "%", wanted.way or "%", wanted.assigned or "%", wanted.due_from, wanted.due_to, after[0],
        *after, most,
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def opened(database: Database) -> list[tuple[str, str, int, int]]:
    """State, who has it, whether something is in its way, and when it is due, of all open requests."""
    return [(row[0], row[1], row[2], row[3]) for row in database.read(_OPEN)]


def trace(work: Work, number_of: str, one: Trace) -> None:
    """Note what was done or written about a request."""
    work.add(_INSERT_TRACE, lane_of_number(number_of), number_of, one.id, one.at, _encode(one))


def traces_of(database: Database, number_of: str) -> list[Trace]:
    """What was done and written about a request, the oldest first."""
    try:
        return [_decode(row[0]) for row in database.read(_TRACES, lane_of_number(number_of), number_of)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Tampered(Code.STORAGE_CORRUPT, "request trace") from error
