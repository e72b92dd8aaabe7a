"""``senim scan``: where personal data lies in files and databases."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from senim.cli.terminal import json_option, language, show_json
from senim.inventory import Finding, Inventory, Report, Source, Wish, page
from senim.inventory.actions import Advance, weight
from senim.languages import wording
from senim.recognisers import Kind

_MOST = 40
"""Sources that are shown on a terminal; a report has all."""


@click.command()
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1)
@click.option(
    "--url",
    help="A database, as SQLAlchemy writes it. Better in SENIM_SCAN_URL, which counts without it and PATHS.",
)
@click.option(
    "--table", "tables", multiple=True, help="Only these tables: names, with * for anything; shop.* is a schema."
)
@click.option(
    "--rows", type=click.IntRange(0), default=0, show_default=True, help="Read so many rows of each table; 0 reads all."
)
@click.option("--kinds", help=f"Look for these alone, with commas between: {', '.join(Kind)}.")
@click.option(
    "--sure", type=click.FloatRange(0.1, 1), default=0.5, show_default=True, help="Tell what is at least so sure."
)
@click.option(
    "--samples", type=click.IntRange(0, 10), default=0, show_default=True, help="Masked samples of each finding."
)
@click.option(
    "--report", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this HTML file."
)
@click.option("--fail-on-found", is_flag=True, help="End with exit code 1 if anything is found, or a path is missing.")
@json_option
def scan(
    paths: tuple[Path, ...],
    url: str | None,
    tables: tuple[str, ...],
    rows: int,
    kinds: str | None,
    sure: float,
    samples: int,
    target: Path | None,
    *,
    fail_on_found: bool,
    as_json: bool,
) -> None:
    """Search files and folders at PATHS, and a database, for personal data in Kazakh, Russian and English.

    Texts, CSV, JSON, HTML, mail, office documents and archives are read, in any usual encoding; what is not read is
    told. The report tells kinds, places and numbers, and no value. Nothing is changed. A table is only read.
    """
    url = url or (None if paths else os.environ.get("SENIM_SCAN_URL"))
    if not paths and not url:
        raise click.UsageError("Say what to search: files, folders, or a database with --url.")
    wish = Wish(kinds=_kinds(kinds), least=sure, samples=samples, rows=rows, tables=tables)
    inventory = Inventory(wish, datetime.now(UTC))
    if paths:
        with _bar(weight(paths)) as advance:
            inventory.files(paths, advance)
    if url:
        inventory.tables(url, lambda _, name: click.echo(f"read {name}", err=True))
    report = inventory.report
    if target:
        target.write_text(page(report, language()), encoding="utf-8")
    if as_json:
        show_json({**_counts(report), "sources": report.sources})
    else:
        _show(report)
    missing = any(not os.path.lexists(path) for path in paths)  # a gate that looked at nothing lets nothing through
    sys.exit(1 if fail_on_found and (report.found or missing) else 0)


def _kinds(asked: str | None) -> frozenset[str]:
    kinds = frozenset(one.strip() for one in asked.split(",") if one.strip()) if asked else frozenset(Kind)
    for one in sorted(kinds - frozenset(Kind)):
        raise click.BadParameter(f"{one}; there is {', '.join(Kind)}", param_hint="--kinds")
    return frozenset(str(one) for one in kinds)


@contextmanager
def _bar(size: int) -> Iterator[Advance]:
    """A progress bar on standard error, so that what is found may go into a pipe."""
    with click.progressbar(length=size, label="reading", file=sys.stderr, update_min_steps=max(1, size // 500)) as bar:
        yield lambda done, _: bar.update(done)


def _counts(report: Report) -> dict[str, object]:
    return {
        "begun": report.begun,
        "found": report.found,
        "by_kind": report.by_kind(),
        "read": report.read,
        "bytes": report.size,
        "rows": report.rows,
        "seconds": round(report.seconds, 3),
    }


def _show(report: Report) -> None:
    """What was found, as people read it."""
    found = sorted((one for one in report.sources if one.findings), key=lambda one: -one.count)
    for source in found[:_MOST]:
        click.echo(f"{source.name}")
        for finding in source.findings:
            click.echo(_line(finding))
    if len(found) > _MOST:
        click.echo(f"… and {len(found) - _MOST} more: --report and --json have all.")
    click.echo(f"{report.found:,} found in {len(found):,} of {report.read:,} read ({_amount(report)}).")
    _show_unread(report.not_read())


def _amount(report: Report) -> str:
    """How much was read, and how fast where that can be told."""
    rate = f", {report.size / report.seconds / 1e6:.0f} MB/s" if report.seconds > 1 and report.size else ""
    size = f"{report.size / 1e6:,.1f} MB" if report.size >= 100_000 else f"{report.size:,} bytes"
    parts = [f"{size}{rate}"] if report.size or not report.rows else []
    parts += [f"{report.rows:,} row{'' if report.rows == 1 else 's'}"] if report.rows else []
    return " and ".join(parts)


def _line(finding: Finding) -> str:
    word = wording("scan")[f"kind-{finding.kind}"].in_(language())
    place = finding.places[0]
    where = f"{finding.column}, row {place.line}" if finding.column else f"line {place.line}:{place.character}"
    samples = f"  {'  '.join(finding.samples)}" if finding.samples else ""
    return f"  {finding.count:>9,}  {word:24} {finding.confidence:4.0%}  {where}{samples}"


def _show_unread(sources: list[Source]) -> None:
    words = wording("scan")
    for source in sources[:_MOST]:
        why = words[f"source-{source.why}"].in_(language())
        click.echo(f"not {'wholly ' if source.state == 'part' else ''}read: {source.name}: {why}", err=True)
    if len(sources) > _MOST:
        click.echo(f"… and {len(sources) - _MOST} more that were not read.", err=True)
