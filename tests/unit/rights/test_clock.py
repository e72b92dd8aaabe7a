"""Clocks of requests: law and policy, the stricter; pauses and more time only where the law has them."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from senim.errors import Code, SenimError
from senim.languages import LANGUAGES
from senim.policy import Promises
from senim.rights.clock import (
    check_extension,
    check_pause,
    decided_deadline,
    opening_deadlines,
    overdue,
    reckoned,
    reminders,
)
from senim.rights.records import Extension, ExtensionReason, Kind, Pause, PauseReason, Request
from senim.rights.words import explain_deadline
from senim.times import micros, moment
from tests.unit import made
from tests.unit.made import DAY
from tests.unit.rights.made_requests import request

ALMATY = ZoneInfo("Asia/Almaty")
EU: dict[str, object] = {
    "law": "eu",
    "purposes.bookkeeping.basis": "legal-obligation",
    "clauses.1.states": ["term"],
}
"""What makes the small policy one under the GDPR."""


def local(text: str, zone: ZoneInfo = ALMATY) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@functools.cache
def profile(name: str) -> Promises:
    checked = made.looked_at((made.PROFILES / f"{name}.yaml").read_bytes())
    assert checked.policy is not None, checked.faults
    assert checked.law is not None
    return Promises(checked.policy, checked.law, 1, made.NOW, "0" * 64)


def ends(promises: Promises, kind: Kind, since: str, *, consumer: bool = True) -> dict[str, str]:
    """Stage → until when, as local time."""
    found = opening_deadlines(promises, kind, local(since), consumer=consumer)
    return {one.stage: moment(one.due).astimezone(ALMATY).strftime("%Y-%m-%dT%H:%M") for one in found}


@pytest.mark.parametrize(
    ("policy", "kind", "since", "consumer", "expected"),
    [
        # tickets-24: 30 working days, over the New Year and over Nauryz; 16 December is Independence Day
        ("tickets", Kind.CLAIM, "2026-12-15T12:00", False, {"answer": "2027-02-02T00:00"}),
        ("tickets", Kind.CLAIM, "2027-03-09T12:00", False, {"answer": "2027-04-27T00:00"}),
        # a consumer's claim: the law's 10 calendar days are stricter
        ("tickets", Kind.CLAIM, "2026-12-15T12:00", True, {"answer": "2026-12-26T00:00"}),
        # shop-22: 30 calendar days; the last one, 1 January, is off, and so are the days after it
        ("shop", Kind.CLAIM, "2026-12-01T12:00", False, {"answer": "2027-01-01T00:00"}),
        ("shop", Kind.CLAIM, "2026-12-02T12:00", False, {"answer": "2027-01-06T00:00"}),
        ("shop", Kind.CLAIM, "2026-12-01T12:00", True, {"answer": "2026-12-12T00:00"}),
        # no promise and no consumer: whatever the law says of any request
        ("airline", Kind.CLAIM, "2026-12-01T12:00", False, {"answer": "2026-12-05T00:00"}),
        # 94-V: access 3 working days, correction 1, block 1 and its answer 3, withdrawal 15, objection 3
        ("travel", Kind.ACCESS, "2026-12-30T23:59", True, {"answer": "2027-01-07T00:00"}),
        ("travel", Kind.CORRECT, "2027-03-19T09:00", True, {"answer": "2027-03-26T00:00"}),
        ("shop", Kind.BLOCK, "2027-03-05T18:00", True, {"act": "2027-03-10T00:00", "answer": "2027-03-12T00:00"}),
        ("airline", Kind.WITHDRAW, "2026-12-30T12:00", True, {"answer": "2027-01-26T00:00"}),
        ("foundation", Kind.OBJECT, "2026-11-20T12:00", True, {"answer": "2026-11-26T00:00"}),
        ("foundation", Kind.CONCERN, "2026-11-20T12:00", True, {"answer": "2026-11-26T00:00"}),
    ],
)
def test_every_clock_ends_when_law_or_promise_says(
    policy: str, kind: Kind, since: str, consumer: bool, expected: dict[str, str]
) -> None:
    """The stricter of law and promise, counted over weekends and holidays (tickets-24, shop-22, 94-V)."""
    assert ends(profile(policy), kind, since, consumer=consumer) == expected


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("law", ["kz", "eu"])
def test_every_kind_has_a_clock_in_every_law(law: str, kind: Kind) -> None:
    """Whatever a person asks for, a time to answer runs from the day after it came."""
    promises = made.promises(EU if law == "eu" else None)
    found = opening_deadlines(promises, kind, made.NOW)
    assert found[-1].stage == "answer"
    assert all(one.due > made.AT and one.limits for one in found)


def test_the_promise_that_is_longer_is_shown_beside_the_law() -> None:
    """A clash is not hidden: the words name the term that was promised and the one that counts (shop-22)."""
    promises = profile("shop")
    deadline = opening_deadlines(promises, Kind.CLAIM, local("2026-12-01T12:00"))[0]
    assert [one.source for one in deadline.limits] == ["law", "policy"]
    told = {language: explain_deadline(deadline, promises, language) for language in LANGUAGES}
    assert "Answer by 24:00 on 11 December 2026 (10 calendar days)." in told["en"]
    assert "The policy promises 30 calendar days (until 24:00 on 31 December 2026)" in told["en"]
    assert "до 24:00 11 декабря 2026 года (10 календарных дней)" in told["ru"]
    assert "2026 жылғы 11 желтоқсан, сағат 24:00 (10 күнтізбелік күн)" in told["kk"]


def test_the_days_off_that_were_left_out_are_named() -> None:
    """Whoever counts on a calendar of paper comes to the same day (tickets-24)."""
    promises = profile("tickets")
    deadline = opening_deadlines(promises, Kind.CLAIM, local("2027-03-09T12:00"), consumer=False)[0]
    told = {language: explain_deadline(deadline, promises, language) for language in LANGUAGES}
    assert "15, 22–24 March" in told["en"]
    assert "15, 22–24 марта" in told["ru"]
    assert "15, 22–24 наурыз" in told["kk"]
    winter = opening_deadlines(promises, Kind.CLAIM, local("2026-12-15T12:00"), consumer=False)[0]
    assert "16 December, 1, 4, 7 January" in explain_deadline(winter, promises, "en")


def test_a_term_that_ends_on_a_day_off_says_so() -> None:
    """The last day moves to the next working day, and the words say from which (Civil Code 175)."""
    promises = profile("shop")
    deadline = opening_deadlines(promises, Kind.CLAIM, local("2026-12-02T12:00"), consumer=False)[0]
    assert "is a day off (1 January 2027), so it ends on the next working day" in explain_deadline(
        deadline, promises, "en"
    )


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 рабочий день"), (3, "3 рабочих дня"), (11, "11 рабочих дней"), (21, "21 рабочий день"),
     (112, "112 рабочих дней")],
)  # fmt: skip
def test_russian_numbers_take_the_right_form(count: int, words: str) -> None:
    """Numbers and nouns agree."""
    promises = made.promises({"rights.kinds.erase": {"term": f"{count} working days"}})
    limit = next(one for one in opening_deadlines(promises, Kind.ERASE, made.NOW)[0].limits if one.source == "policy")
    deadline = replace(opening_deadlines(promises, Kind.ERASE, made.NOW)[0], limits=(limit,))
    assert words in explain_deadline(deadline, promises, "ru")


# what stops and what lengthens


def correction(since: str = "2027-03-05T12:00") -> tuple[Promises, Request]:
    promises = profile("travel")
    at = local(since)
    found = request(kind=Kind.CORRECT, received_at=micros(at), deadlines=opening_deadlines(promises, Kind.CORRECT, at))
    return promises, found


def test_a_clock_stands_still_only_for_what_its_law_waits_for() -> None:
    """A correction waits for supporting documents (94-V 25(2)(8)); nothing else stops it, and access nothing at all."""
    _, found = correction()
    check_pause(found, "documents")
    for reason in ("identity", "content", "holiday"):
        with pytest.raises(SenimError) as refusal:
            check_pause(found, reason)
        assert refusal.value.code is Code.PAUSE_NOT_ALLOWED
    access = request(deadlines=opening_deadlines(profile("travel"), Kind.ACCESS, made.NOW))
    for reason in PauseReason:
        with pytest.raises(SenimError):
            check_pause(access, reason)
    paused = replace(found, pauses=(Pause(reason=PauseReason.DOCUMENTS, since=found.received_at),))
    with pytest.raises(SenimError):
        check_pause(paused, "documents")


def test_a_pause_moves_the_end_by_the_days_it_took() -> None:
    """One working day from the day on which the documents came, over a weekend and Women's Day."""
    promises, found = correction("2027-03-01T12:00")
    assert moment(found.due).astimezone(ALMATY) == local("2027-03-03T00:00")
    came = micros(local("2027-03-05T12:00"))
    paused = replace(found, pauses=(Pause(reason=PauseReason.DOCUMENTS, since=found.received_at, until=came),))
    deadlines = reckoned(paused, promises.calendar, moment(came))
    assert moment(deadlines[0].due).astimezone(ALMATY) == local("2027-03-10T00:00")
    told = explain_deadline(deadlines[0], promises, "en", paused)
    assert "From 1 March 2027 to 5 March 2027 the clock stood still: waiting for supporting documents." in told


