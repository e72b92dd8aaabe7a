"""Where a person stands with the operator: no name, no value, only what may be done."""

from __future__ import annotations

import msgspec

from senim.identity import SubjectId


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A block and why: nobody but the responsible person may look (travel-43, shop-20)."""

    at: int
    reason: str


class Agreed(msgspec.Struct, frozen=True, array_like=True):
    """What a person last said about one scope. Times are microseconds since 1970 UTC; ``until`` 0 is no end."""

    given: bool
    proven: bool
    version: int
    at: int
    until: int
    event: str


Scopes = dict[str, Agreed]
"""What was said about one purpose, by scope key: ``""`` for the purpose itself, ``/couriers``, ``/circle#contact``,
``@email``, ``>TR``."""


class Marks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What binds every decision about a person, in one row: one read decides. Times are microseconds since 1970 UTC."""

    block: Block | None = None
    stops: dict[str, int] = {}
    """Purposes that were stopped (travel-44); an empty name stops all."""
    events: dict[str, int] = {}
    """Events that end or start terms: ``trip-ended`` → when."""
    agreed: dict[str, Scopes] = {}
    """Consents by purpose and scope, as they stand; how they came about is kept by consent/."""


NO_MARKS = Marks()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A person's row. ``epoch`` grows with every change; acts are guarded by it. 0: only being enrolled."""

    subject: SubjectId
    epoch: int
    created_at: int
    erased_at: int = 0
    marks: Marks = NO_MARKS

    @property
    def erased(self) -> bool:
        """Whether the person's data was destroyed."""
        return self.erased_at > 0


def scope_key(recipient: str = "", channel: str = "", country: str = "", category: str = "") -> str:
    """The key of a scope within a purpose: ``/recipient#category@channel>country``, each part only if given."""
    key = f"/{recipient}" if recipient else ""
    if category:
        key += f"#{category}"
    if channel:
        key += f"@{channel}"
    return f"{key}>{country}" if country else key
