"""Plans that wait for a second person, for roles that approve and do nothing else with requests: the plan, yes or no.

Whoever handles requests finds the same plan, and the same two buttons, on the pages of the request.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from senim.errors import Code, NotFound
from senim.rights import State
from senim.web.console.again import fresh
from senim.web.console.guard import Answer, acted, look, platform
from senim.web.console.requests import about_plan, find, helpers
from senim.web.console.shown import row

pages = Blueprint("approvals", __name__, url_prefix="/approvals")
pages.context_processor(helpers)


@pages.get("/")
def index() -> Answer:
    """The plans that wait, the most urgent first: no person is told."""
    found = platform().rights.listing.page(look(), "second", after=request.args.get("after", ""))
    return render_template("console/approvals.html", rows=[row(one) for one in found.requests], after=found.next)


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
