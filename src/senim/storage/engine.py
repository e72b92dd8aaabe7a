"""What the two databases have in common: a group of units becomes one transaction."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter

from senim.errors import Code, SenimError, Stale
from senim.storage.commit import Outcome
from senim.storage.gathering import Gathering
from senim.storage.statements import Guard, Query, Row, Statement
from senim.storage.strands import current
from senim.storage.unit import Unit

Batch = list[tuple[Statement, list[Row]]]


def merged(rows: Iterable[tuple[Statement, Row]]) -> Batch:
    """Rows by statement, in the order of declaration of the statements; of upserts with one key the last stays."""
    found: dict[Statement, list[Row]] = {}
    for statement, row in rows:
        found.setdefault(statement, []).append(row)
    return [(one, _folded(one, found[one])) for one in sorted(found, key=lambda one: one.rank)]


def _folded(statement: Statement, rows: list[Row]) -> list[Row]:
    if statement.fold is not None:
        return statement.fold(rows)
    return _last_of_each(statement, rows) if statement.kind == "upsert" else rows


def _last_of_each(statement: Statement, rows: list[Row]) -> list[Row]:
    if len(rows) == 1:
        return rows
    key = itemgetter(*statement.key)
    return list({key(row): row for row in rows}.values())


class Engine(ABC):
    """One database. ``write`` methods are called by one thread at a time, reads by any number."""

    dialect: str
    of_all: tuple[Code, ...]
    """Troubles of the database itself. After these no unit is tried by itself: behind a lock each would wait as long
    again, and a transaction whose connection broke while it was committed may stand, and must not be written twice."""

    def __init__(self) -> None:
        self._writing = threading.Lock()
        self._gathering = Gathering(self._read_alone, self._read_several)

    def apply(self, units: list[Unit], keys: Engine | None) -> list[Outcome]:
        """Commit the units in one transaction; on trouble each by itself, so that a bad one fails alone."""
        of_all = self.of_all
        try:
            with self._writing:
                return self._transaction(units, keys)
        except self.errors as error:
            trouble = self.converted(error)
        except SenimError as error:  # of the key store, or of a connection that could not be made
            trouble, of_all = error, keys.of_all if keys else of_all
        if len(units) == 1 or trouble.code in of_all:
            return [trouble] * len(units)
        return [outcome for unit in units for outcome in self.apply([unit], keys)]

    def _transaction(self, units: list[Unit], keys: Engine | None) -> list[Outcome]:
        self.begin()
        try:
            fit = self._standing(units)
            live = [unit for unit, ok in zip(units, fit, strict=True) if ok]
            if keys is not None and any(unit.keys for unit in live):
                keys.write_alone(list(chain.from_iterable(unit.keys for unit in live)))
            self.write(merged(chain.from_iterable(unit.rows for unit in live)))
            self.commit()
        except BaseException:
            self.rollback()
            raise
        return [None if ok else Stale() for ok in fit]

    def _standing(self, units: list[Unit]) -> list[bool]:
        """Whether the guards of each unit hold: first all together, and one by one only if some do not."""
        present: dict[Guard, list[Row]] = {}
        absent: list[tuple[Guard, Row]] = []
        for unit in units:
            for guard, key, found in unit.guards:
                if found is None:
                    absent.append((guard, key))
                else:
                    present.setdefault(guard, []).append((*key, *found))
        if all(self.count(guard, rows) == len(rows) for guard, rows in present.items()) and not any(
            self.look(guard, key) for guard, key in absent
        ):
            return [True] * len(units)
        return [all(self.look(guard, key) == found for guard, key, found in unit.guards) for unit in units]

    def write_alone(self, rows: list[tuple[Statement, Row]]) -> None:
        """Write rows in a transaction of their own."""
        try:
            with self._writing:
                self.begin()
                try:
                    self.write(merged(rows))
                    self.commit()
                except BaseException:
                    self.rollback()
                    raise
        except self.errors as error:
            raise self.converted(error) from error

    errors: tuple[type[Exception], ...]
    sqlalchemy_url: str

    @abstractmethod
    def converted(self, error: Exception) -> SenimError:
        """The driver's error as one of ours."""

    @abstractmethod
    def begin(self) -> None:
        """Begin a writing transaction."""

    @abstractmethod
    def count(self, guard: Guard, rows: list[Row]) -> int:
        """How many of the rows (key and guarded columns) are as given; they are locked until the transaction ends."""

    @abstractmethod
    def look(self, guard: Guard, key: Row) -> Row | None:
        """The guarded columns of a row, locked until the transaction ends."""

    @abstractmethod
    def write(self, batch: Batch) -> None:
        """Run the statements of a batch."""

    @abstractmethod
    def commit(self) -> None:
        """Make the transaction durable."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo the transaction; never raises."""

    def read(self, query: Query, *params: object) -> list[Row]:
        """All rows of a query, as last committed; strands that ask at the same moment share a statement."""
        strand = current()
        if strand is None or strand.places:  # who has a connection already must not wait for who waits for one
            return self._read_alone(query, params)
        return self._gathering.read(strand, query, params)

    @abstractmethod
    def _read_alone(self, query: Query, params: Row) -> list[Row]:
        """The rows of a query for one asker."""

    @abstractmethod
    def _read_several(self, query: Query, asked: list[Row], rest: Row) -> list[list[Row]]:
        """The rows of a query for each of several askers, in as few statements as may be."""

    @abstractmethod
    def read_all(self, *asked: tuple[Query, Row]) -> list[list[Row]]:
        """The rows of several queries in one round trip."""

    @abstractmethod
    def stream(self, query: Query, *params: object) -> Iterator[Row]:
        """Rows one after the other, without holding them all."""

    @abstractmethod
    def execute(self, sql: str) -> None:
        """Run a statement of schema or upkeep outside a transaction."""

    @abstractmethod
    def upkeep(self) -> None:
        """Work that commits should not have to do themselves; called by the clock every few seconds."""

    @abstractmethod
    def tidy(self) -> bool:
        """Bring deleted rows out of the files (WAL, dead rows); False if others kept it from being done, for now."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""
