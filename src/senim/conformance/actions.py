"""The promises board: for every clause kept, broken or cannot be told, by which control, with what evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from senim.audit.records import Outcome, Tally
from senim.conformance import store
from senim.conformance.controls import BY_NAME
from senim.conformance.records import (
    Board,
    ClauseResult,
    Control,
    ControlResult,
    DrillFailed,
    Evidence,
    NothingDeclared,
    Run,
    Status,
    worst,
)
from senim.conformance.stage import Platform, Stage, Throwaway
from senim.errors import SenimError
from senim.identity import SYSTEM
from senim.languages import Hint, Said
from senim.orders import rules
from senim.policy.promises import Promises
from senim.times import moment
from senim.work import Work

FRESH = timedelta(days=31)
"""How long a drill counts. After that nobody has looked, and it cannot be told."""

_VERIFIED = "audit.tamper-evident"
_STATUS = {Evidence.DRILLED: Status.KEPT, Evidence.DRILL_FAILED: Status.BROKEN, Evidence.FAULT_FOUND: Status.BROKEN}


class Conformance:
    """Reads everything and changes nothing but its own report."""

    def __init__(self, platform: Platform, throwaway: Throwaway) -> None:
        self._platform = platform
        self._throwaway = throwaway

    def board(self) -> Board:
        """What can be said of every clause of the policy in force. Raises Unavailable if none is published."""
        self._platform.tick()
        return self.known()

    def known(self) -> Board:
        """The board as far as it is sealed: two short reads, for whoever only looks. Raises as :meth:`board`."""
        promises = self._promises()
        runs = store.everything(self._platform.database)
        tallies = {(tally.act, tally.detail): tally for tally in self._platform.log.tallies()}
        names = {name for clause in promises.policy.clauses for name in clause.kept_by}
        results = {name: self._result(BY_NAME[name], promises, runs.get(name), tallies) for name in sorted(names)}
        clauses = []
        for clause in promises.policy.clauses:
            controls = tuple(results[name] for name in clause.kept_by)
            clauses.append(ClauseResult(clause.id, worst(one.status for one in controls), controls))
        return Board(promises.policy.id, promises.version, tuple(clauses))

    def _promises(self) -> Promises:
        return self._platform.policies.in_force(self._platform.works.clock.now())

    def _result(
        self, control: Control, promises: Promises, run: Run | None, tallies: dict[tuple[str, str], Tally]
    ) -> ControlResult:
        count, since = _live(control, tallies)
        if control.drill is None:
            return ControlResult(control.name, Status.CANNOT_TELL, Evidence.ROOM_LATER, control.room)
        if run is None or run.version != promises.version:
            return ControlResult(control.name, Status.CANNOT_TELL, Evidence.NOT_DRILLED, "", None, count, since)
        evidence = run.evidence
        now: datetime = self._platform.works.clock.now()
        if evidence is Evidence.DRILLED and now - run.at > FRESH:
            evidence = Evidence.STALE
        status = _STATUS.get(evidence, Status.CANNOT_TELL)
        return ControlResult(control.name, status, evidence, run.detail, run.at, count, since)

    def drill(self, *, told: Callable[[str], None] = lambda name: None) -> Board:
        """Run the drill of every control that the policy names, each on a fresh platform with this policy.

        ``told`` hears of each control before its drill. The live log is verified as well: a fault there breaks
        the promise whatever the drill showed.
        """
        runs = []
        for name in self.to_drill():
            told(name)
            runs.append(self.drill_one(name))
        self._platform.run(SYSTEM, lambda work: self.record(work, runs))
        return self.board()

    def to_drill(self) -> list[str]:
        """The controls that the policy in force names and that have a drill, in the order in which they are drilled."""
        names = {name for clause in self._promises().policy.clauses for name in clause.kept_by}
        return sorted(name for name in names if BY_NAME[name].drill is not None)

    def drill_one(self, name: str) -> Run:
        """Run the drill of one control under the policy in force; nothing is recorded yet."""
        promises = self._promises()
        evidence, detail = self._drilled(BY_NAME[name], self._platform.policies.version(promises.version).source)
        fault = self._live_fault() if name == _VERIFIED else ""
        if fault:
            evidence, detail = Evidence.FAULT_FOUND, fault
        return Run(name, promises.version, evidence, rules.told(detail), self._platform.works.clock.now())

    def _drilled(self, control: Control, source: bytes) -> tuple[Evidence, Said]:
        assert control.drill is not None
        try:
            with self._throwaway(source) as platform:
                control.drill(Stage(platform, source, self._throwaway))
        except NothingDeclared as lacking:
            return Evidence.NOTHING_DECLARED, lacking.what
        except DrillFailed as failure:
            return Evidence.DRILL_FAILED, failure.what
        except SenimError as error:
            return Evidence.DRILL_FAILED, Hint("drill-refused", refusal=str(error))
        except Exception as error:  # noqa: BLE001  # a mechanism so broken that its drill breaks off is not kept
            return Evidence.DRILL_FAILED, Hint("drill-broke-off", kind=type(error).__name__)
        return Evidence.DRILLED, ""

    def _live_fault(self) -> Said:
        """What is wrong with the live log; empty if nothing is."""
        report = self._platform.log.verify()
        if report.ok:
            return ""
        first = report.problems[0]
        return Hint("at-entry", index=first.index, says=first.detail) if first.index >= 0 else first.detail

    def record(self, work: Work, runs: Iterable[Run]) -> None:
        """Keep what drills showed, and tell the log."""
        for run in runs:
            store.put(work, run)
            outcome = Outcome.REFUSED if _STATUS.get(run.evidence) is Status.BROKEN else Outcome.DONE
            work.record(
                "control.drilled",
                outcome=outcome,
                reason=run.control,
                codes=(run.evidence.value,),
                policy=run.version,
            )


def _live(control: Control, tallies: dict[tuple[str, str], Tally]) -> tuple[int, datetime | None]:
    """How many acts of a control are in the log, and since when."""
    found = []
    for act in control.acts:
        name, _, code = act.partition(":")
        details = [code] if code else ["done", "allowed", "refused"]
        found += [tallies[name, detail] for detail in details if (name, detail) in tallies]
    if not found:
        return 0, None
    return sum(tally.count for tally in found), moment(min(tally.first_at for tally in found))
