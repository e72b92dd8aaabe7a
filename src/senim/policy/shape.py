"""Holds a file's tree against the format: every fault with its line, all in one run.

What could not be read is left out where that may be, and stood in for where it may not: its path is a gap, and
the rules of :mod:`senim.policy.rules` look at all the rest.

The format is the structs of :mod:`senim.policy.records` and those that it names; the JSON Schema for
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
from senim.languages import Hint
from senim.policy import records, rights, visits
from senim.policy.file import MOST_FAULTS, Fault, Node
from senim.policy.gaps import Gaps

_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}
_FOUND = {str: Hint("found-text"), list: Hint("a-list"), dict: Hint("a-mapping")}
"""What stands where something else was expected."""

_STAND_INS = ("", "left-out", "XX", "https://left-out.example")
"""Texts that stand in for one that could not be read: one of them has the form of every id, country or address."""

PLACEHOLDER = "???"
"""What a text begins with that is still to be filled in (``senim init``)."""

GONE: Any = object()
"""What could not be read."""


class Shaper:
    """Turns a tree into plain data of the right types, collecting faults.

    ``told`` are paths at which the reader of the file could not go on, and said so.
    """

    def __init__(self, told: frozenset[str] = frozenset()) -> None:
        self.faults: list[Fault] = []
        self.places: dict[str, tuple[int, int]] = {}
        self._told = told
        self._gaps: set[str] = set()

    @property
    def gaps(self) -> Gaps:
        """Where something is left out or stood in for."""
        return Gaps(frozenset(self._gaps))

    def shape(self, kind: Any, node: Node, where: str) -> Any:
        """The data of ``node`` as ``kind``; ``GONE`` where a fault was noted."""
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

    def fault(self, code: Code, where: str, hint: Hint | None, place: tuple[int, int]) -> None:
        """Note a fault, unless there are more than anybody reads."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(code, where, hint, *place))

    def _wrong(self, node: Node, where: str, expected: Hint) -> Any:
        found = Hint("found-nothing") if node.value == "" else _FOUND[type(node.value)]
        hint = Hint("expected", expected=expected, found=found)
        return self._gone(Code.TYPE_WRONG, where, hint, (node.line, node.column))

    def _gone(self, code: Code, where: str, hint: Hint | None, place: tuple[int, int]) -> Any:
        """Note a fault, and that the part is not there for the rules."""
        if where not in self._told:
            self.fault(code, where, hint, place)
        self._gaps.add(where)
        return GONE

    def _struct(self, kind: shapes.StructType, node: Node, where: str) -> Any:
        if not isinstance(node.value, dict):
            return self._wrong(node, where, Hint("mapping-with", keys=_listed([f.encode_name for f in kind.fields])))
        fields = {field.encode_name: field for field in kind.fields}
        shaped = {}
        for key, value in node.value.items():
            path = f"{where}.{key}" if where else key
            if key in fields:
                shaped[key] = self.shape(fields[key].type, value, path)
            elif len(self.faults) >= MOST_FAULTS:
                break
            else:
                self._unknown(key, list(fields), where, node)
        for name, field in fields.items():
            path = f"{where}.{name}" if where else name
            if field.required and name not in node.value:
                self._gone(Code.KEY_MISSING, path, Hint("add", key=name), (node.line, node.column))
            if field.required and shaped.get(name, GONE) is GONE:
                shaped[name] = _stand_in(field.type)
        return {name: value for name, value in shaped.items() if value is not GONE}

    def _unknown(self, key: str, known: list[str], where: str, node: Node) -> None:
        """A key that the format does not know; what it was most likely meant for is not there."""
        beside = node.value if isinstance(node.value, dict) else {}
        inside = f"{where}." if where else ""
        near = difflib.get_close_matches(key, known, 1)
        hint = Hint("meant", name=near[0]) if near else Hint("known-here", known=_listed(known))
        if " " in key and not beside[key].value:
            hint = Hint("quotes")
        self.fault(Code.KEY_UNKNOWN, inside + key, hint, node.keys[key])
        if near and near[0] not in beside:
            self._gaps.add(inside + near[0])

    def _dict(self, kind: shapes.DictType, node: Node, where: str) -> Any:
        if not isinstance(node.value, dict):
            return self._wrong(node, where, Hint("mapping-of-names"))
        shaped = {}
        for key, value in node.value.items():
            path = f"{where}.{key}"
            self.places[path] = node.keys[key]
            good = self._key(kind.key_type, key, path, node.keys[key])
            inside = self.shape(kind.value_type, value, path)
            if good:
                shaped[key] = _stand_in(kind.value_type) if inside is GONE else inside
        return shaped

    def _key(self, kind: Any, key: str, path: str, place: tuple[int, int]) -> bool:
        """Whether a name that the file gives to a part may be one."""
        if isinstance(kind, shapes.LiteralType):
            return self._choice(key, list(kind.values), path, place) is not GONE
        pattern = getattr(kind, "pattern", None)
        if pattern and not re.search(pattern, key):
            self._gone(Code.ID_WRONG, path, Hint("id-letters", name=key), place)
            return False
        return True

    def _list(self, kind: shapes.VarTupleType, node: Node, where: str) -> Any:
        if not isinstance(node.value, list):
            return self._wrong(node, where, Hint("a-list"))
        shaped = (self.shape(kind.item_type, item, f"{where}[{index}]") for index, item in enumerate(node.value))
        return [_stand_in(kind.item_type) if one is GONE else one for one in shaped]

    def _union(self, kind: shapes.UnionType, node: Node, where: str) -> Any:
        """A part that may be written short (a word) or long (a mapping)."""
        if isinstance(node.value, dict):
            long = [one for one in kind.types if isinstance(one, shapes.StructType)]
            if long:
                return self.shape(long[0], node, where)
        lists = [one for one in kind.types if isinstance(one, shapes.VarTupleType)]
        if lists and isinstance(node.value, list):
            return self.shape(lists[0], node, where)
        short = [one for one in kind.types if not isinstance(one, shapes.StructType | shapes.NoneType)]
        if short:
            return self.shape(short[0], node, where)
        return self.shape(next(one for one in kind.types if isinstance(one, shapes.StructType)), node, where)

    def _scalar(self, kind: Any, node: Node, where: str) -> Any:
        if not isinstance(node.value, str):
            return self._wrong(node, where, _name(kind))
        text, place = node.value, (node.line, node.column)
        if text.startswith(PLACEHOLDER):
            what = text.removeprefix(PLACEHOLDER).strip()[:100]
            return self._gone(Code.PLACEHOLDER, where, Hint("fill-in", what=what) if what else None, place)
        match kind:
            case shapes.StrType():
                if kind.pattern and not re.search(kind.pattern, text):
                    unlike = Hint("pattern", text=text[:60], pattern=kind.pattern)
                    return self._gone(Code.ID_WRONG, where, unlike, place)
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
        return self._wrong(node, where, _name(kind))

    def _choice(self, text: str, choices: list[Any], where: str, place: tuple[int, int]) -> Any:
        for choice in choices:
            if text == str(choice):
                return choice
        near = difflib.get_close_matches(text, [str(choice) for choice in choices], 1)
        likely = Hint("meant", name=near[0]) if near else None
        hint = Hint("none-of", likely, text=text[:60], choices=_listed([str(one) for one in choices]))
        return self._gone(Code.TYPE_WRONG, where, hint, place)


