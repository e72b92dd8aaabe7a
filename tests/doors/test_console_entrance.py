"""Coming in at the console: password, second factor, first password, lock-out, fresh sign-in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from senim.languages import LANGUAGES, Language, wording
from senim.testing import FixedClock, Stage
from senim.web.site import site
from tests.console import PASSWORD, Colleague, account, now


class Visitor:
    """A browser without scripts: keeps cookies, sends forms with their token."""

    def __init__(self, senim: Any) -> None:
        self.senim, self.client = senim, Client(site(senim))

    def send(self, path: str, **form: str) -> TestResponse:
        """Fill in the form of a page."""
        page = self.client.get(path).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token, page
        return self.client.post(path, data={"csrf_token": token[1], **form})

    def sign_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        return self.send("/console/sign-in", name=name, password=password)


@pytest.fixture
def visitor(stage: Stage) -> Visitor:
    return Visitor(stage.platform)


def test_nothing_is_shown_to_strangers(visitor: Visitor) -> None:
    """Every page of the console is closed until somebody is signed in."""
    answer = visitor.client.get("/console/")
    assert (answer.status_code, answer.location) == (303, "/console/sign-in?next=/console/")


def test_password_then_code(visitor: Visitor, clock: FixedClock) -> None:
    """A password alone opens nothing; the second factor does."""
    senim = visitor.senim
    mine = account(senim)
    clock.move(minutes=1)
    assert visitor.sign_in(mine.name).location == "/console/sign-in"
    assert visitor.client.get("/console/").location == "/console/sign-in/code"
    assert visitor.send("/console/sign-in/code", code="000000").status_code == 403
    right = now(senim, mine.secret)
    assert visitor.send("/console/sign-in/code", code=right).status_code == 303
    assert visitor.client.get("/console/").status_code == 200


def test_first_password_is_changed_and_an_app_set_up(visitor: Visitor) -> None:
    """A first password lets in once, to set one's own and a second factor; recovery codes are shown once."""
    senim = visitor.senim
    _, first = senim.run(senim.actor(), lambda work: senim.staff.add(work, "Aigerim", role="desk"))
    visitor.sign_in(" aigerim", first)
    assert visitor.client.get("/console/").location == "/console/sign-in/password"
    for new in ("short", "aigerim-aigerim", "passwordpassword1", first):
        assert visitor.send("/console/sign-in/password", old=first, new=new, again=new).status_code == 400
    visitor.send("/console/sign-in/password", old=first, new=PASSWORD, again=PASSWORD)
    assert visitor.client.get("/console/").location == "/console/sign-in/app"
    page = visitor.client.get("/console/sign-in/app").text
    secret = re.search(r'class="secret">([A-Z2-7]{32})<', page)
    assert secret
    assert visitor.send("/console/sign-in/app", code="123").status_code == 400
    done = visitor.send("/console/sign-in/app", code=now(senim, secret[1]))
    assert len(re.findall(r"<li><code>[a-z0-9-]{29}</code>", done.text)) == 10
    assert visitor.client.get("/console/").status_code == 200


def test_a_first_password_that_somebody_else_read_takes_nothing_over(visitor: Visitor) -> None:
    """They signed in with it and waited: once its owner has changed it, they are let in nowhere."""
    senim = visitor.senim
    _, first = senim.run(senim.actor(), lambda work: senim.staff.add(work, "aigerim", role="desk"))
    thief = Visitor(senim)
    for one in (thief, visitor):
        one.sign_in("aigerim", first)
        assert one.client.get("/console/").location == "/console/sign-in/password"
    visitor.send("/console/sign-in/password", old=first, new=PASSWORD, again=PASSWORD)
    assert thief.client.get("/console/").location == "/console/sign-in?next=/console/"
    assert thief.client.get("/console/sign-in/app").location == "/console/sign-in"
    secret = re.search(r'class="secret">([A-Z2-7]{32})<', visitor.client.get("/console/sign-in/app").text)
    assert secret
    visitor.send("/console/sign-in/app", code=now(senim, secret[1]))
    assert visitor.client.get("/console/").status_code == 200
    assert thief.client.get("/console/").status_code == 303


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_code_is_answered_with_what_helps(visitor: Visitor, clock: FixedClock, language: Language) -> None:
    """Codes last half a minute, and clocks of telephones go wrong: said at sign-in, and where an app is set up."""
    senim = visitor.senim
    mine = account(senim)
    clock.move(minutes=1)
    says = wording("console")["code-wrong"].in_(language)
    assert "30" in says
    visitor.client.get(f"/console/sign-in?language={language}")
    visitor.sign_in(mine.name)
    assert says in visitor.send("/console/sign-in/code", code="000000").text
    visitor.send("/console/sign-in/code", code=now(senim, mine.secret))
    assert says in visitor.send("/console/account/app", code="000000").text


def test_the_field_to_begin_with_has_the_focus(visitor: Visitor, clock: FixedClock) -> None:
    """Whoever signs in types at once: the name, then the code; nothing else on these pages is to be read first."""
    mine = account(visitor.senim)
    clock.move(minutes=1)
    focused = re.compile(r'<input id="(\w+)"[^>]* autofocus')
    assert focused.findall(visitor.client.get("/console/sign-in").text) == ["name"]
    visitor.sign_in(mine.name)
    assert focused.findall(visitor.client.get("/console/sign-in/code").text) == ["code"]


def test_strangers_lock_nobody_out(visitor: Visitor, clock: FixedClock) -> None:
    """After ten tries a name waits a quarter of an hour, but not on a device that signed in with it before."""
    senim = visitor.senim
    mine = account(senim)
    clock.move(minutes=1)
    visitor.sign_in(mine.name)
    visitor.send("/console/sign-in/code", code=now(senim, mine.secret))
    visitor.client.post("/console/sign-out", data={"csrf_token": _token(visitor)})
    stranger = Visitor(senim)
    tries = [stranger.sign_in(mine.name, "wrong").status_code for _ in range(11)]
    assert tries == [403] * 9 + [429] * 2
    assert stranger.sign_in(mine.name).status_code == 429
    assert visitor.sign_in(mine.name).status_code == 303
    clock.move(minutes=16)
    assert stranger.sign_in(mine.name).status_code == 303


def _token(visitor: Visitor) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.client.get("/console/").text)
    assert found
    return found[1]


def test_sessions_end(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """Half an hour unused, or twelve hours: signed out."""
    me = console()
    for _ in range(2):
        clock.move(minutes=29)
        assert me.get("/console/").status_code == 200
    clock.move(minutes=30)
    assert me.get("/console/").status_code == 303


def test_a_role_sees_what_the_policy_grants(console: Callable[..., Colleague]) -> None:
    """The member is the policy's role: no verb beyond its grants."""
    from senim.web.console import console as application
    from senim.web.console import guard

    me = console(role="desk")
    app = application(me.senim)
    with app.test_request_context("/", headers={"Cookie": _cookie(me)}):
        app.preprocess_request()
        member = guard.member()
        assert member.actor.may == {"find", "read", "check"}
        assert member.actor.label == f"staff:{me.account.id}"


def _cookie(me: Colleague) -> str:
    found = me.client.get_cookie("senim-console", path="/console")
    assert found
    return f"{found.key}={found.value}"
