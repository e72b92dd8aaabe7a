"""Cookies at the public door: the script for sites, what visitors choose, and the same as a form without scripts.

Pages of the policy's sites, and no others, may send a choice. No session is needed and none is kept.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec
from flask import Blueprint, Response, abort, g, jsonify, render_template, request, url_for

from senim.app import Senim
from senim.collection.cookie_rules import optional, origins
from senim.collection.cookies import VISITOR
from senim.collection.records import Choice, Chosen
from senim.errors import Code, Invalid, NotAllowed, SenimError
from senim.languages import LANGUAGES, Language
from senim.policy.cookies import days, kinds, shown, told, words
from senim.policy.promises import Promises
from senim.web.public.limiting import Limit
from senim.web.public.script import File, banner, forms
from senim.web.shared.pages import FORMS, PRIVATE
from senim.web.shared.problems import problem, status_of

_CACHE = "public, max-age=300, stale-while-revalidate=86400"
_decode = msgspec.json.Decoder(Choice).decode


def choosing(senim: Senim) -> Blueprint:
    """The script, its route for choices, and the page for those without scripts."""
    pages = Blueprint("choosing", __name__)
    limit = Limit(30, 6000)

    def choices() -> Response:
        limit.count(request)
        return _choices(senim)

    def page(language: str) -> Response:
        if language not in LANGUAGES:
            abort(404)
        if request.method == "POST":
            limit.count(request)
            return _save(senim, language)
        return _page(senim, language)

    pages.add_url_rule("/senim.js", view_func=lambda: script(_banner(senim)), endpoint="script")
    pages.add_url_rule("/senim-forms.js", view_func=lambda: script(forms()), endpoint="forms")
    pages.add_url_rule("/cookies/choices", view_func=choices, methods=["POST", "OPTIONS"], endpoint="choices")
    pages.add_url_rule("/cookies/<language>", view_func=page, methods=["GET", "POST"], endpoint="page")
    return pages


def _promises(senim: Senim) -> Promises:
    return senim.policies.in_force(senim.works.clock.now())


def _banner(senim: Senim) -> File:
    promises = _promises(senim)
    return banner(promises, _domain(senim, promises))


def script(file: File) -> Response:
    """A script for other sites: kept for five minutes, then asked for again by its tag."""
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    answer = Response(file.packed if packed else file.plain, mimetype="text/javascript")
    answer.headers["Cache-Control"] = _CACHE
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.set_etag(f"{file.tag}{'-gzip' if packed else ''}", weak=True)
    answer.make_conditional(request)
    return answer


def let_in(answer: Response, origin: str) -> Response:
    """Let pages of an origin read an answer; empty: none."""
    answer.headers.update(PRIVATE)
    answer.headers["Vary"] = "Origin"
    if origin:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type"
        answer.headers["Access-Control-Max-Age"] = "600"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _choices(senim: Senim) -> Response:
    origin = senim.cookies.allows(request.headers.get("Origin", ""), senim.works.begin(VISITOR))
    if request.method == "OPTIONS":
        return let_in(Response(status=204), origin)
    try:
        if not origin:
            raise NotAllowed(Code.ORIGIN_NOT_ALLOWED, "Origin")
        choice = _read(request.get_data())
        answer = Response(_once(senim, choice, origin), status=201, mimetype="application/json")
    except SenimError as error:
        answer = jsonify(problem(error, g.language))
        answer.status_code, answer.mimetype = status_of(error), "application/problem+json"
    return let_in(answer, origin)


def _read(body: bytes) -> Choice:
    """A choice. Raises Invalid (body_malformed)."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(Code.BODY_MALFORMED, "body") from error


def _once(senim: Senim, choice: Choice, site: str) -> bytes:
    """Keep a choice; sent again it is answered as before. What waited longer meanwhile is the same choice."""
    signal = request.headers.get("Sec-GPC") == "1"
    same = msgspec.json.encode(msgspec.structs.replace(choice, age=0)) + site.encode()

    def act(work: Any) -> bytes:
        chosen: Chosen = senim.cookies.choose(work, choice, site=site, signal=signal)
        return msgspec.json.encode(chosen)

    answer, _ = senim.works.run_once(VISITOR, f"cookies {choice.visitor} {choice.id}", senim.fingerprint(same), act)
    return answer


