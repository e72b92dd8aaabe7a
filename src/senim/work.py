"""One unit of work: transaction, actor, time and entries together.

A verb gets a :class:`Work`: it reads committed facts through it, decides, adds rows and records entries.
:class:`Works` commits rows and entries in one transaction, decides anew when a fact changed meanwhile,
and when the verb refuses, throws the rows away and records the refusal.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import bindparam, select

from senim.audit import store as log
from senim.audit.records import AT, ID, SUBJECT, Entry, Mould, Outcome, to_leaf
from senim.audit.tiles import fits
from senim.errors import Code, Held, NotAllowed, SenimError, Stale, Tampered, Unavailable
from senim.identity import Actor, is_id, lane_of, new_id
from senim.storage import Database, Guard, Hold, Query, Statement, Unit, guard, insert, main_metadata, query
from senim.storage.statements import Row
from senim.storage.tables import blob, lane, number, table
from senim.times import micros, moment, stamp, stamp_of, utc_now

T = TypeVar("T")
Facts = Mapping[str, object]
"""Facts of an entry, by the names of its fields."""

TRIES = 8
"""How often an act is decided anew before the caller is told that too much happens at once."""

TOGETHER = 1024
"""Entries of allowed checks in one transaction."""

MOST_LATER = 20_000
"""Entries of allowed checks that may wait for the next commit before one is forced."""

_BACKWARDS = timedelta(seconds=5)

_answers = table(
    main_metadata, "idempotency", lane(), blob("key", key=True), blob("request"), blob("answer"), number("at")
)
_ANSWER = query(
    select(_answers.c.request, _answers.c.answer).where(
        _answers.c.lane == bindparam("lane"), _answers.c.key == bindparam("key")
    )
)
_ANSWER_GUARD = guard(_answers, "at")
_INSERT_ANSWER = insert(_answers)


class Clock:
    """Times that never run backwards: a small step back is waited out, a large one stops writing."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._last = datetime.min.replace(tzinfo=UTC)

    def not_before(self, floor: datetime) -> None:
        """Remember the time of the newest entry on record."""
        self._last = max(self._last, floor)

    def now(self) -> datetime:
        """The time, never before the last one told. Raises Unavailable (clock_went_back)."""
        now = self._now()
        if now < self._last:
            if self._last - now > _BACKWARDS:
                raise Unavailable(Code.CLOCK_WENT_BACK)
            return self._last
        self._last = now
        return now


@dataclass(slots=True)
class Work:
    """One act under way."""

    database: Database
    actor: Actor
    now: datetime
    unit: Unit = field(default_factory=Unit)
    attempted: tuple[str, Facts] | None = None
    memo: dict[object, object] = field(default_factory=dict)
    """What one part of the act leaves for another, e.g. the key of a person that is only being made."""
    at: int = field(init=False)
    """The time of the act in microseconds since 1970 UTC."""
    written: str = ""
    """The same as entries write it, once it was."""

    def __post_init__(self) -> None:
        self.at = micros(self.now)

    def read(self, query: Query, *params: object) -> list[Row]:
        """Rows as last committed: what this act itself wants to write is not among them."""
        return self.database.read(query, *params)

    def one(self, query: Query, *params: object) -> Row | None:
        """The first row of a query, or None."""
        return self.database.one(query, *params)

    def add(self, statement: Statement, *row: object) -> None:
        """Write a row when the act is committed."""
        self.unit.rows.append((statement, row))

    def expect(self, of: Guard, key: Row, found: Row | None, *, changes: bool = False) -> None:
        """Let the act stand only if the row of ``key`` is still as it was read."""
        self.unit.expect(of, key, found, changes=changes)

    def need(self, verb: str) -> None:
        """Raise NotAllowed (role_not_allowed) unless the actor's role may do ``verb``; the try is in the log."""
        if verb not in self.actor.may:
            if self.attempted is None:
                self.attempt("access.sought", reason=verb)
            raise NotAllowed(Code.ROLE_NOT_ALLOWED, f"{self.actor.role}: {verb}")

    def attempt(self, act: str, facts: Facts | None = None, **more: object) -> None:
        """Say what is being tried, so that a refusal is recorded as one of this."""
        self.attempted = (act, {**(facts or {}), **more})

    def part(self) -> Part:
        """A part of the act that may be refused on its own: what it wrote is thrown away, the refusal recorded.

        The refusal is raised again, for the caller to count it and go on with the next part.
        """
        self.attempted = None
        return Part(self)

    def record_refusal(self, refusal: SenimError) -> None:
        """Record that what was attempted was refused."""
        if self.attempted is not None:
            act, facts = self.attempted
            self.record(act, facts, outcome=Outcome.REFUSED, codes=codes_of(refusal))

    def record(
        self,
        act: str,
        facts: Facts | None = None,
        *,
        outcome: Outcome = Outcome.DONE,
        entry_id: str = "",
        **more: object,
    ) -> str:
        """Add an entry to the log, durable with this act; its id. Facts are fields of :class:`Entry`."""
        told = {**(facts or {}), **more}
        entry_id, subject, leaf = make_entry(self.actor, self.now, act, outcome, told, entry_id)
        log.wait(self.unit, entry_id, subject, leaf)
        return entry_id

    def mould(self, act: str, facts: Facts, **more: object) -> Mould:
        """What entries of this act about people are cast in: they are alike but for the person."""
        return Mould(_entry(self.actor, AT, act, Outcome.DONE, {**facts, **more, "subject": SUBJECT}, ID))

    def cast(self, mould: Mould, subject: str) -> str:
        """Add the entry about a person to the log, as :meth:`record` would; its id."""
        entry_id = new_id()
        self.written = self.written or stamp_of(self.at)
        log.wait(self.unit, entry_id, subject, mould.cast(entry_id, self.written, subject))
        return entry_id


