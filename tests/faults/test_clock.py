"""A clock that goes backwards: small steps are waited out, large ones stop all work; nothing runs out of order."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from senim.app import open_senim
from senim.audit.checkpoint import parse_note
from senim.errors import Code, SenimError, Unavailable
from senim.testing import FixedClock
from tests.faults.conftest import Command
from tests.faults.scene import Scene, halves, refused, seen


def test_a_small_step_back_is_waited_out(scene_on_both: Scene, clock: FixedClock) -> None:
    """Time corrections of seconds stop nobody, and the times in the log never fall."""
    scene = scene_on_both
    for _ in range(3):
        assert scene.send("POST", "/v1/intake", scene.intake()).status_code == 201
        clock.move(seconds=-1)
    assert halves(scene.senim) == []
    times = [entry.at for entry in seen(scene.senim).entries]
    assert times == sorted(times)


def test_a_large_step_back_stops_work_until_the_clock_is_right(scene_on_both: Scene, clock: FixedClock) -> None:
    """503 with its code for writing, reading and asking; then everything goes on, and nothing was written meanwhile."""
    scene = scene_on_both
    body = scene.intake()
    subject = scene.send("POST", "/v1/intake", body, Idempotency_Key="k").json["subject"]  # type: ignore[index]
    scene.senim.tick()
    size = scene.senim.log.size
    clock.move(hours=-1)
    question = {"operation": "use", "purpose": "orders", "subject": subject}
    for answer in (
        scene.send("POST", "/v1/intake", body),
        scene.send("POST", "/v1/intake", body, Idempotency_Key="k"),
        scene.read(subject),
        scene.erase(subject),
        scene.send("POST", "/v1/check", question),
    ):
        refused(answer, 503, "clock_went_back")
        assert answer.headers["Retry-After"]
    clock.move(hours=1, seconds=1)
    assert scene.read(subject).status_code == 200
    assert scene.count() == 1
    scene.senim.tick()
    assert scene.senim.log.size == size + 1, "the reading, and nothing from before"
    assert halves(scene.senim) == []


def test_a_consent_that_is_over_does_not_come_back_with_the_clock(scene: Scene, clock: FixedClock) -> None:
    """The newsletter's consent lasts three years; a clock set back does not lengthen it."""
    subject = scene.send("POST", "/v1/intake", scene.intake()).json["subject"]  # type: ignore[index]
    question = {"operation": "collect", "purpose": "newsletter", "subject": subject}
    assert scene.send("POST", "/v1/check", question).json["allowed"]  # type: ignore[index]
    clock.move(days=3 * 366)
    answer = scene.send("POST", "/v1/check", question)
    assert "term_over" in {reason["code"] for reason in answer.json["reasons"]}  # type: ignore[index]
    clock.move(seconds=-4)
    assert not scene.send("POST", "/v1/check", question).json["allowed"]  # type: ignore[index]
    clock.move(days=-365)
    refused(scene.send("POST", "/v1/check", question), 503, "clock_went_back")
    clock.move(days=366)


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "only durable"])
def test_a_restart_with_an_earlier_clock_is_refused(sealed: bool, operator: Path) -> None:
    """The newest entry binds the clock of the next process too, whether it was sealed or not; nothing is changed."""
    clock = FixedClock()
    clock.move(days=400)
    first = open_senim(operator, environment={}, now=clock)
    first.run(first.actor(), lambda work: first.access.add(work, "site", role="shop"))
    if sealed:
        first.tick()
    first.database.close()
    first.key_store.close()
    clock.move(hours=-1)
    with pytest.raises(Unavailable) as refusal:
        open_senim(operator, environment={}, now=clock)
    assert refusal.value.code is Code.CLOCK_WENT_BACK
    clock.move(hours=2)
    with open_senim(operator, environment={}, now=clock) as again:
        assert halves(again) == []
        times = [entry.at for entry in seen(again).entries]
        assert times == sorted(times)


def test_the_command_line_says_that_the_clock_is_wrong(operator: Path, command: Command) -> None:
    """Exit code 1, the code and what to do."""
    clock = FixedClock()
    clock.move(days=10_000)
    with open_senim(operator, environment={}, now=clock) as ahead:
        ahead.run(ahead.actor(), lambda work: ahead.access.add(work, "site", role="shop"))
    ran = command("log", "show", "-C", operator)
    assert (ran.code, ran.err.partition(":")[0]) == (1, "clock_went_back")
    assert "Set the clock right" in ran.err


def test_sealing_waits_for_the_clock_and_goes_on(scene_on_both: Scene, clock: FixedClock) -> None:
    """While the clock is wrong the log is not sealed; what waits is sealed afterwards, and checkpoints only grow."""
    scene = scene_on_both
    scene.senim.tick()
    before = parse_note(scene.senim.log.checkpoint())[0].size
    scene.stage.person()
    clock.move(hours=-1)
    with pytest.raises(SenimError) as refusal:
        scene.senim.tick()
    assert refusal.value.code is Code.CLOCK_WENT_BACK
    clock.moment += timedelta(hours=1)
    assert scene.senim.tick() > 0
    assert parse_note(scene.senim.log.checkpoint())[0].size > before
    assert halves(scene.senim) == []
