"""Who asks: codes, sessions, documents, signatures; for another person; for somebody who died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from senim.errors import Code
from senim.rights import Attached, For, Kind, Proof, Refusal, Roots, State, Way, challenge
from senim.rights.codes import DIGITS, LONG
from senim.testing import FixedClock, Person, Stage
from tests.features.acting import refused, senim_of, told_of
from tests.features.rights.scene import Letters, act, by, decide, now, opened
from tests.unit.made import varied
from tests.unit.rights.certificates import Certified, certified, rsa_key, sign

PAPER = Attached(what="authority", media="application/pdf", content=b"%PDF-1.7 power of attorney")


def asked(stage: Stage, person: Person, kind: str = "access", **more: Any) -> str:
    """A request of somebody who is not signed in: its number."""
    return opened(stage, kind, way=Way.API, identifiers={"email": person.values["contact.email"]}, **more).number


def attach(stage: Stage, number: str, paper: Attached = PAPER) -> str:
    """Seal a paper with a request: its name."""
    return act(stage, senim_of(stage).rights.attach, number, paper).papers[-1].id


def test_a_code_goes_to_the_address_on_file_and_opens_once(stage: Stage) -> None:
    """Six digits, to the contact that was named and not to where the answer shall go; used up by its first use."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    number = asked(stage, person, reply_to="elsewhere@people.example")
    ((address, facts),) = letters.of("code")
    assert (address, facts["minutes"]) == (person.values["contact.email"], 10)
    shown = act(stage, senim.rights.identities.check_code, number, letters.code)
    assert shown.ok
    request = now(stage, number)
    assert (request.state, request.proof, request.subject) == (State.RECEIVED, Proof.CODE, person.subject)
    assert not act(stage, senim.rights.identities.check_code, number, letters.code).ok
    kept = str(request) + str(told_of(senim, person.subject))
    assert letters.code not in kept


def test_codes_are_guessed_five_times_and_open_ten_minutes(stage: Stage, clock: FixedClock) -> None:
    """Wrong tries are counted and durable; then even the right code opens nothing, and a new one has to be sent."""
    senim, person = senim_of(stage), stage.person()
    letters, check = Letters(senim), senim.rights.identities.check_code
    number = asked(stage, person)
    wrong = f"{(int(letters.code) + 1) % 1_000_000:06d}"
    assert [act(stage, check, number, wrong).left for _ in range(5)] == [4, 3, 2, 1, 0]
    assert not act(stage, check, number, letters.code).ok
    act(stage, senim.rights.identities.send_code, number)
    clock.move(minutes=10)
    assert not act(stage, check, number, letters.code).ok
    act(stage, senim.rights.identities.send_code, number)
    assert act(stage, check, number, f" {letters.code} ").ok
    assert [one.act for one in told_of(senim, person.subject)].count("request.identified") == 1


def test_a_mailbox_that_somebody_guesses_at_gets_codes_too_long_to_guess(stage: Stage, clock: FixedClock) -> None:
    """Wrong tries use up the short codes of an address; nobody is kept out, and the long ones are not guessed."""
    senim, letters = senim_of(stage), Letters(senim_of(stage))
    check, send = senim.rights.identities.check_code, senim.rights.identities.send_code
    email = {"email": stage.person().values["contact.email"]}
    for _ in range(4):
        number = opened(stage, "access", way=Way.API, identifiers=email).number
        short = letters.code
        assert len(short) == DIGITS
        for guess in range(5):
            assert not act(stage, check, number, f"{guess:06d}" if f"{guess:06d}" != short else "999999").ok
        clock.move(hours=1)
    mine = opened(stage, "access", way=Way.API, identifiers=email).number
    assert len(letters.code) == LONG
    assert not act(stage, check, mine, letters.code[:DIGITS]).ok
    assert act(stage, check, mine, f"{letters.code[:6]} {letters.code[6:]}").ok
    clock.move(days=1)
    opened(stage, "access", way=Way.API, identifiers=email)
    act(stage, send, opened(stage, "access", way=Way.API, identifiers=email).number)
    assert len(letters.code) == DIGITS


def test_codes_are_not_sent_without_end(stage: Stage, clock: FixedClock) -> None:
    """Five an hour to one address, whether anybody is there or not, and five for one request."""
    senim = senim_of(stage)
    for email in (stage.person().values["contact.email"], "nobody.here@people.example"):
        letters = Letters(senim)
        number = opened(stage, "access", way=Way.API, identifiers={"email": email}).number
        for _ in range(4):
            act(stage, senim.rights.identities.send_code, number)
        refused(Code.TOO_MANY_ATTEMPTS, partial(act, stage, senim.rights.identities.send_code, number))
        assert len(letters.of("code")) == 5
    clock.move(hours=2)
    refused(Code.TOO_MANY_ATTEMPTS, lambda: act(stage, senim.rights.identities.send_code, number))


