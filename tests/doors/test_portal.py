"""The portal: a person sees, says, changes and asks; nobody sees anybody else (airline-7, airline-11, shop-18 …)."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
import yaml

from senim.audit.searching import LOOKED
from senim.collection import OnBehalf
from senim.conformance import cast
from senim.disclosure import Handing
from senim.errors import Code
from senim.languages import LANGUAGES, explain
from senim.rights import Attached, Ground, Kind, Opening, State, Way
from senim.testing import FixedClock, Person, Stage
from tests.doors.visitor import Visitor

PAGES = (
    "/", "/data", "/data/identity", "/use", "/received", "/choices", "/choices/agree?to=newsletter", "/receipts",
    "/requests", "/requests/new/claim", "/requests/new/block", "/copy", "/leave", "/people", "/messages", "/guide",
    "/sessions", "/policy", "/correct/identity.family", "/correct/contact.email", "/visibility", "/code",
)  # fmt: skip


@pytest.fixture
def person(stage: Stage) -> Person:
    """Somebody on file."""
    return stage.person()


@pytest.fixture
def visitor(stage: Stage, person: Person) -> Visitor:
    """The same person, signed in."""
    visitor = Visitor(stage)
    visitor.sign_in(person)
    return visitor


def test_nobody_comes_in_unsigned_and_comes_back_where_they_wanted(stage: Stage, person: Person) -> None:
    """Each page leads to the sign-in, and after it to where one was going; forms lead there too."""
    visitor = Visitor(stage)
    for path in PAGES:
        answer = visitor.client.get(f"/portal{path}")
        assert (answer.status_code, answer.location) == (303, "/portal/sign-in"), path
    visitor.get("/sign-in")
    for form in ("/confirm", "/choices/refuse", "/leave", "/copy/whole", "/people", "/sign-out", "/policy"):
        assert visitor.post(form).location == "/portal/sign-in"
    visitor.client.get("/portal/choices/agree?to=newsletter")
    visitor.ask_code(person.values["contact.email"])
    back = visitor.post("/sign-in/code", code=visitor.letters.code)
    assert back.location == "/portal/choices/agree?to=newsletter"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_opens_in_three_languages(stage: Stage, language: str) -> None:
    """Under 100 kB, not kept by caches, with no value of the person in an address."""
    visitor, someone = Visitor(stage, language=language), stage.person()
    visitor.sign_in(someone)
    for path in PAGES:
        answer = visitor.client.get(f"/portal{path}", headers={"Accept-Language": language})
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "no-store"
        assert len(answer.data) < 100_000
        assert f'<html lang="{language}">' in answer.text
        addresses = re.findall(r'(?:href|action)="([^"]+)"', answer.text)
        assert not [one for one in addresses for value in someone.values.values() if len(value) > 4 and value in one]


def test_known_and_unknown_are_answered_alike(stage: Stage, person: Person) -> None:
    """No page tells who is on file, neither by what it says nor by where it leads."""
    pages = []
    for contact in (person.values["contact.email"], "nobody@people.example"):
        visitor = Visitor(stage)
        told = visitor.ask_code(contact)
        wrong = visitor.post("/sign-in/code", code="000000")
        pages.append([re.sub(r'(value|nonce)="[^"]{20,}"', "", one) for one in (told, wrong.text)])
    assert pages[0] == pages[1]
    visitor = Visitor(stage)
    visitor.get("/sign-in")
    assert "does not look like an address" in visitor.post("/sign-in", contact="no address").text


def test_the_cookie_is_another_one_after_signing_in(stage: Stage, person: Person) -> None:
    """A cookie that somebody planted before is worth nothing; nor is the one of before signing out."""
    visitor = Visitor(stage)
    visitor.ask_code(person.values["contact.email"])
    planted = visitor.cookie()
    visitor.follow(visitor.post("/sign-in/code", code=visitor.letters.code))
    kept = visitor.cookie()
    assert kept != planted
    other = Visitor(stage)
    other.client.set_cookie("senim-portal", planted, path="/portal")
    assert other.client.get("/portal/").status_code == 303
    visitor.get("/sessions")
    visitor.follow(visitor.post("/sign-out"))
    other.client.set_cookie("senim-portal", kept, path="/portal")
    assert other.client.get("/portal/").status_code == 303


def test_forms_need_their_token(visitor: Visitor) -> None:
    """Another site cannot send one."""
    visitor.token = "made-up"
    for path in ("/confirm", "/choices/refuse", "/sign-out", "/leave", "/sessions/end-others"):
        refused = visitor.post(path, to="newsletter")
        assert refused.status_code == 400
        assert explain(Code.FORM_OUTDATED, "en") in unescape(refused.text)


def test_data_is_shown_when_asked_for_and_the_look_is_logged(visitor: Visitor, person: Person) -> None:
    """Masked until asked; what no human sees is explained and not shown."""
    listing = visitor.get("/data")
    assert person.values["contact.email"] not in listing
    assert "No human sees this data" in listing
    shown = visitor.get("/data/contact")
    assert person.values["contact.email"] in shown
    assert "as stated, not checked" in shown
    assert person.values["payment-card.pan"] not in visitor.get("/data/payment-card", status=403)
    visitor.get("/data/nothing", status=404)
    log = visitor.senim.log.everything_about(person.subject)
    assert [one.outcome for one in log if one.act == "account.shown"] == ["done", "refused", "refused"]


def test_a_value_is_put_right(visitor: Visitor, person: Person) -> None:
    """At once where the person stated it, by a request where it finds people; a refusal stands beside the field."""
    visitor.get("/correct/identity.family")
    wrong = visitor.post("/correct/identity.family", how="at-once", value=cast.card(5))
    assert "We cannot keep this" in wrong.text
    assert "without digits and signs" in visitor.post("/correct/identity.family", how="at-once", value="Iva7nov").text
    assert "Qayratova" in visitor.follow(visitor.post("/correct/identity.family", how="at-once", value="Qayratova"))
    page = visitor.get("/correct/contact.email")
    assert "a member of staff looks at the change" in page
    by_force = visitor.post("/correct/contact.email", how="at-once", value="new@people.example")
    assert by_force.status_code == 200
    opened = visitor.follow(visitor.post("/correct/contact.email", how="request", value="new@people.example"))
    assert "Correction of data" in opened
    assert visitor.get("/correct/payment-card.pan", status=404)
    assert visitor.get("/correct/no.such", status=404)


def test_choices_work_as_forms(visitor: Visitor, person: Person) -> None:
    """Off at once, on after the notice; what was seen then and the receipt stay (travel-40, travel-48)."""
    visitor.get("/choices")
    page = visitor.follow(visitor.post("/choices/refuse", to="newsletter@email"))
    assert "with effect at once" in page
    before = visitor.get("/choices/agree?to=newsletter@email")
    notice = re.search(r'name="notice" value="([0-9a-f]{64})"', before)
    assert notice
    assert "on record" in visitor.follow(visitor.post("/choices/agree", to="newsletter@email", notice=notice[1]))
    receipts = visitor.get("/receipts")
    newest = re.search(r"/portal/receipts/([0-9a-f]{32})", receipts)
    assert newest
    assert "Mini LLP" in visitor.get(f"/choices/seen/{newest[1]}")
    assert visitor.get(f"/receipts/{newest[1]}").count(".") == 2
    visitor.get("/choices/agree?to=nothing", status=404)
    stranger = Visitor(visitor.stage, letters=visitor.letters)
    stranger.sign_in(visitor.stage.person())
    stranger.get(f"/receipts/{newest[1]}", status=404)
    stranger.get(f"/choices/seen/{newest[1]}", status=404)


def test_who_received_it_is_told(visitor: Visitor, person: Person) -> None:
    """travel-34: whoever really got it, when and what."""
    assert "handed to nobody" in visitor.get("/received")
    handing = Handing(recipient="courier", purpose="delivery", country="KZ")
    make = visitor.senim.disclosures.make
    visitor.senim.run(visitor.stage.actor, lambda work: make(work, [person.subject], handing))
    told = visitor.get("/received")
    assert "Courier (Kazakhstan)" in told
    assert person.values["contact.phone"] not in told
    asked = Handing(recipient="tax", purpose="bookkeeping", reason="17-3/44")
    visitor.senim.run(visitor.stage.actor, lambda work: make(work, [person.subject], asked))
    told = visitor.get("/received")
    assert ("Tax authority" in told, "17-3/44" in told) == (True, False)  # who and when; the paper is for staff


def test_long_lists_are_told_page_by_page_the_newest_first(visitor: Visitor, person: Person) -> None:
    """Twenty at once, sealed or not yet, each once; however much else the log tells of the person between."""
    senim, stage = visitor.senim, visitor.stage

    def hand(purpose: str = "delivery") -> None:
        handing = Handing(recipient="courier", purpose=purpose, country="KZ")
        senim.run(stage.actor, lambda work: senim.disclosures.make(work, [person.subject], handing))

    for _ in range(23):
        hand()
    senim.tick()
    senim.run(stage.actor, lambda work: [work.record("data.read", subject=person.subject) for _ in range(LOOKED)])
    senim.tick()
    hand()
    first = visitor.get("/received")
    found, onwards = [first.count("Courier (Kazakhstan)")], _older(first)
    while onwards:
        page = visitor.get(f"/received?before={onwards}")
        found.append(page.count("Courier (Kazakhstan)"))
        assert "The newest" in page
        onwards = _older(page)
    table = first.count("Courier (Kazakhstan)") - 1
    assert sum(found) - table * len(found) == 24
    assert len(found) == 3
    visitor.get("/received?before=x")
    visitor.get(f"/received?before={10**30}")


def _older(page: str) -> str:
    found = re.search(r'href="/portal/received\?before=(\d+)"', page)
    return found[1] if found else ""


def test_requests_are_followed_by_number(visitor: Visitor, person: Person) -> None:
    """Clock in words, steps, more words, a paper, taking it back; somebody else's number is not found."""
    visitor.get("/requests/new/claim")
    assert "what has happened" in visitor.post("/requests/new/claim", text=" ").text
    opened = visitor.post("/requests/new/claim", text="Return the money.")
    number = opened.location.rpartition("/")[2]
    page = visitor.follow(opened)
    assert "Answer by 24:00" in page
    assert number in visitor.get("/requests")
    paper = {"csrf_token": visitor.token, "text": "The cheque.", "file": (io.BytesIO(b"%PDF-1.7"), "cheque.pdf")}
    assert visitor.client.post(f"/portal/requests/{number}/add", data=paper).status_code == 303
    paper = {"csrf_token": visitor.token, "text": "", "file": (io.BytesIO(b"MZ"), "cheque.exe")}
    assert "PDF, JPEG" in visitor.client.post(f"/portal/requests/{number}/add", data=paper).text
    paper = {"csrf_token": visitor.token, "text": "", "file": (io.BytesIO(b""), "cheque.pdf")}
    assert "не пустой" in visitor.client.post(f"/portal/requests/{number}/add", data=paper).text
    assert "added nothing" in visitor.post(f"/requests/{number}/add", text=" ").text
    stranger = Visitor(visitor.stage, letters=visitor.letters)
    stranger.sign_in(visitor.stage.person())
    stranger.get(f"/requests/{number}", status=404)
    stranger.get(f"/requests/{number}/answer/json", status=404)
    for verb in ("add", "take-back"):
        assert stranger.post(f"/requests/{number}/{verb}", text="x").status_code == 404
    visitor.get("/requests/R-2026-00000000", status=404)
    visitor.get("/requests/new/nothing", status=404)
    sure = visitor.get(f"/requests/{number}/take-back")
    assert "cannot be opened again" in sure
    assert visitor.senim.rights.find(visitor.senim.database, number).state is State.RECEIVED
    assert f'action="/portal/requests/{number}/take-back"' not in visitor.get(f"/requests/{number}")
    assert "Withdrawn by the person" in visitor.follow(visitor.post(f"/requests/{number}/take-back"))
    assert "take-back" not in visitor.get(f"/requests/{number}")
    assert visitor.client.get(f"/portal/requests/{number}/take-back").status_code == 303


