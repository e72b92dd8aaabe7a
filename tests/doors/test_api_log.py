"""``/v1``: pages and cursors, the log for outsiders, and what caches may keep."""

from __future__ import annotations

import pytest

from senim.audit.checkpoint import LogVerifier
from senim.audit.tiles import bundle_hashes
from tests.doors.conftest import Door


def _sealed(door: Door, people: int = 3) -> int:
    for _ in range(people):
        door.person()
    door.seal()
    return door.stage.platform.log.size


def test_an_outsider_rebuilds_the_tree_from_tiles_and_the_public_key(door: Door) -> None:
    """Checkpoint and tiles are open to anybody; the entries themselves to auditors alone."""
    size = _sealed(door)
    note = door.get("/v1/log/checkpoint", role=None)
    assert note.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert note.headers["Cache-Control"] == "no-cache"
    signed = LogVerifier(door.get("/v1/keys", role=None).json["log"]).open(note.text)
    assert signed.size == size
    tile = door.get(f"/v1/log/tile/0/000.p/{size}", role=None)
    assert tile.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    bundle = door.get(f"/v1/log/tile/entries/000.p/{size}")
    assert b"".join(bundle_hashes(bundle.body)) == tile.body
    assert bundle.headers["Cache-Control"] == "no-store"
    assert door.get(f"/v1/log/tile/entries/000.p/{size}", role=None).status == 401


def test_before_anything_is_sealed_there_is_no_checkpoint(lone_door: Door) -> None:
    """A log without entries signs nothing."""
    answer = lone_door.get("/v1/log/checkpoint", role=None)
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "0/000",
        "0/000.p/256",
        "0/000.p/255",
        "0/000.p/0",
        "0/000.p/01",
        "0/001",
        "00/000.p/1",
        "0/x000/000.p/1",
        "0/x001/000.p/1",
        "64/000.p/1",
        "9/000.p/1",
        "-1/000.p/1",
        "0/" + "x999/" * 5 + "999",
        "0/" + "x999/" * 6 + "999",
        "0/" + "x999/" * 500 + "999",
        "0/٠٠٠.p/1",
        "0/000.p/1/",
        "0/000.p/1%0a",
        "0/000.p/1%00",
        "../keys",
        "0/../../keys",
        "..%2f..%2fetc%2fpasswd",
        "/etc/passwd",
        "entries",
        "",
    ],
)
def test_a_tile_that_is_none_is_not_found_and_not_kept_by_caches(lone_door: Door, path: str) -> None:
    """Each tile has one address and no other; no address reaches anything else, and none breaks the service."""
    _sealed(lone_door)
    for answer in (lone_door.get(f"/v1/log/tile/{path}", role=None), lone_door.get(f"/v1/log/tile/entries/{path}")):
        assert (answer.status, answer.json["code"]) == (404, "not_found")
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_person_s_history_comes_in_pages_without_gap_or_repeat(lone_door: Door) -> None:
    """Following ``next`` brings every entry and every consent once, in order."""
    person = lone_door.person()
    body = {"subject": person.subject, "purpose": "newsletter", "given": False}
    for _ in range(230):
        assert lone_door.post("/v1/consents", body).status == 201
    lone_door.seal()
    order = [entry.id for _, entry in lone_door.stage.platform.log.entries()]
    for path, items, most in (("entries", "entries", 231), ("consents", "events", 230)):
        seen: list[str] = []
        cursor: str | None = ""
        pages = 0
        while cursor is not None:
            query = f"?cursor={cursor}" if cursor else ""
            told = lone_door.get(f"/v1/subjects/{person.subject}/{path}{query}").json
            seen += [one["entry"]["id"] if items == "entries" else one["id"] for one in told[items]]
            assert len(told[items]) <= 100 + 1
            cursor, pages = told["next"], pages + 1
        assert pages >= 3
        assert len(seen) == len(set(seen)) >= most
        assert seen == [one for one in order if one in set(seen)]


