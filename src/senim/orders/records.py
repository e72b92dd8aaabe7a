"""An order: what is to be done, how far it is, and what came of it. No personal value is in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from senim.identity import SubjectId
from senim.languages import Said

Fact = str | int | bool | None | list[Any] | dict[str, Any]
"""A fact of an order or a receipt: an id, a code, a count, a time, or lists and tables of these."""

Receipt = Mapping[str, Any]
"""What came of an order: counts, codes, digests. It is evidence, kept for ever and shown to people."""

CANCEL_REASONS = ("not-needed", "done-by-hand", "mistaken", "drill")
"""Why an order is given up: a closed list, so that no free text reaches the log."""


class State(StrEnum):
    """How far an order is."""

    WAITING = "waiting"
    """It waits for its time, the first or the next."""
    RUNNING = "running"
    """Somebody is at it; when the lease is over and nothing was heard, somebody else may be."""
    DONE = "done"
    """It is done, and its receipt says what was done."""
    DEAD = "dead"
    """It failed for good; the code says why. It waits for somebody to run it again or to give it up."""
    CANCELLED = "cancelled"
    """It was given up."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A stored order. Times are microseconds since 1970 UTC."""

    id: str
    kind: str
    """What is to be done: ``mail.send``, ``connector.erase``. What stands before the dot is its queue."""
    holder: SubjectId
    """The person or the box in whose lane it is kept."""
    about: str
    """What it belongs to: the number of a request, the id of a message."""
    facts: dict[str, Any]
    state: State
    attempt: int
    """How often it was claimed, ever: the fencing token of whoever is at it."""
    tries: int
    """How often it was claimed since it was placed or last run again by hand."""
    due_at: int
    """When it may be claimed; while it is running, when the lease is over."""
    step: str
    """The step reached, from which a re-run goes on."""
    code: str
    """Why the last attempt failed."""
    detail: Said
    """Where it failed, and what helps: an id, a field name, a numeric reply, or words; never a value."""
    receipt: dict[str, Any]
    placed_at: int
    ended_at: int

    @property
    def queue(self) -> str:
        """The queue: orders of one queue wait for each other, those of another do not."""
        return queue_of(self.kind)


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is ours until the lease is over; ``attempt`` proves it."""

    order: Order
    until: int

    @property
    def id(self) -> str:
        """The id of the order: the key by which the remote side knows a repetition."""
        return self.order.id

    @property
    def kind(self) -> str:
        """What is to be done."""
        return self.order.kind

    @property
    def holder(self) -> SubjectId:
        """The person or box that it concerns."""
        return self.order.holder

    @property
    def about(self) -> str:
        """What it belongs to."""
        return self.order.about

    @property
    def facts(self) -> dict[str, Any]:
        """The facts it was placed with."""
        return self.order.facts

    @property
    def step(self) -> str:
        """The step that an earlier attempt reached."""
        return self.order.step

    @property
    def attempt(self) -> int:
        """The fencing token."""
        return self.order.attempt


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is to do, by kind of order."""

    due: dict[str, int]
    """Orders whose time has come: nobody is at them, or whoever was has not been heard of."""
    later: dict[str, int]
    """Orders that wait for their time, and those that somebody is at."""
    dead: dict[str, int]
    """Orders that failed for good."""
    oldest: int = 0
    """Since when the one that is due longest has been due; 0 if none is."""


def queue_of(kind: str) -> str:
    """The queue of a kind: ``mail`` of ``mail.send``."""
    return kind.partition(".")[0]
