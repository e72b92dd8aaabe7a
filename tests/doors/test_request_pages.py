"""A request's own pages: its state, the code that shows who asks, and the answer behind a link of its own."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
import pytest
from werkzeug.test import Client, TestResponse

from senim.identity import SubjectId
from senim.rights import State, Way
from senim.testing import FixedClock, Person, Stage
from senim.web.site import site
from tests.features.acting import senim_of
from tests.features.rights.scene import Letters, act, approve, by, decide, now, opened, run

Staged = Callable[[bytes], Stage]


def door(stage: Stage) -> Client:
    """The public pages."""
    return Client(site(senim_of(stage)))


def path(link: object) -> str:
    """A link of a letter as the path that a browser asks for."""
    parts = urlsplit(str(link))
    return f"{parts.path}?{parts.query}"


def answered(stage: Stage, person: Person, kind: str = "access") -> tuple[str, str]:
    """A request that was answered: its number, and the link of the letter."""
    letters = Letters(senim_of(stage))
    number = by(stage, person, kind).number
    decide(stage, number, granted=True)
    run(stage)
    assert now(stage, number).state is State.ANSWERED
    return number, path(letters.of("answer_ready")[-1][1]["link"])


def private(answer: TestResponse) -> None:
    """Nobody keeps it, nothing runs in it, and it tells nobody where the reader came from."""
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_the_answer_opens_by_its_link_in_every_form(stage: Stage) -> None:
    """travel-35: readable and machine-readable; each look is in the log."""
    senim, person = senim_of(stage), stage.person()
    number, link = answered(stage, person)
    client = door(stage)
    listing = client.get(link)
    assert listing.status_code == 200
    private(listing)
    for form, begins in (("page", b"<!doctype html>"), ("pdf", b"%PDF-"), ("json", b"{"), ("zip", b"PK")):
        got = client.get(link.replace("/answer?", f"/answer/{form}?"))
        assert got.status_code == 200
        assert got.data.startswith(begins)
        private(got)
    packed = zipfile.ZipFile(io.BytesIO(client.get(link.replace("/answer?", "/answer/zip?")).data))
    assert {"answer.html", "answer.json", "answer.pdf"} <= set(packed.namelist())
    told = msgspec.json.decode(packed.read("answer.json"))
    assert told["data"]["contact.email"]["value"] == person.values["contact.email"]
    senim.tick()
    looks = [one.codes for _, one in senim.log.entries() if one.act == "answer.opened" and one.ref == number]
    assert looks == [("page",), ("pdf",), ("json",), ("zip",), ("zip",)]


def test_the_secret_of_the_state_opens_no_answer(stage: Stage) -> None:
    """It was written before it was shown who asks; a wrong one, a wrong number and no secret look alike."""
    person = stage.person()
    letters = Letters(senim_of(stage))
    number, link = answered(stage, person)
    state = path(letters.of("received")[0][1]["link"])
    client = door(stage)
    assert client.get(state).status_code == 200
    secret = state.partition("token=")[2]
    wrong = [
        f"/requests/{number}/answer?token={secret}",
        f"/requests/{number}/answer/json?token={secret}",
        f"/requests/{number}/answer",
        f"/requests/R-2026-00000000/answer?token={link.partition('token=')[2]}",
        f"/requests/{number}?token={link.partition('token=')[2]}",
    ]
    answers = [client.get(one) for one in wrong]
    assert {one.status_code for one in answers} == {404}
    assert len({re.sub(rb"\s+", b"", one.data) for one in answers}) == 1


def test_the_link_ends_and_can_be_sent_anew(stage: Stage, clock: FixedClock) -> None:
    """Thirty days; then the letter comes again, with another secret, to the same address."""
    senim, person = senim_of(stage), stage.person()
    number, link = answered(stage, person)
    client = door(stage)
    clock.move(days=30, seconds=1)
    over = client.get(link)
    assert over.status_code == 404
    letters = Letters(senim)
    act(stage, senim.rights.delivery.renew, number)
    ((address, facts),) = letters.of("answer_ready")
    assert address == person.values["contact.email"]
    assert path(facts["link"]) != link
    assert client.get(path(facts["link"])).status_code == 200
    assert client.get(link).status_code == 404


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_state_is_told_in_the_language_of_the_request(stage: Stage, language: str) -> None:
    """The clock in words, what is missing and how to show who asks, without a script."""
    letters = Letters(senim_of(stage))
    person = stage.person()
    told = opened(
        stage, "access", way=Way.PORTAL, language=language, identifiers={"email": person.values["contact.email"]}
    )
    client, link = door(stage), path(letters.of("received")[0][1]["link"])
    page = client.get(link)
    private(page)
    assert f'<html lang="{language}">' in page.text
    assert told.number in page.text
    assert told.says in page.text.replace('<span class="together">', "").replace("</span>", "")
    form = link.replace("?", "/code?")
    wrong = client.post(form, data={"code": "000000", "token": link.partition("token=")[2]})
    assert wrong.status_code == 200
    assert 'role="alert"' in wrong.text
    right = client.post(form.partition("?")[0], data={"code": letters.code, "token": link.partition("token=")[2]})
    assert right.status_code == 303
    assert now(stage, told.number).state is State.RECEIVED
    assert "one-time-code" not in client.get(link).text


def test_a_stranger_s_page_is_that_of_somebody_known(stage: Stage) -> None:
    """No enumeration: whether the address is on file cannot be seen."""
    letters, person = Letters(senim_of(stage)), stage.person()
    pages = []
    for email in (person.values["contact.email"], "nobody@people.example"):
        told = opened(stage, "access", way=Way.PORTAL, identifiers={"email": email})
        link = path(letters.of("received")[-1][1]["link"])
        page = door(stage).get(link).text
        pages.append(page.replace(told.number, "N").replace(link.partition("token=")[2], "T"))
    assert pages[0] == pages[1]


def test_no_answer_survives_the_person_s_erasure(stage: Stage) -> None:
    """airline-12, travel-39: what was told before goes too; its link opens nothing, its key is destroyed."""
    senim, person = senim_of(stage), stage.person()
    number, link = answered(stage, person, "copy")
    client = door(stage)
    assert client.get(link.replace("/answer?", "/answer/json?")).status_code == 200
    held = now(stage, number).answers_in
    erasure = by(stage, person, "erase").number
    decide(stage, erasure, granted=True)
    run(stage)
    approve(stage, erasure)
    run(stage)
    assert now(stage, erasure).state is State.ANSWERED
    assert client.get(link).status_code == 404
    assert senim.persons.is_erased(SubjectId(held))
    assert not [one for one in now(stage, number).papers if one.id.startswith("answer-")]
    assert "who" not in {one.id for one in now(stage, erasure).papers}
