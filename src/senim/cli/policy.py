"""``senim policy``: check, show, publish, diff, schema."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from senim.cli.terminal import fail, folder_option, json_option, language, opened, show_json, when
from senim.conformance import control_names
from senim.errors import Code, Unavailable
from senim.languages import explain
from senim.policy import Checked, check, json_schema, read_file
from senim.policy.records import Policy
from senim.settings import read


@click.group()
def policy() -> None:
    """Check, show, publish and compare the policy."""


def _source(folder: Path, file: Path | None) -> tuple[Path, bytes]:
    path = file or folder / read(folder, os.environ).policy
    return path, read_file(path)


@policy.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@folder_option
@json_option
def check_(file: Path | None, folder: Path, *, as_json: bool) -> None:
    """Find everything wrong with a policy FILE, and where it clashes with the law.

    Faults end with exit code 1: the file cannot be published. Clashes do not: the law wins, and they are shown.
    """
    path, source = _source(folder, file)
    checked = check(source, control_names(), datetime.now(UTC).date())
    if as_json:
        show_json(_as_json(checked))
    else:
        _as_text(path, checked)
    sys.exit(0 if checked.ok else 1)


def _as_json(checked: Checked) -> dict[str, Any]:
    return {
        "problems": [
            {
                "code": fault.code,
                "where": fault.where,
                "clause": fault.clause,
                "article": "",
                "detail": fault.detail,
                "line": fault.line,
                "column": fault.column,
            }
            for fault in checked.faults
        ],
        "clashes": [
            {"rule": one.rule, "clause": one.clause, "article": one.article, "detail": one.detail, "wins": one.wins}
            for one in checked.clashes
        ],
    }


def _as_text(path: Path, checked: Checked) -> None:
    for fault in checked.faults:
        click.echo(f"{path}:{fault.line}:{fault.column}: {fault.code}: {fault.where}")
        click.echo(f"    {explain(fault.code, language())}{f' ({fault.detail})' if fault.detail else ''}")
    names = {rule.id: rule.name for rule in checked.law.rules} if checked.law else {}
    for clash in checked.clashes:
        clause = clash.clause or "(no clause)"
        click.echo(
            f"clash {clause}, art. {clash.article}: {names[clash.rule].in_(language())} ({clash.detail}); the law wins"
        )
    if checked.ok and checked.policy:
        clauses, fields = len(checked.policy.clauses), len(checked.policy.fields())
        click.echo(f"{path}: good. {clauses} clauses, {fields} fields, {len(checked.clashes)} clashes with the law.")
    else:
        click.echo(f"{path}: {len(checked.faults)} problems; it cannot be published.")


@policy.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--effective",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="When it takes effect (UTC); now if left out.",
)
@folder_option
@json_option
def publish(file: Path | None, effective: datetime | None, folder: Path, *, as_json: bool) -> None:
    """Publish the policy file as the next version. It cannot be changed afterwards."""
    path, source = _source(folder, file)
    checked = check(source, control_names(), datetime.now(UTC).date())
    if not checked.ok:
        if as_json:
            show_json(_as_json(checked))
        else:
            _as_text(path, checked)
        sys.exit(1)
    with opened(folder) as senim:
        moment = effective.replace(tzinfo=UTC) if effective else None
        done = senim.run(senim.actor(), lambda work: senim.policies.publish(work, source, effective=moment))
    if as_json:
        show_json({"version": done.number, "digest": done.digest, "effective": done.effective})
    else:
        click.echo(f"Published version {done.number} of {done.policy.id}, in force from {when(done.effective)}.")
        click.echo(f"sha256 {done.digest}")


@policy.command()
@click.option("--version", "number", type=int, help="A version; the newest if left out.")
@click.option(
    "--language",
    "chosen",
    type=click.Choice(["kk", "ru", "en"]),
    default="en",
    show_default=True,
    help="Language of the text.",
)
@folder_option
@json_option
def show(number: int | None, chosen: str, folder: Path, *, as_json: bool) -> None:
    """Show a published version: its text, its date and hash, and the earlier ones."""
    with opened(folder) as senim:
        versions = senim.policies.versions()
        if not versions:
            raise Unavailable(Code.POLICY_NOT_PUBLISHED)
        version = senim.policies.version(versions[-1].number if number is None else number)
    if as_json:
        show_json(
            {
                "version": version.number,
                "effective": version.effective,
                "digest": version.digest,
                "policy": version.policy,
            }
        )
        return
    click.echo(f"{version.policy.title.in_(chosen)}  [{version.number}]")  # type: ignore[arg-type]  # click checked it
    for one in versions:
        mark = "→" if one.number == version.number else " "
        click.echo(f"{mark} version {one.number}, in force from {when(one.effective)}, sha256 {one.digest[:16]}…")
    for clause in version.policy.clauses:
        if clause.heading:
            click.echo(f"\n{clause.heading.in_(chosen).upper()}")  # type: ignore[arg-type]
        click.echo(f"\n{clause.id}  {clause.says.in_(chosen)}")  # type: ignore[arg-type]


@policy.command()
@click.argument("old", required=False)
@click.argument("new", required=False)
@folder_option
@json_option
def diff(old: str | None, new: str | None, folder: Path, *, as_json: bool) -> None:
    """Compare two versions (numbers) or files, and tell whose consent no longer covers the new one.

    Without arguments: the newest published version against the policy file. With one: that against the file.
    """
    with opened(folder) as senim:
        newest = len(senim.policies.versions())
        before, number = _side(senim, folder, old or str(newest))
        after, _ = _side(senim, folder, new)
        found, renewals = senim.policies.compare(before, after)
        people = {name: senim.consents.people(senim.database, name, number or newest) for name in renewals}
    if as_json:
        show_json(
            {
                "changes": found,
                "new_consent": [
                    {"purpose": name, "why": why, "people": people[name]} for name, why in renewals.items()
                ],
            }
        )
        return
    for change in found:
        click.echo(f"{change.kind:8} {change.where}")
        if change.before:
            click.echo(f"       - {change.before[:200]}")
        if change.after:
            click.echo(f"       + {change.after[:200]}")
    for name, why in renewals.items():
        click.echo(f"new consent needed for “{name}” ({', '.join(why)}): {people[name]} people")
    if not found:
        click.echo("No difference.")
    elif not renewals:
        click.echo("Nobody needs to consent anew.")


def _side(senim: Any, folder: Path, name: str | None) -> tuple[Policy, int]:
    """A version by number or a file by path, checked."""
    if name is not None and name.isdecimal():
        return senim.policies.version(int(name)).policy, int(name)
    path, source = _source(folder, Path(name) if name else None)
    checked = check(source, control_names(), datetime.now(UTC).date())
    if checked.policy is None or not checked.ok:
        _as_text(path, checked)
        fail("The file has problems; mend them first.")
        raise AssertionError
    return checked.policy, 0


@policy.command()
def schema() -> None:
    """Print the JSON Schema of the policy file, for editors to complete and check it."""
    show_json(json_schema())


@policy.command()
@json_option
def controls(*, as_json: bool) -> None:
    """List the controls that a clause may name in “kept-by”."""
    from senim.conformance.controls import CONTROLS
    from senim.languages import wording

    says = wording("controls")
    if as_json:
        show_json([{"name": one.name, "built": one.drill is not None, "says": says[one.name]} for one in CONTROLS])
        return
    for one in CONTROLS:
        click.echo(f"{one.name:34} {'' if one.drill else '(later) '}{says[one.name].in_(language())}")
