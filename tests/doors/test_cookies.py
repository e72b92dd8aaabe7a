"""Cookies at the public door: the script, what visitors choose, the page for those without scripts."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from werkzeug.test import Client

from senim.app import make_folder, open_senim
from senim.audit.statements import open_statement
from senim.cli.folder import PROFILES, profile
from senim.collection.cookies import VISITOR
from senim.errors import Code, Invalid
from senim.policy.cookies import Shown, kinds, shown
from senim.testing import FixedClock, platform
from senim.web.public.limiting import Limit
from senim.web.public.script import banner
from senim.web.shared.askers import PROXIES, networks
from senim.web.site import site
from tests.doors.conftest import Answer, Door

SITE = "https://mini.example"
VISITOR_ID, CHOICE_ID = "ab" * 16, "cd" * 16
MOST = 10 * 1024


def text(door: Door, variant: str = "banner", language: str = "en") -> Shown:
    found = shown(door.stage.promises, language)  # type: ignore[arg-type]  # one of three
    return next(one for one in found if one.variant == variant)


def choice(door: Door, **changed: Any) -> dict[str, Any]:
    """A choice as the script sends it: everything allowed."""
    body = {
        "id": CHOICE_ID,
        "visitor": VISITOR_ID,
        "language": "en",
        "shown": text(door).digest,
        "how": "accept",
        "kinds": ["statistics", "offers"],
        "gpc": False,
        "age": 0,
    }
    return {**body, **changed}


def send(door: Door, body: Any, origin: str = SITE, **headers: str) -> Answer:
    sent = {"Origin": origin, "Content-Type": "text/plain;charset=UTF-8", **headers}
    return door.post("/cookies/choices", body, role=None, headers=sent)


def entries(door: Door) -> list[Any]:
    door.seal()
    return [one for _, one in door.stage.platform.log.entries() if one.act == "cookies.chosen"]


@pytest.mark.parametrize("name", [name for name in PROFILES if name != "airline"])
def test_the_script_is_one_small_file(name: str, clock: FixedClock) -> None:
    """Script, style and three languages of each example operator: at most 10 KB as it is sent (gzip)."""
    with platform(profile(name), now=clock) as stage:
        file = banner(stage.promises)
        assert len(file.packed) <= MOST
        assert gzip.decompress(file.packed) == file.plain
        again = banner.__wrapped__(stage.promises)
        assert again == file, "the same policy makes the same bytes"
        told = file.plain.decode()
        for language in ("kk", "ru", "en"):
            assert all(one.about in told for one in kinds(stage.promises, language))


def test_the_script_is_kept_by_caches_and_asked_for_by_its_tag(lone_door: Door) -> None:
    """Any site may load it; five minutes later the tag is enough; nothing in it needs eval or markup from strings."""
    answer = lone_door.get("/senim.js", role=None, headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=300" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    again = lone_door.get(
        "/senim.js", role=None, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status, again.body) == (304, b"")
    plain = lone_door.get("/senim.js", role=None)
    assert plain.body == gzip.decompress(answer.body)
    for unsafe in (b"innerHTML", b"eval(", b"new Function", b"document.write", b"insertAdjacentHTML", b"SETTINGS"):
        assert unsafe not in plain.body


def test_a_choice_is_on_record_with_what_was_shown(door: Door) -> None:
    """The log holds kinds, fingerprint, version, language; the proof is signed; nothing says who or from where."""
    answer = send(door, choice(door, gpc=False), **{"User-Agent": "Browser 7", "Sec-GPC": "1"})
    assert answer.status == 201, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert answer.headers["Cache-Control"] == "no-store"
    kind, told = open_statement(answer.json["receipt"], door.stage.platform.jwk)
    assert kind == "cookie-choice+jws"
    assert told["allowed"] == ["offers", "statistics"]
    assert told["shown"] == {"digest": text(door).digest, "variant": "banner", "language": "en"}
    assert told["global_privacy_control"] is True
    [entry] = entries(door)
    assert (entry.subject, entry.digest, entry.policy, entry.reason) == (VISITOR_ID, text(door).digest, 1, "accept")
    leaf = str(entry)
    assert "127.0.0.1" not in leaf
    assert "Browser" not in leaf
    assert door.stage.platform.policies.notice_shown(text(door).digest).content == text(door).text
    assert door.stage.platform.log.verify().ok


def test_a_choice_sent_again_is_taken_once(door: Door) -> None:
    """What waited offline may come twice, and later: one entry, the same answer. Another choice under its id is not."""
    first = send(door, choice(door))
    again = send(door, choice(door, age=4000))
    assert (again.status, again.body) == (first.status, first.body)
    assert len(entries(door)) == 1
    clash = send(door, choice(door, how="refuse", kinds=[]))
    assert (clash.status, clash.json["code"]) == (409, "idempotency_conflict")


def test_withdrawing_needs_no_text(door: Door) -> None:
    """Taking back is as easy as giving: no fingerprint is asked for, and the history tells both."""
    send(door, choice(door))
    taken_back = send(door, choice(door, id="ef" * 16, how="withdraw", kinds=[], shown=""))
    assert taken_back.status == 201
    cookies = door.stage.platform.cookies
    history = cookies.history(door.stage.platform.works.begin(VISITOR), VISITOR_ID)
    assert [one.kinds for one in history] == [("offers", "statistics"), ()]


REFUSED: dict[str, tuple[dict[str, Any], str, int, str]] = {
    "another site": ({}, "https://evil.example", 403, Code.ORIGIN_NOT_ALLOWED),
    "the site without TLS": ({}, "http://mini.example", 403, Code.ORIGIN_NOT_ALLOWED),
    "another port": ({}, "https://mini.example:8443", 403, Code.ORIGIN_NOT_ALLOWED),
    "a path in the origin": ({}, "https://mini.example/x", 403, Code.ORIGIN_NOT_ALLOWED),
    "no origin": ({}, "null", 403, Code.ORIGIN_NOT_ALLOWED),
    "an unknown text": ({"shown": "0" * 64}, SITE, 422, Code.NOTICE_OUTDATED),
    "no text": ({"shown": ""}, SITE, 422, Code.NOTICE_MISSING),
    "another language": ({"language": "kk"}, SITE, 422, Code.NOTICE_OUTDATED),
    "all, and not all": ({"kinds": ["offers"]}, SITE, 422, Code.INVALID_VALUE),
    "an undeclared kind": ({"how": "choose", "kinds": ["spying"]}, SITE, 422, Code.INVALID_VALUE),
    "an essential kind": ({"how": "choose", "kinds": ["essential"]}, SITE, 422, Code.INVALID_VALUE),
    "a withdrawal that allows": ({"how": "withdraw"}, SITE, 422, Code.INVALID_VALUE),
    "the text of those who are not asked by the signal": ({"gpc": True}, SITE, 422, Code.CONSENT_UNPROVEN),
    "a button that stands elsewhere": ({"how": "allow"}, SITE, 422, Code.CONSENT_UNPROVEN),
    "no id": ({"visitor": "anna@people.example"}, SITE, 400, Code.BODY_MALFORMED),
    "more than is asked": ({"email": "anna@people.example"}, SITE, 400, Code.BODY_MALFORMED),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_proves_nothing_is_refused(lone_door: Door, name: str) -> None:
    """Each with its code; another site cannot even read why; nothing is kept."""
    changed, origin, status, code = REFUSED[name]
    answer = send(lone_door, choice(lone_door, **changed), origin)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers.get("Access-Control-Allow-Origin") == (SITE if origin == SITE else None)
    assert [one for one in entries(lone_door) if one.outcome == "done"] == []
    assert "anna" not in answer.text


def test_a_text_of_an_earlier_version_is_known_and_one_to_come_is_not(
    door: Door, mini: bytes, clock: FixedClock
) -> None:
    """Who chose offline before a new version came is proven for what was shown then."""
    platform_, old = door.stage.platform, text(door)
    later = mini.replace(b"The site uses cookies.", b"This site uses cookies.")
    new = clock.moment.replace(day=25)
    platform_.run(platform_.actor(), lambda work: platform_.policies.publish(work, later, effective=new))
    coming = next(one for one in platform_.policies.shown(2, clock.moment.date()).values() if one.language == "en")
    early = send(door, choice(door, shown=coming.digest, language=coming.language))
    assert early.json["code"] == Code.NOTICE_OUTDATED
    clock.move(days=4)
    assert text(door).digest != old.digest
    late = send(door, choice(door, shown=old.digest, age=3 * 86400))
    assert late.status == 201
    _, told = open_statement(late.json["receipt"], platform_.jwk)
    assert (told["policy"]["version"], told["waited"]) == (1, 3 * 86400)


CHANGES = {
    "another wording": (b"The site uses cookies.", b"This site uses cookies.", set()),
    "another name of a kind": (b"en: Offers}", b"en: Our offers}", set()),
    "a longer time": (b"lasts: 3 months}", b"lasts: 1 year}", {"offers"}),
    "a purpose that does more": (
        b"uses: [contact.email, contact.phone, profile]\n    operations: [collect, store, clarify, extract, use]",
        b"uses: [contact, profile]\n    operations: [collect, store, clarify, extract, use]",
        {"offers"},
    ),
    "a new kind": (b"    offers: {name", b"    more: {name: {kk: a, ru: b, en: c}}\n    offers: {name", {"more"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_visitors_are_asked_again_when_the_policy_needs_it(
    lone_door: Door, mini: bytes, clock: FixedClock, name: str
) -> None:
    """New kinds, longer times, purposes that do more; not for other words."""
    platform_ = lone_door.stage.platform
    old, new, again = CHANGES[name]
    assert old in mini
    before = {one.mark for one in kinds(lone_door.stage.promises, "en")}
    clock.move(days=1)
    platform_.run(platform_.actor(), lambda work: platform_.policies.publish(work, mini.replace(old, new)))
    changed = {one.id for one in kinds(lone_door.stage.promises, "en") if one.mark not in before}
    assert changed == again


def test_one_address_cannot_fill_the_log(lone_door: Door) -> None:
    """After thirty choices in a minute it has to wait."""
    codes = [send(lone_door, choice(lone_door, shown="0" * 64)).status for _ in range(32)]
    assert codes == [422] * 30 + [503] * 2


def test_limits_forget_and_hold_for_all_together() -> None:
    """A minute later all begin anew; all together have a limit too; only a proxy on this machine is believed."""
    from flask import Flask, request

    app, minute = Flask("limits"), [0.0]
    app.config[PROXIES] = networks("127.0.0.1, ::1")
    limit = Limit(2, 3, now=lambda: minute[0])

    def passes(address: str, forwarded: str = "") -> bool:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": address}):
            try:
                limit.count(request)
            except Exception:  # noqa: BLE001  # whatever it is
                return False
        return True

    assert [passes("10.0.0.1") for _ in range(3)] == [True, True, False]
    minute[0] = 61
    assert [passes("127.0.0.1", f"10.0.0.{n}") for n in range(4)] == [True, True, True, False]
    minute[0] = 130
    assert [passes("10.0.0.9", f"10.0.0.{n}") for n in range(3)] == [True, True, False], "only a proxy here is believed"


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_takes_a_choice_without_scripts(lone_door: Door, language: str) -> None:
    """The same kinds, the same words, three equal buttons; the choice is kept in the browser and on record."""
    page = lone_door.get(f"/cookies/{language}", role=None)
    assert page.status == 200
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    saved = lone_door.client.post(f"/cookies/{language}", data={"how": "choose", "kind": ["offers", "essential"]})
    assert 'role="status"' in saved.get_data(as_text=True)
    cookie = lone_door.client.get_cookie("senim")
    assert cookie is not None
    assert json.loads(unquote(cookie.decoded_value))["k"]["offers"][1] == 1
    [entry] = entries(lone_door)
    assert (entry.categories, entry.digest) == (("offers",), text(lone_door, "page", language).digest)
    again = lone_door.get(f"/cookies/{language}", role=None).text
    assert again.count(" checked") == 1
    lone_door.client.post(f"/cookies/{language}", data={"how": "refuse", "kind": ["offers"]})
    assert [one.categories for one in entries(lone_door)] == [("offers",), ()]


def test_another_sites_form_chooses_nothing(lone_door: Door) -> None:
    """A form elsewhere that is aimed at the page is refused."""
    answer = lone_door.client.post("/cookies/en", data={"how": "accept"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert lone_door.client.get_cookie("senim") is None


@pytest.fixture
def beside(mini: bytes, tmp_path: Path, clock: FixedClock) -> Iterator[Client]:
    """A service that stands below the site's own host."""
    folder = tmp_path / "operator"
    make_folder(folder, mini)
    environment = {"SENIM_SERVE_URL": "https://privacy.mini.example"}
    with open_senim(folder, environment=environment, now=clock) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
        yield Client(site(senim))


