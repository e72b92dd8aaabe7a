"""Bodies and answers of the API. The OpenAPI document is made from these same structs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from senim.consent.records import Evidence

Identifier = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Name = Annotated[str, Meta(max_length=64)]


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    pass


class ReasonTold(_Answer, frozen=True, kw_only=True):
    """One ground of a decision: a stable code, the policy's clause and the law's article behind it."""

    code: str
    where: str
    clause: str
    article: str
    detail: str = ""


class Problem(_Answer, frozen=True, kw_only=True):
    """Problem details (RFC 9457) with every reason of the refusal."""

    type: str
    title: str
    status: int
    code: str
    where: str
    clause: str
    article: str
    reasons: list[ReasonTold]
    detail: str = ""
    """More, where there is more: the ids of several people found, the values that are allowed."""


class IntakeAnswer(_Answer, frozen=True, kw_only=True):
    """What was stored: the person's id, the fields, the signed receipts of the consents."""

    subject: str
    stored: tuple[str, ...]
    receipts: tuple[str, ...]


class ConsentBody(_Body, frozen=True, kw_only=True):
    """A consent given or withdrawn. ``evidence`` is needed for a consent that is to open anything."""

    subject: Identifier
    purpose: Name
    given: bool
    recipient: Name = ""
    channel: Name = ""
    country: Name = ""
    evidence: Evidence = Evidence(surface="api")


class ConsentAnswer(_Answer, frozen=True, kw_only=True):
    """The signed receipt; withdrawing from a purpose gives one for each thing that ended."""

    receipt: str
    receipts: tuple[str, ...]
    proven: bool


class StateTold(_Answer, frozen=True, kw_only=True):
    """What holds now. Times are RFC 3339, UTC."""

    purpose: str
    recipient: str
    channel: str
    country: str
    given: bool
    proven: bool
    version: int
    at: str
    until: str


class EventTold(StateTold, frozen=True, kw_only=True):
    """One giving or withdrawal, as it was."""

    id: str
    evidence: Evidence


class ConsentsAnswer(_Answer, frozen=True, kw_only=True):
    """What holds now, and a page of how it came about."""

    consents: list[StateTold]
    events: list[EventTold]
    next: str | None


class FindBody(_Body, frozen=True, kw_only=True):
    """Whom to find: by ``email``, ``phone``, ``iin`` or a declared ``category.field``."""

    kind: Name
    value: Annotated[str, Meta(max_length=300)]


class SubjectAnswer(_Answer, frozen=True, kw_only=True):
    """A person's id."""

    subject: str


class ValueTold(_Answer, frozen=True, kw_only=True):
    """A value, where it came from and when, whether it was verified, whether it comes masked."""

    value: str
    source: str
    at: str
    status: str
    masked: bool
    place: str = ""


class DataAnswer(_Answer, frozen=True, kw_only=True):
    """Values that the purpose needs; categories that this role may not see are named as withheld."""

    subject: str
    purpose: str
    values: dict[str, ValueTold]
    withheld: tuple[str, ...]


class CorrectBody(_Body, frozen=True, kw_only=True):
    """New values for a person's fields."""

    purpose: Name
    values: dict[str, Any]


class CorrectAnswer(_Answer, frozen=True, kw_only=True):
    """The fields that were changed."""

    changed: tuple[str, ...]


class CheckBody(_Body, frozen=True, kw_only=True):
    """May this be done? ``categories`` left out means all that the purpose needs."""

    operation: Name
    purpose: Name
    subject: Annotated[str, Meta(max_length=64)] = ""
    categories: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    recipient: Name = ""
    country: Name = ""
    channel: Name = ""
    reason: Name = ""


class ChecksBody(_Body, frozen=True, kw_only=True):
    """Many questions at once, at most 1000."""

    checks: Annotated[tuple[CheckBody, ...], Meta(min_length=1, max_length=1000)]


class CheckAnswer(_Answer, frozen=True, kw_only=True):
    """The answer; ``decision`` is the id of its entry in the log."""

    allowed: bool
    reasons: list[ReasonTold]
    decision: str


class ChecksAnswer(_Answer, frozen=True, kw_only=True):
    """The answers, in the order of the questions."""

    checks: list[CheckAnswer]


class ReasonBody(_Body, frozen=True, kw_only=True):
    """Why: one of a closed list."""

    reason: Name
    purpose: Name = ""


class EventBody(_Body, frozen=True, kw_only=True):
    """Something that ends or starts a term of the policy, e.g. ``trip-ended``."""

    event: Name
    at: Annotated[str, Meta(max_length=40)] = ""


class EntryAnswer(_Answer, frozen=True, kw_only=True):
    """The id of the act's entry in the log."""

    entry: str


class ErasureAnswer(_Answer, frozen=True, kw_only=True):
    """What was destroyed, and the signed proof."""

    subject: str
    erased_at: str
    categories: int
    documents: int
    identifiers: int
    entry: str
    proof: str


class DocumentTold(_Answer, frozen=True, kw_only=True):
    """A sealed file."""

    id: str
    field: str
    media: str
    size: int
    at: str


class DocumentsAnswer(_Answer, frozen=True, kw_only=True):
    """A person's files."""

    documents: list[DocumentTold]


class LineTold(_Answer, frozen=True, kw_only=True):
    """A line of a notice: a heading, a text, an item or a consent; ``ref`` is what it speaks of."""

    kind: Literal["heading", "text", "item", "consent"]
    text: str
    ref: str


class NoticeAnswer(_Answer, frozen=True, kw_only=True):
    """What a person is to be shown before giving anything. ``notice`` goes back with the intake."""

    point: str
    language: str
    notice: str
    version: int
    lines: list[LineTold]


class EntryTold(_Answer, frozen=True, kw_only=True):
    """An entry of the log with its number."""

    index: int
    entry: msgspec.Raw


class EntriesAnswer(_Answer, frozen=True, kw_only=True):
    """A page of the entries about a person, and those that are durable but not sealed yet."""

    entries: list[EntryTold]
    waiting: list[msgspec.Raw]
    next: str | None


class KeyAnswer(_Answer, frozen=True, kw_only=True):
    """Public keys: of checkpoints (a verifier key line), of receipts and proofs (JWK)."""

    log: str
    statements: dict[str, str]


class HealthAnswer(_Answer, frozen=True, kw_only=True):
    """Whether the service can write, and what the log holds."""

    status: Literal["ok", "trouble"]
    trouble: str
    policy: int
    entries: int
