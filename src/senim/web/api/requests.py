"""What the operations of ``/v1/requests`` do: each parses, calls one action and answers."""

from __future__ import annotations

from typing import Any

import msgspec

from senim.errors import Code, Invalid
from senim.languages import choose
from senim.rights import Opening, Request, Shown, Status, Way
from senim.times import moment, stamp
from senim.web.api import request_bodies as bodies
from senim.web.api.calls import Call


def open_request(call: Call) -> bodies.RequestAnswer:
    """Open a request of a person."""
    body: bodies.RequestBody = call.body
    parts = msgspec.structs.asdict(body)
    opening = Opening(way=Way(parts.pop("channel")), **parts)
    told = call.run(lambda work: call.senim.rights.open(work, opening))
    return bodies.RequestAnswer(
        number=told.number,
        due=_time(told.due),
        clock=told.says,
        token=told.token,
        status_url=f"/v1/requests/{told.number}/status",
        missing=told.missing,
    )


def request_status(call: Call, number: str) -> bodies.RequestTold:
    """How far a request is, for whoever has its secret."""
    body: bodies.StatusBody = call.body
    return _told(call.senim.rights.status(call.senim.database, number, body.token))


def show_request(call: Call, number: str) -> bodies.RequestTold:
    """How far a request is, for the operator's systems."""
    found: Request = call.run(lambda work: _seen(call, work, number))
    return _told(call.senim.rights.shown(found, choose(call.request.get_header("Accept-Language") or "", "en")))


def _seen(call: Call, work: Any, number: str) -> Request:
    work.need("request")
    return call.senim.rights.find(work.database, number)


def open_requests(call: Call) -> bodies.RequestsAnswer:
    """Open requests, the most urgent first."""

    def act(work: Any) -> list[Request]:
        work.need("handle")
        return call.senim.rights.opened(work.database)

    language = choose(call.request.get_header("Accept-Language") or "", "en")
    return bodies.RequestsAnswer(requests=[_told(call.senim.rights.shown(one, language)) for one in call.run(act)])


def send_code(call: Call, number: str) -> bodies.ShownAnswer:
    """Send a one-time code; nothing tells whether the address is on file."""
    call.run(lambda work: call.senim.rights.identities.send_code(work, number))
    return bodies.ShownAnswer(ok=True)


def identify(call: Call, number: str) -> bodies.ShownAnswer:
    """Show who asks."""
    body: bodies.IdentifyBody = call.body
    identities = call.senim.rights.identities
    if sum(map(bool, (body.code, body.subject, body.signature))) != 1:
        raise Invalid(Code.INVALID_VALUE, "code")
    if body.code:
        shown: Shown = call.run(lambda work: identities.check_code(work, number, body.code))
        return bodies.ShownAnswer(ok=shown.ok, left=shown.left)
    if body.subject:
        call.run(lambda work: identities.by_session(work, number, body.subject))
    else:
        call.run(lambda work: identities.by_signature(work, number, body.signature.encode()))
    return bodies.ShownAnswer(ok=True)


def withdraw_request(call: Call, number: str) -> bodies.RequestTold:
    """Let go of a request, as the person wishes."""
    found: Request = call.run(lambda work: call.senim.rights.withdraw(work, number))
    return _told(call.senim.rights.shown(found, found.language))


def _told(status: Status) -> bodies.RequestTold:
    return bodies.RequestTold(
        number=status.number,
        kind=status.kind.value,
        state=status.state.value,
        says=status.says,
        due=_time(status.due),
        clock=status.clock,
        missing=status.missing,
        reasons=status.reasons,
        protocol_status=status.drp[0],
        protocol_reason=status.drp[1],
    )


def _time(at: int) -> str:
    return stamp(moment(at)) if at else ""
