"""The gate: what was not promised is not done, by no role, for no recipient, in no country, after no term."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

import senim
from senim.errors import NotAllowed
from senim.policy.taxonomy import Operation
from senim.testing import FixedClock
from tests.promises.conftest import Open
from tests.promises.house import Door, House

PROFILES = ("travel", "airline", "tickets", "foundation", "shop")


def clause_ids(one: object) -> str:
    """Names of cases: their clause ids."""
    return one if isinstance(one, str) and "-" in one and one[-1].isdigit() else ""


def test_card_data_serves_the_ticket_and_no_human_sees_it(house: Open) -> None:
    """Fully automatic, without a human: travel-8."""
    place = house("travel")
    subject, values = place.person("booking")
    card = place.door("ticketing").read(subject, "ticketing", "payment-card")
    assert card.status == 200
    assert card.body["values"]["payment-card.pan"]["value"] == values["payment-card.pan"]
    for role in ("call-centre", "support", "security-desk", "bookkeeper"):
        for purpose in ("ticketing", "booking", "requests", "bookkeeping"):
            refused = place.door(role).read(subject, purpose, "payment-card")
            assert refused.status == 403, f"{role} reads cards for {purpose}"
            assert values["payment-card.pan"] not in refused.content.decode()
    human = place.door("call-centre").read(subject, "ticketing", "payment-card")
    assert "human_read_forbidden" in human.codes
    assert "travel-8" in human.clauses
    entries = place.log(subject)
    tries = [one for one in entries if one["act"] == "data.read" and "human_read_forbidden" in one.get("codes", ())]
    assert {one["outcome"] for one in tries} == {"refused"}
    assert values["payment-card.pan"] not in json.dumps(entries)


def test_not_even_the_responsible_person_sees_a_card(house: Open) -> None:
    """Every human read is refused, the library's and the command line's too: travel-8."""
    place = house("travel")
    subject, values = place.person("booking")
    shown = place.command("subjects", "read", subject, "ticketing")
    assert shown.exit_code == 0
    assert values["payment-card.pan"] not in shown.output
    assert "payment-card" in shown.output
    with senim.open(place.folder) as library:
        assert "payment-card" in library.read(subject, "ticketing").withheld
        with pytest.raises(NotAllowed, match="human_read_forbidden"):
            library.read(subject, "ticketing", categories=("payment-card",))
    with senim.open(place.folder, role="site") as site, pytest.raises(NotAllowed, match="role_not_allowed"):
        site.read(subject, "ticketing", categories=("payment-card",))


def test_card_data_goes_to_the_payment_firm_alone(house: Open) -> None:
    """Card data serves only to book and issue the tickets: travel-8, travel-11."""
    place = house("travel")
    subject, _ = place.person("booking")
    ticketing = place.door("ticketing")
    cards = {"categories": ["payment-card"]}
    assert ticketing.check("transfer", "ticketing", subject, recipient="payments", **cards).body["allowed"]
    for recipient in place.stage.policy.recipients:
        if recipient != "payments":
            assert not ticketing.check("transfer", "ticketing", subject, recipient=recipient, **cards).body["allowed"]
    for purpose in place.stage.policy.purposes:
        if purpose != "ticketing":
            assert not ticketing.check("use", purpose, subject, **cards).body["allowed"]


def test_card_data_is_closed_when_the_ticket_is_issued(house: Open) -> None:
    """After issue it serves nothing any more: travel-8, travel-44, foundation-27."""
    place = house("travel")
    subject, values = place.person("booking")
    ticketing = place.door("ticketing")
    assert ticketing("POST", f"/v1/subjects/{subject}/events", {"event": "ticket-issued"}).status == 201
    closed = ticketing.read(subject, "ticketing", "payment-card")
    assert closed.status == 403
    assert "term_over" in closed.codes
    assert values["payment-card.pan"] not in closed.content.decode()
    assert place.door("site").check("use", "booking", subject).body["allowed"], "the trip itself goes on"


def test_a_telephone_operator_cannot_take_card_data(house: Open) -> None:
    """No human handles a card, not even by typing it in: travel-8, travel-1."""
    place = house("travel")
    refused = place.take(place.body("booking", channel="web"), "call-centre")
    assert refused.status == 422
    assert "role_not_allowed" in refused.codes
    assert place.senim.subjects.count(place.senim.database)[0] == 0


USES = (
    ("travel", "booking", "booking", "travel-7"),
    ("airline", "registration", "client", "airline-5"),
    ("tickets", "order", "service", "tickets-19"),
    ("foundation", "order", "services", "foundation-13"),
    ("foundation", "survey", "surveys", "foundation-14"),
    ("foundation", "registration", "campaigns", "foundation-17"),
    ("shop", "order", "fulfilment", "shop-19"),
    ("shop", "order", "payments", "shop-12"),
)


@pytest.mark.parametrize(("profile", "point", "purpose", "clause"), USES, ids=[clause for *_, clause in USES])
def test_data_is_used_for_the_listed_purposes_alone(
    house: Open, profile: str, point: str, purpose: str, clause: str
) -> None:
    """Only for listed purposes, only what each needs: travel-7, airline-5, tickets-19, foundation-13, shop-19."""
    place = house(profile)
    subject, _ = place.person(point)
    site, promises = place.door("site"), place.stage.promises
    channel = {"channel": "email"} if promises.policy.purposes[purpose].channels else {}
    allowed = site.check("use", purpose, subject, **channel)
    assert allowed.body["allowed"]
    assert allowed.body["reasons"][0]["code"] == "granted_by_consent"
    assert allowed.body["reasons"][0]["article"]
    unlisted = site.check("use", "credit-scoring", subject)
    assert unlisted.codes == {"purpose_undeclared"}
    assert site.check("use", purpose, subject, categories=["health"], **channel).codes == {"category_undeclared"}
    outside = sorted(set(promises.fields) - promises.needed[purpose])
    assert "field_not_needed" in site.check("use", purpose, subject, categories=outside[:1], **channel).codes
    read = site.read(subject, purpose)
    assert set(read.body["values"]) <= promises.needed[purpose]
    assert clause in {one.id for one in promises.policy.clauses}


@pytest.mark.parametrize("profile", PROFILES)
def test_thirteen_operations_and_no_other(house: Open, profile: str) -> None:
    """One list of operations for policy, gate and log: tickets-5, shop-2, airline-2, foundation-12."""
    place = house(profile)
    subject, _ = place.person(place.stage.point(lambda one: one.subject == "self"))
    assert len(Operation) == 13
    for purpose, declared in place.stage.policy.purposes.items():
        for operation in [*(one.value for one in Operation if one not in declared.operations), "sell", "profile"]:
            refused = place.door("site").check(operation, purpose, subject)
            assert "operation_undeclared" in refused.codes, f"{operation} for {purpose}"


def grants(place: House, door: Door, role: str, subject: str) -> None:
    """What a role may not do by the policy, it cannot do at the gate."""
    declared = place.stage.policy.roles[role]
    for purpose, one in place.stage.policy.purposes.items():
        for operation in one.operations:
            beyond = purpose not in declared.purposes or operation not in declared.operations
            answer = door.check(operation.value, purpose, subject)
            if "check" not in declared.may:
                assert answer.status == 403
            elif beyond:
                assert "role_not_allowed" in answer.codes, f"{role}: {operation} for {purpose}"
            else:
                assert "role_not_allowed" not in answer.codes, f"{role}: {operation} for {purpose}"


@pytest.mark.parametrize("profile", PROFILES)
def test_each_role_does_what_the_policy_grants_it(house: Open, profile: str) -> None:
    """Access rules by role, purpose and operation: travel-22, tickets-7, shop-19, airline-10, foundation-24."""
    place = house(profile)
    subject, _ = place.person(place.stage.point(lambda one: one.subject == "self"))
    verbs = {
        "find": ("POST", "/v1/subjects/find", {"kind": "email", "value": "nobody@people.example"}),
        "intake": ("POST", "/v1/intake", place.body(place.stage.point(lambda one: one.subject == "self"))),
        "erase": ("DELETE", f"/v1/subjects/{subject}?reason=withdrawn", None),
        "block": ("POST", f"/v1/subjects/{subject}/block", {"reason": "unlawful-reported"}),
        "event": ("POST", f"/v1/subjects/{subject}/events", {"event": "trip-ended"}),
        "log": ("GET", f"/v1/subjects/{subject}/entries", None),
        "correct": ("PATCH", f"/v1/subjects/{subject}/data", {"purpose": "x", "values": {}}),
    }
    for role, declared in place.stage.policy.roles.items():
        grants(place, place.door(role), role, subject)
        for verb, request in verbs.items():
            if verb not in declared.may:
                refused = place.door(role)(*request)
                assert refused.status == 403, f"{role} may {verb}"
                assert "role_not_allowed" in refused.codes
    for request in verbs.values():
        assert place.door()(*request).status == 401


def test_what_a_role_may_not_see_comes_masked(house: Open) -> None:
    """Roles see the categories of their work, files included: travel-22, foundation-24, tickets-9."""
    place = house("travel")
    subject, values = place.person("contact")
    where = f"/v1/subjects/{subject}/fields/appeal.attachment/document"
    purpose = {"query_string": {"purpose": "requests"}}
    file = place.door("site")("POST", where, b"%PDF-1.7 claim", content_type="application/pdf", **purpose)
    assert file.status == 201, file.body
    content = f"/v1/subjects/{subject}/documents/{file.body['id']}"
    call_centre = place.door("call-centre")
    told = call_centre.read(subject, "requests").body["values"]
    assert told["contact.email"]["value"] == values["contact.email"]
    assert told["appeal.message"]["masked"]
    assert values["appeal.message"] not in json.dumps(told, ensure_ascii=False)
    closed = call_centre("GET", content, **purpose)
    assert closed.status == 403
    assert closed.codes == {"role_not_allowed"}
    assert place.door("support")("GET", content, **purpose).content == b"%PDF-1.7 claim"


RECIPIENTS: tuple[tuple[str, str, str, str, dict[str, str], str], ...] = (
    ("travel", "site", "booking", "airlines", {"country": "KZ"}, "travel-10"),
    ("travel", "site", "security", "antifraud", {}, "travel-11"),
    ("airline", "site", "client", "payment-processor", {}, "airline-8"),
    ("tickets", "site", "service", "organisers", {}, "tickets-18"),
    ("foundation", "site", "services", "delivery-firm", {}, "foundation-22"),
    ("shop", "handover", "fulfilment", "couriers", {}, "shop-16"),
)


@pytest.mark.parametrize(
    ("profile", "role", "purpose", "recipient", "more", "clause"), RECIPIENTS, ids=[clause for *_, clause in RECIPIENTS]
)
def test_a_recipient_gets_what_it_is_entrusted_with_and_nobody_else_anything(
    house: Open, profile: str, role: str, purpose: str, recipient: str, more: dict[str, str], clause: str
) -> None:
    """No sharing but the declared cases: travel-9, travel-10, airline-8, tickets-16, foundation-22, shop-6."""
    place = house(profile)
    point = next(
        name
        for name, one in place.stage.policy.points.items()
        if one.subject != "other"
        and any(
            (ask.purpose, ask.recipient) == (purpose, place.stage.promises.group_of(recipient)) for ask in one.consents
        )
    )
    subject, _ = place.person(point)
    door, policy = place.door(role), place.stage.policy
    assert door.check("transfer", purpose, subject, recipient=recipient, **more).body["allowed"]
    assert door.check("transfer", purpose, subject, recipient="data-broker").codes == {"recipient_undeclared"}
    assert "recipient_missing" in door.check("transfer", purpose, subject).codes
    elsewhere = next(one for one in policy.purposes if one not in policy.recipients[recipient].purposes)
    assert "recipient_undeclared" in door.check("transfer", elsewhere, subject, recipient=recipient).codes
    entrusted = policy.expand(policy.recipients[recipient].uses)
    kept_back = sorted(place.stage.promises.needed[purpose] - entrusted)
    if kept_back:
        question = {"recipient": recipient, "categories": kept_back[:1], **more}
        assert "category_not_entrusted" in door.check("transfer", purpose, subject, **question).codes
    undone = next(one for one in Operation if one not in policy.recipients[recipient].operations and one != "transfer")
    assert "operation_not_entrusted" in door.check(undone.value, purpose, subject, recipient=recipient, **more).codes
    assert clause.startswith(profile)


UNSPOKEN = (
    ("tickets", "purchases", "tickets-16"),
    ("shop", "technical", "shop-11"),
    ("airline", "account", "airline-7"),
    ("foundation", "profile", "foundation-12"),
)


@pytest.mark.parametrize(("profile", "category", "clause"), UNSPOKEN, ids=[clause for *_, clause in UNSPOKEN])
def test_what_the_text_does_not_speak_of_is_passed_to_nobody(
    house: Open, profile: str, category: str, clause: str
) -> None:
    """Purchase history and any other data are not disclosed: tickets-16, shop-11, airline-7, foundation-12."""
    place = house(profile)
    subject, _ = place.person(place.stage.point(lambda one: one.subject == "self"))
    for role in place.stage.policy.roles:
        for purpose in place.stage.policy.purposes:
            answer = place.door(role).check("transfer", purpose, subject, recipient="analysts", categories=[category])
            assert not answer.body.get("allowed")
            if answer.status == 200:
                assert "recipient_undeclared" in answer.codes
    assert clause.startswith(profile)


def test_state_bodies_get_nothing_without_the_document_of_their_request(house: Open) -> None:
    """On a reasoned request, with its document: tickets-17, foundation-23, shop-17, travel-13, airline-9."""
    for profile, purpose in (
        ("tickets", "state-requests"),
        ("foundation", "official-requests"),
        ("shop", "official-requests"),
        ("travel", "official-requests"),
        ("airline", "official-requests"),
    ):
        place = house(profile)
        subject, _ = place.person(place.stage.point(lambda one: one.subject == "self"))
        asked = ("check", "transfer", purpose, "--subject", subject, "--recipient", "state-bodies", "--json")
        bare = place.command(*asked)
        assert bare.exit_code == 1
        codes = {one["code"] for one in json.loads(bare.stdout)["reasons"]}
        assert codes == {"reason_missing"}
        assert place.command(*asked, "--reason", "a" * 32).exit_code == 0


BORDERS = (
    ("travel", "site", "booking", "booking", "airlines", "TR", "travel-29"),
    ("travel", "site", "booking", "booking", "affiliates", "AE", "travel-28"),
    ("foundation", "site", "subscription", "newsletter", "mail-service", "DE", "foundation-35"),
    ("foundation", "site", "registration", "newsletter", "mail-service", "DE", "foundation-21"),
)


@pytest.mark.parametrize(
    ("profile", "role", "point", "purpose", "recipient", "country", "clause"), BORDERS, ids=[c for *_, c in BORDERS]
)
def test_data_crosses_the_border_on_a_ground_of_the_law_alone(
    house: Open, profile: str, role: str, point: str, purpose: str, recipient: str, country: str, clause: str
) -> None:
    """To declared countries, by the person's consent; a contract is no ground: travel-28, travel-29, foundation-35."""
    place = house(profile)
    subject, _ = place.person(point)
    door = place.door(role)
    abroad = {"recipient": recipient, "country": country}
    assert door.check("transfer", purpose, subject, **abroad).body["allowed"]
    assert "country_not_allowed" in door.check("transfer", purpose, subject, recipient=recipient, country="US").codes
    place.consent("site", subject, purpose, country=country, given=False)
    refused = door.check("transfer", purpose, subject, **abroad)
    assert refused.codes == {"consent_withdrawn"}
    assert clause.startswith(profile)


