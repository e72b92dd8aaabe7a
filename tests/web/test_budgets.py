"""What a page may weigh, in a browser: bytes, requests, nothing that moves, no script in the way, no large picture.

And that each of them is shown in the docs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response
from scripts.screenshots import FOLDER, shots_of

import senim.web
from senim.web.site import site
from tests.answers.every import UNSHOWN, every_answer
from tests.doors.visitor import Visitor
from tests.filled import Filled, cookies, filled
from tests.loopback import address, serving
from tests.screens import Screen, every_screen
from tests.web.conftest import PHONE
from tests.web.sound import doubled

HTML, STYLE, SCRIPT = 100_000, 40_000, 30_000
"""Bytes before they are packed."""
REQUESTS = 8
PICTURE = 60_000
_STILL = 0.001
"""How much a page may move while it comes: less than a letter. A layout shift of 0.1 is called good."""
_WATCH = """
window.moved = 0;
new PerformanceObserver(list => list.getEntries().forEach(one => { window.moved += one.value; }))
  .observe({type: "layout-shift", buffered: true});
"""
_KINDS = {"document": HTML, "stylesheet": STYLE, "script": SCRIPT, "image": PICTURE}


@dataclass(slots=True)
class Weight:
    """What a page brought with it."""

    answers: list[Response]

    def of(self, kind: str) -> int:
        """Bytes of one kind."""
        return sum(len(one.body()) for one in self.answers if one.request.resource_type == kind and one.ok)

    def faults(self) -> list[str]:
        """Budgets that are passed."""
        found = [f"{self.of(kind)} bytes of {kind}" for kind, most in _KINDS.items() if self.of(kind) > most]
        return found + ([f"{len(self.answers)} requests"] if len(self.answers) > REQUESTS else [])


@dataclass(slots=True)
class Open:
    """A filled operator, served, with a browser that is signed in at every door."""

    address: str
    screens: list[Screen]
    cookies: list[dict[str, str]]
    made: Filled
    visitor: Visitor


@pytest.fixture(scope="module")
def doors() -> Iterator[Open]:
    """What links lead to, of an operator in the middle of its work."""
    with filled() as made:
        visitor = Visitor(made.stage)
        visitor.sign_in(made.person)
        found = every_screen(made.senim, visitor.client, made.me, made.person.subject)
        with serving(site(made.senim)) as server:
            yield Open(address(server), found, cookies(made, visitor), made, visitor)


@pytest.mark.parametrize("door", ["public", "portal", "console"])
def test_every_page_keeps_its_budgets(browser: Browser, doors: Open, door: str) -> None:
    """Light, in few pieces, still, readable before any script, ids each once: whatever page links lead to."""
    looked = [one for one in doors.screens if one.door == door]
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]  # a dict of two numbers
    context.add_cookies(doors.cookies)  # type: ignore[arg-type]  # dicts of four words
    context.add_init_script(_WATCH)
    page, faults, came = context.new_page(), list[str](), list[Response]()
    page.on("response", lambda answer: came.append(answer))  # noqa: PLW0108 – Playwright marks functions
    for screen in looked:
        came.clear()
        page.goto(doors.address + screen.path)
        page.wait_for_function("document.readyState == 'complete'")
        faults += [f"{screen.name}: {fault}" for fault in Weight(came).faults()]
        faults += [f"{screen.name}: the id {one} is doubled" for one in doubled(page)]
        if page.evaluate("window.moved") > _STILL:
            faults.append(f"{screen.name}: moved by {page.evaluate('window.moved')}")
        if page.locator("head script:not([defer]):not([async]):not([type=module]), body script[src]").count():
            faults.append(f"{screen.name}: a script stands in the way")
    context.close()
    assert len(looked) >= 10
    assert faults == []


_EXTENDS = re.compile(r'{% extends "([^"]+)" %}')


def _templates() -> dict[str, str]:
    """The templates of screens: name → what each is put into. Frames, parts and files are none."""
    found: dict[str, str] = {}
    for folder in Path(str(senim.web.__file__)).parent.glob("*/templates"):
        for path in folder.rglob("*.html"):
            if frame := _EXTENDS.search(path.read_text(encoding="utf-8")):
                found[path.relative_to(folder).as_posix()] = frame[1]
    frames = {one for name, one in found.items() if one != name}
    return {name: one for name, one in found.items() if name not in frames}


def test_every_screen_is_in_a_picture(doors: Open) -> None:
    """Also what only a form is answered with: a template that no picture shows has its reason; no picture is old."""
    screens = [*doors.screens, *every_answer(doors.made, doors.visitor)]
    shown = {one.template for one in screens}
    assert set(_templates()) - shown == set(UNSHOWN)
    kept = {one.name for one in FOLDER.glob("*.png")}
    assert {one.name for one in shots_of(screens)} == kept
