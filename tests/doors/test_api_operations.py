"""``/v1``: every operation does what it says, on both databases."""

from __future__ import annotations

from senim.audit.checkpoint import LogVerifier
from senim.audit.statements import open_statement
from senim.consent import Scope
from senim.identity import SubjectId, is_id
from senim.subjects import Standing
from senim.testing import FixedClock
from senim.work import Work
from tests.doors.conftest import Door
from tests.features.rights.scene import by, decide

PDF = b"%PDF-1.7\nmade up"


def test_intake_stores_what_was_given_and_gives_a_receipt_for_each_consent(door: Door) -> None:
    """travel-3: declared fields come in; each consent given is proven by a receipt of its own."""
    body = door.intake()
    answer = door.post("/v1/intake", body)
    assert answer.status == 201
    told = answer.json
    assert is_id(told["subject"])
    assert sorted(told["stored"]) == sorted(body["values"])
    kinds = {open_statement(one, door.stage.platform.jwk)[0] for one in told["receipts"]}
    assert len(told["receipts"]) == len(body["consents"])
    assert kinds == {"consent-receipt+jws"}


def test_intake_of_one_who_came_before_adds_to_the_same_person(door: Door) -> None:
    """An earlier person who comes again stays one person."""
    person = door.person()
    values = {"contact.note": "ring twice"}
    answer = door.post("/v1/intake", door.intake(subject=person.subject, values=values))
    assert (answer.status, answer.json["subject"]) == (201, person.subject)
    told = door.get(f"/v1/subjects/{person.subject}/data?purpose=orders&categories=contact").json["values"]
    assert told["contact.note"]["value"] == "ring twice"
    assert told["contact.email"]["value"] == person.values["contact.email"]


def test_the_notice_tells_what_is_asked_and_its_digest_goes_back_with_the_intake(door: Door) -> None:
    """travel-1: a person is told first, in the own language; nobody needs a key to read it."""
    for language in ("kk", "ru", "en"):
        answer = door.get(f"/v1/points/registration/notice?language={language}", role=None)
        assert answer.status == 200
        assert answer.json["language"] == language
        body = door.intake(language=language, notice=answer.json["notice"])
        assert door.post("/v1/intake", body).status == 201


def test_a_consent_is_given_and_withdrawn_and_binds_the_next_decision(door: Door) -> None:
    """mini-4, travel-40: withdrawal takes effect at once."""
    values = {name: value for name, value in door.stage.values("registration").items() if name != "profile.tastes"}
    body = door.intake(values=values, consents=[{"purpose": "orders", "given": True}])
    subject = door.post("/v1/intake", body).json["subject"]
    question = {"operation": "use", "purpose": "newsletter", "channel": "email", "subject": subject}
    assert not door.post("/v1/check", question).json["allowed"]
    evidence = {"notice": door.notice(), "language": "ru", "surface": "form", "act": "tick"}
    for channel in ("", "email"):
        body = {"subject": subject, "purpose": "newsletter", "channel": channel, "given": True, "evidence": evidence}
        given = door.post("/v1/consents", body)
        assert (given.status, given.json["proven"]) == (201, True)
        assert len(given.json["receipts"]) == 1
    assert door.post("/v1/check", question).json["allowed"]
    withdrawn = door.post("/v1/consents", {"subject": subject, "purpose": "newsletter", "given": False})
    assert withdrawn.status == 201
    assert len(withdrawn.json["receipts"]) == 2
    refused = door.post("/v1/check", question).json
    assert not refused["allowed"]
    assert "consent_withdrawn" in {reason["code"] for reason in refused["reasons"]}


def test_a_person_s_consents_are_told_as_they_hold_and_as_they_came_about(door: Door) -> None:
    """What holds now, and every giving with its evidence."""
    body = door.intake()
    subject = door.post("/v1/intake", body).json["subject"]
    told = door.get(f"/v1/subjects/{subject}/consents").json
    assert {one["purpose"] for one in told["consents"] if one["given"]} == {"orders", "newsletter"}
    assert [one["evidence"]["notice"] for one in told["events"]] == [body["notice"]] * 2
    assert told["next"] is None


def test_a_person_is_found_however_the_telephone_is_written(door: Door) -> None:
    """A person is found by e-mail, telephone, IIN or a declared identifier, in whatever way it is written."""
    person = door.person()
    phone = person.values["contact.phone"]
    written = {
        "email": f" {person.values['contact.email'].upper()}",
        "phone": f"8 ({phone[2:5]}) {phone[5:8]}-{phone[8:]}",
        "iin": person.values["identity.iin"],
        "contact.order": person.values["contact.order"],
    }
    for kind, value in written.items():
        answer = door.post("/v1/subjects/find", {"kind": kind, "value": value})
        assert (answer.status, answer.json) == (200, {"subject": person.subject}), kind


def test_data_is_read_for_a_purpose_with_its_source(door: Door) -> None:
    """travel-6: a value comes with where it is from; what this role may not see is withheld by name alone."""
    person = door.person()
    told = door.get(f"/v1/subjects/{person.subject}/data?purpose=orders").json
    assert told["values"]["identity.family"]["value"] == person.values["identity.family"]
    assert told["values"]["identity.family"]["source"] == "person"
    assert told["values"]["identity.family"]["status"] == "stated"
    assert told["withheld"] == ["payment-card"]
    assert person.values["payment-card.pan"] not in str(told)


