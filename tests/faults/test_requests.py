"""Requests that are broken, huge, doubled or about nobody: refused with a code, nothing stored, the next one served."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

import senim as library
from senim.conformance import cast
from senim.errors import Code, Invalid, NotFound
from senim.storage.engine import Engine
from tests.faults.conftest import Command
from tests.faults.scene import Scene, halves, refused, seen

NOBODY = "0192f0c1000070008000000000000000"

_BEGUN = b'{"point": "registration", "language": "ru", "notice": "x", '

BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"point=registration",
    "half": b'{"point": "registration", "values": {',
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "invalid UTF-8": b'{"point": "regi\xff\xfestration", "language": "ru", "notice": "x"}',
    "invalid UTF-8 in a value": _BEGUN + b'"values": {"identity.family": "\xc3\x28"}}',
    "half a surrogate pair": _BEGUN + b'"values": {"identity.family": "\\ud83d"}}',
    "UTF-16": '{"point": "registration"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "two bodies": b"{}{}",
    "deep lists": b'{"values": ' + b"[" * 200_000,
    "deep lists, closed": b'{"values": {"identity.family": ' + b"[" * 20_000 + b"]" * 20_000 + b"}}",
    "deep objects": b'{"values": ' + b'{"a":' * 100_000,
    "NaN": b'{"point": NaN}',
    "an unknown key": b'{"point": "registration", "language": "ru", "notice": "x", "extra": 1}',
    "a wrong type": b'{"point": 7, "language": "ru", "notice": "x"}',
    "a wrong language": b'{"point": "registration", "language": "xx", "notice": "x"}',
    "a key less": b'{"language": "ru"}',
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_is_refused_and_nothing_is_kept(name: str, scene: Scene) -> None:
    """400 with its code; nobody is registered, and the next good request is served."""
    refused(scene.send("POST", "/v1/intake", raw=BROKEN[name]), 400, "body_malformed")
    assert scene.count() == 0
    assert scene.send("POST", "/v1/intake", scene.intake()).status_code == 201
    assert halves(scene.senim) == []


def test_a_huge_body_is_refused_before_it_is_read(scene: Scene) -> None:
    """More than ``serve.max_body`` is 413, said or unsaid."""
    limit = scene.senim.settings.serve.max_body
    refused(scene.send("POST", "/v1/intake", raw=b"[" + b"1," * limit), 413, "body_too_large")
    refused(scene.send("POST", "/v1/intake", raw=b"{}", length=str(10**15)), 413, "body_too_large")
    within = json.dumps({"point": "x" * (limit - 100)}).encode()
    refused(scene.send("POST", "/v1/intake", raw=within), 400, "body_malformed")


@pytest.mark.parametrize("length", ["-1", "many", "1e3"])
def test_a_length_that_is_none_is_refused(length: str, scene: Scene) -> None:
    """A wrong ``Content-Length`` is the caller's fault, not ours."""
    assert scene.send("POST", "/v1/intake", raw=b"{}", length=length).status_code == 400


