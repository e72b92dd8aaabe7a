"""(a) Consent writes, (b) checks, (c) intake, read and find, all over HTTP with many clients and people stored."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import msgspec

from benchmarks.bare import weight
from benchmarks.figures import Figure, Spread, in_turns
from benchmarks.forms import FULL, NEWSLETTER, PURPOSE, ROLE, SHORT, Forms
from benchmarks.ground import ROOT, Ground, free_port
from benchmarks.load import Loader, Service
from senim.app import Senim
from senim.consent import Evidence, Scope
from senim.identity import SubjectId
from senim.work import Work

PROTOTYPE = {
    "sqlite": {"consent": 5_900, "person": 4_200, "read": 16_600, "check": 29_500},
    "postgresql": {"consent": 3_400, "person": 2_600, "read": 7_100, "check": 8_100},
}
"""What a prototype of this path reached on two cores, load generator included."""

_MOST_PEOPLE = 5_000
"""People whom one load of intakes brings in, for each second that it lasts."""


class _Requests:
    """Makes the requests of loads: about known people in a new order each time, or by new people."""

    def __init__(self, ground: Ground, forms: Forms) -> None:
        self._ground = ground
        self._forms = forms
        self._random = random.Random(7)

    def _people(self) -> list[tuple[SubjectId, int]]:
        return self._random.sample(self._ground.known, len(self._ground.known))

    def consent(self) -> Iterator[str]:
        evidence = {"notice": self._forms.notices[SHORT], "language": "ru", "surface": "account", "act": "button"}
        asked = {"purpose": NEWSLETTER, "given": True, "evidence": evidence}
        for subject, _ in self._people():
            yield f"POST /v1/consents {json.dumps({'subject': subject, **asked})}"

    def check(self, path: str = "/v1/check") -> Iterator[str]:
        for subject, _ in self._people():
            yield f"POST {path} {json.dumps({'subject': subject, 'operation': 'use', 'purpose': PURPOSE})}"

    def read(self) -> Iterator[str]:
        for subject, _ in self._people():
            yield f"GET /v1/subjects/{subject}/data?purpose={PURPOSE}"

    def find(self, kind: str) -> Iterator[str]:
        for _, number in self._people():
            told = {"kind": kind, "value": self._forms.value(f"contact.{kind}", number)}
            yield f"POST /v1/subjects/find {json.dumps(told)}"

    def intake(self, point: str) -> Iterator[str]:
        for number in self._ground.new_numbers(round(_MOST_PEOPLE * max(1.0, self._ground.size.seconds))):
            yield f"POST /v1/intake {msgspec.json.encode(self._forms.intake(point, number)).decode()}"


@contextmanager
def bare_service(other: Ground) -> Iterator[Service]:
    """The limits, served."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare_service", str(port)]
    service = Service(command, port=port, env=other.environment(), path="/empty", cwd=ROOT)
    try:
        yield service
    finally:
        service.stop()


def weights(platform: Senim, subject: SubjectId) -> dict[str, int]:
    """The bytes that each act writes."""
    forms, subjects = Forms.of(platform), platform.subjects
    evidence = Evidence(notice=forms.notices[SHORT], language="ru", surface="account", act="button")
    scope = Scope(purpose=NEWSLETTER)

    def written(act: Callable[[Work], object]) -> int:
        work = platform.works.begin(platform.actor(ROLE))
        act(work)
        return weight(work.unit)

    return {
        "consent": written(
            lambda work: platform.consents.give(work, subjects.about(work, subject), scope, evidence=evidence)
        ),
        "read": written(lambda work: platform.vault.read(work, subjects.about(work, subject), PURPOSE)),
        "full": written(lambda work: platform.collection.intake(work, forms.intake(FULL, 10**8))),
    }


def measure(ground: Ground, other: Ground) -> Iterator[Figure]:
    """All that goes by the doors, every load in turns with every other."""
    with ground.opened() as platform:
        requests, sizes = _Requests(ground, Forms.of(platform)), weights(platform, ground.known[0][0])
    with ground.served() as service, bare_service(other) as bare:
        found = in_turns(ground.size.repetitions, _runs(ground, requests, sizes, service, bare))
        memory = service.memory()
    yield from _against_limits(ground, found, sizes)
    yield from _against_prototype(ground, found)
    yield _memory(ground, *memory)


