"""What changed between two versions, and whose consent no longer covers it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from senim.languages import LANGUAGES, Language, Text
from senim.policy.records import Policy, Purpose, Recipient


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``kind`` is added, removed or changed."""

    kind: str
    where: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Renewal:
    """A purpose whose earlier consents no longer hold, and why; ``people`` is how many gave one."""

    purpose: str
    why: tuple[str, ...]
    people: int = 0


def changes(old: Policy, new: Policy) -> list[Change]:
    """Every difference, by path; lists are compared as wholes, clauses by id."""
    return list(_compare(_plain(old), _plain(new), ""))


def _plain(policy: Policy) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(policy)
    plain["clauses"] = {clause["id"]: clause for clause in plain["clauses"]}
    return plain


def _compare(old: Any, new: Any, where: str) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            path = f"{where}.{key}" if where else key
            if key not in new:
                yield Change("removed", path, before=_short(old[key]))
            elif key not in old:
                yield Change("added", path, after=_short(new[key]))
            else:
                yield from _compare(old[key], new[key], path)
        return
    yield Change("changed", where, _short(old), _short(new))


def _short(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def widened(old: Policy, new: Policy, purpose: str) -> tuple[str, ...]:
    """Why a consent to ``purpose`` given under ``old`` does not cover it under ``new``; empty if it does.

    The items of a consent (94-V 8(4)) decide: who, what data, which operations, to whom, across which border,
    how long. Taking less, or saying the same in other words, needs no new consent.
    """
    before, after = old.purposes.get(purpose), new.purposes.get(purpose)
    if before is None or after is None or after.basis != "consent":
        return ()
    return tuple(_reasons(old, new, purpose, before, after))


def _reasons(old: Policy, new: Policy, name: str, before: Purpose, after: Purpose) -> Iterator[str]:
    if old.operator.bin != new.operator.bin:
        yield "operator"
    if before.basis != "consent":
        yield "basis"
    if not new.expand(after.uses) <= old.expand(before.uses):
        yield "uses"
    if not set(after.operations) <= set(before.operations):
        yield "operations"
    if before.term != after.term:
        yield "term"
    if before.sender != after.sender:
        yield "sender"
    if _reach(new, name) - _reach(old, name):
        yield "recipients"


def _reach(policy: Policy, purpose: str) -> set[tuple[str, ...]]:
    """Everything that may leave for a purpose: recipient, country, field, operation."""
    return {
        (recipient_name, country, field, operation.value)
        for recipient_name, recipient in policy.recipients.items()
        if purpose in recipient.purposes
        for country in _countries(recipient)
        for field in policy.expand(recipient.uses)
        for operation in recipient.operations
    }


def _countries(recipient: Recipient) -> tuple[str, ...]:
    return recipient.countries or ("",)


def differing(old: Any, new: Any) -> tuple[Language, ...]:
    """The languages in which two declarations read differently: all of them if more than words differs."""
    if old == new:
        return ()
    if isinstance(old, Text) and isinstance(new, Text):
        return tuple(one for one in LANGUAGES if words_of(old, one) != words_of(new, one))
    pairs = _pairs(old, new)
    changed = {one for pair in pairs for one in differing(*pair)} if pairs else set(LANGUAGES)
    return tuple(one for one in LANGUAGES if one in changed)


def _pairs(old: Any, new: Any) -> list[tuple[Any, Any]]:
    """The parts of two declarations that stand for each other; none where they are not built alike."""
    if isinstance(old, Struct) and type(old) is type(new):
        return [(getattr(old, name), getattr(new, name)) for name in old.__struct_fields__]
    if isinstance(old, Mapping) and isinstance(new, Mapping) and list(old) == list(new):
        return [(old[name], new[name]) for name in old]
    if isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        return list(zip(old, new, strict=True))
    return []


def words_of(text: Text, language: Language) -> str:
    """A text on one line: how its lines are broken changes nothing."""
    return " ".join(text.in_(language).split())
