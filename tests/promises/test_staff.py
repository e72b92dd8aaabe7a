"""Appointments: who works with data is on record, in the roles of the policy, and nobody comes in without one."""

from __future__ import annotations

import json

import pytest

from tests.promises.conftest import Open
from tests.promises.house import run


@pytest.mark.parametrize("profile", ["travel", "tickets"])
def test_people_are_appointed_to_the_roles_of_the_policy(house: Open, profile: str) -> None:
    """travel-18, tickets-7: in a role that the policy declares for staff and in no other; the log tells of each."""
    place = house(profile)
    roles = place.senim.policies.in_force(place.senim.works.clock.now()).policy.roles
    role = next(name for name, one in roles.items() if one.kind == "staff")
    system = next(name for name, one in roles.items() if one.kind == "service")
    made = run("staff", "add", "aigerim", "--role", role, "--json", "-C", place.folder)
    assert made.exit_code == 0, made.output
    appointed = json.loads(made.stdout)["id"]
    for wrong in (system, "owner"):
        assert run("staff", "add", "dana", "--role", wrong, "-C", place.folder).exit_code == 1
    place.senim.tick()
    entries = [entry for _, entry in place.senim.log.entries() if entry.act == "staff.added"]
    assert [(one.ref, one.reason) for one in entries if one.outcome == "done"] == [(appointed, role)]
    closed = place.pages.get("/console/policy/")
    assert closed.status_code in (302, 303)
    assert "/console/sign-in" in closed.headers["Location"]
