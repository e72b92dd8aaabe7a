"""The log's tables: entries that wait, bundles and tiles of those sealed, the head, and who is in which entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import bindparam, select

from senim.audit.records import Tally, from_leaf, time_of
from senim.audit.subjects import places
from senim.audit.tiles import HEIGHT, WIDTH, TileName, pack, stored, widths
from senim.audit.tree import Frontier, subtree_root
from senim.errors import Code, Tampered
from senim.identity import LANES, SubjectId, lane_of
from senim.storage import Database, Unit, at_most, delete, guard, insert, main_metadata, query, upsert
from senim.storage.statements import Row
from senim.storage.tables import blob, lane, number, small, table, word

pending = table(main_metadata, "log_pending", lane(), blob("id", key=True), blob("leaves"))
bundle = table(main_metadata, "log_bundle", lane(), number("n", key=True), blob("leaves"))
tile = table(main_metadata, "log_tile", lane(), small("level", key=True), number("n", key=True), blob("hashes"))
index = table(main_metadata, "log_index", lane(), small("level", key=True), number("n", key=True), blob("records"))
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
    return [(rows[0][0], rows[0][1], pack([row[2] for row in rows]))]


INSERT_PENDING = insert(pending, fold=_packed)
_INSERT_PACKED = insert(pending)
DELETE_PENDING = delete(pending)
PUT_BUNDLE = upsert(bundle)
PUT_TILE = upsert(tile)
_PUT_INDEX = upsert(index)
PUT_TALLY = upsert(tally)
PUT_KEPT = upsert(kept)
_INSERT_HEAD = insert(head)
_PUT_HEAD = upsert(head)
HEAD_GUARD = guard(head, "size")

_PENDING = query(at_most(select(pending.c.lane, pending.c.id, pending.c.leaves)))
_HEAD = query(select(head))
_BUNDLE = query(select(bundle.c.leaves).where(bundle.c.lane == bindparam("lane"), bundle.c.n == bindparam("n")))
_TILE = query(
    select(tile.c.hashes).where(
        tile.c.lane == bindparam("lane"), tile.c.level == bindparam("level"), tile.c.n == bindparam("n")
    )
)
_INDEX = query(
    select(index.c.records).where(
        index.c.lane == bindparam("lane"), index.c.level == bindparam("level"), index.c.n == bindparam("n")
    )
)
_BUNDLES_FROM = query(select(bundle.c.n).where(bundle.c.lane == bindparam("lane"), bundle.c.n >= bindparam("n")))
_TILES_FROM = query(
    select(tile.c.n).where(
        tile.c.lane == bindparam("lane"), tile.c.level == bindparam("level"), tile.c.n >= bindparam("n")
    )
)
_LISTS_FROM = query(
    select(index.c.n).where(
        index.c.lane == bindparam("lane"), index.c.level == bindparam("level"), index.c.n >= bindparam("n")
    )
)
_TALLIES = query(select(tally).order_by(tally.c.act, tally.c.detail))
_BEGUN = [query(at_most(select(column))) for column in (bundle.c.n, tile.c.n, tally.c.count)]
_KEPT = query(select(kept.c.size, kept.c.note).order_by(kept.c.size))
_KEPT_BEFORE = query(
    at_most(select(kept.c.size, kept.c.note).where(kept.c.size < bindparam("size")).order_by(kept.c.size.desc()))
)
_KEPT_FROM = query(at_most(select(kept.c.note).where(kept.c.size >= bindparam("size")).order_by(kept.c.size)))


EVERYTHING = 2**62
"""More rows than there ever are: PostgreSQL takes no negative limit."""

SEGMENT = WIDTH * WIDTH
"""Entries whose index is merged into one list a lane."""

_AHEAD = 16
"""Lists that are asked for in one round trip, when a person's entries are looked for from the newest back."""


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


NO_HEAD = Head(0, (), "", 0, "", 0)


def wait(unit: Unit, entry_id: str, subject: str | None, leaf: bytes) -> None:
    """Put an entry where the sealer will find it: durable with its act, in the subject's lane."""
    unit.add(INSERT_PENDING, lane_of(subject or entry_id), bytes.fromhex(entry_id), leaf)


def wait_together(unit: Unit, entries: Sequence[tuple[str, str | None, bytes]]) -> None:
    """Do the same with many: id, subject and leaf of each. They are kept in one row, in this order."""
    entry_id, subject, _ = entries[0]
    packed = pack([leaf for _, _, leaf in entries])
    unit.add(_INSERT_PACKED, lane_of(subject or entry_id), bytes.fromhex(entry_id), packed)


