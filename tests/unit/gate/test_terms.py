"""When a purpose is over for a person, and when it begins anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from senim.errors import Code
from senim.gate import Question
from senim.gate.rules import COLLECTION, decide, ends, rule
from senim.law import Override
from senim.subjects import Standing
from senim.times import micros
from tests.unit.made import AT, BORN, DAY, actor, agreed, promises, said, standing


def over(purpose: str, person: Standing, changes: Mapping[str, object] | None = None, now: int = AT) -> bool:
    """Whether the only thing that is wrong is the term."""
    made = promises(changes)
    codes = {one.code for one in decide(made, rule(made, actor(), Question("store", purpose)), person, now)}
    assert codes <= {Code.TERM_OVER}
    return bool(codes)


def at(text: str) -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


UNTIL = {
    "nothing happened": ({}, AT - 10 * DAY, False),
    "it happened after the consent": ({"order-completed": AT - DAY}, AT - 10 * DAY, True),
    "it happens this very moment": ({"order-completed": AT}, AT - 10 * DAY, True),
    "it will happen": ({"order-completed": AT + 1}, AT - 10 * DAY, False),
    "another event happened": ({"trip-ended": AT - DAY}, AT - 10 * DAY, False),
    "agreed anew after it (a new order)": ({"order-completed": AT - 20 * DAY}, AT - 10 * DAY, False),
    "agreed at the very moment of it": ({"order-completed": AT - 10 * DAY}, AT - 10 * DAY, True),
    "data came in again after it": ({"order-completed": AT - 5 * DAY, COLLECTION: AT - 4 * DAY}, AT - 10 * DAY, False),
    "data came in again before it": ({"order-completed": AT - 5 * DAY, COLLECTION: AT - 6 * DAY}, AT - 10 * DAY, True),
}


@pytest.mark.parametrize(("events", "agreed_at", "expected"), UNTIL.values(), ids=UNTIL)
def test_until_an_event(events: dict[str, int], agreed_at: int, *, expected: bool) -> None:
    """An event ends what was agreed to before it; who comes again begins anew (foundation-27)."""
    assert over("orders", standing({"orders": agreed("", at=agreed_at)}, events=events)) is expected


def test_a_withdrawn_consent_begins_nothing() -> None:
    """Only a yes begins a term anew; a withdrawal after the event does not."""
    made = promises()
    scopes = {"": said(at=AT - 10 * DAY), "/mailer": said(given=False, at=AT - DAY)}
    person = standing({"orders": scopes}, events={"order-completed": AT - 5 * DAY})
    reasons = decide(made, rule(made, actor(), Question("store", "orders")), person, AT)
    assert [one.code for one in reasons] == [Code.TERM_OVER]


# Bookkeeping lasts 5 years after collection; Kazakhstan is five hours ahead of UTC.
LASTS = {
    "the last moment": ("2021-11-22T09:00", {}, "2026-11-22T18:59:59", False),
    "24:00 of the last day": ("2021-11-22T09:00", {}, "2026-11-22T19:00", True),
    "from the newest collection": (
        "2015-01-01T09:00", {COLLECTION: at("2021-11-23T09:00")}, "2026-11-22T19:00", False,
    ),
    "the day of Almaty counts, not that of UTC": ("2021-11-22T20:00", {}, "2026-11-23T18:59:59", False),
    "29 February ends on the 28th": ("2020-02-29T09:00", {}, "2025-02-28T19:00", True),
    "and not before": ("2020-02-29T09:00", {}, "2025-02-28T18:59:59", False),
    "a day off does not lengthen a term of keeping": ("2021-01-02T09:00", {}, "2026-01-02T19:00", True),
}  # fmt: skip


@pytest.mark.parametrize(("came", "events", "now", "expected"), LASTS.values(), ids=LASTS)
def test_a_time_after_collection(came: str, events: dict[str, int], now: str, *, expected: bool) -> None:
    """Five years after collection mean: until 24:00 of that day in Kazakhstan."""
    assert over("bookkeeping", standing(created_at=at(came), events=events), now=at(now)) is expected


def test_a_time_after_an_event_begins_with_the_event() -> None:
    """Before the event nothing runs; after it the time does."""
    changes = {"purposes.orders.term": {"lasts": "10 calendar days", "after": "order-completed"}}
    assert not over("orders", standing(), changes)
    assert not over("orders", standing(events={"order-completed": AT - 9 * DAY}), changes)
    assert over("orders", standing(events={"order-completed": AT - 11 * DAY}), changes)


def test_working_days_follow_the_calendar_of_the_operator() -> None:
    """A term in working days skips days off, those too that the operator states itself."""
    changes = {"purposes.orders.term": {"lasts": "1 working day", "after": "order-completed"}}
    friday = at("2026-11-20T09:00")
    person = standing(events={"order-completed": friday})
    made = promises(changes)
    moved = promises(changes, override=Override(off=frozenset({datetime(2026, 11, 23, tzinfo=UTC).date()})))
    assert ends(made, "orders", person) == datetime.fromisoformat("2026-11-24T00:00+05:00")
    assert ends(moved, "orders", person) == datetime.fromisoformat("2026-11-25T00:00+05:00")


def test_unlimited_is_no_term_and_the_law_ends_it_with_the_purpose() -> None:
    """A text that promises no end gives no date; it never keeps anybody from stopping (tickets-21, shop-15)."""
    changes = {"purposes.orders.term": "unlimited"}
    assert not over("orders", standing(created_at=BORN), changes, now=AT + 36_500 * DAY)
    assert ends(promises(changes), "orders", standing()) is None


def test_ends_tells_the_date_that_is_known() -> None:
    """The person and the sweep are told the date on which a purpose ends, where there is one."""
    made = promises()
    person = standing({"newsletter": agreed("", until=AT + DAY)}, created_at=at("2021-11-22T09:00"))
    assert ends(made, "orders", person) is None, "an event has no date"
    assert ends(made, "newsletter", person) == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert ends(made, "newsletter", standing({})) is None
    assert ends(made, "bookkeeping", person) == datetime(2026, 11, 22, 19, tzinfo=UTC)
