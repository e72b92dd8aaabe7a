"""``senim demo``: an example operator, filled with made-up people, run through, proven and served."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import click

from senim.app import make_folder, open_senim
from senim.cli.conformance import show_board
from senim.cli.folder import PROFILES, profile
from senim.cli.terminal import fail
from senim.identity import RESPONSIBLE
from senim.testing import story

_MARK = "senim-demo"
STAFF = "aizhan"
"""The sign-in name of the account at the console that the demo opens."""


@click.command()
@click.option(
    "--profile", "name", type=click.Choice(PROFILES), default="tickets", show_default=True, help="Which operator."
)
@click.option("--people", type=click.IntRange(10, 1_000_000), default=1_000, show_default=True, help="How many people.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Where; a demo that is there is made anew.",
)
@click.option(
    "--serve/--no-serve", "serving", default=None, help="Serve it afterwards (default: if this is a terminal)."
)
@click.option("--port", type=click.IntRange(1, 65535), default=8600, show_default=True, help="Port to serve it on.")
def demo(name: str, people: int, folder: Path, serving: bool | None, port: int) -> None:  # click passes by name
    """Fill an example operator with made-up people and keep its promises before your eyes."""
    _make_way(folder)
    source = profile(name)
    make_folder(folder, source, origin=f"{name}.example/log")
    (folder / _MARK).write_text("Made by `senim demo`; it may be deleted and made anew.\n", encoding="utf-8")
    started = time.monotonic()
    with open_senim(folder, environment={}) as senim:
        version = senim.run(senim.actor(), lambda work: senim.policies.publish(work, source))
        click.echo(f"{version.policy.operator.name.en}: version {version.number} of its policy is published.")
        done = story(senim, source, people, told=lambda what, number: click.echo(f"  {number:>7,}  {what}"))
        if done.report is None or not done.report.ok:
            fail("The log does not verify.")
        click.echo("Drills of every promise, each on a fresh platform with this policy:")
        board = senim.conformance.drill()
        show_board(board, senim.policies.in_force(senim.works.clock.now()).policy, full=False)
        _, password = senim.run(
            senim.actor(), lambda work: senim.staff.add(work, STAFF, role=RESPONSIBLE, language="en")
        )
    click.echo(f"Done in {time.monotonic() - started:.0f} s. The operator is in {folder}/.")
    click.echo(f"At the console, as the responsible person: name {STAFF}, first password {password}")
    if serving if serving is not None else sys.stdout.isatty():
        _serve(folder, port)
    else:
        click.echo(f"Serve it with: senim serve -C {folder}")


def _make_way(folder: Path) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / _MARK).exists():
        fail(f"{folder} is there and was not made by a demo; choose another --dir.")
    shutil.rmtree(folder)


def _serve(folder: Path, port: int) -> None:
    import os
    import webbrowser

    from senim.cli.serve import become

    os.environ["SENIM_SERVE_PORT"] = str(port)
    address = f"http://127.0.0.1:{port}"
    click.echo(f"Public pages: {address}/privacy   people: {address}/portal/   staff: {address}/console/   API: /v1")
    click.echo("Stop with Ctrl-C.")
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(f"{address}/privacy")
    become(folder)
