"""The house keeps its order: sizes, privacy of stores, wording, and nothing that betrays a machine."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from senim.errors import Code
from senim.languages import LANGUAGES

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
GENERATED = {"0001_first.py"}
"""Migrations are written by Alembic: one long list of tables each."""

FUNCTION, FILE, NESTING = 60, 500, 3
FORBIDDEN = {"models", "services", "utils", "util", "helpers", "common", "core", "manager", "managers"}
FEATURE_FILES = {"records", "rules", "store", "actions"}


def _functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def _length(function: ast.FunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _all_functions() -> list[tuple[str, int]]:
    return [
        (f"{path.relative_to(ROOT)}:{one.name}", _length(one))
        for path in SOURCES
        if path.name not in GENERATED
        for one in _functions(path)
    ]


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_files_and_functions_keep_their_budgets() -> None:
    """No function is longer than 60 lines, no file than 500; most are far shorter."""
    functions = _all_functions()
    assert [name for name, lines in functions if lines > FUNCTION] == []
    lengths = sorted(lines for _, lines in functions)
    assert lengths[len(lengths) * 95 // 100] <= 45
    assert sum(1 for lines in lengths if lines <= 25) >= 0.8 * len(lengths)
    files = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
        if path.name not in GENERATED
    }
    assert {name: lines for name, lines in files.items() if lines > FILE} == {}


def _depth(node: ast.AST, level: int = 0) -> int:
    """How deep blocks lie in each other inside a function; ``elif`` and ``except`` do not count as deeper."""
    deepest = level
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
                continue
            is_elif = name == "orelse" and isinstance(node, ast.If) and isinstance(child, ast.If)
            block = isinstance(child, ast.If | ast.For | ast.While | ast.With | ast.Try) and not is_elif
            deepest = max(deepest, _depth(child, level + block))
    return deepest


def test_blocks_lie_at_most_three_deep() -> None:
    """Nobody has to keep more than three conditions in mind."""
    deep = [
        f"{path.relative_to(ROOT)}:{one.name}" for path in SOURCES for one in _functions(path) if _depth(one) > NESTING
    ]
    assert deep == []


def test_few_parameters_are_positional() -> None:
    """After ``self`` and ``work`` a public verb takes few things by their place; the rest by name."""
    many = []
    for path in SOURCES:
        if path.stem != "actions":
            continue
        for one in _functions(path):
            positional = [
                argument.arg for argument in one.args.args if argument.arg not in ("self", "work", "standing")
            ]
            if not one.name.startswith("_") and len(positional) > 3:
                many.append(f"{path.relative_to(ROOT)}:{one.name}({', '.join(positional)})")
    assert many == []


def test_folders_are_named_for_promises() -> None:
    """No folder or file is named for a kind of code."""
    assert [str(path) for path in SOURCES if FORBIDDEN & {path.stem, *path.relative_to(ROOT).parts}] == []


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_a_store_is_imported_by_its_own_folder_alone() -> None:
    """The only SQL of a feature is behind its own verbs. The log's store is what a work writes its entries with."""
    strangers = []
    for path in SOURCES:
        module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        for name in _imports(path):
            match = re.fullmatch(r"senim\.(\w+)\.(?:\w+_)?store(\.\w+)?", name)
            if match and not module.startswith(f"senim.{match[1]}.") and (module, match[1]) != ("senim.work", "audit"):
                strangers.append(f"{module} -> {name}")
    assert strangers == []


def test_sql_is_written_in_stores_alone() -> None:
    """Doors, rules and verbs hold no SQL; storage and stores do, and the drills that look through tables.

    ``connectors/sql`` speaks to the operator's own databases: SQL is what it is about.
    """
    stores = r"storage/|\w+/(\w+_)?store\.py|\w+/keystore\.py"
    allowed = re.compile(rf"senim/({stores}|connectors/sql/|work\.py|conformance/drills/(vault|technical)\.py)")
    loose = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if not allowed.search(path.as_posix()) and any(name.startswith("sqlalchemy") for name in _imports(path))
    ]
    assert loose == []


