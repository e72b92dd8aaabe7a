"""Versions that are to take effect: several at once, nearer ones published later, and those that are cancelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.test import Client

from senim.app import Senim
from senim.consent import Evidence, Scope
from senim.errors import Code
from senim.policy.actions import NOTICE_OF_CANCELLING, Version
from senim.testing import FixedClock, Stage
from senim.web.site import site
from tests.features import acting
from tests.features.acting import another, ask, codes, recorded, refused, senim_of, stranger
from tests.features.test_policies import MORE_ABOUT_NEWS, NO_READING, publish, titled

NEWS = Scope(purpose="newsletter", channel="email")


def cancel(senim: Senim, number: int) -> Version:
    """Cancel a version."""
    return senim.run(senim.actor(), lambda work: senim.policies.cancel(work, number))


def bound(senim: Senim, clock: FixedClock, *days: float) -> list[int]:
    """The versions in force so many days from now."""
    policies = senim.policies
    return [policies.in_force(clock.moment + timedelta(days=day)).version for day in days]


def test_the_day_decides_and_not_the_number(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """A version with a nearer day is published beside one that waits: each binds from its day to the next one's."""
    senim, now = senim_of(stage), clock.moment
    publish(senim, titled(mini, "Far"), effective=now + timedelta(days=30))()
    publish(senim, titled(mini, "Near"), effective=now + timedelta(days=5))()
    publish(senim, titled(mini, "Nearer"), effective=now + timedelta(days=2))()
    assert [one.number for one in senim.policies.timeline()] == [1, 4, 3, 2]
    assert bound(senim, clock, 0, 1.9, 2, 4.9, 5, 29.9, 30, 900) == [1, 1, 4, 4, 3, 3, 2, 2]
    publish(senim, titled(mini, "Instead"), effective=now + timedelta(days=5))()
    assert bound(senim, clock, 4.9, 5, 30) == [4, 5, 2], "on one day the later number"
    with another(stage, clock) as second:
        assert bound(second, clock, 4.9, 5, 30) == [4, 5, 2]
    clock.move(days=31)
    refused(Code.EFFECTIVE_DATE_WRONG, publish(senim, titled(mini, "Past"), effective=now + timedelta(days=29)))
    behind = publish(senim, titled(mini, "A moment"), effective=now + timedelta(days=30))
    refused(Code.EFFECTIVE_DATE_WRONG, behind)


