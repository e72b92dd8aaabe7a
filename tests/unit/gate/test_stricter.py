"""Where policy and law differ, the stricter of the two decides."""

from __future__ import annotations

import pytest

from senim.errors import Code
from senim.gate import Question
from senim.gate.rules import decide, rule
from tests.unit.made import AT, actor, agreed, promises, standing

CALM: dict[str, object] = {
    "operator.country": "DE",
    "law": "eu",
    "purposes.bookkeeping.basis": "legal-obligation",
    "clauses.1.states": ["term", "third-parties", "cross-border"],
}
"""The small policy under the GDPR."""


def codes(changes: dict[str, object], question: Question, *keys: str) -> set[tuple[Code, str]]:
    made = promises(changes)
    person = standing({question.purpose: agreed(*keys)})
    return {(one.code, one.where) for one in decide(made, rule(made, actor(), question), person, AT)}


def hand_over(purpose: str, recipient: str, country: str = "") -> Question:
    return Question("transfer", purpose, recipient=recipient, country=country)


@pytest.mark.parametrize(
    "claim",
    [
        {"recipients.courier.without-consent": "true"},
        {"recipients.courier.kind": "supplier", "recipients.courier.without-consent": "true"},
        {"recipients.courier.kind": "affiliate", "recipients.courier.without-consent": "true"},
    ],
    ids=lambda claim: claim.get("recipients.courier.kind", "processor"),
)
def test_the_law_wins_where_the_text_claims_that_no_consent_is_needed(claim: dict[str, object]) -> None:
    """Performance of a contract lets nothing pass to a third party in Kazakhstan (94-V 7(3); travel-10, airline-8)."""
    question = hand_over("delivery", "courier")
    assert codes(claim, question, "") == {(Code.CONSENT_MISSING, "/couriers")}
    assert not codes(claim, question, "", "/couriers")


def test_a_border_ground_that_the_law_does_not_know_opens_nothing() -> None:
    """“If needed for the contract” is no ground of 94-V 16(3): the person's consent is asked (travel-29)."""
    changes: dict[str, object] = {"borders.grounds": ["contract"], "borders.unnamed": "true"}
    question = hand_over("orders", "mailer", "TR")
    assert codes(changes, question, "", "/mailer") == {(Code.CONSENT_MISSING, ">TR")}


def test_an_assessed_state_needs_no_consent_to_the_border_but_one_to_the_recipient() -> None:
    """A state that protects personal data is open (94-V 16(2)); the third party still needs its permission."""
    changes: dict[str, object] = {"borders.assessed": ["TR"]}
    question = hand_over("orders", "mailer", "TR")
    assert not codes(changes, question, "", "/mailer")
    assert codes(changes, question, "") == {(Code.CONSENT_MISSING, "/mailer")}


def test_a_law_that_asks_for_less_is_not_asked_for_more() -> None:
    """Under the GDPR a processor needs no consent of its own, and bookkeeping stays a duty."""
    assert not codes(CALM, hand_over("delivery", "courier", "KZ"), "", ">KZ")
    assert not codes(CALM, Question("store", "bookkeeping"))


def test_what_is_home_depends_on_the_law() -> None:
    """For the GDPR Kazakhstan is abroad and Germany is home; Turkey is neither."""
    assert codes(CALM, hand_over("delivery", "courier", "KZ"), "") == {(Code.CONSENT_MISSING, ">KZ")}
    at_home = {**CALM, "recipients.courier.countries": ["DE"]}
    assert not codes(at_home, hand_over("delivery", "courier"), "")
    assert not codes(CALM, Question("store", "orders", country="FR"), "")
    assert not codes(CALM, Question("store", "orders", country="CH"), ""), "an adequate state"
    assert codes(CALM, Question("store", "orders", country="TR"), "") == {(Code.COUNTRY_NOT_ALLOWED, "TR")}


@pytest.mark.parametrize("law", ["kz", "eu"])
def test_a_choice_that_the_text_promises_is_asked_though_the_law_asks_for_none(law: str) -> None:
    """A joint product is passed on only for those who asked for it, whatever the basis (travel-12)."""
    changes: dict[str, object] = {"recipients.tax.needs-choice": "true"}
    if law == "eu":
        changes |= {**CALM, "recipients.tax.countries": ["DE"]}
    question = hand_over("bookkeeping", "tax")._replace(reason="d" * 32)
    assert codes(changes, question) == {(Code.CONSENT_MISSING, "/tax")}
    assert not codes(changes, question, "/tax")
    assert not codes({key: value for key, value in changes.items() if "choice" not in key}, question)


def test_a_choice_under_a_consent_is_asked_as_well() -> None:
    """Under the GDPR a processor that needs the person's choice gets nothing without it."""
    changes = {**CALM, "recipients.courier.needs-choice": "true"}
    question = hand_over("delivery", "courier", "KZ")
    assert codes(changes, question, "", ">KZ") == {(Code.CONSENT_MISSING, "/couriers")}


def test_readers_of_the_category_bind_roles_that_the_purpose_admits() -> None:
    """Of two limits, that of the role and that of the category, the narrower holds (travel-8)."""
    made = promises()
    cards = Question("extract", "orders", categories=("payment-card",))
    names = Question("extract", "orders", categories=("identity",))
    for role, question, allowed in (
        ("shop", cards, False), ("till", cards, True), ("shop", names, True), ("till", names, True),
    ):  # fmt: skip
        assert bool(decide(made, rule(made, actor(role), question), standing(), AT)) is not allowed


def test_a_special_category_is_read_only_by_its_readers() -> None:
    """Special categories are a category like any other once declared: its readers and purposes bind (foundation-12)."""
    changes: dict[str, object] = {
        "categories.profile.special": "health",
        "categories.profile.readers": ["till"],
        "roles.till.purposes": ["newsletter"],
    }
    question = Question("extract", "newsletter", categories=("profile",))
    made = promises(changes)
    assert {one.code for one in decide(made, rule(made, actor("shop"), question), standing(), AT)} == {
        Code.ROLE_NOT_ALLOWED
    }
    assert not decide(made, rule(made, actor("till"), question), standing(), AT)
