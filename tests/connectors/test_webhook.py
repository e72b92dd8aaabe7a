"""Own systems by signed calls: what is sent, what is believed, and what a system that misbehaves cannot do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import msgspec
import pytest

from senim.connectors.mapfile import read
from senim.connectors.records import Act, State, Trouble, Wish, WishKind
from senim.connectors.webhook import WebhookConnector, sign
from senim.connectors.webhook.calling import MOST_BYTES
from senim.connectors.webhook.signature import HEADER, Seen, WrongSignature, check
from senim.errors import Code, Invalid, NotAllowed, Unavailable
from senim.testing import FixedClock
from tests.connectors import own_system
from tests.connectors.own_system import OwnSystem
from tests.connectors.places import HOOK, ROWS, SECRET, WHO, map_of

ERASE = Wish(kind=WishKind.ERASE)
OLD = b"an old made-up secret of forty characters"
NEW = own_system.SECRET.encode()


@pytest.fixture
def system(clock: FixedClock) -> OwnSystem:
    """An own system with people in it."""
    rows = {table: [dict(row) for row in rows] for table, rows in ROWS.items()}
    rows["invoices"] = [{"person": 1, "email": "aigerim@example.kz", "total": 5}]
    return OwnSystem(clock, rows, kept="invoices")


@pytest.fixture
def hook(system: OwnSystem, clock: FixedClock) -> Iterator[WebhookConnector]:
    """Its connector."""
    with own_system.served(system) as url:
        yield WebhookConnector(map_of(HOOK), url, secrets=[NEW], secret=SECRET, now=clock)


def test_what_the_law_keeps_is_planned_and_told(hook: WebhookConnector) -> None:
    """Removed and retained rows come page by page; what is retained has its ground and its day."""
    plan = hook.plan(WHO, ERASE)
    kept = next(one for one in plan.steps if one.act is Act.KEEP)
    assert kept.keep is not None
    assert (kept.table, kept.keep.because.en, str(kept.keep.until)) == ("invoices", "Tax Code", "2031-12-31")
    receipt = hook.execute(plan, WHO, order="018f-order")
    assert {(one.table, one.act, one.rows) for one in receipt.steps} == {
        ("customers", Act.DELETE, 1),
        ("orders", Act.DELETE, 2),
        ("invoices", Act.KEEP, 1),
    }
    [left] = hook.rescan(WHO, people=plan.people).left
    assert left.keep is not None


def test_the_order_goes_with_the_call(hook: WebhookConnector, system: OwnSystem) -> None:
    """Each page of an erasure names the order; what a person is found by stands in the body alone."""
    hook.execute(hook.plan(WHO, ERASE), WHO, order="018f-order")
    done = [headers for call, headers in zip(system.calls, system.headers, strict=True) if call["call"] == "erase"]
    assert len(done) == 3
    assert {headers["Idempotency-Key"] for headers in done} == {"018f-order"}
    assert "aigerim" not in json.dumps(system.headers)


def test_a_system_may_answer_later(hook: WebhookConnector, system: OwnSystem) -> None:
    """Neither next nor done: the order waits, and asks again."""
    plan = hook.plan(WHO, ERASE)
    system.late = 1
    assert hook.execute(plan, WHO, order="018f-order").state is State.WAITING
    assert hook.execute(plan, WHO, order="018f-order").state is State.DONE


@pytest.mark.parametrize(("ours", "theirs"), [([NEW], [OLD, NEW]), ([NEW, OLD], [OLD]), ([OLD, NEW], [NEW])])
def test_a_secret_is_changed_without_a_gap(
    system: OwnSystem, clock: FixedClock, ours: list[bytes], theirs: list[bytes]
) -> None:
    """While either side knows two secrets, calls and answers go on."""
    system.secrets = theirs
    with own_system.served(system) as url:
        hook = WebhookConnector(map_of(HOOK), url, secrets=ours, secret=SECRET, now=clock)
        assert hook.look().ready


def test_another_secret_is_refused(system: OwnSystem, clock: FixedClock) -> None:
    """A system that does not know our signature takes nothing, and that is told as such."""
    with own_system.served(system) as url:
        hook = WebhookConnector(map_of(HOOK), url, secrets=[OLD], secret=SECRET, now=clock)
        reach = hook.look()
        assert [one.code for one in reach.problems] == [Trouble.SECRET_WRONG]
        assert (reach.reachable, reach.ready) == (True, False)
        with pytest.raises(NotAllowed) as refused:
            hook.find(WHO)
    assert refused.value.code is Code.SECRET_WRONG
    assert system.calls == []


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Answer as the system pleases."""
    handler.send_response(status)
    for name, value in {"Content_Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = True


def signed(body: bytes, nonce: str, secret: bytes = NEW) -> str:
    """A good signature of an answer."""
    return sign(body, [secret], at=int(FixedClock()().timestamp()), nonce=nonce, answer=True)


Mischief = Callable[[BaseHTTPRequestHandler, bytes, str], Any]
MISCHIEFS: dict[str, tuple[Code, Mischief]] = {
    "unsigned": (Code.ANSWER_WRONG, lambda on, body, nonce: send(on, 200, body)),
    "other secret": (
        Code.ANSWER_WRONG,
        lambda on, body, nonce: send(on, 200, body, Senim_Signature=signed(body, nonce, OLD)),
    ),
    "answer to another call": (
        Code.ANSWER_WRONG,
        lambda on, body, nonce: send(on, 200, body, Senim_Signature=signed(body, "0" * 32)),
    ),
    "changed on the way": (
        Code.ANSWER_WRONG,
        lambda on, body, nonce: send(on, 200, body + b" ", Senim_Signature=signed(body, nonce)),
    ),
    "our own call": (
        Code.ANSWER_WRONG,
        lambda on, body, nonce: send(on, 200, body, Senim_Signature=on.headers[HEADER]),
    ),
    "redirect": (Code.ANSWER_WRONG, lambda on, body, nonce: send(on, 307, b"", Location="http://127.0.0.1:9/x")),
    "gone": (Code.ANSWER_WRONG, lambda on, body, nonce: send(on, 404, b"aigerim@example.kz")),
    "down": (Code.SYSTEM_UNREACHABLE, lambda on, body, nonce: send(on, 503, b"aigerim@example.kz")),
    "too many": (Code.SYSTEM_UNREACHABLE, lambda on, body, nonce: send(on, 429, b"")),
    "cut off": (
        Code.SYSTEM_UNREACHABLE,
        lambda on, body, nonce: send(on, 200, body, Content_Length=str(len(body) + 5)),
    ),
    "too large": (Code.ANSWER_WRONG, lambda on, body, nonce: send(on, 200, b" " * (MOST_BYTES + 1))),
}


@pytest.mark.parametrize("name", MISCHIEFS)
def test_a_wrong_answer_is_not_believed(hook: WebhookConnector, system: OwnSystem, name: str) -> None:
    """Whatever comes back: one of our errors, without a word of the answer, and nothing counts as done."""
    plan = hook.plan(WHO, ERASE)
    code, mischief = MISCHIEFS[name]
    system.mischief = lambda on, body, nonce: mischief(on, body, nonce) is None
    with pytest.raises(Unavailable) as raised:
        hook.execute(plan, WHO, order="018f-order")
    assert raised.value.code is code
    assert "aigerim" not in f"{raised.value} {raised.value.detail}"
    trouble = hook.look().problems[0]
    assert trouble.blocking
    assert (trouble.code is Trouble.ANSWER_WRONG) is (code is Code.ANSWER_WRONG)


TABLE: dict[str, Any] = {"table": "customers", "columns": ["id"], "rows": [[1]]}


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"done": "yes"},
        {"tables": {}},
        {"tables": [{**TABLE, "rows": [[1, 2]]}], "done": True},
        {"tables": [{**TABLE, "table": "of aigerim@example.kz"}], "done": True},
        {"tables": [{**TABLE, "table": "x" * 81}], "done": True},
        {"tables": [{**TABLE, "because": "asked by Aigerim@example.kz"}], "done": True},
        {"tables": [{**TABLE, "until": "soon"}], "done": True},
        {"messages": [{"code": "all is well"}], "done": True},
        {"unsearched": ["8-700-000-00-01"], "done": True},
        {"next": "1", "done": True},
        {},
    ],
)
def test_a_wrong_shape_is_not_believed(hook: WebhookConnector, system: OwnSystem, answer: Any) -> None:
    """An answer of another shape, or one that would bring a value into our records, is refused whole."""
    system.answers = lambda call: answer
    with pytest.raises(Unavailable) as raised:
        hook.find({**WHO, "phone": ("87000000001",)})
    assert raised.value.code is Code.ANSWER_WRONG