# for those without scripts


def _page(senim: Senim, language: Language, *, chosen: tuple[str, ...] | None = None) -> Response:
    promises = _promises(senim)
    cookies = promises.policy.cookies
    kept = remembered() if chosen is None else None
    body = render_template(
        "cookies.html",
        choices_in=lambda one: url_for("choosing.page", language=one),
        title=words(language)["title"],
        told=told(cookies, language) if cookies else (),
        kinds=kinds(promises, language),
        allowed=chosen if chosen is not None else tuple(kept.allowed if kept else ()),
        done=chosen is not None,
        shared=bool(_domain(senim, promises)),
        say=words(language),
    )
    return Response(body, headers={**PRIVATE, "Content-Security-Policy": FORMS})


def _save(senim: Senim, language: Language) -> Response:
    """Keep what the form says. Another site's form may not say it in the visitor's name."""
    promises = _promises(senim)
    known = optional(promises)
    how = request.form.get("how", "choose")
    chosen = known if how == "accept" else () if how == "refuse" else request.form.getlist("kind")
    visitor = _visitor() or secrets.token_hex(16)
    text = next((one for one in shown(promises, language) if one.variant == "page"), None)
    choice = Choice(
        id=secrets.token_hex(16),
        visitor=visitor,
        language=language,
        shown=text.digest if text else "",
        how="accept" if how == "accept" else "refuse" if how == "refuse" else "choose",
        kinds=tuple(name for name in known if name in chosen),
        gpc=request.headers.get("Sec-GPC") == "1",
    )
    site = min(origins(promises.policy))
    senim.run(VISITOR, lambda work: senim.cookies.choose(work, choice, site=site))
    answer = _page(senim, language, chosen=choice.kinds)
    _remember(senim, answer, promises, choice)
    return answer


def _cookie() -> dict[str, Any]:
    try:
        found = json.loads(unquote(request.cookies.get("senim", "")))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _visitor() -> str:
    told_id = str(_cookie().get("v", ""))
    return told_id if len(told_id) == 32 and set(told_id) <= set("0123456789abcdef") else ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a browser remembers of a visitor's choice: the mark of each kind that is allowed."""

    allowed: dict[str, str]
    wary: bool
    """Whether it was made in a browser that asks not to be tracked."""


def remembered() -> Remembered | None:
    """The choice that the browser sends; None if it sends none."""
    found = _cookie()
    marks = found.get("k")
    if not isinstance(marks, dict):
        return None
    said = {str(name): one for name, one in marks.items() if isinstance(one, list) and len(one) == 2}
    return Remembered({name: str(one[0]) for name, one in said.items() if one[1] == 1}, found.get("g") == 1)


def _remember(senim: Senim, answer: Response, promises: Promises, choice: Choice) -> None:
    """Keep the choice in the visitor's browser as the script does, for the site too where the addresses allow it."""
    cookies = promises.policy.cookies
    if cookies is None:
        return
    marks = {one.id: [one.mark, int(one.id in choice.kinds)] for one in kinds(promises, "en") if not one.essential}
    now = senim.works.clock.now()
    said = {"v": choice.visitor, "t": int(now.timestamp() * 1000), "g": int(choice.gpc), "k": marks}
    answer.set_cookie(
        "senim",
        quote(json.dumps(said, separators=(",", ":"))),
        max_age=timedelta(days=days(cookies.asks_again)),
        domain=_domain(senim, promises) or None,
        secure=request.is_secure or senim.settings.serve.url.startswith("https://"),
        samesite="Lax",
    )


def _domain(senim: Senim, promises: Promises) -> str:
    """The site's host, if the service stands below it (``privacy.shop.example`` and ``shop.example``).

    Script and page keep the choice in the cookie of that host, and so in one: what was said last is what counts.
    """
    own = urlsplit(senim.settings.serve.url).hostname or ""
    hosts = (urlsplit(origin).hostname or "" for origin in sorted(origins(promises.policy)))
    return next((host for host in hosts if "." in host and own.endswith(f".{host}")), "")
