"""A person's data goes: what they asked for ends with it, a claim holds it back, and staff's way is everybody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from senim.errors import Code
from senim.identity import Actor, SubjectId
from senim.rights import Attached, Ground, Kind, Refusal, Request, State, Way
from senim.rights.destruction import OWN_REASONS
from senim.rights.rules import is_open
from senim.testing import FixedClock, Person, Stage
from senim.vault import Erasure
from tests.features.acting import refused, senim_of, stranger, told_of
from tests.features.rights.scene import Letters, System, act, approve, by, connect, decide, now, opened, run, second
from tests.features.rights.test_execution import email, granted, paper

PDF = Attached(what="evidence", media="application/pdf", content=b"%PDF-1.7 a passport")
PHONE: dict[str, Any] = {"ground": Ground.INACCURATE, "changes": {"contact.phone": "+77990000001"}, "attached": (PDF,)}


def erased(stage: Stage, person: Person) -> str:
    """A request to erase, from its opening to its end: its number."""
    number = granted(stage, person, "erase")
    approve(stage, number)
    run(stage)
    assert now(stage, number).state is State.ANSWERED
    return number


def destroy(stage: Stage, person: Person, reason: str = "purpose-met") -> Erasure:
    """The operator's own system or shell destroys."""
    senim = senim_of(stage)
    done = senim.run(
        stage.actor,
        lambda work: senim.vault.erase(work, senim.subjects.about(work, person.subject), reason=reason),
    )
    run(stage)
    return done


def begun(stage: Stage, person: Person, reason: str = "purpose-met", actor: Actor | None = None) -> Request:
    """Staff have a person's data destroyed."""
    senim = senim_of(stage)
    begin, about = senim.rights.destruction.begin, senim.subjects.about
    return act(stage, lambda work: begin(work, about(work, person.subject), reason=reason), actor=actor)


def gone(stage: Stage, person: Person) -> bool:
    senim = senim_of(stage)
    return senim.subjects.find(senim.database, person.subject).erased


WAYS: dict[str, Callable[[Stage, Person], object]] = {"request": erased, "directly": destroy}


@pytest.mark.parametrize("way", WAYS)
def test_what_was_not_decided_yet_ends_with_the_data(stage: Stage, way: str) -> None:
    """A correction, a copy and an erasure in another's words: told, closed, their clocks, block and papers gone."""
    senim, person = senim_of(stage), stage.person()
    numbers = [by(stage, person, "correct", **PHONE).number, by(stage, person, "copy").number]
    numbers.append(by(stage, person, "erase", ground=Ground.UNLAWFUL).number)
    assert now(stage, numbers[0]).blocked
    letters = Letters(senim)
    WAYS[way](stage, person)
    assert gone(stage, person)
    for number in numbers:
        ended = now(stage, number)
        assert (ended.state, ended.blocked, ended.due, ended.papers) == (State.CLOSED, False, 0, ())
        assert ended.decision is not None
        assert ended.decision.reasons == (Refusal.DATA_DESTROYED,)
        assert senim.persons.is_erased(SubjectId(ended.holder))
        told = [one.act for one in senim.rights.listing.traces(senim.database, number) if one.act]
        assert told[-2:] == ["request.decided", "request.closed"]
        refused(Code.NOT_FOUND, lambda number=number: act(stage, senim.rights.read, number))  # type: ignore[misc]
        refused(Code.REQUEST_STATE, lambda number=number: decide(stage, number, granted=True))  # type: ignore[misc]
    assert sorted(facts["number"] for _, facts in letters.of("refused")) == sorted(numbers)
    assert {address for address, _ in letters.of("refused")} == {email(person)}
    assert not letters.of("correction_done")
    assert not letters.of("answer_ready")
    assert not [one for one in senim.rights.opened(senim.database) if one.subject == person.subject]
    assert senim.log.verify().ok


