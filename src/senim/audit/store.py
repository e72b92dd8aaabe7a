"""The log's tables: entries that wait, bundles and tiles of those sealed, the head, and who is in which entry."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from senim.audit.tiles import TileName, pack, unpack
from senim.audit.tree import Frontier
from senim.identity import LANES, SubjectId, lane_of
from senim.storage import Database, Unit, at_most, delete, guard, insert, main_metadata, query, upsert
from senim.storage.statements import Row
from senim.storage.tables import blob, lane, number, small, table, word

pending = table(main_metadata, "log_pending", lane(), blob("id", key=True), blob("leaves"))
bundle = table(main_metadata, "log_bundle", lane(), number("n", key=True), blob("leaves"))
tile = table(main_metadata, "log_tile", lane(), small("level", key=True), number("n", key=True), blob("hashes"))
entry_of = table(main_metadata, "log_entry_of", lane(), blob("subject", key=True), number("ix", key=True))
head = table(
    main_metadata,
    "log_head",
    small("one", key=True),
    number("size"),
    blob("frontier"),
    word("checkpoint"),
    number("kept_at"),
    word("holder"),
    number("held_until"),
)
kept = table(main_metadata, "log_checkpoint", number("size", key=True), word("note"))
tally = table(
    main_metadata,
    "log_tally",
    word("act", key=True),
    word("detail", key=True),
    number("count"),
    number("first_at"),
    number("last_at"),
    number("last_ix"),
)


def _packed(rows: list[Row]) -> list[Row]:
    """All entries of one transaction as one row: packed as in a bundle, under the id of the first."""
    return [(rows[0][0], rows[0][1], pack(row[2] for row in rows))]


INSERT_PENDING = insert(pending, fold=_packed)
DELETE_PENDING = delete(pending)
PUT_BUNDLE = upsert(bundle)
PUT_TILE = upsert(tile)
INSERT_ENTRY_OF = insert(entry_of)
PUT_TALLY = upsert(tally)
PUT_KEPT = upsert(kept)
PUT_HEAD = upsert(head)
HEAD_GUARD = guard(head, "size")

_PENDING = query(at_most(select(pending.c.lane, pending.c.id, pending.c.leaves)))
_HEAD = query(select(head))
_BUNDLE = query(select(bundle.c.leaves).where(bundle.c.lane == bindparam("lane"), bundle.c.n == bindparam("n")))
_TILE = query(
    select(tile.c.hashes).where(
        tile.c.lane == bindparam("lane"), tile.c.level == bindparam("level"), tile.c.n == bindparam("n")
    )
)
_INDEXES = query(
    at_most(
        select(entry_of.c.ix)
        .where(
            entry_of.c.lane == bindparam("lane"),
            entry_of.c.subject == bindparam("subject"),
            entry_of.c.ix >= bindparam("after"),
        )
        .order_by(entry_of.c.ix)
    )
)
_TALLIES = query(select(tally).order_by(tally.c.act, tally.c.detail))
_KEPT = query(select(kept.c.size, kept.c.note).order_by(kept.c.size))


@dataclass(frozen=True, slots=True)
class Head:
    """Where the sealed log ends."""

    size: int
    frontier: tuple[bytes, ...]
    checkpoint: str
    kept_at: int
    holder: str
    held_until: int

    def tree(self) -> Frontier:
        """The tree's right edge, to append to."""
        return Frontier(self.size, self.frontier)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often an act (with a detail: an outcome or a refusal code) was sealed, from when to when."""

    act: str
    detail: str
    count: int
    first_at: int
    last_at: int
    last_index: int


NO_HEAD = Head(0, (), "", 0, "", 0)


def wait(unit: Unit, entry_id: str, subject: str | None, leaf: bytes) -> None:
    """Put an entry where the sealer will find it: durable with its act, in the subject's lane."""
    unit.add(INSERT_PENDING, lane_of(subject or entry_id), bytes.fromhex(entry_id), leaf)


def waiting(database: Database, most: int = -1) -> list[tuple[int, bytes, list[bytes]]]:
    """Entries not sealed yet, by transaction and oldest first: lane, id, leaves."""
    rows = sorted(database.read(_PENDING, most), key=lambda row: bytes(row[1]))
    return [(row[0], bytes(row[1]), unpack(bytes(row[2]))) for row in rows]


def read_head(database: Database) -> Head:
    """The head, or an empty one."""
    row = database.one(_HEAD)
    if row is None:
        return NO_HEAD
    _, size, frontier, checkpoint, kept_at, holder, held_until = row
    return Head(size, _split(frontier), checkpoint, kept_at, holder, held_until)


def put_head(unit: Unit, new: Head, old: Head) -> None:
    """Move the head on, if nobody else did."""
    expected = (old.size,) if old is not NO_HEAD else None
    unit.expect(HEAD_GUARD, (1,), expected, changes=True)
    frontier = b"".join(new.frontier)
    unit.add(PUT_HEAD, 1, new.size, frontier, new.checkpoint, new.kept_at, new.holder, new.held_until)


def _split(hashes: bytes) -> tuple[bytes, ...]:
    return tuple(hashes[at : at + 32] for at in range(0, len(hashes), 32))


def read_tile(database: Database, name: TileName) -> bytes | None:
    """The bytes of a tile or bundle, at least as wide as named, or None."""
    lane_number = name.n % LANES
    if name.level < 0:
        row = database.one(_BUNDLE, lane_number, name.n)
    else:
        row = database.one(_TILE, lane_number, name.level, name.n)
    return row[0] if row else None


def put_tile(unit: Unit, name: TileName, content: bytes) -> None:
    """Keep a tile or bundle; a wider one replaces a narrower one."""
    if name.level < 0:
        unit.add(PUT_BUNDLE, name.n % LANES, name.n, content)
    else:
        unit.add(PUT_TILE, name.n % LANES, name.level, name.n, content)


def indexes_of(database: Database, subject: SubjectId, after: int, most: int) -> list[int]:
    """Numbers of the sealed entries about a person, from ``after`` on."""
    return [row[0] for row in database.read(_INDEXES, lane_of(subject), bytes.fromhex(subject), after, most)]


def tallies(database: Database) -> list[Tally]:
    """All counts of sealed acts."""
    return [Tally(*row) for row in database.read(_TALLIES)]


def kept_checkpoints(database: Database) -> list[tuple[int, str]]:
    """Earlier checkpoints: size and note."""
    return [(row[0], row[1]) for row in database.read(_KEPT)]
