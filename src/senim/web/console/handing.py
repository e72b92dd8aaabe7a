"""Data of a person for a recipient: what would go and whether it may is told first; then it goes, and is in the log.

The file for the recipient is kept nowhere: it goes along, signed, in the page that says that it is done, and comes back
from there as often as it is asked for within half an hour.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

from senim.consent import Scope
from senim.disclosure import Foreseen, Handed, Handing, is_number
from senim.errors import Code, Invalid, Reason, SenimError
from senim.identity import RESPONSIBLE, SubjectId, new_id
from senim.policy.records import Recipient
from senim.policy.taxonomy import Operation
from senim.web.console import naming
from senim.web.console.again import fresh
from senim.web.console.guard import Answer, look, member, platform, run
from senim.web.console.looking import Look, for_a_purpose, promises
from senim.web.console.shown import told_with
from senim.web.console.uploads import handed
from senim.web.shared.pages import fault, fault_of_page
from senim.web.shared.problems import status_of
from senim.web.shared.switching import repeats
from senim.web.shared.tables import cell

pages = Blueprint("handing", __name__, url_prefix="/people")

FILES = ("csv", "json")
"""How the recipient may have it."""

_ONCE = "handing"
_LASTS = int(timedelta(minutes=30).total_seconds())


def pairs() -> dict[str, list[tuple[str, str]]]:
    """To whom data may go: recipient → for what, as the value of the choice and how it is called."""
    now, me = promises(), member()
    declared = now.policy.roles.get(me.role)
    mine = now.policy.purposes if me.role == RESPONSIBLE or declared is None else declared.purposes
    passed = {name for name in mine if Operation.TRANSFER in now.policy.purposes[name].operations}
    found = {
        naming.recipient(now, name): [
            (f"{name}:{purpose}", naming.purpose(now, purpose)) for purpose in one.purposes if purpose in passed
        ]
        for name, one in now.policy.recipients.items()
    }
    return {name: purposes for name, purposes in found.items() if purposes}


def _asked() -> Handing | None:
    """The handing-over that the address or the form tells of; None if it tells of none that there could be."""
    told = request.values
    chosen = told.get("to", "")
    if chosen not in {value for purposes in pairs().values() for value, _ in purposes}:
        return None
    recipient, _, purpose = chosen.partition(":")
    return Handing(
        recipient=recipient,
        purpose=purpose,
        categories=tuple(told.getlist("field")),
        country=told.get("country", "") or _only_country(promises().policy.recipients[recipient]),
        channel=told.get("channel", ""),
        reason=told.get("reason", "").strip(),
    )


def _only_country(recipient: Recipient) -> str:
    return recipient.countries[0] if len(recipient.countries) == 1 else ""


def _foresee(one: Look, handing: Handing) -> Foreseen:
    return platform().disclosures.foresee(look(), one.subject, handing)


def _told(handing: Handing, reasons: Iterable[Reason]) -> list[str]:
    """Reasons in words, each once; of a consent that does not stand, which one."""
    return list(dict.fromkeys(_reason(handing.purpose, one) for one in reasons))


def _reason(purpose: str, one: Reason) -> str:
    said = naming.ground(one)
    if not one.code.value.startswith("consent_"):
        return said
    key = "" if one.where == purpose else one.where
    return f"{naming.scope(promises(), Scope.of(purpose, key))}: {said}"


def _to_choose(handing: Handing) -> bool:
    """Whether what is still to be chosen can be what it is refused for."""
    recipient = promises().policy.recipients[handing.recipient]
    return recipient.kind == "authority" or len(recipient.countries) > 1 or _by_channel(handing)


def _by_channel(handing: Handing) -> bool:
    return bool(promises().policy.purposes[handing.purpose].channels)


@pages.get("/<subject>/hand")
@for_a_purpose
def choose(one: Look) -> Answer:
    """To whom and for what; then what of it, and what else the recipient needs."""
    handing = _asked()
    if handing is None:
        return render_template("console/hand.html", one=one, pairs=pairs())
    return _form(one, handing)


def _form(one: Look, handing: Handing) -> str:
    now, whole = promises(), replace(handing, categories=())
    recipient = now.policy.recipients[handing.recipient]
    foreseen = _foresee(one, whole)
    by_category: dict[str, list[str]] = {}
    for field in foreseen.fields:
        by_category.setdefault(field.partition(".")[0], []).append(field)
    return render_template(
        "console/hand_what.html",
        one=one,
        now=now,
        handing=handing,
        settled=replace(handing, country=_only_country(recipient), channel="", reason=""),
        recipient=recipient,
        channels=now.policy.purposes[handing.purpose].channels,
        offered=by_category,
        refused=[] if _to_choose(handing) else _told(handing, foreseen.reasons),
        chosen=handing.categories or foreseen.fields,
        fault=fault_of_page(),
    )


@pages.route("/<subject>/hand/look", methods=["GET", "POST"])
@for_a_purpose
def see(one: Look) -> Answer:
    """What would go, and whether it may: all reasons."""
    handing = _asked()
    if handing is None or request.method == "GET":
        return redirect(url_for("handing.choose", subject=one.subject), 303)
    repeats()
    if not handing.categories:
        fault("hand-nothing-chosen")
        return _form(one, handing)
    if handing.reason and not is_number(handing.reason):
        fault("hand-reason-wrong", "reason")
        return _form(one, handing)
    session[_ONCE] = once = new_id()
    return _sight(one, handing, once)


def _sight(one: Look, handing: Handing, once: str, faults: list[str] | None = None) -> str:
    now, foreseen = promises(), _foresee(one, handing)
    return render_template(
        "console/hand_look.html",
        one=one,
        now=now,
        handing=handing,
        recipient=now.policy.recipients[handing.recipient],
        fields=foreseen.fields,
        reasons=faults or _told(handing, foreseen.reasons),
        once=once,
    )


@pages.post("/<subject>/hand")
@fresh
@for_a_purpose
def make(one: Look) -> Answer:
    """Hand it over: once for each page that said what would go, however often its button is pressed."""
    handing, once = _asked(), request.form.get("once", "")
    if handing is None or not handing.categories or not once or session.get(_ONCE) != once:
        flash(naming.say("hand-not-again"), "warn")
        return redirect(url_for("people.history", subject=one.subject), 303)
    try:
        done = run(lambda work: platform().disclosures.make(work, (one.subject,), handing))
    except SenimError as error:
        faults = _told(handing, error.reasons) or naming.reasons(error)
        return told_with(_sight(one, handing, once, faults), status_of(error))
    session.pop(_ONCE)
    return _done(one, handing, done)


def _done(one: Look, handing: Handing, done: Handed) -> str:
    now, values = promises(), {name: kept.value for name, kept in done.values[one.subject].items()}
    told = {"disclosure": done.disclosure, "recipient": handing.recipient, "data": {one.subject: values}}
    line = next(it for it in platform().disclosures.newest(one.subject)[0] if it.disclosure == done.disclosure)
    return render_template(
        "console/handed.html",
        one=one,
        now=now,
        handing=handing,
        line=line,
        fields=sorted(values),
        file=_sealed().dumps(told) if values else "",
        files=FILES,
    )


def _sealed() -> URLSafeTimedSerializer:
    """What signs the file into the page: for this session's own account alone."""
    key = current_app.secret_key
    assert key is not None
    return URLSafeTimedSerializer(key, salt=f"handed-{member().id}")


@pages.post("/<subject>/handed.<ending>")
def file(subject: str, ending: str) -> Answer:
    """The file for the recipient, out of the page that said that it is done. Raises Invalid (invalid_value)."""
    if ending not in FILES:
        abort(404)
    try:
        told: dict[str, Any] = _sealed().loads(request.form.get("file", ""), max_age=_LASTS)
        values: dict[str, str] = told["data"][SubjectId(subject)]
    except (BadData, KeyError) as error:
        raise Invalid(Code.INVALID_VALUE, "file") from error
    name = f"disclosure-{told['disclosure']}.{ending}"
    if ending == "json":
        return handed(msgspec.json.format(msgspec.json.encode(told), indent=2), "application/json", name)
    return handed(_csv(values).encode("utf-8-sig"), "text/csv; charset=utf-8", name)


def _csv(values: dict[str, str]) -> str:
    now, made = promises(), io.StringIO()
    rows = csv.writer(made)
    rows.writerow([naming.say("data"), naming.say("value-value"), "id"])
    rows.writerows([cell(naming.category(now, name)), cell(value), name] for name, value in sorted(values.items()))
    return made.getvalue()
