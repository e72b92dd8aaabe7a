"""``senim receivers``: forms of page builders, as ``receivers.yaml`` in the operator's folder says."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from senim.cli.terminal import fail, folder_option, json_option, opened, show_json
from senim.collection.receivers import FILE, check, read


@click.command()
@folder_option
@json_option
def receivers(folder: Path, *, as_json: bool) -> None:
    """Check receivers.yaml against the policy in force, and show the address of each. Exit code 1 if anything is wrong.

    The key of the address is made with "senim access add NAME --role ROLE".
    """
    with opened(folder) as senim:
        if not (folder / FILE).is_file():
            fail(f"There is no {FILE} in {folder.name or 'this folder'}.")
        known = read((folder / FILE).read_bytes())
        problems = check(known, senim.policies.in_force(senim.works.clock.now()))
        base = (
            senim.settings.serve.url.rstrip("/") or f"http://{senim.settings.serve.address}:{senim.settings.serve.port}"
        )
    addresses = {name: f"{base}/receive/{name}/KEY" for name in known}
    if as_json:
        told = [{"name": name, "point": one.point, "address": addresses[name]} for name, one in known.items()]
        show_json({"receivers": told, "problems": problems})
    else:
        for name, one in known.items():
            click.echo(f"{name}: {one.kind} to {one.point}, at {addresses[name]}")
        for line in problems:
            click.echo(f"wrong: {line}")
    sys.exit(1 if problems else 0)
