"""What each role finds at the console: nothing leads to a closed door, and no closed door opens by a form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
import yaml
from werkzeug.test import Client

from senim.audit.records import Outcome
from senim.gate.access import VERBS
from senim.testing import FixedClock, Stage, platform
from senim.web.console import AREAS
from senim.web.console import console as door
from senim.web.console.acting import ACTS
from senim.web.site import site
from tests.console import Colleague, account, colleague

PROFILES = tuple(sorted(one.name for one in resources.files("senim.profiles").iterdir() if one.name.endswith(".yaml")))
_LINK = re.compile(r'<a [^>]*href="(/console/[^"#]*)"')


@pytest.mark.parametrize("profile", PROFILES)
def test_every_link_opens_for_every_role(profile: str, clock: FixedClock) -> None:
    """Whatever staff role a profile has: all that its pages lead to opens, and what opens is in the navigation."""
    source = resources.files("senim.profiles").joinpath(profile).read_bytes()
    roles = [name for name, one in yaml.safe_load(source)["roles"].items() if one["kind"] == "staff"]
    with platform(source, now=clock) as stage:
        senim: Any = stage.platform
        for role in roles:
            me = colleague(senim, Client(site(senim)), role=role)
            opened = _walk(me)
            for area in AREAS:
                address = f"/console{area.pages.url_prefix or ''}/"
                if area.group and address.rstrip("/") not in {one.rstrip("/") for one in opened}:
                    assert me.get(address).status_code == 403, (role, area.name)


def _walk(me: Colleague) -> set[str]:
    """Open the start page and everything that it leads to, two steps far."""
    seen: set[str] = set()
    todo = ["/console/"]
    for step in range(3):
        todo, found = [], todo
        for address in found:
            page = me.get(address)
            assert page.status_code in ({200} if step < 2 else {200, 303}), (me.account.name, address, page.status)
            seen.add(address)
            todo += [one.replace("&amp;", "&") for one in _LINK.findall(page.text)]
        todo = sorted({one for one in todo if "language=" not in one} - seen)
    return seen


OPEN = ("account", "door", "once", "tasks")
"""Areas whose forms need no grant: one's own account, coming in, and tasks, each of which tells its own role."""

MORE = {
    "people.find": "find",
    "people.file": "read",
    "consents.record": "consent",
    "telephone.receipt": "read",
    "promises.drills": "log",
    "requests.approve": "approve",
    "requests.decline": "approve",
    "requests.again": "orders",
}
"""Forms that need a grant beside that of their area."""


@pytest.fixture
def lacking(mini: bytes, stage: Stage) -> Any:
    """A policy with a staff role for each verb that may everything else."""
    policy = yaml.safe_load(mini)
    for verb in sorted(VERBS):
        policy["roles"][f"without-{verb}"] = {
            "name": {"kk": verb, "ru": verb, "en": verb},
            "kind": "staff",
            "may": sorted(VERBS - {verb}),
            "purposes": list(policy["purposes"]),
        }
    senim: Any = stage.platform
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, yaml.safe_dump(policy).encode()))
    return senim


def _forms(senim: Any) -> Iterator[tuple[str, str, str]]:
    """Every form of the console, with what is made up in its address, and each verb that it needs."""
    app = door(senim)
    adapter = app.url_map.bind("localhost")
    areas = {one.name: one.verb for one in AREAS}
    for rule in app.url_map.iter_rules():
        area = rule.endpoint.partition(".")[0]
        if "POST" not in (rule.methods or ()) or area in OPEN:
            continue
        acts: dict[str, str] = {"": MORE.get(rule.endpoint, "")}
        if rule.endpoint == "people.do":
            acts = {name: act.verb for name, act in ACTS.items()}
        for name, verb in acts.items():
            made_up = {one: "1" if one == "number" else "x" * 8 for one in rule.arguments}
            path = f"/console{adapter.build(rule.endpoint, {**made_up, 'name': name or 'x'}, method='POST')}"
            needed = {areas[area], verb} - {""}
            assert needed, f"{rule.endpoint} is open to everybody"
            yield from ((rule.endpoint, path, one) for one in sorted(needed))


def test_no_form_does_what_the_role_may_not(lacking: Any) -> None:
    """Each form, sent by a role that lacks one of the verbs it needs: refused, in the log, and nothing is done."""
    who: dict[str, Colleague] = {}
    forms = list(_forms(lacking))
    assert len(forms) > 60
    for verb in {one for _, _, one in forms}:
        who[verb] = colleague(lacking, Client(site(lacking)), role=f"without-{verb}")
    lacking.tick()
    before = lacking.log.size
    for endpoint, path, verb in forms:
        assert who[verb].post(path).status_code == 403, (endpoint, verb)
    lacking.tick()
    told = [lacking.log.entry(index) for index in range(before, lacking.log.size)]
    assert {one.outcome for one in told} == {Outcome.REFUSED}
    assert len(told) == len(forms)
    assert {one.codes for one in told} == {("role_not_allowed",)}


def test_staff_pages_offer_what_the_role_may(mini: bytes, stage: Stage) -> None:
    """Who manages accounts of some roles sees the others' without a button that would be refused."""
    policy = yaml.safe_load(mini)
    policy["roles"]["office"] = {**policy["roles"]["desk"], "may": [*policy["roles"]["desk"]["may"], "policy"]}
    senim: Any = stage.platform
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, yaml.safe_dump(policy).encode()))
    above, beside = account(senim), account(senim, role="desk")
    me = colleague(senim, Client(site(senim)), role="office")
    page = me.get(f"/console/staff/{above.id}").text
    assert "may more than yours" in page
    for act in ("role", "reset", "shut"):
        assert f"/staff/{above.id}/{act}" not in page
        assert f"/staff/{beside.id}/{act}" in me.get(f"/console/staff/{beside.id}").text
    offered = re.compile(r'<option value="([^"]*)"')
    assert offered.findall(me.get(f"/console/staff/{beside.id}").text) == ["desk", "office"]
    assert [one for one in offered.findall(me.get("/console/staff/add").text) if len(one) > 2] == ["desk", "office"]
    assert offered.findall(me.get("/console/keys/add").text) == []
    assert me.post(f"/console/staff/{above.id}/reset").status_code == 403
