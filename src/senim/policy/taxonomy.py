"""The words that every part uses: ids and references, operations of processing, types of fields, channels."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
"""A name within the file: lower-case letters, digits and hyphens."""

NoId = Annotated[str, Meta(pattern=r"^([a-z][a-z0-9-]{0,62})?$")]
"""A name, or nothing."""

FieldRef = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,62}(\.[a-z][a-z0-9-]{0,62})?$")]
"""A category, or ``category.field``."""

Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""


Verb = Literal[
    "intake",
    "consent",
    "find",
    "read",
    "correct",
    "check",
    "disclose",
    "erase",
    "block",
    "event",
    "request",
    "handle",
    "approve",
    "log",
    "orders",
    "policy",
]
"""What a role may be allowed to do at the doors."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A part of the policy file: keys in kebab-case, nothing that is not declared."""


class Operation(StrEnum):
    """The thirteen operations of processing: the one taxonomy (tickets-5, shop-2)."""

    COLLECT = "collect"
    RECORD = "record"
    SYSTEMATISE = "systematise"
    ACCUMULATE = "accumulate"
    STORE = "store"
    CLARIFY = "clarify"
    EXTRACT = "extract"
    USE = "use"
    TRANSFER = "transfer"
    DEPERSONALISE = "depersonalise"
    BLOCK = "block"
    DELETE = "delete"
    DESTROY = "destroy"


class FieldType(StrEnum):
    """What a field holds: decides how a value is checked, normalised and found again."""

    __hash__ = str.__hash__  # that of Enum is made in Python, and each value taken in asks for it several times

    NAME = "name"
    """Letters of one script; no digits and no marks of code."""
    EMAIL = "email"
    """An address; kept in lower case, domains in ASCII."""
    PHONE = "phone"
    """Any way of writing it; kept as +7… (E.164). Without a country code it is Kazakh."""
    BIRTH_DATE = "birth-date"
    """As ``date``, not before 1900."""
    DATE = "date"
    """2026-11-22 or 22.11.2026; kept as the former."""
    COUNTRY = "country"
    """Two capital letters (ISO 3166-1)."""
    ADDRESS = "address"
    """Words, at most 300 characters."""
    POSTCODE = "postcode"
    """3 to 10 letters and digits."""
    IIN = "iin"
    """12 digits with a real date and the right check digit."""
    BIN = "bin"
    """12 digits with a real month and the right check digit."""
    PASSPORT = "passport"
    """Up to two letters and 6 to 9 digits."""
    ID_CARD = "id-card"
    """9 digits."""
    CARD = "card"
    """13 to 19 digits with the right check digit. Only a field of this type may hold a card number."""
    CARD_EXPIRY = "card-expiry"
    """Month and year, 12/39."""
    IBAN = "iban"
    """An account with the right check digits."""
    REFERENCE = "reference"
    """A number of an order or the like: letters, digits, ``/#._-``."""
    URL = "url"
    """A web address."""
    ACCOUNT = "account"
    """A name in some service."""
    NUMBER = "number"
    """Digits, with at most 6 decimals."""
    BOOLEAN = "boolean"
    """``true`` or ``false``."""
    CHOICE = "choice"
    """One of the field's ``choices``."""
    WORDS = "words"
    """A line of at most 300 characters."""
    TEXT = "text"
    """Free text of at most 10,000 characters."""
    IP = "ip"
    """An IPv4 or IPv6 address."""
    USER_AGENT = "user-agent"
    """What a browser says it is."""
    PHOTO = "photo"
    """A picture: a file, sealed in chunks."""
    DOCUMENT = "document"
    """A file, sealed in chunks; at most 20 MiB unless ``max`` says less."""


FILES = (FieldType.PHOTO, FieldType.DOCUMENT)
"""Types whose value is a file: uploaded on their own, sealed in chunks."""


class Channel(StrEnum):
    """Ways in which a person is reached, or gives data."""

    WEB = "web"
    TELEPHONE = "telephone"
    SMS = "sms"
    EMAIL = "email"
    MESSENGER = "messenger"
    POST = "post"
    COUNTER = "counter"
    PAPER = "paper"
    PORTAL = "portal"
    API = "api"
    PUSH = "push"
