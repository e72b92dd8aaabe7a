"""What comes in is held against the policy: declared, needed, well formed, and all that is wrong told at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from senim.collection import Intake
from senim.collection.records import ConsentGiven, OnBehalf
from senim.collection.rules import channel_of, check_way, look, missing, unagreed, unserved
from senim.errors import Code, Reason
from senim.policy.notices import all_notices, notice
from senim.policy.taxonomy import Channel
from tests.unit.made import promises

MADE = promises()
ASKED = MADE.policy.points["registration"].asks
NOTICES = all_notices(MADE)
CARD = "9398 0000 0000 0001"
Found = set[tuple[Code, str]]


def wrong(values: dict[str, object], asked: Any = ASKED) -> Found:
    return {(reason.code, reason.where) for reason in look(MADE, values, asked).reasons}


def test_good_values_come_in_their_one_form() -> None:
    """Values are kept in the form in which they are found again."""
    looked = look(
        MADE, {"contact.phone": "8 (700) 000-00-00", "identity.given": " Анна ", "contact.note": "звонить"}, ASKED
    )
    assert looked.values == {"contact.phone": "+77000000000", "identity.given": "Анна", "contact.note": "звонить"}
    assert (looked.reasons, looked.strangers) == ((), ())


VALUES: dict[str, tuple[dict[str, object], Found]] = {
    "an undeclared field": ({"contact.fax": "1"}, {(Code.CATEGORY_UNDECLARED, "contact.fax")}),
    "an undeclared category": ({"health.diagnosis": "x"}, {(Code.CATEGORY_UNDECLARED, "health.diagnosis")}),
    "a whole category": ({"contact": "x"}, {(Code.CATEGORY_UNDECLARED, "contact")}),
    "a declared field that the point does not ask for": (
        {"profile.scan": "x"}, {(Code.FIELD_NOT_NEEDED, "profile.scan")},
    ),
    "a wrong value": ({"contact.email": "nobody"}, {(Code.INVALID_VALUE, "contact.email")}),
    "mixed letters": ({"identity.given": "Аннa"}, {(Code.MIXED_SCRIPT, "identity.given")}),
    "a card in a note": ({"contact.note": f"картой {CARD}"}, {(Code.CARD_NUMBER, "contact.note")}),
    "a card with its code in a note": ({"contact.note": f"{CARD} 12/39 123"}, {(Code.CARD_NUMBER, "contact.note")}),
    "a card as a telephone": ({"contact.phone": CARD}, {(Code.CARD_NUMBER, "contact.phone")}),
    "a card as an order number": (
        {"contact.order": CARD.replace(" ", "")}, {(Code.CARD_NUMBER, "contact.order")},
    ),
    "a card as a number": ({"contact.note": 9398000000000001}, {(Code.CARD_NUMBER, "contact.note")}),
    "a card in an e-mail": (
        {"contact.email": "9398000000000001@people.example"}, {(Code.CARD_NUMBER, "contact.email")},
    ),
    "a card in an undeclared field": (
        {"payment.pan": CARD}, {(Code.CATEGORY_UNDECLARED, "payment.pan"), (Code.CARD_NUMBER, "payment.pan")},
    ),
    "a diagnosis in a note": ({"contact.note": "у меня диабет"}, {(Code.SPECIAL_CATEGORY, "contact.note")}),
    "a diagnosis in a name": ({"identity.family": "инвалид"}, {(Code.SPECIAL_CATEGORY, "identity.family")}),
    "a diagnosis in an undeclared field": (
        {"other.text": "диабет"}, {(Code.CATEGORY_UNDECLARED, "other.text"), (Code.SPECIAL_CATEGORY, "other.text")},
    ),
    "a diagnosis and a card": (
        {"contact.note": f"диабет, карта {CARD}"},
        {(Code.SPECIAL_CATEGORY, "contact.note"), (Code.CARD_NUMBER, "contact.note")},
    ),
    "several things": (
        {"contact.email": "x", "contact.phone": "y", "contact.fax": "z", "identity.given": "Анна"},
        {(Code.INVALID_VALUE, "contact.email"), (Code.INVALID_VALUE, "contact.phone"),
         (Code.CATEGORY_UNDECLARED, "contact.fax")},
    ),
    "a list for a value": ({"contact.note": ["a", "b"]}, {(Code.INVALID_VALUE, "contact.note")}),
    "a card where cards belong": ({"payment-card.pan": CARD}, set()),
    "thirteen digits as an order number": ({"contact.order": "4222222222222"}, set()),
    "nothing": ({}, set()),
}  # fmt: skip


@pytest.mark.parametrize(("values", "expected"), VALUES.values(), ids=VALUES)
def test_what_does_not_come_in(values: dict[str, object], expected: Found) -> None:
    """What may not come in is told with its field and its reason (airline-5, foundation-9, foundation-12)."""
    assert wrong(values) == expected


def test_a_reason_shows_no_value() -> None:
    """A refusal names the field, cut short, and never what was typed."""
    long = "contact." + "x" * 500
    (reason,) = look(MADE, {long: "тайна"}, ASKED).reasons
    assert len(reason.where) == 64
    assert "тайна" not in repr(look(MADE, {"contact.email": "тайна"}, ASKED).reasons)


def test_outside_a_point_any_declared_field_may_be_corrected() -> None:
    """A correction is not bound to what some form asks for."""
    assert look(MADE, {"profile.tastes": "горы"}, None).values == {"profile.tastes": "горы"}
    assert wrong({"contact.fax": "1"}, None) == {(Code.CATEGORY_UNDECLARED, "contact.fax")}


def test_a_declared_special_category_takes_its_own_words_only() -> None:
    """A field declared for health may speak of health, and of nothing else that is special (foundation-12)."""
    made = promises({"categories.profile.special": "health"})
    assert look(made, {"profile.tastes": "диабет"}, None).reasons == ()
    other = look(made, {"profile.tastes": "православный"}, None).reasons
    assert [reason.code for reason in other] == [Code.SPECIAL_CATEGORY]


def test_iins_of_others_in_free_text_are_noted() -> None:
    """An IIN in a note may be another person's: it is told to the caller of the rule (travel-4)."""
    looked = look(MADE, {"contact.note": "для 981231500014", "identity.iin": "970228600109"}, ASKED)
    assert looked.strangers == (("contact.note", "981231500014"),)
    assert look(MADE, {"contact.order": "981231500014"}, ASKED).strangers == (("contact.order", "981231500014"),)


