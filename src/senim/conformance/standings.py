"""Where people stand, made again from the log: whoever changed a row behind Senim's back is found.

The row that binds every decision about a person (consents, block, stops, events that end terms, erasure) must follow
from the person's entries. All entries are followed once; what matters in them waits lane by lane, in memory and from
some size on in nameless files of the system's temporary folder (ids and names of the policy, no value of a person).
Then each lane is made again and held against its rows: in the memory of one lane, and in time that grows with the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Self

import msgspec

from senim.audit.live import About
from senim.audit.records import Entry, Outcome, Problem, ProblemKind, time_of
from senim.audit.verification import MOST_PROBLEMS
from senim.consent.actions import event_of, is_said
from senim.consent.rules import agreed_in, takes_effect
from senim.errors import Code, Tampered, of_disk
from senim.gate.records import Happened
from senim.gate.rules import COLLECTION
from senim.identity import LANES, SubjectId, lane_of
from senim.languages import Hint
from senim.storage import Database
from senim.subjects import Agreed, Standing, Subjects, rules
from senim.subjects.records import Marks
from senim.times import micros

IN_MEMORY = 1024 * 1024
"""Bytes of facts of a lane that wait in memory; more of them go to a file."""

TRIES = 16
"""How often a person whose data changes while it is looked at is looked at again."""


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """What an entry makes of a person's standing. ``name`` is a purpose, an event or a reason; times as in Marks."""

    subject: str
    id: str
    at: int
    act: str
    name: str = ""
    scope: str = ""
    agreed: Agreed | None = None


_ACTS = frozenset(
    (
        "data.collected",
        "consent.given",
        "consent.withdrawn",
        "subject.blocked",
        "subject.unblocked",
        "subject.stopped",
        "subject.resumed",
        "subject.event",
        "subject.erased",
    )
)
"""Acts that begin or change a standing."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Fact).decode
_happened = msgspec.json.Decoder(Happened).decode


class StandingsAgain:
    """Follows the entries of a log, and compares what they make of people with the rows that are kept."""

    def __init__(self, database: Database, subjects: Subjects) -> None:
        self._database = database
        self._subjects = subjects
        self._lanes = [_file() for _ in range(LANES)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._lanes:
            file.close()

    def follow(self, entries: Iterable[Entry]) -> None:
        """Keep what matters of the entries. Raises Tampered (log_broken), Unavailable (storage_full)."""
        try:
            for entry in entries:
                fact = fact_of(entry)
                if fact is not None:
                    packed = _encode(fact)
                    self._lanes[lane_of(fact.subject)].write(len(packed).to_bytes(4, "big") + packed)
        except OSError as error:
            raise of_disk(error, "temporary files") from error

    def problems(self, about: About) -> Iterator[Problem]:
        """People whose row is not what their entries made of it; ``about`` tells all entries of one."""
        found: set[SubjectId] = set()
        for lane in range(LANES):
            for subject in self._suspects(lane):
                wrong = () if subject in found else self._wrong(subject, about)
                if wrong:
                    found.add(subject)
                    told = Hint("row-not-from-log", *wrong, subject=subject)
                    yield Problem(ProblemKind.STANDING_CHANGED, -1, told)
                if len(found) == MOST_PROBLEMS:
                    return

    def _suspects(self, lane: int) -> list[SubjectId]:
        """People of a lane who differ; some only because they changed since the entries were followed."""
        people = self._people(lane)
        suspects = []
        for subject, kept in self._subjects.rows(self._database, lane):
            facts = people.pop(subject, [])
            if kept is None or differences(kept, standing_of(subject, facts)):
                suspects.append(subject)
        return suspects + list(people)

    def _people(self, lane: int) -> dict[SubjectId, list[Fact]]:
        """The facts of a lane by person."""
        file, people = self._lanes[lane], dict[SubjectId, list[Fact]]()
        try:
            file.seek(0)
            while size := file.read(4):
                fact = _decode(file.read(int.from_bytes(size, "big")))
                people.setdefault(SubjectId(fact.subject), []).append(fact)
            file.seek(0)
            file.truncate()
        except OSError as error:
            raise of_disk(error, "temporary files") from error
        return people

    def _wrong(self, subject: SubjectId, about: About) -> tuple[Hint, ...]:
        """What of a person's row does not follow from its entries, when both are of the same moment."""
        for _ in range(TRIES):
            try:
                kept = self._subjects.look(self._database, subject)
                facts = [fact for entry in about(subject) if (fact := fact_of(entry)) is not None]
                if self._subjects.look(self._database, subject) == kept:
                    return differences(kept, standing_of(subject, facts))
            except Tampered:  # the row, or the lists that lead to the entries: those are told apart before this
                return (Hint("row-unread"),)
        return ()