def test_nobody_on_file_hears_so_when_it_is_clear_who_asks(stage: Stage) -> None:
    """The owner of an address that we do not have learns just that (travel-31); others learn nothing."""
    senim, letters = senim_of(stage), Letters(senim_of(stage))
    told = opened(stage, "confirm", way=Way.API, identifiers={"email": "nobody.here@people.example"})
    act(stage, senim.rights.identities.check_code, told.number, letters.code)
    decide(stage, told.number, granted=True)
    senim.orders.run_due("rights")
    request = now(stage, told.number)
    assert request.state is State.REFUSED
    assert request.decision is not None
    assert request.decision.reasons == (Refusal.NOTHING_ON_FILE,)
    assert senim.rights.status(senim.database, told.number, told.token).drp == ("denied", "no_match")


@pytest.mark.parametrize("kind", ["access", "claim"])
def test_a_senders_address_counts_only_if_a_server_vouches_for_it(stage: Stage, kind: str) -> None:
    """A spoofed From is a sender's name and no more; a true one is enough for a claim, and not for the data."""
    person = stage.person()
    email = {"email": person.values["contact.email"]}
    spoofed = opened(stage, kind, way=Way.EMAIL, identifiers=email, authenticated=False, text="Give me all")
    assert now(stage, spoofed.number).state is State.IDENTITY_NEEDED
    true = now(stage, opened(stage, kind, way=Way.EMAIL, identifiers=email, authenticated=True, text="Give me").number)
    assert true.proof is Proof.CONTACT
    assert true.state is (State.RECEIVED if kind == "claim" else State.IDENTITY_NEEDED)


def test_a_document_is_seen_by_staff_and_not_kept(stage: Stage) -> None:
    """Who saw it is on record; a system cannot say that it saw one."""
    senim, person = senim_of(stage), stage.person()
    number = opened(stage, "erase", way=Way.COUNTER, identifiers={"email": person.values["contact.email"]}).number
    request = act(stage, senim.rights.identities.by_document, number)
    assert (request.proof, request.proven_by, request.subject) == (Proof.DOCUMENT, "staff:local", person.subject)
    other = opened(stage, "erase", way=Way.COUNTER).number
    refused(Code.NOT_FOUND, lambda: act(stage, senim.rights.identities.by_document, other, subject="0" * 32))


def test_several_people_behind_one_address_are_told_apart_by_staff(stage: Stage) -> None:
    """A code shows who reads the mail; whose data is meant of the two, somebody has to say."""
    senim, person = senim_of(stage), stage.person()
    twin = stage.person()
    email = person.values["contact.email"]
    stage.platform.run(
        stage.actor,
        lambda work: senim.collection.correct(
            work, senim.subjects.about(work, twin.subject), "orders", values={"contact.email": email}
        ),
    )
    letters = Letters(senim)
    number = asked(stage, person)
    act(stage, senim.rights.identities.check_code, number, letters.code)
    request = now(stage, number)
    assert (request.subject, request.trouble, len(request.claimed)) == ("", "several_found", 2)
    refused(Code.SEVERAL_FOUND, lambda: decide(stage, number, granted=True))
    request = act(stage, senim.rights.identities.by_document, number, subject=twin.subject)
    assert (request.subject, request.trouble) == (twin.subject, "")


# a qualified signature


def trusted() -> tuple[Roots, Certified]:
    now_, long = datetime.now(UTC), timedelta(days=400)
    top = certified("TEST ROOT", key=rsa_key(1), authority=True, since=now_ - long, until=now_ + long)
    return Roots((top.certificate,)), top


def test_a_qualified_signature_is_held_against_the_number_on_file(
    staged: Callable[[bytes], Stage], mini: bytes
) -> None:
    """The IIN of the certificate opens the request of the person who has it, and of nobody else."""
    stage = staged(mini)
    stage.platform.works.clock._now = lambda: datetime.now(UTC)  # signatures carry the machine's time
    senim = senim_of(stage)
    person, stranger_ = stage.person(), stage.person()
    roots, top = trusted()
    senim.rights.identities._roots = roots
    now_, long = datetime.now(UTC), timedelta(days=400)

    def signed(number: str, iin: str) -> bytes:
        who = certified("ТЕСТ ТЕСТ", top, serial=f"IIN{iin}", since=now_ - long, until=now_ + long)
        return sign(challenge(now(stage, number)), who)

    own, other = person.values["identity.iin"], stranger_.values["identity.iin"]
    number = asked(stage, person, "erase")
    verb = senim.rights.identities.by_signature
    refused(Code.SIGNER_MISMATCH, lambda: act(stage, verb, number, signed(number, other)))
    another = asked(stage, stranger_, "erase")
    refused(Code.SIGNATURE_WRONG, lambda: act(stage, verb, number, signed(another, own)))
    request = act(stage, verb, number, signed(number, own))
    assert (request.proof, request.subject, request.state) == (Proof.SIGNATURE, person.subject, State.RECEIVED)
    assert own not in str(request) + str(told_of(senim, person.subject))
    senim.rights.identities._roots = None
    refused(Code.CERTIFICATE_UNTRUSTED, lambda: act(stage, verb, another, signed(another, other)))


