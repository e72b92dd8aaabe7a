"""What the public pages that are only read have in common: language, address, caches, the parts of the frame."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.errors import Unavailable
from senim.languages import LANGUAGES, Language, choose
from senim.policy import Promises
from senim.web.shared.pages import READING

CACHE = "public, max-age=300"
"""How long a page that is the same for everybody is kept."""

WITH_SCRIPT = f"{READING}; script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
"""For pages with the script that carries the place in the page along when the language is changed."""

ROOMS = {
    "current": "room-policy",
    "asking.rights": "room-rights",
    "receiving.recipients": "room-recipients",
    "noticing.cookies": "room-cookies",
    "keeping.board": "room-kept",
    "changing.changes": "room-changes",
}
"""The pages that every public page leads to, and their names."""


_WITHIN = {"requesting": "asking", "unsubscribing": "asking", "choosing": "noticing"}
"""Pages that belong to another area's page of the frame."""


def language_of(text: str) -> Language:
    """The language of an address. No such page without one."""
    found = next((language for language in LANGUAGES if language == text), None)
    if found is None:
        abort(404)
    return found


def base(senim: Senim) -> str:
    """The public address of the service, never what a request says of it: pages are kept by caches."""
    return senim.settings.serve.url.rstrip("/")


def in_force(senim: Senim) -> Promises:
    """The policy in force. Raises Unavailable (policy_not_published)."""
    return senim.policies.in_force(senim.works.clock.now())


def promises_of(senim: Senim, number: int) -> Promises:
    """A version under the law of today. Raises NotFound."""
    return senim.policies.promises(number, senim.works.clock.now().date())


def shown(senim: Senim, template: str, *, csp: str = WITH_SCRIPT, **parts: Any) -> Response:
    """A page with a tag of its own bytes: it changes with the list of versions, the law and the wording too."""
    return kept(Response(render_template(template, base=base(senim), **parts)), csp=csp)


def kept(answer: Response, *, csp: str = READING) -> Response:
    """An answer that caches may keep for a while, and that is told to be the same when it is asked for again."""
    answer.headers["Cache-Control"] = CACHE
    answer.headers["Content-Security-Policy"] = csp
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def to_language(endpoint: str, **more: Any) -> Redirect:
    """Leads to a page in the language of the reader's browser."""
    answer = redirect(url_for(endpoint, language=choose(request.headers.get("Accept-Language", "")), **more))
    answer.headers["Vary"] = "Accept-Language"
    return answer


def frame(senim: Senim) -> dict[str, Any]:
    """What the frame of every public page shows; a page that says that there is no policy needs none of it."""
    try:
        policy = in_force(senim).policy
    except Unavailable:
        return {"operator": None, "rooms": {}}
    rooms = {name: word for name, word in ROOMS.items() if name != "noticing.cookies" or policy.cookies is not None}
    return {"operator": policy.operator, "rooms": rooms, "there": there}


def there(language: Language) -> str:
    """The address of this page in another language: from its path alone, nothing of a visitor's comes back."""
    at = {**(request.view_args or {}), "language": language}
    return url_for(request.endpoint or "current", **at)


def room() -> str:
    """The page of the frame that this one belongs to; none for what forms of sites lead to."""
    area = (request.endpoint or "").partition(".")[0]
    if area == "filling":
        return ""
    return next((name for name in ROOMS if name.partition(".")[0] == _WITHIN.get(area, area)), "current")
