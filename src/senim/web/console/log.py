"""The log: entries newest first, each with its proof, what was signed, and whether all is as it was written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, request, url_for

from senim.audit.checkpoint import LogVerifier, parse_note
from senim.audit.records import Entry, Outcome
from senim.audit.searching import Sought
from senim.conformance.proving import LOG, found_in
from senim.errors import Code, Invalid, NotFound
from senim.identity import is_id
from senim.languages import wording
from senim.policy import Promises
from senim.times import micros
from senim.web.console import naming
from senim.web.console.guard import Answer, look, platform, run
from senim.web.console.looking import promises
from senim.web.shared.pages import whole, words, zone
from senim.web.shared.switching import here

pages = Blueprint("log", __name__, url_prefix="/log")

MOST_DOWNLOAD = 50_000
"""Entries of a log that is downloaded from a page; a longer one is exported by the command."""

KINDS = ("staff", "service", "person", "system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry in the list, in the reader's language."""

    index: int
    entry: Entry
    at: datetime
    says: str
    who: str
    purpose: str


def _acts() -> dict[str, str]:
    return {act: text.in_(g.language).rstrip(".") for act, text in wording("acts").items()}


def _line(index: int, entry: Entry, acts: dict[str, str], names: dict[str, str]) -> Line:
    purposes = platform().policies.in_force(platform().works.clock.now()).policy.purposes
    purpose = purposes[entry.purpose].name.in_(g.language) if entry.purpose in purposes else entry.purpose or ""
    return Line(
        index=index,
        entry=entry,
        at=datetime.fromisoformat(entry.at),
        says=acts.get(entry.act, entry.act),
        who=names.setdefault(entry.actor, _who(entry.actor)),
        purpose=purpose,
    )


def _who(label: str) -> str:
    """Who an actor is, in words: a colleague by name, anything else by its kind."""
    kind, _, ident = label.partition(":")
    called = words(g.door, g.language).get(f"actor-{kind}", kind)
    if kind == "staff":
        names = platform().staff.names(look(), ident)
        return names.shown if names else called
    return f"{called} {ident}" if kind == "service" else called


@pages.get("/")
def index() -> Answer:
    """Entries, the newest first."""
    sought, wrong = _sought()
    before = whole(request.args.get("before", ""))
    acts, names = _acts(), dict[str, str]()
    found = platform().log.search(sought, before=before) if not wrong else None
    size, problems = platform().log.consistent()
    return render_template(
        "console/log.html",
        found=[_line(*one, acts, names) for one in found.entries] if found else [],
        onwards=here(before=str(found.onwards)) if found and found.onwards else "",
        reached=found.onwards if found else 0,
        wrong=wrong,
        chosen=request.args,
        before=before,
        acts=[(tally, acts.get(tally, tally)) for tally in sorted({one.act for one in platform().log.tallies()})],
        purposes=_purposes(),
        outcomes=[one.value for one in Outcome],
        kinds=KINDS,
        size=size,
        problems=problems,
    )


def _purposes() -> list[tuple[str, str]]:
    declared = platform().policies.in_force(platform().works.clock.now()).policy.purposes
    return [(name, one.name.in_(g.language)) for name, one in declared.items()]


def _sought() -> tuple[Sought, str]:
    """What the filters ask for, and which of them cannot be read."""
    told = {name: request.args.get(name, "").strip() for name in ("act", "actor", "outcome", "subject", "purpose")}
    subject, days = told["subject"].lower(), dict[str, int]()
    if subject and not is_id(subject):
        return Sought(), "subject"
    where = zone(platform())
    for name, later in (("since", 0), ("until", 1)):
        text = request.args.get(name, "")
        if not text:
            continue
        try:
            day = date.fromisoformat(text) + timedelta(days=later)
        except (ValueError, OverflowError):
            return Sought(), name
        days[name] = micros(datetime.combine(day, time(), where))
    actor = f"{told['actor']}:" if told["actor"] in KINDS else told["actor"]
    return Sought(**{**told, "actor": actor, "subject": subject}, **days), ""  # type: ignore[arg-type]  # fields by name


@pages.get("/<int:index>")
def show(index: int) -> Answer:
    """One entry: what it says, and the proof that it is in the log."""
    log = platform().log
    entry, proof = log.entry(index), log.proof(index)
    line = _line(index, entry, _acts(), {})
    size = parse_note(proof.checkpoint)[0].size
    return render_template(
        "console/entry.html",
        line=line,
        facts=_facts(entry),
        codes=[(code, naming.cause(promises(), code)) for code in entry.codes],
        record=_pretty(entry),
        proof=proof,
        good=proof.holds(LogVerifier(log.vkey)),
        size=size,
        before=index - 1 if index else None,
        after=index + 1 if index + 1 < size else None,
        person=person_page(entry.subject),
    )


