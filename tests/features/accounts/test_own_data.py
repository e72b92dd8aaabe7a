"""What people see of what is theirs, say to it and change (airline-7, airline-11, shop-18, tickets-6)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from senim.accounts.rules import choices, openings
from senim.conformance import cast
from senim.consent import Scope
from senim.errors import Code, Invalid, NotAllowed, NotFound, NotPromised
from senim.gate import Question
from senim.rights import Ground, Kind, State
from senim.testing import FixedClock, Person, Stage
from senim.times import micros
from tests.features.accounts.signed import Visitor


@pytest.fixture
def visitor(stage: Stage) -> Visitor:
    """Somebody at the door."""
    return Visitor(stage)


def acts(visitor: Visitor, person: Person) -> list[tuple[str, str]]:
    """What the log tells about a person: the act and who did it."""
    return [(one.act, one.actor) for one in visitor.senim.log.everything_about(person.subject)]


def test_a_look_at_ones_own_data_is_in_the_log_and_needs_no_consent(visitor: Visitor) -> None:
    """Withdrawn and blocked as it may be: a person has a right to see it (94-V 24); what no human sees stays closed."""
    person, accounts = visitor.stage.person(), visitor.senim.accounts
    signed = visitor.signed_in(person)
    assert visitor.run(signed, accounts.held) == ("identity", "contact", "payment-card", "profile")
    visitor.run(signed, accounts.asking.open, Kind.BLOCK, language="en", ground=Ground.UNLAWFUL)
    visitor.run(signed, accounts.asking.open, Kind.WITHDRAW, language="en", purposes=("orders",))
    shown = visitor.run(signed, accounts.show, "contact")
    assert shown.values["contact.email"].value == person.values["contact.email"]
    with pytest.raises(NotAllowed) as closed:
        visitor.run(signed, accounts.show, "payment-card")
    assert closed.value.code is Code.HUMAN_READ_FORBIDDEN
    with pytest.raises(NotFound):
        visitor.run(signed, accounts.show, "nothing")
    looks = [one for one in acts(visitor, person) if one[0] == "account.shown"]
    assert looks == [("account.shown", f"person:{person.subject}")] * 3


def test_what_is_told_of_the_processing_holds_no_value(visitor: Visitor) -> None:
    """Purposes, terms and recipients are told from the kinds of data alone."""
    person = visitor.stage.person()
    told, onwards = visitor.run(visitor.signed_in(person), visitor.senim.accounts.received, "kk")
    assert onwards == 0
    assert {one.id for one in told.sections} >= {"purposes", "terms", "access", "disclosures"}
    assert [one.id for one in told.purposes] == ["orders", "delivery", "newsletter", "bookkeeping"]
    text = repr(told)
    assert not any(value in text for value in person.values.values() if len(value) > 4)


def test_a_choice_is_changed_and_binds_at_once(visitor: Visitor) -> None:
    """A no needs nothing, a yes rests on the notice that was shown; both stand in the history with it."""
    person, accounts = visitor.stage.person(), visitor.senim.accounts
    signed, scope = visitor.signed_in(person), Scope(purpose="newsletter", channel="email")
    question = Question("use", "newsletter", person.subject, ("contact.email",), channel="email")
    assert visitor.stage.ask(question)
    visitor.run(signed, accounts.refuse, scope, language="en")
    assert not visitor.stage.ask(question)
    with pytest.raises(Invalid):
        visitor.run(signed, accounts.agree, scope, notice="f" * 64, language="en")
    notice = visitor.run(signed, accounts.notice_for, scope, language="en")
    visitor.run(signed, accounts.agree, scope, notice=notice.digest, language="en")
    assert visitor.stage.ask(question)
    newest = accounts.history(visitor.again(signed))[0][0]
    assert newest.said.scope == scope
    assert newest.said.evidence.surface == "account"
    _, receipt, shown = visitor.run(signed, accounts.prove, newest.id)
    assert receipt.count(".") == 2
    assert shown == notice.text
    stranger = visitor.signed_in(visitor.stage.person())
    with pytest.raises(NotFound):
        visitor.run(stranger, accounts.prove, newest.id)


def test_choices_say_what_holds(visitor: Visitor, clock: FixedClock) -> None:
    """Given, withdrawn, never said, and over by its term."""
    person = visitor.stage.person()
    signed, accounts = visitor.signed_in(person), visitor.senim.accounts
    visitor.run(signed, accounts.refuse, Scope(purpose="delivery"), language="en")

    def states() -> dict[str, str]:
        standing = visitor.again(signed).standing
        return {one.name: one.state for one in choices(accounts.promises(), standing, micros(clock()))}

    told = states()
    assert (told["orders"], told["delivery"], told["delivery/couriers"]) == ("given", "withdrawn", "withdrawn")
    assert told["newsletter@email"] == "given"
    clock.move(days=3 * 366)
    assert states()["newsletter@email"] == "over"


def test_a_value_that_was_stated_is_put_right_at_once(visitor: Visitor) -> None:
    """airline-11: by the person themselves; what finds people or is closed goes by a request, a card number nowhere."""
    person, accounts = visitor.stage.person(), visitor.senim.accounts
    signed = visitor.signed_in(person)
    assert visitor.run(signed, accounts.correct, {"identity.family": "Қайратқызы"}) == ("identity.family",)
    assert visitor.run(signed, accounts.show, "identity").values["identity.family"].value == "Қайратқызы"
    assert ("data.corrected", f"person:{person.subject}") in acts(visitor, person)
    for reference in ("contact.email", "identity.iin", "contact.order", "payment-card.pan", "profile.scan", "no.such"):
        with pytest.raises(NotAllowed) as by_request:
            visitor.run(signed, accounts.correct, {reference: "x"})
        assert by_request.value.code is Code.CHANGE_BY_REQUEST
    with pytest.raises(Invalid) as card:
        visitor.run(signed, accounts.correct, {"contact.note": cast.card(5)})
    assert card.value.code is Code.CARD_NUMBER
    visitor.run(signed, accounts.asking.open, Kind.BLOCK, language="en", ground=Ground.INACCURATE)
    with pytest.raises(NotPromised) as blocked:
        visitor.run(signed, accounts.correct, {"identity.family": "Серікова"})
    assert blocked.value.code is Code.SUBJECT_BLOCKED


def test_a_person_acts_for_themselves_alone(visitor: Visitor) -> None:
    """At the gate itself: a person's verb about somebody else is refused, whatever door it came by."""
    stage, senim = visitor.stage, visitor.senim
    person, stranger = stage.person(), stage.person()
    signed = visitor.signed_in(person)

    def act(work):  # type: ignore[no-untyped-def]  # a closure of the test
        standing = senim.subjects.about(work, stranger.subject)
        return senim.collection.correct(work, standing, "orders", values={"identity.family": "Серікова"})

    with pytest.raises(NotAllowed) as refused:
        senim.run(signed.actor, act)
    assert refused.value.code is Code.ROLE_NOT_ALLOWED


