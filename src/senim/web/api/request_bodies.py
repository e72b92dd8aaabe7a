"""Bodies and answers of ``/v1/requests``. The OpenAPI document is made from these same structs."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from senim.languages import Language

Name = Annotated[str, Meta(max_length=64)]


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    pass


class RequestBody(_Body, frozen=True, kw_only=True):
    """What a person asks for. Name the person by ``subject`` if you know who asks, or by identifiers."""

    kind: Annotated[str, Meta(max_length=20)]
    """``access``, ``erase``, ``correct``, ``withdraw``, ``claim`` …"""
    subject: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")] = ""
    """The person's id, if your system has signed this person in. It then vouches for who asks."""
    identifiers: Annotated[dict[Name, Annotated[str, Meta(max_length=320)]], Meta(max_length=10)] = {}
    """``email``, ``phone``, ``iin`` or a declared ``category.field``. A code goes to the e-mail."""
    channel: Literal["portal", "api"] = "api"
    """By which way it came."""
    language: Language = "ru"
    """The language of the person."""
    name: Annotated[dict[Name, Annotated[str, Meta(max_length=300)]], Meta(max_length=3)] = {}
    """``family``, ``given``, ``patronymic``."""
    reply_to: Annotated[str, Meta(max_length=320)] = ""
    """E-mail or postal address for the answer."""
    text: Annotated[str, Meta(max_length=20_000)] = ""
    """What the person says."""
    ground: Literal["", "incomplete", "outdated", "inaccurate", "unlawful", "not-needed"] = ""
    """What is wrong with the data. Inaccurate and unlawful block it for the time of the check."""
    purposes: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    """For withdrawals: what they are about; all if left out."""
    changes: Annotated[dict[str, Annotated[str, Meta(max_length=10_000)]], Meta(max_length=100)] = {}
    """For corrections: ``category.field`` and the right value."""
    consumer: bool = True
    """Whether the person bought as a consumer."""


class RequestAnswer(_Answer, frozen=True, kw_only=True):
    """The same whether or not the person is known."""

    number: str
    """The number of the request."""
    due: str
    """When it is answered at the latest."""
    clock: str
    """The term in words, in the person's language."""
    token: str
    """The secret with which the person looks at its state. It is shown this once."""
    status_url: str
    """Where the state is asked for."""
    missing: tuple[str, ...]
    """What the request lacks."""


class RequestTold(_Answer, frozen=True, kw_only=True):
    """How far a request is, as whoever asked may see it."""

    number: str
    """The number of the request."""
    kind: str
    """What was asked for."""
    state: str
    """How far it is."""
    says: str
    """The same in words."""
    due: str
    """When something is due next; nothing when it is answered."""
    clock: str
    """The term in words."""
    missing: tuple[str, ...]
    """What was asked for."""
    reasons: tuple[str, ...]
    """Why it was refused, in words."""
    protocol_status: str
    """The status of the Data Rights Protocol."""
    protocol_reason: str
    """The reason of the Data Rights Protocol."""


class RequestsAnswer(_Answer, frozen=True, kw_only=True):
    """Open requests, the most urgent first."""

    requests: list[RequestTold]
    """The requests."""


class StatusBody(_Body, frozen=True, kw_only=True):
    """The secret that was shown when the request was opened."""

    token: Annotated[str, Meta(min_length=1, max_length=100)]
    """The secret."""


class IdentifyBody(_Body, frozen=True, kw_only=True):
    """How it is shown who asks: one of these."""

    code: Annotated[str, Meta(max_length=32)] = ""
    """The one-time code."""
    subject: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")] = ""
    """The person that your system has signed in."""
    signature: Annotated[str, Meta(max_length=1_500_000)] = ""
    """A CMS signature, PEM or base64, over ``Senim NUMBER KIND`` and a line feed."""


class ShownAnswer(_Answer, frozen=True, kw_only=True):
    """Whether it came out right."""

    ok: bool
    """Whether it is shown who asks."""
    left: int = 0
    """Tries that are left for the code."""
