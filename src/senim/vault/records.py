"""What the vault keeps of a person, sealed, and what it hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from senim.identity import SubjectId

Status = Literal["stated", "verified"]
"""``stated``: as the person said, unchecked (airline-4, tickets-6, shop-5)."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A value with where it came from (travel-6). ``at`` is in microseconds since 1970 UTC."""

    value: str
    source: str
    at: int
    status: Status = "stated"
    place: str = ""
    """For public sources: the address where it stood (foundation-11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was read: values by ``category.field``; what the reader may not see in clear comes masked."""

    subject: SubjectId
    values: dict[str, Kept]
    masked: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    """Categories that this reader may not see at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A sealed file: its id, field, media type and size in bytes."""

    id: str
    field: str
    media: str
    size: int
    at: int
    chunks: int


class DocumentMeta(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed about a file beside its content."""

    media: str
    size: int
    at: int


ERASE_REASONS = ("withdrawn", "request", "purpose-met", "unlawful", "court-decision", "deceased")
"""Why a person's data is destroyed (94-V 18): a closed list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure destroyed, and the signed proof of it."""

    subject: SubjectId
    at: int
    values: int
    documents: int
    identifiers: int
    entry: str
    proof: str