def test_requests_are_ones_own(visitor: Visitor) -> None:
    """The name on file goes along; somebody else's number and none at all are answered alike."""
    person, stranger = visitor.stage.person(), visitor.stage.person()
    asking, database = visitor.senim.accounts.asking, visitor.senim.database
    signed, other = visitor.signed_in(person), visitor.signed_in(stranger)
    number = visitor.run(signed, asking.open, Kind.CLAIM, language="en", text="Return the money.").number
    assert [one.number for one in asking.all(database, signed)] == [number]
    assert asking.all(database, other) == []
    for verb in (asking.give_up, lambda work, who, one: asking.supply(work, who, one, text="More.")):
        with pytest.raises(NotFound):
            visitor.run(other, verb, number)
    with pytest.raises(NotFound):
        visitor.run(other, asking.answer, number, form="json")
    visitor.run(signed, asking.supply, number, text="And say when.")
    assert visitor.run(signed, asking.give_up, number).state is State.WITHDRAWN
    with pytest.raises(NotFound):
        asking.find(database, signed, "R-2026-00000000")


def test_what_cannot_be_undone_needs_a_fresh_code(visitor: Visitor, clock: FixedClock) -> None:
    """Erasing, withdrawing everything and carrying everything away; a single choice does not."""
    person = visitor.stage.person()
    signed, asking = visitor.signed_in(person), visitor.senim.accounts.asking
    clock.move(minutes=11)
    for kind in (Kind.ERASE, Kind.WITHDRAW, Kind.COPY):
        with pytest.raises(NotAllowed) as refused:
            visitor.run(signed, asking.open, kind, language="en")
        assert refused.value.code is Code.CODE_NEEDED
    visitor.run(signed, asking.open, Kind.WITHDRAW, language="en", purposes=("delivery",))