def test_a_list_that_goes_round_ends(hook: WebhookConnector, system: OwnSystem) -> None:
    """The same next again is refused, not followed for ever."""
    system.answers = lambda call: {"next": "1"}
    with pytest.raises(Unavailable):
        hook.find(WHO)
    assert len(system.calls) == 2


def test_deep_json_does_no_harm(hook: WebhookConnector, system: OwnSystem) -> None:
    """Arrays within arrays without end are a wrong answer."""
    deep = b'{"tables":' + b"[" * 100_000

    def answer(on: BaseHTTPRequestHandler, _: bytes, nonce: str) -> bool:
        send(on, 200, deep, Senim_Signature=signed(deep, nonce))
        return True

    system.mischief = answer
    with pytest.raises(Unavailable):
        hook.find(WHO)


@pytest.mark.parametrize(
    "url",
    ["http://crm.example/x", "ftp://crm.example/x", "https:///x", "https://me:pass@crm.example/x", "https://a:b", "x"],
)
def test_data_goes_to_a_safe_address_alone(clock: FixedClock, url: str) -> None:
    """https, or this very machine; the address is not repeated."""
    with pytest.raises(Invalid) as raised:
        WebhookConnector(map_of(HOOK), url, secrets=[NEW], secret=SECRET, now=clock)
    assert raised.value.code is Code.SETTING_WRONG
    assert "pass" not in f"{raised.value} {raised.value.detail}"


