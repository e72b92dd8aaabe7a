"""Look in the log, newest first: each look is bounded work, however many entries there are."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice, takewhile

import msgspec

from senim.audit import store
from senim.audit.records import Entry, Outcome, from_leaf, time_of
from senim.audit.tiles import WIDTH, TileName, stored
from senim.errors import Code, Tampered
from senim.identity import SubjectId, is_id
from senim.storage import Database

PAGE = 50
"""Entries told together."""

FAR = 64
"""Bundles that one look goes through at most: 16 384 entries."""

LOOKED = 250
"""Entries about a person that one look goes through at most."""

_SLACK = timedelta(minutes=2) // timedelta(microseconds=1)
"""By how much entries may stand out of the order of their times: some wait for a commit, clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for. Empty parts fit everything; times are microseconds since 1970 UTC, 0 for none."""

    act: str = ""
    actor: str = ""
    """An actor, or a kind of them: ``staff:``."""
    outcome: Outcome | str = ""
    subject: str = ""
    purpose: str = ""
    since: int = 0
    until: int = 0

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is one of those."""
        return (
            (not self.act or entry.act == self.act)
            and (entry.actor.startswith(self.actor) if self.actor.endswith(":") else self.actor in ("", entry.actor))
            and (not self.outcome or entry.outcome == self.outcome)
            and (not self.subject or entry.subject == self.subject)
            and (not self.purpose or entry.purpose == self.purpose)
            and (not (self.since or self.until) or self.since <= time_of(entry) < (self.until or 2**63))
        )

    def marks(self) -> list[bytes]:
        """Bytes that the leaf of an entry must hold to fit: most leaves are told apart by them, unread."""
        parts = {"act": self.act, "actor": self.actor, "outcome": self.outcome, "purpose": self.purpose}
        return [msgspec.json.encode({name: part})[1:-2] for name, part in parts.items() if part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Some entries with their numbers, newest first. ``onwards`` is where the next look goes on: before this number."""

    entries: tuple[tuple[int, Entry], ...]
    onwards: int
    """0 when the beginning of the log, or of the time that was asked for, is reached."""


def search(database: Database, sought: Sought, *, before: int = 0, most: int = PAGE) -> Found:
    """The newest entries that fit, from before a number on. Raises Tampered (log_broken)."""
    size = store.read_head(database).size
    end = min(before or size, size)
    if sought.subject:
        return _about(database, sought, size=size, end=end, most=most)
    end = min(end, _newest(database, sought, size))
    if sought.until:
        end = min(end, _place(database, size, sought.until + _SLACK) * WIDTH)
    begin = max(_place(database, size, sought.since - _SLACK) - 1, 0) * WIDTH if sought.since else 0
    found: list[tuple[int, Entry]] = []
    at, looked = end, 0
    while at > begin and looked < FAR and len(found) < most:
        n, looked = (at - 1) // WIDTH, looked + 1
        fit = islice(_backwards(database, n, at, sought), most - len(found))
        found += fit
        at = found[-1][0] if len(found) == most else n * WIDTH
    return Found(entries=tuple(found), onwards=at if at > begin else 0)


def _backwards(database: Database, n: int, end: int, sought: Sought) -> Iterator[tuple[int, Entry]]:
    """The entries of a bundle before a number that fit, the newest first."""
    marks, leaves = sought.marks(), _leaves(database, n)[: end - n * WIDTH]
    for place in reversed(range(len(leaves))):
        if all(mark in leaves[place] for mark in marks) and sought.fits(entry := from_leaf(leaves[place])):
            yield n * WIDTH + place, entry


def _about(database: Database, sought: Sought, *, size: int, end: int, most: int) -> Found:
    """Entries about a person, by the lists of who is in which."""
    found: list[tuple[int, Entry]] = []
    at = 0
    for index, leaf in _leaves_at(database, store.indexes_before(database, SubjectId(sought.subject), end, size)):
        entry = from_leaf(leaf)
        if sought.fits(entry):
            found.append((index, entry))
            if len(found) == most:
                at = index
                break
    return Found(entries=tuple(found), onwards=at)


def _leaves_at(database: Database, indexes: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Entries by their numbers, as they are kept; those of a bundle that stand together are read together."""
    leaves, have = list[bytes](), -1
    for index in indexes:
        if index // WIDTH != have:
            have = index // WIDTH
            leaves = _leaves(database, have)
        yield index, leaves[index % WIDTH]


def newest_about(database: Database, subject: SubjectId, acts: Collection[str], *, before: int, most: int) -> Found:
    """The newest sealed entries about a person that tell of acts done. Raises Tampered (log_broken).

    A look goes through at most :data:`LOOKED` of the person's entries: with many others between, it finds few.
    """
    size = store.read_head(database).size
    marks = [msgspec.json.encode({"act": one})[1:-1] for one in acts]
    found: list[tuple[int, Entry]] = []
    indexes = store.indexes_before(database, subject, min(before or size, size), size)
    for looked, (index, leaf) in enumerate(_leaves_at(database, indexes)):
        if len(found) == most or looked == LOOKED:
            return Found(entries=tuple(found), onwards=index + 1)
        if any(mark in leaf for mark in marks) and done(entry := from_leaf(leaf), acts):
            found.append((index, entry))
    return Found(entries=tuple(found), onwards=0)


def entry_about(database: Database, subject: SubjectId, entry_id: str) -> Entry | None:
    """The sealed entry about a person with an id, if there is one. Raises Tampered (log_broken).

    The log is in the order of ids, but for what waited long for its commit: the entry is looked for where it should
    stand, and among all about the person only if it does not stand there.
    """
    if not is_id(entry_id):
        return None
    size, mark = store.read_head(database).size, entry_id.encode()
    bundles = range(-(-size // WIDTH))
    place = bisect.bisect_right(bundles, entry_id, key=lambda n: from_leaf(_leaves(database, n)[0]).id) - 1
    begin, end = (place - 1) * WIDTH, min((place + 2) * WIDTH, size)
    near = takewhile(lambda index: index >= begin, store.indexes_before(database, subject, end, size))
    for _, leaf in _leaves_at(database, chain(near, store.indexes_before(database, subject, size, size))):
        if mark in leaf and (entry := from_leaf(leaf)).id == entry_id and entry.subject == subject:
            return entry
    return None


def done(entry: Entry, acts: Collection[str]) -> bool:
    """Whether an entry tells that one of the acts was done."""
    return entry.act in acts and entry.outcome is Outcome.DONE


def _newest(database: Database, sought: Sought, size: int) -> int:
    """Behind which number no entry of an act stands: the counts know where the last one is."""
    if not sought.act:
        return size
    details = [sought.outcome] if sought.outcome else list(Outcome)
    last = [one.last_index for one in store.tallies(database) if one.act == sought.act and one.detail in details]
    return max(last, default=-1) + 1


def _place(database: Database, size: int, time: int) -> int:
    """The first bundle that begins behind a time."""
    bundles = range((size + WIDTH - 1) // WIDTH)
    return bisect.bisect_left(bundles, time, key=lambda n: time_of(from_leaf(_leaves(database, n)[0])))


def _leaves(database: Database, n: int) -> list[bytes]:
    content = store.read_tile(database, TileName(-1, n))
    leaves = stored(content, f"entries/{n}") if content is not None else []
    if not leaves:
        raise Tampered(Code.LOG_BROKEN, f"entries/{n}")
    return leaves