VALUES: dict[str, Any] = {
    "a wrong IIN digit": ("identity.iin", cast.iin(3)[:-1] + str((int(cast.iin(3)[-1]) + 1) % 10)),
    "an IIN of the 31st of February": ("identity.iin", "710231500013"),
    "an IIN of letters": ("identity.iin", "71o1o15ooo13"),
    "an IIN in other digits": ("identity.iin", "٧١٠١٠١٥٠٠٠١٣"),
    "an IIN too short": ("identity.iin", "71010150001"),
    "a list": ("identity.family", ["Пробников"]),
    "an object": ("identity.family", {"name": "Пробников"}),
    "a list without end": ("contact.note", [[[[[[]]]]]] * 1000),
    "a number beyond all": ("contact.note", 10**400),
    "nothing but space": ("identity.family", "   "),
    "a long text": ("contact.note", "у" * 100_000),
    "a NUL": ("contact.note", "раз\x00два"),
    "a text turned round": ("contact.note", "abc\u202egpj.exe"),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_is_refused_with_its_field_and_without_the_value(name: str, scene_on_both: Scene) -> None:
    """422 names the field; nothing of the person is kept, and the value is not said back."""
    scene = scene_on_both
    field, value = VALUES[name]
    body = scene.intake()
    body["values"][field] = value
    answer = scene.send("POST", "/v1/intake", body)
    refused(answer, 422, "invalid_value")
    assert field in {reason["where"] for reason in answer.json["reasons"]}  # type: ignore[index]  # it is a problem
    assert scene.count() == 0
    if isinstance(value, str) and value.strip():
        assert value not in answer.get_data(as_text=True)


def test_a_kazakh_name_with_a_latin_i_is_refused_with_a_hint(scene: Scene) -> None:
    """A Latin i looks like the Kazakh і and would never be found again: it is refused, and said which field."""
    body = scene.intake()
    body["values"]["identity.given"] = "Iңкәр"
    answer = scene.send("POST", "/v1/intake", body)
    refused(answer, 422, "mixed_script")
    assert scene.count() == 0


def test_bytes_that_are_no_text_in_paths_and_parameters_are_refused(scene: Scene) -> None:
    """Invalid UTF-8 in an address finds nobody and breaks nothing."""
    for path in ("/v1/subjects/%ff%fe/data?purpose=orders", "/v1/points/%c3%28/notice?language=ru", "/v1/log/tile/%ff"):
        assert scene.send("GET", path).status_code in (400, 403, 404, 422)
    person = scene.stage.person()
    answer = scene.send("GET", f"/v1/subjects/{person.subject}/data?purpose=%ff%00&categories=%c3%28")
    assert answer.status_code in (400, 403, 422)
    assert halves(scene.senim) == []


@pytest.mark.parametrize("subject", [NOBODY, "me", "", "0" * 31, "A" * 32, "../../x", "%00" * 32])
def test_an_unknown_person_is_not_found_by_any_verb(subject: str, scene: Scene) -> None:
    """404 by every verb about a person, in the log as a refusal, and nobody comes into being."""
    calls = [
        ("GET", f"/v1/subjects/{subject}/data?purpose=orders", None),
        ("PATCH", f"/v1/subjects/{subject}/data", {"purpose": "orders", "values": {"contact.note": "x"}}),
        ("DELETE", f"/v1/subjects/{subject}?reason=request", None),
        ("GET", f"/v1/subjects/{subject}/consents", None),
        ("POST", f"/v1/subjects/{subject}/block", {"reason": "request"}),
        ("GET", f"/v1/subjects/{subject}/log", None),
    ]
    for method, path, body in calls:
        answer = scene.send(method, path, body)
        assert answer.status_code in (404, 405, 422), (method, path, answer.get_data(as_text=True))
    if subject == NOBODY:
        refused(scene.read(subject), 404, "not_found")
        check = {"operation": "use", "purpose": "orders", "subject": subject}
        answer = scene.send("POST", "/v1/check", check)
        assert answer.json["allowed"] is False  # type: ignore[index]
        assert "not_found" in {reason["code"] for reason in answer.json["reasons"]}  # type: ignore[index]
    assert scene.count() == 0
    assert halves(scene.senim) == []


def test_a_replayed_key_gives_the_first_answer_and_does_nothing(scene_on_both: Scene) -> None:
    """The same request with the same key is done once, however often it comes."""
    scene = scene_on_both
    body = scene.intake()
    first = scene.send("POST", "/v1/intake", body, Idempotency_Key="order-1")
    again = [scene.send("POST", "/v1/intake", body, Idempotency_Key="order-1") for _ in range(3)]
    assert first.status_code == 201
    assert {(one.status_code, one.get_data()) for one in again} == {(201, first.get_data())}
    assert all(one.headers["Idempotency-Replayed"] == "true" for one in again)
    assert "Idempotency-Replayed" not in first.headers
    assert scene.count() == 1
    assert halves(scene.senim) == []


def test_the_same_key_for_another_request_is_a_conflict(scene_on_both: Scene) -> None:
    """409, and neither a second person nor a changed first one."""
    scene = scene_on_both
    body = scene.intake()
    first = scene.send("POST", "/v1/intake", body, Idempotency_Key="order-1")
    refused(scene.send("POST", "/v1/intake", scene.intake(), Idempotency_Key="order-1"), 409, "idempotency_conflict")
    consent = {"subject": first.json["subject"], "purpose": "orders", "given": False}  # type: ignore[index]
    refused(scene.send("POST", "/v1/consents", consent, Idempotency_Key="order-1"), 409, "idempotency_conflict")
    assert scene.count() == 1
    assert scene.send("POST", "/v1/intake", body, Idempotency_Key="order-1").get_data() == first.get_data()


def test_a_refusal_is_not_remembered_for_its_key(scene_on_both: Scene) -> None:
    """When its reason is gone the same key may be used again."""
    scene = scene_on_both
    body = scene.intake()
    refused(scene.send("POST", "/v1/intake", {**body, "notice": ""}, Idempotency_Key="k"), 422, "notice_missing")
    assert scene.send("POST", "/v1/intake", body, Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "ключ".encode().decode("latin-1"), "x" * 201])
