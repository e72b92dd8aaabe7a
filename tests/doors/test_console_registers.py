"""Registers at the console: what the policy declares, what was handed over, who refuses mailings; each as CSV too."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client

from senim.disclosure import Handing
from senim.disclosure.records import Line
from senim.languages import LANGUAGES, Language, wording
from senim.messaging.marketing import BY_LINK, _Token
from senim.policy.taxonomy import Channel
from senim.testing import Stage
from senim.web.console.tables import REGISTERS
from senim.web.site import site
from tests.console import Colleague, colleague
from tests.features.acting import senim_of

POLICY_ALONE = tuple(REGISTERS)


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def hand_over(me: Colleague, person: Any, recipient: str = "courier", purpose: str = "delivery") -> None:
    handing = Handing(recipient=recipient, purpose=purpose)
    me.senim.run(me.senim.actor(), lambda work: me.senim.disclosures.make(work, [person.subject], handing))
    me.senim.tick()


def refuse(me: Colleague, person: Any) -> None:
    """The person follows the link of a mailing."""
    marketing: Any = me.senim.marketing
    digest = marketing._digest(Channel.EMAIL, person.values["contact.email"])  # as a mailing does
    token = marketing._token(_Token(person.subject, digest, Channel.EMAIL, "newsletter"))
    me.senim.run(BY_LINK, lambda work: marketing.unsubscribe(work, token))


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_registers_of_the_policy(console: Callable[..., Colleague], language: str) -> None:
    """Every declaration has its line on the page and in the file, in the reader's language."""
    me = console(language=language)
    policy = me.senim.policies.in_force(me.senim.works.clock.now()).policy
    names = {
        "purposes": [one.name for one in policy.purposes.values()],
        "recipients": [one.name for one in policy.recipients.values()],
        "points": [one.name for one in policy.points.values()],
        "sources": [one.name for one in policy.sources.values()],
        "roles": [one.name for one in policy.roles.values()],
    }
    overview = me.get("/console/registers/").text
    for name in POLICY_ALONE:
        assert f"/console/registers/{name}" in overview
        page, lines = me.get(f"/console/registers/{name}"), rows(me.get(f"/console/registers/{name}.csv").data)
        assert page.status_code == 200
        for text, line in zip(names.get(name, []), lines[1:], strict=True) if name in names else ():
            assert line[0].lower() == text.in_(language).lower()  # type: ignore[arg-type]
            assert line[0] in page.text.replace("&#39;", "'")
    assert me.get("/console/registers/nothing").status_code == 404
    assert me.get("/console/registers/nothing.csv").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_purpose_that_ends_at_no_day_says_so(staged: Callable[..., Stage], mini: bytes, language: Language) -> None:
    """A policy that promises no term is told by what the law makes of it, in words."""
    unlimited = mini.replace(b"term: {lasts: 3 years}", b"term: unlimited")
    assert unlimited != mini
    stage = staged(unlimited)
    me = colleague(senim_of(stage), Client(site(senim_of(stage))), language=language)
    said = wording("notices")["until-met"].in_(language)
    assert said in me.get("/console/registers/purposes").text
    assert said in me.get("/console/registers/purposes.csv").text


def test_what_crosses_the_border(console: Callable[..., Colleague]) -> None:
    """The foreign mailer is there with its country and the ground of the law; the courier at home is not."""
    lines = rows(console().get("/console/registers/borders.csv").data)
    assert [(line[0], line[1]) for line in lines[1:]] == [("Türkiye", "Foreign mailer")]
    assert "16(3)(1)" in lines[1][3]
    assert lines[1][4] == "no contract"


def test_recipients_tell_when_they_last_got_something(console: Callable[..., Colleague], stage: Stage) -> None:
    """The day comes from the log."""
    me = console()
    before = {line[0]: line[-1] for line in rows(me.get("/console/registers/recipients.csv").data)[1:]}
    assert before["Courier"] == "—"
    hand_over(me, stage.person())
    after = {line[0]: line[-1] for line in rows(me.get("/console/registers/recipients.csv").data)[1:]}
    assert after["Courier"] == "22 November 2026"
    assert after["Tax authority"] == "—"


