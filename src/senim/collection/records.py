"""What comes in at a point, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from senim.consent.records import Act, Surface
from senim.identity import SubjectId
from senim.languages import Language


class ConsentGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A choice of the person: yes or no to one thing."""

    purpose: str
    given: bool
    recipient: str = ""
    channel: str = ""
    country: str = ""


class OnBehalf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gives the data of another person, and by what right (travel-4, tickets-20)."""

    authority: Literal["agreed-with-person", "parent", "guardian", "power-of-attorney"]
    by: str
    """Id of the person who says so."""
    document: str = ""
    """Id of the sealed document that shows it."""


class SourceGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the values come from, if not from the point's own source."""

    id: str
    place: str = ""
    """For public sources: the address (foundation-11)."""


class Intake(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person's data at one collection point."""

    point: str
    language: Language
    notice: str
    """Digest of the notice that was shown before anything was asked."""
    values: dict[str, Any] = {}
    """``category.field`` → value."""
    consents: tuple[ConsentGiven, ...] = ()
    on_behalf_of: OnBehalf | None = None
    source: SourceGiven | str = ""
    subject: str = ""
    """An earlier person; empty for a new one."""
    channel: str = ""
    """One of the point's channels; empty: its first."""
    surface: Surface = "form"
    act: Act = "tick"
    read_to_caller: bool = False
    document: str = ""
    """Id of the signed document, where consent is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was stored: the person, the fields, the receipts of the consents."""

    subject: SubjectId
    stored: tuple[str, ...]
    receipts: tuple[str, ...]
    entry: str


class Attestation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who said that another person agreed, by what right, and which text was shown; its entry holds it for ever."""

    by: str
    authority: str
    notice: str
    language: str
    document: str = ""
