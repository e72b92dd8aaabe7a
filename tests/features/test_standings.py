"""The row that binds every decision about a person follows from the log: whoever changes it behind is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from senim.app import Senim
from senim.audit.live import About
from senim.audit.records import Problem, ProblemKind
from senim.conformance import standings
from senim.conformance.standings import StandingsAgain
from senim.consent import Scope
from senim.errors import Code, SenimError
from senim.identity import SubjectId, new_subject, place
from senim.languages import Hint
from senim.storage import Unit, delete, insert, main_metadata, update
from senim.subjects import Agreed, Block, Standing
from senim.subjects.records import Marks
from senim.subjects.store import _encode
from senim.testing import FixedClock, Person, Stage
from senim.times import micros, stamp
from senim.work import Work
from tests.features import acting
from tests.features.acting import ACCOUNT, about, another, ask, refused, senim_of, take_again

SUBJECTS = main_metadata.tables["subject"]
_PUT = update(SUBJECTS, "created_at", "erased_at", "marks")
_ADD = insert(SUBJECTS)
_DROP = delete(SUBJECTS)
NEWS = Scope(purpose="newsletter")
BY_EMAIL = Scope(purpose="newsletter", channel="email")


@dataclass(frozen=True, slots=True)
class People:
    """Those of an honest history, by what became of them."""

    simple: Person
    withdrawn: Person
    bound: Person
    erased: Person


def gate(senim: Senim, verb: str, person: Person, *what: str, reason: str = "request-of-person") -> None:
    """Block, unblock, stop or resume."""
    about(senim, person.subject, lambda work, who: getattr(senim.gate, verb)(work, who, *what, reason=reason))


def happened(senim: Senim, person: Person, event: str, at: int) -> None:
    """Tell of an event."""
    about(senim, person.subject, lambda work, who: senim.gate.happened(work, who, event, at))


def lived(stage: Stage, clock: FixedClock) -> People:
    """A long honest history: yes and no, late and again, blocks, stops, events, refusals, imports, erasures."""
    senim = senim_of(stage)
    people = People(*(stage.person() for _ in range(4)))
    began = clock.moment
    clock.move(days=1)
    acting.withdraw(senim, people.withdrawn.subject, NEWS)
    clock.move(hours=1)
    late = stage.evidence("registration", surface="letter", act="signature", at=stamp(began + timedelta(hours=1)))
    for _ in range(2):
        acting.give(senim, people.withdrawn.subject, BY_EMAIL, late)
    acting.give(senim, people.withdrawn.subject, Scope(purpose="orders"), stage.evidence("registration"))
    acting.withdraw(senim, people.simple.subject, BY_EMAIL)
    acting.give(senim, people.simple.subject, BY_EMAIL, stage.evidence("registration"))
    gate(senim, "stop", people.bound, "newsletter")
    gate(senim, "stop", people.bound, "")
    gate(senim, "resume", people.bound, "")
    happened(senim, people.bound, "order-completed", micros(clock.moment))
    happened(senim, people.bound, "order-completed", micros(began))
    happened(senim, people.simple, "order-completed", micros(began))
    refused(Code.PURPOSE_UNDECLARED, lambda: gate(senim, "stop", people.bound, "made-up"))
    clock.move(days=1)
    take_again(stage, people.simple)
    for verb in ("block", "unblock", "block"):
        gate(senim, verb, people.bound)
    gate(senim, "block", people.erased)
    acting.erase(senim, people.erased.subject)
    imported(stage)
    assert ask(senim, "use", "newsletter", people.withdrawn.subject, channel="email").allowed is False
    about(senim, people.simple.subject, lambda work, who: senim.consents.withdraw_all(work, who, evidence=ACCOUNT))
    return people


def imported(stage: Stage) -> None:
    """People who come many in one act, one of them refused."""
    senim, request = senim_of(stage), stage.request("registration")

    def act(work: Work) -> None:
        reception = senim.collection.reception(work, request, signed=False)
        for number in range(5):
            values = stage.values("registration")
            try:
                with work.part():
                    reception.take({**values, "contact.email": "none"} if number == 2 else values)
            except SenimError:
                assert number == 2

    senim.run(senim.actor(), act)


def test_an_honest_history_has_no_problem(stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was said and done in the right way, the rows follow from it; sealed, waiting, and from files too."""
    senim = senim_of(stage)
    lived(stage, clock)
    with monkeypatch.context() as place_:
        place_.setattr(senim.log._sealer, "seal_all", lambda: 0)
        report = senim.log.verify()
        assert report.waiting > 40
        assert report.ok, report.problems
    assert senim.log.verify().ok
    monkeypatch.setattr(standings, "IN_MEMORY", 100)
    assert senim.log.verify().problems == ()


