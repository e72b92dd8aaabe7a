"""``senim intake``: one person from JSON, many from CSV."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from senim.app import Senim
from senim.cli.terminal import folder_option, json_option, opened, role_option, show_json
from senim.collection import Intake
from senim.collection.records import ConsentGiven
from senim.errors import Code, Invalid, SenimError
from senim.identity import Actor
from senim.languages import LANGUAGES, Language
from senim.session import scope_of
from senim.work import Work

BATCH = 500
"""People in one transaction of an import."""


@click.group()
def intake() -> None:
    """Take in people's data: one from JSON, many from CSV."""


@intake.command()
@click.argument("point")
@click.option(
    "--language", "chosen", type=click.Choice(LANGUAGES), default="ru", show_default=True, help="Language of the text."
)
@folder_option
@json_option
def notice(point: str, chosen: Language, folder: Path, *, as_json: bool) -> None:
    """Print what a person is to be shown at POINT before giving anything, and its digest."""
    with opened(folder) as senim:
        shown = senim.collection.notice(senim.works.begin(senim.actor()), point, chosen)
    if as_json:
        show_json(shown)
        return
    for line in shown.lines:
        click.echo(
            f"\n{line.text.upper()}"
            if line.kind == "heading"
            else f"{'[ ] ' if line.kind == 'consent' else ''}{line.text}"
        )
    click.echo(f"\nnotice {shown.digest}")


@intake.command()
@click.argument("file", type=click.File("rb"), default="-")
@role_option
@folder_option
@json_option
def add(file: BinaryIO, role: str, folder: Path, *, as_json: bool) -> None:
    """Take in one person from the JSON in FILE (or standard input), as POST /v1/intake takes it."""
    try:
        request = msgspec.json.decode(file.read(), type=Intake)
    except msgspec.DecodeError as error:
        raise Invalid(Code.BODY_MALFORMED, "body") from error
    with opened(folder) as senim:
        taken = senim.run(senim.actor(role), lambda work: senim.collection.intake(work, request))
    if as_json:
        show_json(taken)
    else:
        click.echo(f"{taken.subject}: {', '.join(taken.stored)}; {len(taken.receipts)} receipts")


@intake.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--point", required=True, help="The collection point whose fields the columns are.")
@click.option(
    "--language",
    "chosen",
    type=click.Choice(LANGUAGES),
    default="ru",
    show_default=True,
    help="The language of the notice that people saw.",
)
@click.option("--notice", default="", help="Digest of that notice; the present one of the point if left out.")
@click.option(
    "--consent",
    "consents",
    multiple=True,
    help="What everybody in the file agreed to: purpose, purpose/recipient, purpose@channel or purpose>country.",
)
@click.option("--source", default="", help="Where the values come from.")
@click.option("--document", default="", help="Id of the sealed document that proves the consents.")
@click.option(
    "--from-line", type=click.IntRange(2), default=2, show_default=True, help="Begin here, to go on after a cut."
)
@role_option
@folder_option
@json_option
def import_(
    file: Path,
    point: str,
    chosen: Language,
    notice: str,
    consents: tuple[str, ...],
    source: str,
    document: str,
    from_line: int,
    role: str,
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Take in everybody from a CSV file (UTF-8, with a header of category.field names), 500 in a transaction.

    Refused lines are told with their codes and go to FILE.refused.csv as line numbers; nothing of them is kept.
    """
    agreed = tuple(_consent(one) for one in consents)
    with opened(folder) as senim:
        actor = senim.actor(role)
        shown = notice or senim.collection.notice(senim.works.begin(actor), point, chosen).digest
        frame = Intake(
            point=point,
            language=chosen,
            notice=shown,
            consents=agreed,
            source=source,
            document=document,
            surface="import",
        )
        done = _Import(senim, actor, frame)
        with click.progressbar(length=file.stat().st_size, label="importing", file=sys.stderr) as bar:
            for batch, position in _batches(file, from_line):
                done.take(batch)
                bar.update(position - bar.pos)
                if done.taken % 50_000 < BATCH:
                    senim.tick()
    done.report(file.with_suffix(f"{file.suffix}.refused.csv"))
    result = {"taken": done.taken, "refused": len(done.refused), "codes": dict(done.codes), "last_line": done.line}
    if as_json:
        show_json(result)
    else:
        click.echo(
            f"{done.taken} taken in, {len(done.refused)} refused{f': {dict(done.codes)}' if done.refused else ''}."
        )
    sys.exit(1 if done.refused else 0)


class _Import:
    """An import under way: batches are transactions, a refused line is left out of its own."""

    def __init__(self, senim: Senim, actor: Actor, frame: Intake) -> None:
        self._senim = senim
        self._actor = actor
        self._frame = frame
        self.taken = 0
        self.line = 0
        self.refused: list[tuple[int, str, str]] = []
        self.codes: Counter[str] = Counter()

    def take(self, batch: list[tuple[int, dict[str, str]]]) -> None:
        """Take in a batch in one transaction."""

        def act(work: Work) -> tuple[int, list[tuple[int, str, str]]]:
            refused = []
            for line, values in batch:
                try:
                    with work.part():
                        self._senim.collection.intake(work, msgspec.structs.replace(self._frame, values=values))
                except SenimError as error:
                    refused.append((line, error.code.value, error.where))
            return len(batch) - len(refused), refused

        taken, refused = self._senim.run(self._actor, act)
        self.taken += taken
        self.refused += refused
        self.codes.update(code for _, code, _ in refused)
        self.line = batch[-1][0]

    def report(self, path: Path) -> None:
        """Write the refused lines: numbers, codes and fields, no values."""
        if self.refused:
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([("line", "code", "field"), *self.refused])


def _batches(file: Path, from_line: int) -> Iterator[tuple[list[tuple[int, dict[str, str]]], int]]:
    """Batches of (line, values), and the place in the file. Raises Invalid for a file that is no CSV in UTF-8."""
    with file.open("rb") as raw:
        lines = (_decoded(line, number) for number, line in enumerate(raw, 1))
        reader = csv.reader(lines, strict=True)
        try:
            header = next(reader)
            batch: list[tuple[int, dict[str, str]]] = []
            for row in reader:
                if reader.line_num < from_line or not row:
                    continue
                if len(row) != len(header):
                    raise Invalid(
                        Code.BODY_MALFORMED, f"line {reader.line_num}", detail="columns differ from the header"
                    )
                values = {name: value for name, value in zip(header, row, strict=True) if value}
                batch.append((reader.line_num, values))
                if len(batch) == BATCH:
                    yield batch, raw.tell()
                    batch = []
            if batch:
                yield batch, raw.tell()
        except (csv.Error, StopIteration) as error:
            raise Invalid(Code.BODY_MALFORMED, f"line {reader.line_num}", detail=str(error)) from error


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(Code.BODY_MALFORMED, f"line {number}", detail="not UTF-8") from error


def _consent(name: str) -> ConsentGiven:
    scope = scope_of(name)
    return ConsentGiven(
        purpose=scope.purpose, given=True, recipient=scope.recipient, channel=scope.channel, country=scope.country
    )
