"""Reads and writes maps: YAML with the line of every fault, and the JSON Schema of the format."""

from __future__ import annotations

import ast
import inspect as introspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import yaml
from msgspec import inspect as shapes

from senim.connectors import datamap
from senim.connectors.datamap import DataMap, Refers, TableMap, duration
from senim.connectors.graph import owned_in_circles
from senim.connectors.records import WishKind
from senim.errors import Code
from senim.languages import Hint, Text
from senim.policy.file import Fault, parse
from senim.policy.gaps import meant
from senim.policy.shape import GONE, Shaper

MOST_SECRETS = 2
ENCODINGS = ("utf-8", "utf-16", "windows-1251", "cp1251", "koi8-r", "cp866", "iso-8859-5", "latin-1")
"""How the text of files may be written."""


@dataclass(frozen=True, slots=True)
class ReadMap:
    """A map file as it was read; ``map`` is None if it has a fault."""

    map: DataMap | None
    faults: tuple[Fault, ...] = ()


def read(source: bytes) -> ReadMap:
    """The map in a file, or all its faults with their lines and what to do."""
    tree, faults = parse(source)
    if tree is None:
        return ReadMap(None, tuple(faults))
    shaper = Shaper(frozenset(fault.where for fault in faults))
    plain = shaper.shape(shapes.type_info(DataMap), tree, "")
    faults += shaper.faults
    found = None
    if plain is not GONE and not shaper.gaps.paths and not faults:
        found = msgspec.convert(plain, DataMap)
        faults += (_placed(fault, shaper.places) for fault in faults_of(found))
    faults.sort(key=lambda fault: (fault.line, fault.column))
    return ReadMap(None if faults else found, tuple(faults))


def _placed(fault: Fault, places: dict[str, tuple[int, int]]) -> Fault:
    """A fault with the line of its place, or of the nearest part around it."""
    where = fault.where
    while where and where not in places:
        where = where.rpartition(".")[0]
    line, column = places.get(where, (1, 1))
    return replace(fault, line=line, column=column)


def faults_of(found: DataMap) -> Iterator[Fault]:
    """What is wrong with a map in itself, whatever the database is like."""
    yield from _system(found)
    for name, table in found.tables.items():
        where = f"tables.{name}"
        yield from _table(table, where)
        for number, one in enumerate(table.refers):
            yield from _reference(found, table, one, f"{where}.refers[{number}]")
    for name, number in owned_in_circles(found):
        hint = Hint("leads-back", other=found.tables[name].refers[number].to, table=name)
        yield Fault(Code.REFERENCE_CYCLIC, f"tables.{name}.refers[{number}].as", hint)
    for name in found.plain_tables:
        if name in found.tables:
            yield Fault(Code.ID_DUPLICATE, "plain-tables", Hint("plain-and-mapped", table=name))


def _system(found: DataMap) -> Iterator[Fault]:
    """What the kind of the system needs besides."""
    system = found.system
    if system.kind == "webhook" and not system.secret_env:
        yield Fault(Code.KEY_MISSING, "system.secret-env", Hint("secret-variable"))
    if len(system.secret_env) > MOST_SECRETS:
        yield Fault(Code.NUMBER_WRONG, "system.secret-env", Hint("two-secrets"))
    if system.kind == "manual" and not system.role:
        yield Fault(Code.KEY_MISSING, "system.role", Hint("task-role"))
    if system.kind == "manual" and "erase" not in system.tasks:
        yield Fault(Code.KEY_MISSING, "system.tasks.erase", Hint("task-text"))
    for name, text in system.tasks.items():
        where = f"system.tasks.{name}"
        if name not in [kind.value for kind in WishKind]:
            yield Fault(Code.ID_WRONG, where, Hint("one-of", choices=", ".join(WishKind)))
        if text.missing():
            yield Fault(Code.LANGUAGE_MISSING, where, Hint("no-text", language=", ".join(text.missing())))
    if system.kind == "files":
        for name, table in found.tables.items():
            if table.encoding and table.encoding.lower() not in ENCODINGS:
                hint = Hint("one-of", choices=", ".join(ENCODINGS))
                yield Fault(Code.TYPE_WRONG, f"tables.{name}.encoding", hint)
            if len(table.delimiter) > 1:
                yield Fault(Code.NUMBER_WRONG, f"tables.{name}.delimiter", Hint("one-character"))


def _table(table: TableMap, where: str) -> Iterator[Fault]:
    for column in table.plain:
        if column in table.columns:
            yield Fault(Code.ID_DUPLICATE, f"{where}.plain", Hint("plain-and-personal", column=column))
    for kind, column in table.identifying():
        if column not in table.columns:
            hint = Hint("identifying-column", column=column)
            yield Fault(Code.REFERENCE_DANGLING, f"{where}.person.{kind}", hint)
    for name, rule in table.keep.items():
        try:
            duration(rule.for_)
        except ValueError:
            yield Fault(Code.NUMBER_WRONG, f"{where}.keep.{name}.for", Hint("a-time"))
        if isinstance(rule.act, Text) and rule.act.missing():
            hint = Hint("no-text", language=", ".join(rule.act.missing()))
            yield Fault(Code.LANGUAGE_MISSING, f"{where}.keep.{name}.act", hint)


