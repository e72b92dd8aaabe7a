"""``senim check``: ask the gate."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from senim.cli.terminal import folder_option, json_option, known_names, opened, reason_line, role_option, show_json
from senim.gate import Question
from senim.policy.taxonomy import Operation
from senim.web.shared.problems import reason_details


@click.command()
@click.argument("operation", type=click.Choice([one.value for one in Operation]))
@click.argument("purpose")
@click.option("--subject", default="", help="The person's id.")
@click.option("--category", "categories", multiple=True, help="A category or category.field; may be repeated.")
@click.option("--recipient", default="", help="Who would get the data: one of the policy's recipients.")
@click.option("--country", default="", help="Where it would go; wherever the recipient is if left out.")
@click.option("--channel", default="", help="By which way the person would be reached.")
@click.option("--reason", default="", help="Id of the document with which an authority asks.")
@role_option
@folder_option
@json_option
def check(
    operation: str,
    purpose: str,
    subject: str,
    categories: tuple[str, ...],
    recipient: str,
    country: str,
    channel: str,
    reason: str,
    role: str,
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """May OPERATION be done for PURPOSE? Exit code 0 for yes, 1 for no, with every reason."""
    question = Question(operation, purpose, subject, categories, recipient, country, channel, reason)
    with opened(folder) as senim:
        decision = senim.gate.check(senim.actor(role), question)
        names = [] if decision else known_names(senim, decision.reasons, purpose)
    if as_json:
        reasons = [reason_details(one) for one in decision.reasons]
        show_json({"allowed": decision.allowed, "reasons": reasons, "decision": decision.entry})
    else:
        click.echo("allowed" if decision else "refused")
        for one in decision.reasons:
            click.echo(f"  {reason_line(one)}")
        for line in names:
            click.echo(f"    {line}")
    sys.exit(0 if decision else 1)