def moved(agreed: Agreed, **changed: object) -> Callable[[Marks], Marks]:
    """The marks with another word about e-mails of the newsletter."""

    def change(marks: Marks) -> Marks:
        scopes = {**marks.agreed.get("newsletter", {}), "@email": replace(agreed, **changed)}
        return replace(marks, agreed={**marks.agreed, "newsletter": scopes})

    return change


YES = Agreed(given=True, proven=True, version=1, at=1, until=0, event="0" * 32)


def their(**changed: object) -> Callable[[Marks], Marks]:
    """The marks with the word that stands there changed."""
    return lambda marks: moved(marks.agreed["newsletter"]["@email"], **changed)(marks)


CHANGES: dict[str, tuple[str, Any, str]] = {
    "a no made a yes": ("withdrawn", their(given=True), "consents"),
    "a yes made up": ("withdrawn", moved(YES), "consents"),
    "a yes for another purpose": (
        "withdrawn", lambda marks: replace(marks, agreed={**marks.agreed, "delivery": {"/mailer": YES}}), "consents",
    ),
    "all said forgotten": ("withdrawn", lambda marks: replace(marks, agreed={}), "consents"),
    "a yes made a no": ("bound", their(given=False), "consents"),
    "an end put off": ("bound", their(until=2**50), "consents"),
    "a yes unproven": ("bound", their(proven=False), "consents"),
    "a yes to a newer text": ("bound", their(version=2), "consents"),
    "a yes made younger": ("bound", their(at=2**50), "consents"),
    "a yes with another proof": ("bound", their(event="0" * 32), "consents"),
    "a block lifted": ("bound", lambda marks: replace(marks, block=None), "block"),
    "a block with another reason": (
        "bound", lambda marks: replace(marks, block=replace(marks.block, reason="legal-duty")), "block",
    ),
    "a block set": ("simple", lambda marks: replace(marks, block=Block(at=1, reason="legal-duty")), "block"),
    "a stop lifted": ("bound", lambda marks: replace(marks, stops={}), "stops"),
    "a stop set": ("simple", lambda marks: replace(marks, stops={"": 1}), "stops"),
    "an event forgotten": ("bound", lambda marks: replace(marks, events={}), "events"),
    "an event moved": ("simple", lambda marks: replace(marks, events={**marks.events, "order-completed": 1}), "events"),
    "a term begun anew": (
        "withdrawn", lambda marks: replace(marks, events={**marks.events, "collection": 2**50}), "events",
    ),
    "all marks gone": ("bound", None, "consents, block, stops, events"),
    "an erased person with marks": ("erased", moved(YES), "consents"),
}  # fmt: skip


def put(senim: Senim, standing: Standing) -> None:
    """Write a row behind Senim's back."""
    unit = Unit()
    marks = None if standing.marks == Marks() else _encode(standing.marks)
    unit.add(_PUT, standing.created_at, standing.erased_at, marks, *place(standing.subject))
    senim.database.commit(unit)


