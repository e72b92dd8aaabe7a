"""Events, added for ever, and the state that they leave."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, func, select

from senim.consent.records import Event, Scope, State
from senim.identity import SubjectId, lane_of
from senim.storage import Database, Query, at_most, delete, insert, main_metadata, query, upsert
from senim.storage.statements import Row
from senim.storage.tables import blob, lane, number, small, table, word
from senim.work import Work

events = table(main_metadata, "consent_event", lane(), blob("subject", key=True), blob("id", key=True), blob("body"))
states = table(
    main_metadata,
    "consent_state",
    lane(),
    blob("subject", key=True),
    word("purpose", key=True),
    word("recipient", key=True),
    word("channel", key=True),
    word("country", key=True),
    small("given"),
    small("proven"),
    number("version"),
    number("at"),
    number("until"),
    blob("event"),
)

_INSERT_EVENT = insert(events)
_PUT_STATE = upsert(states)
_DELETE_STATES = delete(states, "lane", "subject")
_STATE_COLUMNS = [column for column in states.columns if column.name not in ("lane", "subject")]
FOR_PURPOSE: Query = query(
    select(*_STATE_COLUMNS).where(
        states.c.lane == bindparam("lane"),
        states.c.subject == bindparam("subject"),
        states.c.purpose == bindparam("purpose"),
    )
)
_OF_SUBJECT = query(
    select(*_STATE_COLUMNS)
    .where(states.c.lane == bindparam("lane"), states.c.subject == bindparam("subject"))
    .order_by(states.c.purpose, states.c.recipient, states.c.channel, states.c.country)
)
_EVENTS = query(
    at_most(
        select(events.c.body)
        .where(
            events.c.lane == bindparam("lane"),
            events.c.subject == bindparam("subject"),
            events.c.id > bindparam("after"),
        )
        .order_by(events.c.id)
    )
)
_EVENT = query(
    select(events.c.body).where(
        events.c.lane == bindparam("lane"), events.c.subject == bindparam("subject"), events.c.id == bindparam("id")
    )
)
_LIVE = query(
    select(func.count())
    .select_from(states)
    .where(
        states.c.purpose == bindparam("purpose"),
        states.c.recipient == bindparam("recipient"),
        states.c.given == bindparam("given"),
        states.c.version <= bindparam("version"),
    )
)
_decode = msgspec.json.Decoder(Event).decode


def place(subject: SubjectId) -> tuple[int, bytes]:
    """The beginning of the key of a person's rows."""
    return lane_of(subject), bytes.fromhex(subject)


def state_of(row: Row) -> State:
    """The state in a row of ``FOR_PURPOSE``."""
    purpose, recipient, channel, country, given, proven, version, at, until, event = row
    return State(
        scope=Scope(purpose=purpose, recipient=recipient, channel=channel, country=country),
        given=given == 1,
        proven=proven == 1,
        version=version,
        at=at,
        until=until,
        event=bytes(event).hex(),
    )


def scoped(rows: list[Row]) -> dict[tuple[str, str, str], State]:
    """The states of one purpose by recipient, channel and country."""
    return {(row[1], row[2], row[3]): state_of(row) for row in rows}


def of_subject(database: Database, subject: SubjectId) -> list[State]:
    """All that a person agreed to or withdrew, as it holds now."""
    return [state_of(row) for row in database.read(_OF_SUBJECT, *place(subject))]


def history(database: Database, subject: SubjectId, after: str, most: int) -> list[Event]:
    """Events of a person after one, oldest first."""
    rows = database.read(_EVENTS, *place(subject), bytes.fromhex(after), most)
    return [_decode(row[0]) for row in rows]


def event(database: Database, subject: SubjectId, event_id: str) -> Event | None:
    """One event, or None."""
    row = database.one(_EVENT, *place(subject), bytes.fromhex(event_id))
    return _decode(row[0]) if row else None


def people(database: Database, purpose: str, version: int) -> int:
    """How many people's consent to a purpose was given under a version up to ``version`` and holds."""
    return int(database.read(_LIVE, purpose, "", 1, version)[0][0])


def add(work: Work, subject: SubjectId, body: bytes, event_id: str, state: State) -> None:
    """Keep an event and what holds after it."""
    where, scope, ident = place(subject), state.scope, bytes.fromhex(event_id)
    work.add(_INSERT_EVENT, *where, ident, body)
    work.add(
        _PUT_STATE,
        *where,
        scope.purpose,
        scope.recipient,
        scope.channel,
        scope.country,
        int(state.given),
        int(state.proven),
        state.version,
        state.at,
        state.until,
        ident,
    )


def forget_states(work: Work, subject: SubjectId) -> None:
    """Remove what holds for a person who is erased; the events stay as proof, about nobody."""
    work.add(_DELETE_STATES, *place(subject))
