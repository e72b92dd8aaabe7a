"""People: find one, look at what is kept of them for a purpose, their files, what was done with their data."""

from __future__ import annotations

from mimetypes import guess_extension

from flask import Blueprint, Response, flash, redirect, render_template, request

from senim.errors import Code, SenimError
from senim.identity import SubjectId
from senim.web.console import looking, naming, person
from senim.web.console.acting import ACTS, allowed, do
from senim.web.console.guard import Answer, inside, look, member, needs, platform, run
from senim.web.console.looking import Look, for_a_purpose, promises
from senim.web.shared.pages import fault, refused, whole
from senim.web.shared.switching import here, repeats, typed

pages = Blueprint("people", __name__, url_prefix="/people")
pages.add_url_rule("/<subject>/do/<name>", view_func=do, methods=["GET", "POST"])


def _form(fault: str = "", several: tuple[str, ...] = ()) -> str:
    now = promises()
    subjects, database = platform().subjects, look().database
    return render_template(
        "console/people.html",
        kinds=naming.identifiers(now),
        purposes=[(one, naming.purpose(now, one)) for one in looking.purposes()],
        kind=typed("kind"),
        purpose=typed("purpose"),
        value=typed("value"),
        fault=fault,
        several=[subjects.find(database, SubjectId(one)) for one in several],
    )


@pages.get("/")
def index() -> Answer:
    """The form that finds a person."""
    return _form()


@pages.post("/")
@needs("find")
def find() -> Answer:
    """Find a person by what identifies them; that is in the body, and in no address."""
    kind, value, purpose = (request.form.get(name, "").strip() for name in ("kind", "value", "purpose"))
    try:
        subject = run(lambda work: platform().vault.find(work, kind, value))
    except SenimError as refusal:
        if refusal.code is Code.SEVERAL_FOUND:
            repeats()
            return _form(several=tuple(refusal.detail.split()))
        return _form(fault("people-nobody") if refusal.code is Code.NOT_FOUND else refused(refusal))
    looking.begin(subject, purpose)
    return looking.to(subject)


@pages.post("/<subject>/why")
def why(subject: str) -> Answer:
    """Say for what a person is looked at, or that it is for something else from now on."""
    looking.begin(subject, request.form.get("purpose", ""))
    back = inside(request.form.get("back", ""))
    return redirect(back, 303) if "back" in request.form else looking.to(subject)


@pages.get("/<subject>")
@needs("read")
@for_a_purpose
def show(one: Look) -> Answer:
    """A person: where they stand, and what is kept of them."""
    if one.standing.erased:
        return render_template("console/person_gone.html", one=one, tab="show")
    told, closed = person.tried(lambda: person.read(one))
    files, unlisted = person.tried(lambda: person.files(one)) if told else (None, [])
    return render_template(
        "console/person.html",
        one=one,
        tab="show",
        now=promises(),
        purposes=looking.purposes(),
        groups=person.groups(one, told) if told else [],
        closed=closed,
        files=files or [],
        unlisted=unlisted,
        elsewhere=person.elsewhere(one),
        terms=list(person.terms(one.standing)),
        acts=[name for name, act in ACTS.items() if allowed(act) and act.fits(one.standing)],
    )


@pages.get("/<subject>/history")
@needs("read")
@for_a_purpose
def history(one: Look) -> Answer:
    """To whom a person's data went, what they asked for, and what the log tells of them."""
    before = whole(request.args.get("before", ""))
    handed, onwards = run(lambda work: platform().disclosures.look_back(work, one.subject, before))
    entries, total = person.entries(one.standing) if member().may("log") else ([], 0)
    return render_template(
        "console/person_history.html",
        one=one,
        tab="history",
        now=promises(),
        handed=handed,
        onwards=here(before=str(onwards)) if onwards else "",
        entries=entries,
        total=total,
        requests=person.requests(one.standing),
        who=lambda label: naming.actor(look(), label),
    )


@pages.post("/<subject>/files/<document>")
@needs("read")
@for_a_purpose
def file(one: Look, document: str) -> Answer:
    """A file of a person. It is sealed, and opened chunk by chunk; who opened it for what is in the log."""
    senim = platform()
    try:
        found, chunks = run(
            lambda work: senim.documents.open(work, senim.subjects.about(work, one.subject), document, one.purpose)
        )
    except SenimError as refusal:
        for says in naming.reasons(refusal):
            flash(says, "bad")
        return looking.to(one.subject)
    ending = guess_extension(found.media) or ".bin"
    answer = Response(chunks, content_type=found.media, direct_passthrough=True)
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.id}{ending}"'
    answer.headers["Content-Length"] = str(found.size)
    return answer
