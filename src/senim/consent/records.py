"""Consents as facts: what was agreed to, what was shown, how it can be proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import structs

from senim.audit.records import Mould
from senim.languages import Language
from senim.policy.promises import Promises
from senim.policy.taxonomy import Channel
from senim.subjects import Agreed, Standing, scope_key


class Scope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a consent is about: a purpose; and on its own each recipient class, channel and country (94-V 7(3), 15)."""

    purpose: str
    recipient: str = ""
    channel: str = ""
    country: str = ""
    category: str = ""
    """For recipients to whom people open their data themselves: one category of it (airline-7)."""

    @property
    def key(self) -> str:
        """Its key within the purpose."""
        return scope_key(self.recipient, self.channel, self.country, self.category)

    @property
    def whole(self) -> Scope:
        """The scope that it is a part of: that of the recipient without the category, else itself."""
        return structs.replace(self, category="")

    @classmethod
    def of(cls, purpose: str, key: str) -> Scope:
        """The scope of a purpose and a key."""
        rest, _, country = key.partition(">")
        rest, _, channel = rest.partition("@")
        recipient, _, category = rest[1:].partition("#")
        return cls(purpose=purpose, recipient=recipient, channel=channel, country=country, category=category)

    @classmethod
    def parse(cls, text: str) -> Scope:
        """A scope as consents are written: ``purpose[/recipient[#category]][@channel][>country]``."""
        end = min((at for sign in "/@>" if (at := text.find(sign)) >= 0), default=len(text))
        return cls.of(text[:end], text[end:])


Surface = Literal[
    "form",
    "subscription",
    "banner",
    "dialog",
    "account",
    "document",
    "telephone",
    "counter",
    "email",
    "letter",
    "import",
    "api",
]
"""Where the person agreed."""

Act = Literal["tick", "button", "signature", "code", "spoken", "reply", "sending", "use"]
"""What the person did. ``sending`` and ``use`` prove nothing (94-V 8(1), 25(2)(5))."""


class Representative(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who agreed for the person, and by what right."""

    authority: Literal["parent", "guardian", "power-of-attorney", "agreed-with-person"]
    """By what right."""
    subject: str = ""
    """The representative's own id here, if known."""
    document: str = ""
    """Id of the document that shows the authority: a sealed file of the person or of the representative."""
    archive: str = ""
    """Where the paper lies in the operator's own archive (``AR-2026/0412``): marks and figures, no words."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What proves a consent. Closed fields only: no address, no device, no free text."""

    notice: str = ""
    """Digest of the notice that was shown."""
    language: Language | Literal[""] = ""
    """The language of the notice."""
    surface: Surface = "form"
    """Where the person agreed."""
    act: Act = "tick"
    """What the person did. ``sending`` and ``use`` prove nothing."""
    channel: Channel = Channel.WEB
    """The way in which it came."""
    at: str = ""
    """When the person agreed, RFC 3339, if earlier than the recording (imports, letters)."""
    document: str = ""
    """Id of the signed document: a sealed file of the person or of the representative."""
    archive: str = ""
    """Where the signed paper lies in the operator's own archive (``AR-2026/0412``): marks and figures, no words."""
    read_to_caller: bool = False
    """By telephone: the notice was read out (travel-1)."""
    representative: Representative | None = None
    """Who agreed for the person."""


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person said about a scope, as its entry in the log holds it for ever. ``at`` is RFC 3339, UTC."""

    scope: Scope
    given: bool
    proven: bool
    version: int
    at: str
    until: str = ""
    evidence: Evidence = Evidence()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One giving or withdrawal: what was said, about whom, by whom. Its id is that of its entry in the log."""

    id: str
    subject: str
    actor: str
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What holds now for a scope."""

    scope: Scope
    agreed: Agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A giving or withdrawal that was looked at and may be recorded, whoever says it in this act."""

    promises: Promises
    """The version that was agreed to."""
    said: Said
    agreed: Agreed
    """What will hold, with no event yet."""
    entry: Mould
    """Its entry, which holds what was said."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """An event, its signed receipt, and where the person stands after it."""

    event: Event
    receipt: str
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """How many people consent to purposes, among those who were looked at; ``whole`` if that was everybody."""

    counts: dict[str, int]
    looked: int
    whole: bool
