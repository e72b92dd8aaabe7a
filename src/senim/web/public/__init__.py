"""The public pages: the policy in its versions and languages, what is around it, and what machines read of it."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, jsonify, redirect, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.web.public.asking import asking
from senim.web.public.changing import changing
from senim.web.public.choosing import choosing
from senim.web.public.filling import filling
from senim.web.public.keeping import keeping
from senim.web.public.noticing import noticing
from senim.web.public.pages import page_of
from senim.web.public.posting import posting
from senim.web.public.receiving import receiving
from senim.web.public.requesting import requesting
from senim.web.public.showing import CACHE, ROOMS, frame, language_of, room, shown, to_language
from senim.web.public.unsubscribing import unsubscribing
from senim.web.public.visiting import visiting
from senim.web.public.wellknown import wellknown
from senim.web.shared.pages import Door, door, static

MOST_FORM = 32 * 1024
"""Bytes of a form: a request in a few thousand letters. Nothing larger is wanted from somebody who is not known."""

_AREAS = (
    changing, receiving, noticing, keeping, asking, wellknown, choosing, filling, posting, visiting, unsubscribing,
    requesting,
)  # fmt: skip
_OTHERS: Final = (
    "choosing.choices", "filling.send", "visiting.beacon", "posting.by_header", "posting.by_address",
    "unsubscribing.end",
)  # fmt: skip
"""What sites of the operator send (choices, forms, visits), and mail programs (a click that ends a mailing)."""
_SHORT = {name.partition(".")[2]: name for name in ROOMS if "." in name} | {"kept": "keeping.board"}
"""Short addresses without a language, e.g. ``/privacy/rights``: they lead to the reader's own."""


def public(senim: Senim) -> Flask:
    """The Flask application of the public pages."""
    app = door(senim, Door(name="", module=__name__, words=("changes", "pages"), most=MOST_FORM, others=_OTHERS))
    app.context_processor(lambda: {**frame(senim), "room": room()})
    app.add_url_rule("/static/<path:name>", view_func=static, endpoint="static")
    app.add_url_rule("/", view_func=lambda: redirect(url_for("current_in_reader_language")), endpoint="root")
    app.add_url_rule("/privacy", view_func=lambda: to_language("current"), endpoint="current_in_reader_language")
    app.add_url_rule("/privacy/<language>", view_func=lambda language: _current(senim, language), endpoint="current")
    app.add_url_rule(
        "/privacy/<language>/versions/<int:number>",
        view_func=lambda language, number: _page(senim, language, number),
        endpoint="version",
    )
    app.add_url_rule(
        "/privacy/versions/<int:number>",
        view_func=lambda number: to_language("version", number=number),
        endpoint="version_in_reader_language",
    )
    app.add_url_rule(
        "/privacy/versions/<int:number>.json", view_func=lambda number: _machine(senim, number), endpoint="machine"
    )
    app.add_url_rule("/.well-known/jwks.json", view_func=lambda: jsonify({"keys": [senim.jwk]}), endpoint="jwks")
    for area in _AREAS:
        app.register_blueprint(area(senim))
    return app


def _current(senim: Senim, language: str) -> Response | Redirect:
    """The edition in force; a short address leads on to the reader's language."""
    if language in _SHORT:
        return to_language(_SHORT[language])
    return _page(senim, language)


def _page(senim: Senim, language: str, number: int | None = None) -> Response:
    chosen = language_of(language)
    now = senim.works.clock.now()
    versions = senim.policies.versions()
    in_force = senim.policies.in_force(now)
    version = senim.policies.version(in_force.version if number is None else number)
    page = page_of(senim.policies.promises(version.number, now.date()), version, versions, in_force.version, chosen)
    return shown(senim, "policy.html", page=page)


def _machine(senim: Senim, number: int) -> Response:
    """A version as JSON: exactly the bytes whose SHA-256 is its digest."""
    answer = Response(senim.policies.version(number).canonical, mimetype="application/json")
    answer.headers["Cache-Control"] = CACHE
    return answer
