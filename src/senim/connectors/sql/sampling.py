"""Looks at some values of a database, to propose a map: nothing of them is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from senim.connectors.identifiers import NUMBERS
from senim.connectors.inferring import inferred, pairs
from senim.connectors.proposing import IDENTIFIERS, Looked
from senim.connectors.schema import MARKS, Family, Schema
from senim.connectors.sql.statements import Tables
from senim.recognisers import columns as guesses

ROWS = 200
"""Rows of a table that are looked at."""

KEYS = 100
"""Different values that are looked up in another table."""

WORDS = 20
"""Different names of tables that a column may hold."""


class Sampling:
    """A look at samples of every table that may be read."""

    def __init__(self, connection: Connection, schema: Schema) -> None:
        self._connection = connection
        self._schema = schema
        self._tables = Tables(schema.tables, schema.dialect)

    def looked(self) -> Looked:
        """Samples, references that nobody declared, and columns in normal form."""
        samples: dict[tuple[str, str], Sequence[Any]] = {}
        words: dict[tuple[str, str], list[str]] = {}
        for name, table in self._schema.tables.items():
            if name == MARKS or not table.readable:
                continue
            samples |= self._rows(name)
            for kind in pairs(table).values():
                words[name, kind] = self._words(name, kind)
        return Looked(
            samples=samples,
            inferred=tuple(inferred(self._schema, self._contained, words)),
            normal=frozenset(place for place, values in samples.items() if self._normal(place, values)),
        )

    def _rows(self, name: str) -> dict[tuple[str, str], Sequence[Any]]:
        """Short values of some rows, column by column."""
        table = self._schema.tables[name]
        families = (Family.BINARY, Family.JSON)
        short = [one for one in table.readable if table.columns[one].family not in families]
        if not short:
            return {}
        columns = []
        for one in short:
            column = self._tables[name].c[one]
            cut = table.columns[one].family is Family.TEXT and table.columns[one].length is None
            columns.append(sa.func.substr(column, 1, 500).label(one) if cut else column)
        rows = self._connection.execute(sa.select(*columns).limit(ROWS)).all()
        return {(name, one): [row[place] for row in rows if row[place] is not None] for place, one in enumerate(short)}

    def _words(self, name: str, column: str) -> list[str]:
        found = self._tables[name].c[column]
        query = sa.select(found).where(found.is_not(None)).distinct().limit(WORDS)
        return [str(one) for one in self._connection.execute(query).scalars()]

    def _contained(self, name: str, columns: tuple[str, ...], other: str, key: tuple[str, ...]) -> float | None:
        """Which part of some different values is a key of the other table."""
        if not all(map(self._schema.tables[name].rights.reads, columns)):
            return None
        if not all(map(self._schema.tables[other].rights.reads, key)):
            return None
        here = self._tables.columns(name, columns)
        there = [one.label(f"k{place}") for place, one in enumerate(self._tables.columns(other, key))]
        some = sa.select(*(one.label(f"v{place}") for place, one in enumerate(here)))
        some = some.where(*(one.is_not(None) for one in here)).distinct().limit(KEYS)
        values, keys = some.subquery("some_values"), sa.select(*there).subquery("other_keys")
        same = [values.c[f"v{place}"] == keys.c[f"k{place}"] for place in range(len(here))]
        found = sa.case((sa.exists().where(*same), 1), else_=0)
        row = self._connection.execute(sa.select(sa.func.count(), sa.func.sum(found)).select_from(values)).one()
        return float(row[1]) / row[0] if row[0] else None

    def _normal(self, place: tuple[str, str], values: Sequence[Any]) -> bool:
        """Whether a column that says who somebody is holds normal forms alone, in all its rows."""
        name, column = place
        fact = self._schema.tables[name].columns[column]
        kind = next((str(one.kind) for one in guesses(column, values, fact.type)), "")
        if kind not in IDENTIFIERS or kind == "phone" or fact.family is not Family.TEXT or fact.folded:
            return False
        there = self._tables[name].c[column]
        other = self._tables.bare(there) if kind in NUMBERS else sa.func.lower(sa.func.trim(there))
        query = sa.select(sa.literal(1)).select_from(self._tables[name]).where(there != other).limit(1)
        try:
            with self._connection.begin_nested():
                return self._connection.execute(query).first() is None
        except exc.DBAPIError:  # it takes longer than a statement may: nobody can tell
            return False