@pytest.mark.parametrize(
    ("profile", "purpose", "clause"),
    [("travel", "booking", "travel-47"), ("foundation", "services", "foundation-20")],
    ids=clause_ids,
)
def test_citizens_data_is_stored_inside_the_country(house: Open, profile: str, purpose: str, clause: str) -> None:
    """A store abroad is refused at the gate: travel-47, foundation-20."""
    place = house(profile)
    subject, _ = place.person(place.stage.point(lambda one: one.subject == "self"))
    refused = place.door("site").check("store", purpose, subject, country="DE")
    assert "store_outside_country" in refused.codes
    assert clause in refused.clauses
    assert place.door("site").check("store", purpose, subject, country="KZ").body["allowed"]


def test_a_block_closes_the_data_to_all_but_the_responsible_person(house: Open) -> None:
    """Blocks unlawfully processed data: no purpose, no change until it is lifted: travel-43, shop-20."""
    for profile, role, point, purpose in (
        ("travel", "security-desk", "booking", "booking"),
        ("shop", "administration", "order", "fulfilment"),
    ):
        place = house(profile)
        subject, values = place.person(point)
        desk, site = place.door(role), place.door("site")
        with senim.open(place.folder, role="site") as library:
            blocked = desk("POST", f"/v1/subjects/{subject}/block", {"reason": "inaccuracy-reported"})
            assert blocked.status == 201
            assert not library.check(subject, "use", purpose)
        assert site.check("use", purpose, subject).codes == {"subject_blocked"}
        assert site.read(subject, purpose).codes == {"subject_blocked"}
        change = {"purpose": purpose, "values": {"identity.given": "Жанна"}}
        assert site("PATCH", f"/v1/subjects/{subject}/data", change).codes == {"subject_blocked"}
        again = place.take({**place.body(point), "subject": subject})
        assert "subject_blocked" in again.codes
        looked = place.command("subjects", "read", subject, purpose)
        assert values["identity.family"] in looked.stdout
        lifted = desk("DELETE", f"/v1/subjects/{subject}/block?reason=check-finished")
        assert lifted.status == 200
        assert site.check("use", purpose, subject).body["allowed"]
        acts = [one["act"] for one in place.log(subject)]
        assert acts.index("subject.blocked") < acts.index("subject.unblocked")


