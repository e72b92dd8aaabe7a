"""Strands: acts that wait give their thread to others, keep their locks, and share commits with ordinary threads."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

import pytest
from sqlalchemy import MetaData

from senim.errors import Code, SenimError, Stale, Unavailable
from senim.storage import Hold, Unit, insert
from senim.storage.commit import GroupCommit, Outcome
from senim.storage.strands import Places, Strands, current
from senim.storage.tables import blob, table

_ADD = insert(table(MetaData(), "one", blob("id", key=True)))


def unit(number: int = 0) -> Unit:
    """A unit that writes a row."""
    return Unit(rows=[(_ADD, (bytes([number]),))])


class Thread:
    """The thread of a loop with its strands: this one."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.strands = Strands(self.loop)

    def run(self, *acts: Callable[[], object]) -> list[Any]:
        """Run acts at once; what each gave, or the refusal that it raised."""
        found: list[Any] = [None] * len(acts)

        def act(number: int) -> None:
            try:
                found[number] = acts[number]()
            except SenimError as error:
                found[number] = error

        async def together() -> None:
            begun = [self.strands.run(act, number) for number in range(len(acts))]
            waiting = [one for one in begun if one is not None]
            await asyncio.wait_for(asyncio.gather(*waiting), 30)

        self.loop.run_until_complete(together())
        return found


@pytest.fixture
def thread() -> Iterator[Thread]:
    """A loop of this thread."""
    one = Thread()
    yield one
    one.loop.run_until_complete(one.loop.shutdown_default_executor())
    one.loop.close()


@pytest.fixture
def groups() -> list[int]:
    """The sizes of the groups that were committed."""
    return []


@pytest.fixture
def commits(groups: list[int]) -> Iterator[GroupCommit]:
    """A group commit that notes its groups; a unit of row 99 is outdated."""

    def apply(units: list[Unit]) -> list[Outcome]:
        groups.append(len(units))
        return [Stale() if one.rows[0][1] == (b"\x63",) else None for one in units]

    one = GroupCommit(apply)
    yield one
    one.close()


def test_strands_share_a_commit_and_each_learns_its_own_outcome(
    thread: Thread, commits: GroupCommit, groups: list[int]
) -> None:
    """Those that are ready come first to their commits; one hand-over writes them all."""
    acts = [lambda number=number: commits.commit(unit(number)) for number in (*range(20), 99)]
    found = thread.run(*acts)
    assert found[:20] == [None] * 20
    assert isinstance(found[20], Stale)
    assert groups == [21]


def test_a_group_grows_as_long_as_each_turn_of_the_loop_brings_more(
    thread: Thread, commits: GroupCommit, groups: list[int]
) -> None:
    """Requests that come one a turn share a commit, and nobody waits for a clock: a turn without one ends it."""
    left, written = list(range(10)), list[int]()

    def come() -> None:
        if left:
            thread.loop.call_soon(come)
            thread.strands.run(write, left.pop())

    def write(number: int) -> None:
        commits.commit(unit(number))
        written.append(number)

    def first() -> None:
        thread.loop.call_soon(come)
        commits.commit(unit(11))

    thread.run(first)
    assert (groups, sorted(written)) == ([11], list(range(10)))


def test_what_was_asked_before_a_loop_was_closed_is_written(commits: GroupCommit, groups: list[int]) -> None:
    """The service ends while another thread leads: it hands on to a strand whose loop is gone."""
    one, begun, go = Thread(), threading.Event(), threading.Event()
    whole = commits._apply

    def slow(units: list[Unit]) -> list[Outcome]:
        begun.set()
        go.wait(30)
        return whole(units)

    commits._apply = slow
    leader = threading.Thread(target=lambda: commits.commit(unit()))
    leader.start()
    begun.wait(30)
    one.strands.run(lambda: commits.commit(unit(1)))
    one.loop.close()
    go.set()
    leader.join(30)
    commits.close()
    assert groups == [1, 1]


