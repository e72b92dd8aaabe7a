"""The pages of a draft in a browser: numbered lines, problems that lead to theirs, and all of it without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from senim.policy import Draft
from tests.web.conftest import DESKTOP, Served
from tests.web.sound import holds


@pytest.fixture
def draft(served: Served) -> Draft:
    """A draft with a problem, a missing text, and a clause with another wording."""
    senim: Any = served.stage.platform
    made: Draft = senim.run(senim.actor(), lambda work: senim.drafts.begin(work, name="Autumn", base=1))
    text = made.source.replace(b"  - id: mini-2\n", b"  - id: mini-2\n    nonsense: 1\n")
    return senim.run(  # type: ignore[no-any-return]  # a platform of any kind
        senim.actor(), lambda work: senim.drafts.save(work, made.id, revision=1, name=made.name, source=text)
    )


def test_a_problem_leads_to_its_line(console: Callable[..., Page], draft: Draft) -> None:
    """Lines are numbered, and a problem puts the cursor where it stands, by keyboard too."""
    page = console(f"/policy/drafts/{draft.id}", size=DESKTOP)
    lines = draft.source.decode().count("\n") + 1
    assert page.locator(".gutter").inner_text().splitlines()[-1] == str(lines)
    link = page.locator("[data-line]").first
    link.focus()
    page.keyboard.press("Enter")
    field = page.locator("#source")
    expect(field).to_be_focused()
    at = field.evaluate("field => field.selectionStart")
    assert draft.source.decode()[at:].startswith("nonsense")


def test_a_draft_is_written_without_scripts(console: Callable[..., Page], draft: Draft) -> None:
    """A plain text field and a button: mended, saved, proposed."""
    page = console(f"/policy/drafts/{draft.id}", scripts=False)
    page.fill("#source", page.input_value("#source").replace("    nonsense: 1\n", "").replace("en: Shop", "en: Store"))
    page.click(".editor button")
    expect(page.locator(".tag.good").first).to_be_visible()
    page.goto(page.url + "/publish")
    page.fill("#effective", "")
    page.click("text=Propose to publish")
    expect(page.locator("text=somebody else has to approve").first).to_be_visible()


@pytest.mark.parametrize("view", ["", "/clauses", "/structure", "/changes", "/publish"])
def test_pages_of_a_draft_are_accessible(console: Callable[..., Page], draft: Draft, view: str) -> None:
    """Axe finds nothing, and they fit a phone."""
    holds(console(f"/policy/drafts/{draft.id}{view}", language="kk"), "kk")
