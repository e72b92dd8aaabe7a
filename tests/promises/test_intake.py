"""Intake: only what is declared, needed and agreed to comes in, from whom it may come, and marked with where from."""

from __future__ import annotations

from typing import Any

import pytest

from senim.conformance import cast
from senim.policy.taxonomy import FieldType
from tests.promises.conftest import Open
from tests.promises.house import House

PROFILES = ("travel", "airline", "tickets", "foundation", "shop")
DECLARED = (
    ("travel", "booking", "travel-3"),
    ("airline", "registration", "airline-5"),
    ("tickets", "order", "tickets-11"),
    ("foundation", "registration", "foundation-8"),
    ("shop", "order", "shop-7"),
)
FORMS = [(profile, point, clause) for profile, point, clause in DECLARED]
CARD_WAYS = ("{0}", "{1} {2} {3} {4}", "my card is {1}-{2}-{3}-{4}, thank you", "карта:{0}.")


def people(place: House) -> int:
    """How many people the operator ever knew."""
    return place.senim.subjects.count(place.senim.database)[0]


def free_field(place: House, point: str) -> str:
    """A field of the point that takes people's own words."""
    kinds = (FieldType.TEXT, FieldType.WORDS, FieldType.ADDRESS, FieldType.NAME)
    asks = place.stage.policy.points[point].asks
    return next(one for kind in kinds for one in asks if place.stage.promises.fields[one].type is kind)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_point_takes_in_exactly_what_it_declares(house: Open, profile: str) -> None:
    """Collection points are data: airline-1, airline-3, tickets-9, tickets-10, foundation-4, shop-7, travel-3."""
    place = house(profile)
    roles = place.stage.policy.roles
    for name, point in place.stage.policy.forms.items():
        if point.subject == "other":
            continue
        body = place.body(name, act="signature")
        asked = {ask.purpose for ask in point.consents if ask.ask == "required"}
        role = next(one for one, held in roles.items() if "intake" in held.may and asked <= set(held.purposes))
        taken = place.take(body, role)
        assert taken.status == 201, (name, taken.body)
        assert set(taken.body["stored"]) == set(body["values"])
        assert len(taken.body["receipts"]) == len(body["consents"])
    assert place.take({**place.body(place.stage.point()), "point": "back-door"}).codes == {"point_undeclared"}


@pytest.mark.parametrize(("profile", "point", "clause"), FORMS, ids=[clause for _, _, clause in FORMS])
@pytest.mark.parametrize("extra", ["contact.pager", "health.blood", "contact", "contact.email.x", ""])
def test_an_undeclared_field_is_refused_and_nothing_is_kept(
    house: Open, profile: str, point: str, clause: str, extra: str
) -> None:
    """What the policy does not name does not come in: travel-3, airline-5, tickets-11, foundation-8, shop-7."""
    place = house(profile)
    body = place.body(point)
    answer = place.take({**body, "values": {**body["values"], extra: "anything"}})
    assert answer.status == 422
    assert answer.codes == {"category_undeclared"}
    assert clause.partition("-")[0] in answer.body["clause"]
    assert people(place) == 0


@pytest.mark.parametrize(
    ("profile", "point", "dropped", "clause"),
    [
        ("travel", "booking", "ticketing", "travel-3"),
        ("airline", "registration", "client", "airline-5"),
        ("tickets", "registration", "identification", "tickets-12"),
        ("foundation", "subscription", "newsletter", "foundation-2"),
        ("shop", "subscription", "site-news", "shop-7"),
    ],
    ids=lambda one: one if "-" in one and one[-1].isdigit() else "",
)
def test_only_what_an_agreed_purpose_needs_comes_in(
    house: Open, profile: str, point: str, dropped: str, clause: str
) -> None:
    """A field whose purpose nobody agreed to is refused: travel-3, airline-5, tickets-12, foundation-2, shop-7."""
    place = house(profile)
    body = place.body(point)
    others = [one for one in body["consents"] if dropped not in ("site-news", one["purpose"])]
    answer = place.take({**body, "consents": others})
    assert answer.status == 422
    assert "consent_missing" in answer.codes
    assert people(place) == 0
    outside = next(one for one in place.stage.promises.fields if one not in place.stage.policy.points[point].asks)
    value = cast.value(outside, place.stage.promises.fields[outside], 3)
    unasked = place.take({**body, "values": {**body["values"], outside: value}})
    assert "field_not_needed" in unasked.codes
    assert people(place) == 0
    assert clause.startswith(profile)


