"""``/v1``: who may not come in, what may not come in, and what a refusal may say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from senim.errors import Code
from tests.console import Colleague
from tests.doors.conftest import Answer, Door

NOBODY = "0" * 32
PROBLEM = "application/problem+json"
MARKER = "Маркеров-Тайный"
"""A value that is nobody's name: it must not come back in any answer, nor reach the log."""


def _refused(answer: Answer, status: int, code: str) -> None:
    """The shape of every refusal: problem details with a stable code, and what to do."""
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    told = answer.json
    assert (told["status"], told["type"]) == (status, f"urn:senim:problem:{code}")
    assert told["title"]
    assert told["reasons"][0]["code"] == code
    assert {"clause", "article", "where"} <= told.keys()


# ---- who


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: {},
        lambda token: {"Authorization": ""},
        lambda token: {"Authorization": token},
        lambda token: {"Authorization": f"Basic {token}"},
        lambda token: {"Authorization": f"Bearer {token}x"},
        lambda token: {"Authorization": f"Bearer {token[:-1]}{'A' if token[-1] != 'A' else 'B'}"},
        lambda token: {"Authorization": f"Bearer senim_{NOBODY}_{token[-43:]}"},
        lambda token: {"Authorization": f"Bearer {token.upper()}"},
        lambda token: {"Authorization": "Bearer ключ".encode().decode("latin-1")},
        lambda token: {"Authorization": f"Bearer {token}, Bearer {token}"},
        lambda token: {"X-Api-Key": token},
    ],
)
def test_who_shows_no_good_key_does_not_come_in(lone_door: Door, spoil: Callable[[str], dict[str, str]]) -> None:
    """airline-10: without a key of its own no system comes in, whatever else it sends."""
    person, headers = lone_door.person(), spoil(lone_door.token("shop"))
    answer = lone_door.get(f"/v1/subjects/{person.subject}/data?purpose=orders", role=None, headers=headers)
    _refused(answer, 401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="senim"'


def test_the_scheme_of_a_key_may_be_written_in_any_case(lone_door: Door) -> None:
    """RFC 9110 §11.1: ``bearer`` is ``Bearer``."""
    headers = {"Authorization": f"bearer {lone_door.token('shop')}"}
    answer = lone_door.post("/v1/check", {"operation": "use", "purpose": "orders"}, role=None, headers=headers)
    assert answer.status == 200


def test_a_revoked_key_opens_nothing_from_then_on(door: Door) -> None:
    """Revoking binds the very next request."""
    asked = {"operation": "use", "purpose": "orders"}
    assert door.post("/v1/check", asked).status == 200
    door.revoke("shop")
    _refused(door.post("/v1/check", asked), 401, "not_signed_in")


DENIED: tuple[tuple[str, str, str, Any], ...] = (
    ("desk", "POST", "/v1/intake", "intake"),
    ("till", "POST", "/v1/intake", "intake"),
    ("desk", "POST", "/v1/consents", {"purpose": "orders", "given": False}),
    ("till", "POST", "/v1/subjects/find", {"kind": "email", "value": "a@people.example"}),
    ("desk", "PATCH", "/v1/subjects/{subject}/data", {"purpose": "orders", "values": {"contact.note": "x"}}),
    ("till", "DELETE", "/v1/subjects/{subject}?reason=withdrawn", None),
    ("desk", "POST", "/v1/subjects/{subject}/block", {"reason": "legal-duty"}),
    ("desk", "DELETE", "/v1/subjects/{subject}/block?reason=legal-duty", None),
    ("desk", "POST", "/v1/subjects/{subject}/stops", {"reason": "legal-duty"}),
    ("desk", "DELETE", "/v1/subjects/{subject}/stops?reason=legal-duty", None),
    ("desk", "POST", "/v1/subjects/{subject}/events", {"event": "order-completed"}),
    ("till", "GET", "/v1/subjects/{subject}/entries", None),
    ("till", "GET", "/v1/log/tile/entries/000.p/1", None),
)


@pytest.mark.parametrize(("role", "method", "path", "body"), DENIED)
def test_a_role_does_only_what_the_policy_grants_it(
    lone_door: Door, role: str, method: str, path: str, body: Any
) -> None:
    """travel-22: a door gives no role more than its grants, whatever it names in the request."""
    person = lone_door.person()
    if body == "intake":
        body = lone_door.intake(subject=person.subject)
    elif path == "/v1/consents":
        body = {"subject": person.subject, **body}
    answer = lone_door.send(method, path.format(subject=person.subject), body, role=role)
    _refused(answer, 403, "role_not_allowed")
    assert lone_door.get(f"/v1/subjects/{person.subject}/data?purpose=orders").status == 200


def test_a_role_reads_for_its_own_purposes_alone(lone_door: Door) -> None:
    """travel-22: naming another purpose opens nothing."""
    person = lone_door.person()
    for purpose in ("delivery", "newsletter", "bookkeeping"):
        answer = lone_door.get(f"/v1/subjects/{person.subject}/data?purpose={purpose}", role="desk")
        assert answer.status == 403, purpose
        assert "role_not_allowed" in answer.codes
    entries = lone_door.get(f"/v1/subjects/{person.subject}/entries").json["waiting"]
    assert [one["outcome"] for one in entries if one["act"] == "data.read"] == ["refused"] * 3


def test_who_may_take_in_may_not_speak_for_a_stranger(lone_door: Door) -> None:
    """travel-4, tickets-20: ``on_behalf_of`` names a known other person, or nothing comes in."""
    person = lone_door.person()
    for by in (NOBODY, "", MARKER, "x" * 5000):
        behalf = {"authority": "parent", "by": by}
        answer = lone_door.post("/v1/intake", lone_door.intake(on_behalf_of=behalf))
        assert answer.status in (404, 422), by[:40]
        assert MARKER not in answer.text
    own = {"authority": "parent", "by": person.subject}
    answer = lone_door.post("/v1/intake", lone_door.intake(on_behalf_of=own, subject=person.subject))
    assert "attestation_missing" in answer.codes


def test_somebody_s_file_proves_nothing_for_another(lone_door: Door) -> None:
    """tickets-20: the document that shows the right must be the speaker's own."""
    stage = lone_door.stage
    speaker, stranger = stage.person(), stage.person()
    document = stage.upload(stranger)
    behalf = {"authority": "power-of-attorney", "by": speaker.subject, "document": document}
    assert lone_door.post("/v1/intake", lone_door.intake(on_behalf_of=behalf)).status == 404
    theirs = f"/v1/subjects/{speaker.subject}/documents/{document}?purpose=newsletter"
    _refused(lone_door.get(theirs), 404, "not_found")


# ---- what

MALFORMED: tuple[tuple[bytes, int], ...] = (
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b"null", 400),
    (b'"text"', 400),
    (b"{}", 400),
    (b'{"operation":"use"}', 400),
    (b'{"operation":"use","purpose":5}', 400),
    (b'{"operation":"use","purpose":"orders","more":1}', 400),
    (b'{"operation":"use","purpose":"orders"} {}', 400),
    (b'{"operation":"use","purpose":"orders",}', 400),
    (b"{'operation':'use','purpose':'orders'}", 400),
    (b'\xef\xbb\xbf{"operation":"use","purpose":"orders"}', 400),
    (b'{"operation":"use","purpose":"\xff\xfe"}', 400),
    (b'{"operation":"use","purpose":"\\ud800"}', 400),
    (b'{"operation":"use","purpose":NaN}', 400),
    (b'{"operation":"use","purpose":"orders","categories":[Infinity]}', 400),
    (b'{"operation":"use","purpose":"' + b"x" * 65 + b'"}', 400),
    (b'{"operation":"use","purpose":"orders","categories":' + json.dumps(["identity"] * 101).encode() + b"}", 400),
    (b'{"checks":[]}', 400),
    (b'{"checks":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    (b'{"checks":' + b'{"checks":' * 100_000 + b"1" + b"}" * 100_000 + b"}", 413),
)


@pytest.mark.parametrize(("raw", "status"), MALFORMED)
def test_a_body_that_cannot_be_read_is_told_as_such(lone_door: Door, raw: bytes, status: int) -> None:
    """Broken, huge or deeply nested JSON ends in a clear answer, and nothing is asked of the gate."""
    answer = lone_door.post("/v1/check", raw=raw)
    _refused(answer, status, "body_malformed" if status == 400 else "body_too_large")
    lone_door.seal()
    assert not [entry for _, entry in lone_door.stage.platform.log.entries() if entry.act.startswith("check.")]


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/v1/check", {"operation": "use", "purpose": 5}, "purpose"),
        ("/v1/check", {"operation": "use"}, "purpose"),
        ("/v1/check", {"operation": "use", "purpose": "orders", "onBehalf": 1}, "onBehalf"),
        ("/v1/check", {"checks": [{"operation": "use", "purpose": 5}]}, "checks[0].purpose"),
        ("/v1/check", {"checks": [{"operation": "use"}]}, "checks[0].purpose"),
        ("/v1/check", {"checks": []}, "checks"),
        ("/v1/check", {"checks": "all"}, "checks"),
        ("/v1/check", {"no": 1}, "no"),
        ("/v1/intake", {"point": "registration", "language": "de"}, "language"),
        ("/v1/intake", {"point": "registration", "language": "en", "identity.family": "x"}, "identity.family"),
        ("/v1/intake", {"point": "registration", "language": "en", "contact-email": "x"}, "contact-email"),
        ("/v1/requests", {"kind": "access", "identifiers": {"e" * 65: "x"}}, "identifiers"),
        ("/v1/requests", {"kind": "access", "identifiers": {"email": 7}}, "identifiers[...]"),
        ("/v1/requests", {"kind": "access", "+77010000000": "x"}, "body"),
        ("/v1/requests", {"kind": "access", "somebody@people.example": "x"}, "body"),
        ("/v1/requests", ["access"], "body"),
    ],
)
def test_a_body_that_does_not_fit_is_told_where(lone_door: Door, path: str, body: Any, where: str) -> None:
    """The field, in the body that was meant; never a value, nor a key that may be one."""
    answer = lone_door.post(path, body)
    _refused(answer, 400, "body_malformed")
    assert answer.json["reasons"][0]["where"] == where


@pytest.mark.parametrize(
    "value",
    [b"9" * 5000, b"1e400", b"-0", b"1e-9", b"[[1]]", b'{"a":1}', b"true", b'""', b'"\\u0000"', b'" "', b'"a\\u202eb"'],
)
def test_a_value_of_an_unlikely_kind_is_refused(lone_door: Door, value: bytes) -> None:
    """A field takes what its type says: no number too long for the machine, no list, no control character."""
    body = json.dumps(lone_door.intake(values={"identity.family": "VALUE"})).encode().replace(b'"VALUE"', value)
    answer = lone_door.post("/v1/intake", raw=body)
    assert answer.status in (400, 422)
    assert answer.json["code"] != "internal"


def test_of_a_name_given_twice_the_last_counts(lone_door: Door) -> None:
    """Names given twice mean the same to us as to every site's own JSON.parse: the last one."""
    raw = b'{"operation":"destroy","operation":"use","purpose":"nothing","purpose":"orders"}'
    doubled = lone_door.post("/v1/check", raw=raw)
    plain = lone_door.post("/v1/check", {"operation": "use", "purpose": "orders"})
    assert doubled.json["reasons"] == plain.json["reasons"]


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/x-www-form-urlencoded", "json"])
def test_a_body_of_another_kind_is_not_taken(lone_door: Door, kind: str) -> None:
    """Only JSON is read as JSON: a form of a web page cannot be sent here by mistake or on purpose."""
    raw = b'{"operation":"use","purpose":"orders"}'
    _refused(lone_door.post("/v1/check", raw=raw, headers={"Content-Type": kind}), 415, "media_type_wrong")
    good = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert lone_door.post("/v1/check", raw=raw, headers=good).status == 200


def test_a_file_must_be_what_it_says_it_is(lone_door: Door) -> None:
    """tickets-9: declared kinds alone, no larger than allowed, and with a beginning that fits."""
    person = lone_door.person()
    path = f"/v1/subjects/{person.subject}/fields/profile.scan/document?purpose=newsletter"
    tries = (
        ("text/html", b"<script>", 422),
        ("", b"%PDF-1.7", 422),
        ("application/pdf", b"MZ\x90", 422),
        ("application/pdf", b"", 422),
        ("application/pdf", b"%PDF-" + b"x" * 20 * 1024 * 1024, 413),
    )
    for media, raw, _ in tries:
        answer = lone_door.post(path, raw=raw, headers={"Content-Type": media})
        assert answer.status in (413, 415, 422), media
        assert answer.json["code"] in ("media_type_wrong", "body_too_large")
    assert lone_door.get(f"/v1/subjects/{person.subject}/documents").json["documents"] == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/health/", 404, "not_found"),
        ("GET", "/v1//health", 404, "not_found"),
        ("GET", "/v1/subjects", 404, "not_found"),
        ("PUT", "/v1/health", 405, "method_not_allowed"),
        ("DELETE", "/v1/consents", 405, "method_not_allowed"),
        ("TRACE", "/v1/keys", 405, "method_not_allowed"),
        ("GET", "/v1/intake", 405, "method_not_allowed"),
    ],
)
def test_an_address_or_method_that_is_none_is_told(
    lone_door: Door, method: str, path: str, status: int, code: str
) -> None:
    """No door of the API answers with anything but problem details; a wrong method is told the right ones."""
    answer = lone_door.send(method, path, role=None)
    _refused(answer, status, code)
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("subject", [NOBODY, "1", "x" * 32, "%00", "A" * 32, "..%2f..", "%ff", "' OR 1=1 --"])
def test_a_person_who_is_none_is_not_found(lone_door: Door, subject: str) -> None:
    """An id that was never given out is nobody, however it is written; nothing of it comes back."""
    for path in ("data?purpose=orders", "consents", "documents", "entries"):
        _refused(lone_door.get(f"/v1/subjects/{subject}/{path}"), 404, "not_found")
    _refused(lone_door.send("DELETE", f"/v1/subjects/{subject}?reason=withdrawn"), 404, "not_found")