def test_a_key_that_is_none_is_refused(key: str, scene: Scene) -> None:
    """Keys are 1 to 200 visible ASCII characters; what else comes is refused and nothing is done."""
    refused(scene.send("POST", "/v1/intake", scene.intake(), Idempotency_Key=key), 400, "body_malformed")
    assert scene.count() == 0


def test_one_key_sent_many_times_at_once_is_done_once(scene_on_both: Scene) -> None:
    """Eight clients with one key: one person, one answer."""
    scene = scene_on_both
    body, answers = scene.intake(), []

    def send() -> None:
        answer = scene.send("POST", "/v1/intake", body, Idempotency_Key="race")
        answers.append((answer.status_code, answer.get_data()))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert scene.count() == 1
    assert halves(scene.senim) == []


def test_a_key_stays_used_when_its_person_is_erased(scene: Scene) -> None:
    """Replaying an old intake brings nobody back."""
    body = scene.intake()
    subject = scene.send("POST", "/v1/intake", body, Idempotency_Key="k").json["subject"]  # type: ignore[index]
    assert scene.erase(subject).status_code == 200
    scene.send("POST", "/v1/intake", body, Idempotency_Key="k")
    refused(scene.read(subject), 410, "subject_erased")
    assert scene.count() == 1
    assert halves(scene.senim) == []


def test_a_bad_request_does_not_take_down_those_that_are_committed_with_it(
    scene_on_both: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests share transactions; one that the database refuses fails alone and is decided anew."""
    scene = scene_on_both
    begin = Engine._transaction
    refusals: list[int] = []

    def crowded(engine: Engine, units: Any, keys: Any) -> Any:
        if len(units) > 1 and not refusals:
            refusals.append(len(units))
            raise scene.senim.database.engine.errors[0]("a row of one of them")
        return begin(engine, units, keys)

    monkeypatch.setattr(Engine, "_transaction", crowded)
    bodies = [scene.intake() for _ in range(12)]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda one=one: statuses.append(scene.send("POST", "/v1/intake", one).status_code))
        for one in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 12
    assert scene.count() == 12
    assert halves(scene.senim) == []


def test_the_library_refuses_as_the_service_does(operator: Path) -> None:
    """``senim.open``: errors are of their kind and name the field, never the value."""
    with library.open(operator) as shop:
        notice = shop.notice("registration", "ru")
        wrong = {"identity.family": "Пробников", "identity.given": "Иван", "contact.email": "нет", "identity.iin": "1"}
        with pytest.raises(Invalid) as refusal:
            shop.intake(notice, wrong, consents={"orders": True})
        assert {reason.where for reason in refusal.value.reasons} == {"contact.email", "identity.iin"}
        assert "Пробников" not in str(refusal.value)
        with pytest.raises(NotFound) as unknown:
            shop.read(NOBODY, "orders")
        assert unknown.value.code is Code.NOT_FOUND
        assert shop.verify().ok


def test_the_command_line_refuses_as_the_service_does(operator: Path, command: Command, tmp_path: Path) -> None:
    """Exit code 1 and the code; wrong use is 2."""
    file = tmp_path / "person.json"
    for content in (b"\xff\xfe", b"[" * 100_000, b'{"point": "registration"', b"{}"):
        file.write_bytes(content)
        ran = command("intake", "add", file, "-C", operator)
        assert (ran.code, ran.err.partition(":")[0]) == (1, "body_malformed")
    ran = command("subjects", "read", NOBODY, "orders", "-C", operator)
    assert (ran.code, ran.err.partition(":")[0]) == (1, "not_found")
    assert command("subjects", "read", NOBODY, "-C", operator).code == 2
    assert command("subjects", "erase", NOBODY, "--reason", "boredom", "--yes", "-C", operator).code == 2
    assert command("no-such-command").code == 2
    assert command("verify", "-C", operator).code == 0


def test_refusals_of_unknown_people_are_in_the_log(scene: Scene) -> None:
    """Who looks for people who are not there leaves a trace."""
    scene.read(NOBODY)
    scene.senim.tick()
    assert [entry.codes for entry in seen(scene.senim).entries if entry.subject == NOBODY] == [("not_found",)]
