"""Identifiers say nothing about anybody, come in order, and spread evenly."""

from __future__ import annotations

import os
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.identity import LANES, SYSTEM, Actor, ActorKind, is_id, lane_of, new_id, new_subject


def test_ids_are_uuids_of_version_seven() -> None:
    """An id is a UUIDv7 (RFC 9562 §5.7): the millisecond of its making, and randomness."""
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    known = uuid.UUID(made)
    assert (known.version, known.variant) == (7, uuid.RFC_4122)
    assert before <= int(made[:12], 16) <= after
    assert is_id(made)
    assert is_id(new_subject())


def test_ids_do_not_repeat_in_one_thread_or_many() -> None:
    """A hundred thousand ids, by eight threads at once, are all different."""
    with ThreadPoolExecutor(8) as pool:
        made = [one for some in pool.map(lambda _: [new_id() for _ in range(12_500)], range(8)) for one in some]
    assert len(set(made)) == 100_000


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # the child only writes and ends
def test_ids_do_not_repeat_after_a_fork() -> None:
    """Processes that begin from one do not make the same ids."""
    new_id()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, new_id()[12:].encode())
        os._exit(0)
    mine = new_id()[12:]
    os.waitpid(child, 0)
    theirs = os.read(reader, 32).decode()
    os.close(reader)
    os.close(writer)
    assert len(theirs) == len(mine) == 20
    assert theirs != mine


def test_ids_have_the_order_of_their_making() -> None:
    """An id made in a later millisecond sorts after."""
    first = new_id()
    begun = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == begun:
        pass
    assert first < new_id()


def test_people_spread_evenly_over_the_lanes() -> None:
    """No lane gets far more people than another."""
    lanes = Counter(lane_of(new_id()) for _ in range(64_000))
    assert set(lanes) == set(range(LANES))
    assert 700 < min(lanes.values()) <= max(lanes.values()) < 1300


@given(st.binary(min_size=16, max_size=16))
def test_the_lane_of_an_id_is_its_last_byte(content: bytes) -> None:
    """The lane is part of every key for ever: it is that of the last byte modulo 64."""
    assert lane_of(content.hex()) == content[-1] % 64


@pytest.mark.parametrize(
    ("text", "good"),
    [("0" * 32, True), ("0123456789abcdef" * 2, True), ("", False), ("0" * 31, False), ("0" * 33, False),
     ("A" * 32, False), ("g" * 32, False), ("0" * 32 + "\n", False), (" " + "0" * 31, False),
     ("00000000-0000-7000-8000-00000000", False), ("٠" * 32, False), ("person@people.example", False)],
)  # fmt: skip
def test_what_is_an_id(text: str, *, good: bool) -> None:
    """Nothing but 32 small hex digits: no name, no address and no injection passes for an id."""
    assert is_id(text) is good


def test_how_actors_are_named() -> None:
    """Entries name who acted by kind and id, never by name."""
    assert Actor(kind=ActorKind.STAFF, id="a1", role="desk").label == "staff:a1"
    assert SYSTEM.label == "system:senim"
    assert SYSTEM.may == frozenset()
