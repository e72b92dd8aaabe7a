"""The banner in a real browser, on a site with a third party: silent before the choice, exact after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from senim.policy.cookies import shown
from senim.testing import FixedClock
from senim.web.public.script import banner
from tests.web.shopfront import STRICT, Shopfront, shopfront, until
from tests.web.sound import accessible

WORDS = {
    "kk": ("Бәріне рұқсат беру", "Бәрінен бас тарту", "Таңдау"),
    "ru": ("Разрешить все", "Отказаться от всех", "Выбрать"),
    "en": ("Allow all", "Refuse all", "Choose"),
}
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


@pytest.fixture
def front(browser: Browser, mini: bytes, clock: FixedClock) -> Iterator[Shopfront]:
    """A site with trackers, under the strictest policy that browsers know."""
    with shopfront(browser, mini, clock) as made:
        made.headers["Content-Security-Policy"] = STRICT.format(senim=made.senim, party=made.party.url)
        yield made
        assert made.problems == [], "no page complains, of the content security policy least of all"


def press(page: Page, name: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def waiting(page: Page, choices: int) -> None:
    """Until so many choices wait for the log."""
    until(page, f"Object.keys(localStorage).filter((one) => one.startsWith('senim-waiting-')).length === {choices}")


def settled(page: Page) -> None:
    """Until the log has what was chosen."""
    waiting(page, 0)


def loaded(page: Page, front: Shopfront) -> None:
    """Until everything that was allowed has been asked for: the third party is another process's business."""
    for _ in range(600):
        if len(set(front.party.asked)) == 4:
            return
        page.wait_for_timeout(50)
    raise AssertionError(front.party.asked)


def cookies(context: BrowserContext) -> set[str]:
    return {one["name"] for one in context.cookies()}


def test_nothing_happens_before_the_choice_nor_after_a_refusal(front: Shopfront) -> None:
    """No third party is called, no cookie is set; a refusal is remembered, on record, and not asked again."""
    context = front.context()
    page = front.visit(context)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert front.party.asked == []
    assert cookies(context) == set()
    press(page, "Refuse all")
    expect(page.get_by_role("dialog")).to_have_count(0)
    settled(page)
    page.goto(f"{front.shop.url}/next")
    until(page, "!!window.senim")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert front.party.asked == []
    assert cookies(context) == {"senim"}
    [entry] = front.entries()
    assert (entry.reason, entry.categories) == ("refuse", ())


def test_what_is_allowed_runs_in_its_order_and_is_proven(front: Shopfront) -> None:
    """Scripts, then those behind them, images, frames; the fingerprint on record is that of the very text shown."""
    page = front.visit()
    press(page, "Allow all")
    until(page, "document.title === 'Counted after 1'")
    expect(page.locator("iframe")).to_have_attribute("src", f"{front.party.url}/film")
    settled(page)
    page.wait_for_load_state("networkidle")
    assert sorted(front.party.asked) == ["/count.js", "/film", "/offers.js", "/pixel.gif"]
    [entry] = front.entries()
    text = next(one for one in shown(front.stage.promises, "en") if one.variant == "banner")
    assert (entry.digest, entry.categories) == (text.digest, ("offers", "statistics"))
    assert page.evaluate("senim.proof().split('.').length") == 3
    assert page.evaluate("senim.choice().kinds") == ["statistics", "offers"]
    page.reload()
    until(page, "document.title === 'Counted after 1'")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_it_speaks_the_language_of_the_page(front: Shopfront, language: str) -> None:
    """Three buttons of one size and weight in one layer; axe finds nothing; it fits 320 pixels; the text is known."""
    front.language = language
    page = front.visit(front.context(viewport={"width": 320, "height": 640}))
    buttons = [page.get_by_role("dialog").get_by_role("button", name=name, exact=True) for name in WORDS[language]]
    looks = [
        button.evaluate("b => { const s = getComputedStyle(b), r = b.getBoundingClientRect(); return"
                        " [r.width, r.height, s.backgroundColor, s.color, s.fontSize, s.fontWeight, s.borderColor] }")
        for button in buttons
    ]  # fmt: skip
    assert looks[0] == looks[1] == looks[2]
    assert looks[0][1] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    buttons[2].click()
    expect(page.get_by_role("checkbox")).to_have_count(2)
    assert [box.is_checked() for box in page.get_by_role("checkbox").all()] == [False, False]
    accessible(page)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("dialog").get_by_role("button").nth(3).click()
    settled(page)
    [entry] = front.entries()
    text = next(one for one in shown(front.stage.promises, language) if one.variant == "banner")  # type: ignore[arg-type]
    assert (entry.digest, entry.reason, entry.categories) == (text.digest, "choose", ("statistics",))
    assert "/offers.js" not in front.party.asked


