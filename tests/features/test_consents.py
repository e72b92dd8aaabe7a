"""Consents: give, withdraw, withdraw everything, what holds, what happened, receipts."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from senim.app import Senim
from senim.audit.statements import open_statement
from senim.consent import Evidence, Scope
from senim.consent.records import Representative
from senim.errors import Code
from senim.identity import SubjectId
from senim.languages import Text, wording
from senim.storage import Unit
from senim.testing import FixedClock, Stage
from senim.times import stamp
from senim.vault import store
from tests.features import acting
from tests.features.acting import (
    ACCOUNT,
    Staged,
    about,
    another,
    ask,
    codes,
    recorded,
    refused,
    senim_of,
    stranger,
    told_of,
)

NEWS, BY_EMAIL, BY_SMS = (Scope(purpose="newsletter", channel=channel) for channel in ("", "email", "sms"))


def standing_yes(stage: Stage, subject: str) -> set[tuple[str, str]]:
    """What a person agrees to now: purpose and scope key."""
    senim = senim_of(stage)
    states = senim.consents.of(senim.database, senim.subjects.find(senim.database, subject).subject)  # type: ignore[arg-type]  # an id
    return {(one.scope.purpose, one.scope.key) for one in states if one.agreed.given}


def test_a_consent_keeps_what_was_shown_and_gives_a_receipt(stage: Stage, clock: FixedClock) -> None:
    """A consent names text, language, surface, act, time and end; anybody checks its receipt (94-V 8, 25(2)(5))."""
    senim = senim_of(stage)
    person = stage.person(consents=stage.consents("registration", only=lambda ask: ask.ask == "required"), values={
        **{name: value for name, value in stage.values("registration").items() if name != "profile.tastes"}
    })  # fmt: skip
    assert codes(ask(senim, "use", "newsletter", person.subject, channel="email")) == {Code.CONSENT_MISSING}
    clock.move(hours=1)
    evidence = stage.evidence(person.point, language="ru", surface="subscription", act="button")
    entries = recorded(senim, lambda: acting.give(senim, person.subject, BY_EMAIL, evidence))
    assert [(one.act, one.outcome, one.purpose, one.channel) for one in entries] == [
        ("consent.given", "done", "newsletter", "email")
    ]
    assert ask(senim, "use", "newsletter", person.subject, channel="email")
    assert codes(ask(senim, "use", "newsletter", person.subject, channel="sms")) == {Code.CONSENT_MISSING}
    event, receipt, shown = senim.run(
        senim.actor(), lambda work: senim.consents.prove(work, person.subject, entries[0].id)
    )
    assert event.said.evidence == evidence
    assert (event.said.at, event.said.until) == (stamp(clock.moment), "2029-11-22T19:00:00.000000Z")
    assert shown == senim.policies.notice_shown(evidence.notice).content
    kind, told = open_statement(receipt, senim.jwk)
    assert kind == "consent-receipt+jws"
    assert (told["record_id"], told["pii_principal_id"], told["event"]["event_time"]) == (
        event.id, person.subject, stamp(clock.moment),
    )  # fmt: skip
    assert told["consent_to"] == {"recipient": None, "channel": "email", "country": None}
    refused(
        Code.NOT_FOUND,
        lambda: senim.run(senim.actor(), lambda work: senim.consents.prove(work, person.subject, "0" * 32)),
    )


def test_withdrawing_a_purpose_withdraws_all_that_hangs_on_it(stage: Stage) -> None:
    """A withdrawal, whole or in part, binds at once and touches nothing else (travel-37, shop-14)."""
    senim, person = senim_of(stage), stage.person()
    everything = standing_yes(stage, person.subject)
    assert len(everything) == len(stage.policy.points[person.point].consents)
    entries = recorded(senim, lambda: acting.withdraw(senim, person.subject, BY_SMS))
    assert [(one.act, one.channel) for one in entries] == [("consent.withdrawn", "sms")]
    assert everything - standing_yes(stage, person.subject) == {("newsletter", "@sms")}
    entries = recorded(senim, lambda: acting.withdraw(senim, person.subject, NEWS))
    assert {one.channel for one in entries} == {None, "email"}
    assert not any(purpose == "newsletter" for purpose, _ in standing_yes(stage, person.subject))
    assert codes(ask(senim, "use", "newsletter", person.subject, channel="email")) == {Code.CONSENT_WITHDRAWN}
    assert ask(senim, "use", "orders", person.subject)
    left = standing_yes(stage, person.subject)
    entries = recorded(
        senim,
        lambda: about(
            senim, person.subject, lambda work, who: senim.consents.withdraw_all(work, who, evidence=ACCOUNT)
        ),
    )
    assert {one.act for one in entries} == {"consent.withdrawn"}
    assert len(entries) == len(left)
    assert standing_yes(stage, person.subject) == set()
    assert codes(ask(senim, "use", "orders", person.subject)) == {Code.CONSENT_WITHDRAWN}


def test_a_no_without_an_earlier_yes_is_kept(stage: Stage) -> None:
    """Who says no before being asked is not asked for a yes by anything that happens later."""
    senim = senim_of(stage)
    person = stage.person(consents=stage.consents("registration", only=lambda one: one.purpose == "orders"), values={
        "identity.family": "Пробников", "identity.given": "Семён", "contact.email": "semyon@people.example",
    })  # fmt: skip
    acting.withdraw(senim, person.subject, NEWS)
    assert codes(ask(senim, "use", "newsletter", person.subject, channel="sms")) == {Code.CONSENT_WITHDRAWN}


UNPROVEN = (
    {"act": "use"},
    {"act": "sending"},
    {"notice": "", "language": ""},
    {"surface": "telephone", "act": "spoken"},
)


@pytest.mark.parametrize("changed", UNPROVEN)
def test_what_cannot_be_proven_is_kept_and_opens_nothing(stage: Stage, changed: dict[str, str]) -> None:
    """Consent by mere use, by sending, without a text or by a call without the notice read proves nothing."""
    senim, person = senim_of(stage), stage.person()
    given = acting.give(senim, person.subject, BY_EMAIL, stage.evidence(person.point, **changed))
    assert not given.event.said.proven
    assert open_statement(given.receipt, senim.jwk)[1]["event"]["proven"] is False
    assert codes(ask(senim, "use", "newsletter", person.subject, channel="email")) == {Code.CONSENT_UNPROVEN}


def test_what_may_not_be_recorded_as_consent_is_refused_and_logged(stage: Stage, clock: FixedClock) -> None:
    """Undeclared purposes, recipients, channels and countries, times ahead and unknown texts are refused."""
    senim, person = senim_of(stage), stage.person()
    good = stage.evidence(person.point)
    tomorrow = stamp(clock.moment + timedelta(days=1))
    made_up = "Алия, +7 799 000 00 00"
    paper = Representative(authority="parent", document=made_up)
    cases: list[tuple[Code, Scope, Evidence]] = [
        (Code.PURPOSE_UNDECLARED, Scope(purpose=made_up), good),
        (Code.RECIPIENT_UNDECLARED, Scope(purpose="delivery", recipient="mailer"), good),
        (Code.CHANNEL_UNDECLARED, Scope(purpose="orders", channel="email"), good),
        (Code.COUNTRY_NOT_ALLOWED, Scope(purpose="orders", country="US"), good),
        (Code.NOTICE_MISSING, NEWS, stage.evidence(person.point, notice="0" * 64)),
        (Code.INVALID_VALUE, NEWS, stage.evidence(person.point, at=tomorrow)),
        (Code.INVALID_VALUE, NEWS, stage.evidence(person.point, at=made_up)),
        (Code.INVALID_VALUE, NEWS, stage.evidence(person.point, at="2026-11-22T09:00:00")),
        (Code.INVALID_VALUE, NEWS, stage.evidence(person.point, document=made_up)),
        (Code.INVALID_VALUE, NEWS, stage.evidence(person.point, representative=paper)),
    ]
    before = standing_yes(stage, person.subject)
    for code, scope, evidence in cases:
        entries = recorded(
            senim,
            lambda scope=scope, evidence=evidence: acting.give(senim, person.subject, scope, evidence),  # type: ignore[misc]  # bound
            refusal=code,
        )
        assert [(one.act, one.outcome, one.codes) for one in entries] == [("consent.given", "refused", (code,))]
        assert made_up not in str(entries)
    assert standing_yes(stage, person.subject) == before
    nobody = stranger("check", "read")
    for verb in (senim.consents.give, senim.consents.withdraw):
        entries = recorded(
            senim,
            lambda verb=verb: about(  # type: ignore[misc]  # bound
                senim, person.subject, lambda work, who: verb(work, who, NEWS, evidence=good), actor=nobody
            ),
            refusal=Code.ROLE_NOT_ALLOWED,
        )
        assert [one.actor for one in entries] == [nobody.label]
    assert standing_yes(stage, person.subject) == before


def test_a_withdrawal_of_what_nobody_knows_is_refused_and_leaves_no_trace_of_the_words(stage: Stage) -> None:
    """A slip in the purpose's name is told, not answered with a receipt; what was typed reaches no log or row."""
    senim, person = senim_of(stage), stage.person()
    slip = "newsleter for alice@people.example"
    entries = recorded(
        senim,
        lambda: acting.withdraw(senim, person.subject, Scope(purpose=slip)),
        refusal=Code.PURPOSE_UNDECLARED,
    )
    assert slip not in str(entries)
    loose = Evidence(notice=slip, document=slip, at=slip, surface="letter")
    entries = recorded(senim, lambda: acting.withdraw(senim, person.subject, NEWS, loose))
    assert {one.outcome for one in entries} == {"done"}, "a withdrawal is not refused for its form"
    assert slip not in str(entries)


