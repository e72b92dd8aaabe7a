"""What may happen to a request: the state machine, who may be told what, who decides, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from senim.errors import Code, SenimError
from senim.identity import RESPONSIBLE, Actor, ActorKind
from senim.languages import wording
from senim.rights.handling import ASKABLE
from senim.rights.records import (
    Approval,
    Decision,
    ExtensionReason,
    Ground,
    Kind,
    Line,
    Opening,
    PauseReason,
    Planned,
    Proof,
    Refusal,
    Represented,
    Request,
    State,
    Way,
)
from senim.rights.rules import (
    ENDED,
    MOVES,
    VEXATIOUS_AFTER,
    age_on,
    block_reason,
    check_opening,
    check_proven,
    check_refusal,
    check_second,
    deletes,
    digest_of,
    drp,
    follows,
    guardian_until,
    is_number,
    is_open,
    joins,
    kind_of,
    missing,
    moved,
    needs_second,
    new_number,
    proven,
    received,
    repeats,
)
from tests.unit import made
from tests.unit.made import AT, DAY, NOW
from tests.unit.rights.made_requests import request

STAFF = Actor(kind=ActorKind.STAFF, id="anna", role="desk")


def refused(code: Code, act: object) -> None:
    with pytest.raises(SenimError) as refusal:
        act()  # type: ignore[operator]  # a lambda of a test
    assert refusal.value.code is code


# states


def test_every_state_leads_to_an_end_and_none_back_from_it() -> None:
    """Whatever happens, a request can be ended, and what is ended only waits for its destruction."""
    for state in State:
        reached, waiting = set[State](), [state]
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += MOVES[one]
        assert State.CLOSED in reached
    for state in ENDED:
        assert MOVES[state] == (State.CLOSED,)
        assert not is_open(request(state=state))
    assert MOVES[State.CLOSED] == ()
    assert State.ANSWERED not in MOVES[State.EXECUTING], "nothing is answered that was not looked through again"
    assert State.EXECUTING not in MOVES[State.DECIDED], "nothing is carried out that was not planned"


@given(st.lists(st.sampled_from(State), max_size=12))
def test_no_row_of_steps_reaches_a_state_that_is_not_its_next(steps: list[State]) -> None:
    """Steps in any order: each is taken only where it may be, and the request stays as it was otherwise."""
    one = request(state=State.IDENTITY_NEEDED)
    for step in steps:
        if step in MOVES[one.state]:
            one = moved(one, step)
            assert one.state is step
        else:
            refused(Code.REQUEST_STATE, lambda one=one, step=step: moved(one, step))


@pytest.mark.parametrize("state", State)
def test_every_state_is_one_of_the_data_rights_protocol(state: State) -> None:
    """Agents that speak that protocol understand every answer."""
    status, reason = drp(request(state=state))
    assert status in {"open", "in_progress", "fulfilled", "revoked", "denied", "expired"}
    assert bool(reason) <= (status in {"in_progress", "denied"})


def test_a_refusal_is_told_by_the_protocols_reason() -> None:
    """Nobody on file, identity not shown and too many requests each have their own word there."""
    words = {
        Refusal.NOTHING_ON_FILE: "no_match",
        Refusal.IDENTITY_UNPROVEN: "insuf_verification",
        Refusal.VEXATIOUS: "too_many_requests",
    }
    for reason in Refusal:
        decision = Decision(granted=False, by="staff:anna", at=AT, reasons=(reason,))
        for state in (State.REFUSED, State.CLOSED):
            assert drp(request(state=state, decision=decision))[0] == "denied"
        told = drp(request(state=State.REFUSED, decision=decision))[1]
        assert told == words.get(reason, told) != ""


def test_everything_that_people_read_has_its_words() -> None:
    """Kinds, ways, states, grounds, proofs, reasons and what may be asked for are worded in three languages."""
    words = wording("rights")
    names = [
        *(f"kind-{one}" for one in Kind), *(f"way-{one}" for one in Way), *(f"state-{one}" for one in State),
        *(f"ground-{one}" for one in Ground if one), *(f"proof-{one}" for one in Proof if one),
        *(f"refusal-{one}" for one in Refusal), *(f"pause-{one}" for one in PauseReason),
        *(f"extension-{one}" for one in ExtensionReason), *(f"contains-{one}" for one in ASKABLE),
    ]  # fmt: skip
    assert [name for name in names if name not in words] == []


# numbers


def test_numbers_are_drawn_and_a_slip_is_noticed() -> None:
    """A number tells nothing of other requests; one wrong digit, or two exchanged, is no number any more."""
    drawn = [new_number(2026) for _ in range(200)]
    assert len(set(drawn)) > 195
    assert all(is_number(one) for one in drawn)
    for one in drawn[:20]:
        for place in range(7, 15):
            wrong = one[:place] + str((int(one[place]) + 1) % 10) + one[place + 1 :]
            assert not is_number(wrong)
    assert not any(is_number(one) for one in ("", "R-2026-0000000", "R-2026-00000000\n", "r-2026-00000000", "1'--"))


# what comes in


def test_what_the_policy_wants_in_a_request_is_asked_for() -> None:
    """Surname, name, patronymic, an address for the answer and the matter itself (foundation-33)."""
    contains = ["family", "given", "patronymic", "email-or-postal-address", "content"]
    promises = made.promises({"rights.kinds.access": {"contains": contains}})
    bare = Opening(kind="access", way=Way.EMAIL)
    assert missing(promises, bare, Kind.ACCESS) == (
        "family", "given", "email-or-postal-address", "content", "patronymic", "identifier",
    )  # fmt: skip
    whole = Opening(
        kind="access",
        way=Way.EMAIL,
        identifiers={"email": "a@people.example"},
        name={"family": "Winslow", "given": "Alice"},
        text="What do you have about me?",
    )
    assert missing(promises, whole, Kind.ACCESS) == (), "a name without a patronymic is a whole name"
    assert missing(promises, whole, Kind.CORRECT) == ("changes",)


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        (Opening(kind="access", subject="Winslow"), Code.INVALID_VALUE),
        (Opening(kind="access", text="x" * 20_001), Code.BODY_TOO_LARGE),
        (Opening(kind="access", name={"nickname": "Al"}), Code.INVALID_VALUE),
        (Opening(kind="correct", changes={"contact.pager": "1"}), Code.CATEGORY_UNDECLARED),
        (Opening(kind="access", identifiers={"pager": "1"}), Code.INVALID_VALUE),
        (Opening(kind="withdraw", purposes=("profiling",)), Code.PURPOSE_UNDECLARED),
    ],
)
def test_what_no_request_can_be_is_refused(opening: Opening, code: Code) -> None:
    """Ids that are none, names that nobody declared, texts without end."""
    refused(code, lambda: check_opening(made.promises(), opening))


def test_the_clock_starts_when_a_letter_came_and_not_when_it_was_entered() -> None:
    """A time ahead, without a zone or before there was a law is none."""
    came = NOW - timedelta(days=3)
    assert received(Opening(kind="access", received_at=came.isoformat()), NOW) == came
    assert received(Opening(kind="access"), NOW) == NOW
    for wrong in ("tomorrow", "2026-11-20T10:00:00", (NOW + timedelta(days=1)).isoformat(), "1999-01-01T00:00:00Z"):
        refused(Code.INVALID_VALUE, lambda wrong=wrong: received(Opening(kind="access", received_at=wrong), NOW))


def test_kinds_go_by_their_own_word_and_by_that_of_the_policy_file() -> None:
    """``complain`` of a policy is a complaint."""
    assert kind_of("complain") is kind_of("complaint") is Kind.COMPLAINT
    refused(Code.INVALID_VALUE, lambda: kind_of("everything"))


# who asks


@pytest.mark.parametrize("kind", Kind)
def test_a_senders_name_alone_is_never_enough(kind: Kind) -> None:
    """Nothing is told, changed or destroyed for somebody who only says who they are."""
    assert not proven(request(kind=kind))
    assert proven(request(kind=kind, proof=Proof.CODE))
    refused(Code.IDENTITY_UNPROVEN, lambda: check_proven(request(kind=kind)))
    by_mail = proven(request(kind=kind, proof=Proof.CONTACT))
    assert by_mail == (kind in (Kind.BLOCK, Kind.STOP_MAILINGS, Kind.CLAIM, Kind.COMPLAINT, Kind.CONCERN,
                                Kind.COMPENSATION))  # fmt: skip


def test_who_asks_for_another_needs_a_paper_that_somebody_checked() -> None:
    """A power of attorney that nobody looked at opens nothing (tickets-20)."""
    for_another = request(proof=Proof.DOCUMENT, represented=Represented(by="power-of-attorney"))
    refused(Code.AUTHORITY_UNPROVEN, lambda: check_proven(for_another))
    check_proven(replace(for_another, represented=Represented(by="power-of-attorney", checked_by="staff:anna")))


# blocks, joining, repeating


@pytest.mark.parametrize(
    ("kind", "ground", "way", "reason"),
    [
        (Kind.CORRECT, Ground.INACCURATE, Way.EMAIL, "inaccuracy-reported"),
        (Kind.ERASE, Ground.UNLAWFUL, Way.PORTAL, "unlawful-reported"),
        (Kind.COMPLAINT, Ground.UNLAWFUL, Way.LETTER, "unlawful-reported"),
        (Kind.BLOCK, Ground.NONE, Way.PORTAL, "request-of-person"),
        (Kind.BLOCK, Ground.NONE, Way.AUTHORITY, "request-of-authority"),
        (Kind.CORRECT, Ground.OUTDATED, Way.PORTAL, ""),
        (Kind.ERASE, Ground.NOT_NEEDED, Way.PORTAL, ""),
        (Kind.ACCESS, Ground.INACCURATE, Way.PORTAL, ""),
    ],
)
def test_a_report_of_inaccuracy_or_unlawful_acts_blocks(kind: Kind, ground: Ground, way: Way, reason: str) -> None:
    """By the person, a representative or the authority (shop-20); who only moved house is not blocked."""
    assert block_reason(request(kind=kind, ground=ground, way=way)) == reason


def test_the_same_asked_twice_is_answered_once() -> None:
    """An open request of the same kind takes the later one in; claims and corrections each stand for themselves."""
    first = request(number="R-2026-00000018", opened_at=AT - DAY)
    assert joins(request(), [first]) == first
    assert joins(request(), [replace(first, state=State.ANSWERED)]) is None
    assert joins(request(), [replace(first, kind=Kind.COPY)]) is None
    assert joins(request(), [replace(first, purposes=("newsletter",))]) is None
    assert joins(first, [request()]) is None, "the later one joins the earlier"
    assert joins(request(kind=Kind.CLAIM), [replace(first, kind=Kind.CLAIM)]) is None


def test_only_the_responsible_person_calls_a_request_vexatious_and_only_after_many() -> None:
    """A refusal needs a reason; this one needs a history as well."""
    refused(Code.REASON_NOT_CHOSEN, lambda: check_refusal(request(), (), STAFF, responsible=True, past=0))
    check_refusal(request(), (Refusal.UNFOUNDED,), STAFF, responsible=False, past=0)
    vexatious = (Refusal.VEXATIOUS,)
    for responsible, past in ((False, 99), (True, VEXATIOUS_AFTER - 1)):
        refused(
            Code.ROLE_NOT_ALLOWED,
            lambda r=responsible, p=past: check_refusal(request(), vexatious, STAFF, responsible=r, past=p),
        )
    check_refusal(request(), vexatious, STAFF, responsible=True, past=VEXATIOUS_AFTER)
    before = [request(number=new_number(2026), state=State.ANSWERED, received_at=AT - n * 100 * DAY) for n in range(6)]
    assert repeats(request(), before) == 4, "a year back, and no further"
    assert repeats(request(kind=Kind.ERASE), before) == 0


# plans


def plan(**changed: object) -> Planned:
    parts = {"by": "staff:anna", "at": AT, "digest": "", "wish": "erase",
             "here": (Line(place="contact", act="delete"),), **changed}  # fmt: skip
    made_plan = Planned(**parts)  # type: ignore[arg-type]  # parts of a plan
    return replace(made_plan, digest=digest_of(made_plan))


@pytest.mark.parametrize(
    ("wanted", "of", "second"),
    [
        ("destructive", plan(), True),
        ("destructive", plan(here=(Line(place="contact", act="export"),)), False),
        ("destructive", plan(here=(), people=2), True),
        ("mass", plan(), False),
        ("mass", plan(here=(Line(place="contact", act="delete", rows=1001),)), True),
        ("always", plan(here=()), True),
        ("never", plan(people=9), False),
    ],
)
def test_mass_and_destructive_plans_need_a_second_person(wanted: str, of: Planned, second: bool) -> None:
    """As the policy says; by default whatever cannot be undone."""
    promises = made.promises({"rights.second-person": wanted})
    assert needs_second(promises, of) is second
    assert made.promises().policy.rights.second_person == "destructive"


@pytest.mark.parametrize(
    ("kind", "wanted", "told"),
    [
        (Kind.ACCESS, "destructive", ("read", "mass")),
        (Kind.ACCESS, "always", ("read", "always")),
        (Kind.ERASE, "destructive", ("erase", "destructive")),
        (Kind.ERASE, "mass", ("erase", "mass")),
        (Kind.ERASE, "never", ("erase", "")),
        (Kind.COMPLETE, "never", ("correct", "")),
        (Kind.VISIBILITY, "always", ("stop", "always")),
        (Kind.COMPLAINT, "always", ("words", "")),
        (Kind.UNBLOCK, "always", ("unblock", "")),
    ],
)
def test_what_granting_leads_to_follows_from_kind_and_policy(kind: Kind, wanted: str, told: tuple[str, str]) -> None:
    """What is not planned waits for no second person; what is, for one just where the policy says so."""
    assert follows(made.promises({"rights.second-person": wanted}), request(kind=kind)) == told


def test_nobody_approves_what_they_asked_for_or_have_not_seen() -> None:
    """The digest says which plan was seen; a plan that changed meanwhile is another one."""
    planned = request(state=State.WAITING_APPROVAL, plan=plan())
    assert planned.plan is not None
    other = Actor(kind=ActorKind.STAFF, id="boris", role=RESPONSIBLE)
    check_second(planned, other, planned.plan.digest)
    refused(Code.SECOND_PERSON_NEEDED, lambda: check_second(planned, STAFF, planned.plan.digest))
    refused(Code.PLAN_CHANGED, lambda: check_second(planned, other, plan(people=3).digest))
    assert digest_of(plan(by="staff:boris", at=AT + 1)) == plan().digest, "who and when are no part of what is done"
    assert Approval(by=other.label, at=AT, digest=plan().digest).digest == planned.plan.digest


def test_withdrawing_everything_deletes_where_the_policy_says_so() -> None:
    """The account and all records go (airline-12); withdrawing in part never does."""
    deleting = made.promises({"rights.withdrawal-deletes": "true"})
    assert deletes(deleting, request(kind=Kind.WITHDRAW))
    assert not deletes(deleting, request(kind=Kind.WITHDRAW, purposes=("newsletter",)))
    assert not deletes(made.promises(), request(kind=Kind.WITHDRAW))
    assert deletes(made.promises(), request(kind=Kind.ERASE))


# children


def test_a_child_is_spoken_for_until_it_decides_alone() -> None:
    """Under 14 a parent acts, until 18 with the child's own yes (Civil Code 22, 23); leap days included."""
    born = date(2012, 2, 29)
    assert age_on(born, date(2026, 2, 28)) == 13
    assert age_on(born, date(2026, 3, 1)) == 14
    assert guardian_until(made.promises(), born) == date(2030, 2, 28)
    assert datetime(2030, 2, 28, tzinfo=UTC) > NOW


def test_requests_are_made_of_ids_and_codes_alone() -> None:
    """The record of a request has no field for free text."""
    free = {"text", "name", "address", "reply_to", "identifiers"}
    assert not free & set(Request.__struct_fields__)
