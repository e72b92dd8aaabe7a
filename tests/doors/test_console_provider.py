"""Signing in at the operator's identity provider: only for accounts that there are, and only by its own answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from werkzeug.test import Client, TestResponse

from senim.errors import Invalid
from senim.governance.provider import Provider
from senim.settings import Console
from senim.testing import FixedClock, Stage
from senim.vouching import identity_provider
from senim.web.site import site
from tests.console import PASSWORD, account, now
from tests.features.rights.scene import Letters
from tests.provider import CLIENT, SECRET, FakeProvider, provider


@pytest.fixture
def fake(clock: FixedClock) -> Iterator[FakeProvider]:
    with provider(int(clock().timestamp())) as found:
        yield found


def settings(fake: FakeProvider, **more: Any) -> Console:
    return Console(**{"issuer": fake.issuer, "client": CLIENT, "secret": SECRET, **more})


def visitor(stage: Stage, fake: FakeProvider, **more: Any) -> Client:
    senim: Any = stage.platform
    senim.provider = identity_provider(settings(fake, **more), Path())
    return Client(site(senim))


def come_in(client: Client, fake: FakeProvider, onwards: str = "") -> TestResponse:
    led = client.get(f"/console/sign-in/provider/?next={onwards}")
    assert led.status_code == 303, led.text
    return client.get(fake.authorize(led.location))


def refusals(senim: Any) -> list[str | None]:
    senim.tick()
    return [one.reason for _, one in senim.log.entries() if one.act == "staff.sign_in_refused"]


def test_the_second_factor_stays_here(stage: Stage, fake: FakeProvider, clock: FixedClock) -> None:
    """The provider stands for the password; the code is still asked for, then one is where one wanted to be."""
    senim: Any = stage.platform
    mine = account(senim, role="desk", name="desk@people.example")
    clock.move(minutes=1)
    client = visitor(stage, fake)
    assert "/console/sign-in/provider" in client.get("/console/sign-in").text
    page = come_in(client, fake, "/console/account/")
    assert 'http-equiv="refresh" content="0; url=/console/sign-in?next=/console/account/"' in page.text
    session = next(one for one in page.headers.getlist("Set-Cookie") if one.startswith("senim-console="))
    assert "SameSite=Strict" in session
    led = client.get("/console/sign-in?next=/console/account/")
    assert led.location == "/console/sign-in/code?next=/console/account/"
    text = client.get(led.location).text
    token = text.split('name="csrf_token" value="')[1].split('"')[0]
    client.post(led.location, data={"csrf_token": token, "code": now(senim, mine.secret)})
    assert client.get("/console/account/").status_code == 200


def test_a_second_factor_shown_there_counts_if_the_setting_says_so(stage: Stage, fake: FakeProvider) -> None:
    """Only with ``amr`` of several factors; the session is not fresh: a dangerous act asks for the own password."""
    senim: Any = stage.platform
    account(senim, name="desk@people.example")
    client = visitor(stage, fake, second_factor="provider")
    for methods in (None, "nomfa", 5, ["pwd"]):  # no list of several factors, whatever else it is
        fake.claims["amr"] = methods
        come_in(client, fake)
        assert client.get("/console/").location == "/console/sign-in/code"
    fake.claims["amr"] = ["pwd", "mfa"]
    letters = Letters(senim)
    come_in(client, fake)
    come_in(client, fake)
    assert len(letters.of("account_notice")) == 1, "a new device is told, once"
    assert client.get("/console/").status_code == 200
    assert client.get("/console/staff/add").location == "/console/confirm?next=/console/staff/add"


def test_no_account_is_made(stage: Stage, fake: FakeProvider) -> None:
    """Whoever has none, a shut one, or one whose first password was never changed, stays out."""
    senim: Any = stage.platform
    client = visitor(stage, fake)
    assert come_in(client, fake).status_code == 403
    name = "desk@people.example"
    made, _ = senim.run(senim.actor(), lambda work: senim.staff.add(work, name, role="desk"))
    assert come_in(client, fake).status_code == 403
    senim.run(senim.actor(), lambda work: senim.staff.disable(work, made.id))
    assert come_in(client, fake).status_code == 403
    assert len(senim.staff.all(senim.works.begin(senim.actor()))) == 1
    assert refusals(senim) == ["unknown", "shut", "shut"]


WRONG: dict[str, dict[str, Any]] = {
    "somebody else's token": {"aud": "another"},
    "another issuer": {"iss": "https://id.example"},
    "over": {"exp": 1_000},
    "another attempt": {"nonce": "another"},
    "an address that nobody verified": {"email_verified": False},
    "verified in words": {"email_verified": "true"},
    "no name": {"email": None},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_wrong_tokens(stage: Stage, fake: FakeProvider, claims: dict[str, Any]) -> None:
    """Nobody comes in, and the log tells of it."""
    senim: Any = stage.platform
    account(senim, name="desk@people.example")
    client = visitor(stage, fake)
    fake.claims |= claims
    assert come_in(client, fake).status_code == 403
    assert client.get("/console/").location == "/console/sign-in?next=/console/"
    assert refusals(senim) == ["provider"]


def test_a_key_that_is_not_the_issuers(stage: Stage, fake: FakeProvider) -> None:
    """A token signed by somebody else under the same key id."""
    senim: Any = stage.platform
    account(senim, name="desk@people.example")
    client = visitor(stage, fake)
    fake.signs = ECKey.generate_key("P-256", {"kid": "one"})
    assert come_in(client, fake).status_code == 403


def test_an_answer_belongs_to_who_asked(stage: Stage, fake: FakeProvider) -> None:
    """Without the cookie of the attempt, with another's state, or a second time, an answer opens nothing."""
    senim: Any = stage.platform
    account(senim, name="desk@people.example")
    client, other = visitor(stage, fake), Client(site(senim))
    answer = fake.authorize(client.get("/console/sign-in/provider/").location)
    assert other.get(answer).location == "/console/sign-in"
    other.get("/console/sign-in/provider/")
    assert other.get(answer).status_code == 403
    assert client.get(answer).status_code == 200
    assert client.get(answer).location == "/console/sign-in"


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "https://id.example"},
        {"token_endpoint": "http://127.0.0.1:9/token"},
        {"jwks_uri": "https://id.example/keys"},
        {"token_endpoint": None},
    ],
)
def test_no_network_but_the_issuer(stage: Stage, fake: FakeProvider, told: dict[str, Any]) -> None:
    """What the issuer says of itself leads to no other host."""
    senim: Any = stage.platform
    account(senim, name="desk@people.example")
    client = visitor(stage, fake)
    answer = fake.authorize(client.get("/console/sign-in/provider/").location)
    fake.told |= told
    assert client.get(answer).status_code == 503


