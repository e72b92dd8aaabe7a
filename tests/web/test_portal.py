"""The portal in a browser: accessible, on a phone, in three languages, by keyboard alone, without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from senim.collection import OnBehalf
from senim.rights import Attached, Ground
from senim.testing import FixedClock, Person
from tests.features.acting import senim_of
from tests.features.rights.scene import Letters, by
from tests.web.conftest import DESKTOP, Served
from tests.web.sound import sound

PAGES = (
    "/", "/data", "/data/contact", "/use", "/received", "/choices", "/choices/agree?to=newsletter@email", "/receipts",
    "/requests", "/requests/new/block", "/copy", "/leave", "/people", "/messages", "/guide", "/sessions", "/policy",
    "/correct/identity.family", "/code",
)  # fmt: skip
Visit = Callable[..., Page]
PDF = Attached(what="evidence", media="application/pdf", content=b"%PDF-1.7")


@pytest.fixture
def person(served: Served, clock: FixedClock) -> Person:
    """Somebody on file, with two records, who also gave data for another person."""
    someone = served.stage.person()
    served.stage.person(someone.point, values=someone.values)
    behalf = OnBehalf(authority="agreed-with-person", by=someone.subject)
    served.stage.person(someone.point, on_behalf_of=behalf)
    clock.move(days=2)
    return someone


def enter(visit: Visit, served: Served, person: Person, **how: object) -> Page:
    """Sign in by typing, as a person does; the overview."""
    senim = senim_of(served.stage)
    letters = Letters(senim)
    page = visit("/portal/", **how)
    page.locator("#contact").fill(person.values["contact.email"])
    page.locator("main form button").click()
    senim.orders.run_due("account")
    page.locator("#code").fill(letters.code)
    page.locator("main form button").click()
    page.wait_for_url("**/portal/")
    return page


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_page_is_accessible_on_a_phone(visit: Visit, served: Served, person: Person, language: str) -> None:
    """WCAG 2.2 AA at 360 pixels, in each language; one of them in the dark."""
    how = {"color_scheme": "dark"} if language == "ru" else {}
    page = visit("/portal/", language=language, **how)
    sound(page)
    page = enter(visit, served, person, language=language, **how)
    for path in PAGES:
        page.goto(f"{served.url}/portal{path}")
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("h1").count() == 1
        sound(page)
    told = {
        "text": "Word " * 400 + "x" * 200,
        "changes": {"contact.phone": "+77990000001"},
        "ground": Ground.INACCURATE,
    }
    number = by(served.stage, person, "correct", attached=(PDF,), **told).number
    for path in (f"/requests/{number}", f"/requests/{number}/take-back"):
        page.goto(f"{served.url}/portal{path}")
        sound(page)


def test_it_fits_a_desktop_and_keeps_the_place_when_the_language_changes(
    visit: Visit, served: Served, person: Person
) -> None:
    """The sections stand beside the page; a change of language leads to the same page."""
    page = enter(visit, served, person, size=DESKTOP)
    page.goto(f"{served.url}/portal/choices/agree?to=newsletter@email")
    sound(page)
    page.locator(".languages a[lang=kk]").click()
    assert page.url == f"{served.url}/portal/choices/agree?to=newsletter@email"
    assert page.locator("html").get_attribute("lang") == "kk"
    beside = page.locator("#sections").bounding_box()
    main = page.locator("main").bounding_box()
    assert beside is not None
    assert main is not None
    assert beside["x"] + beside["width"] <= main["x"]


def test_a_choice_is_changed_by_keyboard_alone_and_without_scripts(
    visit: Visit, served: Served, person: Person
) -> None:
    """Tab, Enter, nothing else; no script is needed for anything."""
    page = enter(visit, served, person, scripts=False)
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("class") == "skip"
    page.goto(f"{served.url}/portal/choices")
    off = page.locator("#mailings form button").first
    off.focus()
    page.keyboard.press("Enter")
    assert page.locator("[role=status]").inner_text() == "Your consent is withdrawn, with effect at once."
    on = page.locator("#mailings a.button").first
    on.focus()
    page.keyboard.press("Enter")
    page.locator("main form button").focus()
    page.keyboard.press("Enter")
    assert "on record" in page.locator("[role=status]").inner_text()


def test_what_can_be_pressed_is_large_enough(visit: Visit, served: Served, person: Person) -> None:
    """24 pixels at least, where it is not a link in a sentence (WCAG 2.5.8)."""
    page = enter(visit, served, person)
    for path in ("/", "/choices", "/requests", "/sessions"):
        page.goto(f"{served.url}/portal{path}")
        small = page.evaluate(
            "[...document.querySelectorAll('button, .button, input:not([type=hidden]), nav a')]"
            ".map(one => one.getBoundingClientRect()).filter(box => box.width && box.height < 24).length"
        )
        assert small == 0, path
