"""Several records of one person at the portal: seen, switched between, and all of them withdrawn from or destroyed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from senim.accounts.store import sessions_of
from senim.cli.folder import profile
from senim.consent import states_of
from senim.languages import LANGUAGES
from senim.testing import FixedClock, Person, Stage
from senim.vault import Kept
from tests.doors.visitor import Visitor

Two = tuple[Person, Person]


@pytest.fixture
def two(stage: Stage) -> Two:
    """One person who gave the same twice, at different times."""
    first = stage.person()
    return first, stage.person(first.point, values=first.values)


@pytest.fixture
def visitor(stage: Stage, two: Two) -> Visitor:
    """The same person, signed in."""
    visitor = Visitor(stage)
    visitor.sign_in(two[0])
    return visitor


def kinds(visitor: Visitor, person: Person) -> list[str]:
    return [one.kind.value for one in visitor.senim.rights.of(visitor.senim.database, person.subject)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_has_several_records_is_told_so_on_every_page(stage: Stage, two: Two, language: str) -> None:
    """Which one a page is about, and that there are others; whoever has one record reads nothing of it."""
    visitor = Visitor(stage, language=language)
    visitor.sign_in(two[0])
    for path in ("/", "/data", "/choices", "/leave"):
        assert 'class="quiet record"' in visitor.get(path)
    alone = Visitor(stage, language=language)
    alone.sign_in(stage.person())
    for path in ("/", "/leave"):
        page = alone.get(path)
        assert not re.search('class="quiet record"|id="records"|name="also"', page)


def test_another_record_is_opened_and_is_another_one(visitor: Visitor, two: Two) -> None:
    """What is changed in one stays as it was in the other; a record of somebody else is not opened."""
    first, second = two
    stranger = visitor.stage.person()
    assert f'value="{first.subject}"' in visitor.get("/")
    visitor.follow(visitor.post("/choices/refuse", to="newsletter"))
    home = visitor.follow(visitor.post("/record", record=first.subject))
    assert f'value="{second.subject}"' in home
    visitor.follow(visitor.post("/record", record=stranger.subject))
    assert stranger.subject not in visitor.get("/")
    newsletter: dict[str, list[bool]] = {}
    for one in two:
        standing = visitor.senim.subjects.find(visitor.senim.database, one.subject)
        newsletter[one.subject] = [
            said.agreed.given for said in states_of(standing) if said.scope.purpose == "newsletter"
        ]
    assert set(newsletter[first.subject]) == {True}
    assert set(newsletter[second.subject]) == {False}


@pytest.mark.parametrize("what", ["withdraw", "erase"])
def test_withdrawing_everything_and_destroying_offer_the_other_records(visitor: Visitor, two: Two, what: str) -> None:
    """Each that is ticked gets a request of its own; what was not ticked, or is somebody else's, gets none."""
    first, second = two
    stranger = visitor.stage.person()
    page = visitor.get("/leave")
    boxes = re.findall(r'name="also" value="(\w+)"( checked)?', page)
    assert boxes == [(first.subject, " checked"), (first.subject, "")], (
        "everything is withdrawn from, unless one says no"
    )
    visitor.follow(visitor.post("/leave", what=what, sure="yes", also=stranger.subject))
    assert (kinds(visitor, second), kinds(visitor, first), kinds(visitor, stranger)) == ([what], [], [])
    done = visitor.follow(visitor.post("/leave", what=what, sure="yes", also=first.subject))
    assert "for each record you chose" in done
    assert kinds(visitor, first) == [what]
    assert kinds(visitor, stranger) == []


