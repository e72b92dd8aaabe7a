"""(j) Access and erasure over a connected PostgreSQL, beside SQL that somebody wrote by hand.

A made-up operator's database: a table of people, chains of references up to five deep, one circle, one table without a
key, indexes on all references. People with nothing, 30 and 3,000 rows are asked for and erased, in turns with SQL that
somebody who knows the schema by heart wrote for it: one statement per table, nothing checked, nothing remembered.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
from tests.postgres import Server

from benchmarks.figures import Figure, Spread, in_turns
from benchmarks.ground import POSTGRES
from benchmarks.sizes import Size
from senim.connectors.mapfile import read
from senim.connectors.records import Wish, WishKind
from senim.connectors.sql.connector import SqlConnector

CHAIN = 5
ROWS_OF_PEOPLE = (0, 30, 3_000)
REPETITIONS = 7
SECONDS = {"access": 1.0, "erase": 2.0}
"""What was promised at 50 tables."""
AT, TIMES = 50, 1.5


def measure(size: Size) -> Iterator[Figure]:
    """Each number of tables, in a database of its own."""
    server = Server(durable=True, settings=POSTGRES)
    try:
        for tables in size.tables:
            server.execute(f"CREATE DATABASE made{tables}")
            base = Base(server.url(f"made{tables}"), tables, size.connected)
            base.make()
            yield from Measured(base).figures()
            server.execute(f"DROP DATABASE made{tables} WITH (FORCE)")
    finally:
        server.stop()


def parent_of(number: int) -> int:
    """Table 0 holds people; a chain of five hangs from it; the others hang from all of these."""
    return number - 1 if number <= CHAIN else number % (CHAIN + 1)


@dataclass(frozen=True)
class Base:
    """A made-up database: how many tables, and rows in all."""

    url: str
    tables: int
    rows: int

    @property
    def each(self) -> int:
        """Rows of a table."""
        return max(self.rows // self.tables, 1_000)

    @property
    def keyless(self) -> int:
        """The table without a key."""
        return self.tables - 1

    def make(self) -> None:
        """Make the tables and fill them."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for number in range(self.tables):
                connection.execute(self._table(number))
                connection.execute(self._fill(number))
            self._index(connection)
            for number in range(1, self.tables):
                connection.execute(
                    f"ALTER TABLE t{number} ADD FOREIGN KEY (parent) REFERENCES t{parent_of(number)} (id)"
                )
            connection.execute(f"ALTER TABLE t1 ADD FOREIGN KEY (latest) REFERENCES t{CHAIN} (id)")
            connection.execute("VACUUM ANALYZE")

    def _table(self, number: int) -> str:
        if number == 0:
            return "CREATE TABLE t0 (id bigint, email text NOT NULL, phone text, name text)"
        more = ", latest bigint" if number == 1 else ""
        return f"CREATE TABLE t{number} (id bigint, parent bigint NOT NULL, made date, body text{more})"

    def _fill(self, number: int) -> str:
        ids = f"FROM generate_series(1::bigint, {self.each}) AS id"
        if number == 0:
            return f"INSERT INTO t0 SELECT id, 'person' || id || '@example.kz', '+7700' || id, 'Айгерім ' || id {ids}"
        return (
            f"INSERT INTO t{number} (id, parent, made, body) SELECT id, 1 + (id * 7919 % {self.each}), "
            f"date '2026-01-01', 'a line of text, as long as they are, number ' || id {ids}"
        )

    def _index(self, connection: psycopg.Connection[Any]) -> None:
        for number in range(self.tables):
            if number != self.keyless:
                connection.execute(f"ALTER TABLE t{number} ADD PRIMARY KEY (id)")
            if number:
                connection.execute(f"CREATE INDEX ON t{number} (parent)")
        connection.execute("CREATE UNIQUE INDEX ON t0 (email)")
        connection.execute("CREATE INDEX ON t1 (latest)")

    def map(self) -> str:
        """The map, as somebody who looked at the proposal leaves it."""
        lines = [
            "senim-map: 1",
            "system: {name: made, url-env: MADE_URL}",
            "tables:",
            "  t0: {key: [id], person: {email: email}, columns: {email: {stored: normal}, phone: {}, name: {}}}",
        ]
        for number in range(1, self.tables):
            key = "" if number == self.keyless else "key: [id], "
            plain = "made" if number == self.keyless else "id, made"
            more = f", {{columns: [latest], to: t{CHAIN}, as: mentions}}" if number == 1 else ""
            refers = f"[{{columns: [parent], to: t{parent_of(number)}}}{more}]"
            kept = ", id" if number == self.keyless else ""
            lines.append(f"  t{number}: {{{key}columns: {{body: {{}}}}, plain: [{plain}{kept}], refers: {refers}}}")
        return "\n".join(lines)

    def add(self, person: int, rows: int) -> str:
        """Add a person with so many rows beside the one that says who it is; the e-mail."""
        email = f"made{person}@example.kz"
        with psycopg.connect(self.url) as connection:
            connection.execute("INSERT INTO t0 VALUES (%s, %s, '+77000000001', 'Айгерім')", (person, email))
            for number in range(1, self.tables):
                count = rows // (self.tables - 1) + (number <= rows % (self.tables - 1))
                up = parent_of(number)
                # The first row of a table hangs from the first one above: what nothing hangs from is not reached.
                above = person if up == 0 else person * 10_000
                if not self._there(connection, up, above):
                    continue
                rows_of = "SELECT %s + n - 1, %s, date '2026-01-01', 'a line' FROM generate_series(1, %s) AS n"
                connection.execute(
                    f"INSERT INTO t{number} (id, parent, made, body) {rows_of}", (person * 10_000, above, count)
                )
            latest = f"(SELECT min(id) FROM t{CHAIN} WHERE id = t1.id)"
            connection.execute(f"UPDATE t1 SET latest = {latest} WHERE parent = %s", (person,))
        return email

    def _there(self, connection: psycopg.Connection[Any], number: int, row: int) -> bool:
        return connection.execute(f"SELECT 1 FROM t{number} WHERE id = %s", (row,)).fetchone() is not None


