"""Orders: placed with the act, done once, tried again, given up with a reason, seen until they are done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from senim.app import Senim
from senim.audit.records import Entry, Outcome
from senim.errors import Code, Held, NotPromised, Unavailable
from senim.identity import LANES, SYSTEM, SubjectId, lane_of, new_subject
from senim.languages import Hint, in_words
from senim.orders import Claimed, Context, Done, Order, Receipt, State
from senim.orders.rules import LONGEST
from senim.testing import FixedClock, Stage
from senim.work import Work
from tests.features.acting import another, at_once, recorded, refused, senim_of, stranger

KIND = "test.deed"


class Deeds:
    """A remote side that counts what was done to it, by order; and may be told to fail."""

    def __init__(self, senim: Senim, *, attempts: int = 16) -> None:
        self.senim = senim
        self.done: list[str] = []
        self.steps: list[str] = []
        self.faults: list[Exception] = []
        senim.orders.handle(KIND, self.handle, attempts=attempts)

    def handle(self, context: Context, claimed: Claimed) -> Receipt:
        self.steps.append(claimed.step)
        if self.faults:
            raise self.faults.pop(0)
        self.done.append(claimed.id)
        return {"rows": 1}

    def place(
        self, facts: dict[str, Any] | None = None, *, holder: SubjectId | None = None, about: str = "", key: str = ""
    ) -> str:
        return self.senim.run(
            SYSTEM,
            lambda work: self.senim.orders.place(
                work, KIND, lane_of=holder or new_subject(), about=about, facts=facts, key=key
            ),
        )

    def order(self, order_id: str) -> Order:
        return self.senim.orders.find(self.senim.database, order_id)


@pytest.fixture
def deeds(stage: Stage) -> Deeds:
    """A stage with somebody who does orders."""
    return Deeds(senim_of(stage))


def _entries(senim: Senim, act: str) -> list[Entry]:
    senim.tick()
    return [entry for _, entry in senim.log.entries() if entry.act == act]


def test_an_order_is_done_once_and_leaves_its_receipt(deeds: Deeds) -> None:
    """What is due is run, its receipt is kept, the log has its digest; running again does nothing."""
    senim, order_id = deeds.senim, deeds.place({"table": "bookings"}, about="R-2026-000001")
    assert senim.orders.run_due() == 1
    assert senim.orders.run_due() == 0
    assert deeds.done == [order_id]
    order = deeds.order(order_id)
    assert (order.state, order.receipt, order.facts) == (State.DONE, {"rows": 1}, {"table": "bookings"})
    (entry,) = _entries(senim, "order.done")
    assert (entry.ref, entry.reason, entry.subject) == (order_id, KIND, None)
    assert senim.orders.list(senim.database, about="R-2026-000001") == [order]
    assert senim.orders.list(senim.database, state="done", kind=KIND) == [order]
    assert lane_of(order_id) == lane_of(order.holder)


def test_an_order_lives_and_dies_with_its_act(deeds: Deeds) -> None:
    """A refused act places no order, and one with a key is placed once, however often it is asked for."""
    senim, holder = deeds.senim, new_subject()

    def refuse(work: Work) -> None:
        senim.orders.place(work, KIND, lane_of=holder)
        raise NotPromised(Code.CONSENT_MISSING)

    refused(Code.CONSENT_MISSING, lambda: senim.run(SYSTEM, refuse))
    assert senim.orders.run_due() == 0
    first = deeds.place(holder=holder, key="erase 1")
    twice = senim.run(SYSTEM, lambda work: [senim.orders.place(work, KIND, lane_of=holder, key="two") for _ in "12"])
    assert twice[0] == twice[1] != first
    assert deeds.place(holder=holder, key="erase 1") == first
    assert senim.orders.run_due() == 2
    assert deeds.place(holder=holder, key="erase 1") == first
    assert senim.orders.run_due() == 0
    ids = at_once([partial(deeds.place, holder=holder, key="three") for _ in range(4)])
    assert len(set(map(str, ids))) == 1
    assert senim.orders.run_due() == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"to": "a@b.kz"},
        {"who": ["x", "+7 (701) 234-56-78"]},
        {"iin": 601231300017},
        {"iin": "601231300017"},
        {"a@b.kz": 1},
    ],
)
def test_no_personal_value_gets_into_an_order(deeds: Deeds, facts: dict[str, Any]) -> None:
    """A fact that looks like an address, a telephone or an IIN is refused where the order is placed."""
    with pytest.raises(ValueError, match="may be personal"):
        deeds.place(facts)
    with pytest.raises(ValueError, match="may be personal"):
        deeds.place(about="a@b.kz")


def test_a_receipt_keeps_no_personal_value(deeds: Deeds) -> None:
    """What a connector tells too much of is left out of the receipt, and that is seen; the deed counts as done."""
    senim, order_id = deeds.senim, deeds.place()
    senim.orders.handle(KIND, lambda context, claimed: {"rows": 2, "who": "a@b.kz", "at": 1795338000000000})
    senim.orders.run_due()
    assert deeds.order(order_id).receipt == {"rows": 2, "who": {"withheld": True}, "at": 1795338000000000}


def test_what_may_pass_is_tried_again_ever_later(deeds: Deeds, clock: FixedClock) -> None:
    """A server that is down is asked again after some seconds, then ever more seldom, at least every five hours."""
    senim, order_id = deeds.senim, deeds.place()
    deeds.faults = [Unavailable(Code.STORAGE_UNREACHABLE, "db-1") for _ in range(14)]
    waits = []
    for _ in range(14):
        assert senim.orders.run_due() == 1
        order = deeds.order(order_id)
        assert (order.state, order.code, order.detail) == (State.WAITING, "storage_unreachable", "db-1")
        waits.append(order.due_at - _now(clock))
        assert senim.orders.run_due() == 0
        clock.move(microseconds=waits[-1])
    assert min(waits) > 6_000_000
    assert waits[0] < 15_000_000
    assert waits[5] > 100_000_000
    assert max(waits) <= LONGEST * 5 // 4
    assert senim.orders.run_due() == 1
    assert deeds.done == [order_id]
    assert deeds.order(order_id).code == ""


def _now(clock: FixedClock) -> int:
    return round(clock.moment.timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("fault", "code", "detail"),
    [
        (NotPromised(Code.CONSENT_MISSING, "orders"), "consent_missing", "orders"),
        (Held(Code.STORAGE_BUSY, "a@b.kz"), "storage_busy", ""),
        (RuntimeError("a@b.kz"), "internal", "RuntimeError in"),
        (Held(Code.CHANGED_MEANWHILE, "crm", hint=Hint("map-other")), "changed_meanwhile", "the map is another: plan"),
        (Held(Code.CHANGED_MEANWHILE, hint=Hint("no-name", name="a@b.kz")), "changed_meanwhile", ""),
        (Held(Code.CHANGED_MEANWHILE, '{"crm"}'), "changed_meanwhile", '{"crm"}'),
    ],
)
def test_an_order_that_fails_for_good_is_dead_and_says_why(
    stage: Stage, clock: FixedClock, fault: Exception, code: str, detail: str
) -> None:
    """A refusal kills it at once, anything else after its attempts; code and place are kept, never a message."""
    deeds = Deeds(senim_of(stage), attempts=2)
    senim, order_id = deeds.senim, deeds.place()
    deeds.faults = [fault, fault]
    senim.orders.run_due()
    clock.move(minutes=1)
    senim.orders.run_due()
    order = deeds.order(order_id)
    assert (order.state, order.code) == (State.DEAD, code)
    assert in_words(order.detail, "en").startswith(detail)
    assert "@" not in str(order.detail)
    (entry,) = _entries(senim, "order.died")
    assert (entry.ref, entry.codes, entry.outcome) == (order_id, (code,), Outcome.REFUSED)
    assert senim.orders.counts(senim.database).dead == {KIND: 1}
    assert senim.orders.list(senim.database, state=State.DEAD) == [order]
    clock.move(days=1)
    assert senim.orders.run_due() == 0


def test_a_dead_order_is_run_again_from_the_step_it_reached(deeds: Deeds) -> None:
    """Whoever may handle orders runs it again or gives it up; each is in the log, and others may not."""
    senim = deeds.senim

    def handle(context: Context, claimed: Claimed) -> Done:
        deeds.steps.append(claimed.step)
        if claimed.step != "vault":
            context.step("vault")
            raise NotPromised(Code.CONSENT_MISSING)
        return Done({"rows": 3})

    senim.orders.handle(KIND, handle)
    order_id = deeds.place()
    senim.orders.run_due()
    assert deeds.order(order_id).state is State.DEAD
    refused(Code.ROLE_NOT_ALLOWED, lambda: senim.run(stranger("read"), lambda work: senim.orders.rerun(work, order_id)))
    (entry,) = recorded(senim, lambda: senim.run(stranger("orders"), lambda work: senim.orders.rerun(work, order_id)))
    assert (entry.act, entry.ref, entry.actor) == ("order.rerun", order_id, "service:test")
    assert senim.orders.counts(senim.database).dead == {}
    senim.orders.run_due()
    assert deeds.steps == ["", "vault"]
    assert deeds.order(order_id).receipt == {"rows": 3}
    again = partial(senim.run, senim.actor(), lambda work: senim.orders.rerun(work, order_id))
    refused(Code.ORDER_STATE, again)


def test_an_order_is_given_up_with_a_reason(deeds: Deeds) -> None:
    """A waiting or dead order can be given up, for a reason of the list; then it is never run."""
    senim, order_id = deeds.senim, deeds.place()

    def cancel(reason: str, which: str = order_id) -> Order:
        return senim.run(senim.actor(), lambda work: senim.orders.cancel(work, which, reason=reason))

    refused(Code.INVALID_VALUE, lambda: cancel("I say so"))
    refused(Code.NOT_FOUND, lambda: cancel("mistaken", "f" * 32))
    assert cancel("done-by-hand").state is State.CANCELLED
    assert senim.orders.run_due() == 0
    assert deeds.order(order_id).state is State.CANCELLED
    refused(Code.ORDER_STATE, lambda: cancel("mistaken"))
    refused(Code.NOT_FOUND, lambda: senim.orders.find(senim.database, "no id"))
    refused(Code.INVALID_VALUE, lambda: senim.orders.list(senim.database, state="tired"))


def test_an_order_waits_for_its_time_and_is_run_at_once_if_wished(deeds: Deeds, clock: FixedClock) -> None:
    """A reminder is run when it is due and not before, unless somebody says so."""
    senim = deeds.senim
    at = clock.moment + timedelta(days=20)
    first, second = (
        senim.run(SYSTEM, lambda work: senim.orders.place(work, KIND, lane_of=new_subject(), at=at)) for _ in "12"
    )
    assert senim.orders.run_due() == 0
    assert senim.orders.counts(senim.database).later == {KIND: 2}
    senim.run(senim.actor(), lambda work: senim.orders.rerun(work, second))
    assert senim.orders.run_due() == 1
    assert deeds.done == [second]
    clock.move(days=20)
    assert senim.orders.counts(senim.database).due == {KIND: 1}
    assert senim.orders.counts(senim.database).oldest == _now(clock)
    assert senim.orders.run_due() == 1
    assert deeds.done == [second, first]


def test_whoever_lost_the_lease_changes_nothing(deeds: Deeds, clock: FixedClock) -> None:
    """An attempt that was silent too long is taken over; when it wakes up, nothing it says is written."""
    senim, order_id = deeds.senim, deeds.place()
    (slow,) = senim.orders.claim(queue="test")
    assert senim.orders.claim(queue="test") == ()
    clock.move(seconds=61)
    (fast,) = senim.orders.claim(queue="test")
    assert (fast.id, fast.attempt) == (order_id, slow.attempt + 1)
    for act in (
        lambda work: senim.orders.done(work, slow, {"rows": 1}),
        lambda work: senim.orders.stepped(work, slow, "vault"),
        lambda work: senim.orders.failed(work, slow, "internal"),
    ):
        refused(Code.ORDER_TAKEN, partial(senim.run, SYSTEM, act))
    senim.run(SYSTEM, lambda work: senim.orders.done(work, fast, {"rows": 2}))
    refused(Code.ORDER_TAKEN, lambda: senim.run(SYSTEM, lambda work: senim.orders.done(work, fast, {"rows": 2})))
    assert deeds.order(order_id).receipt == {"rows": 2}
    assert len(_entries(senim, "order.done")) == 1


def test_a_handler_that_lost_its_lease_is_silent(deeds: Deeds, clock: FixedClock) -> None:
    """An attempt that outlives its lease ends without a trace: the order is somebody else's."""
    senim, order_id = deeds.senim, deeds.place()
    others: list[Claimed] = []

    def sleepy(context: Context, claimed: Claimed) -> Receipt:
        clock.move(seconds=61)
        others.extend(senim.orders.claim(queue="test"))
        context.hold()
        return {"rows": 1}

    senim.orders.handle(KIND, sleepy)
    assert senim.orders.run_due(most=1) == 1
    assert deeds.order(order_id).state is State.RUNNING
    senim.run(SYSTEM, lambda work: senim.orders.done(work, others[0], {"rows": 2}))
    assert deeds.order(order_id).receipt == {"rows": 2}


