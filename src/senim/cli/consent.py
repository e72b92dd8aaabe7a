"""``senim consents``: show, give, withdraw, prove."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from senim.cli.terminal import folder_option, json_option, naming, opened, role_option, show_json
from senim.consent import Evidence, Given, Scope, State, states_of
from senim.errors import Invalid
from senim.identity import SubjectId
from senim.session import scope_of, shaped
from senim.times import moment, stamp
from senim.work import Work


@click.group()
def consents() -> None:
    """Show, give, withdraw and prove consents.

    A consent is written purpose, purpose/recipient, purpose@channel or purpose>country.
    """


@consents.command("list")
@click.argument("subject")
@folder_option
@json_option
def list_(subject: str, folder: Path, *, as_json: bool) -> None:
    """Show what SUBJECT agreed to, now and over time."""
    with opened(folder) as senim:
        standing = senim.subjects.find(senim.database, SubjectId(subject))
        states = states_of(standing)
        events, _ = senim.consents.history(standing.subject, most=100_000)
    if as_json:
        show_json({"consents": [_plain(state) for state in states], "events": events})
        return
    for state in states:
        words = "given" if state.agreed.given else "withdrawn"
        unproven = "" if state.agreed.proven else "  unproven"
        click.echo(f"{_name(state.scope):40} {words:10} {stamp(moment(state.agreed.at))}{unproven}")
    click.echo(f"{len(events)} events")


def _plain(state: State) -> dict[str, object]:
    agreed = state.agreed
    return {
        **msgspec.structs.asdict(state.scope),
        "given": agreed.given,
        "proven": agreed.proven,
        "version": agreed.version,
        "at": stamp(moment(agreed.at)),
        "until": stamp(moment(agreed.until)) if agreed.until else None,
        "event": agreed.event,
    }


def _name(scope: Scope) -> str:
    return scope.purpose + scope.key


@consents.command()
@click.argument("subject")
@click.argument("consent")
@click.option("--notice", default="", help="Digest of the notice that was shown.")
@click.option(
    "--evidence", "more", default="{}", help='More evidence as JSON, e.g. {"surface": "letter", "act": "signature"}.'
)
@role_option
@folder_option
@json_option
def give(subject: str, consent: str, notice: str, more: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Record that SUBJECT agreed to CONSENT."""
    evidence = _evidence(more, notice)
    with opened(folder) as senim, naming(senim, scope_of(consent).purpose):
        given = senim.run(
            senim.actor(role),
            lambda work: senim.consents.give(
                work, senim.subjects.about(work, SubjectId(subject)), scope_of(consent), evidence=evidence
            ),
        )
    _show([given], as_json=as_json)


@consents.command()
@click.argument("subject")
@click.argument("consent")
@click.option("--evidence", "more", default='{"surface": "counter", "act": "spoken"}', help="Evidence as JSON.")
@role_option
@folder_option
@json_option
def withdraw(subject: str, consent: str, more: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Record that SUBJECT withdrew CONSENT (“all” for everything). It binds at once."""
    evidence = _evidence(more, "")
    with opened(folder) as senim, naming(senim, scope_of(consent).purpose):

        def act(work: Work) -> list[Given]:
            standing = senim.subjects.about(work, SubjectId(subject))
            if consent == "all":
                return senim.consents.withdraw_all(work, standing, evidence=evidence)
            return senim.consents.withdraw(work, standing, scope_of(consent), evidence=evidence)

        done: list[Given] = senim.run(senim.actor(role), act)
    _show(done, as_json=as_json)


@consents.command()
@click.argument("subject")
@click.argument("event")
@role_option
@folder_option
@json_option
def prove(subject: str, event: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Show the proof of EVENT: the facts, the signed receipt and the text that was shown."""
    with opened(folder) as senim:
        found, receipt, shown = senim.run(
            senim.actor(role), lambda work: senim.consents.prove(work, SubjectId(subject), event)
        )
    if as_json:
        show_json({"event": found, "receipt": receipt, "shown": shown})
        return
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    click.echo(f"\n{receipt}\n\n{shown}")


def _evidence(more: str, notice: str) -> Evidence:
    try:
        evidence = shaped(msgspec.json.decode(more, type=dict[str, Any]), Evidence)
    except msgspec.DecodeError as error:
        raise click.UsageError(f"--evidence: {error}") from error
    except Invalid as error:
        raise click.UsageError(f"--evidence: {error.where}: {error.detail}") from error
    return msgspec.structs.replace(evidence, notice=notice) if notice else evidence


def _show(done: list[Given], *, as_json: bool) -> None:
    if as_json:
        show_json({"events": [one.event for one in done], "receipts": [one.receipt for one in done]})
        return
    for one in done:
        proven = "" if one.event.said.proven else " (unproven: it opens nothing)"
        words = "given" if one.event.said.given else "withdrawn"
        click.echo(f"{_name(one.event.said.scope)} {words}{proven}, event {one.event.id}")
        click.echo(one.receipt)
