"""Consents: what a person said and when, what they saw then, receipts, and the proof to take along."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import msgspec
from flask import Blueprint, Response, abort, g, render_template, request

from senim.audit.records import to_leaf
from senim.audit.statements import open_statement
from senim.consent import Event
from senim.errors import Code, NotFound
from senim.policy.notices import StoredNotice
from senim.web.console import naming, recording
from senim.web.console.guard import Answer, look, needs, platform, run
from senim.web.console.looking import Look, for_a_purpose, promises
from senim.web.shared.pages import whole, words
from senim.work import Work

pages = Blueprint("consents", __name__, url_prefix="/consents")
pages.url_value_preprocessor(recording.larger)
pages.add_url_rule("/<subject>/record", view_func=recording.record, methods=["GET", "POST"])
_PAGE = 100
_KINDS = ("heading", "text", "item", "consent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An event, its signed receipt, what the receipt says, and what was shown."""

    event: Event
    receipt: str
    says: dict[str, object]
    shown: str
    notice: StoredNotice | None


@pages.get("/")
def index() -> Answer:
    """Where consents are looked for."""
    return render_template("console/consents.html")


@pages.get("/<subject>")
@needs("read")
@for_a_purpose
def timeline(one: Look) -> Answer:
    """What a person agrees to now, and how that came about."""
    after = whole(request.args.get("after", ""))
    states, events, following = run(lambda work: platform().consents.look(work, one.subject, after, _PAGE))
    return render_template(
        "console/consents_of.html",
        one=one,
        tab="consents",
        now=promises(),
        states=states,
        events=events[::-1],
        following=following,
        at=look().at,
        who=lambda label: naming.actor(look(), label),
    )


def _proof(one: Look, event: str) -> Proof:
    """The proof of an event; that it was looked at is in the log."""
    senim = platform()

    def act(work: Work) -> tuple[Event, str, str]:
        found = senim.consents.prove(work, one.subject, event)
        work.record("consent.read", subject=one.subject)
        return found

    found, receipt, shown = run(act)
    digest = found.said.evidence.notice
    notice = senim.policies.notice_shown(digest) if shown else None
    return Proof(event=found, receipt=receipt, says=open_statement(receipt, senim.jwk)[1], shown=shown, notice=notice)


def lines_of(shown: str) -> list[tuple[str, str]]:
    """The frozen text of a notice, line by line: what kind of line it is, and its words."""
    found: list[tuple[str, str]] = []
    for line in shown.splitlines():
        kind, mark, text = line.partition(": ")
        if mark and kind in _KINDS:
            found.append((kind, text))
        elif found:  # a text of several lines
            found[-1] = (found[-1][0], f"{found[-1][1]} {line}")
    return found


@pages.get("/<subject>/<event>")
@needs("read")
@for_a_purpose
def show(one: Look, event: str) -> Answer:
    """One consent or withdrawal: the facts, what the person saw, the receipt and how to check it."""
    proof = _proof(one, event)
    return render_template(
        "console/consent.html",
        one=one,
        now=promises(),
        proof=proof,
        said=proof.event.said,
        lines=lines_of(proof.shown),
        who=naming.actor(look(), proof.event.actor),
    )


@pages.get("/<subject>/<event>/<form>")
@needs("read")
@for_a_purpose
def download(one: Look, event: str, form: str) -> Answer:
    """A receipt as it is signed (jws), as it reads (json), or everything that proves it (zip)."""
    if form not in ("jws", "json", "zip"):
        abort(404)
    proof = _proof(one, event)
    if form == "zip":
        content, media = _bundle(one, proof), "application/zip"
    elif form == "json":
        content, media = _pretty(proof.says), "application/json"
    else:
        content, media = proof.receipt.encode(), "application/jose"
    answer = Response(content, content_type=media)
    answer.headers["Content-Disposition"] = f'attachment; filename="consent-{proof.event.id}.{form}"'
    return answer


def _pretty(told: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def _bundle(one: Look, proof: Proof) -> bytes:
    """Everything that proves it, to be checked without us: receipt, text, key, entry of the log, checkpoint."""
    senim = platform()
    entry = senim.log.entry_about(one.subject, proof.event.id)
    if entry is None:  # it was there a moment ago
        raise NotFound(Code.NOT_FOUND, "consent")
    files = {
        "receipt.jws": proof.receipt.encode(),
        "receipt.json": _pretty(proof.says),
        "shown.txt": proof.shown.encode(),
        "key.json": _pretty(senim.jwk),
        "entry.json": to_leaf(entry),
        "log-key.txt": f"{senim.log.vkey}\n".encode(),
        "README.txt": words(g.door, g.language)["proof-readme"].encode(),
    }
    if senim.log.size:
        files["checkpoint.txt"] = senim.log.checkpoint().encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in files.items():
            packed.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), part)
    return content.getvalue()
