"""What changed between two versions, as people read it: by parts, with the names of the policy. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from senim.languages import Language, Text
from senim.policy.records import Policy

Part = Literal["purposes", "categories", "recipients", "operator", "rights", "clauses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One thing that is new, gone or other than it was; ``text`` is what it reads now, or read."""

    part: Part
    kind: Literal["added", "removed", "changed"]
    text: str


def changed_parts(old: Policy, new: Policy, language: Language) -> tuple[Changed, ...]:
    """What is different, the meaning first and the wording last."""
    found: list[Changed] = []
    for part in ("purposes", "categories", "recipients"):
        found += _named(part, getattr(old, part), getattr(new, part), language)
    found += [
        Changed(part=part, kind="changed", text="")
        for part in ("operator", "rights")
        if getattr(old, part) != getattr(new, part)
    ]
    found += _clauses(old, new, language)
    return tuple(found)


def _named(part: Part, old: Mapping[str, Any], new: Mapping[str, Any], language: Language) -> list[Changed]:
    found = []
    for name in dict.fromkeys((*new, *old)):
        if old.get(name) == new.get(name):
            continue
        kind: Literal["added", "removed", "changed"]
        kind = "added" if name not in old else "removed" if name not in new else "changed"
        text: Text = (new.get(name) or old[name]).name
        found.append(Changed(part=part, kind=kind, text=" ".join(text.in_(language).split())))
    return found


def _clauses(old: Policy, new: Policy, language: Language) -> list[Changed]:
    """Paragraphs of the text that read otherwise."""
    before = {one.id: one.says for one in old.clauses}
    after = {one.id: one.says for one in new.clauses}
    found = []
    for name in dict.fromkeys((*after, *before)):
        if before.get(name) == after.get(name):
            continue
        kind: Literal["added", "removed", "changed"]
        kind = "added" if name not in before else "removed" if name not in after else "changed"
        text = " ".join((after.get(name) or before[name]).in_(language).split())
        found.append(Changed(part="clauses", kind=kind, text=text))
    return found
