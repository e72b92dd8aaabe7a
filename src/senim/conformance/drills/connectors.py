"""Drills of connected systems: what is decided here is done there too, and looked at again."""

from __future__ import annotations

from senim.audit.statements import open_statement
from senim.conformance.drills.desk import Desk, with_address
from senim.conformance.stage import Stage
from senim.connectors.fake import FakeConnector
from senim.errors import Code
from senim.languages import Hint
from senim.rights import State
from senim.rights.answering import CERTIFICATE

_NAME = "drill-system"


def erase(stage: Stage) -> None:
    """A person's rows in a connected system are destroyed and searched for again; a system that forgot one is told."""
    _erased(stage, Desk(stage))
    _forgotten(stage, Desk(stage))


def _erased(stage: Stage, desk: Desk) -> None:
    (person, mine), (_, other) = with_address(stage), with_address(stage)
    system = _system(mine, other)
    stage.platform.connectors = (system,)
    request = desk.grant(desk.signed_in(person, "erase"))
    stage.expect(request.state is State.ANSWERED, Hint("request-is", state=request.state))
    left = {table: [row["email"] for row in rows] for table, rows in system.everything().items()}
    stage.expect(all(mine not in emails for emails in left.values()), Hint("rows-left"))
    stage.expect(all(emails == [other] for emails in left.values()), Hint("others-rows-gone"))
    (done,) = request.done
    rows = sum(one.rows for one in done.receipt.steps) if done.receipt else 0
    stage.expect(rows == 3, Hint("rows-told", count=rows))
    stage.expect(done.rescan and done.rescan.clean and done.rescan.searched, Hint("not-searched-again"))
    _, told = open_statement(desk.paper(request.number, CERTIFICATE).decode(), stage.platform.jwk)
    shown = [(one["system"], one["complete"]) for one in told["systems"]]
    stage.expect(shown == [(_NAME, True)], Hint("certificate-silent"))


def _forgotten(stage: Stage, desk: Desk) -> None:
    person, address = with_address(stage)
    system = _system(address, "")
    system.rows["mailing"] = [{"note": f"writes from {address}"}]  # a table that the map of the system does not know
    stage.platform.connectors = (system,)
    request = desk.grant(desk.signed_in(person, "erase"))
    stage.expect(request.state is not State.ANSWERED, Hint("done-too-early"))
    stage.expect(request.trouble == Code.STILL_FOUND, Hint("found-again-untold"))
    stage.expect(not desk.letters("erased"), Hint("told-falsely"))


def _system(mine: str, other: str) -> FakeConnector:
    """Two rows of one person and one of another in one table, one of each in the other."""
    others = [{"email": other}] if other else []
    return FakeConnector(
        _NAME,
        {"orders": [{"email": mine}, {"email": mine}, *others], "calls": [{"email": mine}, *others]},
        by={"orders": {"email": "email"}, "calls": {"email": "email"}},
    )
