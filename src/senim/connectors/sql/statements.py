"""Parts of statements: conditions on keys, identifiers in all writings, text. Names are quoted, values bound."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import ColumnElement, quoted_name
from sqlalchemy.sql.selectable import Select, TableClause

from senim.connectors.identifiers import MARKS, NUMBERS, core, digits, writings
from senim.connectors.schema import Column, Family, Table

Condition: TypeAlias = ColumnElement[bool]
MOST_AT_ONCE = 500
"""Composite keys in one statement."""

SHORTEST = 5
"""Letters below which an identifier is not searched for inside other text: it would be everywhere."""

_TYPES: Mapping[Family, types.TypeEngine[Any]] = {
    Family.TEXT: types.Text(),
    Family.INTEGER: types.BigInteger(),
    Family.BOOLEAN: types.Boolean(),
    Family.BINARY: types.LargeBinary(),
}
_ARRAYS: Mapping[Family, types.TypeEngine[Any]] = {
    Family.TEXT: types.Text(),
    Family.INTEGER: types.BigInteger(),
    Family.UUID: types.Uuid(),
}
"""Types whose values PostgreSQL takes as one array; for others each value is a parameter."""


class _Raw(types.UserDefinedType[Any]):
    """A value as the driver sends it: PostgreSQL tells its type (an enumeration, a date) from the column."""

    cache_ok = True

    def get_col_spec(self, **more: Any) -> str:
        return "text"


class _Padded(types.UserDefinedType[str]):
    """PostgreSQL's ``char(n)`` of any length; compared as text its indexes would not be used."""

    cache_ok = True

    def get_col_spec(self, **more: Any) -> str:
        return "BPCHAR"


@dataclass(frozen=True, slots=True)
class Listed:
    """Values of some columns that are known one by one."""

    values: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Described:
    """Values too many to be listed: those that a query gives."""

    query: Select[Any]


Values: TypeAlias = Listed | Described


