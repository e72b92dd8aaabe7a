"""A point at which devices tell by themselves: what keeps a policy with one from being published."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from senim.errors import Code
from tests.unit.made import GONE, MINI, looked_at, varied
from tests.visits import with_visits

POLICY = with_visits(MINI)
POINT = "points.visit"
VISITS = f"{POINT}.visits"

FAULTS: dict[str, tuple[Mapping[str, object], set[tuple[Code, str]]]] = {
    "people give it": ({f"{POINT}.source": "person"}, {(Code.TYPE_WRONG, f"{POINT}.source")}),
    "nobody says where it comes from": ({f"{POINT}.source": GONE}, {(Code.TYPE_WRONG, f"{POINT}.source")}),
    "a field that no device tells": (
        {f"{POINT}.asks": {"technical.ip": "optional", "contact.order": "optional"},
         f"{VISITS}.tells": {"technical.ip": "ip"}},
        {(Code.TYPE_WRONG, f"{POINT}.asks.contact.order")},
    ),
    "a device must tell": (
        {f"{POINT}.asks": {"technical.ip": "required"}, f"{VISITS}.tells": {"technical.ip": "ip"},
         f"{POINT}.why": {"kk": "Мәтін", "ru": "Текст", "en": "Text"},
         f"{POINT}.refusal": {"kk": "Мәтін", "ru": "Текст", "en": "Text"}},
        {(Code.TYPE_WRONG, f"{POINT}.asks.technical.ip")},
    ),
    "told and not asked for": (
        {f"{POINT}.asks": {"technical.ip": "optional"},
         f"{VISITS}.tells": {"technical.ip": "ip", "technical.page": "page"}},
        {(Code.FIELD_NOT_NEEDED, f"{VISITS}.tells.technical.page")},
    ),
    "two fields hold one thing": (
        {f"{POINT}.asks": {"technical.ip": "optional", "technical.page": "optional"},
         f"{VISITS}.tells": {"technical.ip": "ip", "technical.page": "ip"}},
        {(Code.ID_DUPLICATE, f"{VISITS}.tells")},
    ),
    "an unknown thing": (
        {f"{VISITS}.tells": {"technical.ip": "fingerprint"}}, {(Code.TYPE_WRONG, f"{VISITS}.tells.technical.ip")},
    ),
    "kept for nothing": ({f"{VISITS}.keeps": {}}, {(Code.KEY_MISSING, f"{VISITS}.keeps")}),
    "an unknown purpose": (
        {f"{VISITS}.keeps": {"curiosity": {"lasts": "1 month"}}},
        {(Code.REFERENCE_DANGLING, f"{VISITS}.keeps.curiosity")},
    ),
    "no term": ({f"{VISITS}.keeps.guarding": {}}, {(Code.KEY_MISSING, f"{VISITS}.keeps.guarding.lasts")}),
    "a term that is none": (
        {f"{VISITS}.keeps.guarding.lasts": "long"}, {(Code.TYPE_WRONG, f"{VISITS}.keeps.guarding.lasts")},
    ),
    "consent without a choice": (
        {f"{VISITS}.keeps.diagnostics": {"lasts": "1 month"}},
        {(Code.KEY_MISSING, f"{VISITS}.keeps.diagnostics.choice")},
    ),
    "a choice for something else": (
        {f"{VISITS}.keeps.diagnostics.choice": "offers"}, {(Code.TYPE_WRONG, f"{VISITS}.keeps.diagnostics.choice")},
    ),
    "no choice at all": (
        {f"{VISITS}.keeps.diagnostics.choice": "essential"}, {(Code.TYPE_WRONG, f"{VISITS}.keeps.diagnostics.choice")},
    ),
    "an unknown choice": (
        {f"{VISITS}.keeps.diagnostics.choice": "whatever"},
        {(Code.REFERENCE_DANGLING, f"{VISITS}.keeps.diagnostics.choice")},
    ),
    "a purpose that may not store": (
        {"purposes.guarding.operations": ["collect", "extract"]},
        {(Code.OPERATION_UNDECLARED, f"{VISITS}.keeps.guarding")},
    ),
    "a purpose that may not collect": (
        {"purposes.diagnostics.operations": ["store", "extract"]},
        {(Code.OPERATION_UNDECLARED, f"{VISITS}.keeps.diagnostics")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_with_its_place(name: str) -> None:
    """tickets-8: what is kept of visits is declared whole, or the policy is not published."""
    changes, expected = FAULTS[name]
    checked = looked_at(varied(changes, POLICY))
    assert {(fault.code, fault.where) for fault in checked.faults} == expected


def test_a_point_in_order_is_in_order() -> None:
    """The policy of these tests has no fault, with the short and with the long period."""
    assert looked_at(POLICY).ok
    assert looked_at(varied({f"{VISITS}.renews": "week"}, POLICY)).ok
