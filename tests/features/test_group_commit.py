"""Group commit: units that share a transaction do not share their fate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from senim.app import Senim
from senim.errors import Code, SenimError, Stale
from senim.identity import SubjectId, lane_of, new_id
from senim.storage import Unit, insert, main_metadata
from senim.storage.commit import Outcome
from senim.subjects import Standing
from senim.testing import FixedClock, Stage
from senim.work import Work
from tests.features import acting
from tests.features.acting import about, another, at_once, refused, senim_of

_ADD = insert(main_metadata.tables["subject"])


def enrolling(senim: Senim) -> tuple[str, Unit]:
    """A person who is only being enrolled: the id, and the unit with a key, a row and an entry."""
    work = senim.works.begin(senim.actor())
    standing = senim.vault.enrol(work)
    work.record("data.collected", subject=standing.subject)
    return standing.subject, work.unit


def erasing(senim: Senim, subject: str) -> Unit:
    """The unit of an erasure."""
    work = senim.works.begin(senim.actor())
    standing = senim.subjects.about(work, SubjectId(subject))
    senim.vault.erase(work, standing, reason="request")
    return work.unit


def twice(subject: str) -> Unit:
    """A unit that adds a row which is there already: the database refuses it, not a guard."""
    unit = Unit()
    unit.add(_ADD, lane_of(subject), bytes.fromhex(subject), 1, 1, 0, None)
    return unit


def guarded(senim: Senim, subject: str, epoch: int) -> Unit:
    """A unit that stands only while a person is as it was at ``epoch``."""
    unit = Unit()
    senim.subjects.watch(unit, Standing(subject=SubjectId(subject), epoch=epoch, created_at=0))
    unit.add(_ADD, lane_of(new := new_id()), bytes.fromhex(new), 1, 1, 0, None)
    return unit


def test_a_bad_unit_in_a_group_fails_alone(stage: Stage) -> None:
    """Of a group with a refused row and an outdated guard the others are all there: rows, keys and entries."""
    senim, known, leaving = senim_of(stage), stage.person(), stage.person()
    people, units = zip(*(enrolling(senim) for _ in range(5)), strict=True)
    group = [
        units[0],
        twice(known.subject),
        units[1],
        guarded(senim, known.subject, 99),
        units[2],
        erasing(senim, leaving.subject),
        units[3],
        guarded(senim, known.subject, 1),
        units[4],
    ]
    outcomes = senim.database.engine.apply(group, senim.key_store.engine)
    assert [type(one) for one in outcomes] == [
        type(None), Stale, type(None), Stale, type(None), type(None), type(None), type(None), type(None),
    ]  # fmt: skip
    for subject in people:
        assert not senim.subjects.find(senim.database, SubjectId(subject)).erased
        assert [one.act for one in senim.log.entries_waiting(SubjectId(subject))] == ["data.collected"]
    assert senim.persons.counts() == {"kek-1": 1 + 5}
    refused(Code.SUBJECT_ERASED, partial(acting.read, senim, leaving.subject))
    assert acting.read(senim, known.subject).values


def gathered(senim: Senim, acts: list[Callable[[], object]], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Run acts in threads, the first commit going on until all the others wait; the sizes of the groups."""
    group, sizes, pause = senim.database._group, list[int](), threading.Event()
    apply = group._apply

    def patient(units: list[Unit]) -> list[Outcome]:
        sizes.append(len(units))
        while len(sizes) == 1 and len(group._queue) < len(acts) - 1:
            pause.wait(0.001)
        return apply(units)

    monkeypatch.setattr(group, "_apply", patient)
    assert not [one for one in at_once(acts) if isinstance(one, SenimError)]
    return sizes


def test_people_who_come_at_once_share_a_commit_and_a_refused_one_keeps_nobody_out(
    stage: Stage, clock: FixedClock
) -> None:
    """Threads of two processes take in, refuse, withdraw and erase together; each gets its own answer."""
    senim = senim_of(stage)
    leaving, staying = [stage.person() for _ in range(4)], [stage.person() for _ in range(4)]
    requests = [stage.request("registration") for _ in range(4)]
    with another(stage, clock) as second:
        acts: list[tuple[str, Callable[[], object]]] = []
        for number, one in enumerate((senim, second) * 2):
            take = partial(one.collection.intake, intake=requests[number])
            acts += [
                ("taken", partial(one.run, one.actor(), take)),
                ("refused", partial(acting.correct, one, staying[number].subject, {"contact.pager": "1"})),
                ("erased", partial(acting.erase, one, leaving[number].subject)),
                ("read", partial(acting.read, one, staying[number].subject)),
            ]
        results = at_once([act for _, act in acts])
    for (what, _), result in zip(acts, results, strict=True):
        if what == "refused":
            assert isinstance(result, SenimError)
            assert result.code == Code.CATEGORY_UNDECLARED
        else:
            assert not isinstance(result, SenimError), (what, result)
    assert senim.subjects.count(senim.database) == (12, 4)
    assert senim.persons.counts() == {"kek-1": 8}
    senim.tick()
    clock.move(seconds=10)
    senim.tick()
    acts_told = [entry.act for _, entry in senim.log.entries()]
    assert acts_told.count("subject.erased") == 4
    assert acts_told.count("data.read") == 4
    assert senim.log.verify().ok


def test_units_that_gather_while_the_disk_is_busy_go_in_one_transaction(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The group grows by itself; acts on one person in it are still decided one after the other."""
    senim, person = senim_of(stage), stage.person()
    epoch = senim.subjects.find(senim.database, person.subject).epoch

    def enrol(work: Work) -> str:
        return senim.vault.enrol(work).subject

    def stop(name: str) -> str:
        gate = senim.gate
        return about(senim, person.subject, lambda work, who: gate.stop(work, who, name, reason="legal-duty"))

    stops = [partial(stop, name) for name in ("orders", "delivery", "newsletter")]
    acts: list[Callable[[], object]] = [partial(senim.run, senim.actor(), enrol) for _ in range(9)]
    sizes = gathered(senim, [*acts, *stops], monkeypatch)
    assert sizes[0] == 1
    assert max(sizes) > 2, sizes
    standing = senim.subjects.find(senim.database, person.subject)
    assert set(standing.marks.stops) == {"orders", "delivery", "newsletter"}
    assert standing.epoch == epoch + 3
    assert senim.subjects.count(senim.database) == (10, 0)