def test_a_block_keeps_others_from_destroying_the_evidence(house: Open) -> None:
    """During a check only the responsible person decides on destruction: travel-43, shop-20, foundation-30."""
    place = house("shop")
    subject, _ = place.person("order")
    policy = place.folder / "policy.yaml"
    may_erase = policy.read_text(encoding="utf-8").replace("may: [find, read, correct, check]", "may: [erase]", 1)
    policy.write_text(may_erase, encoding="utf-8")
    assert place.command("policy", "publish").exit_code == 0
    assert place.command("subjects", "block", subject, "--reason", "inaccuracy-reported").exit_code == 0
    place.senim.policies._looked = 0.0
    desk = place.door("order-desk")
    refused = desk("DELETE", f"/v1/subjects/{subject}?reason=request")
    assert refused.status == 403
    assert refused.codes == {"subject_blocked"}
    assert place.command("subjects", "erase", subject, "--reason", "unlawful", "--yes").exit_code == 0


def test_a_stop_ends_one_purpose_or_all_at_once(house: Open) -> None:
    """Stops processing in line with the law: travel-44."""
    place = house("travel")
    subject, _ = place.person("booking")
    desk, site = place.door("security-desk"), place.door("site")
    stops = f"/v1/subjects/{subject}/stops"
    assert desk("POST", stops, {"reason": "request-of-authority", "purpose": "security"}).status == 201
    assert site.check("use", "security", subject).codes == {"subject_stopped"}
    assert site.check("use", "booking", subject).body["allowed"]
    assert desk("POST", stops, {"reason": "legal-duty"}).status == 201
    refused = site.check("use", "booking", subject)
    assert refused.codes == {"subject_stopped"}
    assert refused.clauses == {"travel-7"}
    assert desk("DELETE", f"{stops}?reason=check-finished").status == 200
    assert desk("DELETE", f"{stops}?purpose=security&reason=check-finished").status == 200
    assert site.check("use", "security", subject).body["allowed"]


