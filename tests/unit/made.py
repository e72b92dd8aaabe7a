"""Policies, laws and people that tests of rules are made from: the small policy, varied by path."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from senim.conformance import control_names
from senim.identity import Actor, ActorKind, SubjectId
from senim.law import Override
from senim.policy import Checked, Policy, Promises, check
from senim.subjects import Agreed, Standing
from senim.subjects.records import Block, Marks, Scopes
from senim.times import micros

MINI = (Path(__file__).parents[1] / "policies" / "mini.yaml").read_bytes()
PROFILES = Path(__file__).parents[2] / "src" / "senim" / "profiles"
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
AT = micros(NOW)
DAY = 86_400_000_000
BORN = AT - 400 * DAY
SUBJECT = SubjectId("0190" + "a" * 28)
CONTROLS = control_names()

GONE = object()
"""As a value of :func:`varied`: take the key away."""


def varied(changes: Mapping[str, object], source: bytes = MINI) -> bytes:
    """A policy file with parts changed, by path: ``{"purposes.orders.term": "unlimited", "clauses.1.says": GONE}``."""
    # The base loader leaves every scalar a text, as the policy's own reader does.
    tree: Any = yaml.load(source, Loader=yaml.CBaseLoader)
    for path, value in changes.items():
        *steps, last = path.split(".")
        part = tree
        for step in steps:
            part = part[int(step)] if isinstance(part, list) else part.setdefault(step, {})
        key: Any = int(last) if isinstance(part, list) else last
        if value is GONE:
            del part[key]
        else:
            part[key] = value
    return yaml.dump(tree, allow_unicode=True, sort_keys=False).encode()


def looked_at(source: bytes) -> Checked:
    """What a check of a file finds today."""
    return check(source, CONTROLS, TODAY)


def policy(source: bytes = MINI) -> Policy:
    """The policy in a file that is right."""
    checked = looked_at(source)
    assert checked.policy is not None, checked.faults
    assert checked.ok, checked.faults
    return checked.policy


def promises(
    changes: Mapping[str, object] | None = None,
    *,
    version: int = 1,
    floors: Mapping[str, int] | None = None,
    override: Override | None = None,
) -> Promises:
    """The small policy in force, with parts changed."""
    checked = looked_at(varied(changes)) if changes else _mini()
    assert checked.policy is not None, checked.faults
    assert checked.law is not None
    assert checked.ok, checked.faults
    return Promises(
        checked.policy, checked.law, version, NOW, "0" * 64, override or Override(), dict(floors) if floors else {}
    )


@functools.cache
def _mini() -> Checked:
    return looked_at(MINI)


def actor(role: str = "shop", kind: ActorKind = ActorKind.SERVICE) -> Actor:
    """Somebody in a role."""
    return Actor(kind=kind, id="tester", role=role, may=frozenset({"check", "read"}))


def said(
    *, given: bool = True, proven: bool = True, version: int = 1, at: int = AT - 10 * DAY, until: int = 0
) -> Agreed:
    """Something that a person said about a scope."""
    return Agreed(given=given, proven=proven, version=version, at=at, until=until, event="e" * 32)


def agreed(*keys: str, **how: Any) -> Scopes:
    """Consents given to scopes of a purpose."""
    return {key: said(**how) for key in keys}


EVERYTHING: dict[str, Scopes] = {
    "orders": agreed("", "/mailer", ">TR"),
    "delivery": agreed("", "/couriers"),
    "newsletter": agreed("", "@email", "@sms"),
}
"""All that the small policy asks for."""


def standing(
    consents: Mapping[str, Scopes] | None = None,
    *,
    block: bool = False,
    stops: Iterable[str] = (),
    events: Mapping[str, int] | None = None,
    erased: bool = False,
    created_at: int = BORN,
) -> Standing:
    """A person who agreed to everything, or to what is said."""
    marks = Marks(
        block=Block(at=AT - DAY, reason="inaccuracy-reported") if block else None,
        stops=dict.fromkeys(stops, AT - DAY),
        events=dict(events or {}),
        agreed=dict(EVERYTHING if consents is None else consents),
    )
    return Standing(subject=SUBJECT, epoch=3, created_at=created_at, erased_at=AT - DAY if erased else 0, marks=marks)
