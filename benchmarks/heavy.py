"""Memory for a person with very many rows and very long values, beside one with few: asked for, handed over, erased.

``python -m benchmarks.heavy FOLDER KIND SUBJECT`` is one request, carried out to its end in a process of its own: what
is measured is the most memory of that process. The rows go the whole way: read from PostgreSQL, sealed, packed into the
ZIP that the person gets; and erased there, with the search afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.postgres import Server

from benchmarks.figures import Figure, Spread
from benchmarks.forms import POLICY
from benchmarks.ground import POSTGRES, Ran, run
from benchmarks.load import environment
from benchmarks.sizes import Size
from senim.app import Senim, open_senim, throwaway
from senim.identity import SubjectId
from senim.rights import Opening, State, Way
from senim.testing import Person, Stage

MB = 1_000_000
FLAT = 1.3
"""How much more memory a person may take who has so much more."""

_MAP = """\
senim-map: 1
system: {name: heavy, url-env: HEAVY_URL, timeout: 3600}
tables:
  people: {key: [id], person: {email: email}, columns: {email: {stored: normal}}}
  orders: {key: [id], plain: [id], columns: {note: {}}, refers: [{columns: [person], to: people}]}
  lines: {key: [id], plain: [id], columns: {body: {}}, refers: [{columns: [of], to: orders}]}
  files: {key: [id], plain: [id], columns: {content: {}}, refers: [{columns: [person], to: people}]}
"""
_TABLES = """
CREATE TABLE people (id bigint PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, person bigint NOT NULL REFERENCES people, note text);
CREATE TABLE lines (id bigint PRIMARY KEY, of bigint NOT NULL REFERENCES orders, body text);
CREATE TABLE files (id bigint PRIMARY KEY, person bigint NOT NULL REFERENCES people, content bytea);
ALTER TABLE files ALTER content SET STORAGE EXTERNAL;
CREATE INDEX ON orders (person); CREATE INDEX ON lines (of); CREATE INDEX ON files (person);
"""
_FIRST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """What a person has there."""

    rows: int
    files: int
    """Files of a megabyte."""

    def told(self) -> str:
        """In words."""
        return f"{self.rows:,} rows and {self.files:,} MB of files"


_FEW = Load(30, 1)


def measure(size: Size) -> Iterator[Figure]:
    """Access, its package, and erasure, of the person with much and of the one with little."""
    much = Load(size.heavy_rows, size.heavy_files)
    server = Server(durable=True, settings=POSTGRES)
    try:
        server.execute("CREATE DATABASE heavy")
        url = server.url("heavy")
        with throwaway(POLICY.read_bytes()) as senim:
            yield from _measured(senim, url, {"many": much, "few": _FEW})
    finally:
        server.stop()


def _measured(senim: Senim, url: str, loads: dict[str, Load]) -> Iterator[Figure]:
    maps = senim.folder / "connectors"
    maps.mkdir()
    (maps / "heavy.yaml").write_text(_MAP, encoding="utf-8")
    stage = Stage(senim, POLICY.read_bytes(), throwaway)
    people = {name: stage.person() for name in loads}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLES)
        for number, (name, person) in enumerate(people.items()):
            _fill(connection, number + 1, person, loads[name])
        connection.execute("VACUUM ANALYZE")
    for kind in ("access", "erase"):
        ran = {name: _run(senim, url, kind, person, loads[name]) for name, person in people.items()}
        yield _figure(kind, ran["many"], ran["few"], loads["many"])


def _fill(connection: psycopg.Connection[tuple[object, ...]], person: int, who: Person, load: Load) -> None:
    """A third of the rows are orders, the others hang from these; no file is like another on the disk."""
    first, orders = person * _FIRST, load.rows // 3
    connection.execute("INSERT INTO people VALUES (%s, %s)", (person, who.values["contact.email"]))
    connection.execute(
        "INSERT INTO orders SELECT %s + n, %s, 'an order, number ' || n FROM generate_series(1, %s) AS n",
        (first, person, orders),
    )
    connection.execute(
        "INSERT INTO lines SELECT %s + n, %s + 1 + n %% %s, 'a line of text, as long as they are, number ' || n "
        "FROM generate_series(1, %s) AS n",
        (first, first, orders, load.rows - orders),
    )
    content = os.urandom(MB)
    for number in range(load.files):
        connection.execute("INSERT INTO files VALUES (%s, %s, %b)", (first + number, person, content))


def _run(senim: Senim, url: str, kind: str, person: Person, load: Load) -> Ran:
    command = [sys.executable, "-m", "benchmarks.heavy", str(senim.folder), kind, person.subject]
    ran = run(command, env=environment(senim.folder, HEAVY_URL=url), memory=True)
    asked = (one for one in senim.rights.everything(senim.database) if one.subject == person.subject)
    request = next(one for one in asked if one.kind.value == kind)
    steps = [step for one in request.done if one.receipt for step in one.receipt.steps]
    rows = sum(one.rows for one in (steps or request.done))
    if request.state is not State.ANSWERED or rows != 1 + load.rows + load.files:
        raise AssertionError(f"{kind}: {request.state}, {rows} rows, {request.trouble}")
    return ran


def _figure(kind: str, many: Ran, few: Ran, load: Load) -> Figure:
    most, least = Spread((many.memory,)), Spread((few.memory,))
    done = {
        "access": "read, sealed, packed into the person's ZIP and handed over",
        "erase": "planned, erased, searched again, certified",
    }[kind]
    return Figure(
        part="j",
        what=f"memory, {kind} of a person with {load.told()}",
        database="postgresql",
        unit="MB",
        measured=most,
        limit=least,
        limited_by=f"a person with {_FEW.told()}",
        ratio=most.over(least),
        target=f"flat, ≤ {FLAT} ×",
        met=many.memory <= FLAT * few.memory,
        how=f"the most of the process (PSS); {done} in {many.seconds:,.0f} s",
    )


def main() -> int:
    """Carry out one request to its end."""
    folder, kind, subject = sys.argv[1:]
    with open_senim(Path(folder)) as senim:
        opening = Opening(
            kind=kind, way=Way.PORTAL, language="en", subject=SubjectId(subject), reply_to="a@made.example"
        )
        staff, second = senim.actor(), senim.actor(name="second")
        number = senim.run(staff, lambda work: senim.rights.open(work, opening)).number
        senim.run(staff, lambda work: senim.rights.handling.decide(work, number, granted=True))
        senim.orders.run_due("rights")
        plan = senim.rights.find(senim.database, number).plan
        if kind == "erase" and plan is not None:
            senim.run(second, lambda work: senim.rights.planning.approve(work, number, plan.digest))
            senim.orders.run_due("rights")
        else:
            _, pieces = senim.run(staff, lambda work: senim.rights.delivery.hand(work, number, "zip"))
            for _ in pieces:
                pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
