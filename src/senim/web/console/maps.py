"""The map editor: table by table as forms, or the file as it is; every fault is told with its line."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from msgspec.structs import replace

from senim.connectors.datamap import DataMap, TableMap
from senim.connectors.mapfile import write
from senim.connectors.maps import digest_of
from senim.connectors.proposing import IDENTIFIERS
from senim.connectors.records import Trouble
from senim.errors import Code, Invalid, SenimError
from senim.policy.file import Fault
from senim.web.console.again import with_status
from senim.web.console.guard import Answer, member, platform, word
from senim.web.console.map_forms import columns_of, plainly, table_of
from senim.web.shared.pages import refused
from senim.web.shared.switching import typed

pages = Blueprint("maps", __name__, url_prefix="/maps")


def _map(name: str) -> DataMap:
    found = platform().systems.check(name).map
    if found is None:
        raise Invalid(Code.MAP_INVALID, f"connectors/{name}.yaml")
    return found


@pages.route("/<name>/table", methods=["GET", "POST"])
def table(name: str) -> Answer:
    """One table: which columns are personal, whom its rows belong to, what an erasure does with them."""
    found, called = _map(name), request.args.get("table", "")[:200]
    entry = found.tables.get(called, TableMap())
    faults: list[Fault] = []
    fault = ""
    if request.form:
        entry = table_of(request.form, entry)
    if request.method == "POST":
        plain = tuple(one for one in found.plain_tables if one != called)
        made = replace(found, tables={**found.tables, called: entry}, plain_tables=plain)
        fault, faults = _saved(name, write(made).encode())
        if not (fault or faults):
            return redirect(url_for("connectors.show", name=name), 303)
    page = render_template(
        "console/map_table.html",
        name=name,
        table=called,
        entry=entry,
        columns=columns_of(entry, _not_mapped(name, called)),
        tables=sorted({*found.tables, *found.plain_tables, called}),
        kinds=_kinds(),
        identifiers=IDENTIFIERS,
        refers=[*entry.refers, None],
        keeps=[*entry.keep.items(), ("", None)],
        plainly=plainly,
        instead_of=_before(name),
        fault=fault,
        faults=faults,
    )
    return with_status(page, 400 if fault or faults else 200)


@pages.post("/<name>/plain")
def plain(name: str) -> Answer:
    """Say that a table holds nothing of people."""
    found, called = _map(name), request.form.get("table", "")[:200]
    tables = {one: entry for one, entry in found.tables.items() if one != called}
    made = replace(found, tables=tables, plain_tables=tuple(sorted({*found.plain_tables, called})))
    fault, faults = _saved(name, write(made).encode())
    if fault or faults:
        told = (f"{one.where}: {one.says(g.language)}" for one in faults)
        flash(" ".join((fault, *told)).strip(), "bad")
    return redirect(url_for("connectors.show", name=name), 303)


@pages.route("/<name>/file", methods=["GET", "POST"])
def source(name: str) -> Answer:
    """The file as it is: everything that a map can say, comments too."""
    text = typed("source", platform().maps.source(name).decode("utf-8", "replace")).replace("\r\n", "\n")
    faults: list[Fault] = list(platform().maps.checked(name, text.encode()).faults) if text else []
    fault, status = "", 200
    if request.method == "POST":
        fault, faults = _saved(name, text.encode())
        if not (fault or faults):
            return redirect(url_for("connectors.show", name=name), 303)
        status = 400
    page = render_template(
        "console/map_file.html",
        name=name,
        source=text,
        faults=faults,
        fault=fault,
        instead_of=_before(name),
    )
    return with_status(page, status)


def _saved(name: str, content: bytes) -> tuple[str, list[Fault]]:
    """Save a map that was edited; what kept it from being saved, or nothing."""
    try:
        found = platform().maps.checked(name, content)
        if found.map is None:
            return "", list(found.faults)
        instead_of = request.form.get("instead_of", "")
        platform().maps.save(member().actor, name, content, reason="edited", instead_of=instead_of)
    except SenimError as error:
        return refused(error), []
    flash(word("map-saved"), "good")
    return "", []


def _before(name: str) -> str:
    """The digest of the file that is edited: of a form that comes again, the one that it began with."""
    return request.form.get("instead_of", "") or digest_of(platform().maps.source(name))


def _not_mapped(name: str, called: str) -> list[str]:
    """Columns that the database has and the map does not mention, as of the last look."""
    reach = platform().looks.of((name,), patience=1)[name].reach
    found = [one.where for one in reach.problems if one.code is Trouble.COLUMN_NOT_MAPPED] if reach else []
    return [one.removeprefix(f"{called}.") for one in found if one.startswith(f"{called}.")]


def _kinds() -> list[Any]:
    """What a column may hold: the fields of the policy."""
    try:
        return sorted(platform().policies.in_force(platform().works.clock.now()).fields)
    except SenimError:  # no policy is published: kinds are typed by hand
        return []
