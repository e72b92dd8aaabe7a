"""What a form of a page is told: beside which field or box, and in the person's words alone."""

from __future__ import annotations

import re

import pytest

from senim.collection.pages import CONSENT, form, in_words
from senim.collection.rules import least_card
from senim.errors import Code, Reason
from senim.languages import LANGUAGES, Language, wording
from tests.unit.made import promises

MADE = promises()
WHERES = (
    "", "notice", "on_behalf_of.document", "source.place", "orders", "newsletter@email", "registration",
    "contact.email", "contact.note", "contact.pager", "profile.scan", "web", "Origin",
)  # fmt: skip
_KEY = re.compile(r"[a-z]+(?:[._@/][a-z]+)+|consent:|" + "|".join(one.value for one in Code if "_" in one.value))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_refusal_tells_a_person_a_raw_name(language: Language) -> None:
    """Whatever code intake answers with and whatever it is about: words, beside what the form has or above it."""
    made = form(MADE, "registration", language)
    places = {one.ref for one in made.fields} | {f"{CONSENT}{one.ref}" for one in made.consents} | {""}
    for code in Code:
        for where in WHERES:
            for known in (made, None):
                told = in_words(known, [Reason(code, where)], sent={}, language=language)
                assert set(told) <= places, (code, where)
                assert not any(_KEY.search(text) for text in told.values()), (code, where)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (Code.OVERLOADED, "other"),
        (Code.STORAGE_BUSY, "other"),
        (Code.OPERATION_UNDECLARED, "ours"),
        (Code.CONSENT_TWICE, "ours"),
        (Code.FIELD_MISSING, "field_missing"),
    ],
)
def test_only_what_passes_by_itself_is_to_be_tried_later(code: Code, word: str) -> None:
    """Nobody is told to come back for what will be refused then too."""
    made = form(MADE, "registration", "en")
    assert in_words(made, [Reason(code)], sent={}, language="en") == {"": wording("forms")[word].en}


def test_of_what_rests_on_consent_it_is_told_which_boxes_would_do() -> None:
    """Beside the field, before whatever else the gate says of it; a box that is ticked already is not advised."""
    made = form(MADE, "registration", "en")
    codes = (Code.OPERATION_UNDECLARED, Code.CONSENT_MISSING, Code.CONSENT_WITHDRAWN, Code.ROLE_NOT_ALLOWED)
    reasons = [Reason(code, "contact.phone") for code in codes]
    field = next(one for one in made.fields if one.ref == "contact.phone")
    says = [one.says for one in made.consents if one.ref in field.boxes]
    assert says
    told = in_words(made, reasons, sent={}, language="en")
    words = wording("forms")
    assert told == {"contact.phone": " ".join([words["consent-needed"].en, *says, words["or-empty"].en])}
    ticked = in_words(made, reasons, sent={f"{CONSENT}{field.boxes[0]}": "yes"}, language="en")
    assert ticked == {"contact.phone": words["ours"].en}


def test_a_box_that_only_hands_on_lets_nothing_in() -> None:
    """A yes to a recipient or a country is no yes to keeping the field."""
    made = form(MADE, "registration", "en")
    for field in made.fields:
        assert not [ref for ref in field.boxes if "/" in ref or ">" in ref], field.ref
    assert any(one.boxes for one in made.fields)


def test_card_numbers_are_looked_for_in_a_form_where_they_are_when_it_comes_in() -> None:
    """Every field that somebody types into, but the card's own and those whose check lets none in."""
    made = form(MADE, "registration", "en")
    looked = {one.ref: one.cards for one in made.fields}
    assert looked == {one.ref: least_card(MADE.fields[one.ref].type) for one in made.fields}
    assert looked["contact.email"] == looked["contact.phone"] == looked["contact.note"] == 13
    assert (looked["contact.order"], looked["payment-card.pan"], looked["identity.iin"]) == (14, 0, 0)