class Tables:
    """The tables of a schema as SQLAlchemy sees them, and the conditions that can be put on them."""

    def __init__(self, tables: Mapping[str, Table], dialect: str) -> None:
        self.dialect = dialect
        self._facts = tables
        self._made: dict[str, TableClause] = {}

    def __getitem__(self, name: str) -> TableClause:
        """A table. Types are left to the driver: values come and go as it has them."""
        if name not in self._made:
            fact = self._facts[name]
            columns = [
                sa.column(quoted_name(one.name, quote=True), _TYPES.get(one.family, types.NullType()))
                for one in fact.columns.values()
            ]
            schema = quoted_name(fact.schema, quote=True) if fact.schema else None
            self._made[name] = sa.table(quoted_name(fact.name, quote=True), *columns, schema=schema)
        return self._made[name]

    def columns(self, table: str, names: Iterable[str]) -> list[ColumnElement[Any]]:
        """Columns of a table."""
        there = self[table].c
        return [there[name] for name in names]

    def among(self, table: str, names: Sequence[str], values: Values) -> Condition:
        """Whether columns have one of some values."""
        columns = self.columns(table, names)
        if isinstance(values, Described):
            return _one(columns).in_(values.query)
        if len(columns) == 1:
            return self._among(columns[0], [one[0] for one in values.values], self._facts[table].columns[names[0]])
        parts = [
            sa.tuple_(*columns).in_(values.values[start : start + MOST_AT_ONCE])
            for start in range(0, len(values.values), MOST_AT_ONCE)
        ]
        return sa.or_(sa.false(), *parts)

    def _among(self, column: ColumnElement[Any], values: list[Any], fact: Column | None = None) -> Condition:
        """One parameter however many values there are, so that the statement is the same and its plan is kept."""
        kind = types.Text() if fact is None else _ARRAYS.get(fact.family)
        if self.dialect == "postgresql" and kind is not None:
            if fact is not None and fact.family is Family.TEXT:
                kind = postgresql.CITEXT() if fact.folded else _Padded() if fact.type.startswith("CHAR") else kind
            array: Condition = column == sa.any_(sa.bindparam(None, values, type_=postgresql.ARRAY(kind)))
            return array
        if self.dialect == "postgresql":
            return column.in_(sa.bindparam(None, values, type_=_Raw(), expanding=True))
        plain = all(isinstance(one, str | int) and not isinstance(one, bool) for one in values)
        if self.dialect == "sqlite" and plain and len(values) > 1:
            each = sa.func.json_each(sa.bindparam(None, json.dumps(values))).table_valued("value")
            return column.in_(sa.select(each.c.value))
        return column.in_(values)

    def is_one_of(self, table: str, where: Iterable[tuple[str, str]]) -> list[Condition]:
        """The conditions of a reference to several tables: which one is meant."""
        found = []
        for name, value in where:
            number = self._facts[table].columns[name].family in (Family.INTEGER, Family.DECIMAL)
            found.append(self[table].c[name] == (int(value) if number and value.lstrip("-").isdigit() else value))
        return found

    def after(self, table: str, names: Sequence[str], last: Sequence[Any]) -> Condition:
        """Rows whose key comes after one, in the order of the key."""
        columns = self.columns(table, names)
        if len(columns) == 1:
            later: Condition = columns[0] > last[0]
            return later
        return sa.tuple_(*columns) > sa.tuple_(*last)

    def matches(self, table: str, name: str, kind: str, values: Sequence[str], *, normal: bool) -> Condition:
        """Whether a column holds an identifier, however it is written; by an index where there is one."""
        fact, column = self._facts[table].columns[name], self[table].c[name]
        if fact.family in (Family.INTEGER, Family.DECIMAL):
            numbers = [int(one) for one in digits(kind, values) if one.isdigit() and len(one) < 19]
            return self._among(column, numbers, fact)
        if fact.family is Family.UUID:
            return self._among(column, list(filter(None, map(_uuid, values))), fact)
        if fact.family is not Family.TEXT:
            return self._among(sa.func.lower(sa.cast(column, types.Text())), list(values))
        if normal:
            return self._among(column, list(writings(kind, values)), fact)
        if kind in NUMBERS:
            return self._among(self.bare(column), list(digits(kind, values)))
        if fact.folded:
            return self._among(column, list(values), fact)
        if self._facts[table].indexed_by(f"lower({name})"):
            return self._among(sa.func.lower(column), list(values))
        folded = self._among(sa.func.lower(sa.func.trim(column)), list(values))
        if all(one.isascii() for one in values):
            return folded
        # Some databases fold ASCII letters alone.
        return sa.or_(folded, self._among(sa.func.trim(column), list(writings(kind, values))))

    def bare(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A text without what people write between digits."""
        if self.dialect == "postgresql":
            return sa.func.translate(column, "".join(MARKS), "")
        for mark in MARKS:
            column = sa.func.replace(column, mark, "")
        return column

    def holds(self, table: str, name: str, kind: str, values: Sequence[str]) -> Condition:
        """Whether a column has an identifier anywhere in it, whatever else it says."""
        fact, column = self._facts[table].columns[name], self[table].c[name]
        if fact.family in (Family.INTEGER, Family.DECIMAL, Family.UUID):
            return self.matches(table, name, kind, values, normal=False)
        text = column if fact.family is Family.TEXT else self.as_text(column)
        if kind in NUMBERS:
            text, needles = self.bare(text), {core(kind, one) for one in values}
        else:
            text = text if fact.folded and fact.family is Family.TEXT else sa.func.lower(text)
            needles = set(values)
        long = [self._contains(text, one) for one in sorted(needles) if len(one) >= SHORTEST]
        short = [one for one in needles if len(one) < SHORTEST]
        if any(not one.isascii() for one in needles) and not fact.folded:
            long += [self._contains(column, one.upper()) for one in sorted(needles) if len(one) >= SHORTEST]
        return sa.or_(sa.false(), *long, *([text.in_(short)] if short else []))

    def as_text(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A value of any type as text."""
        return sa.cast(column, types.CHAR() if self.dialect in ("mysql", "mariadb") else types.Text())

    def _contains(self, text: ColumnElement[Any], needle: str) -> Condition:
        if self.dialect == "postgresql":
            return sa.func.strpos(text, needle) > 0
        if self.dialect in ("mysql", "mariadb", "sqlite"):
            return sa.func.instr(text, needle) > 0
        return text.contains(needle, autoescape=True)

    def searchable(self, table: str, names: Iterable[str]) -> list[str]:
        """The columns that can be searched for identifiers."""
        sorts = (Family.TEXT, Family.JSON, Family.INTEGER, Family.DECIMAL, Family.UUID, Family.OTHER)
        return [name for name in names if self._facts[table].columns[name].family in sorts]


def _one(columns: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    return columns[0] if len(columns) == 1 else sa.tuple_(*columns)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def either(conditions: Iterable[Condition]) -> Condition:
    """At least one of them; none at all is never."""
    return sa.or_(sa.false(), *conditions)


def none_of(condition: Condition) -> Condition:
    """Not so, also where the database cannot tell (NULL)."""
    return sa.not_(sa.func.coalesce(condition, sa.false()))


def size_of(column: ColumnElement[Any], fact: Column, dialect: str) -> ColumnElement[Any]:
    """How long a value is: bytes, of a text its characters."""
    if fact.family is Family.BINARY:
        return sa.func.length(column) if dialect == "sqlite" else sa.func.octet_length(column)
    return sa.func.char_length(column) if dialect != "sqlite" else sa.func.length(column)
