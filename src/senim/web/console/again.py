"""Showing again who sits there, before something dangerous; what was sent is kept in the page that asks.

A view that :func:`fresh` guards is for who has shown within ten minutes who they are. Others are asked: where a page
was opened, they come back to it; where a form was sent, its fields go along in the page that asks, so that one press
does what was wanted. Nothing of it is kept anywhere else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

from flask import g, make_response, redirect, render_template, request, session, url_for

from senim.errors import Code, NotAllowed
from senim.governance import Seat, Session
from senim.governance.signing import AT_THE_DOOR
from senim.identity import Actor, ActorKind
from senim.web.console.guard import TOKEN, Answer, came_from, inside, member, platform, seated, site
from senim.web.shared.pages import fault, refused
from senim.web.shared.switching import OWN, here, repeats, switching
from senim.work import Work

P = ParamSpec("P")

PASSWORD, CREDENTIAL, BACK = "again-password", "again-credential", "again-back"
"""Fields of the page that asks, beside those of the form: what shows who sits there, and the page that it came from."""

_OWN = (*OWN, PASSWORD, CREDENTIAL, BACK)


def fresh(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """A view for who has shown within ten minutes who they are; others are asked, and lose nothing."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        if member().fresh and not (switching() and BACK in request.form):  # another language of the page that asks
            return view(*args, **kwargs)
        if request.method == "GET":
            return redirect(url_for("door.confirm", next=here()), 303)
        return _asked() or view(*args, **kwargs)

    return guarded


def _asked() -> Answer | None:
    """The page that asks, with all that was sent; None if what came along with it shows who sits there."""
    seat, form = seated(), request.form
    assert seat is not None  # a member has one
    wrong, status = "", 403
    if form.get(PASSWORD) or form.get(CREDENTIAL):
        signing = platform().staff.signing
        wrong, status = tried(seat, signing.confirm, form.get(PASSWORD, ""), form.get(CREDENTIAL, ""))
        if not wrong:
            g.pop("seat", None)
            g.pop("member", None)
            return None
    back = inside(form[BACK]) if BACK in form else came_from()
    sent = [(name, value) for name, value in form.items(multi=True) if name not in _OWN]
    repeats(*sent, (BACK, back))
    page = render_template(
        "console/again.html",
        fault=wrong,
        options=passkey_options(seat),
        unfit=passkeys_unfit(seat),
        sent=sent,
        files=sorted(name for name, file in request.files.items() if file.filename),
        back=back,
    )
    return with_status(page, status)


def tried(
    seat: Seat, show: Callable[[Work, Session, str], bool], typed: str, signed: str, *, wrong: str = Code.SIGN_IN_WRONG
) -> tuple[str, int]:
    """Try what was typed, or what a passkey signed: what is wrong with it, nothing if it shows who sits there.

    ``wrong`` is the word for something wrong that was typed.
    """
    keys, signing = platform().staff.passkeys, platform().staff.signing
    who, typed, signed = actor(seat), typed[:200], signed[:20_000]
    try:
        right = platform().run(
            who,
            lambda work: keys.show(work, seat.session, site(), signed) if signed else show(work, seat.session, typed),
        )
    except NotAllowed as error:
        return refused(error), 429
    if not right:
        return fault(Code.SIGN_IN_WRONG if signed else wrong), 403
    session[TOKEN] = platform().run(who, lambda work: signing.renew(work, session[TOKEN]))
    return "", 200


def passkeys_unfit(seat: Seat) -> bool:
    """Whether there are passkeys that no browser lets sign at this address."""
    return bool(seat.account.passkeys) and not site().takes_passkeys


def actor(seat: Seat) -> Actor:
    """Who only shows who they are acts for their own account alone."""
    return Actor(kind=ActorKind.STAFF, id=seat.account.id, role=seat.account.role)


def passkey_options(seat: Seat) -> str:
    """What the browser needs to let a passkey sign, if there is one."""
    token = session.get(TOKEN, "")
    now = platform().staff.signing.seat(platform().works.begin(AT_THE_DOOR), token)
    if now is None or not now.account.passkeys or not site().takes_passkeys:
        return ""
    return platform().run(actor(seat), lambda work: platform().staff.passkeys.to_show(work, now.session, site()))


def with_status(page: str, status: int) -> Answer:
    """A page with a status that is not 200."""
    answer = make_response(page)
    answer.status_code = status
    return answer
