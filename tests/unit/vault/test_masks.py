"""Who sees what in clear, and what others see instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.identity import RESPONSIBLE, SYSTEM, Actor, ActorKind
from senim.policy.taxonomy import FieldType
from senim.vault.rules import masked, sees, visible
from tests.unit.made import actor, promises

MADE = promises()
SHOP, TILL, DESK = actor(), actor("till"), actor("desk", ActorKind.STAFF)
OFFICER, STRANGER = actor(RESPONSIBLE, ActorKind.STAFF), actor("stranger")


@pytest.mark.parametrize(
    ("by", "reference", "may", "clear"),
    [(SHOP, "identity.family", True, True), (SHOP, "payment-card.pan", False, False),
     (TILL, "payment-card.pan", True, True), (TILL, "identity.family", True, False),
     (DESK, "identity.family", True, True), (DESK, "contact.email", True, False),
     (DESK, "payment-card.pan", False, False), (OFFICER, "contact.email", True, True),
     (OFFICER, "payment-card.pan", False, True), (STRANGER, "identity.family", True, False),
     (SYSTEM, "identity.family", True, True), (SYSTEM, "payment-card.pan", False, True),
     (SHOP, "health.diagnosis", False, False), (SHOP, "", False, False)],
)  # fmt: skip
def test_who_sees_what(by: Actor, reference: str, *, may: bool, clear: bool) -> None:
    """Named readers only, no human where none may, and in clear only what the role names (travel-8)."""
    assert visible(MADE, by, reference) is may
    assert sees(MADE, by, reference) is clear


def test_what_people_see_masked() -> None:
    """“people: masked” masks for staff whatever the role sees; services see what theirs does."""
    made = promises({"categories.identity.people": "masked"})
    assert not sees(made, DESK, "identity.family")
    assert not sees(made, OFFICER, "identity.family")
    assert sees(made, SHOP, "identity.family")


@pytest.mark.parametrize(
    ("value", "kind", "hint"),
    [("person@people.example", FieldType.EMAIL, "p•••@•••.example"), ("a@b.kz", FieldType.EMAIL, "a•••@•••.kz"),
     ("+77000000012", FieldType.PHONE, "•••12"), ("9398000000000001", FieldType.CARD, "•••01"),
     ("KZ699990000000000001", FieldType.IBAN, "•••01"), ("Пробникова", FieldType.NAME, "•••"),
     ("981231500014", FieldType.IIN, "•••"), ("", FieldType.EMAIL, "•••@•••"), ("", FieldType.PHONE, "•••"),
     ("N00000000", FieldType.PASSPORT, "•••"), ("1998-12-31", FieldType.BIRTH_DATE, "•••")],
)  # fmt: skip
def test_masks(value: str, kind: FieldType, hint: str) -> None:
    """A mask is enough to recognise one's own value and not enough for anybody else to use it."""
    assert masked(value, kind) == hint


@given(st.from_regex(r"[0-9]{8,19}", fullmatch=True), st.sampled_from(list(FieldType)))
def test_a_mask_shows_two_signs_at_most(value: str, kind: FieldType) -> None:
    """No mask of a number shows more than its last two digits."""
    assert sum(character.isdigit() for character in masked(value, kind)) <= 2
