"""Technical data: what devices tell by themselves, apart from people and leading to nobody (tickets-8, shop-8).

Nothing is kept as it came. An address and a cookie become pseudonyms by a key that is sealed in a box of its own and
destroyed when its day or week is over: then nothing links the visits of two periods, and nobody can make the same
pseudonym again. Why it is made so, and what pages give up: docs/decisions/0022-technical-data.md.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from itertools import groupby
from typing import NamedTuple, get_args

from senim.collection import technical_store as store
from senim.collection.pages import counter
from senim.collection.technical_records import (
    MOST,
    By,
    Period,
    PeriodKept,
    Visit,
    VisitsCounted,
    VisitsTaken,
)
from senim.collection.technical_rules import chosen, dropped, fields_of, kept, looked_at, period_of, visits_at
from senim.errors import Code, Invalid, NotAllowed, NotPromised, SenimError, Unavailable
from senim.gate import Gate, Question
from senim.identity import RESPONSIBLE, SYSTEM, Actor, SubjectId
from senim.policy import Policies
from senim.policy.taxonomy import Operation
from senim.vault import Boxes
from senim.work import Work, Works

LATE = 10.0
"""Seconds that visits told by pages wait, to be kept together; a process that is killed loses those that wait."""

TOGETHER = 500
"""Visits told by pages that are kept at once when so many wait, and most of one transaction."""

MOST_WAITING = 20_000
"""Visits that may wait; when the database is away for longer, further ones are not taken."""

SWEPT = 2_000
"""Visits removed in one transaction."""

_TAKEN, _ENDED, _SHOWN = "technical.taken", "technical.ended", "technical.shown"
_KEY = "technical key"
_MOST_COUNTS = 1000


class _Noted(NamedTuple):
    """A visit that waits, and whom the page that told of it acts as."""

    actor: Actor
    point: str
    visit: Visit


class Technical:
    """Takes in, counts and removes what devices tell."""

    def __init__(
        self, *, works: Works, policies: Policies, gate: Gate, boxes: Boxes, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._works = works
        self._policies = policies
        self._gate = gate
        self._boxes = boxes
        self._clock = clock
        self._waiting: deque[_Noted] = deque()
        self._since = 0.0
        self._keys: dict[str, tuple[Period, bytes]] = {}

    # the way in

    def take(self, work: Work, point: str, visits: Sequence[Visit]) -> VisitsTaken:
        """Take in visits, durable before the answer, with one entry for all of them.

        Raises NotPromised (point_undeclared, point_kind_wrong), NotAllowed of the gate, Invalid (body_too_large).
        """
        promises = self._policies.in_force(work.now)
        known = point if point in promises.policy.points else None
        work.attempt(_TAKEN, promises.told(operation="collect"), point=known, count=len(visits))
        work.need("intake")
        if len(visits) > MOST:
            raise Invalid(Code.BODY_TOO_LARGE, "visits", detail=f"at most {MOST} at once")
        told = visits_at(promises, point)
        fields = {purpose: tuple(fields_of(promises, told, purpose).values()) for purpose in told.keeps}
        for purpose, needed in fields.items():
            for operation in (Operation.COLLECT, Operation.STORE):
                self._gate.require_of_nobody(work, Question(operation.value, purpose, categories=needed))
        rows, over, unchosen = [], 0, 0
        key = self._key(work, period_of(told.renews, work.now, promises.calendar.zone)) if visits else b""
        for visit in visits:
            made = list(kept(promises, point, visit, key=key, now=work.now))
            unchosen += not chosen(told, visit)
            over += bool(chosen(told, visit)) and not made
            rows.extend(made)
        store.put(work, rows)
        used = sorted({row.purpose for row in rows})
        categories = tuple(sorted({field for purpose in used for field in fields[purpose]}))
        told_of = promises.told(operation="collect", categories=categories)
        count = len(visits) - over - unchosen
        work.record(_TAKEN, told_of, point=point, count=count)
        return VisitsTaken(kept=count, not_chosen=unchosen, over=over, dropped=dropped(told, visits))

    def note(self, point: str, visit: Visit) -> None:
        """Take in a visit that a page of the sites tells of, with the next batch: best effort, within seconds.

        Raises NotPromised (point_undeclared, point_kind_wrong),
        NotAllowed (role_not_allowed), Unavailable (overloaded).
        """
        promises = self._policies.in_force(self._works.clock.now())
        actor = counter(promises, point)
        if not chosen(visits_at(promises, point), visit):
            return
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable(Code.OVERLOADED)
        if not self._waiting:
            self._since = self._clock()
        self._waiting.append(_Noted(actor, point, visit))

    def flush(self, *, everything: bool = False) -> int:
        """Keep what pages told of, if it has waited long enough or is enough of it; how many visits."""
        total, waited = 0, self._clock() - self._since >= LATE
        while self._waiting and (everything or waited or len(self._waiting) >= TOGETHER):
            batch = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
            total += self._keep(sorted(batch, key=lambda one: (one.point, one.actor.role)))
        return total

    def _keep(self, batch: list[_Noted]) -> int:
        """Keep a batch. What the policy lets in no more is a refusal in the log: nobody waits for an answer."""
        total, done = 0, 0
        for (actor, point), group in groupby(batch, key=lambda one: (one.actor, one.point)):
            visits = [one.visit for one in group]
            try:
                total += self._works.run(actor, partial(self.take, point=point, visits=visits)).kept
            except (NotPromised, NotAllowed):
                pass
            except SenimError:
                self._waiting.extendleft(reversed(batch[done:]))
                raise
            done += len(visits)
        return total

    def _key(self, work: Work, period: Period) -> bytes:
        """The key of a period; at its beginning a new one is made, and those of earlier periods are destroyed."""
        known = self._keys.get(period.renews)
        if known and known[0] == period:
            return known[1]
        for one in store.read_periods(work.database):
            if one.period == period:
                key = self._boxes.open(work, SubjectId(one.holder.hex()), _KEY, one.sealed)
                self._keys[period.renews] = period, key
                return key
        self._end_keys(work)
        holder, key = self._boxes.holder(work), os.urandom(32)
        sealed = self._boxes.seal(work, holder, _KEY, key)
        store.put_period(work, PeriodKept(period, bytes.fromhex(holder), sealed))
        return key  # remembered when it is read back: until then it may not be the one that is kept

    # the end

    def sweep(self) -> int:
        """Remove visits whose time is over, and keys whose period is; how many visits. The log has the number."""
        total = 0
        while swept := self._works.run(SYSTEM, self._sweep):
            total += swept
        return total

    def _sweep(self, work: Work) -> int:
        swept, keys = store.take_over(work, SWEPT), self._end_keys(work)
        if swept or keys:
            work.record(_ENDED, operation="destroy", count=swept)
        return swept

    def _end_keys(self, work: Work) -> int:
        over = [one for one in store.read_periods(work.database) if one.period.ends <= work.at]
        for one in over:
            self._boxes.destroy(work, SubjectId(one.holder.hex()))
            store.end_period(work, one)
        self._keys = {name: known for name, known in self._keys.items() if known[0].ends > work.at}
        return len(over)

    # the use

    def count(
        self, work: Work, purpose: str, *, by: By = "day", since: date = date.min, until: date = date.max
    ) -> VisitsCounted:
        """Visits of a purpose, counted by one thing; that somebody looked is in the log.

        Raises NotPromised (purpose_undeclared), NotAllowed (role_not_allowed), Invalid.
        """
        promises = self._policies.in_force(work.now)
        work.attempt(_SHOWN, promises.told(operation="extract", purpose=purpose))
        work.need("read")
        if by not in get_args(By):
            raise Invalid(Code.INVALID_VALUE, "by", detail=", ".join(get_args(By)))
        fields = looked_at(promises, purpose, by)
        self._gate.require_of_nobody(work, Question(Operation.EXTRACT.value, purpose, categories=fields))
        unseen = set(fields) - promises.seen.get(work.actor.role, frozenset())
        if unseen and work.actor.role != RESPONSIBLE:
            raise NotAllowed.because(*(promises.reason(Code.ROLE_NOT_ALLOWED, one) for one in sorted(unseen)))
        span = {"since": since.isoformat(), "until": until.isoformat()}
        counts = store.count(work, purpose, by, **span, most=_MOST_COUNTS)
        total = sum(one.visits for one in counts)
        work.record(_SHOWN, promises.told(operation="extract", purpose=purpose, categories=fields), count=total)
        return VisitsCounted(purpose=purpose, by=by, counts=tuple(counts), total=total)
