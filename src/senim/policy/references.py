"""What refers to something else must lead there: categories, fields, purposes, people, controls. Pure.

Where the file could not be read, a reference that leads there is not to blame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from senim.errors import Code
from senim.identity import RESPONSIBLE
from senim.languages import Hint
from senim.law import Law
from senim.policy.file import Fault
from senim.policy.gaps import Gaps, meant, nearest
from senim.policy.records import Point, Policy, Term

ABOUT_HEADS = (
    "operator", "sites", "sources", "categories", "roles", "purposes", "recipients", "points", "cookies", "rights",
    "consent", "borders", "changes", "liability", "law", "terms",
)  # fmt: skip
"""What ``about`` may begin with."""


NO_GAPS = Gaps()


@dataclass(frozen=True, slots=True)
class Given:
    """What the rules look at."""

    policy: Policy
    law: Law | None
    """None if the file names no law that there is."""
    controls: frozenset[str]
    gaps: Gaps = NO_GAPS


Found = Iterator[Fault]


def clauses(given: Given) -> Found:
    """Clauses have ids of their own, speak of what is declared, and are kept by controls that there are."""
    first: dict[str, int] = {}
    for index, clause in enumerate(given.policy.clauses):
        where = f"clauses[{index}]"
        if first.setdefault(clause.id, index) != index and not given.gaps.cover(f"{where}.id"):
            hint = Hint("clause-twice", id=clause.id, first=first[clause.id])
            yield Fault(Code.ID_DUPLICATE, f"{where}.id", hint, clause=clause.id)
        for control in _read(given, f"{where}.kept-by", clause.kept_by):
            if control not in given.controls:
                hint = Hint("no-control", meant(control, given.controls), name=control)
                yield Fault(Code.CONTROL_UNKNOWN, f"{where}.kept-by", hint, clause=clause.id)
        if not clause.kept_by:
            yield Fault(Code.CONTROL_UNKNOWN, f"{where}.kept-by", Hint("name-control"), clause=clause.id)
        for reference in _read(given, f"{where}.about", clause.about):
            if not _exists(given.policy, reference) and not _hidden(given, reference):
                hint = Hint("no-name", _meant_about(given.policy, reference), name=reference)
                yield Fault(Code.REFERENCE_DANGLING, f"{where}.about", hint, clause=clause.id)
        items = set(given.law.consent_items) if given.law else set(clause.states)
        for item in _read(given, f"{where}.states", clause.states):
            if item not in items:
                hint = Hint("no-item", meant(item, items), name=item)
                yield Fault(Code.REFERENCE_DANGLING, f"{where}.states", hint, clause=clause.id)


def _read(given: Given, where: str, items: tuple[str, ...]) -> list[str]:
    """The items of a list that could be read."""
    return [item for index, item in enumerate(items) if not given.gaps.cover(f"{where}[{index}]")]


def _hidden(given: Given, reference: str) -> bool:
    """Whether a reference leads into a part that could not be read."""
    container, _, name = reference.rpartition(".")
    return given.gaps.cover(reference) or bool(container and given.gaps.hide(container, name))


def _meant_about(policy: Policy, reference: str) -> Hint | None:
    """The declaration that was most likely meant by what a clause is about."""
    head, _, name = reference.partition(".")
    if head not in ABOUT_HEADS:
        return meant(head, ABOUT_HEADS)
    part: Any = None if head == "terms" else getattr(policy, head)
    if isinstance(part, dict):
        known = list(part)
    else:
        known = [one.encode_name for one in msgspec.structs.fields(part)] if isinstance(part, msgspec.Struct) else []
    near = nearest(name.partition(".")[0], known)
    return Hint("meant", name=f"{head}.{near}") if near else None


def _exists(policy: Policy, reference: str) -> bool:
    head, *rest = reference.split(".")
    if head not in ABOUT_HEADS:
        return False
    part: Any = None if head == "terms" else getattr(policy, head)
    for step in rest:
        name = step.replace("-", "_")
        if isinstance(part, dict) and step in part:
            part = part[step]
        elif isinstance(part, msgspec.Struct) and name in part.__struct_fields__:
            part = getattr(part, name)
        else:
            return False
    return True


def references(given: Given) -> Found:
    """Fields, purposes, roles, recipients, sources and sites that are named are declared."""
    policy = given.policy
    for where, field_references in _field_references(policy):
        for reference in _read(given, where, field_references):
            if not policy.expand((reference,)) and not _hidden_field(given, reference):
                declared = (*policy.categories, *policy.fields())
                hint = Hint("no-field", meant(reference, declared), name=reference)
                yield Fault(Code.REFERENCE_DANGLING, where, hint)
    for where, names, container, known in _name_references(policy):
        for name in _read(given, where, names):
            if name not in known and not _hidden_name(given, container, name):
                yield Fault(Code.REFERENCE_DANGLING, where, Hint("no-name", meant(name, known), name=name))


def _hidden_field(given: Given, reference: str) -> bool:
    """Whether a category or field may be declared where the file could not be read."""
    category, _, field = reference.partition(".")
    fields = f"categories.{category}.fields"
    within = given.gaps.hide(fields, field) if field else given.gaps.touch(fields)
    return within or given.gaps.hide("categories", category)


def _hidden_name(given: Given, container: str, name: str) -> bool:
    """Whether a name may be declared where the file could not be read."""
    if container == "recipients" and given.gaps.match(r"recipients\.[^.]+(\.group)?"):
        return True  # it may be the name of a group
    if container == "sites":
        return given.gaps.match(r"sites(\[\d+\](\.address)?)?")
    return given.gaps.hide(container, name)


def _field_references(policy: Policy) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, purpose in policy.purposes.items():
        yield f"purposes.{name}.uses", purpose.uses
        if isinstance(purpose.term, Term):
            for index, keep in enumerate(purpose.term.keep):
                yield f"purposes.{name}.term.keep[{index}].what", keep.what
    for name, recipient in policy.recipients.items():
        yield f"recipients.{name}.uses", recipient.uses
    for name, role in policy.roles.items():
        yield f"roles.{name}.sees", role.sees
    for name, point in policy.points.items():
        for reference in point.asks:
            if "." in reference:
                yield f"points.{name}.asks.{reference}", (reference,)
        for reference in point.visits.tells if point.visits else ():
            yield f"points.{name}.visits.tells.{reference}", (reference,)


def _name_references(policy: Policy) -> Iterator[tuple[str, tuple[str, ...], str, set[str]]]:
    """Where names stand, which, and where and as what they are declared."""
    purposes, roles = set(policy.purposes), set(policy.roles) | {RESPONSIBLE}
    groups = set(policy.recipients) | {one.group for one in policy.recipients.values() if one.group}
    for name, category in policy.categories.items():
        yield f"categories.{name}.readers", category.readers, "roles", roles
    for name, purpose in policy.purposes.items():
        yield f"purposes.{name}.sender", _some(purpose.sender), "recipients", set(policy.recipients)
    for name, recipient in policy.recipients.items():
        yield f"recipients.{name}.purposes", recipient.purposes, "purposes", purposes
    for name, role in policy.roles.items():
        yield f"roles.{name}.purposes", role.purposes, "purposes", purposes
    for name, point in policy.points.items():
        yield f"points.{name}.source", _some(point.source), "sources", set(policy.sources)
        yield f"points.{name}.by-pages", _some(point.by_pages), "roles", set(policy.roles)
        yield f"points.{name}.site", _some(point.site), "sites", {site.address for site in policy.sites}
        yield from _visits(policy, name, point, purposes)
        for index, ask in enumerate(point.consents):
            yield f"points.{name}.consents[{index}].purpose", (ask.purpose,), "purposes", purposes
            yield f"points.{name}.consents[{index}].recipient", _some(ask.recipient), "recipients", groups
    if policy.cookies:
        for name, kind in policy.cookies.kinds.items():
            yield f"cookies.kinds.{name}.purpose", _some(kind.purpose), "purposes", purposes


def _visits(
    policy: Policy, name: str, point: Point, purposes: set[str]
) -> Iterator[tuple[str, tuple[str, ...], str, set[str]]]:
    kinds = set(policy.cookies.kinds) if policy.cookies else set()
    for purpose, kept in point.visits.keeps.items() if point.visits else ():
        where = f"points.{name}.visits.keeps.{purpose}"
        yield where, (purpose,), "purposes", purposes
        yield f"{where}.choice", _some(kept.choice), "cookies.kinds", kinds


def _some(name: str) -> tuple[str, ...]:
    return (name,) if name else ()
