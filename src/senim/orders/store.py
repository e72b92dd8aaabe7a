"""Orders, what is due in each lane, what is dead, and what belongs to what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import bindparam, func, select

from senim.errors import Code, Tampered
from senim.identity import LANES, SubjectId, lane_of
from senim.languages import from_stored, to_stored
from senim.orders.records import Claimed, Order, State, queue_of
from senim.storage import Database, Query, Unit, at_most, delete, guard, insert, main_metadata, query, update
from senim.storage.statements import Row
from senim.storage.tables import blob, lane, number, table, word
from senim.work import Work

orders = table(
    main_metadata,
    "stored_order",
    lane(),
    blob("id", key=True),
    blob("holder"),
    word("kind"),
    word("about"),
    blob("facts"),
    word("state"),
    number("attempt"),
    number("tries"),
    number("due_at"),
    word("step"),
    word("code"),
    word("detail"),
    blob("receipt"),
    number("placed_at"),
    number("ended_at"),
)
due = table(
    main_metadata,
    "order_due",
    lane(),
    word("queue", key=True),
    number("due_at", key=True),
    blob("id", key=True),
    word("kind"),
)
dead = table(main_metadata, "order_dead", lane(), blob("id", key=True), word("kind"))
about = table(main_metadata, "order_about", lane(), word("about", key=True), blob("id", key=True))

_INSERT = insert(orders)
_CHANGED = ("state", "attempt", "tries", "due_at", "step", "code", "detail", "receipt", "ended_at")
_UPDATE = update(orders, *_CHANGED)
_GUARD = guard(orders, "state", "attempt", "due_at")
_DELETE_DUE = delete(due)
_INSERT_DUE = insert(due)
_DELETE_DEAD = delete(dead)
_INSERT_DEAD = insert(dead)
_INSERT_ABOUT = insert(about)

_ALL = select(*orders.c)
_ONE: Query = query(_ALL.where(orders.c.lane == bindparam("lane"), orders.c.id == bindparam("id")))
_EVERY: Query = query(_ALL.order_by(orders.c.lane, orders.c.id))
_OF_DUE: Query = query(_ALL.join_from(due, orders, (due.c.lane == orders.c.lane) & (due.c.id == orders.c.id)))
_OF_DEAD: Query = query(_ALL.join_from(dead, orders, (dead.c.lane == orders.c.lane) & (dead.c.id == orders.c.id)))
_IDS_ABOUT: Query = query(select(about.c.id).where(about.c.lane == bindparam("lane"), about.c.about == bindparam("of")))
_DEAD_COUNTS: Query = query(select(dead.c.kind, func.count()).group_by(dead.c.kind))
_WAITS: Query = query(
    at_most(
        select(due.c.kind).where(due.c.lane == bindparam("lane"), due.c.queue == bindparam("queue"))
        .where(due.c.kind == bindparam("kind"))
    )
)  # fmt: skip
_KINDS: Query = query(select(due.c.kind, due.c.due_at))


class _Written(Query):
    """A statement written by hand for each database."""

    def __init__(self, sqlite: str, postgres: str = "") -> None:
        super().__init__(select())
        self.__dict__.update(sqlite=sqlite, postgres=postgres or sqlite.replace("?", "%s"))


_EACH_LANE = ", ".join(map(str, range(LANES)))
_ENOUGH = 10_000
_LANES = _Written(
    # The inner limit keeps a look at a long queue short; what it does not reach now is reached when this is done.
    f"SELECT DISTINCT lane FROM (SELECT lane FROM order_due WHERE lane IN ({_EACH_LANE}) AND queue = ? "
    f"AND due_at <= ? LIMIT {_ENOUGH}) AS few"
)
_COLUMNS = tuple(column.name for column in orders.columns)
_CANDIDATES = _Written(
    f"SELECT {', '.join(f'o.{name}' for name in _COLUMNS)} FROM order_due AS d "
    "JOIN stored_order AS o ON o.lane = d.lane AND o.id = d.id "
    "WHERE d.lane = ? AND d.queue = ? AND d.due_at <= ? AND d.kind IN (SELECT value FROM json_each(?)) "
    "ORDER BY d.due_at, d.id LIMIT ?"
)
_CLAIM = _Written(
    "",
    "WITH taken AS MATERIALIZED (SELECT due_at, id FROM order_due WHERE lane = %s AND queue = %s AND due_at <= %s "
    "AND kind = ANY(%s::text[]) ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED), "
    "moved AS (UPDATE order_due AS d SET due_at = %s FROM taken "
    "WHERE d.lane = %s AND d.queue = %s AND d.due_at = taken.due_at AND d.id = taken.id) "
    "UPDATE stored_order AS o SET state = 'running', attempt = o.attempt + 1, tries = o.tries + 1, due_at = %s "
    f"FROM taken WHERE o.lane = %s AND o.id = taken.id RETURNING {', '.join(f'o.{name}' for name in _COLUMNS)}",
)
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, object]).decode


def _order(row: Row) -> Order:
    """The order in a row. Raises Tampered (storage_corrupt) if it is not as it was written."""
    try:
        return Order(
            id=bytes(row[1]).hex(),
            holder=SubjectId(bytes(row[2]).hex()),
            kind=row[3],
            about=row[4],
            facts=_decode(row[5]),
            state=State(row[6]),
            attempt=row[7],
            tries=row[8],
            due_at=row[9],
            step=row[10],
            code=row[11],
            detail=from_stored(row[12]),
            receipt=_decode(row[13]),
            placed_at=row[14],
            ended_at=row[15],
        )
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, TypeError) as error:
        raise Tampered(Code.STORAGE_CORRUPT, "stored_order") from error


def key_of(order_id: str) -> tuple[int, bytes]:
    """Where an order is: its id lies in the lane of its holder."""
    return lane_of(order_id), bytes.fromhex(order_id)


def _about_lane(of: str) -> int:
    return hashlib.sha256(of.encode()).digest()[0] % LANES


def find(database: Database, order_id: str) -> Order | None:
    """An order, or None."""
    row = database.one(_ONE, *key_of(order_id))
    return _order(row) if row else None


def find_many(database: Database, of: str) -> list[Order]:
    """The orders that belong to something."""
    rows = database.read(_IDS_ABOUT, _about_lane(of), of)
    found = (find(database, bytes(row[0]).hex()) for row in rows)
    return [order for order in found if order]


def under_way(database: Database) -> Iterator[Order]:
    """Orders that wait or that somebody is at."""
    return map(_order, database.stream(_OF_DUE))


def dead_ones(database: Database) -> Iterator[Order]:
    """Orders that failed for good."""
    return map(_order, database.stream(_OF_DEAD))


def every(database: Database) -> Iterator[Order]:
    """All orders ever placed, in flat memory."""
    return map(_order, database.stream(_EVERY))


def dead_counts(database: Database) -> dict[str, int]:
    """How many orders are dead, by kind."""
    return {row[0]: row[1] for row in database.read(_DEAD_COUNTS)}


def waits(database: Database, kind: str) -> bool:
    """Whether an order of a kind waits or is under way."""
    queue = queue_of(kind)
    return any(database.read_all(*((_WAITS, (number, queue, kind, 1)) for number in range(LANES))))


def due_times(database: Database) -> Iterator[tuple[str, int]]:
    """Kind and time of each order that waits or that somebody is at."""
    return ((kind, at) for kind, at in database.stream(_KINDS))


def absent(work: Work, order_id: str) -> None:
    """Let the act stand only if there is no such order."""
    work.expect(_GUARD, key_of(order_id), None, changes=True)


def place(work: Work, order: Order) -> None:
    """Write a new order, due and findable."""
    where = key_of(order.id)
    row = (bytes.fromhex(order.holder), order.kind, order.about, _encode(order.facts), *_state(order)[:7])
    work.add(_INSERT, *where, *row, _encode(order.receipt), order.placed_at, order.ended_at)
    work.add(_INSERT_DUE, where[0], order.queue, order.due_at, where[1], order.kind)
    if order.about:
        work.add(_INSERT_ABOUT, _about_lane(order.about), order.about, where[1])


def _state(order: Order) -> Row:
    return (
        order.state.value, order.attempt, order.tries, order.due_at, order.step, order.code, to_stored(order.detail),
        _encode(order.receipt), order.ended_at,
    )  # fmt: skip


def move(work: Work, old: Order, new: Order) -> None:
    """Write an order as it stands after this act; the act is committed only if it still was as ``old``."""
    _move(work.unit, old, new)


def _move(unit: Unit, old: Order, new: Order) -> None:
    where = key_of(old.id)
    unit.expect(_GUARD, where, (old.state.value, old.attempt, old.due_at), changes=True)
    unit.add(_UPDATE, *_state(new), *where)
    before, after = (one.state in (State.WAITING, State.RUNNING) for one in (old, new))
    if before and (not after or old.due_at != new.due_at):
        unit.add(_DELETE_DUE, where[0], old.queue, old.due_at, where[1])
    if after and (not before or old.due_at != new.due_at):
        unit.add(_INSERT_DUE, where[0], new.queue, new.due_at, where[1], new.kind)
    if old.state is State.DEAD and new.state is not State.DEAD:
        unit.add(_DELETE_DEAD, *where)
    if new.state is State.DEAD and old.state is not State.DEAD:
        unit.add(_INSERT_DEAD, *where, new.kind)


def lanes_due(database: Database, queue: str, now: int) -> list[int]:
    """The lanes in which something of a queue is due."""
    return [row[0] for row in database.read(_LANES, queue, now)]


def claim(
    database: Database, lane_number: int, kinds: Sequence[str], *, queue: str, now: int, until: int, most: int
) -> list[Claimed]:
    """Claim what is due in a lane, the longest due first; what others are claiming at the same moment is left to them.

    Raises Stale if they were faster.
    """
    if database.dialect == "postgresql":
        place = (lane_number, queue)
        rows = database.read(_CLAIM, *place, now, list(kinds), most, until, *place, until, lane_number)
        taken = [_order(row) for row in rows]
    else:
        asked = (lane_number, queue, now, _encode(list(kinds)).decode(), most)
        found = [_order(row) for row in database.read(_CANDIDATES, *asked)]
        unit = Unit()
        taken = []
        for old in found:
            new = msgspec.structs.replace(
                old, state=State.RUNNING, attempt=old.attempt + 1, tries=old.tries + 1, due_at=until
            )
            _move(unit, old, new)
            taken.append(new)
        database.commit(unit)
    return sorted((Claimed(order=one, until=until) for one in taken), key=lambda one: one.order.placed_at)
