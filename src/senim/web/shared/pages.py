"""What all pages for people have in common: languages, words, headers, errors as pages, sessions that no door shares.

Each door (public, portal, console) is a Flask application of its own, made by :func:`door`. Public pages have no
session and no cookie; portal and console have one each, under a name, a path and a key of their own.
"""

from __future__ import annotations

import functools
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Request, Response, abort, g, render_template, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

from senim.app import Senim
from senim.errors import Code, Invalid, SenimError
from senim.languages import (
    LANGUAGES,
    Hint,
    Language,
    choose,
    day_in_words,
    explain,
    moment_in_words,
    number_in_words,
    wording,
)
from senim.times import moment
from senim.web.shared.askers import PROXIES, networks
from senim.web.shared.origins import HOME, own
from senim.web.shared.problems import status_of
from senim.web.shared.switching import (
    Wrong,
    along,
    by_links,
    had_files,
    here,
    language_chosen,
    reopened,
    to_language,
    typed,
)
from senim.web.shared.together import Page

SHARED = Path(__file__).parent
STATIC = SHARED / "static"
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
"""Headers of what is for one person's eyes."""

_CODES = {
    400: Code.BODY_MALFORMED,
    403: Code.ROLE_NOT_ALLOWED,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    411: Code.BODY_MALFORMED,
    413: Code.BODY_TOO_LARGE,
    415: Code.MEDIA_TYPE_WRONG,
    429: Code.TOO_MANY_ATTEMPTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What makes a door its own."""

    name: str
    """``portal`` or ``console``: the path below which it is. Empty: the public pages."""
    module: str
    """The package that its templates lie in."""
    words: tuple[str, ...]
    """The files of ``locales/`` that its pages speak with, beside ``web``; later ones win."""
    most: int
    """Largest form in bytes."""
    strict: bool = False
    """Whether its cookie goes along only with requests that begin on its own pages."""
    others: tuple[str, ...] = ()
    """Endpoints that pages of other sites send something to, and that look by themselves at who sends it."""
    language: Callable[[], Language | None] = lambda: None
    """The language that whoever is signed in has chosen."""


class InMemory(Request):
    """A request whose files stay in memory, as far as the door's limit lets them in: none lies open on a disk."""

    def _get_file_stream(self, *_: Any, **__: Any) -> BytesIO:
        return BytesIO()


class Number(IntegerConverter):
    """A number in an address: one that a database can hold; a longer one is no address of ours."""

    regex = "[0-9]{1,18}"


def whole(text: str) -> int:
    """A whole number that an address or a form asks with; 0 if it is none, or none that a database can hold."""
    return int(text) if re.fullmatch(Number.regex, text) else 0


def door(senim: Senim, of: Door) -> Flask:
    """A Flask application with everything that pages need; the caller adds the routes."""
    app = Flask(of.module, static_folder=None)
    app.request_class = InMemory
    app.url_map.strict_slashes = app.url_map.merge_slashes = False  # else led on to the host that a request names
    app.url_map.converters["int"] = Number
    app.jinja_env.template_class = Page
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(Path(app.root_path) / "templates"), FileSystemLoader(SHARED / "templates")]
    )
    app.config.update({PROXIES: networks(senim.settings.serve.proxies), HOME: senim.settings.serve.url})
    app.config.update(MAX_CONTENT_LENGTH=of.most, MAX_FORM_MEMORY_SIZE=of.most, **_session(senim, of))
    app.before_request(functools.partial(_begin, of))
    app.before_request(_measured)
    app.before_request(functools.partial(_own, of))
    if of.name:
        app.secret_key = senim.derived(f"{of.name} session")
        app.before_request(language_chosen)
        CSRFProtect(app)
        app.register_error_handler(CSRFError, _outdated)
    app.before_request(reopened)
    app.context_processor(lambda: _context(senim))
    app.add_template_global(wrong_at)
    app.template_filter("day")(lambda when: day(when, g.language, zone(senim)))
    app.template_filter("capital")(lambda text: text[:1].upper() + text[1:])
    app.template_filter("number")(lambda count: number_in_words(count, g.language))
    app.template_filter("time")(lambda when: time(when, g.language, zone(senim)))
    app.register_error_handler(HTTPException, _no_such)
    app.register_error_handler(SenimError, problem)
    app.after_request(functools.partial(_headers, of, encrypted(senim)))
    return app


