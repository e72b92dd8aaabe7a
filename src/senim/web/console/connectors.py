"""Connected systems: how they are, what their maps say, what is proposed or taken over, and every version."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from senim.connectors.actions import proposal
from senim.connectors.datamap import DataMap, System
from senim.connectors.fides import import_fides, read_from
from senim.connectors.mapfile import write
from senim.connectors.maps import digest_of
from senim.connectors.patience import within
from senim.connectors.proposing import Proposal
from senim.connectors.records import Trouble
from senim.errors import Code, NotFound, SenimError
from senim.languages import Hint, wording
from senim.recognisers import Guess
from senim.web.console.again import with_status
from senim.web.console.guard import Answer, look, member, platform, word
from senim.web.shared.pages import fault as told
from senim.web.shared.pages import refused
from senim.web.shared.switching import repeats

pages = Blueprint("connectors", __name__, url_prefix="/connectors")

PATIENCE, PATIENCE_PROPOSAL = 2.5, 20.0
"""Seconds that a page waits for systems; those that are slower are told to be."""

DRIFT = {
    Trouble.TABLE_GONE,
    Trouble.TABLE_NOT_MAPPED,
    Trouble.COLUMN_GONE,
    Trouble.COLUMN_NOT_MAPPED,
    Trouble.TYPE_CHANGED,
    Trouble.KEY_CHANGED,
    Trouble.REFERENCE_NOT_MAPPED,
}
"""Where the map no longer fits the system."""

_NOT_READY = {Trouble.SECRET_WRONG: "system-secret", Trouble.GRANT_MISSING: "system-grants"}
"""What keeps a system that is reached from being ready, if it has a name of its own."""


@pages.get("/")
def index() -> Answer:
    """All systems, each as it was when somebody last looked, at most a minute ago."""
    names = platform().systems.names()
    maps = {name: platform().systems.check(name).map for name in names}
    looks = platform().looks.of(names, patience=PATIENCE)
    return render_template("console/connectors.html", names=names, maps=maps, looks=looks, state=state_of)


@pages.get("/systems/<name>")
def show(name: str) -> Answer:
    """One system: its state, what is missing, its tables."""
    found = platform().systems.check(name)
    last = platform().looks.of((name,), patience=PATIENCE)[name]
    problems = last.reach.problems if last.reach else ()
    return render_template(
        "console/connector.html",
        name=name,
        map=found.map,
        faults=found.faults,
        look=last,
        state=state_of,
        problems=sorted(problems, key=lambda one: not one.blocking),
        unmapped=[one.where for one in problems if one.code is Trouble.TABLE_NOT_MAPPED],
        refusal=refused(last.refusal) if last.refusal else "",
        versions=platform().maps.versions(look().database, name),
        digest=digest_of(platform().maps.source(name)),
        ways=ways,
    )


@pages.post("/systems/<name>/look")
def look_again(name: str) -> Answer:
    """Ask the system now."""
    platform().systems.check(name)
    platform().looks.of((name,), patience=PATIENCE, anew=True)
    return redirect(url_for("connectors.show", name=name), 303)


def state_of(name: str) -> tuple[str, str]:
    """How a system is: a weight, and the key of the words."""
    last = platform().looks.of((name,), patience=0)[name]
    if last.refusal is not None:
        return "bad", "system-map-faulty" if last.refusal.code is Code.MAP_INVALID else "system-not-set"
    if last.reach is None:
        return "warn", "system-silent" if last.asking else "system-unknown"
    if not last.reach.reachable:
        return "bad", "system-down"
    codes = {one.code for one in last.reach.problems}
    if not last.reach.ready:
        return "bad", next((word for code, word in _NOT_READY.items() if code in codes), "system-not-ready")
    if codes & DRIFT:
        return "warn", "system-drift"
    return ("warn", "system-remarks") if codes else ("good", "system-ready")


def trouble(code: str) -> str:
    """What stands in the way, in words."""
    text = wording("troubles").get(code)
    return text.in_(g.language) if text else code


def ways(table: str, found: DataMap) -> list[tuple[str, str]]:
    """How a person's rows of a table are found: the key of the words, and what they are about."""
    entry = found.tables[table]
    told = [("way-person", ", ".join(entry.person))] if entry.person else []
    told += [(f"way-{one.as_ or 'belongs'}", one.to) for one in entry.refers]
    owners = (name for name, its in found.tables.items() if any(r.to == table and r.as_ == "owns" for r in its.refers))
    return [*told, *(("way-owned", name) for name in owners)] or [("way-nobody", "")]


# propose


@pages.route("/add", methods=["GET", "POST"])
def add() -> Answer:
    """Connect a database: read its schema, and propose a map of it."""
    fault, form = "", request.form
    if request.method == "POST":
        schemas = tuple(form.get("schemas", "").replace(",", " ").split())
        try:
            if platform().maps.source(form.get("name", "")):
                fault = told("connector-name-taken")
            else:
                return _proposed(System(name=form["name"], url_env=form.get("variable", "").strip(), schemas=schemas))
        except SenimError as error:
            fault = _told(error)
    page = render_template("console/connector_add.html", fault=fault, form=form)
    return with_status(page, 400 if fault else 200)


