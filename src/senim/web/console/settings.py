"""The settings as they are, to be looked at: they are changed in the operator's folder."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from senim.errors import SenimError
from senim.identity import new_id
from senim.languages import explain, wording
from senim.messaging.actions import SEND
from senim.orders import State
from senim.version import __version__
from senim.web.console.guard import Answer, look, platform, run, word
from senim.web.shared.pages import refused

pages = Blueprint("settings", __name__, url_prefix="/settings")


@pages.get("/")
def index() -> Answer:
    """All of them, by section; secrets are hidden."""
    sections: dict[str, list[tuple[str, str, str]]] = {}
    told = wording("settings")
    for name, value in platform().shown_settings().items():
        section = told[f"section-{name.rpartition('.')[0]}"].in_(g.language)
        sections.setdefault(section, []).append((told[name].in_(g.language), name, value))
    tried, why = _tried(request.args.get("tried", "")[:32])
    return render_template("console/settings.html", sections=sections, version=__version__, tried=tried, why=why)


def _tried(test: str) -> tuple[str, str]:
    """How far a test mail is: ``sent``, ``failed``, ``waits`` with why it has to, or nothing."""
    orders, database = platform().orders, look().database
    found = [one for state in State for one in orders.list(database, state=state, kind=SEND, about=test) if test]
    if not found:
        return "", ""
    why = explain(found[0].code, g.language) if found[0].code else ""
    return {State.DONE: "sent", State.DEAD: "failed", State.CANCELLED: "failed"}.get(found[0].state, "waits"), why


@pages.post("/test-mail")
def try_mail() -> Answer:
    """A test mail to whoever asks for it; the page tells what came of it."""
    test = new_id()
    try:
        run(lambda work: platform().staff.try_mail(work, test))
    except SenimError as error:
        flash(word("test-mail-nowhere") if error.where == "address" else refused(error), "bad")
        return redirect(url_for("settings.index"), 303)
    return redirect(url_for("settings.index", tried=test), 303)
