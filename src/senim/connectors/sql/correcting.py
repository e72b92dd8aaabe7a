"""Puts right what is wrong about a person: the row that says who it is, and copies of the same value elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from senim.connectors.identifiers import NOT_TEXT
from senim.connectors.records import Act, Problem, Trouble
from senim.connectors.schema import Column, Family
from senim.connectors.sql.fate import Part
from senim.connectors.sql.members import Bound, Members
from senim.connectors.sql.replacing import granted
from senim.connectors.sql.statements import Condition, Listed, none_of


class Correction:
    """The changes that a person wishes, table by table.

    A field is set in the rows that say who the person is. Elsewhere (an order that holds the telephone of its day) it
    is set where the same wrong value stands: another traveller's name in the same booking stays that traveller's.
    """

    def __init__(self, members: Members, changes: Mapping[str, str | None]) -> None:
        self._members = members
        self._bound: Bound = members.bound
        self._changes = changes
        self.problems: list[Problem] = []

    def parts(self) -> Iterator[Part]:
        """All parts; values that are None are not known yet (a preview without values)."""
        met = set[str]()
        for name, table in self._bound.mapped.items():
            condition = self._members.condition(name)
            wanted = {column: one.is_ for column, one in table.columns.items() if one.is_ in self._changes}
            if condition is None or not wanted:
                continue
            for column, field_name in wanted.items():
                part = self._part(name, column, field_name, condition)
                if part is not None:
                    met.add(field_name)
                    yield part
        for field_name in sorted(set(self._changes) - met):
            self.problems.append(Problem(code=Trouble.FIELD_NOWHERE, where=field_name, blocking=True))

    def _part(self, name: str, column: str, field_name: str, condition: Condition) -> Part | None:
        table, fact = self._bound.map.tables[name], self._bound.schema.tables[name].columns.get(column)
        if fact is None:
            return None
        if table.act == "keep":
            return Part(table=name, act=Act.KEEP, condition=condition, because=Trouble.NEEDED)
        here = condition
        if not table.person:
            copied = self._copies(name, column, field_name)
            if copied is None:
                return None
            here = sa.and_(condition, copied)
        value = self._value(fact, f"{name}.{column}", self._changes[field_name])
        self._check(name, fact, value, here)
        return Part(table=name, act=Act.CORRECT, condition=here, values={column: value})

    def _copies(self, name: str, column: str, field_name: str) -> Condition | None:
        """Rows whose value is that of the rows that say who the person is; None if no such row has the field."""
        old: dict[Any, None] = {}
        found = False
        for other, table in self._bound.mapped.items():
            columns = [one for one, its in table.columns.items() if its.is_ == field_name]
            condition = self._members.condition(other) if table.person and columns else None
            if condition is None or not columns:
                continue
            found = True
            query = sa.select(*self._bound.tables.columns(other, columns)).where(condition)
            old |= dict.fromkeys(value for row in self._members.connection.execute(query) for value in row)
        if not found:
            return sa.true()
        values = [(one,) for one in old if one is not None]
        return self._bound.tables.among(name, (column,), Listed(tuple(values))) if values else None

    def _value(self, fact: Column, where: str, text: str | None) -> Any:
        """The new value as the column takes it."""
        if not text:
            if not fact.nullable and text is not None:
                self._wrong(Trouble.NOT_NULL, where)
            return None
        try:
            if fact.family is Family.INTEGER:
                return int(text)
            if fact.family is Family.DATE:
                return date.fromisoformat(text)
        except ValueError:
            self._wrong(Trouble.VALUE_WRONG, where, fact.type)
            return None
        if fact.length is not None and len(text) > fact.length:
            self._wrong(Trouble.TOO_LONG, where, fact.type)
        if NOT_TEXT.search(text):
            self._wrong(Trouble.VALUE_WRONG, where)
            return None
        return text

    def _wrong(self, code: Trouble, where: str, detail: str = "") -> None:
        self.problems.append(Problem(code=code, where=where, detail=detail, blocking=True))

    def _check(self, name: str, fact: Column, value: Any, here: Condition) -> None:
        there, where = self._bound.schema.tables[name], f"{name}.{fact.name}"
        if not there.rights.writes(fact.name):
            remedy = granted(self._bound, "UPDATE", there, fact.name)
            self.problems.append(Problem(code=Trouble.GRANT_MISSING, where=where, remedy=remedy, blocking=True))
        if fact.name in self._bound.key(name):
            self._wrong(Trouble.KEY_IS_PERSONAL, where)
        if value is None or there.unique(fact.name) != (fact.name,):
            return
        taken = self._bound.tables.among(name, (fact.name,), Listed(((value,),)))
        query = sa.select(sa.func.count()).select_from(self._bound.tables[name]).where(taken, none_of(here))
        rows = sa.select(sa.func.count()).select_from(self._bound.tables[name]).where(here)
        if (
            self._members.connection.execute(query).scalar()
            or (self._members.connection.execute(rows).scalar() or 0) > 1
        ):
            self._wrong(Trouble.UNIQUE, where)
