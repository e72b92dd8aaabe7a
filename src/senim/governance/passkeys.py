"""Passkeys (WebAuthn level 2) as a second factor: added, shown, removed. No page can ask for one in our name."""

from __future__ import annotations

import secrets
from dataclasses import replace as changed

from msgspec.structs import replace
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from senim.errors import Code, Invalid, NotAllowed, NotFound
from senim.governance import store
from senim.governance.desk import Desk
from senim.governance.records import Account, Passkey, Session, Site
from senim.governance.rules import PASSKEYS, label_of
from senim.governance.signing import Signing
from senim.work import Work


class Passkeys:
    """Each signs a challenge that is good once, for one session."""

    def __init__(self, desk: Desk, signing: Signing) -> None:
        self._desk = desk
        self._signing = signing

    def to_add(self, work: Work, session: Session, site: Site) -> str:
        """What the browser needs to make a new one, as JSON."""
        session, account = self._signing.sits(work, session)
        challenge = self._asked(work, session)
        names = self._desk.names(work, account)
        return options_to_json(
            generate_registration_options(
                rp_id=site.host,
                rp_name="Senim",
                user_name=names.name,
                user_display_name=names.shown,
                user_id=bytes.fromhex(account.id),
                challenge=challenge,
                exclude_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in account.passkeys],
            )
        )

    def add(self, work: Work, session: Session, site: Site, *, credential: str, label: str) -> None:
        """Keep a new one; what another is called already it is called with a number.

        Raises Invalid (invalid_value) for the label, for one ``passkeys`` too many, or for a credential that is not
        what was asked for.
        """
        work.attempt("staff.passkey_added", ref=session.account)
        session, account = self._signing.sits(work, session)
        if len(account.passkeys) >= PASSKEYS:
            raise Invalid(Code.INVALID_VALUE, "passkeys")
        label = label_of(label, [one.label for one in account.passkeys])
        if not label:
            raise Invalid(Code.INVALID_VALUE, "label")
        try:
            made = verify_registration_response(
                credential=credential,
                expected_challenge=self._used(work, session),
                expected_rp_id=site.host,
                expected_origin=site.origin,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise Invalid(Code.INVALID_VALUE, "credential") from error
        new = Passkey(
            id=made.credential_id,
            public_key=made.credential_public_key,
            label=label,
            made_at=work.at,
            count=made.sign_count,
        )
        self._desk.change(work, "staff.passkey_added", account, passkeys=(*account.passkeys, new))

    def to_show(self, work: Work, session: Session, site: Site) -> str:
        """What the browser needs to let one of them sign, as JSON; nothing if there is none."""
        account = store.find(work.database, session.account)
        if account is None or not account.passkeys:
            return ""
        challenge = self._asked(work, session)
        known = [PublicKeyCredentialDescriptor(id=one.id) for one in account.passkeys]
        return options_to_json(
            generate_authentication_options(rp_id=site.host, challenge=challenge, allow_credentials=known)
        )

    def show(self, work: Work, session: Session, site: Site, credential: str) -> bool:
        """Show who sits there with a passkey: as the second factor, or once more before something dangerous.

        Raises NotAllowed (too_many_attempts).
        """
        account = self._desk.held(work, session.account)
        if not self._signing.may_show(work, account):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)
        signed = self._signed(session, account, site, credential)
        store.change(work, signed or account)
        if signed is None:
            work.record("staff.sign_in_refused", ref=account.id, reason="passkey")
        elif session.second_at:
            self._signing.confirmed(work, session)
        else:
            self._signing.shown(work, session, account, reason="passkey")
        return signed is not None

    def remove(self, work: Work, session: Session, name: str) -> None:
        """Take one away, by how pages name it. Raises NotFound."""
        _, account = self._signing.sits(work, session)
        left = tuple(one for one in account.passkeys if one.name != name)
        if left == account.passkeys:
            raise NotFound(Code.NOT_FOUND, "passkey")
        self._desk.change(work, "staff.passkey_removed", account, passkeys=left)

    def _signed(self, session: Session, account: Account, site: Site, credential: str) -> Account | None:
        """The account with the count of the passkey that signed; None if none of its did."""
        try:
            parsed = parse_authentication_credential_json(credential)
            key = next(one for one in account.passkeys if one.id == base64url_to_bytes(parsed.id))
            found = verify_authentication_response(
                credential=parsed,
                expected_challenge=session.challenge or secrets.token_bytes(32),
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=key.public_key,
                credential_current_sign_count=key.count,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError, StopIteration):
            return None
        counted = replace(key, count=found.new_sign_count)
        return replace(account, passkeys=tuple(counted if one is key else one for one in account.passkeys))

    def _asked(self, work: Work, session: Session) -> bytes:
        """A new challenge of a session."""
        challenge = secrets.token_bytes(32)
        store.note(work, session, changed(session, challenge=challenge))
        return challenge

    def _used(self, work: Work, session: Session) -> bytes:
        """The challenge of a session, which is good no more."""
        store.note(work, session, changed(session, challenge=b""))
        return session.challenge or secrets.token_bytes(32)
