"""``senim requests``: what people ask for, from the letter that came in to the answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click
import msgspec
from msgspec.structs import replace

from senim.app import Senim
from senim.cli.terminal import file_of, folder_option, json_option, language, opened, show_json, when
from senim.connectors.records import worded
from senim.errors import Code, Invalid, of_disk
from senim.identity import Actor, ActorKind
from senim.rights import Attached, For, Opening, Refusal, Request
from senim.rights.delivery import FORMS
from senim.rights.handling import ASKABLE
from senim.rights.plans import told_of
from senim.rights.records import Done, ExtensionReason, PauseReason
from senim.times import moment, stamp
from senim.work import Work

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
_PAPERS = ("letter", "scan", "authority", "evidence", "signature")
_decode = msgspec.json.Decoder(Opening).decode


@click.group()
def requests() -> None:
    """What people ask for: each request has a number, a clock and an answer."""


def acting(command: F) -> F:
    """``--role`` and ``--as``: in which role, and who of several people it is."""
    command = click.option(
        "--as", "name", default="local", show_default=True, help="Your id among the staff, for the log: no name."
    )(command)
    return click.option("--role", default="responsible", show_default=True, help="Act in a role of the policy.")(
        folder_option(json_option(command))
    )


def _actor(senim: Senim, role: str, name: str) -> Actor:
    if not name.replace("-", "").isalnum() or not name.isascii() or len(name) > 32:
        raise Invalid(Code.INVALID_VALUE, "--as")
    actor = senim.actor(role, name)
    return Actor(kind=ActorKind.STAFF, id=name, role=actor.role, may=actor.may)


def _run(folder: Path, role: str, name: str, act: Callable[[Senim, Work], T]) -> T:
    with opened(folder) as senim:
        done = senim.run(_actor(senim, role, name), lambda work: act(senim, work))
        senim.orders.run_due("rights")
        return done


def _time(at: int) -> str:
    return stamp(moment(at)) if at else ""


def _line(request: Request) -> str:
    due = when(moment(request.due)) if request.due else "-"
    return f"{request.number}  {due:22}  {request.kind.value:13}  {request.state.value:20}  {request.trouble}".rstrip()


def as_told(senim: Senim, request: Request) -> dict[str, Any]:
    """A request as plain facts: no value of a person is among them."""
    status = senim.rights.shown(request, language())
    return {
        "number": request.number,
        "kind": request.kind,
        "way": request.way,
        "state": request.state,
        "subject": request.subject,
        "claimed": request.claimed,
        "linked": request.linked,
        "received_at": _time(request.received_at),
        "due": _time(request.due),
        "clock": status.clock,
        "paused": request.paused,
        "proof": request.proof,
        "proven_by": request.proven_by,
        "missing": request.missing,
        "blocked": request.blocked,
        "decision": msgspec.to_builtins(request.decision) if request.decision else None,
        "plan": told_of(request.plan, language()) if request.plan else None,
        "done": msgspec.to_builtins([_worded(one) for one in request.done]),
        "order": request.order,
        "trouble": request.trouble,
        "joined": request.joined,
        "papers": msgspec.to_builtins(request.papers),
        "past": senim.rights.past(senim.database, request),
        "data_rights_protocol": dict(zip(("status", "reason"), status.drp, strict=True)),
    }


def _worded(done: Done) -> Done:
    return replace(done, receipt=worded(done.receipt, language())) if done.receipt else done


def _tell(folder: Path, number: str, *, as_json: bool) -> None:
    with opened(folder) as senim:
        request = senim.rights.find(senim.database, number)
        if as_json:
            show_json(as_told(senim, request))
        else:
            click.echo(_line(request))


@requests.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that were answered too.")
@folder_option
@json_option
def list_(folder: Path, *, everything: bool, as_json: bool) -> None:
    """List open requests, the most urgent first."""
    with opened(folder) as senim:
        found = list(senim.rights.everything(senim.database)) if everything else senim.rights.opened(senim.database)
        _tell_list(senim, found, as_json=as_json)


@requests.command()
@folder_option
@json_option
def overdue(folder: Path, *, as_json: bool) -> None:
    """List what should have been done by now; exit code 1 if there is any."""
    with opened(folder) as senim:
        found = senim.rights.overdue(senim.database)
        _tell_list(senim, found, as_json=as_json)
    if found:
        raise click.exceptions.Exit(1)


def _tell_list(senim: Senim, found: list[Request], *, as_json: bool) -> None:
    if as_json:
        show_json([as_told(senim, one) for one in found])
        return
    for one in found:
        click.echo(_line(one))


@requests.command()
@click.argument("number")
@click.option("--read", is_flag=True, help="Open what was written too; the look is logged.")
@acting
def show(number: str, role: str, name: str, folder: Path, *, read: bool, as_json: bool) -> None:
    """Show a request: state, clock in words, plan, papers."""
    with opened(folder) as senim:
        request = senim.rights.find(senim.database, number)
        told = as_told(senim, request)
        if read:
            written = senim.run(_actor(senim, role, name), lambda work: senim.rights.read(work, number))
            told["written"] = msgspec.to_builtins(written)
    if as_json:
        show_json(told)
        return
    click.echo(_line(request))
    if told["clock"]:
        click.echo(told["clock"])
    if request.decision and not request.decision.granted:
        click.echo(f"  refused: {', '.join(request.decision.reasons)}")
    for place, lines in (("here", request.plan.here),) if request.plan else ():
        for line in lines:
            click.echo(f"  {place}: {line.place} {line.act} {line.because} {line.until}".rstrip())
    for plan in request.plan.systems if request.plan else ():
        for step in plan.steps:
            click.echo(f"  {plan.system}: {step.table} {step.act.value} {step.rows}")
    if request.plan:
        click.echo(f"plan {request.plan.digest}")
        for problem in request.plan.problems:
            click.echo(f"  ! {problem}")
    for left in _after(request):
        click.echo(f"  ! {left}")
    for paper in request.papers:
        if (paper.what, paper.media) == ("note", "text/html"):
            click.echo(f"  to be handed over: senim requests answer {number} {paper.id} --out letter.html")
    for name_, value in told.get("written", {}).items():
        click.echo(f"{name_}: {value}")


def _after(request: Request) -> Iterator[str]:
    """What the search afterwards still found or did not reach, system by system."""
    for done in request.done:
        for left in done.rescan.left if done.rescan else ():
            if not (left.keep or left.because):
                yield f"{done.system}: {left.table}.{left.column} still found {left.rows}"
        for one in done.rescan.not_reached if done.rescan else ():
            yield f"{done.system}: {one.table} not reached ({', '.join((one.why.value, *one.columns))})"


@requests.command("open")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--paper",
    "papers",
    multiple=True,
    type=(click.Choice(_PAPERS), click.Path(path_type=Path)),
    help="A file that came with it: what it is, and where.",
)
@acting
def open_(
    file: BinaryIO, papers: tuple[tuple[str, Path], ...], role: str, name: str, folder: Path, *, as_json: bool
) -> None:
    """Open a request from the JSON in FILE (or standard input): kind, way, identifiers, text and so on."""
    try:
        opening = _decode(file.read())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(Code.BODY_MALFORMED, "request") from error
    opening = msgspec.structs.replace(opening, attached=tuple(_paper(what, path) for what, path in papers))
    told = _run(folder, role, name, lambda senim, work: senim.rights.open(work, opening))
    if as_json:
        show_json(
            {"number": told.number, "due": _time(told.due), "clock": told.says, "token": told.token,
             "missing": told.missing}
        )  # fmt: skip
    else:
        click.echo(told.number)
        click.echo(told.says)


def _paper(what: Any, path: Path) -> Attached:
    media, content = file_of(path)
    return Attached(what=what, media=media, content=content)


def _step(step: str, says: str, *options: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that takes one step with a request and tells how it stands then."""

    def make(act: Callable[..., Any]) -> click.Command:
        def command(number: str, role: str, name: str, folder: Path, *, as_json: bool, **more: Any) -> None:
            _run(folder, role, name, lambda senim, work: act(senim, work, number, **more))
            _tell(folder, number, as_json=as_json)

        made: Callable[..., Any] = acting(command)
        for option in reversed(options):
            made = option(made)
        return requests.command(step, help=says)(click.argument("number")(made))

    return make


