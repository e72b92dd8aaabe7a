"""How somebody comes in: password, second factor, session. What strangers try shuts nobody out for long."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace as changed

from senim.errors import Code, NotAllowed, NotFound
from senim.governance import store
from senim.governance.desk import Desk, matches
from senim.governance.records import Account, Entered, Seat, Session, Step
from senim.governance.rules import CODES, CODES_A_DAY, WINDOW, alive, device, step
from senim.identity import Actor, ActorKind
from senim.rights.limits import DAY
from senim.work import Work

AT_THE_DOOR = Actor(kind=ActorKind.SYSTEM, id="console", role="console")
"""Who signs somebody in: nobody is signed in yet."""

BY_NAME, BY_DEVICE, BY_ADDRESS = 10, 20, 60
"""Attempts in a window: for one name from devices that never signed in with it, from one that did, from one address."""

_SEEN_EVERY = 60_000_000
"""Microseconds after which it is noted again that a session is used."""


class Signing:
    """Sessions: begun, shown to be somebody's, listed, ended."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def enter(self, work: Work, name: str, password: str, *, address: str, agent: str = "", known: str = "") -> Entered:
        """Try a name and a password. Whether there is such an account, the answer does not tell.

        ``known`` is what :meth:`familiar` gave to a device that signed in before: strangers who try an account's
        name from elsewhere use up their own attempts and not its.
        """
        account = store.held(work, store.named(work, self._desk.digest(name)))
        if not self._may_try(work, name, account, address=address, known=known):
            return Entered(waits=True)
        right = matches(account, password)
        if account is None or not right or not _open(account, work.at):
            why = "unknown" if account is None else "password" if not right else "shut"
            self._refused(work, account, why)
            return Entered()
        token = self._begin(work, account, agent)
        return Entered(token=token, account=account.id)

    def vouched(self, work: Work, name: str, *, agent: str = "", second: bool = False) -> Entered:
        """Begin a session of an account whose name an identity provider vouches for; it never makes one.

        ``second``: a second factor was shown there and is not asked for here. The account's own password and second
        factor were set up here before, and a dangerous act asks for them: the session does not begin fresh.
        """
        account = store.held(work, store.named(work, self._desk.digest(name))) if name else None
        if account is None or account.first_until or not account.secret or account.disabled_at:
            self._refused(work, account, "unknown" if account is None else "shut")
            return Entered()
        token = self._begin(work, account, agent, vouched=True, second=second)
        if second:
            work.record("staff.signed_in", ref=account.id, reason="provider")
        return Entered(token=token, account=account.id)

    def not_vouched(self, work: Work) -> None:
        """Note that an answer of the identity provider was none to what was asked here, or vouched for nobody."""
        self._refused(work, None, "provider")

    def familiar(self, account_id: str) -> str:
        """What a device keeps that signed in with an account: it opens nothing."""
        return f"{account_id}.{secrets.token_hex(8)}"

    def seat(self, work: Work, token: str) -> Seat | None:
        """Who sits there, or None: no such session, it is over, the account is shut. Notes that it is used."""
        session = store.session(work.database, _digest(token)) if token else None
        if session is None or not alive(session, work.at):
            return None
        account = store.find(work.database, session.account)
        if account is None or not _open(account, work.at):
            return None
        if work.at - session.seen_at >= _SEEN_EVERY:
            store.note(work, session, changed(session, seen_at=work.at))
        names = self._desk.names(work, account)
        return Seat(account=account, session=session, names=names, step=step(account, session))

    def show(self, work: Work, session: Session, code: str) -> bool:
        """Show the second factor: a code of the app, or a recovery code, which is then used up."""
        account = self._desk.held(work, session.account)
        if not self.may_show(work, account):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)
        shown = self._desk.shown(work, account, code)
        if shown is None:
            self._refused(work, account, "code")
            return False
        self.shown(work, session, account, reason=shown)
        return True

    def may_show(self, work: Work, account: Account) -> bool:
        """Count one more attempt to show a second factor."""
        limits = self._desk.limits
        return limits.may(work, "staff code", account.id, most=CODES, window=WINDOW) and limits.may(
            work, "staff codes", account.id, most=CODES_A_DAY, window=DAY
        )

    def shown(self, work: Work, session: Session, account: Account, *, reason: str) -> None:
        """Note that the second factor was shown, or just set up: they are in."""
        inside = changed(session, seen_at=work.at, second_at=work.at, fresh_at=work.at, challenge=b"", pending=b"")
        store.note(work, session, inside)
        work.record("staff.signed_in", ref=account.id, reason=reason)

    def unfamiliar(self, work: Work, session: Session) -> None:
        """Tell whose account it is that somebody came in with it from a device that never did before."""
        account = self._desk.held(work, session.account)
        store.change(work, account)
        self._desk.tell(work, "staff.signed_in", account, device=session.device.replace("?", ""))
        work.record("staff.device_new", ref=account.id)

    def confirm(self, work: Work, session: Session, password: str) -> bool:
        """Show again who sits there, before something dangerous."""
        account = store.find(work.database, session.account)
        if not self._desk.may_try_again(work, session.account):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)
        if account is None or not matches(account, password):
            self._refused(work, account, "password")
            return False
        self.confirmed(work, session)
        return True

    def confirmed(self, work: Work, session: Session) -> None:
        """Note that it was shown again who sits there."""
        store.note(work, session, changed(session, seen_at=work.at, fresh_at=work.at, challenge=b""))
        work.record("staff.confirmed", ref=session.account)

    def renew(self, work: Work, token: str) -> str:
        """Another token for a session in which it was just shown who sits there: whoever knew the old one is out."""
        session = _lasting(work, _digest(token))
        new = secrets.token_urlsafe(32)
        store.end(work, session)
        store.begin(work, changed(session, digest=_digest(new)))
        return new

    def leave(self, work: Work, session: Session) -> None:
        """Sign out."""
        found = store.session(work.database, session.digest)
        if found is not None:
            store.end(work, found)
        work.record("staff.signed_out", ref=session.account)

    def sits(self, work: Work, session: Session, *but: Step) -> tuple[Session, Account]:
        """The session as it is now and its account, held, for who is in, or has only one of these steps to do.

        Raises NotAllowed (not_signed_in) for anybody else: also if the session ended meanwhile.
        """
        account, now = self._desk.held(work, session.account), _lasting(work, session.digest)
        left = step(account, now)
        if left is not None and left not in but:
            raise NotAllowed(Code.NOT_SIGNED_IN, left)
        return now, account

    def sessions(self, work: Work, account_id: str) -> list[Session]:
        """The sessions of an account that last, newest first. Raises NotAllowed for another's without ``policy``."""
        _own(work, account_id)
        return [one for one in store.sessions_of(work.database, account_id) if alive(one, work.at)]

    def end(self, work: Work, account_id: str, name: str) -> None:
        """End one session of an account. Raises NotFound, NotAllowed as :meth:`sessions`."""
        found = [one for one in self.sessions(work, account_id) if one.name == name]
        if not found:
            raise NotFound(Code.NOT_FOUND, "session")
        store.end(work, found[0])
        work.record("staff.session_ended", ref=account_id, count=1)

    def end_others(self, work: Work, session: Session) -> int:
        """End all sessions of an account but this one; their number. Raises NotAllowed (not_signed_in) if it ended."""
        return self.end_all(work, session.account, but=_lasting(work, session.digest))

    def end_unfinished(self, work: Work, session: Session) -> int:
        """End those sessions of an account but this one in which no second factor was shown; their number."""
        return self.end_all(work, session.account, but=session, unfinished=True)

    def end_all(self, work: Work, account_id: str, *, but: Session | None = None, unfinished: bool = False) -> int:
        """End the sessions of an account, or those alone in which no second factor was shown; their number."""
        kept = but.digest if but else b""
        others = [one for one in store.sessions_of(work.database, account_id) if one.digest != kept]
        ended = [one for one in others if not (unfinished and one.second_at)]
        for one in ended:
            store.end(work, one)
        if ended:
            work.record("staff.session_ended", ref=account_id, count=len(ended))
        return len(ended)

    def _begin(self, work: Work, account: Account, agent: str, *, vouched: bool = False, second: bool = False) -> str:
        """A session of a held account: whoever changes meanwhile how it is come in with ends it, or undoes this."""
        store.change(work, account)
        token = secrets.token_urlsafe(32)
        session = Session(
            digest=_digest(token),
            account=account.id,
            begun_at=work.at,
            seen_at=work.at,
            second_at=work.at if second else 0,
            fresh_at=0 if vouched else work.at,
            device=device(agent),
        )
        store.begin(work, session)
        return token

    def _may_try(self, work: Work, name: str, account: Account | None, *, address: str, known: str) -> bool:
        limits = self._desk.limits
        if account is not None and known.partition(".")[0] == account.id:
            return limits.may(work, "staff device", known, most=BY_DEVICE, window=WINDOW)
        return limits.may(work, "staff from", address, most=BY_ADDRESS, window=WINDOW) and limits.may(
            work, "staff name", self._desk.digest(name).hex(), most=BY_NAME, window=WINDOW
        )

    def _refused(self, work: Work, account: Account | None, why: str) -> None:
        work.record("staff.sign_in_refused", ref=account.id if account else None, reason=why)


def _lasting(work: Work, digest: bytes) -> Session:
    session = store.lasting(work, digest)
    if session is None:
        raise NotAllowed(Code.NOT_SIGNED_IN)
    return session


def _own(work: Work, account_id: str) -> None:
    if work.actor.id != account_id:
        work.need("policy")


def _open(account: Account, at: int) -> bool:
    return not account.disabled_at and (not account.first_until or at < account.first_until)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