@pages.post("/systems/<name>/proposal")
def propose(name: str) -> Answer:
    """A new proposal for a system that has a map already; the map stays until the proposal is saved."""
    found = platform().systems.check(name).map
    if found is None or found.system.kind != "sql":
        raise NotFound(Code.NOT_FOUND, "map")
    try:
        return _proposed(found.system)
    except SenimError as error:
        flash(_told(error), "bad")
        return redirect(url_for("connectors.show", name=name), 303)


def _proposed(system: System) -> Answer:
    address = platform().systems.address(system.url_env, system.name)
    fields = _fields()
    made = within(PATIENCE_PROPOSAL, lambda: proposal(address, system, fields), where=system.name)
    repeats()
    remarks = _said(made.remarks)
    return render_template(
        "console/proposal.html",
        name=system.name,
        map=made.map,
        remarks=remarks,
        because=lambda table, column: because(made, table, column),
        source=write(made.map, "\n".join(remarks)),
        instead_of=digest_of(platform().maps.source(system.name)),
        ways=ways,
    )


def _said(remarks: Iterable[Hint]) -> list[str]:
    return [one.sentences(g.language) for one in remarks]


def because(made: Proposal, table: str, column: str) -> tuple[str, int]:
    """Why a column is thought personal, in words, and how sure that is in percent."""
    guess: Guess | None = made.why.get(table, {}).get(column)
    if guess is None:
        return word("because-anything"), 0
    known = wording("scan")
    return ", ".join(known[f"why-{one}"].in_(g.language) for one in guess.why), round(guess.confidence * 100)


def _fields() -> dict[str, str]:
    """Kind → the policy's first field of that type, so that the map speaks the policy's words."""
    found: dict[str, str] = {}
    for name, one in platform().policies.in_force(platform().works.clock.now()).fields.items():
        found.setdefault(str(one.type), name)
    return found


def _told(error: SenimError) -> str:
    return f"{refused(error)} {'' if error.hint else error.where}".strip()


# take over from Fides


@pages.route("/fides", methods=["GET", "POST"])
def fides() -> Answer:
    """Read datasets of Fides as maps; each is looked at before it is saved."""
    fault = ""
    if request.method == "POST":
        file = request.files.get("file")
        try:
            done = import_fides(file.read() if file else b"")
            made = [
                (one.system.name, one, write(one, read_from(one).sentences(g.language)), _now(one)) for one in done.maps
            ]
            if made:
                return render_template("console/fides_read.html", made=made, remarks=_said(done.remarks))
            fault = told("fides-none")
        except SenimError as error:
            fault = refused(error)
    return with_status(render_template("console/fides.html", fault=fault), 400 if fault else 200)


def _now(found: DataMap) -> str:
    return digest_of(platform().maps.source(found.system.name))


# versions


@pages.get("/systems/<name>/versions")
def versions(name: str) -> Answer:
    """Every version of the map, the newest first, with who saved it."""
    found = platform().maps.versions(look().database, name)
    current = digest_of(platform().maps.source(name))
    return render_template("console/map_versions.html", name=name, found=found[::-1], current=current, who=who_saved)


@pages.get("/systems/<name>/versions/<int:number>")
def version(name: str, number: int) -> Answer:
    """What a version changed, line by line."""
    found, before = platform().maps.version(look().database, name, number)
    current = digest_of(platform().maps.source(name))
    return render_template(
        "console/map_version.html",
        name=name,
        found=found,
        lines=list(changed(before.source if before else b"", found.source)),
        current=current,
        who=who_saved,
    )


def who_saved(label: str) -> str:
    """The name of whoever saved a version; nothing for a file that was changed in the folder."""
    kind, _, account = label.partition(":")
    names = platform().staff.names(look(), account) if kind == "staff" and account else None
    return names.shown if names else account


def changed(before: bytes, after: bytes) -> Iterator[tuple[str, str]]:
    """The lines that differ, with three around them: ``+``, ``-``, `` `` or ``@`` where some are left out."""
    old, new = (one.decode("utf-8", "replace").splitlines() for one in (before, after))
    for line in list(difflib.unified_diff(old, new, lineterm=""))[2:]:
        yield line[0], "" if line[0] == "@" else line[1:]


@pages.post("/systems/<name>/save")
def save(name: str) -> Answer:
    """Save a map that was proposed, taken over or put back. A fault leads to the editor of the file."""
    form = request.form
    source = form.get("source", "").replace("\r\n", "\n").encode()
    reason = form.get("reason", "")
    if platform().maps.checked(name, source).map is None:
        return redirect(url_for("maps.source", name=name), 303)
    platform().maps.save(
        member().actor,
        name,
        source,
        reason=next((one for one in ("proposed", "imported", "restored") if one == reason), "edited"),
        instead_of=form.get("instead_of", ""),
    )
    flash(word("map-saved"), "good")
    return redirect(url_for("connectors.show", name=name), 303)
