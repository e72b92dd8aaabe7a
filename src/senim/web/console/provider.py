"""Signing in at the operator's identity provider, if one is set.

The way there and back has a cookie of its own: the session's stays with pages of the console, and comes along with
nothing that another site began. For the same reason the answer is a page that goes on by itself, not a redirect.
"""

from __future__ import annotations

import secrets
from typing import cast

from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature, URLSafeTimedSerializer

from senim.errors import Code, NotAllowed, SenimError
from senim.governance.provider import Attempt, Provider
from senim.governance.signing import AT_THE_DOOR
from senim.web.console.again import with_status
from senim.web.console.door import begin, entrance, greet
from senim.web.console.guard import Answer, inside, platform, seated, site
from senim.web.shared.pages import refused
from senim.web.shared.problems import status_of

pages = Blueprint("provider", __name__, url_prefix="/sign-in/provider")

_SECONDS = 600
_COOKIE = "attempt"


def _provider() -> Provider:
    found = platform().provider
    return found if found is not None else abort(404)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(cast("bytes", current_app.secret_key), salt="provider attempt")


def _name() -> str:
    return f"{SecureCookieSessionInterface().get_cookie_name(current_app)}-{_COOKIE}"


def _back() -> str:
    return site().origin + url_for("provider.back")


@pages.get("/")
def away() -> Answer:
    """Off to the provider."""
    seed, onwards = secrets.token_urlsafe(32), inside(request.args.get("next", ""))
    try:
        address = _provider().address(Attempt(seed=seed), _back())
    except SenimError as error:
        return _failed(error, onwards)
    answer = redirect(address, 303)
    answer.set_cookie(
        _name(),
        _signer().dumps([seed, onwards]),
        max_age=_SECONDS,
        path=url_for("provider.away").rstrip("/"),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return answer


@pages.get("/back")
def back() -> Answer:
    """Back from it, with an answer: a session if it vouches for an account that there is."""
    provider, signing = _provider(), platform().staff.signing
    now = int(platform().works.clock.now().timestamp())
    try:
        seed, onwards = _signer().loads(request.cookies.get(_name(), ""), max_age=_SECONDS)
    except BadSignature:
        return redirect(url_for("door.index"), 303)
    try:
        told = provider.answered(Attempt(seed=seed), request.args, back=_back(), now=now)
    except SenimError as error:
        platform().run(AT_THE_DOOR, signing.not_vouched)
        return _failed(error, onwards)
    agent = request.headers.get("User-Agent", "")
    entered = platform().run(
        AT_THE_DOOR, lambda work: signing.vouched(work, told.name, agent=agent, second=told.second)
    )
    if not entered.token:
        return _failed(NotAllowed(Code.SIGN_IN_WRONG), onwards)
    begin(entered)
    seat = seated()
    if seat is not None and seat.step is None:
        greet(seat)
    return _over(make_response(render_template("console/provided.html", onwards=url_for("door.index", next=onwards))))


def _failed(error: SenimError, onwards: str) -> Response:
    """Where one signs in by a password: what is sent there never goes to an address of the provider's."""
    g.place = url_for("door.index", next=onwards)  # no other language of the provider's answer, which is good once
    page = entrance(onwards, fault=refused(error))
    return _over(make_response(with_status(page, status_of(error))))


def _over(answer: Response) -> Response:
    """What was begun can be answered once."""
    answer.delete_cookie(_name(), path=url_for("provider.away").rstrip("/"))
    return answer