@pytest.mark.parametrize(("profile", "point", "clause"), FORMS, ids=[clause for _, _, clause in FORMS])
@pytest.mark.parametrize("way", CARD_WAYS)
def test_a_card_number_is_refused_wherever_it_is_written(
    house: Open, profile: str, point: str, clause: str, way: str
) -> None:
    """No access to payment data given elsewhere; a card number is refused in any words: foundation-9, travel-8."""
    place = house(profile)
    number = cast.card(71)
    text = way.format(number, number[:4], number[4:8], number[8:12], number[12:])
    body = place.body(point)
    reference = free_field(place, point)
    answer = place.take({**body, "values": {**body["values"], reference: text}})
    assert answer.status == 422
    assert "card_number" in answer.codes
    assert number not in answer.content.decode()
    assert people(place) == 0
    assert clause.startswith(profile)


def test_a_card_number_in_a_file_or_a_correction_is_refused(house: Open) -> None:
    """Payment data stays with the payment system, in files and in corrections too: foundation-9."""
    place = house("foundation")
    subject, _ = place.person("agreement", "office", surface="document", act="signature")
    content = f"%PDF-1.7\n(paid with {cast.card(5)})".encode()
    where = f"/v1/subjects/{subject}/fields/agreement.signed/document"
    answer = place.door("office")(
        "POST", where, content, query_string={"purpose": "services"}, content_type="application/pdf"
    )
    assert answer.codes == {"card_number"}
    change = {"purpose": "services", "values": {"residence.address": f"Abay 1, {cast.card(5)}"}}
    assert "card_number" in place.door("office")("PATCH", f"/v1/subjects/{subject}/data", change).codes


@pytest.mark.parametrize(
    "words",
    ["у меня инвалидность", "мен мүгедекпін", "a disabled person", "ранее судим", "мұсылманмын", "trade union man"],
)
@pytest.mark.parametrize(
    ("profile", "point"), [("foundation", "registration"), ("travel", "booking"), ("shop", "order")]
)
def test_special_categories_are_refused_in_free_text(house: Open, profile: str, point: str, words: str) -> None:
    """Processing excludes what needs written consent: foundation-12, travel-3, shop-7."""
    place = house(profile)
    body = place.body(point)
    answer = place.take({**body, "values": {**body["values"], free_field(place, point): words}})
    assert answer.status == 422
    assert "special_category" in answer.codes
    assert words not in answer.content.decode()
    assert people(place) == 0


@pytest.mark.parametrize(
    ("profile", "point", "clause"), [("travel", "passengers", "travel-4"), ("airline", "booking", "airline-3")]
)
def test_other_peoples_data_needs_a_word_on_who_agreed(house: Open, profile: str, point: str, clause: str) -> None:
    """Their consent is obtained first; who says so, when and after which text is kept: travel-4, airline-3."""
    place = house(profile)
    buyer, _ = place.person(place.stage.point(lambda one: one.subject == "self"))
    behalf = {"authority": "agreed-with-person", "by": buyer}
    refused = place.take(place.body(point))
    assert refused.codes == {"attestation_missing"}
    assert refused.clauses == {clause}
    for nobody in ("", "0" * 31, "somebody"):
        wrong = place.take(place.body(point, on_behalf_of={**behalf, "by": nobody}))
        assert wrong.status == 422
        assert "attestation_missing" in wrong.codes
    assert place.take(place.body(point, on_behalf_of={**behalf, "by": "0" * 32})).status == 404
    assert people(place) == 1
    passenger, _ = place.person(point, on_behalf_of=behalf)
    attested = next(one for one in place.log(passenger) if one["act"] == "subject.attested")
    assert attested["reason"] == "agreed-with-person"
    assert attested["record"]["by"] == buyer
    assert len(attested["record"]["notice"]) == 64
    assert attested["at"]


