"""A whole platform for tests, with made-up people and a clock that can be set. For users of Senim too.

from senim.testing import platform

def test_newsletter_needs_consent():
    with platform(Path("policy.yaml").read_bytes()) as stage:
        person = stage.person(consents=())
        assert not stage.ask(stage.question("use", "newsletter", person))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from senim.app import Senim, throwaway
from senim.audit.records import Report
from senim.conformance import cast
from senim.conformance.stage import Person, Stage
from senim.connectors.fake import FakeConnector, Killed
from senim.consent import Evidence
from senim.errors import SenimError
from senim.gate import Question
from senim.identity import Actor, ActorKind, SubjectId
from senim.policy.taxonomy import FieldType, Operation
from senim.work import Work

__all__ = ["FakeConnector", "FixedClock", "Killed", "Person", "Stage", "Story", "platform", "story"]


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 9, tzinfo=UTC)) -> None:
        self.moment = now

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **delta: float) -> None:
        """Move the clock, e.g. ``move(days=3)``."""
        self.moment += timedelta(**delta)


@contextmanager
def platform(policy: bytes, *, database: str = "", now: Callable[[], datetime] | None = None) -> Iterator[Stage]:
    """A platform with ``policy`` published, gone when the block ends."""
    with throwaway(policy, database=database, now=now) as senim:
        yield Stage(senim, policy, throwaway)


@dataclass(slots=True)
class Story:
    """What happened in a story, and the personal values that were used in it."""

    people: list[Person] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    report: Report | None = None

    @property
    def values(self) -> set[str]:
        """All personal values used, as they were given."""
        return {value for person in self.people for value in person.values.values()}


def story(
    senim: Senim, policy: bytes, count: int, told: Callable[[str, int], None] = lambda what, number: None
) -> Story:
    """The main job: people are told, consent, give data; it is used as promised, refused, withdrawn, erased, proven.

    ``told`` hears of each step and how many people it concerned.
    """
    stage, done = Stage(senim, policy, throwaway), Story()
    _take_in(stage, done, count)
    told("taken in after the notice, with consent", len(done.people))
    _try_what_is_not_promised(stage, done)
    told(
        "intakes refused: card numbers, special categories, undeclared fields, no notice",
        done.counts["refused intakes"],
    )
    _read(stage, done)
    told("read for a purpose", done.counts["reads"])
    told("reads refused", done.counts["refused reads"])
    _ask(stage, done)
    told("questions to the gate allowed", done.counts["allowed"])
    told("questions to the gate refused", done.counts["refused"])
    _withdraw(stage, done)
    told("withdrew, in part or in whole", done.counts["withdrawn"])
    _erase(stage, done)
    told("erased", done.counts["erased"])
    senim.tick()
    done.report = senim.log.verify()
    told("entries in the log, verified", done.report.size)
    return done


def _take_in(stage: Stage, done: Story, count: int) -> None:
    """Everybody by one of the points, some for others, some by telephone."""
    points = list(stage.policy.forms)
    for number in range(count):
        point = points[number % len(points)] if number % 10 else stage.point()
        done.people.append(stage.person(point))


def _try_what_is_not_promised(stage: Stage, done: Story) -> None:
    point = stage.point()
    free = [
        name
        for name in stage.policy.points[point].asks
        if stage.promises.fields[name].type in (FieldType.NAME, FieldType.TEXT, FieldType.WORDS)
    ]
    for number in range(max(4, len(done.people) // 50)):
        request = stage.request(point)
        wrong = [
            replace(request, values={**request.values, "contact.pager": "5"}),
            replace(request, notice=""),
            *(replace(request, values={**request.values, name: f"{cast.card(number)}"}) for name in free[:1]),
            *(replace(request, values={**request.values, name: "моя инвалидность"}) for name in free[:1]),
        ]
        try:
            stage.take(wrong[number % len(wrong)])
        except SenimError:
            done.counts["refused intakes"] += 1


def _read(stage: Stage, done: Story) -> None:
    purposes = [name for name, one in stage.policy.purposes.items() if Operation.EXTRACT in one.operations]
    human = Actor(kind=ActorKind.STAFF, id="demo-desk", role=stage.actor.role, may=stage.actor.may)
    closed = tuple(name for name, one in stage.policy.categories.items() if one.people == "never")
    for number, person in enumerate(done.people):
        purpose = purposes[(number + number // len(purposes)) % len(purposes)]
        categories = closed if closed and not number % 9 else ()

        def look(
            work: Work, person: Person = person, purpose: str = purpose, wanted: tuple[str, ...] = categories
        ) -> None:
            standing = stage.platform.subjects.about(work, person.subject)
            stage.platform.vault.read(work, standing, purpose, categories=wanted)

        try:
            stage.platform.run(human, look)
            done.counts["reads"] += 1
        except SenimError:
            done.counts["refused reads"] += 1


def _ask(stage: Stage, done: Story) -> None:
    purposes = list(stage.policy.purposes)
    for number, person in enumerate(done.people):
        purpose = purposes[number % len(purposes)]
        questions = [
            stage.question(stage.an_operation(purpose), purpose, person),
            Question("transfer", purpose, person.subject, recipient="somebody-else"),
        ]
        for question in questions:
            done.counts["allowed" if stage.ask(question) else "refused"] += 1


def _withdraw(stage: Stage, done: Story) -> None:
    for number, person in enumerate(done.people[::5]):

        def act(work: Work, subject: SubjectId = person.subject, whole: bool = number % 2 == 0) -> None:
            standing = stage.platform.subjects.about(work, subject)
            consents = stage.platform.consents
            states = [one for one in consents.of(work.database, subject) if one.agreed.given]
            if whole or not states:
                consents.withdraw_all(work, standing, evidence=Evidence(surface="account", act="button"))
            else:
                consents.withdraw(work, standing, states[-1].scope, evidence=Evidence(surface="email", act="reply"))

        stage.platform.run(stage.actor, act)
        done.counts["withdrawn"] += 1


def _erase(stage: Stage, done: Story) -> None:
    for person in done.people[::10]:

        def act(work: Work, subject: SubjectId = person.subject) -> None:
            stage.platform.vault.erase(work, stage.platform.subjects.about(work, subject), reason="withdrawn")

        stage.platform.run(stage.actor, act)
        done.counts["erased"] += 1
