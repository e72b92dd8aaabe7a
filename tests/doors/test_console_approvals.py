"""A role that approves and does nothing else with requests: it finds the plan that waits, and says yes or no."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from senim.rights import Opening, State, Way
from senim.testing import FixedClock, Stage
from tests.console import Colleague
from tests.features.rights.scene import System, connect

Console = Callable[..., Colleague]


@pytest.fixture
def waiting(mini: bytes, stage: Stage, console: Console) -> tuple[Colleague, str, System]:
    """A second person with no other grant, and the erasure of three orders that waits for them."""
    policy = yaml.safe_load(mini)
    policy["roles"]["second"] = {
        "name": {"kk": "Екінші адам", "ru": "Второй человек", "en": "Second person"},
        "kind": "staff",
        "may": ["approve"],
        "purposes": [],
    }
    senim: Any = stage.platform
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, yaml.safe_dump(policy).encode()))
    person = stage.person()
    email = person.values["contact.email"]
    shop = System({email: 3})
    connect(stage, shop)
    first = console(name="first-person")
    opening = Opening(kind="erase", way=Way.LETTER, language="kk", identifiers={"email": email})
    number = senim.run(senim.actor(), lambda work: senim.rights.open(work, opening)).number
    first.post(f"/console/requests/{number}/document", {"seen": "1"})
    first.post(f"/console/requests/{number}/grant")
    senim.orders.run_due("rights")
    return console(role="second", name="second-person"), number, shop


def marked(page: str) -> set[tuple[str, str]]:
    """What the navigation says of where one is."""
    return set(re.findall(r'<a href="([^"]+)" aria-current="(\w+)"><svg', page))


def test_the_navigation_tells_where_a_plan_belongs(waiting: tuple[Colleague, str, System], console: Console) -> None:
    """To the requests, for who sees them; else to the start page, which leads there."""
    me, number, _ = waiting
    for who, place in ((me, "/console/"), (console(), "/console/requests/")):
        for path in ("/console/approvals/", f"/console/approvals/{number}"):
            assert marked(who.get(path).text) == {(place, "true")}
        assert marked(who.get(place).text) == {(place, "page")}


def test_the_start_leads_to_the_plan_and_yes_starts_it(waiting: tuple[Colleague, str, System]) -> None:
    """From the count of the start page to the end, and the pages of the request stay closed."""
    me, number, shop = waiting
    plan = f"/console/approvals/{number}"
    assert 'href="/console/approvals/"' in me.get("/console/").text
    assert f'href="{plan}"' in me.get("/console/approvals/").text
    assert "Tax Code, article 206(3)" in me.get(plan).text
    assert "@" not in me.get(plan).text.partition("<main")[2], "no person is told"
    assert 'href="/console/requests' not in me.get(plan).text
    assert me.get(f"/console/requests/{number}/plan").status_code == 403
    assert me.post(f"{plan}/approve", {"digest": "0" * 64}).location == "/console/approvals/"
    assert me.senim.rights.find(me.senim.database, number).state is State.WAITING_APPROVAL
    seen = me.senim.rights.find(me.senim.database, number).plan
    assert seen is not None
    assert seen.digest in me.get(plan).text
    me.post(f"{plan}/approve", {"digest": seen.digest})
    assert "is being carried out" in me.get("/console/approvals/").text
    me.senim.orders.run_due("rights")
    assert (me.senim.rights.find(me.senim.database, number).state, shop.rows) == (State.ANSWERED, {})
    assert me.get(plan).status_code == 404, "nothing waits there any more"


def test_no_leaves_everything_as_it_was(waiting: tuple[Colleague, str, System]) -> None:
    """The plan does not wait any more, and nothing is gone."""
    me, number, shop = waiting
    me.post(f"/console/approvals/{number}/decline")
    assert me.senim.rights.find(me.senim.database, number).state is State.PLANNED
    assert list(shop.rows.values()) == [3]
    assert "No plan waits" in me.get("/console/approvals/").text


def test_others_find_no_plan(waiting: tuple[Colleague, str, System], console: Console) -> None:
    """Whoever may approve finds it, a role that may not does not."""
    _, number, _ = waiting
    first = console(name="another-person")
    assert "/approve" in first.get(f"/console/approvals/{number}").text
    desk = console(role="desk")
    assert desk.get("/console/approvals/").status_code == 403
    assert desk.post(f"/console/approvals/{number}/approve", {"digest": "0" * 64}).status_code == 403


# several at once


@dataclass(frozen=True)
class Several:
    """Three erasures that wait, a first person who decided two of them, and a second person who decided one."""

    first: Colleague
    second: Colleague
    numbers: list[str]

    def state(self, number: str) -> State:
        """How far a request is."""
        return self.first.senim.rights.find(self.first.senim.database, number).state

    def digests(self) -> dict[str, str]:
        """What the page of all plans sends."""
        found = (self.first.senim.rights.find(self.first.senim.database, one).plan for one in self.numbers)
        return {f"digest-{number}": plan.digest for number, plan in zip(self.numbers, found, strict=True) if plan}


@pytest.fixture
def several(stage: Stage, console: Console) -> Several:
    """They both may do everything; who decided on a request is not its second person."""
    senim: Any = stage.platform
    people = [stage.person() for _ in range(3)]
    connect(stage, System({one.values["contact.email"]: 2 for one in people}))
    first, second = console(name="first-person"), console(name="second-person")
    numbers = []
    for person, by in zip(people, (first, first, second), strict=True):
        asked = {"email": person.values["contact.email"]}
        opening = Opening(kind="erase", way=Way.LETTER, language="ru", identifiers=asked)
        number = senim.run(senim.actor(), lambda work, opening=opening: senim.rights.open(work, opening)).number
        by.post(f"/console/requests/{number}/document", {"seen": "1"})
        by.post(f"/console/requests/{number}/grant")
        numbers.append(number)
    senim.orders.run_due("rights")
    return Several(first, second, numbers)


def test_the_list_offers_to_tick_the_plans_that_wait_for_this_person(several: Several, console: Console) -> None:
    """Not one's own, not to a role that may not approve; all of them by one link, without scripts."""
    page = several.second.get("/console/requests/").text
    assert [one for one in several.numbers if f'name="number" value="{one}"' in page] == several.numbers[:2]
    assert " checked" not in page.partition("<tbody")[2]
    ticked = several.second.get("/console/requests/?pick=all").text
    assert ticked.partition("<tbody")[2].count(" checked>") == 2
    assert several.first.get("/console/approvals/").text.count('name="number"') == 1
    assert 'name="number"' not in several.second.get("/console/requests/?view=new").text
    assert console(role="desk").get("/console/approvals/several", query_string={"number": "1"}).status_code == 403


