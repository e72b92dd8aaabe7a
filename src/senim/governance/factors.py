"""How somebody shows who they are: the password, one-time codes, recovery codes, passkeys."""

from __future__ import annotations

import pyotp
from msgspec.structs import replace

from senim.errors import Code, Invalid, NotAllowed
from senim.governance import store
from senim.governance.desk import Desk, matches, spelled
from senim.governance.records import Account, Session
from senim.governance.rules import CODES, RECOVERY_CODES, WINDOW, matched
from senim.work import Work

_CODE_GROUPS = 6
"""119 bits: a plain digest is enough for codes of 112 bits and more (OWASP ASVS 5.0, 6.5.2)."""


class Factors:
    """Passwords and second factors, changed by the one whose they are."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def change_password(self, work: Work, session: Session, *, old: str, new: str) -> bool:
        """Change the own password; False if the old one is not it, which is counted like any other try.

        Raises Invalid (password_weak), NotAllowed (too_many_attempts).
        """
        work.attempt("staff.password_changed", ref=session.account)
        account = self._desk.held(work, session.account)
        if not self._desk.may_try_again(work, account.id):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)
        if not matches(account, old):
            store.change(work, account)
            work.record("staff.sign_in_refused", ref=account.id, reason="password")
            return False
        self._desk.change(
            work, "staff.password_changed", account, password=self._desk.hashed(work, account, new), first_until=0
        )
        return True

    def propose(self, work: Work, session: Session) -> str:
        """A secret of one-time codes to be put into an app; the same until it is set up or cancelled. Base32."""
        account = self._desk.held(work, session.account)
        if account.pending:
            store.change(work, account)
            return self._desk.open(work, account, "secret", account.pending).decode()
        secret = pyotp.random_base32()
        store.change(work, replace(account, pending=self._desk.seal(work, account, "secret", secret.encode())))
        return secret

    def set_up(self, work: Work, session: Session, code: str) -> tuple[str, ...] | None:
        """Take the proposed secret if its first code is right; new recovery codes, shown this once. None if it is not.

        Raises Invalid (invalid_value) if nothing was proposed, NotAllowed (too_many_attempts).
        """
        account = self._desk.held(work, session.account)
        if not account.pending:
            raise Invalid(Code.INVALID_VALUE, "code")
        if not self._desk.limits.may(work, "staff set-up", account.id, most=CODES * 2, window=WINDOW):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)
        secret = self._desk.open(work, account, "secret", account.pending).decode()
        step = matched(secret, code, work.at, 0)
        if not step:
            store.change(work, account)
            return None
        codes, digests = self._recovery(account)
        self._desk.change(
            work, "staff.factor_set", account, secret=account.pending, pending=b"", step=step, recovery=digests
        )
        return codes

    def renew_recovery(self, work: Work, session: Session) -> tuple[str, ...]:
        """New recovery codes, shown this once; those of before open nothing any more."""
        account = self._desk.held(work, session.account)
        codes, digests = self._recovery(account)
        self._desk.change(work, "staff.recovery_renewed", account, recovery=digests)
        return codes

    def _recovery(self, account: Account) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
        codes = tuple(spelled(_CODE_GROUPS) for _ in range(RECOVERY_CODES))
        return codes, tuple(self._desk.recovery(account, one) for one in codes)
