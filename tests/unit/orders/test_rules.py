"""Waits grow, are spread and capped; ids stay in their lane; personal values are recognised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.errors import Code, Held, Invalid, NotFound, SenimError, Stale, Tampered, Unavailable
from senim.identity import SubjectId, is_id, lane_of, new_id, new_subject
from senim.orders.rules import FIRST, LONGEST, id_beside, may_pass, personal, told, wait


@given(st.integers(1, 10_000))
def test_waits_grow_and_are_bounded(tries: int) -> None:
    """Each wait is about double the one before, never nothing and never more than five hours."""
    usual = min(FIRST * 2 ** min(tries - 1, 40), LONGEST)
    found = wait("a" * 32, tries)
    assert usual * 3 // 4 <= found <= usual * 5 // 4


def test_orders_that_failed_together_come_back_apart() -> None:
    """A server that comes up again is not run over by all at once; the same order waits the same time everywhere."""
    waits = {wait(new_id(), 5) for _ in range(200)}
    assert len(waits) > 190
    assert max(waits) - min(waits) > FIRST * 16 // 3
    assert wait("b" * 32, 3) == wait("b" * 32, 3)


def test_the_id_of_an_order_lies_in_the_lane_of_its_holder() -> None:
    """An order is found by its id alone; with a key it is always the same."""
    for _ in range(100):
        holder = new_subject()
        for order_id in (id_beside(holder), id_beside(holder, "a.b", "key")):
            assert is_id(order_id)
            assert lane_of(order_id) == lane_of(holder)
        assert id_beside(holder) != id_beside(holder)
        assert id_beside(holder, "a.b", "1") == id_beside(holder, "a.b", "1")
        assert len({id_beside(holder, kind, key) for kind in ("a.b", "a.c") for key in ("1", "2")}) == 4
    assert id_beside(SubjectId("0" * 32), "a.b", "1") != id_beside(SubjectId("1" * 30 + "00"), "a.b", "1")


@pytest.mark.parametrize(
    "value",
    [
        "a@b.kz",
        "Айгерим <a@b.kz>",
        "+7 701 234 56 78",
        "87012345678",
        "8 (701) 234-56-78",
        "601231300017",
        601231300017,
        77012345678,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        ["x", {"y": "a@b.kz"}],
        {"a@b.kz": 1},
    ],
)
def test_what_may_be_a_value_of_a_person_is_recognised(value: object) -> None:
    """Addresses, telephones, IINs and card numbers, however they are written and wherever they stand."""
    assert [*personal({"fact": value})]


@pytest.mark.parametrize(
    "value",
    [
        "R-2026-000123",
        "bookings.passengers",
        "018f3a5b7c9d4e2f8a1b2c3d4e5f6a7b",
        "a" * 64,
        "1234567890" * 4,
        1795338000000000,
        3_000_000,
        True,
        None,
        "2026-11-22T09:00:00.000000Z",
        "250 2.0.0",
        "Салық кодексінің 206-бабының 3-тармағы",
        "P5Y",
        "/rows/12",
    ],
)
def test_ids_codes_counts_and_times_are_not_taken_for_values(value: object) -> None:
    """What orders are made of passes."""
    assert [*personal({"fact": value, "facts": [value]})] == []


@given(st.text(max_size=300))
def test_a_detail_is_short_and_never_personal(text: str) -> None:
    """Whatever an error says of its place, what is kept is short and holds no value."""
    kept = str(told(text))
    assert len(kept) <= 200
    assert [*personal(kept)] == []
    assert kept in ("", text[:200])


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (Unavailable(Code.STORAGE_UNREACHABLE), True),
        (Held(Code.CHANGED_MEANWHILE), True),
        (Stale(), True),
        (Invalid(Code.INVALID_VALUE), False),
        (NotFound(Code.NOT_FOUND), False),
        (Tampered(Code.SEAL_BROKEN), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error: SenimError, passes: bool) -> None:
    """A machine that cannot now may later; what is wrong stays wrong until somebody looks."""
    assert may_pass(error) is passes
