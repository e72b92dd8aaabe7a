"""Plans and what comes of them: shown, approved, carried out once in every system, looked through again, answered."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from senim.app import Senim
from senim.audit.statements import open_statement
from senim.connectors.records import NotReached, Trouble
from senim.errors import Code
from senim.gate import Question
from senim.orders.records import State as OrderState
from senim.rights import Attached, Ground, State, Way
from senim.rights.answering import CERTIFICATE, DATA, PAGE
from senim.testing import FixedClock, Person, Stage
from tests.features.acting import another, recorded, refused, senim_of, stranger, told_of
from tests.features.rights.scene import Letters, System, act, approve, by, connect, decide, now, opened, run, second
from tests.unit.made import varied

Staged = Callable[[bytes], Stage]


def email(person: Person) -> str:
    return person.values["contact.email"]


def granted(stage: Stage, person: Person, kind: str, **more: object) -> str:
    """A request of somebody signed in that was granted and planned: its number."""
    number = by(stage, person, kind, **more).number
    decide(stage, number, granted=True)
    run(stage)
    return number


def paper(stage: Stage, number: str, name: str) -> bytes:
    """A sealed part of a request."""
    return act(stage, senim_of(stage).rights.paper, number, name)[1]


def test_an_erasure_is_planned_approved_done_and_certified(stage: Stage) -> None:
    """Nothing is touched before the second person's yes; then it is gone everywhere, with a certificate (travel-39)."""
    senim, person = senim_of(stage), stage.person()
    shop, crm = System({email(person): 3, "other@people.example": 2}), System({email(person): 1}, name="crm")
    connect(stage, shop, crm)
    letters = Letters(senim)
    number = granted(stage, person, "erase")
    request = now(stage, number)
    assert (request.state, shop.rows[email(person)]) == (State.WAITING_APPROVAL, 3)
    assert request.plan is not None
    assert [(one.system, one.rows) for one in request.plan.systems] == [("shop-db", 3), ("crm", 1)]
    assert {one.place for one in request.plan.here if one.act == "keep"} == {"identity.family", "contact.order"}
    assert letters.of("approval_needed")
    verb = senim.rights.planning.approve
    refused(Code.SECOND_PERSON_NEEDED, lambda: act(stage, verb, number, request.plan.digest))  # type: ignore[union-attr]
    refused(Code.PLAN_CHANGED, lambda: act(stage, verb, number, "0" * 64, actor=second(stage)))
    clerk = stranger("handle")
    refused(Code.ROLE_NOT_ALLOWED, lambda: act(stage, verb, number, request.plan.digest, actor=clerk))  # type: ignore[union-attr]
    approve(stage, number)
    run(stage)
    request = now(stage, number)
    assert (request.state, request.due, request.trouble) == (State.ANSWERED, 0, "")
    assert shop.rows == {"other@people.example": 2}
    assert crm.rows == {}
    assert senim.subjects.find(senim.database, person.subject).erased
    statement = paper(stage, number, CERTIFICATE).decode()
    kind, facts = open_statement(statement, senim.jwk)
    assert (kind, facts["request"], facts["complete"]) == ("destruction-certificate+jws", number, True)
    assert not any(value in statement for value in person.values.values() if len(value) > 4)
    ((address, _),) = letters.of("erased")
    assert address == email(person)
    kept = act(stage, senim.rights.here.read_kept, number)
    assert kept["contact.order"][0][0] == person.values["contact.order"]
    assert senim.log.verify().ok


def test_what_the_law_keeps_goes_in_its_time(stage: Stage, clock: FixedClock) -> None:
    """Five years for the tax law, in a box of its own; then that key is destroyed too (foundation-28)."""
    senim, person = senim_of(stage), stage.person()
    number = granted(stage, person, "erase")
    approve(stage, number)
    run(stage)
    clock.move(days=4 * 365)
    senim.rights.tidy()
    assert act(stage, senim.rights.here.read_kept, number)
    clock.move(days=2 * 365)
    senim.rights.tidy()
    refused(Code.NOT_FOUND, lambda: act(stage, senim.rights.here.read_kept, number))


@pytest.mark.parametrize("dies", ["before", "after", "rescan"])
def test_a_worker_that_dies_at_any_step_is_resumed_exactly_once(stage: Stage, clock: FixedClock, dies: str) -> None:
    """The process is gone in the middle; another takes the order up, and nothing is done twice or left out."""
    senim, person = senim_of(stage), stage.person()
    first, second_ = System({email(person): 3}), System({email(person): 2}, name="crm")
    connect(stage, first, second_)
    number = granted(stage, person, "erase")
    approve(stage, number)
    second_.dies = dies
    with pytest.raises(SystemExit):
        run(stage)
    assert now(stage, number).state in (State.EXECUTING, State.RESCANNING)
    with another(stage, clock) as other:
        other.connectors = (first, second_)
        assert other.orders.run_due("rights") == 0, "the lease of the dead worker is not over"
        clock.move(minutes=2)
        assert other.orders.run_due("rights") == 1
    assert now(stage, number).state is State.ANSWERED
    assert (first.rows, second_.rows) == ({}, {})
    assert (len(first.executed), len(second_.executed)) == (1, 1)
    acts = [one.act for one in told_of(senim, person.subject)]
    assert acts.count("subject.erased") == 1
    assert acts.count("request.answered") == 1
    assert act(stage, senim.rights.here.read_kept, number)


