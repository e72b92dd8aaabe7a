"""How requests, and who did what, are told on pages of the console."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, g, make_response

from senim.connectors.records import Step
from senim.languages import Language
from senim.rights import Request
from senim.rights.clock import overdue, reminded_at
from senim.rights.rules import is_open
from senim.rights.words import left, state_told, told
from senim.times import micros
from senim.web.console.guard import look, platform
from senim.web.shared.pages import words


def told_with(page: str, status: int) -> Response:
    """A page with a status of its own: a form that is shown again because something in it is wrong."""
    answer = make_response(page)
    answer.status_code = status
    return answer


def say(word: str) -> str:
    """A kind, a state, a reason in the reader's language: ``kind-erase``, ``state-received``."""
    return told(word, g.language)


def who(label: str) -> str:
    """Who did something, by the label of the log: a colleague's name, or what else acts here."""
    kind, _, name = label.partition(":")
    said = words(g.door, g.language)
    if kind == "staff":
        names = platform().staff.names(look(), name) if name else None
        return names.shown if names else said["rq-who-folder" if name == "local" else "by-staff"]
    return said.get(f"rq-who-{kind}", label)


def colleague(account: str) -> str:
    """The name of an account."""
    return who(f"staff:{account}") if account else ""


def systems(request: Request) -> tuple[int, int]:
    """How many of the operator's systems have done their part, and how many have one."""
    if request.plan is None:
        return 0, 0
    named = {one.system for one in request.plan.systems if one.steps}
    named |= {one.system for one in request.plan.reads if one.rows}
    return len({one.system for one in request.done if not one.waits} & named), len(named)


def touched(step: Step) -> str:
    """What a step does to rows, in words."""
    return words(g.door, g.language)[f"rq-step-{step.act.value}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A request as lists and the heads of its pages show it. Times are microseconds since 1970 UTC."""

    request: Request
    asker: str
    said: str
    """How far it is."""
    left: str
    tone: str
    """How its clock stands: ``bad``, ``warn``, ``good`` or nothing."""
    last: int
    """The last moment that is in time, so that a term until midnight is told by its day; 0 if nothing runs."""
    reminded: int
    """Our own date, before the one that was promised; 0 if nothing runs or it is too late."""
    done: int
    of: int
    assigned: str


def row(request: Request, asker: str = "") -> Row:
    """A request with its clock and its systems in words."""
    now = platform().works.clock.now()
    calendar = platform().policies.in_force(now).calendar
    running = [one for one in request.deadlines if not one.met_at]
    reminded = min((reminded_at(one) for one in running), default=0)
    done, of = systems(request)
    language: Language = g.language
    tone = _tone(request, micros(now), reminded)
    return Row(
        request=request,
        asker=asker,
        said=state_told(request, language),
        left=left(request, calendar, now, language) if is_open(request) else "",
        tone=tone,
        last=request.due - 1 if request.due else 0,
        reminded=0 if tone == "bad" or not is_open(request) else reminded,
        done=done,
        of=of,
        assigned=colleague(request.assigned),
    )


def _tone(request: Request, now: int, reminded: int) -> str:
    if not is_open(request):
        return "good" if request.decision is not None and request.decision.granted else ""
    if request.paused or not reminded:
        return ""
    return "bad" if overdue(request, now) else "warn" if reminded <= now else ""