@_step("code", "Send a one-time code to the contact that the request names.")
def code(senim: Senim, work: Work, number: str) -> None:
    """Send a code."""
    senim.rights.identities.send_code(work, number)


@_step(
    "identify",
    "Say how it was shown who asks: a code, a document that you saw, a signature in a file.",
    click.option("--code", default="", help="The one-time code."),
    click.option("--document", is_flag=True, help="You saw an identity document; its number is not kept."),
    click.option("--subject", default="", help="With --document: which person it is."),
    click.option("--born", default="", help="With --document: date of birth, if it may be a child."),
    click.option("--signature", type=click.Path(path_type=Path, exists=True), help="File with a CMS signature."),
)
def identify(
    senim: Senim, work: Work, number: str, *, code: str, document: bool, subject: str, born: str, signature: Path | None
) -> None:
    """Identify."""
    identities = senim.rights.identities
    if document:
        identities.by_document(work, number, subject=subject, born=born)
    elif signature is not None:
        identities.by_signature(work, number, signature.read_bytes())
    elif code:
        shown = identities.check_code(work, number, code)
        click.echo("The code is right." if shown.ok else f"The code is not right; tries left: {shown.left}.", err=True)
    else:
        raise click.UsageError("give --code, --document or --signature")


@_step(
    "represent",
    "Note that you checked by what right somebody asks for another person.",
    click.option(
        "--by",
        type=click.Choice(["parent", "guardian", "power-of-attorney", "advocate", "heir"]),
        required=True,
        help="By what right.",
    ),
    click.option("--paper", required=True, help="The sealed paper that shows it, by its id."),
    click.option("--until", default="", help="Its last day, 2026-12-31."),
    click.option("--born", default="", help="The child's date of birth."),
)
def represent(senim: Senim, work: Work, number: str, *, by: Any, paper: str, until: str, born: str) -> None:
    """Represent."""
    senim.rights.identities.represent(work, number, For(by=by, until=until, born=born), paper=paper)


