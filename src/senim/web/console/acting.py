"""What staff may do with a person's data, as a table: what is asked, and which verb does it.

A line of :data:`ACTS` is a form and a verb; one view shows any form, and runs any verb through the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, render_template, request, url_for

from senim.errors import Code, Invalid, NotFound, SenimError
from senim.gate.records import REASONS
from senim.policy import Promises
from senim.policy.taxonomy import FILES
from senim.rights import Request
from senim.rights.destruction import OWN_REASONS
from senim.subjects import Standing
from senim.times import micros
from senim.web.console import looking, naming
from senim.web.console.again import fresh
from senim.web.console.guard import Answer, member, platform, require, run
from senim.web.console.looking import Look, for_a_purpose, promises
from senim.work import Work

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A field of a form: a choice if it has options, else a line of its type."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    type: str = "text"
    hint: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that may be done: with which grant, what is asked for it, who it fits, what does it."""

    verb: str
    asks: Callable[[Promises, Look], list[Asked]]
    does: Callable[[Work, Standing, Form, Look], object]
    fits: Callable[[Standing], bool] = lambda standing: not standing.erased
    danger: bool = False
    """Whether it is hard to undo: then whoever does it shows again who they are."""


def allowed(act: Act) -> bool:
    """Whether who is signed in may do it."""
    return member().may(act.verb)


def _reasons(reasons: tuple[str, ...] = REASONS) -> Asked:
    options = tuple((one, naming.say(f"because-{one}")) for one in reasons if one != "drill")
    return Asked(name="reason", label=naming.say("act-reason"), options=options)


def _because(now: Promises, one: Look) -> list[Asked]:
    return [_reasons()]


def _stoppable(now: Promises, one: Look) -> list[Asked]:
    left = [name for name in now.policy.purposes if name not in one.standing.marks.stops]
    options = (("", naming.say("act-all-purposes")), *((name, naming.purpose(now, name)) for name in left))
    return [Asked(name="purpose", label=naming.say("act-purpose"), options=options), _reasons()]


def _stopped(now: Promises, one: Look) -> list[Asked]:
    stops = one.standing.marks.stops
    options = tuple((name, naming.purpose(now, name) if name else naming.say("act-all-purposes")) for name in stops)
    return [Asked(name="purpose", label=naming.say("act-purpose"), options=options), _reasons()]


def events(now: Promises) -> list[str]:
    """The events that end or start terms, in the order of the purposes."""
    terms = filter(None, map(now.term, now.policy.purposes))
    named = (name for term in terms for name in (term.until, term.after if term.lasts else ""))
    return list(dict.fromkeys(name for name in named if name not in ("", "consent", "collection")))


def _events(now: Promises, one: Look) -> list[Asked]:
    options = tuple((name, naming.event(name)) for name in events(now))
    when = Asked(name="at", label=naming.say("act-when"), type="date", hint=naming.say("act-when-hint"), required=False)
    return [Asked(name="event", label=naming.say("act-event-which"), options=options), when]


def _correctable(now: Promises, one: Look) -> list[Asked]:
    fields = [name for name in now.fields if name in now.needed[one.purpose] and now.fields[name].type not in FILES]
    chosen = request.args.get("field", "")
    first = sorted(fields, key=lambda name: name != chosen)
    options = tuple((name, naming.category(now, name)) for name in first)
    return [
        Asked(name="field", label=naming.say("act-field"), options=options),
        Asked(name="value", label=naming.say("act-value"), hint=naming.say("act-value-hint")),
    ]


def _erased(now: Promises, one: Look) -> list[Asked]:
    return [_reasons(OWN_REASONS)]


def _happen(work: Work, standing: Standing, form: Form, _: Look) -> object:
    at = work.at
    if form["at"]:
        zone = ZoneInfo(promises().calendar.zone)
        try:
            at = min(micros(datetime.fromisoformat(form["at"]).replace(hour=12, tzinfo=zone)), work.at)
        except ValueError as error:
            raise Invalid(Code.INVALID_VALUE, "at") from error
        if datetime.fromisoformat(form["at"]).date() > work.now.astimezone(zone).date():
            raise Invalid(Code.INVALID_VALUE, "at")
    return platform().gate.happened(work, standing, form["event"], at)


ACTS: Mapping[str, Act] = {
    "correct": Act(
        verb="correct",
        asks=_correctable,
        does=lambda work, who, form, one: platform().collection.correct(
            work, who, one.purpose, values={form["field"]: form["value"]}
        ),
    ),
    "block": Act(
        verb="block",
        asks=_because,
        does=lambda work, who, form, one: platform().gate.block(work, who, reason=form["reason"]),
        fits=lambda standing: not standing.erased and standing.marks.block is None,
    ),
    "unblock": Act(
        verb="block",
        asks=_because,
        does=lambda work, who, form, one: platform().gate.unblock(work, who, reason=form["reason"]),
        fits=lambda standing: not standing.erased and standing.marks.block is not None,
    ),
    "stop": Act(
        verb="block",
        asks=_stoppable,
        does=lambda work, who, form, one: platform().gate.stop(work, who, form["purpose"], reason=form["reason"]),
    ),
    "resume": Act(
        verb="block",
        asks=_stopped,
        does=lambda work, who, form, one: platform().gate.resume(work, who, form["purpose"], reason=form["reason"]),
        fits=lambda standing: not standing.erased and bool(standing.marks.stops),
    ),
    "event": Act(verb="event", asks=_events, does=_happen),
    "erase": Act(
        verb="erase",
        asks=_erased,
        does=lambda work, who, form, one: platform().rights.destruction.begin(work, who, reason=form["reason"]),
        danger=True,
    ),
}
"""What may be done, in the order in which it is offered."""


def do(subject: str, name: str) -> Answer:
    """Ask what an act needs, and do it."""
    act = ACTS.get(name)
    if act is None:
        abort(404)
    require(act.verb)
    view = for_a_purpose(_do)
    return fresh(view)(subject, name, act) if act.danger else view(subject, name, act)


def _do(one: Look, name: str, act: Act) -> Answer:
    if not act.fits(one.standing):
        return looking.to(one.subject)
    asks = act.asks(promises(), one)
    faults: list[str] = []
    if request.method == "POST":
        form = {asked.name: request.form.get(asked.name, "") for asked in asks}
        try:
            done = run(lambda work: act.does(work, platform().subjects.about(work, one.subject), form, one))
        except NotFound:
            raise
        except SenimError as refusal:
            faults = naming.reasons(refusal)
        else:
            return _done(one, name, done)
    return render_template(
        "console/person_act.html", one=one, name=name, asks=asks, faults=faults, danger=act.danger, now=promises()
    )


def _done(one: Look, name: str, done: object) -> Answer:
    flash(naming.say(f"act-{name}-done"), "good")
    if isinstance(done, Request) and member().may("handle"):
        return redirect(url_for("requests.plan", number=done.number), 303)
    return looking.to(one.subject)