def test_a_correction_of_somebody_who_is_nowhere_is_not_told_as_done(stage: Stage) -> None:
    """Nobody on file and no system that knows them: the letter says so, and not that something was put right."""
    senim, letters = senim_of(stage), Letters(senim_of(stage))
    about: dict[str, Any] = {
        "identifiers": {"email": "a@b.example"},
        "name": {"family": "A", "given": "B"},
        "text": "The telephone.",
    }
    number = opened(stage, "correct", way=Way.COUNTER, **about, **PHONE).number
    act(stage, senim.rights.identities.by_document, number)
    decide(stage, number, granted=True)
    run(stage)
    assert now(stage, number).state is State.REFUSED
    assert not letters.of("correction_done")


def test_nothing_is_granted_for_whose_data_is_gone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that died in between: granting tells that the person is gone; what was left ends at the next look."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    number, copy = by(stage, person, "correct", **PHONE).number, by(stage, person, "copy").number
    planned = by(stage, person, "correct", changes={"identity.family": "Quigley"}, attached=(PDF,)).number
    decide(stage, planned, granted=True)
    senim.orders.run_due("rights", most=1)
    decide(stage, copy, granted=True)
    assert now(stage, planned).state is State.EXECUTING
    with monkeypatch.context() as patch:
        patch.setattr(senim.rights.destruction, "destroyed", lambda work, standing: None)
        destroy(stage, person)
    refused(Code.SUBJECT_ERASED, lambda: decide(stage, number, granted=True))
    run(stage)
    assert [now(stage, one).state for one in (copy, planned)] == [State.REFUSED, State.REFUSED]
    assert now(stage, number).state is State.IN_CHECK
    assert not letters.of("correction_done")
    senim.attend()
    run(stage)
    assert now(stage, number).state is State.CLOSED
    assert senim.rights.destruction.settle() == 0


def test_a_claim_holds_the_data_and_complaints_outlive_it(stage: Stage) -> None:
    """Neither the shell nor a plan destroys what a claim is about; a complaint is answered when the data is gone."""
    senim, person = senim_of(stage), stage.person()
    claim = by(stage, person, "claim", text="A refund.").number
    complaint = by(stage, person, "complaint", text="Unlawful.", ground=Ground.UNLAWFUL).number
    assert now(stage, complaint).blocked
    refused(Code.CLAIM_OPEN, lambda: destroy(stage, person))
    refused(Code.INVALID_VALUE, lambda: destroy(stage, person, "drill"))
    refused(Code.CLAIM_OPEN, lambda: begun(stage, person))
    assert told_of(senim, person.subject)[-1].act == "request.opened"
    assert not gone(stage, person)
    decide(stage, claim, granted=True, text="Paid.")
    destroy(stage, person)
    left = now(stage, complaint)
    assert (is_open(left), left.blocked, left.due > 0) == (True, False, True)
    letters = Letters(senim)
    decide(stage, complaint, granted=True, text="You are right.")
    ((_, facts),) = letters.of("complaint_answer")
    assert facts["blocked"] is False


def test_a_court_destroys_whatever_is_claimed(stage: Stage) -> None:
    """A decision of a court is the way out; the claim is still answered."""
    person = stage.person()
    claim = by(stage, person, "claim", text="A refund.").number
    destroy(stage, person, "court-decision")
    assert gone(stage, person)
    assert is_open(now(stage, claim))


def test_a_claim_that_comes_after_the_plan_holds_its_approval(stage: Stage) -> None:
    """The plan that was shown has no claim; the second person's yes finds it."""
    senim, person = senim_of(stage), stage.person()
    number = granted(stage, person, "erase")
    by(stage, person, "claim", text="A refund.")
    refused(Code.CLAIM_OPEN, lambda: approve(stage, number))
    assert not gone(stage, person)
    act(stage, senim.rights.planning.plan, number)
    run(stage)
    assert now(stage, number).plan.problems  # type: ignore[union-attr]


