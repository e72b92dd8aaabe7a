"""How somebody shows who they are: the password, one-time codes, recovery codes, passkeys."""

from __future__ import annotations

from dataclasses import replace

import pyotp

from senim.errors import Code, Invalid, NotAllowed
from senim.governance import store
from senim.governance.desk import Desk, matches, spelled
from senim.governance.records import Account, Session, Step
from senim.governance.rules import CODES, RECOVERY_CODES, WINDOW, matched
from senim.governance.signing import Signing
from senim.work import Work

_CODE_GROUPS = 6
"""119 bits: a plain digest is enough for codes of 112 bits and more (OWASP ASVS 5.0, 6.5.2)."""


class Factors:
    """Passwords and second factors, changed by the one whose they are.

    Sessions that somebody else may have begun with what held before end in the same act, whichever door calls it.
    """

    def __init__(self, desk: Desk, signing: Signing) -> None:
        self._desk = desk
        self._signing = signing

    def change_password(self, work: Work, session: Session, *, old: str, new: str) -> bool:
        """Change the own password, and end all other sessions of the account.

        False if the old one is not it, which is counted like any other try. Raises Invalid (password_weak), NotAllowed
        (too_many_attempts, not_signed_in).
        """
        work.attempt("staff.password_changed", ref=session.account)
        session, account = self._signing.sits(work, session, Step.PASSWORD)
        if not self._desk.may_try_again(work, account.id):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)
        if not matches(account, old):
            store.change(work, account)
            work.record("staff.sign_in_refused", ref=account.id, reason="password")
            return False
        self._desk.change(
            work, "staff.password_changed", account, password=self._desk.hashed(work, account, new), first_until=0
        )
        self._signing.end_others(work, session)
        return True

    def propose(self, work: Work, session: Session) -> str:
        """A secret of one-time codes to be put into an app, in base32: the same until it is set up, for this session.

        No other session of the account is shown it, or sets it up. Raises NotAllowed (not_signed_in).
        """
        session, account = self._signing.sits(work, session, Step.ENROL)
        if session.pending:
            return self._desk.open(work, account, "secret", session.pending).decode()
        secret = pyotp.random_base32()
        pending = self._desk.seal(work, account, "secret", secret.encode())
        store.note(work, session, replace(session, pending=pending))
        return secret

    def set_up(self, work: Work, session: Session, code: str) -> tuple[str, ...] | None:
        """Take the proposed secret if its first code is right; new recovery codes, shown this once. None if it is not.

        Who is only coming in is in by that code. Other sessions that are only coming in end: they would be let in, or
        set up an app of their own, by what held before. Raises Invalid (invalid_value) if nothing was proposed to this
        session, NotAllowed (too_many_attempts, not_signed_in).
        """
        session, account = self._signing.sits(work, session, Step.ENROL)
        if not session.pending:
            raise Invalid(Code.INVALID_VALUE, "code")
        if not self._desk.limits.may(work, "staff set-up", account.id, most=CODES * 2, window=WINDOW):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)
        secret = self._desk.open(work, account, "secret", session.pending).decode()
        step = matched(secret, code, work.at, 0)
        if not step:
            store.change(work, account)
            return None
        codes, digests = self._recovery(account)
        self._desk.change(work, "staff.factor_set", account, secret=session.pending, step=step, recovery=digests)
        self._signing.end_unfinished(work, session)
        if session.second_at:
            store.note(work, session, replace(session, pending=b""))
        else:
            self._signing.shown(work, session, account, reason="code")
        return codes

    def renew_recovery(self, work: Work, session: Session) -> tuple[str, ...]:
        """New recovery codes, shown this once; those of before open nothing any more. Raises NotAllowed."""
        _, account = self._signing.sits(work, session)
        codes, digests = self._recovery(account)
        self._desk.change(work, "staff.recovery_renewed", account, recovery=digests)
        return codes

    def _recovery(self, account: Account) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
        codes = tuple(spelled(_CODE_GROUPS) for _ in range(RECOVERY_CODES))
        return codes, tuple(self._desk.recovery(account, one) for one in codes)
