"""Registers: what the policy declares, every handing-over of data, who refuses mailings; each as a table and CSV."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, g, render_template, request, url_for

from senim.disclosure.records import Line, Listing
from senim.errors import SenimError
from senim.messaging.marketing import MOST_COUNTED
from senim.policy.taxonomy import Channel
from senim.times import micros
from senim.web.console import naming, tables
from senim.web.console.guard import Answer, look, platform, run
from senim.web.console.looking import promises
from senim.web.console.tables import REGISTERS, Row, Table
from senim.web.shared.pages import day, refused, whole, zone
from senim.web.shared.switching import repeats

pages = Blueprint("registers", __name__, url_prefix="/registers")
_HANDED = ("when", "recipient", "purpose", "data", "country", "asked-by", "people")
_COUNTED = 8192


def csv_answer(table: Table, name: str) -> Response:
    """A table as a file."""
    answer = Response(tables.csv_of(table), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def last_handed() -> dict[str, str]:
    """When data was last handed over to each recipient, in words."""
    daily = platform().daily
    daily.catch_up(most=_COUNTED)
    last: dict[str, int] = {}
    for one in daily.of("data.disclosed"):
        last[one.recipient] = max(last.get(one.recipient, 0), one.last_at)
    return {name: day(at, g.language, zone(platform())) for name, at in last.items()}


def _table(name: str) -> Table:
    if name not in REGISTERS:
        abort(404)
    now = promises()
    return tables.recipients(now, last_handed()) if name == "recipients" else REGISTERS[name](now)


@pages.get("/")
def index() -> Answer:
    """All registers, and how many lines each has."""
    now = promises()
    return render_template("console/registers.html", counts={name: len(of(now).rows) for name, of in REGISTERS.items()})


@pages.get("/<name>")
def show(name: str) -> Answer:
    """One register."""
    return render_template("console/register.html", name=name, table=_table(name), version=promises().version)


@pages.get("/<name>.csv")
def download(name: str) -> Answer:
    """One register as CSV."""
    return csv_answer(_table(name), name)


@pages.get("/disclosures")
def disclosures() -> Answer:
    """Every handing-over of data, the newest first: by recipient, official requests alone, up to a day."""
    now, listing = promises(), _listing()
    return render_template(
        "console/disclosures.html",
        table=_handed(listing),
        listing=listing,
        recipients=[("", naming.say("all")), ("official", naming.say("handed-official"))]
        + [(name, naming.recipient(now, name)) for name in now.policy.recipients],
        chosen=request.args,
        following=_address(".disclosures", str(listing.before)) if listing.before else "",
        file=_address(".disclosures_csv", request.args.get("before", "")),
    )


@pages.get("/disclosures.csv")
def disclosures_csv() -> Answer:
    """The same lines as CSV."""
    return csv_answer(_handed(_listing()), "disclosures")


def _address(endpoint: str, before: str) -> str:
    """A page of the register with the same filters."""
    chosen, until = (request.args.get(name, "") for name in ("recipient", "until"))
    return url_for(endpoint, recipient=chosen, until=until, before=before)


def _listing() -> Listing:
    """The page of the register that the address asks for."""
    now, chosen = promises(), request.args.get("recipient", "")
    authorities = frozenset(name for name, one in now.policy.recipients.items() if one.kind == "authority")
    # Where no authority is declared nothing was handed to one: a name that no recipient has finds just that.
    only = (authorities or frozenset({"-"})) if chosen == "official" else frozenset({chosen} - {""})
    before = whole(request.args.get("before", "")) or _until()
    return platform().disclosures.listed(look(), recipients=only, before=before)


def _until() -> int:
    """Where the register begins when it is asked for up to a day: the first entry of the day after."""
    try:
        last = datetime.fromisoformat(request.args.get("until", "")).replace(tzinfo=ZoneInfo(promises().calendar.zone))
        return platform().disclosures.since(micros(last + timedelta(days=1)))
    except (ValueError, OverflowError):
        return -1


def _handed(listing: Listing) -> Table:
    return Table(columns=_HANDED, rows=tuple(_line(one) for one in listing.lines))


def _line(one: Line) -> Row:
    now = promises()
    return (
        naming.time(one.at),
        naming.recipient(now, one.recipient),
        naming.purpose(now, one.purpose),
        naming.categories(now, one.categories),
        naming.country(one.country),
        one.document,
        one.people,
    )


@pages.route("/mailings", methods=["GET", "POST"])
def mailings() -> Answer:
    """How many addresses refuse each mailing; and what one address refuses, which goes in the body of a form."""
    found, fault = None, ""
    if request.method == "POST":
        try:
            found = _refusals()
            repeats()
        except SenimError as refusal:
            fault = refused(refusal)
    table = mailing_table()
    return render_template(
        "console/mailings.html", table=table, found=found, fault=fault, now=promises(), most=MOST_COUNTED
    )


def _refusals() -> dict[str, int]:
    channel = Channel.SMS if request.form.get("channel") == "phone" else Channel.EMAIL
    address = request.form.get("address", "")
    return run(lambda work: platform().marketing.refusals(work, channel, address))


@pages.get("/mailings.csv")
def mailings_csv() -> Answer:
    """The counts as CSV."""
    return csv_answer(mailing_table(), "mailings")


def mailing_table() -> Table:
    """Each mailing, by which ways it goes, who sends it, and how many addresses refuse it."""
    now = promises()
    counts = platform().marketing.suppressed(look())
    marketing = [(name, one) for name, one in now.policy.purposes.items() if one.kind == "marketing"]
    return Table(
        columns=("mailing", "channels", "sender", "refusing"),
        rows=tuple(
            (
                naming.purpose(now, name),
                ", ".join(naming.channel(channel.value) for channel in one.channels) or "—",
                naming.recipient(now, one.sender) if one.sender else now.policy.operator.name.in_(g.language),
                counts.get(name, 0),
            )
            for name, one in marketing
        ),
    )