def test_card_data_is_told_to_the_till_alone(door: Door) -> None:
    """mini-3, travel-8: the booking service reads the card, and no other system does."""
    person = door.person()
    path = f"/v1/subjects/{person.subject}/data?purpose=orders&categories=payment-card"
    assert door.get(path, role="till").json["values"]["payment-card.pan"]["value"] == person.values["payment-card.pan"]
    for role in ("shop", "desk"):
        answer = door.get(path, role=role)
        assert answer.status == 403
        assert person.values["payment-card.pan"].encode() not in answer.body


def test_data_is_corrected_for_a_purpose(door: Door) -> None:
    """travel-39: what is wrong is put right, and is found by its new form alone."""
    person = door.person()
    body = {"purpose": "orders", "values": {"contact.email": "new.one@people.example"}}
    answer = door.send("PATCH", f"/v1/subjects/{person.subject}/data", body)
    assert (answer.status, answer.json) == (200, {"changed": ["contact.email"]})
    find = {"kind": "email", "value": "new.one@people.example"}
    assert door.post("/v1/subjects/find", find).json["subject"] == person.subject
    old = {"kind": "email", "value": person.values["contact.email"]}
    assert door.post("/v1/subjects/find", old).status == 404


def test_an_erased_person_is_gone_and_the_proof_stays(door: Door) -> None:
    """airline-12, travel-45: after erasure every door answers that the data is gone, and the proof can be checked."""
    person = door.person()
    answer = door.send("DELETE", f"/v1/subjects/{person.subject}?reason=withdrawn")
    assert answer.status == 200
    kind, payload = open_statement(answer.json["proof"], door.stage.platform.jwk)
    assert (kind, payload["subject"]) == ("erasure-proof+jws", person.subject)
    path = f"/v1/subjects/{person.subject}"
    gone = [
        door.get(f"{path}/data?purpose=orders"),
        door.get(f"{path}/documents"),
        door.send("PATCH", f"{path}/data", {"purpose": "orders", "values": {"contact.note": "x"}}),
        door.post("/v1/consents", {"subject": person.subject, "purpose": "orders", "given": True}),
        door.post("/v1/intake", door.intake(subject=person.subject)),
        door.post(f"{path}/block", {"reason": "request-of-person"}),
        door.send("DELETE", f"{path}?reason=withdrawn"),
    ]
    assert [(one.status, one.json["code"]) for one in gone] == [(410, "subject_erased")] * len(gone)
    find = {"kind": "email", "value": person.values["contact.email"]}
    assert door.post("/v1/subjects/find", find).status == 404


def test_an_open_claim_holds_the_destruction_and_other_requests_end_with_it(door: Door) -> None:
    """409 with the number of the claim; when that is answered the data goes, and an open copy is told as ended."""
    person, senim = door.person(), door.stage.platform
    claim, copy = (by(door.stage, person, kind, text="A refund.").number for kind in ("claim", "copy"))
    path = f"/v1/subjects/{person.subject}?reason=purpose-met"
    held = door.send("DELETE", path)
    assert (held.status, held.json["code"], held.json["where"]) == (409, "claim_open", claim)
    decide(door.stage, claim, granted=True, text="Paid.")
    assert door.send("DELETE", path).status == 200
    senim.orders.run_due("rights")
    told = door.get(f"/v1/requests/{copy}").json
    assert (told["state"], senim.rights.find(senim.database, copy).due) == ("closed", 0)


def test_checks_are_answered_one_or_many_with_clause_and_article(door: Door) -> None:
    """The gate's answer has every reason with the clause and the article behind it."""
    person = door.person()
    good = {"operation": "use", "purpose": "orders", "subject": person.subject}
    bad = {"operation": "transfer", "purpose": "orders", "subject": person.subject, "recipient": "somebody"}
    answer = door.post("/v1/check", {"checks": [good, bad, good]})
    assert [one["allowed"] for one in answer.json["checks"]] == [True, False, True]
    refused = answer.json["checks"][1]["reasons"][0]
    assert refused["code"] == "recipient_undeclared"
    assert refused["article"]
    assert is_id(answer.json["checks"][0]["decision"])


def test_a_block_binds_until_it_is_lifted(door: Door) -> None:
    """travel-43: blocked data serves no purpose until the block is lifted."""
    person = door.person()
    read, block = f"/v1/subjects/{person.subject}/data?purpose=orders", f"/v1/subjects/{person.subject}/block"
    assert door.post(block, {"reason": "inaccuracy-reported"}).status == 201
    assert door.get(read).json["code"] == "subject_blocked"
    assert door.send("DELETE", f"{block}?reason=check-finished").status == 200
    assert door.get(read).status == 200
    assert door.send("DELETE", f"{block}?reason=check-finished").status == 404