def test_each_is_told_and_approved_by_itself(several: Several) -> None:
    """One press; a plan that changed meanwhile and one's own are refused by name, the other one starts."""
    me, numbers = several.second, several.numbers
    page = me.get("/console/approvals/several", query_string={"number": numbers}).text
    assert all(f'id="r-{one}"' in page for one in numbers)
    assert page.count("Tax Code, article 206(3)") == 6, "two fields in each"
    assert [one for one in numbers if f'name="digest-{one}"' in page] == numbers[:2]
    assert "somebody else has to approve it" in page
    form = {**several.digests(), f"digest-{numbers[0]}": "0" * 64}
    done = me.post("/console/approvals/several", form)
    assert [several.state(one) for one in numbers] == [
        State.WAITING_APPROVAL,
        State.EXECUTING,
        State.WAITING_APPROVAL,
    ]
    told = done.text.partition("<tbody")[2]
    assert (told.count(">approved<"), told.count(">not approved<")) == (1, 2)
    assert told.index(numbers[0]) < told.index(numbers[1]) < told.index(numbers[2])
    again = me.get("/console/approvals/several", query_string={"number": numbers[1]}).text
    assert "does not wait for approval any more" in again
    assert 'name="digest-' not in again


def test_the_password_is_asked_once_for_all(several: Several, clock: FixedClock) -> None:
    """An old sign-in: all that were ticked go along."""
    me = several.second
    clock.move(minutes=11)
    asked = me.post("/console/approvals/several", several.digests())
    assert several.state(several.numbers[0]) is State.WAITING_APPROVAL
    assert me.again(asked).text.count(">approved<") == 2
    assert [several.state(one) for one in several.numbers[:2]] == [State.EXECUTING] * 2


def test_nothing_ticked_and_what_there_is_not(several: Several) -> None:
    """Back to the list; an unknown number among them does nothing at all."""
    me = several.second
    assert me.get("/console/approvals/several").location == "/console/approvals/"
    assert "No plan was chosen" in me.post("/console/approvals/several").text
    assert me.post("/console/approvals/several", {**several.digests(), "digest-x": "0"}).status_code == 404
    assert {several.state(one) for one in several.numbers} == {State.WAITING_APPROVAL}
