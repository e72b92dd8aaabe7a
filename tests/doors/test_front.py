"""The front: many requests in one thread, each with its own answer; slow, cut off and endless ones harm nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # made in Rust, given a name there

from senim.storage import Unit
from senim.storage.commit import Outcome
from senim.storage.postgres import PostgreSQL
from senim.testing import Stage
from senim.web import front as fronts
from senim.web.front import Front
from senim.web.site import lengthy, site
from tests.doors.conftest import Door


class Headers(dict[str, str]):
    """The headers of a request, as granian has them."""


@dataclass
class Request:
    """A request, as granian gives it."""

    method: str
    path: str
    headers: Headers = field(default_factory=Headers)
    query_string: str = ""
    http_version: str = "1.1"
    scheme: str = "http"
    server: str = "127.0.0.1:8600"
    client: str = "127.0.0.1:50000"
    authority: str | None = None


@dataclass(eq=False)
class Wire:
    """The other end of a connection: a body that comes in parts, and the answer that was sent."""

    parts: Iterable[bytes] = ()
    here: bool = True
    stays: bool = True
    hangs: bool = False
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    sent: int = 0
    taken: int = 0

    def __call__(self) -> asyncio.Future[bytes]:
        coming: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if self.here:
            coming.set_result(b"".join(self.parts))
        return coming

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            self.taken += 1
            yield part
        if self.hangs:
            await asyncio.get_running_loop().create_future()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        """Take an answer in one piece."""
        if not self.stays:
            raise ProtocolClosed
        self.status, self.headers, self.content, self.sent = status, dict(headers), content, self.sent + 1

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Take an answer without content."""
        self.response_bytes(status, headers, b"")

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Wire:
        """Take an answer in parts."""
        self.status, self.headers = status, dict(headers)
        return self

    async def send_bytes(self, part: bytes) -> None:
        """Take a part of an answer."""
        if not self.stays:
            raise ProtocolClosed
        self.content, self.sent = self.content + part, self.sent + 1

    @property
    def json(self) -> Any:
        """The answer as JSON."""
        return json.loads(self.content)


@dataclass
class Served:
    """A front and its loop."""

    front: Front
    loop: asyncio.AbstractEventLoop
    token: str = ""

    def ask(self, *asked: tuple[Request, Wire]) -> list[Wire]:
        """Requests that come at once; their wires, when all are done."""

        async def together() -> None:
            await asyncio.wait_for(asyncio.gather(*(self.front.__rsgi__(*one) for one in asked)), 60)

        self.loop.run_until_complete(together())
        return [wire for _, wire in asked]

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[Request, Wire]:
        """A request with a small JSON body."""
        content = json.dumps(body).encode() if body is not None else b""
        told = Headers({"authorization": f"Bearer {self.token}", "content-type": "application/json", **headers})
        if content:
            told.setdefault("content-length", str(len(content)))
        path, _, query = path.partition("?")
        return Request(method, path, told, query), Wire([content])


def serving(application: Any, make: Callable[[str, str], bool] = lengthy) -> Iterator[Served]:
    """Serve an application on a loop of this thread."""
    loop = asyncio.new_event_loop()
    front = Front(application, threads=2, lengthy=make)
    front.__rsgi_init__(loop)
    try:
        yield Served(front, loop)
    finally:
        front.__rsgi_del__(loop)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@pytest.fixture
def served(stage: Stage, door: Door) -> Iterator[Served]:
    """The service of a stage behind a front, on SQLite and PostgreSQL in turn."""
    for one in serving(site(stage.platform)):  # type: ignore[arg-type]  # the stage's platform is a whole Senim
        one.token = door.token("shop")
        yield one