def test_below_the_sites_host_the_choice_counts_there_too(beside: Client) -> None:
    """The cookie is the site's own then, and the page says so; it never goes without TLS."""
    assert "counts on the site itself" in beside.get("/cookies/en").get_data(as_text=True)
    answer = beside.post("/cookies/en", data={"how": "refuse"}, base_url="https://privacy.mini.example")
    assert "Domain=mini.example" in answer.headers["Set-Cookie"]
    assert "Secure" in answer.headers["Set-Cookie"]
    assert '"home":"mini.example"' in beside.get("/senim.js").get_data(as_text=True), "the script keeps the same cookie"


def test_the_signal_is_honoured_and_says_so(lone_door: Door) -> None:
    """``/.well-known/gpc.json``, as the standard has it."""
    assert lone_door.get("/.well-known/gpc.json", role=None).json == {"gpc": True, "lastUpdate": "2026-11-22"}


def test_an_operator_without_cookies_asks_nothing(clock: FixedClock) -> None:
    """The script does nothing, the page says that there is nothing to choose, and no choice is taken."""
    with platform(profile("airline"), now=clock) as stage:
        client = Client(site(stage.platform))  # type: ignore[arg-type]
        assert client.get("/senim.js").status_code == 200
        assert "nothing to choose" in client.get("/cookies/en").get_data(as_text=True)
        answer = client.post("/cookies/en", data={"how": "accept"})
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "name", ["https://shop.example", "http://127.0.0.1:8700/", "127.0.0.1:8700", "http://localhost.shop.example"]
)
def test_only_this_machines_sites_may_be_added_by_a_setting(mini: bytes, tmp_path: Path, name: str) -> None:
    """While a site is built its page may stand on this machine; every other site is named by the policy."""
    folder = tmp_path / "operator"
    make_folder(folder, mini)
    with open_senim(folder, environment={"SENIM_SERVE_LOCAL_SITES": "http://127.0.0.1:8700"}) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
        here = "http://127.0.0.1:8700"
        assert senim.cookies.allows(here, senim.works.begin(VISITOR)) == here
    with pytest.raises(Invalid, match="setting_wrong"):
        open_senim(folder, environment={"SENIM_SERVE_LOCAL_SITES": name}).close()
