"""``senim evidence``: the evidence pack of a period."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from senim.cli.terminal import counted, folder_option, json_option, language, opened, role_option, show_json
from senim.conformance import Pack, Status
from senim.languages import wording


@click.command()
@click.option("--period", "name", default="", help="A year, quarter or month: 2026, 2026-Q3, 2026-11.")
@click.option("--from", "since", default="", help="The first day, such as 2026-11-01.")
@click.option("--to", "until", default="", help="The last day; today if it is not given.")
@click.option("--signed", is_flag=True, help="Print the pack as a signed statement (JWS), which senim verify checks.")
@role_option
@folder_option
@json_option
def evidence(name: str, since: str, until: str, role: str, folder: Path, *, signed: bool, as_json: bool) -> None:
    """Show what happened in a period: requests, consents, disclosures, erasures, versions, the sealed part of the log.

    Without a period it is that of this month. How the promises stand is as of now, and says so.
    """
    with opened(folder) as senim:
        if not (name or since):
            name = senim.packs.today()[0].strftime("%Y-%m")
        of = senim.packs.period(name, since, until)
        pack = senim.run(senim.actor(role), lambda work: senim.packs.make(work, of))
        statement = senim.packs.sign(pack) if signed else ""
    if signed:
        click.echo(statement)
    elif as_json:
        show_json(pack)
    else:
        for line in _lines(pack):
            click.echo(line)


def _lines(pack: Pack) -> Iterator[str]:
    """A pack for people."""
    asked, words = pack.requests, wording("evidence")
    yield f"{pack.policy}, {pack.period.since} to {pack.period.until} ({pack.period.zone}), made {pack.made}"
    for one in pack.versions:
        yield f"version {one.number} in force since {one.effective}, digest {one.digest}"
    yield (
        f"requests: {asked.received} received, {asked.answered} answered, {asked.in_time} of them in time; "
        f"{asked.waiting} open at the end, {asked.overdue} of them overdue; {asked.forgotten} destroyed since"
    )
    for said in pack.consents:
        yield f"consents to {said.purpose}: {said.given} given, {said.withdrawn} withdrawn"
    yield f"disclosures: {pack.disclosures}"
    for went in pack.handed:
        where = f" ({went.country})" if went.country else ""
        fields = ", ".join(went.categories)
        people = counted(went.people, "person", "people")
        yield f"  {went.at}  {went.recipient}{where} for {went.purpose}, {people}: {fields}"
    yield f"erased: {', '.join(f'{one.count} {one.reason}' for one in pack.erased) or 'nobody'}"
    why = words[pack.incidents.evidence].in_(language())
    yield f"incidents: {words[pack.incidents.status].in_(language())} ({why})"
    yield f"log: entries {pack.log.first} to before {pack.log.end}, {pack.entries} of the period"
    counts = (
        f"{sum(one.status == status for one in pack.standing)} {words[status].in_(language())}" for status in Status
    )
    yield f"the promises now, {pack.made}: {', '.join(counts)}"