def person_page(subject: str | None) -> str:
    """Where more is told about a person, if there is such a page here."""
    return url_for("people.show", subject=subject) if subject and "people.show" in current_app.view_functions else ""


_SHOWN_APART = ("id", "at", "act", "actor", "outcome", "subject", "codes", "record")


def _facts(entry: Entry) -> list[tuple[str, str]]:
    """What else an entry says, by the name of the field."""
    told = {name: getattr(entry, name) for name in entry.__struct_fields__ if name not in _SHOWN_APART}
    return [(_named(entry, name), _fact(name, value)) for name, value in told.items() if value not in (None, ())]


def _named(entry: Entry, name: str) -> str:
    """What a field of an entry is called: drafts are known by the file, versions by what they say."""
    feature = entry.act.partition(".")[0]
    if name != "digest" or feature != "policy":
        return name
    return "digest-version" if entry.act in ("policy.published", "policy.cancelled") else "digest-file"


def _fact(name: str, value: object) -> str:
    """What a field of an entry says, in words where there are any; the entry itself can be had as a file."""
    now = promises()
    if isinstance(value, tuple):
        return naming.categories(now, value)
    in_words = _FACTS.get(name)
    return in_words(now, str(value)) if in_words else str(value)


_FACTS: dict[str, Callable[[Promises, str], str]] = {
    "operation": lambda now, value: naming.operation(value),
    "recipient": naming.recipient,
    "channel": lambda now, value: naming.channel(value),
    "country": lambda now, value: naming.country(value),
    "reason": naming.cause,
}


def _pretty(entry: Entry) -> str:
    """What its feature keeps in the entry, as it stands there."""
    return msgspec.json.format(bytes(entry.record), indent=2).decode() if isinstance(entry.record, msgspec.Raw) else ""


@pages.get("/<int:index>/proof")
def proof(index: int) -> Answer:
    """The proof as a file (C2SP tlog-proof)."""
    return _file(platform().log.proof(index).text().encode(), "text/plain", f"entry-{index}.tlog-proof")


@pages.get("/<int:index>/entry")
def leaf(index: int) -> Answer:
    """The entry as a file: the bytes that its hash is of."""
    return _file(platform().log.leaf(index), "application/json", f"entry-{index}.json")


def _file(content: bytes, media: str, name: str) -> Response:
    answer = Response(content, mimetype=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@pages.route("/verify", methods=["GET", "POST"])
def verify() -> Answer:
    """A quick look at what was signed, and the verification of every entry in the background."""
    if request.method == "POST":
        run(lambda work: platform().proving.ask(work, LOG))
        flash(words(g.door, g.language)["verify-ordered"], "good")
        return redirect(url_for("log.verify"), 303)
    size, problems = platform().log.consistent()
    order = platform().proving.newest(look(), LOG)
    told = {kind: text.in_(g.language) for kind, text in wording("evidence").items()}
    checkpoint = ""
    with suppress(NotFound):
        checkpoint = platform().log.checkpoint()
    return render_template(
        "console/verify.html",
        size=size,
        problems=problems,
        order=order,
        found=found_in(order.receipt) if order else (),
        told=told,
        checkpoint=checkpoint,
        vkey=platform().log.vkey,
        downloadable=size <= MOST_DOWNLOAD,
        most=MOST_DOWNLOAD,
    )


@pages.get("/checkpoints")
def checkpoints() -> Answer:
    """The states of the log that were signed and kept."""
    kept = platform().log.checkpoints(whole(request.args.get("before", "")))
    return render_template(
        "console/checkpoints.html",
        found=[(size, _root(note)) for size, note in kept],
        onwards=here(before=str(kept[-1][0])) if len(kept) > 1 and kept[-1][0] > 1 else "",
    )


def _root(note: str) -> str:
    try:
        return parse_note(note)[0].root.hex()
    except Invalid:
        return ""


@pages.get("/checkpoints/<int:size>")
def checkpoint(size: int) -> Answer:
    """A kept checkpoint as a file."""
    kept = platform().log.checkpoints(size + 1, 1)
    if not kept or kept[0][0] != size:
        raise NotFound(Code.NOT_FOUND, "checkpoint")
    return _file(kept[0][1].encode(), "text/plain", f"checkpoint-{size}")


@pages.get("/export")
def export() -> Answer:
    """The whole log as an outsider's copy (C2SP tlog-tiles), packed; a long one is for the command."""
    log = platform().log
    if log.size > MOST_DOWNLOAD:
        raise Invalid(Code.BODY_TOO_LARGE, "log")
    packed = io.BytesIO()
    with TemporaryDirectory(prefix="senim-") as name:
        folder = Path(name)
        log.export(folder)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(filter(Path.is_file, folder.rglob("*"))):
                file.write(path, Path("log") / path.relative_to(folder))
    return _file(packed.getvalue(), "application/zip", "log.zip")
