"""What is done to keep each clause, when it was last shown to hold, and how an outsider checks. Nothing about people.

The pages show what the last drills found and what the log tells; a visitor starts none of it. The board is two short
reads, kept for some minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date
from flask import Blueprint, Response, abort

from senim.app import Senim
from senim.conformance import Board, ControlResult, Status
from senim.languages import Language, Text, wording
from senim.web.public.showing import in_force, language_of, shown
from senim.web.shared.pages import day, zone

KEPT_SECONDS = 120.0
"""How long a board is shown before it is read again."""


@dataclass(frozen=True, slots=True)
class Means:
    """A control in words: what it does, what can be said of it and why, when somebody looked, since when it works."""

    says: str
    status: Status
    why: str
    looked: str
    since: str


class Boards:
    """The newest board that was read, for a while; visitors share it."""

    def __init__(self, read: Callable[[], Board], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read, self._clock = read, clock
        self._known: tuple[float, Board] | None = None

    def board(self, version: int) -> Board:
        """The board of the version in force."""
        known = self._known
        if known is None or known[1].version != version or self._clock() - known[0] > KEPT_SECONDS:
            known = self._known = (self._clock(), self._read())
        return known[1]


def keeping(senim: Senim) -> Blueprint:
    """The routes under ``/privacy/<language>/kept``."""
    pages, boards = Blueprint("keeping", __name__), Boards(senim.conformance.known)

    def board(language: str) -> Response:
        told, promises = language_of(language), in_force(senim)
        found = boards.board(promises.version)
        states = {one.id: one.status for one in found.clauses}
        clauses = [(one.id, " ".join(one.says.in_(told).split()), states[one.id]) for one in promises.policy.clauses]
        counts = {status: found.count(status) for status in Status}
        return shown(senim, "kept_all.html", clauses=clauses, counts=counts, states=_words(told))

    def clause(language: str, clause: str) -> Response:
        told, promises = language_of(language), in_force(senim)
        order = [one.id for one in promises.policy.clauses]
        if clause not in order:
            abort(404)
        place = order.index(clause)
        result = boards.board(promises.version).clauses[place]
        return shown(
            senim,
            "kept.html",
            clause=promises.policy.clauses[place],
            status=result.status,
            means=[_means(senim, one, told) for one in result.controls],
            states=_words(told),
            vkey=senim.log.vkey,
            before=order[place - 1] if place else "",
            after=order[place + 1] if place + 1 < len(order) else "",
        )

    pages.add_url_rule("/privacy/<language>/kept", view_func=board)
    pages.add_url_rule("/privacy/<language>/kept/<clause>", view_func=clause)
    return pages


def _words(language: Language) -> dict[str, str]:
    return {status.value: wording("evidence")[status.value].in_(language) for status in Status}


def _means(senim: Senim, one: ControlResult, language: Language) -> Means:
    says: Text = wording("controls")[one.name]
    return Means(
        says=says.in_(language),
        status=one.status,
        why=wording("evidence")[one.evidence.value].in_(language),
        looked=day(one.at, language, zone(senim)) if one.at else "",
        since=_month(one.since, language, senim) if one.since else "",
    )


def _month(when: datetime, language: Language, senim: Senim) -> str:
    """The month alone: the day of a first act could be the day of one person."""
    pattern = {"kk": "y 'жылғы' MMMM", "ru": "LLLL y", "en": "LLLL y"}[language]
    return format_date(when.astimezone(zone(senim)).date(), pattern, locale=language)
