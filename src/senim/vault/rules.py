"""Who sees what of a person's values. Pure."""

from __future__ import annotations

from senim.identity import RESPONSIBLE, Actor, ActorKind
from senim.policy.promises import Promises
from senim.policy.taxonomy import FieldType


def visible(promises: Promises, actor: Actor, reference: str) -> bool:
    """Whether the actor may see a category at all: named readers only, and no human where none may (travel-8)."""
    category = promises.category(reference)
    if category is None:
        return False
    if category.people == "never" and actor.kind in (ActorKind.STAFF, ActorKind.PERSON):
        return False
    return not category.readers or actor.role in category.readers


def sees(promises: Promises, actor: Actor, reference: str) -> bool:
    """Whether the actor sees a field in clear; otherwise it comes masked."""
    category = promises.category(reference)
    if category is None or (category.people == "masked" and actor.kind is ActorKind.STAFF):
        return False
    return actor.role in (RESPONSIBLE, "system") or reference in promises.seen.get(actor.role, ())


def masked(value: str, kind: FieldType) -> str:
    """A value as a hint: enough for the person to recognise, not enough for anybody else to use."""
    match kind:
        case FieldType.EMAIL:
            local, _, domain = value.partition("@")
            return f"{local[:1]}•••@•••{domain[domain.rfind('.') :]}"
        case FieldType.PHONE | FieldType.CARD | FieldType.IBAN:
            return f"•••{value[-2:]}"
        case _:
            return "•••"