def test_a_purpose_that_the_policy_forgot_can_still_be_withdrawn(stage: Stage, mini: bytes) -> None:
    """Whoever agreed once may take it back, also when the text no longer knows the purpose."""
    senim, person = senim_of(stage), stage.person()
    begin, end = mini.index(b"  newsletter:\n"), mini.index(b"  bookkeeping:\n")
    less = mini[:begin] + mini[end:]
    less = less.replace(b"purposes: [orders, newsletter, delivery", b"purposes: [orders, delivery")
    less = b"\n".join(line for line in less.split(b"\n") if b"purpose: newsletter" not in line)
    less = less.replace(b"      profile.tastes: optional\n", b"").replace(
        b"uses: [identity, contact, payment-card]", b"uses: [identity, contact, payment-card, profile]"
    )
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, less))
    acting.withdraw(senim, person.subject, NEWS)
    assert not any(purpose == "newsletter" for purpose, _ in standing_yes(stage, person.subject))


def test_what_was_said_later_stands_however_late_it_is_recorded(stage: Stage, clock: FixedClock) -> None:
    """A list of old consents that is imported late does not undo what people said since (foundation-3)."""
    senim, person = senim_of(stage), stage.person()
    old = stamp(clock.moment)
    clock.move(days=2)
    acting.withdraw(senim, person.subject, NEWS)
    clock.move(days=1)
    late = stage.evidence(person.point, surface="import", at=old)
    acting.give(senim, person.subject, BY_EMAIL, late)
    assert codes(ask(senim, "use", "newsletter", person.subject, channel="email")) == {Code.CONSENT_WITHDRAWN}
    said = [event.said for event in senim.consents.history(person.subject)[0] if event.said.scope == BY_EMAIL]
    assert [(one.given, one.at) for one in said][-1] == (True, old), "the fact itself is kept"
    acting.give(senim, person.subject, BY_EMAIL, stage.evidence(person.point))
    assert ask(senim, "use", "newsletter", person.subject, channel="email")


