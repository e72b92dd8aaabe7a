"""The example shop, end to end in a real browser: silence, banner, newsletter, a ticket, the account."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from senim.app import Senim, make_folder, open_senim
from senim.cli.folder import profile
from senim.conformance import cast
from senim.testing import FixedClock
from senim.web.site import site
from tests.loopback import serving
from tests.web.conftest import PHONE
from tests.web.shopfront import until
from tests.web.sound import accessible

EXAMPLE = Path(__file__).parents[2] / "examples" / "ticket-shop"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"ticket_{name}", EXAMPLE / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(slots=True)
class Running:
    """The example, running."""

    senim: Senim
    url: str
    browser: Browser
    asked: list[str]
    pages: list[Page] = field(default_factory=list)

    def visit(self, path: str = "/", **more: Any) -> Page:
        page = self.browser.new_context(viewport=PHONE, **more).new_page()  # type: ignore[arg-type]  # a dict of two numbers
        self.pages.append(page)
        page.goto(f"{self.url}/language/en")
        page.goto(self.url + path)
        return page


@pytest.fixture
def shop(browser: Browser, tmp_path: Path, clock: FixedClock) -> Iterator[Running]:
    """The shop, its service, and the third party, each at a port of this machine."""
    code, asked, apps = _load("shop"), list[str](), list[Any]()
    with ExitStack() as opened:
        server = opened.enter_context(serving(lambda environ, start: apps[0](environ, start)))  # noqa: PLW0108  # it comes later
        party = opened.enter_context(serving(_load("tracker").tracker(asked)))
        url = f"http://127.0.0.1:{server.server_port}"
        folder, source = tmp_path / "operator", profile("tickets")
        make_folder(folder, source)
        senim = opened.enter_context(open_senim(folder, environment={"SENIM_SERVE_LOCAL_SITES": url}, now=clock))
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, source))
        _, key = senim.run(senim.actor(), lambda work: senim.access.add(work, "shop", role="site"))
        service = opened.enter_context(serving(site(senim)))
        places = code.Places(f"http://127.0.0.1:{service.server_port}", f"http://127.0.0.1:{party.server_port}", key)
        apps.append(code.shop(places))
        running = Running(senim, url, browser, asked)
        yield running
        for page in running.pages:
            page.context.close()


def test_it_calls_nobody_until_it_may(shop: Running) -> None:
    """Refused: silence. Allowed later: the counter runs, and its cookie goes when the consent is taken back."""
    page = shop.visit()
    page.wait_for_load_state("networkidle")
    assert shop.asked == []
    page.get_by_role("dialog").get_by_role("button", name="Refuse all").click()
    page.goto(f"{shop.url}/tickets/jazz")
    page.wait_for_load_state("networkidle")
    assert shop.asked == []
    page.goto(shop.url)
    page.get_by_role("link", name="Cookie choices").click()
    page.get_by_role("dialog").get_by_role("button", name="Allow all").click()
    until(page, "window.counted === true")
    expect(page.locator("iframe")).to_have_attribute("src", re.compile("/film$"))
    page.get_by_role("link", name="Cookie choices").click()
    with page.expect_navigation():
        page.get_by_role("dialog").get_by_role("button", name="Refuse all").click()
    assert "visitor" not in {one["name"] for one in page.context.cookies()}
    accessible(page)


def test_a_ticket_is_bought_and_a_consent_taken_back(shop: Running) -> None:
    """A card number is refused; the boxes are the visitor's own; the account asks the gate before each use."""
    page = shop.visit("/tickets/choir")
    page.get_by_role("dialog").get_by_role("button", name="Refuse all").click()
    page.get_by_role("textbox", name="Family name").fill(cast.card(4))
    page.get_by_role("textbox", name="Given name").fill("Alice")
    page.get_by_role("textbox", name="E-mail").fill("alice@people.example")
    page.get_by_role("button", name="Buy").click()
    expect(page.locator(".fault").first).to_be_visible()
    page.get_by_role("textbox", name="Family name").fill("Sampleton")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_role("heading", name="Your ticket")).to_be_visible()
    expect(page.locator("#may-research")).to_have_text("Study demand: allowed")
    page.get_by_role("button", name="Take back the consent to research").click()
    expect(page.locator("#may-research")).to_have_text("Study demand: not allowed")
    expect(page.locator("#may-service")).to_have_text("Fulfil the order: allowed")
    assert shop.senim.log.verify().ok


def _bought(page: Page) -> None:
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_role("heading", name="Your ticket")).to_be_visible()


def test_who_buys_again_is_known_and_stays_one_record(shop: Running) -> None:
    """The shop says who it is: nothing is asked for twice, a box left empty takes nothing back, nobody reads a key."""
    page = shop.visit("/tickets/choir")
    page.get_by_role("dialog").get_by_role("button", name="Refuse all").click()
    for name, text in {"Family name": "Sampleton", "Given name": "Alice", "E-mail": "alice@people.example"}.items():
        page.get_by_role("textbox", name=name).fill(text)
    _bought(page)
    told = page.locator("dt").all_inner_texts()
    assert {"Family name", "Given name", "E-mail", "Order number"} <= set(told)
    assert not [one for one in told if "." in one]
    expect(page.locator("#may-research")).to_have_text("Study demand: allowed")
    page.goto(f"{shop.url}/tickets/jazz")
    assert page.get_by_role("textbox").count() == 0
    expect(page.get_by_text("You buy as Alice Sampleton, alice@people.example")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Buy").click()
    expect(page.locator("dl")).to_contain_text("Jazz in the square")
    expect(page.locator("#may-research")).to_have_text("Study demand: allowed")
    assert shop.senim.subjects.count(shop.senim.database)[0] == 1
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{shop.url}/tickets/jazz")
    assert page.get_by_role("textbox").count() == 4


def test_the_newsletter_works_with_and_without_scripts(shop: Running) -> None:
    """The shop's own form, bound by attributes; without scripts it leads to the service's page."""
    page = shop.visit()
    page.get_by_role("dialog").get_by_role("button", name="Refuse all").click()
    until(page, "!!document.querySelector('[data-senim-bound]')")
    page.get_by_role("textbox", name="E-mail").fill("alice@people.example")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("status")).to_have_text("Thank you, we have it.")
    plain = shop.visit(java_script_enabled=False)
    plain.get_by_role("textbox", name="E-mail").fill("robert@people.example")
    plain.get_by_role("button", name="Subscribe").click()
    expect(plain.get_by_role("heading", name="Before you send it")).to_be_visible()
    for box in plain.get_by_role("checkbox").all():
        box.check()
    plain.get_by_role("button", name="Send").click()
    expect(plain.get_by_role("heading", name="Thank you, we have it.")).to_be_visible()
    assert shop.senim.subjects.count(shop.senim.database)[0] == 2