@pytest.mark.parametrize("cursor", ["-1", "x", "1.5", "٣", "1e3", " 1", "9" * 19, "9" * 5000, "0x10", "%00", "1%0a"])
def test_a_cursor_that_was_not_given_out_is_refused(lone_door: Door, cursor: str) -> None:
    """A mark of a page that is none is told as such."""
    person = lone_door.person()
    for path in ("entries", "consents"):
        answer = lone_door.get(f"/v1/subjects/{person.subject}/{path}?cursor={cursor}")
        assert (answer.status, answer.json["code"]) == (400, "cursor_wrong")


def test_a_cursor_of_another_person_shows_nothing_of_that_person(lone_door: Door) -> None:
    """A cursor is a place in the log, not a right: whose history it is stands in the address alone."""
    one, other = lone_door.person(), lone_door.person()
    lone_door.seal()
    for cursor in range(lone_door.stage.platform.log.size + 2):
        told = lone_door.get(f"/v1/subjects/{one.subject}/entries?cursor={cursor}").json
        assert all(entry["entry"]["subject"] == one.subject for entry in told["entries"])
        assert other.subject not in lone_door.get(f"/v1/subjects/{one.subject}/consents?cursor={cursor}").text
    beyond = lone_door.get(f"/v1/subjects/{one.subject}/entries?cursor={'9' * 18}").json
    assert (beyond["entries"], beyond["next"]) == ([], None)


OPEN = (
    "/v1/health",
    "/v1/keys",
    "/v1/openapi.json",
    "/v1/points/registration/notice?language=kk",
    "/v1/log/checkpoint",
)


@pytest.mark.parametrize("path", OPEN)
def test_head_is_get_without_the_body(lone_door: Door, path: str) -> None:
    """RFC 9110 §9.3.2: whoever only wants to know whether it is there, and how long, is told so."""
    _sealed(lone_door)
    get, head = (lone_door.send(method, path, role=None) for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert head.headers["Content-Length"] == str(len(get.body))


def test_head_needs_the_same_key_and_is_logged_like_get(lone_door: Door) -> None:
    """travel-22: asking without looking is asking all the same."""
    person = lone_door.person()
    path = f"/v1/subjects/{person.subject}/data?purpose=orders"
    assert lone_door.send("HEAD", path, role=None).status == 401
    assert lone_door.send("HEAD", path).status == 200
    acts = [one["act"] for one in lone_door.get(f"/v1/subjects/{person.subject}/entries").json["waiting"]]
    assert "data.read" in acts


def test_options_tells_the_methods_and_opens_nothing_to_other_sites(lone_door: Door) -> None:
    """No page of another site may call the API from a visitor's browser."""
    answer = lone_door.send("OPTIONS", "/v1/intake", role=None, headers={"Origin": "https://evil.example"})
    assert answer.status in (200, 204)
    assert set(answer.headers["Allow"].split(", ")) == {"POST"}
    assert not [name for name, _ in answer.headers.items() if name.lower().startswith("access-control")]


def test_answers_with_personal_data_are_kept_by_nobody(lone_door: Door) -> None:
    """No cache on the way keeps what a key opened, and no browser guesses what it is."""
    person = lone_door.person()
    answers = [
        lone_door.get(f"/v1/subjects/{person.subject}/data?purpose=orders"),
        lone_door.get(f"/v1/subjects/{person.subject}/consents"),
        lone_door.get(f"/v1/subjects/{person.subject}/entries"),
        lone_door.post("/v1/subjects/find", {"kind": "email", "value": person.values["contact.email"]}),
        lone_door.post("/v1/check", {"operation": "use", "purpose": "orders", "subject": person.subject}),
        lone_door.post("/v1/intake", lone_door.intake()),
    ]
    for answer in answers:
        assert answer.status in (200, 201)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
