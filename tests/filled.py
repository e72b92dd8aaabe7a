"""An example operator in the middle of its work: weeks of people, choices, requests, handings-over and staff."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from senim.app import Senim
from senim.collection import OnBehalf
from senim.consent import states_of
from senim.disclosure import Handing
from senim.errors import SenimError
from senim.identity import SubjectId
from senim.policy.records import Policy
from senim.policy.taxonomy import Operation
from senim.rights import State, Way
from senim.rights.rules import is_open
from senim.testing import FixedClock, Person, Stage, platform
from tests.console import Account, account, cookie, looking
from tests.doors.visitor import Visitor
from tests.features.acting import senim_of
from tests.features.rights.scene import System, act, by, connect, decide, now, opened, run

PROFILE = Path(__file__).parent.parent / "src" / "senim" / "profiles" / "tickets.yaml"
BEGAN = datetime(2026, 9, 7, 6, tzinfo=UTC)
WEEKS = 11
_COLLEAGUES = {"support": "Dana Whitfield", "members-desk": "Timur Sampleton", "administration": "Asel Marsh"}


@dataclass(slots=True)
class Filled:
    """What is there: a person who has an account, and somebody of the staff in the responsible role."""

    stage: Stage
    clock: FixedClock
    people: list[Person]
    me: Account

    @property
    def senim(self) -> Senim:
        """The platform."""
        return senim_of(self.stage)

    @property
    def person(self) -> Person:
        """Somebody who did much: bought, agreed, was handed over, asked."""
        return self.people[0]


@contextmanager
def filled(policy: bytes = b"", *, people: int = 3) -> Iterator[Filled]:
    """An operator that has been at work for weeks, ``people`` new ones a week, at a clock that stands still."""
    clock = FixedClock(BEGAN)
    with platform(policy or PROFILE.read_bytes(), now=clock) as stage:
        senim = senim_of(stage)
        first = account(senim, role="responsible", name="aizhan", shown="Aizhan Harper")
        for role, shown in _COLLEAGUES.items():
            if role in stage.policy.roles:
                account(senim, role=role, name=shown.partition(" ")[0].lower(), shown=shown)
        made = Filled(stage, clock, [], first)
        _weeks(made, people)
        _requests(made)
        senim.tick()
        made.me = account(senim, role="responsible", name="daniyar", shown="Daniyar Quigley")  # with a session of today
        yield made


def _weeks(made: Filled, people: int) -> None:
    """Everybody in by one of the points; some withdraw; data goes to whom the policy names."""
    stage, points = made.stage, list(made.stage.policy.forms)
    for week in range(WEEKS):
        where = [points[(week + number) % len(points)] if week else stage.point() for number in range(people)]
        new = [stage.person(point) for point in where]
        made.people += new
        _hand_over(stage, [made.person.subject, new[-1].subject])
        said = states_of(made.senim.subjects.about(made.senim.works.begin(stage.actor), new[-1].subject))
        if week % 2 and said:
            stage.consent(new[-1], said[0].scope, given=False)
        made.clock.move(days=7)
    for name, point in stage.policy.forms.items():
        if point.subject != "self":
            paper = "" if point.proof == "attestation" else stage.upload(made.person)
            behalf = OnBehalf(authority="agreed-with-person", by=made.person.subject)
            if paper:
                behalf = replace(behalf, authority="power-of-attorney", document=paper)
            stage.person(name, on_behalf_of=behalf)


def _hand_over(stage: Stage, subjects: list[SubjectId]) -> None:
    for purpose, recipient, country in _ways(stage.policy):
        handing = Handing(recipient=recipient, purpose=purpose, country=country)
        for subject in subjects:
            try:
                act(stage, senim_of(stage).disclosures.make, [subject], handing)
            except SenimError:  # nothing of theirs is meant for it
                continue


def _ways(policy: Policy) -> list[tuple[str, str, str]]:
    transfers = [name for name, one in policy.purposes.items() if Operation.TRANSFER in one.operations]
    return [
        (purpose, recipient, one.countries[0] if one.countries else "")
        for purpose in transfers
        for recipient, one in policy.recipients.items()
        if purpose in one.purposes
    ]


def _requests(made: Filled) -> None:
    """Requests in several states: answered, waiting for a second person, refused, just come, overdue, not proven."""
    stage, people, senim = made.stage, made.people, made.senim
    connect(stage, System({one.values["contact.email"]: 3 for one in people if "contact.email" in one.values}))
    known = [one for one in people if "contact.email" in one.values]
    asks = {"access": made.person, "erase": known[1], "copy": known[2]}
    late = by(stage, known[4], "claim", language="kk", text="Хатты тоқтатуды сұраймын.")
    made.clock.move(days=20)
    first = by(stage, made.person, "access")
    _through(stage, first.number)
    made.clock.move(days=2)
    for kind, person in asks.items():
        by(stage, person, kind, language="ru" if kind == "erase" else "en")
    erasing = by(stage, known[5], "erase", language="kk")
    if now(stage, erasing.number).state is State.RECEIVED:
        decide(stage, erasing.number, granted=True)
    run(stage)
    opened(
        stage, "erase", way=Way.LETTER, language="ru", name={"family": "Пробникова", "given": "Ия"},
        identifiers={"email": known[6].values["contact.email"]}, text="Прошу удалить мои данные.",
    )  # fmt: skip
    made.clock.move(hours=3)
    senim.orders.run_due("rights")
    assert is_open(now(stage, late.number))


def _through(stage: Stage, number: str) -> None:
    """A request carried through to its answer."""
    if now(stage, number).state is State.RECEIVED:
        decide(stage, number, granted=True)
    run(stage)


def cookies(made: Filled, visitor: Visitor) -> list[dict[str, str]]:
    """What a browser keeps that is signed in at both doors: as ``visitor``, and as staff who looks at the person."""
    name, value, _ = cookie(made.senim, made.me.token, **looking(made.senim, made.me, made.person.subject))
    kept = ((name, value, "/console"), ("senim-portal", visitor.cookie(), "/portal"))
    return [{"name": name, "value": value, "domain": "127.0.0.1", "path": path} for name, value, path in kept]
