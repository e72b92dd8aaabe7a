"""What changed between two versions, and whose consent no longer covers it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from senim.policy.differences import Change, changes, widened
from tests.unit.made import GONE, policy, varied

OLD = policy()
ALL = {"kk": "Мәтін", "ru": "Текст", "en": "Text"}


def renewed(change: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """The purposes that need a new consent after a change, and why."""
    new = policy(varied(change))
    return {name: why for name in new.purposes if (why := widened(OLD, new, name))}


WIDER: dict[str, tuple[Mapping[str, object], dict[str, tuple[str, ...]]]] = {
    "another operator": (
        {"operator.bin": "691241000016"},
        {"orders": ("operator",), "delivery": ("operator",), "newsletter": ("operator",)},
    ),
    "one field more": (
        {"purposes.delivery.uses": ["identity.given", "contact.phone", "contact.email"]}, {"delivery": ("uses",)},
    ),
    "a new field in a category that is used as a whole": (
        {"categories.profile.fields.hobby": "words"}, {"newsletter": ("uses",)},
    ),
    "one operation more": (
        {"purposes.delivery.operations": ["use", "transfer", "store"]}, {"delivery": ("operations",)},
    ),
    "a longer term": ({"purposes.newsletter.term": {"lasts": "5 years"}}, {"newsletter": ("term",)}),
    "another end": ({"purposes.delivery.term": {"until": "account-closed"}}, {"delivery": ("term",)}),
    "no end": ({"purposes.delivery.term": "unlimited"}, {"delivery": ("term",)}),
    "another sender": (
        {"purposes.newsletter.sender": "mailer"}, {"newsletter": ("sender",)},
    ),
    "a new recipient": (
        {"recipients.pigeons": {"name": ALL, "kind": "supplier", "countries": ["KZ"], "purposes": ["delivery"],
                                "operations": ["use"], "uses": ["contact.phone"]}},
        {"delivery": ("recipients",)},
    ),
    "a recipient in one country more": (
        {"recipients.courier.countries": ["KZ", "RU"]}, {"delivery": ("recipients",)},
    ),
    "a recipient that gets one field more": (
        {"recipients.mailer.uses": ["contact.email", "contact.phone"]}, {"orders": ("recipients",)},
    ),
    "a recipient that may do more": (
        {"recipients.mailer.operations": ["use", "store"]}, {"orders": ("recipients",)},
    ),
    "a recipient for one purpose more": (
        {"recipients.courier.purposes": ["delivery", "orders"]}, {"orders": ("recipients",)},
    ),
    "a duty that becomes a consent": (
        {"purposes.bookkeeping.basis": "consent", "points.registration.consents.1":
         {"purpose": "bookkeeping", "ask": "choice"}},
        {"bookkeeping": ("basis",)},
    ),
    "several things": (
        {"purposes.delivery.uses": ["contact"], "purposes.delivery.term": "unlimited",
         "recipients.courier.uses": ["contact.phone"]},
        {"delivery": ("uses", "term")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "why"), WIDER.values(), ids=WIDER)
def test_who_is_asked_anew(change: Mapping[str, object], why: dict[str, tuple[str, ...]]) -> None:
    """When what was consented to grows, the consent no longer covers it (94-V 8(4), 15(2); travel-50)."""
    assert renewed(change) == why


SAME: dict[str, Mapping[str, object]] = {
    "nothing": {},
    "other words": {"clauses.0.says.ru": "Политика действует на всём сайте.", "purposes.orders.name.en": "your order"},
    "a new address of the operator": {"operator.address.en": "2 Probnaya Street, Almaty"},
    "one field less": {"purposes.delivery.uses": ["contact.phone"], "recipients.courier.uses": ["contact.phone"]},
    "one operation less": {"purposes.newsletter.operations": ["collect", "store", "use"]},
    "one recipient less": {
        "recipients.mailer": GONE, "points.registration.consents.3": {"purpose": "orders", "ask": "required"},
        "points.registration.consents.4": {"purpose": "orders", "ask": "required"},
    },
    "operations in another order": {"purposes.delivery.operations": ["transfer", "use"]},
    "one channel less": {
        "purposes.newsletter.channels": ["email"],
        "points.registration.consents.7": {"purpose": "newsletter", "ask": "choice"},
    },
    "a new role": {"roles.audit": {"name": ALL, "kind": "staff", "may": ["log"]}},
    "a new purpose": {"purposes.surveys": {"name": ALL, "uses": ["contact.email"], "operations": ["use"],
                                           "term": {"lasts": "1 year"}}},
    "a duty of the law that keeps longer": {"purposes.bookkeeping.term": {"lasts": "7 years", "after": "collection"}},
    "a consent that becomes a duty": {"purposes.delivery.basis": "9-10", "purposes.delivery.act": ALL},
}  # fmt: skip


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_who_is_not_asked_anew(change: Mapping[str, object]) -> None:
    """Taking less, or saying the same in other words, leaves consents as they are."""
    assert renewed(change) == {}


def test_a_purpose_that_is_gone_or_new_has_nothing_to_renew() -> None:
    """Nobody is asked anew for what is no longer done, nor for what was never asked."""
    assert widened(OLD, policy(), "profiling") == ()


def test_changes_by_path() -> None:
    """Every difference is shown with its place and both wordings."""
    new = policy(varied({
        "title.en": "Our privacy policy", "operator.brand": "Mini", "recipients.tax.kind": "supplier",
        "clauses.3.says.en": "You may withdraw.", "categories.profile.fields.hobby": "words",
    }))  # fmt: skip
    found = changes(OLD, new)
    assert Change("changed", "title.en", "Privacy policy", "Our privacy policy") in found
    assert Change("changed", "operator.brand", "", "Mini") in found
    assert Change("changed", "recipients.tax.kind", "authority", "supplier") in found
    assert Change("changed", "clauses.mini-4.says.en", "Consent may be withdrawn.", "You may withdraw.") in found
    assert Change("added", "categories.profile.fields.hobby", "", "words") in found
    assert len(found) == 5


def test_clauses_are_compared_by_id() -> None:
    """A clause that moved is not every clause changed."""
    turned = policy(varied({"clauses.0.id": "mini-9"}))
    assert {(one.kind, one.where) for one in changes(OLD, turned)} == {
        ("removed", "clauses.mini-1"), ("added", "clauses.mini-9"),
    }  # fmt: skip


def test_the_way_back_is_the_way_there_turned() -> None:
    """What one direction adds the other removes."""
    new = policy(varied({"operator.brand": "Mini", "clauses.3.id": "mini-5", "purposes.delivery.term": "unlimited"}))
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    there = {(one.kind, one.where, one.before, one.after) for one in changes(OLD, new)}
    back = {(turned[one.kind], one.where, one.after, one.before) for one in changes(new, OLD)}
    assert there == back
    assert changes(OLD, OLD) == changes(new, new) == []
