"""Accounts of colleagues, for who is responsible: opened, given another role, shut, reset."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from senim.errors import Code, NotFound, SenimError
from senim.governance import Listed
from senim.identity import RESPONSIBLE
from senim.languages import Language
from senim.web.console.again import fresh, with_status
from senim.web.console.guard import Answer, ask, look, member, platform, reached, run, word
from senim.web.console.once import once
from senim.web.shared.pages import fault_of_page, refused

pages = Blueprint("staff", __name__, url_prefix="/staff")


def _roles() -> dict[str, str]:
    """The roles that people may have, by what they are called."""
    roles = platform().policies.in_force(platform().works.clock.now()).policy.roles
    named = {name: one.name.in_(g.language) for name, one in roles.items() if one.kind == "staff"}
    return {RESPONSIBLE: word("role-responsible"), **named}


def _given() -> dict[str, str]:
    """Those that who is signed in may give."""
    return {role: name for role, name in _roles().items() if reached(role)}


def _found(account_id: str) -> Listed:
    found = next((one for one in platform().staff.all(look()) if one.account.id == account_id), None)
    if found is None:
        raise NotFound(Code.NOT_FOUND, "account")
    return found


@pages.get("/")
def index() -> Answer:
    """Who has an account."""
    return render_template("console/staff.html", found=platform().staff.all(look()), roles=_roles())


@pages.route("/add", methods=["GET", "POST"])
@fresh
def add() -> Answer:
    """A new account; its first password is shown once."""
    form, status = request.form, 200
    if request.method == "POST":
        try:
            _, password = run(
                lambda work: platform().staff.add(
                    work,
                    form.get("name", "")[:100],
                    role=form.get("role", ""),
                    shown=form.get("shown", "")[:100],
                    language=cast("Language", form.get("language", "")),
                )
            )
            return once("console/first_password.html", name=form.get("name", ""), password=password)
        except SenimError as error:
            refused(error, "name" if error.where == "name" else "")
            status = 400
    page = render_template("console/staff_add.html", roles=_given(), fault=fault_of_page(), form=form)
    return with_status(page, status)


@pages.get("/<account>")
def show(account: str) -> Answer:
    """One account."""
    found = _found(account)
    sessions = platform().staff.signing.sessions(look(), account)
    return render_template(
        "console/staff_one.html",
        found=found,
        sessions=sessions,
        roles=_roles(),
        given=_given(),
        may=reached(found.account.role),
    )


@pages.post("/<account>/role")
@fresh
def set_role(account: str) -> Answer:
    """Another role; it holds at once."""
    run(lambda work: platform().staff.set_role(work, account, request.form.get("role", "")))
    flash(word("staff-role-set"), "good")
    return redirect(url_for("staff.show", account=account), 303)


@pages.route("/<account>/shut", methods=["GET", "POST"])
@fresh
def shut(account: str) -> Answer:
    """Nobody comes in with it any more."""
    found, back = _found(account), url_for("staff.show", account=account)
    if request.method == "GET":
        return ask(
            word("staff-shut-ask"),
            says=f"{found.names.shown}. {word('staff-shut-says')}",
            does=word("staff-shut"),
            back=back,
        )
    run(lambda work: platform().staff.disable(work, account))
    flash(word("staff-shut-done"), "good")
    return redirect(back, 303)


@pages.post("/<account>/open")
@fresh
def reopen(account: str) -> Answer:
    """It opens again."""
    run(lambda work: platform().staff.enable(work, account))
    flash(word("staff-opened"), "good")
    return redirect(url_for("staff.show", account=account), 303)


@pages.route("/<account>/reset", methods=["GET", "POST"])
@fresh
def reset(account: str) -> Answer:
    """A first password again."""
    found, back = _found(account), url_for("staff.show", account=account)
    if request.method == "GET":
        return ask(
            word("staff-reset-ask"),
            says=f"{found.names.shown}. {word('staff-reset-says')}",
            does=word("staff-reset"),
            back=back,
        )
    password = run(lambda work: platform().staff.reset(work, account))
    return once("console/first_password.html", name=found.names.name, password=password)


@pages.post("/<account>/sessions")
def end_sessions(account: str) -> Answer:
    """Sign somebody out everywhere."""
    if account == member().id:
        run(lambda work: platform().staff.signing.end_others(work, member().session))
    else:
        run(lambda work: platform().staff.sign_out(work, account))
    flash(word("sessions-ended"), "good")
    return redirect(url_for("staff.show", account=account), 303)
