"""Several processes on one folder: what binds in one binds the very next decision in all (design, 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from senim.app import Senim
from senim.consent import Scope
from senim.errors import Code, SenimError
from senim.gate import Question
from senim.testing import FixedClock, Person, Stage
from tests.features import acting
from tests.features.acting import about, another, ask, at_once, codes, find, refused, senim_of, told_of

Bind = Callable[[Senim, str], object]

BINDING: dict[str, tuple[Code, Bind]] = {
    "withdrawn": (
        Code.CONSENT_WITHDRAWN,
        lambda senim, subject: acting.withdraw(senim, subject, Scope(purpose="orders")),
    ),
    "withdrawn from all": (
        Code.CONSENT_WITHDRAWN,
        lambda senim, subject: about(
            senim, subject, lambda work, who: senim.consents.withdraw_all(work, who, evidence=acting.ACCOUNT)
        ),
    ),
    "blocked": (
        Code.SUBJECT_BLOCKED,
        lambda senim, subject: about(
            senim, subject, lambda work, who: senim.gate.block(work, who, reason="unlawful-reported")
        ),
    ),
    "stopped": (
        Code.SUBJECT_STOPPED,
        lambda senim, subject: about(
            senim, subject, lambda work, who: senim.gate.stop(work, who, "orders", reason="request-of-person")
        ),
    ),
    "stopped in all": (
        Code.SUBJECT_STOPPED,
        lambda senim, subject: about(
            senim, subject, lambda work, who: senim.gate.stop(work, who, "", reason="request-of-person")
        ),
    ),
    "over": (
        Code.TERM_OVER,
        lambda senim, subject: about(
            senim, subject, lambda work, who: senim.gate.happened(work, who, "order-completed", work.at)
        ),
    ),
    "erased": (Code.SUBJECT_ERASED, acting.erase),
}


def decisions(senim: Senim, stage: Stage, person: Person) -> list[Callable[[], object]]:
    """Everything that a process decides about a person, as the shop's system asks it."""
    shop = senim.actor("shop")

    def check() -> None:
        decision = senim.gate.check(shop, Question("use", "orders", person.subject))
        if not decision:
            raise SenimError(decision.reasons[0].code, reasons=decision.reasons)

    def correct() -> object:
        values: dict[str, object] = {"contact.note": "ring twice"}
        return about(
            senim,
            person.subject,
            lambda work, who: senim.collection.correct(work, who, "orders", values=values),
            actor=shop,
        )

    def come_again() -> object:
        request = stage.request(person.point, subject=person.subject, consents=(), values={"contact.note": "twice"})
        return senim.run(shop, lambda work: senim.collection.intake(work, request))

    return [check, partial(acting.read, senim, person.subject, actor=shop), correct, come_again]


@pytest.mark.parametrize("what", BINDING)
def test_what_binds_in_one_process_binds_the_next_decision_in_every_other(
    stage: Stage, clock: FixedClock, what: str
) -> None:
    """Withdrawal, block, stop, the end of a term, erasure: the very next decision knows it, whoever makes it."""
    code, bind = BINDING[what]
    senim, person = senim_of(stage), stage.person()
    clock.move(seconds=1)
    with another(stage, clock) as second:
        for one in (senim, second):
            for decide in decisions(one, stage, person):
                decide()
        clock.move(seconds=1)
        bind(second, person.subject)
        for one in (senim, second):
            for decide in decisions(one, stage, person):
                refused(code, decide)
        for entry in told_of(senim, person.subject)[-4:]:
            assert entry.outcome == "refused"


def test_an_erased_person_is_read_nowhere_whatever_a_process_has_seen_before(stage: Stage, clock: FixedClock) -> None:
    """Keys, standings, policies and files that another process looked at a moment ago open nothing (airline-12)."""
    senim, person = senim_of(stage), stage.person()
    document = stage.upload(person)
    with another(stage, clock) as second, another(stage, clock) as third:
        seen = second.subjects.find(second.database, person.subject)
        work = second.works.begin(second.actor())
        _, chunks = second.documents.open(work, second.subjects.about(work, person.subject), document, "newsletter")
        for one in (senim, second, third):
            assert acting.read(one, person.subject).values
            assert find(one, "email", person.values["contact.email"]) == person.subject
        acting.erase(third, person.subject)
        refused(Code.SEAL_BROKEN, lambda: list(chunks))
        for one in (senim, second, third):
            refused(Code.SUBJECT_ERASED, partial(acting.read, one, person.subject))
            refused(Code.NOT_FOUND, partial(find, one, "email", person.values["contact.email"]))
            assert codes(ask(one, "use", "orders", person.subject)) == {Code.SUBJECT_ERASED}
        assert second.run(second.actor(), lambda work: second.vault.read(work, seen, "orders")).values == {}
        with another(stage, clock) as fourth:
            refused(Code.SUBJECT_ERASED, partial(acting.read, fourth, person.subject))


def test_two_processes_that_erase_at_once_erase_once(stage: Stage, clock: FixedClock) -> None:
    """One is told the proof, the others that it is done; the log tells of one erasure."""
    senim = senim_of(stage)
    with another(stage, clock) as second:
        for _ in range(3):
            person = stage.person()
            done = at_once([partial(acting.erase, one, person.subject) for one in (senim, second) * 2])
            proofs = [one for one in done if not isinstance(one, SenimError)]
            assert len(proofs) == 1
            assert {one.code for one in done if isinstance(one, SenimError)} == {Code.SUBJECT_ERASED}
            acts = [entry.act for entry in told_of(senim, person.subject) if entry.outcome == "done"]
            assert acts.count("subject.erased") == 1


def test_who_comes_again_while_being_erased_is_erased(stage: Stage, clock: FixedClock) -> None:
    """Erasing and taking in the same person at once, in two processes: no value and no way to find it is left."""
    senim = senim_of(stage)
    with another(stage, clock) as second:
        for number in range(4):
            person, email = stage.person(), f"again-{number}@people.example"
            request = stage.request(person.point, subject=person.subject)
            request.values["contact.email"] = email

            come = partial(second.run, second.actor(), partial(second.collection.intake, intake=request))
            acts: list[Callable[[], object]] = [come, partial(acting.erase, senim, person.subject), come]
            at_once(acts)
            for one in (senim, second):
                refused(Code.SUBJECT_ERASED, partial(acting.read, one, person.subject))
                refused(Code.NOT_FOUND, partial(find, one, "email", email))
            held = senim.subjects.find(senim.database, person.subject)
            assert senim.run(senim.actor(), partial(senim.vault.held, standing=held)) == {}


def test_a_withdrawal_and_a_yes_at_once_end_as_the_log_says(stage: Stage, clock: FixedClock) -> None:
    """Two processes, one person, opposite words: what holds is what was committed last, and the log says so."""
    senim, scope = senim_of(stage), Scope(purpose="newsletter", channel="email")
    with another(stage, clock) as second:
        person = stage.person()
        evidence = stage.evidence(person.point)
        for _ in range(5):
            clock.move(seconds=1)
            done = at_once(
                [
                    lambda: str(acting.give(senim, person.subject, scope, evidence).event.said.given),
                    lambda: str(acting.withdraw(second, person.subject, scope)[0].event.said.given),
                ]
            )
            assert set(done) == {"True", "False"}
            (holds,) = [one.agreed for one in senim.consents.of(second.database, person.subject) if one.scope == scope]
            said = next(one for one in senim.consents.history(person.subject)[0] if one.id == holds.event)
            assert said.said.given == holds.given
            assert ask(second, "use", "newsletter", person.subject, channel="email").allowed == holds.given
