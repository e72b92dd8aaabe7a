"""Receivers at the public door: what page builders and CMSs send, known by a key wherever they can put one."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint, Response, g, jsonify, request

from senim.app import Senim
from senim.collection.receivers import FILE, KEY, Receiver, came, find, is_test, read
from senim.collection.records import Taken
from senim.errors import Code, Invalid, NotAllowed, NotFound, SenimError
from senim.web.public.limiting import Limit
from senim.web.shared.pages import PRIVATE
from senim.web.shared.problems import problem, status_of


def posting(senim: Senim) -> Blueprint:
    """The routes under ``/receive``."""
    pages = Blueprint("posting", __name__)
    limit = Limit(120, 6000)

    def receive(name: str, key: str = "") -> Response:
        limit.count(request)
        try:
            answer = _receive(senim, name, _key(key))
        except SenimError as error:
            answer = jsonify(problem(error, g.language))
            answer.status_code, answer.mimetype = status_of(error), "application/problem+json"
        answer.headers.update(PRIVATE)
        return answer

    pages.add_url_rule("/receive/<name>", view_func=receive, methods=["POST"], endpoint="by_header")
    pages.add_url_rule("/receive/<name>/<key>", view_func=receive, methods=["POST"], endpoint="by_address")
    return pages


def _key(of_address: str) -> str:
    """The key of who sends, wherever it is. Raises NotAllowed (not_signed_in) for keys that contradict each other."""
    given = {of_address, request.headers.get(KEY, ""), *request.form.getlist(KEY)} - {""}
    if len(given) > 1:
        raise NotAllowed(Code.NOT_SIGNED_IN)
    return next(iter(given), "")


def _receivers(senim: Senim) -> dict[str, Receiver]:
    """The operator's file as it stands now. Raises NotFound if there is none, Invalid (map_invalid)."""
    try:
        return read((senim.folder / FILE).read_bytes())
    except FileNotFoundError as error:
        raise NotFound(Code.NOT_FOUND, "receiver") from error


def _receive(senim: Senim, name: str, key: str) -> Response:
    promises = senim.policies.in_force(senim.works.clock.now())
    actor = senim.access.actor(promises, key)
    receiver = find(_receivers(senim), name)
    if request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise Invalid(Code.MEDIA_TYPE_WRONG, "Content-Type")
    sent = {one: text for one, text in request.form.items() if text and one != KEY}
    if is_test(receiver, sent):
        return Response("ok", mimetype="text/plain")
    arrived = came(promises, receiver, sent)

    def act(work: Any) -> bytes:
        taken: Taken = senim.collection.intake(work, arrived.intake)
        return msgspec.json.encode({"subject": taken.subject, "receipts": taken.receipts})

    if not arrived.mark:
        answer = senim.run(actor, act)
    else:
        same = senim.fingerprint(msgspec.json.encode([name, arrived.intake]))
        answer, _ = senim.works.run_once(actor, f"receive {name} {arrived.mark}", same, act)
    return Response(answer, mimetype="application/json")
