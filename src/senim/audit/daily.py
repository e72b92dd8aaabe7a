"""How often some acts were done each day, by purpose and recipient: numbers without people, counted from the log.

What is counted is kept, with the number of the entry up to which it was, so that looking at the numbers costs the
same however long the log is. Days are those of UTC. It can be counted anew at any time: it proves nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from senim.audit import daily_store as store
from senim.audit.actions import Log
from senim.audit.records import Day, Entry, Outcome, time_of
from senim.errors import Stale
from senim.storage import Database, Unit
from senim.times import moment

STEP = 4096
"""Entries counted in one transaction."""


class Daily:
    """The counts, and how they come up to the end of the log."""

    def __init__(self, database: Database, log: Log, acts: tuple[str, ...]) -> None:
        self._database = database
        self._log = log
        self._acts = acts

    def catch_up(self, *, most: int = STEP) -> int:
        """Count at most so many entries that were sealed since; how many are left."""
        while most > 0 and (counted := self._step(min(most, STEP))):
            most -= counted
        return max(self._log.size - store.counted(self._database), 0)

    def _step(self, most: int) -> int:
        """Count one batch; the number of entries looked at. Nothing if somebody else is counting just now."""
        before, size, unit = store.counted(self._database), self._log.size, Unit()
        anew = before > size  # the log is that of an older backup
        if anew:
            store.forget(unit, self._database)
        done = 0 if anew else before
        end = min(size, done + most)
        if end == done:
            return 0
        known = {} if anew else {one.key: one for one in store.days(self._database, self._acts)}
        entries = (entry for _, entry in self._log.entries(done, end) if entry.act in self._acts)
        for day in _counted(known, entries):
            store.put(unit, day)
        store.move(unit, before, end)
        try:
            self._database.commit(unit)
        except Stale:
            return 0
        return end - done

    def of(self, *acts: str) -> list[Day]:
        """The counts of some acts, by day."""
        return store.days(self._database, acts)


def _counted(known: dict[tuple[str, int, str, str], Day], entries: Iterable[Entry]) -> list[Day]:
    """The counts that entries change, as they are afterwards."""
    changed: dict[tuple[str, int, str, str], Day] = {}
    for entry in entries:
        if entry.outcome is not Outcome.DONE:
            continue
        at = time_of(entry)
        key = (entry.act, moment(at).date().toordinal(), entry.purpose or "", entry.recipient or "")
        one = changed.get(key) or known.get(key) or Day(*key, 0, 0)
        changed[key] = replace(one, count=one.count + 1, last_at=max(one.last_at, at))
    return list(changed.values())
