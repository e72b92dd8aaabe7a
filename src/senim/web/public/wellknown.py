"""What machines look for at known addresses: security.txt, gpc.json, the public keys, robots.txt, DPV."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta

from flask import Blueprint, Response, abort, jsonify, url_for

from senim.app import Senim
from senim.languages import LANGUAGES
from senim.policy.dpv import document
from senim.web.public.showing import base, in_force, kept, promises_of

GOOD_FOR = timedelta(days=180)
"""How long what security.txt says is good: it is made anew each day (RFC 9116 wants less than a year)."""

_PRIVATE = ("/requests/", "/unsubscribe/", "/portal/", "/console/", "/v1/")


def wellknown(senim: Senim) -> Blueprint:
    """The routes for machines."""
    pages = Blueprint("wellknown", __name__)

    def dpv(number: int) -> Response:
        """A version in terms of the Data Privacy Vocabulary."""
        address = f"{base(senim)}{url_for('wellknown.dpv', number=number)}"
        text = json.dumps(document(promises_of(senim, number), address), ensure_ascii=False, indent=1)
        return kept(Response(text, mimetype="application/ld+json"))

    def gpc() -> Response:
        """Global Privacy Control: the banner takes the signal for a refusal; only where there is a banner."""
        promises = in_force(senim)
        if promises.policy.cookies is None:
            abort(404)
        return kept(jsonify({"gpc": True, "lastUpdate": promises.effective.date().isoformat()}))

    pages.add_url_rule("/privacy/versions/<int:number>.jsonld", view_func=dpv)
    pages.add_url_rule("/.well-known/gpc.json", view_func=gpc)
    pages.add_url_rule("/.well-known/security.txt", view_func=lambda: _plain(_security(senim)), endpoint="security")
    pages.add_url_rule("/robots.txt", view_func=lambda: _plain(_robots()), endpoint="robots")
    return pages


def _plain(text: str) -> Response:
    return kept(Response(text, mimetype="text/plain"))


def _security(senim: Senim) -> str:
    """RFC 9116. Addresses in it have to be https: without a public one they are left out."""
    operator, here = in_force(senim).policy.operator, base(senim)
    today = datetime.combine(senim.works.clock.now().date(), time(), UTC)
    contacts = dict.fromkeys(filter(None, (operator.responsible.email, operator.contacts.email)))
    lines = [f"Contact: mailto:{one}" for one in contacts]
    lines += [f"Contact: tel:{operator.contacts.phone}"] if operator.contacts.phone else []
    lines += [
        f"Expires: {(today + GOOD_FOR).isoformat().replace('+00:00', 'Z')}",
        f"Preferred-Languages: {', '.join(LANGUAGES)}",
    ]
    if here.startswith("https://"):
        lines.append(f"Canonical: {here}/.well-known/security.txt")
        lines += [f"Policy: {here}{url_for('current', language=language)}" for language in LANGUAGES]
    return "\n".join((*lines, ""))


def _robots() -> str:
    return "".join(("User-agent: *\n", *(f"Disallow: {path}\n" for path in _PRIVATE)))
