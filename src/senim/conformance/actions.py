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
        promises = self._promises()
        source = self._platform.policies.version(promises.version).source
        names = sorted({name for clause in promises.policy.clauses for name in clause.kept_by})
        runs = []
        for name in names:
            control = BY_NAME[name]
            if control.drill is not None:
                told(name)
                evidence, detail = self._drilled(control, source)
                runs.append(Run(name, promises.version, evidence, detail, self._platform.works.clock.now()))
        self._record(self._with_live_faults(runs))
        return self.board()

    def _drilled(self, control: Control, source: bytes) -> tuple[Evidence, str]:
        assert control.drill is not None
        try:
            with self._throwaway(source) as platform:
                control.drill(Stage(platform, source, self._throwaway))
        except NothingDeclared as lacking:
            return Evidence.NOTHING_DECLARED, str(lacking)
        except DrillFailed as failure:
            return Evidence.DRILL_FAILED, str(failure)
        except SenimError as error:
            return Evidence.DRILL_FAILED, f"refused with {error}"
        except Exception as error:  # noqa: BLE001  # a mechanism so broken that its drill breaks off is not kept
            return Evidence.DRILL_FAILED, f"broke off with {type(error).__name__}"
        return Evidence.DRILLED, ""

    def _with_live_faults(self, runs: Iterable[Run]) -> list[Run]:
        report = self._platform.log.verify()
        if report.ok:
            return list(runs)
        first = report.problems[0]
        found = f"{first.kind.value} at entry {first.index}: {first.detail}"
        return [
            Run(run.control, run.version, Evidence.FAULT_FOUND, found, run.at) if run.control == _VERIFIED else run
            for run in runs
        ]

    def _record(self, runs: list[Run]) -> None:
        def act(work: Work) -> None:
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

        self._platform.run(SYSTEM, act)


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
