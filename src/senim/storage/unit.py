"""What one act wants to write: rows, and the guards that must still hold when they are committed."""

from __future__ import annotations

from dataclasses import dataclass, field

from senim.storage.statements import Guard, Row, Statement

Key = tuple[str, Row]


@dataclass(slots=True)
class Unit:
    """Rows of one act: all of them are committed, or none.

    ``keys`` are rows of the key store, made durable just before the main rows: a person's key must exist
    before anything sealed with it, and must be gone before its destruction is told.
    """

    rows: list[tuple[Statement, Row]] = field(default_factory=list)
    keys: list[tuple[Statement, Row]] = field(default_factory=list)
    guards: list[tuple[Guard, Row, Row | None]] = field(default_factory=list)
    read: set[Key] = field(default_factory=set)
    changed: set[Key] = field(default_factory=set)

    def add(self, statement: Statement, *row: object) -> None:
        """Write a row."""
        self.rows.append((statement, row))

    def add_key(self, statement: Statement, *row: object) -> None:
        """Write a row of the key store."""
        self.keys.append((statement, row))

    def expect(self, guard: Guard, key: Row, found: Row | None, *, changes: bool = False) -> None:
        """Commit only if the row of ``key`` is still as ``found`` (None: still absent); say if this act changes it."""
        self.guards.append((guard, key, found))
        self.read.add((guard.table, key))
        if changes:
            self.changed.add((guard.table, key))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.rows and not self.keys


def together(units: list[Unit], most: int) -> int:
    """How many of the first units may share a transaction: none may read what another of them changes."""
    read: set[Key] = set()
    changed: set[Key] = set()
    for count, unit in enumerate(units[:most]):
        if not unit.read.isdisjoint(changed) or not unit.changed.isdisjoint(read):
            return count
        read |= unit.read
        changed |= unit.changed
    return min(len(units), most)
