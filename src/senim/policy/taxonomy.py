"""The words that every part uses: operations of processing, types of fields, channels."""

from __future__ import annotations

from enum import StrEnum


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

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    BIRTH_DATE = "birth-date"
    DATE = "date"
    COUNTRY = "country"
    ADDRESS = "address"
    POSTCODE = "postcode"
    IIN = "iin"
    BIN = "bin"
    PASSPORT = "passport"
    ID_CARD = "id-card"
    CARD = "card"
    CARD_EXPIRY = "card-expiry"
    IBAN = "iban"
    REFERENCE = "reference"
    URL = "url"
    ACCOUNT = "account"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    WORDS = "words"
    TEXT = "text"
    IP = "ip"
    USER_AGENT = "user-agent"
    PHOTO = "photo"
    DOCUMENT = "document"


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