def test_who_asked_sees_what_they_wrote_and_sent(visitor: Visitor, person: Person, clock: FixedClock) -> None:
    """Words, changes and files of one's own, while kept; a file wants a fresh code, each look is logged."""
    senim = visitor.senim
    right = {"contact.phone": "+77990000001"}
    opening = Opening(kind="correct", way=Way.PORTAL, language="en", subject=person.subject, text="It is <new>.",
                      ground=Ground.INACCURATE, changes=right)  # fmt: skip
    number = senim.run(senim.actor(), lambda work: senim.rights.open(work, opening)).number
    papers = [Attached(what=what, media="application/pdf", content=b"%PDF-1.7 x") for what in ("evidence", "scan")]
    for one in papers:
        senim.run(senim.actor(), lambda work, one=one: senim.rights.attach(work, number, one))  # type: ignore[misc]
    page = visitor.get(f"/requests/{number}")
    assert "It is &lt;new&gt;." in visitor.client.get(f"/portal/requests/{number}").text
    assert "+77990000001" in page
    found = re.findall(rf'href="/portal(/requests/{number}/papers/[^"]+)"', page)
    assert len(found) == 1, "what staff scanned is not shown"
    fresh = visitor.client.get(f"/portal{found[0]}")
    assert (fresh.status_code, fresh.data) == (200, b"%PDF-1.7 x")
    assert "attachment" in fresh.headers["Content-Disposition"]
    acts = [one.act for one in senim.rights.listing.traces(senim.database, number)]
    assert acts.count("request.read") == 3
    scan = next(one.id for one in senim.rights.find(senim.database, number).papers if one.what == "scan")
    visitor.get(f"/requests/{number}/papers/{scan}", status=404)
    clock.move(minutes=20)
    asked = visitor.client.get(f"/portal{found[0]}")
    assert (asked.status_code, b"%PDF" in asked.data) == (303, False)
    stranger = Visitor(visitor.stage, letters=visitor.letters)
    stranger.sign_in(visitor.stage.person())
    stranger.get(found[0], status=404)