def test_other_peoples_data_needs_a_paper_where_the_text_says_so(house: Open) -> None:
    """Giving other people's data is forbidden without a document that proves the right: tickets-20, tickets-9."""
    place = house("tickets")
    speaker, _ = place.person("registration")
    stranger, _ = place.person("registration")
    behalf: dict[str, Any] = {"authority": "power-of-attorney", "by": speaker}
    group = "group-order"
    bare = place.take(place.body(group, on_behalf_of=behalf))
    assert bare.codes == {"attestation_missing"}
    assert "tickets-20" in bare.clauses
    paper = place.door("site")(
        "POST",
        f"/v1/subjects/{speaker}/fields/papers.authority/document",
        b"%PDF-1.7 power of attorney",
        query_string={"purpose": "identification"},
        content_type="application/pdf",
    )
    assert paper.status == 201, paper.body
    made_up = place.take(place.body(group, on_behalf_of={**behalf, "document": "0" * 32}))
    assert made_up.status == 404
    someone_elses = {**behalf, "by": stranger, "document": paper.body["id"]}
    assert place.take(place.body(group, on_behalf_of=someone_elses)).status == 404
    child, _ = place.person(group, on_behalf_of={**behalf, "document": paper.body["id"]})
    attested = next(one for one in place.log(child) if one["act"] == "subject.attested")
    assert attested["record"]["document"] == paper.body["id"]


def test_nobody_speaks_for_others_where_only_oneself_may(house: Open) -> None:
    """A registration is one's own: tickets-20, airline-3."""
    for profile in ("tickets", "airline"):
        place = house(profile)
        speaker, _ = place.person("registration")
        other = place.take(place.body("registration", on_behalf_of={"authority": "parent", "by": speaker}))
        assert other.status == 422
        assert "others_not_taken" in other.codes


@pytest.mark.parametrize(
    ("profile", "point", "source", "purpose"),
    [
        ("travel", "booking", "suppliers", "booking"),
        ("travel", "booking", "affiliates", "booking"),
        ("foundation", "registration", "support", "services"),
        ("shop", "order", "third-party", "fulfilment"),
    ],
    ids=["travel-6", "travel-6 affiliates", "foundation-10", "shop-21"],
)
def test_every_value_carries_where_it_came_from(
    house: Open, profile: str, point: str, source: str, purpose: str
) -> None:
    """Received from affiliates, suppliers, partners, calls: travel-6, foundation-10, shop-21, travel-35."""
    place = house(profile)
    subject, _ = place.person(point, source=source)
    values = place.door("site").read(subject, purpose).body["values"]
    assert values
    assert {one["source"] for one in values.values()} == {source}
    assert all(one["at"] for one in values.values())
    assert place.take(place.body(point, source="hearsay")).codes == {"source_undeclared"}


def test_a_public_source_is_kept_with_its_place_and_date(house: Open) -> None:
    """Open profiles, with the place and date: foundation-11, shop-21."""
    for profile, point, source, purpose in (
        ("foundation", "registration", "open-profile", "services"),
        ("shop", "order", "open", "fulfilment"),
    ):
        place = house(profile)
        page = "https://people.example/open/aliya"
        assert place.take(place.body(point, source=source)).status == 422
        assert place.take(place.body(point, source={"id": source, "place": ""})).status == 422
        subject, _ = place.person(point, source={"id": source, "place": page})
        values = place.door("site").read(subject, purpose).body["values"]
        assert {(one["source"], one["place"]) for one in values.values()} == {(source, page)}


