"""Pictures of what the log and the policy tell, drawn on the server; each with its table and CSV."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, abort, g, render_template
from markupsafe import Markup

from senim.audit.records import Day
from senim.times import moment
from senim.web.console import counting, flows, naming
from senim.web.console.charts import bars, flow, spans
from senim.web.console.charts.bars import Bar
from senim.web.console.charts.spans import Span
from senim.web.console.guard import Answer, member, platform
from senim.web.console.looking import promises
from senim.web.console.naming import say
from senim.web.console.registers import csv_answer
from senim.web.console.tables import Table
from senim.web.shared.pages import day, zone

pages = Blueprint("pictures", __name__, url_prefix="/pictures")
NAMES = ("flow", "consents", "requests", "terms")
_COUNTED, _MOST_REQUESTS = 8192, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page: drawings with their captions, the same as a table, and what it does not tell."""

    drawings: tuple[tuple[str, Markup], ...]
    table: Table
    wide: bool = False
    left: int = 0
    """Entries of the log that are not counted yet."""


def _today() -> date:
    return platform().works.clock.now().astimezone(zone(platform())).date()


def _day(when: date | datetime) -> str:
    return day(when, g.language, zone(platform()))


def _flow() -> Picture:
    """The way of data, as the policy declares it."""
    now = promises()
    links = flows.links_of(now)
    labels = {end: _label(*end) for one in links for end in (one.source, one.target)}
    marked = frozenset((flows.COUNTRY, country) for country in flows.abroad(now))
    drawing = flow.draw(
        flow.layout(links),
        labels=labels,
        headings=[say(column) for column in flows.COLUMNS],
        marked=marked,
        title=say("picture-flow"),
        says=say("picture-flow-says"),
    )
    rows = tuple((labels[one.source], labels[one.target], int(one.weight)) for one in links)
    return Picture(
        drawings=(("", drawing),) if links else (), table=Table(columns=("from", "to", "fields"), rows=rows), wide=True
    )


def _label(column: int, name: str) -> str:
    now = promises()
    names = (naming.source, naming.category, naming.purpose, naming.recipient, lambda _, code: naming.country(code))
    return names[column](now, name)


def _counts(*acts: str) -> tuple[list[list[Day]], int]:
    """The daily counts of acts, and how many entries are still to be counted; a page counts a few itself."""
    daily = platform().daily
    left = daily.catch_up(most=_COUNTED)
    return [daily.of(act) for act in acts], left


def _consents() -> Picture:
    """Consents given and withdrawn, week by week, by purpose."""
    now, weeks = promises(), counting.weeks(_today())
    (given, withdrawn), left = _counts("consent.given", "consent.withdrawn")
    ups, downs = counting.by_week(given), counting.by_week(withdrawn)
    drawings, rows = [], []
    for name in (one for one in now.policy.purposes if one in ups or one in downs):
        up, down = ups.get(name, Counter()), downs.get(name, Counter())
        series = [Bar(_day(week), up[week], down[week]) for week in weeks]
        title = naming.purpose(now, name)
        drawings.append(
            (title, bars.draw(series, title=title, says=say("picture-consents-says"), number=naming.number))
        )
        rows += [(title, one.name, one.up, one.down) for one in series if one.up or one.down]
    table = Table(columns=("purpose", "week", "consent-given", "consent-withdrawn"), rows=tuple(rows))
    return Picture(drawings=tuple(drawings), table=table, left=left)


def _requests() -> Picture:
    """Open requests, from when they came to when they are due."""
    now = platform().works.clock.now()
    found = [one for one in platform().rights.opened(platform().database, most=_MOST_REQUESTS) if one.due]
    lines, rows = [], []
    for one in sorted(found, key=lambda one: one.due):
        kind, due = naming.told("rights", f"kind-{one.kind.value}"), moment(one.due)
        left = (due.astimezone(zone(platform())).date() - _today()).days
        words = say("overdue-by", days=-left) if due < now else say("days-left", days=left)
        rows.append((one.number, kind, _day(moment(one.received_at)), _day(due), words))
        lines.append(
            Span(
                name=one.number,
                begins=float(one.received_at),
                ends=float(one.due),
                late=due < now,
                says=f"{one.number}, {kind}: {words}",
            )
        )
    drawing = spans.draw(
        lines,
        today=now.timestamp() * 1e6,
        now=say("today"),
        title=say("picture-requests"),
        says=say("picture-requests-says"),
    )
    table = Table(columns=("number", "kind", "came", "due", "time-left"), rows=tuple(rows))
    return Picture(drawings=(("", drawing),) if lines else (), table=table, wide=True)


def _terms() -> Picture:
    """How many terms end in each of the coming quarters, by purpose."""
    now, quarters = promises(), counting.quarters(_today())
    (given, collected), left = _counts("consent.given", "data.collected")
    ends = counting.ends(now, given, collected)
    drawings, rows = [], []
    for name, counts in ends.items():
        title = naming.purpose(now, name)
        series = [Bar(_quarter(one), counts[one]) for one in quarters]
        later = sum(count for one, count in counts.items() if one > quarters[-1])
        drawings.append((title, bars.draw(series, title=title, says=say("picture-terms-says"), number=naming.number)))
        rows += [(title, one.name, one.up) for one in series if one.up]
        rows += [(title, say("later"), later)] if later else []
    table = Table(columns=("purpose", "quarter", "ending"), rows=tuple(rows))
    return Picture(drawings=tuple(drawings), table=table, left=left)


def _quarter(first: date) -> str:
    last = first + timedelta(days=80)
    return f"{first.year}-Q{(last.month + 2) // 3}"


_DRAWN = {"flow": _flow, "consents": _consents, "requests": _requests, "terms": _terms}


def _picture(name: str) -> Picture:
    if name not in _DRAWN or (name == "requests" and not may_see_requests()):
        abort(404)
    return _DRAWN[name]()


def may_see_requests() -> bool:
    """Whether who is signed in works on requests."""
    return member().may("request") or member().may("handle")


@pages.get("/")
def index() -> Answer:
    """All pictures."""
    return render_template(
        "console/pictures.html", names=[one for one in NAMES if one != "requests" or may_see_requests()]
    )


@pages.get("/<name>")
def show(name: str) -> Answer:
    """A picture with its table."""
    return render_template("console/picture.html", name=name, picture=_picture(name))


@pages.get("/<name>.csv")
def download(name: str) -> Answer:
    """The table of a picture as CSV."""
    return csv_answer(_picture(name).table, name)
