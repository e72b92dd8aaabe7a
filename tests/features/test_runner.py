"""The clock of a process: seals, settles, tidies, and says what keeps it from doing so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from senim import runner
from senim.app import Senim
from senim.errors import Code, Unavailable
from senim.identity import SYSTEM, new_subject
from senim.orders import Claimed, Context, Receipt
from senim.runner import Runner
from senim.testing import FixedClock, Stage
from tests.features import acting
from tests.features.acting import another, ask, senim_of


class Ticks:
    """Runs a platform's clock fast and waits for a tick to end, in place of waiting for seconds."""

    def __init__(self, senim: Senim, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runner, "INTERVAL", 0.001)
        monkeypatch.setattr(runner, "_UPKEEP_EVERY", 1)
        monkeypatch.setattr(runner, "_TIDY_EVERY", 1)
        self.runner = Runner(senim)
        self.ended = threading.Semaphore(0)
        self.fault: Exception | None = None
        tick = senim.tick

        def counted() -> int:
            self.ended.release()
            if self.fault is not None:
                raise self.fault
            return tick()

        monkeypatch.setattr(senim, "tick", counted)

    @property
    def trouble(self) -> str:
        """The code of what kept the last tick from being done."""
        return self.runner.trouble.code.value if self.runner.trouble else ""

    def two(self) -> None:
        """Return when a tick that began after this call has ended."""
        while self.ended.acquire(blocking=False):
            pass
        for _ in range(3):
            assert self.ended.acquire(timeout=30)


@pytest.fixture
def ticking(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ticks]:
    """A stage whose clock ticks until the test ends."""
    ticks = Ticks(senim_of(stage), monkeypatch)
    ticks.runner.start()
    yield ticks
    ticks.runner.stop()


def test_entries_are_sealed_by_themselves(stage: Stage, ticking: Ticks) -> None:
    """What happened, allowed checks included, is in the signed tree soon after, without anybody asking (travel-22)."""
    senim, person = senim_of(stage), stage.person()
    decision = ask(senim, "use", "orders", person.subject)
    acting.erase(senim, person.subject)
    ticking.two()
    entries = {entry.id: entry.act for _, entry in senim.log.entries_about(person.subject)}
    assert entries[decision.entry] == "check.allowed"
    assert "subject.erased" in entries.values()
    assert ticking.trouble == ""


def test_trouble_is_shown_until_it_is_over_and_nothing_is_lost(stage: Stage, ticking: Ticks) -> None:
    """A full disk or a fault of our own stops no clock: it is shown, and the next tick tries again."""
    senim, person = senim_of(stage), stage.person()
    ticking.fault = Unavailable(Code.STORAGE_FULL)
    ticking.two()
    assert ticking.trouble == Code.STORAGE_FULL
    ticking.fault = RuntimeError("a bug")
    ticking.two()
    assert ticking.trouble == Code.INTERNAL
    size = senim.log.size
    ticking.fault = None
    acting.read(senim, person.subject)
    ticking.two()
    assert ticking.trouble == ""
    assert senim.log.size > size


def test_two_clocks_on_one_folder_seal_one_tree(
    stage: Stage, clock: FixedClock, ticking: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any number of processes may tick: entries of all are sealed once, by whoever holds the lease."""
    senim = senim_of(stage)
    with another(stage, clock) as second:
        other = Ticks(second, monkeypatch)
        other.runner.start()
        people = [stage.person() for _ in range(3)]
        for person in people:
            acting.read(second, person.subject)
        for ticks in (ticking, other):
            ticks.two()
        other.runner.stop()
        report = second.log.verify()
        assert (report.ok, report.waiting) == (True, 0)
        ids = [entry.id for _, entry in second.log.entries()]
        assert len(ids) == len(set(ids)) == 1 + 3 * (len(people[0].taken.receipts) + 2)
    assert senim.log.verify().ok


def test_destroyed_keys_leave_the_files_of_the_key_store(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an erasure the wrapped key is wiped from the key store's files as well, once, when there is something."""
    senim, tidied = senim_of(stage), list[int]()
    tidy: Callable[[], bool] = senim.key_store.engine.tidy

    def counted() -> bool:
        """The first time somebody else is reading: it is tried again."""
        tidied.append(1)
        return len(tidied) > 1 and tidy()

    monkeypatch.setattr(senim.key_store.engine, "tidy", counted)
    senim.tidy_keys()
    assert tidied == []
    person = stage.person()
    wrapped = senim.key_store.read(acting.KEYS)[0][0]
    files = [senim.folder / "keys.db", senim.folder / "keys.db-wal"]
    assert any(bytes(wrapped) in file.read_bytes() for file in files)
    acting.erase(senim, person.subject)
    for _ in range(3):
        senim.tidy_keys()
    assert tidied == [1, 1]
    assert not any(bytes(wrapped) in file.read_bytes() for file in files if file.exists())


def test_orders_that_are_due_are_run_by_themselves(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each queue has a thread of its own: what is due is done soon after, whatever hangs in another queue."""
    monkeypatch.setattr(runner, "ORDERS_INTERVAL", 0.001)
    senim, hangs, done = senim_of(stage), threading.Event(), threading.Event()
    senim.orders.handle("slow.deed", lambda context, claimed: {"woke": hangs.wait(30)})

    def deed(context: Context, claimed: Claimed) -> Receipt:
        done.set()
        return {}

    senim.orders.handle("test.deed", deed)
    clocks = Runner(senim)
    clocks.start()
    for kind in ("slow.deed", "test.deed"):
        senim.run(SYSTEM, partial(senim.orders.place, kind=kind, lane_of=new_subject()))
    assert done.wait(30)
    assert clocks.trouble is None
    hangs.set()
    clocks.stop()


def test_trouble_with_orders_is_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot be asked for orders is told by health, and asked again."""
    monkeypatch.setattr(runner, "ORDERS_INTERVAL", 0.001)
    senim, asked = senim_of(stage), threading.Semaphore(0)
    faults: list[Exception] = [Unavailable(Code.STORAGE_FULL)]

    def run_due(queue: str, *, stopped: Callable[[], bool]) -> int:
        asked.release()
        if faults:
            raise faults[0]
        return 0

    monkeypatch.setattr(senim.orders, "run_due", run_due)
    clocks = Runner(senim)
    clocks.start()
    for expected in (Code.STORAGE_FULL, None):
        for _ in range(3 * len(senim.orders.queues) + 3):
            assert asked.acquire(timeout=30)
        assert (clocks.trouble.code if clocks.trouble else None) is expected
        faults.clear()
        while asked.acquire(blocking=False):
            pass
    clocks.stop()
