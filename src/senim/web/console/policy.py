"""The policy: its versions, drafts that are written together, and publishing, which takes two people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from senim.errors import Code, Held, Invalid, NotAllowed, SenimError
from senim.policy import Draft, Version
from senim.web.console import drafts as reading
from senim.web.console.again import fresh
from senim.web.console.guard import Answer, ask, look, member, platform, run
from senim.web.shared.pages import refused, whole, words, zone
from senim.web.shared.switching import typed

pages = Blueprint("policy", __name__, url_prefix="/policy")

VIEWS = ("edit", "clauses", "structure", "changes", "publish")
"""The pages of a draft."""


def _say(key: str, kind: str = "good") -> None:
    flash(words(g.door, g.language)[key], kind)


def _name(label: str) -> str:
    """Who a colleague is, by the label of an actor."""
    names = platform().staff.names(look(), label.partition(":")[2])
    return names.shown if names else words(g.door, g.language)["actor-staff"]


def _find(draft: str) -> Draft:
    return platform().drafts.find(look(), draft)


def _page(draft: Draft, view: str, **more: Any) -> str:
    """A page of a draft, under its tabs."""
    return render_template(
        f"console/draft_{view}.html",
        draft=draft,
        view=view,
        views=VIEWS,
        saved_by=_name(draft.saved_by),
        proposed_by=_name(draft.proposed_by) if draft.proposed_by else "",
        **more,
    )


@pages.get("/")
def index() -> Answer:
    """The version in force, those to come, and the drafts."""
    policies, now = platform().policies, platform().works.clock.now()
    current = policies.in_force(now).version
    rows = sorted(policies.versions(), key=lambda one: one.place, reverse=True)
    drafts = platform().drafts.all(look())
    return render_template(
        "console/policy.html",
        versions=[(one, _standing(one, current, now)) for one in rows],
        current=policies.version(current),
        drafts=[(one, _name(one.saved_by)) for one in drafts],
        publishers={one.number: _name(one.published_by) for one in rows},
        waiting=[one for one in drafts if one.waits_for(member().actor.label)],
    )


def _standing(version: Version, current: int, now: datetime) -> str:
    if version.cancelled is not None:
        return "cancelled"
    if version.number == current:
        return "in-force"
    return "coming" if version.effective > now else "earlier"


@pages.get("/versions/<int:number>.yaml")
def source(number: int) -> Answer:
    """The file of a version, byte for byte as it was published."""
    answer = Response(platform().policies.version(number).source, mimetype="application/yaml")
    answer.headers["Content-Disposition"] = f'attachment; filename="policy-{number}.yaml"'
    return answer


@pages.route("/versions/<int:number>/cancel", methods=["GET", "POST"])
@fresh
def cancel(number: int) -> Answer:
    """Take a version back before it takes effect."""
    told, back = words(g.door, g.language), url_for("policy.index")
    if request.method == "GET":
        platform().policies.version(number)
        question = f"{told['cancel-question']} {number}?"
        return ask(question, says=told["cancel-says"], does=told["cancel-version"], back=back)
    run(lambda work: platform().policies.cancel(work, number))
    _say("version-cancelled")
    return redirect(back, 303)


@pages.post("/drafts")
def begin() -> Answer:
    """Begin a draft."""
    name, base = request.form.get("name", ""), whole(request.form.get("base", ""))
    try:
        draft = run(lambda work: platform().drafts.begin(work, name=name, base=base))
    except Invalid as error:
        flash(refused(error), "bad")
        return redirect(url_for("policy.index"), 303)
    return redirect(url_for("policy.edit", draft=draft.id), 303)


@pages.get("/drafts/<draft>")
def edit(draft: str) -> Answer:
    """The file, with everything that is wrong with it."""
    found = _find(draft)
    text = typed("source").replace("\r\n", "\n") or found.source.decode("utf-8", "replace")
    return _edit(found, text, typed("name", found.name), revision=typed("revision"))


def _edit(draft: Draft, text: str, name: str, *, revision: str = "", theirs: str = "", fault: str = "") -> str:
    checked = platform().policies.check(text.encode(), platform().works.clock.now().date())
    return _page(
        draft,
        "edit",
        text=text,
        name=name,
        revision=revision or draft.revision,
        faults=reading.faults(checked, text),
        clashes=reading.clashes(checked),
        ok=checked.ok,
        theirs=theirs,
        fault=fault,
    )


@pages.post("/drafts/<draft>")
def save(draft: str) -> Answer:
    """Save what was written, unless somebody saved the draft meanwhile: then both are shown."""
    text = request.form.get("source", "").replace("\r\n", "\n")
    name, revision = request.form.get("name", ""), whole(request.form.get("revision", ""))
    try:
        run(lambda work: platform().drafts.save(work, draft, revision=revision, name=name, source=text.encode()))
    except Held:
        now = _find(draft)
        page = _edit(now, text, name, theirs=now.source.decode("utf-8", "replace"))
        return Response(page, 409)
    except Invalid as error:
        return Response(_edit(_find(draft), text, name, fault=refused(error)), 400)
    _say("draft-saved")
    return redirect(url_for("policy.edit", draft=draft), 303)


@pages.get("/drafts/<draft>/clauses")
def clauses(draft: str) -> Answer:
    """The texts, clause by clause, in all languages side by side."""
    found = _find(draft)
    checked = reading.checked(found)
    return _page(found, "clauses", policy=checked.policy, rows=reading.texts(checked))


@pages.get("/drafts/<draft>/structure")
def structure(draft: str) -> Answer:
    """What the file declares: purposes, data, recipients, where data comes in."""
    found = _find(draft)
    checked = reading.checked(found)
    promises = platform().policies.as_if(checked, platform().works.clock.now())
    return _page(found, "structure", promises=promises, tables=reading.tables(promises) if promises else [])


@pages.get("/drafts/<draft>/changes")
def changes(draft: str) -> Answer:
    """What changes against the version in force, and whom it asks anew."""
    found = _find(draft)
    return _page(found, "changes", change=reading.change(found))


@pages.get("/drafts/<draft>/publish")
def publish(draft: str) -> Answer:
    """Propose to publish exactly this, or approve what another proposed."""
    return _publish(draft)


def _publish(draft: str, *, fault: str = "") -> str:
    found = _find(draft)
    checked = reading.checked(found)
    g.place = url_for("policy.publish", draft=draft)
    return _page(
        found,
        "publish",
        ok=checked.ok,
        faults=len(checked.faults),
        says_digest=platform().policies.digest_of(checked),
        own=found.proposed_by == member().actor.label,
        fault=fault,
        change=reading.change(found) if checked.ok else None,
    )


@pages.post("/drafts/<draft>/propose")
@fresh
def propose(draft: str) -> Answer:
    """Propose exactly what was shown."""
    digest, text = request.form.get("digest", ""), request.form.get("effective", "")
    try:
        effective = datetime.fromisoformat(text) if text else None
        if effective and effective.tzinfo is None:
            effective = effective.replace(tzinfo=zone(platform()))
        run(lambda work: platform().drafts.propose(work, draft, digest=digest, effective=effective))
    except ValueError:
        return Response(_publish(draft, fault=refused(Invalid(Code.EFFECTIVE_DATE_WRONG))), 400)
    except SenimError as error:
        return Response(_publish(draft, fault=refused(error)), 400)
    _say("draft-proposed")
    return redirect(url_for("policy.publish", draft=draft), 303)


@pages.post("/drafts/<draft>/withdraw")
def withdraw(draft: str) -> Answer:
    """Take a proposal back."""
    run(lambda work: platform().drafts.withdraw(work, draft))
    _say("draft-withdrawn")
    return redirect(url_for("policy.publish", draft=draft), 303)


@pages.post("/drafts/<draft>/approve")
@fresh
def approve(draft: str) -> Answer:
    """Publish what another proposed."""
    digest = request.form.get("digest", "")
    try:
        version = run(lambda work: platform().drafts.approve(work, draft, digest=digest))
    except NotAllowed as error:
        return Response(_publish(draft, fault=refused(error)), 403)
    except (Held, Invalid) as error:
        return Response(_publish(draft, fault=refused(error)), 409)
    flash(f"{words(g.door, g.language)['version-published']} {version.number}", "good")
    return redirect(url_for("policy.index"), 303)


@pages.route("/drafts/<draft>/drop", methods=["GET", "POST"])
def drop(draft: str) -> Answer:
    """Throw a draft away."""
    told, found = words(g.door, g.language), _find(draft)
    if request.method == "GET":
        back = url_for("policy.edit", draft=draft)
        return ask(f"{told['drop-question']} “{found.name}”?", says=told["drop-says"], does=told["drop"], back=back)
    run(lambda work: platform().drafts.drop(work, draft))
    _say("draft-dropped")
    return redirect(url_for("policy.index"), 303)
