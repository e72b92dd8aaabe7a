"""The portal asks and tells fairly: the notice that fits, no word without what was shown, one truth on all pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

import pytest

from senim.languages import LANGUAGES, day_in_words
from senim.testing import FixedClock, Person, Stage
from tests.doors.switching import switched
from tests.doors.visitor import Visitor
from tests.unit.made import varied

TEXT = {"kk": "Клуб", "ru": "Клуб", "en": "The club"}
CLUB = {
    "name": TEXT, "why": TEXT, "refusal": TEXT, "asks": {"contact.email": "required"},
    "consents": [{"purpose": "newsletter", "ask": "choice"},
                 {"purpose": "newsletter", "channel": "email", "ask": "choice"}],
}  # fmt: skip
COUNTER = {
    "name": TEXT, "why": TEXT, "refusal": TEXT, "asks": {"contact.email": "required", "contact.order": "optional"},
    "consents": [{"purpose": "orders", "ask": "required"}],
}  # fmt: skip
BOARD = {"name": {"kk": "Кеңес", "ru": "Совет", "en": "The board"}, "kind": "staff", "may": ["policy"]}
CHANGED = {
    "points.club": CLUB, "points.counter": COUNTER, "roles.board": BOARD,
    "categories.identity.fields.born": "birth-date",
}  # fmt: skip
NOTICE = re.compile(r'name="notice" value="([0-9a-f]{64})"')


@pytest.fixture
def house(staged: Callable[[bytes], Stage], mini: bytes) -> Stage:
    """The small policy with two more places where data comes in, a board that sees nothing, and dates of birth."""
    asks = b"identity.iin: optional"
    return staged(varied(CHANGED, mini.replace(asks, asks + b"\n      identity.born: optional")))


def _in(stage: Stage, person: Person) -> Visitor:
    visitor = Visitor(stage)
    visitor.sign_in(person)
    return visitor


def _buyer(stage: Stage) -> Person:
    """Somebody who agreed to what the order needs, and to nothing else."""
    asked = stage.consents("registration", only=lambda ask: ask.ask == "required")
    values = {name: value for name, value in stage.values("registration").items() if not name.startswith("profile")}
    return stage.person("registration", consents=asked, values=values)


def _notice(visitor: Visitor, to: str = "newsletter@email") -> str:
    found = NOTICE.search(visitor.get(f"/choices/agree?to={to}"))
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("came_in", "told"), [("registration", "Registration"), ("club", "The club"), ("counter", "The club")]
)
def test_the_notice_is_the_one_that_fits(house: Stage, came_in: str, told: str) -> None:
    """travel-1: that of the place where one came in, else of the one that asks for the least."""
    visitor = _in(house, house.person(came_in))
    page = visitor.get("/choices/agree?to=newsletter@email")
    assert f"It is the one shown at: {told}." in page
    assert ("Surname (required)" in page) is (told == "Registration")
    visitor.follow(visitor.post("/choices/agree", to="newsletter@email", notice=_notice(visitor)))


def test_a_yes_counts_only_with_what_was_shown(house: Stage) -> None:
    """foundation-3: without the notice, or with that of another place, it is shown, and nothing is recorded."""
    person = _buyer(house)
    visitor = _in(house, person)
    right = _notice(visitor)
    other = _notice(visitor, "delivery")
    visitor.get("/choices")
    history = visitor.senim.consents.history
    before = len(history(person.subject)[0])
    for shown in ("", right[::-1], "no digest"):
        page = visitor.post("/choices/agree", to="newsletter@email", notice=shown)
        assert page.status_code == 200
        assert "A consent counts only with what was shown to you" in page.text
        assert NOTICE.findall(page.text.partition("<main")[2]) == [right]
        assert "A consent counts only with" not in switched(visitor.client, page, "kk").text
        assert NOTICE.findall(switched(visitor.client, page, "en").text.partition("<main")[2]) == [right]
    assert other == right  # one place asks for both
    assert len(history(person.subject)[0]) == before
    assert "on record" in visitor.follow(visitor.post("/choices/agree", to="newsletter@email", notice=right))
    refused = [one for one in visitor.senim.log.everything_about(person.subject) if one.act == "consent.given"]
    assert [one.codes for one in refused if one.outcome == "refused"] == [("notice_missing",)] * 3


def test_the_language_of_a_yes_is_that_of_what_was_shown(house: Stage) -> None:
    """94-V 25(2)(5): who switches languages in another window is proven to have read what they read."""
    person = _buyer(house)
    visitor = _in(house, person)
    shown = {}
    for language in LANGUAGES:
        visitor.client.get(f"/portal/choices?language={language}")
        shown[language] = _notice(visitor)
    for language, notice in shown.items():
        visitor.follow(visitor.post("/choices/agree", to="newsletter@email", notice=notice))
        newest = visitor.senim.consents.newest(person.subject)[0][0]
        assert (newest.said.evidence.notice, newest.said.evidence.language) == (notice, language)


def test_nobody_refuses_what_nobody_asks(house: Stage) -> None:
    """What the law wants kept is no choice: a no to it would be a word that binds nobody."""
    person = house.person()
    visitor = _in(house, person)
    visitor.get("/choices")
    history = visitor.senim.consents.history
    before = len(history(person.subject)[0])
    assert "This consent is not asked for now" in visitor.follow(visitor.post("/choices/refuse", to="bookkeeping"))
    for wrong in ("bookkeeping", "newsletter@telegram", "orders/nobody", "orders>US", "delivery/couriers%23profile"):
        assert visitor.client.get(f"/portal/choices/agree?to={wrong}").location == "/portal/choices", wrong
    assert visitor.post("/choices/refuse", to="no-such-purpose").status_code == 404
    assert len(history(person.subject)[0]) == before


def test_a_purpose_agreed_to_by_one_channel_is_partly_on(house: Stage) -> None:
    """travel-40: the row of the purpose tells what holds, and a no to it ends every channel."""
    asked = house.consents("registration", only=lambda ask: ask.ask == "required" or ask.channel == "email")
    person = house.person("registration", consents=asked)
    visitor = _in(house, person)

    def rows() -> list[str]:
        page = visitor.get("/choices").partition('id="mailings"')[2].partition("</section>")[0]
        return re.findall(r'<span class="tag[^"]*">([^<]+)</span>\s*<(?:form|a)', page)

    assert rows() == ["Partly", "On", "Off"]
    visitor.follow(visitor.post("/choices/refuse", to="newsletter"))
    assert rows() == ["Off", "Off", "Off"]
    visitor.follow(visitor.post("/choices/agree", to="newsletter@sms", notice=_notice(visitor, "newsletter@sms")))
    assert rows() == ["Partly", "Off", "On"]


def test_data_and_use_tell_of_the_same_purposes(house: Stage) -> None:
    """travel-32: what a value is for is never more than what the data is used for; what was withdrawn is said so."""
    person = _buyer(house)
    visitor = _in(house, person)
    used = set(re.findall(r'<h2 class="capital">([^<]+)</h2>', visitor.get("/use")))
    told = set()
    for category in ("identity", "contact"):
        told |= {one.strip() for one in re.findall(r"<li>([^<]+)</li>", _for(visitor.get(f"/data/{category}")))}
    assert told == used
    assert "newsletter" not in told
    visitor.get("/choices")
    visitor.follow(visitor.post("/choices/refuse", to="orders"))
    assert "you withdrew your consent" in visitor.get("/data/identity")


def _for(page: str) -> str:
    return "".join(re.findall(r'<ul class="plain capitals">.*?</ul>', page))


def test_what_people_read_is_in_words(house: Stage) -> None:
    """Dates of birth in the reader's language, each category named once, and only who sees something is named."""
    person = house.person("registration")
    born = person.values["identity.born"]
    for language in LANGUAGES:
        visitor = Visitor(house, language=language)
        visitor.sign_in(person)
        page = visitor.get("/data/identity")
        assert born not in page
        assert day_in_words(date.fromisoformat(born), language) in page
    visitor = _in(house, person)
    assert "The board" not in visitor.get("/received")
    assert "Support desk" in visitor.get("/received")