def test_while_a_clock_stands_still_its_end_moves_along() -> None:
    """Nothing becomes overdue while documents are awaited, however long that takes."""
    promises, found = correction()
    paused = replace(found, pauses=(Pause(reason=PauseReason.DOCUMENTS, since=found.received_at),))
    for days in (1, 10, 100):
        now = local("2027-03-05T12:00") + timedelta(days=days)
        later = replace(paused, deadlines=reckoned(paused, promises.calendar, now))
        assert overdue(later, micros(now)) == ()


def test_more_time_is_taken_only_where_the_law_gives_it() -> None:
    """Kazakhstan gives none; the GDPR two months, told within the first (12(3)); a shorter promise stays."""
    kz = request(deadlines=opening_deadlines(profile("travel"), Kind.ACCESS, made.NOW))
    with pytest.raises(SenimError) as refusal:
        check_extension(kz, made.AT)
    assert refusal.value.code is Code.EXTENSION_NOT_ALLOWED
    promises = made.promises(EU)
    eu = request(deadlines=opening_deadlines(promises, Kind.ACCESS, made.NOW))
    check_extension(eu, made.AT)
    longer = replace(eu, extension=Extension(reason=ExtensionReason.COMPLEX, at=made.AT))
    zone = ZoneInfo(promises.calendar.zone)
    before, after = (
        moment(one[0].due).astimezone(zone).date()
        for one in (eu.deadlines, reckoned(longer, promises.calendar, made.NOW))
    )
    assert (str(before), str(after)) == ("2026-12-23", "2027-02-23")
    with pytest.raises(SenimError):
        check_extension(longer, made.AT)
    with pytest.raises(SenimError):
        check_extension(eu, eu.due)
    promised = made.promises({**EU, "rights.kinds.access": {"term": "10 calendar days"}})
    with pytest.raises(SenimError):
        check_extension(request(deadlines=opening_deadlines(promised, Kind.ACCESS, made.NOW)), made.AT)


