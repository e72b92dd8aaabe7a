"""What holds for every page that people see: axe finds nothing against WCAG 2.2 AA, and nothing scrolls sideways."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def accessible(page: Page) -> None:
    """axe finds nothing against WCAG 2.2 AA, as far as it tells."""
    # a press only waits until the next page begins: axe needs all of it
    page.wait_for_load_state()
    found = Axe().run(page, options={"runOnly": _WCAG, "resultTypes": ["violations"]}).response["violations"]
    assert [(page.url, one["id"], one["nodes"][0]["html"]) for one in found] == []


def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    page.wait_for_load_state()
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window, page.url


def doubled(page: Page) -> list[str]:
    """Ids that more than one element of a page has."""
    found: list[str] = page.evaluate("Array.from(document.querySelectorAll('[id]'), one => one.id)")
    return sorted({one for one in found if found.count(one) > 1})


def sound(page: Page) -> None:
    """Accessible, as wide as the window, and each id on one element alone."""
    accessible(page)
    fits(page)
    assert doubled(page) == [], page.url


def holds(page: Page, language: str) -> None:
    """Sound, and in the language that was asked for."""
    assert page.locator("html").get_attribute("lang") == language
    sound(page)
