"""A version made ready to be asked: what it answers, and what it lets into the log."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.errors import Code
from senim.law import Override
from senim.policy.promises import UNDECLARED
from senim.policy.taxonomy import Channel, Operation
from tests.unit.made import SUBJECT, promises

MADE = promises()
ALLOWED: dict[str, set[object]] = {
    "operation": {None, UNDECLARED, *(one.value for one in Operation)},
    "purpose": {None, UNDECLARED, *MADE.policy.purposes},
    "recipient": {None, UNDECLARED, *MADE.policy.recipients, "couriers"},
    "channel": {None, UNDECLARED, *(one.value for one in Channel)},
}


def test_what_each_purpose_needs() -> None:
    """A category stands for all its fields, a field for itself."""
    assert MADE.needed["delivery"] == {"identity.given", "contact.phone"}
    assert MADE.needed["bookkeeping"] == {"contact.order"}
    assert {"contact.email", "contact.phone", "profile.tastes", "profile.scan"} == MADE.needed["newsletter"]


@given(st.lists(st.sampled_from([*MADE.policy.categories, *MADE.fields, "health", "contact.fax", "", "."]), max_size=6))
def test_expanding_references(references: list[str]) -> None:
    """References expand to declared fields only, each by itself or together alike."""
    together = MADE.policy.expand(tuple(references))
    assert together == frozenset[str]().union(*(MADE.policy.expand((one,)) for one in references))
    assert together <= set(MADE.fields)
    assert MADE.policy.expand(tuple(together)) == together


anything = st.text(max_size=30)


@given(anything, anything, st.lists(anything, max_size=4), anything, anything, anything, anything)
def test_nothing_made_up_reaches_the_log(
    operation: str, purpose: str, categories: list[str], recipient: str, channel: str, country: str, subject: str
) -> None:
    """What a caller wrote may be a person's address: only declared names are told, all else is “undeclared”."""
    told = MADE.told(
        operation=operation, purpose=purpose, categories=categories, recipient=recipient, channel=channel,
        country=country, subject=subject,
    )  # fmt: skip
    assert all(told[key] in allowed for key, allowed in ALLOWED.items())
    assert told["country"] in (None, UNDECLARED) or (len(str(told["country"])) == 2 and str(told["country"]).isupper())
    assert all(one == UNDECLARED or MADE.policy.expand((one,)) for one in told["categories"])  # type: ignore[attr-defined]  # a tuple
    assert told["subject"] is None or told["subject"] == subject


def test_what_is_told() -> None:
    """Declared names are told as they are, many categories once and in order."""
    told = MADE.told(
        subject=SUBJECT,
        operation="use",
        purpose="orders",
        categories=["identity", "contact.email", "identity", "ivan"],
        recipient="couriers",
        channel="email",
        country="KZ",
    )
    assert told == {
        "subject": SUBJECT, "operation": "use", "purpose": "orders", "recipient": "couriers", "channel": "email",
        "categories": ("contact.email", "identity", UNDECLARED), "country": "KZ", "policy": 1,
    }  # fmt: skip
    assert MADE.told(subject="ivan@people.example")["subject"] is None


def test_a_reason_names_the_clause_that_speaks_of_it() -> None:
    """The most exact clause goes first; where none speaks of the thing, that of the control that keeps it."""
    exact = MADE.reason(Code.HUMAN_READ_FORBIDDEN, "payment-card", "categories.payment-card", "purposes.orders")
    assert (exact.clause, exact.article) == ("mini-3", "11")
    assert MADE.reason(Code.FIELD_NOT_NEEDED, "x", "purposes.delivery").clause == "mini-2", "kept by declared-only"
    assert MADE.reason(Code.CONSENT_WITHDRAWN, "x").clause == "mini-4", "kept by withdrawal"
    assert MADE.reason(Code.INVALID_VALUE, "x").clause == ""


@pytest.mark.parametrize(
    ("where", "told"),
    [("contact.email", "contact.email"), ("purposes", "purposes"), ("/couriers", "/couriers"), ("@email", "@email"),
     (">TR", ">TR"), ("US", "US"), ("on_behalf_of.document", "on_behalf_of.document"), ("", ""),
     ("Ivan Probnikov", UNDECLARED), ("person@people.example", UNDECLARED), ("+77000000000", UNDECLARED),
     ("Иван", UNDECLARED), ("981231500014", UNDECLARED), ("contact.email\n", UNDECLARED), ("a b", UNDECLARED)],
)  # fmt: skip
def test_a_reason_repeats_no_words_of_a_caller(where: str, told: str) -> None:
    """What cannot be a name of a policy may be a person's own words: an answer and the log do not repeat it."""
    assert MADE.reason(Code.CATEGORY_UNDECLARED, where).where == told


def test_groups_and_terms() -> None:
    """Consent to a recipient is kept under its class; an unlimited term is none."""
    assert MADE.group_of("courier") == "couriers"
    assert MADE.group_of("mailer") == "mailer"
    assert set(MADE.recipients_for("orders")) == {"mailer"}
    assert promises({"purposes.orders.term": "unlimited"}).term("orders") is None
    term = MADE.term("newsletter")
    assert term is not None
    assert (term.lasts, term.after) == ("3 years", "consent")


def test_the_calendar_of_the_law_with_the_operators_days() -> None:
    """Working days are those of the law's country, with the operator's override."""
    made = promises(override=Override(off=frozenset({date(2026, 11, 24)})))
    assert not made.calendar.is_working(date(2026, 11, 24))
    assert MADE.calendar.is_working(date(2026, 11, 24))
    assert (MADE.calendar.zone, MADE.calendar.country) == ("Asia/Almaty", "KZ")
    changes = {
        "law": "eu", "operator.country": "DE", "clauses.1.states": [],
        "purposes.bookkeeping.basis": "legal-obligation",
    }  # fmt: skip
    german = promises(changes).calendar
    assert (german.zone, german.country) == ("Europe/Brussels", "DE"), "the operator's own holidays"


def test_many_questions_do_not_fill_the_memory() -> None:
    """Reasons and facts that are remembered are bounded, whatever callers make up."""
    made = promises()
    for number in range(25_000):
        made.reason(Code.PURPOSE_UNDECLARED, f"purpose-{number}")
        made.told(purpose=f"purpose-{number}")
    assert len(made.reasons) <= 10_001
    assert len(made.facts) <= 10_001