def _reference(found: DataMap, table: TableMap, one: Refers, where: str) -> Iterator[Fault]:
    if one.to not in found.tables and one.to not in found.plain_tables:
        hint = Hint("no-table", meant(one.to, list(found.tables)), table=one.to)
        yield Fault(Code.REFERENCE_DANGLING, f"{where}.to", hint)
        return
    target = found.tables.get(one.to)
    there = one.to_columns or (target.key if target else ())
    if not one.columns or (there and len(there) != len(one.columns)):
        hint = Hint("as-many-columns", table=one.to, count=len(there))
        yield Fault(Code.NUMBER_WRONG, f"{where}.columns", hint)
    if not there and one.as_ != "mentions":
        yield Fault(Code.KEY_MISSING, f"{where}.to-columns", Hint("which-columns", table=one.to))
    if one.as_ == "owns" and target is not None and target.person:
        yield Fault(Code.TYPE_WRONG, f"{where}.as", Hint("nobody-owns", table=one.to))
    if table.person and one.as_ is None:
        yield Fault(Code.KEY_MISSING, f"{where}.as", Hint("rows-are-people"))


def write(found: DataMap, comment: str = "") -> str:
    """A map as YAML that people like to read: short things in one line, what is left at its default left out."""
    plain = msgspec.to_builtins(found)
    text = yaml.dump(
        _pruned(plain), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=118, default_flow_style=False
    )
    head = "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines())
    return f"{head}{text}"


class _Flow(dict[str, Any]):
    """A mapping that is written in one line."""


class _Row(list[Any]):
    """A list that is written in one line."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(_Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, True))
_Dumper.add_representer(_Row, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, True))


def _pruned(plain: dict[str, Any]) -> dict[str, Any]:
    tables = {name: _table_lines(table) for name, table in plain["tables"].items()}
    found: dict[str, Any] = {"senim-map": 1, "system": {k: v for k, v in plain["system"].items() if v}}
    if found["system"].get("timeout") == 60:
        del found["system"]["timeout"]
    found["tables"] = tables
    if plain["plain-tables"]:
        found["plain-tables"] = _Row(plain["plain-tables"])
    return found


def _table_lines(table: dict[str, Any]) -> dict[str, Any]:
    lines: dict[str, Any] = {}
    if table["key"]:
        lines["key"] = _Row(table["key"])
    if table["person"]:
        lines["person"] = _Flow({kind: _short(value) for kind, value in table["person"].items()})
    lines["act"] = table["act"]
    if table["columns"]:
        lines["columns"] = {name: _Flow(_given(column)) for name, column in table["columns"].items()}
    if table["plain"]:
        lines["plain"] = _Row(table["plain"])
    if table["refers"]:
        lines["refers"] = [_Flow(_given(one)) for one in table["refers"]]
    if table["keep"]:
        lines["keep"] = table["keep"]
    if table["soft-delete"]:
        lines["soft-delete"] = _Flow(table["soft-delete"])
    lines |= {name: table[name] for name in ("encoding", "delimiter") if table[name]}
    return lines


def _short(value: Any) -> Any:
    return _Row(value) if isinstance(value, list | tuple) else value


def _given(part: dict[str, Any]) -> dict[str, Any]:
    """What differs from the defaults."""
    kept = {name: value for name, value in part.items() if value not in (None, "", (), [], {}, "any", False, True)}
    if part.get("export") is False:
        kept["export"] = False
    if part.get("inferred"):
        kept["inferred"] = True
    if part.get("with") == "":
        kept["with"] = ""
    return {name: _Row(value) if isinstance(value, list) else value for name, value in kept.items()}


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a map, with the docstrings as descriptions, for editors to complete."""
    schema = msgspec.json.schema(DataMap)
    for name, described in _docstrings().items():
        properties = schema["$defs"].get(name, {}).get("properties", {})
        for attribute, text in described.items():
            key = attribute.rstrip("_").replace("_", "-")
            if key in properties:
                properties[key] = {**properties[key], "description": text}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://senim.example/map.schema.json",
        "title": "Senim map",
        **schema,
    }


def _docstrings() -> dict[str, dict[str, str]]:
    """The docstring under each attribute of each part of the format."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(introspect.getsource(datamap)).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = dict(_documented(zip(node.body, node.body[1:], strict=False)))
    return found


def _documented(lines: Iterable[tuple[ast.stmt, ast.stmt]]) -> Iterator[tuple[str, str]]:
    for line, after in lines:
        match line, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())
