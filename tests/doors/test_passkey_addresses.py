"""Passkeys belong to a host name: where the console is at an IP address, that is said, and nothing is offered."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from msgspec.structs import replace
from werkzeug.test import Client

from senim.governance import store
from senim.governance.records import Passkey
from senim.governance.signing import AT_THE_DOOR
from senim.languages import LANGUAGES, Language, wording
from senim.testing import FixedClock
from tests.console import PASSWORD, Colleague, cookie

UNFIT = wording("console")["passkey-unfit"]


def at(me: Colleague, host: str) -> Client:
    """The same colleague's browser, at another address of the console."""
    client: Client = me.client
    name, value, _ = cookie(me.senim, me.account.token)
    client.set_cookie(name, value, domain=host, path="/console")
    return client


def with_key(me: Colleague) -> None:
    """A passkey that was made when the console had a name."""
    key = Passkey(id=b"1", public_key=b"2", label="work phone", made_at=1, count=0)

    def act(work: Any) -> None:
        account = store.held(work, me.account.id)
        assert account is not None
        store.change(work, replace(account, passkeys=(key,)))

    me.senim.run(AT_THE_DOOR, act)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.5"])
def test_at_an_ip_address_no_passkey_is_offered(
    console: Callable[..., Colleague], host: str, language: Language
) -> None:
    """The account says why in place of the button; the page behind it says it too, and takes nothing."""
    me = console(language=language)
    client, base = at(me, host), f"http://{host}:8600"
    shown = client.get("/console/account/", base_url=base)
    assert UNFIT.in_(language) in shown.text
    assert '/console/account/passkeys"' not in shown.text
    page = client.get("/console/account/passkeys", base_url=base)
    assert UNFIT.in_(language) in page.text
    assert "data-options" not in page.text
    sent = client.post("/console/account/passkeys", base_url=base, data={"csrf_token": me.csrf, "label": "x"})
    assert UNFIT.in_(language) in sent.text


def test_at_a_name_it_is(console: Callable[..., Colleague]) -> None:
    """On this machine, as here, without TLS too."""
    me = console()
    assert UNFIT.en not in me.get("/console/account/").text
    page = me.get("/console/account/passkeys").text
    assert "data-options" in page
    assert '<div class="alert warn"><p>' + UNFIT.en not in page


def test_who_has_a_passkey_is_told_at_every_door(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """At the second factor, and where somebody shows again who they are: the other way is left, and the reason told."""
    me = console()
    with_key(me)
    base = "http://127.0.0.1:8600"
    client = at(me, "127.0.0.1")
    clock.move(minutes=11)
    for page in (
        client.get("/console/confirm", base_url=base),
        client.post("/console/account/recovery", base_url=base, data={"csrf_token": me.csrf}),
    ):
        assert UNFIT.en in unescape(page.text)
        assert "data-passkey" not in page.text
    assert "data-passkey" in me.get("/console/confirm").text
    stranger = Client(me.client.application)
    first = stranger.get("/console/sign-in", base_url=base).text
    token = first.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"csrf_token": token, "name": me.account.name, "password": PASSWORD}
    stranger.post("/console/sign-in", base_url=base, data=form)
    asked = stranger.get("/console/sign-in/code", base_url=base).text
    assert UNFIT.en in unescape(asked)
    assert "data-passkey" not in asked
