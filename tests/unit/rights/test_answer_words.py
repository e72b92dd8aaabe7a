"""How answers and the portal name things: dates, countries and fields as people write them, each category once."""

from __future__ import annotations

import pytest

from senim.languages import LANGUAGES, Language
from senim.rights.answers.words import Words
from tests.unit.made import promises

CHANGED = {"categories.identity.fields.born": "birth-date", "categories.contact.fields.country": "country"}


def _words(language: Language = "en") -> Words:
    return Words(promises(CHANGED), language)


def test_a_category_is_named_once_and_fields_stand_in_the_order_of_the_policy() -> None:
    """travel-34: what somebody received is read at a glance; what the policy no longer knows stays what it was."""
    told = _words().fields(("contact.phone", "identity.given", "contact.email", "identity.family", "gone.field"))
    assert told == "Name: Surname, Given name; Contacts: E-mail, Telephone; gone.field"
    assert _words().fields(("identity", "contact.email")) == "Contacts: E-mail; Name"
    assert _words().fields(()) == ""


@pytest.mark.parametrize(
    ("language", "born", "country"),
    [("kk", "1990 ж. 31 желтоқсан", "Қазақстан"), ("ru", "31 декабря 1990 г.", "Казахстан"),
     ("en", "31 December 1990", "Kazakhstan")],
)  # fmt: skip
def test_values_are_written_as_people_write_them(language: Language, born: str, country: str) -> None:
    """Dates and countries in the reader's language; what is masked, and all the rest, stays as it is."""
    words = _words(language)
    assert words.value("identity.born", "1990-12-31").replace("\u00a0", " ").replace("\u202f", " ") == born
    assert words.value("contact.country", "KZ") == country
    assert words.value("identity.born", "••••-12-31") == "••••-12-31"
    assert words.value("contact.note", "1990-12-31") == "1990-12-31"
    assert words.value("gone.field", "1990-12-31") == "1990-12-31"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_ends_with_two_full_stops(language: Language) -> None:
    """A Russian date brings its own."""
    words = _words(language)
    told = words.say("confirmed", since=words.at(0))
    assert told.endswith(".")
    assert not told.endswith("..")
