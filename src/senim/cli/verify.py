"""``senim verify``: the log, an export, a receipt or a proof, with the public key alone."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from senim.audit.checkpoint import LogVerifier
from senim.audit.records import Problem, Report
from senim.audit.statements import open_statement
from senim.audit.verification import FolderLog, verify_log
from senim.cli.terminal import counted, folder_option, json_option, language, opened, show_json
from senim.conformance.pack import KIND as PACK
from senim.conformance.pack import sealed_in
from senim.errors import Code, Invalid
from senim.languages import in_words
from senim.settings import FILE


def _given(_context: click.Context, _parameter: click.Parameter, key: str | None) -> str:
    """The key, or nothing if none is given. Raises Invalid (key_file_wrong) for an empty one.

    What was to print it failed; an export would be checked with the key that lies in it, and be good whoever made it.
    """
    if key is not None and not key.strip():
        raise Invalid(Code.KEY_FILE_WRONG, "--key", detail="it is empty")
    return key or ""


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--key",
    callback=_given,
    help="The public key: a verifier key line or a JWK, or a file that holds it.",
)
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A checkpoint kept elsewhere; may be repeated.",
)
@folder_option
@json_option
def verify(file: Path | None, key: str, anchors: tuple[Path, ...], folder: Path, *, as_json: bool) -> None:
    """Verify FILE: an exported log (a folder), a receipt or a proof (JWS), an evidence pack (JWS or JSON).

    Without it, the log of this operator. An export, a statement and a pack are checked with the public key alone.
    Exit code 1 if anything is wrong.
    """
    notes = tuple(_read(path) for path in anchors)
    if file is not None and file.is_file():
        _statement(file, key, folder, as_json=as_json)
        return
    if file is None:
        with opened(folder) as senim:
            report = senim.log.verify(anchors=notes)
    else:
        verifier = _verifier(_log_key(file, key))
        report = verify_log(FolderLog(file), verifier, anchors=notes, processes=os.cpu_count() or 1)
    _show(report, as_json=as_json)


_LOG_KEY = re.compile(r'[^\s+"]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+')
_OF_LOG = "a log wants its verifier key, one line of text: “senim log key” prints it"
_OF_STATEMENT = "a receipt or a proof wants a JWK: “senim keys public” prints it, and /.well-known/jwks.json"


def _text(key: str) -> str:
    """A key as it was given, or what the file of that name holds. Raises Invalid (key_file_wrong)."""
    path = Path(key)
    if key.startswith("{") or _LOG_KEY.fullmatch(key):
        return key
    if not path.is_file():
        raise Invalid(Code.KEY_FILE_WRONG, "--key", detail="it is no key, and there is no file of this name")
    return _read(path).strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(Code.KEY_FILE_WRONG, path.name) from error


def _verifier(key: str) -> LogVerifier:
    found = _LOG_KEY.search(key)  # in all that “senim keys public” prints too
    try:
        return LogVerifier(found[0] if found else key)
    except Invalid as error:
        raise Invalid(Code.KEY_FILE_WRONG, "--key", detail=_OF_LOG) from error


def _log_key(folder: Path, key: str) -> str:
    if key:
        return _text(key)
    inside = folder / "vkey"
    if not inside.exists():
        raise Invalid(Code.KEY_FILE_MISSING, "--key")
    click.echo("The key comes from the export itself; give --key to check who signed it.", err=True)
    return _read(inside).strip()


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        problems = [_told(one) for one in report.problems]
        show_json({"ok": report.ok, "size": report.size, "root": report.root, "problems": problems})
    else:
        for one in report.problems:
            place = f"entry {one.index}" if one.index >= 0 else "the log"
            click.echo(f"{one.kind.value}: {place}: {in_words(one.detail, language())}")
        size = counted(report.size, "entry", "entries")
        click.echo(f"{'Good' if report.ok else 'BROKEN'}: {size} of {report.origin}, root {report.root or '—'}")
    sys.exit(0 if report.ok else 1)


def _statement(file: Path, key: str, folder: Path, *, as_json: bool) -> None:
    """A receipt or a proof: good or not, and what it says. Without a good key that cannot be told, so it raises."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if text.lstrip().startswith("{"):
        _pack(text, key, folder, as_json=as_json)
        return
    jwk = _jwk(key, folder)
    problems: list[dict[str, Any]] = []
    try:
        kind, payload = open_statement(text, jwk)
    except Invalid as error:
        if error.code is Code.KEY_FILE_WRONG:
            raise Invalid(Code.KEY_FILE_WRONG, "--key", detail=_OF_STATEMENT) from error
        if error.code is not Code.SIGNATURE_WRONG:
            raise
        kind, payload = "", {}
        problems = [{"kind": "signature", "index": -1, "detail": error.code.value}]
    if kind == PACK:  # what signed the pack signs the key of the log that is in it
        part = sealed_in(payload)
        problems = [_told(one) for one in part.problems(LogVerifier(part.vkey))]
    if as_json:
        show_json({"ok": not problems, "kind": kind, "payload": payload, "problems": problems})
    elif problems:
        click.echo(
            f"BROKEN: {_WRONG.get(problems[0]['kind'], 'the log in it does not hold')} ({problems[0]['detail']})."
        )
    else:
        click.echo(f"Good: {kind}")
        click.echo(msgspec.json.format(msgspec.json.encode(payload), indent=2).decode())
    sys.exit(1 if problems else 0)


_WRONG = {"signature": "the signature does not hold"}


def _told(one: Problem) -> dict[str, Any]:
    return {"kind": one.kind.value, "index": one.index, "detail": in_words(one.detail, language())}


def _pack(text: str, key: str, folder: Path, *, as_json: bool) -> None:
    """An evidence pack as JSON: whether the two signed states of the log in it hold, and the proof between them."""
    try:
        part = sealed_in(msgspec.json.decode(text))
    except msgspec.DecodeError as error:
        raise Invalid(Code.INVALID_VALUE, "pack", detail="it is no evidence pack") from error
    problems = part.problems(_verifier(_text(key) if key else _own_log_key(folder)))
    if as_json:
        show_json({"ok": not problems, "kind": "evidence-pack", "problems": [_told(one) for one in problems]})
    elif problems:
        click.echo(f"BROKEN: the log in it does not hold ({_told(problems[0])['detail']}).")
    else:
        click.echo(f"Good: entries {part.first} to before {part.end} lie between two signed states of {part.vkey}.")
        click.echo("The numbers in it are not signed: senim evidence --signed makes a pack in which they are.")
    sys.exit(1 if problems else 0)


def _own_log_key(folder: Path) -> str:
    if not (folder / FILE).exists():
        raise Invalid(Code.FOLDER_WRONG, folder.name, detail=f"or give --key; {_OF_LOG}")
    with opened(folder) as senim:
        return senim.log.vkey


def _jwk(key: str, folder: Path) -> dict[str, str]:
    if not key:
        if not (folder / FILE).exists():
            raise Invalid(Code.FOLDER_WRONG, folder.name, detail=f"or give --key; {_OF_STATEMENT}")
        with opened(folder) as senim:
            return senim.jwk
    try:
        text = _text(key)
        lines = [line for line in text.splitlines() if line.startswith("{")]  # of all that “senim keys public” prints
        found = msgspec.json.decode(text if text.startswith("{") else "".join(lines[-1:]), type=dict[str, Any])
        found = found.get("statements", found)
        keys = found.get("keys")
        return msgspec.convert(keys[0] if isinstance(keys, list) and keys else found, dict[str, str])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Invalid(Code.KEY_FILE_WRONG, "--key", detail=_OF_STATEMENT) from error
