"""``senim init``: an operator's folder."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import click

from senim.app import make_folder
from senim.cli.terminal import json_option, show_json
from senim.conformance import control_names
from senim.errors import Code, Invalid
from senim.policy import check, read_file

PROFILES = ("travel", "airline", "tickets", "foundation", "shop")
BLANK = "blank"
"""What the operator of a policy with places to fill in is called, if its folder's name will not do."""

_UNFIT = re.compile(r"[^a-z0-9-]+")


def profile(name: str) -> bytes:
    """The policy file of an example operator."""
    return resources.files("senim.profiles").joinpath(f"{name}.yaml").read_bytes()


def blank() -> bytes:
    """A policy file with places to fill in."""
    return resources.files("senim.policy").joinpath("blank.yaml").read_bytes()


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--profile",
    "name",
    type=click.Choice(PROFILES),
    help="The example to begin with; a policy with places to fill in if left out.",
)
@click.option(
    "--policy",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Your own policy file instead.",
)
@click.option("--database", default="", help="sqlite:///file or postgresql://user@host/name.")
@click.option(
    "--keys", "key_store", default="", help="Database of the key store, another one; sqlite:///keys.db if left out."
)
@click.option("--origin", default="", help="The log's name in its checkpoints, e.g. shop.example/log.")
@json_option
def init(
    directory: Path,
    name: str | None,
    file: Path | None,
    database: str,
    key_store: str,
    origin: str,
    *,
    as_json: bool,
) -> None:
    """Make an operator's folder in DIRECTORY: policy.yaml, senim.toml, keys and empty databases."""
    source = read_file(file) if file else profile(name) if name else blank()
    checked = check(source, control_names(), datetime.now(UTC).date())
    if any(fault.code is Code.POLICY_TOO_LARGE for fault in checked.faults):
        raise Invalid(Code.POLICY_TOO_LARGE, file.name if file else BLANK)
    ident = (
        checked.policy.id if checked.policy else _UNFIT.sub("-", directory.resolve().name.lower()).strip("-") or BLANK
    )
    make_folder(directory, source, database=database, key_store=key_store, origin=origin or f"{ident}.example/log")
    if as_json:
        show_json({"folder": directory, "policy": ident})
        return
    made = (
        ""
        if file
        else f": policy.yaml ({f'profile {name}' if name else 'fill in what begins with ???'}), senim.toml, keys/"
    )
    click.echo(f"Made {directory}{made}.")
    click.echo(
        f"The log's name is {origin or f'{ident}.example/log'} (log.origin in senim.toml): change it now or never."
    )
    click.echo("Back up keys/ and the key store apart from the data. Next:")
    click.echo(f"  edit {directory / 'policy.yaml'}")
    click.echo(f"  senim policy check -C {directory}")
    click.echo(f"  senim policy publish -C {directory}")
    click.echo(f"  senim access add site --role <role> -C {directory}")
    click.echo(f"  senim staff add <name> -C {directory}")
    click.echo(f"  senim serve -C {directory}")