def test_the_new_version_is_met_at_the_next_visit(visitor: Visitor, mini: bytes, clock: FixedClock) -> None:
    """foundation-37: who has read it says so, in the log; a consent that the new text goes beyond is asked for anew."""
    person, accounts = visitor.stage.person(), visitor.senim.accounts
    signed = visitor.signed_in(person)
    assert accounts.account(signed).version == 1
    clock.move(days=1)
    plain = yaml.safe_load(mini)
    plain["purposes"]["newsletter"]["uses"].append("identity.given")
    publish = visitor.senim.policies.publish
    visitor.senim.run(visitor.stage.actor, lambda work: publish(work, yaml.safe_dump(plain).encode()))
    signed = visitor.signed_in(person)
    assert accounts.account(signed).version == 1
    told = {one.name: one.state for one in choices(accounts.promises(), signed.standing, micros(clock()))}
    assert (told["newsletter@email"], told["orders"]) == ("renew", "given")
    assert visitor.run(signed, accounts.accept).version == 2
    assert accounts.account(signed).version == 2
    assert ("account.accepted", f"person:{person.subject}") in acts(visitor, person)
    assert accounts.account(visitor.signed_in(visitor.stage.person())).version == 2


def test_data_is_confirmed(visitor: Visitor, clock: FixedClock) -> None:
    """tickets-6, shop-18: with its date."""
    person, accounts = visitor.stage.person(), visitor.senim.accounts
    signed = visitor.signed_in(person)
    assert accounts.account(signed).confirmed_at == 0
    visitor.run(signed, accounts.confirm)
    assert accounts.account(signed).confirmed_at == micros(clock())
    assert ("account.confirmed", f"person:{person.subject}") in acts(visitor, person)


def test_data_is_opened_to_a_circle_category_by_category(staged, clock: FixedClock) -> None:  # type: ignore[no-untyped-def]  # a fixture of both databases
    """airline-7: at the person's own wish, and taken back; what was said last counts, for one category and for all."""
    profile = Path(__file__).parents[3] / "src" / "senim" / "profiles" / "airline.yaml"
    visitor = Visitor(staged(profile.read_bytes()))
    person, accounts = visitor.stage.person("registration"), visitor.senim.accounts
    signed = visitor.signed_in(person)
    circle = Scope(purpose="client", recipient="chosen-circle")

    def seen() -> dict[str, bool]:
        standing = visitor.again(signed).standing
        told = openings(accounts.promises(), standing, micros(clock()))
        for one in told:
            category = one.scope.category
            question = Question(
                "transfer", "client", person.subject, (category,), recipient="chosen-circle", country="KZ"
            )
            assert bool(visitor.stage.ask(question)) is one.open
        return {one.scope.category: one.open for one in told}

    assert set(seen().values()) == {True}  # everybody on the stage says yes to everything
    clock.move(seconds=1)
    visitor.run(signed, accounts.refuse, Scope(purpose="client", recipient="chosen-circle", category="contact"),
                language="ru")  # fmt: skip
    assert {name for name, is_open in seen().items() if not is_open} == {"contact"}
    clock.move(seconds=1)
    visitor.run(signed, accounts.refuse, circle, language="ru")
    assert set(seen().values()) == {False}
    clock.move(seconds=1)
    part = Scope(purpose="client", recipient="chosen-circle", category="work")
    notice = visitor.run(signed, accounts.notice_for, part, language="ru")
    visitor.run(signed, accounts.agree, part, notice=notice.digest, language="ru")
    assert {name for name, is_open in seen().items() if is_open} == {"work"}
    assert visitor.senim.log.verify().ok
