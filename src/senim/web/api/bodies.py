"""Bodies and answers of the API. The OpenAPI document is made from these same structs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from senim.collection.technical_records import MOST as MOST_VISITS
from senim.collection.technical_records import Visit
from senim.consent.records import Evidence
from senim.disclosure.records import MOST as MOST_HANDED
from senim.gate.records import REASONS

Identifier = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Name = Annotated[str, Meta(max_length=64)]


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    pass


class ReasonTold(_Answer, frozen=True, kw_only=True):
    """One ground of a decision: a stable code, the policy's clause and the law's article behind it."""

    code: str
    """The stable word."""
    where: str
    """What it is about: a field, a recipient, never a value."""
    clause: str
    """The clause of the policy."""
    article: str
    """The article of the law."""
    detail: str = ""
    """What it means and what to do, in the caller's language."""


class Problem(_Answer, frozen=True, kw_only=True):
    """Problem details (RFC 9457) with every reason of the refusal."""

    type: str
    """``urn:senim:problem:`` and the code."""
    title: str
    """What it means and what to do."""
    status: int
    """The HTTP status."""
    code: str
    """The first reason's code."""
    where: str
    """What it is about."""
    clause: str
    """The clause of the policy."""
    article: str
    """The article of the law."""
    reasons: list[ReasonTold]
    """Every reason."""
    detail: str = ""
    """More, where there is more: the ids of several people found, the values that are allowed."""


class IntakeAnswer(_Answer, frozen=True, kw_only=True):
    """What was stored: the person's id, the fields, the signed receipts of the consents."""

    subject: str
    """The person's id."""
    stored: tuple[str, ...]
    """The fields, as ``category.field``."""
    receipts: tuple[str, ...]
    """A signed receipt (JWS) for each consent."""


class VisitsBody(_Body, frozen=True, kw_only=True):
    """Visits to pages, as devices told of them by themselves. Nothing in it may say who the visitor is."""

    point: Name
    """The collection point."""
    visits: Annotated[tuple[Visit, ...], Meta(min_length=1, max_length=MOST_VISITS)]
    """The visits."""


class VisitsAnswer(_Answer, frozen=True, kw_only=True):
    """What became of the visits."""

    kept: int
    """Visits kept."""
    not_chosen: int
    """Visits of those who did not choose it."""
    over: int
    """Visits whose time was over already, or that have not been yet."""
    dropped: tuple[str, ...]
    """What came and is not asked for at this point."""


class ConsentBody(_Body, frozen=True, kw_only=True):
    """A consent given or withdrawn. ``evidence`` is needed for a consent that is to open anything."""

    subject: Identifier
    """The person's id."""
    purpose: Name
    """A purpose of the policy."""
    given: bool
    """``true`` for giving, ``false`` for withdrawing."""
    recipient: Name = ""
    """A recipient or group, when it is a permission to pass data on."""
    channel: Name = ""
    """A channel, when it is a permission to write or call."""
    country: Name = ""
    """A country, when it is a permission to cross the border."""
    category: Name = ""
    """A category, when it is opened to recipients whom the person chooses."""
    evidence: Evidence = Evidence(surface="api")
    """What proves it."""


class ConsentAnswer(_Answer, frozen=True, kw_only=True):
    """What was recorded."""

    receipts: tuple[str, ...]
    """The signed receipts (JWS): one, and after a withdrawal one for each consent that ended with it."""
    proven: bool
    """Whether it can be proven; a consent that cannot opens nothing."""


class StateTold(_Answer, frozen=True, kw_only=True):
    """What holds now. Times are RFC 3339, UTC."""

    purpose: str
    """The purpose."""
    recipient: str
    """The recipient or group, or nothing."""
    channel: str
    """The channel, or nothing."""
    country: str
    """The country, or nothing."""
    category: str
    """The category that is opened to the recipient, or nothing."""
    given: bool
    """Whether it is given."""
    proven: bool
    """Whether it can be proven."""
    version: int
    """Version of the policy that it was given under."""
    at: str
    """When."""
    until: str
    """When it ends by itself, or nothing."""


class EventTold(StateTold, frozen=True, kw_only=True):
    """One giving or withdrawal, as it was."""

    id: str
    """Id of the event: that of its entry in the log."""
    evidence: Evidence
    """What proves it."""


class ConsentsAnswer(_Answer, frozen=True, kw_only=True):
    """What holds now, and a page of how it came about."""

    consents: list[StateTold]
    """What holds now."""
    events: list[EventTold]
    """How it came about, oldest first."""
    next: str | None
    """Where the next page begins."""


