"""The one contract that every connector keeps, the fake included: the same people, the same promises."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec
import pytest

from senim.app import throwaway
from senim.connectors.identifiers import normal
from senim.connectors.records import Act, Connector, Page, Plan, Problem, Receipt, State, Step, Trouble, Wish, WishKind
from senim.errors import Code, Held, Invalid, NotAllowed, Unavailable
from senim.testing import FixedClock, Killed
from tests.connectors import places
from tests.connectors.places import ROWS, TWINS, VALUES, WHO, PlaceOfPeople, Rows, blocking

ERASE = Wish(kind=WishKind.ERASE)
WORKING = ("sqlite", "postgresql", "mariadb", "webhook", "folder", "s3", "fake")
NOBODY = {"email": ("nobody@example.kz",)}


EVERY = pytest.mark.parametrize("place", [*WORKING, "manual"], indirect=True)
_number = itertools.count()


@pytest.fixture(params=WORKING)
def place(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[PlaceOfPeople]:
    """Each kind of system in turn; the one worked by hand only where a test asks for it."""
    with _place(request, tmp_path, clock) as found:
        yield found


@contextmanager
def _place(request: pytest.FixtureRequest, folder: Path, clock: FixedClock) -> Iterator[PlaceOfPeople]:
    if request.param == "manual":
        with throwaway(request.getfixturevalue("mini"), now=clock) as senim, places.manual(senim) as found:
            yield found
        return
    if request.param in ("sqlite", "postgresql", "mariadb"):
        with _database(request, folder) as url, places.sql(url, clock) as found:
            yield found
        return
    others: dict[str, Callable[[], AbstractContextManager[PlaceOfPeople]]] = {
        "webhook": lambda: places.webhook(clock),
        "folder": lambda: places.files(folder, clock),
        "s3": lambda: places.bucket(clock),
        "fake": places.fake,
    }
    with others[request.param]() as found:
        yield found


@contextmanager
def _database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'operator.db'}"
        return
    server = request.getfixturevalue("postgres" if request.param == "postgresql" else "mariadb")
    name = f"contract_{os.getpid()}_{next(_number)}"
    server.execute(f"CREATE DATABASE {name}")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)" if request.param == "postgresql" else f"DROP DATABASE {name}")


def rows_by_table(steps: tuple[Step, ...]) -> dict[str, int]:
    """How many rows of each table change."""
    found: dict[str, int] = {}
    for one in steps:
        found[one.table] = found.get(one.table, 0) + one.rows
    return found


def without(person: int) -> Rows:
    """All rows but those of one person."""
    return {table: [row for row in rows if row["person"] != person] for table, rows in ROWS.items()}


def same(now: Rows, then: Rows) -> bool:
    """Whether rows are the same, in whatever order."""
    return all(sorted(map(repr, now[table])) == sorted(map(repr, then[table])) for table in then)


def erase(place: PlaceOfPeople, order: str = "018f-order") -> Receipt:
    """Plan and carry out."""
    plan = place.connector.plan(WHO, ERASE)
    assert blocking(plan) == []
    return place.connector.execute(plan, WHO, order=order)


@EVERY
def test_it_is_a_connector(place: PlaceOfPeople) -> None:
    """It has the verbs and its name, and looks well."""
    assert isinstance(place.connector, Connector)
    reach = place.connector.look()
    assert (reach.system, reach.ready, reach.problems) == ("shop", True, ())
    assert reach.version


def test_a_person_is_found_and_nobody_else(place: PlaceOfPeople) -> None:
    """Rows are counted by table, however the e-mail is written."""
    found = place.connector.find({"email": (" AIGERIM@example.kz",)})
    customers, orders = place.tables
    assert {one.table: one.rows for one in found.tables} == {customers: 1, orders: 2}
    assert not found.ambiguous
    assert found.people
    assert found.not_reached == ()


@EVERY
@pytest.mark.parametrize("who", [NOBODY, {}, {"email": ()}, {"email": (" ",)}, {"x": ("y",)}])
def test_nobody_is_found_by_nothing(place: PlaceOfPeople, who: dict[str, tuple[str, ...]]) -> None:
    """Identifiers that nobody has, or that say nothing, bring out no row, and erase none."""
    assert place.connector.find(who).rows == 0
    pages = list(place.connector.export(who))
    assert [page.rows for page in pages] == [()]
    assert pages[-1].done
    plan = place.connector.plan(who, ERASE)
    assert sum(one.rows for one in plan.steps) == 0
    if plan.ready:
        receipt = place.connector.execute(plan, who, order="018f-nobody")
        assert sum(one.rows for one in receipt.steps) == 0
    assert same(place.everything(), ROWS)


def test_a_person_gets_their_rows(place: PlaceOfPeople) -> None:
    """Every column of every row of theirs, with the fields of the policy, and one end."""
    pages = list(place.connector.export(WHO))
    assert [page.done for page in pages] == [False] * (len(pages) - 1) + [True]
    customers, orders = place.tables
    told = told_of(pages)
    assert [one["name"] for one in told[customers]] == ["Айгерім"]
    assert sorted(str(one["goods"]) for one in told[orders]) == ["fork; knife", "kettle"]
    assert set(told) == {customers, orders}


def told_of(pages: list[Page]) -> dict[str, list[dict[str, object]]]:
    """Rows of pages by table."""
    found: dict[str, list[dict[str, object]]] = {}
    for page in pages:
        for row in page.rows:
            found.setdefault(page.table, []).append(dict(zip(page.columns, row, strict=True)))
    return found


@EVERY
def test_a_plan_touches_nothing(place: PlaceOfPeople) -> None:
    """It says what would go; nothing has gone."""
    plan = place.connector.plan(WHO, ERASE)
    assert {one.table for one in plan.steps} == set(place.tables)
    assert {one.act for one in plan.steps} == {Act.DELETE}
    assert plan.ready
    assert same(place.everything(), ROWS)


def test_what_was_planned_is_done_once(place: PlaceOfPeople) -> None:
    """The rows of the person are gone, those of others are as they were; the same order again tells the same."""
    plan = place.connector.plan(WHO, ERASE)
    customers, orders = place.tables
    assert rows_by_table(plan.steps) == {customers: 1, orders: 2}
    receipt = place.connector.execute(plan, WHO, order="018f-order")
    assert (receipt.state, receipt.repeated) == (State.DONE, False)
    assert rows_by_table(receipt.steps) == rows_by_table(plan.steps)
    assert same(place.everything(), without(1))
    again = place.connector.execute(plan, WHO, order="018f-order")
    assert again.repeated
    assert rows_by_table(again.steps) == rows_by_table(plan.steps)
    assert same(place.everything(), without(1))


def test_an_execution_that_was_cut_off_is_gone_on_with(place: PlaceOfPeople) -> None:
    """Whoever dies half-way: the same order comes to the same end, and its receipt tells all of it."""
    plan = place.connector.plan(WHO, ERASE)
    place.interrupt()
    with pytest.raises((Killed, Unavailable)):
        place.connector.execute(plan, WHO, order="018f-order")
    receipt = place.connector.execute(plan, WHO, order="018f-order")
    assert receipt.state is State.DONE
    assert rows_by_table(receipt.steps) == rows_by_table(plan.steps)
    assert same(place.everything(), without(1))


def test_a_search_afterwards_proves_it(place: PlaceOfPeople) -> None:
    """Before, the person is found in both tables; afterwards nowhere, and everything was looked into."""
    plan = place.connector.plan(WHO, ERASE)
    before = place.connector.rescan(WHO, people=plan.people)
    assert {one.table for one in before.left} == set(place.tables)
    assert not before.clean
    erase(place)
    after = place.connector.rescan(WHO, people=plan.people)
    assert after.left == ()
    assert after.not_reached == ()
    assert after.complete


def test_of_several_people_somebody_is_chosen(place: PlaceOfPeople) -> None:
    """Who shares a telephone is not erased with the other: nothing is done before somebody says who is meant."""
    found = place.connector.find(TWINS)
    assert found.ambiguous
    assert len(found.people) == 2
    plan = place.connector.plan(TWINS, ERASE)
    assert blocking(plan) == [Trouble.SEVERAL_PEOPLE]
    with pytest.raises(NotAllowed):
        place.connector.execute(plan, TWINS, order="018f-order")
    with pytest.raises(Held) as held:
        list(place.connector.export(TWINS))
    assert held.value.code is Code.SEVERAL_FOUND
    chosen = (found.people[0].digest,)
    told = told_of(list(place.connector.export(TWINS, people=chosen)))
    [person] = {row["person"] for rows in told.values() for row in rows}
    plan = place.connector.plan(TWINS, Wish(kind=WishKind.ERASE, people=chosen))
    assert (plan.ready, plan.people) == (True, chosen)
    place.connector.execute(plan, TWINS, order="018f-order")
    assert same(place.everything(), without(int(str(person))))
    after = place.connector.rescan(TWINS, people=chosen)
    assert after.clean
    assert {one.because for one in after.left} == {Trouble.SEVERAL_PEOPLE}


def test_a_value_is_corrected(place: PlaceOfPeople) -> None:
    """The right value stands in the person's row, and in nobody else's; it is not in the plan."""
    changes = {"identity.given": "Айгерим"}
    plan = place.connector.plan(WHO, Wish(kind=WishKind.CORRECT, changes=changes))
    assert plan.ready
    assert plan.fields == ("identity.given",)
    assert "Айгерим" not in msgspec.json.encode(plan).decode()
    with pytest.raises(Invalid):
        place.connector.execute(plan, WHO, order="018f-order")
    receipt = place.connector.execute(plan, WHO, order="018f-order", changes=changes)
    assert receipt.state is State.DONE
    names = {row["person"]: row["name"] for row in place.everything()["customers"]}
    assert names == {1: "Айгерим", 2: 'Болат, "Bob"', 3: "Әсел", 4: "Әнел"}


@EVERY
@pytest.mark.parametrize("who", [WHO, TWINS])
def test_what_is_kept_and_shown_tells_nobody(place: PlaceOfPeople, who: dict[str, tuple[str, ...]]) -> None:
    """Plans, receipts, findings and searches hold no value of a person."""
    plan = place.connector.plan(who, ERASE)
    facts: list[object] = [place.connector.look(), place.connector.find(who), plan, place.connector.rescan(who)]
    if plan.ready:
        facts.append(place.connector.execute(plan, who, order="018f-order"))
    told = msgspec.json.encode(facts).decode().lower()
    assert [value for value in VALUES if value.lower() in told] == []
    assert not any(normal("phone", value) in told for value in TWINS["phone"])


def test_what_is_not_reached_is_told(place: PlaceOfPeople) -> None:
    """A look tells it; every other verb raises Unavailable, names no value, and does nothing."""
    plan = place.connector.plan(WHO, ERASE)
    reach = place.nowhere.look()
    assert (reach.reachable, [one.code for one in reach.problems]) == (False, [Trouble.UNREACHABLE])
    verbs: list[Callable[[], object]] = [
        lambda: place.nowhere.find(WHO),
        lambda: list(place.nowhere.export(WHO)),
        lambda: place.nowhere.plan(WHO, ERASE),
        lambda: place.nowhere.execute(plan, WHO, order="018f-order"),
        lambda: place.nowhere.rescan(WHO),
    ]
    for verb in verbs:
        with pytest.raises(Unavailable) as raised:
            verb()
        assert "aigerim" not in f"{raised.value} {raised.value.detail}".lower()
    assert same(place.everything(), ROWS)


@EVERY
def test_only_a_plan_of_this_system_is_carried_out(place: PlaceOfPeople) -> None:
    """A plan of another system, another map, or one that something blocks is refused."""
    plan = place.connector.plan(WHO, ERASE)
    wrong: list[tuple[type[Exception], Plan]] = [(Held, msgspec.structs.replace(plan, system="other"))]
    if plan.map:
        wrong.append((Held, msgspec.structs.replace(plan, map="another")))
    stop = Problem(code=Trouble.NOT_NULL, blocking=True)
    wrong.append((NotAllowed, msgspec.structs.replace(plan, problems=(stop,))))
    for error, one in wrong:
        with pytest.raises(error):
            place.connector.execute(one, WHO, order="018f-order")
    assert same(place.everything(), ROWS)


def test_somebody_who_came_meanwhile_is_not_erased(place: PlaceOfPeople) -> None:
    """A plan that was made when nobody matched erases nobody who matches later."""
    nobody = place.connector.plan(NOBODY, ERASE)
    with pytest.raises(Held) as held:
        place.connector.execute(nobody, WHO, order="018f-order")
    assert held.value.code is Code.CHANGED_MEANWHILE
    assert same(place.everything(), ROWS)


@pytest.mark.parametrize("place", ["manual"], indirect=True)
def test_what_is_done_by_hand_waits_for_the_person(place: PlaceOfPeople) -> None:
    """The order waits, and is not proven, until somebody says it is done and shows by what."""
    assert place.finish is not None
    plan = place.connector.plan(WHO, ERASE)
    waiting = [place.connector.execute(plan, WHO, order="018f-order").state for _ in range(2)]
    assert waiting == [State.WAITING, State.WAITING]
    [lost] = place.connector.rescan(WHO).not_reached
    assert (lost.table, lost.why) == ("papers", Trouble.WAITS_FOR_PERSON)
    place.finish()
    receipt = place.connector.execute(plan, WHO, order="018f-order")
    assert (receipt.state, receipt.evidence) == (State.DONE, "AR-2026/1")
    assert rows_by_table(receipt.steps) == {"papers": 3}
    assert place.connector.rescan(WHO).complete
    assert not place.connector.rescan(NOBODY).complete
