"""What holds for every page: axe finds nothing, it fits a phone, it works in three languages and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PAGES = ("/privacy/{language}", "/portal/sign-in", "/console/")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits_a_phone(visit: Callable[..., Page], path: str, language: str) -> None:
    """WCAG 2.2 AA as far as axe-core tells; nothing to scroll sideways at 360 pixels."""
    page = visit(path.format(language=language), language=language)
    assert page.locator("html").get_attribute("lang") == language
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
