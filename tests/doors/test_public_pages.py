"""The public pages: every version of the policy, in three languages, for everybody, and safe to show."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from werkzeug.test import Client

from senim.errors import Invalid
from senim.languages import LANGUAGES, Language
from senim.settings import Serve
from senim.testing import FixedClock, platform
from senim.web.site import site
from tests.doors.conftest import Answer, Door

VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "form": "action"}
FORBIDDEN = frozenset({"style", "iframe", "object", "embed", "form", "base"})


@dataclass
class Page(HTMLParser):
    """A page as a browser and a screen reader see it."""

    source: str
    language: str = ""
    headings: list[int] = field(default_factory=list)
    links: list[dict[str, str]] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    styled: int = 0
    text: str = ""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        assert not self.open, "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.ids += [told["id"]] if "id" in told else []
        self.styled += "style" in told or any(name.startswith("on") for name in told)
        if tag == "html":
            self.language = told["lang"]
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "a":
            self.links.append(told)
        if LOADS.get(tag, "") in told and told.get("rel") not in ("alternate", "canonical"):
            self.loaded.append(told[LOADS[tag]])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(door: Door, path: str, **headers: str) -> tuple[Answer, Page]:
    answer = door.get(path, role=None, headers=headers)
    return answer, Page(answer.text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_version_can_be_read_in_every_language(published: Door, language: Language) -> None:
    """travel-2, foundation-37, tickets-3: every clause of every edition, at an address that stays."""
    for version in published.stage.platform.policies.versions():
        answer, page = _page(published, f"/privacy/{language}/versions/{version.number}")
        assert answer.status == 200
        assert page.language == language
        for clause in version.policy.clauses:
            assert clause.says.in_(language) in page.text
            assert clause.id in page.ids
        assert version.policy.operator.name.in_(language) in page.text
        assert version.policy.operator.bin in page.text
        assert version.digest in page.text
    current, _ = _page(published, f"/privacy/{language}")
    assert current.body == published.get(f"/privacy/{language}/versions/2", role=None).body


def test_all_editions_stand_on_top_with_their_dates(published: Door) -> None:
    """foundation-37: the date of this and of all other editions is at the top, and one is marked as in force."""
    for number, mark in (
        (1, "This is an earlier edition."),
        (2, "In force:"),
        (3, "This edition is not in force yet."),
    ):
        _, page = _page(published, f"/privacy/en/versions/{number}")
        top = page.source.partition("<main")[0]
        assert re.findall(r'<li value="(\d)">', top) == ["3", "2", "1"]
        dates = re.findall(r'<time datetime="([\d-]+)">', top)
        assert dates == ["2027-03-01", "2026-12-02", "2026-11-22"]
        assert re.findall(r"edition No\. (\d)", top) == ["3", "2", "1"], "two of one day are told apart"
        assert top.count('aria-current="page"') == 1
        assert [top.count(f"</time>, edition No. {one}<") for one in (3, 2, 1)] == [1, 1, 1]
        assert top.count('<span class="tag">in force</span>') == 1
        assert mark in page.text
    assert "1 марта 2027" in _page(published, "/privacy/ru")[1].text
    assert "2027" in _page(published, "/privacy/kk")[1].text


def test_a_new_edition_comes_into_force_at_its_time(published: Door, clock: FixedClock) -> None:
    """The page at the one address is always the edition in force."""
    assert "Nobody sees card data." not in _page(published, "/privacy/en")[1].text
    clock.moment = datetime(2027, 3, 1, tzinfo=UTC)
    assert "Nobody sees card data." in _page(published, "/privacy/en")[1].text


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("kk-KZ,kk;q=0.9,ru;q=0.8", "kk"),
        ("en-GB,en;q=0.9", "en"),
        ("de,fr;q=0.8", "ru"),
        ("", "ru"),
        ("ru;q=0.1,en;q=0.2", "en"),
        ("kk;q=0", "ru"),
        ("*", "ru"),
        (";;;q=x,,", "ru"),
        ("en;q=nan,kk;q=0.5", "kk"),
    ],
)
def test_the_reader_comes_to_the_own_language(lone_door: Door, accept: str, language: str) -> None:
    """The address without a language leads to the reader's, and caches know that it depends on the reader."""
    answer = lone_door.get("/privacy", role=None, headers={"Accept-Language": accept})
    assert (answer.status, answer.headers["Location"]) == (302, f"/privacy/{language}")
    assert answer.headers["Vary"] == "Accept-Language"


def test_the_front_door_leads_to_the_policy(lone_door: Door) -> None:
    """Whoever types the address alone comes to the policy; a slash too many does no harm."""
    assert lone_door.get("/", role=None).headers["Location"] == "/privacy"
    assert lone_door.get("/privacy/en/", role=None).status == 200


