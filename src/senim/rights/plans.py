"""What is to be done, everywhere, before anything is touched: the vault and each of the operator's systems."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec.structs import replace

from senim.connectors.records import Connector, Identifiers, Wish, WishKind, worded
from senim.languages import Language
from senim.law import due, parse_term
from senim.policy.promises import Promises
from senim.policy.records import Term
from senim.policy.values import identifier_kind
from senim.rights.clock import last_day
from senim.rights.desk import Desk, claimed_address
from senim.rights.records import Line, Opening, Planned, Proof, Request
from senim.rights.rules import Aim, aim_of, digest_of
from senim.subjects import Standing
from senim.times import moment
from senim.vault import Kept
from senim.work import Work

WHO = "who"
"""Under which name the identifiers are sealed by which systems are searched, until the request's own term is over."""

_encode = msgspec.json.Encoder().encode
_decode_who = msgspec.json.Decoder(dict[str, tuple[str, ...]]).decode


class Plans:
    """Makes plans. Nothing here changes anything."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def make(self, work: Work, request: Request, *, by: str) -> tuple[Planned, Identifiers]:
        """The plan of a request, and by what its systems are searched. Raises Unavailable if one is not reached."""
        aim, who = self.aim(work, request), self.who(work, request)
        opening = self._desk.opening(work, request)
        connectors = self._desk.parts.connectors() if who else ()
        planned = Planned(
            by=by,
            at=work.at,
            digest="",
            wish=aim,
            here=tuple(self._here(work, request, opening, aim)),
            systems=tuple(one.plan(who, _wish(aim, opening, request, one)) for one in connectors if aim != "read"),
            reads=tuple(one.find(who) for one in connectors if aim == "read"),
            people=max(1, len(self._desk.people(work, request))),
            held=self.held(work, request),
        )
        return replace(planned, digest=digest_of(planned)), who

    def aim(self, work: Work, request: Request) -> Aim:
        """What a granted request comes to."""
        return aim_of(self._desk.promises(work), request)

    def who(self, work: Work, request: Request) -> dict[str, tuple[str, ...]]:
        """By what the person is found in other systems: what is or was on file, or what was shown to be theirs."""
        promises, found = self._desk.promises(work), dict[str, list[str]]()
        people = self._desk.people(work, request)
        if len(people) < len({request.subject, *request.linked} - {""}):  # somebody of them is gone
            found = {kind: list(values) for kind, values in self._sealed(work, request).items()}
        for standing in people:
            for name, kept in self._desk.parts.vault.everything(work, standing).items():
                kind = identifier_kind(name, promises.fields[name]) if name in promises.fields else None
                if kind:
                    found.setdefault(kind, []).append(kept.value)
        if not found:
            opening = self._desk.opening(work, request)
            if request.proof in (Proof.CODE, Proof.CONTACT):
                found = {"email": [claimed_address(opening)]}
            elif request.proof in (Proof.DOCUMENT, Proof.AUTHORITY):
                found = {kind: [value] for kind, value in opening.identifiers.items()}
        return {kind: tuple(dict.fromkeys(values)) for kind, values in found.items()}

    def seal(self, work: Work, request: Request, who: Identifiers) -> Request:
        """The request with that by which systems are searched sealed in it; it is not saved yet."""
        request = self._desk.with_box(work, request)
        return self._desk.put(work, request, "who", "application/json", _encode(who), name=WHO)

    def _sealed(self, work: Work, request: Request) -> Identifiers:
        if not any(one.id == WHO for one in request.papers):
            return {}
        return _decode_who(b"".join(self._desk.get(work, request, WHO)))

    def _here(self, work: Work, request: Request, opening: Opening, aim: Aim) -> Iterator[Line]:
        if aim == "correct":
            yield from (Line(place=name, act="correct") for name in sorted(opening.changes))
            return
        for standing in self._desk.people(work, request):
            held = sorted(self._desk.parts.vault.held(work, standing))
            yield from (Line(place=name, act="export" if aim == "read" else "delete") for name in held)
            if aim == "erase":
                yield from self.kept(work, standing)

    def kept(self, work: Work, standing: Standing) -> list[Line]:
        """What of a person's values the law wants kept all the same, by which place in the policy, until when."""
        values = self._desk.parts.vault.everything(work, standing)
        return kept_lines(self._desk.promises(work), standing, values, work.now)

    def held(self, work: Work, request: Request) -> tuple[str, ...]:
        """Numbers of the open claims that hold back what the request comes to."""
        if self.aim(work, request) != "erase" or request.because == "court-decision":
            return ()
        return self._desk.claims_of(work, request.subject, *request.linked)


def _wish(aim: Aim, opening: Opening, request: Request, connector: Connector) -> Wish:
    people = request.chosen.get(connector.name, ())
    if aim == "correct":
        return Wish(kind=WishKind.CORRECT, changes=opening.changes, people=people)
    return Wish(kind=WishKind.ERASE, people=people)


def kept_lines(promises: Promises, standing: Standing, values: dict[str, Kept], now: datetime) -> list[Line]:
    """What stays of these values when a person is erased: what an act named in the policy wants kept.

    A consent that was only just withdrawn has left its mark: what was done under it is what the act is about.
    """
    lines: dict[str, Line] = {}
    for line in _wanted(promises, standing, values, now):
        known = lines.get(line.place)
        if known is None or known.until < line.until:
            lines[line.place] = line
    return [lines[one] for one in sorted(lines)]


def _wanted(promises: Promises, standing: Standing, values: dict[str, Kept], now: datetime) -> Iterator[Line]:
    for name, purpose in promises.policy.purposes.items():
        term = promises.term(name)
        spoken_of = name in standing.marks.agreed or not promises.law.bases[purpose.basis].consent
        if term is None or not spoken_of:
            continue
        for number, keep in enumerate(term.keep):
            until = _until(promises, standing, term, keep.term, now)
            because = f"purposes.{name}.term.keep[{number}]"
            places = sorted(promises.policy.expand(keep.what) & values.keys())
            yield from (Line(place=one, act="keep", because=because, until=until) for one in places)


def _until(promises: Promises, standing: Standing, term: Term, lasts: str, now: datetime) -> str:
    event = standing.marks.events.get(term.until or term.after, 0)
    end = due(parse_term(lasts), moment(event) if event else now, promises.calendar, roll=False).strict
    return last_day(end).isoformat()


def nothing_there(planned: Planned) -> bool:
    """Whether there is nothing anywhere that a request could be about."""
    theirs = any(one.steps for one in planned.systems) or any(one.rows for one in planned.reads)
    unsure = bool(planned.unreached or planned.problems)
    return not theirs and not unsure and not any(one.act in ("export", "delete") for one in planned.here)


def told_of(planned: Planned, language: Language) -> dict[str, object]:
    """A plan as plain facts with its words in ``language``, for doors and previews."""
    systems = tuple(worded(one, language) for one in planned.systems)
    reads = tuple(worded(one, language) for one in planned.reads)
    told: dict[str, object] = msgspec.to_builtins(replace(planned, systems=systems, reads=reads))
    return {**told, "problems": planned.problems, "unreached": planned.unreached, "rows": planned.rows}