def test_a_step_prolongs_the_lease(deeds: Deeds, clock: FixedClock) -> None:
    """Long work that says how far it is keeps its order."""
    senim, order_id = deeds.senim, deeds.place()

    def long(context: Context, claimed: Claimed) -> Receipt:
        for number in range(5):
            clock.move(seconds=50)
            context.step(f"table-{number}")
            assert senim.orders.claim(queue="test") == ()
        return {"tables": 5}

    senim.orders.handle(KIND, long)
    assert senim.orders.run_due() == 1
    assert (deeds.order(order_id).state, deeds.order(order_id).attempt) == (State.DONE, 1)


def test_what_a_handler_writes_is_written_with_the_receipt_or_not_at_all(deeds: Deeds) -> None:
    """The effect in the database and the end of the order are one transaction."""
    senim, order_id = deeds.senim, deeds.place()
    faults: list[Exception] = [Unavailable(Code.STORAGE_FULL)]

    def then(work: Work) -> None:
        senim.orders.place(work, KIND + ".next", lane_of=new_subject())
        if faults:
            raise faults.pop()

    senim.orders.handle(KIND, lambda context, claimed: Done({"rows": 1}, then))
    senim.orders.run_due()
    assert senim.orders.list(senim.database, kind=KIND + ".next") == []
    assert deeds.order(order_id).code == "storage_full"
    senim.run(senim.actor(), lambda work: senim.orders.rerun(work, order_id))
    senim.orders.run_due()
    assert deeds.order(order_id).state is State.DONE
    assert len(senim.orders.list(senim.database, kind=KIND + ".next")) == 1


