"""What stands around the policy: changes, recipients, cookies, promises, rights, and what machines read."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from werkzeug.test import Client

from senim.conformance import Status
from senim.languages import LANGUAGES, Language, wording
from senim.settings import Serve
from senim.testing import FixedClock, platform
from senim.web.public.keeping import KEPT_SECONDS, Boards
from senim.web.site import site
from tests.doors.conftest import Door
from tests.doors.test_public_pages import Page

PROFILES = Path(__file__).parents[2] / "src" / "senim" / "profiles"
ATOM = "{http://www.w3.org/2005/Atom}"


def get(door: Door, path: str, **headers: str) -> tuple[Any, Page]:
    """A page that is there."""
    answer = door.get(path, role=None, headers=headers)
    assert answer.status == 200, answer.text
    return answer, Page(answer.text)


@pytest.fixture(scope="module")
def travel() -> Iterator[Door]:
    """A large example, only read."""
    with platform((PROFILES / "travel.yaml").read_bytes(), now=FixedClock()) as stage:
        yield Door(stage, Client(site(stage.platform)))  # type: ignore[arg-type]  # the stage's platform is a whole Senim


@pytest.fixture(scope="module")
def airline() -> Iterator[Door]:
    """An example without cookies, only read."""
    with platform((PROFILES / "airline.yaml").read_bytes(), now=FixedClock()) as stage:
        yield Door(stage, Client(site(stage.platform)))  # type: ignore[arg-type]  # the stage's platform is a whole Senim


# ---- changes


def test_changes_are_told_in_plain_words_newest_first(published: Door) -> None:
    """foundation-37: what each edition changed, and who has to consent anew."""
    _, page = get(published, "/privacy/en/changes")
    assert re.findall(r'id="edition-(\d)"', page.source) == ["3", "2", "1"]
    third, second = (page.source.partition(f'id="edition-{one}"')[2].partition("</section>")[0] for one in (3, 2))
    assert "An earlier consent to “newsletter” is no longer enough" in third
    assert "Clauses with another wording: mini-3 (only in English)." in third
    assert "not in force yet" in third
    assert "Clauses with another wording: mini-2 (only in English)." in second
    assert "Nobody has to consent anew." in second


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_editions_stand_side_by_side_with_words_marked(published: Door, language: str) -> None:
    """travel-2: any two editions, clause by clause; only what differs is marked."""
    _, page = get(published, f"/privacy/{language}/changes/1/3")
    marked = ("<ins>even less</ins>" in page.source, "<del>only what the order needs</del>" in page.source)
    assert marked == ((True, True) if language == "en" else (False, False))
    elsewhere = {"kk": "басқа тілдегі", "ru": "изменился текст на другом", "en": "changed in another"}[language]
    assert (elsewhere in page.text) == (language != "en")
    backwards, _ = get(published, f"/privacy/{language}/changes/3/1")
    assert backwards.body != page.source.encode()
    same, _ = get(published, f"/privacy/{language}/changes/2/2")
    assert "<ins>" not in same.text.partition('id="clauses"')[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_editions_to_compare_are_told_with_day_and_standing(published: Door, language: Language) -> None:
    """A number alone says nothing to who wants to know what changed since they came."""
    source = published.get(f"/privacy/{language}/changes", role=None).text
    numbers = ("1", "2", "3")
    for name in ("from", "to"):
        options = re.findall(
            r'<option value="(\d)"(?: selected)?>([^<]+)</option>', source.partition(f'id="{name}"')[2]
        )
        told = {number: text.split(" · ") for number, text in options[:3]}
        assert tuple(told) == numbers
        assert [told[one][0] for one in numbers] == list(numbers)
        assert all(re.search(r"\b20\d\d\b", told[one][1]) for one in numbers)
        standings = [wording("pages")[f"standing-{one}"].in_(language) for one in ("earlier", "in-force", "coming")]
        assert [told[one][2] for one in numbers] == standings


def test_any_two_editions_are_chosen_by_a_form_without_scripts(published: Door) -> None:
    """The choice becomes an address that stays; one that is not there is told."""
    answer = published.get("/privacy/en/changes/compare?from=1&to=3", role=None)
    assert (answer.status, answer.headers["Location"]) == (303, "/privacy/en/changes/1/3")
    for wrong in ("from=1&to=9", "from=x", "", "from=-1&to=2"):
        assert published.get(f"/privacy/en/changes/compare?{wrong}", role=None).status == 404
    for wrong in ("1/9", "0/1", "a/b"):
        assert published.get(f"/privacy/en/changes/{wrong}", role=None).status == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_feed_tells_each_edition_once(published: Door, language: str) -> None:
    """RFC 4287: who reads feeds learns of a new edition the day it is published, before its day."""
    answer = published.get(f"/privacy/{language}/changes.atom", role=None)
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.body)
    entries = feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert ids == [f"urn:senim:mini:edition:{number}:{language}" for number in (3, 2, 1)]
    for part in [feed, *entries]:
        assert datetime.fromisoformat(str(part.findtext(f"{ATOM}updated"))).tzinfo is not None
        assert part.findtext(f"{ATOM}title")
    assert "mini-2" in str(entries[1].findtext(f"{ATOM}content"))


# ---- recipients and cookies


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_recipients_are_listed_with_address_purpose_and_contract(travel: Door, language: str) -> None:
    """foundation-22: the list of who processes and receives, as a page and as a table."""
    policy = travel.stage.policy
    _, page = get(travel, f"/privacy/{language}/recipients")
    answer = travel.get(f"/privacy/{language}/recipients.csv", role=None)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    told = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert len(told) == 1 + len(policy.recipients)
    assert {len(row) for row in told} == {10}
    for row, one in zip(told[1:], policy.recipients.values(), strict=True):
        assert row[0] == " ".join(getattr(one.name, language).split())
        assert row[0] in page.text
        assert row[7] == (one.contract.name if one.contract else "")


def test_the_cookie_notice_names_kinds_names_terms_and_purposes(travel: Door, airline: Door) -> None:
    """travel-5: what is set, why and how long, and the way to the choice; no notice where nothing is set."""
    _, page = get(travel, "/privacy/en/cookies")
    cookies = travel.stage.policy.cookies
    assert cookies is not None
    for kind in cookies.kinds.values():
        assert kind.name.en in page.text
        assert all(name in page.text for name in kind.names)
    assert "/cookies/en" in {link["href"] for link in page.links}
    assert airline.get("/privacy/en/cookies", role=None).status == 404
    assert "/privacy/en/cookies" not in airline.get("/privacy/en", role=None).text


# ---- what is done to keep a clause


def test_nothing_counts_as_kept_because_nobody_looked(lone_door: Door) -> None:
    """Before any drill every clause is shown as what cannot be told, and each has its page."""
    _, board = get(lone_door, "/privacy/en/kept")
    assert board.text.count("cannot be told") >= 4
    for clause in lone_door.stage.policy.clauses:
        _, page = get(lone_door, f"/privacy/en/kept/{clause.id}")
        assert clause.says.en in page.text
        assert "nobody has looked yet" in page.text
        assert "/v1/log/checkpoint" in {link["href"] for link in page.links}
        assert f"/privacy/en/kept/{clause.id}" in {link["href"] for link in get(lone_door, "/privacy/en")[1].links}
    assert lone_door.get("/privacy/en/kept/mini-99", role=None).status == 404


def test_a_drill_is_shown_with_its_day_and_gets_old(mini: bytes, clock: FixedClock) -> None:
    """What was shown to hold, and when; after a month nobody knows any more. A visitor starts no drill."""
    with platform(mini, now=clock) as stage:
        senim: Any = stage.platform
        senim.conformance.drill()
        told = Page(Client(site(senim)).get("/privacy/en/kept/mini-4").text)
        assert "its drill passed" in told.text
        assert "22 November 2026" in told.text
        senim.conformance.drill = lambda: pytest.fail("a visitor starts no drill")
        clock.move(days=32)
        old = Page(Client(site(senim)).get("/privacy/en/kept/mini-4").text)
        assert "more than 31 days old" in old.text


def test_no_page_of_promises_tells_of_people(lone_door: Door) -> None:
    """The month in which something began, and no count: nothing about one person can be read from it."""
    lone_door.person()
    lone_door.seal()
    _, page = get(lone_door, "/privacy/en/kept/mini-2")
    assert "November 2026" in page.text
    assert "November 22" not in page.text
    assert "acts in the log" not in page.text


def test_visitors_share_one_look_at_the_board(lone_door: Door) -> None:
    """However many visitors there are, the board is read once in a while; a new version is read at once."""
    senim: Any = lone_door.stage.platform
    reads, now = [], [0.0]

    def read() -> Any:
        reads.append(1)
        return senim.conformance.known()

    boards = Boards(read, clock=lambda: now[0])
    for _ in range(5):
        assert boards.board(1).count(Status.CANNOT_TELL) == 4
    assert len(reads) == 1
    now[0] += KEPT_SECONDS + 1
    boards.board(1)
    assert len(reads) == 2
    boards.board(2)
    assert len(reads) == 3


# ---- rights


@pytest.mark.parametrize("language", LANGUAGES)
def test_rights_are_told_with_their_terms_and_the_authority(travel: Door, language: str) -> None:
    """travel-31 to travel-41: what one may ask for, how, how fast it is answered, and where to complain."""
    _, page = get(travel, f"/privacy/{language}/rights")
    kinds = {"copy", "recipients", "correct", "block", "erase", "withdraw", "stop-mailings", "complaint"}
    assert kinds <= set(page.ids)
    asked = {link["href"].rpartition("kind=")[2] for link in page.links if "kind=" in link["href"]}
    assert kinds <= asked
    for kind in asked:
        assert travel.get(f"/privacy/{language}/requests/new?kind={kind}", role=None).status == 200
    authority = travel.stage.promises.law.pack.authority
    assert getattr(authority.name, language) in page.text
    assert getattr(authority.where, language) in page.text


# ---- for machines


def test_the_policy_is_told_in_the_terms_of_dpv(published: Door) -> None:
    """Each edition as JSON-LD, and linked from its page."""
    answer = published.get("/privacy/versions/2.jsonld", role=None)
    assert answer.headers["Content-Type"] == "application/ld+json"
    told = json.loads(answer.body)
    assert told["schema:sha256"] == published.stage.platform.policies.version(2).digest
    assert 'type="application/ld+json" href="/privacy/versions/2.jsonld"' in get(published, "/privacy/en")[0].text
    assert published.get("/privacy/versions/9.jsonld", role=None).status == 404


def test_security_txt_is_good_for_less_than_a_year_and_made_anew(mini: bytes, clock: FixedClock) -> None:
    """RFC 9116: a contact, an end that never passes, the languages; addresses only where they are https."""
    with platform(mini, now=clock) as stage:
        senim: Any = stage.platform
        bare = Client(site(senim)).get("/.well-known/security.txt").text
        assert "Canonical" not in bare
        senim.settings = msgspec.structs.replace(senim.settings, serve=Serve(url="https://mini.example"))
        clock.move(days=400)
        answer = Client(site(senim)).get("/.well-known/security.txt")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        lines = [line.split(": ", 1) for line in answer.text.splitlines()]
        told = dict(lines)
        assert ["Contact", "mailto:data@mini.example"] in lines
        left = datetime.fromisoformat(told["Expires"]) - clock.moment
        assert timedelta(days=30) < left < timedelta(days=365)
        assert told["Canonical"] == "https://mini.example/.well-known/security.txt"
        assert told["Preferred-Languages"] == "kk, ru, en"


def test_known_addresses_for_machines(travel: Door, airline: Door) -> None:
    """Global Privacy Control where there is a banner; robots stay out of what is private."""
    assert travel.get("/.well-known/gpc.json", role=None).json["gpc"] is True
    assert airline.get("/.well-known/gpc.json", role=None).status == 404
    robots = travel.get("/robots.txt", role=None).text
    assert "Disallow: /requests/" in robots
    assert "/privacy" not in robots


# ---- all of them

AREAS = ("changes", "recipients", "cookies", "kept", "rights")


@pytest.mark.parametrize("area", AREAS)
def test_short_addresses_lead_to_the_reader_s_language(travel: Door, area: str) -> None:
    """An address that an operator can print: without a language in it."""
    answer = travel.get(f"/privacy/{area}", role=None, headers={"Accept-Language": "kk"})
    assert (answer.status, answer.headers["Location"]) == (302, f"/privacy/kk/{area}")
    assert answer.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("area", [*AREAS, "kept/travel-8", "changes/1/1"])
def test_every_area_reads_well_aloud_and_is_light(travel: Door, area: str, language: str) -> None:
    """One title, headings in order, each id once, languages that keep the place, caches that can ask again."""
    path = f"/privacy/{language}/{area}"
    answer, page = get(travel, path)
    assert len(answer.body) < 100_000
    assert page.language == language
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    assert page.styled == 0
    chosen = {link["hreflang"]: link["href"] for link in page.links if "hreflang" in link}
    assert chosen == {one: f"/privacy/{one}/{area}" for one in LANGUAGES}
    assert travel.get(path, role=None, headers={"If-None-Match": answer.headers["ETag"]}).status == 304
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["travel", "airline", "tickets", "foundation", "shop"])
def test_the_policy_of_every_example_is_light(name: str) -> None:
    """Under 100 KB before any compression, in each language."""
    source = (PROFILES / f"{name}.yaml").read_bytes()
    with platform(source, now=FixedClock()) as stage:
        client = Client(site(stage.platform))  # type: ignore[arg-type]
        for language in LANGUAGES:
            assert len(client.get(f"/privacy/{language}").data) < 100_000


def test_the_contact_is_there_for_machines_too(lone_door: Door) -> None:
    """schema.org, without a script: whom to write to about data."""
    _, page = get(lone_door, "/privacy/en")
    for part in (
        "https://schema.org/Organization",
        "https://schema.org/ContactPoint",
        'itemprop="email"',
        'itemprop="taxID"',
    ):
        assert part in page.source
    assert 'hreflang="x-default"' in page.source
