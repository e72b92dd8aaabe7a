"""A colleague at the console: an account in any role, set up and signed in, in one line.

me = console(role="desk")           # the fixture of tests/doors
answer = me.get("/console/requests")
answer = me.post("/console/requests/7/refuse", {"ground": "…"})
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyotp
from itsdangerous import URLSafeTimedSerializer
from msgspec.structs import replace
from werkzeug.test import Client, TestResponse

from senim.app import Senim
from senim.governance import store
from senim.governance.records import Passkey
from senim.governance.signing import AT_THE_DOOR
from senim.identity import Actor, ActorKind
from senim.policy.taxonomy import Operation
from senim.times import micros
from senim.web.shared.pages import Door, door
from senim.work import Work

PASSWORD = "turquoise-kettle-of-may"
_CSRF = "5e11a3c0" * 5
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@dataclass(frozen=True, slots=True)
class Account:
    """An account that is ready to sign in, and what its owner knows."""

    id: str
    name: str
    secret: str
    """Of one-time codes."""
    recovery: tuple[str, ...]
    token: str
    """Of a session that is open and fresh."""


def account(
    senim: Senim, *, role: str = "responsible", name: str = "", language: Any = "en", shown: str = ""
) -> Account:
    """An account with password and second factor, and a session of it."""
    name = name or f"{role}-{len(senim.staff.all(senim.works.begin(senim.actor())))}"
    made, first = senim.run(
        senim.actor(),
        lambda work: senim.staff.add(work, name, role=role, shown=shown or f"The {role}", language=language),
    )
    own = Actor(kind=ActorKind.STAFF, id=made.id, role=role)
    signing, factors = senim.staff.signing, senim.staff.factors
    known = signing.familiar(made.id)
    token = senim.run(AT_THE_DOOR, lambda work: signing.enter(work, name, first, address="", known=known)).token
    seat = signing.seat(senim.works.begin(own), token)
    assert seat is not None
    senim.run(own, lambda work: factors.change_password(work, seat.session, old=first, new=PASSWORD))
    secret = senim.run(own, lambda work: factors.propose(work, seat.session))
    codes = senim.run(own, lambda work: factors.set_up(work, seat.session, now(senim, secret)))
    assert codes is not None
    return Account(made.id, name, secret, codes, token)


def with_passkeys(senim: Senim, mine: Account, *labels: str) -> tuple[Passkey, ...]:
    """Give an account passkeys that are called so; no authenticator made them."""
    kept = tuple(
        Passkey(id=bytes([number]) * 16, public_key=b"key", label=label, made_at=1)
        for number, label in enumerate(labels)
    )

    def act(work: Work) -> None:
        found = store.held(work, mine.id)
        assert found is not None
        store.change(work, replace(found, passkeys=kept))

    senim.run(senim.actor(), act)
    return kept


def now(senim: Senim, secret: str) -> str:
    """The code that an app shows at the time of the platform."""
    return pyotp.TOTP(secret).at(senim.works.clock.now())


def looking(senim: Senim, me: Account, subject: str) -> dict[str, Any]:
    """What the cookie of somebody holds who said for what a person is looked at."""
    now = senim.works.clock.now()
    purposes = senim.policies.in_force(now).policy.purposes.items()
    purpose = next(name for name, one in purposes if Operation.EXTRACT in one.operations)
    return {"look": [me.id, subject, purpose, micros(now)]}


def cookie(senim: Senim, token: str, **kept: Any) -> tuple[str, str, str]:
    """The console's cookie for a session: its name, its value, and the token that forms then carry."""
    app = door(
        senim, Door(name="console", module="senim.web.console", words=(), most=1)
    )  # of the very name, without its pages
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # that of cookies
    value = serializer.dumps({"token": token, "csrf_token": _CSRF, **kept})
    key = app.secret_key
    assert isinstance(key, bytes)
    return app.config["SESSION_COOKIE_NAME"], value, URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(_CSRF)


@dataclass(slots=True)
class Colleague:
    """Somebody of the staff at the console, signed in."""

    senim: Senim
    client: Client
    account: Account
    csrf: str

    def get(self, path: str, **more: Any) -> TestResponse:
        """A page."""
        return self.client.get(path, **more)

    def post(self, path: str, form: Mapping[str, Any] | None = None, **more: Any) -> TestResponse:
        """A form, sent with its token."""
        return self.client.post(path, data={"csrf_token": self.csrf, **(form or {})}, **more)

    def again(self, asked: TestResponse, password: str = PASSWORD) -> TestResponse:
        """What a page that asks who sits there was sent, sent once more with a password; without scripts."""
        assert asked.status_code == 403, asked.text
        sent: dict[str, list[str]] = {}
        for name, value in _HIDDEN.findall(asked.text.partition('<main id="main"')[2]):
            sent.setdefault(html.unescape(name), []).append(html.unescape(value))
        return self.client.post(asked.request.path, data={**sent, "again-password": password})


def colleague(senim: Senim, client: Client, **who: Any) -> Colleague:
    """An account as :func:`account` makes it, whose session ``client`` has."""
    made = account(senim, **who)
    name, value, csrf = cookie(senim, made.token)
    client.set_cookie(name, value, path="/console")
    return Colleague(senim, client, made, csrf)
