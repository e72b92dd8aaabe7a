"""Technical data at the doors: the API for the operator's server, the pixel and the beacon for pages, the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from senim.app import Senim, make_folder, open_senim
from senim.errors import Code
from senim.policy.cookies import kinds
from senim.storage import main_metadata, query
from senim.testing import Stage
from senim.web.site import site
from tests.doors.conftest import Answer, Door
from tests.features.acting import senim_of
from tests.promises.house import run
from tests.visits import FIREFOX, IP, SITE, visit, with_visits

VISITS = main_metadata.tables["technical_visit"]
ROWS = query(select(*VISITS.c).order_by(VISITS.c.purpose))
PIXEL = "/visits/visit.gif"


@pytest.fixture
def told(staged: Callable[..., Stage], mini: bytes) -> Door:
    """The service of a policy with visits."""
    stage = staged(with_visits(mini))
    return Door(stage, door_of(stage))


def door_of(stage: Stage) -> Client:
    """A browser behind a proxy on this machine, which sends the cookies that a test gives it."""
    application = site(senim_of(stage))

    def proxied(environ: dict[str, Any], start_response: Any) -> Any:
        return application({**environ, "REMOTE_ADDR": "127.0.0.1"}, start_response)

    return Client(proxied, use_cookies=False)


def rows(door: Door) -> list[dict[str, Any]]:
    """What is kept when all that waited is."""
    senim = senim_of(door.stage)
    senim.technical.flush(everything=True)
    names = [column.name for column in VISITS.columns]
    return [dict(zip(names, row, strict=True)) for row in senim.database.read(ROWS)]


def body(**changed: Any) -> dict[str, Any]:
    seen = {
        "ip": IP,
        "visitor": "visitor-4711",
        "browser": FIREFOX,
        "page": f"{SITE}/events/42?word=hidden-query",
        "referrer": "https://search.example/find?word=hidden-query",
        "allowed": ["statistics"],
    }
    return {"point": "visit", "visits": [seen, {**seen, "allowed": []}], **changed}


# the operator's own server


def test_a_server_tells_of_visits(told: Door) -> None:
    """tickets-8: kept before the answer, and the answer tells what became of them, and nothing that came."""
    answer = told.post("/v1/technical", body())
    assert answer.status == 201
    assert answer.json == {"kept": 2, "not_chosen": 0, "over": 0, "dropped": []}
    assert [(row["purpose"], row["page"]) for row in rows(told)] == [
        ("diagnostics", "/events/42"), ("guarding", ""), ("guarding", "")
    ]  # fmt: skip


def test_a_batch_sent_twice_is_kept_once(told: Door) -> None:
    """A server that is not sure sends again with the same key."""
    headers = {"Idempotency-Key": "batch-1"}
    first, again = (told.post("/v1/technical", body(), headers=headers) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    assert len(rows(told)) == 3


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "a field that there is not": ({"visits": [{"fingerprint": "x"}]}, 400, Code.BODY_MALFORMED),
    "a time without a zone": ({"visits": [{"at": "2026-11-22T09:00:00"}]}, 400, Code.BODY_MALFORMED),
    "nothing": ({"visits": []}, 400, Code.BODY_MALFORMED),
    "an address without an end": ({"visits": [{"ip": "1" * 65}]}, 400, Code.BODY_MALFORMED),
    "a point of people": ({"point": "registration"}, 403, Code.POINT_KIND_WRONG),
    "a point that there is not": ({"point": "nowhere"}, 403, Code.POINT_UNDECLARED),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_server_is_told_what_is_wrong(told: Door, what: str) -> None:
    """Refusals have their code, and say nothing of what came."""
    changed, status, code = REFUSED[what]
    answer = told.post("/v1/technical", body(**changed))
    assert (answer.status, answer.json["code"]) == (status, code)
    assert IP not in answer.text
    assert rows(told) == []


def test_a_server_needs_a_key_that_may(told: Door) -> None:
    """No key, no visit; a key of a role that takes nothing in takes no visits either."""
    assert told.post("/v1/technical", body(), role=None).status == 401
    assert told.post("/v1/technical", body(), role="till").status == 403
    assert rows(told) == []


def test_people_do_not_come_in_where_devices_tell(told: Door) -> None:
    """tickets-8: by none of the doors for people."""
    notice = told.notice("visit")
    sent = told.intake(point="visit", notice=notice, values={"technical.ip": IP}, consents=[])
    assert told.post("/v1/intake", sent).codes == [Code.POINT_KIND_WRONG]
    assert told.get("/forms/visit", role=None, headers={"Origin": SITE}).status == 403


# pages


def pixel(door: Door, path: str = PIXEL, *, site: str = SITE, **headers: str) -> Answer:
    sent = {"Referer": f"{site}/events/42?word=hidden-query", "User-Agent": FIREFOX, "X-Forwarded-For": IP, **headers}
    return door.get(path, role=None, headers=sent)


def beacon(door: Door, told: dict[str, str], path: str = "/visits/visit", **headers: str) -> Answer:
    sent = {"Origin": SITE, "User-Agent": FIREFOX, "X-Forwarded-For": IP, "Content-Type": "text/plain", **headers}
    return door.post(path, raw=urlencode(told).encode(), role=None, headers=sent)


def test_a_pixel_counts_a_page(told: Door) -> None:
    """tickets-8: an image of one point, no cookie, nothing for other origins to read, kept by nobody on the way."""
    answer = pixel(told, f"{PIXEL}?allowed=statistics")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/gif")
    assert answer.body[:6] == b"GIF89a"
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    row, _ = rows(told)
    assert (row["page"], row["browser"], row["system"], row["referrer"]) == ("/events/42", "Firefox 128", "Linux", "")
    assert len(row["ip"]) == 16


def test_a_beacon_tells_more(told: Door) -> None:
    """shop-8: page and referrer by ``navigator.sendBeacon``, with no question before it and no answer to read."""
    for kind in ("text/plain;charset=UTF-8", "application/x-www-form-urlencoded;charset=UTF-8"):
        answer = beacon(
            told,
            {"page": f"{SITE}/cart?card=1", "referrer": f"{SITE}/events/42", "visitor": "v-1", "allowed": "statistics"},
            **{"Content-Type": kind},
        )
        assert (answer.status, answer.body) == (204, b"")
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers
    row, other, *_ = rows(told)
    assert (row["page"], row["referrer"]) == ("/cart", "/events/42")
    assert row["visitor"] == other["visitor"] != b""


def remembering(door: Door, allowed: int, *, gpc: int = 0, mark: str = "") -> str:
    """The banner's cookie, in a browser that made a choice."""
    marks = {one.id: [mark or one.mark, allowed] for one in kinds(door.stage.promises, "en") if not one.essential}
    return "senim=" + quote(json.dumps({"v": "ab" * 16, "t": 1, "g": gpc, "k": marks}))


