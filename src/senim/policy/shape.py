"""Holds a file's tree against the format: every fault with its line, all in one run.

The format is the structs of :mod:`senim.policy.records` and :mod:`senim.policy.rights`; the JSON Schema for
editors comes from the same.
"""

from __future__ import annotations

import ast
import difflib
import functools
import inspect as introspect
import re
from datetime import date
from typing import Any, get_args

import msgspec
from msgspec import inspect as shapes

from senim.errors import Code
from senim.policy import records, rights
from senim.policy.file import MOST_FAULTS, Fault, Node

_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}


class Shaper:
    """Turns a tree into plain data of the right types, collecting faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.places: dict[str, tuple[int, int]] = {}

    def shape(self, kind: Any, node: Node, where: str) -> Any:
        """The data of ``node`` as ``kind``; None where a fault was noted."""
        self.places.setdefault(where, (node.line, node.column))
        match kind:
            case shapes.StructType():
                return self._struct(kind, node, where)
            case shapes.DictType():
                return self._dict(kind, node, where)
            case shapes.VarTupleType():
                return self._list(kind, node, where)
            case shapes.UnionType():
                return self._union(kind, node, where)
            case _:
                return self._scalar(kind, node, where)

    def fault(self, code: Code, where: str, detail: str, place: tuple[int, int]) -> None:
        """Note a fault, unless there are more than anybody reads."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(code, where, detail, *place))

    def _wrong(self, node: Node, where: str, expected: str) -> None:
        got = {str: "text", list: "a list", dict: "a mapping"}[type(node.value)]
        if node.value == "":
            got = "nothing"
        self.fault(Code.TYPE_WRONG, where, f"expected {expected}, found {got}", (node.line, node.column))

    def _struct(self, kind: shapes.StructType, node: Node, where: str) -> dict[str, Any] | None:
        if not isinstance(node.value, dict):
            self._wrong(node, where, f"a mapping with {_listed([f.encode_name for f in kind.fields])}")
            return None
        fields = {field.encode_name: field for field in kind.fields}
        shaped = {}
        for key, value in node.value.items():
            path = f"{where}.{key}" if where else key
            if key not in fields:
                if len(self.faults) >= MOST_FAULTS:
                    break
                near = difflib.get_close_matches(key, fields, 1)
                detail = f"did you mean “{near[0]}”?" if near else f"known here: {_listed(list(fields))}"
                self.fault(Code.KEY_UNKNOWN, path, detail, node.keys[key])
                continue
            shaped[key] = self.shape(fields[key].type, value, path)
        for field in kind.fields:
            if field.required and field.encode_name not in node.value:
                path = f"{where}.{field.encode_name}" if where else field.encode_name
                self.fault(Code.KEY_MISSING, path, f"add “{field.encode_name}:”", (node.line, node.column))
        return shaped

    def _dict(self, kind: shapes.DictType, node: Node, where: str) -> dict[str, Any] | None:
        if not isinstance(node.value, dict):
            self._wrong(node, where, "a mapping of names")
            return None
        pattern = getattr(kind.key_type, "pattern", None)
        for key in node.value:
            if pattern and not re.search(pattern, key):
                self.fault(
                    Code.ID_WRONG, f"{where}.{key}", f"“{key}”: lower-case letters, digits, hyphens", node.keys[key]
                )
            if isinstance(kind.key_type, shapes.LiteralType):
                self._choice(key, list(kind.key_type.values), f"{where}.{key}", node.keys[key])
        for key, place in node.keys.items():
            self.places[f"{where}.{key}"] = place
        return {key: self.shape(kind.value_type, value, f"{where}.{key}") for key, value in node.value.items()}

    def _list(self, kind: shapes.VarTupleType, node: Node, where: str) -> list[Any] | None:
        if not isinstance(node.value, list):
            self._wrong(node, where, "a list")
            return None
        return [self.shape(kind.item_type, item, f"{where}[{index}]") for index, item in enumerate(node.value)]

    def _union(self, kind: shapes.UnionType, node: Node, where: str) -> Any:
        """A part that may be written short (a word) or long (a mapping)."""
        if isinstance(node.value, dict):
            long = [one for one in kind.types if isinstance(one, shapes.StructType)]
            if long:
                return self.shape(long[0], node, where)
        short = [one for one in kind.types if not isinstance(one, shapes.StructType | shapes.NoneType)]
        if short:
            return self.shape(short[0], node, where)
        return self.shape(next(one for one in kind.types if isinstance(one, shapes.StructType)), node, where)

    def _scalar(self, kind: Any, node: Node, where: str) -> Any:
        if not isinstance(node.value, str):
            self._wrong(node, where, _name(kind))
            return None
        text, place = node.value, (node.line, node.column)
        match kind:
            case shapes.StrType():
                if kind.pattern and not re.search(kind.pattern, text):
                    self.fault(Code.ID_WRONG, where, f"“{text[:60]}” does not look like {kind.pattern}", place)
                    return None
                return text
            case shapes.EnumType() | shapes.LiteralType():
                choices = (
                    [str(one.value) for one in kind.cls] if isinstance(kind, shapes.EnumType) else list(kind.values)
                )
                return self._choice(text, choices, where, place)
            case shapes.IntType():
                if re.fullmatch(r"\d{1,9}", text) and int(text) >= (kind.ge or 0) and int(text) <= (kind.le or 10**9):
                    return int(text)
            case shapes.BoolType():
                if text.lower() in _BOOLEANS:
                    return _BOOLEANS[text.lower()]
            case shapes.DateType():
                if re.fullmatch(r"\d{4}-\d\d-\d\d", text) and _is_date(text):
                    return text
        self._wrong(node, where, _name(kind))
        return None

    def _choice(self, text: str, choices: list[Any], where: str, place: tuple[int, int]) -> Any:
        for choice in choices:
            if text == str(choice):
                return choice
        near = difflib.get_close_matches(text, [str(choice) for choice in choices], 1)
        hint = f"; did you mean “{near[0]}”?" if near else ""
        self.fault(
            Code.TYPE_WRONG, where, f"“{text[:60]}” is none of {_listed([str(c) for c in choices])}{hint}", place
        )
        return None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _listed(names: list[str]) -> str:
    return ", ".join(names[:20])


