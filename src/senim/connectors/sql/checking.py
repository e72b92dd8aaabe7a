"""Asks a database beforehand whether its own CHECK rules would take what is going to be written."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from senim.connectors.records import Problem, Trouble
from senim.connectors.sql.fate import Part
from senim.connectors.sql.members import Bound
from senim.languages import Hint


def broken(connection: Connection, bound: Bound, part: Part) -> list[Problem]:
    """CHECK rules that rows of a part would break with their new values. Nothing is written to find out."""
    there = bound.schema.tables[part.table]
    found = []
    for check in there.checks:
        if not any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", check.sql) for name in part.values):
            continue
        rows = _breaking(connection, bound, part, check.sql)
        where = ", ".join(f"{part.table}.{name}" for name in part.values if name in check.sql)
        if rows is None:
            detail = Hint("check-unasked", check=check.name or "CHECK")
            found.append(Problem(code=Trouble.CHECK, where=where, detail=detail))
        elif rows:
            detail = Hint("check-broken", check=check.name or "CHECK", count=rows)
            remedy = Hint("other-value")
            found.append(Problem(code=Trouble.CHECK, where=where, detail=detail, remedy=remedy, blocking=True))
    return found


def _breaking(connection: Connection, bound: Bound, part: Part, rule: str) -> int | None:
    """How many rows would break a rule: it is asked of a query that has the new values in place of the old ones.

    None if the rule cannot be asked so.

    The rule is the database's own text and stands in the statement as it is; nothing that people wrote is in it.
    """
    table = bound.tables[part.table]
    columns = [
        _new(bound, part, name).label(name) if name in part.values else table.c[name]
        for name in bound.schema.tables[part.table].readable
    ]
    after = sa.select(*columns).where(part.condition).subquery(table.name)
    kept = sa.text(rule.replace(":", r"\:"))
    query = sa.select(sa.func.count()).select_from(after).where(sa.not_(sa.func.coalesce(kept.self_group(), sa.true())))
    try:
        with connection.begin_nested():
            return int(connection.execute(query).scalar() or 0)
    except exc.DBAPIError as error:
        if error.connection_invalidated:
            raise
        return None


def _new(bound: Bound, part: Part, name: str) -> Any:
    value = part.values[name]
    if isinstance(value, sa.ColumnElement):
        return value
    if value is None and bound.tables.dialect == "postgresql":
        return sa.literal_column(f"NULL::{bound.schema.tables[part.table].columns[name].type}")
    return sa.literal(value) if value is not None else sa.null()