def test_every_public_name_has_a_docstring() -> None:
    """Modules, classes and public functions say what they promise."""
    bare = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in [tree, *[one for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)]]:
            name = getattr(node, "name", "")
            if not name.startswith("_") and ast.get_docstring(node) is None and path.name not in GENERATED:
                bare.append(f"{path.relative_to(ROOT)}:{name}")
    assert bare == []


def _wordings() -> Iterator[tuple[str, dict[str, object]]]:
    for path in sorted((ROOT / "src" / "senim" / "locales").glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            yield f"{path.name}:{name}", entry


def _incomplete(where: str, entry: object) -> Iterator[str]:
    if not isinstance(entry, dict):
        return
    if set(entry) & set(LANGUAGES):
        if set(entry) != set(LANGUAGES) or not all(str(text).strip() for text in entry.values()):
            yield where
        return
    for name, inner in entry.items():
        yield from _incomplete(f"{where}.{name}", inner)


def test_all_wording_is_complete_in_three_languages() -> None:
    """Kazakh, Russian and English are complete."""
    entries = dict(_wordings())
    assert len(entries) > 100
    assert [gap for where, entry in entries.items() for gap in _incomplete(where, entry)] == []


def test_kazakh_and_russian_hold_no_latin_lookalikes() -> None:
    """A Cyrillic word has no Latin letter in it: і is not i, а is not a."""
    mixed = re.compile(r"[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі][A-Za-z]|[A-Za-z][А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]")
    wrong = []
    for path in [*(ROOT / "src" / "senim" / "locales").glob("*.toml"), *(ROOT / "src/senim/profiles").glob("*.yaml")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            wrong += [f"{path.name}:{number}: {found[0]}" for found in mixed.finditer(line)]
    assert wrong == []


def test_every_code_is_worded_and_used() -> None:
    """Each code of a refusal has its three texts, and something in the code refuses with it."""
    worded = tomllib.loads((ROOT / "src/senim/locales/codes.toml").read_text(encoding="utf-8"))
    assert {code.value for code in Code} - set(worded) == set()
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.name != "errors.py")
    law = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/senim/law/packs").glob("*.yaml"))
    unused = [
        code.value
        for code in Code
        if f"Code.{code.name}" not in text and f'"{code.value}"' not in text and code.value not in law
    ]
    assert unused == []


def test_nothing_in_the_project_betrays_where_it_was_made() -> None:
    """No machine path, no registry's address, no private key, no unfinished note."""
    secret = re.compile(
        rb"/home/|/root/|/work/|-----BEGIN [A-Z ]*PRIVATE|\bTO"
        rb"DO\b|FIX"
        rb"ME|pypi\.org/simple|files\.pythonhosted"
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0].decode()}"
        for path in _tracked()
        if path.suffix not in {".png", ".ico"} and path != Path(__file__)
        for match in [secret.search(path.read_bytes())]
        if match
    ]
    assert found == []


def test_decisions_that_the_code_names_exist() -> None:
    """Every decision record that a docstring points to is there, numbered without a gap."""
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert numbers
    assert all(later - earlier == 1 for earlier, later in pairwise(numbers))
    named = {
        match
        for path in SOURCES
        for match in re.findall(r"docs/decisions/[\w-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("group", ["dependencies", "dev"])
def test_every_dependency_has_its_reason(group: str) -> None:
    """A dependency without a written reason is not taken; each has a lower bound and is locked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] if group == "dependencies" else project["dependency-groups"]["dev"]
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8").lower()
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    assert wanted
    for one in wanted:
        name = re.split(r"[\[<>=;! ]", one, maxsplit=1)[0].lower()
        assert ">=" in one, one
        assert name in reasons, f"{name} has no reason"
        assert f"\n{name}==" in f"\n{locked}" or f"\n{name}[" in f"\n{locked}", f"{name} is not locked"
