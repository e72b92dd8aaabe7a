"""What SQLite tells of its tables in its own way alone: unique columns, CHECK rules, whose inner part a table is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from senim.connectors.schema import Check, Index

_UNIQUE = """
    SELECT m.name, l.name, i.name FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i
    WHERE m.type = 'table' AND l."unique" AND NOT l.partial AND l.origin = 'u' ORDER BY m.name, l.seq, i.seqno
"""
_INNER = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'"
_TELLS_INNER = (3, 37)
_CHECK = re.compile(r"(?:\bCONSTRAINT\s+(\w+|\"[^\"]+\")\s+)?\bCHECK\s*\(", re.IGNORECASE)
_SPACES = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Lines:
    """What the text of a table says."""

    unique: tuple[Index, ...] = ()
    checks: tuple[Check, ...] = ()
    inner: bool = False
    """Whether another table keeps its rows in it (full-text search): they go with that one's, never by themselves."""


def read(connection: Connection) -> dict[str, Lines]:
    """Table → what its text says."""
    found: dict[str, Lines] = {}
    statements = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    for name, statement in statements:
        found[name] = Lines(checks=checks_of(statement or ""))
    columns: dict[tuple[str, str], list[str]] = {}
    for name, index, column in connection.exec_driver_sql(_UNIQUE):
        columns.setdefault((name, index), []).append(column)
    for (name, _), listed in columns.items():
        known = found[name]
        found[name] = replace(known, unique=(*known.unique, Index(columns=tuple(listed), unique=True)))
    if (connection.dialect.server_version_info or ()) >= _TELLS_INNER:
        for name in connection.exec_driver_sql(_INNER).scalars():
            found[name] = replace(found[name], inner=True)
    return found


def checks_of(statement: str) -> tuple[Check, ...]:
    """The CHECK rules in the text of a table, however they stand in it."""
    # Brackets and words within texts and names count for nothing: they are covered before anything is looked for.
    covered = _SPACES.sub(lambda one: '"' + "x" * (len(one[0]) - 2) + '"' if len(one[0]) > 1 else one[0], statement)
    found = []
    for match in _CHECK.finditer(covered):
        end = _closing(covered, match.end())
        name = statement[match.start(1) : match.end(1)].strip('"') if match[1] else ""
        found.append(Check(name=name, sql=statement[match.end() : end]))
    return tuple(found)


def _closing(text: str, start: int) -> int:
    """Where the bracket that was opened before ``start`` is closed."""
    open_brackets = 1
    for place in range(start, len(text)):
        open_brackets += {"(": 1, ")": -1}.get(text[place], 0)
        if not open_brackets:
            return place
    return len(text)
