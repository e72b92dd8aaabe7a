"""Signing in: a code to a contact on file, the same for everybody; sessions that end (shop-18)."""

from __future__ import annotations

import pytest

from senim.accounts.records import AT_DOOR
from senim.accounts.rules import FRESH, IDLE, LONGEST
from senim.errors import Code, Invalid, NotAllowed, NotFound
from senim.identity import SYSTEM, Actor, ActorKind, SubjectId
from senim.rights.limits import FROM_ONE_PLACE
from senim.testing import FixedClock, Stage
from tests.features.accounts.signed import Visitor
from tests.features.acting import senim_of

MINUTES = 60_000_000


@pytest.fixture
def visitor(stage: Stage) -> Visitor:
    """Somebody at the door."""
    return Visitor(stage)


def test_a_code_to_the_contact_on_file_signs_in(visitor: Visitor) -> None:
    """No password; the session is the person's, its secret is nowhere in the database."""
    person = visitor.stage.person()
    cookie = visitor.cookie(person)
    signed = visitor.seen(cookie)
    assert signed is not None
    assert signed.subject == person.subject
    assert [address for address, _ in visitor.letters.of("code")] == [person.values["contact.email"]]
    assert visitor.seen(cookie[:-1] + ("A" if cookie[-1] != "A" else "B")) is None
    assert visitor.seen("") is None
    assert visitor.seen(f"{person.subject}.{person.subject}.secret") is None


def test_somebody_unknown_is_answered_in_the_same_way(visitor: Visitor) -> None:
    """Nobody learns who is on file: same answer, same rows, same entries; only no letter leaves."""
    senim, person = visitor.senim, visitor.stage.person()
    units = []
    for contact in (person.values["contact.email"], "nobody@people.example"):

        def ask(work, contact=contact):  # type: ignore[no-untyped-def]  # a closure of the test
            token = senim.accounts.signing_in.begin(work, contact, asker="192.0.2.1", language="en")
            units.append([statement.table for statement, _ in work.unit.rows])
            return token

        token = senim.run(AT_DOOR, ask)
        visitor.work()
        wrong = visitor.enter(token, "000000x")
        assert (wrong.session, wrong.several, wrong.left) == ("", False, 4)
    assert units[0] == units[1]
    assert len(visitor.letters.of("code")) == 1


def test_a_code_can_be_tried_five_times_for_ten_minutes_and_once(visitor: Visitor, clock: FixedClock) -> None:
    """After that only a new one opens."""
    person = visitor.stage.person()
    token = visitor.begin(person.values["contact.email"])
    code = visitor.letters.code
    assert [visitor.enter(token, "12345x").left for _ in range(5)] == [4, 3, 2, 1, 0]
    assert not visitor.enter(token, code).session
    token = visitor.begin(person.values["contact.email"])
    clock.move(minutes=10)
    assert not visitor.enter(token, visitor.letters.code).session
    token = visitor.begin(person.values["contact.email"])
    code = visitor.letters.code
    assert visitor.enter(token, f" {code[:3]} {code[3:]} ").session
    assert not visitor.enter(token, code).session
    assert not visitor.enter("unknown", code).session


def test_codes_are_limited_by_contact_and_by_asker(visitor: Visitor) -> None:
    """Nobody's mailbox is flooded, nobody tries contact after contact; known or unknown alike."""
    person = visitor.stage.person()
    for contact in (person.values["contact.email"], "nobody@people.example"):
        for _ in range(5):
            visitor.begin(contact)
        with pytest.raises(NotAllowed) as refused:
            visitor.begin(contact.upper())
        assert refused.value.code is Code.TOO_MANY_ATTEMPTS
    for number in range(FROM_ONE_PLACE["code"]):
        visitor.begin(f"n{number}@people.example", asker="192.0.2.1")
    with pytest.raises(NotAllowed):
        visitor.begin("another@people.example", asker="192.0.2.1")
    with pytest.raises(Invalid):
        visitor.begin("no address", asker="192.0.2.2")


def test_codes_are_tried_so_often_from_one_place(visitor: Visitor) -> None:
    """Whoever begins anew for every code waits; whoever sits elsewhere does not."""
    senim = senim_of(visitor.stage)

    def tried(asker: str) -> bool:
        return (
            senim.run(
                AT_DOOR, lambda work: senim.accounts.signing_in.enter(work, "unknown", "000000", asker=asker)
            ).session
            != ""
        )

    assert not any(tried("192.0.2.1") for _ in range(FROM_ONE_PLACE["try"]))
    with pytest.raises(NotAllowed) as refused:
        tried("192.0.2.1")
    assert refused.value.code is Code.TOO_MANY_ATTEMPTS
    assert not tried("192.0.2.2")


