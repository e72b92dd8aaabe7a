"""``/v1/requests``: what people ask for, through the operator's systems, alike for those who are known and others."""

from __future__ import annotations

from senim.rights.rules import is_number
from tests.doors.conftest import Door


def test_a_request_is_opened_once_and_its_state_is_shown_to_who_has_the_secret(door: Door) -> None:
    """A number, a term in words, a secret; sent twice with one key it is one request (travel-49)."""
    person = door.person()
    body = {"kind": "access", "subject": person.subject, "channel": "portal", "language": "en"}
    answer = door.post("/v1/requests", body, headers={"Idempotency-Key": "once"})
    assert answer.status == 201
    told = answer.json
    assert is_number(told["number"])
    assert told["clock"].startswith("Answer by 24:00 on ")
    again = door.post("/v1/requests", body, headers={"Idempotency-Key": "once"})
    assert again.json == told
    status = door.post(told["status_url"], {"token": told["token"]}, role=None)
    assert (status.status, status.json["state"], status.json["protocol_status"]) == (200, "received", "open")
    wrong = door.post(told["status_url"], {"token": "wrong"}, role=None)
    unknown = door.post("/v1/requests/R-2026-00000018/status", {"token": told["token"]}, role=None)
    assert (wrong.status, wrong.json) == (unknown.status, unknown.json)
    assert wrong.status == 404


def test_nobody_learns_from_the_answer_who_is_on_file(door: Door) -> None:
    """A customer's address and one that nobody has are answered with the same bytes but for number and secret."""
    seen = []
    for email in (door.person().values["contact.email"], "nobody.here@people.example"):
        body = {"kind": "erase", "identifiers": {"email": email}, "reply_to": "me@people.example", "language": "en"}
        answer = door.post("/v1/requests", body)
        number, token = answer.json["number"], answer.json["token"]
        sent = door.post(f"/v1/requests/{number}/code", {})
        tried = door.post(f"/v1/requests/{number}/identify", {"code": "x"})
        status = door.post(f"/v1/requests/{number}/status", {"token": token}, role=None)
        told = [str(one.json).replace(number, "").replace(token, "") for one in (answer, sent, tried, status)]
        seen.append((answer.status, sent.status, tried.status, told))
    assert seen[0] == seen[1]
    assert seen[0][2] == 200


def test_a_role_that_may_not_is_refused(door: Door) -> None:
    """Systems without the grant open nothing and see no list."""
    assert door.post("/v1/requests", {"kind": "access"}, role="desk").status == 403
    assert door.get("/v1/requests", role="desk").status == 403
    assert door.get("/v1/requests", role="shop").status == 403


def test_what_was_tried_too_often_is_told_as_a_matter_of_time(door: Door) -> None:
    """429 (RFC 6585): five codes an hour go to one address; a program that asks on waits, and does not give up."""
    body = {"kind": "access", "identifiers": {"email": "nobody.here@people.example"}}
    number = door.post("/v1/requests", body).json["number"]
    answers = [door.post(f"/v1/requests/{number}/code", {}) for _ in range(6)]
    assert (answers[-1].status, answers[-1].json["code"]) == (429, "too_many_attempts")
    assert answers[0].status == 200
