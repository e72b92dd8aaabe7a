"""``senim policy``: check, show, publish, cancel, diff, schema."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from senim.app import Senim
from senim.cli.terminal import (
    counted,
    fail,
    fault_in_json,
    folder_option,
    json_option,
    language,
    opened,
    show_json,
    when,
)
from senim.conformance import control_names
from senim.errors import Code, NotFound, Unavailable
from senim.languages import LANGUAGES, Language, explain
from senim.policy import Checked, Version, check, json_schema, read_file
from senim.policy.records import Policy
from senim.settings import read

IN_FORCE, NEXT = "in-force", "next"
"""What a version may be called instead of by its number."""


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
        "problems": [fault_in_json(fault) for fault in checked.faults],
        "clashes": [
            {"rule": one.rule, "clause": one.clause, "article": one.article, "detail": one.detail, "wins": one.wins}
            for one in checked.clashes
        ],
    }


def _as_text(path: Path, checked: Checked) -> None:
    for fault in checked.faults:
        click.echo(f"{path}:{fault.line}:{fault.column}: {fault.code}: {fault.where}")
        hint = f" ({fault.hint.in_(language())})" if fault.hint else ""
        click.echo(f"    {explain(fault.code, language())}{hint}")
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
        count = len(checked.faults)
        click.echo(f"{path}: {count} problem{'' if count == 1 else 's'}; it cannot be published.")


@policy.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--effective",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]),
    help="When it takes effect, e.g. 2026-12-01T00:00+0500 (UTC if no zone is said); now if left out.",
)
@folder_option
@json_option
def publish(file: Path | None, effective: datetime | None, folder: Path, *, as_json: bool) -> None:
    """Publish the policy file as the next version. It cannot be changed afterwards.

    Versions that take effect later stay as they are; one that is no longer wanted can be cancelled till then.
    """
    path, source = _source(folder, file)
    checked = check(source, control_names(), datetime.now(UTC).date())
    if not checked.ok:
        if as_json:
            show_json(_as_json(checked))
        else:
            _as_text(path, checked)
        sys.exit(1)
    moment = effective.replace(tzinfo=effective.tzinfo or UTC) if effective else None
    with opened(folder) as senim:
        done = senim.run(senim.actor(), lambda work: senim.policies.publish(work, source, effective=moment))
        later = [one for one in senim.policies.timeline() if one.place > done.place]
    if as_json:
        coming = [{"version": one.number, "effective": one.effective} for one in later]
        show_json({"version": done.number, "digest": done.digest, "effective": done.effective, "replaced_by": coming})
        return
    click.echo(f"Published version {done.number} of {done.policy.id}, in force from {when(done.effective)}.")
    click.echo(f"sha256 {done.digest}")
    for one in later:
        click.echo(
            f"Version {one.number} takes its place on {when(one.effective)}: senim policy cancel {one.number}, if not."
        )


@policy.command()
@click.argument("number", type=int)
@folder_option
@json_option
def cancel(number: int, folder: Path, *, as_json: bool) -> None:
    """Cancel version NUMBER before it takes effect: it stays readable, and never binds."""
    with opened(folder) as senim:
        done = senim.run(senim.actor(), lambda work: senim.policies.cancel(work, number))
    if as_json:
        show_json({"version": done.number, "digest": done.digest, "cancelled": done.cancelled})
    else:
        click.echo(f"Version {done.number}, which was to take effect on {when(done.effective)}, is cancelled.")


@policy.command()
@click.argument("number", type=int, required=False)
@click.option("--version", "named", type=int, help="The same as NUMBER.")
@click.option(
    "--language",
    "chosen",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the text.",
)
@folder_option
@json_option
def show(number: int | None, named: int | None, chosen: Language, folder: Path, *, as_json: bool) -> None:
    """Show the published version NUMBER (the newest if left out): its text, its date and hash, and the others."""
    with opened(folder) as senim:
        versions = senim.policies.versions()
        if not versions:
            raise Unavailable(Code.POLICY_NOT_PUBLISHED)
        wanted = named if number is None else number
        version = senim.policies.version(versions[-1].number if wanted is None else wanted)
        now = senim.works.clock.now()
        order = senim.policies.timeline()
    begun = [one.number for one in order if one.effective <= now]
    standing = {one.number: _standing(one, begun) for one in versions}
    if as_json:
        show_json(
            {
                "version": version.number,
                "effective": version.effective,
                "published": version.published,
                "published_by": version.published_by,
                "cancelled": version.cancelled,
                "standing": standing[version.number],
                "digest": version.digest,
                "policy": version.policy,
            }
        )
        return
    click.echo(f"{version.policy.title.in_(chosen)}  [{version.number}]")
    for one in versions:
        mark = "→" if one.number == version.number else " "
        told = {"in force": "in force since", "earlier": "in force from", "coming": "to be in force from"}
        since = told.get(standing[one.number], "cancelled; was to be in force from")
        click.echo(f"{mark} version {one.number}, {since} {when(one.effective)}, sha256 {one.digest[:16]}…")
    for clause in version.policy.clauses:
        if clause.heading:
            click.echo(f"\n{clause.heading.in_(chosen).upper()}")
        click.echo(f"\n{clause.id}  {clause.says.in_(chosen)}")


def _standing(version: Version, begun: list[int]) -> str:
    """Where a version stands now: cancelled, coming, in force or earlier."""
    if version.cancelled is not None:
        return "cancelled"
    if version.number not in begun:
        return "coming"
    return "in force" if version.number == begun[-1] else "earlier"


@policy.command()
@click.argument("old", required=False)
@click.argument("new", required=False)
@folder_option
@json_option
def diff(old: str | None, new: str | None, folder: Path, *, as_json: bool) -> None:
    """Compare two versions (numbers, “in-force”, “next”) or files, and tell whose consent no longer covers the new one.

    Without arguments: the version in force against the policy file. With one: that against the file.
    """
    with opened(folder) as senim:
        before, number = _side(senim, folder, old or IN_FORCE)
        after, _ = _side(senim, folder, new)
        found, renewals = senim.policies.compare(before, after)
        newest = number or len(senim.policies.versions())
        people = {name: senim.consents.people(senim.database, name, newest) for name in renewals}
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
        click.echo(f"new consent needed for “{name}” ({', '.join(why)}): {counted(people[name], 'person', 'people')}")
    if not found:
        click.echo("No difference.")
    elif not renewals:
        click.echo("Nobody needs to consent anew.")


def _side(senim: Senim, folder: Path, name: str | None) -> tuple[Policy, int]:
    """A version by number or by where it stands, or a file by path, checked."""
    if name in (IN_FORCE, NEXT):
        now, order = senim.works.clock.now(), senim.policies.timeline()
        begun = [one for one in order if one.effective <= now]
        # Before the first day the first version that comes is what the operator has.
        found = [*begun[-1:], *order[len(begun) :]] if name == IN_FORCE else order[len(begun) :]
        if not found:
            raise (
                NotFound(Code.NOT_FOUND, f"policy version {name}") if order else Unavailable(Code.POLICY_NOT_PUBLISHED)
            )
        return found[0].policy, max(one.number for one in (*begun, found[0]))
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
