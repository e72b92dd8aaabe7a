"""The staff's pages: what needs doing, requests, people, registers, the policy, the log.

An area is a module with one Blueprint, :data:`AREAS` lists them. Everything is closed until ``guard.close`` finds out
who is signed in, and that the policy grants their role the verb of the area.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, current_app, request, url_for

from senim.app import Senim
from senim.errors import SenimError
from senim.identity import ending
from senim.web.console import (
    account,
    approvals,
    connectors,
    consents,
    guard,
    handing,
    keys,
    letters,
    log,
    maps,
    naming,
    once,
    orders,
    outbox,
    packs,
    people,
    pictures,
    policy,
    provider,
    registers,
    request_acts,
    searches,
    settings,
    staff,
    start,
    tasks,
    telephone,
)
from senim.web.console import door as entrance
from senim.web.shared.pages import Door, door

MOST_FORM = 1024 * 1024
"""Bytes of a form. Files come by pages of their own, with the limits of their fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the console, with a place in the navigation."""

    pages: Blueprint
    """Its views; the one that the navigation leads to is called ``index``."""
    group: str
    """Under which heading it stands: ``work``, ``proof`` or ``house``; empty: nowhere."""
    icon: str
    """One of ``templates/console/icons.html``."""
    verb: str = ""
    """What a role must be granted to see it; empty: everybody who is signed in. Views may need more."""
    enter: str = ""
    """What its first page needs beside it: without it the area is not in the navigation."""
    within: tuple[str, ...] = ()
    """Areas of the navigation that it belongs to if it stands nowhere itself: the first that a role sees is marked."""

    @property
    def name(self) -> str:
        """Of its Blueprint; its label is ``nav-<name>`` in ``locales/console.toml``."""
        return self.pages.name


GROUPS = ("work", "proof", "house")
AREAS = (
    Area(pages=start.pages, group="work", icon="home"),
    Area(pages=request_acts.pages, group="work", icon="inbox", verb="handle"),
    Area(pages=letters.pages, group="work", icon="tray", verb="handle"),
    Area(pages=telephone.pages, group="work", icon="phone", verb="intake"),
    Area(pages=tasks.pages, group="work", icon="check"),
    Area(pages=people.pages, group="work", icon="people", verb="read", enter="find"),
    Area(pages=packs.pages, group="proof", icon="shield"),
    Area(pages=policy.pages, group="proof", icon="pen", verb="policy"),
    Area(pages=log.pages, group="proof", icon="list", verb="log"),
    Area(pages=consents.pages, group="proof", icon="check", verb="read", enter="find"),
    Area(pages=registers.pages, group="proof", icon="book", verb="log"),
    Area(pages=pictures.pages, group="proof", icon="map", verb="log"),
    Area(pages=connectors.pages, group="house", icon="plug", verb="policy"),
    Area(pages=orders.pages, group="house", icon="tray", verb="orders"),
    Area(pages=outbox.pages, group="house", icon="letter", verb="orders"),
    Area(pages=staff.pages, group="house", icon="people", verb="policy"),
    Area(pages=keys.pages, group="house", icon="key", verb="policy"),
    Area(pages=settings.pages, group="house", icon="tools", verb="policy"),
    Area(pages=handing.pages, group="", icon="people", verb="disclose", within=("people",)),
    Area(pages=maps.pages, group="", icon="plug", verb="policy", within=("connectors",)),
    Area(pages=approvals.pages, group="", icon="inbox", verb="approve", within=("requests", "start")),
    Area(pages=searches.pages, group="", icon="plug", verb="handle", within=("connectors",)),
    Area(pages=account.pages, group="", icon="person"),
    Area(pages=once.pages, group="", icon="key"),
)
"""All areas, in the order of the navigation."""


def console(senim: Senim) -> Flask:
    """The Flask application below ``/console``."""
    of = Door(name="console", module=__name__, words=("console",), most=MOST_FORM, strict=True, language=guard.language)
    app = door(senim, of)
    app.permanent_session_lifetime = timedelta(days=90)  # of what tells a known device; sessions end much earlier
    app.extensions["senim"] = senim
    app.extensions["areas"] = {one.name: one.verb for one in AREAS}
    app.extensions["entered"] = {f"{one.name}.index": one.enter for one in AREAS}
    app.before_request(guard.close)
    app.context_processor(_shown)
    app.jinja_env.globals.update(naming=naming, request_link=_request_link, trouble=connectors.trouble)
    app.template_filter("stamped")(naming.time)
    app.template_filter("ending")(ending)
    app.register_blueprint(entrance.pages)
    app.register_blueprint(provider.pages)
    app.jinja_env.globals["provided"] = senim.provider is not None
    for area in AREAS:
        app.register_blueprint(area.pages)
    return app


def _request_link(number: str) -> str:
    """The page of a request, for who may open it; empty if there is none."""
    return url_for("requests.show", number=number) if "requests.show" in current_app.view_functions else ""


def _shown() -> dict[str, Any]:
    """What every page knows: who is signed in, and the areas that their role may see, by group."""
    try:
        me = guard.member()
    except SenimError:  # nobody, not quite yet, or in a role that the policy has no longer
        return {"me": None, "areas": {}, "marked": ""}
    seen = {
        group: [one for one in AREAS if one.group == group and me.may(one.verb) and me.may(one.enter)]
        for group in GROUPS
    }
    return {"me": me, "areas": {group: found for group, found in seen.items() if found}, "marked": _marked(seen)}


def _marked(seen: dict[str, list[Area]]) -> str:
    """The area of the navigation that a page belongs to."""
    names = {one.name for found in seen.values() for one in found}
    here = (where for one in AREAS if one.name == request.blueprint for where in (one.name, *one.within))
    return next((name for name in here if name in names), "")