def test_an_order_that_nobody_here_handles_waits(deeds: Deeds) -> None:
    """A kind whose part is not installed stays, is seen, and holds nothing else up."""
    senim = deeds.senim
    for _ in range(70):
        senim.run(SYSTEM, lambda work: senim.orders.place(work, "test.unknown", lane_of=new_subject()))
    order_id = deeds.place()
    assert senim.orders.run_due() == 1
    assert deeds.done == [order_id]
    assert senim.orders.counts(senim.database).due == {"test.unknown": 70}


def test_several_processes_share_the_work_and_do_each_order_once(stage: Stage, clock: FixedClock, deeds: Deeds) -> None:
    """Three processes with two threads each run two hundred orders: each is done once, none is left."""
    ids = {deeds.place() for _ in range(200)}
    assert len({lane_of(one) for one in ids}) > LANES // 2
    with another(stage, clock) as second, another(stage, clock) as third:
        sides = [deeds, Deeds(second), Deeds(third)]
        runs: list[Callable[[], int]] = [partial(one.senim.orders.run_due, "test") for one in sides for _ in "12"]
        counted = at_once(runs)
        assert sum(one for one in counted if isinstance(one, int)) == 200
        assert sorted(one for side in sides for one in side.done) == sorted(ids)
        assert {one.attempt for one in second.orders.list(second.database, state="done", most=300)} == {1}
    assert deeds.senim.orders.counts(deeds.senim.database).due == {}


