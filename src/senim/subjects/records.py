"""Where a person stands with the operator: no name, no value, only what may be done."""

from __future__ import annotations

import msgspec

from senim.identity import SubjectId


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A block and why: nobody but the responsible person may look (travel-43, shop-20)."""

    at: int
    reason: str


class Marks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has happened that binds every decision about a person. Times are microseconds since 1970 UTC."""

    block: Block | None = None
    stops: dict[str, int] = {}
    """Purposes that were stopped (travel-44); an empty name stops all."""
    events: dict[str, int] = {}
    """Events that end or start terms: ``trip-ended`` → when."""


NO_MARKS = Marks()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A person's row. ``epoch`` grows with every change that binds others; acts are guarded by it."""

    subject: SubjectId
    epoch: int
    created_at: int
    erased_at: int = 0
    marks: Marks = NO_MARKS

    @property
    def erased(self) -> bool:
        """Whether the person's data was destroyed."""
        return self.erased_at > 0
