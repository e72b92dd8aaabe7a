"""Files of people as a connector: rows found by mapped columns, files written anew, each whole or not at all."""

from __future__ import annotations

import hmac
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime

import msgspec
from msgspec.structs import replace

from senim.connectors.datamap import DataMap
from senim.connectors.files.exporting import exported
from senim.connectors.files.fate import Rule
from senim.connectors.files.members import Mine, marked
from senim.connectors.files.place import Place
from senim.connectors.files.reading import Files
from senim.connectors.files.rescanning import searched
from senim.connectors.files.rewriting import Rewriting, survey
from senim.connectors.files.staying import Fates
from senim.connectors.matching import Matching
from senim.connectors.records import (
    Act,
    Fact,
    Found,
    FoundRows,
    Identifiers,
    NotReached,
    Page,
    Plan,
    Problem,
    Reach,
    Receipt,
    Rescan,
    Step,
    Trouble,
    Wish,
)
from senim.errors import Code, Held, Invalid, NotAllowed, NotFound, Unavailable
from senim.languages import Hint


class _Touched(Fact, frozen=True, kw_only=True):
    """A file that is about to be written anew, and what was done in it."""

    digest: str
    steps: tuple[Step, ...]


class _Note(Fact, frozen=True, kw_only=True):
    """How far an order is. Files go by a keyed digest: their names may tell who somebody is."""

    order: str
    files: dict[str, _Touched] = msgspec.field(default_factory=dict)
    receipt: Receipt | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class FilesConnector:
    """Files in one place, and their map."""

    def __init__(self, found: DataMap, place: Place, *, secret: bytes, now: Callable[[], datetime] = _now) -> None:
        self.map = found
        self._place = place
        self._secret = secret
        self._now = now

    @property
    def name(self) -> str:
        """Its name in the operator's folder."""
        return self.map.system.name

    @property
    def _today(self) -> date:
        return self._now().astimezone().date()

    def _files(self) -> Files:
        return Files(self.map, self._place)

    def look(self) -> Reach:
        """Whether the place is reached, and the files are those of the map."""
        problems: list[Problem] = []
        reachable = True
        try:
            files = self._files()
            problems += files.drift()
        except (Unavailable, NotFound) as error:
            reachable = False
            problems.append(Problem(code=Trouble.UNREACHABLE, where=self.name, detail=error.besides, blocking=True))
        except NotAllowed as error:
            reachable = False
            problems.append(Problem(code=Trouble.GRANT_MISSING, where=self.name, detail=error.besides, blocking=True))
        return Reach(
            system=self.name,
            reachable=reachable,
            version=self._place.says if reachable else "",
            map=self.map.digest,
            problems=tuple(dict.fromkeys(problems)),
        )

    # find

    def find(self, who: Identifiers) -> Found:
        """What is where about a person."""
        files, matching = self._files(), Matching(who, self._secret)
        mine = Mine(files, matching)
        counts, hidden = Counter[str](), Counter[str]()
        for table, row in mine.rows():
            counts[table] += 1
            hidden[table] += marked(self.map.tables[table], row.cells or {})
        return Found(
            system=self.name,
            people=tuple(matching.people.values()),
            tables=tuple(
                FoundRows(table=table, rows=rows, path=files.graph.paths[table], hidden=hidden[table])
                for table, rows in counts.items()
            ),
            ambiguous=matching.ambiguous,
            problems=tuple(dict.fromkeys([*mine.problems(), *self._unsearchable(matching)])),
            not_reached=tuple(files.not_reached(matching)),
        )

    def _unsearchable(self, matching: Matching) -> Iterator[Problem]:
        known = {kind for table in self.map.tables.values() for kind in table.person}
        if not set(matching.who) & known:
            detail = Hint("finds-by", kinds=", ".join(sorted(known)) or Hint("found-nothing"))
            yield Problem(code=Trouble.NOT_SEARCHABLE, where=self.name, detail=detail)

    def export(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Iterator[Page]:
        """The person's rows, page by page."""
        files = self._files()
        if not people:
            everybody = Matching(who, self._secret)
            for _ in Mine(files, everybody).rows():
                pass
            if everybody.ambiguous:
                raise Held(Code.SEVERAL_FOUND, self.name)
        matching = Matching(who, self._secret, people)
        mine = Mine(files, matching)
        yield from exported(self.map, mine)
        lost = [Problem(code=one.why, where=one.table) for one in files.not_reached(matching)]
        messages = dict.fromkeys([*mine.problems(), *lost, *self._unsearchable(matching)])
        yield Page(table="", messages=tuple(messages), done=True)

    # plan

    def plan(self, who: Identifiers, wish: Wish) -> Plan:
        """What would happen, and all that stands in the way."""
        files, matching = self._files(), Matching(who, self._secret, wish.people)
        rule = Rule(kind=wish.kind, today=self._today, key=os.urandom(32), changes=wish.changes)
        mine = Mine(files, matching)
        fates = Fates(mine, rule)
        surveys = [survey(fates, one) for one in files.mapped()]
        steps = summed(step for one in surveys for step in one.steps)
        found = {one.digest for one in matching.people.values()}
        return Plan(
            system=self.name,
            kind=wish.kind,
            map=self.map.digest,
            people=tuple(sorted(found & set(wish.people) if wish.people else found)),
            chosen=bool(wish.people),
            fields=tuple(sorted(wish.changes)),
            steps=steps,
            problems=tuple(
                dict.fromkeys(
                    [
                        *(problem for one in surveys for problem in one.problems),
                        *fates.knots(steps),
                        *mine.problems(),
                        *self._unsearchable(matching),
                        *self._doubts(matching, wish),
                    ]
                )
            ),
            not_reached=tuple(files.not_reached(matching)),
        )

    def _doubts(self, matching: Matching, wish: Wish) -> Iterator[Problem]:
        """Whether it is certain who is meant, and what was wished can be done here."""
        if matching.ambiguous and not wish.people:
            tables = sorted({one.table for one in matching.people.values()})
            remedy = Hint("choose-people")
            yield Problem(code=Trouble.SEVERAL_PEOPLE, where=", ".join(tables), remedy=remedy, blocking=True)
        if not set(wish.people) <= set(matching.people):
            yield Problem(code=Trouble.PEOPLE_CHANGED, where=self.name, blocking=True)
        known = {column.is_ for table in self.map.tables.values() for column in table.columns.values()}
        for field in sorted(set(wish.changes) - known):
            yield Problem(code=Trouble.FIELD_NOWHERE, where=field, blocking=True)

    # execute

    def execute(self, plan: Plan, who: Identifiers, *, order: str, changes: Mapping[str, str] | None = None) -> Receipt:
        """Write the files anew, one after the other. A run that was cut off is gone on with."""
        key = hmac.digest(self._secret, f"senim order\n{order}".encode(), "sha256").hex()[:32]
        note = self._note(key, order)
        if note.receipt is not None:
            return replace(note.receipt, repeated=True)
        self._fits(plan, dict(changes or {}))
        files = self._files()
        begun = any(one.digest for one in note.files.values())
        self._meant(files, plan, who, begun=begun)
        matching = Matching(who, self._secret, plan.people if plan.chosen else ())
        rule = Rule(kind=plan.kind, today=self._today, key=os.urandom(32), changes=dict(changes or {}))
        mine = Mine(files, matching)
        fates = Fates(mine, rule)
        steps: list[Step] = []
        for name in files.mapped():
            note, done = self._rewritten(fates, name, (key, note))
            steps += done
        receipt = Receipt(
            system=self.name,
            order=order,
            steps=summed(steps),
            problems=tuple(dict.fromkeys(mine.problems())),
            not_reached=tuple(files.not_reached(matching)),
        )
        if begun or any(one.act is not Act.KEEP for one in steps):
            self._place.make_note(key, msgspec.json.encode(replace(note, receipt=receipt)))
        return receipt

    def _note(self, key: str, order: str) -> _Note:
        content = self._place.note(key)
        if content is None:
            return _Note(order=order)
        try:
            return msgspec.json.decode(content, type=_Note)
        except msgspec.DecodeError as error:
            raise Unavailable(Code.ANSWER_WRONG, self.name, hint=Hint("note-unread")) from error

    def _fits(self, plan: Plan, changes: Mapping[str, str]) -> None:
        if not plan.ready:
            raise NotAllowed(Code.CHANGED_MEANWHILE, self.name, hint=Hint("plan-blocked"))
        if plan.map != self.map.digest or plan.system != self.name:
            raise Held(Code.CHANGED_MEANWHILE, self.name, hint=Hint("map-other"))
        if tuple(sorted(changes)) != plan.fields:
            raise Invalid(Code.FIELD_MISSING, "changes")

    def _meant(self, files: Files, plan: Plan, who: Identifiers, *, begun: bool) -> None:
        """Raises Held if somebody else matches than when it was planned.

        Once a file is written, rows that were changed in it no longer look as they did: then only contradictions count.
        """
        if plan.chosen:
            return
        everybody = Matching(who, self._secret)
        for _ in Mine(files, everybody).rows():
            pass
        if everybody.ambiguous or not (begun or set(everybody.people) <= set(plan.people)):
            raise Held(Code.CHANGED_MEANWHILE, self.name, hint=Hint("people-other"))

    def _rewritten(self, fates: Fates, name: str, noted: tuple[str, _Note]) -> tuple[_Note, tuple[Step, ...]]:
        """One file: what was done in it, now or by a run before."""
        key, note = noted
        mark = hmac.digest(self._secret, f"senim file\n{name}".encode("utf-8", "surrogatepass"), "sha256").hex()[:32]
        before = note.files.get(mark)
        if before is not None and self._place.digest(name) == before.digest:
            return note, before.steps
        version = self._place.version(name)
        found = survey(fates, name, version)
        blocking = [one for one in found.problems if one.blocking]
        if blocking:
            raise Held(Code.CHANGED_MEANWHILE, self.name, hint=Hint("now-in-the-way", code=blocking[0].code))
        if not found.changes:  # nothing of the person's is to go, or whoever wrote the file since left nothing in it
            if before is None and found.steps:  # once what led here is gone, nobody finds what stays
                note = replace(note, files={**note.files, mark: _Touched(digest="", steps=found.steps)})
            return note, before.steps if before else found.steps
        note = replace(note, files={**note.files, mark: _Touched(digest=found.digest, steps=found.steps)})
        self._place.make_note(key, msgspec.json.encode(note))
        content = Rewriting(fates, name, version, found)
        self._place.replace(name, version, content, size=found.size, digest=found.digest)
        return note, found.steps

    # search again

    def rescan(self, who: Identifiers, *, people: tuple[str, ...] = ()) -> Rescan:
        """What can still be found, in every column of every file, and which files could not be looked into."""
        files, matching = self._files(), Matching(who, self._secret)
        left = searched(files, matching, people, self._today)
        lost = [one for one in files.not_reached(matching) if one.why is not Trouble.TABLE_NOT_MAPPED]
        lost += [
            NotReached(table=files.shown(name, matching), why=Trouble.BINARY)
            for name in files.others()
            if not files.is_plain(name)
        ]
        total = sum(1 for name in files.names if name not in files.others())
        unread = {one.table for one in lost}
        return Rescan(
            system=self.name, left=left, searched=total - len(unread & set(files.names)), not_reached=tuple(lost)
        )


def summed(steps: Iterator[Step] | list[Step]) -> tuple[Step, ...]:
    """Steps of all files of a table together; the latest day until which something is kept."""
    found: dict[Step, tuple[int, date | None]] = {}
    for one in steps:
        until = one.keep.until if one.keep else None
        alike = replace(one, rows=0, keep=replace(one.keep, until=None) if one.keep else None)
        rows, latest = found.get(alike, (0, None))
        found[alike] = (rows + one.rows, max(filter(None, (latest, until)), default=None))
    return tuple(
        replace(one, rows=rows, keep=replace(one.keep, until=until) if one.keep else None)
        for one, (rows, until) in found.items()
    )
