"""The public pages: the policy in its versions and languages, and the public keys."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.errors import SenimError
from senim.languages import LANGUAGES, Language, choose, explain, wording
from senim.policy import Version
from senim.web.public.pages import Page, page_of
from senim.web.shared.problems import status_of

_CACHE = "public, max-age=300"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def public(senim: Senim) -> Flask:
    """The Flask application of the public pages."""
    app = Flask(__name__, static_url_path="/static")
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
    app.register_error_handler(404, _not_found)
    app.register_error_handler(SenimError, _refused)
    app.after_request(_headers)
    return app


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
    version = senim.policies.version(number or in_force.version)
    page = page_of(senim.policies.promises(version.number, now.date()), version, versions, in_force.version, chosen)
    return _rendered("policy.html", page, version)


def _rendered(template: str, page: Page, version: Version) -> Response:
    answer = Response(render_template(template, page=page, words=_words(page.language)))
    answer.set_etag(f"{version.digest[:32]}-{page.language}-{len(page.versions)}-{page.in_force}")
    answer.cache_control.public = True
    answer.headers["Cache-Control"] = _CACHE
    answer.last_modified = version.published
    answer.make_conditional(request)
    return answer


def _words(language: Language) -> dict[str, str]:
    return {name: text.in_(language) for name, text in wording("pages").items()}


def _machine(senim: Senim, number: int) -> Response:
    """A version as JSON: exactly the bytes whose SHA-256 is its digest."""
    answer = Response(senim.policies.version(number).canonical, mimetype="application/json")
    answer.headers["Cache-Control"] = _CACHE
    return answer


def _not_found(error: Any) -> tuple[str, int]:
    language = choose(request.headers.get("Accept-Language", ""))
    return render_template(
        "problem.html", language=language, words=_words(language), says=explain("not_found", language)
    ), 404


def _refused(error: SenimError) -> tuple[str, int]:
    language = choose(request.headers.get("Accept-Language", ""))
    says = explain(error.code, language)
    return render_template("problem.html", language=language, words=_words(language), says=says), status_of(error)


def _headers(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    if request.is_secure:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    return answer
