"""What changed from edition to edition: in plain words, clause by clause with the words marked, and as a feed."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from senim.app import Senim
from senim.errors import Code, NotFound
from senim.languages import Language
from senim.policy import Promises, Version
from senim.policy.marking import Pair, beside
from senim.policy.plainly import Sentence, plainly
from senim.web.public.pages import standing
from senim.web.public.showing import base, in_force, kept, language_of, promises_of, shown
from senim.web.shared.pages import FORMS, whole, zone

_ALIKE = ("elsewhere", "same")
"""Kinds of clauses that read the same in both editions."""

_MOST = 50
"""Editions in the feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """An edition in the list of changes; ``before`` is the one that it replaces, 0 for the first."""

    number: int
    before: int
    effective: datetime
    published: datetime
    coming: bool
    groups: dict[str, tuple[Sentence, ...]]


def changing(senim: Senim) -> Blueprint:
    """The routes under ``/privacy/<language>/changes``."""
    pages = Blueprint("changing", __name__)

    def changes(language: str) -> Response:
        told = _editions(senim, language_of(language))
        versions = senim.policies.versions()
        current = senim.policies.version(in_force(senim).version)
        choice = [(one, standing(one, current)) for one in versions]
        return shown(senim, "changes.html", csp=FORMS, editions=told, choice=choice)

    def compare(language: str) -> Redirect:
        """The choice of a form becomes an address that stays."""
        pair = [whole(request.args.get(name, "")) for name in ("from", "to")]
        for one in pair:
            senim.policies.version(one)
        return redirect(url_for("changing.beside", language=language_of(language), old=pair[0], new=pair[1]), 303)

    pages.add_url_rule("/privacy/<language>/changes", view_func=changes)
    pages.add_url_rule("/privacy/<language>/changes/compare", view_func=compare)
    pages.add_url_rule(
        "/privacy/<language>/changes/<int:old>/<int:new>",
        view_func=lambda language, old, new: _beside(senim, language_of(language), old=old, new=new),
        endpoint="beside",
    )
    pages.add_url_rule(
        "/privacy/<language>/changes.atom",
        view_func=lambda language: _feed(senim, language_of(language)),
        endpoint="feed",
    )
    return pages


@functools.lru_cache(maxsize=128)
def _told(old: Promises, new: Promises, language: Language) -> dict[str, tuple[Sentence, ...]]:
    return plainly(old, new, language)


@functools.lru_cache(maxsize=64)
def _pairs(old: Promises, new: Promises, language: Language) -> tuple[Pair, ...]:
    return beside(old.policy, new.policy, language)


def _editions(senim: Senim, language: Language) -> list[Edition]:
    """All editions that bound, bind or will bind, the newest first."""
    order = senim.policies.timeline()
    current = in_force(senim).version
    place = next(index for index, one in enumerate(order) if one.number == current)
    told = [
        _edition(senim, old, new, language=language, coming=index > place)
        for index, (old, new) in enumerate(pairwise(order), start=1)
    ]
    first = Edition(
        number=order[0].number,
        before=0,
        effective=order[0].effective,
        published=order[0].published,
        coming=False,
        groups={},
    )
    return [first, *told][::-1]


def _edition(senim: Senim, old: Version, new: Version, *, language: Language, coming: bool) -> Edition:
    return Edition(
        number=new.number,
        before=old.number,
        effective=new.effective,
        published=new.published,
        coming=coming,
        groups=_told(promises_of(senim, old.number), promises_of(senim, new.number), language),
    )


def _beside(senim: Senim, language: Language, *, old: int, new: int) -> Response:
    """Two editions, clause by clause; first in plain words."""
    before, after = promises_of(senim, old), promises_of(senim, new)
    pairs = _pairs(before, after, language)
    return shown(
        senim,
        "beside.html",
        old=senim.policies.version(old),
        new=senim.policies.version(new),
        groups=_told(before, after, language),
        pairs=[one for one in pairs if one.kind not in _ALIKE],
        alike={kind: [one.id for one in pairs if one.kind == kind] for kind in _ALIKE},
    )


def _feed(senim: Senim, language: Language) -> Response:
    """The changes as Atom (RFC 4287)."""
    editions = _editions(senim, language)[:_MOST]
    if not editions:
        raise NotFound(Code.NOT_FOUND, "feed")
    policy, where = in_force(senim).policy, zone(senim)
    text = render_template(
        "changes.xml",
        base=base(senim),
        policy=policy,
        editions=editions,
        updated=max(one.published for one in editions).astimezone(where).isoformat(timespec="seconds"),
        stamp=lambda when: when.astimezone(where).isoformat(timespec="seconds"),
    )
    return kept(Response(text, mimetype="application/atom+xml"))
