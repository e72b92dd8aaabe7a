"""Units of work: all or nothing, refusals recorded, decided anew, once per key, time never backwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from senim.app import Senim
from senim.consent import Scope
from senim.errors import Code, Held, Invalid, NotAllowed, SenimError, Stale, Tampered, Unavailable
from senim.gate import Question
from senim.storage import Unit
from senim.subjects import Standing
from senim.testing import FixedClock, Stage
from senim.work import TRIES, Work
from tests.features import acting
from tests.features.acting import about, another, ask, at_once, recorded, refused, senim_of, told_of


def enrol_and(senim: Senim, then: Callable[[Work, Standing], object]) -> Callable[[Work], object]:
    """Make a person, and then something else in the same act."""

    def act(work: Work) -> object:
        return then(work, senim.vault.enrol(work))

    return act


def raising(error: Exception) -> Callable[[Work, Standing], object]:
    """An act that ends with an error after it has tried something."""

    def act(work: Work, who: Standing) -> object:
        work.attempt("data.collected", subject=who.subject, purpose="orders")
        work.record("data.collected", subject=who.subject)
        raise error

    return act


def test_a_refusal_is_rolled_back_whole_and_then_recorded(stage: Stage) -> None:
    """No row of a refused act stays, no entry says that it was done, and one says that it was refused and why."""
    senim = senim_of(stage)
    before = senim.subjects.count(senim.database)
    for error in (NotAllowed(Code.ROLE_NOT_ALLOWED), Invalid(Code.INVALID_VALUE, "x"), Held(Code.UNCHANGED)):
        (entry,) = recorded(
            senim, partial(senim.run, senim.actor(), enrol_and(senim, raising(error))), refusal=error.code
        )
        assert (entry.act, entry.outcome, entry.codes) == ("data.collected", "refused", (error.code,))
        assert entry.purpose == "orders"
    assert senim.subjects.count(senim.database) == before
    assert senim.persons.counts() == {}


def test_what_is_no_refusal_leaves_nothing_at_all(stage: Stage) -> None:
    """A fault of the machine or a bug rolls back and is raised as it is: it is nobody's refusal."""
    senim = senim_of(stage)
    for error in (Unavailable(Code.STORAGE_BUSY), Tampered(Code.SEAL_BROKEN), RuntimeError("a bug")):
        senim.tick()
        size = senim.log.size
        with pytest.raises(type(error)):
            senim.run(senim.actor(), enrol_and(senim, raising(error)))
        senim.tick()
        assert senim.log.size == size
    assert senim.subjects.count(senim.database) == (0, 0)


def test_an_act_whose_facts_change_is_decided_anew_and_not_for_ever(stage: Stage) -> None:
    """Decided on what is no longer so: looked at again, a few times; then the caller is told."""
    senim, person = senim_of(stage), stage.person()
    seen: list[int] = []

    def stop(work: Work, who: Standing) -> str:
        seen.append(len(who.marks.stops))
        if len(seen) == 1:
            about(senim, person.subject, lambda w, p: senim.gate.stop(w, p, "delivery", reason="request-of-person"))
        return senim.gate.stop(work, who, "orders", reason="request-of-person")

    entries = recorded(senim, lambda: about(senim, person.subject, stop))
    assert seen == [0, 1]
    assert [one.purpose for one in entries] == ["delivery", "orders"]
    assert set(senim.subjects.find(senim.database, person.subject).marks.stops) == {"orders", "delivery"}
    tries: list[int] = []

    def never(work: Work) -> None:
        tries.append(1)
        raise Stale

    refused(Code.CHANGED_MEANWHILE, lambda: senim.run(senim.actor(), never))
    assert len(tries) == TRIES


