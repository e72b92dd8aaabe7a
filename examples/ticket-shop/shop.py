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

GONE = ("not_found", "subject_erased")
NAMES = {
    "identity.family": {"kk": "Тегі", "ru": "Фамилия", "en": "Family name"},
    "identity.given": {"kk": "Аты", "ru": "Имя", "en": "Given name"},
    "contact.email": {"kk": "Электрондық пошта", "ru": "Электронная почта", "en": "E-mail"},
    "contact.phone": {"kk": "Телефон", "ru": "Телефон", "en": "Telephone"},
    "purchases.number": {"kk": "Тапсырыс нөмірі", "ru": "Номер заказа", "en": "Order number"},
    "purchases.event": {"kk": "Іс-шара", "ru": "Мероприятие", "en": "Event"},
    "purchases.seat": {"kk": "Орын", "ru": "Место", "en": "Seat"},
    "purchases.amount": {"kk": "Сома, ₸", "ru": "Сумма, ₸", "en": "Amount, ₸"},
}
"""How customers read what the shop knows; a field's key is for programs."""


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
        body = render_template(f"{page}.html", places=places, language=language, shows=SHOWS, names=NAMES, **more)
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
        language, known = session.get("language", "ru"), _known(places, session.get("subject", ""))
        subject = session.get("subject", "")
        sent, faults, status = request.form.to_dict(), dict[str, str](), 200
        if request.method == "POST":
            try:
                order = _order(event, language, sent, subject=subject, known=known)
                taken = call(places, "POST", "/v1/intake", order, mark=sent.get("mark", ""))
            except Refused as refusal:
                faults, status = {one["where"]: one["detail"] for one in refusal.told["reasons"]}, 422
            else:
                session["subject"] = taken["subject"]
                return redirect("/account", 303)
        notice = call(places, "GET", f"/v1/points/order/notice?{urlencode({'language': language})}")
        return show(
            "ticket", status, event=event, notice=notice, sent=sent, faults=faults, known=known,
            mark=secrets.token_hex(8),
        )  # fmt: skip

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
        may = {
            purpose: call(places, "POST", "/v1/check", {"subject": subject, "operation": "use", "purpose": purpose})[
                "allowed"
            ]
            for purpose in ("service", "research")
        }
        return show("account", known=_known(places, subject), may=may)

    @app.post("/sign-out")
    def sign_out() -> Any:
        """Forget who this browser belongs to: whoever buys next is somebody new."""
        session.pop("subject", None)
        return redirect("/", 303)

    return app


def _known(places: Places, subject: str) -> dict[str, str]:
    """What the shop may use of a customer to fulfil orders: nothing of nobody, or of who took the consent back.

    Whoever was destroyed meanwhile is somebody new.
    """
    if not subject:
        return {}
    try:
        data = call(places, "GET", f"/v1/subjects/{subject}/data?purpose=service")
    except Refused as refusal:
        if refusal.told["code"] in GONE:
            session.pop("subject", None)
        return {}
    return {name: one["value"] for name, one in data["values"].items()}


def _order(event: str, language: str, sent: dict[str, str], *, subject: str, known: dict[str, str]) -> dict[str, Any]:
    """An intake at the point ``order``: the person's fields, the shop's own, and each box as it was left.

    Of a customer who is signed in the service is told who it is: the order joins their record, nothing that is known is
    asked for, and a box that is left empty takes nothing back.
    """
    personal = ("identity.", "contact.")
    values = {name: text for name, text in sent.items() if name.startswith(personal) and text and not known}
    values |= {
        "purchases.number": f"T-{secrets.token_hex(4)}",
        "purchases.event": SHOWS[event][language],
        "purchases.amount": str(SHOWS[event]["price"]),
    }
    consents = []
    for name in json.loads(sent.get("asked", "[]")):
        purpose, _, recipient = str(name).partition("/")
        given = f"consent:{name}" in sent
        if given or not subject:
            consents.append({"purpose": purpose, "recipient": recipient, "given": given})
    return {
        "point": "order",
        "language": language,
        "notice": sent.get("notice", ""),
        "values": values,
        "consents": consents,
        **({"subject": subject} if subject else {}),
    }
