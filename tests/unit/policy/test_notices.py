"""What a person is told at a point: everything a consent must state, in their language, word for word the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest

from senim.languages import LANGUAGES, Language
from senim.policy import Promises
from senim.policy.notices import (
    all_notices,
    consent_ref,
    consent_sentence,
    country_name,
    field_name,
    notice,
    time_in_words,
)
from tests.unit.made import GONE, PROFILES, looked_at, promises

MADE = promises()
POINT = "registration"


def lines(language: Language = "en", changes: Mapping[str, object] | None = None) -> dict[str, str]:
    """The lines of a notice that speak of something, by what they speak of."""
    return {one.ref: one.text for one in notice(promises(changes), POINT, language).lines if one.ref}


def told(changes: Mapping[str, object] | None = None, language: Language = "en") -> str:
    return notice(promises(changes), POINT, language).text


def test_the_eight_items_of_a_consent() -> None:
    """Who, what data, how long, to whom, across which border, whether published (94-V 8(4)), and what for (14)."""
    said = lines()
    assert said["operator"] == "Mini LLP, BIN (IIN) 691240000010, address: 1 Probnaya Street, Almaty."
    assert {ref for ref in said if ref in MADE.fields} == set(MADE.policy.points[POINT].asks)
    for name in MADE.policy.purposes:
        assert "Basis:" in said[f"purposes.{name}"]
        assert said[f"purposes.{name}.term"].startswith("Term:")
    assert said["recipients.courier"] == "Courier (processes on our behalf). Countries: Kazakhstan."
    assert "Türkiye" in said["recipients.mailer"]
    assert "abroad" in said["borders"]
    assert "No data is published in public sources." in told()
    assert "withdraw" in said["rights.withdrawal"]


def test_every_consent_is_asked_in_a_sentence_of_its_own() -> None:
    """Nothing is bundled: each purpose, recipient class, channel and country has its own sentence (foundation-2)."""
    asked = [one for one in notice(MADE, POINT, "ru").lines if one.kind == "consent"]
    assert [one.ref for one in asked] == [
        "orders", "delivery", "delivery/couriers", "orders/mailer", "orders>TR", "newsletter", "newsletter@email",
        "newsletter@sms",
    ]  # fmt: skip
    assert len({one.text for one in asked}) == len(asked)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: Language) -> None:
    """The three languages speak of the same things, each in its own words, and leave no gap unfilled."""
    made = notice(MADE, POINT, language)
    assert [(one.kind, one.ref) for one in made.lines] == [
        (one.kind, one.ref) for one in notice(MADE, POINT, "en").lines
    ]
    assert all(one.text.strip() for one in made.lines)
    assert "{" not in made.text
    assert "  " not in made.text


def test_the_digest_is_that_of_the_text() -> None:
    """What was shown can be proven: the digest is the SHA-256 of the text, the same each time."""
    made = notice(MADE, POINT, "kk")
    assert made.digest == hashlib.sha256(made.text.encode()).hexdigest() == notice(promises(), POINT, "kk").digest
    assert len({notice(MADE, POINT, language).digest for language in LANGUAGES}) == 3


ALL = {"kk": "Мәтін", "ru": "Текст", "en": "Text"}
SAID: dict[str, Mapping[str, object]] = {
    "the operator's address": {"operator.address.en": "2 Probnaya Street"},
    "the name of a purpose": {"purposes.orders.name.en": "your orders"},
    "a term": {"purposes.newsletter.term": {"lasts": "1 year"}},
    "an operation": {"purposes.delivery.operations": ["use", "transfer", "store"]},
    "a recipient's country": {"recipients.courier.countries": ["KZ", "RU"]},
    "a recipient more": {"recipients.bank": {"name": ALL, "kind": "supplier", "countries": ["KZ"], "purposes":
                         ["orders"], "operations": ["use"], "uses": ["contact.order"]}},
    "a publication": {"recipients.courier.kind": "public"},
    "an optional field made required": {"points.registration.asks": {"identity.family": "required",
                                                                     "identity.given": "required",
                                                                     "contact.phone": "required"}},
    "the way of withdrawing": {"rights.withdrawal": "whole"},
    "another person's proof": {"points.registration.proof": "document"},
    "the e-mail for requests": {"operator.contacts.email": "ask@mini.example"},
}  # fmt: skip


@pytest.mark.parametrize("changes", SAID.values(), ids=SAID)
def test_what_is_said_otherwise_has_another_digest(changes: Mapping[str, object]) -> None:
    """When what is said at a point changes, the notice is a new one."""
    assert notice(promises(changes), POINT, "en").digest != notice(MADE, POINT, "en").digest


NOT_SAID: dict[str, Mapping[str, object]] = {
    "a clause": {"clauses.0.says.en": "The policy applies to all of the site."},
    "a role": {"roles.desk.sees": ["identity", "contact"]},
    "a purpose that is not asked for here": {"purposes.surveys": {"name": ALL, "uses": ["contact.email"],
                                             "operations": ["use"], "term": {"lasts": "1 year"}}},
    "the spelling of white space": {"purposes.orders.name.en": "fulfilling   the\norder "},
    "the claim": {"rights.claim.term": "5 calendar days"},
}  # fmt: skip


@pytest.mark.parametrize("changes", NOT_SAID.values(), ids=NOT_SAID)
def test_what_is_not_said_here_changes_nothing(changes: Mapping[str, object]) -> None:
    """A new version that says the same at a point makes no notice out of date (travel-1)."""
    assert notice(promises(changes), POINT, "en").digest == notice(MADE, POINT, "en").digest


def test_a_version_number_is_not_said() -> None:
    """Publishing anew by itself makes no notice out of date."""
    assert notice(promises(version=7), POINT, "ru").digest == notice(MADE, POINT, "ru").digest


def test_refusal_and_reason_of_required_fields() -> None:
    """Each required field says why it is needed and what refusing means (travel-42); its own words go first."""
    said = lines("ru")
    assert said["contact.email"].endswith("Чтобы прислать подтверждение. Без неё подтверждение не придёт.")
    assert said["identity.family"].endswith("Чтобы оформить заказ. Без этого заказ не принимается.")
    assert said["contact.phone"] == "Телефон (по желанию)."


def test_who_gives_data_of_others_is_told_what_it_needs() -> None:
    """By agreement or by a document, or nothing where only one's own data is taken (travel-4, tickets-20)."""
    assert "ask them beforehand" in told()
    assert "document" in told({"points.registration.proof": "document"})
    assert "another person" not in told({"points.registration.subject": "self"}).lower()


