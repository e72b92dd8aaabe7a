"""What binds at once, what stops a clock, who decides: block, withdraw, stop mailings, ask, refuse, answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from senim.errors import Code
from senim.gate import Question
from senim.identity import ActorKind
from senim.rights import Attached, Ground, Refusal, State, Way
from senim.testing import FixedClock, Stage
from senim.times import moment
from tests.features.acting import another, refused, senim_of, stranger, told_of
from tests.features.rights.scene import Letters, act, by, decide, now, opened
from tests.unit.made import varied

EVIDENCE = Attached(what="evidence", media="image/png", content=b"\x89PNG\r\n\x1a\n")


def test_a_report_of_inaccuracy_blocks_in_every_process_until_a_decision(stage: Stage, clock: FixedClock) -> None:
    """The very next question is refused everywhere (shop-20); not confirmed, the block is lifted (94-V 25(2)(8))."""
    senim, person = senim_of(stage), stage.person()
    question = Question("use", "orders", person.subject)
    assert stage.ask(question)
    request = by(stage, person, "correct", ground=Ground.INACCURATE, changes={"contact.phone": "+77990000001"})
    assert (request.state, request.blocked) == (State.IN_CHECK, True)
    assert not stage.ask(question)
    with another(stage, clock) as other:
        assert not other.gate.check(other.actor(), question)
    refusal = decide(stage, request.number, granted=False, reasons=(Refusal.NOT_CONFIRMED,))
    assert (refusal.state, refusal.due) == (State.REFUSED, 0)
    assert stage.ask(question)
    acts = [one.act for one in told_of(senim, person.subject)]
    assert [one for one in acts if one.startswith("subject.")] == ["subject.blocked", "subject.unblocked"]


def test_a_block_stays_while_another_check_needs_it(stage: Stage) -> None:
    """Two reports, one decided: the data stays blocked until the second is."""
    senim, person = senim_of(stage), stage.person()
    first = by(stage, person, "block", ground=Ground.UNLAWFUL)
    other = by(stage, person, "correct", ground=Ground.INACCURATE, changes={"contact.phone": "+77990000001"})
    decide(stage, first.number, granted=False, reasons=(Refusal.NOT_CONFIRMED,))
    assert senim.subjects.find(senim.database, person.subject).marks.block is not None
    act(stage, senim.rights.withdraw, other.number)
    assert senim.subjects.find(senim.database, person.subject).marks.block is None


def test_a_violation_that_is_confirmed_leaves_the_block(stage: Stage) -> None:
    """Granted, the data stays blocked and the person is told; a later wish to open it lifts the block."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    request = by(stage, person, "block", ground=Ground.UNLAWFUL)
    assert {one.stage for one in request.deadlines if one.met_at} == {"act"}
    assert decide(stage, request.number, granted=True).state is State.ANSWERED
    assert senim.subjects.find(senim.database, person.subject).marks.block is not None
    assert letters.of("block_done")
    assert decide(stage, by(stage, person, "unblock").number, granted=True).state is State.ANSWERED
    assert senim.subjects.find(senim.database, person.subject).marks.block is None


def test_a_withdrawal_binds_the_very_next_question(stage: Stage) -> None:
    """Whole or in part, at once and with nobody's decision (travel-40, foundation-32)."""
    senim, person = senim_of(stage), stage.person()
    newsletter = Question("use", "newsletter", person.subject, channel="email")
    assert stage.ask(newsletter)
    part = by(stage, person, "withdraw", purposes=("newsletter",))
    assert (part.state, part.due) == (State.ANSWERED, 0)
    assert not stage.ask(newsletter)
    assert stage.ask(Question("use", "orders", person.subject))
    whole = by(stage, person, "withdraw")
    assert whole.state is State.ANSWERED
    assert not stage.ask(Question("use", "orders", person.subject))
    assert not any(one.agreed.given for one in senim.consents.of(senim.database, person.subject))
    assert senim.log.verify().ok


