"""What takes the place of a personal value whose row stays: nothing, a constant, a pseudonym; where that cannot be."""

from __future__ import annotations

import base64
import functools
import hmac
import operator
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types

from senim.connectors.datamap import ColumnAct, ColumnMap
from senim.connectors.records import Problem, Trouble
from senim.connectors.schema import Column, Family, Table
from senim.connectors.sql.members import Bound
from senim.languages import Hint, Said

_TOKEN = 16
_ADDRESS = "@anonymous.invalid"
"""A domain that never is one (RFC 6761 §6.4)."""


class Pseudonyms:
    """Pseudonyms of one run: the same field gets the same one all over a database. The key dies with the run."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, field_name: str) -> str:
        """The pseudonym that stands for a field of the person."""
        drawn = hmac.digest(self._key, field_name.encode(), "sha256")
        return base64.b32encode(drawn)[:_TOKEN].decode().lower()


@dataclass(slots=True)
class Replaced:
    """The columns of a table that change, and what stands in the way."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def replaced(bound: Bound, table: str, act: ColumnAct | None, names: Pseudonyms) -> Replaced:
    """What the personal columns of a table become. ``act`` is for columns without one; None: empty what may be."""
    entry, there = bound.map.tables[table], bound.schema.tables[table]
    found = Replaced()
    for name, column in entry.columns.items():
        fact = there.columns.get(name)
        wanted = column.act or act or ("blank" if fact and fact.nullable else "depersonalise")
        if fact is None or fact.generated or wanted == "keep":
            continue
        problem = next(_in_the_way(bound, table, fact, column, wanted), None)
        if problem:
            found.problems.append(problem)
        else:
            found.values[name] = _value(bound, table, fact, column, wanted, names)
    return found


def _in_the_way(bound: Bound, table: str, fact: Column, column: ColumnMap, act: str) -> Iterator[Problem]:
    there, where = bound.schema.tables[table], f"{table}.{fact.name}"
    linked = any(fact.name in one.to_columns for one in bound.schema.inbound.get(table, ()))
    if fact.name in there.key or linked:
        remedy: Said = Hint("other-key")
        yield Problem(code=Trouble.KEY_IS_PERSONAL, where=where, remedy=remedy, blocking=True)
    if not there.rights.writes(fact.name):
        yield Problem(
            code=Trouble.GRANT_MISSING, where=where, remedy=granted(bound, "UPDATE", there, fact.name), blocking=True
        )
    constant = column.with_ is not None
    if act == "blank" and not fact.nullable and not constant:
        remedy = Hint("name-or-value", column=fact.name)
        yield Problem(code=Trouble.NOT_NULL, where=where, remedy=remedy, blocking=True)
    if constant and there.unique(fact.name):
        remedy = f"{fact.name}: {{act: depersonalise}}"
        yield Problem(code=Trouble.UNIQUE, where=where, remedy=remedy, blocking=True)
    if act == "depersonalise" and not constant:
        yield from _no_pseudonym(there, fact, where)


def _no_pseudonym(there: Table, fact: Column, where: str) -> Iterator[Problem]:
    if fact.family in (Family.DATE, Family.TIME) or (fact.family is not Family.TEXT and fact.nullable):
        return
    if fact.family is not Family.TEXT:
        remedy: Said = f"{fact.name}: {{with: …}}"
        yield Problem(code=Trouble.NOT_NULL, where=where, detail=fact.type, remedy=remedy, blocking=True)
    elif fact.length is not None and fact.length < (_TOKEN if there.unique(fact.name) else 4):
        remedy = Hint("value-or-blank", column=fact.name)
        yield Problem(code=Trouble.TOO_LONG, where=where, detail=fact.type, remedy=remedy, blocking=True)


def _value(bound: Bound, table: str, fact: Column, column: ColumnMap, act: str, names: Pseudonyms) -> Any:
    if column.with_ is not None:
        return typed(column.with_, fact)
    if act == "blank":
        return None
    if fact.family in (Family.DATE, Family.TIME):
        return _first_of_year(bound, table, fact)
    if fact.family is not Family.TEXT:
        return None
    token, tail = names.of(column.is_ or fact.name), _ADDRESS if "email" in column.is_ else ""
    length = fact.length or 200
    if bound.schema.tables[table].unique(fact.name):
        return _one_for_each(bound, table, token, tail if len(tail) + _TOKEN + 12 <= length else "")
    return f"{token}{tail}" if len(tail) + _TOKEN <= length else token[:length]


def _one_for_each(bound: Bound, table: str, token: str, tail: str) -> Any:
    """A pseudonym for each row where none may stand twice: with the row's key, which says nothing about people."""
    parts: list[Any] = [sa.literal(token, types.Text())]
    for column in bound.tables.columns(table, bound.key(table)):
        parts += [sa.literal("-", types.Text()), bound.tables.as_text(column)]
    parts.append(sa.literal(tail, types.Text()))
    return functools.reduce(operator.add, parts)


def _first_of_year(bound: Bound, table: str, fact: Column) -> Any:
    column, dialect = bound.tables[table].c[fact.name], bound.tables.dialect
    if dialect == "postgresql":
        return sa.cast(sa.func.date_trunc("year", column), types.Date())
    if dialect in ("mysql", "mariadb"):
        return sa.func.makedate(sa.func.year(column), 1)
    return sa.func.substr(column, 1, 4) + "-01-01"


def typed(text: str, fact: Column) -> Any:
    """A text of the map as a column takes it. Raises ValueError."""
    if not text and fact.family is not Family.TEXT:
        return None
    if fact.family is Family.INTEGER:
        return int(text)
    if fact.family is Family.BOOLEAN:
        return text.lower() in ("true", "yes", "1")
    return text


def granted(bound: Bound, verb: str, table: Table, *columns: str) -> Said:
    """The GRANT to give to our role; of a file, which knows none, what is to be done instead."""
    mark = "`" if bound.tables.dialect in ("mysql", "mariadb") else '"'

    def quoted(name: str) -> str:
        return f"{mark}{name.replace(mark, mark * 2)}{mark}"

    if bound.tables.dialect == "sqlite":
        return Hint("file-writable")
    what = f"{verb} ({', '.join(map(quoted, columns))})" if columns else verb
    place = ".".join(quoted(part) for part in (table.schema, table.name) if part)
    return f"GRANT {what} ON {place} TO {bound.schema.user};"