def test_a_part_of_an_act_may_be_refused_on_its_own(stage: Stage) -> None:
    """Of several parts a refused one is taken back whole, its refusal recorded, the others stand."""
    senim = senim_of(stage)

    def act(work: Work) -> list[str]:
        people = []
        for number in range(4):
            try:
                with work.part():
                    standing = senim.vault.enrol(work)
                    work.attempt("data.collected", subject=standing.subject)
                    work.record("subject.found", subject=standing.subject)
                    if number % 2:
                        raise Invalid(Code.CARD_NUMBER, "contact.note")
                    people.append(str(standing.subject))
            except Invalid:
                continue
        return people

    senim.tick()
    size = senim.log.size
    people = senim.run(senim.actor(), act)
    assert senim.subjects.count(senim.database) == (2, 0)
    assert senim.persons.counts() == {"kek-1": 2}
    senim.tick()
    entries = [(entry.act, entry.outcome, entry.subject in people) for _, entry in senim.log.entries(size)]
    assert entries == [("subject.found", "done", True), ("data.collected", "refused", False)] * 2


def once(
    senim: Senim, key: str, request: bytes, made: list[str], *, then: Exception | None = None
) -> Callable[[], bytes]:
    """Enrolling somebody under an idempotency key; ``made`` hears of each decision."""

    def act(work: Work) -> bytes:
        standing = senim.vault.enrol(work)
        work.record("data.collected", subject=standing.subject)
        made.append(standing.subject)
        if then is not None:
            work.attempt("data.collected")
            raise then
        return standing.subject.encode()

    return lambda: senim.works.run_once(senim.actor(), key, request, act)[0]


def test_a_request_repeated_with_its_key_happens_once(stage: Stage, clock: FixedClock) -> None:
    """A site that was cut off and asks again is told the first answer, in any process; another request is refused."""
    senim, made = senim_of(stage), list[str]()
    first = once(senim, "key-1", b"request", made)()
    with another(stage, clock) as second:
        assert once(second, "key-1", b"request", made)() == first
        assert once(senim, "key-1", b"request", made)() == first
        assert len(made) == 1
        refused(Code.IDEMPOTENCY_CONFLICT, once(second, "key-1", b"another request", made))
        assert once(second, "key-2", b"request", made)() != first
    shop = senim.actor("shop")
    answer, again = senim.works.run_once(shop, "key-1", b"request", lambda work: b"mine")
    assert (answer, again) == (b"mine", False), "another caller's keys are its own"
    assert senim.subjects.count(senim.database) == (2, 0)
    assert len(told_of(senim, first.decode())) == 1


def test_a_refusal_is_not_remembered_under_its_key(stage: Stage) -> None:
    """When its reason is gone the same request with the same key is done."""
    senim, made = senim_of(stage), list[str]()
    refused(Code.CONSENT_MISSING, once(senim, "key", b"request", made, then=Invalid(Code.CONSENT_MISSING)))
    assert once(senim, "key", b"request", made)() == made[-1].encode()
    assert senim.subjects.count(senim.database) == (1, 0)


def test_the_same_key_sent_many_times_at_once_happens_once(stage: Stage, clock: FixedClock) -> None:
    """An impatient finger, two processes: one person comes to be, and all are told the same."""
    senim, made = senim_of(stage), list[str]()
    with another(stage, clock) as second:
        acts = [once(one, "key", b"request", made) for one in (senim, second) * 4]
        answers = at_once(acts)
    assert len(set(answers)) == 1, answers
    assert senim.subjects.count(senim.database) == (1, 0)
    subject = answers[0]
    assert isinstance(subject, bytes)
    assert [entry.act for entry in told_of(senim, subject.decode())] == ["data.collected"]


def test_time_never_runs_backwards(stage: Stage, clock: FixedClock) -> None:
    """A small step back of the clock is waited out; a large one stops writing and deciding, and nothing is lost."""
    senim, person = senim_of(stage), stage.person()
    at = clock.moment
    clock.move(seconds=-4)
    assert senim.works.clock.now() == at
    acting.withdraw(senim, person.subject, Scope(purpose="newsletter"))
    assert told_of(senim, person.subject)[-1].at == "2026-11-22T09:00:00.000000Z"
    clock.move(seconds=-2)
    for act in (
        lambda: acting.read(senim, person.subject),
        lambda: ask(senim, "use", "orders", person.subject),
        lambda: acting.withdraw(senim, person.subject, Scope(purpose="orders")),
    ):
        refused(Code.CLOCK_WENT_BACK, act)
    clock.moment = at + timedelta(seconds=1)
    assert ask(senim, "use", "orders", person.subject)
    assert ask(senim, "use", "newsletter", person.subject, channel="email").allowed is False


