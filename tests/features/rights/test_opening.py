"""Requests come in by every way: number, clock, seal, entry; and nobody learns who is on file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from senim.errors import Code
from senim.languages import LANGUAGES, Language
from senim.rights import Attached, Ground, Kind, Opening, Proof, Refusal, State, Way
from senim.rights.limits import OPENINGS
from senim.rights.rules import is_number
from senim.testing import FixedClock, Stage
from senim.times import moment
from tests.features.acting import last, recorded, refused, senim_of, stranger, told_of
from tests.features.rights.scene import Letters, act, by, decide, now, opened

NOBODY = "nobody.here@people.example"


def test_a_request_gets_number_clock_and_confirmation(stage: Stage) -> None:
    """Number, term in words, a link with a secret; the text lies sealed and the log tells no value (travel-49)."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    email = person.values["contact.email"]
    told = opened(stage, "access", subject=person.subject, reply_to=email, text="Tell me about my pink parrot.")
    assert is_number(told.number)
    assert told.says.startswith("Answer by 24:00 on 25 November 2026 (3 working days).")
    request = now(stage, told.number)
    assert (request.state, request.proof, request.subject) == (State.RECEIVED, Proof.SESSION, person.subject)
    assert moment(request.received_at) == senim.works.clock.now()
    ((address, facts),) = letters.of("received")
    assert address == email
    assert told.number in facts["link"]
    assert told.token in facts["link"]
    entries = told_of(senim, person.subject)
    assert [one.act for one in entries][-1] == "request.identified"
    assert not any("parrot" in str(one) or email in str(one) for one in entries)
    assert senim.database.engine.dialect in ("sqlite", "postgresql")


@pytest.mark.parametrize(("way", "theirs"), [(Way.PORTAL, True), (Way.EMAIL, False)])
def test_the_confirmation_is_the_person_s_if_they_showed_who_they_are(stage: Stage, way: Way, *, theirs: bool) -> None:
    """Who is signed in finds it among the letters to them; an address that somebody merely named is nobody's yet."""
    senim, person = senim_of(stage), stage.person()
    email = person.values["contact.email"]
    known = {"subject": person.subject} if way is Way.PORTAL else {"identifiers": {"email": email}}
    told = opened(stage, "access", way=way, reply_to=email, **known)
    traces = senim.rights.listing.traces(senim.database, told.number)
    (sent,) = (senim.messages.find(senim.database, one.id) for one in traces if one.template == "received")
    assert sent.subject == (person.subject if theirs else None)


def test_whoever_handles_it_reads_the_text_and_the_look_is_logged(stage: Stage) -> None:
    """What was written opens for staff who handle requests, and for nobody else."""
    senim, person = senim_of(stage), stage.person()
    request = by(stage, person, "complaint", text="You called me at night.", ground=Ground.UNLAWFUL)
    read = act(stage, senim.rights.read, request.number)
    assert (read.text, read.reply_to) == ("You called me at night.", person.values["contact.email"])
    assert (last(senim).act, last(senim).ref) == ("request.read", request.number)
    outsider = stranger("request")
    refused(Code.ROLE_NOT_ALLOWED, lambda: act(stage, senim.rights.read, request.number, actor=outsider))


@pytest.mark.parametrize("way", [Way.API, Way.PORTAL, Way.EMAIL])
def test_the_answer_is_the_same_whether_or_not_somebody_is_known(stage: Stage, way: Way) -> None:
    """No enumeration: words, state, missing parts and letters are alike for a customer and for nobody."""
    senim, person = senim_of(stage), stage.person()
    seen = []
    for email in (person.values["contact.email"], NOBODY):
        letters = Letters(senim)
        told = opened(stage, "access", way=way, identifiers={"email": email}, reply_to="me@people.example")
        status = senim.rights.status(senim.database, told.number, told.token)
        sent = [(template, address.replace(email, "…"), sorted(facts)) for template, address, facts, _ in letters.sent]
        seen.append((told.says, told.due, told.missing, status.says, status.missing, status.drp, sent))
    assert seen[0] == seen[1]
    assert "code" in {template for template, *_ in seen[0][-1]}