def test_the_languages_lead_to_the_same_edition(published: Door) -> None:
    """Choosing another language never changes the edition that is read."""
    _, page = _page(published, "/privacy/en/versions/1")
    chosen = {link["hreflang"]: link["href"] for link in page.links if "hreflang" in link}
    assert chosen == {language: f"/privacy/{language}/versions/1" for language in LANGUAGES}
    assert all(link["lang"] == link["hreflang"] for link in page.links if "hreflang" in link)


@pytest.mark.parametrize(
    ("path", "accept", "language", "title"),
    [
        ("/privacy/kk/versions/7", "en", "kk", "Бет табылмады"),
        ("/privacy/ru/versions/0", "en", "ru", "Страница не найдена"),
        ("/privacy/en/versions/-1", "ru", "en", "Page not found"),
        (f"/privacy/en/versions/{'9' * 400}", "ru", "en", "Page not found"),
        ("/privacy/de", "kk", "kk", "Бет табылмады"),
        ("/privacy/versions/9.json", "en", "en", "Page not found"),
        ("/nothing", "ru", "ru", "Страница не найдена"),
        ("/static/nothing.css", "ru", "ru", "Страница не найдена"),
        ("/static/../__init__.py", "en", "en", "Page not found"),
        ("/static/%2e%2e/templates/policy.html", "en", "en", "Page not found"),
    ],
)
def test_what_is_not_there_is_told_in_the_reader_s_language(
    lone_door: Door, path: str, accept: str, language: str, title: str
) -> None:
    """A wrong address ends in a page that says so, in the language of the page that was asked for."""
    answer, page = _page(lone_door, path, **{"Accept-Language": accept})
    assert (answer.status, page.language) == (404, language)
    assert title in page.text
    assert page.headings == [1]
    assert answer.headers["Cache-Control"] == "no-store"
    assert f"/privacy/{language}" in {link["href"] for link in page.links}


def test_an_address_is_not_repeated_on_the_page_that_says_it_is_not_there(lone_door: Door) -> None:
    """No text of a visitor's comes back in a page."""
    answer = lone_door.get("/privacy/%3Cscript%3Ealert(1)%3C/script%3E", role=None)
    assert answer.status == 404
    assert "alert" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_are_only_read(lone_door: Door, method: str) -> None:
    """Nothing can be sent to the public pages; the answer names what is allowed, in the reader's language."""
    answer = lone_door.send(method, "/privacy/kk", role=None)
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert Page(answer.text).language == "kk"


def test_without_a_published_policy_the_page_says_so(mini: bytes, tmp_path: Any) -> None:
    """Before the first edition there is no page, and no crash either."""
    from senim.app import make_folder, open_senim

    make_folder(tmp_path / "operator", mini)
    with open_senim(tmp_path / "operator", environment={}) as senim:
        answer = Client(site(senim)).get("/privacy/kk")
        assert answer.status_code == 503
        assert Page(answer.text).language == "kk"
        assert Client(site(senim)).get("/v1/health").status_code == 503


# ---- caches


def test_who_has_the_page_is_told_that_it_is_the_same(lone_door: Door) -> None:
    """tickets-3: a reader who comes again loads nothing twice."""
    answer, _ = _page(lone_door, "/privacy/ru")
    tag = answer.headers["ETag"]
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = lone_door.get("/privacy/ru", role=None, headers={"If-None-Match": tag})
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert lone_door.get("/privacy/kk", role=None, headers={"If-None-Match": tag}).status == 200
    head = lone_door.send("HEAD", "/privacy/ru", role=None)
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", tag)
    assert head.headers["Content-Length"] == str(len(answer.body))


def test_a_kept_page_is_fetched_anew_when_the_list_of_editions_grows(lone_door: Door, mini: bytes) -> None:
    """foundation-37: an old edition's page changes too: a newer one stands above it now."""
    path = "/privacy/en/versions/1"
    before = lone_door.get(path, role=None)
    kept = {"If-None-Match": before.headers["ETag"], "If-Modified-Since": before.headers.get("Last-Modified", "")}
    assert lone_door.get(path, role=None, headers=kept).status == 304
    senim: Any = lone_door.stage.platform
    changed = mini.replace(b"No human sees card data.", b"Nobody sees card data.")
    senim.run(senim.actor(), lambda work: senim.policies.publish(work, changed))
    since = {name: value for name, value in kept.items() if value and name == "If-Modified-Since"}
    for headers in (kept, since):
        assert lone_door.get(path, role=None, headers=headers).status == 200