def test_a_call_is_taken_once_and_soon(clock: FixedClock) -> None:
    """Five minutes, one nonce, the body as it was; a nonce is forgotten when it is too old anyway."""
    now, body, nonce = clock().timestamp(), b"{}", "ab" * 16
    header = sign(body, [OLD, NEW], at=int(now), nonce=nonce)
    assert check(header, body, [NEW], now=now + 300) == nonce
    for late in (now + 301, now - 301):
        with pytest.raises(WrongSignature):
            check(header, body, [NEW], now=late)
    seen = Seen()
    assert [seen.first(nonce, now=now), seen.first(nonce, now=now + 599), seen.first(nonce, now=now + 601)] == [
        True,
        False,
        True,
    ]


def test_a_system_that_cannot_correct_is_told_before(hook: WebhookConnector, system: OwnSystem) -> None:
    """What a system does not know stands in the plan, not in an error half-way."""
    usual = system.answer
    system.answers = lambda call: {"name": "CRM", "can": ["export"]} if call["call"] == "look" else usual(call)
    plan = hook.plan(WHO, Wish(kind=WishKind.CORRECT, changes={"identity.given": "A"}))
    assert [one.code for one in plan.problems if one.blocking] == [Trouble.FIELD_NOWHERE]


def test_the_map_needs_a_secret() -> None:
    """Without the name of its variable, or with three, the map has a fault with its place."""
    for given in ("", ", secret-env: []", ", secret-env: [A, B, C]"):
        found = read(HOOK.replace(", secret-env: [SHOP_SECRET]", given).encode())
        assert [fault.where for fault in found.faults] == ["system.secret-env"]


def test_records_of_a_webhook_tell_nobody(hook: WebhookConnector) -> None:
    """Ids of the system become keyed digests."""
    plan = hook.plan(WHO, ERASE)
    assert '"p1"' not in msgspec.json.encode(plan).decode()
