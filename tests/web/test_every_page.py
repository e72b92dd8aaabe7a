"""What holds for every page: axe finds nothing, it fits a phone, it works in three languages and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.console import account
from tests.web.conftest import DESKTOP, PHONE, Served
from tests.web.sound import accessible, holds, sound

PAGES = ("/privacy/{language}", "/cookies/{language}", "/portal/sign-in", "/console/sign-in")
CONSOLE = (
    "/",
    "/requests",
    "/requests/new",
    "/approvals",
    "/letters",
    "/telephone",
    "/telephone/registration/kk",
    "/promises",
    "/promises/clauses/mini-1",
    "/promises/drills",
    "/promises/evidence",
    "/promises/evidence?period=2026",
    "/log",
    "/log/0",
    "/log/verify",
    "/policy",
    "/account/",
    "/account/password",
    "/account/passkeys",
    "/account/app",
    "/staff/",
    "/staff/add",
    "/keys/",
    "/keys/add",
    "/connectors/",
    "/connectors/add",
    "/connectors/fides",
    "/orders/",
    "/tasks/",
    "/mail/",
    "/settings/",
    "/people",
    "/consents",
    "/registers",
    "/registers/recipients",
    "/registers/disclosures",
    "/registers/mailings",
    "/pictures",
    "/pictures/flow",
)
"""Pages of the console that somebody of the staff sees, below ``/console``."""

PARTS = 4
"""Of the pages: each part on a platform of its own, so that several are looked at at once."""


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits_a_phone(visit: Callable[..., Page], path: str, language: str) -> None:
    """WCAG 2.2 AA as far as axe-core tells; nothing to scroll sideways at 360 pixels."""
    holds(visit(path.format(language=language), language=language), language)


def test_a_long_address_breaks_where_a_row_is_a_card(console: Callable[..., Page], served: Served) -> None:
    """At 320 pixels, a desk at 400 percent (WCAG 1.4.10): in the log, whoever is called by their address."""
    senim: Any = served.stage.platform
    account(senim, shown="aigerim.long-family-name@privacy.department.of.people.example")
    senim.tick()
    page = console("/log", size={"width": 320, "height": 640})
    assert page.get_by_text("aigerim.long-family-name@privacy").count()
    sound(page)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_page_of_the_console_too(console: Callable[..., Page], served: Served, part: int, language: str) -> None:
    """The same on a phone; once, where words are longest, at a desk and in the dark too."""
    page = console(language=language)
    for path in CONSOLE[part::PARTS]:
        page.goto(f"{served.url}/console{path}")
        holds(page, language)
        if language == "ru":
            page.emulate_media(color_scheme="dark")
            page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # a dict of two numbers
            accessible(page)
            page.emulate_media(color_scheme="light")
            page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a dict of two numbers