def test_the_state_is_shown_to_who_has_the_secret_alone(stage: Stage) -> None:
    """A wrong secret and a number that nobody has are answered alike."""
    senim, person = senim_of(stage), stage.person()
    told = opened(stage, "erase", subject=person.subject)
    status = senim.rights.status(senim.database, told.number, told.token)
    assert (status.kind, status.state, status.drp) == (Kind.ERASE, State.RECEIVED, ("open", ""))
    assert [senim.rights.shown(now(stage, told.number), one).says for one in LANGUAGES] == [
        "Қабылданды", "Принято", "Received",
    ]  # fmt: skip
    unknown = refused(Code.NOT_FOUND, lambda: senim.rights.status(senim.database, "R-2026-00000018", told.token))
    wrong = refused(Code.NOT_FOUND, lambda: senim.rights.status(senim.database, told.number, "x" * 32))
    assert (unknown.where, unknown.detail) == (wrong.where, wrong.detail)


def test_letters_calls_and_visits_are_entered_by_staff(stage: Stage, clock: FixedClock) -> None:
    """The clock starts when the letter came; the scan is sealed with it (foundation-32)."""
    senim, person = senim_of(stage), stage.person()
    came = clock() - timedelta(days=2)
    scan = Attached(what="letter", media="application/pdf", content=b"%PDF-1.7 " + b"x" * 600_000)
    told = opened(
        stage,
        "withdraw",
        way=Way.LETTER,
        identifiers={"email": person.values["contact.email"]},
        received_at=came.isoformat(),
        attached=(scan,),
    )
    request = now(stage, told.number)
    assert (request.state, moment(request.received_at)) == (State.IDENTITY_NEEDED, came)
    paper = next(one for one in request.papers if one.what == "letter")
    assert paper.chunks == 3
    assert act(stage, senim.rights.paper, told.number, paper.id) == ("application/pdf", scan.content)
    by_hand = Opening(kind="withdraw", way=Way.COUNTER)
    site = stranger("request")
    refused(Code.ROLE_NOT_ALLOWED, lambda: senim.run(site, lambda work: senim.rights.open(work, by_hand)))


def test_an_authority_asks_with_its_document(stage: Stage) -> None:
    """Its report of an unlawful act blocks at once; without a document nothing happens (shop-20, tickets-17)."""
    senim, person = senim_of(stage), stage.person()
    email = {"email": person.values["contact.email"]}
    refused(Code.REASON_MISSING, lambda: opened(stage, "block", way=Way.AUTHORITY, identifiers=email))
    paper = Attached(what="letter", media="application/pdf", content=b"%PDF-1.7 order")
    told = opened(stage, "block", way=Way.AUTHORITY, identifiers=email, attached=(paper,))
    assert now(stage, told.number).state is State.IN_CHECK
    assert senim.subjects.find(senim.database, person.subject).marks.block is not None


def test_what_cannot_be_a_request_is_refused_with_its_entry(stage: Stage) -> None:
    """A card number in a correction, a kind that there is not: refused, logged, without the words."""
    senim, person = senim_of(stage), stage.person()
    entries = recorded(
        senim, lambda: opened(stage, "correct", subject=person.subject, changes={"contact.note": "9398000000000001"}),
        refusal=Code.CARD_NUMBER,
    )  # fmt: skip
    assert [(one.act, one.outcome) for one in entries] == [("request.opened", "refused")]
    assert "9398" not in str(entries)
    refused(Code.INVALID_VALUE, lambda: opened(stage, "everything"))


def test_one_address_cannot_flood_the_inbox(stage: Stage, clock: FixedClock) -> None:
    """Ten requests in twelve hours from one address, known or not; then it may again."""
    for _ in range(OPENINGS):
        opened(stage, "confirm", way=Way.API, identifiers={"email": NOBODY})
    refused(Code.TOO_MANY_ATTEMPTS, lambda: opened(stage, "confirm", way=Way.API, identifiers={"email": NOBODY}))
    clock.move(hours=12)
    opened(stage, "confirm", way=Way.API, identifiers={"email": NOBODY})


def test_whoever_is_signed_in_is_counted_too(stage: Stage) -> None:
    """Nobody floods the desk, with a session or without; each is counted for themselves."""
    person, other = stage.person(), stage.person()
    for _ in range(OPENINGS):
        by(stage, person, "confirm")
    refused(Code.TOO_MANY_ATTEMPTS, lambda: by(stage, person, "confirm"))
    by(stage, other, "confirm")