def test_what_staff_have_destroyed_is_no_request_of_the_person(visitor: Visitor, person: Person) -> None:
    """Nobody asked: it stands in no list, and nobody can take it back."""
    senim = visitor.senim
    begin, about = senim.rights.destruction.begin, senim.subjects.about
    number = senim.run(senim.actor(), lambda work: begin(work, about(work, person.subject), reason="unlawful")).number
    assert number not in visitor.get("/requests")
    visitor.get(f"/requests/{number}", status=404)
    assert visitor.post(f"/requests/{number}/take-back").status_code == 404


def test_what_cannot_be_undone_asks_for_a_code_and_comes_back(
    visitor: Visitor, person: Person, clock: FixedClock
) -> None:
    """Erasing, withdrawing all, carrying all away: after ten minutes with a fresh code; then it is done."""
    clock.move(minutes=11)
    visitor.get("/leave")
    assert "Tick the box" in visitor.post("/leave", what="erase").text
    asked = visitor.post("/leave", what="erase", sure="yes")
    assert asked.location == "/portal/code"
    assert visitor.client.get("/portal/copy/json").location == "/portal/code"
    assert visitor.freshen().location == "/portal/copy"
    told = json.loads(visitor.get("/copy/json"))
    assert told["data"]["contact.email"]["value"] == person.values["contact.email"]
    assert visitor.client.get("/portal/copy/pdf").data.startswith(b"%PDF")
    visitor.get("/leave")
    assert "Withdrawal of consent" in visitor.follow(visitor.post("/leave", what="withdraw", sure="yes"))
    visitor.get("/leave")
    number = visitor.post("/leave", what="erase", sure="yes").location.rpartition("/")[2]
    assert visitor.senim.rights.find(visitor.senim.database, number).kind is Kind.ERASE
    assert visitor.post("/leave", what="nothing", sure="yes").status_code == 404