def test_a_request_about_two_records_goes_on_with_the_one_that_is_left(stage: Stage) -> None:
    """One of two records is destroyed: the request is about the other; with that it ends."""
    senim, person, again = senim_of(stage), stage.person(), stage.person()
    number = by(stage, person, "copy", attached=(PDF,)).number
    shown = next(one.id for one in now(stage, number).papers if one.what == "evidence")
    act(stage, senim.rights.identities.link, number, again.subject, paper=shown)
    destroy(stage, person)
    assert is_open(now(stage, number))
    destroy(stage, again)
    assert now(stage, number).state is State.CLOSED


def test_both_records_of_an_erasure_take_what_is_open_of_either(stage: Stage) -> None:
    """Two records destroyed in one act: what is about both of them ends too."""
    senim, person, again = senim_of(stage), stage.person(), stage.person()
    numbers = [by(stage, person, kind, attached=(PDF,)).number for kind in ("erase", "copy")]
    for number in numbers:
        shown = next(one.id for one in now(stage, number).papers if one.what == "evidence")
        act(stage, senim.rights.identities.link, number, again.subject, paper=shown)
    decide(stage, numbers[0], granted=True)
    run(stage)
    approve(stage, numbers[0])
    run(stage)
    assert [gone(stage, one) for one in (person, again)] == [True, True]
    assert now(stage, numbers[1]).state is State.CLOSED


def test_an_answer_on_paper_waits_to_be_fetched(stage: Stage, clock: FixedClock) -> None:
    """Who gave no address finds the answer at the counter for as long as a link to it would last."""
    senim, person = senim_of(stage), stage.person()
    number = opened(stage, "correct", way=Way.COUNTER, identifiers={"contact.order": person.values["contact.order"]},
                    **PHONE).number  # fmt: skip
    act(stage, senim.rights.identities.by_document, number, subject=person.subject)
    destroy(stage, person)
    ended = now(stage, number)
    assert ended.state is State.REFUSED
    note = next(one for one in ended.papers if one.what == "note")
    assert b"destroyed" in paper(stage, number, note.id)
    clock.move(days=31)
    senim.attend()
    assert (now(stage, number).state, now(stage, number).papers) == (State.CLOSED, ())


def test_staff_have_data_destroyed_as_everybody_does(stage: Stage) -> None:
    """A plan in every system, a second person's yes, what the law wants kept put apart, the proof with the request."""
    senim, person = senim_of(stage), stage.person()
    shop, letters = System({email(person): 3}), Letters(senim_of(stage))
    connect(stage, shop)
    request = begun(stage, person)
    assert (request.way, request.kind, request.because) == (Way.OPERATOR, Kind.ERASE, "purpose-met")
    assert begun(stage, person).number == request.number
    run(stage)
    assert now(stage, request.number).state is State.WAITING_APPROVAL
    assert not gone(stage, person)
    plan = now(stage, request.number).plan
    refused(Code.SECOND_PERSON_NEEDED, lambda: act(stage, senim.rights.planning.approve, request.number, plan.digest))  # type: ignore[union-attr]
    approve(stage, request.number)
    run(stage)
    done = now(stage, request.number)
    assert (done.state, gone(stage, person), shop.rows) == (State.ANSWERED, True, {})
    assert done.kept_in
    assert done.here is not None
    assert [one.proof.count(".") for one in done.here.erasures] == [2]
    assert next(one for one in told_of(senim, person.subject) if one.act == "subject.erased").reason == "purpose-met"
    assert [name for name, *_ in letters.sent] == ["approval_needed"]


def test_who_may_begin_it_and_for_what(stage: Stage) -> None:
    """The grant to erase, a reason of the list, and no such request from outside."""
    person = stage.person()
    refused(Code.ROLE_NOT_ALLOWED, lambda: begun(stage, person, actor=stranger("handle")))
    for reason in ("request", "withdrawn", "drill", "because"):
        assert reason not in OWN_REASONS
        refused(Code.INVALID_VALUE, lambda reason=reason: begun(stage, person, reason))  # type: ignore[misc]
    refused(Code.INVALID_VALUE, lambda: opened(stage, "erase", way=Way.OPERATOR, subject=person.subject))