def encrypted(senim: Senim) -> bool:
    """Whether people reach the service by TLS: its own, or that of the address it is known by."""
    return senim.settings.serve.url.startswith("https://") or bool(senim.settings.serve.certificate)


def _session(senim: Senim, of: Door) -> dict[str, Any]:
    """The cookie of a door. ``__Secure-`` lets browsers refuse one that came without TLS."""
    safe = encrypted(senim)
    return {
        "SESSION_COOKIE_NAME": f"{'__Secure-' if safe else ''}senim-{of.name}",
        "SESSION_COOKIE_PATH": f"/{of.name}",
        "SESSION_COOKIE_SECURE": safe,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict" if of.strict else "Lax",
        "WTF_CSRF_TIME_LIMIT": None,  # a form is good as long as its session
    }


def _measured() -> None:
    """A body whose length is not told could keep a thread waiting for its end: no form of ours is sent so."""
    if request.headers.get("Transfer-Encoding"):
        abort(411)


def _own(of: Door) -> None:
    """Other sites change nothing here, but where they are meant to."""
    if request.endpoint not in of.others:
        own(request)


def _begin(of: Door) -> None:
    g.door = of
    g.nonce = secrets.token_urlsafe(16) if of.name else ""  # public pages are kept by caches
    g.language = _language(request, of)


def _language(asked: Request, of: Door) -> Language:
    """The language chosen here, else that of the address, else the account's, else the browser's."""
    wished = session.get("language") if of.name else "", *asked.path.split("/")[2:3]
    found = next((one for text in wished for one in LANGUAGES if one == text), None)
    return found or of.language() or choose(asked.headers.get("Accept-Language", ""))


def words(of: Door, language: Language) -> dict[str, str]:
    """The words of a door in a language."""
    return _words(("web", *of.words), language)


@functools.cache
def _words(files: tuple[str, ...], language: Language) -> dict[str, str]:
    return {name: text.in_(language) for file in files for name, text in wording(file).items()}


@functools.cache
def asset(name: str) -> str:
    """The address of a file of ``static/``, with a mark of its content: it may be kept for ever."""
    mark = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={mark}"


def static(name: str) -> Response:
    """A file of ``static/``; what a mark is asked with is kept for a year."""
    from flask import send_from_directory

    answer = send_from_directory(STATIC, name, max_age=31_536_000 if request.args.get("v") else 300)
    if request.args.get("v"):
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def zone(senim: Senim) -> ZoneInfo:
    """The time zone of the operator's working calendar."""
    return ZoneInfo(senim.policies.in_force(senim.works.clock.now()).calendar.zone)


def day(when: datetime | date | int, language: Language, where: ZoneInfo) -> str:
    """A date in words, in the operator's zone. Numbers are microseconds since 1970."""
    when = moment(when) if isinstance(when, int) else when
    local = when.astimezone(where).date() if isinstance(when, datetime) else when
    return day_in_words(local, language)


def time(when: datetime | int, language: Language, where: ZoneInfo) -> str:
    """A date with its time of day, in the operator's zone. Numbers are microseconds since 1970."""
    when = moment(when) if isinstance(when, int) else when
    return moment_in_words(when.astimezone(where), language)


