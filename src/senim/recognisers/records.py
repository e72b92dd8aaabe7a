"""What is recognised, and how sure that is."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a piece of text, or a column, holds; named like the policy's field types where there is one."""

    __hash__ = str.__hash__  # that of Enum is made in Python, and hits are counted by kind

    # found in texts
    IIN = "iin"
    BIN = "bin"
    PHONE = "phone"
    EMAIL = "email"
    CARD = "card"
    IBAN = "iban"
    ACCOUNT = "account"
    """A bank account that is no Kazakh IBAN: 20 digits beside words that say so."""
    ID_CARD = "id-card"
    PASSPORT = "passport"
    PLATE = "plate"
    IP = "ip"
    BIRTH_DATE = "birth-date"
    NAME = "name"
    """A whole name, or as much of one as names a person."""

    # guessed of columns alone
    FAMILY = "family"
    GIVEN = "given"
    PATRONYMIC = "patronymic"
    ADDRESS = "address"
    POSTCODE = "postcode"
    SEX = "sex"
    LOGIN = "login"
    SECRET = "secret"  # noqa: S105  # the name of a kind
    """A password, or what is made of one."""
    USER_AGENT = "user-agent"
    DEVICE = "device"
    """A cookie, a session, a device."""
    PLACE = "place"
    """Where somebody was: coordinates."""
    PHOTO = "photo"
    CARD_EXPIRY = "card-expiry"
    SPECIAL = "special"
    """Health, origin, faith, convictions …"""
    NOTE = "note"
    """Free text in which people write anything."""


IN_TEXTS = (
    Kind.IIN, Kind.BIN, Kind.PHONE, Kind.EMAIL, Kind.CARD, Kind.IBAN, Kind.ACCOUNT, Kind.ID_CARD, Kind.PASSPORT,
    Kind.PLATE, Kind.IP, Kind.BIRTH_DATE, Kind.NAME,
)  # fmt: skip
"""What ``find`` finds; the other kinds are guessed of columns."""


class Why(StrEnum):
    """Why something is taken for what it is: a closed list, worded in ``locales/scan.toml``."""

    CHECK_DIGIT = "check_digit"
    """A check digit, or two, is right."""
    SHAPE = "shape"
    """It is written as such things are."""
    WORDS = "words"
    """Words beside it say so."""
    NAMES = "names"
    """It is in a list of given names."""
    ENDINGS = "endings"
    """It ends as patronymics and surnames do."""
    COLUMN = "column"
    """The name of the column says so."""
    SAMPLES = "samples"
    """Values of the column are such."""
    AGAINST = "against"
    """Something speaks against it: the values, or words beside it. Confidence is lower."""


class Hit(msgspec.Struct, frozen=True, gc=False):
    """Something personal in a text, from ``start`` to before ``end``."""

    kind: Kind
    start: int
    end: int
    confidence: float
    """0 to 1. What is below 0.5 is not told unless asked for."""
    why: tuple[Why, ...]
    value: str = ""
    """In the form in which the policy's values are kept (``+77…``, digits alone). Personal: never shown or logged."""

    def __repr__(self) -> str:
        return f"Hit({self.kind}, {self.start}, {self.end}, {self.confidence}, {'+'.join(self.why)})"


class Guess(msgspec.Struct, frozen=True):
    """What a column of a database may be."""

    kind: Kind
    confidence: float
    why: tuple[Why, ...]
