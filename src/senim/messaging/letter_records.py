"""What a letter says, and what was odd about it. Bounds of what is read of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from senim.languages import Language


class LetterFault(StrEnum):
    """What is wrong with a letter. It is read as far as it goes; staff see the fault beside it."""

    TOO_LARGE = "too_large"
    """Larger than is taken; only its head was read."""
    HEADERS_TOO_LARGE = "headers_too_large"
    """More header than is read."""
    TOO_DEEP = "too_deep"
    """Parts within parts beyond the bound; the inner ones were not looked into."""
    TOO_MANY_PARTS = "too_many_parts"
    """More parts than are read."""
    TEXT_TOO_LONG = "text_too_long"
    """More text than is read."""
    BOUNDARY_MISSING = "boundary_missing"
    """The line that parts its parts is not there, or the last of them is missing."""
    ENCODING_BROKEN = "encoding_broken"
    """What was to be base64 is not."""
    CHARSET_WRONG = "charset_wrong"
    """Not in the character set it names; guessed."""
    DATE_WRONG = "date_wrong"
    """The date is none, or lies outside of what can be."""
    SENDER_WRONG = "sender_wrong"
    """No sender's address, or several."""
    NAME_DECEIVES = "name_deceives"
    """The sender's name shows another address, or letters that turn the direction of writing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a letter is read. What is beyond stays sealed in the letter as it came."""

    size: int = 10 * 1024 * 1024
    """Bytes of a letter."""
    header: int = 256 * 1024
    """Bytes of one header section."""
    fields: int = 1000
    """Fields of one header section."""
    field_size: int = 16 * 1024
    """Bytes of one field."""
    depth: int = 20
    """Parts within parts."""
    parts: int = 200
    """Parts in all."""
    text: int = 100_000
    """Characters of text."""
    decoded: int = 1024 * 1024
    """Bytes of text parts that are decoded."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a letter: a name made safe, and the content when it is asked for; never unpacked, never run."""

    name: str
    media: str
    size: int
    """Bytes as they stand in the letter; base64 is a third larger than the file."""
    content: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report that a message of ours was not, or not yet, delivered (RFC 3464)."""

    message_ids: tuple[str, ...]
    """Of the message that came back, as far as the report tells: without angle brackets."""
    action: str
    """``failed``, ``delayed``, ``delivered``, ``relayed``, ``expanded``; ``failed`` where a report says nothing."""
    status: str
    """Such as ``5.1.1`` (RFC 3463), or nothing."""

    @property
    def failed(self) -> bool:
        """Whether the message will not arrive."""
        return self.action == "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as far as it can be read. It holds personal values: it is never kept but sealed."""

    message_id: str
    from_address: str
    from_name: str
    from_authenticated: bool | None
    """Whether our own mail server vouches for the sender's domain; None: it says nothing. Never enough to act on."""
    to: tuple[str, ...]
    """All addresses it was sent to, those of the envelope first."""
    date: datetime | None
    """When it says that it was written. The clock of a request starts when it came, not then."""
    subject: str
    text: str
    """The sender's own words: without what is quoted and without the signature."""
    signature: str
    """What stands below the sender's words."""
    language: Language
    attachments: tuple[Attachment, ...]
    auto_reply: bool
    """Written by a machine that answers for somebody: out of office, ticket systems."""
    quiet: bool
    """Nothing may be answered by itself: a list, a machine, a bounce, a sender without an address."""
    bounce: Bounce | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    forwarded: bool
    """Somebody passed on another's letter."""
    faults: tuple[LetterFault, ...]
