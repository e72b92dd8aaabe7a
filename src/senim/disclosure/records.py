"""What is handed over to whom, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from senim.errors import Reason
from senim.identity import SubjectId
from senim.vault import Kept

MOST = 500
"""People in one handing-over at most: a list that is longer comes in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """What is to be handed over. ``categories`` empty: what the purpose needs and the recipient is entrusted with.

    ``reason`` is the number of the document with which an authority asks, or its id here (tickets-17): it stands in
    the log, so it has the form of :func:`senim.disclosure.rules.is_number`.
    """

    recipient: str
    purpose: str
    categories: tuple[str, ...] = ()
    country: str = ""
    channel: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What a handing-over would come to: all reasons against it (none: allowed), and the fields that would go."""

    reasons: tuple[Reason, ...]
    fields: tuple[str, ...]
    """As ``category.field``, of categories of which something is kept; whether each has a value is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What one recipient got in one go: values by person and ``category.field``, and who was left out, and why."""

    disclosure: str
    values: dict[SubjectId, dict[str, Kept]]
    refused: dict[SubjectId, tuple[Reason, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A line of the register: who got which fields of a person's data, for what, where, when (travel-34)."""

    disclosure: str
    entry: str
    at: str
    recipient: str
    purpose: str
    categories: tuple[str, ...]
    country: str
    channel: str
    document: str
    """By which document an authority asked, for staff: the person's own view tells the authority and the date."""
    policy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A handing-over in the register of all: to whom, for what, which fields, of how many people; nobody is named."""

    disclosure: str
    at: str
    recipient: str
    purpose: str
    categories: tuple[str, ...]
    country: str
    document: str
    """By which document an authority asked."""
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the register, the newest first; ``before`` is where the next page begins, 0 at the end."""

    lines: tuple[Line, ...]
    before: int
    back_to: str
    """The time up to which the log was looked through; empty if nothing was."""
