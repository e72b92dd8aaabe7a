"""A question to the gate, the facts it is decided on, and the answer."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from senim.errors import Reason
from senim.policy.records import Term
from senim.policy.taxonomy import Operation

REASONS = (
    "inaccuracy-reported",
    "unlawful-reported",
    "request-of-person",
    "request-of-authority",
    "check-finished",
    "violation-not-confirmed",
    "legal-duty",
)
"""Why a block or stop is set or lifted: a closed list, so that no free text reaches the log."""


class Question(NamedTuple):
    """May ``operation`` be done for ``purpose`` with these categories, this person, this recipient …?

    ``categories`` are categories or ``category.field``. Empty asks for what the purpose needs as far as this role and
    this recipient may have it: ask by name for what you are about to touch. A category stands for those of its fields
    that the purpose needs.
    ``reason`` is the id of the document with which an authority asks (tickets-17).
    """

    operation: str
    purpose: str
    subject: str = ""
    categories: tuple[str, ...] = ()
    recipient: str = ""
    country: str = ""
    channel: str = ""
    reason: str = ""


class Ruling(NamedTuple):
    """The part of a decision that depends on the policy, the law and the role alone."""

    purpose: str
    operation: Operation | None
    reasons: tuple[Reason, ...]
    needs: tuple[str, ...] = ()
    """Scope keys of the consents that the person must have given."""
    grounds: tuple[Reason, ...] = ()
    floor: int = 0
    """Oldest version whose consents still cover the purpose."""
    lost: frozenset[int] = frozenset()
    """Newer versions whose consents do not."""
    term: Term | None = None
    responsible: bool = False
    by_channel: bool = False
    """Whether people are asked channel by channel: then the word for the purpose does not stand for any of them."""


class Decision(NamedTuple):
    """The answer. ``reasons`` are the grounds of an allowed question, or all the reasons of a refusal."""

    allowed: bool
    reasons: tuple[Reason, ...]
    entry: str = ""
    """Id of the log entry of this decision."""

    def __bool__(self) -> bool:
        """Whether it is allowed, so that ``if gate.check(…):`` says what it means."""
        return self.allowed


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """When an event was, if not at the time of its entry (RFC 3339, UTC); its entry holds it for ever."""

    at: str
