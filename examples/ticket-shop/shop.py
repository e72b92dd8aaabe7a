"""A small ticket shop: what an operator's site does with Senim. Plain Flask; the API is called with urllib.

Three ways of joining, side by side: the banner (one script tag), the form helper (attributes on the newsletter's form),
and the API (buying a ticket, and the account page, which asks before each use).
"""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, render_template, request, session

SHOWS = {
    "jazz": {"kk": "Алаңдағы джаз", "ru": "Джаз на площади", "en": "Jazz in the square", "price": 6000},
    "puppets": {"kk": "Қуыршақ театры", "ru": "Театр кукол", "en": "Puppet theatre", "price": 3500},
    "choir": {"kk": "Түнгі хор", "ru": "Ночной хор", "en": "Night choir", "price": 8000},
}


@dataclass(frozen=True)
class Places:
    """Where things are: the service as browsers and this program reach it, a third party, and this system's key."""

    senim: str
    tracker: str
    key: str


class Refused(Exception):
    """The service said no: a code, and the reasons by field."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told["code"])
        self.told = told


def call(places: Places, method: str, path: str, body: Any = None, *, mark: str = "") -> Any:
    """A call of the API. Raises Refused."""
    headers = {"Authorization": f"Bearer {places.key}", "Content-Type": "application/json"}
    if mark:
        headers["Idempotency-Key"] = mark
    data = json.dumps(body).encode() if body is not None else None
    asked = urllib.request.Request(places.senim + path, data=data, method=method, headers=headers)  # noqa: S310  # our own service
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(json.load(error)) from error


def shop(places: Places) -> Flask:
    """The shop."""
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(32)

    def show(page: str, status: int = 200, **more: Any) -> Response:
        language = session.get("language", "ru")
        body = render_template(f"{page}.html", places=places, language=language, shows=SHOWS, **more)
        answer = Response(body, status)
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'self'; script-src 'self' {places.senim} {places.tracker}; img-src 'self' {places.tracker};"
            f" frame-src {places.tracker}; connect-src {places.senim}; form-action 'self' {places.senim};"
            " require-trusted-types-for 'script'; trusted-types senim"
        )
        return answer

    @app.get("/")
    def start() -> Response:
        return show("start")

    @app.get("/language/<language>")
    def switch(language: str) -> Any:
        if language in ("kk", "ru", "en"):
            session["language"] = language
        return redirect("/")

    @app.route("/tickets/<event>", methods=["GET", "POST"])
    def ticket(event: str) -> Any:
        """The form is made from the point's notice; what comes back goes to the gate, with the notice's digest."""
        if event not in SHOWS:
            return show("start", 404)
        language = session.get("language", "ru")
        if request.method == "GET":
            notice = call(places, "GET", f"/v1/points/order/notice?{urlencode({'language': language})}")
            return show("ticket", event=event, notice=notice, sent={}, faults={}, mark=secrets.token_hex(8))
        sent = request.form.to_dict()
        try:
            taken = call(places, "POST", "/v1/intake", _order(event, language, sent), mark=sent.get("mark", ""))
        except Refused as refusal:
            notice = call(places, "GET", f"/v1/points/order/notice?{urlencode({'language': language})}")
            faults = {one["where"]: one["detail"] for one in refusal.told["reasons"]}
            return show("ticket", 422, event=event, notice=notice, sent=sent, faults=faults, mark=secrets.token_hex(8))
        session["subject"] = taken["subject"]
        return redirect("/account", 303)

    @app.route("/account", methods=["GET", "POST"])
    def account() -> Any:
        """Before anything is used the gate is asked, each time; taking a consent back binds the next answer."""
        subject = session.get("subject")
        if not subject:
            return redirect("/")
        if request.method == "POST":
            body = {
                "subject": subject,
                "purpose": "research",
                "given": False,
                "evidence": {"surface": "account", "act": "button"},
            }
            call(places, "POST", "/v1/consents", body)
            return redirect("/account", 303)
        data = call(places, "GET", f"/v1/subjects/{subject}/data?purpose=service")
        may = {
            purpose: call(places, "POST", "/v1/check", {"subject": subject, "operation": "use", "purpose": purpose})[
                "allowed"
            ]
            for purpose in ("service", "research")
        }
        return show("account", data=data["values"], may=may)

    return app


def _order(event: str, language: str, sent: dict[str, str]) -> dict[str, Any]:
    """An intake at the point ``order``: the person's fields, the shop's own, and each box as it was left."""
    values = {name: text for name, text in sent.items() if name.startswith(("identity.", "contact.")) and text}
    number = f"T-{secrets.token_hex(4)}"
    values |= {
        "purchases.number": number,
        "purchases.event": SHOWS[event][language],
        "purchases.amount": str(SHOWS[event]["price"]),
    }
    consents = []
    for name in json.loads(sent.get("asked", "[]")):
        purpose, _, recipient = str(name).partition("/")
        consents.append({"purpose": purpose, "recipient": recipient, "given": f"consent:{name}" in sent})
    return {
        "point": "order",
        "language": language,
        "notice": sent.get("notice", ""),
        "values": values,
        "consents": consents,
    }
