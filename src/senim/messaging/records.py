"""Messages that go out: what is kept of one, to whom it goes, and by which server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec

from senim.identity import SubjectId
from senim.languages import Language

Security = Literal["starttls", "tls", "none"]


class MessageState(StrEnum):
    """How far a message is. Why one is not delivered stands at its order."""

    WAITING = "waiting"
    """It is in the outbox."""
    SENT = "sent"
    """A mail server took it."""
    RETURNED = "returned"
    """It was taken and came back."""
    EXPIRED = "expired"
    """It could not be sent for so long that it was destroyed."""


class To(msgspec.Struct, frozen=True, kw_only=True):
    """To whom: an address that was given for this, and whose it is, if that person is known here."""

    address: str
    """An e-mail address. It is sealed with the message and is nowhere else."""
    subject: SubjectId | None = None
    """The person, for the log; None for somebody who is nobody's subject."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes with a message."""

    name: str
    media: str
    content: bytes


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the outbox: no address and no text. Times are microseconds since 1970 UTC."""

    id: SubjectId
    """It is the message's box too, and so the holder of its orders."""
    template: str
    language: Language
    subject: SubjectId | None
    purpose: str
    """The purpose of a mailing; empty for messages that belong to the service (travel-7)."""
    about: str
    state: MessageState
    parts: int
    """How many attached files."""
    sealed: bytes
    created_at: int
    ended_at: int


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed of a message: everything that makes it up, as it was when it was decided to send it."""

    to: str
    sender: str
    """The operator's name, as the message shows it."""
    subject: str
    text: str
    html: str
    files: tuple[tuple[str, str], ...] = ()
    """Name and media type of each part."""
    unsubscribe: str = ""
    """For mailings: the link that ends them with one click (RFC 8058)."""
    answers: str = ""
    """Message-ID of the letter that this answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where messages are handed over, and in whose name."""

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = ""
    sender: str = ""
    """The address that messages come from; answers go there."""
    authority: str = ""
    """A file with the certificates that the server's is checked against; empty: those of the machine."""
    timeout: float = 30.0

    @property
    def domain(self) -> str:
        """The domain in whose name messages are numbered."""
        return self.sender.rpartition("@")[2]

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port}, {self.security})"
