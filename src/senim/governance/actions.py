"""Accounts of the staff: each person's own, in one of the policy's roles, never with more than its grants."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from senim.audit.live import RowsAgain
from senim.audit.records import Entry
from senim.errors import Code, Held, Invalid, NotFound, Unavailable
from senim.gate.access import within
from senim.governance import store
from senim.governance.desk import Desk, address_of, hashed_first, spelled
from senim.governance.factors import Factors
from senim.governance.records import Account, Listed, Names
from senim.governance.rules import FIRST, LONGEST_SESSION, is_name, normal
from senim.governance.signing import Signing
from senim.identity import RESPONSIBLE, new_id
from senim.languages import LANGUAGES, Hint, Language
from senim.messaging.actions import Messages
from senim.messaging.mail import is_address
from senim.messaging.records import To
from senim.policy import Policies
from senim.rights.limits import Limits
from senim.storage import Database
from senim.times import micros, moment, stamp
from senim.vault import BlindIndex, Boxes
from senim.work import Work, Works

if TYPE_CHECKING:
    from senim.governance.passkeys import Passkeys

_LONGEST_NAME = 80
_GROUPS = 5


class Staff:
    """Who may sign in at the console. ``signing`` lets them in, ``factors`` keeps how they show who they are."""

    def __init__(
        self, works: Works, policies: Policies, boxes: Boxes, *, index: BlindIndex, post: Messages, url: str
    ) -> None:
        self._works = works
        self._policies = policies
        self._post = post
        self._desk = Desk(policies, boxes, index, Limits(index), post, url)
        self.signing = Signing(self._desk)
        self.factors = Factors(self._desk, self.signing)

    @cached_property
    def passkeys(self) -> Passkeys:
        """Passkeys, whose library is loaded when somebody first needs one: a quarter of a command's start."""
        from senim.governance.passkeys import Passkeys

        return Passkeys(self._desk, self.signing)

    def add(
        self, work: Work, name: str, *, role: str, shown: str = "", language: Language = "ru"
    ) -> tuple[Account, str]:
        """A new account and its first password, which is shown this once and has to be changed at the first sign-in.

        Raises Invalid (invalid_value), Held (sign_in_name_taken), NotFound for a role that is not one of staff,
        NotAllowed for one that may more than who acts.
        """
        work.attempt("staff.added")
        work.need("policy")
        name, shown = normal(name), shown.strip() or name.strip()
        if not is_name(name) or len(shown) > _LONGEST_NAME or not shown.isprintable() or language not in LANGUAGES:
            raise Invalid(Code.INVALID_VALUE, "name")
        if store.named(work, self._desk.digest(name)):
            raise Held(Code.SIGN_IN_NAME_TAKEN, "name")
        password = spelled(_GROUPS)
        account = Account(
            id=new_id(),
            name=self._desk.digest(name),
            role=self._role(work, role),
            language=language,
            holder=self._desk.boxes.holder(work),
            names=b"",
            password=hashed_first(password),
            first_until=micros(work.now + FIRST),
            made_at=work.at,
        )
        account = replace(account, names=self._desk.sealed_names(work, account, Names(name=name, shown=shown)))
        store.add(work, account)
        work.record("staff.added", ref=account.id, reason=role, digest=account.mark)
        return account, password

    def all(self, work: Work) -> list[Listed]:
        """All accounts, oldest first."""
        work.need("policy")
        seen = store.last_seen(work.database)
        return [
            Listed(account=one, names=self._desk.names(work, one), seen_at=seen.get(one.id, 0))
            for one in store.everyone(work.database)
        ]

    def find(self, work: Work, name: str) -> Account:
        """The account with an id or a sign-in name. Raises NotFound."""
        work.need("policy")
        account = store.find(work.database, name) or store.find(
            work.database, store.named(work, self._desk.digest(name))
        )
        if account is None:
            raise NotFound(Code.NOT_FOUND, "account")
        return account

    def names(self, work: Work, account_id: str) -> Names | None:
        """What an account is called, for colleagues who see what it did; None if there is no such account."""
        account = store.find(work.database, account_id)
        return self._desk.names(work, account) if account else None

    def set_role(self, work: Work, account_id: str, role: str) -> None:
        """Give an account another role of the policy; it holds at once. Nobody gives more than they have.

        Raises NotFound, NotAllowed (role_not_allowed), Held (last_responsible).
        """
        work.attempt("staff.role_changed", ref=account_id[:32])
        work.need("policy")
        account = self._reached(work, account_id)
        self._keep_one(work, account)
        self._desk.change(work, "staff.role_changed", account, role=self._role(work, role))

    def disable(self, work: Work, account_id: str) -> None:
        """Shut an account; its sessions end at once. Raises NotFound, Held (last_responsible)."""
        work.attempt("staff.disabled", ref=account_id[:32])
        work.need("policy")
        account = self._reached(work, account_id)
        self._keep_one(work, account)
        self.signing.end_all(work, account.id)
        self._desk.change(work, "staff.disabled", account, disabled_at=account.disabled_at or work.at)

    def enable(self, work: Work, account_id: str) -> None:
        """Open an account that was shut. Raises NotFound."""
        work.attempt("staff.enabled", ref=account_id[:32])
        work.need("policy")
        account = self._reached(work, account_id)
        self._desk.change(work, "staff.enabled", account, disabled_at=0)

    def reset(self, work: Work, account_id: str) -> str:
        """A new first password for who lost password or second factor; both are gone, sessions end. Raises NotFound."""
        work.attempt("staff.reset", ref=account_id[:32])
        work.need("policy")
        account = self._reached(work, account_id)
        password = spelled(_GROUPS)
        self.signing.end_all(work, account.id)
        self._desk.change(
            work,
            "staff.reset",
            account,
            password=hashed_first(password),
            first_until=micros(work.now + FIRST),
            secret=b"",
            recovery=(),
            passkeys=(),
        )
        return password

    def sign_out(self, work: Work, account_id: str) -> int:
        """End the sessions of an account; their number."""
        work.attempt("staff.session_ended", ref=account_id[:32])
        work.need("policy")
        return self.signing.end_all(work, account_id)

    def set_language(self, work: Work, language: Language) -> None:
        """The language that the pages of whoever acts are shown in. Raises Invalid (invalid_value)."""
        if language not in LANGUAGES:
            raise Invalid(Code.INVALID_VALUE, "language")
        store.change(work, replace(self._desk.held(work, work.actor.id), language=language))

    def set_address(self, work: Work, address: str) -> None:
        """Where letters about the account of whoever acts go; empty: nowhere. The one of before is told too.

        Raises Invalid (invalid_value).
        """
        work.attempt("staff.address_set", ref=work.actor.id)
        address = address.strip()
        if address and not is_address(address):
            raise Invalid(Code.INVALID_VALUE, "address")
        account = self._desk.held(work, work.actor.id)
        names = replace(self._desk.names(work, account), mail=address)
        self._desk.change(work, "staff.address_set", account, names=self._desk.sealed_names(work, account, names))

    def try_mail(self, work: Work, about: str) -> None:
        """Write a test mail to whoever acts, by the way that all mail goes; orders find it by ``about``.

        Raises Invalid (invalid_value) if no address of theirs is known, Unavailable (mail_not_configured).
        """
        work.attempt("staff.mail_tried", ref=work.actor.id)
        work.need("policy")
        account = self._desk.held(work, work.actor.id)
        address = address_of(self._desk.names(work, account))
        if not address:
            raise Invalid(Code.INVALID_VALUE, "address")
        if not self._post.configured:
            raise Unavailable(Code.MAIL_NOT_CONFIGURED, "mail")
        store.change(work, account)
        self._post.send(work, "mail_test", to=To(address=address), language=account.language, facts={}, about=about)
        work.record("staff.mail_tried", ref=account.id)

    def tidy(self) -> int:
        """Remove sessions that are over; their number."""
        return store.forget_sessions(self._works.database, micros(self._works.clock.now() - LONGEST_SESSION))

    def again(self) -> RowsAgain:
        """Makes the accounts again from the log: one that was put in, or a password of somebody else's, is found."""
        return RowsAgain(_Accounts(self._works.database), _ACTS)

    def _role(self, work: Work, role: str) -> str:
        roles = self._policies.in_force(work.now).policy.roles
        staff = [name for name, one in roles.items() if one.kind == "staff"]
        if role != RESPONSIBLE and role not in staff:
            known = ", ".join((RESPONSIBLE, *staff))
            raise NotFound(Code.NOT_FOUND, f"role {role[:40]}", detail=f"roles of staff: {known}")
        within(self._policies.in_force(work.now), work.actor, role)
        return role

    def _reached(self, work: Work, account_id: str) -> Account:
        """An account that is going to be changed, by somebody whose role may whatever its role may."""
        account = self._desk.held(work, account_id)
        within(self._policies.in_force(work.now), work.actor, account.role)
        return account

    def _keep_one(self, work: Work, account: Account) -> None:
        """At the console nobody takes away the last account of the responsible person: who has the folder may."""
        others = [one for one in store.everyone(work.database) if one.role == RESPONSIBLE and not one.disabled_at]
        if account.role == RESPONSIBLE and [one.id for one in others] == [account.id] and work.actor.id == account.id:
            raise Held(Code.LAST_RESPONSIBLE, "account")


_ACTS = frozenset((
    "staff.added", "staff.role_changed", "staff.disabled", "staff.enabled", "staff.reset", "staff.password_changed",
    "staff.factor_set", "staff.recovery_used", "staff.recovery_renewed", "staff.passkey_added", "staff.passkey_removed",
))  # fmt: skip


class _Accounts:
    """Accounts, held against their entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self) -> Mapping[str, Mapping[str, str]]:
        return {
            one.id: {
                "mark": one.mark,
                "added": stamp(moment(one.made_at)),
                "disabled": stamp(moment(one.disabled_at)) if one.disabled_at else "",
            }
            for one in store.everyone(self._database)
        }

    def note(self, entry: Entry, told: dict[str, Mapping[str, str]]) -> None:
        account = entry.ref or ""
        before = {"added": entry.at, "disabled": ""} if entry.act == "staff.added" else told.get(account)
        if before is None:
            return
        told[account] = {**before, "mark": entry.digest or ""}
        if entry.act == "staff.disabled":
            told[account] = {**told[account], "disabled": before["disabled"] or entry.at}
        elif entry.act == "staff.enabled":
            told[account] = {**told[account], "disabled": ""}

    def wrong(self, name: str) -> Hint:
        return Hint("account-other", id=name)