GOOD = Intake(
    point="registration",
    language="ru",
    notice=notice(MADE, "registration", "ru").digest,
    values={"identity.family": "Пробникова", "identity.given": "Анна", "contact.email": "person@people.example"},
    consents=(ConsentGiven(purpose="orders", given=True), ConsentGiven(purpose="newsletter", given=False)),
)
BY = "b" * 32
AGREED = OnBehalf(authority="agreed-with-person", by=BY)


def ways(changes: dict[str, object] | None = None, **changed: Any) -> Found:
    made = promises(changes)
    intake = replace(GOOD, **changed)
    notices = all_notices(made)
    if changes and "notice" not in changed:
        intake = replace(intake, notice=notice(made, "registration", intake.language).digest)
    return {(reason.code, reason.where) for reason in check_way(made, intake, notices)}


def test_the_way_in() -> None:
    """What came by a declared way after the notice is good, one's own data and another's."""
    assert ways() == set()
    assert ways(channel="web", on_behalf_of=AGREED) == set()
    assert ways(channel="telephone", read_to_caller=True) == set()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({"notice": ""}, {(Code.NOTICE_MISSING, "notice")}), ({"notice": "0" * 64}, {(Code.NOTICE_OUTDATED, "notice")}),
     ({"language": "kk"}, {(Code.NOTICE_OUTDATED, "notice")}),
     ({"channel": "fax"}, {(Code.CHANNEL_UNDECLARED, "fax")}),
     ({"channel": "email"}, {(Code.CHANNEL_UNDECLARED, "email")}),
     ({"channel": "telephone"}, {(Code.NOTICE_MISSING, "read_to_caller")}),
     ({"consents": (ConsentGiven(purpose="surveys", given=True),)}, {(Code.PURPOSE_UNDECLARED, "surveys")}),
     ({"consents": (ConsentGiven(purpose="orders", given=True, recipient="couriers"),)},
      {(Code.PURPOSE_UNDECLARED, "orders")}),
     ({"consents": (ConsentGiven(purpose="newsletter", given=False, channel="telephone"),)},
      {(Code.PURPOSE_UNDECLARED, "newsletter")}),
     ({"consents": (ConsentGiven(purpose="orders", given=True), ConsentGiven(purpose="orders", given=True))},
      {(Code.CONSENT_TWICE, "orders")}),
     ({"consents": (ConsentGiven(purpose="orders", given=True), ConsentGiven(purpose="orders", given=False))},
      {(Code.CONSENT_TWICE, "orders")}),
     ({"consents": (ConsentGiven(purpose="newsletter", given=True, channel="email"),
                    ConsentGiven(purpose="newsletter", given=False))}, {(Code.CONSENT_TWICE, "newsletter")}),
     ({"consents": (ConsentGiven(purpose="newsletter", given=True),
                    ConsentGiven(purpose="newsletter", given=False, channel="email"),
                    ConsentGiven(purpose="newsletter", given=True, channel="sms"))}, set()),
     ({"consents": (ConsentGiven(purpose="newsletter", given=False),
                    ConsentGiven(purpose="newsletter", given=False, channel="email"))}, set()),
     ({"notice": "", "channel": "fax"}, {(Code.NOTICE_MISSING, "notice"), (Code.CHANNEL_UNDECLARED, "fax")})],
)  # fmt: skip
def test_what_is_wrong_with_the_way(changed: dict[str, Any], expected: Found) -> None:
    """No notice, another notice or language, an undeclared channel, a consent that nobody asked for or that is two."""
    assert ways(**changed) == expected


