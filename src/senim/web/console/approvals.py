"""Plans that wait for a second person, for roles that approve and do nothing else with requests: the plan, yes or no.

Whoever handles requests finds the same plan, and the same two buttons, on the pages of the request.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for

from senim.errors import Code, NotFound, SenimError
from senim.rights import Request, State
from senim.rights.listing import TOGETHER
from senim.web.console.again import fresh
from senim.web.console.guard import Answer, acted, look, platform, run
from senim.web.console.requests import about_plan, find, helpers, ripe
from senim.web.console.shown import row
from senim.web.shared.pages import refused

pages = Blueprint("approvals", __name__, url_prefix="/approvals")
pages.context_processor(helpers)


@pages.get("/")
def index() -> Answer:
    """The plans that wait, the most urgent first: no person is told."""
    found = platform().rights.listing.page(look(), "second", after=request.args.get("after", ""))
    rows = [row(one) for one in found.requests]
    return render_template("console/approvals.html", rows=rows, ripe=ripe(found.requests), after=found.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of one of several: nothing is wrong, or why it was refused."""

    request: Request
    wrong: str


@pages.get("/several")
def several() -> Answer:
    """The plans that were ticked, each with all that it does; those that do not wait for this person say so."""
    numbers = dict.fromkeys(request.args.getlist("number")[:TOGETHER])
    if not numbers:
        return redirect(url_for(".index"), 303)
    found = [find(one) for one in numbers]
    return render_template(
        "console/approvals_several.html",
        plans=[(one, row(one), about_plan(one)) for one in found if one.plan],
        ripe=ripe(found),
    )


@pages.post("/several")
@fresh
def approve_several() -> Answer:
    """Yes to each plan that they have seen, one after the other: what is refused keeps none of the others."""
    digests = {name.removeprefix("digest-"): text for name, text in request.form.items() if name.startswith("digest-")}
    known = [find(number) for number in list(digests)[:TOGETHER]]  # before anything is done: one that there is not
    came = [_approved(one.number, digests[one.number]) for one in known]
    return render_template("console/approvals_done.html", came=came)


def _approved(number: str, digest: str) -> Came:
    try:
        run(lambda work: platform().rights.planning.approve(work, number, digest))
    except SenimError as error:
        wrong = refused(error)
    else:
        wrong = ""
    return Came(request=find(number), wrong=wrong)


@pages.get("/<number>")
def show(number: str) -> Answer:
    """A plan, as long as it waits."""
    found = find(number)
    if found.state is not State.WAITING_APPROVAL:
        raise NotFound(Code.NOT_FOUND, "plan")
    return render_template("console/approval.html", one=found, row=row(found), **about_plan(found))


@pages.post("/<number>/approve")
@fresh
def approve(number: str) -> Answer:
    """Yes to the plan that they have seen: its digest says which."""
    digest = request.form.get("digest", "")
    return acted(
        lambda work: platform().rights.planning.approve(work, number, digest), "rq-plan-approved", url_for(".index")
    )


@pages.post("/<number>/decline")
def decline(number: str) -> Answer:
    """No."""
    return acted(
        lambda work: platform().rights.planning.refuse_plan(work, number), "rq-plan-declined", url_for(".index")
    )