def test_a_name_that_no_database_can_hold_is_nobody_s(door: Door, console: Callable[..., Colleague]) -> None:
    """PostgreSQL refuses to look for a NUL: that is the fault of who asks, and no trouble of the database."""
    for path in ("/v1/requests/%00", "/requests/%00?token=x"):
        assert door.get(path).status in {404, 422}, path
    me = console()
    for path in ("/console/requests/%00", "/console/approvals/%00", "/console/orders?about=%00"):
        assert me.get(path).status_code < 500, path


def test_a_search_for_nobody_is_in_the_log(door: Door) -> None:
    """Who tries out telephone numbers leaves a trace of every try, without the numbers."""
    for number in range(3):
        _refused(door.post("/v1/subjects/find", {"kind": "phone", "value": f"+7799000000{number}"}), 404, "not_found")
    door.seal()
    tries = [entry for _, entry in door.stage.platform.log.entries() if entry.act == "subject.found"]
    assert [(one.outcome, one.codes) for one in tries] == [("refused", ("not_found",))] * 3
    assert all(one.actor.startswith("service:key-") for one in tries)


@pytest.mark.parametrize(("language", "begins"), [("kk", "Саясатта"), ("ru", "В политике"), ("en", "The policy")])
def test_a_refusal_is_told_in_the_caller_s_language(lone_door: Door, language: str, begins: str) -> None:
    """Each code has its sentence in kk, ru and en."""
    body = lone_door.intake(point="nowhere")
    answer = lone_door.post("/v1/intake", body, headers={"Accept-Language": language})
    assert answer.json["code"] == "point_undeclared"
    assert answer.json["title"].startswith(begins)