def test_the_machine_readable_edition_is_exactly_what_was_hashed(published: Door) -> None:
    """Anybody can check the checksum on the page with standard tools."""
    for version in published.stage.platform.policies.versions():
        answer = published.get(f"/privacy/versions/{version.number}.json", role=None)
        assert answer.headers["Content-Type"] == "application/json"
        assert hashlib.sha256(answer.body).hexdigest() == version.digest
        assert msgspec.json.decode(answer.body)["id"] == "mini"


# ---- safe to show


@pytest.mark.parametrize(
    "path", ["/privacy/ru", "/privacy/kk/versions/9", "/", "/.well-known/jwks.json", "/static/senim.css"]
)
def test_every_answer_forbids_what_a_page_does_not_need(lone_door: Door, path: str) -> None:
    """No foreign script, no frame, no form, no guessing of types, no trace to others: on every answer, errors too."""
    answer = lone_door.get(path, role=None)
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy.get("script-src", "'self'") == "'self'"
    assert {policy[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_loads_nothing_from_elsewhere_and_reads_well_aloud(lone_door: Door, language: str) -> None:
    """travel-5: reading the policy tells nobody else; one title, headings in order, each id once."""
    _, page = _page(lone_door, f"/privacy/{language}")
    ours = {f"/static/{name}" for name in ("senim.css", "public.css", "mark.svg", "place.js")}
    assert {one.partition("?")[0] for one in page.loaded} == ours
    assert not page.tags & FORBIDDEN
    assert page.styled == 0
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    anchors = {link["href"][1:] for link in page.links if link["href"].startswith("#")}
    assert anchors <= set(page.ids)
    assert {"main", "header", "footer", "nav"} <= page.tags


def test_texts_of_a_policy_are_shown_as_text(mini: bytes, clock: FixedClock) -> None:
    """Whatever stands in a policy file is read, never run."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>&amp;{{ 7*7 }}"
    quoted = evil.replace('"', '\\"')
    policy = mini.decode().replace("en: Consent may be withdrawn.", f'en: "{quoted}"')
    policy = policy.replace("en: Mini LLP", f'en: "{quoted}"').replace("en: Courier}", f'en: "{quoted}"}}')
    with platform(policy.encode(), now=clock) as stage:
        door = Door(stage, Client(site(stage.platform)))  # type: ignore[arg-type]  # the stage's platform is a whole Senim
        answer, page = _page(door, "/privacy/en")
    assert page.text.count(evil) >= 4
    assert "<script>" not in answer.text
    assert answer.text.count("<script ") == 1  # our own, by its address
    assert "img" not in page.tags


def test_a_link_to_a_recipient_s_own_policy_is_a_link_to_the_web(mini: bytes, clock: FixedClock) -> None:
    """travel-10, travel-30: a link leads to another site, never into the reader's own page."""
    address = "https://courier.example/privacy?a=1&b=2"
    with platform(_with_link(mini, address), now=clock) as stage:
        door = Door(stage, Client(site(stage.platform)))  # type: ignore[arg-type]
        _, page = _page(door, "/privacy/en")
    link = next(link for link in page.links if link["href"] == address)
    assert link["rel"] == "noopener noreferrer"
    for wrong in ("javascript:alert(1)", "data:text/html,x", "//courier.example", "/privacy"):
        with pytest.raises(Invalid), platform(_with_link(mini, wrong), now=clock):
            raise AssertionError(wrong)


def _with_link(mini: bytes, address: str) -> bytes:
    return mini.decode().replace("    group: couriers\n", f'    group: couriers\n    policy: "{address}"\n').encode()


def test_the_host_that_a_request_names_is_nowhere_on_the_page(lone_door: Door) -> None:
    """A page kept by a cache never carries an address that a stranger put into a request."""
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}):
        for path in ("/privacy/ru", "/privacy", "/", "/nothing", "/privacy//ru", "/cookies//ru", "/privacy/ru/"):
            answer = lone_door.get(path, role=None, headers=headers)
            assert "evil" not in answer.text + str(dict(answer.headers.items()))


def test_behind_its_public_address_pages_name_it_and_insist_on_encryption(mini: bytes, clock: FixedClock) -> None:
    """travel-26: once the service has an https address, browsers are told to use no other."""
    with platform(mini, now=clock) as stage:
        senim: Any = stage.platform
        assert "Strict-Transport-Security" not in Client(site(senim)).get("/privacy/en").headers
        public = Serve(url="https://mini.example/")
        senim.settings = msgspec.structs.replace(senim.settings, serve=public)
        answer = Client(site(senim)).get("/privacy/en")
        assert '<link rel="canonical" href="https://mini.example/privacy/en">' in answer.text
        assert '<link rel="alternate" hreflang="kk" href="https://mini.example/privacy/kk">' in answer.text
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
