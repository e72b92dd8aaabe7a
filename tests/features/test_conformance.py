"""The promises board: kept, broken or cannot be told, by which control, on what evidence and of when."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from senim.app import Senim
from senim.conformance import Board, Status
from senim.conformance.controls import BY_NAME, CONTROLS
from senim.conformance.records import ClauseResult, ControlResult, DrillFailed, Evidence, worst
from senim.conformance.store import runs
from senim.errors import Code
from senim.languages import Hint, in_words
from senim.storage import query
from senim.testing import FixedClock, Stage, platform
from tests.features import acting
from tests.features.acting import another, recorded, refused, senim_of

LATER = [control.name for control in CONTROLS if control.drill is None]


def resting_on(mini: bytes, **clauses: tuple[str, ...]) -> bytes:
    """The small policy whose clauses rest on other controls; ``mini_3=("gate.block",)``."""
    for clause, controls in clauses.items():
        head, _, tail = mini.partition(b"  - id: %s\n" % clause.replace("_", "-").encode())
        named = f"kept-by: [{', '.join(controls)}]".encode()
        mini = (
            head
            + b"  - id: %s\n" % clause.replace("_", "-").encode()
            + re.sub(rb"kept-by: \[.*?\]", named, tail, count=1)
        )
    return mini


def clause(board: Board, name: str) -> ClauseResult:
    """A clause of the board."""
    return next(one for one in board.clauses if one.id == name)


def control(board: Board, name: str) -> ControlResult:
    """A control of the board."""
    return next(one for part in board.clauses for one in part.controls if one.name == name)


def test_platforms_of_drills_share_nothing(mini: bytes) -> None:
    """Their databases are copies of an empty one: each has its own keys and people, and its owner alone may read it."""
    with platform(mini) as one, platform(mini) as other:
        person = one.person()
        assert [found.subject for found in senim_of(one).subjects.everybody(one.platform.database)] == [person.subject]
        assert list(senim_of(other).subjects.everybody(other.platform.database)) == []
        assert one.platform.jwk != other.platform.jwk
        for name in ("senim.db", "keys.db"):
            assert (other.platform.folder / name).stat().st_mode & 0o777 == 0o600


def test_nothing_counts_as_kept_because_nobody_looked(stage: Stage) -> None:
    """Before the first drill every clause cannot be told, also if its controls have been at work (idea 7)."""
    senim = senim_of(stage)
    stage.person()
    board = senim.conformance.board()
    assert (board.policy, board.version) == ("mini", 1)
    assert {one.status for one in board.clauses} == {Status.CANNOT_TELL}
    declared_only = control(board, "collection.declared-only")
    assert (declared_only.evidence, declared_only.at) == (Evidence.NOT_DRILLED, None)
    sealed = control(board, "vault.sealed")
    assert (sealed.count, sealed.since) == (1, senim.works.clock.now())


def test_a_drill_dates_its_evidence_and_is_in_the_log(stage: Stage, clock: FixedClock) -> None:
    """Kept means: shown on this very policy, on that day, by these acts; every drill has its entry (mini-1)."""
    senim = senim_of(stage)
    clock.move(days=3)
    heard: list[str] = []
    entries = recorded(senim, lambda: senim.conformance.drill(told=heard.append))
    names = sorted({name for one in stage.policy.clauses for name in one.kept_by})
    assert heard == names
    assert [(one.act, one.outcome, one.reason, one.codes, one.actor) for one in entries] == [
        ("control.drilled", "done", name, ("drilled",), "system:senim") for name in names
    ]
    board = senim.conformance.board()
    assert board.count(Status.KEPT) == len(board.clauses) == 4
    assert {one.at for part in board.clauses for one in part.controls} == {clock.moment}
    with another(stage, clock) as second:
        assert second.conformance.board() == board


def test_evidence_grows_old(stage: Stage, mini: bytes, clock: FixedClock) -> None:
    """A drill counts for a month and for its own version; after that nobody has looked."""
    senim = senim_of(stage)
    senim.conformance.drill()
    at = clock.moment
    clock.move(days=31)
    assert senim.conformance.board().count(Status.KEPT) == 4
    clock.move(seconds=1)
    board = senim.conformance.board()
    assert board.count(Status.CANNOT_TELL) == 4
    stale = control(board, "vault.sealed")
    assert (stale.evidence, stale.at) == (Evidence.STALE, at)
    senim.conformance.drill()
    changed = mini.replace(b"en: Privacy policy}", b"en: Another edition}")
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, changed))
    board = senim.conformance.board()
    assert board.version == 2
    assert {one.evidence for part in board.clauses for one in part.controls} == {Evidence.NOT_DRILLED}


@pytest.mark.parametrize("names", [LATER[at : at + 16] for at in range(0, len(LATER), 16)], ids=lambda names: names[0])
def test_what_belongs_to_a_later_room_is_never_called_kept(
    staged: acting.Staged, mini: bytes, names: list[str]
) -> None:
    """A clause that rests on a room that is not built cannot be told, and a broken control breaks it all the same."""
    stage = staged(resting_on(mini, mini_1=tuple(names), mini_2=("policy.scope", names[0])))
    senim = senim_of(stage)
    for board in (senim.conformance.board(), senim.conformance.drill(), senim.conformance.board()):
        for name in names:
            found = control(board, name)
            assert (found.status, found.evidence, found.at) == (Status.CANNOT_TELL, Evidence.ROOM_LATER, None)
            assert found.detail == name.partition(".")[0]
        assert clause(board, "mini-1").status is Status.CANNOT_TELL
        assert clause(board, "mini-2").status is Status.CANNOT_TELL
    assert control(board, "policy.scope").status is Status.KEPT


def test_a_clause_is_as_good_as_the_worst_of_its_controls(
    staged: acting.Staged, mini: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One broken control breaks every clause that names it and no other; mended, the next drill says so."""
    stage = staged(
        resting_on(
            mini, mini_1=("gate.block", "rights.block"), mini_2=("gate.stop",), mini_3=("gate.block", "gate.stop")
        )
    )
    senim = senim_of(stage)
    with monkeypatch.context() as patched:
        patched.setattr("senim.subjects.actions.Subjects.block", lambda self, work, standing, reason: standing)
        board = senim.conformance.drill()
    assert clause(board, "mini-1").status is Status.BROKEN
    assert clause(board, "mini-2").status is Status.KEPT
    assert clause(board, "mini-3").status is Status.BROKEN
    assert clause(board, "mini-4").status is Status.KEPT
    assert control(board, "gate.block").detail == Hint("was-allowed", what=Hint("blocked-data"))
    assert ("control.drilled", "refused", "gate.block", ("drill_failed",)) in {
        (entry.act, entry.outcome, entry.reason, entry.codes) for _, entry in senim.log.entries()
    }
    assert clause(senim.conformance.drill(), "mini-3").status is Status.KEPT
    assert worst([]) is Status.CANNOT_TELL


