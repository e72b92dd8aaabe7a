"""Keys of the operator's systems: made, listed, revoked."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from senim.errors import SenimError
from senim.web.console.again import fresh, with_status
from senim.web.console.guard import Answer, ask, look, platform, reached, run, word
from senim.web.console.once import once
from senim.web.shared.pages import fault_of_page, refused

pages = Blueprint("keys", __name__, url_prefix="/keys")


def _roles() -> dict[str, str]:
    roles = platform().policies.in_force(platform().works.clock.now()).policy.roles
    return {name: one.name.in_(g.language) for name, one in roles.items() if one.kind == "service"}


def _given() -> dict[str, str]:
    """Those that who is signed in may give."""
    return {role: name for role, name in _roles().items() if reached(role)}


@pages.get("/")
def index() -> Answer:
    """All keys, without their secrets; those that open something first."""
    found = sorted(platform().access.all(look()), key=lambda one: (one.revoked_at > 0, -one.created_at))
    return render_template("console/keys.html", found=found, roles=_roles())


@pages.route("/add", methods=["GET", "POST"])
@fresh
def add() -> Answer:
    """A new key; its token is shown once."""
    label, role, status = request.form.get("label", "").strip(), request.form.get("role", ""), 200
    if request.method == "POST":
        try:
            _, token = run(lambda work: platform().access.add(work, label, role=role))
            return once("console/key_made.html", token=token, label=label)
        except SenimError as error:
            refused(error, "label" if error.where == "label" else "")
            status = 400
    page = render_template("console/key_add.html", roles=_given(), fault=fault_of_page(), label=label, role=role)
    return with_status(page, status)


@pages.route("/<key>/revoke", methods=["GET", "POST"])
@fresh
def revoke(key: str) -> Answer:
    """It opens nothing any more."""
    back = url_for("keys.index")
    if request.method == "GET":
        label = next((one.label for one in platform().access.all(look()) if one.id == key), "")
        return ask(
            word("key-revoke-ask"), says=f"{label}. {word('key-revoke-says')}", does=word("key-revoke"), back=back
        )
    run(lambda work: platform().access.revoke(work, key))
    flash(word("key-revoked"), "good")
    return redirect(back, 303)
