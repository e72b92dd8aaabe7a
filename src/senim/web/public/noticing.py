"""The cookie notice: what is set, why and for how long (travel-5). The choice itself has its own page."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort

from senim.app import Senim
from senim.languages import Language
from senim.policy import Promises
from senim.policy.notices import time_in_words
from senim.policy.records import CookieKind
from senim.web.public.showing import in_force, language_of, shown


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of cookies as people read it."""

    name: str
    essential: bool
    purpose: str
    names: tuple[str, ...]
    lasts: str


def noticing(senim: Senim) -> Blueprint:
    """The route of the notice."""
    pages = Blueprint("noticing", __name__)

    def cookies(language: str) -> Response:
        told, promises = language_of(language), in_force(senim)
        found = promises.policy.cookies
        if found is None:
            abort(404)
        kinds = [_kind(promises, one, told) for one in found.kinds.values()]
        return shown(
            senim, "cookie_notice.html", kinds=kinds, notice=found.notice.in_(told), refusal=found.refusal.in_(told)
        )

    pages.add_url_rule("/privacy/<language>/cookies", view_func=cookies)
    return pages


def _kind(promises: Promises, one: CookieKind, language: Language) -> Kind:
    purpose = promises.policy.purposes[one.purpose].name.in_(language) if one.purpose else ""
    lasts = time_in_words(one.lasts, language) if one.lasts else ""
    return Kind(one.name.in_(language), one.essential, purpose, one.names, lasts)
