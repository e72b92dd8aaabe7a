"""Accounts of the staff, and the sessions that they have open."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address

import msgspec

from senim.identity import SubjectId
from senim.languages import Language


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A WebAuthn authenticator: what proves that somebody holds it, and nothing that opens anything."""

    id: bytes
    public_key: bytes
    label: str
    made_at: int
    count: int = 0
    """How often it has signed, as far as it counts; a lower one is a copy."""

    @property
    def name(self) -> str:
        """How pages name it: nothing opens with it, and two with one label are told apart."""
        return hashlib.sha256(b"name" + self.id).hexdigest()[:16]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account. Names and secrets are sealed in a box of its own; the password is a digest that cannot be undone."""

    id: str
    name: bytes
    """Keyed digest of the name that is signed in with."""
    role: str
    """One of the policy's, or ``responsible``."""
    language: Language
    holder: SubjectId
    """The box that the sealed parts open with."""
    names: bytes
    """Sealed: :class:`Names`."""
    password: str
    """Argon2id."""
    first_until: int = 0
    """Until when the first password holds, which has to be changed at once. 0: it was changed."""
    secret: bytes = b""
    """Sealed: the secret of one-time codes. Empty: none yet."""
    step: int = 0
    """The last step of time whose code was used, so that none is used twice (RFC 6238 §5.2)."""
    recovery: tuple[bytes, ...] = ()
    """Digests of the recovery codes that are left."""
    passkeys: tuple[Passkey, ...] = ()
    made_at: int
    disabled_at: int = 0

    @property
    def mark(self) -> str:
        """What the log keeps of who may come in and how: a digest from which nothing opens."""
        keys = sorted(hashlib.sha256(one.id + one.public_key).hexdigest() for one in self.passkeys)
        opens = (self.password, self.secret.hex(), *sorted(map(bytes.hex, self.recovery)), *keys)
        told = "\n".join(("senim staff", self.id, self.name.hex(), self.role, *opens))
        return hashlib.sha256(told.encode()).hexdigest()


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is called."""

    name: str
    """That is signed in with."""
    shown: str
    """That colleagues see."""
    mail: str = ""
    """Where letters about the account go; empty: nowhere, unless the sign-in name is an address."""


class Step(StrEnum):
    """What still has to be done before somebody is in."""

    CODE = "code"
    """Show a second factor."""
    PASSWORD = "password"  # noqa: S105  # the name of a step
    """Change the first password."""
    ENROL = "enrol"
    """Set up a second factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session: found by the digest of its token, which only the browser has."""

    digest: bytes
    account: str
    begun_at: int
    seen_at: int
    second_at: int
    """When the second factor was shown. 0: not yet."""
    fresh_at: int
    """When it was last shown who sits there."""
    device: str
    """Browser and system in words, e.g. ``Firefox, Linux``."""
    challenge: bytes = b""
    """What a passkey has to sign next, once."""
    pending: bytes = b""
    """Sealed: a secret of one-time codes that is only being set up here. No other session can."""

    @property
    def name(self) -> str:
        """How pages name it: nothing opens with it."""
        return hashlib.sha256(b"name" + self.digest).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Who sits there: account, session, the name to show, and what still has to be done."""

    account: Account
    session: Session
    names: Names
    step: Step | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What came of an attempt to sign in: the token of a session, or why there is none."""

    token: str = ""
    account: str = ""
    waits: bool = False
    """Too many attempts: try again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An account as a list shows it."""

    account: Account
    names: Names
    seen_at: int
    """When it was last used. 0: never, or longer ago than sessions are kept."""

    @property
    def state(self) -> str:
        """``disabled``; ``new``, while the first password was not changed; ``good``."""
        return "disabled" if self.account.disabled_at else "new" if self.account.first_until else "good"


@dataclass(frozen=True, slots=True)
class Site:
    """Where the console is, as the browser knows it: passkeys are bound to it."""

    host: str
    origin: str

    @property
    def takes_passkeys(self) -> bool:
        """Whether browsers bind a passkey to it: to a host name, over TLS or on this machine; to no IP address."""
        try:
            ip_address(self.host)
        except ValueError:
            near = self.host == "localhost" or self.host.endswith(".localhost")
            return bool(self.host) and (near or self.origin.startswith("https://"))
        return False
