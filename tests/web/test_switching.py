"""The switch of languages on pages that answer a form, in a browser, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.web.conftest import PHONE, Served
from tests.web.sound import holds

PROFILES = Path(__file__).parents[2] / "src" / "senim" / "profiles"

STORY = "You call at night. “Stop”, I said."


def test_what_was_typed_stays_when_the_language_changes(visit: Callable[..., Page]) -> None:
    """The form for everybody: refused, read in Kazakh and in Russian, and still as it was typed."""
    page = visit("/privacy/en/requests/new?kind=complaint")
    page.locator("textarea").fill(STORY)
    page.locator("#f-ground").select_option("unlawful")
    page.locator("form.ask button").click()
    assert page.get_by_role("alert").count() == 1
    holds(page, "en")
    for language, name in (("kk", "Қазақша"), ("ru", "Русский")):
        page.get_by_role("button", name=name).click()
        holds(page, language)
        assert page.get_by_role("alert").count() == 1
        assert page.locator("textarea").input_value() == STORY
        assert page.locator("#f-ground").input_value() == "unlawful"
        assert page.locator(".languages [aria-current]").inner_text() == name


def test_recovery_codes_stay_when_the_language_changes(console: Callable[..., Page]) -> None:
    """And the page of the account, left by a link, has links again."""
    page = console("/account/")
    page.locator("form[action$=recovery] button").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) > 5
    page.locator("details.menu summary").click()
    page.locator(".menu .languages button", has_text="Қазақша").click()
    holds(page, "kk")
    assert page.locator(".codes code").all_inner_texts() == codes
    page.locator("main a.button").click()
    assert page.locator("html").get_attribute("lang") == "kk"
    assert page.locator(".languages button").count() == 0


def test_numbers_in_kazakh_stay_with_what_hangs_on_them(serve: Callable[..., Served], browser: Browser) -> None:
    """At 360 pixels none of them is torn in two."""
    place = serve(policy=(PROFILES / "travel.yaml").read_bytes())
    context = browser.new_context(locale="kk-KZ", viewport=PHONE)  # type: ignore[arg-type]  # a dict of two numbers
    page = context.new_page()
    page.goto(f"{place.url}/privacy/kk")
    torn = page.evaluate("[...document.querySelectorAll('.together')].filter(one => one.getClientRects().length > 1)")
    assert page.locator(".together").count() > 0
    assert torn == []
    context.close()
