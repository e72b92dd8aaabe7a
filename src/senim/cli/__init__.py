"""The command ``senim``. Each command parses, calls one action, prints; it is loaded only when it is used.

Exit codes: 0 done, 1 refused or broken, 2 wrong use.
"""

from __future__ import annotations

import importlib
import sys
from io import TextIOWrapper

import click

from senim.errors import SenimError, of_disk, places
from senim.version import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("senim.cli.folder:init", "Make an operator's folder: policy, settings, keys."),
    "demo": ("senim.cli.demo:demo", "A filled example operator, run through and served."),
    "serve": ("senim.cli.serve:serve", "Run the service: API and public pages."),
    "policy": ("senim.cli.policy:policy", "Check, show, publish and compare the policy."),
    "intake": ("senim.cli.collection:intake", "Take in people's data: one from JSON, many from CSV."),
    "consents": ("senim.cli.consent:consents", "Show, give, withdraw and prove consents."),
    "technical": ("senim.cli.technical:technical", "What devices tell by themselves: count it, remove what is over."),
    "receivers": ("senim.cli.receivers:receivers", "Forms of page builders: what comes from where, and its address."),
    "subjects": ("senim.cli.vault:subjects", "Find, read, correct, block, stop and erase people."),
    "disclosures": ("senim.cli.disclosure:disclosures", "Hand data to a recipient; show to whom it went."),
    "mail": ("senim.cli.mail:mail", "Letters that come in: fetch, take, show, note as dealt with."),
    "requests": ("senim.cli.requests:requests", "What people ask for: open, identify, decide, carry out, answer."),
    "orders": ("senim.cli.orders:orders", "What is stored to be done: list, show, run again, give up."),
    "work": ("senim.cli.orders:work", "Run what is due once, and end (for cron)."),
    "check": ("senim.cli.gate:check", "Ask the gate: may this be done?"),
    "connectors": ("senim.cli.connectors:connectors", "Your own databases: map them, find a person, preview."),
    "scan": ("senim.cli.scan:scan", "Where personal data lies in files and databases."),
    "conformance": ("senim.cli.conformance:conformance", "The promises board: kept, broken or cannot be told."),
    "evidence": ("senim.cli.evidence:evidence", "The evidence pack of a period: what happened, sealed and signed."),
    "verify": ("senim.cli.verify:verify", "Verify the log, an export, a receipt, a proof or an evidence pack."),
    "log": ("senim.cli.log:log", "Read and export the log."),
    "keys": ("senim.cli.keys:keys", "The operator's keys: check, rotate."),
    "staff": ("senim.cli.staff:staff", "Accounts at the console: add, list, disable, enable, reset."),
    "access": ("senim.cli.access:access", "Keys of your systems: add, list, revoke."),
}
"""Command → where it is, and what it does in one line."""


class _Commands(click.Group):
    """Finds commands by name without loading the others, so that ``senim --help`` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="senim")
def senim() -> None:
    """Senim runs a privacy policy: one file publishes the text and keeps it."""


def main() -> None:
    """Run the command; a refusal ends with exit code 1 and a sentence that says what to do."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows another in its place
    try:
        senim(prog_name="senim", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except SenimError as error:
        from senim.cli.terminal import tell

        tell(error)
        sys.exit(1)
    except OSError as error:
        from senim.cli.terminal import tell

        tell(of_disk(error, str(error.filename or "")))
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  # a bug: its message may hold a value of a person, its place does not
        click.echo(f"internal error: {type(error).__name__} in {places(error)}", err=True)
        sys.exit(1)
