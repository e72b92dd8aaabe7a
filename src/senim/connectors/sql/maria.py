"""Reads the tables of MariaDB and MySQL, in five questions for all of them, as far as our role may know of them.

The text of a table (``SHOW CREATE TABLE``) is not shown to who may use single columns alone, and cannot be read safely
where names have quotes in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from senim.connectors.schema import Check, Column, Family, Index, Reference, Table
from senim.connectors.sql.rights import Seen

_HERE = "TABLE_SCHEMA = :place"
_COLUMNS = sa.text(f"""
    SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH,
           COALESCE(COLLATION_NAME, ''), COLUMN_DEFAULT IS NOT NULL, EXTRA
    FROM information_schema.COLUMNS WHERE {_HERE} ORDER BY TABLE_NAME, ORDINAL_POSITION
""")
_INDEXES = sa.text(f"""
    SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, NON_UNIQUE, SUB_PART FROM information_schema.STATISTICS
    WHERE {_HERE} ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
""")
_REFERENCES = sa.text("""
    SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME,
           k.REFERENCED_COLUMN_NAME, r.DELETE_RULE
    FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
      ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
     AND r.TABLE_NAME = k.TABLE_NAME
    WHERE k.TABLE_SCHEMA = :place AND k.REFERENCED_TABLE_NAME IS NOT NULL
    ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION
""")
_CHECKS = sa.text("""
    SELECT t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE
    FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c
      ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
    WHERE t.TABLE_SCHEMA = :place AND t.CONSTRAINT_TYPE = 'CHECK'
""")
_FAMILIES = {
    Family.TEXT: "char varchar text tinytext mediumtext longtext",
    Family.INTEGER: "tinyint smallint mediumint int bigint",
    Family.DECIMAL: "decimal float double",
    Family.DATE: "date",
    Family.TIME: "datetime timestamp",
    Family.BINARY: "binary varbinary blob tinyblob mediumblob longblob",
    Family.JSON: "json",
    Family.UUID: "uuid",
}
_FAMILY = {word: family for family, words in _FAMILIES.items() for word in words.split()}
_WITHOUT_LENGTH = ("text", "mediumtext", "longtext")


def read(connection: Connection, schema: str | None, place: str, seen: Mapping[str, Seen]) -> Iterator[Table]:
    """The tables of a database. ``schema`` is how maps call it: None for the one that the address names."""

    def asked(query: sa.TextClause) -> dict[str, list[Sequence[Any]]]:
        found: dict[str, list[Sequence[Any]]] = {}
        for row in connection.execute(query, {"place": place}):
            found.setdefault(row[0], []).append(row[1:])
        return found

    columns, indexes, references, checks = map(asked, (_COLUMNS, _INDEXES, _REFERENCES, _CHECKS))
    for name, known in seen.items():
        named = f"{schema}.{name}" if schema else name
        found = {str(row[0]): _column(row) for row in columns.get(name, ())}
        listed = [one for one in indexes.get(name, ()) if not (known.past and _ends(found, one))]
        tracks = dict(_indexes(listed))
        key = tracks.pop("PRIMARY", None)
        yield Table(
            id=named,
            name=name,
            schema=schema,
            columns=found,
            key=key.columns if key else _other_key(tracks.values(), found),
            indexes=tuple(tracks.values()),
            references=tuple(_references(named, references.get(name, ()), schema, place)),
            checks=tuple(Check(name=str(row[0]), sql=str(row[1])) for row in checks.get(name, ())),
            rights=known.rights,
            rows=known.rows,
            transactional=known.transactional,
            past=known.past,
        )


def _column(row: Sequence[Any]) -> Column:
    name, sort, written, nullable, length, collation, default, extra = row
    family = _FAMILY.get(str(sort), Family.OTHER)
    bounded = family is Family.TEXT and length is not None and sort not in _WITHOUT_LENGTH
    return Column(
        name=str(name),
        type=str(written).upper(),
        family=family,
        nullable=nullable == "YES",
        length=int(length) if bounded else None,
        default=bool(default) or "auto_increment" in str(extra),
        generated="GENERATED" in str(extra),
        folded="_ci" in str(collation),
    )


def _ends(columns: Mapping[str, Column], row: Sequence[Any]) -> bool:
    """Whether a column of an index says until when a row held: MariaDB adds it to each key, to tell old rows apart."""
    return str(row[1]) in columns and columns[str(row[1])].generated


def _indexes(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, Index]]:
    for name, group in groupby(rows, key=itemgetter(0)):
        listed = list(group)
        whole = all(row[3] is None for row in listed)  # of a part of a text an index is unique in another sense
        columns = tuple(str(row[1] or "") for row in listed)
        yield str(name), Index(columns=columns, unique=whole and not int(listed[0][2]))


def _other_key(indexes: Iterable[Index], columns: Mapping[str, Column]) -> tuple[str, ...]:
    fit = (
        one.columns
        for one in indexes
        if one.unique and all(name in columns and not columns[name].nullable for name in one.columns)
    )
    return next(fit, ())


def _references(table: str, rows: Iterable[Sequence[Any]], schema: str | None, place: str) -> Iterator[Reference]:
    for name, group in groupby(rows, key=itemgetter(0)):
        listed = list(group)
        there, to, rule = listed[0][2], listed[0][3], listed[0][5]
        prefix = schema if there == place else there
        yield Reference(
            table=table,
            columns=tuple(str(row[1]) for row in listed),
            to=f"{prefix}.{to}" if prefix else str(to),
            to_columns=tuple(str(row[4]) for row in listed),
            name=str(name),
            on_delete=str(rule),
        )
