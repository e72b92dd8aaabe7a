"""``promises.md``: from each of the 148 clauses to the controls, folders and tests that keep it."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path

from scripts.docs.markdown import cell, code, fill, table
from senim.cli.folder import PROFILES, profile
from senim.conformance import control_names
from senim.conformance.controls import BY_NAME
from senim.policy import Policy, check
from senim.policy.records import Clause
from senim.testing import FixedClock

ROOT = Path(__file__).parents[2]
_ID = re.compile(rf"\b(?:{'|'.join(PROFILES)})-\d+\b")
KEPT, LATER = "kept", "cannot be told yet"


@functools.cache
def policy_of(name: str) -> Policy:
    """The policy of an example operator."""
    checked = check(profile(name), control_names(), FixedClock().moment.date())
    assert checked.policy is not None, checked.faults
    return checked.policy


@functools.cache
def _citing(folder: str) -> dict[str, tuple[str, ...]]:
    """Clause id → the Python files below a folder that name it."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for clause in sorted(set(_ID.findall(path.read_text(encoding="utf-8")))):
            found.setdefault(clause, []).append(path.relative_to(ROOT).as_posix())
    return {clause: tuple(paths) for clause, paths in found.items()}


def state_of(clause: Clause) -> str:
    """Whether this release keeps a clause: all its controls are built; otherwise a room is still to come."""
    return LATER if later(clause) else KEPT


def later(clause: Clause) -> list[str]:
    """The controls of a clause that are not built yet."""
    return [name for name in clause.kept_by if BY_NAME[name].drill is None]


def page() -> str:
    """The page."""
    clauses = {name: policy_of(name).clauses for name in PROFILES}
    every = [clause for found in clauses.values() for clause in found]
    return fill(
        "promises",
        count=len(every),
        summary=table(
            ["operator", "its policy", "clauses", "kept", "cannot be told yet"],
            [
                *([f"[{name}](#{name})", policy_of(name).title.en, *_counts(found)] for name, found in clauses.items()),
                ["all", "", *_counts(every)],
            ],
        ),
        operators="\n".join(_operator(name, found) for name, found in clauses.items()),
    )


def _counts(clauses: Sequence[Clause]) -> tuple[str, str, str]:
    kept = sum(state_of(clause) == KEPT for clause in clauses)
    return str(len(clauses)), str(kept), str(len(clauses) - kept)


def _operator(name: str, clauses: tuple[Clause, ...]) -> str:
    rows = [
        [
            f'<a id="{one.id}"></a>{one.id}',
            _short(one.says.en),
            _controls(one),
            _folders(one),
            _tests(one),
            state_of(one),
        ]
        for one in clauses
    ]
    head = ["id", "the policy says", "kept by", "folders", "tests", "state"]
    return f"## {name}\n\n[The policy file](../../src/senim/profiles/{name}.yaml)\n\n{table(head, rows)}"


def _short(text: str, most: int = 120) -> str:
    line = cell(text)
    return line if len(line) <= most else f"{line[: line.rfind(' ', 0, most)]} …"


def _controls(clause: Clause) -> str:
    waiting = later(clause)
    return "<br>".join(f"{code(name)}{' (later)' if name in waiting else ''}" for name in clause.kept_by)


def _folders(clause: Clause) -> str:
    built = {BY_NAME[name].room for name in clause.kept_by if BY_NAME[name].drill is not None}
    cited = {Path(path).parts[2] for path in _citing("src").get(clause.id, ()) if len(Path(path).parts) > 3}
    here = [f"[{one}](../../src/senim/{one}/)" for one in sorted(built | cited)]
    rooms = sorted({BY_NAME[name].room for name in later(clause)} - built - cited)
    return "<br>".join([*here, *(f"{one} (later)" for one in rooms)])


def _tests(clause: Clause) -> str:
    found = _citing("tests").get(clause.id, ())
    return "<br>".join(f"[{path.removeprefix('tests/').removesuffix('.py')}](../../{path})" for path in found)
