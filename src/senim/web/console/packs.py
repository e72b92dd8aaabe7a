"""The evidence pack: how the promises stand now, and what happened in a period, to be printed or taken along."""

from __future__ import annotations

from datetime import datetime

import msgspec
from flask import Response, abort, g, render_template, request

from senim.conformance import Pack, Period, Status
from senim.conformance.pack import names
from senim.errors import Invalid
from senim.times import micros
from senim.web.console.guard import Answer, member, needs, platform, run, word
from senim.web.console.promises import as_file, newest_checkpoint, pages, read_board, states
from senim.web.shared.pages import day, refused, zone

__all__ = ["pages"]

SHOWN = 100
"""Requests and handings-over on the page; the files have more."""

_WORDS = ("this-month", "last-month", "this-quarter", "last-quarter", "this-year", "last-year")


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, "").strip() for name in ("period", "from", "to")}


def _period() -> Period | None:
    """The period of the address; None if it names none. Raises Invalid."""
    asked = _asked()
    if not (asked["period"] or asked["from"]):
        return None
    name = "" if asked["from"] else asked["period"]  # days that somebody typed say more than a choice
    return platform().packs.period(name, asked["from"], asked["to"])


def _pack(of: Period) -> Pack:
    return run(lambda work: platform().packs.make(work, of))


@pages.get("/evidence")
def evidence() -> Answer:
    """What an auditor takes along: version, board, checkpoint, what is not covered; of a period what happened in it."""
    fault, pack = "", None
    try:
        of = _period()
    except Invalid as error:
        fault, of = refused(error), None
    if of is not None:
        pack = _pack(of)
    promises, board, told = read_board()
    now = platform().works.clock.now()
    return render_template(
        "console/evidence.html",
        promises=promises,
        operator=promises.policy.operator,
        versions=[one for one in platform().policies.timeline() if one.effective <= now],
        counts={status: board.count(status) for status in Status},
        states=states(),
        told=told,
        uncovered=[one for one in told if one.status is not Status.KEPT],
        checkpoint=newest_checkpoint(),
        vkey=platform().log.vkey,
        now=now,
        pack=pack,
        last_day=_last_day,
        shown=SHOWN,
        fault=fault,
        asked=_asked(),
        periods=_periods() if member().may("log") else [],
    )


def _last_day(due: str) -> str:
    """The last day that is in time: a term ends with it, and not at the midnight after it."""
    return day(micros(datetime.fromisoformat(due)) - 1, g.language, zone(platform()))


def _periods() -> list[tuple[str, str]]:
    """Periods to choose from at once: the code of each and its name."""
    today, _ = platform().packs.today()
    said = zip(names(today), _WORDS, strict=True)
    return [("", "—"), *((name, f"{word(f'period-{key}')} ({name})") for name, key in said)]


@pages.get("/evidence.<ending>")
@needs("log")
def evidence_file(ending: str) -> Response:
    """The pack of a period as a file: to be read, or signed as a whole. Raises Invalid (invalid_value)."""
    if ending not in ("json", "jws"):
        abort(404)
    of = _period() or platform().packs.period(names(platform().packs.today()[0])[0])
    pack, name = _pack(of), f"evidence-{of.since}-{of.until}.{ending}"
    if ending == "jws":
        return as_file(platform().packs.sign(pack).encode(), "application/jose", name)
    return as_file(msgspec.json.format(msgspec.json.encode(pack), indent=2), "application/json", name)
