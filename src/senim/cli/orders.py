"""``senim orders`` and ``senim work``: what is stored to be done, and doing it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from senim.cli.terminal import counted, folder_option, json_option, language, opened, role_option, show_json, when
from senim.languages import explain, in_words, worded
from senim.orders import CANCEL_REASONS, Order, State
from senim.times import moment, stamp


@click.group()
def orders() -> None:
    """What is stored to be done: list, show, run again, give up."""


@orders.command("list")
@click.option("--state", type=click.Choice([state.value for state in State]), default=None, help="Only these.")
@click.option("--kind", default="", help="Only this kind, such as mail.send.")
@click.option("--about", default="", help="Only what belongs to this, such as R-2026-000123.")
@click.option("--most", default=100, show_default=True, type=click.IntRange(1, 100_000), help="How many at most.")
@folder_option
@json_option
def list_(state: str | None, kind: str, about: str, most: int, folder: Path, *, as_json: bool) -> None:
    """List orders; without options those that wait, are under way or have failed for good."""
    with opened(folder) as senim:
        # One state at a time: all orders ever placed are many, those that are not done are few.
        states = (state,) if state or about or kind else (State.DEAD, State.RUNNING, State.WAITING)
        found = [
            one
            for wanted in states
            for one in senim.orders.list(senim.database, state=wanted or "", kind=kind, about=about, most=most)
        ][:most]
    if as_json:
        show_json([_plain(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.id}  {one.state:9} {one.kind:18} {_next(one):24} {one.about:16} {one.code} {_detail(one)}")
    click.echo(counted(len(found), "order"))


@orders.command()
@click.argument("order_id")
@folder_option
@json_option
def show(order_id: str, folder: Path, *, as_json: bool) -> None:
    """Show an order: how far it is, what keeps it, what came of it."""
    with opened(folder) as senim:
        one = senim.orders.find(senim.database, order_id)
    if as_json:
        show_json(_plain(one))
        return
    click.echo(f"{one.kind}  {one.state}  {one.about}")
    click.echo(f"  placed   {when(moment(one.placed_at))}")
    click.echo(f"  {_next(one)}")
    click.echo(f"  attempts {one.attempt}, step reached: {one.step or 'none'}")
    if one.code:
        click.echo(f"  {one.code} {_detail(one)}: {explain(one.code, language())}")
    for name, value in worded(one.receipt or one.facts, language()).items():
        click.echo(f"  {name}: {value}")


@orders.command()
@click.argument("order_id")
@role_option
@folder_option
@json_option
def rerun(order_id: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Run an order again that failed for good, from the step it reached; or at once, if it waits."""
    with opened(folder) as senim:
        order = senim.run(senim.actor(role), lambda work: senim.orders.rerun(work, order_id))
    _tell(order, "It is run with the next look at what is due: by the service, or by “senim work”.", as_json=as_json)


@orders.command()
@click.argument("order_id")
@click.option("--reason", required=True, type=click.Choice(CANCEL_REASONS), help="Why.")
@role_option
@folder_option
@json_option
def cancel(order_id: str, reason: str, role: str, folder: Path, *, as_json: bool) -> None:
    """Give an order up that waits or has failed for good."""
    with opened(folder) as senim:
        order = senim.run(senim.actor(role), lambda work: senim.orders.cancel(work, order_id, reason=reason))
    _tell(order, "It is given up.", as_json=as_json)


@click.command()
@click.option("--queue", default="", help="Only this queue, such as mail.")
@click.option("--most", default=0, type=click.IntRange(0), help="How many attempts at most; 0: until nothing is due.")
@folder_option
@json_option
def work(queue: str, most: int, folder: Path, *, as_json: bool) -> None:
    """Run what is due once, and end: for those who have cron instead of the service.

    Ends with 1 if an order has failed for good, so that cron writes to somebody.
    """
    with opened(folder) as senim:
        done = senim.orders.run_due(queue, most=most)
        senim.tick()
        counts = senim.orders.counts(senim.database)
        note = senim.messages.trouble(senim.database)
    dead, due = sum(counts.dead.values()), sum(counts.due.values())
    if as_json:
        show_json({"attempts": done, "due": due, "later": sum(counts.later.values()), "dead": dead, "note": note})
    else:
        click.echo(f"{done} attempts; {due} due, {sum(counts.later.values())} later, {dead} failed for good")
        if note:
            click.echo(f"{note}: {explain(note, language())}")
    if dead:
        raise SystemExit(1)


def _tell(order: Order, says: str, *, as_json: bool) -> None:
    if as_json:
        show_json(_plain(order))
    else:
        click.echo(says)


def _next(order: Order) -> str:
    """When something happens or happened to it."""
    at = order.due_at if order.state in (State.WAITING, State.RUNNING) else order.ended_at
    word = {State.WAITING: "due", State.RUNNING: "held until"}.get(order.state, "ended")
    return f"{word} {when(moment(at))}"


def _detail(order: Order) -> str:
    return in_words(order.detail, language())


def _plain(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "kind": order.kind,
        "state": order.state,
        "about": order.about,
        "holder": order.holder,
        "facts": order.facts,
        "attempts": order.attempt,
        "step": order.step,
        "code": order.code,
        "detail": _detail(order),
        "receipt": worded(order.receipt, language()),
        "placed": stamp(moment(order.placed_at)),
        "due": stamp(moment(order.due_at)) if order.state in (State.WAITING, State.RUNNING) else None,
        "ended": stamp(moment(order.ended_at)) if order.ended_at else None,
    }