def test_an_old_yes_to_a_part_does_not_undo_a_later_no_to_the_whole(stage: Stage, clock: FixedClock) -> None:
    """Who wants no news gets none by e-mail either, whatever old letter is found (travel-37, shop-14)."""
    senim = senim_of(stage)
    person = stage.person(consents=stage.consents("registration", only=lambda one: one.purpose == "orders"), values={
        "identity.family": "Пробников", "identity.given": "Семён", "contact.email": "semyon@people.example",
    })  # fmt: skip
    acting.withdraw(senim, person.subject, NEWS)
    old = stamp(clock.moment - timedelta(days=90))
    letter = stage.evidence(person.point, surface="letter", act="signature", at=old)
    given = acting.give(senim, person.subject, BY_EMAIL, letter)
    assert (given.event.said.given, given.event.said.at) == (True, old), "the fact itself is kept"
    assert codes(ask(senim, "use", "newsletter", person.subject, channel="email")) == {Code.CONSENT_WITHDRAWN}
    clock.move(hours=1)
    acting.give(senim, person.subject, BY_EMAIL, stage.evidence(person.point))
    assert ask(senim, "use", "newsletter", person.subject, channel="email")


def test_a_yes_to_an_earlier_text_is_no_yes_to_a_wider_one(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """A consent counts for the version that was shown or signed, however late it is recorded (foundation-3)."""
    senim, person = senim_of(stage), stage.person()
    before, signed = stage.evidence(person.point, surface="letter", act="signature"), stamp(clock.moment)
    clock.move(days=1)
    wider = mini.replace(b"uses: [contact.email, contact.phone, profile]", b"uses: [contact, profile]")
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, wider))
    paper = Evidence(archive="AR-2026/0412", act="signature", surface="document", at=signed)
    for evidence in (before, paper):
        given = acting.give(senim, person.subject, BY_EMAIL, evidence)
        assert given.event.said.version == 1
        assert open_statement(given.receipt, senim.jwk)[1]["policy"]["version"] == 1
        assert given.event.said.proven
        event_id = given.event.id
        _, again, _ = senim.run(
            senim.actor(),
            lambda work, one=event_id: senim.consents.prove(work, person.subject, one),  # type: ignore[misc]  # bound
        )
        assert open_statement(again, senim.jwk) == open_statement(given.receipt, senim.jwk)
        found = ask(senim, "use", "newsletter", person.subject, channel="email")
        assert Code.CONSENT_OUTDATED in codes(found)
    assert acting.give(senim, person.subject, BY_EMAIL, stage.evidence(person.point)).event.said.version == 2