def test_dark_and_wide_it_is_as_easy_to_read(front: Shopfront) -> None:
    """Contrast holds in the dark too; on a wide screen the three buttons stand side by side."""
    page = front.visit(front.context(color_scheme="dark", viewport={"width": 1280, "height": 800}))
    tops = (
        page.get_by_role("dialog")
        .get_by_role("button")
        .evaluate_all("all => all.slice(0, 3).map(b => b.getBoundingClientRect().top)")
    )
    assert len(set(tops)) == 1
    accessible(page)


def test_the_page_does_not_move(front: Shopfront) -> None:
    """No layout shift when the banner comes, when it goes, and when blocked frames get their place."""
    context = front.context()
    context.add_init_script(
        "window.shifts = []; new PerformanceObserver(list => shifts.push(...list.getEntries().map(one => one.value)))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page = front.visit(context)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_load_state("networkidle")
    press(page, "Refuse all")
    settled(page)
    page.evaluate("new Promise(next => requestAnimationFrame(() => requestAnimationFrame(next)))")
    assert page.evaluate("window.shifts") == []


def test_the_keyboard_is_enough(front: Shopfront) -> None:
    """The banner is first in the order of focus; Esc is no answer; opened again, focus goes in and comes back."""
    page = front.visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == "Privacy policy"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert front.entries() == []
    page.reload()
    until(page, "!!window.senim")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    settled(page)
    assert [one.reason for one in front.entries()] == ["refuse"]
    page.get_by_role("link", name="Cookies", exact=True).focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.id") == "h"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Cookies"
    assert front.party.asked == []


def test_taking_back_is_as_easy_and_removes_what_was_set(front: Shopfront) -> None:
    """One link, one button; cookies and stored names of refused kinds go, by their beginnings too; what ran is gone."""
    context = front.context()
    page = front.visit(context)
    press(page, "Allow all")
    until(page, "document.cookie.includes('mini_offer')")
    settled(page)
    assert {"_ga_X1", "mini_offer", "senim"} <= cookies(context)
    context.add_cookies([{"name": "_ga", "value": "1", "domain": ".mini.example", "path": "/next"}])
    page.evaluate("document.cookie = '_ga_P=1; path=/; Secure; SameSite=None; Partitioned'")
    assert "_ga_P" in cookies(context)
    page.goto(f"{front.shop.url}/next")
    page.get_by_role("link", name="Cookies", exact=True).click()
    with page.expect_navigation():
        press(page, "Refuse all")
    until(page, "!!window.senim")
    settled(page)
    assert cookies(context) == {"senim"}
    assert page.evaluate("[localStorage.getItem('mini_offer'), localStorage.getItem('_ga_X1')]") == [None, None]
    assert [one.reason for one in front.entries()] == ["accept", "refuse"]
    assert len({one.subject for one in front.entries()}) == 1
    asked = len(front.party.asked)
    page.reload()
    page.wait_for_load_state("networkidle")
    assert len(front.party.asked) == asked


def test_without_a_link_of_the_site_a_button_stays(front: Shopfront) -> None:
    """It opens the choices; there the proof is downloaded, and closing changes nothing."""
    front.parts = "<script nonce='n0nce'>document.querySelector('[data-senim-open]').remove()</script>"
    page = front.visit()
    press(page, "Refuse all")
    settled(page)
    page.get_by_role("button", name="Cookie choices").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download the proof of my choice").click()
    assert coming.value.suggested_filename == "senim-choice.jws"
    press(page, "Close and change nothing")
    expect(page.get_by_role("button", name="Cookie choices")).to_be_focused()
    assert len(front.entries()) == 1


def test_the_browsers_signal_is_a_refusal(front: Shopfront) -> None:
    """With Global Privacy Control nobody is asked and nothing optional runs; an own choice is possible and marked."""
    context = front.context()
    context.add_init_script(GPC)
    page = front.visit(context)
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert front.party.asked == []
    page.get_by_role("link", name="Cookies", exact=True).click()
    expect(page.get_by_text("Your browser asks sites not to track you.")).to_be_visible()
    press(page, "Choose")
    page.get_by_role("checkbox").first.check()
    press(page, "Save my choice")
    settled(page)
    [entry] = front.entries()
    text = next(one for one in shown(front.stage.promises, "en") if one.variant == "banner-gpc")
    assert (entry.digest, entry.categories) == (text.digest, ("statistics",))
    assert b'"gpc":true' in bytes(entry.record)


def test_a_signal_that_comes_later_counts(front: Shopfront) -> None:
    """What was allowed before the browser asked not to be tracked is allowed no more."""
    context = front.context()
    page = front.visit(context)
    press(page, "Allow all")
    settled(page)
    loaded(page, front)
    context.add_init_script(GPC)
    asked = len(front.party.asked)
    page.reload()
    page.wait_for_load_state("networkidle")
    assert len(front.party.asked) == asked
    assert page.evaluate("senim.choice().kinds") == []


def test_a_frame_is_allowed_in_its_place(front: Shopfront) -> None:
    """The place says what it would use; one button allows that kind alone, and is proven by the place's own text."""
    page = front.visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    place = page.get_by_text("This part of the page uses cookies of this kind.")
    expect(place).to_be_visible()
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.locator("iframe")).to_have_attribute("src", f"{front.party.url}/film")
    settled(page)
    [entry] = front.entries()
    text = next(one for one in shown(front.stage.promises, "en") if one.variant == "frame:offers")
    assert (entry.digest, entry.reason, entry.categories) == (text.digest, "allow", ("offers",))
    assert "/count.js" not in front.party.asked