Waiting = tuple[int, bytes, list[bytes]]
"""Entries of a transaction that are not sealed yet: lane, id, leaves."""


def waiting(database: Database, most: int = EVERYTHING, enough: int = EVERYTHING) -> list[Waiting]:
    """Entries not sealed yet, by transaction and oldest first: of ``most`` transactions, or so many as are enough."""
    found: list[Waiting] = []
    total = 0
    for row in sorted(database.read(_PENDING, most), key=itemgetter(1)):
        leaves = stored(row[2], "log_pending")
        found.append((row[0], row[1], leaves))
        total += len(leaves)
        if total >= enough:
            break
    return found


def read_head(database: Database) -> Head:
    """The head, or an empty one."""
    row = database.one(_HEAD)
    if row is None:
        return NO_HEAD
    _, size, frontier, checkpoint, kept_at, holder, held_until = row
    return Head(size, _split(frontier), checkpoint, kept_at, holder, held_until)


@dataclass(frozen=True, slots=True)
class Moment:
    """The head, and what stood beside it at the same moment."""

    head: Head
    tallies: list[Tally]
    begun: bool


def moment(database: Database) -> Moment:
    """The log as it is now: all of it before or after an entry was sealed."""
    while True:
        head = read_head(database)
        found = Moment(head, tallies(database), begun(database))
        if read_head(database).size == head.size:
            return found


def begun(database: Database) -> bool:
    """Whether anything was ever sealed, whatever the head says."""
    return any(database.read(one, 1) for one in _BEGUN)


def put_head(unit: Unit, new: Head, old: Head) -> None:
    """Move the head on, if nobody else did. The first head is inserted: PostgreSQL locks no row that is not there."""
    first = old is NO_HEAD
    unit.expect(HEAD_GUARD, (1,), None if first else (old.size,), changes=True)
    frontier = b"".join(new.frontier)
    row = (1, new.size, frontier, new.checkpoint, new.kept_at, new.holder, new.held_until)
    unit.add(_INSERT_HEAD if first else _PUT_HEAD, *row)


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