def test_of_several_people_behind_one_contact_a_further_identifier_tells(visitor: Visitor) -> None:
    """A family mailbox opens the account of whoever says the right IIN; three wrong ones lead to the counter."""
    stage = visitor.stage
    first = stage.person()
    request = stage.request(first.point)
    second = stage.take(
        type(request)(
            point=request.point, language=request.language, notice=request.notice, consents=request.consents,
            values={**request.values, "contact.email": first.values["contact.email"]},
        )
    )  # fmt: skip
    token = visitor.begin(first.values["contact.email"])
    asked = visitor.enter(token, visitor.letters.code)
    assert asked.several
    assert not asked.session
    assert "identity.iin" in asked.ask
    assert visitor.name(token, "identity.iin", "no iin").left == 2
    entered = visitor.name(token, "identity.iin", str(request.values["identity.iin"]))
    signed = visitor.seen(entered.session)
    assert signed is not None
    assert signed.subject == second.subject
    token = visitor.begin(first.values["contact.email"])
    assert visitor.name(token, "identity.iin", str(request.values["identity.iin"])).session == ""  # no code yet
    visitor.enter(token, visitor.letters.code)
    assert [visitor.name(token, "identity.iin", "690101000000").left for _ in range(3)] == [2, 1, 0]
    assert not visitor.name(token, "identity.iin", first.values["identity.iin"]).session


def test_a_session_ends_idle_and_after_half_a_day(visitor: Visitor, clock: FixedClock) -> None:
    """30 minutes without a page, 12 hours in all; what is over is removed."""
    cookie = visitor.cookie(visitor.stage.person())
    clock.move(minutes=29)
    assert visitor.seen(cookie) is not None
    clock.move(minutes=29)
    assert visitor.seen(cookie) is not None
    clock.move(minutes=IDLE // MINUTES)
    assert visitor.seen(cookie) is None
    cookie = visitor.cookie(visitor.stage.person())
    for _ in range(LONGEST // MINUTES // 20 - 1):
        clock.move(minutes=20)
        assert visitor.seen(cookie) is not None
    clock.move(minutes=20)
    assert visitor.seen(cookie) is None
    clock.move(minutes=31)
    visitor.senim.accounts.signing_in.tidy()
    signed = visitor.signed_in(visitor.stage.person())
    assert len(visitor.senim.accounts.signing_in.sessions(signed)) == 1


def test_a_person_lists_and_ends_their_sessions_and_nobody_elses(visitor: Visitor) -> None:
    """Signing out here, there, and everywhere else."""
    person, stranger = visitor.stage.person(), visitor.stage.person()
    door = visitor.senim.accounts.signing_in
    here, there = visitor.cookie(person), visitor.cookie(person)
    signed, other = visitor.seen(here), visitor.signed_in(stranger)
    assert signed is not None
    assert len(door.sessions(signed)) == 2
    with pytest.raises(NotFound):
        visitor.senim.run(signed.actor, lambda work: door.end(work, other.session.id))
    assert visitor.senim.run(signed.actor, lambda work: door.end_others(work, signed.session.id)) == 1
    assert visitor.seen(there) is None
    assert visitor.seen(here) is not None
    visitor.senim.run(signed.actor, lambda work: door.end(work, signed.session.id))
    assert visitor.seen(here) is None
    assert len(door.sessions(other)) == 1


def test_an_erased_person_is_signed_out_at_once(visitor: Visitor) -> None:
    """The next page finds nobody, and no code brings anybody back."""
    person = visitor.stage.person()
    cookie, token = visitor.cookie(person), visitor.begin(person.values["contact.email"])
    code, senim = visitor.letters.code, visitor.senim
    act = senim.subjects.about
    senim.run(visitor.stage.actor, lambda work: senim.vault.erase(work, act(work, person.subject), reason="request"))
    assert visitor.seen(cookie) is None
    assert not visitor.enter(token, code).session


def test_a_fresh_code_goes_to_the_address_on_file(visitor: Visitor, clock: FixedClock) -> None:
    """For ten minutes it opens what cannot be undone; somebody else's code does not."""
    person, stranger = visitor.stage.person(), visitor.stage.person()
    cookie = visitor.cookie(person)
    clock.move(minutes=FRESH // MINUTES)
    signed = visitor.seen(cookie)
    assert signed is not None
    senim, accounts = visitor.senim, visitor.senim.accounts
    with pytest.raises(NotAllowed) as refused:
        visitor.run(signed, accounts.export, "en")
    assert refused.value.code is Code.CODE_NEEDED
    theirs = visitor.begin(stranger.values["contact.email"])
    assert not visitor.run(signed, accounts.signing_in.freshen, theirs, code=visitor.letters.code).session
    token = visitor.run(signed, accounts.signing_in.again, language="en")
    visitor.work()
    assert visitor.letters.of("code")[-1][0] == person.values["contact.email"]
    assert visitor.run(signed, accounts.signing_in.freshen, token, code=visitor.letters.code).session
    fresh = visitor.seen(cookie)
    assert fresh is not None
    assert visitor.run(fresh, accounts.export, "en").data["contact.email"].value == person.values["contact.email"]
    assert senim.run(SYSTEM, lambda work: work.at) - fresh.session.fresh_at == 0


def test_the_door_has_no_other_verb(stage: Stage) -> None:
    """Somebody who has not shown who they are may only do that; a person may not sign others in."""
    senim = senim_of(stage)
    nobody = Actor(kind=ActorKind.PERSON, id="0" * 32, role="person", may=frozenset())
    with pytest.raises(NotAllowed):
        senim.run(
            nobody, lambda work: senim.accounts.signing_in.begin(work, "a@people.example", asker="", language="en")
        )
    with pytest.raises(NotAllowed):
        senim.run(AT_DOOR, lambda work: senim.accounts.signing_in.end(work, SubjectId("0" * 32)))
