"""A request as whoever made it sees it: how far it is, the code that shows who asks, and the answer when it is there.

Each address carries a secret from a letter and nothing else. Nothing here needs a script, nothing is kept by caches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.errors import NotFound, SenimError
from senim.identity import Actor, ActorKind
from senim.languages import LANGUAGES, Language, wording
from senim.rights import State, Status
from senim.rights.delivery import BY_ANSWER, Ready
from senim.web.shared.askers import asker
from senim.web.shared.pages import FORMS, PRIVATE, day, fault, refused, zone

_BY_LINK = Actor(kind=ActorKind.PERSON, id="request-link", role="link", may=frozenset({"request"}))
_ANSWER = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For the answer itself, whose style stands in the page: it is kept as one file. No script can run in it."""


STEPS = ("received", "identity", "collected", "reviewed", "ready")
"""What happens to a request, step by step, as people are shown it."""

_REACHED = {
    State.RECEIVED: 2,
    State.IDENTITY_NEEDED: 1,
    State.CLARIFYING: 2,
    State.IN_CHECK: 2,
    State.DECIDED: 3,
    State.PLANNED: 3,
    State.WAITING_APPROVAL: 3,
    State.EXECUTING: 3,
    State.RESCANNING: 3,
}
_ENDS = {
    State.REFUSED: "refused",
    State.WITHDRAWN: "withdrawn",
    State.DUPLICATE: "joined",
    State.CLOSED: "closed",
}


class Step(NamedTuple):
    """A step of a request: ``state`` is done, now, next or ended."""

    name: str
    state: str


def steps(state: State) -> list[Step]:
    """How far a request is. One that ended in another way than by its answer shows that in place of the last step."""
    if state in _ENDS:
        return [Step("received", "done"), Step(_ENDS[state], "ended")]
    reached = _REACHED.get(state, len(STEPS))
    turns = ("done" if place < reached else "now" if place == reached else "next" for place in range(len(STEPS)))
    return [Step(name, turn) for name, turn in zip(STEPS, turns, strict=True)]


def requesting(senim: Senim) -> Blueprint:
    """The routes under ``/requests``."""
    pages = Blueprint("requesting", __name__)

    def add(path: str, view: Callable[..., Response | Redirect], name: str, method: str = "GET") -> None:
        pages.add_url_rule(f"/requests/<number>{path}", view_func=view, methods=[method], endpoint=name)

    add("", lambda number: _status(senim, number), "status")
    add("/code", lambda number: _code(senim, number), "code", "POST")
    add("/again", lambda number: _again(senim, number), "again", "POST")
    add("/answer", lambda number: _answer(senim, number), "answer")
    add("/answer/<form>", lambda number, form: _form(senim, number, form), "form")
    return pages


def _token() -> str:
    return request.values.get("token", "")


def _page(template: str, language: Language, **shown: object) -> Response:
    """A page in the language of the request: whoever wrote it reads the answer."""
    g.language = language
    return Response(
        render_template(template, token=_token(), **shown), headers={**PRIVATE, "Content-Security-Policy": FORMS}
    )


def _known(senim: Senim, number: str) -> tuple[Status, Language]:
    """The state of a request, for who has its secret, in its own language or a chosen one. Raises NotFound."""
    status = senim.rights.status(senim.database, number, _token())
    found = senim.rights.find(senim.database, number)
    chosen = next((one for one in LANGUAGES if one == request.values.get("language")), found.language)
    return (status if chosen == found.language else senim.rights.shown(found, chosen)), chosen


def _status(senim: Senim, number: str, *, failed: str = "") -> Response:
    status, language = _known(senim, number)
    token = _token()
    return _page(
        "request.html",
        language,
        status=status,
        kind=wording("rights")[f"kind-{status.kind}"].in_(language),
        asks=status.state is State.IDENTITY_NEEDED,
        failed=failed,
        steps=steps(status.state),
        status_in=lambda one: url_for("requesting.status", number=number, token=token, language=one),
    )


def _code(senim: Senim, number: str) -> Response | Redirect:
    """A code from the letter is tried; a wrong one is counted."""
    _, g.language = _known(senim, number)
    code, came_from = request.form.get("code", ""), asker(request)
    check = senim.rights.identities.check_code
    try:
        shown = senim.run(_BY_LINK, lambda work: check(work, number, code, came_from=came_from))
    except NotFound:
        raise
    except SenimError as refusal:
        return _status(senim, number, failed=refused(refusal))
    if not shown.ok:
        return _status(senim, number, failed=fault("request-code-wrong"))
    return _back(number)


def _again(senim: Senim, number: str) -> Response | Redirect:
    """Another code is sent, where it may be; nothing tells whether the address is on file."""
    _, g.language = _known(senim, number)
    came_from, send = asker(request), senim.rights.identities.send_code
    try:
        senim.run(_BY_LINK, lambda work: send(work, number, came_from=came_from))
    except NotFound:
        raise
    except SenimError as refusal:
        return _status(senim, number, failed=refused(refusal))
    return _back(number)


def _back(number: str) -> Redirect:
    """To the state of the request, in the language that was chosen."""
    chosen = request.form.get("language", "")
    more: dict[str, Any] = {"language": chosen} if chosen in LANGUAGES else {}
    return redirect(url_for("requesting.status", number=number, token=_token(), **more), 303)


def _answer(senim: Senim, number: str) -> Response:
    ready: Ready = senim.run(BY_ANSWER, lambda work: senim.rights.delivery.ready(work, number, _token()))
    until = day(ready.until, ready.language, zone(senim))
    return _page("answer.html", ready.language, ready=ready, until=until)


def _form(senim: Senim, number: str, form: str) -> Response:
    media, content = senim.run(BY_ANSWER, lambda work: senim.rights.delivery.open(work, number, _token(), form))
    answer = Response(
        content, mimetype=None, content_type=media, headers={**PRIVATE, "Content-Security-Policy": _ANSWER}
    )
    if form != "page":
        answer.headers["Content-Disposition"] = f'attachment; filename="{number}.{form}"'
    return answer
