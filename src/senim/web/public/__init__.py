"""The public pages: the policy in its versions and languages, and the public keys."""

from __future__ import annotations

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.errors import Code, SenimError
from senim.languages import LANGUAGES, Language, choose, explain, wording
from senim.web.public.pages import Page, page_of
from senim.web.public.requesting import requesting
from senim.web.public.unsubscribing import unsubscribing
from senim.web.shared.problems import status_of

MOST_FORM = 16 * 1024
"""Bytes of a form: a code and a secret. Nothing larger is wanted from somebody who is not known."""

_CACHE = "public, max-age=300"
_CODES = {404: Code.NOT_FOUND, 405: Code.METHOD_NOT_ALLOWED, 411: Code.BODY_MALFORMED, 413: Code.BODY_TOO_LARGE}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def public(senim: Senim) -> Flask:
    """The Flask application of the public pages."""
    app = Flask(__name__, static_url_path="/static")
    app.url_map.strict_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = MOST_FORM
    app.before_request(_measured)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_url_rule("/", view_func=lambda: redirect(url_for("current_in_reader_language")), endpoint="root")
    app.add_url_rule("/privacy", view_func=_to_language, endpoint="current_in_reader_language")
    app.add_url_rule("/privacy/<language>", view_func=lambda language: _page(senim, language), endpoint="current")
    app.add_url_rule(
        "/privacy/<language>/versions/<int:number>",
        view_func=lambda language, number: _page(senim, language, number),
        endpoint="version",
    )
    app.add_url_rule(
        "/privacy/versions/<int:number>.json", view_func=lambda number: _machine(senim, number), endpoint="machine"
    )
    app.add_url_rule("/.well-known/jwks.json", view_func=lambda: jsonify({"keys": [senim.jwk]}), endpoint="jwks")
    app.register_blueprint(unsubscribing(senim))
    app.register_blueprint(requesting(senim))
    app.register_error_handler(HTTPException, _no_such)
    app.register_error_handler(SenimError, _refused)
    app.after_request(lambda answer: _headers(answer, encrypted=_base(senim).startswith("https://")))
    return app


def _measured() -> None:
    """A body whose length is not told could keep a thread waiting for its end: no form of ours is sent so."""
    if request.headers.get("Transfer-Encoding"):
        abort(411)


def _base(senim: Senim) -> str:
    """The public address of the service, never what a request says of it: pages are kept by caches."""
    return senim.settings.serve.url.rstrip("/")


def _to_language() -> Redirect:
    language = choose(request.headers.get("Accept-Language", ""))
    answer = redirect(url_for("current", language=language))
    answer.headers["Vary"] = "Accept-Language"
    return answer


def _language(text: str) -> Language:
    found = next((language for language in LANGUAGES if language == text), None)
    if found is None:
        abort(404)
    return found


def _page(senim: Senim, language: str, number: int | None = None) -> Response:
    chosen = _language(language)
    now = senim.works.clock.now()
    versions = senim.policies.versions()
    in_force = senim.policies.in_force(now)
    version = senim.policies.version(in_force.version if number is None else number)
    page = page_of(senim.policies.promises(version.number, now.date()), version, versions, in_force.version, chosen)
    return _rendered("policy.html", page, _base(senim))


def _rendered(template: str, page: Page, base: str) -> Response:
    """The page with a tag of its own bytes: it changes with the list of versions, the law and the wording too."""
    answer = Response(render_template(template, page=page, words=_words(page.language), base=base))
    answer.headers["Cache-Control"] = _CACHE
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _words(language: Language) -> dict[str, str]:
    return {name: text.in_(language) for name, text in wording("pages").items()}


def _machine(senim: Senim, number: int) -> Response:
    """A version as JSON: exactly the bytes whose SHA-256 is its digest."""
    answer = Response(senim.policies.version(number).canonical, mimetype="application/json")
    answer.headers["Cache-Control"] = _CACHE
    return answer


def _no_such(error: HTTPException) -> Response:
    """No such address, or no such method: a page of ours, with the headers that the protocol wants."""
    status = error.code or 500
    code = _CODES.get(status, Code.INTERNAL)
    answer = _problem(code, status)
    answer.headers.update({name: text for name, text in error.get_headers() if name == "Allow"})
    return answer


def _refused(error: SenimError) -> Response:
    return _problem(error.code, status_of(error))


def _problem(code: Code, status: int) -> Response:
    """What went wrong, in the language of the page that was asked for, or else of the reader."""
    wanted = choose(request.headers.get("Accept-Language", ""))
    part = request.path.split("/")[2:3]
    language = next((one for one in LANGUAGES if part == [one]), wanted)
    title = "not-found-title" if status in (404, 410) else "problem-title"
    words = _words(language)
    page = render_template(
        "problem.html", language=language, words=words, title=words[title], says=explain(code, language)
    )
    return Response(page, status, {"Cache-Control": "no-store"})


def _headers(answer: Response, *, encrypted: bool) -> Response:
    answer.headers.setdefault("Content-Security-Policy", _POLICY)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    if encrypted or request.is_secure:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    return answer
