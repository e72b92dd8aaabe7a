"""Visits at the public door: a counter pixel and a beacon for sites without developers (tickets-8).

Nothing is set in the browser, and no page of another site may send anything. What the browser says of the visitor's
choice goes before what the page says; a browser that asks not to be tracked counts only if it has that choice.
"""

from __future__ import annotations

import base64
from urllib.parse import parse_qs

from flask import Blueprint, Response, request

from senim.app import Senim
from senim.collection.cookie_rules import origin_of
from senim.collection.cookies import VISITOR
from senim.collection.technical_records import Visit
from senim.errors import Code, Invalid, NotAllowed
from senim.policy.cookies import kinds
from senim.web.public.choosing import remembered
from senim.web.public.limiting import Limit
from senim.web.shared.askers import asker
from senim.web.shared.pages import PRIVATE

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one point."""

_MOST = 8 * 1024
"""Bytes of a beacon."""


def visiting(senim: Senim) -> Blueprint:
    """The routes under ``/visits``."""
    pages = Blueprint("visiting", __name__)
    limit = Limit(120, 30_000)

    def pixel(point: str) -> Response:
        limit.count(request)
        seen = request.headers.get("Referer", "")
        if seen:
            _ours(senim, origin_of(seen))
        told = {name: request.args[name] for name in ("visitor", "page", "allowed") if name in request.args}
        _note(senim, point, {"page": seen, **told})
        answer = Response(PIXEL, mimetype="image/gif", headers=PRIVATE)
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer

    def beacon(point: str) -> Response:
        limit.count(request)
        _ours(senim, request.headers.get("Origin", ""))
        _note(senim, point, _sent())
        return Response(status=204, headers=PRIVATE)

    pages.add_url_rule("/visits/<point>.gif", view_func=pixel, methods=["GET"], endpoint="pixel")
    pages.add_url_rule("/visits/<point>", view_func=beacon, methods=["POST"], endpoint="beacon")
    return pages


def _ours(senim: Senim, origin: str) -> None:
    """Raise NotAllowed (origin_not_allowed) unless a page of the policy's sites sends it."""
    if not senim.cookies.allows(origin, senim.works.begin(VISITOR)):
        raise NotAllowed(Code.ORIGIN_NOT_ALLOWED, "Origin")


def _sent() -> dict[str, str]:
    """What a beacon says: a form, as ``URLSearchParams`` or plain text. Raises Invalid (body_malformed)."""
    body = request.get_data(cache=True, parse_form_data=False)
    if len(body) > _MOST:
        raise Invalid(Code.BODY_TOO_LARGE, "body")
    try:
        found = parse_qs(body.decode(), max_num_fields=20, errors="strict")
    except ValueError as error:
        raise Invalid(Code.BODY_MALFORMED, "body") from error
    return {name: values[-1] for name, values in found.items()}


def _note(senim: Senim, point: str, told: dict[str, str]) -> None:
    visit = Visit(
        ip=asker(request),
        browser=request.headers.get("User-Agent", "")[:2000],
        visitor=told.get("visitor", "")[:200],
        page=told.get("page", "")[:4000],
        referrer=told.get("referrer", "")[:4000],
        allowed=_allowed(senim, told.get("allowed", "")),
    )
    senim.technical.note(point, visit)


def _allowed(senim: Senim, told: str) -> tuple[str, ...]:
    """The kinds that the visitor chose: as the browser has them, or else as the page says."""
    promises = senim.policies.in_force(senim.works.clock.now())
    known, wary = remembered(), request.headers.get("Sec-GPC") == "1"
    if known is None:
        return () if wary else tuple(told.replace(",", " ").split())[:20]
    if wary and not known.wary:
        return ()
    marks = {one.id: one.mark for one in kinds(promises, "en")}
    return tuple(name for name, mark in known.allowed.items() if marks.get(name) == mark)