CHOICES: dict[str, tuple[Callable[[Door], dict[str, str]], str, list[str]]] = {
    "nothing was said": (lambda _: {}, "", ["guarding"]),
    "the page says yes": (lambda _: {}, "statistics", ["diagnostics", "guarding"]),
    "the page says yes to something else": (lambda _: {}, "offers,essential", ["guarding"]),
    "the browser remembers a yes": (lambda door: {"Cookie": remembering(door, 1)}, "", ["diagnostics", "guarding"]),
    "the browser remembers a no": (lambda door: {"Cookie": remembering(door, 0)}, "statistics", ["guarding"]),
    "a yes to something older": (
        lambda door: {"Cookie": remembering(door, 1, mark="00000000")}, "statistics", ["guarding"]),
    "no tracking": (lambda _: {"Sec-GPC": "1"}, "statistics", ["guarding"]),
    "no tracking, and a yes before that": (
        lambda door: {"Sec-GPC": "1", "Cookie": remembering(door, 1)}, "statistics", ["guarding"]),
    "no tracking, and a yes all the same": (
        lambda door: {"Sec-GPC": "1", "Cookie": remembering(door, 1, gpc=1)}, "", ["diagnostics", "guarding"]),
    "a cookie that is none": (
        lambda _: {"Cookie": "senim=%7B%22k%22%3A%7B%22statistics%22%3A1%7D%7D"}, "", ["guarding"]),
}  # fmt: skip