class ByHand:
    """What somebody who knows the schema writes."""

    def __init__(self, base: Base, connection: psycopg.Connection[Any]) -> None:
        self._base = base
        self._connection = connection

    def _rows(self, number: int) -> str:
        if number == 0:
            return "email = %(email)s"
        return f"parent IN (SELECT id FROM t{parent_of(number)} WHERE {self._rows(parent_of(number))})"

    def access(self, email: str) -> int:
        """Every row; how many."""
        count = 0
        for number in range(self._base.tables):
            count += len(
                self._connection.execute(
                    f"SELECT * FROM t{number} WHERE {self._rows(number)}", {"email": email}
                ).fetchall()
            )
        self._connection.rollback()
        return count

    def erase(self, email: str) -> int:
        """Remove every row, those who refer first; how many."""
        given = {"email": email}
        self._connection.execute(f"UPDATE t1 SET latest = NULL WHERE {self._rows(1)}", given)
        count = 0
        for number in (*range(CHAIN + 1, self._base.tables), *range(CHAIN, -1, -1)):
            count += self._connection.execute(f"DELETE FROM t{number} WHERE {self._rows(number)}", given).rowcount
        self._connection.commit()
        return count


class Measured:
    """One database, measured."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._next = 1_000_000_000

    def figures(self) -> Iterator[Figure]:
        """Access and erasure of each kind of person."""
        found = read(self._base.map().encode())
        assert found.map is not None, found.faults
        with (
            psycopg.connect(self._base.url) as connection,
            closing(SqlConnector(found.map, self._base.url, secret=b"measured")) as connector,
        ):
            hand = ByHand(self._base, connection)
            connector.look()
            for rows in ROWS_OF_PEOPLE:
                yield from self._person(connector, hand, rows)

    def _person(self, connector: SqlConnector, hand: ByHand, rows: int) -> Iterator[Figure]:
        email = self._base.add(self._number(), rows)
        access = in_turns(
            REPETITIONS,
            {
                "ours": lambda: timed(
                    lambda: self._same(sum(len(p.rows) for p in connector.export(_who(email))), rows)
                ),
                "hand": lambda: timed(lambda: self._same(hand.access(email), rows)),
            },
        )
        yield self._figure("access", rows, access, "read in one state of the database, checked against the map")
        waiting = [self._base.add(self._number(), rows) for _ in range(2 * REPETITIONS)]
        planning: list[float] = []
        erase = in_turns(
            REPETITIONS,
            {
                "ours": lambda: self._erase(connector, waiting.pop(), rows, planning),
                "hand": lambda: timed(lambda: self._same(hand.erase(waiting.pop()), rows)),
            },
        )
        planned = f"the plan before it took {statistics.median(planning):.3f} s"
        yield self._figure("erase", rows, erase, f"in one transaction, remembered under its order; {planned}")

    def _number(self) -> int:
        self._next += 1
        return self._next

    def _same(self, count: int, rows: int) -> None:
        if rows and not rows * 0.5 <= count - 1 <= rows:
            raise AssertionError(f"{count} rows")

    def _erase(self, connector: SqlConnector, email: str, rows: int, planning: list[float]) -> float:
        started = time.perf_counter()
        plan = connector.plan(_who(email), Wish(kind=WishKind.ERASE))
        planning.append(time.perf_counter() - started)
        assert plan.ready, plan.problems
        taken = timed(lambda: connector.execute(plan, _who(email), order=email))
        assert connector.find(_who(email)).rows == 0
        return taken

    def _figure(self, what: str, rows: int, taken: dict[str, Spread], how: str) -> Figure:
        ours, hand = taken["ours"], taken["hand"]
        ratio = ours.over(hand)
        promised = self._base.tables == AT
        target = f"≤ {SECONDS[what]:g} s and ≤ {TIMES} ×" if promised else f"≤ {TIMES} ×" if what == "access" else ""
        return Figure(
            part="j",
            what=f"{what}, {self._base.tables} tables, {rows:,} rows of the person",
            database="postgresql",
            unit="ms",
            measured=_milliseconds(ours),
            limit=_milliseconds(hand),
            limited_by="SQL by hand",
            ratio=ratio,
            target=target,
            met=ratio.median <= TIMES and (not promised or ours.median <= SECONDS[what]) if target else None,
            how=how,
        )


def _who(email: str) -> dict[str, tuple[str, ...]]:
    return {"email": (email,)}


def _milliseconds(seconds: Spread) -> Spread:
    return Spread(tuple(one * 1000 for one in seconds.values))


def timed(run: Any) -> float:
    """Seconds that something takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