# ---- what a refusal may say


def _bad_bodies(door: Door) -> list[tuple[str, str, Any]]:
    """A marker in every field that a caller fills with a person's words, in requests that are all refused."""
    person = door.person()
    path = f"/v1/subjects/{person.subject}"
    values = dict.fromkeys(door.stage.policy.points["registration"].asks, MARKER)
    full = door.intake()
    return [
        ("POST", "/v1/intake", door.intake(values=values)),
        *(
            ("POST", "/v1/intake", {**full, "notice": "", "values": {**full["values"], name: MARKER}})
            for name in full["values"]
        ),
        ("POST", "/v1/intake", door.intake(values={f"identity.{MARKER}": "x"})),
        ("POST", "/v1/intake", door.intake(values={MARKER: MARKER})),
        *(
            ("POST", "/v1/intake", door.intake(**{name: MARKER}))
            for name in ("point", "language", "notice", "subject", "channel", "surface", "act", "source", "document")
        ),
        ("POST", "/v1/intake", door.intake(source={"id": "open", "place": MARKER * 300})),
        ("POST", "/v1/intake", door.intake(source={"id": MARKER, "place": MARKER})),
        ("POST", "/v1/intake", door.intake(consents=[{"purpose": MARKER, "given": True}])),
        ("POST", "/v1/intake", door.intake(consents=[{"purpose": "orders", "recipient": MARKER, "given": True}])),
        ("POST", "/v1/intake", door.intake(consents=[{"purpose": "orders", "country": MARKER, "given": True}])),
        ("POST", "/v1/intake", door.intake(on_behalf_of={"authority": MARKER, "by": MARKER})),
        ("POST", "/v1/intake", {**full, MARKER: MARKER}),
        *(
            ("POST", "/v1/consents", {"subject": person.subject, "purpose": "orders", "given": given, **more})
            for given in (True, False)
            for more in (
                {"purpose": MARKER},
                {"recipient": MARKER},
                {"channel": MARKER},
                {"country": MARKER},
                {"evidence": {"surface": MARKER}},
                {"evidence": {"language": MARKER}},
                {"evidence": {"representative": {"authority": MARKER}}},
                {"evidence": {MARKER: 1}},
                {"subject": MARKER},
            )
        ),
        *(
            ("POST", "/v1/consents", {"subject": person.subject, "purpose": "orders", "given": True, "evidence": one})
            for one in (
                {"notice": MARKER},
                {"document": MARKER},
                {"at": MARKER},
                {"representative": {"authority": "parent", "subject": MARKER}},
                {"representative": {"authority": "parent", "document": MARKER}},
            )
        ),
        ("POST", "/v1/subjects/find", {"kind": "email", "value": MARKER}),
        ("POST", "/v1/subjects/find", {"kind": "iin", "value": MARKER}),
        ("POST", "/v1/subjects/find", {"kind": "contact.order", "value": f"{MARKER} {MARKER}"}),
        ("POST", "/v1/subjects/find", {"kind": MARKER, "value": MARKER}),
        ("GET", f"{path}/data?purpose={MARKER}&categories={MARKER}", None),
        ("GET", f"{path}/data?purpose=orders&categories={MARKER}", None),
        ("GET", f"{path}/data?purpose=orders&categories=identity.{MARKER}", None),
        ("GET", f"{path}/consents?cursor={MARKER}", None),
        ("GET", f"{path}/entries?cursor={MARKER}", None),
        ("GET", f"{path}/documents/{MARKER}?purpose={MARKER}", None),
        ("GET", f"/v1/subjects/{MARKER}/data?purpose=orders", None),
        ("GET", f"/v1/points/{MARKER}/notice?language=ru", None),
        ("GET", f"/v1/points/registration/notice?language={MARKER}", None),
        ("GET", f"/v1/log/tile/{MARKER}", None),
        ("GET", f"/v1/{MARKER}", None),
        ("PATCH", f"{path}/data", {"purpose": MARKER, "values": {"identity.family": MARKER}}),
        ("PATCH", f"{path}/data", {"purpose": "orders", "values": {MARKER: MARKER}}),
        ("PATCH", f"{path}/data", {"purpose": "orders", "values": {"contact.email": MARKER}}),
        ("PATCH", f"{path}/data", {"purpose": "orders", "values": {"contact.email": [MARKER]}}),
        ("DELETE", f"{path}?reason={MARKER}", None),
        ("POST", f"{path}/block", {"reason": MARKER}),
        ("DELETE", f"{path}/block?reason={MARKER}", None),
        ("POST", f"{path}/stops", {"purpose": MARKER, "reason": "legal-duty"}),
        ("POST", f"{path}/stops", {"purpose": MARKER, "reason": MARKER}),
        ("DELETE", f"{path}/stops?purpose={MARKER}&reason=legal-duty", None),
        ("POST", f"{path}/events", {"event": MARKER}),
        ("POST", f"{path}/events", {"event": "order-completed", "at": MARKER}),
        ("POST", f"{path}/fields/{MARKER}/document?purpose={MARKER}", None),
    ]