class FindBody(_Body, frozen=True, kw_only=True):
    """Whom to find: by ``email``, ``phone``, ``iin`` or a declared ``category.field``."""

    kind: Name
    """What kind of identifier."""
    value: Annotated[str, Meta(max_length=300)]
    """The identifier, in any way of writing it."""


class SubjectAnswer(_Answer, frozen=True, kw_only=True):
    """A person's id."""

    subject: str
    """The person's id."""


class ValueTold(_Answer, frozen=True, kw_only=True):
    """A value, where it came from and when, whether it was verified, whether it comes masked."""

    value: str
    """The value."""
    source: str
    """The source that it came from."""
    at: str
    """When it came in."""
    status: str
    """``stated`` by the person, or ``verified``."""
    masked: bool
    """Whether it is only a hint of the value."""
    place: str = ""
    """For public sources: the address where it stood."""


class DataAnswer(_Answer, frozen=True, kw_only=True):
    """Values that the purpose needs; categories that this role may not see are named as withheld."""

    subject: str
    """The person's id."""
    purpose: str
    """The purpose it was read for."""
    values: dict[str, ValueTold]
    """``category.field`` → value."""
    withheld: tuple[str, ...]
    """Categories that this role may not see at all."""


class DisclosureBody(_Body, frozen=True, kw_only=True):
    """Whose data is to be handed to which recipient, for what."""

    subjects: Annotated[tuple[Identifier, ...], Meta(min_length=1, max_length=MOST_HANDED)]
    """Ids of people, each once."""
    recipient: Name
    """One of the policy's recipients."""
    purpose: Name
    """The purpose it is handed over for."""
    categories: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    """Categories or ``category.field``; empty: what the purpose needs and the recipient is entrusted with."""
    country: Name = ""
    """Where it goes; may be left out where the recipient is in one country."""
    channel: Name = ""
    """By which way."""
    reason: Annotated[str, Meta(max_length=80)] = ""
    """Number of the document with which an authority asks, with its kind, its date and the body's city or region,
    or its id here; no names of people."""


class DisclosureAnswer(_Answer, frozen=True, kw_only=True):
    """What the recipient gets. It is in the log before this answer."""

    disclosure: str
    """The id of this handing-over, in every entry of it."""
    data: dict[str, dict[str, ValueTold]]
    """Person → ``category.field`` → value."""
    refused: dict[str, list[ReasonTold]]
    """Person → why nothing of this person is handed over."""


class DisclosureTold(_Answer, frozen=True, kw_only=True):
    """A line of the register of disclosures."""

    disclosure: str
    """The id of the handing-over."""
    entry: str
    """Id of its entry in the log."""
    at: str
    """When."""
    recipient: str
    """Who got it."""
    purpose: str
    """For what."""
    categories: tuple[str, ...]
    """Which fields, as ``category.field``."""
    country: str
    """Where."""
    channel: str
    """By which way."""
    document: str
    """By which document an authority asked."""


class DisclosuresAnswer(_Answer, frozen=True, kw_only=True):
    """Everybody who got a person's data."""

    disclosures: list[DisclosureTold]
    """The oldest first."""


class CorrectBody(_Body, frozen=True, kw_only=True):
    """New values for a person's fields."""

    purpose: Name
    """The purpose it is corrected for."""
    values: dict[str, Any]
    """``category.field`` → new value."""


class CorrectAnswer(_Answer, frozen=True, kw_only=True):
    """The fields that were changed."""

    changed: tuple[str, ...]
    """The fields that were changed."""


class CheckBody(_Body, frozen=True, kw_only=True):
    """May this be done? Name the ``categories`` that you are about to touch.

    Left out, the question is about what the purpose needs as far as this role and this recipient may have it.
    """

    operation: Name
    """One of the thirteen operations."""
    purpose: Name
    """A purpose of the policy."""
    subject: Annotated[str, Meta(max_length=64, extra_json_schema={"pattern": "^([0-9a-f]{32})?$"})] = ""
    """The person's id; empty for a question about nobody in particular."""
    categories: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    """Categories or ``category.field``."""
    recipient: Name = ""
    """Who would get the data."""
    country: Name = ""
    """Where it would go; empty: wherever the recipient is."""
    channel: Name = ""
    """By which way the person would be reached."""
    reason: Name = ""
    """Id of the document with which an authority asks."""


class ChecksBody(_Body, frozen=True, kw_only=True):
    """Many questions at once, at most 1000."""

    checks: Annotated[tuple[CheckBody, ...], Meta(min_length=1, max_length=1000)]
    """The questions."""


