"""``senim technical``: what devices tell by themselves, counted for a purpose, and removed when its time is over."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import cast, get_args

import click

from senim.cli.terminal import counted, folder_option, json_option, naming, opened, role_option, show_json
from senim.collection.technical_records import By


@click.group()
def technical() -> None:
    """What devices tell by themselves: count it for a purpose, remove what is over."""


@technical.command()
@click.option("--purpose", required=True, help="The purpose that it is looked at for.")
@click.option("--by", default="day", show_default=True, type=click.Choice(get_args(By)), help="What to count by.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="The first day.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
@role_option
@folder_option
@json_option
def show(
    purpose: str, by: str, since: datetime | None, until: datetime | None, role: str, folder: Path, *, as_json: bool
) -> None:
    """Count visits by day, hour, page, referrer, browser, device or system. That somebody looked is in the log."""
    first, last = since.date() if since else date.min, until.date() if until else date.max
    with opened(folder) as senim, naming(senim, purpose):
        found = senim.run(
            senim.actor(role),
            lambda work: senim.technical.count(work, purpose, by=cast("By", by), since=first, until=last),
        )
    if as_json:
        show_json(found)
        return
    for one in found.counts:
        click.echo(f"{one.visits:8}  {one.addresses:8}  {one.of or '-'}")
    click.echo(f"{counted(found.total, 'visit')}. The second column is addresses, each counted anew in each period.")


@technical.command()
@folder_option
@json_option
def sweep(folder: Path, *, as_json: bool) -> None:
    """Remove visits whose time is over, and keys of pseudonyms whose day or week is. The service does so by itself."""
    with opened(folder) as senim:
        swept = senim.technical.sweep()
        senim.tick()
        senim.tidy_keys()
    if as_json:
        show_json({"removed": swept})
    else:
        click.echo(f"{counted(swept, 'visit')} removed.")