def test_nobody_gets_it_and_nothing_leaves() -> None:
    """Where there is no recipient, that is said."""
    alone = {"points.registration.consents": [{"purpose": "newsletter", "ask": "choice"}],
             "points.registration.asks": {"profile.tastes": "optional"}}  # fmt: skip
    said = notice(promises(alone), POINT, "en").text
    assert "passed to nobody" in said
    assert "No data" in said or "not sent abroad" in said


def test_an_unlimited_promise_is_told_as_the_law_has_it() -> None:
    """Where the text promises no end, people are told the end that the law sets."""
    said = lines("en", {"purposes.newsletter.term": "unlimited"})
    assert said["purposes.newsletter.term"] == "Term: until the purpose is met or you withdraw your consent."


@pytest.mark.parametrize(
    ("text", "kk", "ru", "en"),
    [("1 working day", "1 жұмыс күні", "1 рабочий день", "1 working day"),
     ("2 working days", "2 жұмыс күні", "2 рабочих дня", "2 working days"),
     ("5 working days", "5 жұмыс күні", "5 рабочих дней", "5 working days"),
     ("11 calendar days", "11 күнтізбелік күн", "11 календарных дней", "11 calendar days"),
     ("12 calendar days", "12 күнтізбелік күн", "12 календарных дней", "12 calendar days"),
     ("21 calendar days", "21 күнтізбелік күн", "21 календарный день", "21 calendar days"),
     ("22 calendar days", "22 күнтізбелік күн", "22 календарных дня", "22 calendar days"),
     ("111 hours", "111 сағат", "111 часов", "111 hours"), ("121 hours", "121 сағат", "121 час", "121 hours"),
     ("1 month", "1 ай", "1 месяц", "1 month"), ("6 months", "6 ай", "6 месяцев", "6 months"),
     ("1 year", "1 жыл", "1 год", "1 year"), ("3 years", "3 жыл", "3 года", "3 years"),
     ("5 years", "5 жыл", "5 лет", "5 years"), ("24 years", "24 жыл", "24 года", "24 years")],
)  # fmt: skip
def test_times_in_words(text: str, kk: str, ru: str, en: str) -> None:
    """Terms are written as people say them, with the right plural."""
    assert [time_in_words(text, language) for language in LANGUAGES] == [kk, ru, en]


def test_names_of_fields() -> None:
    """A field is called by its own name, by the usual one, or by that of its type."""
    assert field_name(MADE, "contact.order", "kk") == "Тапсырыс нөмірі"
    assert field_name(MADE, "identity.family", "ru") == "Фамилия"
    assert field_name(MADE, "profile.tastes", "en") == "Short text"


def test_names_of_countries() -> None:
    """Countries are named in the language of the notice; a code that nobody knows stays a code."""
    assert [country_name("KZ", language) for language in LANGUAGES] == ["Қазақстан", "Казахстан", "Kazakhstan"]
    assert country_name("QQ", "ru") == "QQ"


def test_what_a_consent_is_called() -> None:
    """The banner and the intake name a consent as the notice does."""
    for ask in MADE.policy.points[POINT].consents:
        sentence = consent_sentence(MADE, ask, "kk")
        assert any(one.text == sentence for one in notice(MADE, POINT, "kk").lines if one.ref == consent_ref(ask))


@pytest.mark.parametrize("name", sorted(path.stem for path in PROFILES.glob("*.yaml")))
def test_notices_of_the_five_operators(name: str) -> None:
    """Every point of the five has its notice in three languages, with nothing left unsaid."""
    checked = looked_at((PROFILES / f"{name}.yaml").read_bytes())
    assert checked.policy is not None
    assert checked.law is not None
    made = Promises(checked.policy, checked.law, 1, MADE.effective, "0" * 64)
    notices = all_notices(made)
    assert len(notices) == 3 * len(checked.policy.points)
    for one in notices.values():
        assert "{" not in one.text
        assert all(line.text.strip() for line in one.lines)
        assert checked.policy.operator.bin in one.text


def test_points_without_a_reason_of_their_own_need_none() -> None:
    """Optional fields may stand without a word; the notice shows no gap."""
    changes = {"points.registration.why": GONE, "points.registration.refusal": GONE,
               "points.registration.asks": {"contact.phone": "optional"}}  # fmt: skip
    assert lines("en", changes)["contact.phone"] == "Telephone (optional)."
