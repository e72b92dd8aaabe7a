"""Asks PostgreSQL for several tables at once: the way to the server and back is gone once for all of them.

Only for the plain case that most tables are: rows that name a row above, whose keys are known, and that nobody shares.
Their statements are compiled once for a map and a schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ColumnElement

from senim.connectors.schema import Family
from senim.connectors.sql.members import Bound, Compiled, Members
from senim.connectors.sql.statements import Listed

AT_ONCE = 16
"""Tables asked for together: their first rows are in memory at the same time."""

_KINDS: Mapping[Family, types.TypeEngine[Any]] = {
    Family.INTEGER: types.BigInteger(),
    Family.TEXT: types.Text(),
    Family.UUID: types.Uuid(),
}


def plain_values(members: Members, table: str) -> list[Any] | None:
    """The keys above by which a table's rows are found, if that is all there is to it; otherwise None."""
    bound = members.bound
    hops = bound.graph.into[table]
    if bound.tables.dialect != "postgresql" or not members.alone(table) or bound.map.tables[table].person:
        return None
    if len(hops) != 1 or hops[0].where or len(hops[0].target_columns) != 1 or not bound.readable(table):
        return None
    fact = bound.schema.tables[table].columns[hops[0].target_columns[0]]
    if fact.family not in _KINDS or fact.folded or fact.type.startswith("CHAR"):
        return None
    values = members.values(hops[0].source, hops[0].source_columns)
    return [one[0] for one in values.values] if isinstance(values, Listed) else None


def statement(bound: Bound, table: str, columns: Callable[[], Sequence[ColumnElement[Any]]], most: int) -> Compiled:
    """The statement that fetches the first rows of a table for given keys above, as the driver takes it."""
    known = bound.compiled.get(table)
    if known is None:
        name = bound.graph.into[table][0].target_columns[0]
        kind: types.TypeEngine[Any] = _KINDS[bound.schema.tables[table].columns[name].family]
        found: sa.BindParameter[Any] = sa.bindparam("found", type_=postgresql.ARRAY(kind))
        query = sa.select(*columns()).where(bound.tables[table].c[name] == sa.any_(found)).limit(most)
        compiled = query.compile(dialect=postgresql.psycopg.dialect())  # type: ignore[no-untyped-call]  # it has no types
        known = bound.compiled[table] = Compiled(str(compiled), dict(compiled.params))
    return known


def fetched(members: Members, asked: Sequence[tuple[Compiled, list[Any]]]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of several statements, each with its keys, in their order."""
    driver: Any = members.connection.connection.driver_connection
    cursors = []
    with driver.pipeline() if len(asked) > 1 else nullcontext():
        for one, values in asked:
            cursor = driver.cursor()
            cursor.execute(one.text, {**one.given, "found": values})
            cursors.append(cursor)
        for cursor in cursors:
            yield cursor.fetchall()
            cursor.close()