def test_what_was_granted_has_a_clock_of_its_own() -> None:
    """Destruction follows within one working day of the decision (94-V 25(2)(8)); access has no second clock."""
    promises = profile("travel")
    found = decided_deadline(promises, Kind.ERASE, local("2027-03-19T10:00"))
    assert found is not None
    assert (found.stage, moment(found.due).astimezone(ALMATY)) == ("execute", local("2027-03-26T00:00"))
    assert decided_deadline(promises, Kind.ACCESS, local("2027-03-19T10:00")) is None


def test_reminders_come_once_and_in_time() -> None:
    """In the last quarter of the time, at least on the last day; then when it is over; each once."""
    promises = profile("tickets")
    found = request(deadlines=opening_deadlines(promises, Kind.CLAIM, local("2027-03-09T12:00"), consumer=False))
    due = found.due
    assert reminders(found, due - 20 * DAY) == ()
    assert reminders(found, due - 10 * DAY) == ("answer:soon",)
    assert reminders(replace(found, reminded=("answer:soon",)), due - 9 * DAY) == ()
    assert reminders(replace(found, reminded=("answer:soon",)), due) == ("answer:overdue",)
    assert [one.stage for one in overdue(found, due)] == ["answer"]
    assert overdue(found, due - 1) == ()


@given(
    since=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # bounds
    begun=st.integers(0, 20),
    lasted=st.integers(0, 60),
)
def test_a_pause_never_shortens_and_never_gives_more_than_it_took(since: datetime, begun: int, lasted: int) -> None:
    """However pauses lie, the end is not earlier, and not later by more than the pause and the days off after it."""
    promises = made.promises()
    clean = opening_deadlines(promises, Kind.CORRECT, since)
    paused_at = micros(since + timedelta(hours=begun))
    until = paused_at + lasted * DAY
    found = request(
        kind=Kind.CORRECT,
        received_at=micros(since),
        deadlines=clean,
        pauses=(Pause(reason=PauseReason.DOCUMENTS, since=paused_at, until=until),) if lasted else (),
    )
    after = reckoned(found, promises.calendar, moment(until))
    assert after[0].due >= clean[0].due
    assert after[0].due - clean[0].due <= (lasted + 11) * DAY