@pytest.mark.parametrize(
    ("profile", "point", "purpose", "clause"),
    [
        ("airline", "registration", "client", "airline-4"),
        ("tickets", "order", "service", "tickets-6"),
        ("shop", "order", "fulfilment", "shop-5"),
    ],
    ids=lambda one: one if "-" in one and one[-1].isdigit() else "",
)
def test_what_people_state_is_marked_as_stated(
    house: Open, profile: str, point: str, purpose: str, clause: str
) -> None:
    """Nobody vouches for what was stated, corrections included: airline-4, tickets-6, shop-5, shop-18."""
    place = house(profile)
    subject, values = place.person(point)
    site = place.door("site")
    told = site.read(subject, purpose).body["values"]
    assert told
    assert {one["status"] for one in told.values()} == {"stated"}
    name = next(one for one in values if one.endswith(".given"))
    assert site("PATCH", f"/v1/subjects/{subject}/data", {"purpose": purpose, "values": {name: "Жанна"}}).status == 200
    again = site.read(subject, purpose).body["values"][name]
    assert (again["value"], again["status"]) == ("Жанна", "stated")
    assert clause.startswith(profile)


@pytest.mark.parametrize(
    ("reference", "given", "kept"),
    [
        ("contact.phone", "8 (799) 123-45-67", "+77991234567"),
        ("contact.phone", "+7 799 123 45 67", "+77991234567"),
        ("contact.email", "  Aliya.Q@People.Example ", "aliya.q@people.example"),
        ("identity.birth-date", "03.02.1990", "1990-02-03"),
        ("identity.family", " Сынақбай ", "Сынақбай"),
    ],
)
def test_fields_are_checked_and_brought_into_one_form(house: Open, reference: str, given: str, kept: str) -> None:
    """Name parts, telephones, e-mail, date of birth, each in its form: tickets-11."""
    place = house("tickets")
    body = place.body("registration")
    subject = place.come_in({**body, "values": {**body["values"], reference: given}})
    told = place.door("site").read(subject, "identification").body["values"]
    assert told[reference]["value"] == kept


@pytest.mark.parametrize(
    ("reference", "wrong", "code"),
    [
        ("contact.phone", "12", "invalid_value"),
        ("contact.email", "not an address", "invalid_value"),
        ("identity.birth-date", "31.02.1990", "invalid_value"),
        ("identity.family", "Cынaқбай", "mixed_script"),
        ("identity.family", "x" * 101, "invalid_value"),
        ("contact.email", 5, "invalid_value"),
        ("identity.given", "", "field_missing"),
        ("identity.given", None, "field_missing"),
    ],
)
def test_a_wrong_value_is_refused_and_not_told_back(house: Open, reference: str, wrong: object, code: str) -> None:
    """Field types are validated, and the refusal repeats no value: tickets-11."""
    place = house("tickets")
    body = place.body("registration")
    answer = place.take({**body, "values": {**body["values"], reference: wrong}})
    assert answer.status == 422
    assert (code, reference) in {(one["code"], one["where"]) for one in answer.body["reasons"]}
    assert not isinstance(wrong, str) or len(wrong) < 6 or wrong not in answer.content.decode()
    assert people(place) == 0


def test_the_same_form_sent_twice_is_taken_once(house: Open) -> None:
    """A site that tries again makes no second person: travel-3, tickets-10."""
    place = house("travel")
    body = place.body("booking")
    once = {"headers": {"Idempotency-Key": "form-7"}}
    first = place.door("site")("POST", "/v1/intake", body, **once)
    second = place.door("site")("POST", "/v1/intake", body, **once)
    assert first.status == second.status == 201
    assert first.body == second.body
    assert people(place) == 1
