"""What comes in at a point, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from senim.consent.records import Act, Surface
from senim.identity import SubjectId
from senim.languages import Language


class ConsentGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A choice of the person: yes or no to one thing."""

    purpose: str
    """A purpose of the policy."""
    given: bool
    """Yes or no."""
    recipient: str = ""
    """A recipient or group, when it is a permission to pass data on."""
    channel: str = ""
    """A channel, when it is a permission to write or call."""
    country: str = ""
    """A country, when it is a permission to cross the border."""


class OnBehalf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gives the data of another person, and by what right (travel-4, tickets-20)."""

    authority: Literal["agreed-with-person", "parent", "guardian", "power-of-attorney"]
    """By what right."""
    by: str
    """Id of the person who says so."""
    document: str = ""
    """Id of the sealed document that shows it."""


class SourceGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the values come from, if not from the point's own source."""

    id: str
    """One of the policy's sources."""
    place: str = ""
    """For public sources: the address (foundation-11)."""


class Intake(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person's data at one collection point."""

    point: str
    """One of the policy's points."""
    language: Language
    """The language of the notice that was shown."""
    notice: str
    """Digest of the notice that was shown before anything was asked."""
    values: dict[str, Any] = {}
    """``category.field`` → value."""
    consents: tuple[ConsentGiven, ...] = ()
    """The choices of the person, each on its own."""
    on_behalf_of: OnBehalf | None = None
    """Who speaks for the person, if it is somebody else."""
    source: SourceGiven | str = ""
    """One of the policy's sources; empty: the point's own."""
    subject: str = ""
    """An earlier person; empty for a new one."""
    channel: str = ""
    """One of the point's channels; empty: its first."""
    surface: Surface = "form"
    """Where the person agreed."""
    act: Act = "tick"
    """What the person did to agree."""
    read_to_caller: bool = False
    """By telephone: whether the notice was read out (travel-1)."""
    document: str = ""
    """Id of the signed document, where consent is written: a sealed file of the person or of who speaks for them."""
    archive: str = ""
    """Where the signed paper lies in the operator's own archive (``AR-2026/0412``): marks and figures, no words."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a file is taken in: the line to go on with, and the people taken in and refused before it.

    ``file`` and ``name`` are keyed digests, of content and point and of name and point; times are microseconds
    since 1970 UTC, ``ended_at`` is 0 while lines are left.
    """

    file: bytes
    name: bytes
    next_line: int
    taken: int = 0
    refused: int = 0
    begun_at: int = 0
    ended_at: int = 0


Word = Literal["confirmed", "refused"]
"""What a person said to what another gave for them."""


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody spoke for another person. Times are microseconds since 1970 UTC, 0 for never."""

    speaker: SubjectId
    subject: SubjectId
    authority: str
    at: int
    asked_at: int = 0
    """When the person was asked for their own word."""
    word: Word | Literal[""] = ""
    word_at: int = 0


Refusal = tuple[int, str, str]
"""A line that was not taken in: its number, the code and the field."""


RandomId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
How = Literal["accept", "refuse", "choose", "allow", "withdraw"]


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a visitor chose about cookies. Nothing in it says who the visitor is."""

    id: RandomId
    """Made by the browser for this choice: sent twice, it is taken once."""
    visitor: RandomId
    """Random, made by the browser, kept on the site it was made for."""
    language: Language
    """The language that was shown."""
    shown: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")] = ""
    """Fingerprint of the text that was on the screen; withdrawing needs none."""
    how: How
    """``accept`` or ``refuse`` all, ``choose`` in the list, ``allow`` in the place of something, or ``withdraw``."""
    kinds: tuple[Annotated[str, Meta(max_length=100)], ...] = ()
    """The kinds allowed, essential ones left out."""
    gpc: bool = False
    """Whether the browser asks sites not to track (Global Privacy Control)."""
    age: Annotated[int, Meta(ge=0, le=90 * 86400)] = 0
    """Seconds that the choice waited in the browser for a connection."""


class ChoiceKept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the entry of a choice holds beside its plain facts."""

    choice: str
    language: str
    variant: str
    refused: tuple[str, ...]
    site: str
    gpc: bool = False
    age: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A choice on record, with its proof (JWS)."""

    entry: str
    at: str
    kinds: tuple[str, ...]
    receipt: str
