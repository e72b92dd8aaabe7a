"""``senim mail``: letters that come in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from senim.cli.terminal import counted, folder_option, json_option, language, opened, role_option, show_json, tell, when
from senim.errors import Code, Invalid, SenimError
from senim.languages import wording
from senim.mailing import mailbox
from senim.messaging.inbox_imap import Fetcher
from senim.messaging.inbox_records import Envelope, Outcome, Received
from senim.messaging.letter_records import Letter
from senim.messaging.meaning import Meant
from senim.times import moment

TRY_LATER = 75
"""EX_TEMPFAIL of sysexits.h: the mail server keeps the letter and hands it over again."""


@click.group()
def mail() -> None:
    """Letters that come in: fetch them, take one, look at them, note what came of one."""


@mail.command()
@folder_option
@json_option
def poll(folder: Path, *, as_json: bool) -> None:
    """Fetch what is new in the mailbox of [mail.in], and read it. The service does this by itself."""
    with opened(folder) as senim:
        box = mailbox(senim.settings.mail.incoming, senim.folder)
        if box is None:
            raise Invalid(Code.SETTING_WRONG, "mail.in.host")
        fetched = Fetcher(senim.inbox, box).fetch()
        senim.orders.run_due("letter")
    if as_json:
        show_json({"fetched": fetched})
    else:
        click.echo(f"{counted(fetched, 'letter')} fetched")


@mail.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--to", "recipients", multiple=True, help="An address that it was sent to; may be repeated.")
@folder_option
def receive(file: Any, recipients: tuple[str, ...], folder: Path) -> None:
    """Take one letter from FILE or standard input, as a mail server pipes it. Exit code 75: try again later."""
    try:
        with opened(folder) as senim:
            limit = senim.inbox.limits.size
            raw = file.read(limit + 1)
            size = len(raw)
            while more := file.read(limit):
                size += len(more)
            envelope = Envelope(to=recipients)
            if size > limit:
                letter = senim.inbox.receive_head(raw, size, source="file", envelope=envelope)
            else:
                letter = senim.inbox.receive(raw, source="file", envelope=envelope)
    except SenimError as error:  # whatever it is, a mail server that hears anything else sends the letter back
        tell(error)
        sys.exit(TRY_LATER)
    click.echo(letter)


@mail.command()
@folder_option
def listen(folder: Path) -> None:
    """Take and fetch letters as [mail.in] says, until it is told to stop. The service does this by itself."""
    from senim.runner import Runner

    with opened(folder) as senim:
        incoming = senim.incoming()
        if incoming is None:
            raise Invalid(Code.SETTING_WRONG, "mail.in.listen")
        runner = Runner(senim)
        runner.start()
        incoming.start()
        click.echo("Taking letters. Stop with Ctrl-C.")
        try:
            incoming.wait()
        except KeyboardInterrupt:
            click.echo("Stopped.")
        finally:
            incoming.stop()
            runner.stop()


@mail.command("list")
@click.option("--outcome", default="open", show_default=True, help="open, all, or one outcome.")
@folder_option
@json_option
def list_(outcome: str, folder: Path, *, as_json: bool) -> None:
    """List letters, the newest first: those that a person has to look at, or others. Nothing of what they say."""
    with opened(folder) as senim:
        found = senim.inbox.list(senim.database, outcome="" if outcome == "all" else outcome)
    if as_json:
        show_json({"letters": found})
        return
    for one in found:
        click.echo(_line(one))
    click.echo(counted(len(found), "letter"))


def _line(one: Received) -> str:
    asks = ", ".join(one.traits.kinds) or "".join(f"{kind}? " for kind in one.traits.candidates).strip()
    told = " ".join(part for part in (asks, one.about, *one.traits.faults) if part)
    return f"{one.id}  {when(moment(one.received_at))}  {_word(one.outcome):24} {told}"


def _word(outcome: Outcome) -> str:
    return wording("letters")[f"outcome-{outcome.value}"].in_(language())


@mail.command()
@click.argument("letter")
@role_option
@folder_option
@json_option
def show(letter: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Open LETTER and show what it says, and what it was taken to ask for. It is in the log."""
    with opened(folder) as senim:
        row, said, meant = senim.run(senim.actor(role), lambda work: senim.inbox.open(work, letter))
    if as_json:
        show_json({"letter": row, **_told(said, meant)})
        return
    words = wording("letters")
    vouched = {True: "yes", False: "no", None: "unknown"}[said.from_authenticated]
    click.echo(f"{_line(row)}\nFrom: {said.from_name} <{said.from_address}> (vouched for: {vouched})")
    click.echo(f"Subject: {said.subject}")
    for fault in said.faults:
        click.echo(f"  {words[f'fault-{fault.value}'].in_(language())}")
    for one in said.attachments:
        click.echo(f"  {one.name} ({one.media}, {one.size} bytes)")
    click.echo(f"\n{said.text}\n{said.signature}".rstrip())
    if meant.missing:
        click.echo(f"\nNot stated: {', '.join(meant.missing)}")


def _told(said: Letter, meant: Meant) -> dict[str, Any]:
    return {
        "from": {"name": said.from_name, "address": said.from_address, "authenticated": said.from_authenticated},
        "subject": said.subject,
        "text": said.text,
        "signature": said.signature,
        "attachments": [{"name": one.name, "media": one.media, "size": one.size} for one in said.attachments],
        "meant": meant,
    }


@mail.command()
@click.argument("letter")
@click.option("--about", default="", help="The number of the request that it belongs to.")
@role_option
@folder_option
def decide(letter: str, about: str, role: str, folder: Path) -> None:
    """Note that a person dealt with LETTER, by a request or by an answer of their own."""
    with opened(folder) as senim:
        senim.run(senim.actor(role), lambda work: senim.inbox.decide(work, letter, about=about))
    click.echo("noted")
