"""Holds a map against the live schema: what is gone, what is new, which grants and indexes are missing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from senim.connectors.datamap import DataMap, TableMap
from senim.connectors.graph import Graph
from senim.connectors.identifiers import NUMBERS
from senim.connectors.records import Problem, Trouble
from senim.connectors.schema import MARKS, Family, Schema, Table
from senim.languages import Hint, Said
from senim.recognisers import columns as guesses

SURE = 0.75
"""From here on a column is taken for personal without asking."""

FEW = 10_000
"""Rows that are searched without an index in no time."""

Granted = Callable[..., Said]


def drift(found: DataMap, schema: Schema, graph: Graph, granted: Granted) -> Iterator[Problem]:
    """All that does not fit. ``granted`` writes the GRANT that is missing, for this database and our role."""
    for name, entry in found.tables.items():
        there = schema.tables.get(name)
        if there is None:
            yield Problem(code=Trouble.TABLE_GONE, where=name, blocking=True)
            continue
        yield from _columns(name, entry, there)
        yield from _ways(name, entry, there, graph)
        yield from _rights(name, entry, there, graph, granted)
        yield from _detached(found, name, there, graph, granted)
        yield from _indexes(name, entry, there, graph)
    yield from _new_tables(found, schema)
    yield from _new_references(found, graph)


def needed_columns(entry: TableMap, graph: Graph, name: str) -> set[str]:
    """Columns without which nothing can be done with a table."""
    found = {*entry.key, *(column for _, column in entry.identifying())}
    found |= {rule.since for rule in entry.keep.values()}
    found |= {column for one in entry.refers for column in (*one.columns, *one.where)}
    found |= {column for one in graph.out_of.get(name, ()) for column in one.source_columns}
    return found


def _columns(name: str, entry: TableMap, there: Table) -> Iterator[Problem]:
    used = {*entry.key, *(column for _, column in entry.identifying()), *entry.columns}
    used |= {column for one in entry.refers for column in (*one.columns, *one.where)}
    used |= {rule.since for rule in entry.keep.values()} | ({entry.soft_delete.column} if entry.soft_delete else set())
    for column in sorted(used - set(there.columns)):
        yield Problem(code=Trouble.COLUMN_GONE, where=f"{name}.{column}", blocking=True)
    for column in entry.plain:
        if column not in there.columns:
            yield Problem(code=Trouble.COLUMN_GONE, where=f"{name}.{column}", remedy=Hint("out-of-plain"))
    for column, fact in there.columns.items():
        if column not in used and column not in entry.plain:
            guess = next(iter(guesses(column, (), fact.type)), None)
            detail: Said = Hint("seems", kind=guess.kind) if guess and guess.confidence >= SURE else ""
            remedy: Said = Hint("map-column", column=column, table=name)
            yield Problem(code=Trouble.COLUMN_NOT_MAPPED, where=f"{name}.{column}", detail=detail, remedy=remedy)
    tracks = [set(one.columns) for one in there.indexes if one.unique] + [set(there.key)]
    if entry.key and not any(track and track <= set(entry.key) for track in tracks):
        detail = Hint("not-unique", columns=", ".join(entry.key))
        remedy = f"key: [{', '.join(there.key)}]" if there.key else ""
        yield Problem(code=Trouble.KEY_CHANGED, where=name, detail=detail, remedy=remedy, blocking=True)
    if not there.transactional:
        remedy = f"ALTER TABLE {there.name} ENGINE=InnoDB;"
        yield Problem(code=Trouble.NOT_TRANSACTIONAL, where=name, remedy=remedy, blocking=True)
    if there.hidden:
        detail, mend = Hint("rows-hidden"), Hint("show-rows")
        yield Problem(code=Trouble.NOT_READABLE, where=name, detail=detail, remedy=mend)
    if there.past:
        yield Problem(code=Trouble.PAST_KEPT, where=name, remedy=f"DELETE HISTORY FROM {there.name};")


def _ways(name: str, entry: TableMap, there: Table, graph: Graph) -> Iterator[Problem]:
    if not graph.reached(name):
        yield Problem(code=Trouble.NOBODY_LEADS_HERE, where=name, remedy=Hint("whose-rows"))
    facts = there.columns
    for link in graph.links_from.get(name, ()):
        for column in link.columns:
            if link.sort and facts[column].family is Family.BINARY:
                yield Problem(code=Trouble.TYPE_CHANGED, where=f"{name}.{column}", detail=facts[column].type)


def _rights(name: str, entry: TableMap, there: Table, graph: Graph, granted: Granted) -> Iterator[Problem]:
    unread = sorted(
        one for one in needed_columns(entry, graph, name) if one in there.columns and not there.rights.reads(one)
    )
    personal = [one for one in entry.columns if one in there.columns]
    if unread:
        remedy = granted("SELECT", there, *([] if not there.rights.any_read else unread))
        yield Problem(code=Trouble.GRANT_MISSING, where=name, detail="SELECT", remedy=remedy, blocking=True)
    elif not all(map(there.rights.reads, there.columns)):
        closed = [one for one in there.columns if not there.rights.reads(one)]
        remedy = granted("SELECT", there, *closed)
        yield Problem(code=Trouble.GRANT_MISSING, where=name, detail=f"SELECT: {', '.join(closed)}", remedy=remedy)
    if entry.act == "delete" and not there.rights.delete:
        remedy = granted("DELETE", there)
        yield Problem(code=Trouble.GRANT_MISSING, where=name, detail="DELETE", remedy=remedy, blocking=True)
    fixed = [one for one in personal if not there.rights.writes(one) and not there.columns[one].generated]
    if fixed and entry.act != "keep":
        remedy = granted("UPDATE", there, *fixed)
        detail = f"UPDATE: {', '.join(fixed)}"
        changes = entry.act in ("blank", "depersonalise")
        yield Problem(code=Trouble.GRANT_MISSING, where=name, detail=detail, remedy=remedy, blocking=changes)


def _detached(found: DataMap, name: str, there: Table, graph: Graph, granted: Granted) -> Iterator[Problem]:
    """References that are emptied when what they lead to goes. Without the right, what they lead to stays, nameless."""
    columns = [
        column
        for link in graph.links_from.get(name, ())
        if link.sort in ("mentions", "owns") and link.to in found.tables and found.tables[link.to].act == "delete"
        for column in link.columns
        if there.columns[column].nullable and not there.rights.writes(column) and column not in there.key
    ]
    if columns:
        remedy = granted("UPDATE", there, *dict.fromkeys(columns))
        yield Problem(code=Trouble.GRANT_MISSING, where=name, detail=f"UPDATE: {', '.join(columns)}", remedy=remedy)


def _indexes(name: str, entry: TableMap, there: Table, graph: Graph) -> Iterator[Problem]:
    if there.rows < FEW:
        return
    for hop in graph.into.get(name, ()):
        if not there.indexed(hop.target_columns):
            remedy = f"CREATE INDEX ON {there.name} ({', '.join(hop.target_columns)});"
            yield Problem(code=Trouble.INDEX_MISSING, where=f"{name}.{hop.target_columns[0]}", remedy=remedy)
    for kind, column in entry.identifying():
        fact = there.columns.get(column)
        if fact is None:
            continue
        plain = fact.folded or fact.family is not Family.TEXT or entry.columns[column].stored == "normal"
        if plain and not there.indexed((column,)):
            yield _no_index(name, column, f"CREATE INDEX ON {there.name} ({column});")
        elif not plain and kind in NUMBERS:
            yield _no_index(name, column, Hint("stored-normal"))
        elif not plain and not there.indexed_by(f"lower({column})"):
            yield _no_index(name, column, f"CREATE INDEX ON {there.name} (lower({column}));")


def _no_index(name: str, column: str, remedy: Said) -> Problem:
    return Problem(code=Trouble.INDEX_MISSING, where=f"{name}.{column}", remedy=remedy)


def _new_tables(found: DataMap, schema: Schema) -> Iterator[Problem]:
    for name in schema.beside:
        yield Problem(code=Trouble.TABLE_NOT_MAPPED, where=f"{name}.*", remedy=Hint("map-schema", schema=name))
    known = {*found.tables, *found.plain_tables} | {MARKS}
    for name, there in schema.tables.items():
        if name not in known:
            kinds = personal_columns(there)
            told = ", ".join(f"{column} ({kind})" for column, kind in kinds)
            detail = Hint("seems-people", columns=told) if told else ""
            remedy = Hint("map-table", table=name)
            yield Problem(code=Trouble.TABLE_NOT_MAPPED, where=name, detail=detail, remedy=remedy)


def personal_columns(there: Table) -> list[tuple[str, str]]:
    """Columns whose names say that they are personal, and what they seem to be."""
    found = []
    for column, fact in there.columns.items():
        guess = next(iter(guesses(column, (), fact.type)), None)
        if guess and guess.confidence >= SURE:
            found.append((column, str(guess.kind)))
    return found


def _new_references(found: DataMap, graph: Graph) -> Iterable[Problem]:
    for link in graph.links:
        if not link.sort and link.table in found.tables:
            where = f"{link.table}.{', '.join(link.columns)}"
            remedy = f"refers: [{{columns: [{', '.join(link.columns)}], to: {link.to}, as: belongs|owns|mentions}}]"
            detail = Hint("leads-to", table=link.to)
            yield Problem(code=Trouble.REFERENCE_NOT_MAPPED, where=where, detail=detail, remedy=remedy)