def test_what_says_the_same_as_the_one_before_it_is_no_version(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """The neighbour in time is what a version is compared with, cancelled ones apart."""
    senim, now = senim_of(stage), clock.moment
    far, near = now + timedelta(days=30), now + timedelta(days=5)
    publish(senim, titled(mini, "Far"), effective=far)()
    refused(Code.UNCHANGED, publish(senim, mini, effective=near))
    refused(Code.UNCHANGED, publish(senim, titled(mini, "Far"), effective=far))
    publish(senim, titled(mini, "Far"), effective=near)()
    cancel(senim, 2)
    cancel(senim, 3)
    publish(senim, titled(mini, "Far"), effective=far)()
    refused(Code.UNCHANGED, publish(senim, mini))
    assert [one.number for one in senim.policies.timeline()] == [1, 4]


def test_a_cancelled_version_stays_readable_and_never_binds(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """Cancelling leaves version, hash and text as they are, with its entry; the day passes without a change."""
    senim, day = senim_of(stage), clock.moment + timedelta(days=10)
    publish(senim, mini.replace(*NO_READING), effective=day)()
    before = senim.policies.version(2)
    entries = recorded(senim, lambda: cancel(senim, 2))
    assert [(one.act, one.outcome, one.policy, one.digest) for one in entries] == [
        ("policy.cancelled", "done", 2, before.digest)
    ]
    after = senim.policies.version(2)
    assert after.cancelled == clock.moment
    assert (after.digest, after.source, after.canonical) == (before.digest, before.source, before.canonical)
    assert senim.log.verify().ok
    person = stage.person()
    clock.moment = day
    assert bound(senim, clock, 0, 100) == [1, 1]
    assert acting.read(senim, person.subject).values
    with another(stage, clock) as second:
        assert second.policies.version(2).cancelled is not None
        assert second.policies.in_force(clock.moment).version == 1
    publish(senim, titled(mini, "Third"))()
    assert senim.policies.in_force(clock.moment).version == 3, "its number is not used again"
    assert senim.log.verify().ok


def test_what_may_not_be_cancelled_is_refused_and_the_refusal_is_in_the_log(
    stage: Stage, mini: bytes, clock: FixedClock
) -> None:
    """What binds or did, what is cancelled, what is not there, and what a role may not: nothing changes."""
    senim, day = senim_of(stage), clock.moment + timedelta(days=10)
    publish(senim, titled(mini, "Second"), effective=day)()
    publish(senim, titled(mini, "Third"), effective=day + timedelta(days=1))()
    cancel(senim, 3)
    cases = {1: Code.VERSION_BOUND, 3: Code.VERSION_BOUND, 4: Code.NOT_FOUND, 0: Code.NOT_FOUND}
    for number, code in cases.items():
        entries = recorded(senim, lambda number=number: cancel(senim, number), refusal=code)  # type: ignore[misc]
        assert [(one.act, one.outcome, one.codes) for one in entries] == [("policy.cancelled", "refused", (code,))]
    outsider = stranger("check", "log")
    refused(Code.ROLE_NOT_ALLOWED, lambda: senim.run(outsider, lambda work: senim.policies.cancel(work, 2)))
    assert bound(senim, clock, 10) == [2]


def test_the_last_moment_for_cancelling_comes_before_the_day(
    stage: Stage, mini: bytes, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute before a version binds it is too late: no process may be bound by what another has cancelled."""
    watch = acting.Stopwatch()
    monkeypatch.setattr("senim.policy.actions.time", watch)
    senim, day = senim_of(stage), clock.moment + timedelta(days=10)
    publish(senim, mini.replace(*NO_READING), effective=day)()
    publish(senim, titled(mini, "Third"), effective=day)()
    clock.moment = day - NOTICE_OF_CANCELLING - timedelta(microseconds=1)
    with another(stage, clock) as second:
        assert len(second.policies.timeline()) == 3
        cancel(senim, 3)
        clock.moment = day - NOTICE_OF_CANCELLING
        refused(Code.VERSION_BOUND, lambda: cancel(senim, 2))
        watch.seconds += 1.01
        clock.moment = day
        for one in (senim, second):
            assert one.policies.in_force(day).version == 2
        refused(Code.VERSION_BOUND, lambda: cancel(second, 2))


def test_two_who_cancel_at_once_cancel_once(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """The slower one is told that it is done; the log has one cancelling."""
    senim = senim_of(stage)
    publish(senim, titled(mini, "Second"), effective=clock.moment + timedelta(days=10))()
    with another(stage, clock) as second:
        assert second.policies.version(2).cancelled is None
        slow = acting.between(lambda work: senim.policies.cancel(work, 2), lambda: cancel(second, 2))
        refused(Code.VERSION_BOUND, lambda: senim.run(senim.actor(), slow))
    senim.tick()
    done = [one for _, one in senim.log.entries() if (one.act, one.outcome) == ("policy.cancelled", "done")]
    assert len(done) == 1
    assert senim.log.verify().ok


def test_consents_count_for_the_versions_that_bound_one_after_the_other(
    stage: Stage, mini: bytes, clock: FixedClock
) -> None:
    """A yes to the nearer version does not cover a wider one that was published before it and binds after it."""
    senim, now = senim_of(stage), clock.moment
    old = stage.person()
    publish(senim, mini.replace(*MORE_ABOUT_NEWS), effective=now + timedelta(days=30))()
    publish(senim, titled(mini, "Near"), effective=now + timedelta(days=5))()
    clock.move(days=6)
    middle = stage.person()
    for person in (old, middle):
        assert ask(senim, "use", "newsletter", person.subject, channel="email")
    clock.move(days=25)
    assert senim.policies.in_force(clock.moment).version == 2
    for person in (old, middle):
        assert codes(ask(senim, "use", "newsletter", person.subject, channel="email")) == {Code.CONSENT_OUTDATED}
        assert ask(senim, "use", "orders", person.subject), "a purpose that did not grow stands"
    new = stage.person()
    assert ask(senim, "use", "newsletter", new.subject, channel="email")
    publish(senim, titled(mini.replace(*MORE_ABOUT_NEWS), "Fourth"))()
    assert ask(senim, "use", "newsletter", new.subject, channel="email"), "a later one that asks no more keeps it"
    assert codes(ask(senim, "use", "newsletter", middle.subject, channel="email")) == {Code.CONSENT_OUTDATED}


def test_a_cancelled_version_outdates_nobody_s_consent(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """What never bound asked nobody for more: the version after it is held against the one that bound before."""
    senim, person = senim_of(stage), stage.person()
    narrow = mini.replace(b"uses: [contact.email, contact.phone, profile]", b"uses: [contact.email, profile]")
    publish(senim, narrow, effective=clock.moment + timedelta(days=5))()
    cancel(senim, 2)
    publish(senim, titled(mini, "Third"))()
    assert ask(senim, "use", "newsletter", person.subject, channel="email")


def test_a_notice_first_published_with_a_version_that_never_bound_proves_what_was_in_force(
    stage: Stage, mini: bytes, clock: FixedClock
) -> None:
    """A form with the words of a cancelled version counts for the version in force when it was signed."""
    senim = senim_of(stage)
    worded = mini.replace("Растау жіберу үшін.".encode(), "Растау хатын жіберу үшін.".encode())
    publish(senim, worded, effective=clock.moment + timedelta(days=30))()
    publish(senim, titled(worded, "Near"), effective=clock.moment + timedelta(days=5))()
    cancel(senim, 2)
    clock.move(days=6)
    person, shown = stage.person(), stage.evidence("registration", language="kk").notice
    notice = senim.run(senim.actor(), lambda work: senim.collection.notice(work, "registration", "kk")).digest
    assert senim.policies.notice_shown(notice).since_version == 2
    publish(senim, titled(mini, "Fourth"))()
    clock.move(days=1)
    signed = Evidence(
        notice=notice,
        language="kk",
        surface="letter",
        act="signature",
        at=(clock.moment - timedelta(hours=25)).isoformat(),
    )
    given = acting.give(senim, person.subject, NEWS, signed)
    assert (given.event.said.version, shown != notice) == (3, True)
    assert ask(senim, "use", "newsletter", person.subject, channel="email")


def test_pages_show_what_comes_what_was_and_what_was_cancelled(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """Readers see the versions in the order in which they bind; a cancelled one says so in their language."""
    senim, now = senim_of(stage), clock.moment
    publish(senim, titled(mini, "Far"), effective=now + timedelta(days=30))()
    publish(senim, titled(mini, "Near"), effective=now + timedelta(days=5))()
    publish(senim, titled(mini, "Not wanted"), effective=now + timedelta(days=9))()
    cancel(senim, 4)
    clock.move(days=6)
    pages = Client(site(senim))

    def page(path: str) -> str:
        return pages.get(path).get_data(as_text=True)

    top = page("/privacy/en").partition("<main")[0]
    places = [top.index(f'value="{number}"') for number in (2, 4, 3, 1)]
    assert places == sorted(places)
    assert top.count("not in force yet") == 1
    assert top.count(">cancelled<") == 1
    assert ">Near<" in top
    assert "This edition is not in force yet." in page("/privacy/en/versions/2")
    assert "This is an earlier edition." in page("/privacy/en/versions/1")
    for language, words in (("kk", "күші ол қолданысқа енбей тұрып жойылған"), ("ru", "отменена и в силу не вступала")):
        assert words in page(f"/privacy/{language}/versions/4")
    assert pages.get("/privacy/versions/4.json").data == senim.policies.version(4).canonical


def test_clashes_are_told_with_those_that_no_clause_speaks_of(stage: Stage, mini: bytes) -> None:
    """What a text lacks is a clash too, without a clause of its own."""
    senim = senim_of(stage)
    publish(
        senim,
        mini.replace(b"states: [operator-number]", b"states: []").replace(
            b"term: {until: order-completed}", b"term: unlimited"
        ),
    )()
    promises = senim.policies.in_force(senim.works.clock.now())
    found = {(one.rule, one.clause) for one in senim.policies.clashes(promises)}
    assert ("consent-items", "") in found
    assert any(clause for _, clause in found)


def test_before_the_first_day_the_first_version_waits(stage: Stage, clock: FixedClock) -> None:
    """A time before any version is told as such, whatever was cancelled since."""
    senim = senim_of(stage)
    refused(Code.POLICY_NOT_PUBLISHED, lambda: senim.policies.in_force(datetime(2020, 1, 1, tzinfo=UTC)))