def _stand_in(kind: Any) -> Any:
    """Plain data of a type for what could not be read; its path is a gap, so nobody is told about it."""
    match kind:
        case shapes.StructType():
            return {one.encode_name: _stand_in(one.type) for one in kind.fields if one.required}
        case shapes.DictType():
            return {}
        case shapes.VarTupleType():
            return []
        case shapes.UnionType():
            return _stand_in(kind.types[0])
        case shapes.EnumType():
            return next(iter(kind.cls)).value
        case shapes.LiteralType():
            return kind.values[0]
        case shapes.IntType():
            return kind.ge or 0
        case shapes.BoolType():
            return False
        case shapes.DateType():
            return "2000-01-01"
        case shapes.StrType():
            return next(one for one in _STAND_INS if not kind.pattern or re.search(kind.pattern, one))
        case _:
            return None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _listed(names: list[str]) -> str:
    return ", ".join(names[:20])


def _name(kind: Any) -> Hint:
    match kind:
        case shapes.IntType():
            return Hint("whole-number")
        case shapes.BoolType():
            return Hint("true-or-false")
        case shapes.DateType():
            return Hint("a-date")
        case shapes.EnumType():
            return Hint("one-of", choices=_listed([str(one.value) for one in kind.cls]))
        case shapes.LiteralType():
            return Hint("one-of", choices=_listed([str(one) for one in kind.values]))
        case _:
            return Hint("a-text")


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
    sources = (introspect.getsource(module) for module in (records, rights, visits))
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