def test_mailings_stop_for_an_address_that_its_server_vouches_for(stage: Stage) -> None:
    """Marketing ends, whatever else was agreed to stays; the person hears which (travel-48, foundation-34)."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    told = opened(
        stage, "stop-mailings", way=Way.EMAIL, identifiers={"email": person.values["contact.email"]}, authenticated=True
    )
    assert now(stage, told.number).state is State.ANSWERED
    assert not stage.ask(Question("use", "newsletter", person.subject, channel="email"))
    assert stage.ask(Question("use", "orders", person.subject))
    assert len(letters.of("mailings_stopped")) == 1


def test_the_clock_waits_for_documents_and_for_nothing_else(stage: Stage, clock: FixedClock) -> None:
    """A correction waits for what supports it (94-V 13); when that comes it goes on by itself."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    request = by(stage, person, "correct", changes={"identity.family": "Quigley"})
    ask = senim.rights.handling.ask
    refused(Code.DOCUMENTS_MISSING, lambda: decide(stage, request.number, granted=True))
    refused(Code.PAUSE_NOT_ALLOWED, lambda: act(stage, ask, request.number, ("content",), pause="content"))
    assert not now(stage, request.number).missing, "what is refused leaves nothing"
    paused = act(stage, ask, request.number, ("documents",), pause="documents")
    assert (paused.state, paused.paused) == (State.CLARIFYING, True)
    assert letters.of("needs_more")[-1][1]["paused"] is True
    clock.move(days=20)
    assert senim.rights.overdue(senim.database) == []
    request = act(stage, senim.rights.attach, request.number, EVIDENCE)
    assert (request.state, request.paused) == (State.RECEIVED, False)
    assert moment(request.due).date().isoformat() == "2026-12-14", "one working day after they came"
    assert decide(stage, request.number, granted=True).state is State.DECIDED


def test_more_time_needs_a_law_that_gives_it(stage: Stage) -> None:
    """The law of Kazakhstan gives none."""
    senim, person = senim_of(stage), stage.person()
    request = by(stage, person, "access")
    extend = senim.rights.handling.extend
    refused(Code.EXTENSION_NOT_ALLOWED, lambda: act(stage, extend, request.number, "complex"))


def test_claims_are_answered_in_words_and_in_time(staged: Callable[[bytes], Stage]) -> None:
    """A number, a deadline, an answer, the authority's name where it is refused (travel-41, tickets-24, shop-22)."""
    stage = staged(varied({}))
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    claim = by(stage, person, "claim", text="Give me back my money.")
    refused(Code.FIELD_MISSING, lambda: decide(stage, claim.number, granted=True))
    done = decide(stage, claim.number, granted=True, text="You are right.\n\nIt was sent today.")
    assert (done.state, done.due) == (State.ANSWERED, 0)
    assert letters.of("claim_answer")[0][1]["text"] == ("You are right.", "It was sent today.")
    complaint = by(stage, person, "complaint", text="You call at night.")
    decide(stage, complaint.number, granted=False, reasons=(Refusal.UNFOUNDED,), text="Nobody called.")
    answer = letters.of("complaint_answer")[0][1]
    assert (answer["granted"], answer["text"]) == (False, ("Nobody called.",))
    assert [one.en for one in answer["reasons"]] == ["The demand was examined and found to be without ground."]


@pytest.mark.parametrize(
    ("kind", "template", "says"),
    [
        ("claim", "claim_answer", "claim"),
        ("complaint", "complaint_answer", "complaint"),
        ("concern", "concern_answer", "safety of data"),
        ("compensation", "compensation_answer", "compensation"),
        ("object", "objection_answer", "automated decision"),
    ],
)
def test_what_is_answered_in_words_is_answered_in_its_own(stage: Stage, kind: str, template: str, says: str) -> None:
    """A complaint is no claim, and a claim no concern; a complaint's letter always tells of the authority."""
    senim, person = senim_of(stage), stage.person()
    for granted in (True, False):
        asked = by(stage, person, kind, text="You call at night.", language="en")
        reasons = () if granted else (Refusal.NOT_CONFIRMED,)
        decide(stage, asked.number, granted=granted, reasons=reasons, text="We looked.")
        traces = senim.rights.listing.traces(senim.database, asked.number)
        sent = [one for one in traces if one.template and one.template != "received"]
        assert [one.template for one in sent] == [template]
        text = act(stage, senim.messages.read, sent[0].id)[1].text
        assert says in text
        assert "We looked." in text
        assert ("did not confirm" in text) is not granted
        assert ("eotinish.kz" in text) is (kind == "complaint" or not granted)


