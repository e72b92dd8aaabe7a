"""Accounts as facts: a sign-in under way, who is signed in, what was last seen and confirmed; never a contact."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from senim.identity import Actor, ActorKind, SubjectId
from senim.languages import Language
from senim.rights.records import OneTime
from senim.subjects import Standing

ROLE = "person"
PERSON = frozenset({"account", "read", "consent", "correct", "request"})
"""What people may do about themselves, and about nobody else."""

AT_DOOR = Actor(kind=ActorKind.PERSON, id="door", role=ROLE, may=frozenset({"sign-in"}))
"""Somebody who has not shown yet who they are."""

BY_LINK = Actor(kind=ActorKind.PERSON, id="word-link", role=ROLE, may=frozenset({"request"}))
"""Whoever holds the link in a letter that asks for a word on data that somebody else gave."""


def person(subject: str) -> Actor:
    """A person who is signed in."""
    return Actor(kind=ActorKind.PERSON, id=subject, role=ROLE, may=PERSON)


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sign-in under way. It is the same whether or not anybody has the contact; times are microseconds since 1970."""

    id: str
    """Digest of the secret that whoever signs in holds, in hex."""
    language: Language
    until: int
    holder: SubjectId | None = None
    """Box in which the contact waits until the code is sent; None once it was."""
    sealed: bytes = b""
    subject: str = ""
    """Who is signed in already, where a fresh code is asked for."""
    code: OneTime | None = None
    claimed: tuple[str, ...] = ()
    """Whose contact it is: known once the code was sent."""
    tries: int = 0
    """Codes that were tried, none being out included."""
    proven_at: int = 0
    """When the code came back, if several people share the contact."""
    named: int = 0
    """How often a further identifier was told wrongly."""
    ask: tuple[str, ...] = ()
    """By which fields it can be told who of several people somebody is."""
    bare: int = 0
    """How many records hold nothing but the contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What came of a code, or of a further identifier: signed in, one of several people, or not."""

    session: str = ""
    """What the browser keeps from now on; empty if nobody is signed in."""
    ask: tuple[str, ...] = ()
    """Several people share the contact: by which fields it can be told who it is."""
    several: bool = False
    left: int = 0
    """Tries that are left."""
    bare: int = 0
    """How many records may be opened without telling anything: they hold nothing but the contact."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in somewhere; times are microseconds since 1970 UTC.

    Of the secret its digest is kept. Records that were opened together have sessions of one id and one secret.
    """

    subject: SubjectId
    id: str
    digest: bytes
    begun_at: int
    seen_at: int
    fresh_at: int
    """When a code last came back."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a person last saw and confirmed. Times are microseconds since 1970 UTC, 0 for never."""

    subject: SubjectId
    version: int = 0
    """The newest version of the policy that the person said to have read."""
    accepted_at: int = 0
    confirmed_at: int = 0
    """When the person last said that the data is right (tickets-6, shop-18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Somebody who is signed in, and where they stand."""

    session: Session
    standing: Standing
    others: tuple[Signed, ...] = ()
    """The same person's other records that were opened with this one."""

    @property
    def subject(self) -> SubjectId:
        """Whose account it is."""
        return self.session.subject

    @property
    def actor(self) -> Actor:
        """The person as actor."""
        return person(self.session.subject)


msgspec.msgpack.Decoder(Attempt)  # msgspec learns it now, in one thread: see law/reading.py
