"""Drills and verifications that somebody asks for at a door: slow work, so they are stored orders with a receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec

from senim.audit.records import Problem, Report
from senim.conformance import store
from senim.conformance.actions import Conformance
from senim.conformance.records import Progress, Status
from senim.conformance.stage import Platform
from senim.errors import Code, NotFound
from senim.identity import SubjectId, new_id
from senim.orders import Claimed, Context, Order, State
from senim.orders.rules import told
from senim.work import Work

DRILLS, LOG = "proof.run-drills", "proof.verify-log"
KINDS = (DRILLS, LOG)
"""What can be asked for."""

MOST_TOLD = 20
"""Problems of a log that a receipt tells one by one."""

_LEASE = timedelta(minutes=10)
"""How long a drill, or the verification of a large log, may be silent."""

_UNDER_WAY = (State.WAITING, State.RUNNING)


class Proving:
    """Looks whether promises hold, in the background."""

    def __init__(self, platform: Platform, conformance: Conformance) -> None:
        self._platform = platform
        self._conformance = conformance
        platform.orders.handle(DRILLS, self._drill, attempts=3, lease=_LEASE)
        platform.orders.handle(LOG, self._verify, attempts=3, lease=_LEASE)

    def ask(self, work: Work, kind: str) -> str:
        """Have it looked; the id of the order. One of a kind is under way at a time: that one is meant then.

        Raises NotAllowed (role_not_allowed), NotFound for a kind that there is not.
        """
        if kind not in KINDS:
            raise NotFound(Code.NOT_FOUND, "proof")
        work.attempt("proof.ordered", reason=kind)
        work.need("log")
        old = self.newest(work, kind)
        if old is not None and old.state in _UNDER_WAY:
            return old.id
        order = self._platform.orders.place(work, kind, lane_of=SubjectId(new_id()))
        store.put_newest(work, kind, old=old.id if old else "", new=order)
        work.record("proof.ordered", ref=order, reason=kind)
        return order

    def newest(self, work: Work, kind: str) -> Order | None:
        """The newest order of a kind, whatever became of it."""
        order = store.newest_order(work.database, kind)
        return self._platform.orders.find(work.database, order) if order else None

    def progress(self, work: Work) -> Progress | None:
        """How far the newest drills are; None if nobody ever asked for any."""
        order = self.newest(work, DRILLS)
        if order is None:
            return None
        names = self._conformance.to_drill()
        at = _reached(order.step, self._version())
        return Progress(order=order, done=at, of=len(names), now=names[at] if at < len(names) else "")

    def _version(self) -> int:
        return self._platform.policies.in_force(self._platform.works.clock.now()).version

    def _drill(self, context: Context, claimed: Claimed) -> dict[str, Any]:
        """Drill one control after the other; what each showed is kept at once, and a re-run goes on behind it."""
        version = self._version()
        for at, name in enumerate(self._conformance.to_drill()):
            if at < _reached(claimed.step, version):
                continue
            run = self._conformance.drill_one(name)
            context.step(f"{version}/{at + 1}", partial(self._conformance.record, runs=[run]))
        board = self._conformance.board()
        return {"version": board.version, **{status.value: board.count(status) for status in Status}}

    def _verify(self, context: Context, claimed: Claimed) -> dict[str, Any]:
        return receipt_of(self._platform.log.verify())


def _reached(step: str, version: int) -> int:
    """How many controls are drilled, if it was for this version."""
    drilled, _, number = step.partition("/")
    return int(number) if drilled == str(version) else 0


def receipt_of(report: Report) -> dict[str, Any]:
    """What a verification found, as an order may keep it: of details none that may be a value of a person."""
    found = [replace(one, detail=told(one.detail)) for one in report.problems[:MOST_TOLD]]
    return {
        "ok": report.ok,
        "size": report.size,
        "root": report.root,
        "problems": len(report.problems),
        "found": msgspec.to_builtins(found),
    }


def found_in(receipt: Mapping[str, Any]) -> tuple[Problem, ...]:
    """The problems that a receipt tells one by one."""
    return msgspec.convert(receipt.get("found", ()), tuple[Problem, ...])