def test_the_answer_is_read_in_the_account(visitor: Visitor, person: Person) -> None:
    """With a fresh code; each look is in the log."""
    visitor.get("/copy")
    number = visitor.post("/copy/whole").location.rpartition("/")[2]
    senim, actor = visitor.senim, visitor.stage.actor
    senim.run(actor, lambda work: senim.rights.handling.decide(work, number, granted=True))
    senim.orders.run_due("rights")
    assert senim.rights.find(senim.database, number).state is State.ANSWERED
    assert f"/portal/requests/{number}/answer/json" in visitor.get(f"/requests/{number}")
    told = json.loads(visitor.get(f"/requests/{number}/answer/json"))
    assert told["data"]["contact.email"]["value"] == person.values["contact.email"]
    assert "Content-Disposition" not in visitor.client.get(f"/portal/requests/{number}/answer/page").headers


def test_a_new_version_is_met_and_read(visitor: Visitor, mini: bytes, person: Person, clock: FixedClock) -> None:
    """foundation-37: what changed, which consents are asked for anew, and the word that one has read it."""
    assert "privacy policy has changed" not in visitor.get("/")
    clock.move(minutes=1)
    plain = yaml.safe_load(mini)
    plain["purposes"]["newsletter"]["uses"].append("identity.given")
    plain["clauses"][1]["says"]["en"] = "We take what the order needs, and nothing else."
    publish = visitor.senim.policies.publish
    visitor.senim.run(visitor.stage.actor, lambda work: publish(work, yaml.safe_dump(plain).encode()))
    visitor.senim.policies._looked = 0.0
    assert "privacy policy has changed" in visitor.get("/")
    page = visitor.get("/policy")
    beside = "/privacy/en/changes/1/2"
    assert beside in page
    assert "and nothing else." in visitor.client.get(beside).text.replace("<ins>", "").replace("</ins>", "")
    assert "newsletter" in page
    assert "Until you agree to the new text" in page
    assert "on record" in visitor.follow(visitor.post("/policy"))
    assert "privacy policy has changed" not in visitor.get("/")