def _name(kind: Any) -> str:
    match kind:
        case shapes.IntType():
            return "a whole number"
        case shapes.BoolType():
            return "true or false"
        case shapes.DateType():
            return "a date like 2026-11-22"
        case shapes.EnumType():
            return f"one of {_listed([str(one.value) for one in kind.cls])}"
        case shapes.LiteralType():
            return f"one of {_listed([str(one) for one in kind.values])}"
        case _:
            return "a text"


@functools.cache
def format_of_policy() -> Any:
    """The format as msgspec describes it."""
    return shapes.type_info(records.Policy)


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the policy file, with the docstrings as descriptions, for editors to complete."""
    schema = msgspec.json.schema(records.Policy)
    for name, described in _docstrings().items():
        properties = schema["$defs"].get(name, {}).get("properties", {})
        for field, text in described.items():
            key = field.replace("_", "-")
            if key in properties:
                properties[key] = {**properties[key], "description": text}
    # msgspec leaves out which keys a mapping may have when they are a closed list.
    schema["$defs"]["Rights"]["properties"]["kinds"]["propertyNames"] = {"enum": list(get_args(rights.RightKind))}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://senim.example/policy.schema.json",
        "title": "Senim policy",
        **schema,
    }


def _docstrings() -> dict[str, dict[str, str]]:
    """The docstring under each field of each struct."""
    found: dict[str, dict[str, str]] = {}
    sources = (introspect.getsource(module) for module in (records, rights))
    for node in (node for source in sources for node in ast.parse(source).body):
        if isinstance(node, ast.ClassDef):
            fields = found.setdefault(node.name, {})
            fields.update(filter(None, map(_documented, node.body, node.body[1:])))
    return found


def _documented(line: ast.stmt, after: ast.stmt) -> tuple[str, str] | None:
    """A field's name and the docstring under it, if ``line`` is a field and ``after`` its docstring."""
    match line, after:
        case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
            return name, " ".join(text.split())
    return None
