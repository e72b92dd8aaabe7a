"""A worker's event loop: whatever other threads hand over is run, and a loop that is awake is not woken."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context

import pytest

from senim.web.loop import Loop, new_loop

_LONG = 30.0


@pytest.fixture
def loop() -> Iterator[Loop]:
    """A loop that nothing runs yet."""
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def running(loop: Loop) -> Iterator[Loop]:
    """A loop that runs in a thread of its own."""
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(_LONG)
    assert not thread.is_alive(), "the loop heard nothing of its end"


def in_a_thread(act: Callable[[], object]) -> None:
    """Run an act in a thread, and wait for it."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join(_LONG)
    assert not thread.is_alive()


def test_a_loop_that_sleeps_is_woken_every_time(running: Loop) -> None:
    """One call after the other, each made when the loop has nothing to do."""
    heard = threading.Semaphore(0)
    for _ in range(3_000):
        running.call_soon_threadsafe(heard.release)
        assert heard.acquire(timeout=_LONG)


def test_nothing_is_lost_where_many_threads_call(running: Loop) -> None:
    """In the order of each of them."""
    heard: list[tuple[int, int]] = []

    def call(who: int) -> None:
        for number in range(2_000):
            running.call_soon_threadsafe(heard.append, (who, number))

    threads = [threading.Thread(target=call, args=(who,)) for who in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(_LONG)
    done = threading.Event()
    running.call_soon_threadsafe(done.set)
    assert done.wait(_LONG)
    for who in range(4):
        assert [number for caller, number in heard if caller == who] == list(range(2_000))


def test_what_comes_just_before_the_loop_falls_asleep_is_run_at_once(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has looked already whether anything waits, and is not asleep yet: nobody would wake it."""
    loop.call_later(_LONG, loop.stop)  # so that it asks for the time after it has looked
    told, began, real = iter([True]), loop.time(), loop.time

    def time() -> float:
        if next(told, False):
            in_a_thread(lambda: loop.call_soon_threadsafe(loop.stop))
        return real()

    monkeypatch.setattr(loop, "time", time)
    loop.run_forever()
    assert real() - began < _LONG / 2
    assert next(told, None) is None, "the moment was not met"


def test_a_loop_that_is_awake_is_not_woken(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread finds what was handed over when it is done with what it does."""
    woken: list[object] = []
    monkeypatch.setattr(asyncio.SelectorEventLoop, "call_soon_threadsafe", lambda *given: woken.append(given))

    def busy() -> None:
        for _ in range(100):
            in_a_thread(lambda: loop.call_soon_threadsafe(lambda: None))
        in_a_thread(lambda: loop.call_soon_threadsafe(loop.stop))

    loop.call_soon(busy)
    loop.run_forever()
    assert woken == []


def test_a_loop_that_is_closed_says_so(loop: Loop) -> None:
    """As asyncio's own does."""
    loop.close()
    with pytest.raises(RuntimeError):
        loop.call_soon_threadsafe(lambda: None)


@pytest.mark.parametrize("debug", [False, True])
def test_a_callback_is_called_as_asyncio_calls_it(running: Loop, *, debug: bool) -> None:
    """With its arguments, in its context, and not if it was cancelled; also while asyncio looks for mistakes."""
    running.set_debug(debug)
    variable, done, heard = ContextVar("variable", default="outside"), threading.Event(), list[str]()
    context = copy_context()
    context.run(variable.set, "inside")
    hold = threading.Event()
    running.call_soon_threadsafe(hold.wait, _LONG)
    running.call_soon_threadsafe(heard.append, "cancelled").cancel()
    running.call_soon_threadsafe(lambda *given: heard.append(f"{given} {variable.get()}"), 1, 2, context=context)
    running.call_soon_threadsafe(done.set)
    hold.set()
    assert done.wait(_LONG)
    assert heard == ["(1, 2) inside"]


def test_new_loop_is_the_one_of_its_thread() -> None:
    """As granian expects of what makes its loops."""

    def act() -> None:
        loop = new_loop()
        assert asyncio.get_event_loop_policy().get_event_loop() is loop
        assert loop.run_until_complete(asyncio.sleep(0, "done")) == "done"
        asyncio.set_event_loop(None)
        loop.close()

    in_a_thread(act)