@pytest.mark.parametrize("sealed", [True, False])
def test_a_process_that_opens_with_its_clock_behind_does_not_write(
    stage: Stage, clock: FixedClock, sealed: bool
) -> None:
    """Whoever opens after the clock went back is stopped by the newest entry on record, sealed or still waiting."""
    senim = senim_of(stage)
    senim.tick()
    clock.move(hours=2)
    stage.person()
    if sealed:
        senim.tick()
    at, before = clock.moment, clock.moment - timedelta(hours=1)
    with another(stage, clock) as second:
        clock.moment = before
        refused(Code.CLOCK_WENT_BACK, second.works.clock.now)
        clock.moment = at
    late = FixedClock(before)

    def open_late() -> None:
        with another(stage, late) as third:
            third.works.clock.now()

    refused(Code.CLOCK_WENT_BACK, open_late)


def test_allowances_wait_for_the_next_commit_and_survive_trouble(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An allowed check is logged within a second; when the disk says no it goes on waiting, in order."""
    senim, person = senim_of(stage), stage.person()
    decisions = [ask(senim, "use", "orders", person.subject).entry for _ in range(3)]

    def no(unit: Unit) -> None:
        raise Unavailable(Code.STORAGE_FULL)

    with monkeypatch.context() as patched:
        patched.setattr(senim.database, "commit", no)
        refused(Code.STORAGE_FULL, senim.works.flush)
        refused(Code.STORAGE_FULL, senim.tick)
        refused(Code.STORAGE_FULL, lambda: ask(senim, "use", "profiling", person.subject))
    decisions.append(ask(senim, "use", "orders", person.subject).entry)
    assert senim.works.flush() == 4
    assert senim.works.flush() == 0
    assert [one.id for one in told_of(senim, person.subject)][-4:] == decisions


def test_too_many_waiting_allowances_are_committed_before_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Allowances do not pile up without end while nobody flushes."""
    monkeypatch.setattr("senim.work.MOST_LATER", 5)
    senim, person = senim_of(stage), stage.person()
    entries = [ask(senim, "use", "orders", person.subject).entry for _ in range(12)]
    durable = {one.id for one in senim.log.entries_waiting(person.subject)}
    assert durable >= set(entries[:10])
    assert senim.works.flush() == 2


def test_answers_and_withdrawals_at_once_agree_with_the_log(stage: Stage) -> None:
    """While a consent is withdrawn others ask: nobody is allowed after the withdrawal was acknowledged (mini-4)."""
    senim, person = senim_of(stage), stage.person()
    gone: list[bool] = []

    def look() -> list[tuple[bool, bool]]:
        found = []
        for _ in range(30):
            after = bool(gone)
            found.append((after, senim.gate.check(senim.actor(), Question("use", "orders", person.subject)).allowed))
        return found

    def withdraw() -> list[tuple[bool, bool]]:
        acting.withdraw(senim, person.subject, Scope(purpose="orders"))
        gone.append(True)
        return look()

    answers = at_once([look, look, look, withdraw])
    for one in answers:
        assert not isinstance(one, SenimError)
        assert (True, True) not in one
        allowed = [allowed for _, allowed in one]
        assert allowed == sorted(allowed, reverse=True), "once refused, refused for good"
    last = answers[-1]
    assert not isinstance(last, SenimError)
    assert not any(allowed for _, allowed in last)
    senim.tick()
    assert sum(entry.act.startswith("check.") for entry in told_of(senim, person.subject)) == 4 * 30
