"""Systems worked by hand: what shows that somebody did it is there, sealed with the request, or told by its place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from senim.errors import Code
from senim.identity import Actor, ActorKind
from senim.rights import State
from senim.testing import FixedClock, Stage
from tests.features.acting import refused, senim_of
from tests.features.rights.scene import approve, by, decide, now, run
from tests.features.rights.test_execution import paper

MAP = """\
senim-map: 1
system:
  name: cabinet
  kind: manual
  role: archive
  tasks:
    erase: {kk: Қағаздарды жойыңыз., ru: Уничтожьте бумаги., en: Destroy the papers.}
    correct: {kk: Қағаздарды түзетіңіз., ru: Исправьте бумаги., en: Correct the papers.}
tables: {papers: {}}
"""
CLERK = Actor(kind=ActorKind.STAFF, id="clerk-1", role="archive")
SCAN = b"%PDF-1.7 signed off"


@pytest.fixture
def asked(stage: Stage) -> str:
    """An erasure that waits for the archive: its number."""
    maps = senim_of(stage).folder / "connectors"
    maps.mkdir()
    (maps / "cabinet.yaml").write_text(MAP, encoding="utf-8")
    number = by(stage, stage.person(), "erase").number
    decide(stage, number, granted=True)
    run(stage)
    approve(stage, number)
    run(stage)
    assert now(stage, number).state is State.EXECUTING
    return number


def test_a_scan_of_what_was_done_is_sealed_with_the_request(stage: Stage, clock: FixedClock, asked: str) -> None:
    """Nobody can name a scan that is not there: it is handed in, and opens with the request's other papers."""
    senim = senim_of(stage)
    (task,) = senim.tasks.list(senim.database)
    done = senim.tasks.done
    for wrong in ({}, {"archive": "somewhere"}, {"archive": "AR-2026/1", "scan": SCAN}):
        refused(Code.EVIDENCE_MISSING, lambda w=wrong: senim.run(CLERK, lambda work: done(work, task.id, **w)))  # type: ignore[misc]
    ended = senim.run(CLERK, lambda work: done(work, task.id, scan=SCAN, media="application/pdf", rows=2))
    assert paper(stage, asked, ended.evidence) == SCAN
    clock.move(seconds=timedelta(hours=2).total_seconds())
    run(stage)
    request = now(stage, asked)
    assert request.state is State.ANSWERED
    assert [one.receipt.evidence for one in request.done if one.receipt] == [ended.evidence]
    assert paper(stage, asked, ended.evidence) == SCAN
    assert senim.log.verify().ok


def test_a_scan_that_cannot_be_kept_leaves_the_task_open(stage: Stage, asked: str) -> None:
    """All or nothing: a scan that is too large ends no task."""
    senim = senim_of(stage)
    (task,) = senim.tasks.list(senim.database)
    large = bytes(20 * 1024 * 1024 + 1)
    refused(Code.BODY_TOO_LARGE, lambda: senim.run(CLERK, lambda work: senim.tasks.done(work, task.id, scan=large)))
    assert [one.id for one in senim.tasks.list(senim.database)] == [task.id]
    assert not [one for one in now(stage, asked).papers if one.what == "scan"]
