"""Mail: whether messages go out and letters come in, and what did not get through."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for

from senim.languages import explain
from senim.messaging.actions import SEND
from senim.orders.records import State
from senim.web.console.guard import Answer, look, platform, run, word

pages = Blueprint("outbox", __name__, url_prefix="/mail")

MOST = 100


@pages.get("/")
def index() -> Answer:
    """How mail is doing."""
    senim, work = platform(), look()
    counts = senim.orders.counts(work.database)
    dead = senim.orders.list(work.database, state=State.DEAD, kind=SEND, most=MOST)
    why = {one.code: explain(one.code, g.language) for one in dead}
    return render_template(
        "console/outbox.html",
        configured=senim.messages.configured,
        waits=counts.due.get(SEND, 0) + counts.later.get(SEND, 0),
        failed=counts.dead.get(SEND, 0),
        dead=dead,
        why=why,
        letters=senim.inbox.counts(work.database),
        incoming=senim.settings.mail.incoming,
        mail=senim.settings.mail,
    )


@pages.post("/<order>/again")
def again(order: str) -> Answer:
    """Try to send a message once more."""
    run(lambda work: platform().orders.rerun(work, order))
    flash(word("mail-again-done"), "good")
    return redirect(url_for("outbox.index"), 303)
