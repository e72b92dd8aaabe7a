"""What changed, in plain words: every change of the policy is told, in each language, and who has to consent anew."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from senim.languages import LANGUAGES, Language, wording
from senim.policy.differences import changes
from senim.policy.plainly import GROUPS, plainly
from tests.unit.made import GONE, promises

ALL = {"kk": "Мәтін", "ru": "Текст", "en": "Text"}
COURIER = {"name": ALL, "kind": "supplier", "countries": ["KZ"], "purposes": ["delivery"], "operations": ["use"],
           "uses": ["contact.phone"]}  # fmt: skip

TOLD: dict[str, tuple[Mapping[str, object], set[tuple[str, str]]]] = {
    "another operator": (
        {"operator.bin": "691241000016"}, {("operator", "operator-number"), ("people", "renewal")},
    ),
    "another address": ({"operator.address.en": "2 Street"}, {("operator", "operator-address")}),
    "other contacts": ({"operator.contacts.phone": "+77000000001"}, {("operator", "operator-contacts")}),
    "another responsible person": (
        {"operator.responsible.position.en": "Officer"}, {("operator", "operator-responsible")},
    ),
    "a purpose needs more": (
        {"purposes.delivery.uses": ["identity.given", "contact.phone", "contact.email"]},
        {("data", "uses-more"), ("people", "renewal")},
    ),
    "a purpose needs less": (
        {"purposes.delivery.uses": ["contact.phone"], "recipients.courier.uses": ["contact.phone"]},
        {("data", "uses-less"), ("recipients", "recipient-less")},
    ),
    "more is done": (
        {"purposes.delivery.operations": ["use", "transfer", "store"]},
        {("purposes", "operations-more"), ("people", "renewal")},
    ),
    "less is done": ({"purposes.newsletter.operations": ["collect", "store", "extract", "use"]},
                     {("purposes", "operations-less")}),
    "another term": ({"purposes.newsletter.term": {"lasts": "5 years"}},
                     {("terms", "term-changed"), ("people", "renewal")}),
    "a new name": ({"purposes.newsletter.name.en": "news"}, {("purposes", "purpose-renamed")}),
    "a field more": ({"categories.profile.fields.hobby": "words"},
                     {("data", "fields-more"), ("data", "uses-more"), ("people", "renewal")}),
    "a new recipient": (
        {"recipients.pigeons": COURIER}, {("recipients", "recipient-added"), ("people", "renewal")},
    ),
    "a country more": (
        {"recipients.courier.countries": ["KZ", "RU"]}, {("recipients", "recipient-abroad"), ("people", "renewal")},
    ),
    "a recipient gets more": (
        {"recipients.mailer.uses": ["contact.email", "contact.phone"]},
        {("recipients", "recipient-more"), ("people", "renewal")},
    ),
    "a recipient's contract": (
        {"recipients.courier.contract.date": "2026-02-10"}, {("recipients", "recipient-other")},
    ),
    "a right with a term": ({"rights.kinds.access": {"term": "2 working days"}}, {("rights", "right-term")}),
    "a right more": ({"rights.kinds.block": {}}, {("rights", "right-added")}),
    "a right less": ({"rights.kinds.claim": GONE, "rights.claim": GONE},
                     {("rights", "right-removed"), ("rights", "rights-other")}),
    "another wording": ({"clauses.2.says.en": "Nobody sees card data."}, {("text", "clauses-reworded")}),
    "another title": ({"title.en": "Policy"}, {("text", "title-changed")}),
    "another form": ({"points.registration.refusal.en": "No order then."}, {("other", "point-changed")}),
    "what staff may do": ({"roles.desk.may": ["find", "read"]}, {("other", "other-changed")}),
    "what keeps a clause": (
        {"clauses.0.kept-by": ["policy.scope", "policy.contract"]}, {("other", "other-changed")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TOLD)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_change_is_told(what: str, language: str) -> None:
    """travel-2, foundation-37: nothing changes unsaid, and nothing is said that did not change."""
    change, told = TOLD[what]
    old, new = promises(), promises(change)
    assert changes(old.policy, new.policy)
    chosen = next(one for one in LANGUAGES if one == language)
    found = plainly(old, new, chosen)
    assert {(one.group, one.kind) for group in found.values() for one in group} == told
    assert list(found) == [group for group in GROUPS if group in found]
    for group in found.values():
        assert all("{" not in one.says and one.says.endswith(".") for one in group)


def test_nothing_is_told_of_two_that_are_alike() -> None:
    """An edition that says the same changes nothing for anybody."""
    assert plainly(promises(), promises(), "en") == {}


def test_a_purpose_that_is_gone_or_new_is_named() -> None:
    """People read the name of a purpose, never its id."""
    less = promises({"purposes.bookkeeping": GONE, "recipients.tax": GONE,
                     "roles.shop.purposes": ["orders", "newsletter", "delivery"]})  # fmt: skip
    gone = plainly(promises(), less, "en")
    assert gone["purposes"][0].says == "This purpose is gone: bookkeeping."
    assert gone["recipients"][0].says == "This recipient gets no data any more: Tax authority."
    come = plainly(less, promises(), "ru")
    assert come["purposes"][0].says == "Новая цель: бухгалтерский учёт. Нужны данные: Номер заказа."


def test_every_sentence_has_its_words() -> None:
    """Each group and each part that may be named is worded in three languages."""
    from senim.policy.plainly import ALL_PARTS

    words = wording("changes")
    needed = {f"group-{one}" for one in GROUPS} | {f"part-{one}" for one in ALL_PARTS}
    needed |= {f"why-{one}" for one in ("operator", "basis", "uses", "operations", "term", "sender", "recipients")}
    assert needed <= set(words)
    assert [name for name, text in words.items() if text.missing()] == []


def _says(changes: Mapping[str, object], language: Language) -> str:
    told = plainly(promises(), promises(changes), language)
    return " ".join(one.says for group in told.values() for one in group)


def test_only_the_languages_that_changed_are_named() -> None:
    """A text that changed in Kazakh alone is said to be that, in each language; in all of them it goes unsaid."""
    kazakh: Mapping[str, object] = {"clauses.2.says.kk": "Карта деректерін ешкім көрмейді."}
    assert _says(kazakh, "en") == "Clauses with another wording: mini-3 (only in Kazakh)."
    assert _says(kazakh, "ru") == "Изменился текст пунктов: mini-3 (только на казахском)."
    assert _says(kazakh, "kk") == "Мәтіні өзгерген тармақтар: mini-3 (тек қазақша)."
    assert "mini-3 (only in Kazakh and Russian)" in _says({**kazakh, "clauses.2.says.ru": "Карт не видит никто."}, "en")
    everywhere = {**kazakh, "clauses.2.says.ru": "Карт не видит никто.", "clauses.2.says.en": "Nobody sees cards."}
    assert _says(everywhere, "en") == "Clauses with another wording: mini-3."
    assert _says({"clauses.2.says.kk": "  ".join(_kazakh(2).split())}, "en") == ""


def _kazakh(number: int) -> str:
    return promises().policy.clauses[number].says.kk


def test_a_name_is_told_in_a_language_in_which_it_changed() -> None:
    """Nobody is told that something is now called what it was called before."""
    renamed: Mapping[str, object] = {"purposes.newsletter.name.kk": "хабарлар"}
    assert _says(renamed, "en") == ("The purpose “жаңалықтар жіберілімі” is now called: хабарлар (only in Kazakh).")
    assert _says(renamed, "kk") == "«жаңалықтар жіберілімі» мақсаты енді былай аталады: хабарлар (тек қазақша)."
    assert _says({"operator.brand": "Mini Shop"}, "en") == "It is now known as: Mini Shop."
    assert "1 Көше" in _says({"operator.address.kk": "1 Көше"}, "ru")
