"""``senim staff``: accounts of the people who work at the console. The first one is made here."""

from __future__ import annotations

from pathlib import Path

import click

from senim.app import Senim
from senim.cli.terminal import folder_option, json_option, opened, show_json
from senim.governance import Account
from senim.identity import RESPONSIBLE
from senim.languages import LANGUAGES, Language
from senim.times import moment, stamp


@click.group()
def staff() -> None:
    """Accounts at the console: add, list, disable, enable, reset."""


@staff.command()
@click.argument("name")
@click.option("--role", default=RESPONSIBLE, show_default=True, help="One of the policy's roles of staff.")
@click.option("--shown", default="", help="What colleagues call them; the sign-in name if left out.")
@click.option("--language", default="ru", show_default=True, type=click.Choice(LANGUAGES), help="Of the pages.")
@folder_option
@json_option
def add(name: str, role: str, shown: str, language: Language, folder: Path, *, as_json: bool) -> None:
    """Open an account with the sign-in name NAME. Its first password is shown this once, and holds for three days."""
    with opened(folder) as senim:
        account, password = senim.run(
            senim.actor(), lambda work: senim.staff.add(work, name, role=role, shown=shown, language=language)
        )
        _given(senim, account, password, as_json=as_json)


@staff.command("list")
@folder_option
@json_option
def list_(folder: Path, *, as_json: bool) -> None:
    """List the accounts."""
    with opened(folder) as senim:
        found = senim.staff.all(senim.works.begin(senim.actor()))
    told = [
        {
            "id": one.account.id,
            "name": one.names.name,
            "shown": one.names.shown,
            "role": one.account.role,
            "state": one.state,
            "passkeys": len(one.account.passkeys),
            "recovery_codes": len(one.account.recovery),
            "added": stamp(moment(one.account.made_at)),
            "seen": stamp(moment(one.seen_at)) if one.seen_at else None,
        }
        for one in found
    ]
    if as_json:
        show_json(told)
        return
    for one in told:
        click.echo(f"{one['id']}  {one['role']:16} {one['state']:9} {one['name']:24} {one['shown']}")


@staff.command()
@click.argument("account")
@folder_option
@json_option
def disable(account: str, folder: Path, *, as_json: bool) -> None:
    """Shut the ACCOUNT (id or sign-in name); its sessions end at once."""
    with opened(folder) as senim:
        found = senim.staff.find(senim.works.begin(senim.actor()), account)
        senim.run(senim.actor(), lambda work: senim.staff.disable(work, found.id))
    _done(found, "disabled", as_json=as_json)


@staff.command()
@click.argument("account")
@folder_option
@json_option
def enable(account: str, folder: Path, *, as_json: bool) -> None:
    """Open an ACCOUNT again that was shut."""
    with opened(folder) as senim:
        found = senim.staff.find(senim.works.begin(senim.actor()), account)
        senim.run(senim.actor(), lambda work: senim.staff.enable(work, found.id))
    _done(found, "enabled", as_json=as_json)


@staff.command()
@click.argument("account")
@folder_option
@json_option
def reset(account: str, folder: Path, *, as_json: bool) -> None:
    """Give the ACCOUNT a first password again: for who lost password, phone and recovery codes."""
    with opened(folder) as senim:
        found = senim.staff.find(senim.works.begin(senim.actor()), account)
        password = senim.run(senim.actor(), lambda work: senim.staff.reset(work, found.id))
        _given(senim, found, password, as_json=as_json)


def _given(senim: Senim, account: Account, password: str, *, as_json: bool) -> None:
    url = senim.settings.serve.url or f"http://{senim.settings.serve.address}:{senim.settings.serve.port}"
    if as_json:
        show_json({"id": account.id, "role": account.role, "password": password, "url": f"{url}/console/sign-in"})
        return
    click.echo(f"Account {account.id} in role {account.role}. Hand this over in person; it is not shown again:")
    click.echo(f"  first password  {password}")
    click.echo(f"  to be changed within three days at {url}/console/sign-in")


def _done(account: Account, state: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"id": account.id, "state": state})
    else:
        click.echo(f"Account {account.id}: {state}.")
