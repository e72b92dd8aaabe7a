"""The form for whoever has no account: it opens a request, asks little, tells nothing of who is on file."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import Client, TestResponse

from senim.errors import Code
from senim.languages import LANGUAGES, explain
from senim.rights import State, Way, store
from senim.rights.limits import FROM_ONE_PLACE, OPENINGS
from senim.testing import FixedClock, Person, Stage
from senim.web.site import site
from tests.doors.conftest import Door
from tests.doors.test_public_pages import Page
from tests.features.acting import senim_of
from tests.features.rights.scene import Letters, now

FORM = "/privacy/en/requests/new"


def door(stage: Stage) -> Client:
    """The public pages."""
    return Client(site(senim_of(stage)))


def token(client: Client, kind: str = "copy") -> str:
    """What a form that is shown now carries."""
    found = re.search(r'name="form" value="([^"]+)"', client.get(f"{FORM}?kind={kind}").text)
    assert found
    return found[1]


def send(client: Client, kind: str = "copy", **fields: str) -> TestResponse:
    """A form as a browser sends it; ``site_of`` is what the browser says of the page that it came from."""
    site_of = fields.pop("site_of", "")
    form = fields.pop("form", None) or token(client, kind)
    place = {"REMOTE_ADDR": "192.0.2.7"}
    headers = {"Sec-Fetch-Site": site_of} if site_of else {}
    return client.post(FORM, data={"kind": kind, "form": form, **fields}, headers=headers, environ_overrides=place)


def email(person: Person) -> str:
    """The address that is on file."""
    return person.values["contact.email"]


def test_a_request_is_made_without_an_account_and_shown_with_its_clock(stage: Stage) -> None:
    """travel-35, foundation-33: number, term in words and the code come at once; then it goes on by itself."""
    letters, person = Letters(senim_of(stage)), stage.person()
    client = door(stage)
    answer = send(client, email=email(person))
    assert answer.status_code == 303
    status = client.get(answer.headers["Location"])
    page = Page(status.text)
    assert status.headers["Cache-Control"] == "no-store"
    number = re.search(r"R-\d{4}-\d{8}", page.text)
    assert number
    assert "Answer by" in page.text
    assert page.source.count('aria-current="step"') == 1
    request = now(stage, number[0])
    assert (request.way, request.state) == (Way.PORTAL, State.IDENTITY_NEEDED)
    secret = answer.headers["Location"].rpartition("token=")[2]
    shown = client.post(f"/requests/{number[0]}/code", data={"code": letters.code, "token": secret, "language": "kk"})
    assert shown.status_code == 303
    assert "language=kk" in shown.headers["Location"]
    assert '<html lang="kk">' in client.get(shown.headers["Location"]).text
    assert now(stage, number[0]).state is not State.IDENTITY_NEEDED


def test_another_code_can_be_asked_for_and_not_without_end(stage: Stage) -> None:
    """A letter that did not come is sent again, five times; the page says when it is enough."""
    letters, person = Letters(senim_of(stage)), stage.person()
    client = door(stage)
    place = send(client, email=email(person)).headers["Location"]
    path, _, secret = place.partition("?token=")
    first = letters.code
    again = client.post(f"{path}/again", data={"token": secret})
    assert again.status_code == 303
    assert letters.code != first
    for _ in range(5):
        last = client.post(f"{path}/again", data={"token": secret})
    assert last.status_code == 200
    assert 'role="alert"' in last.text
    assert client.post(f"{path}/again", data={"token": "x"}).status_code == 404


@pytest.mark.parametrize("kind", ["copy", "erase", "withdraw"])
def test_nothing_tells_whether_somebody_is_on_file(stage: Stage, kind: str) -> None:
    """No enumeration: known and unknown addresses lead to the same page."""
    Letters(senim_of(stage))
    person, client = stage.person(), door(stage)
    pages = []
    for address in (email(person), "nobody@people.example"):
        place = send(client, kind, email=address).headers["Location"]
        text = client.get(place).text
        pages.append(re.sub(r"R-\d{4}-\d{8}|token=[\w-]+|value=\"[\w-]{30,}\"", "·", text))
    assert pages[0] == pages[1]


def test_what_is_asked_for_reaches_the_request(stage: Stage) -> None:
    """A correction names the field and what is right; a withdrawal its purposes; a block its reason."""
    senim, person = senim_of(stage), stage.person()
    Letters(senim)
    client = door(stage)

    def opened(kind: str, **fields: str) -> str:
        place = send(client, kind, email=email(person), **fields).headers["Location"]
        return place.partition("?")[0].rpartition("/")[2]

    correct = opened("correct", field="identity.given", value="Әлия", text="And the rest too.")
    withdraw, block = opened("withdraw", purpose="newsletter"), opened("block", ground="unlawful")
    assert now(stage, withdraw).purposes == ("newsletter",)
    assert now(stage, block).ground == "unlawful"
    read = senim.run(senim.actor(), lambda work: senim.rights.read(work, correct))
    assert (read.changes, read.text) == ({"identity.given": "Әлия"}, "And the rest too.")


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "nobody": ({}, "Give at least"),
    "no address": ({"contact.order": "A-1"}, "Where shall we answer?"),
    "not an address": ({"email": "anna at people"}, "does not look like an e-mail"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_a_request_is_told_on_the_form(stage: Stage, what: str) -> None:
    """The form comes back as it was sent, with what is lacking; nothing is opened."""
    fields, told = WRONG[what]
    answer = send(door(stage), text="<b>mine</b>", **fields)
    assert answer.status_code == 422
    assert told in Page(answer.text).text
    assert "&lt;b&gt;mine&lt;/b&gt;" in answer.text
    assert list(senim_of(stage).rights.everything(senim_of(stage).database)) == []


def test_a_complaint_needs_words(stage: Stage) -> None:
    """What happened has to be said."""
    answer = send(door(stage), "complaint", email="anna@people.example")
    assert answer.status_code == 422
    assert "what happened" in Page(answer.text).text


def test_only_forms_of_ours_are_taken_and_not_old_ones(stage: Stage, clock: FixedClock) -> None:
    """No session and no cookie, and still no other site sends the form for somebody."""
    client = door(stage)
    good, fields = token(client), {"email": "anna@people.example"}
    assert "Set-Cookie" not in client.get(FORM).headers
    at, _, mark = good.partition(".")
    for forged in ("", "x", f"{at}.{mark[:-1]}0" if mark[-1] != "0" else f"{at}.{mark[:-1]}1", f"{int(at) + 1}.{mark}"):
        answer = client.post(FORM, data={"kind": "copy", "form": forged, **fields})
        assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)
    assert send(client, form=good, site_of="cross-site", **fields).status_code == 403
    clock.move(hours=3)
    assert send(client, form=good, **fields).status_code == 400
    assert send(client, site_of="same-origin", **fields).status_code == 303


def test_a_complaint_of_unlawful_processing_blocks_until_it_is_looked_into(stage: Stage) -> None:
    """Whoever complains may say what is wrong; once it is shown who asks, the data serves nothing (94-V 25(2)(8))."""
    letters, person = Letters(senim_of(stage)), stage.person()
    client = door(stage)
    assert "we block it while we check" in client.get(f"{FORM}?kind=complaint").text
    sent = send(client, "complaint", email=email(person), text="You call at night.", ground="unlawful")
    path, _, secret = sent.headers["Location"].partition("?token=")
    client.post(f"{path}/code", data={"code": letters.code, "token": secret})
    request = now(stage, path.rpartition("/")[2])
    assert (request.state, request.blocked) == (State.IN_CHECK, True)


def test_nobody_s_mailbox_is_flooded(stage: Stage) -> None:
    """So many requests a day to one address, then it is told to wait, known or unknown alike."""
    client = door(stage)
    form = token(client)
    codes = [send(client, form=form, email="anna@people.example").status_code for _ in range(OPENINGS + 1)]
    assert codes == [303] * OPENINGS + [429]


def test_nobody_floods_the_form_from_one_place(lone_door: Door, clock: FixedClock) -> None:
    """So many in a quarter of an hour from one place of the network, whatever they name; then an office may again."""
    client = door(lone_door.stage)
    form = token(client)
    for number in range(FROM_ONE_PLACE["open"]):
        assert send(client, form=form, email=f"person{number}@people.example").status_code == 303
    answer = send(client, form=form, email="another@people.example")
    assert (answer.status_code, 'role="alert"' in answer.text) == (429, True)
    clock.move(minutes=15)
    assert send(client, form=form, email="another@people.example").status_code == 303
    assert _places(lone_door.stage)
    clock.move(hours=2)
    senim_of(lone_door.stage).rights.tidy()
    assert not _places(lone_door.stage), "not even the digest of a place stays"


def _places(stage: Stage) -> list[bytes]:
    """The digests of places of the network that are counted."""
    return [bytes(one[2]) for one in senim_of(stage).database.read(store._OLD_PLACES, 1 << 60, "% from", 100)]


def test_codes_are_tried_and_asked_for_so_often_from_one_place(stage: Stage, clock: FixedClock) -> None:
    """Whoever walks through requests with codes waits a quarter of an hour; others elsewhere do not."""
    client, here = door(stage), {"REMOTE_ADDR": "2001:db8::7"}
    sent = send(client, email="anna@people.example").headers["Location"]
    path, secret = sent.partition("?")[0], sent.rpartition("token=")[2]

    def tried(address: str, what: str = "code") -> str:
        form = {"code": "000000", "token": secret, "language": "en"}
        return client.post(f"{path}/{what}", data=form, environ_overrides={"REMOTE_ADDR": address}).text

    for number in range(FROM_ONE_PLACE["try"]):
        assert explain(Code.TOO_MANY_ATTEMPTS, "en") not in tried(f"2001:db8::{number:x}"), "one network is one place"
    assert explain(Code.TOO_MANY_ATTEMPTS, "en") in tried(here["REMOTE_ADDR"])
    assert explain(Code.TOO_MANY_ATTEMPTS, "en") not in tried("2001:db8:1::7")
    clock.move(minutes=15)
    assert explain(Code.TOO_MANY_ATTEMPTS, "en") not in tried(here["REMOTE_ADDR"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_is_for_nobody_else_s_eyes(stage: Stage, language: str) -> None:
    """Not kept by caches, not found by search engines, no script in it; what is not a kind is not there."""
    client = door(stage)
    answer = client.get(f"/privacy/{language}/requests/new?kind=erase")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    page = Page(answer.text)
    assert page.language == language
    assert page.headings.count(1) == 1
    for wrong in ("", "x", "unblock", "<script>"):
        assert client.get(f"/privacy/{language}/requests/new?kind={wrong}").status_code == 404