def test_staff_may_let_go_of_it_and_the_second_may_say_no(stage: Stage) -> None:
    """Neither is carried out, and nothing is left that waits."""
    senim, person = senim_of(stage), stage.person()
    for end in ("withdraw", "no"):
        number = begun(stage, person).number
        run(stage)
        if end == "no":
            act(stage, senim.rights.planning.refuse_plan, number, actor=second(stage))
        else:
            door = stranger("request")
            refused(Code.ROLE_NOT_ALLOWED, lambda: act(stage, senim.rights.withdraw, number, actor=door))  # noqa: B023
            act(stage, senim.rights.withdraw, number)
        run(stage)
        ended = now(stage, number)
        assert (ended.state, ended.due, ended.trouble, gone(stage, person)) == (State.REFUSED, 0, "", False)
    number = by(stage, person, "erase").number
    assert (now(stage, number).state, now(stage, number).joined) == (State.RECEIVED, "")


def test_the_persons_own_request_does_not_join_the_operators(stage: Stage) -> None:
    """Who asks while staff have begun it is answered themselves."""
    person, letters = stage.person(), Letters(senim_of(stage))
    begun(stage, person)
    number = by(stage, person, "erase").number
    assert now(stage, number).state is State.RECEIVED
    begin = next(one for one in senim_of(stage).rights.of(senim_of(stage).database, person.subject)
                 if one.way is Way.OPERATOR)  # fmt: skip
    run(stage)
    approve(stage, begin.number)
    run(stage)
    assert now(stage, number).state is State.CLOSED
    assert [address for address, _ in letters.of("refused")] == [email(person)]


def test_letters_name_fields_as_people_do(stage: Stage) -> None:
    """What was put right and what stays by law: words in three languages, and no names of the policy file."""
    person, letters = stage.person(), Letters(senim_of(stage))
    changes = {"contact.phone": "+77990000001", "contact.order": "A-77"}
    granted(stage, person, "correct", changes=changes, attached=(PDF,))
    ((_, facts),) = letters.of("correction_done")
    told = [(one.kk, one.ru, one.en) for one in facts["fields"]]
    assert told == [("Тапсырыс нөмірі", "Номер заказа", "Order number"), ("Телефон", "Телефон", "Telephone")]
    erased(stage, person)
    ((_, facts),) = letters.of("erased")
    kept = " ".join(f"{one.kk} {one.ru} {one.en}" for one in facts["kept"])
    assert "Order number: Tax Code" in kept
    assert "Номер заказа: Налоговый" in kept
    assert facts["until"].isoformat() == "2029-11-23"
    assert "contact." not in kept
    assert "identity." not in kept


def test_who_is_erased_is_not_shown_to_ask(stage: Stage) -> None:
    """A request that named them without a proof is nobody's when it is shown who asks: nothing is on file."""
    senim, person = senim_of(stage), stage.person()
    about: dict[str, Any] = {
        "identifiers": {"email": email(person)},
        "name": {"family": "A", "given": "B"},
        "text": "All.",
    }
    number = opened(stage, "copy", way=Way.COUNTER, **about).number
    destroy(stage, person)
    assert is_open(now(stage, number)), "nobody has shown whose it is"
    act(stage, senim.rights.identities.by_document, number)
    decide(stage, number, granted=True)
    run(stage)
    ended = now(stage, number)
    assert (ended.subject, ended.state) == ("", State.REFUSED)
    assert ended.decision is not None
    assert ended.decision.reasons == (Refusal.NOTHING_ON_FILE,)


