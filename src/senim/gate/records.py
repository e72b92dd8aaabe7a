"""A question to the gate, the facts it is decided on, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from senim.consent.records import State
from senim.errors import Reason
from senim.policy.taxonomy import Operation
from senim.subjects import Standing

SCOPE = tuple[str, str, str]
"""Recipient or group, channel, country: which consent to a purpose is meant; empty for none."""


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

    ``categories`` are categories or ``category.field``; empty means all that the purpose needs.
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


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a person when a question is decided: the standing, and the consents to the purpose."""

    standing: Standing
    consents: Mapping[SCOPE, State]


class Ruling(NamedTuple):
    """The part of a decision that depends on the policy, the law and the role alone."""

    reasons: tuple[Reason, ...]
    needs: tuple[SCOPE, ...]
    """Consents that the person must have given."""
    grounds: tuple[Reason, ...]
    floor: int
    operation: Operation | None
    responsible: bool
    purpose: str


class Decision(NamedTuple):
    """The answer. ``reasons`` are the grounds of an allowed question, or all the reasons of a refusal."""

    allowed: bool
    reasons: tuple[Reason, ...]
    entry: str = ""
    """Id of the log entry of this decision."""

    def __bool__(self) -> bool:
        """Whether it is allowed, so that ``if gate.check(…):`` says what it means."""
        return self.allowed
