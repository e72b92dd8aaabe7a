"""The log in the database of a live system: what stands there beside the tree must follow from its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from senim.audit import store
from senim.audit.records import Entry, Outcome, Problem, ProblemKind, Tally, counted, from_leaf
from senim.audit.subjects import RECORD, listed, merged
from senim.audit.tiles import WIDTH, TileName, stored
from senim.audit.tree import Frontier
from senim.storage import Database

Published = Callable[[], Mapping[int, tuple[str, str]]]
"""Tells the digest of each policy version, and from when it binds."""


@dataclass(frozen=True, slots=True)
class StoredLog:
    """The log as it was at one moment; entries may be added while it is read."""

    database: Database
    moment: store.Moment
    promised: Mapping[int, tuple[str, str]]
    """The policy versions before that moment."""
    published: Published
    waiting: list[Entry]
    grows = True

    def checkpoint(self) -> str | None:
        note = self.moment.head.checkpoint
        return None if self.moment.begun and not note else note

    def earlier(self) -> list[str]:
        return [note for _, note in store.kept_checkpoints(self.database)]

    def read(self, name: TileName) -> bytes | None:
        return store.read_tile(self.database, name)

    def beside(self, tree: Frontier) -> Iterator[Problem]:
        """Where the head, the lists of who is in which entry, the counts or the policy tell of another log."""
        head = self.moment.head
        if (head.size, list(head.frontier)) != (tree.size, tree.hashes):
            yield _changed(-1, "log_head does not hold the tree that was signed")
        again = _Again(self.database)
        for n in range((tree.size + WIDTH - 1) // WIDTH):
            leaves = stored(self.read(TileName(-1, n)) or b"", f"entries/{n}")
            yield from again.add(n, [from_leaf(leaf) for leaf in leaves[: tree.size - n * WIDTH]])
        known = {(one.act, one.detail): one for one in self.moment.tallies}
        for act, detail in sorted(known.keys() | again.tallies.keys()):
            if known.get((act, detail)) != again.tallies.get((act, detail)):
                yield _changed(-1, f"log_tally does not hold how often {act} ({detail}) was sealed")
        yield from self._policies(again.policies)

    def _policies(self, sealed: dict[int, tuple[str, str]]) -> Iterator[Problem]:
        """Versions that are not as their publication was recorded, or not there."""
        _note(sealed, self.waiting)
        wrong = {number for number, version in self.promised.items() if sealed.get(number) != version}
        for number in sorted(wrong | (sealed.keys() - self.published().keys())):
            yield _changed(-1, f"policy version {number} is not the one that was published")


@dataclass(slots=True)
class _Again:
    """What the sealer made of the entries, made again bundle by bundle and compared."""

    database: Database
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    policies: dict[int, tuple[str, str]] = field(default_factory=dict)
    _lists: list[bytes] = field(default_factory=list)

    def add(self, n: int, entries: list[Entry]) -> Iterator[Problem]:
        """Go on with a bundle; what the index holds otherwise."""
        counted(self.tallies, entries, n * WIDTH)
        _note(self.policies, entries)
        made = listed((bytes.fromhex(one.subject), place) for place, one in enumerate(entries) if one.subject)
        if _within(store.read_list(self.database, n), len(entries)) != made:
            yield _changed(n * WIDTH, f"log_index does not hold who is in the entries from {n * WIDTH} on")
        self._lists.append(made)
        if len(self._lists) == WIDTH and len(entries) == WIDTH:
            if store.read_lists(self.database, n // WIDTH) != merged(enumerate(self._lists)):
                first = n // WIDTH * store.SEGMENT
                yield _changed(first, f"log_index does not hold who is in the {store.SEGMENT} entries from {first} on")
            self._lists.clear()


def _within(records: bytes, width: int) -> bytes:
    """A list without the entries that were added to its bundle meanwhile."""
    if width == WIDTH:
        return records
    rows = (records[at : at + RECORD] for at in range(0, len(records), RECORD))
    return b"".join(row for row in rows if int.from_bytes(row[16:], "big") < width)


def _note(policies: dict[int, tuple[str, str]], entries: list[Entry]) -> None:
    """Remember which policy versions were published; only the first publication of a number is one."""
    for one in entries:
        if one.act == "policy.published" and one.outcome is Outcome.DONE and one.policy:
            policies.setdefault(one.policy, (one.digest or "", one.ref or ""))


def _changed(index: int, detail: str) -> Problem:
    return Problem(ProblemKind.CHANGED, index, detail)
