"""``senim conformance``: the promises board."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from senim.cli.terminal import folder_option, json_option, language, opened, show_json, when
from senim.conformance import Board, ControlResult, Status
from senim.languages import in_words, wording
from senim.policy import Policy

_MARKS = {Status.KEPT: "✓", Status.BROKEN: "✗", Status.CANNOT_TELL: "?"}


@click.command()
@click.option(
    "--drill",
    "drilling",
    is_flag=True,
    help="Run every control's drill first, on throw-away platforms with this policy.",
)
@click.option("--full", is_flag=True, help="Show every control of every clause.")
@folder_option
@json_option
def conformance(folder: Path, *, drilling: bool, full: bool, as_json: bool) -> None:
    """Show for every clause: kept, broken or cannot be told, by which control, with what evidence and when.

    Exit code 1 if a clause is broken.
    """
    with opened(folder) as senim:
        if drilling:
            told = (lambda name: None) if as_json else (lambda name: click.echo(f"drilling {name}", err=True))
            board = senim.conformance.drill(told=told)
        else:
            board = senim.conformance.board()
        policy = senim.policies.version(board.version).policy
    if as_json:
        show_json(_as_json(board))
    else:
        show_board(board, policy, full=full)
    sys.exit(1 if board.count(Status.BROKEN) else 0)


def _as_json(board: Board) -> dict[str, Any]:
    return {
        "policy": board.policy,
        "version": board.version,
        "clauses": [
            {
                "id": clause.id,
                "status": clause.status.value,
                "controls": [
                    {"name": one.name, "status": one.status.value, "evidence": _evidence(one), "at": one.at}
                    for one in clause.controls
                ],
            }
            for clause in board.clauses
        ],
    }


def _evidence(one: ControlResult) -> dict[str, Any]:
    return {
        "code": one.evidence.value,
        "detail": in_words(one.detail, language()),
        "acts": one.count,
        "since": one.since,
    }


def show_board(board: Board, policy: Policy, *, full: bool) -> None:
    """Print the board: a line a clause, and what is not kept with its reason."""
    says = {clause.id: clause.says.in_(language()) for clause in policy.clauses}
    words = wording("evidence")
    click.echo(f"{policy.title.in_(language())}, version {board.version}")
    for clause in board.clauses:
        click.echo(f"{_MARKS[clause.status]} {clause.id:14} {_short(says[clause.id])}")
        for one in clause.controls:
            if full or one.status is Status.BROKEN:
                _show_control(one, words[one.evidence.value].in_(language()))
    counts = ", ".join(f"{board.count(status)} {words[status.value].in_(language())}" for status in Status)
    click.echo(f"{len(board.clauses)} clauses: {counts}.")


def _show_control(one: ControlResult, why: str) -> None:
    detail = f": {in_words(one.detail, language())}" if one.detail else ""
    live = f"; {one.count} acts in the log since {when(one.since)}" if one.count else ""
    click.echo(f"    {_MARKS[one.status]} {one.name:32} {when(one.at)}  {why}{detail}{live}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:89]}…"