@_step(
    "link",
    "Two records are of one person, as a paper shows.",
    click.option("--subject", required=True, help="The further record."),
    click.option("--paper", required=True, help="The sealed paper that shows it, by its id."),
)
def link(senim: Senim, work: Work, number: str, *, subject: str, paper: str) -> None:
    """Link."""
    senim.rights.identities.link(work, number, subject, paper=paper)


@_step(
    "attach",
    "Seal a file with a request.",
    click.option("--what", type=click.Choice(_PAPERS), required=True, help="What it is."),
    click.option("--file", "path", type=click.Path(path_type=Path, exists=True), required=True, help="Where it is."),
)
def attach(senim: Senim, work: Work, number: str, *, what: str, path: Path) -> None:
    """Attach."""
    senim.rights.attach(work, number, _paper(what, path))


@_step(
    "clarify",
    "Ask the person for what is missing.",
    click.option("--for", "wanted", type=click.Choice(ASKABLE), multiple=True, required=True, help="What is missing."),
    click.option(
        "--pause",
        type=click.Choice([one.value for one in PauseReason]),
        default=None,
        help="Let the clock wait for it, where the law does.",
    ),
)
def clarify(senim: Senim, work: Work, number: str, *, wanted: tuple[str, ...], pause: str | None) -> None:
    """Clarify."""
    senim.rights.handling.ask(work, number, wanted, pause=pause or "")


_PAUSE = click.option(
    "--reason", type=click.Choice([one.value for one in PauseReason]), required=True, help="What it waits for."
)


@_step("pause", "Let the clock stand still, where the law pack lists the reason.", _PAUSE)
def pause(senim: Senim, work: Work, number: str, *, reason: str) -> None:
    """Pause."""
    senim.rights.handling.pause(work, number, reason)


@_step("resume", "Let the clock go on.")
def resume(senim: Senim, work: Work, number: str) -> None:
    """Resume."""
    senim.rights.handling.resume(work, number)


_MORE = click.option(
    "--reason",
    type=click.Choice([one.value for one in ExtensionReason]),
    required=True,
    help="Why; the person is told.",
)


@_step("extend", "Take more time, where the law gives it; the person is told why.", _MORE)
def extend(senim: Senim, work: Work, number: str, *, reason: str) -> None:
    """Extend."""
    senim.rights.handling.extend(work, number, reason)


