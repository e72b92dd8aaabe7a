"""Proposes a map from a live schema: what is personal, who is a person, what belongs to whom. People correct it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from senim.connectors.datamap import ColumnMap, DataMap, Refers, SoftDelete, System, TableMap
from senim.connectors.drift import SURE
from senim.connectors.inferring import Inferred
from senim.connectors.schema import MARKS, Family, Reference, Schema, Table
from senim.languages import Hint
from senim.recognisers import Guess
from senim.recognisers import columns as guesses

As = Literal["belongs", "owns", "mentions"]

IDENTIFIERS = ("email", "phone", "iin")
"""Kinds of columns that say who somebody is."""

_PEOPLE = re.compile(
    r"(^|_)(customer|client|user|account|employee|staff|person|people|passenger|guest|patient|student|subscriber|member|"
    r"contact|lead|donor|buyer|traveller|traveler|applicant|visitor|owner|driver|tourist|klient|polzovatel|sotrudnik|"
    r"passazhir|pokupatel|turist|zakazchik)s?($|_)"
)
_STAFF = re.compile(r"(^|_)(employee|staff|manager|operator|agent|admin|cashier|courier|sotrudnik|worker)s?($|_)")
_ROLE = re.compile(
    r"(^|_)(by|manager|employee|staff|agent|operator|seller|assigned|assignee|handled|handler|created|updated|approved|"
    r"approver|reviewer|moderator|responsible|boss|chief|referrer|inviter|invited|referred|parent|answers|reply)(_|$)"
)
FREE = 100
"""From this length on a text may say anything."""

_ANYTHING = re.compile(r"^(array|hstore|xml|tsvector|null)$", re.IGNORECASE)
"""Types beside texts and JSON in which anything may be written: lists, pairs, words of a search, SQLite's no type."""

MANY, FEW_WORDS = 20, 5
"""So many samples with so few different values are words of a list."""

