"""One's own account: how one signs in, where one is signed in, in which language one reads."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for

from senim.errors import Code, Invalid, NotAllowed, NotFound, SenimError
from senim.governance.rules import PASSKEYS
from senim.languages import Language
from senim.web.console.again import fresh, with_status
from senim.web.console.door import picture
from senim.web.console.guard import Answer, ask, look, member, platform, run, seated, site, word
from senim.web.console.once import once
from senim.web.shared.pages import fault as told
from senim.web.shared.pages import fault_of_page, refused

pages = Blueprint("account", __name__, url_prefix="/account")


@pages.get("/")
def index() -> Answer:
    """All of it on one page."""
    return _page()


def _page(status: int = 200) -> Answer:
    me, seat = member(), seated()
    assert seat is not None
    g.place = url_for("account.index")
    sessions = platform().staff.signing.sessions(look(), me.id)
    page = render_template(
        "console/account.html",
        seat=seat,
        sessions=sessions,
        own=me.session,
        takes_passkeys=site().takes_passkeys,
    )
    return with_status(page, status)


@pages.post("/language")
def set_language() -> Answer:
    """The language of the pages."""
    wanted = cast("Language", request.form.get("language", ""))
    run(lambda work: platform().staff.set_language(work, wanted))
    session["language"] = wanted
    return redirect(url_for("account.index"), 303)


@pages.post("/address")
@fresh
def set_address() -> Answer:
    """Where letters about the account go."""
    wanted = request.form.get("address", "")[:300]
    try:
        run(lambda work: platform().staff.set_address(work, wanted))
    except Invalid:
        told("address-wrong", "address")
        return _page(status=400)
    flash(word("address-set"), "good")
    return redirect(url_for("account.index"), 303)


@pages.route("/password", methods=["GET", "POST"])
def password() -> Answer:
    """Another password."""
    if request.method == "GET":
        return render_template("console/own_password.html", fault="", why="")
    old, new = request.form.get("old", "")[:200], request.form.get("new", "")[:200]
    factors = platform().staff.factors
    try:
        if new != request.form.get("again", "")[:200]:
            raise Invalid(Code.PASSWORD_WEAK, "again", detail="again")
        if not run(lambda work: factors.change_password(work, member().session, old=old, new=new)):
            raise NotAllowed(Code.SIGN_IN_WRONG, "old")
    except SenimError as error:
        page = render_template("console/own_password.html", fault=refused(error), why=error.detail)
        return with_status(page, 400)
    flash(word("password-changed"), "good")
    return redirect(url_for("account.index"), 303)


@pages.route("/app", methods=["GET", "POST"])
@fresh
def app() -> Answer:
    """Another app for one-time codes."""
    seat, factors, fault = seated(), platform().staff.factors, ""
    assert seat is not None
    if request.method == "POST":
        given = request.form.get("code", "")[:20]
        try:
            codes = run(lambda work: factors.set_up(work, member().session, given))
            if codes is not None:
                return once("console/recovery.html", codes=codes, onwards=url_for("account.index"))
            fault = told("code-wrong")
        except SenimError as error:
            fault = refused(error)
    secret = run(lambda work: factors.propose(work, member().session))
    page = render_template("console/enrol.html", secret=secret, picture=picture(secret, seat.names.name), fault=fault)
    return with_status(page, 400 if fault else 200)


@pages.post("/recovery")
@fresh
def recovery() -> Answer:
    """New recovery codes; the old ones open nothing any more."""
    codes = run(lambda work: platform().staff.factors.renew_recovery(work, member().session))
    return once("console/recovery.html", codes=codes, onwards=url_for("account.index"))


_PASSKEY_WRONG = {"label": "passkey-label-wrong", "passkeys": "passkey-most"}
"""What is told of a passkey that is not kept, by where it is wrong."""


@pages.route("/passkeys", methods=["GET", "POST"])
@fresh
def passkeys() -> Answer:
    """A new passkey: made by the browser, kept here."""
    keys, seat, status = platform().staff.passkeys, seated(), 200
    if not site().takes_passkeys:
        return render_template("console/passkey.html", options="", why=word("passkey-unfit"))
    if seat is not None and len(seat.account.passkeys) >= PASSKEYS:
        return render_template("console/passkey.html", options="", why=word("passkey-most"))
    if request.method == "POST":
        credential, label = request.form.get("credential", "")[:20_000], request.form.get("label", "")[:200]
        try:
            run(lambda work: keys.add(work, member().session, site(), credential=credential, label=label))
            flash(word("passkey-added"), "good")
            return redirect(url_for("account.index"), 303)
        except Invalid as error:
            where, status = error.where, 400
            told(_PASSKEY_WRONG.get(where, "passkey-failed"), where if where == "label" else "")
    options = run(lambda work: keys.to_add(work, member().session, site()))
    page = render_template("console/passkey.html", options=options, fault=fault_of_page())
    return with_status(page, status)


@pages.route("/passkeys/<name>/remove", methods=["GET", "POST"])
@fresh
def remove_passkey(name: str) -> Answer:
    """Take a passkey away."""
    back, seat = url_for("account.index"), seated()
    assert seat is not None
    found = next((one for one in seat.account.passkeys if one.name == name), None)
    if found is None:
        raise NotFound(Code.NOT_FOUND, "passkey")
    if request.method == "GET":
        says = f"{found.label}. {word('passkey-remove-says')}"
        return ask(word("passkey-remove-ask"), says=says, does=word("remove"), back=back)
    run(lambda work: platform().staff.passkeys.remove(work, member().session, name))
    flash(word("passkey-removed"), "good")
    return redirect(back, 303)


@pages.post("/sessions/end")
def end() -> Answer:
    """Sign out somewhere else: one session, or all others."""
    name, me = request.form.get("session", ""), member()
    signing = platform().staff.signing
    if name:
        run(lambda work: signing.end(work, me.id, name))
    else:
        run(lambda work: signing.end_others(work, me.session))
    flash(word("sessions-ended"), "good")
    return redirect(url_for("account.index"), 303)