@_step(
    "decide",
    "Grant a request, or refuse it with reasons; what is granted is planned at once.",
    click.option("--grant/--refuse", "granted", default=None, help="Which."),
    click.option(
        "--reason",
        "reasons",
        type=click.Choice([one.value for one in Refusal]),
        multiple=True,
        help="Why it is refused.",
    ),
    click.option("--text", type=click.File("r", encoding="utf-8"), help="File with what is said to the person."),
)
def decide(senim: Senim, work: Work, number: str, *, granted: bool | None, reasons: tuple[str, ...], text: Any) -> None:
    """Decide."""
    if granted is None:
        raise click.UsageError("give --grant or --refuse")
    words = text.read() if text else ""
    chosen = tuple(Refusal(one) for one in reasons)
    senim.rights.handling.decide(work, number, granted=granted, reasons=chosen, text=words)


@_step("plan", "Have the plan made anew, and show it.")
def plan(senim: Senim, work: Work, number: str) -> None:
    """Plan."""
    senim.rights.planning.plan(work, number)


@_step(
    "choose",
    "Say who is meant where several people match in a system.",
    click.option("--system", required=True, help="The system."),
    click.option("--person", "people", multiple=True, required=True, help="Digest from the plan."),
)
def choose(senim: Senim, work: Work, number: str, *, system: str, people: tuple[str, ...]) -> None:
    """Choose."""
    senim.rights.planning.choose(work, number, system, people)


@_step(
    "approve",
    "Approve a plan as the second person; its digest says that you saw this one.",
    click.option("--plan", "digest", required=True, help="The plan's digest."),
)
def approve(senim: Senim, work: Work, number: str, *, digest: str) -> None:
    """Approve."""
    senim.rights.planning.approve(work, number, digest)


@_step("decline", "Say no to a plan as the second person.")
def decline(senim: Senim, work: Work, number: str) -> None:
    """Decline."""
    senim.rights.planning.refuse_plan(work, number)


@_step("withdraw", "Let go of a request, as the person wishes.")
def withdraw(senim: Senim, work: Work, number: str) -> None:
    """Withdraw."""
    senim.rights.withdraw(work, number)


@requests.command()
@click.argument("number")
@folder_option
@json_option
def run(number: str, folder: Path, *, as_json: bool) -> None:
    """Do what is due for requests now, without waiting for the service, and show NUMBER."""
    with opened(folder) as senim:
        senim.orders.run_due("rights")
    _tell(folder, number, as_json=as_json)


@requests.command()
@click.argument("number")
@click.argument("paper", required=False, default="")
@click.option(
    "--form", type=click.Choice(tuple(FORMS)), default="page", show_default=True, help="The form of the answer."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write.")
@acting
def answer(number: str, paper: str, form: str, out: Path, role: str, name: str, folder: Path, *, as_json: bool) -> None:
    """Write the answer of NUMBER to a file, in the form asked for, or a sealed PAPER by its id. The look is logged."""
    size = 0
    with opened(folder) as senim, private(out) as file:
        if paper:
            media, content = senim.run(_actor(senim, role, name), lambda work: senim.rights.paper(work, number, paper))
            size = file.write(content)
        else:
            verb = senim.rights.delivery.hand
            media, parts = senim.run(_actor(senim, role, name), lambda work: verb(work, number, form))
            size = sum(file.write(part) for part in parts)
    if as_json:
        show_json({"paper": paper or form, "media": media, "bytes": size, "file": out})
    else:
        click.echo(f"{out}: {paper or form}, {size} bytes")


@contextmanager
def private(path: Path) -> Iterator[BinaryIO]:
    """A file that its owner alone may read; none is left if what was to be in it was refused."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            path.chmod(0o600)
            yield file
    except OSError as error:
        raise of_disk(error, path.name) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@requests.command()
@folder_option
@json_option
def tidy(folder: Path, *, as_json: bool) -> None:
    """Remind of what is due, and destroy what was written in requests whose own term is over."""
    with opened(folder) as senim:
        reminded, destroyed = senim.rights.remind(), senim.rights.tidy()
    if as_json:
        show_json({"reminded": reminded, "destroyed": destroyed})
    else:
        click.echo(f"Reminded of {reminded}, destroyed {destroyed}.")
