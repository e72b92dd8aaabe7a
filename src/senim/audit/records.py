"""What the log keeps: an entry of an act, without any personal value; and what a verification found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType


class Outcome(StrEnum):
    """How an act ended."""

    DONE = "done"
    ALLOWED = "allowed"
    REFUSED = "refused"


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act, as it stands in the log for ever. Only ids, codes and names from the policy: no value of a person.

    Its leaf is this record as compact JSON in the order of the fields. ``subject`` is the random id of the
    person; after an erasure nothing leads from it to anybody. ``ref`` and ``digest`` are the id and the SHA-256
    (hex) of something kept elsewhere (a policy version, a file).
    """

    id: str
    at: str
    act: str
    actor: str
    outcome: Outcome
    subject: str | None = None
    operation: str | None = None
    purpose: str | None = None
    categories: tuple[str, ...] = ()
    recipient: str | None = None
    channel: str | None = None
    country: str | None = None
    codes: tuple[str, ...] = ()
    point: str | None = None
    reason: str | None = None
    ref: str | None = None
    digest: str | None = None
    policy: int | None = None
    count: int | None = None
    record: msgspec.Raw | UnsetType = UNSET
    """What else belongs to the act for ever, as JSON of its feature: the evidence of a consent, an attestation."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode
MOST_BYTES = 65_535
"""Largest leaf: tlog-tiles gives the length of an entry in 16 bits."""


def to_leaf(entry: Entry) -> bytes:
    """The bytes that are hashed and kept."""
    return _encode(entry)


def from_leaf(leaf: bytes) -> Entry:
    """The entry of a leaf. Raises ``msgspec.DecodeError`` if it is none."""
    return _decode(leaf)


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


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault and where it is: ``index`` is the entry's number from 0, or -1 when it concerns the whole log."""

    kind: ProblemKind
    index: int
    detail: str


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
