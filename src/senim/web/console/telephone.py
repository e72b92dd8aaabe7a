"""What callers say is taken in: the notice is read out first, each field says why it is asked, each consent is its own.

travel-1: by telephone people hear the same as they would read, and that it was read to them is kept as proof.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, g, redirect, render_template, request, url_for

from senim.collection.records import ConsentGiven, Intake, Taken
from senim.consent.records import Event
from senim.errors import Code, NotFound, SenimError
from senim.identity import SubjectId
from senim.languages import LANGUAGES, Language
from senim.policy.notices import Notice, consent_ref, consent_sentence, field_name
from senim.policy.promises import Promises
from senim.policy.records import ConsentAsked, Point
from senim.policy.taxonomy import Channel, FieldType
from senim.web.console.guard import Answer, look, member, needs, platform, run
from senim.web.console.shown import told_with
from senim.web.console.uploads import handed
from senim.web.shared.pages import fault, wrong_at
from senim.web.shared.problems import status_of

pages = Blueprint("telephone", __name__, url_prefix="/telephone")

_INPUTS = {
    FieldType.EMAIL: "email",
    FieldType.PHONE: "tel",
    FieldType.DATE: "date",
    FieldType.BIRTH_DATE: "date",
    FieldType.TEXT: "long",
}
_UNWANTED = (Code.CARD_NUMBER, Code.SPECIAL_CATEGORY)
"""Refusals of what should never have been written down: it does not come back with the form."""

_TAKEN = 50
"""Choices of a call that are shown behind it at most."""

_FILES = (FieldType.DOCUMENT,)
"""What nobody can say on the telephone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A field as the caller is asked for it."""

    ref: str
    name: str
    required: bool
    why: str
    refusal: str
    input: str
    choices: tuple[str, ...]
    fault: str


def _promises() -> Promises:
    return platform().policies.in_force(platform().works.clock.now())


def _points(promises: Promises) -> dict[str, Point]:
    """Points that take calls, of callers who speak for themselves."""
    return {
        name: one
        for name, one in promises.policy.points.items()
        if Channel.TELEPHONE in one.channels and one.subject != "other"
    }


def _point(name: str, language: str) -> tuple[Point, Language]:
    point = _points(_promises()).get(name)
    spoken = next((one for one in LANGUAGES if one == language), None)
    if point is None or spoken is None:
        abort(404)
    return point, spoken


@pages.get("/")
def index() -> Answer:
    """Where calls are taken in, and in which language the caller speaks."""
    points = [(name, one.name.in_(g.language)) for name, one in _points(_promises()).items()]
    return render_template("console/telephone.html", points=points)


@pages.get("/<point>/<spoken>")
def call(point: str, spoken: str) -> Answer:
    """What is read out, and what is asked."""
    return _form(point, spoken)


def _form(name: str, spoken: str) -> str:
    point, language = _point(name, spoken)
    promises = _promises()
    notice: Notice = platform().collection.notice(look(), name, language)
    wrong = g.get("faults", ())
    faults = {one.where: wrong_at(one.where) for one in wrong if one.where}
    unwanted = g.untold = {one.where for one in wrong if one.word in _UNWANTED}
    asks = [_asked(promises, point, ref, language, faults.get(ref, "")) for ref in _spoken(promises, point)]
    named = {*(one.ref for one in asks), *(one.purpose for one in point.consents)}
    return render_template(
        "console/telephone_call.html",
        name=name,
        point=point,
        spoken=language,
        notice=notice,
        asks=asks,
        consents=[_consent(promises, one, language, faults) for one in point.consents],
        faults=faults,
        others=[text for where, text in faults.items() if where not in named | {"read_to_caller"}],
        given={name: text for name, text in request.form.items() if name not in unwanted},
    )


def _spoken(promises: Promises, point: Point) -> list[str]:
    """What a caller can be asked: no files, and nothing that no human may read (travel-8)."""
    closed = {name for name, one in promises.policy.categories.items() if one.people == "never"}
    return [
        ref for ref in point.asks if promises.fields[ref].type not in _FILES and ref.partition(".")[0] not in closed
    ]


def _asked(promises: Promises, point: Point, ref: str, language: Language, fault: str) -> Asked:
    asked, field = point.asked(ref), promises.fields[ref]
    return Asked(
        ref=ref,
        name=field_name(promises, ref, language),
        required=point.own(ref).ask == "required",
        why=asked.why.in_(language),
        refusal=asked.refusal.in_(language),
        input=_INPUTS.get(FieldType(field.type), "text"),
        choices=tuple(field.choices),
        fault=fault,
    )


def _consent(
    promises: Promises, ask: ConsentAsked, language: Language, faults: dict[str, str]
) -> tuple[str, str, bool, str]:
    sentence = consent_sentence(promises, ask, language)
    whole = not (ask.recipient or ask.channel or ask.country)
    fault = faults.get(ask.purpose, "") if whole else ""
    return consent_ref(ask), sentence, ask.ask == "required", fault


@pages.post("/<point>/<spoken>")
def take(point: str, spoken: str) -> Answer:
    """Take in what the caller said, all of it or nothing."""
    declared, language = _point(point, spoken)
    intake = Intake(
        point=point,
        language=language,
        notice=request.form.get("notice", ""),
        values=_values(declared),
        consents=tuple(_given(declared)),
        channel=Channel.TELEPHONE.value,
        surface="telephone",
        act="spoken",
        read_to_caller="read" in request.form,
    )
    try:
        taken: Taken = run(lambda work: platform().collection.intake(work, intake))
    except SenimError as error:
        for one in error.reasons:
            fault(one.code, one.where or "form", one.hint)
        return told_with(_form(point, spoken), status_of(error))
    return redirect(url_for("telephone.done", subject=taken.subject), 303)


def _values(point: Point) -> dict[str, str]:
    told = ((ref, request.form.get(ref, "").strip()[:4000]) for ref in _spoken(_promises(), point))
    return {ref: value for ref, value in told if value}


def _given(point: Point) -> list[ConsentGiven]:
    """Each choice on its own: a yes, a no, or nothing where nothing was said."""
    said = ((one, request.form.get(f"consent {consent_ref(one)}")) for one in point.consents)
    return [
        ConsentGiven(
            purpose=one.purpose,
            given=word == "yes",
            recipient=one.recipient,
            channel=str(one.channel or ""),
            country=one.country or "",
        )
        for one, word in said
        if word in ("yes", "no")
    ]


def _theirs(subject: str) -> list[Event]:
    """What whoever is signed in took down of a person's choices. Raises NotFound."""
    standing = platform().subjects.find(platform().database, SubjectId(subject))
    events, _ = platform().consents.newest(standing.subject, most=_TAKEN)
    return [one for one in reversed(events) if one.actor == member().actor.label]


@pages.get("/taken/<subject>")
def done(subject: str) -> Answer:
    """What came of it: the person's id, and the receipts of what was agreed to."""
    return render_template("console/telephone_done.html", subject=subject, events=_theirs(subject), now=_promises())


@pages.post("/taken/<subject>/<event>")
@needs("read")
def receipt(subject: str, event: str) -> Answer:
    """The signed receipt of a choice, to be sent to whoever called."""
    if event not in {one.id for one in _theirs(subject)}:
        raise NotFound(Code.NOT_FOUND, "receipt")
    _, signed, _ = run(lambda work: platform().consents.prove(work, SubjectId(subject), event))
    return handed(signed.encode(), "application/jose", f"receipt-{event}.jws")
