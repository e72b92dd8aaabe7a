"""Requests of people: the list, and the pages of one of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, g, render_template, request, stream_with_context

from senim.errors import NotFound, SenimError
from senim.languages import wording
from senim.orders.records import State as OrderState
from senim.policy.notices import field_name
from senim.policy.promises import Promises
from senim.rights import Kind, Request, State, Way
from senim.rights.clock import check_extension, check_pause
from senim.rights.listing import OPEN_VIEWS, VIEWS
from senim.rights.records import PauseReason
from senim.rights.rules import check_undecided, is_open, let_go, proven
from senim.rights.words import explain_deadline
from senim.times import moment, stamp
from senim.web.console import naming
from senim.web.console.guard import Answer, look, member, platform, run
from senim.web.console.looking import promises as in_force
from senim.web.console.shown import row, say, touched, who
from senim.web.console.uploads import allow_files
from senim.web.shared.pages import words
from senim.web.shared.tables import cell

pages = Blueprint("requests", __name__, url_prefix="/requests")
pages.url_value_preprocessor(
    allow_files("requests.attach", "requests.save", "requests.signature", "requests.task_done")
)

TABS = ("show", "identity", "data", "plan", "messages", "tasks", "papers", "log")
"""The pages of a request, each at an address of its own."""


@pages.context_processor
def helpers() -> dict[str, Any]:
    """What templates tell requests with."""
    return {
        "say": say,
        "who": who,
        "touched": touched,
        "act_words": lambda act: wording("acts")[act].in_(g.language),
        "iso": date.fromisoformat,
        "instruction": _instruction,
        "cause": lambda code: naming.cause(in_force(), code),
    }


def _instruction(system: str, wish: str) -> str:
    """What the map of a system says there is to do by hand; nothing if it has no map any more."""
    found = platform().systems.check(system).map if system in platform().systems.names() else None
    text = found.system.tasks.get(wish) if found else None
    return text.in_(g.language) if text else ""


def _filters() -> dict[str, str]:
    """What the address asks for; words that are none are any."""
    asked = {name: request.args.get(name, "") for name in ("view", "kind", "way")}
    known = {"view": VIEWS, "kind": tuple(Kind), "way": tuple(Way)}
    found = {name: value if value in known[name] else "" for name, value in asked.items()}
    return {**found, "view": found["view"] or "open"}


@pages.get("/")
def index() -> Answer:
    """The requests that wait, the most urgent first."""
    filters = _filters()
    after, kind, way = request.args.get("after", ""), filters["kind"], filters["way"]
    found = platform().rights.listing.page(look(), filters["view"], kind=kind, way=way, after=after)
    askers = run(lambda work: platform().rights.listing.askers(work, found.requests))
    return render_template(
        "console/requests.html",
        rows=[row(one, askers.get(one.number, "")) for one in found.requests],
        ripe=ripe(found.requests),
        counts=platform().rights.listing.counts(look()),
        saved=OPEN_VIEWS,
        views=VIEWS,
        kinds=tuple(Kind),
        ways=tuple(Way),
        filters=filters,
        after=found.next,
    )


@pages.get("/list.csv")
def table() -> Answer:
    """The list as CSV: no value of a person is in it."""
    filters = _filters()
    answer = Response(stream_with_context(_lines(filters)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="requests-{filters["view"]}.csv"'
    return answer


def _lines(filters: dict[str, str]) -> Iterator[str]:
    said = words(g.door, g.language)
    names = ("number", "kind", "state", "received", "due", "remind", "left", "way", "language", "assigned", "systems")
    yield "\ufeff" + _line([said[f"rq-{one}"] for one in names])
    for one in platform().rights.listing.every(look(), filters["view"], kind=filters["kind"], way=filters["way"]):
        shown = row(one)
        yield _line(
            [
                one.number,
                say(f"kind-{one.kind}"),
                shown.said,
                *(stamp(moment(at)) if at else "" for at in (one.received_at, one.due, shown.reminded)),
                shown.left,
                say(f"way-{one.way}"),
                one.language,
                shown.assigned,
                f"{shown.done}/{shown.of}" if shown.of else "",
            ]
        )


def _line(cells: list[str]) -> str:
    told = io.StringIO()
    csv.writer(told).writerow(map(cell, cells))
    return told.getvalue()


# one request


def find(number: str) -> Request:
    """The request of an address. Raises NotFound."""
    return platform().rights.find(platform().database, number)


def page(number: str, tab: str, **shown: Any) -> str:
    """A page of a request, as it stands now."""
    found = find(number)
    return render_template(
        f"console/request_{tab}.html", tab=tab, tabs=TABS, one=found, row=row(found), open=is_open(found), **shown
    )


@pages.get("/<number>")
def show(number: str) -> Answer:
    """What is asked, how far it is, and what can be done."""
    return overview(number)


def overview(number: str, **shown: Any) -> str:
    """The first page of a request."""
    found = find(number)
    promises = platform().policies.in_force(platform().works.clock.now())
    clocks = [
        (one, explain_deadline(one, promises, g.language, None if one.met_at else found)) for one in found.deadlines
    ]
    return page(
        number,
        "show",
        clocks=clocks,
        may=_may(found),
        past=platform().rights.past(platform().database, found),
        field_name=lambda one: _named(promises, one),
        **shown,
    )


def _may(found: Request) -> frozenset[str]:
    """What can be done with a request now, so that no button leads to a refusal."""
    can = {"write"} if not found.closed_at and found.reachable else set[str]()
    if is_open(found):
        can |= {letting_go(found)} if _holds(lambda: let_go(found)) else set()
        can |= {"resume"} if found.paused else set()
        can |= {"extend"} if _holds(lambda: check_extension(found, look().at)) else set()
    if _holds(lambda: check_undecided(found)):
        can |= {"refuse", "ask", "supply"}
        can |= {"grant"} if proven(found) else set()
        can |= {"pause"} if pauses(found) else set()
    return frozenset(can)


def letting_go(found: Request) -> str:
    """What it is called to let go of a request: a person's own wish, or the operator's."""
    return "drop" if found.way is Way.OPERATOR else "withdraw"


def pauses(found: Request) -> list[PauseReason]:
    """For which reasons the clock of a request may stand still now."""
    return [one for one in PauseReason if _holds(lambda one=one: check_pause(found, one.value))]  # type: ignore[misc]


def _holds(check: Callable[[], object]) -> bool:
    try:
        check()
    except SenimError:
        return False
    return True


@pages.get("/<number>/identity")
def identity(number: str) -> Answer:
    """How it was shown who asks, or can be."""
    found, signature = find(number), platform().settings.rights.roots
    tried = [one for one in platform().rights.listing.traces(platform().database, number) if one.act in _TRIES]
    papers = [one for one in found.papers if one.what in ("authority", "scan", "letter", "evidence")]
    return page(number, "identity", tries=tried, papers=papers, signatures=bool(signature), now=look().at)


_TRIES = ("request.identified", "request.unproven", "request.coded", "request.represented", "request.linked")


@pages.get("/<number>/data")
def data(number: str) -> Answer:
    """What was found, system by system."""
    return found_data(number)


def found_data(number: str, **shown: Any) -> str:
    """The page of what was found."""
    promises = platform().policies.in_force(platform().works.clock.now())
    return page(number, "data", field_name=lambda one: _named(promises, one), **shown)


def _named(promises: Promises, reference: str) -> str:
    """How people read a field or a category."""
    if reference in promises.fields:
        return field_name(promises, reference, g.language)
    category = promises.policy.categories.get(reference)
    return category.name.in_(g.language) if category else reference


@pages.get("/<number>/plan")
def plan(number: str) -> Answer:
    """What is to be done, before and after it was."""
    found = find(number)
    return page(number, "plan", order=_order(found), **about_plan(found))


def about_plan(found: Request) -> dict[str, Any]:
    """What a plan is told with: whether it is one's own, and what its places are called."""
    promises = in_force()
    return {
        "mine": _own(found),
        "field_name": lambda one: _named(promises, one),
        "because": lambda place: act_of(promises, place),
    }


