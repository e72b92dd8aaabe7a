"""``Idempotency-Key``: an act happens at most once, its answer is the same each time, and it is nobody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.doors.conftest import Door

KEY = {"Idempotency-Key": "order-4711"}


def _people(door: Door) -> int:
    platform = door.stage.platform
    return platform.subjects.count(platform.database)[0]


def test_the_same_request_again_is_answered_byte_by_byte_as_before(door: Door) -> None:
    """A site that did not hear the answer asks again: one person, one set of receipts."""
    body = door.intake()
    first, again = (door.post("/v1/intake", body, headers=KEY) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert _people(door) == 1


def test_another_request_under_the_same_key_is_a_conflict(door: Door) -> None:
    """A key that was used for something else never brings somebody else's answer."""
    assert door.post("/v1/intake", door.intake(), headers=KEY).status == 201
    conflict = door.post("/v1/intake", door.intake(), headers=KEY)
    assert (conflict.status, conflict.json["code"]) == (409, "idempotency_conflict")
    person = door.person()
    elsewhere = door.post(f"/v1/subjects/{person.subject}/block", {"reason": "legal-duty"}, headers=KEY)
    assert (elsewhere.status, elsewhere.json["code"]) == (409, "idempotency_conflict")


def test_the_same_body_about_another_person_is_a_conflict(door: Door) -> None:
    """The address belongs to the request: a block of one person is no block of another."""
    one, other = door.person(), door.person()
    body = {"reason": "legal-duty"}
    assert door.post(f"/v1/subjects/{one.subject}/block", body, headers=KEY).status == 201
    assert door.post(f"/v1/subjects/{other.subject}/block", body, headers=KEY).status == 409


def test_requests_at_the_same_time_under_one_key_make_one_act(door: Door) -> None:
    """However many copies arrive at once, one person is taken in, and all are told the same."""
    body = door.intake()
    door.token("shop")  # one system sends them all
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: door.post("/v1/intake", body, headers=KEY), range(8)))
    assert {one.status for one in answers} == {201}
    assert len({one.body for one in answers}) == 1
    assert _people(door) == 1


def test_a_refusal_is_not_remembered(door: Door) -> None:
    """What was refused may be tried again under the same key once it is put right."""
    refused = door.post("/v1/intake", door.intake(notice=""), headers=KEY)
    assert refused.status == 422
    assert door.post("/v1/intake", door.intake(), headers=KEY).status == 201


def test_another_system_s_key_does_not_open_the_answer(lone_door: Door) -> None:
    """An answer under a key of one system is never told to another that guesses it."""
    body = lone_door.intake()
    first = lone_door.post("/v1/intake", body, headers=KEY)
    lone_door.tokens.clear()  # the next request comes from another system in the same role
    other = lone_door.post("/v1/intake", body, headers=KEY)
    assert other.status == 201
    assert other.json["subject"] != first.json["subject"]
    assert lone_door.post("/v1/intake", body, role="till", headers=KEY).status == 403


def test_a_revoked_key_hears_no_earlier_answer(lone_door: Door) -> None:
    """Who may no longer come in is not told what was answered before."""
    body = lone_door.intake()
    assert lone_door.post("/v1/intake", body, headers=KEY).status == 201
    lone_door.revoke("shop")
    assert lone_door.post("/v1/intake", body, headers=KEY).status == 401


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "ключ".encode().decode("latin-1"), "a\tb"])
def test_a_key_that_is_none_is_refused(lone_door: Door, key: str) -> None:
    """A key is 1 to 200 visible characters; anything else is told and changes nothing."""
    answer = lone_door.post("/v1/intake", lone_door.intake(), headers={"Idempotency-Key": key})
    assert (answer.status, answer.json["where"]) == (400, "Idempotency-Key")
    assert _people(lone_door) == 0