@pytest.mark.parametrize(
    ("subject", "proof", "speaker", "expected"),
    [("self", "attestation", AGREED, {(Code.OTHERS_NOT_TAKEN, "on_behalf_of")}),
     ("other", "attestation", None, {(Code.ATTESTATION_MISSING, "on_behalf_of")}),
     ("other", "attestation", AGREED, set()), ("either", "attestation", None, set()),
     ("either", "document", AGREED, {(Code.ATTESTATION_MISSING, "on_behalf_of.document")}),
     ("either", "document", OnBehalf(authority="parent", by=BY, document="d" * 32), set())],
)  # fmt: skip
def test_whose_data_it_is(subject: str, proof: str, speaker: OnBehalf | None, expected: Found) -> None:
    """Another person's data needs an attestation or a document, and a point that takes it (travel-4, tickets-20)."""
    changes: dict[str, object] = {"points.registration.subject": subject, "points.registration.proof": proof}
    assert ways(changes, on_behalf_of=speaker) == expected


@pytest.mark.parametrize(
    ("values", "consents", "expected"),
    [(GOOD.values, GOOD.consents, set()),
     ({}, (), {(Code.FIELD_MISSING, "identity.family"), (Code.FIELD_MISSING, "identity.given"),
               (Code.FIELD_MISSING, "contact.email"), (Code.CONSENT_MISSING, "orders")}),
     ({**GOOD.values, "contact.email": ""}, GOOD.consents, {(Code.FIELD_MISSING, "contact.email")}),
     ({**GOOD.values, "contact.email": None}, GOOD.consents, {(Code.FIELD_MISSING, "contact.email")}),
     (GOOD.values, (ConsentGiven(purpose="orders", given=False),), {(Code.CONSENT_MISSING, "orders")}),
     (GOOD.values, (ConsentGiven(purpose="orders", given=True, country="TR"),), {(Code.CONSENT_MISSING, "orders")})],
)  # fmt: skip
def test_what_is_missing(values: dict[str, object], consents: tuple[ConsentGiven, ...], expected: Found) -> None:
    """What is required and not given is told, field by field."""
    intake = replace(GOOD, consents=consents)
    found = (*missing(MADE, intake.point, values), *unagreed(MADE, intake))
    assert {(reason.code, reason.where) for reason in found} == expected


def test_the_channel_it_came_by() -> None:
    """One of the point's, or its first."""
    point = MADE.policy.points["registration"]
    assert channel_of(point, GOOD) is Channel.WEB
    assert channel_of(point, replace(GOOD, channel="telephone")) is Channel.TELEPHONE
    assert channel_of(point, replace(GOOD, channel="fax")) is Channel.WEB


NO = (Reason(Code.CONSENT_MISSING, "orders", "mini-2", "7(1)"),)


def test_fields_that_no_purpose_may_have_now() -> None:
    """A field is kept only for a purpose that may collect it now; otherwise the purpose's own reasons are told."""
    assert unserved(MADE, ["identity.family"], ["orders"], {}) == []
    (reason,) = unserved(MADE, ["identity.family"], ["newsletter"], {"orders": NO})
    assert (reason.code, reason.where, reason.clause) == (Code.CONSENT_MISSING, "identity.family", "mini-2")
    (needless,) = unserved(MADE, ["identity.family"], ["newsletter"], {})
    assert needless.code is Code.FIELD_NOT_NEEDED
    both = unserved(MADE, ["contact.email"], [], {"orders": NO, "newsletter": NO})
    assert len(both) == 1, "the same reason is told once"


def test_nobody_is_born_tomorrow() -> None:
    """A date of birth is not after today, where the operator is."""
    late = datetime(2026, 11, 22, 20, tzinfo=UTC)
    made = promises({"categories.profile.fields.tastes": "birth-date"})
    assert look(made, {"profile.tastes": "2026-11-23"}, None, late).reasons == ()
    (reason,) = look(made, {"profile.tastes": "2026-11-24"}, None, late).reasons
    assert (reason.code, reason.where) == (Code.INVALID_VALUE, "profile.tastes")
