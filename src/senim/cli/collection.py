"""``senim intake``: one person from JSON, many from CSV."""

from __future__ import annotations

import csv
import gc
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from senim.app import Senim
from senim.cli.terminal import folder_option, json_option, naming, opened, role_option, show_json
from senim.collection import Intake
from senim.collection.imports import Import, Line
from senim.collection.records import ConsentGiven, Progress, Refusal
from senim.errors import Code, Held, Invalid
from senim.identity import Actor
from senim.languages import LANGUAGES, Language
from senim.policy import Promises
from senim.session import scope_of
from senim.work import Work

BATCH = 4_000
"""People in one transaction of an import. They are in memory together, and nobody else writes to SQLite while they are
written, a quarter of a second; fewer would write each page of the index of digests again and again."""

FULL = 8 * 1024 * 1024
"""Bytes of a file after which a transaction ends too: long texts fill memory before there are so many people."""

_NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""What ``surrogateescape`` makes of bytes that are no UTF-8."""


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
    with opened(folder) as senim, naming(senim):
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
    with opened(folder) as senim, naming(senim):
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
@click.option("--archive", default="", help="Where the signed papers lie in your own archive, e.g. AR-2026/0412.")
@click.option("--from-line", type=click.IntRange(2), help="Begin here, whatever was taken in before.")
@click.option("--again", is_flag=True, help="Take in a file that was taken in before.")
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
    archive: str,
    from_line: int | None,
    role: str,
    folder: Path,
    *,
    again: bool,
    as_json: bool,
) -> None:
    """Take in everybody from a CSV file (UTF-8, with a header of category.field names), 4,000 in a transaction.

    The same command again goes on where it was cut off, and takes in nobody twice. Refused lines are told with their
    codes and go to FILE.refused.csv as line numbers; nothing of them is kept. A file that cannot be read to its end
    says from which line to go on: what came before is taken in.
    """
    agreed = tuple(_consent(one) for one in consents)
    with opened(folder) as senim, naming(senim):
        actor = senim.actor(role)
        shown = senim.collection.notice(senim.works.begin(actor), point, chosen).digest
        frame = Intake(
            point=point,
            language=chosen,
            notice=notice or shown,
            consents=agreed,
            source=source,
            archive=archive,
            surface="import",
        )
        table = _Table(file, senim.policies.in_force(senim.works.clock.now()), point)
        name = senim.fingerprint(f"import {point}\n{file.name}".encode())
        done = _Import(
            senim,
            actor,
            frame,
            senim.imports.begin(_known_as(senim, file, point), name, from_line=from_line, again=again),
        )
        gc.freeze()  # what is loaded by now stays
        gc.set_threshold(1_000_000, 20, 50)  # what a batch makes goes when it is written, without a search
        done.run(table)
        refused = file.with_suffix(f"{file.suffix}.refused.csv")
        lines = done.report(refused)
    _tell(done, Counter(code for _, code, _ in lines), table.broken, refused, as_json=as_json)
    sys.exit(1 if lines or table.broken else 0)


def _known_as(senim: Senim, file: Path, point: str) -> bytes:
    """What a file is known by at a point: a keyed digest of its content, which may be personal."""
    with file.open("rb") as content:
        return senim.fingerprint(f"import {point}\n".encode() + hashlib.file_digest(content, "sha256").digest())


def _tell(done: _Import, codes: Counter[str], broken: str, refused: Path, *, as_json: bool) -> None:
    """What became of the file, that which was taken in before a cut too."""
    progress, count = done.progress, codes.total()
    if as_json:
        told = {"taken": progress.taken, "refused": count, "codes": dict(codes), "before": done.before}
        show_json({**told, "last_line": progress.next_line - 1, "broken": broken})
        return
    before = f" ({done.before} of them before)" if done.before else ""
    why = f" ({', '.join(f'{code} {number}' for code, number in codes.most_common())})" if codes else ""
    click.echo(f"{progress.taken} taken in{before}, {count} refused{why}.")
    if codes:
        click.echo(f"The refused lines are in {refused}.")
    if broken:
        click.echo(
            f"The file is broken at {broken}. Mend it and go on with --from-line {progress.next_line}.", err=True
        )


class _Import:
    """An import under way: batches are transactions, a refused line is left out of its own."""

    def __init__(self, senim: Senim, actor: Actor, frame: Intake, under_way: Import) -> None:
        self._senim = senim
        self._actor = actor
        self._frame = frame
        self._under_way = under_way
        self.before = under_way.progress.taken

    @property
    def progress(self) -> Progress:
        """How far the file is."""
        return self._under_way.progress

    def run(self, table: _Table) -> None:
        """Take in everybody in a table, and show how far it is. Raises Held (import_changed) if it is written to."""
        begun = table.state()
        if self.before:
            click.echo(f"Going on with line {self.progress.next_line}.", err=True)
        with click.progressbar(length=begun[0], label="importing", file=sys.stderr) as bar:
            for batch, position in table.batches(self.progress.next_line):
                self._do(partial(self._under_way.take, frame=self._frame, lines=batch))
                bar.update(position - bar.pos)
                self._senim.tick()
        if table.state() != begun:
            raise Held(Code.IMPORT_CHANGED, f"line {self.progress.next_line}")
        if not table.broken:
            self._do(self._under_way.end)

    def _do(self, act: Callable[[Work], Progress]) -> None:
        self._under_way.taken(self._senim.run(self._actor, act))

    def report(self, path: Path) -> list[Refusal]:
        """Write the refused lines: numbers, codes and fields, no values. None of an earlier run stay."""
        path.unlink(missing_ok=True)
        lines = self._under_way.refusals()
        if lines:
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([("line", "code", "field"), *lines])
        return lines


class _Table:
    """A CSV file whose columns are fields of a point; separated as its header is, by commas, semicolons or tabs."""

    def __init__(self, file: Path, promises: Promises, point: str) -> None:
        self._file = file
        self._promises = promises
        self._point = point
        self.broken = ""
        """Where the file could not be read on, and why; nothing of what stands there."""

    def state(self) -> tuple[int, int]:
        """The size of the file, and when it was last written to."""
        found = self._file.stat()
        return found.st_size, found.st_mtime_ns

    def batches(self, from_line: int) -> Iterator[tuple[list[Line], int]]:
        """Batches of lines, and the place in the file. Raises Invalid for a header that does not fit the point."""
        with self._file.open("rb") as raw:
            lines = self._lines(raw, from_line)
            for first in lines:
                batch, full = [first], raw.tell() + FULL
                while len(batch) < BATCH and raw.tell() < full and (line := next(lines, None)) is not None:
                    batch.append(line)
                yield batch, raw.tell()

    def _lines(self, raw: BinaryIO, from_line: int) -> Iterator[Line]:
        first = raw.readline().decode("utf-8-sig", "surrogateescape")
        rest = (line.decode("utf-8", "surrogateescape") for line in raw)
        reader = csv.reader(chain([first], rest), strict=True, delimiter=max(",;\t", key=first.count))
        header = self._header(reader)
        try:
            for row in reader:
                if row and reader.line_num >= from_line:
                    yield reader.line_num, _values(header, row)
        except csv.Error as error:
            self.broken = f"line {reader.line_num}: {error}"

    def _header(self, reader: Iterator[list[str]]) -> list[str]:
        try:
            header = next(reader)
        except csv.Error as error:
            raise Invalid(Code.BODY_MALFORMED, "line 1", detail=str(error)) from error
        self._check(header)
        return header

    def _check(self, header: list[str]) -> None:
        """Refuse columns before any line is read. A name that is no field may be anything: it is not repeated."""
        asks = self._promises.policy.points[self._point].asks
        about = f"points.{self._point}"
        reasons = []
        for number, name in enumerate(header, 1):
            if name not in self._promises.fields:
                reasons.append(self._promises.reason(Code.CATEGORY_UNDECLARED, f"column {number}"))
            elif name not in asks:
                reasons.append(self._promises.reason(Code.FIELD_NOT_NEEDED, name, about))
            elif header.index(name) != number - 1:
                reasons.append(self._promises.reason(Code.KEY_DUPLICATE, name))
        required = (name for name in asks if self._promises.policy.points[self._point].asked(name).ask == "required")
        reasons += [self._promises.reason(Code.FIELD_MISSING, name, about) for name in required if name not in header]
        if reasons:
            raise Invalid.because(*reasons)


def _values(header: list[str], row: list[str]) -> dict[str, str] | None:
    """The values of a line; None if it does not have the columns of the header, or is not UTF-8."""
    if len(row) != len(header) or _NOT_UTF8.search("".join(row)):
        return None
    return {name: value for name, value in zip(header, row, strict=True) if value}


def _consent(name: str) -> ConsentGiven:
    scope = scope_of(name)
    return ConsentGiven(
        purpose=scope.purpose, given=True, recipient=scope.recipient, channel=scope.channel, country=scope.country
    )
