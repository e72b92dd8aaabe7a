"""``senim log``: read and export."""

from __future__ import annotations

from pathlib import Path

import click

from senim.cli.terminal import counted, folder_option, json_option, opened, show_json
from senim.identity import ending


@click.group()
def log() -> None:
    """Read and export the log."""


@log.command()
@click.option("--from", "start", type=click.IntRange(0), default=None, help="First entry; the last twenty if left out.")
@click.option("--to", "end", type=click.IntRange(0), default=None, help="Before this entry.")
@folder_option
@json_option
def show(start: int | None, end: int | None, folder: Path, *, as_json: bool) -> None:
    """Show sealed entries with their numbers."""
    with opened(folder) as senim:
        senim.tick()
        first = start if start is not None else max(0, senim.log.size - 20)
        entries = list(senim.log.entries(first, end))
    if as_json:
        show_json([{"index": index, "entry": entry} for index, entry in entries])
        return
    for index, entry in entries:
        about = ending(entry.subject) if entry.subject else ""
        told = " ".join(part for part in (entry.purpose, entry.recipient, entry.reason, *entry.codes) if part)
        click.echo(f"{index:>9}  {entry.at}  {entry.act:18} {entry.outcome:8} {about:10} {told}")


@log.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@folder_option
@json_option
def export(target: Path, folder: Path, *, as_json: bool) -> None:
    """Write the log to the folder TARGET as an outsider's copy (C2SP tlog-tiles); `senim verify TARGET` checks it."""
    with opened(folder) as senim:
        size = senim.log.export(target)
        key = senim.log.vkey
    if as_json:
        show_json({"size": size, "folder": target, "key": key})
    else:
        click.echo(f"{counted(size, 'entry', 'entries')} in {target}. Verify with: senim verify {target} --key '{key}'")


@log.command()
@folder_option
def checkpoint(folder: Path) -> None:
    """Print the newest signed checkpoint; keep it elsewhere, and no entry before it can be cut unseen."""
    with opened(folder) as senim:
        senim.tick()
        click.echo(senim.log.checkpoint(), nl=False)


@log.command()
@folder_option
def key(folder: Path) -> None:
    """Print the public key of the log, a verifier key line."""
    with opened(folder) as senim:
        click.echo(senim.log.vkey)
