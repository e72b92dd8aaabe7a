"""What becomes of each row of a person: removed, emptied, given a pseudonym, detached, or kept and why.

The same reckoning makes a plan and carries it out, so that what was previewed is what happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import sqlalchemy as sa

from senim.connectors.datamap import KeepRule, TableMap, cutoff, end_of
from senim.connectors.graph import Link
from senim.connectors.records import Act, Keep, Problem, Trouble, WishKind
from senim.connectors.schema import Family
from senim.connectors.sql.members import Bound, Members
from senim.connectors.sql.replacing import Pseudonyms, Replaced, granted, replaced
from senim.connectors.sql.statements import Condition, Described, Listed, Values, either, none_of
from senim.languages import Hint, Text

_ROUNDS = 50
"""How often it is asked again what kept rows need, where tables refer to each other in a circle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows of one table and what becomes of them."""

    table: str
    act: Act
    condition: Condition
    values: dict[str, Any] = field(default_factory=dict)
    keep: Keep | None = None
    rule: KeepRule | None = None
    because: Trouble | None = None
    problems: tuple[Problem, ...] = ()
    """What stands in the way if there are such rows."""


class Fate:
    """What becomes of a person's rows, for a wish to erase or to depersonalise."""

    def __init__(self, members: Members, kind: WishKind, today: date) -> None:
        self._members = members
        self._bound: Bound = members.bound
        self._kind = kind
        self._today = today
        self._names = Pseudonyms()
        self._needed: dict[str, dict[tuple[str, ...], set[tuple[Any, ...]]]] = {}
        self.problems: list[Problem] = []
        self.order = [name for part in self._bound.graph.erase for name in part if name in self._bound.mapped]
        self._tables = [name for name in self.order if members.condition(name) is not None]
        self._detached: list[tuple[str, Link, dict[str, Any]]] = []
        for name in self._tables:
            if self._removes(name):
                self._meet_users(name)
        self._need()
        self._meet_circles()

    def parts(self) -> Iterator[Part]:
        """All parts, in the order in which they are done."""
        yield from self._loosened()
        yield from (self._detaching(*one) for one in self._detached)
        for name in self._tables:
            yield from self._of(name)

    def _tell(self, *problems: Problem) -> None:
        self.problems += [one for one in problems if one not in self.problems]

    # what the map wants

    def _act(self, name: str) -> str:
        act = self._bound.map.tables[name].act
        return "depersonalise" if self._kind == WishKind.DEPERSONALISE and act != "keep" else act

    def _removes(self, name: str) -> bool:
        return self._act(name) == "delete"

    def _condition(self, name: str) -> Condition:
        condition = self._members.condition(name)
        assert condition is not None
        return condition

    # what stays

    def _keeps(self, name: str) -> Iterator[tuple[str, KeepRule, Condition]]:
        """The rows that laws require to stay. A row without a date stays: nobody can tell that its time is over."""
        there = self._bound.schema.tables[name].columns
        before: list[Condition] = []
        for rule_name, rule in self._bound.map.tables[name].keep.items():
            fact = there.get(rule.since)
            if fact is None or fact.family not in (Family.DATE, Family.TIME, Family.TEXT):
                remedy = f"keep: {{{rule_name}: {{since: …}}}}"
                where = f"{name}.{rule.since}"
                self.problems.append(Problem(code=Trouble.KEEP_UNDATED, where=where, remedy=remedy, blocking=True))
                continue
            column = self._bound.tables[name].c[rule.since]
            first = cutoff(rule, self._today)
            since = first.isoformat() if fact.family is Family.TEXT or self._bound.tables.dialect == "sqlite" else first
            here = sa.or_(column >= since, column.is_(None))
            yield rule_name, rule, sa.and_(here, none_of(either(before)))
            before.append(here)

    def _stays(self, name: str) -> Condition | None:
        """Whether a row of a table stays; None if none does."""
        found: list[Condition] = [sa.true()] if self._act(name) == "keep" else []
        found += [condition for _, _, condition in self._keeps(name)]
        shared = self._shared(name)
        if shared is not None:
            found.append(shared)
        found += self._needs(name)
        if not self._removes(name):
            found.append(sa.true())
        return either(found) if found else None

    def _shared(self, name: str) -> Condition | None:
        """Whether others use a row too; None if nobody does."""
        if name not in self._bound.graph.owned:
            return None
        key = self._bound.key(name)
        if not key:
            return sa.true()  # rows that cannot be told apart cannot be known to be nobody else's
        shared = self._members.shared.get(name, Listed(()))
        return None if shared == Listed(()) else self._bound.tables.among(name, key, shared)

    def _needs(self, name: str) -> list[Condition]:
        return [
            self._bound.tables.among(name, columns, Listed(tuple(sorted(values, key=repr))))
            for columns, values in self._needed.get(name, {}).items()
        ]

    def _need(self) -> None:
        """Whatever a row that stays refers to has to stay too, and so on."""
        for _ in range(_ROUNDS):
            added = [self._needed_by(name) for name in self._tables]
            if not any(added):
                return

    def _needed_by(self, name: str) -> bool:
        links = [
            one
            for one in self._bound.graph.links_from[name]
            if one.to in self._tables and self._removes(one.to) and not self._blanks(name, one)
        ]
        stays = self._stays(name) if links else None
        if stays is None:
            return False
        added = [self._add_needed(link, sa.and_(self._condition(name), stays)) for link in links]
        return any(added)

    def _blanks(self, name: str, link: Link) -> bool:
        """Whether rows that stay give up a reference: one that is emptied, or one to what is theirs alone."""
        columns = self._bound.map.tables[name].columns
        if self._act(name) == "keep":
            return False
        if link.sort == "owns" and not self._bound.map.tables[name].keep:
            return bool(self._given_up(name, link))
        return any(
            one in columns and columns[one].act == "blank" and columns[one].with_ is None for one in link.columns
        )

    def _given_up(self, name: str, link: Link) -> list[str]:
        """The columns of a reference that may be emptied."""
        there = self._bound.schema.tables[name]
        facts = [there.columns[one] for one in link.columns]
        return [
            one.name for one in facts if one.nullable and there.rights.writes(one.name) and one.name not in there.key
        ]

    def _add_needed(self, link: Link, rows: Condition) -> bool:
        meant = self._bound.tables.is_one_of(link.table, link.where)
        query = sa.select(*self._bound.tables.columns(link.table, link.columns)).where(rows, *meant).distinct()
        found = {tuple(row) for row in self._members.connection.execute(query) if None not in tuple(row)}
        known = self._needed.setdefault(link.to, {}).setdefault(link.to_columns, set())
        new = found - known
        known |= new
        if not known:
            del self._needed[link.to][link.to_columns]
        return bool(new)

    # who else refers to what goes

    def _meet_users(self, name: str) -> None:
        for link in self._bound.graph.links_to[name]:
            if link.sort not in ("belongs", "owns"):
                self._meet(name, link)

    def _meet(self, name: str, link: Link) -> None:
        there = self._bound.schema.tables[link.table]
        if not all(map(there.rights.reads, link.columns)):
            cascade = link.on_delete == "CASCADE"
            self.problems.append(
                Problem(
                    code=Trouble.GRANT_MISSING,
                    where=link.table,
                    detail=Hint("leads-to", table=name),
                    remedy=granted(self._bound, "SELECT", there, *link.columns),
                    blocking=cascade,
                )
            )
            return
        users = self._members.users(link, self._going(name, link.to_columns))
        facts = [there.columns[one] for one in link.columns]
        if link.sort == "mentions" and any(one.nullable and there.rights.writes(one.name) for one in facts):
            values: dict[str, Any] = {one.name: None for one in facts if one.nullable and one.name not in there.key}
            if values:
                self._detached.append((name, link, values))
                return
        if link.sort == "mentions":
            self._add_needed(link, users)
            return
        self._not_mapped(name, link, users)

    def _detaching(self, name: str, link: Link, values: dict[str, Any]) -> Part:
        """Rows of others that refer to what goes; what stays without its name they may go on referring to."""
        going, stays = self._going(name, link.to_columns), self._stays(name)
        if stays is not None:
            names = self._bound.tables.columns(name, link.to_columns)
            query = sa.select(*names).where(self._condition(name), none_of(stays)).distinct()
            going = Listed(tuple(tuple(row) for row in self._members.connection.execute(query)))
        return Part(table=link.table, act=Act.DETACH, condition=self._members.users(link, going), values=values)

    def _going(self, name: str, columns: tuple[str, ...]) -> Values:
        if self._members.wanted(name):
            found = self._members.values(name, columns)
            if found is not None:
                return found
        names = self._bound.tables.columns(name, columns)
        return Described(sa.select(*names).where(self._condition(name)))

    def _not_mapped(self, name: str, link: Link, users: Condition) -> None:
        """A reference that the map does not know, from rows that do not go."""
        counted = sa.select(sa.func.count()).select_from(self._bound.tables[link.table]).where(users)
        rows = self._members.connection.execute(counted).scalar() or 0
        if not rows:
            return
        where, detail = f"{link.table}.{','.join(link.columns)}", Hint("rows-refer", count=rows, table=name)
        remedy = f"refers: [{{columns: [{', '.join(link.columns)}], to: {name}, as: belongs|mentions}}]"
        emptied = link.on_delete in ("SET NULL", "SET DEFAULT")
        code = {"CASCADE": Trouble.CASCADE}.get(link.on_delete, Trouble.REFERRED_TO)
        code = Trouble.REFERENCE_NOT_MAPPED if emptied else code
        self.problems.append(Problem(code=code, where=where, detail=detail, remedy=remedy, blocking=not emptied))

    def _meet_circles(self) -> None:
        """Rows that refer to each other, and none of which may stop, can only go where rules wait for the end."""
        for link in self._bound.graph.knots:
            both = link.table in self._tables and link.to in self._tables
            if both and self._bound.tables.dialect != "sqlite" and not link.deferrable and self._removes(link.table):
                where, detail = f"{link.table}.{','.join(link.columns)}", Hint("circle", one=link.table, other=link.to)
                remedy = Hint("loosen-circle")
                self._tell(Problem(code=Trouble.REFERRED_TO, where=where, detail=detail, remedy=remedy, blocking=True))

    def _loosened(self) -> Iterator[Part]:
        """References that go round in a circle are emptied first, or no row could be the first to go."""
        for part in self._bound.graph.erase:
            for name in part:
                yield from (
                    self._loose(name, one) for one in self._bound.graph.links_from[name] if self._tight(one, part)
                )

    def _tight(self, link: Link, part: tuple[str, ...]) -> bool:
        if not link.declared or link.table not in self._tables or not self._removes(link.table):
            return False
        facts = [self._bound.schema.tables[link.table].columns[one] for one in link.columns]
        if not any(one.nullable for one in facts) or link.on_delete == "CASCADE":
            return False
        if link.table == link.to:
            return self._bound.tables.dialect in ("mysql", "mariadb")  # it checks row by row
        return len(part) > 1 and link.to in part

    def _loose(self, name: str, link: Link) -> Part:
        facts = self._bound.schema.tables[name].columns
        stays = self._stays(name)
        going = [self._condition(name), *([none_of(stays)] if stays is not None else [])]
        values: dict[str, Any] = {one: None for one in link.columns if facts[one].nullable}
        return Part(table=name, act=Act.DETACH, condition=sa.and_(*going), values=values, because=Trouble.NEEDED)

    # the parts of a table

    def _of(self, name: str) -> Iterator[Part]:
        entry, condition = self._bound.map.tables[name], self._condition(name)
        if self._act(name) == "keep":
            rule_name, rule = next(iter(entry.keep.items()), ("", None))
            keep = Keep(name=rule_name, because=because(rule)) if rule else None
            stays = Trouble.NEEDED if rule is None else None
            yield Part(table=name, act=Act.KEEP, condition=condition, keep=keep, rule=rule, because=stays)
            return
        taken: list[Condition] = []
        for rule_name, rule, here in self._keeps(name):
            keep = Keep(name=rule_name, because=because(rule))
            yield Part(table=name, act=Act.KEEP, condition=sa.and_(condition, here), keep=keep, rule=rule)
            yield from self._let_go(name, sa.and_(condition, here))
            taken.append(here)
        shared = self._shared(name)
        if shared is not None:
            yield self._rest(name, Act.KEEP, condition, shared, taken, because=Trouble.SHARED)
            taken.append(shared)
        needed = self._needs(name) if self._removes(name) else []
        if needed:
            found = self._replaced(name, None)
            act = Act.DEPERSONALISE if found.values or found.problems else Act.KEEP
            yield self._rest(name, act, condition, either(needed), taken, because=Trouble.NEEDED, found=found)
            taken.append(either(needed))
        yield from self._last(name, entry, condition, taken)

    def _let_go(self, name: str, kept: Condition) -> Iterator[Part]:
        """The references that rows kept by law give up, so that what they lead to may go."""
        columns = self._bound.map.tables[name].columns
        values = {
            one: None
            for link in self._bound.graph.links_from[name]
            if link.to in self._tables and self._removes(link.to) and self._blanks(name, link)
            for one in self._given_up(name, link)
            if one in columns and columns[one].act == "blank"
        }
        if values:
            yield Part(table=name, act=Act.DETACH, condition=kept, values=values)

    def _last(self, name: str, entry: TableMap, condition: Condition, taken: list[Condition]) -> Iterator[Part]:
        """What happens to all rows that nothing keeps."""
        act = self._act(name)
        if act == "delete":
            yield self._rest(name, Act.DELETE, condition, None, taken)
            return
        found = self._replaced(name, cast("Any", act))
        if found.values or found.problems:
            yield self._rest(name, Act(act), condition, None, taken, found=found)
        else:  # nothing in them says who it is about
            yield self._rest(name, Act.KEEP, condition, None, taken, because=Trouble.NEEDED)

    def _replaced(self, name: str, act: Any) -> Replaced:
        """What takes the place of values. A column that nobody looked at may be personal: that stops a plan."""
        found = replaced(self._bound, name, act, self._names)
        there, entry = self._bound.schema.tables[name], self._bound.map.tables[name]
        for link in self._bound.graph.links_from[name]:
            if link.sort == "owns" and self._blanks(name, link):
                found.values.update(dict.fromkeys(self._given_up(name, link)))
        told = {*entry.columns, *entry.plain, *entry.key}
        for column in there.columns:
            if column not in told and not self._refers(entry, column):
                remedy, where = Hint("map-column", column=column, table=name), f"{name}.{column}"
                found.problems.append(
                    Problem(code=Trouble.COLUMN_NOT_MAPPED, where=where, remedy=remedy, blocking=True)
                )
        return found

    @staticmethod
    def _refers(entry: TableMap, column: str) -> bool:
        return any(column in one.columns or column in one.where for one in entry.refers)

    def _rest(
        self,
        name: str,
        act: Act,
        condition: Condition,
        here: Condition | None,
        taken: list[Condition],
        *,
        because: Trouble | None = None,
        found: Replaced | None = None,
    ) -> Part:
        all_of = [condition, *([here] if here is not None else []), *([none_of(either(taken))] if taken else [])]
        return Part(
            table=name,
            act=act,
            condition=sa.and_(*all_of),
            values=found.values if found else {},
            because=because,
            problems=tuple(found.problems) if found else (),
        )

    def until(self, part: Part) -> date | None:
        """The last day on which a kept row has to stay."""
        if part.rule is None:
            return None
        column = self._bound.tables[part.table].c[part.rule.since]
        last = self._members.connection.execute(sa.select(sa.func.max(column)).where(part.condition)).scalar()
        day = as_date(last)
        return end_of(part.rule, day) if day else None


def because(rule: KeepRule) -> Text:
    """The act that demands it, in all languages."""
    return rule.act if isinstance(rule.act, Text) else Text(kk=rule.act, ru=rule.act, en=rule.act)


def as_date(value: Any) -> date | None:
    """A date as databases give it: a date, a time, or ISO text."""
    if hasattr(value, "date"):
        found: date = value.date()
        return found
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None
