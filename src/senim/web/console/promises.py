"""The promises board: for every clause kept, broken or cannot be told, with the evidence; drills; exports."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from flask import Blueprint, Response, abort, flash, g, jsonify, redirect, render_template, request, url_for

from senim.conformance import Board, ClauseResult, ControlResult, Progress, Status
from senim.conformance.proving import DRILLS
from senim.errors import Code, NotFound
from senim.languages import in_words, wording
from senim.orders import State
from senim.policy import Promises
from senim.policy.records import Clause
from senim.web.console.guard import Answer, look, needs, platform, run
from senim.web.shared.pages import words
from senim.web.shared.tables import cell

pages = Blueprint("promises", __name__, url_prefix="/promises")

COLUMNS = ("clause", "status", "control", "control_status", "evidence", "detail", "looked_at", "acts", "since")
"""Of the board as CSV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """A control in words, and what can be said of it."""

    name: str
    room: str
    says: str
    why: str
    result: ControlResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A clause on the board, in the reader's language."""

    clause: Clause
    says: str
    status: Status
    means: tuple[Means, ...]
    looked: datetime | None = field(default=None)
    """When the evidence that is oldest is of; None if for a part of it nobody has looked."""


def _promises() -> Promises:
    return platform().policies.in_force(platform().works.clock.now())


def read_board() -> tuple[Promises, Board, list[Promise]]:
    """The version in force, its board, and the board in the reader's language."""
    promises, board = _promises(), platform().conformance.known()
    told = [_promise(*pair) for pair in zip(promises.policy.clauses, board.clauses, strict=True)]
    return promises, board, told


def _promise(clause: Clause, found: ClauseResult) -> Promise:
    looked = [one.at for one in found.controls]
    return Promise(
        clause=clause,
        says=" ".join(clause.says.in_(g.language).split()),
        status=found.status,
        means=tuple(_means(one) for one in found.controls),
        looked=min((at for at in looked if at), default=None) if all(looked) else None,
    )


def _means(one: ControlResult) -> Means:
    return Means(
        name=one.name,
        room=one.name.partition(".")[0],
        says=wording("controls")[one.name].in_(g.language),
        why=wording("evidence")[one.evidence.value].in_(g.language),
        result=one,
    )


def states() -> dict[str, str]:
    """What can be said of a promise, in words."""
    return {status.value: wording("evidence")[status.value].in_(g.language) for status in Status}


@pages.get("/")
def index() -> Answer:
    """The board, broken promises first."""
    promises, board, told = read_board()
    state, room, text = (request.args.get(name, "") for name in ("state", "room", "text"))
    rooms = sorted({means.room for one in told for means in one.means})
    fit = [one for one in told if _fits(one, state=state, room=room, text=text.casefold().strip())]
    return render_template(
        "console/promises.html",
        promises=promises,
        counts={status: board.count(status) for status in Status},
        states=states(),
        rooms=[(name, words(g.door, g.language)[f"room-{name}"]) for name in rooms],
        found=sorted(fit, key=lambda one: one.status is not Status.BROKEN),
        chosen={"state": state, "room": room, "text": text},
        progress=platform().proving.progress(look()),
    )


def _fits(one: Promise, *, state: str, room: str, text: str) -> bool:
    return (
        (not state or one.status == state)
        and (not room or any(means.room == room for means in one.means))
        and (not text or text in one.says.casefold() or text in one.clause.id)
    )


@pages.get("/clauses/<clause>")
def show(clause: str) -> Answer:
    """One promise: what keeps it, on what evidence, and how anybody can check."""
    promises, _, told = read_board()
    order = [one.clause.id for one in told]
    if clause not in order:
        abort(404)
    place = order.index(clause)
    rules = {rule.id: rule.name.in_(g.language) for rule in promises.law.rules}
    clashes = [one for one in platform().policies.clashes(promises) if one.clause == clause]
    return render_template(
        "console/promise.html",
        promises=promises,
        one=told[place],
        states=states(),
        clashes=[(rules[one.rule], promises.law.cite(one.article, g.language)) for one in clashes],
        before=order[place - 1] if place else "",
        after=order[place + 1] if place + 1 < len(order) else "",
    )


@pages.route("/drills", methods=["GET", "POST"])
def drills() -> Answer:
    """Run all drills in the background, and see how far they are."""
    if request.method == "POST":
        return start()
    progress = platform().proving.progress(look())
    newest = progress.order if progress else None
    return render_template(
        "console/drills.html",
        progress=progress,
        state=_state(progress),
        receipt=newest.receipt if newest else {},
        states=states(),
        now=wording("controls")[progress.now].in_(g.language) if progress and progress.now else "",
    )


@needs("log")
def start() -> Answer:
    """Place the order."""
    run(lambda work: platform().proving.ask(work, DRILLS))
    flash(words(g.door, g.language)["drills-ordered"], "good")
    return redirect(url_for("promises.drills"), 303)


def _state(progress: Progress | None) -> str:
    """What the page of the drills says: never, waiting, running, done, dead or cancelled."""
    return progress.order.state.value if progress else "never"


@pages.get("/drills/progress")
def progress() -> Answer:
    """How far the drills are, for the page's script."""
    found = platform().proving.progress(look())
    if found is None:
        raise NotFound(Code.NOT_FOUND, "drills")
    says = wording("controls")[found.now].in_(g.language) if found.now else ""
    ended = found.order.state not in (State.WAITING, State.RUNNING)
    return jsonify(done=found.done, of=found.of, now=says, ended=ended)


@pages.get("/board.json")
def as_json() -> Answer:
    """The board for machines: as ``senim conformance --json`` tells it, with the checkpoint it was read beside."""
    promises, board, _ = read_board()
    told = {
        "policy": board.policy,
        "version": board.version,
        "digest": promises.digest,
        "read_at": platform().works.clock.now(),
        "checkpoint": newest_checkpoint(),
        "clauses": [
            {"id": one.id, "status": one.status, "controls": [_control(means) for means in one.controls]}
            for one in board.clauses
        ],
    }
    return as_file(msgspec.json.format(msgspec.json.encode(told), indent=2), "application/json", "promises.json")


def _control(one: ControlResult) -> dict[str, Any]:
    evidence = {"code": one.evidence, "detail": in_words(one.detail, g.language), "acts": one.count, "since": one.since}
    return {"name": one.name, "status": one.status, "evidence": evidence, "at": one.at}


@pages.get("/board.csv")
def as_csv() -> Answer:
    """The board as a table: a row for each clause and control."""
    _, board, _ = read_board()
    made = io.StringIO()
    rows = csv.writer(made)
    rows.writerow(COLUMNS)
    for clause in board.clauses:
        for one in clause.controls:
            looked, since = (at.isoformat() if at else "" for at in (one.at, one.since))
            said = in_words(one.detail, g.language)
            state = [clause.id, clause.status, one.name, one.status, one.evidence, said]
            rows.writerow([*map(cell, state), looked, one.count, since])
    return as_file(made.getvalue().encode("utf-8-sig"), "text/csv", "promises.csv")


def as_file(content: bytes, media: str, name: str) -> Response:
    """An answer to be saved."""
    answer = Response(content, mimetype=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def newest_checkpoint() -> str:
    """The newest signed state of the log; empty while nothing is sealed."""
    try:
        return platform().log.checkpoint()
    except NotFound:  # nothing is sealed yet
        return ""