def test_a_choice_made_offline_reaches_the_log_later(front: Shopfront) -> None:
    """It binds at once, waits in the browser, and goes when there is a connection: once."""
    context = front.context()
    page = front.visit(context)
    page.route("**/cookies/choices", lambda route: route.abort("internetdisconnected"))
    press(page, "Refuse all")
    waiting(page, 1)
    assert front.entries() == []
    page.unroute("**/cookies/choices")
    page.reload()
    until(page, "!!window.senim")
    expect(page.get_by_role("dialog")).to_have_count(0)
    settled(page)
    assert [one.reason for one in front.entries()] == ["refuse"]
    front.problems = [one for one in front.problems if "ERR_INTERNET_DISCONNECTED" not in one]


def test_a_choice_binds_in_every_tab(front: Shopfront) -> None:
    """Taken back in one tab it is taken back in the other, at once: what ran there is gone and nothing more starts."""
    context = front.context()
    page = front.visit(context)
    press(page, "Allow all")
    loaded(page, front)
    settled(page)
    other = front.visit(context, "/next")
    with page.expect_navigation():
        other.evaluate("senim.withdraw()")
    until(page, "!!window.senim")
    assert not page.evaluate("senim.may('statistics')")
    asked = len(front.party.asked)
    page.reload()
    page.wait_for_load_state("networkidle")
    assert len(front.party.asked) == asked


