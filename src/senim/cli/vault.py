"""``senim subjects``: find, read, correct, block, stop, erase; what happened to them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from senim.cli.terminal import counted, folder_option, json_option, opened, role_option, show_json
from senim.errors import Code, Invalid
from senim.gate.records import REASONS
from senim.identity import SubjectId
from senim.times import micros, moment, stamp
from senim.vault import ERASE_REASONS


@click.group()
def subjects() -> None:
    """Find, read, correct, block, stop and erase people."""


def _act(folder: Path, role: str, subject: str, act: Any) -> Any:
    with opened(folder) as senim:
        return senim.run(
            senim.actor(role), lambda work: act(senim, work, senim.subjects.about(work, SubjectId(subject)))
        )


def _tell_entry(done: str, entry: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"entry": entry})
    else:
        click.echo(f"{done}; entry {entry}")


@subjects.command()
@click.argument("kind")
@click.option(
    "--value", prompt=True, hide_input=True, help="Asked for if left out, so that it stays out of the shell's history."
)
@role_option
@folder_option
@json_option
def find(kind: str, value: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Print the id of the person with an identifier of KIND: email, phone, iin or a category.field."""
    with opened(folder) as senim:
        subject = senim.run(senim.actor(role), lambda work: senim.vault.find(work, kind, value))
    if as_json:
        show_json({"subject": subject})
    else:
        click.echo(subject)


@subjects.command()
@click.argument("subject")
@click.argument("purpose")
@role_option
@folder_option
@json_option
def read(subject: str, purpose: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Show the values of SUBJECT that PURPOSE needs. The look is logged."""
    told = _act(folder, role, subject, lambda senim, work, who: senim.vault.read(work, who, purpose))
    if as_json:
        values = {
            name: {
                "value": kept.value,
                "source": kept.source,
                "at": stamp(moment(kept.at)),
                "status": kept.status,
                "masked": name in told.masked,
                "place": "" if name in told.masked else kept.place,
            }
            for name, kept in told.values.items()
        }
        show_json({"subject": subject, "purpose": purpose, "values": values, "withheld": told.withheld})
        return
    for name, kept in told.values.items():
        click.echo(f"{name:32} {kept.value}    [{kept.source}, {kept.status}, {stamp(moment(kept.at))}]")
    for name in told.withheld:
        click.echo(f"{name:32} (not for this role)")


@subjects.command()
@click.argument("subject")
@click.argument("purpose")
@click.argument("file", type=click.File("rb"), default="-")
@role_option
@folder_option
@json_option
def correct(subject: str, purpose: str, file: BinaryIO, role: str, folder: Path, *, as_json: bool) -> None:
    """Correct values of SUBJECT for PURPOSE from the JSON object in FILE (or standard input): field, new value."""
    try:
        values = msgspec.json.decode(file.read(), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(Code.BODY_MALFORMED, "values") from error
    changed = _act(
        folder, role, subject, lambda senim, work, who: senim.collection.correct(work, who, purpose, values=values)
    )
    if as_json:
        show_json({"changed": changed})
    else:
        click.echo(f"Changed: {', '.join(changed) or 'nothing'}.")


@subjects.command()
@click.argument("subject")
@click.argument("event")
@click.option("--at", type=click.DateTime(), help="When, in UTC; now if left out.")
@role_option
@folder_option
@json_option
def event(subject: str, event: str, at: datetime | None, role: str, folder: Path, *, as_json: bool) -> None:
    """Note an EVENT that ends or starts terms for SUBJECT, such as trip-ended."""
    when = micros(at.replace(tzinfo=UTC)) if at else None
    entry = _act(
        folder,
        role,
        subject,
        lambda senim, work, who: senim.gate.happened(work, who, event, work.at if when is None else when),
    )
    _tell_entry("noted", entry, as_json=as_json)


@subjects.command()
@click.argument("subject")
@folder_option
@json_option
def log(subject: str, folder: Path, *, as_json: bool) -> None:
    """Show what the log tells of SUBJECT."""
    with opened(folder) as senim:
        senim.tick()
        standing = senim.subjects.find(senim.database, SubjectId(subject))
        entries = senim.log.entries_about(standing.subject, most=10_000)
    if as_json:
        show_json([{"index": index, "entry": entry} for index, entry in entries])
        return
    for index, entry in entries:
        told = " ".join(part for part in (entry.purpose, entry.recipient, entry.reason, *entry.codes) if part)
        click.echo(f"{index:>9}  {entry.at}  {entry.act:18} {entry.outcome:8} {entry.actor:24} {told}")


def _standing(name: str, past: str, says: str, *, by_purpose: bool = False) -> click.Command:
    """A command that sets or lifts what binds every decision about a person; ``by_purpose``: one purpose or all."""

    @subjects.command(name, help=says)
    @click.argument("subject")
    @click.option("--reason", type=click.Choice(REASONS), required=True, help="Why; it stands in the log.")
    @role_option
    @folder_option
    @json_option
    def command(subject: str, reason: str, role: str, folder: Path, *, as_json: bool, **more: str) -> None:
        told = _act(
            folder, role, subject, lambda senim, work, who: getattr(senim.gate, name)(work, who, **more, reason=reason)
        )
        _tell_entry(past, told, as_json=as_json)

    if by_purpose:
        command.params.insert(1, click.Option(["--purpose"], default="", help="The purpose; all purposes if left out."))
    return command


block = _standing("block", "blocked", "Block the data of SUBJECT: it serves no purpose until the block is lifted.")
unblock = _standing("unblock", "unblocked", "Lift the block of SUBJECT.")
stop = _standing("stop", "stopped", "Stop a purpose for SUBJECT, or all of them.", by_purpose=True)
resume = _standing("resume", "resumed", "Lift a stop of SUBJECT.", by_purpose=True)


@subjects.command()
@click.argument("subject")
@click.option("--reason", type=click.Choice(ERASE_REASONS), required=True, help="Why; it stands in the log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@role_option
@folder_option
@json_option
def erase(subject: str, reason: str, role: str, folder: Path, *, yes: bool, as_json: bool) -> None:
    """Destroy the key, values, index and files of SUBJECT, and print the signed proof. It cannot be undone."""
    if not yes:
        click.confirm("This destroys the person's data for ever. Go on?", abort=True)
    done = _act(folder, role, subject, lambda senim, work, who: senim.vault.erase(work, who, reason=reason))
    if as_json:
        show_json(
            {
                "subject": done.subject,
                "erased_at": stamp(moment(done.at)),
                "categories": done.values,
                "documents": done.documents,
                "identifiers": done.identifiers,
                "entry": done.entry,
                "proof": done.proof,
            }
        )
    else:
        click.echo(
            f"Erased: {counted(done.values, 'category', 'categories')}, {counted(done.documents, 'file')}, "
            f"{counted(done.identifiers, 'identifier')}."
        )
        click.echo(done.proof)