def test_nothing_is_complete_while_something_is_still_found(stage: Stage) -> None:
    """A second column with the same address, which the map forgot: told, not answered; mended, then answered."""
    senim, person = senim_of(stage), stage.person()
    shop = System({email(person): 2})
    shop.forgets = email(person)
    connect(stage, shop)
    number = granted(stage, person, "erase")
    approve(stage, number)
    run(stage)
    request = now(stage, number)
    assert (request.state, request.trouble) == (State.RESCANNING, "still_found")
    assert request.done[0].rescan is not None
    assert request.done[0].rescan.left[0].column == "note"
    order = senim.orders.find(senim.database, request.order)
    assert (order.state, order.code) == (OrderState.DEAD, Code.STILL_FOUND)
    shop.rows.clear()
    act(stage, senim.orders.rerun, request.order)
    run(stage)
    assert (now(stage, number).state, now(stage, number).trouble) == (State.ANSWERED, "")


def test_a_plan_that_meets_an_obstacle_touches_nothing(stage: Stage) -> None:
    """NOT NULL is met before anything is touched; when it is out of the way, the plan is made anew."""
    senim, person = senim_of(stage), stage.person()
    shop = System({email(person): 2})
    shop.blocked = True
    shop.unreached = (NotReached(table="archive", why=Trouble.NOT_READABLE),)
    connect(stage, shop)
    number = granted(stage, person, "erase")
    request = now(stage, number)
    assert (request.state, request.trouble) == (State.PLANNED, "plan_problem")
    assert request.plan is not None
    assert request.plan.problems == ("shop-db: not_null",)
    assert request.plan.unreached == ("shop-db.archive",)
    refused(Code.PLAN_PROBLEM, lambda: approve(stage, number))
    shop.blocked = False
    act(stage, senim.rights.planning.plan, number)
    run(stage)
    approve(stage, number)
    run(stage)
    assert now(stage, number).state is State.ANSWERED
    _, facts = open_statement(paper(stage, number, CERTIFICATE).decode(), senim.jwk)
    assert facts["complete"] is False, "what nobody could look into is not called complete"


def test_an_open_claim_keeps_its_evidence(stage: Stage) -> None:
    """Who claims money and wants everything destroyed is answered about the claim first."""
    senim, person = senim_of(stage), stage.person()
    claim = by(stage, person, "claim", text="Give me back my money.")
    number = granted(stage, person, "erase")
    request = now(stage, number)
    assert request.plan is not None
    assert request.plan.problems == (f"claim open: {claim.number}",)
    decide(stage, claim.number, granted=True, text="It was sent.")
    act(stage, senim.rights.planning.plan, number)
    run(stage)
    assert now(stage, number).state is State.WAITING_APPROVAL


def test_a_system_that_takes_its_time_is_asked_again(stage: Stage, clock: FixedClock) -> None:
    """A task for a person somewhere: what can be done is done, the rest is asked for hour by hour."""
    senim, person = senim_of(stage), stage.person()
    slow = System({email(person): 2}, name="by-hand")
    slow.waits = True
    connect(stage, slow)
    number = granted(stage, person, "erase")
    approve(stage, number)
    run(stage)
    request = now(stage, number)
    assert (request.state, request.done[0].waits) == (State.EXECUTING, True)
    assert senim.subjects.find(senim.database, person.subject).erased
    slow.waits = False
    assert run(stage) == 0
    clock.move(hours=1, minutes=1)
    run(stage)
    assert now(stage, number).state is State.ANSWERED
    assert slow.rows == {}


def test_withdrawing_by_mail_deletes_everything_where_that_is_promised(staged: Staged) -> None:
    """From the marked mail on: no consent at once, then account and records gone everywhere (airline-12)."""
    stage = staged(varied({"rights.withdrawal-deletes": "true"}))
    senim, person = senim_of(stage), stage.person()
    letters, shop = Letters(senim), System({email(person): 4})
    connect(stage, shop)
    told = opened(stage, "withdraw", way=Way.EMAIL, identifiers={"email": email(person)}, authenticated=True)
    assert stage.ask(Question("use", "orders", person.subject)), "a sender's address destroys nothing"
    act(stage, senim.rights.identities.check_code, told.number, letters.code)
    assert not stage.ask(Question("use", "orders", person.subject))
    run(stage)
    approve(stage, told.number)
    run(stage)
    assert now(stage, told.number).state is State.ANSWERED
    assert shop.rows == {}
    assert senim.subjects.find(senim.database, person.subject).erased
    assert letters.of("erased")


