"""Orders: what is stored to be done, how far it is, what keeps it; run again, or given up with a reason."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from senim.errors import Code, Invalid
from senim.languages import explain, worded
from senim.orders import CANCEL_REASONS, Order, State
from senim.web.console.again import fresh
from senim.web.console.guard import Answer, look, place, platform, run, word

pages = Blueprint("orders", __name__, url_prefix="/orders")

SHOWN = (State.DEAD, State.RUNNING, State.WAITING)
"""What is shown where no state is chosen: what is not over."""

MOST = 100


@pages.get("/")
def index() -> Answer:
    """What is not done yet, or orders in one state, of one kind, of one request."""
    database, asked = look().database, request.args
    state, kind, about = (asked.get(name, "")[:80] for name in ("state", "kind", "about"))
    if state and state not in set(State):
        raise Invalid(Code.INVALID_VALUE, "state")
    states = (state,) if state or about or kind else SHOWN
    orders = platform().orders
    found = [one for each in states for one in orders.list(database, state=each, kind=kind, about=about, most=MOST)]
    counts = orders.counts(database)
    return render_template(
        "console/orders.html",
        found=found[:MOST],
        more=len(found) > MOST,
        state=state,
        kind=kind,
        about=about,
        states=[("", word("orders-open")), *((one.value, word(f"order-{one}")) for one in State)],
        dead=sum(counts.dead.values()),
        due=sum(counts.due.values()),
        later=sum(counts.later.values()),
        oldest=counts.oldest,
        named=named,
        why=why,
    )


@pages.get("/<order>")
def show(order: str) -> Answer:
    """One order: its steps, attempts, receipt, and what keeps it."""
    found = platform().orders.find(look().database, order)
    return render_template(
        "console/order.html",
        found=found,
        named=named,
        why=why,
        facts=list(_flat(found.facts)),
        receipt=list(_flat(worded(found.receipt, g.language))),
        leads=place("requests.show", number=found.about) if found.about.startswith("R-") else "",
        over=found.state in (State.DONE, State.CANCELLED),
        may=found.state in (State.DEAD, State.WAITING),
        State=State,
    )


@pages.post("/<order>/again")
def again(order: str) -> Answer:
    """Run an order again from the step that it reached."""
    run(lambda work: platform().orders.rerun(work, order))
    flash(word("order-again-done"), "good")
    return redirect(url_for("orders.show", order=order), 303)


@pages.route("/<order>/give-up", methods=["GET", "POST"])
@fresh
def give_up(order: str) -> Answer:
    """Give an order up, with a reason of the closed list."""
    found = platform().orders.find(look().database, order)
    if request.method == "GET":
        return render_template("console/order_give_up.html", found=found, reasons=CANCEL_REASONS, named=named)
    run(lambda work: platform().orders.cancel(work, order, reason=request.form.get("reason", "")))
    flash(word("order-given-up"), "good")
    return redirect(url_for("orders.show", order=order), 303)


def named(kind: str) -> str:
    """What an order does, in words; its kind itself, if there are none."""
    key = f"order-kind-{kind.replace('.', '-')}"
    return word(key) if key in KINDS else kind


KINDS = frozenset(
    f"order-kind-{one}"
    for one in (
        "mail-send",
        "message-forget",
        "letter-read",
        "letter-forget",
        "rights-plan",
        "rights-execute",
        "rights-close",
        "proof-run-drills",
        "proof-verify-log",
    )
)
"""Kinds that have words of their own."""


def why(order: Order) -> str:
    """Why the last attempt failed, in words."""
    return explain(order.code, g.language) if order.code else ""


def _flat(facts: Any, before: str = "") -> Any:
    """Facts as lines: names with dots, values as text."""
    if isinstance(facts, dict):
        for name, value in facts.items():
            yield from _flat(value, f"{before}.{name}" if before else str(name))
    elif isinstance(facts, list):
        for number, value in enumerate(facts, 1):
            yield from _flat(value, f"{before}.{number}")
    else:
        yield before, "" if facts is None else str(facts)
