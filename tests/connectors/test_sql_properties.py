"""Whatever tables hang together how: what an erasure removes is what a simple-minded search by hand would."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from senim.connectors.datamap import ColumnMap, DataMap, Refers, System, TableMap
from senim.connectors.graph import owned_in_circles
from senim.connectors.records import Wish, WishKind
from senim.connectors.sql.connector import SqlConnector

ERASE = Wish(kind=WishKind.ERASE)
PEOPLE = ("a@example.kz", "b@example.kz", "c@example.kz")
SORTS = ("belongs", "owns", "mentions")


@dataclass
class World:
    """A made-up database: tables, references between them, rows."""

    tables: int
    references: list[tuple[int, int, str]]
    """Table, the table that it refers to, and what that means."""
    declared: bool
    rows: list[tuple[int, dict[int, int]]] = field(default_factory=list)
    """Of each row: its table, and for references by number the row that it names."""

    def columns(self, table: int) -> list[int]:
        """The references that a table has, by number."""
        return [number for number, one in enumerate(self.references) if one[0] == table]

    def make(self, engine: Engine) -> None:
        """Make tables and rows. Ids count through all tables."""
        meta = sa.MetaData()
        made = [
            sa.Table(
                f"t{table}",
                meta,
                sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
                sa.Column("email", sa.String(40)),
                *(self._column(number) for number in self.columns(table)),
            )
            for table in range(self.tables)
        ]
        meta.create_all(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for row, (table, named) in enumerate(self.rows):
                email = PEOPLE[row % len(PEOPLE)] if table == 0 else None
                values = {f"r{number}": target for number, target in named.items()}
                connection.execute(sa.insert(made[table]).values(id=row, email=email, **values))

    def _column(self, number: int) -> sa.Column[int]:
        _, to, _ = self.references[number]
        if self.declared:
            return sa.Column(f"r{number}", sa.ForeignKey(f"t{to}.id", deferrable=True), nullable=True)
        return sa.Column(f"r{number}", sa.Integer)

    def map(self) -> DataMap:
        """Its map."""
        tables = {}
        for table in range(self.tables):
            refers = tuple(
                Refers(columns=(f"r{number}",), to=f"t{self.references[number][1]}", as_=self.references[number][2])  # type: ignore[arg-type]  # one of SORTS
                for number in self.columns(table)
            )
            tables[f"t{table}"] = TableMap(
                key=("id",),
                person={"email": "email"} if table == 0 else {},
                columns={"email": ColumnMap(is_="email", stored="normal")},
                plain=("id",),
                refers=refers,
            )
        return DataMap(senim_map=1, system=System(name="made"), tables=tables)

    def reachable(self, start: set[int]) -> set[int]:
        """Rows by belonging and owning, as somebody would follow them with a pencil; shared rows and on left out."""
        found = set(start)
        while True:
            more = {row for row in range(len(self.rows)) if row not in found and self._leads_to(row, found)}
            if not more:
                return found
            found |= more

    def _leads_to(self, row: int, found: set[int]) -> bool:
        table, named = self.rows[row]
        if any(self.references[number][2] == "belongs" and target in found for number, target in named.items()):
            return True
        users = [
            (other, number)
            for other, (_, links) in enumerate(self.rows)
            for number, target in links.items()
            if target == row and self.references[number][1] == table
        ]
        return any(self.references[number][2] == "owns" and other in found for other, number in users)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to five tables, trees and circles, up to fourteen rows."""
    tables = draw(st.integers(1, 5))
    place = st.integers(0, tables - 1)
    references = [
        (child, to, "mentions" if sort == "owns" and to in (0, child) else sort)
        for child, to, sort in draw(st.lists(st.tuples(place, place, st.sampled_from(SORTS)), max_size=7))
        if child != 0 or sort != "belongs"
    ]
    world = World(tables, references, draw(st.booleans()))
    while circle := next(owned_in_circles(world.map()), None):
        number = world.columns(int(circle[0][1:]))[circle[1]]
        world.references[number] = (*world.references[number][:2], "mentions")
    places = sorted(draw(st.lists(place, min_size=1, max_size=14)))
    rows = {table: [row for row, its in enumerate(places) if its == table] for table in range(tables)}
    for its in places:
        named = {}
        for number in world.columns(its):
            targets = rows[references[number][1]]
            target = draw(st.sampled_from([None, *targets]))
            if target is not None:
                named[number] = target
        world.rows.append((its, named))
    return world


def there(engine: Engine, world: World) -> dict[int, dict[str, Any]]:
    """Rows by id."""
    with engine.connect() as connection:
        return {
            row["id"]: dict(row)
            for table in range(world.tables)
            for row in connection.execute(sa.text(f"SELECT * FROM t{table}")).mappings()
        }


@given(worlds())
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_erasure_removes_what_is_the_persons_and_nothing_else(world: World) -> None:
    """Nobody else's row is removed or changed but for a reference to what is gone; nothing of the person is left.

    The pencil's set is the most that may go or change. What may stay of it is what others use, what hangs from that,
    and, without its values, what a row that stays refers to.
    """
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'made.db'}"
        engine = sa.create_engine(url, poolclass=NullPool)
        world.make(engine)
        before = there(engine, world)
        roots = {row for row, one in before.items() if one["email"] == PEOPLE[0]}
        system = SqlConnector(world.map(), url, secret=b"made")
        who = {"email": (PEOPLE[0],)}
        everybody = tuple(one.digest for one in system.find(who).people)
        plan = system.plan(who, Wish(kind=WishKind.ERASE, people=everybody))
        assert plan.ready, plan.problems
        assert system.execute(plan, who, order="R-1").steps == plan.steps
        after = there(engine, world)
        gone = set(before) - set(after)
        assert gone <= world.reachable(roots)
        only = [one if one[2] == "belongs" else (*one[:2], "mentions") for one in world.references]
        belonging = World(world.tables, only, declared=False, rows=world.rows)
        owned = {one[1] for one in world.references if one[2] == "owns"}
        certain = {row for row in belonging.reachable(roots) if world.rows[row][0] not in owned}
        for row in certain - gone:  # it has no name any more, and stays because a row that stays refers to it
            assert after[row]["email"] != PEOPLE[0]
            assert any(row in (one[name] for name in one if name.startswith("r")) for one in after.values()), row
        for row, one in after.items():
            changed = {name for name, value in one.items() if value != before[row][name]}
            emptied = row in world.reachable(roots)
            assert all(before[row][name] in gone or emptied for name in changed), (row, changed)
        dangling = [
            (row, name)
            for row, one in after.items()
            for name, value in one.items()
            if name.startswith("r") and value is not None and value in gone
        ]
        assert dangling == []
        assert system.rescan(who).clean
        assert system.find(who).rows == 0