def _runs(
    ground: Ground, requests: _Requests, sizes: dict[str, int], service: Service, bare: Service
) -> dict[str, Callable[[], float]]:
    ours = Loader(ground.place, service.address, ground.token, ground.size.clients)
    limits = Loader(ground.place, bare.address, ground.token, ground.size.clients)
    loads: dict[str, Callable[[], Iterator[str]]] = {
        "consent": requests.consent,
        "check": requests.check,
        "read": requests.read,
        "email": partial(requests.find, "email"),
        "phone": partial(requests.find, "phone"),
        "person": partial(requests.intake, SHORT),
        "full": partial(requests.intake, FULL),
    }
    ours.run("first", requests.check(), 1)

    def insert(size: int) -> list[str]:
        return [f"POST /insert/{size} {json.dumps({'size': size})}"]

    def load(name: str) -> float:
        return ours.run(name, loads[name](), ground.size.seconds)

    seconds = ground.size.seconds
    runs: dict[str, Callable[[], float]] = {name: partial(load, name) for name in loads}
    for name, size in sizes.items():
        runs[f"bare-{name}"] = partial(limits.run, f"bare-{name}", insert(size), seconds)
    runs["bare-check"] = lambda: limits.run("bare-check", requests.check("/empty"), seconds)
    return runs


def _against_limits(ground: Ground, found: dict[str, Spread], sizes: dict[str, int]) -> Iterator[Figure]:
    at, clients = f"{ground.imported:,} people stored", f"{ground.size.clients} clients over HTTP"
    told = {
        "consent": ("a", "consent write", f"{clients}, {at}; durable with its entry and its signed receipt", 0.5),
        "check": ("b", "check", f"{clients}, {at}; each answer in the log within a second", 0.5),
        "full": ("c", "intake of a 40-field person", f"{clients}, {at}; with a consent, sealed, durable", None),
        "read": ("c", "read by id", f"{clients}, {at}; six values; durable in the log before the answer", None),
    }
    for name, (part, what, how, least) in told.items():
        limit = "an empty Falcon handler" if name == "check" else f"a Falcon handler inserting {sizes[name]:,} bytes"
        ratio = found[name].over(found[f"bare-{name}"])
        yield Figure(
            part=part,
            what=what,
            database=ground.database,
            unit="/s",
            measured=found[name],
            limit=found[f"bare-{name}"],
            limited_by=f"{limit}, same settings",
            ratio=ratio,
            target=f"≥ {least} × limit" if least else "",
            met=ratio.median >= least if least else None,
            how=how,
        )
    for kind, name in (("email", "e-mail"), ("phone", "telephone")):
        slower = found["read"].over(found[kind])
        yield Figure(
            part="c",
            what=f"find by {name}",
            database=ground.database,
            unit="/s",
            measured=found[kind],
            limit=found["read"],
            limited_by="read by id; the ratio is how much longer a find takes",
            ratio=slower,
            target="≤ 1.3 × read",
            met=slower.median <= 1.3,
            how=f"{clients}, {at}; durable in the log before the answer",
        )


def _against_prototype(ground: Ground, found: dict[str, Spread]) -> Iterator[Figure]:
    names = {"consent": "consent write", "person": "person create", "read": "read", "check": "check"}
    for name, least in PROTOTYPE[ground.database].items():
        yield Figure(
            part="prototype",
            what=names[name],
            database=ground.database,
            unit="/s",
            measured=found[name],
            ratio=Spread(tuple(one / least for one in found[name].values)),
            target=f"≥ {least:,}",
            met=found[name].median >= least,
            how="six fields and a consent" if name == "person" else "as above",
        )


def _memory(ground: Ground, resident: float, shared_once: float) -> Figure:
    return Figure(
        part="g",
        what="memory of the service after these loads",
        database=ground.database,
        unit="MB",
        measured=Spread((shared_once,)),
        target="< 150",
        met=shared_once < 150,
        how="all its processes together, what they share counted once (PSS); "
        f"counted for each process anew (RSS) it is {resident:.0f} MB",
    )
