"""A request by letter, telephone, at the counter or from an authority: written down, its clock shown, then kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from msgspec.structs import replace
from werkzeug.datastructures import MultiDict

from senim.errors import Code, Invalid, NotFound, SenimError
from senim.languages import LANGUAGES, Language, choose
from senim.policy.notices import field_name
from senim.policy.promises import Promises
from senim.rights import For, Ground, Kind, Opening, Request, Way
from senim.rights.records import AuthorityKind
from senim.rights.rules import CORRECTS
from senim.web.console import naming
from senim.web.console.guard import Answer, look, needs, platform, run
from senim.web.console.requests import find, page, pages
from senim.web.console.shown import told_with
from senim.web.console.uploads import sent
from senim.web.shared.pages import refused, words
from senim.web.shared.problems import status_of
from senim.web.shared.switching import repeats

__all__ = ["pages"]

WAYS = (Way.LETTER, Way.TELEPHONE, Way.COUNTER, Way.AUTHORITY)
_FILE = {Way.LETTER: "letter", Way.AUTHORITY: "letter"}
CHANGES = 3
"""Corrections that fit a form; more of them can be added to the request."""


def _promises() -> Promises:
    return platform().policies.in_force(platform().works.clock.now())


def _correctable(promises: Promises) -> list[tuple[str, str]]:
    names = [(name, field_name(promises, name, g.language)) for name in promises.fields]
    return [("", "—"), *sorted(names, key=lambda one: one[1])]


def _form(fault: str = "") -> str:
    """The form, with what was written in it so far."""
    promises = _promises()
    now = platform().works.clock.now().astimezone(ZoneInfo(promises.calendar.zone))
    return render_template(
        "console/request_new.html",
        fault=fault,
        given=request.form,
        ways=WAYS,
        kinds=tuple(Kind),
        grounds=tuple(Ground),
        identifiers=naming.identifiers(promises),
        purposes=[(name, one.name.in_(g.language)) for name, one in promises.policy.purposes.items()],
        fields=_correctable(promises),
        authorities=get_args(AuthorityKind),
        changes=range(CHANGES),
        today=now.date().isoformat(),
    )


@pages.get("/new")
def new() -> Answer:
    """An empty form."""
    return _form()


@pages.post("/new")
def check() -> Answer:
    """What was written, with the clock that it starts; or the form again, to change something."""
    if "change" in request.form:
        return _form()
    try:
        opening = _opening(request.form)
        forecast = platform().rights.listing.forecast(look(), opening, g.language)
    except SenimError as error:
        return told_with(_form(refused(error)), status_of(error))
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "change")]
    repeats()
    return render_template("console/request_check.html", opening=opening, forecast=forecast, kept=kept)


@pages.post("/save")
def save() -> Answer:
    """Keep it: from then on it has a number, a clock and whatever scan came with it, sealed."""
    try:
        opening = _opening(request.form)
        what: Any = _FILE.get(opening.way, "scan")
        opening = _with_files(opening, what)
        told = run(lambda work: platform().rights.open(work, opening))
    except SenimError as error:
        g.place = url_for("requests.new")
        return told_with(_form(refused(error)), status_of(error))
    flash(words(g.door, g.language)["rq-opened"], "good")
    return redirect(url_for("requests.show", number=told.number), 303)


def _with_files(opening: Opening, what: Any) -> Opening:
    return replace(opening, attached=(*sent("scan", what), *sent("authority", "authority")))


def _opening(form: MultiDict[str, str]) -> Opening:
    """What was written down. Raises Invalid naming what is wrong."""
    promises = _promises()
    way = next((one for one in WAYS if one == form.get("way")), None)
    if way is None:
        raise Invalid(Code.INVALID_VALUE, "way")
    kind = form.get("kind", "")
    ground = next((one for one in Ground if one == form.get("ground")), Ground.NONE)
    return Opening(
        kind=kind,
        way=way,
        language=_language(form.get("language", "")),
        identifiers=_identified(promises, form),
        name=_name(form),
        reply_to=form.get("reply_to", "").strip()[:500],
        text=form.get("text", "").replace("\r\n", "\n").strip(),
        ground=ground,
        purposes=tuple(form.getlist("purposes")) if kind in ("withdraw", "stop-mailings") else (),
        changes=_changes(form) if kind in CORRECTS else {},
        received_at=_moment(promises, form.get("day", ""), form.get("time", "")),
        representative=_representative(form),
        consumer="business" not in form,
    )


@pages.route("/<number>/supply", methods=["GET", "POST"])
@needs("handle")
def supply(number: str) -> Answer:
    """Add what was missing, as the person told it."""
    found, fault, status = find(number), "", 200
    if request.method == "POST":
        try:
            more = _more(found, request.form)
            run(lambda work: platform().rights.supply(work, number, more))
        except NotFound:
            raise
        except SenimError as error:
            fault, status = refused(error), status_of(error)
        else:
            flash(words(g.door, g.language)["rq-supplied"], "good")
            return redirect(url_for("requests.show", number=number), 303)
    promises = _promises()
    shown = page(
        number,
        "supply",
        fault=fault,
        given=request.form,
        identifiers=naming.identifiers(promises),
        fields=_correctable(promises),
        changes=range(CHANGES) if found.kind in CORRECTS else (),
    )
    return told_with(shown, status)


def _more(found: Request, form: MultiDict[str, str]) -> Opening:
    """What is added to a request. Raises Invalid (field_missing) if nothing is."""
    more = Opening(
        kind=found.kind.value,
        way=found.way,
        identifiers=_identified(_promises(), form),
        name=_name(form),
        reply_to=form.get("reply_to", "").strip()[:500],
        text=form.get("text", "").replace("\r\n", "\n").strip(),
        changes=_changes(form) if found.kind in CORRECTS else {},
    )
    if not (more.identifiers or more.name or more.reply_to or more.text or more.changes):
        raise Invalid(Code.FIELD_MISSING, "text")
    return more


def _identified(promises: Promises, form: MultiDict[str, str]) -> dict[str, str]:
    known = [name for name, _ in naming.identifiers(promises)]
    return {one: text for one in known if (text := form.get(f"by-{one}", "").strip()[:300])}


def _name(form: MultiDict[str, str]) -> dict[str, str]:
    names = ("family", "given", "patronymic")
    return {one: text for one in names if (text := form.get(one, "").strip()[:200])}


def _language(text: str) -> Language:
    return next((one for one in LANGUAGES if one == text), None) or choose("")


def _changes(form: MultiDict[str, str]) -> dict[str, str]:
    told = ((form.get(f"field-{n}", ""), form.get(f"value-{n}", "").strip()[:2000]) for n in range(CHANGES))
    return {name: value for name, value in told if name}


def _moment(promises: Promises, day: str, time: str) -> str:
    """When it came: a day counts from its beginning, today from now. Raises Invalid."""
    zone = ZoneInfo(promises.calendar.zone)
    now = platform().works.clock.now().astimezone(zone)
    if not day or (day == now.date().isoformat() and not time):
        return ""
    try:
        return datetime.fromisoformat(f"{day}T{time or '00:00'}").replace(tzinfo=zone).isoformat()
    except ValueError as error:
        raise Invalid(Code.INVALID_VALUE, "received_at") from error


def _representative(form: MultiDict[str, str]) -> For | None:
    by: Any = form.get("by", "")
    if by not in get_args(AuthorityKind):
        return None
    return For(by=by, until=form.get("until", ""), born=form.get("born", ""))
