"""``senim access``: keys of the operator's systems."""

from __future__ import annotations

from pathlib import Path

import click

from senim.cli.terminal import folder_option, json_option, opened, show_json
from senim.times import moment, stamp


@click.group()
def access() -> None:
    """Keys of your systems: add, list, revoke."""


@access.command()
@click.argument("label")
@click.option("--role", required=True, help="One of the policy's roles.")
@folder_option
@json_option
def add(label: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Make a key for the system LABEL. Its token is shown this once."""
    with opened(folder) as senim:
        key, token = senim.run(senim.actor(), lambda work: senim.access.add(work, label, role=role))
    if as_json:
        show_json({"id": key.id, "role": key.role, "token": token})
    else:
        click.echo(f"Key {key.id} for {label} in role {role}. Keep the token safe, it is not shown again:")
        click.echo(token)


@access.command("list")
@folder_option
@json_option
def list_(folder: Path, *, as_json: bool) -> None:
    """List the keys, without their secrets."""
    with opened(folder) as senim:
        found = senim.access.all(senim.works.begin(senim.actor()))
    told = [
        {
            "id": one.id,
            "label": one.label,
            "role": one.role,
            "created": stamp(moment(one.created_at)),
            "revoked": stamp(moment(one.revoked_at)) if one.revoked_at else None,
        }
        for one in found
    ]
    if as_json:
        show_json(told)
        return
    for one in told:
        click.echo(
            f"{one['id']}  {one['role']:16} {'revoked' if one['revoked'] else 'good':8}"
            f" {one['created']}  {one['label']}"
        )


@access.command()
@click.argument("key_id")
@folder_option
@json_option
def revoke(key_id: str, folder: Path, *, as_json: bool) -> None:
    """Revoke a key: it opens nothing any more."""
    with opened(folder) as senim:
        senim.run(senim.actor(), lambda work: senim.access.revoke(work, key_id))
    if as_json:
        show_json({"id": key_id, "revoked": True})
    else:
        click.echo("Revoked.")
