"""(m) Pages of the public site, the portal and the console: time in the server and bytes, with everybody stored.

The screens are those that links lead to (tests/screens.py): a page that is added is measured by itself. Each is asked
for in process, so that the page is measured and not the wire.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from tests.console import account, cookie, looking
from tests.doors.visitor import Visitor
from tests.screens import Screen, every_screen
from werkzeug.test import Client

from benchmarks.figures import Figure, Spread, in_turns
from benchmarks.forms import POLICY, Forms
from benchmarks.ground import Ground
from senim.app import throwaway
from senim.collection import Taken
from senim.testing import Person, Stage
from senim.web.site import site

MOST_MS, MOST_KB = 50.0, 100.0


def measure(ground: Ground) -> Iterator[Figure]:
    """Every page as its reader asks for it."""
    with ground.opened() as senim:
        forms, (subject, number) = Forms.of(senim), ground.known[0]
        taken = Taken(subject=subject, stored=(), receipts=(), entry="")
        person = Person(subject, {"contact.email": forms.value("contact.email", number)}, "", taken)
        visitor = Visitor(Stage(senim, POLICY.read_bytes(), throwaway))
        visitor.sign_in(person)
        me = account(senim, name=f"bench-{senim.works.clock.now():%H%M%S}")
        staff = Client(site(senim))
        name, value, _ = cookie(senim, me.token, **looking(senim, me, subject))
        staff.set_cookie(name, value, path="/console")
        found = every_screen(senim, visitor.client, me, subject)
        for door, clients in {"public": Client(site(senim)), "portal": visitor.client, "console": staff}.items():
            yield from _door(ground, door, [one for one in found if one.door == door and one.signed_in], clients)


def _door(ground: Ground, door: str, shown: list[Screen], client: Client) -> Iterator[Figure]:
    bytes_of = {one.view: len(client.get(one.path).data) for one in shown}
    taken = in_turns(
        max(ground.size.repetitions, 3), {one.view: partial(_milliseconds, client, one.path) for one in shown}
    )
    slow = max(taken, key=lambda view: taken[view].median)
    large = max(bytes_of, key=lambda view: bytes_of[view])
    yield Figure(
        part="m",
        what=f"the slowest of {len(shown)} pages, {door}: {slow}",
        database=ground.database,
        unit="ms",
        measured=taken[slow],
        how="time in the server, in process; pages that links lead to",
        target=f"< {MOST_MS:.0f} ms",
        met=taken[slow].median < MOST_MS,
    )
    yield Figure(
        part="m",
        what=f"the largest of {len(shown)} pages, {door}: {large}",
        database=ground.database,
        unit="kB",
        measured=Spread((bytes_of[large] / 1000,)),
        how="HTML before it is packed",
        target=f"< {MOST_KB:.0f} kB",
        met=bytes_of[large] / 1000 < MOST_KB,
    )


def _milliseconds(client: Client, path: str) -> float:
    """One look at a page that has been looked at before."""
    started = time.perf_counter()
    answer = client.get(path)
    answer.get_data()
    taken = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        raise AssertionError(f"{path}: {answer.status}")
    return taken