def test_strands_and_threads_commit_together(thread: Thread, commits: GroupCommit, groups: list[int]) -> None:
    """The clock and a strand wait for the same disk; whoever leads hands on to the other."""
    stop, times = threading.Event(), list[int]()

    def other() -> None:
        while not stop.is_set():
            commits.commit(unit())
            times.append(1)

    worker = threading.Thread(target=other)
    worker.start()
    try:
        for _ in range(50):
            assert thread.run(*[lambda: commits.commit(unit())] * 3) == [None] * 3
    finally:
        stop.set()
        worker.join(30)
    assert sum(groups) == 150 + len(times)


def test_a_strand_that_is_refused_a_place_in_the_queue_is_told(
    thread: Thread, commits: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many wait: 503, and those before are written."""
    monkeypatch.setattr("senim.storage.commit.WAITING", 4)
    found = thread.run(*[lambda: commits.commit(unit())] * 6)
    assert found[:4] == [None] * 4
    assert [type(one) for one in found[4:]] == [Unavailable] * 2
    assert {one.code for one in found[4:]} == {Code.OVERLOADED}


def test_a_bug_in_the_database_ends_every_strand_of_the_group(thread: Thread) -> None:
    """Nobody waits for ever: the same error for all, and the next group is written."""
    broken = [True]

    def apply(units: list[Unit]) -> list[Outcome]:
        if broken:
            broken.pop()
            raise Unavailable(Code.STORAGE_FAILED)
        return [None] * len(units)

    commits = GroupCommit(apply)
    found = thread.run(*[lambda: commits.commit(unit())] * 3)
    assert {one.code for one in found} == {Code.STORAGE_FAILED}
    assert thread.run(lambda: commits.commit(unit())) == [None]
    commits.close()


def test_a_lock_that_is_kept_over_a_commit_stops_nobody(thread: Thread, commits: GroupCommit) -> None:
    """A strand inside a Hold waits in its place: the next that wants the lock would wait for ever otherwise."""
    hold, inside = Hold(), list[int]()

    def act() -> None:
        with hold:
            assert current() is None
            inside.append(1)
            commits.commit(unit())
            inside.append(-1)
        assert current() is not None

    thread.run(*[act] * 5)
    assert inside == [1, -1] * 5


def test_a_strand_waits_for_a_socket_while_others_run(thread: Thread) -> None:
    """What a driver waits for does not stop the thread."""
    one, other = socket.socketpair()
    order: list[str] = []

    def reader() -> int:
        strand = current()
        assert strand is not None
        assert strand.ready(one.fileno(), EVENT_WRITE) == EVENT_WRITE
        order.append("waits")
        found = strand.ready(one.fileno(), EVENT_READ)
        order.append(one.recv(10).decode())
        return found

    def writer() -> None:
        strand = current()
        assert strand is not None
        strand.aside(lambda: order.append("aside"))
        strand.ready(one.fileno(), EVENT_WRITE)
        other.send(b"told")

    with one, other:
        assert thread.run(reader, writer)[0] == EVENT_READ
    assert order[-1] == "told"
    assert set(order) == {"waits", "aside", "told"}


def test_what_is_done_aside_may_be_refused(thread: Thread) -> None:
    """The refusal is raised where the act goes on."""

    def act() -> None:
        strand = current()
        assert strand is not None
        strand.aside(refuse)

    def refuse() -> None:
        raise Unavailable(Code.STORAGE_UNREACHABLE)

    (found,) = thread.run(act)
    assert found.code == Code.STORAGE_UNREACHABLE


def test_places_are_few_and_who_has_one_gets_another(thread: Thread, commits: GroupCommit) -> None:
    """Strands wait for a place, never for each other; all are free in the end."""
    places, inside, most = Places(3), list[int](), list[int]()

    def act() -> None:
        with places:
            inside.append(1)
            most.append(len(inside))
            commits.commit(unit())
            with places:
                commits.commit(unit())
            inside.pop()

    assert thread.run(*[act] * 20) == [None] * 20
    assert max(most) <= 3
    assert places._free == 3
    with places:  # a thread is not counted
        assert places._free == 3


def test_strands_are_used_again(thread: Thread, commits: GroupCommit) -> None:
    """As many are made as wait at once."""
    for _ in range(3):
        thread.run(*[lambda: commits.commit(unit())] * 7)
    assert len(thread.strands._idle) == 7
    assert not any(one.whole or one.places or one.done for one in thread.strands._idle)
