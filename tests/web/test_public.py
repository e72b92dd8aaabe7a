"""The public pages in a browser: accessible and light in three languages, whole without scripts, the place is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from senim.testing import FixedClock, platform
from senim.web.site import site
from tests.loopback import serving
from tests.web.conftest import DESKTOP, PHONE, Served
from tests.web.sound import holds, sound

TRAVEL = (Path(__file__).parents[2] / "src" / "senim" / "profiles" / "travel.yaml").read_bytes()
AREAS = (
    "", "/versions/1", "/changes", "/changes/1/2", "/recipients", "/cookies", "/kept", "/kept/travel-8", "/rights",
    "/requests/new?kind=correct", "/requests/new?kind=withdraw",
)  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A large example in two editions; the pages are only looked at, or a request is made."""
    clock = FixedClock()
    with platform(TRAVEL, now=clock) as stage:
        senim: Any = stage.platform
        clock.move(days=30)
        second = TRAVEL.replace(b"on our site or by telephone", b"on our site, in our app or by telephone")
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, second))
        with serving(site(senim)) as server:
            yield Served(stage, server)


@pytest.mark.parametrize(
    ("language", "size", "scheme"), [("kk", PHONE, "light"), ("ru", PHONE, "dark"), ("en", DESKTOP, "dark")]
)
def test_every_public_page_is_accessible_and_fits(
    visit: Callable[..., Page], served: Served, language: str, size: dict[str, int], scheme: str
) -> None:
    """WCAG 2.2 AA as far as axe-core tells, nothing to scroll sideways, on paper dark or light."""
    page = visit("/robots.txt", language=language, size=size, color_scheme=scheme)
    for area in AREAS:
        page.goto(f"{served.url}/privacy/{language}{area}")
        holds(page, language)


def test_the_language_switch_keeps_the_clause(visit: Callable[..., Page]) -> None:
    """From a clause in one language to the same clause in another."""
    page = visit("/privacy/en#travel-8")
    page.get_by_role("link", name="Қазақша").click()
    page.wait_for_url("**/privacy/kk#travel-8")
    assert page.locator("#travel-8").is_visible()


def test_the_contents_lead_to_sections_and_fold_on_a_telephone(visit: Callable[..., Page]) -> None:
    """Beside the text where there is room, folded above it where there is none; without scripts."""
    wide = visit("/privacy/en", size=DESKTOP, scripts=False)
    expect(wide.locator("nav.contents")).to_be_visible()
    small = visit("/privacy/en", scripts=False)
    expect(small.locator("nav.contents")).to_be_hidden()
    small.locator("details.contents-here summary").click()
    small.locator("details.contents-here a", has_text="Your rights").click()
    assert "#s-travel-" in small.url


def test_a_request_is_made_without_scripts_by_keyboard_alone(visit: Callable[..., Page]) -> None:
    """From the rights to the number and the step that one is at: tab, type, enter."""
    page = visit("/privacy/ru/rights", language="ru", scripts=False)
    link = page.locator("#stop-mailings a")
    link.focus()
    page.keyboard.press("Enter")
    page.locator("#f-email").focus()
    page.keyboard.type("anna@people.example")
    page.keyboard.press("Enter")
    page.wait_for_url("**/requests/R-*")
    expect(page.locator('[aria-current="step"]')).to_have_text("Подтверждение личности")
    expect(page.locator("#code")).to_have_attribute("autocomplete", "one-time-code")


def test_the_pages_of_a_request_are_accessible(visit: Callable[..., Page], served: Served) -> None:
    """Its state, and a wrong code: told in words and not by colour alone."""
    page = visit("/privacy/kk/requests/new?kind=erase", language="kk")
    page.locator("#f-email").fill("nobody@people.example")
    page.locator("form.ask button").click()
    page.wait_for_url("**/requests/R-*")
    page.locator("#code").fill("000000")
    page.get_by_role("button", name="Растау").click()
    expect(page.get_by_role("alert")).to_be_visible()
    sound(page)
    assert served.elsewhere == []
