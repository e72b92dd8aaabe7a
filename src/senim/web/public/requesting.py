"""A request as whoever made it sees it: how far it is, the code that shows who asks, and the answer when it is there.

Each address carries a secret from a letter and nothing else. Nothing here needs a script, nothing is kept by caches.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.errors import NotFound, SenimError
from senim.identity import Actor, ActorKind
from senim.languages import Language, explain, wording
from senim.rights import State, Status
from senim.rights.delivery import BY_ANSWER, Ready
from senim.web.shared.pages import FORMS, PRIVATE, day, zone

_BY_LINK = Actor(kind=ActorKind.PERSON, id="request-link", role="link", may=frozenset({"request"}))
_ANSWER = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For the answer itself, whose style stands in the page: it is kept as one file. No script can run in it."""


def requesting(senim: Senim) -> Blueprint:
    """The routes under ``/requests``."""
    pages = Blueprint("requesting", __name__)

    def add(path: str, view: Callable[..., Response | Redirect], name: str, method: str = "GET") -> None:
        pages.add_url_rule(f"/requests/<number>{path}", view_func=view, methods=[method], endpoint=name)

    add("", lambda number: _status(senim, number), "status")
    add("/code", lambda number: _code(senim, number), "code", "POST")
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
    """The state of a request, for who has its secret. Raises NotFound."""
    status = senim.rights.status(senim.database, number, _token())
    return status, senim.rights.find(senim.database, number).language


def _status(senim: Senim, number: str, *, failed: str = "") -> Response:
    status, language = _known(senim, number)
    asks = status.state is State.IDENTITY_NEEDED
    kind = wording("rights")[f"kind-{status.kind}"].in_(language)
    return _page("request.html", language, status=status, kind=kind, asks=asks, failed=failed)


def _code(senim: Senim, number: str) -> Response | Redirect:
    """A code from the letter is tried; a wrong one is counted."""
    _, language = _known(senim, number)
    code = request.form.get("code", "")
    try:
        shown = senim.run(_BY_LINK, lambda work: senim.rights.identities.check_code(work, number, code))
    except NotFound:
        raise
    except SenimError as refusal:
        return _status(senim, number, failed=explain(refusal.code, language))
    if not shown.ok:
        return _status(senim, number, failed=wording("pages")["request-code-wrong"].in_(language))
    return redirect(url_for("requesting.status", number=number, token=_token()), 303)


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