def _own(found: Request) -> bool:
    """Whether who is signed in made the plan, or decided what it is for."""
    by = (found.plan.by if found.plan else "", found.decision.by if found.decision else "")
    return member().actor.label in by


def ripe(found: Iterable[Request]) -> frozenset[str]:
    """The requests whose plan who is signed in may approve now, by their numbers."""
    if not member().may("approve"):
        return frozenset()
    waiting = (one for one in found if one.state is State.WAITING_APPROVAL and one.plan and not one.plan.problems)
    return frozenset(one.number for one in waiting if not _own(one))


def act_of(promises: Promises, place: str) -> str:
    """The act for whose sake something stays, by its place in the policy."""
    _, name, rest = place.split(".", 2)
    term = promises.policy.purposes[name].term
    number = int(rest.rpartition("[")[2].rstrip("]"))
    return "" if term == "unlimited" else str(term.keep[number].act.in_(g.language))


def _order(found: Request) -> str:
    """``dead`` if what carries it out gave up, else nothing."""
    try:
        order = platform().orders.find(platform().database, found.order) if found.order else None
    except NotFound:
        return ""
    return "dead" if order is not None and order.state is OrderState.DEAD else ""


@pages.get("/<number>/messages")
def messages(number: str) -> Answer:
    """What was written to whom, in which language."""
    sent = []
    for one in reversed(platform().rights.listing.traces(platform().database, number)):
        if one.template:
            try:
                sent.append((one, platform().messages.find(platform().database, one.id)))
            except NotFound:
                continue
    return page(number, "messages", sent=sent, may=_may(find(number)))


@pages.get("/<number>/tasks")
def tasks(number: str) -> Answer:
    """What people have still to do by hand, and what shows that they did."""
    found = find(number)
    theirs = [one for one in platform().tasks.list(platform().database, done=True) if one.of == found.order]
    return page(number, "tasks", theirs=theirs if found.order else [])


@pages.get("/<number>/papers")
def papers(number: str) -> Answer:
    """What is sealed with the request."""
    return page(number, "papers")


@pages.get("/<number>/log")
def log(number: str) -> Answer:
    """What was done about it, from the first to the last."""
    acts = [one for one in platform().rights.listing.traces(platform().database, number) if one.act]
    return page(number, "log", acts=acts)
