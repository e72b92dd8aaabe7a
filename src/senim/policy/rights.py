"""What the policy file says about people's rights: what they may ask for, how, how fast, at what price."""

from __future__ import annotations

from typing import Literal

from senim.languages import Text
from senim.policy.taxonomy import Channel, Part


class Claim(Part, frozen=True, kw_only=True):
    """A claim before court."""

    term: str
    """E.g. ``30 working days``."""
    form: Literal["written", "any"] = "written"
    """How it must be made."""
    before_court: bool = True
    """Whether the text wants it before a lawsuit."""


class Right(Part, frozen=True, kw_only=True):
    """A right that the policy grants, how to use it and how fast it is answered."""

    name: Text = Text()
    """How people read it; empty: the usual name."""
    channels: tuple[Channel, ...] = ()
    """Empty: those of all rights."""
    term: str = ""
    """Empty: the term of the law."""
    mark: Text = Text()
    """Words that mark a message as this request (airline-12)."""
    contains: tuple[str, ...] = ()
    """What a request must state (foundation-33)."""


RightKind = Literal[
    "confirm",
    "access",
    "copy",
    "recipients",
    "correct",
    "block",
    "erase",
    "withdraw",
    "object",
    "stop-mailings",
    "claim",
    "complain",
    "compensation",
    "concern",
    "visibility",
]


class Fee(Part, frozen=True, kw_only=True):
    """What the text says a request may cost."""

    amount: Text
    """How much, as published."""
    what: Text
    """What for."""


class Rights(Part, frozen=True, kw_only=True):
    """What people may ask for."""

    channels: tuple[Channel, ...]
    """The ways in which people may ask."""
    kinds: dict[RightKind, Right]
    """The rights that the text grants."""
    fee: Literal["none"] | Fee = "none"
    """What asking costs; the law may forbid it."""
    claim: Claim | None = None
    """How claims are made and answered."""
    withdrawal: Literal["whole", "whole-or-part"] = "whole-or-part"
    """Whether a consent can be withdrawn in part."""
    withdrawal_deletes: bool = False
    """Whether withdrawing deletes the account and all records (airline-12)."""
    second_person: Literal["always", "destructive", "mass", "never"] = "destructive"
    """Which plans a second person has to approve before anything is touched."""
    kept: str = "3 years"
    """How long a request and its answer are kept after it was answered; then what was written in it is destroyed."""