def read_node(database: Database, level: int, index: int) -> bytes:
    """The root of the full subtree of ``2^level`` leaves with a number, from the tile that it stands in or under.

    Raises Tampered (log_broken) if the tile is not there.
    """
    height = level % HEIGHT
    place, count = index << height, 1 << height
    name = TileName(level // HEIGHT, place // WIDTH)
    found = read_tile(database, name) or b""
    hashes = _split(found[place % WIDTH * 32 : (place % WIDTH + count) * 32])
    if len(hashes) != count:
        raise Tampered(Code.LOG_BROKEN, name.path)
    return subtree_root(hashes)


def put_tile(unit: Unit, name: TileName, content: bytes) -> None:
    """Keep a tile or bundle; a wider one replaces a narrower one."""
    if name.level < 0:
        unit.add(PUT_BUNDLE, name.n % LANES, name.n, content)
    else:
        unit.add(PUT_TILE, name.n % LANES, name.level, name.n, content)


def behind(database: Database) -> list[tuple[str, int]]:
    """Bundles, tiles and lists behind the signed end: what they are called, and from which entry on they are."""
    while True:
        before = read_head(database).size
        found = list(_behind(database, before))
        if not found or read_head(database).size == before:
            return found


def _behind(database: Database, size: int) -> Iterator[tuple[str, int]]:
    for lane_number in range(LANES):
        for (n,) in database.read(_BUNDLES_FROM, lane_number, (size + WIDTH - 1) // WIDTH):
            yield f"log_bundle {n}", n * WIDTH
        for level in range(64 // HEIGHT):
            full, part = widths(size, level)
            for (n,) in database.read(_TILES_FROM, lane_number, level, full + bool(part)):
                yield f"log_tile {level}/{n}", n * WIDTH ** (level + 1)
        for level, width in enumerate((WIDTH, SEGMENT)):
            whole = size // SEGMENT if level else (size + WIDTH - 1) // WIDTH
            for (n,) in database.read(_LISTS_FROM, lane_number, level, whole):
                yield f"log_index {level}/{n}", n * width
    yield from _wider(database, size)


def _wider(database: Database, size: int) -> Iterator[tuple[str, int]]:
    """The last bundle and the last tile of each level, if they are wider than what was signed."""
    for level in range(-1, 64 // HEIGHT):
        n, part = widths(size, level)
        content = read_tile(database, TileName(level, n, part)) if part else None
        if content is not None:
            wide = len(stored(content, f"entries/{n}")) if level < 0 else len(content) // 32
            if wide > part:
                yield (
                    f"{'log_bundle ' if level < 0 else f'log_tile {level}/'}{n}",
                    n * WIDTH ** (max(level, 0) + 1) + part,
                )


def put_list(unit: Unit, n: int, records: bytes) -> None:
    """Keep who is in a bundle."""
    unit.add(_PUT_INDEX, n % LANES, 0, n, records)


def put_lists(unit: Unit, n: int, lanes: dict[int, bytes]) -> None:
    """Keep who is in 256 bundles, lane by lane."""
    for lane_number, records in lanes.items():
        unit.add(_PUT_INDEX, lane_number, 1, n, records)


def read_list(database: Database, n: int) -> bytes:
    """Who is in a bundle."""
    row = database.one(_INDEX, n % LANES, 0, n)
    return bytes(row[0]) if row else b""


def read_lists(database: Database, n: int) -> dict[int, bytes]:
    """Who is in 256 bundles, lane by lane."""
    rows = ((lane_number, database.one(_INDEX, lane_number, 1, n)) for lane_number in range(LANES))
    return {lane_number: bytes(row[0]) for lane_number, row in rows if row}


def indexes_of(database: Database, subject: SubjectId, size: int, after: int, most: int) -> list[int]:
    """Numbers of the sealed entries about a person, from ``after`` on, at most ``most``, in a log of ``size``."""
    found: list[int] = []
    for start, records in _lists(database, lane_of(subject), size, after):
        found += [start + place for place in places(records, bytes.fromhex(subject)) if start + place >= after]
        if len(found) >= most:
            break
    return found[:most]


def indexes_before(database: Database, subject: SubjectId, end: int, size: int) -> Iterator[int]:
    """Numbers of the sealed entries about a person before ``end``, the newest first; some lists at a time."""
    lane_number, whole = lane_of(subject), size // SEGMENT
    lists = [(1, n) for n in range(min(whole, -(-end // SEGMENT)))]
    lists += [(0, n) for n in range(whole * WIDTH, -(-end // WIDTH))]
    while lists:
        some, lists = lists[: -_AHEAD - 1 : -1], lists[:-_AHEAD]
        asked = [(_INDEX, (lane_number if level else n % LANES, level, n)) for level, n in some]
        for (level, n), rows in zip(some, database.read_all(*asked), strict=True):
            found = list(places(bytes(rows[0][0]), bytes.fromhex(subject))) if rows else []
            start = n * (SEGMENT if level else WIDTH)
            yield from (start + place for place in reversed(found) if start + place < end)


def _lists(database: Database, lane_number: int, size: int, after: int) -> Iterator[tuple[int, bytes]]:
    """The lists that may hold entries of a lane from ``after`` on: each with the number of its first entry."""
    whole = size // SEGMENT
    for n in range(after // SEGMENT, whole):
        row = database.one(_INDEX, lane_number, 1, n)
        if row is not None:
            yield n * SEGMENT, bytes(row[0])
    for n in range(max(whole * WIDTH, after // WIDTH), (size + WIDTH - 1) // WIDTH):
        yield n * WIDTH, read_list(database, n)


def tallies(database: Database) -> list[Tally]:
    """All counts of sealed acts."""
    return [Tally(*row) for row in database.read(_TALLIES)]


def newest(database: Database) -> int:
    """The time of the newest entry, sealed or not, in microseconds since 1970 UTC; 0 while there is none."""
    times = [tally.last_at for tally in tallies(database)]
    with suppress(Tampered):  # what waits and is broken is told by the sealer and by a verification
        packed = (leaf for _, _, leaves in waiting(database) for leaf in leaves)
        times += [time_of(from_leaf(leaf)) for leaf in packed]
    return max(times, default=0)


def kept_checkpoints(database: Database) -> list[tuple[int, str]]:
    """Earlier checkpoints: size and note."""
    return [(row[0], row[1]) for row in database.read(_KEPT)]


def checkpoint_from(database: Database, size: int) -> str:
    """The first kept checkpoint of at least so many entries; empty if none is."""
    row = database.one(_KEPT_FROM, size, 1)
    return row[0] if row else ""


def checkpoints_before(database: Database, size: int, most: int) -> list[tuple[int, str]]:
    """Kept checkpoints of fewer entries than ``size``, the newest first: size and note."""
    return [(row[0], row[1]) for row in database.read(_KEPT_BEFORE, size, most)]
