"""The form helper in a real browser: a site's own form, bound to a point."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from senim.conformance import cast
from senim.languages import wording
from senim.testing import FixedClock
from tests.web.shopfront import STRICT, Shopfront, shopfront, until
from tests.web.sound import accessible

FORM = """<script src="{senim}/senim-forms.js" defer nonce="n0nce"></script>
<form data-senim-point="registration" action="{senim}/forms/registration" method="post">
<label>Family name <input name="identity.family" data-senim-field="identity.family"></label>
<label>Given name <input name="identity.given" data-senim-field="identity.given"></label>
<label>E-mail <input name="contact.email" data-senim-field="contact.email"></label>
<label>Note <textarea name="contact.note" data-senim-field="contact.note"></textarea></label>
<button>Send</button></form>"""

LATER = 450
"""Milliseconds after which whatever a field that was left has to say is said."""
LACKING = {"code": "consent_missing", "fields": {"contact.email": "Tick one"}}
ANYONE = {"Access-Control-Allow-Origin": "*"}


@pytest.fixture
def front(browser: Browser, mini: bytes, clock: FixedClock) -> Iterator[Shopfront]:
    """A site with a form of its own."""
    with shopfront(browser, mini, clock) as made:
        made.headers["Content-Security-Policy"] = STRICT.format(senim=made.senim, party=made.party.url)
        made.parts = FORM
        yield made


def opened(front: Shopfront, language: str = "en") -> Page:
    front.language = language
    page = front.visit()
    page.get_by_role("dialog").get_by_role("button").nth(1).click()
    until(page, "!!document.querySelector('[data-senim-bound]')")
    return page


def fill(page: Page, note: str = "") -> None:
    page.get_by_role("textbox", name="Family name").fill("Sampleton")
    page.get_by_role("textbox", name="Given name").fill("Alice")
    page.get_by_role("textbox", name="E-mail").fill("alice@people.example")
    page.get_by_role("textbox", name="Note").fill(note)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_form_shows_notice_boxes_and_reasons(front: Shopfront, language: str) -> None:
    """In the page's language, boxes empty, reasons beside their fields; axe finds nothing."""
    page = opened(front, language)
    words = {name: text.in_(language) for name, text in wording("forms").items()}  # type: ignore[arg-type]
    expect(page.get_by_role("region", name=words["notice"]).first).to_be_visible()
    assert not any(box.is_checked() for box in page.get_by_role("checkbox").all())
    expect(page.get_by_role("textbox", name="E-mail")).to_have_attribute("autocomplete", "email")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text(words["field_missing"])).to_have_count(3)
    expect(page.get_by_text(words["consent_missing"])).to_have_count(1)
    assert page.evaluate("document.activeElement.name") == "identity.family"
    accessible(page)


def test_a_form_is_taken_after_what_was_wrong_is_mended(front: Shopfront) -> None:
    """A card number is refused before it leaves the page; health is refused by the service; then all is taken, once."""
    page = opened(front)
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.post_data or "") if asked.method == "POST" else None)
    fill(page, f"card {cast.card(5)}")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text(wording("forms")["card_number"].en)).to_be_visible()
    assert not [one for one in sent if "card" in one]
    fill(page, "у меня инвалидность второй группы")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text(wording("forms")["special_category"].en)).to_be_visible()
    fill(page, "Row five, please")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Thank you, we have it.")
    assert front.stage.platform.subjects.count(front.stage.platform.database)[0] == 1
    assert page.get_by_role("textbox", name="E-mail").input_value() == ""


@pytest.mark.parametrize("how", ["enter", "click"])
def test_what_the_service_said_stays_until_the_value_changes(front: Shopfront, how: str) -> None:
    """With real keys: leaving a field is no answer to it, however fast the service was."""
    page = opened(front)
    fill(page)
    page.get_by_role("checkbox").first.check()
    email, words = page.get_by_role("textbox", name="E-mail"), wording("forms")
    email.fill("")
    email.press_sequentially("x@y")
    email.press("Enter") if how == "enter" else page.get_by_role("button", name="Send", exact=True).click()
    fault = page.get_by_text(words["invalid_value"].en)
    expect(fault).to_be_visible()
    email.press("Tab")
    page.wait_for_timeout(LATER)
    expect(fault).to_be_visible()
    expect(email).to_have_attribute("aria-invalid", "true")
    email.press_sequentially("z")
    email.press("Tab")
    expect(fault).to_be_hidden()
    expect(email).not_to_have_attribute("aria-invalid", "true")


def test_thanks_are_followed_by_no_complaint(front: Shopfront) -> None:
    """Enter in the last field sends it; the fields that are empty afterwards are not called empty."""
    page = opened(front)
    fill(page)
    page.get_by_role("checkbox").first.check()
    email = page.get_by_role("textbox", name="E-mail")
    email.press("End")
    email.press_sequentially("e")
    email.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Thank you, we have it.")
    page.wait_for_timeout(LATER)
    expect(page.get_by_text(wording("forms")["field_missing"].en)).to_have_count(0)