_DELETED = ("deleted_at", "is_deleted", "deleted", "removed_at", "date_deleted", "deletedAt")
_ACCOUNTS = re.compile(
    r"(^|_)(invoice|payment|receipt|transaction|ledger|refund|act|contract|tax|fiscal|schet|oplata)s?($|_)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was seen of a database beside its schema."""

    samples: Mapping[tuple[str, str], Sequence[Any]] = field(default_factory=dict)
    inferred: Sequence[Inferred] = ()
    normal: frozenset[tuple[str, str]] = frozenset()
    """Columns with an e-mail or a number that hold normal forms alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposed map, and what to look at."""

    map: DataMap
    remarks: tuple[Hint, ...]
    why: Mapping[str, Mapping[str, Guess]] = field(default_factory=dict)
    """Table → column → why it is thought personal, and how sure that is. Free text and files have no guess."""


@dataclass(slots=True)
class _Draft:
    table: Table
    guesses: dict[str, Guess | None]
    references: list[tuple[Reference, Inferred | None]]
    refers: list[Refers] = field(default_factory=list)

    @property
    def kinds(self) -> dict[str, str]:
        """Column → what it holds; files hold what nobody can tell."""
        return {column: str(guess.kind) if guess else "" for column, guess in self.guesses.items()}

    @property
    def identifying(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for column, kind in self.kinds.items():
            if kind in IDENTIFIERS:
                found.setdefault(kind, []).append(column)
        return found


def propose(schema: Schema, system: System, looked: Looked, fields: Mapping[str, str] | None = None) -> Proposal:
    """A map of everything there is. ``fields``: kind → field of the policy, so that the map speaks its words."""
    drafts = {
        name: _Draft(table, _guesses(name, table, looked), _references(name, table, looked))
        for name, table in schema.tables.items()
        if name != MARKS and table.writable
    }
    people = {name for name, draft in drafts.items() if _is_people(name, draft, drafts)}
    belonging = _hang_together(drafts, people)
    tables = {
        name: _entry(name, draft, looked, person=name in people, fields=fields or {})
        for name, draft in drafts.items()
        if name in belonging or draft.kinds
    }
    plain = tuple(sorted(set(drafts) - set(tables)))
    kept = {name: _without(entry, tables) for name, entry in tables.items()}
    found = DataMap(senim_map=1, system=system, tables=kept, plain_tables=plain)
    why = {name: {column: one for column, one in drafts[name].guesses.items() if one} for name in kept}
    return Proposal(map=found, remarks=tuple(_remarks(kept, drafts)), why=why)


def _guesses(name: str, table: Table, looked: Looked) -> dict[str, Guess | None]:
    """Column → why it is personal, for columns that are; None for files."""
    linked = {column for one in table.references for column in one.columns}
    found: dict[str, Guess | None] = {}
    for column, fact in table.columns.items():
        if column in linked or (column in table.key and fact.family in (Family.INTEGER, Family.UUID)):
            continue
        guess = next(iter(guesses(column, looked.samples.get((name, column), ()), fact.type)), None)
        if guess and guess.confidence >= SURE - 0.25:
            found[column] = guess
        elif fact.family is Family.BINARY:
            found[column] = None
    return found


def _references(name: str, table: Table, looked: Looked) -> list[tuple[Reference, Inferred | None]]:
    found: list[tuple[Reference, Inferred | None]] = [(one, None) for one in table.references]
    for one in looked.inferred:
        if one.table == name:
            known = Reference(table=name, columns=one.columns, to=one.to, to_columns=one.to_columns)
            found.append((known, one))
    return found


def _is_people(name: str, draft: _Draft, drafts: Mapping[str, _Draft]) -> bool:
    """Whether rows of a table are people: it identifies, and its name, a unique identifier or its place says so."""
    if not draft.identifying:
        return False
    unique = any(draft.table.unique(column) == (column,) for found in draft.identifying.values() for column in found)
    leads = any(drafts[one.to].identifying for one, _ in draft.references if one.to in drafts and one.to != name)
    alone = not leads and not {"email", "iin"}.isdisjoint(draft.identifying)  # places have telephones too
    return bool(_PEOPLE.search(_snake(name))) or unique or alone


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _hang_together(drafts: Mapping[str, _Draft], people: set[str]) -> set[str]:
    """Decide what each reference means, beginning with those to people, until nothing more hangs on."""
    belonging = set(people)
    grown = True
    while grown:
        grown = False
        for name, draft in drafts.items():
            if name not in belonging and any(
                _meaning(name, draft, one, drafts, people, belonging)[0] == "belongs" for one, _ in draft.references
            ):
                belonging.add(name)
                grown = True
    for name, draft in drafts.items():
        for reference, guessed in draft.references:
            if reference.to not in drafts or (name not in belonging and reference.to not in belonging):
                continue
            meaning, sure = _meaning(name, draft, reference, drafts, people, belonging)
            if meaning == "owns":
                belonging.add(reference.to)
            if meaning:
                draft.refers.append(_refers(reference, guessed, drafts, meaning, sure))
    return belonging


def _meaning(
    name: str,
    draft: _Draft,
    reference: Reference,
    drafts: Mapping[str, _Draft],
    people: set[str],
    belonging: set[str],
) -> tuple[As | None, float]:
    """What a reference means, and how sure that is. What is not clear *mentions*: no rows of others by a guess."""
    to = reference.to
    if to not in drafts:
        return None, 1
    role = any(_ROLE.search(_snake(column)) for column in reference.columns)
    if to == name or role or (name in people and to in people):
        return "mentions", 0.8
    direct = [one for one, _ in draft.references if one.to in people and one is not reference and not _is_role(one)]
    if to in people:
        return ("mentions", 0.8) if _STAFF.search(_snake(to)) and direct else ("belongs", 0.9)
    leads_on = to in belonging and any(one.as_ == "owns" for one in draft.refers if one.to == to) is False
    if to in belonging and leads_on and name not in people:
        return ("mentions", 0.5) if direct else ("belongs", 0.8)
    if name in belonging and drafts[to].kinds:
        return "owns", 0.7
    return None, 1


def _is_role(reference: Reference) -> bool:
    return any(_ROLE.search(_snake(column)) for column in reference.columns)


def _refers(
    reference: Reference, guessed: Inferred | None, drafts: Mapping[str, _Draft], meaning: As, sure: float
) -> Refers:
    usual = reference.to_columns == drafts[reference.to].table.key
    certainty = min(sure, guessed.sure) if guessed else sure
    return Refers(
        columns=reference.columns,
        to=reference.to,
        to_columns=() if usual else reference.to_columns,
        as_=meaning,
        where=dict(guessed.where) if guessed else {},
        inferred=guessed is not None,
        sure=round(certainty * 100) if certainty < 0.9 else None,
    )


def _entry(name: str, draft: _Draft, looked: Looked, *, person: bool, fields: Mapping[str, str]) -> TableMap:
    columns = {
        column: ColumnMap(
            is_=fields.get(kind, kind),
            stored="normal" if (name, column) in looked.normal else "any",
            export=kind != "secret",
        )
        for column, kind in draft.kinds.items()
    }
    linked = {column for one in draft.refers for column in (*one.columns, *one.where)}
    columns |= {column: ColumnMap() for column in _free(name, draft, looked) if column not in linked | columns.keys()}
    identifying = draft.identifying if person else {}
    marked = next((one for one in _DELETED if one in draft.table.columns), None)
    return TableMap(
        key=draft.table.key,
        person={kind: found[0] if len(found) == 1 else tuple(found) for kind, found in identifying.items()},
        columns=columns,
        plain=tuple(one for one in draft.table.columns if one not in columns and one not in linked),
        refers=tuple(draft.refers),
        soft_delete=SoftDelete(column=marked) if marked else None,
    )


def _free(name: str, draft: _Draft, looked: Looked) -> Iterable[str]:
    """Columns in which anything may be written: personal until somebody says otherwise.

    A few words that come again and again (new, paid, sent) are no such text.
    """
    for column, fact in draft.table.columns.items():
        if fact.family is Family.JSON or (fact.family is Family.OTHER and _ANYTHING.search(fact.type)):
            yield column
        if fact.family is not Family.TEXT or (fact.length is not None and fact.length < FREE):
            continue
        values = looked.samples.get((name, column), ())
        if len(values) < MANY or len(set(values)) > FEW_WORDS:
            yield column


def _without(entry: TableMap, tables: Mapping[str, TableMap]) -> TableMap:
    """A table without references to tables that hold nothing of people; their columns are plain then."""
    kept = tuple(one for one in entry.refers if one.to in tables)
    gone = [column for one in entry.refers if one.to not in tables for column in one.columns]
    still = {column for one in kept for column in one.columns}
    return TableMap(
        key=entry.key,
        person=entry.person,
        act=entry.act,
        columns=entry.columns,
        plain=(*entry.plain, *(one for one in gone if one not in still and one not in entry.columns)),
        refers=kept,
        soft_delete=entry.soft_delete,
    )


def _remarks(tables: Mapping[str, TableMap], drafts: Mapping[str, _Draft]) -> Iterable[Hint]:
    """What people should look at first."""
    yield Hint("proposed")
    for name, entry in tables.items():
        if not entry.person and not any(one.as_ == "belongs" for one in entry.refers) and not _owned(name, tables):
            yield Hint("nobody-leads", table=name)
        if _ACCOUNTS.search(_snake(name)):
            yield Hint("law-keeps", table=name)
        if not drafts[name].table.key:
            yield Hint("no-key", table=name)


def _owned(name: str, tables: Mapping[str, TableMap]) -> bool:
    return any(one.to == name and one.as_ == "owns" for entry in tables.values() for one in entry.refers)
