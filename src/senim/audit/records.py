"""What the log keeps: an entry of an act, without any personal value; and what a verification found."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from senim.errors import Code, Tampered
from senim.languages import Said
from senim.times import micros


class Outcome(StrEnum):
    """How an act ended."""

    DONE = "done"
    """It was done."""
    ALLOWED = "allowed"
    """The gate allowed it."""
    REFUSED = "refused"
    """It was refused and nothing of it was kept."""

    __hash__ = str.__hash__  # an enum's own is many times slower, and each entry that is sealed is counted by it


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act, as it stands in the log for ever. Only ids, codes and names from the policy: no value of a person.

    Its leaf is this record as compact JSON in the order of the fields. ``subject`` is the random id of the
    person; after an erasure nothing leads from it to anybody. ``ref`` and ``digest`` are the id and the SHA-256
    (hex) of something kept elsewhere (a policy version, a file).
    """

    id: str
    """Id of the entry, of which the act's answer tells."""
    at: str
    """When, RFC 3339 in UTC."""
    act: str
    """What was done."""
    actor: str
    """Who did it: ``kind:id``, never a name."""
    outcome: Outcome
    """How it ended."""
    subject: str | None = None
    """Whose data it was about."""
    operation: str | None = None
    """The operation of processing."""
    purpose: str | None = None
    """The purpose."""
    categories: tuple[str, ...] = ()
    """The categories, or fields."""
    recipient: str | None = None
    """Who got it or would have."""
    channel: str | None = None
    """By which way."""
    country: str | None = None
    """To which country."""
    codes: tuple[str, ...] = ()
    """The codes of all reasons."""
    point: str | None = None
    """The collection point."""
    reason: str | None = None
    """Why, one of a closed list; of a drill the control, of an event its name, of a disclosure the paper that asks."""
    ref: str | None = None
    """Id of something kept elsewhere."""
    digest: str | None = None
    """SHA-256 of something kept elsewhere, in hex."""
    policy: int | None = None
    """Version of the policy."""
    count: int | None = None
    """How many values, chunks or categories."""
    record: msgspec.Raw | UnsetType = UNSET
    """What else belongs to the act for ever, as JSON of its feature: the evidence of a consent, an attestation."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode
MOST_BYTES = 65_535
"""Largest leaf: tlog-tiles gives the length of an entry in 16 bits."""


def to_leaf(entry: Entry) -> bytes:
    """The bytes that are hashed and kept."""
    return _encode(entry)


class Mould:
    """Leaves of entries that differ in id, time and person alone: what they have in common is written once.

    ``entry`` shows the rest, and has ``ID`` and ``AT`` in the gaps, with ``SUBJECT`` if those that are cast are about
    people. Raises ValueError if a leaf would be too long for the log.
    """

    __slots__ = ("_act", "_at", "_begin", "_end")

    def __init__(self, entry: Entry) -> None:
        leaf = to_leaf(entry)
        self._begin, rest = _split(leaf.decode(), ID)
        self._at, rest = _split(rest, AT)
        self._act, self._end = _split(rest, SUBJECT) if entry.subject else (rest, "")
        if len(leaf) > MOST_BYTES:
            raise ValueError("an entry too long for the log")

    def cast(self, entry_id: str, at: str, subject: str) -> bytes:
        """The leaf of an entry: :func:`to_leaf` would give the same. What is given needs no escaping in JSON."""
        return f"{self._begin}{entry_id}{self._at}{at}{self._act}{subject}{self._end}".encode()


ID, AT, SUBJECT = "i" * 32, "t" * 27, "s" * 32
"""What stands in the gaps of a mould; as long as what comes there."""


def _split(leaf: str, gap: str) -> tuple[str, str]:
    begin, _, end = leaf.partition(f'"{gap}"')
    return f'{begin}"', f'"{end}'


def from_leaf(leaf: bytes) -> Entry:
    """The entry of a leaf. Raises Tampered (log_broken) if it is none."""
    try:
        return _decode(leaf)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Tampered(Code.LOG_BROKEN, "entry") from error


def time_of(entry: Entry) -> int:
    """When it was, in microseconds since 1970 UTC. Raises Tampered (log_broken) if that is no time."""
    try:
        return _micros(entry.at)
    except (ValueError, TypeError) as error:
        raise Tampered(Code.LOG_BROKEN, "entry") from error


@functools.lru_cache(maxsize=64)  # entries of one act have one time
def _micros(at: str) -> int:
    return micros(datetime.fromisoformat(at))


class ProblemKind(StrEnum):
    """What can be wrong with a log."""

    SIGNATURE = "signature"
    CHANGED = "changed"
    MOVED = "moved"
    REMOVED = "removed"
    ADDED = "added"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    REWRITTEN = "rewritten"
    CUT = "cut"
    STANDING_CHANGED = "standing_changed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault and where it is: ``index`` is the entry's number from 0, or -1 when it concerns the whole log."""

    kind: ProblemKind
    index: int
    detail: Said


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found over ``size`` entries under the hex ``root``."""

    size: int
    root: str
    problems: tuple[Problem, ...]
    origin: str = ""
    waiting: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Tally:
    """How often an act (with a detail: an outcome or a refusal code) was sealed, from when to when."""

    act: str
    detail: str
    count: int
    first_at: int
    last_at: int
    last_index: int


@dataclass(frozen=True, slots=True)
class Day:
    """How often an act was done on a day (its ordinal, UTC), for a purpose, for a recipient; and when last."""

    act: str
    day: int
    purpose: str
    recipient: str
    count: int
    last_at: int

    @property
    def key(self) -> tuple[str, int, str, str]:
        """What it counts."""
        return self.act, self.day, self.purpose, self.recipient

    @property
    def date(self) -> date:
        """The day."""
        return date.fromordinal(self.day)


@dataclass(slots=True)
class _Alike:
    """Entries of one act and outcome: how many, the first, the newest, the number of the last."""

    first: Entry
    newest: Entry
    count: int = 0
    index: int = 0


def counted(known: dict[tuple[str, str], Tally], entries: Iterable[Entry], start: int) -> set[tuple[str, str]]:
    """Count entries, numbered from ``start``, on top of what is ``known``; which counts changed."""
    alike: dict[tuple[str, str, tuple[str, ...]], _Alike] = {}
    for index, entry in enumerate(entries, start):
        kind = entry.act, entry.outcome, entry.codes
        found = alike.get(kind)
        if found is None:
            found = alike[kind] = _Alike(entry, entry)
        elif entry.at > found.newest.at:  # times are written alike, so that they are in order as texts too
            found.newest = entry
        found.count += 1
        found.index = index
    changed: dict[tuple[str, str], Tally] = {}
    for (act, outcome, codes), found in alike.items():
        first_at, last_at = time_of(found.first), time_of(found.newest)
        for detail in (str(outcome), *codes):
            key = act, detail
            one = changed.get(key) or known.get(key) or Tally(*key, 0, first_at, 0, 0)
            changed[key] = Tally(
                *key, one.count + found.count, one.first_at, max(one.last_at, last_at), max(one.last_index, found.index)
            )
    known.update(changed)
    return set(changed)
