"""The drill of technical data: what devices tell is kept apart, leads to nobody, and ends with its key."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from senim.collection.technical_records import Visit
from senim.collection.technical_rules import fields_of
from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Platform, Stage
from senim.errors import Code
from senim.identity import SubjectId
from senim.languages import Hint
from senim.law import due, parse_term
from senim.policy.visits import Visits
from senim.storage import keys_metadata, main_metadata, query
from senim.times import micros, moment
from senim.work import Work

_IP, _OTHER_IP = "2001:db8:5e11:7a11:1:2:3:4", "203.0.113.77"
_VISITOR, _QUERY = "drill-visitor-4711", "drill-secret-query"
_COLUMNS = {
    "ip": ("ip",), "visitor": ("visitor",), "browser": ("browser", "device"), "system": ("system",), "page": ("page",),
    "referrer": ("referrer",),
}  # fmt: skip
_visits = main_metadata.tables["technical_visit"]
_ROWS = query(select(*_visits.c).order_by(_visits.c.day, _visits.c.id))
_PERIODS = query(select(*main_metadata.tables["technical_period"].c))
_KEYS = query(select(func.count()).select_from(keys_metadata.tables["person_key"]))


@dataclass
class _Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


def technical(stage: Stage) -> None:
    """Declared fields alone are kept, by pseudonyms of one period; no address stands anywhere; rows and keys end."""
    found = [(name, one.visits) for name, one in stage.policy.points.items() if one.visits is not None]
    if not found:
        raise NothingDeclared(Hint("no-visits"))
    for point, told in found:
        clock = _Clock(stage.platform.works.clock.now())
        with stage.throwaway(stage.source, now=clock) as platform:
            drill = _Drill(stage, platform, clock, point, told)
            drill.not_of_people()
            drill.kept()
            drill.unlinkable()
            drill.nowhere_in_clear()
            drill.looked_at()
            drill.over()


@dataclass
class _Drill:
    stage: Stage
    platform: Platform
    clock: _Clock
    point: str
    told: Visits

    def here(self, what: Hint) -> Hint:
        return Hint("at", where=self.point, says=what)

    def expect(self, holds: object, what: Hint) -> None:
        self.stage.expect(holds, self.here(what))

    def run(self, act: Callable[[Work], Any]) -> Any:
        return self.platform.run(self.platform.actor(), act)

    def take(self, *visits: Visit) -> Any:
        return self.run(lambda work: self.platform.technical.take(work, self.point, visits))

    def rows(self) -> list[dict[str, Any]]:
        names = [column.name for column in _visits.columns]
        return [dict(zip(names, row, strict=True)) for row in self.platform.database.read(_ROWS)]

    def visit(self, **changed: Any) -> Visit:
        """A visit that tells everything, of somebody who chose everything."""
        site = self.stage.policy.sites[0].address.rstrip("/")
        given: dict[str, Any] = {
            "ip": _IP,
            "visitor": _VISITOR,
            "browser": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0.4711) Gecko/20100101 Firefox/128.0",
            "page": f"{site}/help/somebody@people.example/now?word={_QUERY}",
            "referrer": f"https://elsewhere.example/{_QUERY}?word={_QUERY}",
            "allowed": tuple(kept.choice for kept in self.told.keeps.values() if kept.choice),
        }
        return Visit(**{**given, **changed})

    def not_of_people(self) -> None:
        """Nothing of a person comes in here, and no other point takes visits."""
        stage = Stage(self.platform, self.stage.source, self.stage.throwaway)
        request = stage.request(self.point, values={}, consents=())
        stage.refused(Code.POINT_KIND_WRONG, lambda: stage.take(request), self.here(Hint("persons-data")))
        other = next(iter(self.stage.policy.forms), "")
        if other:
            take = self.platform.technical.take
            stage.refused(
                Code.POINT_KIND_WRONG,
                lambda: self.run(lambda work: take(work, other, (self.visit(),))),
                Hint("at", where=other, says=Hint("device-tells")),
            )

    def kept(self) -> None:
        """Of each purpose its own fields, cut; nothing of those who did not choose it."""
        before = self.platform.subjects.count(self.platform.database)
        self.take(self.visit())
        rows = self.rows()
        self.expect({row["purpose"] for row in rows} == set(self.told.keeps), Hint("visit-not-for-each"))
        for row in rows:
            asked = fields_of(self.stage.promises, self.told, row["purpose"])
            for part, columns in _COLUMNS.items():
                for column in columns:
                    self.expect(bool(row[column]) == (part in asked), Hint("part-against-policy", part=part))
            self.expect((row["hour"] >= 0) == ("time" in asked), Hint("part-against-policy", part="time"))
            self.expect(row["browser"] in ("", "Firefox 128"), Hint("browser-exact"))
            self.expect(not {"?", "@"} & set(row["page"]), Hint("page-whole"))
            self.expect(row["referrer"] in ("", "https://elsewhere.example"), Hint("referrer-whole"))
        after = self.platform.subjects.count(self.platform.database)
        self.expect(before == after, Hint("visitor-on-file"))
        taken = self.take(self.visit(allowed=()))
        free = [name for name, one in self.told.keeps.items() if not one.choice]
        self.expect(len(self.rows()) == len(rows) + len(free), Hint("visit-unchosen"))
        self.expect(free or taken.not_chosen == 1, Hint("unchosen-uncounted"))

    def unlinkable(self) -> None:
        """One pseudonym in a period, another in the next one and for another purpose, and the old key is gone."""
        self.take(self.visit(), self.visit(ip=_OTHER_IP, visitor="another"))
        first = self.named()
        ((*_, ends, holder, sealed),) = self.platform.database.read(_PERIODS)
        self.expect(self.platform.key_store.read(_KEYS)[0][0] == 1, Hint("period-keyless"))
        self.clock.now = moment(ends) + timedelta(hours=1)
        self.take(self.visit())
        second = self.named() - first
        parts = {part for part in self.told.tells.values() if part in ("ip", "visitor")}
        for part in parts:
            for purpose in self.told.keeps:
                if part not in fields_of(self.stage.promises, self.told, purpose):
                    continue
                ours = [(of, name) for of, what, name in first if what == part and of == purpose]
                new = [name for of, what, name in second if what == part and of == purpose]
                self.expect(len(ours) == 2, Hint("pseudonyms-several", part=part))
                self.expect(len(new) == 1, Hint("pseudonym-lasts", part=part))
        names = [name for _, _, name in first | second]
        self.expect(len(names) == len(set(names)), Hint("pseudonym-shared"))
        self.expect(self.platform.key_store.read(_KEYS)[0][0] == 1, Hint("old-key-left"))
        opened: Callable[[], Any] = lambda: self.run(  # noqa: E731  # what is expected to be refused
            lambda work: self.platform.boxes.open(work, SubjectId(bytes(holder).hex()), "technical key", sealed)
        )
        self.stage.refused(Code.NOT_FOUND, opened, self.here(Hint("old-key")))

    def named(self) -> set[tuple[str, str, bytes]]:
        """The pseudonyms on record, of which purpose and of what."""
        return {
            (row["purpose"], part, bytes(row[part])) for row in self.rows() for part in ("ip", "visitor") if row[part]
        }

    def nowhere_in_clear(self) -> None:
        """No address, visitor or query stands in any file of the databases."""
        self.platform.tick()
        forms = [
            *(one.encode() for one in (_IP, _OTHER_IP, _VISITOR, _QUERY, "somebody@people", "128.0.4711")),
            ipaddress.ip_address(_IP).packed[:8],
        ]
        for path in self.platform.folder.rglob("*"):
            if path.is_file() and path.suffix != ".yaml":
                content = path.read_bytes()
                self.expect(not any(form in content for form in forms), Hint("file-holds-device", file=path.name))

    def looked_at(self) -> None:
        """Counts are told for a declared purpose alone, and each look is in the log; a batch has one entry."""
        count = self.platform.technical.count
        for purpose in self.told.keeps:
            found = self.run(lambda work, purpose=purpose: count(work, purpose))  # type: ignore[misc]  # bound at once
            self.expect(found.total >= 4, Hint("visits-uncounted", purpose=purpose))
        self.stage.refused(
            Code.PURPOSE_UNDECLARED,
            lambda: self.run(lambda work: count(work, "undeclared")),
            self.here(Hint("undeclared-look")),
        )
        acts = self.acts()
        self.expect(acts.count("technical.taken") == 4, Hint("batch-entries"))
        self.expect(acts.count("technical.shown") == len(self.told.keeps), Hint("look-unlogged"))

    def acts(self) -> list[str]:
        """What the log has of it, refusals apart."""
        self.platform.tick()
        return [entry.act for _, entry in self.platform.log.entries() if entry.outcome == "done"]

    def over(self) -> None:
        """Each visit ends no later than the policy says, is removed then, and its key with it."""
        rows, now, calendar = self.rows(), self.clock.now, self.stage.promises.calendar
        for row in rows:
            term = parse_term(self.told.keeps[row["purpose"]].lasts)
            latest = micros(due(term, now, calendar, roll=False).strict)
            self.expect(micros(now) < row["ends"] <= latest, Hint("visit-ends-otherwise"))
        self.clock.now = moment(max(row["ends"] for row in rows))
        swept = self.platform.technical.sweep()
        self.expect(swept == len(rows), Hint("ends-unlogged"))
        self.expect(not self.rows(), Hint("visits-overdue"))
        self.expect(not self.platform.database.read(_PERIODS), Hint("period-overdue"))
        self.expect(self.platform.key_store.read(_KEYS)[0][0] == 0, Hint("key-overdue"))
        self.expect("technical.ended" in self.acts(), Hint("end-unlogged"))