def test_a_correction_reaches_every_system_and_lifts_its_block(stage: Stage) -> None:
    """Both values lie sealed with the request; the new one is verified, the block is gone (94-V 13, travel-39)."""
    senim, person = senim_of(stage), stage.person()
    shop = System({email(person): 1})
    connect(stage, shop)
    changes = {"identity.family": "Quigley"}
    evidence = Attached(what="evidence", media="image/png", content=b"\x89PNG\r\n\x1a\n")
    number = by(stage, person, "correct", ground=Ground.INACCURATE, changes=changes, attached=(evidence,)).number
    assert senim.subjects.find(senim.database, person.subject).marks.block is not None
    decide(stage, number, granted=True)
    run(stage)
    request = now(stage, number)
    assert (request.state, request.blocked, len(shop.executed)) == (State.ANSWERED, False, 1)
    standing = senim.subjects.find(senim.database, person.subject)
    assert standing.marks.block is None
    kept = senim.vault.everything(senim.works.begin(senim.actor()), standing)["identity.family"]
    assert (kept.value, kept.status) == ("Quigley", "verified")
    before = msgspec.json.decode(paper(stage, number, "before"))
    assert before == {"identity.family": [person.values["identity.family"]]}
    assert senim.log.verify().ok


def test_an_answer_tells_everything_from_everywhere(stage: Stage) -> None:
    """Values, sources, terms, recipients and the rows of connected systems, all sealed (travel-31..38)."""
    senim, person = senim_of(stage), stage.person()
    shop = System({email(person): 20_000})
    connect(stage, shop)
    letters = Letters(senim)
    number = granted(stage, person, "access")
    request = now(stage, number)
    assert (request.state, request.approval) == (State.ANSWERED, None)
    page = paper(stage, number, PAGE).decode()
    assert person.values["identity.family"] in page
    assert person.values["payment-card.pan"] not in page, "what no human may see comes masked"
    told = msgspec.json.decode(paper(stage, number, DATA))
    assert (told["number"], told["subject"]) == (number, person.subject)
    rows = paper(stage, number, "export-shop-db").decode().splitlines()
    assert sum(len(msgspec.json.decode(line).get("rows", ())) for line in rows) == 20_000
    assert next(one for one in request.papers if one.id == "export-shop-db").chunks > 1
    ((address, facts),) = letters.of("answer_ready")
    assert address == email(person)
    assert number in facts["link"]
    assert not recorded_values(senim, person)


def recorded_values(senim: Senim, person: Person) -> list[str]:
    """Values of a person that stand in the log."""
    entries = recorded(senim, senim.tick)
    told = str(entries) + str(told_of(senim, person.subject))
    return [value for value in person.values.values() if len(value) > 3 and value in told]


def test_an_answer_goes_to_the_address_that_was_proven(stage: Stage) -> None:
    """Whoever gets somebody else's code entered does not get their data sent to an address of his own."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    told = opened(stage, "access", way=Way.API, identifiers={"email": email(person)}, reply_to="thief@people.example")
    act(stage, senim.rights.identities.check_code, told.number, letters.code)
    decide(stage, told.number, granted=True)
    run(stage)
    assert [address for address, _ in letters.of("answer_ready")] == [email(person)]


def test_both_records_of_a_person_go(stage: Stage) -> None:
    """Two records of one person, linked by a paper: one plan, a mass act, both destroyed (merged people)."""
    senim, person, again = senim_of(stage), stage.person(), stage.person()
    number = by(stage, person, "erase").number
    proof = Attached(what="authority", media="application/pdf", content=b"%PDF-1.7 marriage")
    shown = act(stage, senim.rights.attach, number, proof).papers[-1].id
    act(stage, senim.rights.identities.link, number, again.subject, paper=shown)
    decide(stage, number, granted=True)
    run(stage)
    plan = now(stage, number).plan
    assert plan is not None
    assert plan.people == 2
    approve(stage, number)
    run(stage)
    gone = [senim.subjects.find(senim.database, one.subject).erased for one in (person, again)]
    assert (gone, now(stage, number).state) == ([True, True], State.ANSWERED)


def test_a_second_person_may_say_no(stage: Stage) -> None:
    """Nothing is done; the plan waits to be made anew."""
    senim, person = senim_of(stage), stage.person()
    number = granted(stage, person, "erase")
    request = act(stage, senim.rights.planning.refuse_plan, number, actor=second(stage))
    assert (request.state, request.trouble) == (State.PLANNED, "second_person_needed")
    assert run(stage) == 0
    assert not senim.subjects.find(senim.database, person.subject).erased
