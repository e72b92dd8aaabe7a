"""``senim disclosures``: hand over, and show to whom was handed over."""

from __future__ import annotations

from pathlib import Path

import click

from senim.cli.terminal import folder_option, json_option, opened, reason_line, role_option, show_json
from senim.disclosure import Handing
from senim.identity import SubjectId


@click.group()
def disclosures() -> None:
    """Hand data to a recipient, and show to whom a person's data went."""


@disclosures.command("list")
@click.argument("subject")
@folder_option
@json_option
def list_(subject: str, folder: Path, *, as_json: bool) -> None:
    """Show to whom the data of SUBJECT was handed over, the oldest first."""
    with opened(folder) as senim:
        standing = senim.subjects.find(senim.database, SubjectId(subject))
        found = senim.disclosures.of(standing.subject)
    if as_json:
        show_json({"disclosures": found})
        return
    for one in found:
        where = f" ({one.country})" if one.country else ""
        asked = f" by {one.document}" if one.document else ""
        click.echo(f"{one.at}  {one.recipient}{where} for {one.purpose}{asked}: {', '.join(one.categories)}")
    click.echo(f"{len(found)} disclosures")


@disclosures.command()
@click.argument("recipient")
@click.argument("purpose")
@click.argument("subjects", nargs=-1, required=True)
@click.option("--category", "categories", multiple=True, help="A category or category.field; may be repeated.")
@click.option("--country", default="", help="Where it goes, if the recipient is in several countries.")
@click.option("--channel", default="", help="By which way.")
@click.option("--reason", default="", help="Number of the document with which an authority asks.")
@role_option
@folder_option
def make(
    recipient: str,
    purpose: str,
    subjects: tuple[str, ...],
    categories: tuple[str, ...],
    country: str,
    channel: str,
    reason: str,
    role: str,
    folder: Path,
) -> None:
    """Hand data of SUBJECTS to RECIPIENT for PURPOSE; prints JSON. Exit code 1 if somebody was refused."""
    handing = Handing(
        recipient=recipient, purpose=purpose, categories=categories, country=country, channel=channel, reason=reason
    )
    people = tuple(SubjectId(one) for one in subjects)
    with opened(folder) as senim:
        handed = senim.run(senim.actor(role), lambda work: senim.disclosures.make(work, people, handing))
    show_json(
        {
            "disclosure": handed.disclosure,
            "data": {who: {ref: kept.value for ref, kept in values.items()} for who, values in handed.values.items()},
            "refused": {who: [reason.code for reason in reasons] for who, reasons in handed.refused.items()},
        }
    )
    for who, reasons in handed.refused.items():
        for one in reasons:
            click.echo(f"{who}: {reason_line(one)}", err=True)
    if handed.refused:
        raise click.exceptions.Exit(1)