def test_nobody_keeps_somebody_else_out(stage: Stage) -> None:
    """Who names another's address everywhere leaves them ways of their own: a session, a letter that is vouched for."""
    person = stage.person()
    email = {"email": person.values["contact.email"]}
    for way in (Way.API, Way.EMAIL):
        for _ in range(OPENINGS):
            opened(stage, "confirm", way=way, identifiers=email)
        refused(Code.TOO_MANY_ATTEMPTS, lambda way=way: opened(stage, "confirm", way=way, identifiers=email))  # type: ignore[misc]
    by(stage, person, "access")
    opened(stage, "access", way=Way.EMAIL, identifiers=email, authenticated=True)


def test_what_was_missing_is_asked_for_and_added(stage: Stage) -> None:
    """Name, address and matter (foundation-33): asked for in words, added, and the request goes on."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    request = by(stage, person, "correct")
    assert (request.state, request.missing) == (State.CLARIFYING, ("changes",))
    assert letters.of("needs_more")
    more = Opening(kind="correct", changes={"contact.phone": "+77990000001"})
    request = act(stage, senim.rights.supply, request.number, more)
    assert (request.state, request.missing) == (State.RECEIVED, ())
    assert act(stage, senim.rights.read, request.number).changes == more.changes


def test_the_same_asked_twice_is_one_request(stage: Stage) -> None:
    """The later one joins the earlier, whose clock it has; the person is told its own number all the same."""
    person = stage.person()
    first, again = by(stage, person, "access"), by(stage, person, "access")
    assert (again.state, again.joined) == (State.DUPLICATE, first.number)
    assert by(stage, person, "copy").state is State.RECEIVED
    assert [one.number for one in senim_of(stage).rights.opened(senim_of(stage).database)].count(again.number) == 0


def test_who_let_go_of_a_request_is_left_alone(stage: Stage) -> None:
    """Its block ends with it, its clock stops, and nothing is done any more."""
    senim, person = senim_of(stage), stage.person()
    request = by(stage, person, "block")
    assert request.state is State.IN_CHECK
    request = act(stage, senim.rights.withdraw, request.number)
    assert (request.state, request.due) == (State.WITHDRAWN, 0)
    assert senim.subjects.find(senim.database, person.subject).marks.block is None
    refused(Code.REQUEST_STATE, lambda: decide(stage, request.number, granted=True))


def test_reminders_and_overdue_are_seen_once_each(stage: Stage, clock: FixedClock) -> None:
    """Due soon, then overdue: an entry each and a letter to who answers for it, with no word of whose it is."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    request = by(stage, person, "access")
    assert senim.rights.remind() == 0
    clock.move(days=2, hours=12)
    assert (senim.rights.remind(), senim.rights.remind()) == (1, 0)
    clock.move(days=2)
    assert [one.number for one in senim.rights.overdue(senim.database)] == [request.number]
    assert (senim.rights.remind(), senim.rights.remind()) == (1, 0)
    assert [facts["days"] for _, facts in letters.of("reminder")] == [0, -2]
    assert {address for address, _ in letters.of("reminder")} == {"data@mini.example"}
    decide(stage, request.number, granted=False, reasons=(Refusal.UNFOUNDED,))
    assert senim.rights.overdue(senim.database) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_staff_are_written_to_in_their_language(
    staged: Callable[..., Stage], mini: bytes, clock: FixedClock, language: Language
) -> None:
    """The policy says which language the responsible person reads; whose request it is has one of its own."""
    wanted = mini.replace(b"email: data@mini.example}", f"email: data@mini.example, language: {language}}}".encode(), 1)
    stage = staged(wanted)
    senim, letters = senim_of(stage), Letters(senim_of(stage))
    by(stage, stage.person(), "access")
    clock.move(days=2, hours=12)
    assert senim.rights.remind() == 1
    assert [spoken for template, spoken in letters.languages if template == "reminder"] == [language]


def test_what_was_written_is_destroyed_when_the_requests_own_term_is_over(stage: Stage, clock: FixedClock) -> None:
    """Three years after the answer the key is gone: the number, the dates and the decision stay, the words do not."""
    senim, person = senim_of(stage), stage.person()
    request = by(stage, person, "complaint", text="You called me at night.")
    decide(stage, request.number, granted=True, text="It was wrong; it has stopped.")
    clock.move(days=3 * 365)
    assert senim.rights.tidy() == 0
    clock.move(days=5)
    assert senim.rights.tidy() >= 1
    closed = now(stage, request.number)
    assert (closed.state, closed.papers) == (State.CLOSED, ())
    assert closed.decision is not None
    assert closed.decision.granted
    refused(Code.NOT_FOUND, lambda: act(stage, senim.rights.read, request.number))
    assert senim.rights.tidy() == 0
    assert senim.log.verify().ok
