"""Put right, confirm, take along, withdraw everything, erase: what changes something (airline-11, shop-18)."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.accounts import Signed
from senim.accounts.actions import changes_at_once
from senim.app import Senim
from senim.errors import Code, NotFound, SenimError
from senim.rights import Ground, Kind
from senim.rights.answers.rendering import data as as_json
from senim.rights.answers.rendering import document as as_pdf
from senim.rights.answers.rendering import page as as_page
from senim.web.portal.visit import act, act_as, look, page, say, signed
from senim.web.shared.pages import PRIVATE, refused, wrong_at
from senim.web.shared.pages import fault as told
from senim.web.shared.switching import typed

Page = str | Redirect
_FORMS = {
    "page": ("text/html; charset=utf-8", as_page),
    "pdf": ("application/pdf", as_pdf),
    "json": ("application/json", as_json),
}
ANSWER = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For an answer itself, whose style stands in the page: it is kept as one file. No script can run in it."""


def changing(senim: Senim) -> Blueprint:
    """The routes of changes."""
    pages = Blueprint("changing", __name__)
    add = pages.add_url_rule
    add("/correct/<field>", view_func=lambda field: _form(senim, field), methods=["GET"], endpoint="correct")
    add("/correct/<field>", view_func=lambda field: _correct(senim, field), methods=["POST"], endpoint="correct_done")
    add("/confirm", view_func=lambda: _confirm(senim), methods=["POST"], endpoint="confirm")
    add("/copy", view_func=lambda: page(senim, "copy.html", forms=tuple(_FORMS)), endpoint="copy")
    add("/copy/<form>", view_func=lambda form: _export(senim, form), endpoint="export")
    add("/copy/whole", view_func=lambda: _whole(senim), methods=["POST"], endpoint="whole")
    add("/leave", view_func=lambda: _leave(senim), methods=["GET"], endpoint="leave")
    add("/leave", view_func=lambda: _left(senim), methods=["POST"], endpoint="left")
    return pages


def _known(senim: Senim, field: str) -> str:
    """A field that the policy declares and people may see. Raises NotFound."""
    promises = senim.accounts.promises()
    category = promises.category(field)
    if field not in promises.fields or category is None or category.people == "never":
        raise NotFound(Code.NOT_FOUND, "field")
    if field.partition(".")[0] not in look(senim, senim.accounts.held):
        raise NotFound(Code.NOT_FOUND, "field")
    return field


def _form(senim: Senim, field: str, *, by_request: bool = False) -> str:
    """At once, if neither the field nor a block stands against it; else it says why somebody looks at the change."""
    by_request = by_request or typed("how") == "request"
    reference, promises = _known(senim, field), senim.accounts.promises()
    how = "by-request" if by_request or not changes_at_once(promises, reference) else "at-once"
    if signed().standing.marks.block is not None:
        how = "blocked"
    spec = promises.fields[reference]
    fault = wrong_at("value")
    return page(senim, "correct.html", field=reference, spec=spec, how=how, fault=fault, value=typed("value"))


def _correct(senim: Senim, field: str) -> Page:
    """At once where that may be, else as a request; what is refused is said beside the field, and nothing is kept."""
    reference, value = _known(senim, field), request.form.get("value", "")
    at_once = request.form.get("how") == "at-once"
    try:
        if at_once:
            act(senim, senim.accounts.correct, {reference: value})
            say("correct-done", "good")
            return redirect(url_for("seeing.category", category=reference.partition(".")[0]), 303)
        opened = act(
            senim, senim.accounts.asking.open, Kind.CORRECT, language=g.language, ground=Ground.INACCURATE,
            changes={reference: value},
        )  # fmt: skip
    except SenimError as refusal:
        if refusal.code in (Code.CHANGE_BY_REQUEST, Code.SUBJECT_BLOCKED):
            return _form(senim, field, by_request=True)
        refused(refusal, "value")
        return _form(senim, field)
    say("ask-opened", "good")
    return redirect(url_for("asking.request", number=opened.number), 303)


def _confirm(senim: Senim) -> Redirect:
    act(senim, senim.accounts.confirm)
    say("confirm-done", "good")
    return redirect(url_for("seeing.start"), 303)


def _export(senim: Senim, form: str) -> Response:
    """What the vault holds, now; it needs a fresh code."""
    g.back = url_for("changing.copy")
    if form not in _FORMS:
        raise NotFound(Code.NOT_FOUND, "form")
    media, made = _FORMS[form]
    content = made(act(senim, senim.accounts.export, g.language))
    answer = Response(content, content_type=media, headers={**PRIVATE, "Content-Security-Policy": ANSWER})
    if form != "page":
        answer.headers["Content-Disposition"] = f'attachment; filename="my-data.{form}"'
    return answer


def _whole(senim: Senim) -> Redirect:
    g.back = url_for("changing.copy")
    opened = act(senim, senim.accounts.asking.open, Kind.COPY, language=g.language)
    say("ask-opened", "good")
    return redirect(url_for("asking.request", number=opened.number), 303)


def _leave(senim: Senim, fault: str = "") -> str:
    deletes = senim.accounts.promises().policy.rights.withdrawal_deletes
    return page(senim, "leave.html", deletes=deletes, fault=fault, others=_beside(senim))


def _beside(senim: Senim) -> tuple[Signed, ...]:
    """The records that can be left together with the one that is looked at: one fresh code does for all."""
    return look(senim, senim.accounts.signing_in.covered)


def _left(senim: Senim) -> Page:
    """Withdraw everything, or erase, in this record and those that are chosen: with a tick, a fresh code, a number."""
    g.back = url_for("changing.leave")
    wanted = {"withdraw": Kind.WITHDRAW, "erase": Kind.ERASE}.get(request.form.get("what", ""))
    if wanted is None:
        raise NotFound(Code.NOT_FOUND, "what")
    if not request.form.get("sure"):
        return _leave(senim, told("sure-missing"))
    chosen = [one for one in _beside(senim) if one.subject in request.form.getlist("also")]
    opened = act(senim, senim.accounts.asking.open, wanted, language=g.language)
    done = [(one.standing.created_at, _left_too(senim, one, wanted)) for one in chosen]
    each = all(good for _, good in done)
    say("ask-opened-each" if done and each else "ask-opened", "good")
    for since, good in () if each else done:
        say("also-opened" if good else "also-refused", "good" if good else "bad", since)
    return redirect(url_for("asking.request", number=opened.number), 303)


def _left_too(senim: Senim, other: Signed, wanted: Kind) -> bool:
    """Whether the same is asked for in another record: what is refused there takes nothing back here."""
    try:
        act_as(senim, other, senim.accounts.asking.open, wanted, language=g.language)
    except SenimError:
        return False
    return True
