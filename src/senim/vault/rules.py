"""Who sees what of a person's values. Pure."""

from __future__ import annotations

import functools
from typing import NamedTuple

from senim.errors import Code, NotPromised
from senim.gate import Question
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


class Sight(NamedTuple):
    """What somebody sees of what a purpose needs, whoever the person is."""

    wanted: frozenset[str]
    """Fields that are asked for, as ``category.field``."""
    clear: frozenset[str]
    """Those that come in clear."""
    opened: frozenset[str]
    """Categories that are opened for it."""
    withheld: tuple[str, ...]
    """Categories that are not: this reader may not see them at all."""


@functools.lru_cache(maxsize=1024)
def sight_of(promises: Promises, kind: ActorKind, role: str, purpose: str, categories: tuple[str, ...]) -> Sight:
    """What an actor of a kind and role sees of a declared purpose; of these categories or fields, or of all."""
    actor, wanted = Actor(kind=kind, id="", role=role), promises.needed[purpose]
    if categories:
        wanted &= promises.policy.expand(categories)
    touched = {reference.partition(".")[0] for reference in wanted}
    opened = frozenset(one for one in touched if visible(promises, actor, one))
    clear = frozenset(one for one in wanted if sees(promises, actor, one))
    return Sight(wanted, clear, opened, tuple(sorted(touched - opened)))


def handed_to(promises: Promises, actor: Actor, question: Question) -> frozenset[str]:
    """The fields that pass through the actor's hands to a recipient, of those that the purpose needs."""
    wanted = promises.needed[question.purpose]
    if question.categories:
        wanted &= promises.policy.expand(question.categories)
    wanted &= promises.policy.expand(promises.policy.recipients[question.recipient].uses)
    closed = {one for one in wanted if not visible(promises, actor, one) or _masked_for(promises, actor, one)}
    return wanted - closed


def _masked_for(promises: Promises, actor: Actor, reference: str) -> bool:
    category = promises.category(reference)
    return category is not None and category.people == "masked" and actor.kind is ActorKind.STAFF


def check_blocked(promises: Promises, actor: Actor, blocked: object) -> None:
    """Raise NotPromised (subject_blocked) if a person is ``blocked``: only the responsible person goes on then."""
    if blocked and actor.role != RESPONSIBLE:
        raise NotPromised.because(promises.reason(Code.SUBJECT_BLOCKED, "subject"))


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
