"""Who acts (:class:`Actor`) and whose data it is (:data:`SubjectId`, never a name)."""

from __future__ import annotations

import os
import re
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

SubjectId = NewType("SubjectId", str)
"""A person: 32 hex digits, random in all but its time prefix. It says nothing about who it is."""

LANES = 64
"""Number of lanes. Fixed for ever: it is part of every primary key (docs/decisions/0004-lanes.md)."""

_ID = re.compile(r"[0-9a-f]{32}\Z")
_halves = struct.Struct(">QQ").pack


class _Randomness(threading.local):
    """Random numbers of 64 bits, fetched 512 at a time, per thread: a call to the kernel is half the cost of an id."""

    numbers: Iterator[tuple[int]] = iter(())

    def more(self) -> tuple[int]:
        self.numbers = struct.iter_unpack(">Q", os.urandom(4096))
        return next(self.numbers)


_randomness = _Randomness()
os.register_at_fork(after_in_child=lambda: setattr(_randomness, "numbers", iter(())))


def new_id() -> str:
    """A new identifier: UUID version 7 (RFC 9562 §5.7), 32 hex digits, ordered by time of making.

    Time goes on below the millisecond, in steps of 1/4096 (RFC 9562 §6.2, method 3): the log is sealed in the order
    of ids, and a yes and a no of one person may stand less than a millisecond apart.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    high = milliseconds << 16 | 0x7000 | (rest << 12) // 1_000_000
    (low,) = next(_randomness.numbers, None) or _randomness.more()
    return _halves(high, 0x8000_0000_0000_0000 | low & 0x0FFF_FFFF_FFFF_FFFF).hex()


def new_subject() -> SubjectId:
    """The id of a person not known before."""
    return SubjectId(new_id())


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of an identifier (32 lower-case hex digits)."""
    return _ID.match(text) is not None


def ending(identifier: str) -> str:
    """What people tell ids by: their end, which is random. They begin with the time, many alike."""
    return f"…{identifier[-8:]}"


def lane_of(identifier: str) -> int:
    """The lane of an id: its last byte modulo 64. Random, so people spread evenly."""
    return int(identifier[-2:], 16) % LANES


def place(subject: SubjectId) -> tuple[int, bytes]:
    """What the key of each of a person's rows begins with: the lane, and the id as bytes."""
    ident = bytes.fromhex(subject)
    return ident[-1] % LANES, ident


class ActorKind(StrEnum):
    """What kind of actor: decides whether ``people: never`` binds (travel-8)."""

    SERVICE = "service"
    STAFF = "staff"
    PERSON = "person"
    SYSTEM = "system"

    __hash__ = str.__hash__  # an enum's own is many times slower, and kinds are in the keys of what is remembered


RESPONSIBLE = "responsible"
"""The role that every policy has: the responsible person of article 25(2)(10), who may do what no other may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts. ``id`` is a key's, an account's or a process's id, never a name; ``role`` is one of the policy's."""

    kind: ActorKind
    id: str
    role: str
    may: frozenset[str] = field(default=frozenset())
    label: str = field(init=False, repr=False, compare=False)
    """How entries name the actor: ``kind:id``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", f"{self.kind}:{self.id}")


SYSTEM = Actor(kind=ActorKind.SYSTEM, id="senim", role="system")
"""Senim itself: sealing, replaying, drills."""