def found(senim: Senim) -> list[tuple[str, str]]:
    """Whose row was changed, and what of it: all that a verification finds."""
    problems = senim.log.verify().problems
    assert {one.kind for one in problems} <= {ProblemKind.STANDING_CHANGED}
    told = [one.detail for one in problems if isinstance(one.detail, Hint)]
    assert {one.key for one in told} <= {"row-not-from-log"}
    return [
        (str(dict(one.parts)["subject"]), ", ".join(what.key.removeprefix("row-") for what in one.more)) for one in told
    ]


@pytest.fixture
def people(stage: Stage, clock: FixedClock) -> People:
    """Those of an honest history."""
    return lived(stage, clock)


def test_every_kind_of_mark_changed_in_the_database_is_found(stage: Stage, people: People) -> None:
    """Who writes to a person's row changes the next decision, and is found by the next verification (travel-25)."""
    senim = senim_of(stage)
    for name, (who, change, what) in CHANGES.items():
        subject = getattr(people, who).subject
        kept = senim.subjects.find(senim.database, subject)
        put(senim, replace(kept, marks=change(kept.marks) if change else Marks()))
        assert found(senim) == [(subject, what)], name
        put(senim, kept)
    assert found(senim) == []


def test_an_erasure_undone_or_made_up_in_the_database_is_found(stage: Stage, people: People) -> None:
    """Nobody comes back, and nobody is lost, without a trace: travel-25, tickets-23."""
    senim = senim_of(stage)
    for subject, erased_at, what in (
        (people.erased.subject, 0, "erasure"),
        (people.erased.subject, 2**50, "erasure"),
        (people.simple.subject, 1, "erasure"),
    ):
        kept = senim.subjects.find(senim.database, subject)
        put(senim, replace(kept, erased_at=erased_at))
        assert found(senim) == [(subject, what)]
        put(senim, kept)
    kept = senim.subjects.find(senim.database, people.simple.subject)
    put(senim, replace(kept, created_at=kept.created_at + 1))
    assert found(senim) == [(people.simple.subject, "registration")]


def test_rows_taken_away_added_moved_or_broken_are_found(stage: Stage, people: People) -> None:
    """A person without a row, and a row that nobody was taken in for, do not follow from the log."""
    senim, nobody = senim_of(stage), new_subject()
    unit = Unit()
    lane, ident = place(people.bound.subject)
    unit.add(_DROP, lane, ident)
    unit.add(_ADD, *place(nobody), 1, 1, 0, _encode(Marks(stops={"": 1})))
    unit.add(_PUT, 1, 0, b"\xc1", *place(people.simple.subject))
    senim.database.commit(unit)
    told = {people.bound.subject: "missing", nobody: "of-nobody"}
    assert dict(found(senim)) == {**told, people.simple.subject: "unread"}
    unit = Unit()
    unit.add(_ADD, (lane + 1) % 64, ident, 1, 1, 0, None)
    senim.database.commit(unit)
    assert sorted(found(senim)) == sorted([*told.items(), (people.simple.subject, "unread")])


def test_what_happens_while_the_log_is_verified_is_no_problem(
    stage: Stage, people: People, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    """A busy system is not accused: rows and entries newer than those that were read go together."""
    senim, compare = senim_of(stage), StandingsAgain.problems

    def meanwhile(again: StandingsAgain, told: About) -> Iterator[Problem]:
        acting.give(senim, people.withdrawn.subject, BY_EMAIL, stage.evidence("registration"))
        gate(senim, "unblock", people.bound)
        acting.erase(senim, people.bound.subject)
        stage.person()
        senim.tick()
        gate(senim, "stop", people.simple, "orders")
        yield from compare(again, partial(late, told))

    def late(told: About, subject: SubjectId) -> Any:
        if subject == people.withdrawn.subject and not done:
            done.append(subject)
            with another(stage, clock) as other:
                gate(other, "block", people.withdrawn)
        return told(subject)

    done: list[SubjectId] = []
    monkeypatch.setattr(StandingsAgain, "problems", meanwhile)
    assert senim.log.verify().ok
    assert done
