"""Sign in by a code, show freshly who one is, sign out here and elsewhere (shop-18)."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as Redirect

from senim.accounts import Entered
from senim.accounts.records import AT_DOOR
from senim.accounts.rules import turned
from senim.app import Senim
from senim.errors import Invalid, NotAllowed, NotFound
from senim.policy.notices import field_name
from senim.policy.taxonomy import FieldType
from senim.web.portal.visit import ACCOUNT, ATTEMPT, BACK, act, forget, page, say, signed
from senim.web.shared.askers import asker
from senim.web.shared.pages import fault as told
from senim.web.shared.pages import wrong_at

Page = str | Redirect


def entering(senim: Senim) -> Blueprint:
    """The routes of signing in and out."""
    pages = Blueprint("entering", __name__)
    add = pages.add_url_rule
    add("/sign-in", view_func=_ask, methods=["GET"], endpoint="ask")
    add("/sign-in", view_func=lambda: _begin(senim), methods=["POST"], endpoint="ask_done")
    add("/sign-in/code", view_func=_code, methods=["GET"], endpoint="code")
    add("/sign-in/code", view_func=lambda: _enter(senim), methods=["POST"], endpoint="code_done")
    add("/sign-in/who", view_func=lambda: _who(senim), methods=["GET"], endpoint="who")
    add("/sign-in/who", view_func=lambda: _name(senim), methods=["POST"], endpoint="who_done")
    add("/code", view_func=lambda: _fresh(senim), methods=["GET"], endpoint="fresh")
    add("/code", view_func=lambda: _send_fresh(senim), methods=["POST"], endpoint="fresh_done")
    add("/code/enter", view_func=_coded, methods=["GET"], endpoint="coded")
    add("/code/enter", view_func=lambda: _freshen(senim), methods=["POST"], endpoint="freshen")
    add("/sessions", view_func=lambda: _sessions(senim), methods=["GET"], endpoint="sessions")
    add("/sessions/end", view_func=lambda: _end(senim), methods=["POST"], endpoint="end")
    add("/sessions/end-others", view_func=lambda: _end_others(senim), methods=["POST"], endpoint="end_others")
    add("/record", view_func=_turn, methods=["POST"], endpoint="turn")
    add("/sign-out", view_func=lambda: _sign_out(senim), methods=["POST"], endpoint="sign_out")
    return pages


def _ask() -> Page:
    if g.signed is not None:
        return redirect(url_for("seeing.start"), 303)
    return render_template("portal/sign-in.html", fault=wrong_at("contact"))


def _begin(senim: Senim) -> Page:
    """The answer is the same whoever asks, and whether or not the contact is known."""
    contact, language, who = request.form.get("contact", ""), g.language, asker(request)
    begin = senim.accounts.signing_in.begin
    try:
        token = senim.run(AT_DOOR, lambda work: begin(work, contact, asker=who, language=language))
    except Invalid:
        told("contact-wrong", "contact")
        return _ask()
    except NotAllowed:
        told("too-many", "contact")
        return _ask()
    session[ATTEMPT] = token
    return redirect(url_for("entering.code"), 303)


def _code(fault: str = "", left: int = 0) -> Page:
    if ATTEMPT not in session:
        return redirect(url_for("entering.ask"), 303)
    return render_template("portal/code.html", fault=fault, left=left, fresh=False)


def _enter(senim: Senim) -> Page:
    token, code, who = session.get(ATTEMPT, ""), request.form.get("code", ""), asker(request)
    enter = senim.accounts.signing_in.enter
    try:
        entered = senim.run(AT_DOOR, lambda work: enter(work, token, code, asker=who))
    except NotAllowed:
        return _code(told("too-many-tries"))
    if entered.several:
        return redirect(url_for("entering.who"), 303)
    return _in(entered) if entered.session else _code(told("code-wrong"), entered.left)


def _in(entered: Entered) -> Redirect:
    """A new cookie, with nothing of the old one but the language and the way back, which we noted ourselves."""
    back = session.get(BACK, "")
    forget()
    session[ACCOUNT] = entered.session
    return redirect(back or url_for("seeing.start"), 303)


def _who(senim: Senim, fault: str = "") -> Page:
    """Who of several people somebody is: only what one of them really has is asked for."""
    token, signing_in = session.get(ATTEMPT, ""), senim.accounts.signing_in
    asked = signing_in.asking(senim.works.begin(AT_DOOR), token) if token else None
    if asked is None:
        return redirect(url_for("entering.ask"), 303)
    promises = senim.accounts.promises()
    g.untold = ("value",)
    names = [(reference, field_name(promises, reference, g.language)) for reference in asked.ask]
    dated = any(promises.fields[reference].type is FieldType.BIRTH_DATE for reference in asked.ask)
    return render_template("portal/who.html", names=names, dated=dated, fault=fault, bare=asked.bare)


def _name(senim: Senim) -> Page:
    token, field, value = session.get(ATTEMPT, ""), request.form.get("field", ""), request.form.get("value", "")
    who, signing_in = asker(request), senim.accounts.signing_in
    if request.form.get("bare"):
        entered = senim.run(AT_DOOR, lambda work: signing_in.open_bare(work, token))
        return _in(entered) if entered.session else _who(senim)
    try:
        entered = senim.run(AT_DOOR, lambda work: signing_in.name(work, token, field, value, asker=who))
    except NotAllowed:
        return _who(senim, told("too-many-tries"))
    return _in(entered) if entered.session else _who(senim, told("several-wrong"))


def _turn() -> Redirect:
    """Look at another record of the same person."""
    session[ACCOUNT] = turned(session[ACCOUNT], request.form.get("record", ""))
    return redirect(url_for("seeing.start"), 303)


# a fresh code


def _fresh(senim: Senim) -> Page:
    return page(senim, "fresh.html")


def _send_fresh(senim: Senim) -> Page:
    try:
        session[ATTEMPT] = act(senim, senim.accounts.signing_in.again, language=g.language)
    except NotFound:
        return page(senim, "fresh.html", fault=told("no-address"))
    except NotAllowed:
        return page(senim, "fresh.html", fault=told("too-many"))
    return redirect(url_for("entering.coded"), 303)


def _coded(fault: str = "", left: int = 0) -> Page:
    if ATTEMPT not in session:
        return redirect(url_for("entering.fresh"), 303)
    return render_template("portal/code.html", fault=fault, left=left, fresh=True)


def _freshen(senim: Senim) -> Page:
    token, code = session.get(ATTEMPT, ""), request.form.get("code", "")
    entered = act(senim, senim.accounts.signing_in.freshen, token, code=code)
    if not entered.session:
        return _coded(told("code-wrong"), entered.left)
    session.pop(ATTEMPT, None)
    return redirect(session.pop(BACK, "") or url_for("seeing.start"), 303)


# sessions


def _sessions(senim: Senim) -> Page:
    return page(senim, "sessions.html", open_ones=senim.accounts.signing_in.sessions(signed()))


def _end(senim: Senim) -> Redirect:
    _end_everywhere(senim, request.form.get("session", ""))
    say("session-ended", "good")
    return redirect(url_for("entering.sessions"), 303)


def _end_everywhere(senim: Senim, one: str) -> None:
    """End a session for each record that it opens. Raises NotFound unless it opens the one that is looked at."""
    end = senim.accounts.signing_in.end
    senim.run(signed().actor, lambda work: end(work, one))
    for other in signed().others:
        with suppress(NotFound):  # a session may open fewer records than this one
            senim.run(other.actor, lambda work: end(work, one))


def _end_others(senim: Senim) -> Redirect:
    here, end_others = signed().session.id, senim.accounts.signing_in.end_others
    for who in (signed(), *signed().others):
        senim.run(who.actor, lambda work: end_others(work, here))
    say("session-ended", "good")
    return redirect(url_for("entering.sessions"), 303)


def _sign_out(senim: Senim) -> Redirect:
    _end_everywhere(senim, signed().session.id)
    forget()
    say("signed-out", "good")
    return redirect(url_for("entering.ask"), 303)