def test_a_record_that_a_fresh_code_is_not_for_is_left_by_itself(visitor: Visitor, two: Two, clock: FixedClock) -> None:
    """Its address is another one now: it is not offered, and holds up nothing here."""
    (first, second), senim = two, visitor.senim
    source = next(name for name, one in visitor.stage.policy.sources.items() if one.kind == "subject")
    moved = {"contact.email": Kept("moved@people.example", source, 0, "verified")}
    senim.run(visitor.stage.actor, lambda work: senim.vault.put(work, senim.subjects.about(work, first.subject), moved))
    clock.move(minutes=25)
    assert 'name="also"' not in visitor.get("/leave")
    form = {"what": "withdraw", "sure": "yes", "also": first.subject}
    assert visitor.post("/leave", **form).location == "/portal/code"
    visitor.follow(visitor.freshen())
    visitor.follow(visitor.post("/leave", **form))
    assert (kinds(visitor, second), kinds(visitor, first)) == (["withdraw"], [])


def test_what_is_refused_for_one_record_is_told_and_takes_nothing_back(visitor: Visitor, two: Two) -> None:
    """One record had more requests than people make: for the other one is opened, and the page says so of both."""
    first, second = two
    visitor.get("/")
    visitor.post("/record", record=first.subject)
    form = {"what": "erase", "sure": "yes"}
    while visitor.post("/leave", **form).status_code == 303:
        pass
    made = kinds(visitor, first)
    visitor.post("/record", record=second.subject)
    page = visitor.follow(visitor.post("/leave", **form, also=first.subject))
    assert "Your request is received" in page
    assert "no request could be taken up for the record made on" in page
    assert (kinds(visitor, second), kinds(visitor, first)) == (["erase"], made)


def test_signing_out_leaves_no_record_open(visitor: Visitor, two: Two) -> None:
    """Neither here, nor elsewhere when that is ended from here."""
    database = visitor.senim.database
    elsewhere = Visitor(visitor.stage)
    elsewhere.sign_in(two[0])

    def open_ones() -> list[int]:
        return [len(sessions_of(database, one.subject)) for one in two]

    assert open_ones() == [2, 2]
    visitor.get("/sessions")
    visitor.follow(visitor.post("/sessions/end-others"))
    assert open_ones() == [1, 1]
    visitor.follow(visitor.post("/sign-out"))
    assert open_ones() == [0, 0]


def test_whom_nothing_tells_apart_is_shown_the_way_out(staged: Callable[[bytes], Stage]) -> None:
    """Two given names and nothing to tell: neither opens online, and the page leads to where one asks without it."""
    visitor = Visitor(staged(profile("tickets")))
    address = {"contact.email": "alice@people.example", "inquiry.message": "Is there a cloakroom?"}
    for given in ("Alice", "Mallory"):
        visitor.stage.person("question", values={**address, "identity.given": given})
    visitor.ask_code(address["contact.email"])
    page = visitor.follow(visitor.post("/sign-in/code", code=visitor.letters.code))
    assert "<select" not in page
    assert "We could not tell who you are this way" in page
    assert 'href="/privacy/en/rights"' in page
    rights = visitor.client.get("/privacy/en/rights").text
    assert "/privacy/en/requests/new" in rights


def test_who_cannot_tell_is_let_into_what_holds_nothing(staged: Callable[[bytes], Stage]) -> None:
    """Two people at one address, and a sign-up: the page asks for what they have, and opens the sign-up without it."""
    visitor = Visitor(staged(profile("tickets")))
    address = {"contact.email": "alice@people.example"}
    for number in (1, 2):
        visitor.stage.person(
            "order", values={**visitor.stage.values("order"), **address, "purchases.number": f"T-{number}"}
        )
    visitor.stage.person("newsletter", values=address)
    visitor.ask_code(address["contact.email"])
    page = visitor.follow(visitor.post("/sign-in/code", code=visitor.letters.code))
    assert re.findall(r'<option value="([^"]+)"', page) == ["purchases.number"]
    assert "1990-12-31" not in page, "no date is asked for"
    assert [visitor.post("/sign-in/who", field="purchases.number", value="T-9").status_code for _ in range(3)] == [
        200
    ] * 3
    assert "What we hold about you" in visitor.follow(visitor.post("/sign-in/who", bare="yes"))
    assert "T-1" not in visitor.get("/data")
    assert visitor.get("/data").count("/portal/data/") == 1
