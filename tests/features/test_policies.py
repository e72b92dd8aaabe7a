"""Policies: publish, show, compare, schedule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from senim.app import Senim
from senim.consent import Scope
from senim.errors import Code, Invalid
from senim.policy import Policies
from senim.policy.promises import Promises
from senim.testing import FixedClock, Stage
from tests.features import acting
from tests.features.acting import another, ask, codes, recorded, refused, senim_of, stranger

NO_READING = (
    b"operations: [collect, record, store, clarify, extract, use, transfer, block, delete, destroy]",
    b"operations: [collect, record, store, clarify, use, transfer, block, delete, destroy]",
)
MORE_ABOUT_NEWS = (b"uses: [contact.email, contact.phone, profile]", b"uses: [contact, profile]")


def titled(policy: bytes, title: str) -> bytes:
    """The policy with another title."""
    return policy.replace(b"en: Privacy policy}", f"en: {title}}}".encode(), 1)


def publish(senim: Senim, source: bytes, *, effective: datetime | None = None) -> Callable[[], int]:
    """Publishing ``source`` as an act; the number of the version."""
    policies = senim.policies
    return lambda: senim.run(senim.actor(), lambda work: policies.publish(work, source, effective=effective).number)


def test_a_published_version_is_numbered_hashed_dated_and_stays_as_it_was(
    stage: Stage, mini: bytes, clock: FixedClock
) -> None:
    """A new version leaves the earlier one readable and unchanged, and who published it is in the log."""
    senim = senim_of(stage)
    first = senim.policies.version(1)
    assert (first.number, first.source, first.published_by) == (1, mini, "staff:local")
    assert first.effective == first.published == clock.moment
    clock.move(days=1)
    entries = recorded(senim, publish(senim, titled(mini, "Second edition")))
    second = senim.policies.version(2)
    assert [(one.act, one.policy, one.digest) for one in entries] == [("policy.published", 2, second.digest)]
    assert second.policy.title.en == "Second edition"
    assert senim.policies.version(1) == first
    assert second.digest != first.digest
    assert senim.policies.in_force(clock.moment).version == 2
    changes, renewals = senim.policies.compare(first.policy, second.policy)
    assert [(one.kind, one.where, one.before, one.after) for one in changes] == [
        ("changed", "title.en", "Privacy policy", "Second edition")
    ]
    assert renewals == {}
    with another(stage, clock) as reopened:
        assert reopened.policies.versions() == senim.policies.versions()
    refused(Code.NOT_FOUND, lambda: senim.policies.version(3))
    refused(Code.NOT_FOUND, lambda: senim.policies.version(0))


def test_what_may_not_be_published_is_refused_and_the_refusal_is_in_the_log(
    stage: Stage, mini: bytes, clock: FixedClock
) -> None:
    """Publishing is refused when a language, a purpose or the right is missing, or the date lies behind."""
    senim, later = senim_of(stage), titled(mini, "Later")
    cases: list[tuple[Code, Callable[[], object]]] = [
        (Code.POLICY_INVALID, publish(senim, mini.replace("Политика конфиденциальности".encode(), b'""'))),
        (Code.LANGUAGE_MISSING, publish(senim, mini.replace("Политика конфиденциальности".encode(), b'""'))),
        (Code.POLICY_INVALID, publish(senim, b"senim: 1")),
        (Code.UNCHANGED, publish(senim, mini)),
        (Code.UNCHANGED, publish(senim, b"# the same in other words\n" + mini)),
        (Code.EFFECTIVE_DATE_WRONG, publish(senim, later, effective=clock.moment - timedelta(days=1))),
        (
            Code.ROLE_NOT_ALLOWED,
            lambda: senim.run(stranger("check", "log"), lambda work: senim.policies.publish(work, later)),
        ),
    ]
    for code, act in cases:
        entries = recorded(senim, act, refusal=code)
        assert [(one.act, one.outcome) for one in entries] == [("policy.published", "refused")], code
        assert code in entries[0].codes
    assert len(senim.policies.versions()) == 1


def test_a_refusal_to_publish_tells_each_fault_with_its_line(stage: Stage, mini: bytes) -> None:
    """In the language of who reads it, for who does not see the file."""
    with pytest.raises(Invalid) as told:
        publish(senim_of(stage), mini.replace("Политика конфиденциальности".encode(), b'""'))()
    assert told.value.says("en") == "faults: 1; line 5: title: there is no text in ru"
    assert told.value.says("ru") == "ошибок: 1; строка 5: title: нет текста на языке: ru"


def test_a_version_with_fewer_promises_binds_on_its_day_in_every_process(
    stage: Stage, mini: bytes, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change takes effect on the day posted with it: not before, not after, wherever it is asked (travel-46)."""
    watch = acting.Stopwatch()
    monkeypatch.setattr("senim.policy.actions.time", watch)
    senim, person = senim_of(stage), stage.person()
    with another(stage, clock) as second:
        both = (senim, second)
        for one in both:
            assert acting.read(one, person.subject).values
        day = clock.moment + timedelta(days=10)
        publish(senim, mini.replace(*NO_READING), effective=day)()
        watch.seconds += 1.01
        clock.moment = day - timedelta(microseconds=1)
        for one in both:
            assert acting.read(one, person.subject).values
        clock.moment = day
        for one in both:
            assert codes(ask(one, "extract", "orders", person.subject)) == {Code.OPERATION_UNDECLARED}
            refused(Code.OPERATION_UNDECLARED, partial(acting.read, one, person.subject))
            assert ask(one, "use", "orders", person.subject)
        publish(second, titled(mini, "Reading again"))()
        watch.seconds += 1.01
        for one in both:
            assert codes(ask(one, "extract", "orders", person.subject)) == {Code.CONSENT_OUTDATED}