def test_a_stop_ends_one_purpose_or_all_until_it_is_lifted(door: Door) -> None:
    """travel-44: a stop of one purpose leaves the others, a stop of all leaves none."""
    person = door.person()
    stops = f"/v1/subjects/{person.subject}/stops"
    asked = {"operation": "use", "purpose": "orders", "subject": person.subject}
    assert door.post(stops, {"purpose": "newsletter", "reason": "request-of-person"}).status == 201
    assert door.post("/v1/check", asked).json["allowed"]
    assert door.post(stops, {"reason": "legal-duty"}).status == 201
    assert "subject_stopped" in str(door.post("/v1/check", asked).json["reasons"])
    assert door.send("DELETE", f"{stops}?reason=legal-duty&purpose=").status == 200
    assert door.post("/v1/check", asked).json["allowed"]
    assert door.send("DELETE", f"{stops}?reason=legal-duty&purpose=delivery").status == 404


def test_an_event_ends_the_term_that_waits_for_it(door: Door, clock: FixedClock) -> None:
    """foundation-27: once the order is completed its purpose is over."""
    person = door.person()
    events = f"/v1/subjects/{person.subject}/events"
    asked = {"operation": "use", "purpose": "orders", "subject": person.subject}
    assert door.post("/v1/check", asked).json["allowed"]
    clock.move(hours=3)
    assert door.post(events, {"event": "order-completed", "at": "2026-11-22T15:30:00+05:00"}).status == 201
    assert "term_over" in str(door.post("/v1/check", asked).json["reasons"])
    strange = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2012-12-31T23:59:59Z")
    for wrong in ("2026-11-22T09:00:00", "tomorrow", "2027-01-01T00:00:00Z", *strange):
        assert door.post(events, {"event": "order-completed", "at": wrong}).status == 422, wrong
    assert door.post(events, {"event": "trip-ended"}).status == 403


def test_a_file_is_sealed_listed_and_given_back_as_it_was(door: Door) -> None:
    """tickets-9: a document comes in, is never shown inside a page, and comes out byte by byte."""
    person = door.person()
    path = f"/v1/subjects/{person.subject}"
    put = door.post(
        f"{path}/fields/profile.scan/document?purpose=newsletter", raw=PDF, headers={"Content-Type": "application/pdf"}
    )
    assert put.status == 201
    listed = door.get(f"{path}/documents").json["documents"]
    assert listed == [put.json]
    assert (put.json["size"], put.json["media"], put.json["field"]) == (len(PDF), "application/pdf", "profile.scan")
    got = door.get(f"{path}/documents/{put.json['id']}?purpose=newsletter")
    assert got.body == PDF
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Content-Disposition"] == f'attachment; filename="{put.json["id"]}"'
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert door.get(f"{path}/documents/{'0' * 32}?purpose=newsletter").status == 404


def test_a_file_comes_in_whole_though_the_person_s_choices_change_meanwhile(door: Door) -> None:
    """An upload that has to be decided anew is the same upload: not an empty one."""
    person, subjects, changed = door.person(), door.stage.platform.subjects, list[bool]()
    about = subjects.about

    def meanwhile(work: Work, subject: SubjectId) -> Standing:
        standing = about(work, subject)
        if not changed:
            changed.append(True)
            door.stage.consent(person, Scope(purpose="delivery"), given=False)
        return standing

    subjects.about = meanwhile  # type: ignore[method-assign]
    path = f"/v1/subjects/{person.subject}/fields/profile.scan/document?purpose=newsletter"
    put = door.post(path, raw=PDF, headers={"Content-Type": "application/pdf"})
    assert (put.status, put.json.get("size")) == (201, len(PDF))
    assert changed


def test_a_person_s_entries_are_told_sealed_and_waiting(door: Door) -> None:
    """travel-22: every act on a person's data can be shown, before and after it is sealed."""
    person = door.person()
    path = f"/v1/subjects/{person.subject}/entries"
    waiting = [one["act"] for one in door.get(path).json["waiting"]]
    assert "data.collected" in waiting
    door.seal()
    told = door.get(path).json
    assert [one["entry"]["act"] for one in told["entries"]] == waiting
    assert told["waiting"] == []
    assert all(one["entry"]["subject"] == person.subject for one in told["entries"])


def test_the_keys_verify_what_the_service_signs(door: Door) -> None:
    """An outsider needs nothing but the public keys."""
    door.person()
    door.seal()
    keys = door.get("/v1/keys", role=None).json
    note = door.get("/v1/log/checkpoint", role=None).text
    assert LogVerifier(keys["log"]).open(note).size > 0
    receipt = door.post("/v1/intake", door.intake()).json["receipts"][0]
    assert open_statement(receipt, keys["statements"])[0] == "consent-receipt+jws"
    assert door.get("/.well-known/jwks.json", role=None).json == {"keys": [keys["statements"]]}


def test_health_tells_the_policy_in_force_and_the_log(door: Door) -> None:
    """Whoever watches the service sees that it works."""
    door.seal()
    told = door.get("/v1/health", role=None)
    assert told.status == 200
    assert (told.json["status"], told.json["trouble"], told.json["policy"]) == ("ok", "", 1)
    assert told.json["entries"] >= 1
