"""``senim connectors``: propose, check and read maps; look into a system, find a person, preview an erasure."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from senim.app import Senim
from senim.cli import tasks
from senim.cli.terminal import counted, fail, fault_in_json, folder_option, json_option, language, opened, show_json
from senim.connectors import Connector, Wish, WishKind
from senim.connectors.actions import proposal
from senim.connectors.datamap import DataMap, System
from senim.connectors.fides import import_fides, read_from
from senim.connectors.mapfile import ReadMap, json_schema, write
from senim.connectors.records import NotReached, Plan, Problem, Step, worded
from senim.errors import Code, Held, Invalid, Unavailable
from senim.languages import explain, wording


@click.group()
def connectors() -> None:
    """Your own databases: map them, look into them, preview what an erasure does."""


for _command in (tasks.tasks, tasks.task, tasks.done):
    connectors.add_command(_command)

system_argument = click.argument("name")
by_option = click.option(
    "--by",
    "kinds",
    multiple=True,
    default=("email",),
    show_default=True,
    help="Kind of identifier: email, phone, iin or one that the map declares. Its value is asked for.",
)
people_option = click.option("--people", multiple=True, help="Digest of a person who is meant, where several match.")


@connectors.command("propose")
@system_argument
@click.option("--url-env", required=True, help="The environment variable that holds the address of the database.")
@click.option("--schema", "schemas", multiple=True, help="A schema to read; the usual one if left out.")
@click.option("--over", is_flag=True, help="Write over the map that is there.")
@folder_option
@json_option
def propose_(name: str, url_env: str, schemas: tuple[str, ...], folder: Path, *, over: bool, as_json: bool) -> None:
    """Read the live database and write a proposal of its map to connectors/NAME.yaml, for you to correct."""
    with opened(folder) as senim:
        path = senim.systems.path(name)
        _free(path, over=over)
        address = senim.systems.address(url_env, name)
        made = proposal(address, System(name=name, url_env=url_env, schemas=schemas), _fields(senim))
    remarks = [one.sentences(language()) for one in made.remarks]
    _write(path, made.map, remarks)
    if as_json:
        show_json({"map": made.map, "remarks": remarks})
        return
    unsure = sum(1 for table in made.map.tables.values() for one in table.refers if one.sure is not None)
    click.echo(
        f"{path}: {counted(len(made.map.tables), 'table')} of people, {len(made.map.plain_tables)} without, "
        f"{counted(unsure, 'guess', 'guesses')}."
    )
    for remark in remarks:
        click.echo(f"  {remark}")


def _free(path: Path, *, over: bool) -> None:
    if path.exists() and not over:
        raise Held(
            Code.FOLDER_WRONG, str(path), detail="there is a map already: correct it, or write it over with --over"
        )


def _write(path: Path, made: DataMap, remarks: Iterable[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(write(made, "\n".join(remarks)), encoding="utf-8")
    draft.replace(path)


def _fields(senim: Senim) -> dict[str, str]:
    """Kind → field of the policy; the first of its type. Without a policy the kinds themselves."""
    try:
        promises = senim.policies.in_force(senim.works.clock.now())
    except Unavailable:
        return {}
    found: dict[str, str] = {}
    for name, one in promises.fields.items():
        found.setdefault(str(one.type), name)
    return found


@connectors.command()
@system_argument
@folder_option
@json_option
def check(name: str, folder: Path, *, as_json: bool) -> None:
    """Check the map of a system: every fault with its line and what to do."""
    with opened(folder) as senim:
        found = senim.systems.check(name)
    if as_json:
        show_json({"ok": found.map is not None, "faults": [fault_in_json(one) for one in found.faults]})
    elif found.map is not None:
        click.echo(f"connectors/{name}.yaml: in order, {counted(len(found.map.tables), 'table')}.")
    else:
        _faults(name, found)
    sys.exit(0 if found.map is not None else 1)


def _faults(name: str, found: ReadMap) -> None:
    for one in found.faults:
        place = f"connectors/{name}.yaml:{one.line}:{one.column}"
        says = one.hint.in_(language()) if one.hint else explain(one.code, language())
        click.echo(f"{place}: {one.where}: {says} [{one.code}]", err=True)


@connectors.command("map")
@click.argument("name", required=False)
@click.option("--format", "as_format", is_flag=True, help="Print the JSON Schema of maps, for editors.")
@folder_option
@json_option
def map_(name: str | None, folder: Path, *, as_format: bool, as_json: bool) -> None:
    """Print the systems that are mapped, or the tables of one: what happens to their rows, and to whom they belong."""
    if as_format:
        show_json(json_schema())
        return
    with opened(folder) as senim:
        names = senim.systems.names() if name is None else (name,)
        maps = {one: senim.systems.check(one) for one in names}
    if as_json:
        show_json({one: found.map for one, found in maps.items()} if name is None else maps[names[0]].map)
        return
    for one, found in maps.items():
        if found.map is None:
            _faults(one, found)
        else:
            _tables(one, found.map)
    sys.exit(0 if all(found.map for found in maps.values()) else 1)


def _tables(name: str, found: DataMap) -> None:
    click.echo(f"{name} ({found.system.kind}, map {found.digest})")
    for table, entry in found.tables.items():
        ways = [f"people by {', '.join(entry.person)}"] if entry.person else []
        ways += [f"{one.as_ or 'belongs'} {one.to}" for one in entry.refers]
        owners = [
            other for other, its in found.tables.items() if any(r.to == table and r.as_ == "owns" for r in its.refers)
        ]
        ways += [f"owned by {other}" for other in owners]
        kept = f", keep {', '.join(rule.for_ for rule in entry.keep.values())}" if entry.keep else ""
        click.echo(f"  {table}: {entry.act}{kept}; {'; '.join(ways) or 'nobody leads here'}")


@connectors.command()
@system_argument
@folder_option
@json_option
def look(name: str, folder: Path, *, as_json: bool) -> None:
    """Look whether a system is reached and its map fits it; print the grants, indexes and lines that are missing."""
    with opened(folder) as senim:
        reach = senim.systems.connector(name).look()
    if as_json:
        show_json(worded(reach, language()))
    else:
        click.echo(f"{name}: {reach.version or 'not reached'}, {'ready' if reach.ready else 'not ready'}")
        _problems(reach.problems)
    sys.exit(0 if reach.ready else 1)


@connectors.command()
@system_argument
@by_option
@folder_option
@json_option
def find(name: str, kinds: tuple[str, ...], folder: Path, *, as_json: bool) -> None:
    """Find a person in a system: how many rows are in which table. No value is printed."""
    who = _who(kinds)
    with opened(folder) as senim:
        found = senim.systems.connector(name).find(who)
    if as_json:
        show_json(worded(found, language()))
        return
    for one in found.people:
        against = f", but not {', '.join(one.against)}" if one.against else ""
        click.echo(f"person {one.digest} in {one.table}, by {', '.join(one.by)}{against}")
    for table in found.tables:
        hidden = f", {table.hidden} marked as deleted" if table.hidden else ""
        click.echo(f"  {table.table}: {counted(table.rows, 'row')}{hidden}, by {' → '.join(table.path)}")
    if not found.tables:
        click.echo("Nothing was found.")
    _problems(found.problems)
    _unreached(found.not_reached)


@connectors.command()
@system_argument
@by_option
@click.option(
    "--wish",
    type=click.Choice([WishKind.ERASE.value, WishKind.DEPERSONALISE.value]),
    default=WishKind.ERASE.value,
    show_default=True,
    help="What is to be done with the data.",
)
@people_option
@folder_option
@json_option
def preview(
    name: str, kinds: tuple[str, ...], wish: str, people: tuple[str, ...], folder: Path, *, as_json: bool
) -> None:
    """Preview what an erasure would do in a system, and what stands in the way. Touches nothing."""
    who = _who(kinds)
    with opened(folder) as senim:
        plan = _planned(senim.systems.connector(name), who, Wish(kind=WishKind(wish), people=people))
    if as_json:
        show_json(worded(plan, language()))
    else:
        for step in plan.steps:
            click.echo(f"  {_step(step)}")
        click.echo(
            f"Rows to change: {plan.rows}. {'Nothing stands in the way.' if plan.ready else 'It cannot be done yet:'}"
        )
        _problems(plan.problems)
        _unreached(plan.not_reached)
    sys.exit(0 if plan.ready else 1)


def _planned(connector: Connector, who: dict[str, tuple[str, ...]], wish: Wish) -> Plan:
    return connector.plan(who, wish)


def _step(step: Step) -> str:
    columns = f" ({', '.join(step.columns)})" if step.columns else ""
    why = ""
    if step.keep:
        until = f" until {step.keep.until}" if step.keep.until else ""
        why = f": {step.keep.because.in_(language())}{until}"
    elif step.because:
        why = f": {_told(step.because)}"
    return f"{step.table}: {step.act} {counted(step.rows, 'row')}{columns}{why}"


def _told(code: str) -> str:
    text = wording("troubles").get(code)
    return text.in_(language()) if text else code


def _problems(problems: Iterable[Problem]) -> None:
    for one in sorted((one.in_(language()) for one in problems), key=lambda one: not one.blocking):
        mark = "!" if one.blocking else "-"
        detail = f" ({one.detail})" if one.detail else ""
        click.echo(f"{mark} {one.where}: {_told(one.code)}{detail}")
        if one.remedy:
            click.echo(f"    {one.remedy}")


def _unreached(tables: Iterable[NotReached]) -> None:
    for one in tables:
        columns = f" ({', '.join(one.columns)})" if one.columns else ""
        click.echo(f"not reached: {one.table}{columns}: {_told(one.why)}")


def _who(kinds: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Identifiers, asked for one by one, so that they stay out of the shell's history and the list of processes."""
    found: dict[str, tuple[str, ...]] = {
        kind: (click.prompt(kind, hide_input=sys.stdin.isatty(), err=True),) for kind in dict.fromkeys(kinds)
    }
    if not all(value.strip() for values in found.values() for value in values):
        raise Invalid(Code.INVALID_VALUE, ", ".join(found))
    return found


@connectors.command("import-fides")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--url-env", default="", help="The environment variable that holds the address of the database.")
@click.option("--over", is_flag=True, help="Write over the map that is there.")
@folder_option
@json_option
def import_fides_(file: Path, url_env: str, folder: Path, *, over: bool, as_json: bool) -> None:
    """Read a dataset of Fides and write a map for each; what it leaves open is told."""
    done = import_fides(file.read_bytes())
    if not done.maps:
        fail("There is no dataset in the file.")
    with opened(folder) as senim:
        paths = [senim.systems.path(one.system.name) for one in done.maps]
    for path in paths:
        _free(path, over=over)
    remarks = [one.sentences(language()) for one in done.remarks]
    for path, one in zip(paths, done.maps, strict=True):
        _write(path, _with_variable(one, url_env), [read_from(one).sentences(language()), *remarks])
    if as_json:
        show_json({"maps": [one.system.name for one in done.maps], "remarks": remarks})
        return
    for path in paths:
        click.echo(f"{path} is written.")
    for remark in remarks:
        click.echo(f"  {remark}")


def _with_variable(one: DataMap, url_env: str) -> DataMap:
    from msgspec.structs import replace

    return replace(one, system=replace(one.system, url_env=url_env)) if url_env else one
