"""A process that runs orders until it dies: ``worker.py FOLDER REMOTE MINUTES POINT``.

It kills itself at POINT of the first order that comes there; with no POINT it says each order that is done, and goes
on until it is killed or nothing is due. The deed of an order is a file in REMOTE named by the order's id, as a remote
system keeps one result for each key. ``MINUTES`` puts its clock ahead, so that leases of the dead are over.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from senim.app import Senim, open_senim
from senim.identity import SYSTEM, new_subject
from senim.orders import Claimed, Context, Done
from senim.work import Work

KIND, STEP_EFFECT, END_EFFECT = "test.deed", "effect.step", "effect.end"
POINTS = ("claimed", "done-remotely", "before-step", "after-step", "before-end", "after-end")


class Worker:
    """Runs orders of a kind."""

    def __init__(self, senim: Senim, remote: Path, point: str) -> None:
        self.senim = senim
        self.remote = remote
        self.point = point
        senim.orders.handle(KIND, self.handle)

    def die(self, here: str) -> None:
        """Die if this is the place."""
        if here == self.point:
            os.kill(os.getpid(), signal.SIGKILL)

    def effect(self, work: Work, kind: str, claimed: Claimed) -> None:
        """What is recorded in the database: a row that is there once if all is well, and twice if it is not."""
        self.senim.orders.place(work, kind, lane_of=new_subject(), about=claimed.id)

    def handle(self, context: Context, claimed: Claimed) -> Done:
        """A deed at a remote system, a step with an effect, an end with an effect."""
        self.die("claimed")
        if claimed.step != "recorded":
            with (self.remote / claimed.id).open("a", encoding="ascii") as deed:
                if not deed.tell():
                    deed.write("done once")
            self.die("done-remotely")

            def recorded(work: Work) -> None:
                self.effect(work, STEP_EFFECT, claimed)
                self.die("before-step")

            context.step("recorded", recorded)
            self.die("after-step")

        def ended(work: Work) -> None:
            self.effect(work, END_EFFECT, claimed)
            self.die("before-end")

        return Done({"rows": 1}, ended)


def main(folder: Path, remote: Path, minutes: int, point: str) -> None:
    """Open and work."""
    ahead = timedelta(minutes=minutes)
    with open_senim(folder, environment={}, now=lambda: datetime.now(UTC) + ahead) as senim:
        worker = Worker(senim, remote, point)
        while senim.orders.run_due("test", most=1):
            worker.die("after-end")
            sys.stdout.write("done\n")
            sys.stdout.flush()
        senim.run(SYSTEM, lambda work: None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
