"""``codes.md``: every code, what it means in three languages, the kind of refusal and the HTTP status."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import senim
from scripts.docs.markdown import code, fill, first_sentence, table
from senim import errors
from senim.errors import Code, SenimError
from senim.languages import wording
from senim.web.shared.problems import status_of

SOURCE = Path(senim.__file__).parent
KINDS: dict[str, type[SenimError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, SenimError) and kind not in (SenimError, errors.Stale)
}
GROUND, FILE = "ground", "policy file"
"""Codes that are no refusal of a call: the ground of an allowance, a fault of a policy file."""

_GATHERED = {
    "gate/rules.py": ("NotPromised",),
    "gate/actions.py": ("NotPromised",),
    "consent/rules.py": ("NotPromised",),
    "collection/rules.py": ("Invalid",),
    "collection/actions.py": ("Invalid",),
    "policy/values.py": ("Invalid", FILE),
    "policy/actions.py": (FILE,),
    "policy/file.py": (FILE,),
    "policy/shape.py": (FILE,),
    "policy/rules.py": (FILE,),
    "messaging/actions.py": ("Unavailable",),
    "messaging/inbox.py": ("Invalid",),
    "storage/sqlite.py": ("Unavailable",),
    "storage/postgres.py": ("Unavailable",),
    "storage/database.py": ("Unavailable",),
    "storage/commit.py": ("Unavailable",),
}
"""Where codes are gathered before they are raised: the kinds that the gathering file raises."""

_ROLES = (Code.ROLE_NOT_ALLOWED, Code.HUMAN_READ_FORBIDDEN)


@functools.cache
def kinds() -> dict[Code, tuple[str, ...]]:
    """Code → the kinds of refusal that carry it, as the source raises them."""
    found: dict[Code, set[str]] = {one: set() for one in Code}
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if name != "errors.py":
            for one, kind in _raised(ast.parse(path.read_text(encoding="utf-8")), name):
                found[one].add(kind)
    for one in (Code.GRANTED_BY_CONSENT, Code.GRANTED_BY_LAW):
        found[one] = {GROUND}
    for one in _ROLES:
        found[one] = {"NotAllowed"}
    return {one: tuple(sorted(told, key=_rank)) for one, told in found.items()}


def _rank(kind: str) -> int:
    return [*KINDS, FILE, GROUND].index(kind)


def _raised(tree: ast.AST, name: str) -> Iterator[tuple[Code, str]]:
    """Codes in a file with the kind that is made with them, or else the kinds of what the file gathers."""
    direct: set[int] = set()
    for node in ast.walk(tree):
        kind, arguments = _made(node)
        for argument in arguments:
            for inner in ast.walk(argument):
                if (one := _code(inner)) is not None:
                    direct.add(id(inner))
                    yield one, kind if kind in KINDS else FILE
    for node in ast.walk(tree):
        one = _code(node)
        if one is not None and id(node) not in direct:
            for kind in _GATHERED.get(name, ()):
                yield one, kind


def _made(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """The kind of refusal or fault that a call makes, and the arguments in which its codes stand."""
    if not isinstance(node, ast.Call):
        return "", []
    if isinstance(node.func, ast.Name) and node.func.id in (*KINDS, "Fault"):
        return node.func.id, node.args[:1]
    made = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "because" else None
    return (made.id, node.args) if isinstance(made, ast.Name) and made.id in KINDS else ("", [])


def _code(node: ast.AST) -> Code | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code":
        return Code[node.attr]
    return None


def statuses(one: Code) -> list[int]:
    """The HTTP statuses that a code comes with."""
    return sorted({status_of(KINDS[kind](one)) for kind in kinds()[one] if kind in KINDS})


def page() -> str:
    """The page."""
    meanings = [
        [code(name), first_sentence(kind.__doc__), str(status_of(kind(Code.INVALID_VALUE)))]
        for name, kind in KINDS.items()
    ]
    head = ["code", "kind", "status", "қазақша", "русский", "English"]
    return fill(
        "codes",
        kinds=table(["kind", "meaning", "usual status"], meanings),
        file=FILE,
        ground=GROUND,
        codes=table(head, (_row(one) for one in Code)),
    )


def _row(one: Code) -> list[str]:
    where = f'<a id="{one.value}"></a>`{one.value}`'
    return [where, "<br>".join(kinds()[one]), "<br>".join(str(status) for status in statuses(one)), *_texts(one)]


def _texts(one: Code) -> list[str]:
    text = wording("codes")[one.value]
    return [text.kk, text.ru, text.en]
