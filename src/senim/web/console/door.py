"""Coming in and going out: password, second factor, the first password changed, an app for codes set up."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import pyotp
import segno
from flask import Blueprint, g, redirect, render_template, request, session, url_for

from senim.errors import Code, Invalid, NotAllowed, SenimError
from senim.governance import Entered, Seat, Session, Step
from senim.governance.signing import AT_THE_DOOR
from senim.web.console.again import actor, passkey_options, passkeys_unfit, tried, with_status
from senim.web.console.guard import DEVICE, STEPS, TOKEN, Answer, inside, platform, seated
from senim.web.console.once import once
from senim.web.shared.askers import place
from senim.web.shared.pages import fault as told
from senim.web.shared.pages import refused
from senim.web.shared.switching import typed
from senim.work import Work

pages = Blueprint("door", __name__)


@pages.get("/sign-in")
def index() -> Answer:
    """Where one signs in."""
    seat = seated()
    return _onwards(seat) if seat else entrance(request.args.get("next"), name=typed("name"))


def entrance(onwards: str | None, *, name: str = "", fault: str = "") -> str:
    """The page where one signs in, wherever it is shown: its form goes to its own address, and leads onwards."""
    return render_template("console/sign_in.html", fault=fault, name=name, onwards=onwards)


@pages.post("/sign-in")
def enter() -> Answer:
    """Name and password."""
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")[:200]
    signing = platform().staff.signing
    entered: Entered = platform().run(
        AT_THE_DOOR,
        lambda work: signing.enter(
            work,
            name,
            password,
            address=place(request),
            agent=request.headers.get("User-Agent", ""),
            known=session.get(DEVICE, ""),
        ),
    )
    if not entered.token:
        code = Code.TOO_MANY_ATTEMPTS if entered.waits else Code.SIGN_IN_WRONG
        page = entrance(request.args.get("next"), name=name, fault=refused(NotAllowed(code)))
        return with_status(page, 429 if entered.waits else 403)
    return begin(entered)


def begin(entered: Entered) -> Answer:
    """A new session in the cookie: nothing of the one before stays but the language and the device."""
    kept = {name: session[name] for name in ("language", DEVICE) if name in session}
    session.clear()
    session.update(kept, **{TOKEN: entered.token})
    session.permanent = True
    g.pop("seat", None)  # whoever sat there before
    return redirect(url_for("door.index", next=request.args.get("next")), 303)


def _onwards(seat: Seat) -> Answer:
    """Whoever has shown who they are goes where they wanted to; others to what is still to be done."""
    wanted = request.args.get("next")
    if seat.step is not None:
        return redirect(url_for(STEPS[seat.step], next=wanted), 303)
    return redirect(inside(wanted or ""), 303)


def _sitting(*steps: Step) -> Seat | None:
    """Who sits there, if one of these steps is what they have to do."""
    seat = seated()
    return seat if seat is not None and seat.step in steps else None


def _familiar(account: str) -> bool:
    """This device has signed in with the account: strangers' attempts do not count for it. Whether it was new."""
    new = not session.get(DEVICE, "").startswith(account)
    if new:
        session[DEVICE] = platform().staff.signing.familiar(account)
    return new


def greet(seat: Seat) -> None:
    """Whoever comes in from a device that never did before is written to about it."""
    if _familiar(seat.account.id):
        platform().run(actor(seat), lambda work: platform().staff.signing.unfamiliar(work, seat.session))


@pages.route("/sign-in/code", methods=["GET", "POST"])
def code() -> Answer:
    """The second factor."""
    seat = _sitting(Step.CODE)
    if seat is None:
        return redirect(url_for("door.index"), 303)
    signing, typed_code = platform().staff.signing, request.form.get("code", "")
    shown = _shown(seat, "console/code.html", signing.show, typed_code, wrong="code-wrong")
    if shown is not None:
        return shown
    greet(seat)
    return redirect(url_for("door.index", next=request.args.get("next")), 303)


def _shown(
    seat: Seat,
    template: str,
    show: Callable[[Work, Session, str], bool],
    typed: str,
    *,
    wrong: str = Code.SIGN_IN_WRONG,
) -> Answer | None:
    """The page that asks who sits there, or None if what was typed, or a passkey, has just shown it."""
    fault, status = "", 200
    if request.method == "POST":
        fault, status = tried(seat, show, typed, request.form.get("credential", ""), wrong=wrong)
        if not fault:
            return None
    page = render_template(template, fault=fault, options=passkey_options(seat), unfit=passkeys_unfit(seat))
    return with_status(page, status)


@pages.route("/sign-in/password", methods=["GET", "POST"])
def password() -> Answer:
    """The first password is changed before anything else."""
    seat = _sitting(Step.PASSWORD)
    if seat is None:
        return redirect(url_for("door.index"), 303)
    if request.method == "GET":
        return render_template("console/password.html", fault="")
    old, new = request.form.get("old", "")[:200], request.form.get("new", "")[:200]
    factors = platform().staff.factors
    try:
        if new != request.form.get("again", "")[:200]:
            raise Invalid(Code.PASSWORD_WEAK, "again", detail="again")
        if not platform().run(actor(seat), lambda work: factors.change_password(work, seat.session, old=old, new=new)):
            raise NotAllowed(Code.SIGN_IN_WRONG, "old")
    except SenimError as error:
        return with_status(render_template("console/password.html", fault=refused(error), why=error.detail), 400)
    return redirect(url_for("door.index", next=request.args.get("next")), 303)


@pages.route("/sign-in/app", methods=["GET", "POST"])
def enrol() -> Answer:
    """An app for one-time codes is set up at the first sign-in."""
    seat = _sitting(Step.ENROL)
    if seat is None:
        return redirect(url_for("door.index"), 303)
    factors, fault = platform().staff.factors, ""
    if request.method == "POST":
        given = request.form.get("code", "")[:20]
        try:
            codes = platform().run(actor(seat), lambda work: factors.set_up(work, seat.session, given))
            if codes is not None:
                signing = platform().staff.signing
                session[TOKEN] = platform().run(actor(seat), lambda work: signing.renew(work, session[TOKEN]))
                _familiar(seat.account.id)
                onwards = inside(request.args.get("next") or "")
                return once("console/recovery.html", codes=codes, onwards=onwards)
            fault = told("code-wrong")
        except SenimError as error:
            fault = refused(error)
    secret = platform().run(actor(seat), lambda work: factors.propose(work, seat.session))
    page = render_template("console/enrol.html", secret=secret, picture=picture(secret, seat.names.name), fault=fault)
    return with_status(page, 400 if fault else 200)


def picture(secret: str, name: str) -> str:
    """The address that apps for one-time codes read, as a picture."""
    address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Senim")
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=3, dark="#000", light="#fff")
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.getvalue()).decode()}"


@pages.post("/sign-out")
def leave() -> Answer:
    """Sign out."""
    seat = seated()
    if seat is not None:
        platform().run(actor(seat), lambda work: platform().staff.signing.leave(work, seat.session))
    kept = {name: session[name] for name in ("language", DEVICE) if name in session}
    session.clear()
    session.update(kept)
    return redirect(url_for("door.index"), 303)


@pages.route("/confirm", methods=["GET", "POST"])
def confirm() -> Answer:
    """Show again who sits there, and go on."""
    seat = seated()
    if seat is None or seat.step is not None:
        return redirect(url_for("door.index", next=request.args.get("next")), 303)
    signing = platform().staff.signing
    shown = _shown(seat, "console/confirm.html", signing.confirm, request.form.get("password", ""))
    return shown or redirect(inside(request.args.get("next") or ""), 303)
