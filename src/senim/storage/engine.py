"""What the two databases have in common: a group of units becomes one transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain

from senim.errors import SenimError, Stale
from senim.storage.commit import Outcome
from senim.storage.statements import Guard, Query, Row, Statement
from senim.storage.unit import Unit

Batch = dict[Statement, list[Row]]


def merged(rows: Iterator[tuple[Statement, Row]]) -> list[tuple[Statement, list[Row]]]:
    """Rows by statement, in the order of declaration of the statements; the order of rows is kept."""
    batch: Batch = {}
    for statement, row in rows:
        batch.setdefault(statement, []).append(row)
    return sorted(batch.items(), key=lambda item: item[0].rank)


class Engine(ABC):
    """One database. ``write`` methods are called by one thread at a time, reads by any number."""

    dialect: str

    def apply(self, units: list[Unit], keys: Engine | None) -> list[Outcome]:
        """Commit the units in one transaction; on any trouble each by itself, so that a bad one fails alone."""
        try:
            return self._transaction(units, keys)
        except self.errors as error:
            if len(units) == 1:
                return [self.converted(error)]
        except SenimError as error:
            if len(units) == 1:
                return [error]
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
        wanted = [item for unit in units for item in unit.guards]
        found = iter(self.look([(guard, key) for guard, key, _ in wanted]))
        return [min([next(found) == expected for _, _, expected in unit.guards], default=True) for unit in units]

    def write_alone(self, rows: list[tuple[Statement, Row]]) -> None:
        """Write rows in a transaction of their own."""
        try:
            self.begin()
            try:
                self.write(merged(iter(rows)))
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
    def look(self, guards: Sequence[tuple[Guard, Row]]) -> list[Row | None]:
        """The rows behind the guards, locked until the end of the transaction."""

    @abstractmethod
    def write(self, batch: list[tuple[Statement, list[Row]]]) -> None:
        """Run the statements of a batch."""

    @abstractmethod
    def commit(self) -> None:
        """Make the transaction durable."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo the transaction; never raises."""

    @abstractmethod
    def read(self, query: Query, *params: object) -> list[Row]:
        """All rows of a query, as last committed."""

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
    def tidy(self) -> None:
        """Bring deleted rows out of the files as far as the database can (WAL, dead rows)."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""