def test_disclosures_by_recipient_and_day(console: Callable[..., Colleague], stage: Stage, clock: Any) -> None:
    """The newest first, filtered; one line for each handing-over; nobody is named."""
    me, person = console(), stage.person()
    assert "No such handing-over" in me.get("/console/registers/disclosures").text
    hand_over(me, person)
    clock.move(days=2)
    hand_over(me, person, "mailer", "orders")
    me = console()
    lines = rows(me.get("/console/registers/disclosures.csv").data)[1:]
    assert [(line[1], line[6]) for line in lines] == [("Foreign mailer", "1"), ("Courier", "1")]
    only = rows(me.get("/console/registers/disclosures.csv?recipient=courier").data)[1:]
    assert [line[1] for line in only] == ["Courier"]
    early = rows(me.get("/console/registers/disclosures.csv?until=2026-11-23").data)[1:]
    assert [line[1] for line in early] == ["Courier"]
    assert rows(me.get("/console/registers/disclosures.csv?recipient=official").data)[1:] == []
    page = me.get("/console/registers/disclosures?recipient=courier&until=2026-11-30").text
    assert "Courier" in page
    assert person.subject not in page


def test_the_register_goes_on_where_it_stopped(
    console: Callable[..., Colleague], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page looks through so many entries and has so many lines; the next one misses none and tells none twice."""
    me, person = console(), stage.person()
    for _ in range(5):
        hand_over(me, person)
    everything = me.senim.disclosures.listed(me.senim.works.begin(me.senim.actor())).lines
    assert len(everything) == 5
    for name, most in (("LINES", 2), ("LOOKED", 3)):
        monkeypatch.setattr(f"senim.disclosure.actions.{name}", most)
        before, found = -1, list[Line]()
        while before:
            page = me.senim.disclosures.listed(me.senim.works.begin(me.senim.actor()), before=before)
            found += page.lines
            before = page.before
        assert tuple(found) == everything
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("language", "told"), [("kk", "12\N{NO-BREAK SPACE}345"), ("ru", "12\N{NO-BREAK SPACE}345"), ("en", "12,345")]
)
def test_large_numbers_are_told_in_threes_and_filed_as_they_are(
    console: Callable[..., Colleague], monkeypatch: pytest.MonkeyPatch, language: Language, told: str
) -> None:
    """People read them in their language; a spreadsheet gets a number."""
    me = console(language=language)
    monkeypatch.setattr(me.senim.marketing, "suppressed", lambda _: {"newsletter": 12_345})
    assert f">{told}</td>" in me.get("/console/registers/mailings").text
    assert rows(me.get("/console/registers/mailings.csv").data)[1][-1] == "12345"


def test_who_refuses_mailings(console: Callable[..., Colleague], stage: Stage) -> None:
    """Counts by purpose; one address is looked up by a body, and that it was is in the log."""
    me, person = console(), stage.person()
    page = me.get("/console/registers/mailings").text
    assert "Newsletter" in page
    address = person.values["contact.email"]
    form = {"channel": "email", "address": address.upper()}
    assert "has refused nothing" in me.post("/console/registers/mailings", form).text
    refuse(me, person)
    answer = me.post("/console/registers/mailings", form).text
    assert "This address refuses" in answer
    assert rows(me.get("/console/registers/mailings.csv").data)[1][-1] == "1"
    me.senim.tick()
    acts = [entry.act for _, entry in me.senim.log.entries()]
    assert acts.count("mailings.read") == 2
    assert 'role="alert"' in me.post("/console/registers/mailings", {"channel": "phone", "address": "x"}).text


def test_registers_are_for_who_may_read_the_log(console: Callable[..., Colleague]) -> None:
    """A desk does not see them, nor their files."""
    me = console(role="desk")
    assert "/console/registers" not in me.get("/console/").text
    for path in ("", "/purposes", "/purposes.csv", "/disclosures", "/mailings"):
        assert me.get(f"/console/registers{path}").status_code == 403
