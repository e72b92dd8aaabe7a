"""What all commands share: the folder, the language, JSON or text, and how errors are told."""

from __future__ import annotations

import mimetypes
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from senim.app import Senim, open_senim
from senim.errors import Code, Reason, SenimError, of_disk
from senim.languages import LANGUAGES, Language
from senim.policy import Fault
from senim.policy.taxonomy import Channel, Operation

F = TypeVar("F", bound=Callable[..., Any])


def folder_option(command: F) -> F:
    """``-C/--dir``: the operator's folder."""
    return click.option(
        "-C",
        "--dir",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        envvar="SENIM_DIR",
        help="The operator's folder (default: this one).",
    )(command)


def json_option(command: F) -> F:
    """``--json``: print JSON."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def role_option(command: F) -> F:
    """``--role``: act in one of the policy's roles."""
    return click.option(
        "--role",
        default="responsible",
        show_default=True,
        help="Act in a role of the policy. Without: as the responsible person, who holds folder and keys.",
    )(command)


def opened(folder: Path) -> Senim:
    """The operator's platform. Raises SenimError if the folder, a key or a database is wrong."""
    return open_senim(folder)


def language() -> Language:
    """The language of messages: ``SENIM_LANGUAGE``, or that of the terminal, or English."""
    wanted = os.environ.get("SENIM_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    return next((one for one in LANGUAGES if wanted.lower().startswith(one)), "en")


def tell(error: SenimError) -> None:
    """Print a refusal to standard error: code, place, what it means and what to do."""
    for reason in error.reasons:
        click.echo(reason_line(reason), err=True)
    if said := error.says(language()):
        click.echo(f"  {said}", err=True)


def reason_line(reason: Reason) -> str:
    """One ground of a refusal in a line."""
    where = f" {reason.where}:" if reason.where else ""
    behind = ", ".join(part for part in (reason.clause, reason.article and f"art. {reason.article}") if part)
    return f"{reason.code}:{where} {reason.says(language())}{f' [{behind}]' if behind else ''}"


@contextmanager
def naming(senim: Senim, purpose: str = "") -> Iterator[None]:
    """Let a refusal of a name that the policy does not know say which it knows."""
    try:
        yield
    except SenimError as error:
        error.detail = error.detail or "\n  ".join(known_names(senim, error.reasons, purpose))
        raise


def known_names(senim: Senim, reasons: Iterable[Reason], purpose: str = "") -> list[str]:
    """For names that the policy does not know: those that it knows in their place, a line for each."""
    policy = senim.policies.in_force(senim.works.clock.now()).policy
    known = policy.purposes.get(purpose)
    for_it = f" of {purpose}" if known else ""
    recipients = [name for name, one in policy.recipients.items() if not known or purpose in one.purposes]
    names: dict[Code, tuple[str, list[str]]] = {
        Code.PURPOSE_UNDECLARED: ("purposes", list(policy.purposes)),
        Code.CATEGORY_UNDECLARED: ("categories", list(policy.categories)),
        Code.POINT_UNDECLARED: ("points", list(policy.points)),
        Code.SOURCE_UNDECLARED: ("sources", list(policy.sources)),
        Code.RECIPIENT_UNDECLARED: (f"recipients{for_it}", recipients),
        Code.CHANNEL_UNDECLARED: (f"channels{for_it}", list(known.channels if known else Channel)),
        Code.OPERATION_UNDECLARED: (f"operations{for_it}", list(known.operations if known else Operation)),
    }
    codes = [code for code in dict.fromkeys(reason.code for reason in reasons) if code in names]
    return [f"known {names[code][0]}: {', '.join(names[code][1]) or 'none'}" for code in codes]


def fault_in_json(fault: Fault) -> dict[str, Any]:
    """Something wrong with a file, for programs."""
    return {
        "code": fault.code,
        "where": fault.where,
        "clause": fault.clause,
        "article": "",
        "detail": fault.hint.in_(language()) if fault.hint else "",
        "line": fault.line,
        "column": fault.column,
    }


def show_json(content: Any) -> None:
    """Print JSON, readable, in UTF-8 whatever the terminal: it is for programs (RFC 8259 §8.1)."""
    encoded = msgspec.json.encode(content, enc_hook=_plain)
    click.echo(msgspec.json.format(encoded, indent=2))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value))


def fail(message: str) -> None:
    """End with exit code 1 and a sentence."""
    click.echo(message, err=True)
    sys.exit(1)


def counted(number: int, one: str, many: str = "") -> str:
    """How many there are, in words: ``1 row``, ``2 rows``."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def when(moment: datetime | None) -> str:
    """A time as people read it, in their own zone, which is named."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M %Z") if moment else "—"


def file_of(path: Path) -> tuple[str, bytes]:
    """Media type and content of a file that is handed in. Raises Unavailable if it cannot be read."""
    try:
        return mimetypes.guess_type(path.name)[0] or "application/octet-stream", path.read_bytes()
    except OSError as error:
        raise of_disk(error, path.name) from error
