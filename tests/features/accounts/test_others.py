"""People for whom others spoke: asked at their own address, they say yes or no themselves (travel-4, tickets-20)."""

from __future__ import annotations

import pytest

from senim.accounts.records import BY_LINK
from senim.collection import OnBehalf
from senim.collection.records import Spoken
from senim.errors import Code, Held, NotFound
from senim.identity import SubjectId
from senim.rights import Kind
from senim.testing import FixedClock, Person, Stage
from tests.features.accounts.signed import Visitor


@pytest.fixture
def visitor(stage: Stage) -> Visitor:
    """Somebody at the door."""
    return Visitor(stage)


def booked(visitor: Visitor) -> tuple[Person, Person]:
    """Somebody, and a person for whom they gave data."""
    speaker = visitor.stage.person()
    behalf = OnBehalf(authority="agreed-with-person", by=speaker.subject)
    return speaker, visitor.stage.person(speaker.point, on_behalf_of=behalf)


def asked(visitor: Visitor, speaker: Person, person: Person) -> str:
    """The person is written to; the token of the link."""
    others = visitor.senim.accounts.others
    visitor.run(visitor.signed_in(speaker), others.ask, person.subject, language="en")
    address, facts = visitor.letters.of("your_word")[-1]
    assert address == person.values["contact.email"]
    return str(facts["link"]).rpartition("/")[2]


def said(visitor: Visitor, token: str, word: str) -> Spoken:
    """The person says their word."""
    others = visitor.senim.accounts.others
    return visitor.senim.run(BY_LINK, lambda work: others.say(work, token, word=word, language="en"))  # type: ignore[arg-type]  # words of the test


def test_who_spoke_sees_for_whom_and_no_value(visitor: Visitor) -> None:
    """By what right, what kinds of data, and whether they answered."""
    speaker, person = booked(visitor)
    signed, others = visitor.signed_in(speaker), visitor.senim.accounts.others
    (one,) = visitor.run(signed, others.all)
    assert (one.spoken.subject, one.spoken.authority, one.reachable) == (person.subject, "agreed-with-person", True)
    assert visitor.run(visitor.signed_in(person), others.all) == []


def test_a_yes_keeps_the_data(visitor: Visitor) -> None:
    """It is on record, and said once."""
    speaker, person = booked(visitor)
    token = asked(visitor, speaker, person)
    assert visitor.senim.run(BY_LINK, lambda work: visitor.senim.accounts.others.look(work, token)).categories
    assert said(visitor, token, "confirmed").word == "confirmed"
    with pytest.raises(Held):
        said(visitor, token, "refused")
    assert visitor.stage.ask(visitor.stage.question("use", "orders", person))


def test_a_no_blocks_at_once_and_asks_for_destruction(visitor: Visitor) -> None:
    """The next decision of the gate says no; the request stands with the others."""
    speaker, person = booked(visitor)
    said(visitor, asked(visitor, speaker, person), "refused")
    denied = visitor.stage.ask(visitor.stage.question("use", "orders", person))
    assert [one.code for one in denied.reasons] == [Code.SUBJECT_BLOCKED]
    (request,) = visitor.senim.rights.of(visitor.senim.database, person.subject)
    assert request.kind is Kind.ERASE
    entries = visitor.senim.log.everything_about(person.subject)
    assert [one.codes for one in entries if one.act == "subject.said"] == [("refused",)]


def test_nobody_else_is_written_to_and_nobody_too_often(visitor: Visitor, clock: FixedClock) -> None:
    """A stranger and nobody are answered alike; the same person again after a week."""
    speaker, person = booked(visitor)
    stranger, others = visitor.stage.person(), visitor.senim.accounts.others
    for subject in (stranger.subject, SubjectId("0" * 32)):
        with pytest.raises(NotFound):
            visitor.run(visitor.signed_in(speaker), others.ask, subject, language="en")
    with pytest.raises(NotFound):
        visitor.run(visitor.signed_in(stranger), others.ask, person.subject, language="en")
    asked(visitor, speaker, person)
    with pytest.raises(Held):
        visitor.run(visitor.signed_in(speaker), others.ask, person.subject, language="en")
    clock.move(days=7)
    token = asked(visitor, speaker, person)
    assert len(visitor.letters.of("your_word")) == 2
    clock.move(days=61)
    with pytest.raises(NotFound) as over:
        said(visitor, token, "confirmed")
    assert over.value.code is Code.LINK_EXPIRED


def test_a_link_that_is_none_of_ours_opens_nothing(visitor: Visitor) -> None:
    """Changed, cut, made up."""
    speaker, person = booked(visitor)
    token = asked(visitor, speaker, person)
    for wrong in ("", "AAAA", token[:-4], token[:10] + ("A" if token[10] != "A" else "B") + token[11:], "é"):
        with pytest.raises(NotFound):
            said(visitor, wrong, "confirmed")
