"""Requests: each with its clock in words and its steps, a form for new ones, the answer (travel-39 to travel-46)."""

from __future__ import annotations

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.errors import Code, NotFound, SenimError
from senim.rights import Attached, Ground, Kind, Request
from senim.rights.desk import OPENING
from senim.rights.rules import CORRECTS, GROUNDED, SPEAKS, is_open, is_undecided
from senim.rights.words import state_told, told
from senim.web.portal.changing import ANSWER
from senim.web.portal.visit import act, page, say, signed
from senim.web.shared.media import UNKNOWN, media_of
from senim.web.shared.pages import PRIVATE, refused, wrong_at
from senim.web.shared.pages import fault as wrong
from senim.web.shared.switching import typed

Page = str | Redirect
_ASKED = (
    Kind.ACCESS, Kind.COPY, Kind.RECIPIENTS, Kind.BLOCK, Kind.UNBLOCK, Kind.ERASE, Kind.STOP_MAILINGS, Kind.OBJECT,
    Kind.CLAIM, Kind.COMPLAINT, Kind.COMPENSATION, Kind.CONCERN,
)  # fmt: skip
"""What may be asked for by the form; corrections begin at the field, withdrawals at the choice."""

_MOST_FILE = 20 * 1024 * 1024


def asking(senim: Senim) -> Blueprint:
    """The routes of requests."""
    pages = Blueprint("asking", __name__)
    add = pages.add_url_rule
    add("/requests", view_func=lambda: _requests(senim), endpoint="requests")
    add("/requests/new/<kind>", view_func=lambda kind: _form(senim, kind), methods=["GET"], endpoint="new")
    add("/requests/new/<kind>", view_func=lambda kind: _open(senim, kind), methods=["POST"], endpoint="open")
    add("/requests/<number>", view_func=lambda number: _request(senim, number), endpoint="request")
    add("/requests/<number>/add", view_func=lambda number: _add(senim, number), methods=["POST"], endpoint="add")
    add("/requests/<number>/take-back", view_func=lambda number: _sure(senim, number), methods=["GET"], endpoint="sure")
    add("/requests/<number>/take-back", view_func=lambda number: _take_back(senim, number), methods=["POST"],
        endpoint="take_back")  # fmt: skip
    add("/requests/<number>/papers/<paper>", view_func=lambda number, paper: _paper(senim, number, paper),
        endpoint="paper")  # fmt: skip
    add("/requests/<number>/answer/<form>", view_func=lambda number, form: _answer(senim, number, form),
        endpoint="answer")  # fmt: skip
    return pages


def _requests(senim: Senim) -> str:
    mine = senim.accounts.asking.all(senim.database, signed())
    needless = Kind.BLOCK if signed().standing.marks.block else Kind.UNBLOCK
    kinds = [one for one in _ASKED if one is not needless]
    return page(senim, "requests.html", requests=mine, kinds=kinds, told=told, state_told=state_told, is_open=is_open)


def _kind(word: str) -> Kind:
    found = next((one for one in _ASKED if one == word), None)
    if found is None:
        raise NotFound(Code.NOT_FOUND, "kind")
    return found


def _form(senim: Senim, word: str) -> str:
    kind = _kind(word)
    grounds = [one for one in Ground if one is not Ground.NONE] if kind in GROUNDED else []
    return page(
        senim, "ask.html", kind=kind, grounds=grounds, ground=typed("ground"), needs_text=kind in SPEAKS,
        fault=wrong_at("text"), text=typed("text"), told=told,
    )  # fmt: skip


def _open(senim: Senim, word: str) -> Page:
    kind, text = _kind(word), request.form.get("text", "").strip()
    g.back = url_for("asking.new", kind=kind)
    if kind in SPEAKS and not text:
        wrong("text-missing", "text")
        return _form(senim, word)
    ground = next((one for one in Ground if one == request.form.get("ground", "")), Ground.NONE)
    try:
        opened = act(
            senim, senim.accounts.asking.open, kind, language=g.language, text=text,
            ground=ground if kind in GROUNDED else Ground.NONE,
        )  # fmt: skip
    except SenimError as refusal:
        if refusal.code is Code.CODE_NEEDED:
            raise
        refused(refusal, "text")
        return _form(senim, word)
    say("ask-opened", "good")
    return redirect(url_for("asking.request", number=opened.number), 303)


