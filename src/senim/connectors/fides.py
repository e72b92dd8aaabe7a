"""Reads a dataset of Fides as a map, so that the work that went into it is not lost. Nothing is left out in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from senim.connectors.datamap import ColumnMap, DataMap, Refers, System, TableMap
from senim.errors import Code, Invalid
from senim.languages import Hint
from senim.policy.file import parse

_KINDS = {
    "user.contact.email": "email",
    "user.contact.phone_number": "phone",
    "user.contact.address": "address",
    "user.name": "name",
    "user.name.first": "given",
    "user.name.last": "family",
    "user.government_id.national_identification_number": "iin",
    "user.government_id.passport_number": "passport",
    "user.demographic.date_of_birth": "birth-date",
    "user.financial.credit_card": "card",
    "user.authorization.password": "secret",
    "user.device.ip_address": "ip",
}
_IDENTITIES = {"email": "email", "phone_number": "phone"}


@dataclass(slots=True)
class Imported:
    """What came of a dataset: a map for each, and what a person has to look at."""

    maps: list[DataMap] = field(default_factory=list)
    remarks: list[Hint] = field(default_factory=list)


@dataclass(slots=True)
class _Collection:
    name: str
    fields: list[tuple[str, dict[str, Any], list[str]]]
    refers: list[Refers] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(name for name, meta, _ in self.fields if meta.get("primary_key") in ("true", "True"))


def import_fides(source: bytes) -> Imported:
    """The maps of a Fides dataset file. Raises Invalid (policy_unreadable) if it is none."""
    wrong = Invalid(Code.POLICY_UNREADABLE, "dataset", hint=Hint("fides-none"))
    tree, faults = parse(source)
    if tree is None or faults:
        raise wrong
    try:
        datasets = tree.plain()["dataset"]
        done = Imported()
        for one in datasets if isinstance(datasets, list) else [datasets]:
            _dataset(one, done)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise wrong from error
    return done


def read_from(found: DataMap) -> Hint:
    """What stands above a map that was taken over."""
    return Hint("fides-read", system=found.system.name)


def _dataset(dataset: Mapping[str, Any], done: Imported) -> None:
    name = str(dataset["fides_key"])
    collections = {str(one["name"]): _collection(one, done) for one in dataset.get("collections") or ()}
    for one in collections.values():
        for field_name, meta, _ in one.fields:
            for reference in meta.get("references") or ():
                _reference(name, one, field_name, reference, collections, done)
    tables = {one.name: _table(one, done) for one in collections.values()}
    plain = tuple(sorted(name for name, table in tables.items() if not (table.columns or table.refers)))
    system = System(name="".join(one if one.isalnum() else "-" for one in name.lower()).strip("-")[:40])
    mapped = {name: table for name, table in tables.items() if name not in plain}
    done.maps.append(DataMap(senim_map=1, system=system, tables=mapped, plain_tables=plain))


def _collection(one: Mapping[str, Any], done: Imported) -> _Collection:
    return _Collection(str(one["name"]), list(_fields(str(one["name"]), one.get("fields") or (), done)))


def _fields(
    where: str, fields: Iterable[Mapping[str, Any]], done: Imported
) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    for one in fields:
        meta = dict(one.get("fides_meta") or one.get("fidesops_meta") or {})
        if one.get("fields"):
            done.remarks.append(Hint("fides-nested", column=f"{where}.{one['name']}"))
            nested = [kind for inner in one["fields"] for kind in inner.get("data_categories") or ()]
            yield str(one["name"]), meta, [*(one.get("data_categories") or ()), *nested]
        else:
            yield str(one["name"]), meta, list(one.get("data_categories") or ())


def _reference(
    dataset: str,
    here: _Collection,
    column: str,
    reference: Mapping[str, Any],
    collections: Mapping[str, _Collection],
    done: Imported,
) -> None:
    """``from``: found by the other one, so it belongs to it. ``to``: leads on; to a key it owns, else it is the key."""
    other, _, there = str(reference["field"]).rpartition(".")
    if reference.get("dataset", dataset) != dataset or other not in collections:
        elsewhere = f"{reference.get('dataset')}.{other}"
        done.remarks.append(Hint("fides-elsewhere", column=f"{here.name}.{column}", there=elsewhere))
        return
    target, direction = collections[other], reference.get("direction")
    meaning: Literal["owns", "belongs"] = "owns" if direction == "to" else "belongs"
    if direction == "to" and (there,) != target.key:
        target.refers.append(_refers((there,), here, (column,), "belongs"))
        return
    here.refers.append(_refers((column,), target, (there,), meaning))
    if not direction:
        done.remarks.append(Hint("fides-both-ways", column=f"{here.name}.{column}", table=other))


def _refers(
    columns: tuple[str, ...], to: _Collection, there: tuple[str, ...], meaning: Literal["owns", "belongs"]
) -> Refers:
    return Refers(columns=columns, to=to.name, to_columns=() if there == to.key else there, as_=meaning)


def _table(one: _Collection, done: Imported) -> TableMap:
    person: dict[str, str | tuple[str, ...]] = {}
    columns: dict[str, ColumnMap] = {}
    plain: list[str] = []
    linked = {column for refers in one.refers for column in refers.columns}
    for name, meta, categories in one.fields:
        identity = _IDENTITIES.get(str(meta.get("identity")), str(meta.get("identity") or ""))
        if identity:
            before = person.get(identity, ())
            person[identity] = (*((before,) if isinstance(before, str) else before), name) if before else name
        users = [kind for kind in categories if kind.startswith("user")]
        if users or identity:
            columns[name] = ColumnMap(is_=identity or _kind(users))
        elif categories:
            plain += [name] if name not in linked else []
        elif name not in linked and name not in one.key:
            done.remarks.append(Hint("fides-silent", column=f"{one.name}.{name}"))
        override = meta.get("masking_strategy_override")
        if override:
            strategy = str(override.get("strategy"))
            done.remarks.append(Hint("fides-masks", column=f"{one.name}.{name}", strategy=strategy))
    kept = tuple(dict.fromkeys([*(one.key), *plain]))
    return TableMap(
        key=one.key,
        person=person,
        columns=columns,
        plain=tuple(name for name in kept if name not in columns and name not in linked),
        refers=tuple(one.refers),
    )


def _kind(categories: Iterable[str]) -> str:
    """The kind that a category of Fides is called here; the longest one that is known."""
    for category in categories:
        parts = category.split(".")
        while parts:
            if ".".join(parts) in _KINDS:
                return _KINDS[".".join(parts)]
            parts.pop()
    return ""