def test_requests_that_come_at_once_share_commits_and_each_has_its_own_answer(
    served: Served, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread serves them all: those that write wait together, refused ones keep nobody out."""
    group: Any = door.stage.platform.database._group
    apply, sizes = group._apply, list[int]()

    def counted(units: list[Unit]) -> list[Outcome]:
        sizes.append(len(units))
        outcomes: list[Outcome] = apply(units)
        return outcomes

    monkeypatch.setattr(group, "_apply", counted)
    person = door.person().subject
    asked = []
    for number in range(12):
        asked += [
            served.request("POST", "/v1/intake", door.intake()),
            served.request("POST", "/v1/consents", {"subject": person, "purpose": f"nothing-{number}", "given": False}),
            served.request("GET", f"/v1/subjects/{person}/data?purpose=orders"),
            served.request("POST", "/v1/check", {"operation": "use", "purpose": "orders", "subject": person}),
        ]
    sizes.clear()
    answers = served.ask(*asked)
    assert {one.status for one in answers[0::4]} == {201}
    assert len({one.json["subject"] for one in answers[0::4]}) == 12
    assert [one.json["where"] for one in answers[1::4]] == [f"nothing-{number}" for number in range(12)]
    assert {one.json["subject"] for one in answers[2::4]} == {person}
    assert all(one.json["allowed"] for one in answers[3::4])
    assert {one.sent for one in answers} == {1}
    assert max(sizes) > 2
    assert sum(sizes) == 36


def test_many_readers_have_few_connections(served: Served, door: Door) -> None:
    """A hundred requests under way at once do not take a hundred connections of the database."""
    person = door.person().subject
    answers = served.ask(*(served.request("GET", f"/v1/subjects/{person}/data?purpose=orders") for _ in range(100)))
    assert {one.status for one in answers} == {200}
    engine = door.stage.platform.database.engine
    if isinstance(engine, PostgreSQL):
        assert 1 <= len(engine._idle) <= 16
        assert engine._readers._free == 16


def test_long_requests_run_beside_the_others(served: Served, door: Door) -> None:
    """Pages, files, and bodies whose length is not told."""
    check = {"operation": "use", "purpose": "orders", "subject": door.person().subject}
    request, wire = served.request("POST", "/v1/check", check)
    del request.headers["content-length"]
    request.headers["transfer-encoding"] = "chunked"
    content = json.dumps(check).encode()
    wire.parts = [content[:20], content[20:], b""]
    checked, page, health = served.ask(
        (request, wire), served.request("GET", "/privacy/ru"), served.request("GET", "/v1/health")
    )
    assert checked.json["allowed"]
    assert (page.status, health.status) == (200, 200)
    assert "<html" in page.content.decode()


def test_an_endless_body_is_left_where_it_is(served: Served) -> None:
    """airline-10: no more than the limit is read, whatever length is told or not."""

    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65536

    request, wire = served.request("POST", "/v1/check", **{"transfer-encoding": "chunked"})
    wire.parts = endless()
    announced, unread = served.request("POST", "/v1/check", **{"content-length": str(10**9)})
    unread.parts = endless()
    served.ask((request, wire), (announced, unread))
    assert [(one.status, one.json["code"]) for one in (wire, unread)] == [(413, "body_too_large")] * 2
    assert (wire.taken <= 18, unread.taken) == (True, 0)


def test_a_body_that_breaks_off_is_not_taken_for_a_whole_one(served: Served, door: Door) -> None:
    """A file whose sender is gone is not stored as far as it came."""
    person = door.person().subject
    path = f"/v1/subjects/{person}/fields/identity.photo/document?purpose=orders"
    cut, wire = served.request("POST", path, **{"content-type": "image/png", "transfer-encoding": "chunked"})
    wire.parts = [b"\x89PNG\r\n\x1a\n" + b"x" * 100, b"", b""]
    served.ask((cut, wire))
    assert (wire.status, wire.json["code"]) == (400, "body_malformed")
    (listed,) = served.ask(served.request("GET", f"/v1/subjects/{person}/documents"))
    assert listed.json["documents"] == []


def test_who_is_too_slow_is_sent_away(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """airline-10: a small body that does not come keeps its connection for some time only."""
    request, wire = served.request("POST", "/v1/check", {})
    wire.here = False
    monkeypatch.setattr(fronts, "PATIENCE", -1.0)
    served.loop.call_later(0.01, served.front._look)
    served.ask((request, wire))
    assert wire.status == 408
    assert not served.front._bodies


def test_a_form_that_does_not_come_keeps_no_thread_waiting(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public pages run in few threads; a stranger who sends a form drop by drop holds none of them."""
    request, wire = served.request("POST", "/requests/R-2026-00000000/code", {})
    wire.here = False
    began: list[object] = []
    monkeypatch.setattr(served.front, "_long", lambda *given: began.append(given))
    monkeypatch.setattr(fronts, "PATIENCE", -1.0)
    served.loop.call_later(0.01, served.front._look)
    served.ask((request, wire))
    assert (wire.status, began) == (408, [])


def test_a_large_body_that_drips_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """airline-10: parts that come in time, but for which a thread would wait for days, are waited for no longer."""

    class Dripping(Wire):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while self.taken < 500:
                self.taken += 1
                await asyncio.sleep(0.01)
                yield b" "

    request, _ = served.request("POST", "/v1/check", **{"transfer-encoding": "chunked"})
    wire = Dripping([])
    monkeypatch.setattr(fronts, "PATIENCE", 0.1)
    served.ask((request, wire))
    assert (wire.status, wire.json["code"]) == (400, "body_malformed")
    assert wire.taken < 100


def test_who_is_gone_leaves_nothing_behind(served: Served, door: Door) -> None:
    """What was asked for is done; the answer is dropped, and its strand serves the next."""
    before = door.stage.platform.subjects.count(door.stage.platform.database)
    request, wire = served.request("POST", "/v1/intake", door.intake())
    wire.stays = False
    served.ask((request, wire))
    served.ask(served.request("GET", "/v1/health"))
    after = door.stage.platform.subjects.count(door.stage.platform.database)
    assert (after[0] - before[0], wire.sent) == (1, 0)
    assert len(served.front._strands._idle) == 1
    assert not served.front._waiting


def test_what_has_begun_is_finished_at_the_end(served: Served, door: Door) -> None:
    """A service that is stopped leaves no act half way."""
    asked = [served.request("POST", "/v1/intake", door.intake()) for _ in range(5)]
    tasks = [served.loop.create_task(served.front.__rsgi__(*one)) for one in asked]
    served.loop.run_until_complete(asyncio.sleep(0))
    served.front.__rsgi_del__(served.loop)
    assert [wire.status for _, wire in asked] == [201] * 5
    served.loop.run_until_complete(asyncio.gather(*tasks))


def test_a_sender_that_hangs_does_not_keep_the_service_from_ending(served: Served) -> None:
    """airline-10: whoever waits for the rest of a large body stops waiting."""
    request, wire = served.request("POST", "/v1/check", **{"content-length": "1000000"})
    wire.hangs = True
    task = served.loop.create_task(served.front.__rsgi__(request, wire))
    while not served.front._reading:
        served.loop.run_until_complete(asyncio.sleep(0.005))
    served.front.__rsgi_del__(served.loop)
    served.front._threads.shutdown(wait=True)
    assert task.done()
    assert (wire.status, wire.json["code"]) == (400, "body_malformed")


class Parts:
    """An answer in parts."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.closed = False

    def __iter__(self) -> Parts:
        return self

    def __next__(self) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise StopIteration
        return b"s" * 10_000

    def close(self) -> None:
        """Note it."""
        self.closed = True


@pytest.mark.parametrize("stays", [True, False])
def test_a_large_answer_is_sent_as_it_is_taken(stays: bool) -> None:
    """It is never in memory as a whole, and is let go of when whoever asked is gone."""
    parts = Parts(100)

    def application(environ: Any, start: Any) -> Parts:
        start("200 OK", [("Content-Type", "text/plain")])
        return parts

    for served in serving(application, lambda method, path: True):
        (wire,) = served.ask((Request("GET", "/"), Wire(stays=stays)))
        assert parts.closed
        if stays:
            assert (wire.status, len(wire.content), wire.sent > 10) == (200, 1_000_000, True)
        else:
            assert parts.left > 80


@pytest.mark.parametrize("long", [True, False])
def test_a_bug_ends_in_an_answer(long: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever an application raises: 500 for who asked, the place and no value for the service's log."""

    def application(environ: Any, start: Any) -> list[bytes]:
        raise ValueError("anna@people.example")

    for served in serving(application, lambda method, path: long):
        (wire,) = served.ask((Request("GET", "/"), Wire()))
        assert (wire.status, wire.content) == (500, b"")
        told = capsys.readouterr().err
        assert told.startswith("internal error: ValueError in application (test_front.py")
        assert "anna" not in told


def test_a_request_is_told_to_applications_as_their_standard_says() -> None:
    """PEP 3333: headers, the path's bytes, the address of HTTP/2."""
    request = Request(
        "GET", "/п/x", Headers({"accept-language": "kk", "content-type": "a/b"}), "q=1", "2", "https", "[::1]:443"
    )
    request.client, request.authority = "[::1]:5000", "mini.example"
    environ = fronts.environ_of(request)
    assert {name: environ[name] for name in environ if not name.startswith("wsgi")} == {
        "SCRIPT_NAME": "", "REQUEST_METHOD": "GET", "PATH_INFO": "/п/x".encode().decode("latin-1"),
        "QUERY_STRING": "q=1", "SERVER_PROTOCOL": "HTTP/2", "SERVER_NAME": "[::1]", "SERVER_PORT": "443",
        "REMOTE_ADDR": "[::1]", "REMOTE_PORT": "5000", "HTTP_ACCEPT_LANGUAGE": "kk", "CONTENT_TYPE": "a/b",
        "HTTP_HOST": "mini.example",
    }  # fmt: skip
    assert environ["wsgi.url_scheme"] == "https"
