"""``senim connectors tasks`` and ``done``: what people do in systems that no program reaches."""

from __future__ import annotations

from pathlib import Path

import click

from senim.app import Senim
from senim.cli.terminal import file_of, folder_option, json_option, language, opened, role_option, show_json, when
from senim.times import moment


@click.command()
@click.option("--all", "done", is_flag=True, help="Those that are done too.")
@folder_option
@json_option
def tasks(folder: Path, *, done: bool, as_json: bool) -> None:
    """List what people have to do by hand. It is not told whom a task is about: see “task”."""
    with opened(folder) as senim:
        found = senim.tasks.list(senim.database, done=done)
    if as_json:
        show_json(found)
        return
    for one in found:
        end = f"done {when(moment(one.done_at))}, {one.evidence}" if one.done_at else "open"
        click.echo(f"{one.id}  {one.system:16} {one.wish:13} {one.role:16} since {when(moment(one.made_at))}  {end}")
    click.echo(f"{len(found)} tasks")


@click.command()
@click.argument("task_id")
@role_option
@folder_option
@json_option
def task(task_id: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Show a task: what to do, and for whom. That somebody looked is in the log."""
    with opened(folder) as senim:
        one, about = senim.run(senim.actor(role), lambda work: senim.tasks.read(work, task_id))
        words = _words(senim, one.system, one.wish)
    if as_json:
        show_json({"task": one, "about": about, "words": words})
        return
    click.echo(f"{one.system}: {words or one.wish}")
    for kind, values in about.who.items():
        click.echo(f"  {kind}: {', '.join(values)}")
    for field, value in about.changes.items():
        click.echo(f"  {field} becomes: {value or '—'}")


def _words(senim: Senim, system: str, wish: str) -> str:
    """What the map says there is to do; nothing if the system has no map any more."""
    found = senim.systems.check(system).map if system in senim.systems.names() else None
    text = found.system.tasks.get(wish) if found else None
    return text.in_(language()) if text else ""


@click.command()
@click.argument("task_id")
@click.option("--archive", default="", help="Where the paper that shows it lies in your archive, such as AR-2026/0412.")
@click.option(
    "--scan",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The scan that shows it: it is sealed with the request.",
)
@click.option("--rows", default=0, type=click.IntRange(min=0), help="How many records there were.")
@role_option
@folder_option
@json_option
def done(task_id: str, archive: str, scan: Path | None, rows: int, role: str, folder: Path, *, as_json: bool) -> None:
    """Say that a task is done and nothing of the person is left there; a scan or a place in the archive shows it."""
    media, content = file_of(scan) if scan else ("", b"")
    with opened(folder) as senim:
        one = senim.run(
            senim.actor(role),
            lambda work: senim.tasks.done(work, task_id, archive=archive, scan=content, media=media, rows=rows),
        )
    if as_json:
        show_json(one)
    else:
        click.echo(f"{one.system}: done, {one.evidence}. The request goes on with the next look at what is due.")
