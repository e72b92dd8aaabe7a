"""Who is signed in at the console, and what they may do: never more than the policy grants their role.

A page of the console is closed until :func:`close` finds a member for it. Views say what more they need:

    @pages.post("/<number>/refuse")
    @needs("handle")
    @fresh  # of again.py
    def refuse(number: str) -> Response: ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Response, current_app, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.errors import Code, NotAllowed, NotFound, SenimError
from senim.gate.access import actor_of, reaches
from senim.governance import Seat, Session, Step
from senim.governance.records import Site
from senim.governance.rules import is_fresh
from senim.governance.signing import AT_THE_DOOR
from senim.identity import RESPONSIBLE, Actor
from senim.languages import Language
from senim.times import micros
from senim.web.shared.pages import refused, words
from senim.web.shared.switching import here, opens
from senim.work import Work

P = ParamSpec("P")
T = TypeVar("T")
Answer = Response | Redirect | str
"""What a view returns."""

TOKEN, DEVICE = "token", "device"  # names in the cookie
"""What the cookie holds: the token of the session, and what tells a device that signed in before."""

ENTRANCE = ("door", "provider")
"""Pages where nobody has to be signed in."""

STEPS = {Step.CODE: "door.code", Step.PASSWORD: "door.password", Step.ENROL: "door.enrol"}
"""Where what is still to be done is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who is signed in."""

    id: str
    """Of the account."""
    name: str
    role: str
    role_name: str
    language: Language
    actor: Actor
    """By which every act is done and logged; ``actor.may`` holds the verbs that the policy grants."""
    session: Session
    fresh: bool
    """Whether they have just shown who they are."""

    def may(self, verb: str) -> bool:
        """Whether the policy grants their role a verb; everybody may what needs none."""
        return not verb or verb in self.actor.may


def platform() -> Senim:
    """The platform that is served."""
    found: Senim = current_app.extensions["senim"]
    return found


def seated() -> Seat | None:
    """Who sits there, perhaps with something still to show; looked up once a request."""
    if "seat" not in g:
        token = session.get(TOKEN, "")
        g.seat = platform().run(AT_THE_DOOR, lambda work: platform().staff.signing.seat(work, token)) if token else None
    found: Seat | None = g.seat
    return found


def member() -> Member:
    """Who is signed in. Raises NotAllowed (not_signed_in, role_not_allowed)."""
    if "member" not in g:
        g.member = _member(seated())
    found: Member = g.member
    return found


def _member(seat: Seat | None) -> Member:
    if seat is None or seat.step is not None:
        raise NotAllowed(Code.NOT_SIGNED_IN)
    now = platform().works.clock.now()
    promises = platform().policies.in_force(now)
    account = seat.account
    actor = actor_of(promises, account.role, account.id)
    declared = promises.policy.roles.get(account.role)
    return Member(
        id=account.id,
        name=seat.names.shown,
        role=account.role,
        role_name=declared.name.in_(g.language) if declared else words(g.door, g.language)["role-responsible"],
        language=account.language,
        actor=actor,
        session=seat.session,
        fresh=is_fresh(seat.session, micros(now)),
    )


def language() -> Language | None:
    """The language that whoever sits there has chosen."""
    seat = seated()
    return seat.account.language if seat else None


def run(act: Callable[[Work], T]) -> T:
    """Run one verb as who is signed in: ``run(lambda work: platform().rights.begin(work, number))``."""
    return platform().run(member().actor, act)


def look() -> Work:
    """A work for verbs that only look."""
    return platform().works.begin(member().actor)


def needs(verb: str) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """A view for those alone whose role may do ``verb``; for others the refusal is in the log."""

    def made(view: Callable[P, Answer]) -> Callable[P, Answer]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
            require(verb)
            return view(*args, **kwargs)

        return guarded

    return made


def require(verb: str) -> None:
    """Raise NotAllowed (role_not_allowed) unless who is signed in may do ``verb``; the try is in the log."""
    if verb and not member().may(verb):
        run(lambda work: work.need(verb))


def ask(question: str, *, says: str = "", does: str, back: str, danger: bool = True, **more: Any) -> str:
    """The page that asks before a dangerous act: a POST to the same address does it. ``more`` goes to the form."""
    return render_template(
        "console/sure.html", question=question, says=says, does=does, back=back, danger=danger, hidden=more
    )


def inside(address: str) -> str:
    """An address of the console to go back to; its start page if it leads elsewhere."""
    parts = urlsplit(address)
    path, root = parts.path, f"{request.script_root}/"
    elsewhere = parts.netloc not in ("", request.host) or not path.startswith(root) or "\\" in address or "//" in path
    return url_for("start.index") if elsewhere else f"{path}{'?' if parts.query else ''}{parts.query}"


def came_from() -> str:
    """The page that a form was sent from; the start page if it cannot be opened anew."""
    address = inside(request.referrer or "")
    path = address.partition("?")[0].removeprefix(request.script_root)
    return address if opens(path) else url_for("start.index")


def close() -> Redirect | None:
    """Before each request: whoever is not signed in is led to where they sign in.

    What was sent by a session that is over was not done, and that is said there.
    """
    if request.endpoint is None or request.blueprint in ENTRANCE:
        return None
    seat = seated()
    if seat is None:
        session.pop(TOKEN, None)
        if request.method == "GET":
            return redirect(url_for("door.index", next=here()), 303)
        flash(word("signed-out-not-done"), "warn")
        return redirect(url_for("door.index", next=came_from()), 303)
    if seat.step is not None:
        return redirect(url_for(STEPS[seat.step]), 303)
    require(current_app.extensions["areas"].get(request.blueprint or "", ""))
    require(current_app.extensions["entered"].get(request.endpoint, ""))
    return None


def site() -> Site:
    """Where the console is as the browser knows it: the address of the settings, or the one that it asked at."""
    address = urlsplit(platform().settings.serve.url or request.host_url)
    return Site(host=address.hostname or "", origin=f"{address.scheme}://{address.netloc}")


def place(endpoint: str, **values: Any) -> str:
    """The address of a page; nothing if the console has no such page, or not for this role."""
    verb: str | None = current_app.extensions["areas"].get(endpoint.partition(".")[0])
    may = member().may
    opens = verb is not None and may(verb) and may(current_app.extensions["entered"].get(endpoint, ""))
    return url_for(endpoint, **values) if opens else ""


def reached(role: str) -> bool:
    """Whether who is signed in may hand out a role, and change accounts that have it."""
    return reaches(platform().policies.in_force(platform().works.clock.now()), member().actor, role)


def acted(act: Callable[[Work], object], told: str, back: str) -> Answer:
    """One verb, and on to ``back``, where the word ``told`` says that it is done, or why it was refused.

    Raises NotFound: what is not there has no page to go back to.
    """
    try:
        run(act)
    except NotFound:
        raise
    except SenimError as error:
        flash(refused(error), "bad")
    else:
        flash(word(told), "good")
    return redirect(back, 303)


def word(key: str) -> str:
    """One of the console's words, in the language of the page."""
    return words(g.door, g.language)[key]


def is_responsible() -> bool:
    """Whether who is signed in is the responsible person."""
    return member().role == RESPONSIBLE
