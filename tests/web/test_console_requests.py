"""A request at the console in a browser: every tab and form, by keyboard alone, without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from senim.rights import Attached, Opening, Way
from senim.testing import Person
from tests.features.rights.scene import System, act, connect, decide, run
from tests.web.conftest import DESKTOP, Served
from tests.web.sound import accessible, holds

TABS = ("", "/identity", "/data", "/plan", "/messages", "/tasks", "/papers", "/log")
FORMS = ("/supply", "/refuse", "/grant", "/ask", "/write", "/pause", "/extend")


def _request(served: Served, person: Person, kind: str) -> str:
    """A request by letter whose writer's document was seen."""
    stage = served.stage
    opening = Opening(
        kind=kind,
        way=Way.LETTER,
        language="kk",
        identifiers={"email": person.values["contact.email"]},
        text="Деректерімді жойыңыз.",
        attached=(Attached(what="letter", media="application/pdf", content=b"%PDF-1.7"),),
    )
    senim = stage.platform
    number: str = senim.run(stage.actor, lambda work: senim.rights.open(work, opening)).number
    act(stage, senim.rights.identities.by_document, number, subject=person.subject)
    return number


@pytest.fixture
def planned(served: Served) -> str:
    """A request to erase that waits for a second person."""
    person = served.stage.person()
    connect(served.stage, System({person.values["contact.email"]: 3}))
    number = _request(served, person, "erase")
    decide(served.stage, number, granted=True)
    run(served.stage)
    return number


def test_every_tab_is_accessible_and_fits_a_phone(console: Callable[..., Page], served: Served, planned: str) -> None:
    """WCAG 2.2 AA as far as axe tells, 360 pixels wide in Kazakh, and dark at a desk."""
    page = console(f"/requests/{planned}", language="kk")
    address = f"{served.url}/console/requests/{planned}"
    for tab in TABS:
        page.goto(address + tab)
        holds(page, "kk")
    plan = f"{served.url}/console/approvals/{planned}"
    page.goto(plan)
    holds(page, "kk")
    page.emulate_media(color_scheme="dark")
    page.goto(plan)
    accessible(page)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]  # a dict of two numbers
    for tab in ("", "/identity", "/plan", "/log"):
        page.goto(address + tab)
        accessible(page)


def test_every_form_is_too(console: Callable[..., Page], served: Served) -> None:
    """Refuse, ask, write, pause, extend; and what is written is read after a press."""
    number = _request(served, served.stage.person(), "access")
    page = console(f"/requests/{number}", language="ru")
    for form in FORMS:
        page.goto(f"{served.url}/console/requests/{number}{form}")
        holds(page, "ru")
    page.goto(f"{served.url}/console/requests/{number}/identity")
    holds(page, "ru")


def test_a_second_person_approves_by_keyboard_without_scripts(
    console: Callable[..., Page], served: Served, planned: str
) -> None:
    """From the list to the plan and its button: Tab and Enter are enough, and no script runs."""
    page = console("/requests?view=second", size=DESKTOP, scripts=False)
    page.get_by_role("link", name="Destruction of data").focus()
    page.keyboard.press("Enter")
    page.get_by_role("navigation", name="Pages of the request").get_by_role("link", name="Plan").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Approve this plan").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("status").inner_text() == "Approved; it is being carried out."


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_plans_are_approved_together_without_scripts(console: Callable[..., Page], planned: str, language: str) -> None:
    """Ticked in the list, looked at, approved by one press: each page holds on a phone."""
    page = console("/requests?view=second&pick=all", language=language)
    holds(page, language)
    assert page.get_by_role("checkbox", checked=True).count() == 1
    page.locator("#several button").click()
    holds(page, language)
    assert page.get_by_text(planned).count() == 1
    page.locator("main button.danger").click()
    holds(page, language)
    assert page.locator("main .tag.good").count() == 1
