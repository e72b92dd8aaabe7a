"""Choices by purpose and channel, what was shown then, receipts; who may see what; a new version of the policy."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.accounts.rules import Choice, choices, openings
from senim.app import Senim
from senim.consent import Scope
from senim.errors import Code, Invalid, NotFound, NotPromised
from senim.policy.notices import consent_sentence
from senim.policy.plainly import plainly
from senim.policy.promises import Promises
from senim.times import micros
from senim.web.portal.visit import act, before, look, page, say, signed
from senim.web.shared.pages import fault, problem

Page = str | Redirect
_UNASKED = (
    Code.PURPOSE_UNDECLARED, Code.RECIPIENT_UNDECLARED, Code.CHANNEL_UNDECLARED, Code.CATEGORY_NOT_ENTRUSTED,
    Code.COUNTRY_NOT_ALLOWED,
)  # fmt: skip


def choosing(senim: Senim) -> Blueprint:
    """The routes of choices."""
    pages = Blueprint("choosing", __name__)
    add = pages.add_url_rule
    add("/choices", view_func=lambda: _choices(senim), endpoint="choices")
    add("/choices/agree", view_func=lambda: _before(senim), methods=["GET"], endpoint="before")
    add("/choices/agree", view_func=lambda: _agree(senim), methods=["POST"], endpoint="agree")
    add("/choices/refuse", view_func=lambda: _refuse(senim), methods=["POST"], endpoint="refuse")
    add("/choices/seen/<event>", view_func=lambda event: _seen(senim, event), endpoint="seen")
    add("/receipts", view_func=lambda: _receipts(senim), endpoint="receipts")
    add("/receipts/<event>", view_func=lambda event: _receipt(senim, event), endpoint="receipt")
    add("/visibility", view_func=lambda: _visibility(senim), endpoint="visibility")
    add("/policy", view_func=lambda: _policy(senim), methods=["GET"], endpoint="policy")
    add("/policy", view_func=lambda: _accept(senim), methods=["POST"], endpoint="accept")
    pages.register_error_handler(NotPromised, _unasked)
    return pages


def _now(senim: Senim) -> int:
    return micros(senim.works.clock.now())


def _all(senim: Senim) -> list[Choice]:
    return choices(senim.accounts.promises(), signed().standing, _now(senim))


def _choices(senim: Senim) -> str:
    promises = senim.accounts.promises()
    groups: dict[str, list[tuple[Choice, str]]] = {}
    for one in _all(senim):
        sentence = consent_sentence(promises, one.ask, g.language)
        groups.setdefault(one.scope.purpose, []).append((one, sentence))
    mailings = {name: group for name, group in groups.items() if promises.policy.purposes[name].kind == "marketing"}
    rest = {name: group for name, group in groups.items() if name not in mailings}
    return page(senim, "choices.html", mailings=mailings, rest=rest)


def _scope(promises: Promises, name: str) -> Scope:
    """A scope as a form names it. Raises NotFound for a purpose that the policy does not know."""
    scope = Scope.parse(name)
    if scope.purpose not in promises.policy.purposes:
        raise NotFound(Code.NOT_FOUND, "purpose")
    return scope


def _before(senim: Senim) -> str:
    return _notice(senim, _scope(senim.accounts.promises(), request.args.get("to", "")))


def _notice(senim: Senim, scope: Scope, *, unseen: bool = False) -> str:
    """What is told before a yes; ``unseen``: somebody agreed without it, or to one that holds no longer."""
    g.place = url_for("choosing.before", to=scope.purpose + scope.key)
    notice = look(senim, senim.accounts.notice_for, scope, language=g.language)
    point = senim.accounts.promises().policy.points[notice.point].name
    return page(
        senim, "agree.html", scope=scope, notice=notice, point=point, unseen=unseen, sentence=_sentence(senim, scope)
    )


def _sentence(senim: Senim, scope: Scope) -> str:
    """What exactly is agreed to."""
    promises = senim.accounts.promises()
    found = next((one for one in _all(senim) if one.scope == scope.whole), None)
    whole = (
        consent_sentence(promises, found.ask, g.language)
        if found
        else promises.policy.purposes[scope.purpose].name.in_(g.language)
    )
    if not scope.category:
        return whole
    return f"{whole} {promises.policy.categories[scope.category].name.in_(g.language)}."


def _unasked(refusal: NotPromised) -> Any:
    """Nobody is asked for it (any more): back to what is asked, with a word on it."""
    if refusal.code not in _UNASKED:
        return problem(refusal)
    say("not-asked", "warn")
    return redirect(url_for("choosing.choices"), 303)


def _agree(senim: Senim) -> Page:
    """A yes counts with what was shown; who was not shown it, or something older, is shown it now."""
    scope = _scope(senim.accounts.promises(), request.form.get("to", ""))
    try:
        act(senim, senim.accounts.agree, scope, notice=request.form.get("notice", ""), language=g.language)
    except (Invalid, NotPromised) as refusal:
        if refusal.code not in (Code.NOTICE_MISSING, Code.NOTICE_OUTDATED):
            raise
        fault("agree-unseen")
        return _notice(senim, scope, unseen=True)
    say("choice-on", "good")
    return _back(scope)


def _refuse(senim: Senim) -> Redirect:
    scope = _scope(senim.accounts.promises(), request.form.get("to", ""))
    act(senim, senim.accounts.refuse, scope, language=g.language)
    say("choice-off", "good")
    return _back(scope)


def _back(scope: Scope) -> Redirect:
    return redirect(url_for("choosing.visibility" if scope.category else "choosing.choices"), 303)


def _seen(senim: Senim, event: str) -> str:
    told, _, text = act(senim, senim.accounts.prove, event)
    lines = [line.partition(": ")[::2] for line in text.splitlines()]
    return page(senim, "seen.html", event=told, lines=lines, at=_at(told.said.at))


def _at(text: str) -> int:
    from datetime import datetime

    return micros(datetime.fromisoformat(text))


def _receipts(senim: Senim) -> str:
    said, onwards = senim.accounts.history(signed(), before())
    return page(senim, "receipts.html", events=[(one, _at(one.said.at)) for one in said], onwards=onwards)


def _receipt(senim: Senim, event: str) -> Response:
    """The receipt itself, as it was signed; its name holds nothing of the person."""
    _, receipt, _ = act(senim, senim.accounts.prove, event)
    answer = Response(receipt, content_type="application/jose")
    answer.headers["Content-Disposition"] = 'attachment; filename="receipt.jws"'
    return answer


def _visibility(senim: Senim) -> str:
    found = openings(senim.accounts.promises(), signed().standing, _now(senim))
    return page(senim, "visibility.html", openings=found)


def _policy(senim: Senim) -> str:
    promises, account = senim.accounts.promises(), senim.accounts.account(signed())
    new = account.version < promises.version
    before = senim.policies.promises(account.version, senim.works.clock.now().date())
    return page(
        senim,
        "policy.html",
        new=new,
        before=account.version,
        promises=promises,
        groups=plainly(before, promises, g.language) if new else {},
        renew=[one for one in _all(senim) if one.state == "renew"],
    )


def _accept(senim: Senim) -> Redirect:
    act(senim, senim.accounts.accept)
    say("version-done", "good")
    return redirect(url_for("choosing.policy"), 303)