@pytest.mark.parametrize("name", ["E-mail", "Family name", "Telephone"])
def test_a_card_number_leaves_no_field_of_the_page(front: Shopfront, name: str) -> None:
    """Whatever is asked for in the field that it was typed into."""
    telephone = '<label>Telephone <input type="tel" name="contact.phone" data-senim-field="contact.phone"></label>'
    front.parts = FORM.replace("<button>", f"{telephone}<button>")
    page = opened(front)
    sent: list[str] = []
    page.on(
        "request", lambda asked: sent.append(asked.post_data or "") if asked.url.endswith("/registration") else None
    )
    fill(page)
    page.get_by_role("checkbox").first.check()
    field = page.get_by_role("textbox", name=name)
    field.fill("")
    field.press_sequentially(cast.card(5))
    field.press("Enter")
    expect(page.get_by_text(wording("forms")["card_number"].en)).to_be_visible()
    page.wait_for_timeout(LATER)
    assert sent == []


SLOW = """() => { const fetched = window.fetch; window.sent = 0; window.fetch = async (place, how) => {
    if (how.method !== "POST") return fetched(place, how);
    window.sent += 1; await new Promise((resolve) => { window.go = resolve; }); return fetched(place, how); }; }"""


def test_a_slow_service_is_told_of_and_a_second_press_does_nothing(front: Shopfront) -> None:
    """It says that it is being sent; pressed twice it is sent once; the button keeps the focus."""
    page = opened(front)
    page.evaluate(SLOW)
    fill(page)
    page.get_by_role("checkbox").first.check()
    button = page.get_by_role("button", name="Send", exact=True)
    button.dblclick()
    expect(page.get_by_role("status")).to_have_text(wording("forms")["sending"].en)
    button.press("Enter")
    expect(button).to_be_focused()
    page.evaluate("window.go()")
    expect(page.get_by_role("status")).to_have_text("Thank you, we have it.")
    assert page.evaluate("window.sent") == 1


def test_ticking_the_box_that_was_lacking_takes_the_word_back(front: Shopfront) -> None:
    """Which box a field needs is told beside the field, until one is ticked."""
    page = opened(front)
    page.route("**/forms/registration", lambda route: route.fulfill(status=422, json=LACKING, headers=ANYONE))
    fill(page)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Tick one")).to_be_visible()
    page.get_by_role("checkbox").first.uncheck()
    expect(page.get_by_text("Tick one")).to_be_hidden()


def test_a_form_that_comes_later_is_bound_too(front: Shopfront) -> None:
    """A window that a page builder opens, a page that a script puts together: the form is found when it is there."""
    page = opened(front)
    page.evaluate(
        "() => { const form = document.querySelector('form'), later = document.createElement('form');"
        " later.dataset.senimPoint = 'registration'; later.id = 'later';"
        " later.append(document.createElement('button'));"
        " form.after(later); }"
    )
    until(page, "'senimBound' in document.querySelector('#later').dataset")
    assert page.locator("#later").get_by_role("checkbox").count() > 0
    assert page.locator("form .senim-notice").count() == 2, "each form once"


def test_of_several_buttons_the_pressed_one_is_sent(browser: Browser, mini: bytes, clock: FixedClock) -> None:
    """A field that is chosen by buttons holds what was pressed: nothing if nothing was."""
    choice = b"tastes: {type: choice, name: {kk: x, ru: x, en: x}, choices: [tea, coffee]}"
    with shopfront(browser, mini.replace(b"tastes: words", choice), clock) as front:
        buttons = "".join(
            f'<label>{one} <input type="radio" name="profile.tastes" value="{one}" data-senim-field="profile.tastes">'
            "</label>"
            for one in ("tea", "coffee")
        )
        front.parts = FORM.replace("<button>", f"{buttons}<button>")
        page = opened(front)
        sent: list[dict[str, str]] = []

        def keep(asked: Request) -> None:
            if asked.method == "POST" and asked.url.endswith("/registration"):
                sent.append((asked.post_data_json or {})["fields"])

        page.on("request", keep)
        for pressed in ("", "tea"):
            fill(page)
            if pressed:
                page.get_by_role("radio", name=pressed).check()
            for box in page.get_by_role("checkbox").all():
                box.check()
            page.get_by_role("button", name="Send", exact=True).click()
            expect(page.get_by_role("status")).to_have_text("Thank you, we have it.")
            until(page, "!document.querySelector('form [name=\"contact.email\"]').value")
        assert [one.get("profile.tastes") for one in sent] == [None, "tea"]


def test_without_scripts_the_same_form_works(front: Shopfront) -> None:
    """The form goes to the service's page, which shows the notice and takes it in."""
    page = front.context(java_script_enabled=False).new_page()
    page.goto(front.shop.url)
    fill(page)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Before you send it")).to_be_visible()
    assert page.get_by_role("textbox", name="E-mail").input_value() == "alice@people.example"
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you, we have it.")).to_be_visible()
    page.get_by_role("link", name="Қазақша").click()
    expect(page.get_by_role("heading", name="Рақмет, қабылдадық.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Рақмет, қабылдадық.")).to_be_visible()
    assert front.stage.platform.subjects.count(front.stage.platform.database)[0] == 1
