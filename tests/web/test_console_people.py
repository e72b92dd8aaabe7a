"""A person at the console in a real browser: found, looked at, acted on; on a phone, in three languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.web.conftest import DESKTOP, Served
from tests.web.sound import sound


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_all_pages_of_a_person(served: Served, console: Callable[..., Page], language: str) -> None:
    """From the search to what the person saw: accessible, and nothing scrolls sideways."""
    stage = served.stage
    person = stage.person()
    stage.upload(person)
    page = console("/people", language=language)
    page.locator("#value").fill(person.values["contact.email"])
    page.locator("#purpose").select_option("orders")
    page.locator("main form button").click()
    assert person.values["contact.email"] not in page.url
    page.get_by_text(person.values["identity.family"], exact=True).first.wait_for()  # a press may still be on its way
    assert page.get_by_text(person.values["identity.family"], exact=True).count() > 0
    sound(page)
    for number in (1, 2):
        page.locator(".tabs a").nth(number).click()
        sound(page)
    page.locator(".tabs a").nth(1).click()
    page.locator(".timeline a").first.click()
    assert page.locator(".frozen").get_attribute("lang") in ("kk", "ru", "en")
    sound(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # a dict of two numbers
    sound(page)
    for path in (f"/people/{person.subject}/do/block", f"/consents/{person.subject}/record"):
        page.goto(f"{served.url}/console{path}")
        sound(page)


def test_blocking_by_keyboard_and_without_scripts(served: Served, console: Callable[..., Page]) -> None:
    """Nothing needs a mouse or a script."""
    person = served.stage.person()
    page = console(f"/people/{person.subject}", scripts=False, size=DESKTOP)
    page.locator("#why-orders").press(" ")
    page.locator("#why-orders").press("Enter")
    page.get_by_role("link", name="Block", exact=True).press("Enter")
    page.locator("#reason").select_option("request-of-person")
    page.get_by_role("button", name="Block").press("Enter")
    assert page.get_by_role("status").inner_text() == "The data is blocked."
    assert page.locator(".standing .tag.bad").inner_text() == "Blocked"


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_data_is_handed_over(served: Served, console: Callable[..., Page], language: str) -> None:
    """Chosen, seen, done, saved: every step is accessible and fits a phone."""
    person = served.stage.person()
    page = console(f"/people/{person.subject}/hand", language=language)
    page.locator("#why-orders").check()
    page.locator("main form button").first.click()
    page.goto(f"{served.url}/console/people/{person.subject}/hand")
    sound(page)
    page.locator("#to").select_option("courier:delivery")
    page.locator("main form button").click()
    page.get_by_role("checkbox").first.uncheck()
    sound(page)
    page.locator("main form button").click()
    sound(page)
    page.locator("button.danger").click()
    sound(page)
    with page.expect_download() as saved:
        page.locator("main form button").first.click()
    assert saved.value.suggested_filename.endswith(".csv")
    page.goto(f"{served.url}/console/people/{person.subject}/hand?to=tax:bookkeeping")
    sound(page)


def test_what_a_page_found_is_printed_too_and_dark_on_white(served: Served, console: Callable[..., Page]) -> None:
    """On paper there is whether it may be handed over, and no navigation; also out of a dark browser."""
    person = served.stage.person()
    page = console(f"/people/{person.subject}/hand?to=tax:bookkeeping", color_scheme="dark", size=DESKTOP)
    page.locator("#why-orders").check()
    page.locator("main form button").first.click()
    page.goto(f"{served.url}/console/people/{person.subject}/hand?to=tax:bookkeeping")
    page.locator("#reason").fill("17-3/44")
    page.locator("main form button").click()
    told = page.locator("main .alert").first
    assert told.is_visible()
    page.emulate_media(media="print")
    assert told.is_visible()
    assert not page.locator(".side").is_visible()
    ink, paper = (page.evaluate(f"getComputedStyle(document.body).{one}") for one in ("color", "backgroundColor"))
    assert (ink, paper) == ("rgb(29, 39, 51)", "rgb(255, 255, 255)")