TERMS = (
    ("travel", "newsletter", "site", "offers", {"channel": "sms"}, 3 * 365 + 3, "travel-44"),
    ("airline", "newsletter", "site", "advertising", {"channel": "email"}, 3 * 365 + 3, "airline-5"),
    ("foundation", "subscription", "mailing", "newsletter", {"channel": "email"}, 3 * 365 + 3, "foundation-27"),
)


@pytest.mark.parametrize(
    ("profile", "point", "role", "purpose", "more", "days", "clause"), TERMS, ids=[clause for *_, clause in TERMS]
)
def test_a_purpose_ends_with_its_term(
    house: Open, profile: str, point: str, role: str, purpose: str, more: dict[str, str], days: int, clause: str
) -> None:
    """No longer than promised: travel-44, airline-5, foundation-27."""
    clock = FixedClock(datetime.now(UTC))
    place = house(profile, clock)
    subject, _ = place.person(point)
    door = place.door(role)
    clock.move(days=days - 10)
    assert door.check("use", purpose, subject, **more).body["allowed"]
    clock.move(days=12)
    refused = door.check("use", purpose, subject, **more)
    assert "term_over" in refused.codes
    assert all(one.startswith(clause.partition("-")[0]) for one in refused.clauses)


EVENTS = (
    ("airline", "registration", "site", "account-closed", "client", "airline-3"),
    ("foundation", "order", "site", "contract-ended", "services", "foundation-27"),
    ("travel", "booking", "site", "trip-ended", "booking", "travel-44"),
)