def enter_there(client: Client, answer: TestResponse, **form: str) -> TestResponse:
    """Fill in the form of the page that a failed attempt came to, where it stands."""
    found = re.search(r'<form method="post" action="([^"]+)">', answer.text.partition('<main id="main"')[2])
    assert found, "a form that goes to an address of its own"
    token = answer.text.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(found[1], data={"csrf_token": token, **form})


def test_a_provider_that_is_away(stage: Stage, fake: FakeProvider, clock: FixedClock) -> None:
    """The page says so, and the password still works on it, and leads to where one wanted to be."""
    mine = account(stage.platform, name="desk@people.example")  # type: ignore[arg-type]  # the port is the platform
    clock.move(minutes=1)
    client = visitor(stage, fake, issuer="http://127.0.0.1:9")
    answer = client.get("/console/sign-in/provider/?next=/console/account/")
    assert answer.status_code == 503
    led = enter_there(client, answer, name=mine.name, password=PASSWORD)
    assert (led.status_code, led.location) == (303, "/console/sign-in?next=/console/account/")
    assert client.get(led.location).location == "/console/sign-in/code?next=/console/account/"


def test_a_password_never_goes_to_the_providers_address(stage: Stage, fake: FakeProvider, clock: FixedClock) -> None:
    """Whom the provider refuses signs in on that page by password: nothing of it is sent where the answer came to."""
    mine = account(stage.platform)  # type: ignore[arg-type]  # the port is the platform
    clock.move(minutes=1)
    client = visitor(stage, fake)
    answer = come_in(client, fake, "/console/account/")
    assert (answer.status_code, answer.request.path) == (403, "/console/sign-in/provider/back")
    assert "code=" not in answer.text, "nor leads a language to it"
    led = enter_there(client, answer, name=mine.name, password=PASSWORD)
    assert (led.status_code, led.location) == (303, "/console/sign-in?next=/console/account/")


def test_without_a_provider_there_is_no_such_page(stage: Stage) -> None:
    """Nothing leads to it."""
    client = Client(site(stage.platform))  # type: ignore[arg-type]  # the stage's port is the platform
    assert client.get("/console/sign-in/provider/").status_code == 404
    assert client.get("/console/sign-in/provider/back?code=x").status_code == 404
    assert "provider" not in client.get("/console/sign-in").text


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"issuer": "http://id.example"}, "console.issuer"),
        ({"secret": ""}, "console.secret"),
        ({"authority": "nowhere.pem"}, "console.authority"),
    ],
)
def test_settings_that_would_be_unsafe(fake: FakeProvider, wrong: dict[str, str], setting: str) -> None:
    """Clear text only on this machine; a client without a secret is refused."""
    with pytest.raises(Invalid) as refused:
        identity_provider(settings(fake, **wrong), Path())
    assert refused.value.where == setting


def test_a_subject_is_taken_as_it_is(stage: Stage, fake: FakeProvider) -> None:
    """``sub`` differs by case between people; an account's name does not: only lower case is one."""
    senim: Any = stage.platform
    account(senim, name="ab12")
    client = visitor(stage, fake, claim="sub")
    assert isinstance(senim.provider, Provider)
    fake.claims["sub"] = "AB12"
    assert come_in(client, fake).status_code == 403
    fake.claims["sub"] = "ab12"
    assert come_in(client, fake).status_code == 200