def test_a_finding_is_kept_without_words_and_an_older_one_as_it_stood(staged: acting.Staged, mini: bytes) -> None:
    """It is read in any language whenever it was found; a run of before has its sentence, and a broken row is told."""
    stage = staged(resting_on(mini, mini_1=("collection.documents-of-others",)))
    senim = senim_of(stage)
    found = control(senim.conformance.drill(), "collection.documents-of-others")
    stored = {row[0]: row[1] for row in senim.database.read(query(select(runs.c.control, runs.c.detail)))}
    assert stored[found.name] == '{"key":"no-such-point","parts":[],"more":[]}'
    assert in_words(found.detail, "ru") == "такого места сбора нет"
    for said in ("using blocked data: was allowed", "“accept” is proven for something else", ""):
        change(senim, f"UPDATE control_run SET detail = '{said}'")
        assert control(senim.conformance.board(), found.name).detail == said
    change(senim, "UPDATE control_run SET detail = '{\"key\":1}'")
    refused(Code.STORAGE_CORRUPT, senim.conformance.board)


def change(senim: Senim, statement: str) -> None:
    """Write behind Senim's back."""
    senim.database.engine.execute(statement)


def test_a_finding_that_may_be_somebody_s_is_not_kept(
    staged: acting.Staged, mini: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drill that would tell an address tells nothing but that it failed."""
    stage = staged(resting_on(mini, mini_1=("policy.scope",)))

    def telling(_: Stage) -> None:
        raise DrillFailed(Hint("no-name", name="ann@people.example"))

    monkeypatch.setitem(BY_NAME, "policy.scope", replace(BY_NAME["policy.scope"], drill=telling))
    found = control(senim_of(stage).conformance.drill(), "policy.scope")
    assert (found.evidence, found.detail) == (Evidence.DRILL_FAILED, "")


def test_a_policy_that_declares_nothing_of_it_cannot_be_told(staged: acting.Staged, mini: bytes) -> None:
    """A control that a policy gives nothing to be shown on is not kept but cannot be told, and says why."""
    stage = staged(resting_on(mini, mini_1=("collection.documents-of-others",)))
    found = control(senim_of(stage).conformance.drill(), "collection.documents-of-others")
    assert (found.status, found.evidence) == (Status.CANNOT_TELL, Evidence.NOTHING_DECLARED)
    assert found.detail == Hint("no-such-point")
    assert found.at is not None


def test_a_fault_in_the_live_log_breaks_the_promise_whatever_the_drill_showed(
    staged: acting.Staged, mini: bytes
) -> None:
    """The drill shows that changes would be found; a change that is found here and now breaks the clause."""
    stage = staged(resting_on(mini, mini_1=("audit.tamper-evident",)))
    senim = senim_of(stage)
    stage.person()
    assert clause(senim.conformance.drill(), "mini-1").status is Status.KEPT
    senim.database.engine.execute("UPDATE log_tile SET hashes = leaves FROM log_bundle WHERE log_tile.level = 0")
    found = control(senim.conformance.drill(), "audit.tamper-evident")
    assert (found.status, found.evidence) == (Status.BROKEN, Evidence.FAULT_FOUND)
    assert found.detail == Hint("at-entry", index=0, says=Hint("entry-other"))


def test_live_evidence_counts_the_acts_of_a_control(staged: acting.Staged, mini: bytes, clock: FixedClock) -> None:
    """Beside the drill the board says how often the control was at work here, and since when."""
    stage = staged(resting_on(mini, mini_1=("gate.block", "consent.withdrawal")))
    senim, begun = senim_of(stage), clock.moment
    person = stage.person()
    acting.about(senim, person.subject, lambda work, who: senim.gate.block(work, who, reason="legal-duty"))
    clock.move(days=2)
    for _ in range(3):
        acting.ask(senim, "use", "orders", person.subject)
    board = senim.conformance.board()
    found = control(board, "gate.block")
    assert (found.count, found.since) == (4, begun)
    assert control(board, "consent.withdrawal").count == 0
    assert control(board, "consent.withdrawal").since is None


def test_without_a_policy_there_is_no_board(stage: Stage, clock: FixedClock) -> None:
    """A board of nothing is refused, not shown as if all were well."""
    senim = senim_of(stage)
    clock.moment = senim.policies.version(1).effective
    senim.database.engine.execute("DELETE FROM policy_version")
    with another(stage, clock) as second:
        refused(Code.POLICY_NOT_PUBLISHED, second.conformance.board)
