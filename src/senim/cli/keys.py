"""``senim keys``: the operator's own keys."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click
import msgspec

from senim.cli.terminal import counted, fail, folder_option, json_option, opened, show_json
from senim.errors import Code, Invalid
from senim.settings import read
from senim.vault import FileKeys
from senim.vault.persons import TRUST_SECONDS


@click.group()
def keys() -> None:
    """The operator's keys: check, rotate."""


@keys.command()
@folder_option
@json_option
def check(folder: Path, *, as_json: bool) -> None:
    """Check that the keys are there, are readable by their owner alone, and are those of this key store."""
    with opened(folder) as senim:
        counts = senim.persons.counts()
        public = {"log": senim.log.vkey, "statements": senim.jwk}
    if as_json:
        show_json({"ok": True, "people": counts, "public": public})
        return
    click.echo("The keys fit this key store.")
    for kek, number in sorted(counts.items()):
        click.echo(f"  {kek}: wraps the keys of {counted(number, 'person', 'people')}")
    click.echo(f"  log key: {public['log']}")


@keys.command()
@folder_option
def rotate(folder: Path) -> None:
    """Make a new key-encryption key and wrap everybody's key with it. Values need not be touched.

    When it is done the old key file may be destroyed: with it die all keys in old backups of the key store.
    """
    settings = read(folder, os.environ)
    if settings.keys.provider != "file":
        raise Invalid(
            Code.SETTING_WRONG, "keys.provider", detail="rotate the key where it lives, then run senim keys rewrap"
        )
    files = FileKeys(folder / settings.keys.folder)
    old = files.current()
    files.create(f"kek-{int(old[4:]) + 1}")
    time.sleep(TRUST_SECONDS * 1.5)  # until no running service wraps a new person's key with the old one
    _rewrap(folder, old)


@keys.command()
@folder_option
def rewrap(folder: Path) -> None:
    """Wrap everybody's key with the newest key-encryption key."""
    _rewrap(folder, "the old key")


def _rewrap(folder: Path, old: str) -> None:
    with opened(folder) as senim:
        done = senim.persons.rewrap_all()
        left = {kek: number for kek, number in senim.persons.counts().items() if kek == old}
    if left:
        fail(f"Still wrapped with {old}: {counted(sum(left.values()), 'key')}; run it again.")
    again = counted(done, "key")
    click.echo(f"Wrapped anew: {again}. {old} may be destroyed, and with it old backups of the key store.")


@keys.command()
@folder_option
@json_option
def public(folder: Path, *, as_json: bool) -> None:
    """Print the public keys of checkpoints, receipts and proofs."""
    with opened(folder) as senim:
        if as_json:
            show_json({"log": senim.log.vkey, "statements": senim.jwk})
        else:
            click.echo(senim.log.vkey)
            click.echo(msgspec.json.encode(senim.jwk).decode())