# for others


def test_a_representative_acts_within_the_paper_and_until_its_end(stage: Stage) -> None:
    """Checked by staff, with its scope and its last day; anything else is refused (tickets-20)."""
    senim, person = senim_of(stage), stage.person()
    represent = senim.rights.identities.represent
    mine = For(by="power-of-attorney", until="2026-12-31", kinds=(Kind.ACCESS,))
    number = opened(
        stage, "access", way=Way.LETTER, identifiers={"email": person.values["contact.email"]}, representative=mine
    ).number
    request = act(stage, senim.rights.identities.by_document, number)
    assert (request.state, request.missing) == (State.CLARIFYING, ("authority",))
    refused(Code.AUTHORITY_UNPROVEN, lambda: decide(stage, number, granted=True))
    refused(Code.DOCUMENTS_MISSING, lambda: act(stage, represent, number, mine, paper="nothing"))
    paper = attach(stage, number)
    for wrong in (
        For(by="power-of-attorney", until="2026-11-21"),
        For(by="power-of-attorney", kinds=(Kind.ERASE,)),
        For(by="heir"),
        For(by="parent", born="2001-01-01"),
        For(by="parent"),
    ):
        refused(Code.AUTHORITY_UNPROVEN, partial(act, stage, represent, number, wrong, paper=paper))
    request = act(stage, represent, number, mine, paper=paper)
    assert request.represented is not None
    assert (request.state, request.represented.checked_by) == (State.RECEIVED, "staff:local")
    assert decide(stage, number, granted=True).state is State.DECIDED


def test_a_child_is_asked_for_by_a_guardian(staged: Callable[[bytes], Stage]) -> None:
    """Under fourteen nobody asks alone: a date of birth on file says so, or the document that staff sees."""
    stage = staged(varied({"categories.identity.fields.born": "birth-date"}))
    senim, child = senim_of(stage), stage.person()
    stage.platform.run(
        stage.actor,
        lambda work: senim.collection.correct(
            work, senim.subjects.about(work, child.subject), "orders", values={"identity.born": "2015-05-05"}
        ),
    )
    request = by(stage, child, "access")
    assert (request.state, request.missing) == (State.CLARIFYING, ("authority",))
    paper = attach(stage, request.number)
    parent = For(by="parent", born="2015-05-05")
    assert act(stage, senim.rights.identities.represent, request.number, parent, paper=paper).state is State.RECEIVED
    number = opened(
        stage, "access", way=Way.COUNTER, identifiers={"email": stage.person().values["contact.email"]}
    ).number
    document = senim.rights.identities.by_document
    refused(Code.AUTHORITY_UNPROVEN, lambda: act(stage, document, number, born="2015-05-05"))
    assert act(stage, document, number, born="1990-05-05").state is State.RECEIVED


def test_heirs_end_what_goes_on_and_do_not_read(stage: Stage) -> None:
    """For somebody who died: erase, block, withdraw, claim; what was private stays so (94-V 7(2))."""
    senim, person = senim_of(stage), stage.person()
    represent, heir = senim.rights.identities.represent, For(by="heir")
    email = {"email": person.values["contact.email"]}
    for kind, allowed in (("erase", True), ("access", False), ("copy", False)):
        number = opened(stage, kind, way=Way.LETTER, identifiers=email, representative=heir).number
        act(stage, senim.rights.identities.by_document, number)
        paper = attach(stage, number)
        if allowed:
            request = act(stage, represent, number, heir, paper=paper)
            assert (request.deceased, request.state) == (True, State.RECEIVED)
        else:
            refused(Code.AUTHORITY_UNPROVEN, partial(act, stage, represent, number, heir, paper=paper))


def test_two_records_of_one_person_are_linked_by_a_paper(stage: Stage) -> None:
    """What binds already binds for the second record too (merged people)."""
    senim, person, again = senim_of(stage), stage.person(), stage.person()
    request = by(stage, person, "block")
    link = senim.rights.identities.link
    refused(Code.DOCUMENTS_MISSING, lambda: act(stage, link, request.number, again.subject, paper="nothing"))
    paper = attach(stage, request.number)
    request = act(stage, link, request.number, again.subject, paper=paper)
    assert request.linked == (again.subject,)
    assert senim.subjects.find(senim.database, again.subject).marks.block is not None
    assert [one.number for one in senim.rights.of(senim.database, again.subject)] == [request.number]