def _context(senim: Senim) -> dict[str, Any]:
    """What every template knows."""
    try:
        operator = senim.policies.in_force(senim.works.clock.now()).policy.operator
        brand = operator.brand or operator.name.in_(g.language)
    except SenimError:  # nothing is published yet
        brand = ""
    return {
        "language": g.language,
        "languages": LANGUAGES,
        "words": words(g.door, g.language),
        "asset": asset,
        "nonce": g.nonce,
        "here": here,
        "switch_to": to_language,
        "along": along,
        "typed": typed,
        "told_again": _told_again,
        "brand": brand,
        "policy_url": f"/privacy/{g.language}",
    }


def refused(error: SenimError, where: str = "") -> str:
    """What a refusal says to whoever looks at the page; ``where`` is the field that it is told beside."""
    return fault(error.code, where, error.hint or error.reasons[0].hint)


def fault(word: str, where: str = "", hint: Hint | None = None) -> str:
    """What is wrong with a form, by a code or one of the door's words; another language tells it again."""
    found = Wrong(str(word), where, hint)
    g.faults = [*g.get("faults", ()), found]
    return _in_words(found)


def wrong_at(where: str) -> str:
    """What is wrong with a field, to be told beside it: also where the page was opened anew in another language."""
    said = dict.fromkeys(_in_words(one) for one in g.get("faults", ()) if one.where == where)
    return " ".join(filter(None, said))


def fault_of_page() -> str:
    """What is wrong with the whole form, for the page that refuses it; opened anew a page tells it by itself."""
    return "" if "reopened" in g else wrong_at("")


def _in_words(one: Wrong) -> str:
    said = explain(one.word, g.language) if one.word in set(Code) else words(g.door, g.language).get(one.word, "")
    return f"{said} {one.hint.sentences(g.language)}" if one.hint and said else said


def _told_again() -> list[str]:
    """What a page says first that shows a form again: in another language its faults; of files that they are gone."""
    faults, reopened = g.get("faults", []), "reopened" in g
    said = [one for one in faults if not one.where] if reopened else []
    said += [Wrong("files-again")] if (faults or reopened) and had_files() else []
    return [text for text in map(_in_words, said) if text]


def _no_such(error: HTTPException) -> Response:
    """No such address, or no such method: a page of ours, with the headers that the protocol wants."""
    if error.response is not None:  # it says by itself what it says
        return error.response  # type: ignore[return-value]  # werkzeug's is what Flask's is made of
    status = error.code or 500
    answer = _problem(_CODES.get(status, Code.INTERNAL), status)
    answer.headers.update({name: text for name, text in error.get_headers() if name == "Allow"})
    return answer


def problem(refusal: SenimError) -> Response:
    """The page of a refusal."""
    return _problem(refusal.code, status_of(refusal))


def _outdated(_: CSRFError) -> Response:
    """A form of another session, or of none."""
    return problem(Invalid(Code.FORM_OUTDATED, "form"))


def _problem(code: Code, status: int) -> Response:
    """What went wrong, in the reader's language."""
    if not hasattr(g, "door"):  # refused before anything began
        return Response(status=status)
    by_links()
    title = "not-found-title" if status in (404, 410) else "problem-title"
    says = explain(code, g.language)
    page = render_template("problem.html", title=words(g.door, g.language)[title], says=says)
    return Response(page, status, PRIVATE)


_BARE = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action"
READING = f"{_BARE} 'none'"
"""The content security policy of public pages that are only read."""

FORMS = f"{_BARE} 'self'"
"""That of public pages with a form."""


def _policy(of: Door) -> str:
    """The content security policy. Public pages have no nonce, as they are the same for everybody."""
    if not of.name:
        return READING
    return (
        f"default-src 'none'; script-src 'nonce-{g.nonce}'; style-src 'nonce-{g.nonce}'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _headers(of: Door, safe: bool, answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", _policy(of) if hasattr(g, "nonce") else READING)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    answer.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    answer.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), interest-cohort=()"
    answer.headers["Referrer-Policy"] = "same-origin"  # forms tell where they come from; other sites learn nothing
    if of.name:
        for name, value in PRIVATE.items():
            answer.headers.setdefault(name, value)
    if safe or request.is_secure:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    return answer