def test_the_language_is_switched_where_one_stands(house: Stage) -> None:
    """After a code was asked for, and after a form that was not taken: the same page, in the other language."""
    person = house.person()
    visitor = _in(house, person)
    visitor.get("/code")
    page = visitor.follow(visitor.post("/code"))
    assert 'href="/portal/code/enter?language=kk"' in page
    assert visitor.client.get("/portal/code/enter?language=kk").location == "/portal/code/enter"
    assert 'name="code"' in visitor.get("/code/enter")
    assert '<html lang="kk">' in visitor.get("/code/enter")
    wrong = visitor.post("/code/enter", code="000000")
    assert 'name="code"' in switched(visitor.client, wrong, "ru").text
    visitor.get("/requests/new/claim")
    number = visitor.post("/requests/new/claim", text="Return the money.").location.rpartition("/")[2]
    visitor.get(f"/requests/{number}")
    file = {"csrf_token": visitor.token, "file": (io.BytesIO(b"MZ"), "cheque.exe")}
    refused = visitor.client.post(f"/portal/requests/{number}/add", data=file)
    assert number in switched(visitor.client, refused, "ru").text


def test_what_was_not_found_is_told_in_another_language_too(house: Stage) -> None:
    """The same page again, or the start of the door where there is no page, or only one that takes a form."""
    visitor = _in(house, house.person())
    for path, place in (("/requests/R-2026-1", "/portal/requests/R-2026-1"), ("/nowhere", "/portal/")):
        told = visitor.get(path, status=404)
        assert f'href="{place}?language=kk" hreflang="kk"' in told
        assert visitor.client.get(f"{place}?language=kk").location == place
    assert '<html lang="kk">' in visitor.get("/requests/R-2026-1", status=404)
    outdated = visitor.client.post("/portal/requests/new/claim", data={"csrf_token": "x"})
    assert 'href="/portal/requests/new/claim?language=ru"' in outdated.text


def test_a_term_is_told_by_its_last_day(house: Stage, clock: FixedClock) -> None:
    """Three years from the consent end with that day, and not with the one that begins then."""
    visitor = _in(house, house.person("registration"))
    last = day_in_words(clock().date().replace(year=clock().year + 3), "en")
    assert f"Holds until {last}." in visitor.get("/choices")
    assert f"<dd>{last}</dd>" in visitor.get("/use")