@pytest.mark.parametrize("what", CHOICES)
def test_the_visitor_s_choice_is_honoured(told: Door, what: str) -> None:
    """tickets-13: what the browser remembers goes before what the page says; Global Privacy Control is a no."""
    headers, said, purposes = CHOICES[what]
    query_ = f"?allowed={quote(said)}" if said else ""
    assert pixel(told, PIXEL + query_, **headers(told)).status == 200
    assert beacon(told, {"allowed": said}, **headers(told)).status == 204
    assert sorted({row["purpose"] for row in rows(told)}) == purposes


STRANGERS: dict[str, tuple[Callable[[Door], Answer], int]] = {
    "a page of another site": (lambda door: pixel(door, site="https://evil.example"), 403),
    "a beacon of another site": (lambda door: beacon(door, {}, Origin="https://evil.example"), 403),
    "a beacon of nowhere": (lambda door: beacon(door, {}, Origin="null"), 403),
    "a point of people": (lambda door: pixel(door, "/visits/registration.gif"), 403),
    "a point that there is not": (lambda door: pixel(door, "/visits/nowhere.gif"), 403),
    "a beacon that is too long": (lambda door: beacon(door, {"page": "x" * 9000}), 413),
    "a beacon of bytes": (
        lambda door: door.post("/visits/visit", raw=b"\xff\xfe", role=None, headers={"Origin": SITE}), 400),
}  # fmt: skip


@pytest.mark.parametrize("what", STRANGERS)
def test_strangers_tell_nothing(told: Door, what: str) -> None:
    """Pages of the policy's sites alone, at points of devices alone, as much as a visit needs."""
    send, status = STRANGERS[what]
    answer = send(told)
    assert answer.status == status, answer.text
    assert rows(told) == []


def test_one_address_does_not_count_without_end(told: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred and twenty a minute; the pages that are open go on to be counted by others."""
    monkeypatch.setattr("senim.web.public.limiting.time", SimpleNamespace(monotonic=lambda: 60.0))
    statuses = [pixel(told).status for _ in range(122)]
    assert statuses == [200] * 120 + [503] * 2
    assert pixel(told, **{"X-Forwarded-For": "203.0.113.78"}).status == 200


# the command


@pytest.fixture
def folder(tmp_path: Path, mini: bytes) -> Path:
    """An operator's folder with some visits."""
    place = tmp_path / "operator"
    make_folder(place, with_visits(mini))
    with open_senim(place, environment={}) as senim:
        source = with_visits(mini)
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, source))
        taken(senim)
    return place


def taken(senim: Senim) -> None:
    seen = (visit(), visit(), visit(ip="203.0.113.78", page=f"{SITE}/"))
    senim.run(senim.actor(), lambda work: senim.technical.take(work, "visit", seen))


def test_a_command_counts(folder: Path) -> None:
    """tickets-14, shop-9: by page, with a purpose, as text and as JSON."""
    shown = run("technical", "show", "--purpose", "diagnostics", "--by", "page", "-C", folder)
    assert (shown.exit_code, shown.output.splitlines()[0].split()) == (0, ["2", "1", "/events/42"])
    counted = run(
        "technical", "show", "--purpose", "diagnostics", "--role", "technician", "--since", "2020-01-01", "--json",
        "-C", folder,
    )  # fmt: skip
    found = json.loads(counted.output)
    assert (found["total"], found["by"], found["counts"][0]["addresses"]) == (3, "day", 2)
    assert json.loads(run("technical", "sweep", "--json", "-C", folder).output) == {"removed": 0}
    assert run("technical", "sweep", "-C", folder).output == "0 visits removed.\n"


def test_a_command_does_not_count_for_nothing(folder: Path) -> None:
    """A purpose is needed, one that the policy declares, and a role that has it."""
    assert run("technical", "show", "-C", folder).exit_code == 2
    for more, code in (
        (("--purpose", "curiosity"), Code.PURPOSE_UNDECLARED),
        (("--purpose", "guarding", "--role", "technician"), Code.ROLE_NOT_ALLOWED),
    ):
        refused = run("technical", "show", *more, "-C", folder)
        assert refused.exit_code == 1
        assert code in {reason.code for reason in refused.exception.reasons}  # type: ignore[union-attr]  # a refusal