def test_no_refusal_repeats_what_a_person_said(lone_door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    """mini-2: a value never comes back in an error, never stands in the log, nor in what the service prints."""
    bodies = _bad_bodies(lone_door)
    escaped = json.dumps(MARKER)[1:-1]
    for method, path, body in bodies:
        answer = lone_door.send(method, path, body, headers={"Idempotency-Key": MARKER.encode().decode("latin-1")})
        assert answer.status >= 400, (method, path, body)
        answer = lone_door.send(method, path, body)
        assert 400 <= answer.status < 500, (method, path, body)
        found = [text for text in (MARKER, escaped, MARKER.casefold()) if text in answer.text]
        assert not found, (method, path, body, answer.text)
        assert answer.json["code"] in set(Code)
    lone_door.seal()
    platform = lone_door.stage.platform
    leaves = "".join(str(entry) for _, entry in platform.log.entries())
    assert MARKER not in leaves
    assert "Маркеров" not in "".join(capfd.readouterr())


def test_questions_to_the_gate_repeat_nothing_but_names_of_the_policy(lone_door: Door) -> None:
    """An answer of the gate may be shown to anybody who asked: what was made up is not in it, nor in the log."""
    person = lone_door.person()
    fields = ("operation", "purpose", "recipient", "country", "channel", "reason")
    for name in fields:
        asked = {"operation": "transfer", "purpose": "orders", "subject": person.subject, name: MARKER}
        answer = lone_door.post("/v1/check", asked)
        assert answer.status == 200
        assert MARKER not in answer.text, name
    answer = lone_door.post("/v1/check", {"operation": "use", "purpose": "orders", "categories": [MARKER]})
    assert MARKER not in answer.text
    lone_door.seal()
    assert MARKER not in "".join(str(entry) for _, entry in lone_door.stage.platform.log.entries())


def test_a_bug_is_told_without_its_message(lone_door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw ends in 500: the caller learns that, the operator's log where; neither learns a value."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(MARKER)

    lone_door.stage.platform.vault.find = broken  # type: ignore[method-assign, assignment]
    answer = lone_door.post("/v1/subjects/find", {"kind": "email", "value": MARKER})
    _refused(answer, 500, "internal")
    told = "".join(capfd.readouterr())
    assert "RuntimeError in broken" in told
    assert MARKER not in told + answer.text
