"""What the verbs of accounts share: the sealed parts, digests, passwords, and changes that the log is told of."""

from __future__ import annotations

import functools
import secrets
from dataclasses import dataclass

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec.structs import replace

from senim.errors import Code, Invalid, NotFound
from senim.governance import store
from senim.governance.records import Account, Names
from senim.governance.rules import CODES, WINDOW, matched, normal, plain_code, weak
from senim.languages import LANGUAGES, wording
from senim.messaging.actions import Messages
from senim.messaging.mail import is_address
from senim.messaging.records import To
from senim.policy import Policies
from senim.rights.limits import Limits
from senim.vault import BlindIndex, Boxes
from senim.work import Work

_HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
"""argon2id; above the least that OWASP names (19 MiB twice)."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters that are not taken for one another."""

_names = msgspec.msgpack.Decoder(Names).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts that accounts are kept with."""

    policies: Policies
    boxes: Boxes
    index: BlindIndex
    limits: Limits
    post: Messages
    url: str
    """Where the console is."""

    def digest(self, name: str) -> bytes:
        """By which an account is found."""
        return self.index.digest("staff name", normal(name))

    def names(self, work: Work, account: Account) -> Names:
        """What an account is called."""
        return _names(self.open(work, account, "names", account.names))

    def sealed_names(self, work: Work, account: Account, names: Names) -> bytes:
        """Names, sealed for an account."""
        return self.seal(work, account, "names", _encode(names))

    def seal(self, work: Work, account: Account, what: str, content: bytes) -> bytes:
        """Something sealed for an account."""
        return self.boxes.seal(work, account.holder, f"staff {account.id} {what}", content)

    def open(self, work: Work, account: Account, what: str, sealed: bytes) -> bytes:
        """It again."""
        return self.boxes.open(work, account.holder, f"staff {account.id} {what}", sealed)

    def held(self, work: Work, account_id: str) -> Account:
        """An account that is going to be changed. Raises NotFound."""
        account = store.held(work, account_id)
        if account is None:
            raise NotFound(Code.NOT_FOUND, "account")
        return account

    def change(self, work: Work, act: str, account: Account, **changed: object) -> Account:
        """Keep an account as it is now, and tell the log."""
        now = replace(account, **changed)
        store.change(work, now)
        work.record(act, ref=now.id, reason=now.role, digest=now.mark)
        if act in wording("staff"):
            self.tell(work, act, account)
        return now

    def tell(self, work: Work, act: str, account: Account, *, device: str = "") -> None:
        """Write to whose account it is what was done with it, in their language, if it is known where to."""
        address = address_of(self.names(work, account))
        if address:
            link = f"{self.url}/console/account/"
            facts = {"done": wording("staff")[act], "at": work.now, "link": link, "device": device}
            self.post.send(work, "account_notice", to=To(address=address), language=account.language, facts=facts)

    def hashed(self, work: Work, account: Account, password: str) -> str:
        """A new password as it is kept. Raises Invalid (password_weak)."""
        names, operator = self.names(work, account), self.policies.in_force(work.now).policy.operator
        known = (names.shown, operator.brand, *(operator.name.in_(language) for language in LANGUAGES))
        fault = weak(password, names.name, known)
        if fault or (account.password and matches(account, password)):
            raise Invalid(Code.PASSWORD_WEAK, "password", detail=fault or "same")
        return _HASHER.hash(password)

    def shown(self, work: Work, account: Account, code: str) -> str | None:
        """Use a code of the app or a recovery code of a held account: which it was, or None if it is neither."""
        secret = self.open(work, account, "secret", account.secret).decode() if account.secret else ""
        step = matched(secret, code, work.at, account.step) if secret else 0
        if step:
            store.change(work, replace(account, step=step))
            return "code"
        digest = self.recovery(account, code)
        if digest in account.recovery:
            left = tuple(one for one in account.recovery if one != digest)
            self.change(work, "staff.recovery_used", account, recovery=left)
            return "recovery"
        store.change(work, account)
        return None

    def may_try_again(self, work: Work, account_id: str) -> bool:
        """Count one more try of the password by who is signed in already; whether it may be."""
        return self.limits.may(work, "staff again", account_id, most=CODES, window=WINDOW)

    def recovery(self, account: Account, code: str) -> bytes:
        """The digest of a recovery code."""
        return self.index.digest(f"staff recovery {account.id}", plain_code(code))


def address_of(names: Names) -> str:
    """Where letters about an account go, or nothing: what was set, or the sign-in name if it is an address."""
    return names.mail or (names.name if is_address(names.name) else "")


def hashed_first(password: str) -> str:
    """A first password as it is kept: it was made here, and is good."""
    return _HASHER.hash(password)


@functools.cache
def _nobodys() -> str:
    """What a password is tried against if there is no account: the answer takes as long."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def matches(account: Account | None, password: str) -> bool:
    """Whether it is an account's password; as slow if there is no such account."""
    try:
        _HASHER.verify(account.password if account else _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return account is not None


def spelled(groups: int) -> str:
    """Random letters in groups of four that can be read out: 19.8 bits a group."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(groups))
