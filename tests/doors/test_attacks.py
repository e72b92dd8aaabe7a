"""What strangers, people and colleagues try at the doors, and what comes of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace
from werkzeug.test import Client

from senim.errors import NotAllowed
from senim.gate.access import within
from senim.governance.rules import CODES
from senim.identity import RESPONSIBLE, Actor, ActorKind
from senim.policy.promises import Promises
from senim.policy.records import Role
from senim.testing import FixedClock, Stage
from senim.web.console.tables import Table, csv_of
from senim.web.shared.tables import cell
from senim.web.site import site
from tests.console import PASSWORD, Colleague, now
from tests.doors.visitor import Visitor


@pytest.mark.parametrize(
    "asked",
    [
        "_external=1&_scheme=https://evil.example/?",
        "_scheme=javascript&_external=1",
        "_anchor=x&_method=POST",
        "endpoint=door.leave",
        "values=1&self=2",
    ],
)
@pytest.mark.parametrize("page", ["/portal/sign-in", "/console/sign-in", "/console/"])
def test_an_address_leads_nowhere_else(stage: Stage, page: str, asked: str) -> None:
    """Parameters of an address are never taken for those of the function that makes addresses."""
    client = Client(site(stage.platform))  # type: ignore[arg-type]  # the stage's port is the platform
    for address in (f"{page}?language=kk&{asked}", f"{page}?{asked}"):
        answer = client.get(address)
        assert answer.status_code in (200, 303)
        assert (answer.location or "/").startswith("/")
        assert 'href="https://evil' not in answer.text
        assert 'href="javascript' not in answer.text


@pytest.mark.parametrize(
    "onwards",
    [
        "https://evil.example/console/", "//evil.example/console/", "/\\evil.example",
        "/console/../portal//evil.example",
        "javascript:alert(1)//console/", "/portal/", "/console//evil.example", "\t//evil.example/console/",
        "/console/\r\nSet-Cookie: a=b", "http:evil.example/console/",
    ],
)  # fmt: skip
def test_the_way_on_stays_inside(console: Callable[..., Colleague], onwards: str) -> None:
    """``next`` leads to pages of the console alone, and writes no header."""
    me = console()
    answer = me.get(f"/console/sign-in?next={quote(onwards)}")
    assert answer.status_code == 303
    assert answer.location.startswith("/console/")
    assert "//" not in answer.location
    assert "a=b" not in str(answer.headers.getlist("Set-Cookie"))


def test_a_door_takes_no_cookie_of_another(console: Callable[..., Colleague]) -> None:
    """What one door has signed is nothing at the others, under whatever name it comes."""
    me = console()
    found = me.client.get_cookie("senim-console", path="/console")
    assert found is not None
    me.client.set_cookie("senim-portal", found.value, path="/portal")
    assert me.client.get("/portal/").location == "/portal/sign-in"
    stranger = Client(site(me.senim))
    stranger.get("/portal/sign-in?language=en")
    of_portal = stranger.get_cookie("senim-portal", path="/portal")
    assert of_portal is not None
    stranger.set_cookie("senim-console", of_portal.value, path="/console")
    assert stranger.get("/console/").status_code == 303


def test_forms_need_their_token(console: Callable[..., Colleague]) -> None:
    """A form that another site sends changes nothing, and says what it is."""
    me, other = console(), console(role="desk")
    for token in ("", "x", "x" + other.csrf[1:]):
        answer = me.client.post(f"/console/staff/{other.account.id}/role", data={"csrf_token": token, "role": "desk"})
        assert answer.status_code == 400
    assert me.client.get("/console/sign-out").status_code == 405


def test_a_token_is_new_after_each_showing(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """Whoever had learnt the cookie of before the second factor, or of before the password again, is out."""
    me = console()
    before = me.client.get_cookie("senim-console", path="/console")
    assert before is not None
    clock.move(minutes=11)
    assert me.post("/console/confirm", {"password": PASSWORD}).status_code == 303
    assert me.get("/console/staff/add").status_code == 200
    thief = Client(site(me.senim))
    thief.set_cookie("senim-console", before.value, path="/console")
    assert thief.get("/console/").status_code == 303


def test_the_own_password_is_not_guessed_from_inside(console: Callable[..., Colleague]) -> None:
    """Whoever sits at somebody's open screen has six tries in a quarter of an hour."""
    me = console(role="desk")
    form = {"new": "an-other-kettle-of-tea", "again": "an-other-kettle-of-tea"}
    for _ in range(CODES - 1):
        assert me.post("/console/account/password", {"old": "wrong", **form}).status_code == 400
    assert me.post("/console/account/password", {"old": PASSWORD, **form}).status_code == 400