@pytest.mark.parametrize("decided", [False, True])
def test_what_systems_hold_is_still_destroyed_when_the_vault_alone_was(stage: Stage, *, decided: bool) -> None:
    """The shell destroys here: the person's own erasure goes on in the systems, by what was on file; a copy too."""
    senim, person = senim_of(stage), stage.person()
    shop, letters = System({email(person): 3}), Letters(senim_of(stage))
    connect(stage, shop)
    number = by(stage, person, "erase", ground=Ground.UNLAWFUL).number
    copy = by(stage, person, "copy").number
    if decided:
        decide(stage, number, granted=True)
    destroy(stage, person)
    senim.attend()
    assert [is_open(now(stage, one)) for one in (number, copy)] == [True, True]
    assert not letters.of("refused")
    if not decided:
        assert not now(stage, number).blocked
        decide(stage, number, granted=True)
    decide(stage, copy, granted=True)
    run(stage)
    ((_, facts),) = letters.of("answer_ready")
    assert facts["number"] == copy
    approve(stage, number)
    run(stage)
    assert (now(stage, number).state, shop.rows) == (State.ANSWERED, {})
    assert senim.rights.destruction.settle() == 0


def test_a_claim_that_comes_after_the_yes_stops_the_systems_too(stage: Stage, clock: FixedClock) -> None:
    """Nothing is touched while it is open, and staff are told; once it is answered it goes on by itself."""
    person = stage.person()
    shop = System({email(person): 3})
    connect(stage, shop)
    number = granted(stage, person, "erase")
    approve(stage, number)
    claim = by(stage, person, "claim", text="A refund.").number
    run(stage)
    assert (shop.rows, gone(stage, person)) == ({email(person): 3}, False)
    assert (now(stage, number).state, now(stage, number).trouble) == (State.EXECUTING, Code.CLAIM_OPEN)
    decide(stage, claim, granted=True, text="Paid.")
    clock.move(hours=1)
    run(stage)
    assert (now(stage, number).state, now(stage, number).trouble, shop.rows) == (State.ANSWERED, "", {})


def test_a_block_stops_the_operators_own_destruction(stage: Stage, clock: FixedClock) -> None:
    """Whoever may not decide over a block does not approve; one that is set after the yes holds it."""
    senim, person = senim_of(stage), stage.person()
    shop = System({email(person): 3})
    connect(stage, shop)
    number = begun(stage, person).number
    run(stage)
    by(stage, person, "block", text="Look into it.")
    digest = now(stage, number).plan.digest  # type: ignore[union-attr]
    approver = stranger("approve")
    refused(Code.SUBJECT_BLOCKED, lambda: act(stage, senim.rights.planning.approve, number, digest, actor=approver))
    about = senim.subjects.about
    act(stage, lambda work: senim.gate.unblock(work, about(work, person.subject), reason="check-finished"))
    approve(stage, number)
    clock.move(hours=1)
    act(stage, lambda work: senim.gate.block(work, about(work, person.subject), reason="unlawful-reported"))
    run(stage)
    assert (shop.rows, gone(stage, person)) == ({email(person): 3}, False)
    assert (now(stage, number).state, now(stage, number).trouble) == (State.EXECUTING, Code.SUBJECT_BLOCKED)
    act(stage, senim.rights.planning.plan, number)
    run(stage)
    approve(stage, number)
    run(stage)
    assert (now(stage, number).state, shop.rows, gone(stage, person)) == (State.ANSWERED, {}, True)


def test_what_an_authority_asks_does_not_end_with_the_data(stage: Stage) -> None:
    """Its clock goes on until staff have answered."""
    senim, person = senim_of(stage), stage.person()
    about: dict[str, Any] = {"subject": person.subject, "text": "By order.", "attached": (PDF,)}
    number = opened(stage, "access", way=Way.AUTHORITY, **about).number
    assert now(stage, number).subject == person.subject
    destroy(stage, person)
    senim.attend()
    left = now(stage, number)
    assert (is_open(left), left.due > 0) == (True, True)
    decide(stage, number, granted=False, reasons=(Refusal.NOTHING_ON_FILE,), text="It was destroyed.")
    assert now(stage, number).state is State.REFUSED
