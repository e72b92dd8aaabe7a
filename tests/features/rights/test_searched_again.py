"""What was carried out is searched again, corrections too; what an erasure overtakes ends, and nothing of it stays."""

from __future__ import annotations

import msgspec
import pytest

from senim.connectors.records import Identifiers, Left, Plan, Rescan, Trouble, Wish
from senim.errors import Code
from senim.identity import SubjectId
from senim.orders.records import State as OrderState
from senim.rights import Attached, Ground, Refusal, State
from senim.testing import Person, Stage
from tests.features.acting import senim_of
from tests.features.rights.scene import Letters, System, act, approve, by, connect, decide, now, run
from tests.features.rights.test_execution import email, paper


def _erased(stage: Stage, person: Person) -> str:
    """An erasure from its opening to its end: its number."""
    number = by(stage, person, "erase").number
    decide(stage, number, granted=True)
    run(stage)
    approve(stage, number)
    run(stage)
    return number


class Copies(System):
    """A system that corrects what it is asked to, and has the old value in other columns too."""

    def __init__(self, old: str, *columns: str) -> None:
        super().__init__({old: 1})
        self.old, self.columns = old, columns
        self.asked: list[Identifiers] = []

    def plan(self, who: Identifiers, wish: Wish) -> Plan:
        plan = super().plan(who, wish)
        return msgspec.structs.replace(
            plan, steps=tuple(msgspec.structs.replace(one, columns=("email",)) for one in plan.steps)
        )

    def rescan(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Rescan:
        self.asked.append(who)
        found = self.columns if self.old in who.get("email", ()) else ()
        left = tuple(Left(table="orders", column=one, rows=1, mapped=True) for one in found)
        return Rescan(system=self.name, searched=1, left=left)


def _correct(stage: Stage, person: Person, **changes: str) -> str:
    evidence = Attached(what="evidence", media="image/png", content=b"\x89PNG\r\n\x1a\n")
    right = {name.replace("_", ".", 1): value for name, value in changes.items()}
    number = by(stage, person, "correct", ground=Ground.INACCURATE, changes=right, attached=(evidence,)).number
    decide(stage, number, granted=True)
    run(stage)
    return number


def test_a_corrected_value_is_searched_for_again(stage: Stage) -> None:
    """The old value is looked for everywhere: where it was put right it must be gone, elsewhere it is told."""
    person = stage.person()
    shop = Copies(email(person), "email")
    connect(stage, shop)
    number = _correct(stage, person, contact_email="new.address@people.example")
    request = now(stage, number)
    assert (request.state, request.trouble) == (State.RESCANNING, Code.STILL_FOUND.value)
    assert shop.asked == [{"email": (email(person),)}]
    shop.columns = ("remark",)
    senim = senim_of(stage)
    act(stage, senim.orders.rerun, request.order)
    run(stage)
    request = now(stage, number)
    assert (request.state, request.trouble) == (State.ANSWERED, "")
    page = paper(stage, number, "answer-page").decode()
    assert "orders.remark (1)" in page
    assert "the old value was found here after the correction too" in page


def test_a_corrected_name_is_told_to_have_been_searched_for_nowhere(stage: Stage) -> None:
    """Half a city has the same name: what cannot be searched for is told, and not passed over in silence."""
    person = stage.person()
    shop = Copies(email(person), "email")
    connect(stage, shop)
    number = _correct(stage, person, identity_family="Quigley")
    request = now(stage, number)
    assert (request.state, shop.asked) == (State.ANSWERED, [])
    (done,) = request.done
    assert done.rescan is not None
    assert [(one.table, one.why) for one in done.rescan.not_reached] == [("identity.family", Trouble.NOT_SEARCHED)]
    assert "It could not be searched." in paper(stage, number, "answer-page").decode()


@pytest.mark.parametrize("kind", ["access", "correct"])
def test_what_is_being_gathered_goes_with_the_person(stage: Stage, kind: str) -> None:
    """A request that is under way while its person is erased ends, and what it had exported is destroyed at once."""
    senim, person = senim_of(stage), stage.person()
    shop = System({email(person): 3})
    connect(stage, shop)
    letters = Letters(senim)
    changes = {"changes": {"identity.family": "Quigley"}} if kind == "correct" else {}
    evidence = Attached(what="evidence", media="image/png", content=b"\x89PNG\r\n\x1a\n")
    more = {"ground": Ground.INACCURATE, "attached": (evidence,), **changes} if changes else {}
    asked = by(stage, person, kind, **more).number
    decide(stage, asked, granted=True)
    senim.orders.run_due("rights", most=1)  # the plan; what it says is not begun
    under_way = now(stage, asked)
    assert under_way.state is State.EXECUTING
    box, order = SubjectId(under_way.answers_in), under_way.order
    erased: list[str] = []

    def erase() -> None:
        """While rows are read: another worker carries out the erasure."""
        if not erased:
            erased.append(_erased(stage, person))

    shop.meanwhile = erase
    run(stage)
    ended = now(stage, asked)
    assert (ended.state, ended.answers_in, ended.here) == (State.CLOSED, "", None)
    assert ended.decision is not None
    assert ended.decision.reasons == (Refusal.DATA_DESTROYED,)
    assert letters.of("refused")
    assert not [one for one in ended.papers if one.id.startswith(("export-", "answer-"))]
    assert senim.persons.is_erased(box)
    assert senim.orders.find(senim.database, order).state is OrderState.DONE
    assert now(stage, erased[0]).state is State.ANSWERED
    assert senim.log.verify().ok
