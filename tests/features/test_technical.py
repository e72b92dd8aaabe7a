"""Technical data on both databases: taken in batches, by pseudonyms of a period, counted for a purpose, removed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from senim.app import Senim
from senim.audit.records import Entry, Outcome
from senim.collection import technical as module
from senim.collection.technical_records import MOST, Visit, VisitCount, VisitsTaken
from senim.conformance.stage import Stage
from senim.errors import Code, Invalid, NotAllowed, NotFound, NotPromised, Unavailable
from senim.identity import Actor, ActorKind, SubjectId
from senim.storage import keys_metadata, main_metadata, query
from senim.testing import FixedClock
from tests.features.acting import senim_of
from tests.unit.made import varied
from tests.visits import IP, visit, with_visits

VISITS, PERIODS = main_metadata.tables["technical_visit"], main_metadata.tables["technical_period"]
ROWS = query(select(VISITS.c.purpose, VISITS.c.ip, VISITS.c.visitor, VISITS.c.ends).order_by(VISITS.c.ends))
PERIOD_ROWS = query(select(PERIODS.c.holder, PERIODS.c.sealed))
KEYS = query(select(func.count()).select_from(keys_metadata.tables["person_key"]))
SHOP = Actor(kind=ActorKind.SERVICE, id="shop", role="shop", may=frozenset({"intake"}))
TECHNICIAN = Actor(kind=ActorKind.STAFF, id="technician", role="technician", may=frozenset({"read"}))
DESK = Actor(kind=ActorKind.STAFF, id="desk", role="desk", may=frozenset({"read"}))


class Place:
    """An operator with visits."""

    def __init__(self, stage: Stage, clock: FixedClock) -> None:
        self.senim: Senim = senim_of(stage)
        self.clock = clock

    def take(self, *visits: Visit, actor: Actor = SHOP, point: str = "visit") -> VisitsTaken:
        return self.senim.run(actor, lambda work: self.senim.technical.take(work, point, visits))

    def count(self, purpose: str = "diagnostics", actor: Actor = TECHNICIAN, **more: Any) -> tuple[VisitCount, ...]:
        return self.senim.run(actor, lambda work: self.senim.technical.count(work, purpose, **more)).counts

    def rows(self) -> list[Any]:
        return self.senim.database.read(ROWS)

    def names(self, purpose: str = "diagnostics") -> set[bytes]:
        return {bytes(ip) for of, ip, _, _ in self.rows() if of == purpose}

    def keys(self) -> int:
        count: int = self.senim.key_store.read(KEYS)[0][0]
        return count

    def entries(self, act: str = "technical.") -> list[Entry]:
        self.senim.tick()
        return [entry for _, entry in self.senim.log.entries() if entry.act.startswith(act)]


@pytest.fixture
def place(staged: Callable[..., Stage], mini: bytes, clock: FixedClock) -> Place:
    return Place(staged(with_visits(mini)), clock)


def test_a_batch_has_one_entry_that_says_nothing_of_anybody(place: Place) -> None:
    """tickets-8: how many, at which point and which fields; what did not count is told to the sender."""
    taken = place.take(visit(), visit(allowed=()), visit(at=place.clock.moment - timedelta(days=90)))
    assert (taken.kept, taken.not_chosen, taken.over, taken.dropped) == (2, 0, 1, ())
    assert sorted(row[0] for row in place.rows()) == ["diagnostics", "guarding", "guarding"]
    (entry,) = place.entries()
    assert (entry.act, entry.point, entry.count, entry.subject) == ("technical.taken", "visit", 2, None)
    assert entry.categories == tuple(sorted(f"technical.{one}" for one in (
        "ip", "cookie", "browser", "system", "opened", "page", "referrer")))  # fmt: skip


def test_one_pseudonym_a_day_and_another_on_the_next(place: Place) -> None:
    """tickets-8: within a day visits of an address may be counted together; across days nothing links them."""
    place.take(visit(), visit())
    place.take(visit())
    first = place.names()
    assert len(first) == 1
    place.clock.move(days=1)
    place.take(visit(), visit(ip="203.0.113.78"))
    assert len(place.names() - first) == 2
    assert place.names().isdisjoint(place.names("guarding"))


def test_keys_are_destroyed_when_their_day_is_over(place: Place) -> None:
    """tickets-8: nobody, not even with a copy of the database, makes the same pseudonym again."""
    place.take(visit())
    ((holder, sealed),) = place.senim.database.read(PERIOD_ROWS)
    assert place.keys() == 1
    place.clock.move(days=1)
    assert place.senim.technical.sweep() == 0
    assert place.keys() == 0
    assert place.senim.database.read(PERIOD_ROWS) == []
    assert place.senim.persons.is_erased(SubjectId(bytes(holder).hex()))
    with pytest.raises(NotFound):
        place.senim.run(
            SHOP, lambda work: place.senim.boxes.open(work, SubjectId(bytes(holder).hex()), "technical key", sealed)
        )
    assert [(entry.act, entry.count) for entry in place.entries()] == [("technical.taken", 1), ("technical.ended", 0)]


def test_a_new_day_ends_the_key_before_it_without_a_sweep(place: Place) -> None:
    """The first visit of a day destroys the key of the day before."""
    place.take(visit())
    place.clock.move(days=1)
    place.take(visit())
    place.take(visit())
    assert place.keys() == 1
    assert len(place.senim.database.read(PERIOD_ROWS)) == 1


def test_a_week_is_a_period_too(staged: Callable[..., Stage], mini: bytes, clock: FixedClock) -> None:
    """From Monday on an address has another pseudonym; 22 November 2026 is a Sunday."""
    policy = varied({"points.visit.visits.renews": "week"}, with_visits(mini))
    place = Place(staged(policy), clock)
    place.take(visit())
    clock.move(days=1)
    place.take(visit())
    assert len(place.names()) == 2
    clock.move(days=6)
    place.take(visit())
    assert len(place.names()) == 2
    clock.move(days=1)
    place.take(visit())
    assert len(place.names()) == 3


def test_another_process_uses_the_same_key(place: Place) -> None:
    """Workers that know nothing of each other give one address one pseudonym."""
    place.take(visit())
    other = module.Technical(
        works=place.senim.works, policies=place.senim.policies, gate=place.senim.gate, boxes=place.senim.boxes
    )
    place.senim.run(SHOP, lambda work: other.take(work, "visit", (visit(),)))
    assert len(place.rows()) == 4
    assert len(place.names()) == 1


def test_two_that_begin_a_day_together_agree_on_its_key(place: Place) -> None:
    """Of two that make a key at the same moment one decides anew."""
    others = [
        module.Technical(
            works=place.senim.works, policies=place.senim.policies, gate=place.senim.gate, boxes=place.senim.boxes
        )
        for _ in range(4)
    ]
    threads = [
        threading.Thread(
            target=place.senim.run, args=(SHOP, lambda work, one=one: one.take(work, "visit", (visit(), visit())))
        )
        for one in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(place.rows()) == 16
    assert len(place.names()) == 1
    assert len(place.senim.database.read(PERIOD_ROWS)) == 1


def test_visits_are_removed_when_their_time_is_over(place: Place) -> None:
    """tickets-8: three days for one purpose, thirty for the other; the log tells how many, and nothing is left."""
    place.take(visit(), visit(allowed=()))
    place.clock.move(days=3)
    assert place.senim.technical.sweep() == 0
    assert place.count("guarding", actor=place.senim.actor()) != ()
    place.clock.move(hours=12)
    assert place.count("guarding", actor=place.senim.actor()) == ()
    place.senim.attend()
    assert [row[0] for row in place.rows()] == ["diagnostics"]
    place.clock.move(days=30)
    assert place.senim.technical.sweep() == 1
    assert place.rows() == []
    assert place.senim.technical.sweep() == 0
    ended = [entry.count for entry in place.entries("technical.ended")]
    assert ended == [0, 2, 1]


def test_a_long_list_is_removed_in_parts(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """No transaction grows with how much is over."""
    monkeypatch.setattr(module, "SWEPT", 7)
    for _ in range(5):
        place.take(*[visit(allowed=())] * 4)
    place.clock.move(days=4)
    assert place.senim.technical.sweep() == 20
    assert [entry.count for entry in place.entries("technical.ended")] == [7, 7, 6]


COUNTS = {
    "day": [("2026-11-22", 3, 2), ("2026-11-23", 1, 1)],
    "hour": [("14", 4, 3)],
    "page": [("/events/42", 3, 2), ("/", 1, 1)],
    "browser": [("Firefox 128", 4, 3)],
    "device": [("computer", 4, 3)],
    "system": [("Linux", 4, 3)],
    "referrer": [("https://search.example", 4, 3)],
}


@pytest.mark.parametrize("by", COUNTS)
def test_visits_are_counted_for_their_purpose(place: Place, by: Any) -> None:
    """tickets-14, shop-9: how often and from how many addresses, each counted anew on each day; the look is logged."""
    place.take(visit(), visit(), visit(ip="203.0.113.78", page="https://mini.example/"))
    place.clock.move(days=1)
    place.take(visit())
    assert [(one.of, one.visits, one.addresses) for one in place.count(by=by)] == COUNTS[by]
    (entry,) = place.entries("technical.shown")
    assert (entry.purpose, entry.count, entry.actor, entry.operation) == (
        "diagnostics",
        4,
        "staff:technician",
        "extract",
    )
    assert "technical.ip" in entry.categories


def test_days_are_chosen(place: Place) -> None:
    """First and last day are both among those that are counted."""
    for _ in range(4):
        place.take(visit())
        place.clock.move(days=1)
    days = [one.of for one in place.count(since=date(2026, 11, 23), until=date(2026, 11, 24))]
    assert days == ["2026-11-23", "2026-11-24"]


REFUSED_LOOKS: dict[str, tuple[Actor, str, Any, type[Exception], Code]] = {
    "without a declared purpose": (TECHNICIAN, "curiosity", "day", NotPromised, Code.PURPOSE_UNDECLARED),
    "for a purpose that is not its own": (TECHNICIAN, "guarding", "day", NotAllowed, Code.ROLE_NOT_ALLOWED),
    "by somebody else": (DESK, "diagnostics", "day", NotAllowed, Code.ROLE_NOT_ALLOWED),
    "by who may not read": (SHOP, "diagnostics", "day", NotAllowed, Code.ROLE_NOT_ALLOWED),
    "by something that is not counted": (TECHNICIAN, "diagnostics", "ip", Invalid, Code.INVALID_VALUE),
}


@pytest.mark.parametrize("what", REFUSED_LOOKS)
def test_nobody_looks_without_a_right_to(place: Place, what: str) -> None:
    """tickets-14: asked at the gate, for a declared purpose; refusals are in the log."""
    actor, purpose, by, kind, code = REFUSED_LOOKS[what]
    place.take(visit())
    with pytest.raises(kind) as refused:
        place.count(purpose, actor=actor, by=by)
    assert code in {reason.code for reason in refused.value.reasons}  # type: ignore[attr-defined]  # it is a refusal
    (entry,) = place.entries("technical.shown")
    assert entry.outcome is Outcome.REFUSED


def test_a_role_counts_by_what_it_sees(staged: Callable[..., Stage], mini: bytes, clock: FixedClock) -> None:
    """A technician who is to see no pages counts by days and not by pages."""
    fewer = {"roles.technician.sees": ["technical.ip", "technical.browser"]}
    place = Place(staged(varied(fewer, with_visits(mini))), clock)
    place.take(visit())
    assert len(place.count(by="browser")) == 1
    assert len(place.count(by="day")) == 1
    with pytest.raises(NotAllowed):
        place.count(by="page")


REFUSED: dict[str, tuple[Actor, str, type[Exception], Code]] = {
    "a point of people": (SHOP, "registration", NotPromised, Code.POINT_KIND_WRONG),
    "a point that there is not": (SHOP, "nowhere", NotPromised, Code.POINT_UNDECLARED),
    "a role that may not take in": (TECHNICIAN, "visit", NotAllowed, Code.ROLE_NOT_ALLOWED),
    "a role without the purpose": (
        Actor(kind=ActorKind.SERVICE, id="till", role="till", may=frozenset({"intake"})), "visit", NotAllowed,
        Code.ROLE_NOT_ALLOWED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_may_not_come_in_does_not(place: Place, what: str) -> None:
    """tickets-8: declared point, declared purpose, a role for both; a refusal leaves its entry and nothing else."""
    actor, point, kind, code = REFUSED[what]
    with pytest.raises(kind) as refused:
        place.take(visit(), actor=actor, point=point)
    assert code in {reason.code for reason in refused.value.reasons}  # type: ignore[attr-defined]  # it is a refusal
    assert place.rows() == []
    (entry,) = place.entries()
    assert entry.outcome is Outcome.REFUSED
    assert IP not in str(entry)


def test_a_batch_has_a_limit(place: Place) -> None:
    """More than a thousand at once are two batches."""
    with pytest.raises(Invalid) as refused:
        place.take(*[visit()] * (MOST + 1))
    assert refused.value.code is Code.BODY_TOO_LARGE


def test_nothing_of_a_person_comes_in_where_devices_tell(staged: Callable[..., Stage], mini: bytes) -> None:
    """tickets-8: the two never stand beside each other, whichever door is tried."""
    stage = staged(with_visits(mini))
    with pytest.raises(Invalid) as refused:
        stage.take(stage.request("visit", values={}, consents=()))
    assert Code.POINT_KIND_WRONG in {reason.code for reason in refused.value.reasons}


# what pages tell of


def test_visits_of_pages_are_kept_together(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page waits for nothing; after ten seconds, or five hundred visits, one act keeps them with one entry."""
    technical, now = place.senim.technical, 100.0
    monkeypatch.setattr(technical, "_clock", lambda: now)
    for _ in range(3):
        technical.note("visit", visit())
    place.senim.tick()
    assert place.rows() == []
    now += module.LATE
    place.senim.tick()
    assert len(place.rows()) == 6
    (entry,) = place.entries()
    assert (entry.count, entry.actor) == (3, "service:page-visit")
    for _ in range(module.TOGETHER):
        technical.note("visit", visit(allowed=()))
    assert technical.flush() == module.TOGETHER