@pytest.mark.parametrize(
    ("profile", "point", "role", "event", "purpose", "clause"), EVENTS, ids=[clause for *_, clause in EVENTS]
)
def test_what_ends_the_matter_ends_the_purpose(
    house: Open, profile: str, point: str, role: str, event: str, purpose: str, clause: str
) -> None:
    """The life of an account, a contract, a trip is known to the gate: airline-3, foundation-27, travel-44."""
    place = house(profile)
    subject, _ = place.person(point)
    door = place.door(role)
    assert door.check("use", purpose, subject).body["allowed"]
    assert door("POST", f"/v1/subjects/{subject}/events", {"event": "birthday"}).status == 403
    assert door("POST", f"/v1/subjects/{subject}/events", {"event": event}).status == 201
    assert door.check("use", purpose, subject).codes == {"term_over"}
    assert clause.startswith(profile)


def test_the_law_and_not_the_text_keeps_what_must_be_kept(house: Open) -> None:
    """Purposes set by law rest on the law and its article: foundation-19, travel-13, foundation-28."""
    place = house("foundation")
    subject, _ = place.person("order")
    allowed = place.door("office").check("use", "accounting", subject)
    assert allowed.body["allowed"]
    reason = allowed.body["reasons"][0]
    assert (reason["code"], reason["clause"]) == ("granted_by_law", "foundation-19")
    assert reason["article"].startswith("9")


def test_questions_about_nobody_known_are_refused_and_logged(house: Open) -> None:
    """About a stranger the answer is no: shop-19, travel-22."""
    place = house("shop")
    unknown = place.door("site").check("use", "fulfilment", "0" * 32)
    assert unknown.status == 200
    assert not unknown.body["allowed"]
    assert place.door("site").check("use", "fulfilment", "Алия").status == 422
    assert place.door("site").check("use", "fulfilment").codes == {"subject_missing"}
