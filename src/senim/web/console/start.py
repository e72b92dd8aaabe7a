"""The start page: what needs doing, the worst first; each count leads to what it counts."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from senim.conformance.records import Status
from senim.errors import Code, SenimError
from senim.languages import wording
from senim.web.console.guard import Answer, look, member, place, platform

pages = Blueprint("start", __name__)

PLACES = {
    "overdue": ("requests.index", {"view": "overdue"}),
    "due": ("requests.index", {"view": "soon"}),
    "new": ("requests.index", {"view": "new"}),
    "identity": ("requests.index", {"view": "identity"}),
    "approval": ("requests.index", {"view": "second"}),
    "drafts": ("policy.index", {}),
    "letters": ("letters.index", {}),
    "tasks": ("tasks.index", {}),
    "orders": ("orders.index", {"state": "dead"}),
    "broken": ("promises.index", {"status": "broken"}),
}
"""What waits → the page where it is dealt with."""

ELSE = {"approval": "approvals.index"}
"""Where it is dealt with by a role that the first page is closed to."""


@pages.get("/")
def index() -> Answer:
    """What needs doing."""
    agenda = platform().agendas.of(look())
    counts = [(one.what, one.count, one.weight) for one in agenda.waiting]
    broken = _broken() if member().may("log") else 0
    if broken:
        counts.append(("broken", broken, "bad"))
    counts.sort(key=lambda one: ("bad", "warn", "").index(one[2]))
    waiting = [(what, count, weight, _place(what)) for what, count, weight in counts]
    kinds, words = {}, wording("rights")
    for one in agenda.next:
        kinds[one.kind] = words[f"kind-{one.kind}"].in_(g.language)
    return render_template("console/start.html", waiting=waiting, next=agenda.next, kinds=kinds, place=place)


def _place(what: str) -> str:
    """The page where something that waits is dealt with; empty if this role has none."""
    endpoint, values = PLACES[what]
    return place(endpoint, **values) or (place(ELSE[what]) if what in ELSE else "")


def _broken() -> int:
    """Clauses that are not kept; none are told while no policy is published."""
    try:
        return platform().conformance.board().count(Status.BROKEN)
    except SenimError as error:
        if error.code is not Code.POLICY_NOT_PUBLISHED:
            raise
        return 0
