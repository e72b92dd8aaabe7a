"""A passkey, with Chromium's virtual authenticator: made once, it takes the place of the code and of the password."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser

from senim.testing import FixedClock
from tests.console import PASSWORD, account, cookie
from tests.web.conftest import Served
from tests.web.sound import holds


def test_a_passkey_is_made_and_lets_in(browser: Browser, served: Served, clock: FixedClock) -> None:
    """Registration and sign-in under the page's own policy of scripts (nonce, Trusted Types)."""
    senim: Any = served.stage.platform
    mine = account(senim)
    name, value, _ = cookie(senim, mine.token)
    url = served.url.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, not to a number
    context = browser.new_context(locale="en-GB")
    context.add_cookies([{"name": name, "value": value, "domain": "localhost", "path": "/console"}])
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    page.goto(f"{url}/console/account/passkeys")
    holds(page, "en")
    page.get_by_label("Name of the key").fill("work phone")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_text("The passkey was added.").wait_for()

    page.locator(".side").get_by_role("button", name="Sign out").click()
    page.get_by_label("Sign-in name").fill(mine.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="What needs doing").wait_for()

    page.goto(f"{url}/console/account/")
    assert faults == []
    clock.move(minutes=11)
    page.get_by_role("button", name="Remove work phone").click()
    page.get_by_text("Nothing has been done yet.").wait_for()
    holds(page, "en")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("The passkey was removed.").wait_for()
    assert [one for one in faults if "403" not in one] == []  # the page that asks is refused what it asks for
    context.close()
    senim.tick()
    assert senim.log.verify().ok