def _file() -> SpooledTemporaryFile[bytes]:
    return SpooledTemporaryFile(max_size=IN_MEMORY)


def fact_of(entry: Entry) -> Fact | None:
    """What an entry makes of a person's standing; None if it makes nothing. Raises Tampered (log_broken)."""
    if entry.subject is None or entry.outcome is not Outcome.DONE or entry.act not in _ACTS:
        return None
    at, about = time_of(entry), (entry.subject, entry.id)
    if is_said(entry):
        event = event_of(entry)
        scope = event.said.scope
        return Fact(*about, at, entry.act, scope.purpose, scope.key, agreed_in(event, at))
    if entry.act == "subject.event" and isinstance(entry.record, msgspec.Raw):
        at = _told(entry.record)
    name = entry.purpose if entry.act in ("subject.stopped", "subject.resumed") else entry.reason
    return Fact(*about, at, entry.act, name or "")


def _told(record: msgspec.Raw) -> int:
    try:
        return micros(datetime.fromisoformat(_happened(record).at))
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise Tampered(Code.LOG_BROKEN, "entry") from error


def standing_of(subject: SubjectId, facts: Iterable[Fact]) -> Standing | None:
    """Where a person stands after all this; None for nobody. The ids of entries are in the order of the acts."""
    known = {fact.id: fact for fact in facts}
    if not known:
        return None
    in_order = [known[one] for one in sorted(known)]
    marks, erased_at = Marks(), 0
    for fact in in_order:
        if fact.act == "subject.erased":
            marks, erased_at = Marks(), fact.at
        else:
            marks = _after(marks, fact)
    return Standing(subject=subject, epoch=0, created_at=in_order[0].at, erased_at=erased_at, marks=marks)


def _after(marks: Marks, fact: Fact) -> Marks:
    match fact.act:
        case "consent.given" | "consent.withdrawn":
            agreed = fact.agreed
            if agreed and takes_effect(marks.agreed.get(fact.name, {}), fact.scope, agreed):
                return rules.agree(marks, fact.name, fact.scope, agreed)
        case "subject.blocked":
            return rules.block(marks, fact.at, fact.name)
        case "subject.unblocked":
            return rules.unblock(marks)
        case "subject.stopped":
            return rules.stop(marks, fact.name, fact.at)
        case "subject.resumed":
            return rules.resume(marks, fact.name)
        case "subject.event":
            return rules.happen(marks, fact.name, fact.at)
        case "data.collected" if fact.name == COLLECTION:
            return rules.happen(marks, COLLECTION, fact.at)
    return marks


def differences(kept: Standing | None, told: Standing | None) -> tuple[Hint, ...]:
    """What of a row is not as the log tells it."""
    if kept is None or told is None:
        lacking = Hint("row-missing") if kept is None else Hint("row-of-nobody")
        return () if kept is told else (lacking,)
    parts = (
        (kept.created_at == told.created_at, Hint("row-registration")),
        (kept.erased_at == told.erased_at, Hint("row-erasure")),
        (kept.marks.agreed == told.marks.agreed, Hint("row-consents")),
        (kept.marks.block == told.marks.block, Hint("row-block")),
        (kept.marks.stops == told.marks.stops, Hint("row-stops")),
        (kept.marks.events == told.marks.events, Hint("row-events")),
    )
    return tuple(what for same, what in parts if not same)
