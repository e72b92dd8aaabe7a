"""``acts.md``: what the log tells, act by act and field by field."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

from scripts.docs.codes import SOURCE
from scripts.docs.markdown import code, codes, field_docs, fill, table
from senim.audit import records
from senim.audit.records import Entry, Outcome
from senim.languages import Text, wording

_ACT = re.compile(r"[a-z]+\.(?!toml|yaml)[a-z_]+\Z")

_RECORDING = ("record", "attempt", "mould", "change", "_begin", "record_later")
"""Calls that are given the name of an act."""


@functools.cache
def recorded() -> dict[str, tuple[str, ...]]:
    """Act → the folders whose code records or attempts it, read from the source."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        folder = path.relative_to(SOURCE).parts[0]
        for act in _acts(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(act, set()).add(folder)
    return {act: tuple(sorted(folders)) for act, folders in sorted(found.items())}


def _acts(tree: ast.AST) -> Iterator[str]:
    """Acts written out in a call of what records one, or named by a constant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in _RECORDING:
            yield from _words(node.args)
        elif isinstance(node, ast.Assign) and all(_name(inner).isupper() for inner in _targets(node)):
            yield from _words(node.value.elts if isinstance(node.value, ast.Tuple) else [node.value])


def _targets(node: ast.Assign) -> list[ast.expr]:
    first = node.targets[0]
    return first.elts if isinstance(first, ast.Tuple) else [first]


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _words(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ACT.match(node.value):
            yield node.value


def page() -> str:
    """The page."""
    texts, docs = wording("acts"), field_docs(records)
    found = [[code(one.value), wording("evidence")[one.value].en] for one in records.ProblemKind]
    return fill(
        "acts",
        acts=table(["act", "recorded by", "what happened"], _told(texts)),
        outcomes=table(
            ["outcome", "meaning"], [[code(one.value), docs["Outcome"].get(one.name, "")] for one in Outcome]
        ),
        fields=table(
            ["field", "meaning"], [[code(name), docs["Entry"].get(name, "")] for name in Entry.__struct_fields__]
        ),
        problems=table(["kind", "meaning"], found),
    )


def _told(texts: dict[str, Text]) -> list[list[str]]:
    return [[code(act), codes(folders), texts[act].en] for act, folders in recorded().items()]
