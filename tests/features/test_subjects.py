"""Subjects: who is known, how they stand, what changes it."""

from __future__ import annotations

from senim.errors import Code
from senim.identity import SubjectId, new_subject
from senim.subjects import Standing
from senim.testing import FixedClock, Stage
from senim.times import micros
from senim.work import Work
from tests.features import acting
from tests.features.acting import about, recorded, refused, senim_of, told_of


def test_a_person_is_known_by_a_random_id_and_by_nothing_else(stage: Stage, clock: FixedClock) -> None:
    """Who is registered is found by the id alone; an id that is none, or nobody's, finds nobody and is logged."""
    senim = senim_of(stage)
    standing: Standing = senim.run(senim.actor(), senim.subjects.register)
    found = senim.subjects.find(senim.database, standing.subject)
    assert (found.epoch, found.created_at, found.erased) == (1, micros(clock.moment), False)
    nobody = new_subject()
    assert senim.subjects.look(senim.database, nobody) is None
    assert senim.subjects.look(senim.database, SubjectId("alice@people.example")) is None
    refused(Code.NOT_FOUND, lambda: senim.subjects.find(senim.database, nobody))
    for subject, kept in ((nobody, nobody), ("alice@people.example", None), (standing.subject.upper(), None)):
        entries = recorded(
            senim,
            lambda subject=subject: about(senim, subject, lambda work, who: who),  # type: ignore[misc]  # bound
            refusal=Code.NOT_FOUND,
        )
        assert [(one.act, one.outcome, one.subject) for one in entries] == [("subject.sought", "refused", kept)]


def test_what_one_act_changes_of_a_person_is_written_once_and_whole(stage: Stage) -> None:
    """Several changes in one act build on each other; the last one is not the only one."""
    senim, person = senim_of(stage), stage.person()
    before = senim.subjects.find(senim.database, person.subject)
    subjects = senim.subjects

    def act(work: Work, who: Standing) -> Standing:
        stopped = subjects.stop(work, who, "orders")
        blocked = subjects.block(work, stopped, "request-of-person")
        return subjects.happened(work, blocked, "order-completed", work.at)

    about(senim, person.subject, act)
    after = subjects.find(senim.database, person.subject)
    assert after.epoch == before.epoch + 1
    assert set(after.marks.stops) == {"orders"}
    assert after.marks.block is not None
    assert set(after.marks.events) == {"order-completed"}
    assert after.marks.agreed == before.marks.agreed


def test_everybody_is_told_page_by_page_and_the_erased_are_counted(stage: Stage) -> None:
    """Everybody ever registered is told once, lane by lane; who is erased stays a number and an id."""
    senim = senim_of(stage)
    people = {senim.run(senim.actor(), senim.vault.enrol).subject for _ in range(30)}
    gone = sorted(people)[:3]
    for subject in gone:
        acting.erase(senim, subject)
    for most in (1, 2, 1000):
        told = list(senim.subjects.everybody(senim.database, most))
        assert sorted(one.subject for one in told) == sorted(people)
        assert sorted(one.subject for one in told if one.erased) == gone
    assert senim.subjects.count(senim.database) == (30, 3)


def test_an_erased_person_is_forgotten_but_for_the_proof(stage: Stage) -> None:
    """After an erasure the row says when, and nothing of what was agreed, blocked or stopped (airline-12)."""
    senim, person = senim_of(stage), stage.person()
    about(senim, person.subject, lambda work, who: senim.gate.stop(work, who, "", reason="request-of-person"))
    acting.erase(senim, person.subject)
    standing = senim.subjects.find(senim.database, person.subject)
    assert standing.erased
    assert standing.marks == type(standing.marks)()
    for verb in (acting.read, acting.erase):
        refused(Code.SUBJECT_ERASED, lambda verb=verb: verb(senim, person.subject))  # type: ignore[misc]  # bound
    assert "subject.erased" in {entry.act for entry in told_of(senim, person.subject)}
