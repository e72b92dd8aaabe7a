"""Pieces of Markdown, and what docstrings say."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType

WRITTEN = "<!-- Written by `make docs` from the program itself. Change the source, not this file. -->"
_PLACE = re.compile(r"{{ (\w+) }}")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell(one) for one in line)} |\n" for line in lines)


def cell(text: str) -> str:
    """Text as it may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|") or " "


def code(text: str) -> str:
    """Text as code, or nothing for nothing."""
    return f"`{text}`" if text else ""


def codes(texts: Iterable[str]) -> str:
    """Several words as code."""
    return ", ".join(code(text) for text in texts)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def prose(docstring: str | None) -> str:
    """A docstring as Markdown: roles and double back-quotes made plain, argument lists left out."""
    text = inspect.cleandoc(docstring or "")
    text = re.sub(r":\w+:`~?\.?([^`]*)`", r"`\1`", text)
    return text.replace("``", "`")


def first_sentence(docstring: str | None) -> str:
    """The first paragraph of a docstring in one line."""
    return " ".join(prose(docstring).split("\n\n")[0].split())


def field_docs(module: ModuleType) -> dict[str, dict[str, str]]:
    """The docstring under each attribute of each class of a module: class → attribute → text."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = dict(_documented(node.body))
    return found


def _documented(body: list[ast.stmt]) -> Iterable[tuple[str, str]]:
    for line, after in pairwise(body):
        name = _name(line)
        if name and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = after.value.value
            if isinstance(text, str):
                yield name, " ".join(prose(text).split())


def _name(line: ast.stmt) -> str:
    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
        return line.target.id
    if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
        return line.targets[0].id
    return ""


def fill(page: str, **parts: object) -> str:
    """The page ``pages/<page>.md`` with its ``{{ places }}`` filled. Raises KeyError if the places are others."""
    template = (Path(__file__).parent / "pages" / f"{page}.md").read_text(encoding="utf-8")
    places = set(_PLACE.findall(template))
    if places != set(parts):
        raise KeyError(*(places ^ set(parts)))
    return _PLACE.sub(lambda match: str(parts[match[1]]).rstrip("\n"), template)