def test_no_tab_loses_what_another_chose_offline(front: Shopfront) -> None:
    """Two tabs, no connection: both choices wait, the tab that made the first is closed, and both reach the log."""
    context = front.context()
    first, second = front.visit(context), front.visit(context, "/next")
    context.route("**/cookies/choices", lambda route: route.abort("internetdisconnected"))
    press(first, "Refuse all")
    expect(second.get_by_role("dialog")).to_have_count(0)
    second.evaluate("senim.withdraw()")
    first.close()
    waiting(second, 2)
    context.unroute("**/cookies/choices")
    later = front.visit(context)
    settled(later)
    assert [one.reason for one in front.entries()] == ["refuse", "withdraw"]
    front.problems = [one for one in front.problems if "ERR_INTERNET_DISCONNECTED" not in one]


def test_each_choice_goes_once_however_many_tabs_send(front: Shopfront) -> None:
    """Three tabs come back to the network at one moment: they take turns, and the second finds nothing left."""
    context = front.context()
    tabs = [front.visit(context) for _ in range(3)]
    context.route("**/cookies/choices", lambda route: route.abort("internetdisconnected"))
    press(tabs[0], "Refuse all")
    tabs[0].evaluate("senim.withdraw()")
    waiting(tabs[1], 2)
    context.unroute("**/cookies/choices")
    sent: list[str] = []
    context.on("requestfinished", lambda one: sent.append(one.url) if one.url.endswith("/cookies/choices") else None)
    for tab in tabs:
        tab.evaluate("void dispatchEvent(new Event('online'))")
    for tab in tabs:
        settled(tab)
        tab.wait_for_load_state("networkidle")
    assert len(sent) == 2
    assert [one.reason for one in front.entries()] == ["refuse", "withdraw"]
    front.problems = [one for one in front.problems if "ERR_INTERNET_DISCONNECTED" not in one]


def test_a_browser_that_tells_of_no_cookies_asks_for_them_when_one_looks(front: Shopfront) -> None:
    """A choice made elsewhere binds on a tab that is come back to, in browsers without the cookie store as well."""
    context = front.context()
    context.add_init_script("Object.defineProperty(window, 'cookieStore', {value: undefined})")
    first, second = front.visit(context), front.visit(context, "/next")
    press(first, "Refuse all")
    settled(first)
    second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(second.get_by_role("dialog")).to_have_count(0)


def test_a_browser_that_takes_no_cookies_keeps_the_choice_as_long_as_the_page(front: Shopfront) -> None:
    """What runs by a choice is known to run by it, also when one comes back to the tab; and it is the same visitor."""
    context = front.context()
    context.add_init_script("Object.defineProperty(Document.prototype, 'cookie', {get: () => '', set: () => {}})")
    page = front.visit(context)
    press(page, "Allow all")
    loaded(page, front)
    before = page.evaluate("JSON.stringify(senim.choice())")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("senim.may('statistics')")
    assert page.evaluate("JSON.stringify(senim.choice())") == before


def test_the_site_and_the_page_without_scripts_share_one_choice(front: Shopfront) -> None:
    """Below the site's own host both keep it in one cookie: there are no two of which the older could count."""
    context = front.context()
    body = banner(front.stage.promises, "mini.example").plain.decode()
    context.route("**/senim.js", lambda route: route.fulfill(content_type="text/javascript", body=body))
    page = front.visit(context)
    press(page, "Allow all")
    settled(page)
    [kept] = [one for one in context.cookies() if one["name"] == "senim"]
    assert kept["domain"] == ".mini.example"
    said = kept["value"].replace("%2C1%5D", "%2C0%5D")
    page.goto("about:blank")  # a page of the site that is open would hear of it, and load itself anew
    context.add_cookies([{"name": "senim", "value": said, "domain": ".mini.example", "path": "/", "secure": True}])
    page.goto(front.shop.url)
    until(page, "!!window.senim")
    assert page.evaluate("senim.choice()")["kinds"] == []


