"""A role that approves and does nothing else with requests: it finds the plan that waits, and says yes or no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from senim.rights import Opening, State, Way
from senim.testing import Stage
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