def test_a_paper_that_nobody_keeps_proves_no_consent(stage: Stage) -> None:
    """A document that is told as the proof must be a file of the person or of the representative (foundation-3)."""
    senim, person, parent, stranger = senim_of(stage), *(stage.person() for _ in range(3))
    own, parents, strange = (stage.upload(one) for one in (person, parent, stranger))
    senim.run(senim.actor(), lambda work: _unfinished(senim, work.unit, person.subject))

    def signed(document: str, /, **who: Any) -> Evidence:
        speaker = Representative(authority="parent", **who) if who else None
        return Evidence(document=document, act="signature", surface="document", representative=speaker)

    wrong = {
        "evidence.document": (
            signed("d" * 32),
            signed(strange),
            signed(parents),
            signed("e" * 32, subject=person.subject),
        ),
        "evidence.representative.document": (
            signed("", subject=parent.subject, document=strange),
            signed(own, subject=parent.subject, document="d" * 32),
            signed("", document=parents),
        ),
    }
    for where, cases in wrong.items():
        for evidence in cases:
            (entry,) = recorded(
                senim,
                partial(acting.give, senim, person.subject, BY_EMAIL, evidence),
                refusal=Code.DOCUMENT_UNKNOWN,
            )
            assert (entry.outcome, entry.codes) == ("refused", ("document_unknown",))
            error = refused(Code.DOCUMENT_UNKNOWN, partial(acting.give, senim, person.subject, BY_EMAIL, evidence))
            assert error.where == where
    for evidence in (
        signed(own),
        signed(parents, subject=parent.subject),
        signed("", subject=parent.subject, document=parents),
        signed(own, subject=parent.subject, document=parents),
    ):
        given = acting.give(senim, person.subject, BY_EMAIL, evidence)
        assert given.event.said.evidence == evidence
        assert given.event.said.proven is bool(evidence.document)


def test_a_withdrawal_is_not_refused_for_a_paper_that_nobody_keeps(stage: Stage) -> None:
    """What is no file here is left out of it, what is one stays."""
    senim, person = senim_of(stage), stage.person()
    own = stage.upload(person)
    who = Representative(authority="parent", document="d" * 32)
    said = acting.withdraw(senim, person.subject, NEWS, Evidence(document=own, representative=who))[0].event.said
    assert (said.evidence.document, said.evidence.representative) == (own, Representative(authority="parent"))
    said = acting.withdraw(senim, person.subject, NEWS, Evidence(document="d" * 32))[0].event.said
    assert said.evidence.document == ""


def test_a_proof_outlives_the_paper_of_who_was_erased(stage: Stage) -> None:
    """The erasure of a representative takes the file, and leaves the consent, its entry and its receipt."""
    senim, person, parent = senim_of(stage), stage.person(), stage.person()
    paper = stage.upload(parent)
    who = Representative(authority="parent", subject=parent.subject, document=paper)
    evidence = stage.evidence(person.point, representative=who)
    given = acting.give(senim, person.subject, BY_EMAIL, evidence)
    acting.erase(senim, parent.subject)
    assert ask(senim, "use", "newsletter", person.subject, channel="email")
    event, receipt, _ = senim.run(
        senim.actor(), lambda work: senim.consents.prove(work, person.subject, given.event.id)
    )
    assert event.said.evidence.representative == who
    assert open_statement(receipt, senim.jwk) == open_statement(given.receipt, senim.jwk)
    refused(Code.DOCUMENT_UNKNOWN, partial(acting.give, senim, person.subject, BY_EMAIL, evidence))


def _unfinished(senim: Senim, unit: Unit, subject: SubjectId) -> None:
    """A file that did not come to its end: its row is there, and it is none."""
    store.put_document(unit, subject, store.SealedDocument("e" * 32, "", False, 0, b""))


