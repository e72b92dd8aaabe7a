"""Consent: given for what was shown, kept apart for each thing, proven by a receipt, taken back at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import senim
from senim.audit.statements import open_statement
from tests.promises.conftest import Open
from tests.promises.house import House, Told, run

PROFILES = ("travel", "airline", "tickets", "foundation", "shop")


def payload(place: House, receipt: str) -> Told:
    """What a receipt says, opened with the public key that the operator publishes."""
    jwk = place.pages.get("/.well-known/jwks.json").get_json()["keys"][0]
    told: Told = open_statement(receipt, jwk)[1]
    return told


def receipts(place: House, point: str, **changed: object) -> tuple[str, list[str]]:
    """A person who came in by a point: the id and the receipts."""
    taken = place.take(place.body(point, **changed))
    assert taken.status == 201, taken.body
    return taken.body["subject"], taken.body["receipts"]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_consent_gives_a_receipt_that_an_outsider_verifies(house: Open, tmp_path: Path, profile: str) -> None:
    """Any form that lets the receipt be proven: foundation-3, airline-2, tickets-1, shop-3, travel-4."""
    place = house(profile)
    subject, given = receipts(place, place.stage.point(lambda one: one.subject != "other" and bool(one.consents)))
    (tmp_path / "key.json").write_bytes(place.pages.get("/.well-known/jwks.json").data)
    for number, receipt in enumerate(given):
        file = tmp_path / f"{number}.jws"
        file.write_text(receipt, encoding="ascii")
        verified = run("verify", file, "--key", tmp_path / "key.json", "--json")
        assert verified.exit_code == 0, verified.output
        told = json.loads(verified.stdout)["payload"]
        assert told["pii_principal_id"] == subject
        assert told["event"]["event_state"] == "dpv:ConsentGiven"
        assert told["event"]["proven"]
        assert told["privacy_notice"]["shown"]
        assert told["pii_controllers"][0]["party_number"] == place.stage.policy.operator.bin
    head, body, signature = given[0].split(".")
    (tmp_path / "forged.jws").write_text(f"{head}.{body[:-2]}AA.{signature}", encoding="ascii")
    assert run("verify", tmp_path / "forged.jws", "--key", tmp_path / "key.json").exit_code == 1


def test_the_consent_names_the_operations_that_it_covers(house: Open) -> None:
    """Consent covers collecting, processing, storing, using, and no other operation: airline-2, foundation-5."""
    place = house("airline")
    subject, given = receipts(place, "registration")
    client = next(told for told in (payload(place, one) for one in given) if told["purpose"]["id"] == "client")
    assert {"dpv:Collect", "dpv:Store", "dpv:Use"} <= set(client["processing_method"])
    site = place.door("site")
    assert site.check("use", "client", subject).body["allowed"]
    beyond = site.check("depersonalise", "client", subject)
    assert "operation_undeclared" in beyond.codes
    assert beyond.clauses <= {one.id for one in place.stage.policy.clauses}


def test_the_consent_stores_the_policy_and_its_contract(house: Open) -> None:
    """A supplement to the public offer: the consent's version names the contract's: tickets-1, airline-1."""
    for profile in ("tickets", "airline"):
        place = house(profile)
        _, given = receipts(place, "registration")
        about = payload(place, given[0])["policy"]
        published = place.pages.get(f"/privacy/versions/{about['version']}.json").get_json()
        assert about["id"] == published["id"]
        contracts = [one["contract"] for one in published["sites"] if one.get("contract")]
        assert contracts
        assert all(one["version"] and one["url"].startswith("https://") for one in contracts)


@pytest.mark.parametrize(
    ("profile", "point", "purpose", "act", "clause"),
    [
        ("tickets", "order", "service", "sending", "tickets-4"),
        ("shop", "order", "fulfilment", "use", "shop-3"),
    ],
)
def test_what_a_text_calls_consent_proves_nothing_at_the_gate(
    house: Open, profile: str, point: str, purpose: str, act: str, clause: str
) -> None:
    """Sending data or using a site is recorded as it was and opens nothing: tickets-4, shop-3."""
    place = house(profile)
    subject, _ = receipts(place, point)
    site = place.door("site")
    assert site.check("use", purpose, subject).body["allowed"]
    unproven = place.consent("site", subject, purpose, given=True, evidence=place.evidence(point, act=act))
    assert unproven.status == 201
    assert not unproven.body["proven"]
    assert payload(place, unproven.body["receipts"][0])["event"]["event_type"] == "dpv:ImpliedConsent"
    refused = site.check("use", purpose, subject)
    assert "consent_unproven" in refused.codes
    assert all(one.startswith(profile) for one in refused.clauses)
    clashes = {one["clause"]: one for one in place.told("policy", "check")["clashes"]}
    assert clashes[clause]["wins"] == "law"


@pytest.mark.parametrize("profile", PROFILES)
def test_no_purpose_that_the_service_does_without_is_bundled(house: Open, profile: str) -> None:
    """Consent is free: optional purposes are a choice and refusing them keeps nobody out: foundation-2, airline-5."""
    place = house(profile)
    policy = place.stage.policy
    for name, point in policy.points.items():
        assert not any(ask.ask == "required" and policy.purposes[ask.purpose].optional for ask in point.consents)
        required = [ask for ask in point.consents if ask.ask == "required" and not ask.recipient]
        if not required or point.subject == "other":
            continue
        body = place.body(name)
        needed = place.stage.served({ask.purpose for ask in required})
        body["values"] = {ref: value for ref, value in body["values"].items() if ref in needed}
        chosen = [(ask.purpose, ask.recipient or "") for ask in point.consents if ask.ask == "required"]
        body["consents"] = [one for one in body["consents"] if (one["purpose"], one.get("recipient", "")) in chosen]
        role = next(role for role in policy.roles if required[0].purpose in policy.roles[role].purposes)
        subject = place.come_in(body, role)
        optional = [one for one, declared in policy.purposes.items() if declared.optional]
        for purpose in optional:
            question = place.door(role).check(place.stage.an_operation(purpose), purpose, subject)
            assert not question.body["allowed"], f"{name}: nobody agreed to {purpose}"


def test_nothing_is_agreed_to_by_saying_nothing(house: Open) -> None:
    """No pre-ticked boxes: a choice that is left unsaid is no consent: foundation-2, shop-13."""
    for profile, point, purpose in (("foundation", "registration", "newsletter"), ("shop", "order", "credit-line")):
        place = house(profile)
        channel = {"channel": "email"} if place.stage.policy.purposes[purpose].channels else {}
        silent = place.body(point)
        silent["consents"] = [one for one in silent["consents"] if one["purpose"] != purpose]
        left_unsaid = place.come_in(silent)
        assert place.door("site").check("use", purpose, left_unsaid, **channel).codes == {"consent_missing"}
        said_no = place.body(point)
        said_no["consents"] = [*silent["consents"], {"purpose": purpose, "given": False}]
        refused = place.come_in(said_no)
        assert place.door("site").check("use", purpose, refused, **channel).codes == {"consent_withdrawn"}


@pytest.mark.parametrize(
    ("profile", "point", "given", "other", "clause"),
    [
        ("foundation", "registration", "services", "newsletter", "foundation-5"),
        ("foundation", "registration", "services", "research", "foundation-18"),
        ("airline", "registration", "client", "advertising", "airline-5"),
        ("shop", "registration", "identification", "advertising", "shop-12"),
        ("shop", "subscription", "site-news", "partner-news", "shop-13"),
        ("tickets", "order", "service", "advertising", "tickets-19"),
        ("travel", "newsletter", "offers", "promotions", "travel-7"),
    ],
    ids=lambda one: one if "-" in one and one[-1].isdigit() else "",
)
def test_consent_to_one_purpose_opens_no_other(
    house: Open, profile: str, point: str, given: str, other: str, clause: str
) -> None:
    """Per purpose: foundation-5, foundation-18, airline-5, shop-12, shop-13, tickets-19, travel-7."""
    place = house(profile)
    declared = place.stage.policy.points[point]
    body = place.body(point)
    body["consents"] = [one for one in body["consents"] if one["purpose"] != other]
    needed = place.stage.served({ask.purpose for ask in declared.consents if ask.purpose != other})
    body["values"] = {ref: value for ref, value in body["values"].items() if ref in needed}
    subject = place.come_in(body)
    policy = place.stage.policy
    role = next(one for one, held in policy.roles.items() if {given, other} <= set(held.purposes))
    channel = {"channel": "email"} if policy.purposes[other].channels else {}
    refused = place.door(role).check("use", other, subject, **channel)
    assert "consent_missing" in refused.codes
    assert refused.clauses & {clause, *(one.id for one in policy.clauses if f"purposes.{other}" in one.about)}
    before = {"channel": "email"} if policy.purposes[given].channels else {}
    assert place.door(role).check("use", given, subject, **before).body["allowed"]


@pytest.mark.parametrize(
    ("profile", "point", "role", "purpose", "recipient", "group", "clause"),
    [
        ("travel", "booking", "site", "security", "antifraud", "antifraud", "travel-11"),
        ("travel", "partner-products", "site", "joint-products", "partners", "partners", "travel-12"),
        ("airline", "registration", "site", "client", "chosen-circle", "chosen-circle", "airline-7"),
        ("airline", "registration", "site", "client", "payment-processor", "payment-processor", "airline-8"),
        ("tickets", "order", "site", "service", "organisers", "organisers", "tickets-18"),
        ("foundation", "order", "site", "services", "delivery-firm", "order-fulfilment", "foundation-6"),
        ("shop", "order", "handover", "fulfilment", "couriers", "delivery-services", "shop-16"),
        ("shop", "partner-offers", "handover", "partner-access", "partners", "partners", "shop-14"),
    ],
    ids=lambda one: one if "-" in one and one[-1].isdigit() else "",
)
def test_passing_data_on_needs_a_consent_for_that_recipient(
    house: Open, profile: str, point: str, role: str, purpose: str, recipient: str, group: str, clause: str
) -> None:
    """Nobody is handed over unasked: travel-11, travel-12, airline-7, airline-8, tickets-18, foundation-6, shop-14."""
    place = house(profile)
    subject, _ = place.person(point)
    door = place.door(role)
    assert door.check("transfer", purpose, subject, recipient=recipient).body["allowed"]
    place.consent("site", subject, purpose, recipient=group, given=False)
    refused = door.check("transfer", purpose, subject, recipient=recipient)
    assert refused.codes == {"consent_withdrawn"}
    assert all(one.startswith(profile) for one in refused.clauses)
    assert door.check("use", purpose, subject).body["allowed"], "the purpose itself stays agreed to"
    assert clause in {one.id for one in place.stage.policy.clauses}


@pytest.mark.parametrize(
    ("profile", "point", "role", "purpose", "channel", "other", "clause"),
    [
        ("travel", "newsletter", "site", "promotions", "sms", "email", "travel-7"),
        ("tickets", "newsletter", "site", "advertising", "email", "sms", "tickets-19"),
        ("foundation", "survey", "site", "surveys", "telephone", "email", "foundation-14"),
        ("foundation", "registration", "site", "promotion", "messenger", "telephone", "foundation-16"),
        ("shop", "subscription", "site", "site-news", "sms", "email", "shop-13"),
    ],
    ids=lambda one: one if "-" in one and one[-1].isdigit() else "",
)
def test_writing_or_calling_needs_a_consent_by_channel(
    house: Open, profile: str, point: str, role: str, purpose: str, channel: str, other: str, clause: str
) -> None:
    """A consent to e-mail is none to calls: travel-7, tickets-19, foundation-14, foundation-16, shop-13, airline-5."""
    place = house(profile)
    subject, _ = place.person(point)
    door = place.door(role)
    assert door.check("use", purpose, subject, channel=channel).body["allowed"]
    place.consent(role, subject, purpose, channel=channel, given=False)
    assert door.check("use", purpose, subject, channel=channel).codes == {"consent_withdrawn"}
    assert door.check("use", purpose, subject, channel=other).body["allowed"]
    assert "channel_undeclared" in door.check("use", purpose, subject, channel="post").codes
    assert "channel_missing" in door.check("use", purpose, subject).codes
    assert clause.startswith(profile)


def test_an_address_given_for_the_newsletter_serves_nothing_else(house: Open) -> None:
    """An address is bound to the purpose for which it was given: foundation-15."""
    place = house("foundation")
    subject, _ = place.person("subscription")
    mailing = place.door("mailing")
    assert mailing.read(subject, "newsletter", "contact.email").status == 200
    assert mailing.read(subject, "newsletter", "contact.phone").status == 403
    for purpose in ("promotion", "surveys"):
        refused = mailing.read(subject, purpose, "contact")
        assert refused.status == 403
        assert "consent_missing" in refused.codes


@pytest.mark.parametrize(
    ("profile", "point", "purpose", "channel", "clause"),
    [
        ("travel", "booking", "booking", "", "travel-40"),
        ("airline", "registration", "client", "", "airline-12"),
        ("foundation", "registration", "newsletter", "email", "foundation-32"),
        ("foundation", "order", "services", "", "foundation-7"),
        ("shop", "subscription", "advertising", "sms", "shop-13"),
        ("tickets", "newsletter", "advertising", "email", "tickets-19"),
    ],
    ids=lambda one: one if "-" in one and one[-1].isdigit() else "",
)
def test_a_withdrawal_binds_the_very_next_decision_everywhere(
    house: Open, profile: str, point: str, purpose: str, channel: str, clause: str
) -> None:
    """At any time, in whole or in part, at once: travel-40, airline-12, foundation-7, foundation-32, foundation-34."""
    place = house(profile)
    subject, _ = place.person(point)
    with senim.open(place.folder, role="site") as library:
        assert library.check(subject, "use", purpose, channel=channel)
        withdrawn = place.consent("site", subject, purpose, given=False, evidence={"surface": "letter"})
        assert withdrawn.status == 201
        assert payload(place, withdrawn.body["receipts"][0])["event"]["event_state"] == "dpv:ConsentWithdrawn"
        assert not library.check(subject, "use", purpose, channel=channel)
    asked = place.command("check", "use", purpose, "--subject", subject, "--channel", channel, "--json")
    assert asked.exit_code == 1
    assert {one["code"] for one in json.loads(asked.stdout)["reasons"]} == {"consent_withdrawn"}
    assert clause.startswith(profile)


def test_a_clerk_withdraws_everything_that_a_letter_asks_for(house: Open) -> None:
    """By e-mail or letter, all at once; what the law keeps stays open: foundation-32, foundation-28, airline-12."""
    place = house("foundation")
    subject, _ = place.person("registration")
    letter = json.dumps({"surface": "letter", "act": "signature"})
    done = place.command("consents", "withdraw", subject, "all", "--evidence", letter, "--json")
    assert done.exit_code == 0
    states = place.told("consents", "list", subject)["consents"]
    assert states
    assert not any(one["given"] for one in states)
    site = place.door("site")
    for purpose in ("services", "newsletter", "promotion", "campaigns", "research"):
        channels = place.stage.policy.purposes[purpose].channels
        answer = site.check("use", purpose, subject, **({"channel": channels[0].value} if channels else {}))
        assert answer.codes == {"consent_withdrawn"}
    kept = place.door("office").check("use", "accounting", subject)
    assert kept.body["allowed"]
    assert kept.body["reasons"][0]["code"] == "granted_by_law"
    assert kept.body["reasons"][0]["article"]


def test_free_text_in_a_withdrawal_never_reaches_the_log(house: Open) -> None:
    """The withdrawal binds all the same; what a careless site writes beside it is left out: airline-12, travel-22."""
    place = house("airline")
    subject, _ = place.person("registration")
    words = {
        "surface": "email",
        "document": "passport N00123456",
        "notice": "from person@people.example",
        "at": "today",
    }
    assert place.consent("site", subject, "client", given=False, evidence=words).status == 201
    assert place.door("site").check("use", "client", subject).codes == {"consent_withdrawn"}
    made_up = place.consent("site", subject, "person@people.example", given=False)
    assert made_up.status == 403
    assert "purpose_undeclared" in made_up.codes
    proof = place.consent("site", subject, "client", given=True, evidence={"document": "a scan by hand"})
    assert proof.status == 422
    told = json.dumps(place.log(subject))
    assert not any(one in told for one in ("N00123456", "people.example", "today", "by hand"))


def test_consent_comes_by_form_subscription_document_telephone_and_import(house: Open, tmp_path: Path) -> None:
    """Each way has its own proof: foundation-4, foundation-3."""
    place = house("foundation")
    for point, surface, act in (("registration", "form", "tick"), ("subscription", "subscription", "button")):
        subject, _ = place.person(point, surface=surface, act=act)
        assert all(state["proven"] for state in place.told("consents", "list", subject)["consents"])
    subject, _ = place.person("agreement", "office", surface="document", act="signature", channel="paper")
    signed = place.door("office")(
        "POST",
        f"/v1/subjects/{subject}/fields/agreement.signed/document",
        b"%PDF-1.7 signed",
        query_string={"purpose": "services"},
        content_type="application/pdf",
    )
    assert signed.status == 201, signed.body
    evidence = {"surface": "document", "act": "signature", "document": signed.body["id"], "language": "kk"}
    by_paper = place.consent("office", subject, "accounting", given=True, evidence=evidence)
    assert by_paper.status in (201, 403)
    again = place.consent("office", subject, "services", given=True, evidence=evidence)
    assert again.body["proven"]
    lines = ["identity.given,contact.email", "Алия,aliya@people.example", "Семён,semyon@people.example"]
    (tmp_path / "people.csv").write_text("\n".join(lines), encoding="utf-8")
    more = ("--point", "subscription", "--consent", "newsletter", "--consent", "newsletter@email")
    brought = place.command("intake", "import", str(tmp_path / "people.csv"), *more, "--json")
    assert json.loads(brought.stdout)["taken"] == 2
    found = place.door("site")("POST", "/v1/subjects/find", {"kind": "email", "value": "Aliya@People.Example"})
    events = place.told("consents", "list", found.body["subject"])["events"]
    assert {one["said"]["evidence"]["surface"] for one in events} == {"import"}


def test_a_representative_is_named_with_the_authority(house: Open) -> None:
    """Given by the person or a representative, whose authority is kept: foundation-3, travel-4, airline-3."""
    place = house("foundation")
    parent, _ = place.person("registration")
    child, _ = place.person("registration", on_behalf_of={"authority": "parent", "by": parent})
    events = place.told("consents", "list", child)["events"]
    assert {one["said"]["evidence"]["representative"]["authority"] for one in events} == {"parent"}
    assert {one["said"]["evidence"]["representative"]["subject"] for one in events} == {parent}
    assert "subject.attested" in {one["act"] for one in place.log(child)}


def test_a_grown_purpose_needs_a_new_consent(house: Open) -> None:
    """Using the service after a change accepts no more than was agreed to: foundation-37, shop-23, tickets-25."""
    place = house("foundation")
    subject, _ = place.person("order")
    site = place.door("site")
    assert site.check("use", "services", subject).body["allowed"]
    policy = place.folder / "policy.yaml"
    source = policy.read_text(encoding="utf-8")
    at = source.index("\n  services:", source.index("\npurposes:"))
    policy.write_text(
        source[:at] + source[at:].replace("systematise, ", "systematise, accumulate, ", 1), encoding="utf-8"
    )
    told = place.told("policy", "diff")
    assert [one["purpose"] for one in told["new_consent"]] == ["services"]
    assert told["new_consent"][0]["people"] == 1
    assert place.command("policy", "publish").exit_code == 0
    place.senim.policies._looked = 0.0
    assert "consent_outdated" in site.check("use", "services", subject).codes
    evidence = place.evidence("order")
    assert place.consent("site", subject, "services", given=True, evidence=evidence).status == 201
    assert site.check("use", "services", subject).body["allowed"]