def test_the_overview_tells_of_a_consent_to_one_channel_too(stage: Stage) -> None:
    """Whoever agreed to e-mail alone agreed to something, and it is named once (travel-40)."""
    asked = stage.consents("registration", only=lambda ask: ask.ask == "required" or ask.channel == "email")
    someone = stage.person("registration", consents=asked)
    visitor = Visitor(stage)
    page = visitor.sign_in(someone)
    assert "agreed to nothing" not in page
    assert page.count(f"<li>{stage.policy.purposes['newsletter'].name.en}</li>") == 1


def test_data_is_confirmed_with_its_date(visitor: Visitor, person: Person, clock: FixedClock) -> None:
    """tickets-6, shop-18: asked the next day, and a year later again."""
    assert "Is your data still right?" not in visitor.get("/")
    for days in (1, 365):
        clock.move(days=days)
        other = Visitor(visitor.stage, letters=visitor.letters)
        other.sign_in(person)
        assert "Is your data still right?" in other.get("/")
        assert "on record with its date" in other.follow(other.post("/confirm"))
        assert "Is your data still right?" not in other.get("/")


def test_sessions_are_listed_and_ended(visitor: Visitor, person: Person) -> None:
    """Elsewhere and everywhere; somebody else's is not found."""
    there = Visitor(visitor.stage, letters=visitor.letters)
    there.sign_in(person)
    page = visitor.get("/sessions")
    assert "Another device" in page
    stranger = Visitor(visitor.stage, letters=visitor.letters)
    stranger.sign_in(visitor.stage.person())
    session = re.search(r'name="session" value="([0-9a-f]{32})"', page)
    assert session
    stranger.get("/sessions")
    assert stranger.post("/sessions/end", session=session[1]).status_code == 404
    visitor.get("/sessions")
    assert "Another device" not in visitor.follow(visitor.post("/sessions/end-others"))
    assert there.client.get("/portal/").status_code == 303


def test_an_erased_person_is_told_kindly(visitor: Visitor, person: Person) -> None:
    """The session is over; nothing of anybody is shown."""
    senim, about = visitor.senim, visitor.senim.subjects.about
    senim.run(visitor.stage.actor, lambda work: senim.vault.erase(work, about(work, person.subject), reason="request"))
    answer = visitor.client.get("/portal/data/contact")
    assert answer.location == "/portal/sign-in"
    assert "For your safety the session has ended" in visitor.get("/sign-in")


def test_a_blocked_person_sees_that_and_their_data(visitor: Visitor, person: Person) -> None:
    """A block stops others, and not the person's own eyes; what is wrong they ask to have put right."""
    visitor.get("/requests/new/block")
    visitor.follow(visitor.post("/requests/new/block", ground="inaccurate", text="Wrong address."))
    assert "Your data is blocked" in visitor.get("/")
    assert person.values["contact.email"] in visitor.get("/data/contact")
    path = "/correct/identity.family"
    assert "blocked until a check is over" in visitor.get(path)
    before_the_block = visitor.post(path, how="at-once", value="Qayratova").text
    assert "blocked until a check is over" in before_the_block
    assert 'value="Qayratova"' in before_the_block
    opened = visitor.post(path, how="request", value="Qayratova")
    assert "/requests/R-" in opened.location
    assert person.values["identity.family"] in visitor.get("/data/identity")


@pytest.mark.parametrize("kind", ["complaint", "block", "erase", "access"])
def test_the_portal_asks_for_the_same_grounds_as_the_form_for_everybody(visitor: Visitor, kind: str) -> None:
    """None of them is chosen before the person does (94-V 25(2)(8))."""
    public = visitor.client.get(f"/privacy/en/requests/new?kind={kind}").text
    asked = re.findall(r'<option value="([a-z-]*)"', public.partition('name="ground"')[2].partition("</select>")[0])
    shown = visitor.get(f"/requests/new/{kind}")
    assert re.findall(r'name="ground" value="([a-z-]*)"', shown) == asked
    assert bool(asked) is (kind != "access")
    assert re.findall(r'name="ground" value="([a-z-]*)" checked', shown) == asked[:1]


