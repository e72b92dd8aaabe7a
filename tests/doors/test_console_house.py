"""The console's own pages: start, colleagues, keys, mail, settings, one's own account."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from senim.governance.signing import AT_THE_DOOR
from senim.languages import LANGUAGES, Language, wording
from senim.rights import Opening, Way
from senim.settings import Settings, shown
from senim.testing import FixedClock
from tests.console import PASSWORD, Colleague, account, with_passkeys

HOUSE = ("/console/staff/", "/console/keys/", "/console/settings/", "/console/mail/")


def test_a_role_sees_its_areas_alone(console: Callable[..., Colleague]) -> None:
    """Neither in the navigation nor by the address; the try is in the log (travel-18)."""
    me = console(role="desk")
    assert me.get("/console/").status_code == 200
    for path in HOUSE:
        assert path not in me.get("/console/").text
        assert me.get(path).status_code == 403
    me.senim.tick()
    tried = [one for _, one in me.senim.log.entries() if one.act == "access.sought"]
    assert [(one.actor, one.reason) for one in tried] == [
        (f"staff:{me.account.id}", verb) for verb in ("policy", "policy", "policy", "orders")
    ]


def test_start_tells_what_waits(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """Counts by what the role may do; nothing waits at first."""
    me = console()
    assert "Nothing waits" in me.get("/console/").text
    request = Opening(kind="access", way=Way.PORTAL, language="ru", identifiers={"email": "somebody@mini.example"})
    number = me.senim.run(me.senim.actor(), lambda work: me.senim.rights.open(work, request)).number
    page = me.get("/console/").text
    assert number in page
    assert re.search(r"<strong>1</strong>Requests awaiting identity", page)
    assert number not in console(role="desk").get("/console/").text
    clock.move(days=60)
    overdue = console().get("/console/").text
    assert re.search(r'class="bad">\s*<a href="[^"]+"><strong>1</strong>Requests overdue', overdue)


def test_a_colleague_is_added_shut_and_reset(console: Callable[..., Colleague]) -> None:
    """The first password is shown once; what is shut ends at once."""
    me = console()
    form = {"name": "Aigerim", "shown": "Айгерім С.", "role": "desk", "language": "kk"}
    first = re.search(r"(?:[a-z0-9]{4}-){4}[a-z0-9]{4}", me.post("/console/staff/add", form).text)
    assert first
    assert me.post("/console/staff/add", form).status_code == 400
    assert me.post("/console/staff/add", {**form, "name": "b2", "role": "shop"}).status_code == 400
    page = me.get("/console/staff/").text
    assert "Айгерім С." in page
    assert first[0] not in page
    found = me.senim.staff.find(me.senim.works.begin(me.senim.actor()), "aigerim")
    mine = f"/console/staff/{found.id}"
    for act, form in (("role", {"role": "responsible"}), ("shut", {}), ("open", {}), ("sessions", {})):
        assert me.post(f"{mine}/{act}", form).status_code == 303
        assert me.get(mine).status_code == 200
    assert "Shut this account?" in me.get(f"{mine}/shut").text
    again = me.post(f"{mine}/reset").text
    assert re.search(r"(?:[a-z0-9]{4}-){4}[a-z0-9]{4}", again)
    assert me.get("/console/staff/nobody").status_code == 404
    assert me.post(f"/console/staff/{me.account.id}/shut").status_code == 303  # aigerim is responsible too
    assert me.get("/console/").status_code == 303


def test_dangerous_acts_ask_again_who_sits_there(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """After ten minutes the password is asked for, and one comes back to where one was."""
    me = console()
    assert me.get("/console/keys/add").status_code == 200
    clock.move(minutes=10)
    asked = me.get("/console/keys/add")
    assert (asked.status_code, asked.location) == (303, "/console/confirm?next=/console/keys/add")
    assert me.post("/console/keys/add", {"label": "site", "role": "shop"}).status_code == 403
    assert not me.senim.access.all(me.senim.works.begin(me.senim.actor()))
    assert me.post(asked.location, {"password": "wrong"}).status_code == 403
    assert me.post(asked.location, {"password": PASSWORD}).location == "/console/keys/add"
    assert me.get("/console/keys/add").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/console/", "//evil.example/console/", "/portal/", "/console//evil.example", "\\\\evil"],
)
def test_one_is_led_nowhere_else(console: Callable[..., Colleague], elsewhere: str) -> None:
    """The way back stays in the console."""
    me = console()
    answer = me.post("/console/confirm", {"password": PASSWORD}, query_string={"next": elsewhere})
    assert answer.location == "/console/"


def test_a_key_is_made_and_revoked(console: Callable[..., Colleague]) -> None:
    """Its token is shown this once."""
    me = console()
    assert "No keys yet" in me.get("/console/keys/").text
    made = me.post("/console/keys/add", {"label": "site", "role": "shop"}).text
    token = re.search(r"senim_([0-9a-f]{32})_[\w-]{43}", made)
    assert token
    assert token[0] not in me.get("/console/keys/").text
    assert me.post("/console/keys/add", {"label": "", "role": "shop"}).status_code == 400
    assert "Revoke this key?" in me.get(f"/console/keys/{token[1]}/revoke").text
    assert me.post(f"/console/keys/{token[1]}/revoke").status_code == 303
    assert me.senim.access.all(me.senim.works.begin(me.senim.actor()))[0].revoked_at


@pytest.mark.parametrize("language", LANGUAGES)
def test_settings_are_told_in_words(console: Callable[..., Colleague], language: Language) -> None:
    """Every setting and every section has its words, the name of the file beside them; no words are left over."""
    me, told = console(language=language), wording("settings")
    names = shown(Settings())
    sections = {f"section-{name.rpartition('.')[0]}" for name in names}
    assert set(told) == {*names, *sections}
    page = unescape(me.get("/console/settings/").text)
    for name in names:
        assert f"<dt>{told[name].in_(language)} <code>{name}</code></dt>" in page
    for section in sections:
        assert f">{told[section].in_(language)}</h2>" in page


def test_settings_hide_what_is_secret(console: Callable[..., Colleague]) -> None:
    """Passwords, also those within addresses."""
    from msgspec.structs import replace

    from senim.settings import HIDDEN, Mail

    me = console()
    page = me.get("/console/settings/").text
    assert "serve.port" in page
    told = shown(
        replace(me.senim.settings, database="postgresql://me:hush@db/x", mail=Mail(password="hush", host="mx"))
    )
    assert "hush" not in str(told)
    assert (told["mail.password"], told["database"]) == (HIDDEN, f"postgresql://me:{HIDDEN}@db/x")
    assert told["mail.in.port"] == "993"


def test_own_account(console: Callable[..., Colleague]) -> None:
    """Another password ends other sessions; recovery codes are made anew; the language stays."""
    me = console(role="desk")
    page = me.get("/console/account/").text
    assert "Codes left: 10" in page
    new = "an entirely new kettle"
    assert me.post("/console/account/password", {"old": "no", "new": new, "again": new}).status_code == 400
    assert me.post("/console/account/password", {"old": PASSWORD, "new": new, "again": "x"}).status_code == 400
    assert me.post("/console/account/password", {"old": PASSWORD, "new": new, "again": new}).status_code == 303
    codes = re.findall(r"<code>((?:[a-z0-9]{4}-){5}[a-z0-9]{4})</code>", me.post("/console/account/recovery").text)
    assert len(codes) == 10
    assert not set(codes) & set(me.account.recovery)
    assert me.post("/console/account/language", {"language": "kk"}).status_code == 303
    assert 'lang="kk"' in me.get("/console/").text
    assert me.post("/console/account/language", {"language": "de"}).status_code == 422
    assert me.post("/console/account/passkeys", {"label": "x", "credential": "{}"}).status_code == 400
    assert me.post("/console/account/passkeys/x/remove").status_code == 404


def test_a_passkey_is_removed_after_a_question(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """Two that were called the same: the one that was meant is gone."""
    me = console(role="desk")
    first, second = with_passkeys(me.senim, me.account, "phone", "phone")
    page = me.get("/console/account/").text
    assert f"/console/account/passkeys/{second.name}/remove" in page
    address = f"/console/account/passkeys/{first.name}/remove"
    asked = me.get(address).text
    assert "Remove the passkey?" in asked
    assert "phone." in asked
    assert me.post(address).status_code == 303
    page = me.get("/console/account/").text
    assert second.name in page
    assert first.name not in page


def test_ten_passkeys_are_enough(console: Callable[..., Colleague]) -> None:
    """It is said before the browser makes one more, which would stay with nobody who knows it."""
    me = console(role="desk")
    with_passkeys(me.senim, me.account, *(f"key {number}" for number in range(10)))
    page = me.get("/console/account/passkeys", base_url="http://localhost").text
    assert "at most 10 passkeys" in page
    assert "data-options" not in page


def test_a_sign_in_that_stopped_at_the_code_is_told_as_one(console: Callable[..., Colleague]) -> None:
    """Whoever has the password alone is not signed in; its owner sees that somebody has it."""
    me, senim = console(role="desk"), console().senim
    assert "no code entered" not in me.get("/console/account/").text
    signing = senim.staff.signing
    senim.run(AT_THE_DOOR, lambda work: signing.enter(work, me.account.name, PASSWORD, address="192.0.2.1"))
    assert me.get("/console/account/").text.count("no code entered") == 1
    assert "no code entered" in console().get(f"/console/staff/{me.account.id}").text


def test_one_does_not_end_sessions_of_others(console: Callable[..., Colleague]) -> None:
    """A session of somebody else is not found."""
    me, other = console(role="desk"), console(role="desk")
    theirs = other.senim.staff.signing.sessions(other.senim.works.begin(other.senim.actor()), other.account.id)
    assert me.post("/console/account/sessions/end", {"session": theirs[0].name}).status_code == 404
    assert me.post("/console/account/sessions/end").status_code == 303
    assert other.get("/console/").status_code == 200


def test_a_role_that_the_policy_has_no_longer_opens_nothing(console: Callable[..., Colleague]) -> None:
    """The grants are those of the policy in force, looked up for every page."""
    me = console(role="desk")
    policy = me.senim.policies.version(1).source.replace(b"  desk:\n    name: {kk:", b"  help:\n    name: {kk:")
    assert b"  help:" in policy
    me.senim.run(me.senim.actor(), lambda work: me.senim.policies.publish(work, policy))
    answer = me.get("/console/")
    assert answer.status_code == 403
    assert "areas" not in answer.text


def test_console_and_portal_share_no_session(console: Callable[..., Colleague]) -> None:
    """The cookie goes to the console alone, with strict flags."""
    me = console()
    answer = me.client.get("/console/?language=kk")
    cookie = answer.headers["Set-Cookie"]
    assert all(flag in cookie for flag in ("Path=/console", "HttpOnly", "SameSite=Strict"))
    assert me.client.get_cookie("senim-console", path="/") is None


def test_forms_without_their_token_do_nothing(console: Callable[..., Colleague]) -> None:
    me = console()
    assert me.client.post("/console/keys/add", data={"label": "site", "role": "shop"}).status_code == 400
    assert not me.senim.access.all(me.senim.works.begin(me.senim.actor()))


def test_pages_are_small(console: Callable[..., Colleague]) -> None:
    """No page of the house is larger than 100 KB."""
    me = console()
    for _ in range(20):
        account(me.senim, role="desk")
    for path in ("/console/", *HOUSE):
        assert len(me.get(path).data) < 100_000
