"""The public pages: the policy in its versions and languages, and the public keys."""

from __future__ import annotations

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.languages import LANGUAGES, Language, choose
from senim.web.public.choosing import choosing
from senim.web.public.filling import filling
from senim.web.public.pages import Page, page_of
from senim.web.public.receiving import receiving
from senim.web.public.requesting import requesting
from senim.web.public.unsubscribing import unsubscribing
from senim.web.shared.pages import Door, door, static

MOST_FORM = 16 * 1024
"""Bytes of a form: a code and a secret. Nothing larger is wanted from somebody who is not known."""

_CACHE = "public, max-age=300"


def public(senim: Senim) -> Flask:
    """The Flask application of the public pages."""
    app = door(senim, Door(name="", module=__name__, words=("pages",), most=MOST_FORM))
    app.add_url_rule("/static/<path:name>", view_func=static, endpoint="static")
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
    app.register_blueprint(choosing(senim))
    app.register_blueprint(filling(senim))
    app.register_blueprint(receiving(senim))
    app.register_blueprint(unsubscribing(senim))
    app.register_blueprint(requesting(senim))
    return app


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
    answer = Response(render_template(template, page=page, base=base))
    answer.headers["Cache-Control"] = _CACHE
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _machine(senim: Senim, number: int) -> Response:
    """A version as JSON: exactly the bytes whose SHA-256 is its digest."""
    answer = Response(senim.policies.version(number).canonical, mimetype="application/json")
    answer.headers["Cache-Control"] = _CACHE
    return answer