def test_codes_are_not_guessed(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """Six codes in a quarter of an hour; the right one is not taken after them."""
    me = console(role="desk")
    clock.move(minutes=1)
    client = Client(site(me.senim))

    def send(path: str, **form: str) -> int:
        token = client.get(path).text.split('name="csrf_token" value="')[1].split('"')[0]
        return client.post(path, data={"csrf_token": token, **form}).status_code

    assert send("/console/sign-in", name=me.account.name, password=PASSWORD) == 303
    tries = [send("/console/sign-in/code", code=f"{code:06}") for code in range(CODES)]
    assert tries == [403] * CODES
    assert send("/console/sign-in/code", code=now(me.senim, me.account.secret)) == 429


def test_a_desk_sees_nothing_that_it_may_not(console: Callable[..., Colleague]) -> None:
    """Pages and forms of other roles, by address alone: refused, whether or not what they name exists."""
    boss, desk = console(), console(role="desk")
    for path in ("staff", "staff/add", f"staff/{boss.account.id}", "keys", "settings", "log", "policy"):
        assert desk.get(f"/console/{path}").status_code in (308, 403), path
    for path in (f"staff/{desk.account.id}/role", f"staff/{boss.account.id}/reset", "keys/add"):
        assert desk.post(f"/console/{path}", {"role": RESPONSIBLE}).status_code == 403
    name = boss.senim.staff.signing.sessions(boss.senim.works.begin(boss.senim.actor()), boss.account.id)[0].name
    assert desk.post("/console/account/sessions/end", {"session": name}).status_code == 404
    assert boss.get("/console/").status_code == 200


def test_nobody_hands_out_more_than_they_have(console: Callable[..., Colleague]) -> None:
    """A role that may change the policy makes nobody responsible, takes over no such account, gives no such key."""
    boss, desk = console(), console(role="desk")
    senim = boss.senim
    clerk = Actor(kind=ActorKind.STAFF, id=desk.account.id, role="desk", may=frozenset({"policy", "read"}))
    verbs: tuple[Callable[[Any], object], ...] = (
        lambda work: senim.staff.add(work, "guest", role=RESPONSIBLE),
        lambda work: senim.staff.set_role(work, desk.account.id, RESPONSIBLE),
        lambda work: senim.staff.reset(work, boss.account.id),
        lambda work: senim.staff.disable(work, boss.account.id),
        lambda work: senim.access.add(work, "mine", role="shop"),
    )
    for verb in verbs:
        with pytest.raises(NotAllowed):
            senim.run(clerk, verb)
    senim.run(clerk, lambda work: senim.staff.add(work, "guest", role="desk"))


@pytest.mark.parametrize(
    "more", [{"may": ("erase",)}, {"purposes": ("x",)}, {"operations": ("use",)}, {"sees": ("x",)}]
)
def test_more_is_told_by_every_part_of_a_role(stage: Stage, more: dict[str, Any]) -> None:
    """Verbs, purposes, operations, and what is seen in clear."""
    senim: Any = stage.platform
    promises: Promises = senim.policies.in_force(senim.works.clock.now())
    own = Role(name=promises.policy.roles["desk"].name, kind="staff", may=("policy",))
    roles = {"own": own, "more": replace(own, **more)}
    object.__setattr__(promises, "policy", replace(promises.policy, roles=roles))
    actor = Actor(kind=ActorKind.STAFF, id="1", role="own", may=frozenset({"policy"}))
    within(promises, actor, "own")
    for role in ("more", "gone", RESPONSIBLE):
        with pytest.raises(NotAllowed):
            within(promises, actor, role)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("=1+1", "'=1+1"), ("\n=1", "'\n=1"), ("@x", "'@x"), ("\t=1", "'\t=1"), ("-1", "'-1"), ("a=b", "a=b"), ("", "")],
)
def test_tables_hold_no_formulas(text: str, shown: str) -> None:
    """A spreadsheet that opens an export runs nothing."""
    assert cell(text) == shown
    made = csv_of(Table(columns=(), rows=((text, "."),))).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(made, newline=""))) == [[], [shown, "."]]


@pytest.mark.parametrize("page", ["/console/sign-in", "/portal/sign-in"])
def test_overlong_forms(stage: Stage, page: str) -> None:
    """A form beyond a megabyte, thousands of fields, and broken text are refused, and nothing falls over."""
    client = Client(site(stage.platform))  # type: ignore[arg-type]  # the stage's port is the platform
    kind = "application/x-www-form-urlencoded"
    assert client.post(page, data=b"name=" + b"x" * 1_100_000, content_type=kind).status_code == 413
    for body in (b"&".join(b"f%d=" % number for number in range(5000)), b"name=%ff%00&password=%ed%a0%80"):
        assert client.post(page, data=body, content_type=kind).status_code == 400


def test_strangers_send_nothing_large(stage: Stage) -> None:
    """A document is let in from who is signed in; of anybody else it is refused before it is read."""
    person, visitor = stage.person("registration"), Visitor(stage)
    body = b'--cut\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b"x" * 2_000_000 + b"\r\n--cut--\r\n"

    def send() -> int:
        kind = "multipart/form-data; boundary=cut"
        return visitor.client.post("/portal/requests/R-1/add", data=body, content_type=kind).status_code

    assert send() == 413
    visitor.sign_in(person)
    assert send() == 400, "it is read, and the token is what lacks"


def test_private_pages_are_not_kept_nor_framed(console: Callable[..., Colleague]) -> None:
    """Headers of every answer, refusals among them."""
    me = console()
    for path in ("/console/", "/console/staff/nobody", "/console/nowhere", "/portal/sign-in", "/portal/nowhere"):
        headers = me.get(path).headers
        assert headers["Cache-Control"] == "no-store", path
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