def test_a_version_published_while_another_thread_makes_its_promises_ready_is_not_lost(
    stage: Stage, mini: bytes, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the moment that a version is seen it is in force, also if somebody was just getting the old one ready."""
    senim = senim_of(stage)
    clock.move(days=1)  # the promises of a day are made anew after midnight
    ready = senim.policies.promises

    def slow(number: int, on: object) -> Promises:
        monkeypatch.setattr(senim.policies, "promises", ready)
        made = ready(number, clock.moment.date())
        publish(senim, mini.replace(*NO_READING))()
        assert senim.policies.versions()[-1].number == 2
        return made

    monkeypatch.setattr(senim.policies, "promises", slow)
    assert senim.policies.in_force(clock.moment).version == 1
    assert senim.policies.in_force(clock.moment).version == 2


def test_consent_to_less_is_outdated_when_the_purpose_grows(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """When what was agreed to grows, the earlier consent does not cover it until it is given anew (94-V 8(4))."""
    senim, person, other = senim_of(stage), stage.person(), stage.person()
    grown = mini.replace(*MORE_ABOUT_NEWS)
    question = ("use", "newsletter", person.subject)
    assert ask(senim, *question, channel="email")
    publish(senim, grown)()
    _, renewals = senim.policies.compare(senim.policies.version(1).policy, senim.policies.version(2).policy)
    assert renewals == {"newsletter": ("uses",)}
    assert senim.consents.people(senim.database, "newsletter", 1) == 2
    assert codes(ask(senim, *question, channel="email")) == {Code.CONSENT_OUTDATED}
    assert ask(senim, "use", "orders", person.subject), "a purpose that did not grow stands"
    evidence = stage.evidence(person.point)
    acting.give(senim, person.subject, Scope(purpose="newsletter", channel="email"), evidence)
    assert ask(senim, *question, channel="email")
    assert codes(ask(senim, "use", "newsletter", other.subject, channel="email")) == {Code.CONSENT_OUTDATED}
    assert senim.consents.people(senim.database, "newsletter", 1) == 2, "the purpose as a whole is still the old yes"


def test_the_text_that_people_saw_is_frozen(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """The exact notice of each version stays readable by its digest, and a changed one is told from it."""
    senim = senim_of(stage)
    shown = senim.run(senim.actor(), lambda work: senim.collection.notice(work, "registration", "kk"))
    publish(senim, mini.replace("Растау жіберу үшін.".encode(), "Растау хатын жіберу үшін.".encode()))()
    now = senim.run(senim.actor(), lambda work: senim.collection.notice(work, "registration", "kk"))
    assert now.digest != shown.digest
    kept = senim.policies.notice_shown(shown.digest)
    assert (kept.content, kept.point, kept.language, kept.since_version) == (shown.text, "registration", "kk", 1)
    refused(Code.NOT_FOUND, lambda: senim.policies.notice_shown("0" * 64))
    senim.database.engine.execute(f"UPDATE policy_notice SET content = 'other' WHERE digest = '{shown.digest}'")
    refused(Code.LOG_BROKEN, lambda: senim.policies.notice_shown(shown.digest))


def test_a_version_changed_in_the_database_is_not_believed(stage: Stage, clock: FixedClock) -> None:
    """A published version cannot be changed: one that does not fit its hash is refused by whoever opens it."""
    senim = senim_of(stage)
    digest = senim.policies.version(1).digest
    senim.database.engine.execute(f"UPDATE policy_version SET digest = '{'0' * 64}'")
    with another(stage, clock) as second:
        refused(Code.LOG_BROKEN, second.policies.versions)
        refused(Code.LOG_BROKEN, lambda: ask(second, "use", "orders", ""))
        senim.database.engine.execute(f"UPDATE policy_version SET digest = '{digest}'")
        assert second.policies.in_force(clock.moment).version == 1


def test_two_processes_that_publish_at_once_make_two_versions(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """No version is lost or overwritten when two people publish at the same moment."""
    senim = senim_of(stage)
    with another(stage, clock) as second:
        assert len(second.policies.versions()) == 1

        def fast() -> None:
            publish(second, titled(mini, "Fast"))()

        slow = acting.between(lambda work: senim.policies.publish(work, titled(mini, "Slow")), fast)
        assert senim.run(senim.actor(), slow).number == 3
    assert [one.policy.title.en for one in senim.policies.versions()] == ["Privacy policy", "Fast", "Slow"]


def test_before_the_first_version_nothing_may_be_done(stage: Stage, clock: FixedClock) -> None:
    """Without a policy in force every question ends with a clear error, not with a guess."""
    early = clock.moment.astimezone(UTC) - timedelta(days=1)
    policies: Policies = senim_of(stage).policies
    refused(Code.POLICY_NOT_PUBLISHED, lambda: policies.in_force(early))
