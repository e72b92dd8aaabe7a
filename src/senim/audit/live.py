"""The log in the database of a live system: what stands there beside the tree must follow from its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from senim.audit import store
from senim.audit.records import Entry, Outcome, Problem, ProblemKind, Tally, counted, from_leaf
from senim.audit.subjects import RECORD, listed, merged
from senim.audit.tiles import WIDTH, TileName, stored
from senim.audit.tree import Frontier
from senim.identity import SubjectId
from senim.languages import Hint
from senim.storage import Database

About = Callable[[SubjectId], list[Entry]]
"""Tells every entry about a person, sealed or not."""


class Follower(Protocol):
    """Makes what a feature keeps in its rows again from the entries, and compares."""

    def follow(self, entries: Iterable[Entry]) -> None:
        """Go on with entries, in whatever order; one may come twice."""

    def problems(self, about: About) -> Iterator[Problem]:
        """Where the rows are not what the entries made of them. Rows and entries may be newer than those followed."""


Follow = Callable[[], AbstractContextManager[Follower]]
"""Begins a follower, and lets go of what it holds when it is done."""

Rows = Mapping[str, Mapping[str, str]]
"""Rows of a feature by name, each with what it says."""


class Beside(Protocol):
    """Few rows of a feature that must be what the log's entries made of them."""

    def rows(self) -> Rows:
        """The rows as they stand in the database now."""

    def note(self, entry: Entry, told: dict[str, Mapping[str, str]]) -> None:
        """Do to ``told``, what the entries before made of the rows, what an act that was done did to them."""

    def wrong(self, name: str) -> Hint:
        """What to say of a row that is another one, or missing."""


class RowsAgain:
    """Follows the entries about few rows of a feature; begun before the log is read, so that no row is ahead of it."""

    def __init__(self, beside: Beside, acts: frozenset[str]) -> None:
        self._beside = beside
        self._acts = acts
        self._before = beside.rows()
        self._entries: dict[str, Entry] = {}

    def follow(self, entries: Iterable[Entry]) -> None:
        """Keep the entries that matter."""
        self._entries |= {one.id: one for one in entries if one.act in self._acts and one.outcome is Outcome.DONE}

    def problems(self, _: About) -> Iterator[Problem]:
        """Rows that the entries do not tell, and entries whose row is not there. Rows may be newer, with an entry."""
        told, after = dict[str, Mapping[str, str]](), self._beside.rows()
        for one in sorted(self._entries):
            self._beside.note(self._entries[one], told)
        for name in sorted(self._before.keys() | told.keys()):
            rows = (self._before.get(name), after.get(name))
            if name not in told or not any(row is not None and told[name].items() <= row.items() for row in rows):
                yield _changed(-1, self._beside.wrong(name))


class Followers:
    """Several followers as one."""

    def __init__(self, *followers: Follower) -> None:
        self._followers = followers

    def follow(self, entries: Iterable[Entry]) -> None:
        """Let each go on with the entries."""
        known = list(entries)
        for one in self._followers:
            one.follow(known)

    def problems(self, about: About) -> Iterator[Problem]:
        """What each finds."""
        for one in self._followers:
            yield from one.problems(about)


@dataclass(frozen=True, slots=True)
class StoredLog:
    """The log as it was at one moment; entries may be added while it is read."""

    database: Database
    moment: store.Moment
    waiting: list[Entry]
    follower: Follower
    about: About
    grows = True

    def checkpoint(self) -> str | None:
        note = self.moment.head.checkpoint
        return None if self.moment.begun and not note else note

    def earlier(self) -> list[str]:
        return [note for _, note in store.kept_checkpoints(self.database)]

    def read(self, name: TileName) -> bytes | None:
        return store.read_tile(self.database, name)

    def beside(self, tree: Frontier) -> Iterator[Problem]:
        """Where the head, the lists of who is in which entry, counts, policy or people tell of another log."""
        head = self.moment.head
        if (head.size, list(head.frontier)) != (tree.size, tree.hashes):
            yield _changed(-1, Hint("head-other"))
        yield from self._behind()
        again = _Again(self.database)
        for n in range((tree.size + WIDTH - 1) // WIDTH):
            leaves = stored(self.read(TileName(-1, n)) or b"", f"entries/{n}")
            entries = [from_leaf(leaf) for leaf in leaves[: tree.size - n * WIDTH]]
            yield from again.add(n, entries)
            self.follower.follow(entries)
        known = {(one.act, one.detail): one for one in self.moment.tallies}
        for act, detail in sorted(known.keys() | again.tallies.keys()):
            if known.get((act, detail)) != again.tallies.get((act, detail)):
                yield _changed(-1, Hint("tally-other", act=act, outcome=detail))
        self.follower.follow(self.waiting)
        yield from self.follower.problems(self.about)

    def _behind(self) -> Iterator[Problem]:
        """Rows of the log behind its signed end."""
        for name, start in store.behind(self.database):
            yield Problem(ProblemKind.ADDED, start, Hint("holds-more", rows=name))


@dataclass(slots=True)
class _Again:
    """What the sealer made of the entries, made again bundle by bundle and compared."""

    database: Database
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    _lists: list[bytes] = field(default_factory=list)

    def add(self, n: int, entries: list[Entry]) -> Iterator[Problem]:
        """Go on with a bundle; what the index holds otherwise."""
        counted(self.tallies, entries, n * WIDTH)
        made = listed(one.subject for one in entries)
        if _within(store.read_list(self.database, n), len(entries)) != made:
            yield _changed(n * WIDTH, Hint("list-other", first=n * WIDTH))
        self._lists.append(made)
        if len(self._lists) == WIDTH and len(entries) == WIDTH:
            if store.read_lists(self.database, n // WIDTH) != merged(enumerate(self._lists)):
                first = n // WIDTH * store.SEGMENT
                yield _changed(first, Hint("lists-other", count=store.SEGMENT, first=first))
            self._lists.clear()


def _within(records: bytes, width: int) -> bytes:
    """A list without the entries that were added to its bundle meanwhile."""
    if width == WIDTH:
        return records
    rows = (records[at : at + RECORD] for at in range(0, len(records), RECORD))
    return b"".join(row for row in rows if int.from_bytes(row[16:], "big") < width)


def _changed(index: int, detail: Hint) -> Problem:
    return Problem(ProblemKind.CHANGED, index, detail)