def test_a_complaint_that_is_upheld_keeps_the_block_and_says_so(stage: Stage) -> None:
    """What was confirmed stays blocked until it is put right; what was not is lifted (94-V 25(2)(8))."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    upheld = by(stage, person, "complaint", ground=Ground.UNLAWFUL, text="You call at night.")
    assert upheld.blocked
    assert upheld.deadlines[-1].limits[0].ref == "complaint"
    done = decide(stage, upheld.number, granted=True, text="You are right.")
    assert senim.rights.shown(done, "en").says == "Complaint upheld"
    assert letters.of("complaint_answer")[0][1]["blocked"] is True
    assert senim.subjects.find(senim.database, person.subject).marks.block is not None
    other = stage.person()
    unfounded = by(stage, other, "complaint", ground=Ground.UNLAWFUL, text="You call at night.")
    refusal = decide(stage, unfounded.number, granted=False, reasons=(Refusal.NOT_CONFIRMED,))
    assert senim.rights.shown(refusal, "ru").says == "Жалоба не удовлетворена"
    assert senim.subjects.find(senim.database, other.subject).marks.block is None


def test_a_refusal_has_a_reason_and_the_right_person(stage: Stage) -> None:
    """Without a reason none; for vexatious asking only the responsible person's, after many requests."""
    senim, person = senim_of(stage), stage.person()
    clerk = stranger("request", "handle", kind=ActorKind.STAFF, role="desk")
    request = by(stage, person, "copy")
    refused(Code.REASON_NOT_CHOSEN, lambda: decide(stage, request.number, granted=False))
    vexatious = (Refusal.VEXATIOUS,)
    refused(Code.ROLE_NOT_ALLOWED, lambda: decide(stage, request.number, granted=False, reasons=vexatious))
    for _ in range(5):
        asked = by(stage, person, "recipients")
        decide(stage, asked.number, granted=False, reasons=(Refusal.RIGHTS_OF_OTHERS,))
    again = by(stage, person, "recipients")
    assert senim.rights.past(senim.database, again) == 5
    verb = senim.rights.handling.decide
    refused(
        Code.ROLE_NOT_ALLOWED,
        lambda: act(stage, verb, again.number, granted=False, reasons=vexatious, actor=clerk),
    )
    assert decide(stage, again.number, granted=False, reasons=vexatious).state is State.REFUSED


def test_nothing_is_decided_for_who_did_not_show_who_they_are(stage: Stage) -> None:
    """Granting is refused; refusing for just that reason is not."""
    told = opened(stage, "erase", way=Way.API, identifiers={"email": stage.person().values["contact.email"]})
    refused(Code.IDENTITY_UNPROVEN, lambda: decide(stage, told.number, granted=True))
    refused(Code.IDENTITY_UNPROVEN, lambda: decide(stage, told.number, granted=False, reasons=(Refusal.UNFOUNDED,)))
    unproven = (Refusal.IDENTITY_UNPROVEN,)
    assert decide(stage, told.number, granted=False, reasons=unproven).state is State.REFUSED


@pytest.mark.parametrize(
    ("part", "gone", "stays"),
    [
        (
            "newsletter@sms",
            Question("use", "newsletter", channel="sms"),
            Question("use", "newsletter", channel="email"),
        ),
        ("orders/mailer", Question("transfer", "orders", recipient="mailer"), Question("use", "orders")),
    ],
)
def test_a_withdrawal_in_part_ends_that_part_alone(stage: Stage, part: str, gone: Question, stays: Question) -> None:
    """foundation-32, travel-40: by recipient or by channel; the rest goes on."""
    senim, person = senim_of(stage), stage.person()
    gone, stays = gone._replace(subject=person.subject), stays._replace(subject=person.subject)
    assert senim.gate.check(stage.actor, gone)
    by(stage, person, "withdraw", purposes=(part,))
    refused_now = senim.gate.check(stage.actor, gone)
    assert "consent_withdrawn" in {reason.code for reason in refused_now.reasons}
    assert senim.gate.check(stage.actor, stays)
    refused(Code.RECIPIENT_UNDECLARED, lambda: by(stage, person, "withdraw", purposes=("orders/somebody",)))


def test_who_gave_no_address_for_mail_gets_the_last_word_on_paper(stage: Stage) -> None:
    """A claim by letter with a telephone number alone: how it ended lies with it, ready to be printed, in its language.

    Who can be written to has no such paper, and a refusal with its reasons is one, too.
    """
    senim, person = senim_of(stage), stage.person()
    by_letter: dict[str, Any] = {
        "way": Way.LETTER,
        "language": "kk",
        "identifiers": {"phone": person.values["contact.phone"]},
    }
    ends: tuple[tuple[str, dict[str, Any]], ...] = (
        ("claim", {"granted": True, "text": "Қате түзетілді."}),
        ("access", {"granted": False, "reasons": (Refusal.NOTHING_ON_FILE,)}),
    )
    for kind, how in ends:
        number = opened(stage, kind, text="Наразымын.", **by_letter).number
        act(stage, senim.rights.identities.by_document, number, subject=person.subject)
        ended = decide(stage, number, **how)
        letter = next(one for one in ended.papers if one.what == "note")
        media, content = act(stage, senim.rights.paper, number, letter.id)
        page = content.decode()
        assert media == "text/html"
        assert '<html lang="kk"' in page
        assert number in page
        assert ("Қате түзетілді." in page) == (kind == "claim")
    mailed = by(stage, person, "claim", text="Наразымын.")
    assert not [one for one in decide(stage, mailed.number, granted=True, text="Иә.").papers if one.what == "note"]
