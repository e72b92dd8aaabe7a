"""A table of a map as a form, and the form as a table again: what is not in the form stays as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from senim.connectors.datamap import ColumnAct, ColumnMap, KeepRule, Refers, SoftDelete, TableAct, TableMap
from senim.languages import Text

MOST = 2_000
"""Columns of a table that are read from a form."""

SPARE = 2
"""Lines that are left empty, for columns and references that are added."""

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A column in the form."""

    name: str
    what: str
    """``personal``, ``plain``, ``linked`` (part of a reference alone), or ``open``: nobody has said yet."""
    column: ColumnMap
    kind: str
    """By which kind of identifier it says who somebody is."""


def columns_of(entry: TableMap, not_mapped: Sequence[str] = ()) -> list[Line]:
    """The columns of a table: those nobody has spoken of first, then personal ones, then plain ones."""
    kinds = {column: kind for kind, column in entry.identifying()}
    told = [*entry.columns, *entry.plain]
    lines = [Line(name, "open", ColumnMap(), "") for name in not_mapped if name not in told]
    lines += [Line(name, "personal", one, kinds.get(name, "")) for name, one in entry.columns.items()]
    lines += [Line(name, "plain", ColumnMap(), "") for name in entry.plain]
    return [*lines, *(Line("", "open", ColumnMap(), "") for _ in range(SPARE))]


def table_of(form: Form, before: TableMap) -> TableMap:
    """The table that a form describes."""
    rows = [_row(form, f"c{number}-") for number in _numbers(form, "c")]
    personal = [row for row in rows if row["name"] and row["what"] == "personal"]
    person: dict[str, list[str]] = {}
    for row in personal:
        if row["kind"]:
            person.setdefault(row["kind"], []).append(row["name"])
    marked = form.get("soft-delete", "").strip()
    return replace(
        before,
        act=_one_of(form.get("act", ""), TableAct, "delete"),
        key=_list(form.get("key", "")),
        columns={row["name"]: _column(row, before.columns.get(row["name"], ColumnMap())) for row in personal},
        plain=tuple(row["name"] for row in rows if row["name"] and row["what"] == "plain"),
        person={kind: names[0] if len(names) == 1 else tuple(names) for kind, names in person.items()},
        refers=tuple(_references(form, before)),
        keep=dict(_keeps(form)),
        soft_delete=SoftDelete(column=marked) if marked else None,
    )


def _numbers(form: Form, letter: str) -> Iterator[int]:
    """The numbers of the lines in a form, in order."""
    for number in range(MOST):
        if f"{letter}{number}-name" not in form:
            return
        yield number


def _row(form: Form, start: str) -> dict[str, str]:
    found = {name: form.get(start + name, "").strip() for name in ("name", "what", "is", "act", "with", "kind")}
    return found | {name: form.get(start + name, "") for name in ("normal", "hide")}


def _column(row: dict[str, str], before: ColumnMap) -> ColumnMap:
    """A personal column. An empty text that takes a value's place cannot be typed: it stays if it was there."""
    instead = row["with"] or ("" if before.with_ == "" else None)
    return ColumnMap(
        is_=row["is"],
        act=_one_of(row["act"], ColumnAct, None),
        with_=instead,
        stored="normal" if row["normal"] else "any",
        export=not row["hide"],
    )


def _references(form: Form, before: TableMap) -> Iterator[Refers]:
    """The references; one whose columns were emptied is gone, one that was looked at is no guess any more."""
    for number in _numbers(form, "r"):
        start = f"r{number}-"
        columns, to = _list(form[f"{start}name"]), form.get(f"{start}to", "").strip()
        if not columns or not to:
            continue
        old = before.refers[number] if number < len(before.refers) else Refers(columns=columns, to=to)
        yield replace(
            old,
            columns=columns,
            to=to,
            to_columns=_list(form.get(f"{start}to-columns", "")),
            as_=next((one for one in ("belongs", "owns", "mentions") if one == form.get(f"{start}as")), None),
            sure=None if form.get(f"{start}seen") else old.sure,
        )


def _keeps(form: Form) -> Iterator[tuple[str, KeepRule]]:
    for number in _numbers(form, "k"):
        start = f"k{number}-"
        name, told = form[f"{start}name"].strip(), [form.get(start + one, "").strip() for one in ("kk", "ru", "en")]
        if name:
            act: Text | str = Text(kk=told[0], ru=told[1], en=told[2]) if any(told[:2]) else told[2]
            yield name, KeepRule(for_=form.get(f"{start}for", ""), act=act, since=form.get(f"{start}since", "").strip())


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for one in text.split(",") if (part := one.strip()))


def _one_of(text: str, known: Any, otherwise: Any) -> Any:
    """One of the words that a type allows."""
    return text if text in get_args(known) else otherwise


def plainly(act: Text | str) -> dict[str, str]:
    """The act that demands a term in each language; written in one alone, it stands under English."""
    return {"kk": "", "ru": "", "en": act} if isinstance(act, str) else msgspec.to_builtins(act)
