"""Plans that wait for a second person, for roles that approve and do nothing else with requests: the plan, yes or no.

Whoever handles requests finds the same plan, and the same two buttons, on the pages of the request.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for

from senim.errors import Code, NotFound, SenimError
from senim.rights import State
from senim.web.console.again import fresh
from senim.web.console.guard import Answer, look, platform, run, word
from senim.web.console.requests import about_plan, find, helpers
from senim.web.console.shown import row
from senim.web.shared.pages import refused
from senim.work import Work

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
    return _do(lambda work: platform().rights.planning.approve(work, number, digest), "rq-plan-approved")


@pages.post("/<number>/decline")
def decline(number: str) -> Answer:
    """No."""
    return _do(lambda work: platform().rights.planning.refuse_plan(work, number), "rq-plan-declined")


def _do(act: Callable[[Work], object], told: str) -> Answer:
    """Yes or no, and back to what else waits; a refusal is told there."""
    try:
        run(act)
    except NotFound:
        raise
    except SenimError as error:
        flash(refused(error), "bad")
    else:
        flash(word(told), "good")
    return redirect(url_for("approvals.index"), 303)
