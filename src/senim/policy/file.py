"""The YAML file as a tree that knows its lines: nothing is interpreted yet.

Scalars stay text until the format says what they should be, so that ``bin: 010203400016`` keeps its zero,
``version: 3`` may stand without quotes and ``country: NO`` is Norway.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from senim.errors import Code, Unavailable
from senim.languages import Hint, Language, explain
from senim.policy.unreadable import why

MOST_BYTES = 4 * 1024 * 1024
"""Largest policy file. The longest of the five real texts takes 150 kB in three languages."""

MOST_NODES = 400_000
"""Nodes after aliases are expanded: a file that blows up beyond it is refused."""

MOST_DEPTH = 40

MOST_FAULTS = 1_000
"""Faults of one kind of look that are told: who has more needs another file, not a longer list."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a policy file: a code, where it stands and what exactly, in words for each reader."""

    code: Code
    where: str
    hint: Hint | None = None
    line: int = 0
    column: int = 0
    clause: str = ""

    def says(self, language: Language) -> str:
        """What is wrong here, in sentences: the hint, or else what the code means anywhere."""
        return self.hint.sentences(language) if self.hint else explain(self.code, language)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the file: ``value`` is text, a list of nodes or a mapping of nodes. Lines count from 1."""

    value: str | list[Node] | dict[str, Node]
    line: int
    column: int
    keys: dict[str, tuple[int, int]]

    def plain(self) -> Any:
        """Text, lists and mappings alone, without their lines."""
        if isinstance(self.value, dict):
            return {key: one.plain() for key, one in self.value.items()}
        return [one.plain() for one in self.value] if isinstance(self.value, list) else self.value


def read_file(path: Path) -> bytes:
    """The content of a file, and no more than shows that it is too large. Raises Unavailable (policy_unreadable)."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unavailable(Code.POLICY_UNREADABLE, path.name) from error


def parse(source: bytes) -> tuple[Node | None, list[Fault]]:
    """The tree of a file, or the faults that kept it from being read."""
    if len(source) > MOST_BYTES:
        return None, [Fault(Code.POLICY_TOO_LARGE, "", Hint("too-long", most=MOST_BYTES))]
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        return None, [Fault(Code.POLICY_UNREADABLE, "", Hint("not-utf-8"), line, 1)]
    try:
        _check_depth(text)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except _TooDeepError as error:
        deep = Hint("too-deep", most=MOST_DEPTH)
        return None, [Fault(Code.POLICY_UNREADABLE, "", deep, error.line, error.column)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return None, [Fault(Code.POLICY_UNREADABLE, "", why(error), line, column)]
    except (yaml.YAMLError, RecursionError) as error:
        return None, [Fault(Code.POLICY_UNREADABLE, "", why(error), *_unprintable(text))]
    if root is None:
        return None, [Fault(Code.POLICY_UNREADABLE, "", Hint("empty"), 1, 1)]
    reader = _Reader()
    return reader.read(root, "", ()), reader.faults


def _unprintable(text: str) -> tuple[int, int]:
    """Line and column of the first character that YAML takes nowhere."""
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    at = found.start() if found else 0
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


class _TooDeepError(Exception):
    def __init__(self, line: int, column: int) -> None:
        self.line, self.column = line, column


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the composer, which recurses, meets it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                mark = event.start_mark
                raise _TooDeepError(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reader:
    """Walks YAML's nodes: duplicates, cycles, aliases that blow up."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._count = 0

    def read(self, node: yaml.Node, where: str, above: tuple[int, ...]) -> Node:
        mark = node.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        self._count += 1
        if id(node) in above:
            self.faults.append(Fault(Code.REFERENCE_CYCLIC, where, Hint("alias-circle"), line, column))
            return Node("", line, column, {})
        if self._count > MOST_NODES:
            if self._count == MOST_NODES + 1:
                self.faults.append(Fault(Code.POLICY_TOO_LARGE, where, Hint("alias-bomb"), line, column))
            return Node("", line, column, {})
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where, (*above, id(node)), line, column)
        if isinstance(node, yaml.SequenceNode):
            inner = (*above, id(node))
            items = [self.read(item, f"{where}[{index}]", inner) for index, item in enumerate(node.value)]
            return Node(items, line, column, {})
        return Node("" if node.tag.endswith(":null") else str(node.value), line, column, {})

    def _mapping(self, node: yaml.MappingNode, where: str, above: tuple[int, ...], line: int, column: int) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            place = (mark.line + 1, mark.column + 1) if mark else (line, column)
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            path = f"{where}.{key}" if where else key
            if key in found:
                if len(self.faults) < MOST_FAULTS:
                    first = Hint("first-line", line=keys[key][0])
                    self.faults.append(Fault(Code.KEY_DUPLICATE, path, first, *place))
                continue
            found[key] = self.read(value_node, path, above)
            keys[key] = place
        return Node(found, line, column, keys)