def test_a_process_whose_clock_is_ahead_takes_over_and_nothing_is_written_twice(
    stage: Stage, clock: FixedClock, deeds: Deeds
) -> None:
    """A clock that jumps makes every lease look over: the order is begun again, its effect is recorded once."""
    order_id = deeds.place()
    ahead = FixedClock(clock.moment + timedelta(hours=3))
    with another(stage, ahead) as second:
        other = Deeds(second)

        def handle(context: Context, claimed: Claimed) -> Receipt:
            assert second.orders.run_due() == 1
            return {"rows": 1}

        deeds.senim.orders.handle(KIND, handle)
        assert deeds.senim.orders.run_due() == 1
        assert other.done == [order_id]
        order = other.order(order_id)
    assert (order.state, order.attempt) == (State.DONE, 2)
    assert len(_entries(deeds.senim, "order.done")) == 1


def test_stopping_gives_back_what_was_not_begun(deeds: Deeds) -> None:
    """At a shut-down the order under way is finished, and others have the rest at once, as if nobody had claimed it."""
    senim, holder = deeds.senim, new_subject()
    ids = [deeds.place(holder=holder) for _ in range(5)]

    assert senim.orders.run_due(stopped=lambda: bool(deeds.done)) == 1
    left = [deeds.order(one) for one in ids if one not in deeds.done]
    assert {(one.state, one.tries, one.due_at <= one.placed_at) for one in left} == {(State.WAITING, 0, True)}


def test_slow_orders_of_one_queue_do_not_hold_up_another(deeds: Deeds) -> None:
    """While a mail server hangs, the orders to databases go on."""
    senim, hangs, ended = deeds.senim, threading.Event(), threading.Event()

    def hang(context: Context, claimed: Claimed) -> Receipt:
        assert hangs.wait(30)
        return {}

    senim.orders.handle("slow.deed", hang)
    senim.run(SYSTEM, lambda work: senim.orders.place(work, "slow.deed", lane_of=new_subject()))
    order_id = deeds.place()
    assert {"slow", "test"} <= set(senim.orders.queues)

    def run() -> None:
        senim.orders.run_due("slow")
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert senim.orders.run_due("test") == 1
    assert deeds.done == [order_id]
    assert not ended.is_set()
    hangs.set()
    thread.join(30)
    assert ended.is_set()