def test_pages_tell_at_points_of_devices_alone(place: Place) -> None:
    """tickets-8: a point of people takes no visits, nor one that there is not."""
    for point in ("registration", "nowhere"):
        with pytest.raises(NotPromised):
            place.senim.technical.note(point, visit())


def test_pages_are_let_in_where_the_policy_says_so(staged: Callable[..., Stage], mini: bytes) -> None:
    """tickets-8: without ``by-pages`` only the operator's own systems tell of visits."""
    closed = senim_of(staged(with_visits(mini).replace(b"    by-pages: shop\n    visits:", b"    visits:")))
    with pytest.raises(NotAllowed):
        closed.technical.note("visit", visit())


def test_who_did_not_choose_does_not_even_wait(staged: Callable[..., Stage], mini: bytes, clock: FixedClock) -> None:
    """tickets-13: without the choice an address is forgotten with its request."""
    only = {"points.visit.visits.keeps": {"diagnostics": {"choice": "statistics", "lasts": "1 month"}}}
    place = Place(staged(varied(only, with_visits(mini))), clock)
    place.senim.technical.note("visit", visit(allowed=("offers",)))
    assert place.senim.technical.flush(everything=True) == 0
    assert place.entries() == []


def test_too_many_at_once_are_not_taken(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of a service does not grow with what strangers send."""
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    for _ in range(2):
        place.senim.technical.note("visit", visit())
    with pytest.raises(Unavailable) as refused:
        place.senim.technical.note("visit", visit())
    assert refused.value.code is Code.OVERLOADED


def test_visits_wait_while_the_database_is_away(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be kept now is kept when it can be, in its order."""
    technical = place.senim.technical
    technical.note("visit", visit())
    technical.note("visit", visit(ip="203.0.113.78"))

    def away(*_: object) -> None:
        raise Unavailable(Code.STORAGE_UNREACHABLE)

    with monkeypatch.context() as patch:
        patch.setattr(place.senim.works, "run", away)
        with pytest.raises(Unavailable):
            technical.flush(everything=True)
    assert technical.flush(everything=True) == 2
    assert len(place.names()) == 2


def test_what_the_policy_lets_in_no_more_is_refused_in_the_log(place: Place, mini: bytes) -> None:
    """A point that was closed while visits waited: they are not kept, and the log says so."""
    place.senim.technical.note("visit", visit())
    place.senim.run(place.senim.actor(), lambda work: place.senim.policies.publish(work, mini))
    assert place.senim.technical.flush(everything=True) == 0
    (entry,) = place.entries()
    assert (entry.outcome, entry.codes, entry.point) == (Outcome.REFUSED, ("point_undeclared",), None)
    assert place.rows() == []


def test_what_waits_is_kept_at_the_end(place: Place) -> None:
    """A service that is stopped in order loses nothing."""
    place.senim.technical.note("visit", visit())
    assert place.senim.technical.flush() == 0
    assert place.senim.technical.flush(everything=True) == 1