def test_a_complaint_of_unlawful_processing_blocks_from_the_portal_too(visitor: Visitor) -> None:
    """As it does from the form without an account."""
    visitor.get("/requests/new/complaint")
    visitor.follow(visitor.post("/requests/new/complaint", ground="unlawful", text="You call at night."))
    assert "Your data is blocked" in visitor.get("/")


def test_people_for_whom_others_spoke_say_their_word(stage: Stage) -> None:
    """By a link to their own contact; a stranger's person is not found (travel-4, tickets-20)."""
    speaker = stage.person()
    behalf = OnBehalf(authority="agreed-with-person", by=speaker.subject)
    spoken = stage.person(speaker.point, on_behalf_of=behalf)
    visitor = Visitor(stage)
    visitor.sign_in(speaker)
    assert spoken.values["contact.email"] not in visitor.get("/people")
    for nobody in (stage.person().subject, "nobody", ""):
        assert visitor.post("/people", person=nobody).status_code == 404
    assert "on its way" in visitor.follow(visitor.post("/people", person=spoken.subject))
    address, facts = visitor.letters.of("your_word")[0]
    assert address == spoken.values["contact.email"]
    path = str(facts["link"]).partition("/portal")[2]
    guest = Visitor(stage, letters=visitor.letters)
    page = guest.get(path)
    assert spoken.values["contact.email"] not in page
    assert "the data is blocked" in page
    assert guest.post(path, word="perhaps").status_code == 404
    assert "The data is blocked." in guest.follow(guest.post(path, word="no"))
    assert "Refused; the data is blocked" in visitor.get("/people")
    guest.get("/word/AAAA", status=404)


def test_several_people_behind_one_address(stage: Stage, person: Person) -> None:
    """One more identifier, asked for kindly; after three wrong ones the counter."""
    request = stage.request(person.point)
    values = {**request.values, "contact.email": person.values["contact.email"]}
    stage.take(stage.request(person.point, values={**values, "identity.iin": cast.iin(77)}))
    visitor = Visitor(stage)
    visitor.ask_code(person.values["contact.email"])
    page = visitor.follow(visitor.post("/sign-in/code", code=visitor.letters.code))
    assert "Several people may share this address" in page
    wrong = [visitor.post("/sign-in/who", field="identity.iin", value=cast.iin(78)) for _ in range(3)]
    assert "does not fit" in wrong[0].text
    assert "Come to our office" in wrong[-1].text
    visitor.ask_code(person.values["contact.email"])
    visitor.follow(visitor.post("/sign-in/code", code=visitor.letters.code))
    home = visitor.follow(visitor.post("/sign-in/who", field="identity.iin", value=person.values["identity.iin"]))
    assert "What we hold about you" in home


def test_data_is_opened_to_people_of_ones_choice(staged: Callable[[bytes], Stage]) -> None:
    """airline-7: category by category, taken back at any time."""
    profile = Path(__file__).parents[2] / "src" / "senim" / "profiles" / "airline.yaml"
    stage = staged(profile.read_bytes())
    someone = stage.person("registration")
    visitor = Visitor(stage)
    visitor.sign_in(someone)
    page = visitor.get("/visibility")
    closing = re.search(r'name="to" value="(client/chosen-circle#contact)"', page)
    assert closing
    page = visitor.follow(visitor.post("/choices/refuse", to=closing[1]))
    assert "/portal/choices/agree?to=client/chosen-circle%23contact" in page
    before = visitor.get("/choices/agree?to=client/chosen-circle%23contact")
    notice = re.search(r'name="notice" value="([0-9a-f]{64})"', before)
    assert notice
    assert closing[1] in visitor.follow(visitor.post("/choices/agree", to=closing[1], notice=notice[1]))


def test_messages_are_listed_without_their_words(visitor: Visitor, person: Person) -> None:
    """Which and when; what they said is sealed and then gone."""
    assert "Nothing was sent to you yet" in visitor.get("/messages")
    senim = visitor.senim
    senim.run(
        visitor.stage.actor,
        lambda work: work.record("message.sent", subject=person.subject, reason="received", channel="email"),
    )
    assert "Request received" in visitor.get("/messages")