def test_what_waits_does_not_start_once_it_is_taken_back(front: Shopfront) -> None:
    """Scripts start one after the other: behind a slow one nothing starts any more if the answer changes meanwhile."""
    context = front.context()
    held: list[Route] = []
    context.route("**/count.js", lambda route: held.append(route))  # noqa: PLW0108  # it is asked for its signature
    page = front.visit(context)
    page.evaluate("window.addEventListener('beforeunload', () => localStorage.setItem('title', document.title))")
    press(page, "Allow all")
    while not held:
        page.wait_for_timeout(30)
    settled(page)
    page.route("**/cookies/choices", lambda route: None)
    page.evaluate("void senim.withdraw()")
    with page.expect_navigation():
        held[0].fulfill(content_type="text/javascript", body="window.counted = 1; document.title = 'Late'")
    assert page.evaluate("localStorage.getItem('title')") == "Late"


def test_visitors_are_asked_again_only_when_they_must_be(front: Shopfront, mini: bytes, clock: FixedClock) -> None:
    """Other words ask nobody; a longer time asks again, and what else was allowed goes on meanwhile."""
    page = front.visit()
    press(page, "Allow all")
    settled(page)
    platform = front.stage.platform
    source = mini.replace(b"address: https://mini.example", b"address: " + front.shop.url.encode())
    for old, new, asked in ((b"uses cookies.", b"keeps cookies.", 0), (b"lasts: 3 months", b"lasts: 1 year", 1)):
        source = source.replace(old, new)
        clock.move(hours=1)
        platform.run(platform.actor(), lambda work, source=source: platform.policies.publish(work, source))  # type: ignore[misc]
        page.evaluate(f"fetch('{front.senim}/senim.js', {{cache: 'reload'}}).then(a => a.text())")
        page.reload()
        until(page, "!!window.senim")
        expect(page.get_by_role("dialog")).to_have_count(asked)
    assert page.evaluate("senim.choice().kinds") == ["statistics"]


def test_a_choice_ends_with_its_time(front: Shopfront) -> None:
    """Half a year later the question comes again, and nothing runs until it is answered."""
    context = front.context()
    page = front.visit(context)
    press(page, "Allow all")
    settled(page)
    loaded(page, front)
    asked = len(front.party.asked)
    context.add_init_script("const then = Date.now; Date.now = () => then() + 181 * 864e5")
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert len(front.party.asked) == asked


def test_googles_consent_mode_is_denied_first(front: Shopfront) -> None:
    """One attribute: denied, then updated with what was chosen, marketing apart from the rest."""
    front.more = " data-google-consent"
    page = front.visit()
    first = page.evaluate("Array.from(dataLayer[0])")
    assert first[:2] == ["consent", "default"]
    assert set(first[2].values()) == {"denied"}
    press(page, "Choose")
    page.get_by_role("checkbox", name="Offers").check()
    press(page, "Save my choice")
    last = page.evaluate("Array.from(dataLayer.at(-1))")
    assert last[:2] == ["consent", "update"]
    assert {name for name, value in last[2].items() if value == "granted"} == {
        "ad_storage",
        "ad_user_data",
        "ad_personalization",
    }


def test_a_text_that_was_changed_on_the_way_proves_nothing(front: Shopfront) -> None:
    """If the words on the screen are not the policy's, the log refuses them, and the choice does not stay."""
    context = front.context()

    def meddle(route: Route) -> None:
        script = banner(front.stage.promises).plain.decode()
        body = script.replace("The site uses cookies.", "Press the first button.")
        route.fulfill(content_type="text/javascript", body=body)

    context.route("**/senim.js", meddle)
    page = front.visit(context)
    press(page, "Allow all")
    settled(page)
    until(page, "!document.cookie.includes('senim=')")
    assert front.entries() == []
    page.reload()
    until(page, "!!window.senim")
    expect(page.get_by_role("dialog")).to_be_visible()
    front.problems = [one for one in front.problems if "422" not in one]
