"""The gate: checks, blocks, stops, events that end a term."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from senim.consent import Scope
from senim.errors import Code
from senim.gate import Question
from senim.identity import ActorKind, new_subject
from senim.subjects import Standing
from senim.testing import FixedClock, Stage
from senim.times import micros
from senim.work import Work
from tests.features import acting
from tests.features.acting import about, ask, codes, recorded, refused, senim_of, stranger

ALLOWED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("use", "orders", {}),
    ("extract", "orders", {"categories": ("identity", "contact.email")}),
    ("use", "newsletter", {"channel": "email"}),
    ("transfer", "delivery", {"recipient": "courier"}),
    ("transfer", "delivery", {"recipient": "courier", "country": "KZ"}),
    ("store", "orders", {"country": "KZ"}),
    ("transfer", "orders", {"recipient": "mailer"}),
    ("store", "bookkeeping", {}),
    ("transfer", "bookkeeping", {"recipient": "tax", "reason": "1" * 32}),
)
DENIED: tuple[tuple[Code, str, str, dict[str, Any]], ...] = (
    (Code.PURPOSE_UNDECLARED, "use", "profiling", {}),
    (Code.OPERATION_UNDECLARED, "depersonalise", "orders", {}),
    (Code.OPERATION_UNDECLARED, "sell", "orders", {}),
    (Code.CATEGORY_UNDECLARED, "use", "orders", {"categories": ("contact.pager",)}),
    (Code.FIELD_NOT_NEEDED, "use", "orders", {"categories": ("profile",)}),
    (Code.FIELD_NOT_NEEDED, "use", "delivery", {"categories": ("contact.email",)}),
    (Code.CHANNEL_MISSING, "use", "newsletter", {}),
    (Code.CHANNEL_UNDECLARED, "use", "newsletter", {"channel": "telephone"}),
    (Code.RECIPIENT_MISSING, "transfer", "orders", {}),
    (Code.RECIPIENT_UNDECLARED, "transfer", "orders", {"recipient": "courier"}),
    (Code.OPERATION_NOT_ENTRUSTED, "extract", "orders", {"recipient": "mailer"}),
    (Code.CATEGORY_NOT_ENTRUSTED, "transfer", "orders", {"recipient": "mailer", "categories": ("identity",)}),
    (Code.COUNTRY_NOT_ALLOWED, "transfer", "orders", {"recipient": "mailer", "country": "US"}),
    (Code.STORE_OUTSIDE_COUNTRY, "store", "orders", {"country": "TR"}),
    (Code.REASON_MISSING, "transfer", "bookkeeping", {"recipient": "tax"}),
    (Code.HUMAN_READ_FORBIDDEN, "extract", "orders", {"categories": ("payment-card",)}),
)


def test_every_answer_has_its_grounds_and_its_entry(stage: Stage) -> None:
    """What is promised is allowed, what is not is refused with its code and clause; both are in the log (mini-2)."""
    senim, person = senim_of(stage), stage.person()
    for operation, purpose, more in ALLOWED:
        decision = ask(senim, operation, purpose, person.subject, **more)
        assert decision, f"{operation} {purpose} {more}: {decision.reasons}"
        entry = acting.last(senim)
        assert (entry.id, entry.act, entry.outcome) == (decision.entry, "check.allowed", "allowed")
        assert (entry.operation, entry.purpose, entry.subject) == (operation, purpose, person.subject)
    for code, operation, purpose, more in DENIED:
        decision = ask(senim, operation, purpose, person.subject, **more)
        assert code in codes(decision), f"{operation} {purpose} {more}: {decision.reasons}"
        assert all(reason.article for reason in decision.reasons), decision.reasons
        entry = acting.last(senim)
        assert (entry.id, entry.act, entry.outcome) == (decision.entry, "check.refused", "refused")
        assert code in entry.codes
        assert "profiling" not in str(entry), "words of the caller stay out of the log"


def test_a_refusal_is_durable_before_it_is_told(stage: Stage) -> None:
    """A refusal waits in the database already when the caller hears of it; an allowance joins the next commit."""
    senim, person = senim_of(stage), stage.person()
    decision = ask(senim, "use", "profiling", person.subject)
    assert decision.entry in {entry.id for entry in senim.log.entries_waiting(person.subject)}
    decision = ask(senim, "use", "orders", person.subject)
    assert decision.entry not in {entry.id for entry in senim.log.entries_waiting(person.subject)}
    assert senim.works.flush() == 1
    assert decision.entry in {entry.id for entry in senim.log.entries_waiting(person.subject)}


def test_a_question_that_nobody_may_ask_is_refused_and_logged(stage: Stage) -> None:
    """Whoever lacks the grant, an unknown person, an id that is none: refused, and the try is on record."""
    senim, nobody = senim_of(stage), new_subject()
    asker = stranger("read", "find")
    entries = recorded(
        senim, lambda: senim.gate.check(asker, Question("use", "orders", nobody)), refusal=Code.ROLE_NOT_ALLOWED
    )
    assert [(one.actor, one.outcome, one.codes) for one in entries] == [(asker.label, "refused", ("role_not_allowed",))]
    assert codes(ask(senim, "use", "orders", nobody)) == {Code.NOT_FOUND}
    assert acting.last(senim).codes == ("not_found",)
    refused(Code.INVALID_VALUE, lambda: ask(senim, "use", "orders", "alice@people.example"))


def test_a_block_stops_everything_but_keeping_until_it_is_lifted(stage: Stage) -> None:
    """Blocked data serves no purpose; only the responsible person may look, to settle the matter (shop-20)."""
    senim, person = senim_of(stage), stage.person()
    gate = senim.gate
    shop = senim.actor("shop")
    block = partial(about, senim, person.subject, lambda work, who: gate.block(work, who, reason="unlawful-reported"))
    lift = partial(about, senim, person.subject, lambda work, who: gate.unblock(work, who, reason="check-finished"))
    entries = recorded(senim, block)
    assert [(one.act, one.reason, one.subject) for one in entries] == [
        ("subject.blocked", "unlawful-reported", person.subject)
    ]
    blocked = {Code.SUBJECT_BLOCKED}
    for operation in ("collect", "clarify", "use", "destroy"):
        assert codes(ask(senim, operation, "orders", person.subject)) == blocked, operation
    assert codes(ask(senim, "transfer", "delivery", person.subject, recipient="courier")) == blocked
    assert ask(senim, "store", "orders", person.subject)
    assert acting.read(senim, person.subject).values, "the responsible person may look"
    refused(Code.SUBJECT_BLOCKED, lambda: acting.read(senim, person.subject, actor=shop))
    refused(Code.SUBJECT_BLOCKED, lambda: acting.correct(senim, person.subject, {"contact.note": "call later"}))
    refused(Code.SUBJECT_BLOCKED, lambda: acting.take_again(stage, person))
    acting.withdraw(senim, person.subject, Scope(purpose="newsletter"))
    entries = recorded(senim, lift)
    assert [one.act for one in entries] == ["subject.unblocked"]
    assert acting.read(senim, person.subject, actor=shop).values
    entries = recorded(senim, lift, refusal=Code.NOT_FOUND)
    assert [(one.act, one.outcome) for one in entries] == [("subject.unblocked", "refused")]


def test_a_stop_ends_one_purpose_or_all_until_it_is_lifted(stage: Stage) -> None:
    """Stopping a purpose leaves the others; stopping all leaves none (travel-44)."""
    senim, person = senim_of(stage), stage.person()

    def stop(purpose: str) -> Callable[[], str]:
        gate = senim.gate
        return lambda: about(
            senim, person.subject, lambda work, who: gate.stop(work, who, purpose, reason="request-of-person")
        )

    def resume(purpose: str) -> Callable[[], str]:
        gate = senim.gate
        return lambda: about(
            senim, person.subject, lambda work, who: gate.resume(work, who, purpose, reason="check-finished")
        )

    assert [(one.act, one.purpose) for one in recorded(senim, stop("orders"))] == [("subject.stopped", "orders")]
    assert codes(ask(senim, "use", "orders", person.subject)) == {Code.SUBJECT_STOPPED}
    assert ask(senim, "use", "delivery", person.subject)
    assert [(one.act, one.purpose) for one in recorded(senim, stop(""))] == [("subject.stopped", None)]
    assert codes(ask(senim, "use", "delivery", person.subject)) == {Code.SUBJECT_STOPPED}
    assert codes(ask(senim, "store", "bookkeeping", person.subject)) == {Code.SUBJECT_STOPPED}
    assert [one.act for one in recorded(senim, resume(""))] == ["subject.resumed"]
    assert ask(senim, "use", "delivery", person.subject)
    assert codes(ask(senim, "use", "orders", person.subject)) == {Code.SUBJECT_STOPPED}
    resume("orders")()
    assert ask(senim, "use", "orders", person.subject)
    for purpose in ("orders", ""):
        entries = recorded(senim, resume(purpose), refusal=Code.NOT_FOUND)
        assert [(one.act, one.outcome) for one in entries] == [("subject.resumed", "refused")]
    recorded(senim, stop("alice@people.example"), refusal=Code.PURPOSE_UNDECLARED)


Verb = Callable[[Stage], Callable[[Work, Standing], object]]
BINDING: dict[str, Verb] = {
    "subject.blocked": lambda stage: (
        lambda work, who: stage.platform.gate.block(work, who, reason="a reason of my own")
    ),
    "subject.unblocked": lambda stage: lambda work, who: stage.platform.gate.unblock(work, who, reason="because"),
    "subject.stopped": lambda stage: lambda work, who: stage.platform.gate.stop(work, who, "orders", reason="Алия"),
    "subject.resumed": lambda stage: lambda work, who: stage.platform.gate.resume(work, who, "orders", reason="-"),
}


@pytest.mark.parametrize("act", BINDING)
def test_a_reason_is_one_of_a_closed_list(stage: Stage, act: str) -> None:
    """Free words never reach the log as a reason; the refused try does, without them."""
    senim, person = senim_of(stage), stage.person()
    entries = recorded(senim, lambda: about(senim, person.subject, BINDING[act](stage)), refusal=Code.INVALID_VALUE)
    assert [(one.act, one.outcome, one.reason) for one in entries] == [(act, "refused", None)]
    entries = recorded(
        senim,
        lambda: about(senim, person.subject, BINDING[act](stage), actor=stranger("event", kind=ActorKind.STAFF)),
        refusal=Code.ROLE_NOT_ALLOWED,
    )
    assert [(one.act, one.outcome) for one in entries] == [(act, "refused")]


def test_an_event_ends_the_term_and_what_is_agreed_afterwards_begins_a_new_one(stage: Stage, clock: FixedClock) -> None:
    """When an order is completed its data serves no more, until the person orders again (travel-48)."""
    senim, person = senim_of(stage), stage.person()

    def happened(event: str, at: int) -> Callable[[], str]:
        return lambda: about(senim, person.subject, lambda work, who: senim.gate.happened(work, who, event, at))

    clock.move(days=1)
    now = micros(clock.moment)
    recorded(senim, happened("order-completed", now + 1), refusal=Code.INVALID_VALUE)
    recorded(senim, happened("moon-landing", now), refusal=Code.PURPOSE_UNDECLARED)
    assert ask(senim, "use", "orders", person.subject)
    entries = recorded(senim, happened("order-completed", now))
    assert [(one.act, one.reason) for one in entries] == [("subject.event", "order-completed")]
    assert codes(ask(senim, "use", "orders", person.subject)) == {Code.TERM_OVER}
    assert ask(senim, "use", "newsletter", person.subject, channel="email"), "another term"
    clock.move(days=1)
    acting.give(senim, person.subject, Scope(purpose="orders"), stage.evidence(person.point))
    assert ask(senim, "use", "orders", person.subject)


def test_an_event_that_is_told_late_opens_nothing_again(stage: Stage, clock: FixedClock) -> None:
    """Events arrive in any order; an older one that comes after a newer one does not lift the end of the term."""
    senim, person = senim_of(stage), stage.person()
    begun = clock.moment
    clock.move(days=5)
    acting.give(senim, person.subject, Scope(purpose="orders"), stage.evidence(person.point))
    clock.move(days=5)
    for at in (clock.moment, begun + timedelta(days=2)):
        when = micros(at)
        about(
            senim,
            person.subject,
            lambda work, who, when=when: senim.gate.happened(work, who, "order-completed", when),  # type: ignore[misc]  # bound
        )
        assert codes(ask(senim, "use", "orders", person.subject)) == {Code.TERM_OVER}
