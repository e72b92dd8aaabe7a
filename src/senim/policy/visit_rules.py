"""What must hold of a point at which devices tell by themselves. Pure; a rule of :mod:`senim.policy.rules`."""

from __future__ import annotations

from collections import Counter

from senim.errors import Code
from senim.languages import Hint
from senim.policy.file import Fault
from senim.policy.records import Point
from senim.policy.references import Found, Given
from senim.policy.taxonomy import Operation
from senim.policy.visits import Visits, VisitsKept


def visits(given: Given) -> Found:
    """What a device tells is asked for, comes from a device, and is kept for purposes that may and are chosen."""
    for name, point in given.policy.points.items():
        if point.visits is None or given.gaps.touch(f"points.{name}"):
            continue
        yield from _told(given, name, point, point.visits)
        for purpose, kept in point.visits.keeps.items():
            if purpose in given.policy.purposes:
                yield from _kept(given, f"points.{name}.visits.keeps.{purpose}", purpose, kept)


def _told(given: Given, name: str, point: Point, told: Visits) -> Found:
    where = f"points.{name}.visits"
    source = given.policy.sources.get(point.source)
    if source is None or source.kind != "device":
        yield Fault(Code.TYPE_WRONG, f"points.{name}.source", Hint("device-source"))
    for reference in point.asks:
        if reference not in told.tells:
            yield Fault(Code.TYPE_WRONG, f"points.{name}.asks.{reference}", Hint("tells-nothing"))
        elif point.own(reference).ask == "required":
            yield Fault(Code.TYPE_WRONG, f"points.{name}.asks.{reference}", Hint("devices-optional"))
    for reference in told.tells:
        if reference not in point.asks:
            yield Fault(Code.FIELD_NOT_NEEDED, f"{where}.tells.{reference}", Hint("not-asked-here"))
    for part, count in Counter(told.tells.values()).items():
        if count > 1:
            yield Fault(Code.ID_DUPLICATE, f"{where}.tells", Hint("part-twice", part=part, count=count))
    if not told.keeps:
        yield Fault(Code.KEY_MISSING, f"{where}.keeps", Hint("keeps-what-for"))


def _kept(given: Given, where: str, name: str, kept: VisitsKept) -> Found:
    """The purpose may collect and store; where it rests on consent, visitors choose it by a kind of cookies."""
    purpose = given.policy.purposes[name]
    if given.gaps.touch(f"purposes.{name}"):
        return
    for operation in (Operation.COLLECT, Operation.STORE):
        if operation not in purpose.operations:
            hint = Hint("no-operation", purpose=name, operation=operation.value)
            yield Fault(Code.OPERATION_UNDECLARED, where, hint)
    kinds = given.policy.cookies.kinds if given.policy.cookies else {}
    kind = kinds.get(kept.choice)
    basis = given.law.bases.get(purpose.basis) if given.law else None
    if basis and basis.consent and not kept.choice:
        yield Fault(Code.KEY_MISSING, f"{where}.choice", Hint("chosen-by", purpose=name))
    elif kind and (kind.essential or kind.purpose != name):
        yield Fault(Code.TYPE_WRONG, f"{where}.choice", Hint("no-choice", choice=kept.choice, purpose=name))