def _steps(one: Request) -> list[tuple[str, int]]:
    """What happened so far, and when."""
    steps = [
        ("step-opened", one.received_at),
        ("step-proven", one.proven_at),
        ("step-decided", one.decision.at if one.decision else 0),
        ("step-done", one.here.at if one.here else 0),
        ("step-answered", one.answered_at),
        ("step-closed", one.closed_at),
    ]
    return sorted(((word, at) for word, at in steps if at), key=lambda step: step[1])


def _request(senim: Senim, number: str) -> str:
    found = senim.accounts.asking.find(senim.database, signed(), number)
    g.place = url_for("asking.request", number=number)
    kept = any(one.id == OPENING for one in found.papers)
    return page(
        senim,
        "request.html",
        request_=found,
        status=senim.rights.shown(found, g.language),
        steps=_steps(found),
        open=is_open(found),
        may_take_back=is_undecided(found),
        written=act(senim, senim.accounts.asking.written, number) if kept else None,
        files=[one for one in found.papers if one.what == "evidence"],
        told=told,
        kind=told(f"kind-{found.kind}", g.language),
        answered=any(one.id.startswith("answer-page") for one in found.papers),
        wants_file="documents" in found.missing or found.kind in CORRECTS,
        fault=wrong_at("file"),
    )


def _add(senim: Senim, number: str) -> Page:
    """Words and a file for a request that is still open."""
    asking_, text, file = senim.accounts.asking, request.form.get("text", "").strip(), request.files.get("file")
    content = file.read(_MOST_FILE + 1) if file else b""
    media = media_of(content)
    if file and (media == UNKNOWN or len(content) > _MOST_FILE):
        wrong("file-wrong", "file")
        return _request(senim, number)
    if not text and not file:
        wrong("nothing-added", "file")
        return _request(senim, number)
    try:
        if text:
            act(senim, asking_.supply, number, text=text)
        if content:
            act(senim, asking_.attach, number, attached=Attached(what="evidence", media=media, content=content))
    except NotFound:
        raise
    except SenimError as refusal:
        refused(refusal, "file")
        return _request(senim, number)
    say("added", "good")
    return redirect(url_for("asking.request", number=number), 303)


def _paper(senim: Senim, number: str, paper: str) -> Response:
    """A file that was sent along, to be saved."""
    g.back = url_for("asking.request", number=number)
    media, content = act(senim, senim.accounts.asking.paper, number, paper=paper)
    file = Response(content, content_type=media, headers={**PRIVATE, "Content-Security-Policy": ANSWER})
    file.headers["Content-Disposition"] = f'attachment; filename="{number}.{media.rpartition("/")[2]}"'
    return file


def _sure(senim: Senim, number: str) -> Page:
    """Nothing is taken back by one press."""
    found = senim.accounts.asking.find(senim.database, signed(), number)
    if not is_undecided(found):
        return redirect(url_for("asking.request", number=number), 303)
    return page(senim, "take-back.html", number=number, kind=told(f"kind-{found.kind}", g.language))


def _take_back(senim: Senim, number: str) -> Page:
    try:
        act(senim, senim.accounts.asking.give_up, number)
    except NotFound:
        raise
    except SenimError as refusal:
        refused(refusal, "file")
        return _request(senim, number)
    say("given-up", "good")
    return redirect(url_for("asking.request", number=number), 303)


def _answer(senim: Senim, number: str, form: str) -> Response:
    g.back = url_for("asking.request", number=number)
    media, content = act(senim, senim.accounts.asking.answer, number, form=form)
    answer = Response(content, content_type=media, headers={**PRIVATE, "Content-Security-Policy": ANSWER})
    if form != "page":
        answer.headers["Content-Disposition"] = f'attachment; filename="{number}.{form}"'
    return answer