class CheckAnswer(_Answer, frozen=True, kw_only=True):
    """The answer; ``decision`` is the id of its entry in the log."""

    allowed: bool
    """Yes or no."""
    reasons: tuple[ReasonTold, ...]
    """The grounds of a yes, or all reasons of a no."""
    decision: str
    """Id of the decision's entry in the log."""


class ChecksAnswer(_Answer, frozen=True, kw_only=True):
    """The answers, in the order of the questions."""

    checks: list[CheckAnswer]
    """The answers."""


class ReasonBody(_Body, frozen=True, kw_only=True):
    """Why: one of a closed list."""

    reason: Annotated[Name, Meta(extra_json_schema={"enum": list(REASONS)})]
    """The reason."""
    purpose: Name = ""
    """For stops: the purpose; empty for all."""


class EventBody(_Body, frozen=True, kw_only=True):
    """Something that ends or starts a term of the policy, e.g. ``trip-ended``."""

    event: Name
    """The event's name."""
    at: Annotated[str, Meta(max_length=40, extra_json_schema={"format": "date-time"})] = ""
    """When it happened (RFC 3339); empty: now."""


class EntryAnswer(_Answer, frozen=True, kw_only=True):
    """The id of the act's entry in the log."""

    entry: str
    """The entry's id."""


class ErasureAnswer(_Answer, frozen=True, kw_only=True):
    """What was destroyed, and the signed proof."""

    subject: str
    """The person's id; it leads to nobody any more."""
    erased_at: str
    """When."""
    categories: int
    """How many categories were destroyed."""
    documents: int
    """How many files."""
    identifiers: int
    """How many entries of the index."""
    entry: str
    """Id of the act's entry in the log."""
    proof: str
    """The signed proof (JWS)."""


class DocumentTold(_Answer, frozen=True, kw_only=True):
    """A sealed file."""

    id: str
    """The file's id."""
    field: str
    """The field that it is in."""
    media: str
    """Its media type."""
    size: int
    """Its size in bytes."""
    at: str
    """When it came in."""


class DocumentsAnswer(_Answer, frozen=True, kw_only=True):
    """A person's files."""

    documents: list[DocumentTold]
    """The files."""


class LineTold(_Answer, frozen=True, kw_only=True):
    """A line of a notice: a heading, a text, an item or a consent; ``ref`` is what it speaks of."""

    kind: Literal["heading", "text", "item", "consent"]
    """What the line is; a ``consent`` is a box to tick."""
    text: str
    """The words to show."""
    ref: str
    """What it speaks of, e.g. ``contact.email`` or, for a consent, ``newsletter@email``."""


class NoticeAnswer(_Answer, frozen=True, kw_only=True):
    """What a person is to be shown before giving anything. ``notice`` goes back with the intake."""

    point: str
    """The point."""
    language: str
    """The language."""
    notice: str
    """Digest of the text; it goes back with the intake."""
    version: int
    """Version of the policy."""
    lines: list[LineTold]
    """The text, line by line."""


class EntryTold(_Answer, frozen=True, kw_only=True):
    """An entry of the log with its number."""

    index: int
    """Its number in the log, from 0."""
    entry: msgspec.Raw
    """The entry."""


class EntriesAnswer(_Answer, frozen=True, kw_only=True):
    """A page of the entries about a person, and those that are durable but not sealed yet."""

    entries: list[EntryTold]
    """Sealed entries, oldest first."""
    waiting: list[msgspec.Raw]
    """Entries that are durable and not sealed yet."""
    next: str | None
    """Where the next page begins."""


class KeyAnswer(_Answer, frozen=True, kw_only=True):
    """Public keys: of checkpoints (a verifier key line), of receipts and proofs (JWK)."""

    log: str
    """The log's verifier key."""
    statements: dict[str, str]
    """The key of receipts and proofs."""


class HealthAnswer(_Answer, frozen=True, kw_only=True):
    """Whether the service can write, and what the log holds."""

    status: Literal["ok", "trouble"]
    """``ok``, or ``trouble`` when the last tick of the clock failed."""
    trouble: str
    """The code of what is wrong."""
    policy: int
    """Version in force."""
    entries: int
    """Number of sealed entries."""
    dead_orders: int
    """Number of orders that failed for good and wait for somebody."""
    notes: tuple[str, ...]
    """Codes of what is not as it should be and keeps no request from being served, such as ``mail_not_configured``."""
