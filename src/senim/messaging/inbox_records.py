"""Letters that came in: what is kept of one beside what is sealed, and who goes on with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, Protocol

import msgspec

from senim.identity import SubjectId
from senim.languages import Language
from senim.messaging.letter_records import Letter
from senim.messaging.meaning import Meant
from senim.work import Work

Source = Literal["imap", "smtp", "lmtp", "file"]
Security = Literal["tls", "starttls", "none"]


class Outcome(StrEnum):
    """What came of a letter."""

    WAITING = "waiting"
    """It is sealed and was not read yet."""
    REQUEST = "request"
    """It opened a request, or several, or belongs to one."""
    UNDECIDED = "undecided"
    """It may ask for something, or nobody can tell: a person decides."""
    NEUTRAL = "neutral"
    """It asks for no right; a person may want to answer it."""
    AUTO_REPLY = "auto_reply"
    """A machine answered for somebody; it is never answered."""
    BOUNCE = "bounce"
    """A message of ours came back, or is late."""
    OWN = "own"
    """A message of our own came round to us; it is never answered."""
    TOO_LARGE = "too_large"
    """It was larger than is taken: only its head is here, and a person decides."""
    DECIDED = "decided"
    """A person dealt with it."""


OPEN = (Outcome.UNDECIDED, Outcome.NEUTRAL, Outcome.TOO_LARGE)
"""Outcomes that a person has to look at."""


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a letter without opening it: codes only, nothing of what it says."""

    kinds: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    marked: bool = False
    faults: tuple[str, ...] = ()
    authenticated: bool | None = None
    quiet: bool = False
    language: str = ""
    attachments: int = 0


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the inbox. Times are microseconds since 1970 UTC."""

    id: SubjectId
    """It is the letter's box too."""
    source: str
    outcome: Outcome
    about: str
    """The request, or the message, that it belongs to."""
    traits: Traits
    size: int
    pieces: int
    """How many sealed pieces there are; 0 when its key was destroyed."""
    received_at: int
    read_at: int


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a letter was handed over, and whether by a server of ours; sealed with it."""

    to: tuple[str, ...] = ()
    ours: bool = True


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far a mailbox was fetched: letters with a UID up to this one are here (RFC 9051 §2.3.1.1)."""

    mailbox: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A letter and what it asks for, for whoever goes on with it."""

    id: SubjectId
    letter: Letter
    meant: Meant
    about: str
    """The request that the message of ours belongs to which it answers; empty if it answers none."""
    tokens: tuple[str, ...]
    """What stands behind the ``+`` of the addresses that it was sent to."""
    received_at: int
    language: Language


class Receiver(Protocol):
    """Goes on with letters that ask for something: opens requests."""

    def receive(self, work: Work, read: Read) -> str:
        """The number of the request that a letter opened or belongs to; empty if a person has to decide.

        What it writes is committed with the letter's own row. Who writes is not proven by ``From``, vouched for or
        not: identity is shown to rights.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class MailBox:
    """A mailbox that is fetched by IMAP."""

    host: str
    port: int = 993
    security: Security = "tls"
    user: str = ""
    password: str = ""
    folder: str = "INBOX"
    authority: str = ""
    timeout: float = 30.0

    @property
    def name(self) -> str:
        """By what it is known here: no password, and the user only as the server's own."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"

    def __repr__(self) -> str:
        return f"MailBox({self.host}:{self.port}, {self.security})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where a mail server hands letters over to us."""

    protocol: Literal["smtp", "lmtp"]
    host: str
    port: int
    addresses: frozenset[str]
    """For whom letters are taken; what stands behind a ``+`` does not count."""
    most: int
    """Bytes of a letter."""
    peers: tuple[IPv4Network | IPv6Network, ...] = ()
    """Where our own mail servers are, beside this machine: their word on a sender counts."""
    certificate: str = ""
    private_key: str = ""
    name: str = "senim"
    """What we call ourselves in the greeting."""
    patience: float = 60.0
    """Seconds for the next line."""
