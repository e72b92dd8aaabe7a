"""A passkey, with Chromium's virtual authenticator: made once, it takes the place of the code and of the password."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, expect

from senim.testing import FixedClock
from tests.console import PASSWORD, Account, account, cookie
from tests.web.conftest import DESKTOP, PHONE, Served
from tests.web.sound import holds

_COUNTED = """() => {
  window.asked = 0;
  const create = navigator.credentials.create.bind(navigator.credentials);
  navigator.credentials.create = (...what) => { window.asked += 1; return create(...what); };
}"""
"""Counts how often the browser is asked for a key."""


def signed_in(browser: Browser, served: Served, mine: Account) -> Page:
    """A page of somebody of the staff, in a browser with an authenticator of its own."""
    name, value, _ = cookie(served.stage.platform, mine.token)  # type: ignore[arg-type]  # a whole Senim
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]  # a dict of two numbers
    context.add_cookies([{"name": name, "value": value, "domain": "localhost", "path": "/console"}])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def at(served: Served, path: str) -> str:
    """An address of the console. A passkey belongs to a name, not to a number."""
    return f"{served.url.replace('127.0.0.1', 'localhost')}/console{path}"


def test_a_passkey_is_made_and_lets_in(browser: Browser, served: Served, clock: FixedClock) -> None:
    """Registration and sign-in under the page's own policy of scripts (nonce, Trusted Types)."""
    senim: Any = served.stage.platform
    mine = account(senim)
    page = signed_in(browser, served, mine)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # a dict of two numbers
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)

    page.goto(at(served, "/account/passkeys"))
    holds(page, "en")
    page.evaluate(_COUNTED)
    for unseen in ("   ", "work \u202e", "wo\u200drk"):  # refused before a key is made that nobody would know of
        page.get_by_label("Name of the key").fill(unseen)
        page.get_by_role("button", name="Add a passkey").click()
        assert page.evaluate("document.querySelector('#label').validity.patternMismatch")
    assert page.evaluate("window.asked") == 0
    page.get_by_label("Name of the key").fill("work phone")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("The passkey was added.").wait_for()

    page.locator(".side").get_by_role("button", name="Sign out").click()
    page.get_by_label("Sign-in name").fill(mine.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="What needs doing").wait_for()

    page.goto(at(served, "/account/"))
    assert faults == []
    clock.move(minutes=11)
    page.get_by_role("link", name="Remove work phone").click()
    holds(page, "en")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Remove the passkey?").wait_for()
    holds(page, "en")
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("The passkey was removed.").wait_for()
    assert [one for one in faults if "403" not in one] == []  # the page that asks is refused what it asks for
    page.context.close()
    senim.tick()
    assert senim.log.verify().ok


def test_each_passkey_has_a_name_and_a_device_of_its_own(browser: Browser, served: Served) -> None:
    """In Kazakh, by the keyboard: made with the key that sends a form; what is there already is told of, not made."""
    senim: Any = served.stage.platform
    mine = account(senim, language="kk")
    page, other = signed_in(browser, served, mine), signed_in(browser, served, mine)

    def add(where: Page, label: str) -> None:
        where.goto(at(served, "/account/passkeys"))
        where.get_by_label("Кілттің атауы").fill(label)
        where.keyboard.press("Enter")

    add(page, "жұмыс телефоны")
    page.get_by_text("Кіру кілті қосылды.").wait_for()
    add(page, "тағы бір атау")
    page.get_by_text("Бұл құрылғыда сіздің кіру кілтіңіз бар").wait_for()
    add(other, "жұмыс телефоны")
    other.get_by_text("Кіру кілті қосылды.").wait_for()
    other.get_by_role("link", name="Алып тастау жұмыс телефоны (2)").click()
    holds(other, "kk")
    other.get_by_role("button", name="Алып тастау").click()
    other.get_by_text("Кіру кілті алып тасталды.").wait_for()
    expect(other.get_by_role("link", name="Алып тастау")).to_have_count(1)
    expect(other.get_by_role("link", name="Алып тастау жұмыс телефоны")).to_have_count(1)
    for one in (page, other):
        one.context.close()