def test_a_notice_that_did_not_ask_for_it_proves_no_consent(staged: Staged, mini: bytes, clock: FixedClock) -> None:
    """Who was asked about an order only did not agree to a newsletter, now or under an earlier version (shop-3)."""
    begin, end = mini.index(b"  registration:\n"), mini.index(b"cookies:\n")
    order = mini[begin:end].replace(b"  registration:", b"  order:").replace(b"      profile.tastes: optional\n", b"")
    order = b"".join(line for line in order.splitlines(keepends=True) if b"purpose: newsletter" not in line)
    stage = staged(mini[:end] + order + mini[end:])
    senim, person = senim_of(stage), stage.person("registration")
    shown = stage.evidence("order", surface="letter", act="signature")
    before = standing_yes(stage, person.subject)
    for _ in range(2):
        for scope in (NEWS, BY_EMAIL):
            refused(Code.NOTICE_OUTDATED, lambda one=scope: acting.give(senim, person.subject, one, shown))  # type: ignore[misc]  # bound
        acting.give(senim, person.subject, Scope(purpose="delivery"), shown)
        clock.move(days=1)
        changed = stage.source.replace(b"en: 1 Probnaya Street", b"en: 2 Probnaya Street")
        changed = changed.replace("улица Пробная, 1".encode(), "улица Пробная, 2".encode())
        if senim.policies.in_force(clock.moment).version == 1:
            senim.run(senim.actor(), lambda work, new=changed: senim.policies.publish(work, new))  # type: ignore[misc]  # bound
    assert stage.evidence("order").notice != shown.notice, "the second round was about an earlier text"
    assert standing_yes(stage, person.subject) == before


def test_a_withdrawal_binds_even_when_the_clocks_of_two_machines_differ(stage: Stage, clock: FixedClock) -> None:
    """Withdrawing at a machine whose clock is behind binds the very next decision all the same (mini-4)."""
    clock.move(minutes=10)
    senim, person = senim_of(stage), stage.person()
    slow = FixedClock(clock.moment - timedelta(seconds=4))
    with another(stage, slow) as second:
        acting.give(senim, person.subject, BY_EMAIL, stage.evidence(person.point))
        acting.withdraw(second, person.subject, BY_EMAIL)
        for one in (senim, second):
            assert codes(ask(one, "use", "newsletter", person.subject, channel="email")) == {Code.CONSENT_WITHDRAWN}


def test_a_consent_ends_with_its_term(stage: Stage, clock: FixedClock) -> None:
    """The newsletter's three years run from the day after; then the consent serves no more (94-V 12)."""
    senim, person = senim_of(stage), stage.person()
    clock.move(days=3 * 365)
    assert ask(senim, "use", "newsletter", person.subject, channel="email")
    clock.move(days=2)
    assert codes(ask(senim, "use", "newsletter", person.subject, channel="email")) == {Code.TERM_OVER}


def test_history_misses_nothing_that_is_sealed_while_it_is_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person said is told whole, in order and once, waiting or sealed, page by page."""
    senim, person = senim_of(stage), stage.person()
    events, following = senim.consents.history(person.subject)
    assert following is None
    assert len(events) == len(person.taken.receipts)
    look = senim.log.entries_about

    def sealed_meanwhile(*where: object) -> object:
        found = look(*where)  # type: ignore[arg-type]  # as it is called
        if not found:
            senim.tick()
        return found

    monkeypatch.setattr(senim.log, "entries_about", sealed_meanwhile)
    assert senim.consents.history(person.subject) == (events, None)
    monkeypatch.undo()
    paged, after = [], 0
    while True:
        page, following = senim.consents.history(person.subject, after, 3)
        assert len(page) <= 3
        paged += page
        if following is None:
            break
        after = following
    assert paged == events
    acting.withdraw(senim, person.subject, NEWS)
    assert len(told_of(senim, person.subject)) == len(events) + 1 + 3


def test_the_text_that_was_shown_is_kept_although_its_wording_is_newer_than_the_version(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """94-V 25(2)(5): after an upgrade that words notices anew, a consent still proves the very text that was shown."""
    senim = senim_of(stage)
    person = stage.person()
    words = dict(wording("notices"))
    words["purposes"] = Text(kk="Не үшін керек?", ru="Для чего это?", en="What is it for?")
    monkeypatch.setattr("senim.policy.notices.wording", lambda file: words if file == "notices" else wording(file))
    senim.policies._notices.clear()
    evidence = stage.evidence(person.point, language="ru", surface="subscription", act="button")
    entries = recorded(senim, lambda: acting.give(senim, person.subject, BY_EMAIL, evidence))
    monkeypatch.undo()
    senim.policies._notices.clear()
    _, _, shown = senim.run(senim.actor(), lambda work: senim.consents.prove(work, person.subject, entries[0].id))
    assert "Для чего это?" in shown
