"""Controls, what their drills show, and the promises board."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from senim.languages import Hint, Said
from senim.orders import Order

if TYPE_CHECKING:
    from senim.conformance.stage import Stage


class Status(StrEnum):
    """What can be said of a promise. "Cannot tell" is an answer of its own, never counted as kept."""

    KEPT = "kept"
    BROKEN = "broken"
    CANNOT_TELL = "cannot_tell"


class _Seen(Exception):
    """What a drill saw: a finding, told as a value to people."""

    def __init__(self, what: Hint) -> None:
        super().__init__(what)
        self.what = what


class DrillFailed(_Seen):
    """A mechanism does not hold: ``what`` was found instead."""


class NothingDeclared(_Seen):
    """The policy declares nothing that this control could be shown on: ``what`` is lacking."""


@dataclass(frozen=True, slots=True)
class Control:
    """Code that keeps promises: its drill shows that it works, its acts in the log show that it has been working.

    ``drill`` is None while the room that it belongs to is not built; such a control is never called kept.
    """

    name: str
    drill: Callable[[Stage], None] | None = None
    acts: tuple[str, ...] = ()
    """Acts in the log that are live evidence, ``act`` or ``act:code``."""

    @property
    def room(self) -> str:
        """The part of the house that it belongs to."""
        return self.name.partition(".")[0]


class Evidence(StrEnum):
    """Why a control has its status. Texts in ``locales/evidence.toml``."""

    DRILLED = "drilled"
    DRILL_FAILED = "drill_failed"
    NOT_DRILLED = "not_drilled"
    STALE = "stale"
    NOTHING_DECLARED = "nothing_declared"
    ROOM_LATER = "room_later"
    FAULT_FOUND = "fault_found"


@dataclass(frozen=True, slots=True)
class Run:
    """A recorded run of a drill, or of a check of the live system."""

    control: str
    version: int
    evidence: Evidence
    detail: Said
    """What was found, in any language; a text is a name, or of a run before findings had words in all of them."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ControlResult:
    """What can be said of a control. ``count`` acts of it are in the log since ``since``."""

    name: str
    status: Status
    evidence: Evidence
    detail: Said = ""
    at: datetime | None = None
    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """What can be said of a clause: the worst of its controls."""

    id: str
    status: Status
    controls: tuple[ControlResult, ...]


class Board(NamedTuple):
    """The promises board of a policy version."""

    policy: str
    version: int
    clauses: tuple[ClauseResult, ...]

    def count(self, status: Status) -> int:
        """How many clauses have a status."""
        return sum(clause.status is status for clause in self.clauses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far drills are that run in the background: ``done`` of ``of``, the next one is ``now``."""

    order: Order
    done: int
    of: int
    now: str


def worst(statuses: Iterable[Status]) -> Status:
    """Broken if any is, otherwise unknown if any is, otherwise kept. Nothing at all is unknown."""
    found = set(statuses)
    if Status.BROKEN in found:
        return Status.BROKEN
    return Status.KEPT if found == {Status.KEPT} else Status.CANNOT_TELL