class Part:
    """Goes back to where its act was if the block ends with a refusal. A generator would cost three times as much."""

    __slots__ = ("_guards", "_keys", "_known", "_rows", "_work")

    def __init__(self, work: Work) -> None:
        unit = work.unit
        self._work, self._known = work, len(work.memo)
        self._rows, self._keys, self._guards = len(unit.rows), len(unit.keys), len(unit.guards)

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, refusal: BaseException | None, trace: object) -> None:
        if isinstance(refusal, SenimError):
            work, unit = self._work, self._work.unit
            del unit.rows[self._rows :], unit.keys[self._keys :], unit.guards[self._guards :]
            while len(work.memo) > self._known:  # a part adds to the memo, and changes nothing of it
                work.memo.popitem()
            work.record_refusal(refusal)


def codes_of(refusal: SenimError) -> tuple[str, ...]:
    """The codes of a refusal, each once, as entries hold them."""
    return tuple(dict.fromkeys(str(reason.code) for reason in refusal.reasons))


def make_entry(
    actor: Actor, now: datetime, act: str, outcome: Outcome, facts: Facts, entry_id: str = ""
) -> tuple[str, str | None, bytes]:
    """An entry: its id, its subject and its leaf."""
    entry = _entry(actor, stamp(now), act, outcome, facts, entry_id or new_id())
    leaf = to_leaf(entry)
    if not fits(leaf):
        raise ValueError(f"an entry of {len(leaf)} bytes")
    if entry.subject and not is_id(entry.subject):  # it would stay for ever, and could not be sealed
        raise ValueError("an entry about what is no person")
    return entry.id, entry.subject, leaf


def _entry(actor: Actor, at: str, act: str, outcome: Outcome, facts: Facts, entry_id: str) -> Entry:
    return Entry(id=entry_id, at=at, act=act, actor=actor.label, outcome=outcome, **facts)  # type: ignore[arg-type]  # facts are fields of Entry by name


def mould_of(actor: Actor, act: str, outcome: Outcome, facts: Facts) -> Mould:
    """A mould for entries of one kind; of a subject among the facts it keeps only that there is one."""
    if facts.get("subject"):
        facts = {**facts, "subject": SUBJECT}
    return Mould(_entry(actor, AT, act, outcome, facts, ID))


class Works:
    """Runs acts on a database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self._later: deque[tuple[str, str | None, bytes]] = deque()
        self._flushing = Hold()
        newest = log.newest(database)
        self.begun = newest > 0
        """Whether anything was ever recorded here before this opening."""
        clock.not_before(moment(newest))

    def begin(self, actor: Actor) -> Work:
        """A work for looking only; nothing of it is committed."""
        return Work(self.database, actor, self.clock.now())

    def run(self, actor: Actor, act: Callable[[Work], T]) -> T:
        """Run an act and return when it is durable. Raises what it raised, after recording a refusal."""
        for _ in range(TRIES):
            work = self.begin(actor)
            try:
                result = act(work)
                self.database.commit(work.unit)
            except Stale:
                continue
            except (Unavailable, Tampered):
                raise
            except SenimError as refusal:
                self._record_refusal(work, refusal)
                raise
            return result
        raise Held(Code.CHANGED_MEANWHILE)

    def run_once(self, actor: Actor, key: str, request: bytes, act: Callable[[Work], bytes]) -> tuple[bytes, bool]:
        """Run an act at most once for a key: its answer, and whether it is that of an earlier run.

        ``request`` identifies the request; the same key with another one raises Held (idempotency_conflict).
        A refusal is not remembered, so that the same key may be tried again when its reason is gone.
        """
        digest = hashlib.sha256(f"{actor.label}\n{key}".encode()).digest()[:16]
        place = (lane_of(digest.hex()), digest)

        def once(work: Work) -> tuple[bytes, bool]:
            row = work.one(_ANSWER, *place)
            if row is not None:
                if row[0] != request:
                    raise Held(Code.IDEMPOTENCY_CONFLICT)
                return row[1], True
            answer = act(work)
            work.expect(_ANSWER_GUARD, place, None, changes=True)
            work.add(_INSERT_ANSWER, *place, request, answer, work.at)
            return answer, False

        return self.run(actor, once)

    def _record_refusal(self, work: Work, refusal: SenimError) -> None:
        if work.attempted is None:
            return
        act, facts = work.attempted
        refused = Work(self.database, work.actor, work.now)
        refused.record(act, facts, outcome=Outcome.REFUSED, codes=codes_of(refusal))
        self.database.commit(refused.unit)

    def record_later(self, mould: Mould, subject: str, at: int) -> str:
        """Record an entry with the next commit, within a second (allowed checks); its id. ``subject`` may be empty.

        Raises Unavailable if so many wait already that they must be committed first, and that cannot be done.
        """
        entry_id = new_id()
        leaf = mould.cast(entry_id, stamp_of(at), subject)
        if len(self._later) >= MOST_LATER:
            self.flush()
        self._later.append((entry_id, subject or None, leaf))
        return entry_id

    def flush(self) -> int:
        """Commit the entries that were to be recorded later; their number."""
        with self._flushing:
            total = len(self._later)
            for done in range(0, total, TOGETHER):
                entries = [self._later.popleft() for _ in range(min(TOGETHER, total - done))]
                unit = Unit()
                log.wait_together(unit, entries)
                try:
                    self.database.commit(unit)
                except BaseException:
                    self._later.extendleft(reversed(entries))
                    raise
            return total
