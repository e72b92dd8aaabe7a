"""References that no foreign key declares: told by names, types and by whether the values are there. Pure.

What is not sure is proposed all the same, with how sure it is: people decide
(docs/decisions/0015-inferred-references.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from senim.connectors.schema import Family, Schema, Table

Contained = Callable[[str, tuple[str, ...], str, tuple[str, ...]], "float | None"]
"""Which part of the sampled values of some columns is found in those of another table; None: nothing to sample."""

LEAST = 0.5
"""Below it a reference is not proposed."""

_NAME, _PART_OF_NAME, _VALUES = 0.6, 0.45, 0.35
_END = re.compile(r"_?(id|uuid|guid|no|nr|number|ref|key|code|pk|fk)$", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TYPE_ENDS = ("_type", "_class", "_kind", "_model", "_table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """A reference that nobody declared."""

    table: str
    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]
    sure: float
    where: tuple[tuple[str, str], ...] = ()


def singular(name: str) -> str:
    """A table's name as one of its rows is called: ``companies`` → ``company``."""
    word = _CAMEL.sub("_", name).lower().rpartition(".")[2]
    for end, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("people", "person")):
        if word.endswith(end):
            return word.removesuffix(end) + instead
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def inferred(
    schema: Schema, contained: Contained, words: Mapping[tuple[str, str], Iterable[str]]
) -> Iterator[Inferred]:
    """All references that are likely. ``words``: (table, column) → values found in it, for columns that name tables."""
    targets = {name: table for name, table in schema.tables.items() if table.key and table.writable}
    for name, table in schema.tables.items():
        declared = {one.columns for one in table.references}
        taken = {column for one in declared for column in one}
        yield from _composite(name, table, targets, declared, contained)
        pairs = dict(_pairs(table))
        for column in table.columns:
            if column in taken or (column,) == table.key:
                continue
            if column in pairs:
                yield from _polymorphic(
                    name, table, column, pairs[column], targets, words.get((name, pairs[column]), ()), contained
                )
            else:
                yield from _single(name, table, column, targets, contained)


def _pairs(table: Table) -> Iterator[tuple[str, str]]:
    """Columns such as ``owner_id`` beside ``owner_type``: which table is meant stands in the row."""
    for column in table.columns:
        stem = _END.sub("", column)
        for end in _TYPE_ENDS:
            beside = f"{stem}{end}"
            if (
                stem
                and stem != column
                and beside in table.columns
                and table.columns[beside].family is not Family.INTEGER
            ):
                yield column, beside


def pairs(table: Table) -> dict[str, str]:
    """Of a table: column with a key → column that names its table."""
    return dict(_pairs(table))


def _single(
    name: str, table: Table, column: str, targets: Mapping[str, Table], contained: Contained
) -> Iterator[Inferred]:
    best: Inferred | None = None
    for other, target in targets.items():
        if len(target.key) != 1 or not _same(table, column, target, target.key[0]):
            continue
        likely = _likeness(column, other, target.key[0])
        if not likely or (other == name and target.key[0] == column):
            continue
        sure = _with_values(likely, contained(name, (column,), other, target.key))
        if sure >= LEAST and (best is None or sure > best.sure):
            best = Inferred(table=name, columns=(column,), to=other, to_columns=target.key, sure=round(sure, 2))
    if best is not None:
        yield best


def _likeness(column: str, other: str, key: str) -> float:
    """How much a column's name sounds like another table's key."""
    plain, row = _CAMEL.sub("_", column).lower(), singular(other)
    stem = _END.sub("", plain)
    if stem == plain:
        return 0
    if stem == row or (plain == key.lower() and _END.sub("", key.lower())):
        return _NAME
    if stem.endswith(f"_{row}") or (len(stem) > 3 and row.endswith(f"_{stem}")):
        return _PART_OF_NAME
    return 0


def _same(table: Table, column: str, target: Table, key: str) -> bool:
    one, other = table.columns[column], target.columns[key]
    return one.family is other.family and one.family not in (Family.BINARY, Family.JSON, Family.BOOLEAN)


def _with_values(likely: float, found: float | None) -> float:
    """Values that are there make it surer; values that are not make an end of it."""
    if found is None:
        return likely
    return likely + _VALUES if found >= 0.98 else likely - (1 - found)


def _composite(
    name: str, table: Table, targets: Mapping[str, Table], declared: set[tuple[str, ...]], contained: Contained
) -> Iterator[Inferred]:
    """Keys of several columns that stand here under the same names, or with the other table's name before them."""
    for other, target in targets.items():
        if len(target.key) < 2 or other == name:
            continue
        row = singular(other)
        columns = tuple(
            next((form for form in (key, f"{row}_{key}", f"{other}_{key}") if form in table.columns), "")
            for key in target.key
        )
        fits = all(columns) and len(set(columns)) == len(columns) and columns not in declared
        if not fits or not all(_same(table, one, target, key) for one, key in zip(columns, target.key, strict=True)):
            continue
        sure = _with_values(_NAME, contained(name, columns, other, target.key))
        if sure >= LEAST:
            yield Inferred(table=name, columns=columns, to=other, to_columns=target.key, sure=round(sure, 2))


def _polymorphic(
    name: str,
    table: Table,
    column: str,
    kind: str,
    targets: Mapping[str, Table],
    words: Iterable[str],
    contained: Contained,
) -> Iterator[Inferred]:
    for word in words:
        plain = singular(re.split(r"[\\/.:]", word)[-1])
        for other, target in targets.items():
            if singular(other) == plain and len(target.key) == 1 and _same(table, column, target, target.key[0]):
                yield Inferred(
                    table=name,
                    columns=(column,),
                    to=other,
                    to_columns=target.key,
                    sure=0.8,
                    where=((kind, word),),
                )
