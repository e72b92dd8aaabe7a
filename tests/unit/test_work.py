"""The clock of acts, and the facts that entries are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.audit.records import Entry, Outcome, from_leaf, to_leaf
from senim.errors import Code, NotPromised, Reason, Tampered, Unavailable
from senim.identity import SYSTEM
from senim.testing import FixedClock
from senim.times import stamp
from senim.work import Clock, codes_of, make_entry, mould_of
from tests.unit.made import NOW, SUBJECT


def test_a_clock_that_goes_on() -> None:
    """Time is told as it is."""
    given_clock = FixedClock(NOW)
    clock = Clock(given_clock)
    assert clock.now() == NOW
    given_clock.move(seconds=5)
    assert clock.now() == NOW + timedelta(seconds=5)


@pytest.mark.parametrize("back", [0.000001, 1, 4.9, 5])
def test_a_small_step_back_is_waited_out(back: float) -> None:
    """A clock that is set back a little stands still until it has caught up."""
    given_clock = FixedClock(NOW)
    clock = Clock(given_clock)
    clock.now()
    given_clock.move(seconds=-back)
    assert clock.now() == NOW
    given_clock.move(seconds=back + 1)
    assert clock.now() == NOW + timedelta(seconds=1)


@pytest.mark.parametrize("back", [5.000001, 60, 86_400 * 365])
def test_a_large_step_back_stops_writing(back: float) -> None:
    """Entries dated before the last ones would be lies: nothing is written until the clock is right again."""
    given_clock = FixedClock(NOW)
    clock = Clock(given_clock)
    clock.now()
    given_clock.move(seconds=-back)
    with pytest.raises(Unavailable) as refused:
        clock.now()
    assert refused.value.code is Code.CLOCK_WENT_BACK
    given_clock.move(seconds=back)
    assert clock.now() == NOW


def test_a_clock_does_not_begin_before_what_is_on_record() -> None:
    """After a start the newest entry on record is the floor."""
    clock = Clock(FixedClock(NOW - timedelta(days=1)))
    clock.not_before(NOW)
    with pytest.raises(Unavailable):
        clock.now()
    early = Clock(FixedClock(NOW))
    early.not_before(NOW - timedelta(days=1))
    assert early.now() == NOW


@given(st.lists(st.floats(-4, 100), max_size=20))
def test_time_never_runs_backwards(steps: list[float]) -> None:
    """Whatever the machine's clock does, times that are told never decrease."""
    given_clock = FixedClock(NOW)
    clock = Clock(given_clock)
    told = [clock.now()]
    for step in steps:
        given_clock.move(seconds=step)
        try:
            told.append(clock.now())
        except Unavailable:
            continue
    assert told == sorted(told)


def test_an_entry_is_compact_and_reads_back() -> None:
    """An entry holds what was said of the act and nothing empty; it reads back as it was."""
    entry_id, subject, leaf = make_entry(
        SYSTEM, NOW, "data.read", Outcome.DONE, {"subject": SUBJECT, "categories": ("contact",), "count": 2}
    )
    assert subject == SUBJECT
    assert b"recipient" not in leaf
    entry = from_leaf(leaf)
    assert (entry.id, entry.at, entry.actor, entry.count) == (
        entry_id,
        "2026-11-22T09:00:00.000000Z",
        "system:senim",
        2,
    )
    assert to_leaf(entry) == leaf


def test_an_entry_may_have_its_id_beforehand() -> None:
    """A receipt names the entry that is only being made."""
    assert make_entry(SYSTEM, NOW, "consent.given", Outcome.DONE, {}, "e" * 32)[0] == "e" * 32


def test_facts_that_an_entry_has_not_are_refused() -> None:
    """No field can be made up, so no value can slip into the log."""
    with pytest.raises(TypeError):
        make_entry(SYSTEM, NOW, "data.read", Outcome.DONE, {"email": "person@people.example"})


@given(
    subject=st.sampled_from((None, SUBJECT, "0" * 32)),
    purpose=st.text(max_size=20),
    categories=st.lists(st.sampled_from(("contact", "s" * 32, '"', "ө")), max_size=3).map(tuple),
    later=st.timedeltas(timedelta(0), timedelta(days=900)),
)
def test_an_entry_cast_in_a_mould_is_the_one_that_is_made_by_itself(
    subject: str | None, purpose: str, categories: tuple[str, ...], later: timedelta
) -> None:
    """Byte for byte, whoever it is about and whenever it is."""
    facts = {"subject": subject, "purpose": purpose, "categories": categories, "policy": 3}
    mould = mould_of(SYSTEM, "check.allowed", Outcome.ALLOWED, {**facts, "subject": subject and "f" * 32})
    entry_id, _, leaf = make_entry(SYSTEM, NOW + later, "check.allowed", Outcome.ALLOWED, facts)
    assert mould.cast(entry_id, stamp(NOW + later), subject or "") == leaf


def test_a_mould_of_what_no_bundle_holds_is_refused() -> None:
    """As the entry itself is."""
    with pytest.raises(ValueError, match="too long"):
        mould_of(SYSTEM, "x", Outcome.ALLOWED, {"categories": tuple(f"category-{n}" for n in range(6000))})


def test_an_entry_that_no_bundle_holds_is_refused() -> None:
    """An entry longer than 65,535 bytes is a bug that is told, not written."""
    with pytest.raises(ValueError, match="bytes"):
        make_entry(SYSTEM, NOW, "x", Outcome.DONE, {"categories": tuple(f"category-{n}" for n in range(6000))})


@given(st.binary(max_size=100))
def test_a_leaf_that_is_no_entry_is_told(leaf: bytes) -> None:
    """Bytes that are no entry are told as a broken log."""
    try:
        entry = from_leaf(leaf)
    except Tampered as error:
        assert error.code is Code.LOG_BROKEN  # noqa: PT017  # no other way of saying no is right
    else:
        assert isinstance(entry, Entry)


def test_codes_of_a_refusal_are_each_told_once() -> None:
    """An entry of a refusal has every code, in the order of the reasons."""
    reasons = [Reason(Code.TERM_OVER, "a"), Reason(Code.CONSENT_MISSING, "b"), Reason(Code.TERM_OVER, "c")]
    assert codes_of(NotPromised(Code.TERM_OVER, reasons=reasons)) == ("term_over", "consent_missing")


def test_times_are_aware() -> None:
    """Acts happen at aware times."""
    assert Clock().now().tzinfo is UTC
    assert Clock().now() > datetime(2020, 1, 1, tzinfo=UTC)
