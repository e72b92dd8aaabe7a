"""Who visits: the session behind the cookie, the way back after signing in, and a verb run as that person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from flask import Flask, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as Redirect

from senim.accounts import Signed
from senim.accounts.rules import openings
from senim.app import Senim
from senim.errors import Code, NotAllowed
from senim.rights.answers.words import Words
from senim.times import micros
from senim.web.shared.pages import problem, whole

T = TypeVar("T")
ACCOUNT, BACK, LANGUAGE, ATTEMPT = "account", "back", "language", "attempt"
"""What the cookie of the portal holds: the session, where to go back to, the language, a sign-in under way."""

MOST_FILE = 21 * 1024 * 1024
"""Bytes of a form with a document that shows why something is to be changed."""

OPEN: Final = ("entering.ask", "entering.ask_done", "entering.code", "entering.code_done", "entering.who",
        "entering.who_done", "others.word", "others.word_done")  # fmt: skip
"""Pages that need nobody to be signed in."""

SECTIONS: Final = (
    ("seeing.start", "overview"), ("seeing.data", "data"), ("seeing.use", "use"), ("seeing.received", "received"),
    ("choosing.choices", "choices"), ("choosing.visibility", "visibility"), ("choosing.receipts", "receipts"),
    ("asking.requests", "requests"), ("changing.copy", "copy"), ("changing.leave", "leave"),
    ("others.people", "people"), ("seeing.messages", "messages"), ("seeing.guide", "guide"),
    ("entering.sessions", "sessions"),
)  # fmt: skip


_WITHIN: Final = {
    "seeing.category": "seeing.data", "changing.correct": "seeing.data", "changing.correct_done": "seeing.data",
    "choosing.before": "choosing.choices", "choosing.agree": "choosing.choices", "choosing.seen": "choosing.choices",
}  # fmt: skip
"""Pages that belong to another one's section; those of requests all do."""


def guarded(senim: Senim, app: Flask) -> None:
    """Let nobody in who is not signed in, and ask for a fresh code where one is needed."""

    def large(endpoint: str | None, _: Any) -> None:
        """A document may be larger than a form, of who is signed in; before anything of it is read."""
        if endpoint == "asking.add" and _known(senim) is not None:
            request.max_content_length = request.max_form_memory_size = MOST_FILE

    def look() -> Redirect | None:
        kept, g.signed = session.get(ACCOUNT, ""), _known(senim)
        if g.signed is not None or request.endpoint is None or request.endpoint in OPEN:
            return None
        if kept:
            forget()
            say("ended")
        if request.method == "GET":
            session[BACK] = request.script_root + request.full_path.rstrip("?")
        return redirect(url_for("entering.ask"), 303)

    def code_needed(refusal: NotAllowed) -> Any:
        if refusal.code is not Code.CODE_NEEDED:
            return problem(refusal)
        return to_code(getattr(g, "back", url_for("seeing.start")))

    app.url_value_preprocessor(large)
    app.template_filter("stop")(lambda text: text if text.endswith(".") else f"{text}.")
    app.before_request(look)
    app.register_error_handler(NotAllowed, code_needed)


def _known(senim: Senim) -> Signed | None:
    """Who is signed in with what the browser sends; nobody is looked up without it."""
    kept, now = session.get(ACCOUNT, ""), micros(senim.works.clock.now())
    return senim.accounts.signing_in.signed(senim.database, kept, now) if kept else None


def to_code(back: str) -> Redirect:
    """Ask for a fresh code, and come back to a page afterwards."""
    session[BACK] = back
    return redirect(url_for("entering.fresh"), 303)


def forget() -> None:
    """Forget who was here; the language stays. A cookie that somebody else had planted is worth nothing afterwards."""
    language = session.get(LANGUAGE)
    session.clear()
    if language:
        session[LANGUAGE] = language


def signed() -> Signed:
    """Who is signed in."""
    who: Signed = g.signed
    return who


def act(senim: Senim, verb: Callable[..., T], *about: Any, **more: Any) -> T:
    """Run a verb as the person, on where they stand at that moment."""
    return act_as(senim, signed(), verb, *about, **more)


def act_as(senim: Senim, who: Signed, verb: Callable[..., T], *about: Any, **more: Any) -> T:
    """Run a verb as the person of one of the records that are open."""

    def acted(work: Any) -> T:
        standing = senim.subjects.about(work, who.subject)
        return verb(work, replace(who, standing=standing), *about, **more)

    return senim.run(who.actor, acted)


def look(senim: Senim, verb: Callable[..., T], *about: Any, **more: Any) -> T:
    """Ask a verb that only looks, and of which nothing is to be kept."""
    return verb(senim.works.begin(signed().actor), signed(), *about, **more)


def page(senim: Senim, template: str, **shown: Any) -> str:
    """A page of the portal, with its sections."""
    promises = senim.accounts.promises()
    open_to = openings(promises, signed().standing, 0)
    hidden = () if open_to else ("visibility",)
    sections = [(endpoint, name) for endpoint, name in SECTIONS if name not in hidden]
    said = Words(promises, g.language)
    return render_template(
        f"portal/{template}", sections=sections, section=_section(), said=said, signed=signed(), **shown
    )


def _section() -> str:
    """The section that this page belongs to."""
    endpoint = request.endpoint or ""
    return "asking.requests" if endpoint.startswith("asking.") else _WITHIN.get(endpoint, endpoint)


def before() -> int:
    """Where a list that is told page by page goes on: an entry of the log."""
    return whole(request.args.get("before", ""))


def say(word: str, kind: str = "", since: int = 0) -> None:
    """Say something on the next page, in whatever language it is; of a record by the time it was made."""
    flash(f"{word} {since or ''}", kind)
