"""Where a text clashes with the law: each rule of law-kz §1.8, firing and not firing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from senim.law import load
from senim.policy.clashes import CHECKS, clashes_of
from tests.unit.made import GONE, PROFILES, looked_at, policy, varied

ALL = {"kk": "Мәтін", "ru": "Текст", "en": "Text"}
Clashes = set[tuple[str, str, str]]


def found(changes: Mapping[str, object]) -> Clashes:
    """Rule, clause and detail of each clash of the small policy with changes."""
    checked = looked_at(varied(changes))
    assert checked.ok, checked.faults
    assert all(clash.article and clash.wins == "law" for clash in checked.clashes)
    return {(clash.rule, clash.clause, clash.detail) for clash in checked.clashes}


def fee(about: str) -> Mapping[str, object]:
    return {"rights.fee": {"amount": ALL, "what": ALL}, "clauses.3.about": [about]}


def uses(*ways: str) -> Mapping[str, object]:
    return {"consent.given-by": list(ways), "clauses.3.about": ["consent.given-by"]}


FIRING: dict[str, tuple[Mapping[str, object], Clashes]] = {
    "no limit of time": ({"purposes.orders.term": "unlimited"}, {("unlimited-term", "mini-2", "orders")}),
    "no limit of time, of two": (
        {"purposes.orders.term": "unlimited", "purposes.delivery.term": "unlimited"},
        {("unlimited-term", "mini-2", "orders, delivery")},
    ),
    "no limit, told in clauses of their own": (
        {"purposes.orders.term": "unlimited", "purposes.delivery.term": "unlimited",
         "clauses.0.about": ["purposes.orders.term"], "clauses.2.about": ["purposes.delivery.term"]},
        {("unlimited-term", "mini-1", "orders"), ("unlimited-term", "mini-3", "delivery")},
    ),
    "using the site is consent": (uses("explicit", "use"), {("consent-by-use", "mini-4", "use")}),
    "sending data is consent": (uses("sending"), {("consent-by-use", "mini-4", "sending")}),
    "both": (uses("use", "sending"), {("consent-by-use", "mini-4", "use, sending")}),
    "access costs a fee": (fee("rights.fee"), {("access-fee", "mini-4", "rights.fee")}),
    "a fee, told under rights": (fee("rights"), {("access-fee", "mini-4", "rights.fee")}),
    "a fee that no clause speaks of": ({**fee("rights"), "clauses.3.about": []}, {("access-fee", "", "rights.fee")}),
    "claims in 30 working days": (
        {"rights.claim.term": "30 working days", "clauses.3.about": ["rights.claim"]},
        {("claim-term", "mini-4", "30 working days > 10 calendar days")},
    ),
    "claims in 30 calendar days": (
        {"rights.claim.term": "30 calendar days"}, {("claim-term", "", "30 calendar days > 10 calendar days")},
    ),
    "claims in 11 calendar days": (
        {"rights.claim.term": "11 calendar days"}, {("claim-term", "", "11 calendar days > 10 calendar days")},
    ),
    "claims in a month": ({"rights.claim.term": "1 month"}, {("claim-term", "", "1 month > 10 calendar days")}),
    "abroad if the contract needs it": (
        {"borders.grounds": ["consent", "contract"], "clauses.3.about": ["borders.grounds"]},
        {("border-ground", "mini-4", "contract")},
    ),
    "abroad to nobody in particular": (
        {"borders.unnamed": "true", "clauses.3.about": ["borders.unnamed"]},
        {("border-list", "mini-4", "borders.unnamed")},
    ),
    "not answerable when outsiders broke in": (
        {"liability.excludes": ["public-before", "intrusion"], "clauses.3.about": ["liability"]},
        {("liability", "mini-4", "intrusion")},
    ),
    "changes are accepted by use": (
        {"changes.acceptance": "use", "clauses.3.about": ["changes"]}, {("silent-change", "mini-4", "use")},
    ),
    "changes need nobody": ({"changes.acceptance": "none-needed"}, {("silent-change", "", "none-needed")}),
    "no number of the operator": ({"clauses.0.states": []}, {("consent-items", "", "operator-number")}),
    "no list and no term": (
        {"clauses.1.states": ["third-parties", "cross-border", "public-sources"]},
        {("consent-items", "", "data-list"), ("consent-items", "", "term")},
    ),
    "passing on without consent": (
        {"recipients.courier.without-consent": "true", "recipients.mailer.without-consent": "true",
         "clauses.3.about": ["recipients.courier"]},
        {("transfer-consent", "mini-4", "courier"), ("transfer-consent", "", "mailer")},
    ),
    "a law of another country": (
        {"clauses.2.cites": [{"act": "152-FZ", "country": "RU"}, {"act": "94-V", "country": "KZ"}]},
        {("foreign-law", "mini-3", "152-FZ (RU)")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), FIRING.values(), ids=FIRING)
def test_a_clash_is_shown(changes: Mapping[str, object], expected: Clashes) -> None:
    """The clash is shown with its clause and article; the law wins."""
    assert found(changes) == expected


CALM: dict[str, Mapping[str, object]] = {
    "the small policy": {},
    "a term by an event": {"purposes.newsletter.term": {"until": "account-closed"}},
    "consent by signature": uses("explicit", "signature"),
    "no fee": {"rights.fee": "none"},
    "claims in the time of the law": {"rights.claim.term": "10 calendar days"},
    "claims faster": {"rights.claim.term": "3 working days"},
    "no claims spoken of": {"rights.claim": GONE},
    "abroad on grounds of the law": {
        "borders.grounds": ["consent", "adequate", "treaty", "law", "constitutional-rights"]
    },
    "assessed states": {"borders.assessed": ["TR"]},
    "not answerable for what was public before": {
        "liability.excludes": ["public-before", "received-before", "accuracy"]
    },
    "changes by new consent": {"changes.acceptance": "new-consent"},
    "an authority needs no consent": {"recipients.tax.without-consent": "true"},
    "our own law": {"clauses.2.cites": [{"act": "94-V", "country": "KZ"}]},
}


@pytest.mark.parametrize("changes", CALM.values(), ids=CALM)
def test_no_clash_where_there_is_none(changes: Mapping[str, object]) -> None:
    """What the law allows is no clash."""
    assert found(changes) == set()


def test_every_check_is_tried_above() -> None:
    """No lint rule of the pack is without its table row."""
    fired = {rule for _, expected in FIRING.values() for rule, _, _ in expected}
    rules = load("kz", date(2026, 11, 22)).rules
    assert fired == {rule.id for rule in rules}
    assert {rule.check for rule in rules} == set(CHECKS)


def test_the_article_of_a_missing_item_is_the_items_own() -> None:
    """Each missing item of a consent names its own point of 8(4)."""
    checked = looked_at(varied({"clauses.0.states": [], "clauses.1.states": []}))
    assert {clash.detail: clash.article for clash in checked.clashes} == {
        "operator-number": "8(4)(1)", "term": "8(4)(3)", "third-parties": "8(4)(4)", "cross-border": "8(4)(5)",
        "public-sources": "8(4)(6)", "data-list": "8(4)(7)",
    }  # fmt: skip


def test_a_text_is_held_against_the_law_of_its_day() -> None:
    """Before March 2022 the law listed no items of a consent, and there was nothing to clash with."""
    old = policy(varied({"clauses.0.states": []}))
    assert [clash.rule for clash in clashes_of(old, load("kz", date(2026, 11, 22)))] == ["consent-items"]
    assert clashes_of(old, load("kz", date(2021, 1, 1))) == []


@pytest.mark.parametrize("day", [date(2026, month, day) for month in (1, 3, 5, 12) for day in (1, 8, 20, 31)])
def test_a_clash_of_claims_does_not_depend_on_the_day(day: date) -> None:
    """Thirty days are longer than ten on whatever day one looks, holidays or not."""
    for term in ("30 working days", "30 calendar days"):
        clashes = clashes_of(policy(varied({"rights.claim.term": term})), load("kz", day))
        assert [clash.rule for clash in clashes] == ["claim-term"]


# The clashes that the five published texts really have, and no others: (rule, clause, items).
REAL: dict[str, Clashes] = {
    "travel": {
        ("access-fee", "travel-49", ""), ("border-ground", "travel-29", "contract"), ("border-list", "travel-28", ""),
        ("consent-items", "", "term"), ("transfer-consent", "travel-10", ""), ("transfer-consent", "travel-11", ""),
        ("foreign-law", "travel-34", ""),
    },
    "airline": {
        ("consent-items", "", "operator-number"), ("consent-items", "", "term"), ("consent-items", "", "cross-border"),
        ("consent-items", "", "data-list"), ("transfer-consent", "airline-8", ""),
    },
    "tickets": {
        ("unlimited-term", "tickets-21", ""), ("consent-by-use", "tickets-4", "sending"),
        ("claim-term", "tickets-24", "30 working days > 10 calendar days"),
        ("silent-change", "tickets-25", "none-needed"), ("consent-items", "", "operator-number"),
        ("consent-items", "", "cross-border"), ("transfer-consent", "tickets-18", ""),
    },
    "foundation": {
        ("border-ground", "foundation-35", "contract"), ("border-list", "foundation-21", ""),
        ("silent-change", "foundation-37", "use"), ("consent-items", "", "operator-number"),
    },
    "shop": {
        ("unlimited-term", "shop-15", ""), ("consent-by-use", "shop-3", "use"),
        ("claim-term", "shop-22", "30 calendar days > 10 calendar days"), ("liability", "shop-21", "intrusion"),
        ("silent-change", "shop-23", "none-needed"), ("consent-items", "", "operator-number"),
        ("consent-items", "", "cross-border"),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_the_five_texts(name: str) -> None:
    """Each of the five operators publishes without a fault, with exactly the clashes that its text really has."""
    checked = looked_at((PROFILES / f"{name}.yaml").read_bytes())
    assert checked.faults == ()
    assert {(clash.rule, clash.clause) for clash in checked.clashes} == {one[:2] for one in REAL[name]}
    told = [(clash.rule, clash.clause, clash.detail) for clash in checked.clashes]
    assert len(told) == len(set(told)) == len(REAL[name])
    for rule, clause, detail in REAL[name]:
        if detail:
            assert (rule, clause, detail) in told


def test_every_profile_is_in_the_table() -> None:
    """There are five."""
    assert {path.stem for path in PROFILES.glob("*.yaml")} == set(REAL)
