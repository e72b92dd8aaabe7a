"""A person in a connected system, looked for by hand: what is where, and what an erasure would do. Touches nothing."""

from __future__ import annotations

from itertools import islice
from typing import Any

from flask import Blueprint, render_template, request

from senim.connectors import Connector, Wish, WishKind
from senim.connectors.identifiers import tidy
from senim.connectors.patience import within
from senim.connectors.records import Page
from senim.errors import SenimError
from senim.web.console.again import fresh, with_status
from senim.web.console.guard import Answer, needs, platform, run
from senim.web.shared.pages import fault, refused
from senim.web.shared.switching import repeats, typed

pages = Blueprint("searches", __name__, url_prefix="/searches")

PATIENCE = 25.0
"""Seconds that are waited for a system."""

MOST_PAGES, MOST_ROWS = 30, 5
"""How much of a person's rows is shown as excerpts: of some pages, the first rows of each."""

WISHES = {"erase": WishKind.ERASE, "depersonalise": WishKind.DEPERSONALISE}


@pages.route("/<name>", methods=["GET", "POST"])
@needs("handle")
@fresh
def index(name: str) -> Answer:
    """Find a person in a system, or preview what would be done. The search is in the log before anything is read."""
    found = platform().systems.check(name).map
    kinds = list(dict.fromkeys(["email", "phone", "iin", *_kinds(found)]))
    who: dict[str, tuple[str, ...]]
    who = {kind: (value,) for kind in kinds if (value := typed(f"by-{kind}").strip()[:400])}
    wish = typed("wish", "erase")
    shown: dict[str, Any] = {"name": name, "kinds": kinds, "fault": "", "who": who, "wish": wish}
    if request.method == "POST":
        try:
            shown |= _looked_up(name, who, wish) if tidy(who) else {"fault": fault("search-nobody")}
        except SenimError as error:
            shown["fault"] = f"{refused(error)} {'' if error.hint else error.detail}".strip()
    page = render_template("console/search.html", **shown)
    return with_status(page, 400 if shown["fault"] else 200)


def _kinds(found: Any) -> list[str]:
    return [kind for entry in found.tables.values() for kind in entry.person] if found else []


def _looked_up(name: str, who: dict[str, tuple[str, ...]], purpose: str) -> dict[str, Any]:
    """What a system says, once the search is on record."""
    run(lambda work: platform().maps.search(work, name, purpose=purpose))
    repeats()
    connector = platform().systems.connector(name)
    if purpose == "excerpts":
        return {"excerpts": within(PATIENCE, lambda: _excerpts(connector, who), where=name)}
    if purpose in WISHES:
        wish = Wish(kind=WISHES[purpose])
        return {"plan": within(PATIENCE, lambda: connector.plan(who, wish), where=name)}
    return {"found": within(PATIENCE, lambda: connector.find(who), where=name)}


def _excerpts(connector: Connector, who: dict[str, tuple[str, ...]]) -> list[Page]:
    """The first rows of each table; long values and what the map keeps out of answers are not among them."""
    found: dict[str, Page] = {}
    for page in islice(connector.export(who), MOST_PAGES):
        if page.rows:
            found.setdefault(page.table, page)
    return [Page(table=one.table, columns=one.columns, rows=one.rows[:MOST_ROWS]) for one in found.values()]
