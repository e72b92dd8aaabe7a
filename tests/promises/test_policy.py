"""The policy: published at one address in three languages, dated, kept in all its versions, under the law."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from senim.cli.folder import profile as source_of
from senim.errors import SenimError
from senim.languages import LANGUAGES
from senim.testing import FixedClock
from tests.promises.conftest import Open
from tests.promises.house import House

PROFILES = ("travel", "airline", "tickets", "foundation", "shop")


class Reader(HTMLParser):
    """The words of a page, as a person reads them, and the addresses of its links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(page)
        self.text = " ".join("".join(self.words).split())

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name == "href" and value]
        self._apart(tag)

    def handle_endtag(self, tag: str) -> None:
        self._apart(tag)

    def _apart(self, tag: str) -> None:
        """What a tag divides is read as two words; a span is a part of one."""
        if tag != "span":
            self.words.append(" ")


def read(place: House, path: str) -> Reader:
    """A page."""
    answer = place.pages.get(path)
    assert answer.status_code == 200, path
    return Reader(answer.text)


def edit(place: House, old: str, new: str) -> None:
    """Change the policy file."""
    policy = place.folder / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    assert old in text
    policy.write_text(text.replace(old, new, 1), encoding="utf-8")


def published(place: House) -> None:
    """Publish the policy file by command, and let the service see it at once."""
    done = place.command("policy", "publish")
    assert done.exit_code == 0, done.output
    place.senim.policies._looked = 0.0


EDITIONS = (
    ("travel", "travel-2"),
    ("tickets", "tickets-3"),
    ("foundation", "foundation-37"),
    ("shop", "shop-23"),
    ("tickets", "tickets-25"),
)


@pytest.mark.parametrize(("profile", "clause"), EDITIONS, ids=[clause for _, clause in EDITIONS])
def test_the_current_revision_stands_at_one_address_with_the_earlier_ones_on_top(
    house: Open, profile: str, clause: str
) -> None:
    """One address, dates on top, earlier revisions kept: travel-2, tickets-3, tickets-25, foundation-37, shop-23."""
    place = house(profile)
    before = place.pages.get("/privacy/en")
    first = place.pages.get("/privacy/versions/1.json").data
    edit(place, "en: Privacy policy", "en: Privacy policy as amended")
    published(place)
    after = place.pages.get("/privacy/en")
    assert "Privacy policy as amended" in after.text
    assert "/privacy/en/versions/1" in read(place, "/privacy/en").links
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.headers["Cache-Control"]
    unchanged = place.pages.get("/privacy/en", headers={"If-None-Match": after.headers["ETag"]})
    assert unchanged.status_code == 304
    assert "Privacy policy as amended" not in place.pages.get("/privacy/en/versions/1").text
    assert place.pages.get("/privacy/versions/1.json").data == first
    top = after.text[: after.text.index("<main")]
    assert top.count("<time") == 2
    assert clause in {one.id for one in place.stage.policy.clauses}


@pytest.mark.parametrize("profile", ["travel", "shop", "foundation", "tickets"])
def test_the_difference_of_two_revisions_is_told(house: Open, profile: str) -> None:
    """Readers can see what changed: travel-2, shop-23, foundation-37, tickets-25."""
    place = house(profile)
    edit(place, "en: Privacy policy", "en: Privacy policy as amended")
    told = place.told("policy", "diff")
    assert [(one["where"], one["kind"]) for one in told["changes"]] == [("title.en", "changed")]
    assert told["new_consent"] == []
    published(place)
    assert place.told("policy", "diff", "1", "2")["changes"] == told["changes"]


@pytest.mark.parametrize("profile", ["shop", "tickets", "foundation", "travel"])
def test_a_change_is_in_force_from_posting_or_from_its_day(house: Open, profile: str) -> None:
    """In force from posting, not before and not backdated: shop-23, tickets-25, foundation-37, travel-2."""
    clock = FixedClock(datetime.now(UTC))
    place = house(profile, clock)
    edit(place, "en: Privacy policy", "en: Privacy policy of tomorrow")
    day = (clock.moment + timedelta(days=3)).strftime("%Y-%m-%d")
    assert place.command("policy", "publish", "--effective", day).exit_code == 0
    place.senim.policies._looked = 0.0
    assert "of tomorrow" not in place.pages.get("/privacy/en").text
    assert "of tomorrow" in place.pages.get("/privacy/en/versions/2").text
    clock.move(days=4)
    assert "of tomorrow" in place.pages.get("/privacy/en").text
    edit(place, "of tomorrow", "of yesterday")
    past = (clock.moment - timedelta(days=30)).strftime("%Y-%m-%d")
    backdated = place.command("policy", "publish", "--effective", past)
    assert isinstance(backdated.exception, SenimError)
    assert backdated.exception.code == "effective_date_wrong"


@pytest.mark.parametrize("profile", ["tickets", "shop"], ids=["tickets-7", "shop-23"])
def test_only_an_authorised_role_changes_the_policy_and_it_is_logged(house: Open, profile: str) -> None:
    """Authorised staff decide purposes and composition: tickets-7, shop-23."""
    place = house(profile)
    source = source_of(profile).replace(b"en: Privacy policy", b"en: Another policy", 1)
    senim = place.senim
    for role in place.stage.policy.roles:
        actor = senim.actor(role, "a key")
        if "policy" not in actor.may:
            with pytest.raises(SenimError) as refused:
                senim.run(actor, lambda work: senim.policies.publish(work, source))
            assert refused.value.code == "role_not_allowed"
    senim.run(senim.actor("administration", "a key"), lambda work: senim.policies.publish(work, source))
    place.close()
    entries = [one["entry"] for one in place.told("log", "show", "--from", "0")]
    outcomes = [one["outcome"] for one in entries if one["act"] == "policy.published"]
    assert outcomes[0] == outcomes[-1] == "done"
    assert set(outcomes[1:-1]) == {"refused"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_policy_that_lacks_a_language_is_not_published(house: Open, profile: str) -> None:
    """People read it in Kazakh, Russian and English: tickets-3, travel-2, foundation-1, shop-1, airline-1."""
    place = house(profile)
    policy = place.folder / "policy.yaml"
    lines = policy.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("says:"))
    gone = next(number for number in range(first, len(lines)) if lines[number].strip().startswith("kk:"))
    end = next(number for number in range(gone + 1, len(lines)) if lines[number].strip().startswith("ru:"))
    policy.write_text("\n".join(lines[:gone] + lines[end:]) + "\n", encoding="utf-8")
    told = place.told("policy", "check")
    assert {one["code"] for one in told["problems"]} == {"language_missing"}
    assert place.command("policy", "publish").exit_code == 1
    assert len(place.senim.policies.versions()) == 1


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_names_operator_number_address_and_contacts(house: Open, profile: str, language: str) -> None:
    """Who it is, and how to reach it: travel-50, travel-33, foundation-1, tickets-25, airline-13, foundation-33."""
    place = house(profile)
    operator = place.stage.policy.operator
    page = read(place, f"/privacy/{language}")
    for text in (
        operator.name.in_(language),  # type: ignore[arg-type]  # one of the three
        operator.address.in_(language),  # type: ignore[arg-type]
        operator.responsible.position.in_(language),  # type: ignore[arg-type]
        operator.bin,
        operator.contacts.email,
    ):
        assert text in page.text
    assert f"mailto:{operator.contacts.email}" in page.links


@pytest.mark.parametrize("profile", PROFILES)
def test_the_page_answers_the_reader_in_the_readers_language(house: Open, profile: str) -> None:
    """Stable address, plain page, no cookies and no scripts of others: tickets-3, travel-30, shop-4."""
    place = house(profile)
    for wish, language in (("kk-KZ,kk;q=0.9,ru;q=0.5", "kk"), ("ru", "ru"), ("en-GB", "en")):
        answer = place.pages.get("/privacy", headers={"Accept-Language": wish})
        assert answer.status_code == 302
        assert answer.headers["Location"].endswith(f"/privacy/{language}")
    page = place.pages.get("/privacy/kk")
    assert "Set-Cookie" not in page.headers
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert all(one.startswith("/static/") for one in re.findall(r'<script[^>]*src="([^"]*)"', page.text))
    assert not re.search(r"<script(?![^>]*src=)", page.text)
    assert place.pages.get("/privacy/de").status_code == 404
    assert place.pages.get("/privacy/en/versions/99").status_code == 404


SCOPE = (
    ("travel", "travel-1"),
    ("airline", "airline-1"),
    ("tickets", "tickets-1"),
    ("foundation", "foundation-4"),
    ("shop", "shop-1"),
)


@pytest.mark.parametrize(("profile", "clause"), SCOPE, ids=[clause for _, clause in SCOPE])
def test_the_policy_names_its_sites_and_contract(house: Open, profile: str, clause: str) -> None:
    """Sites and contract are part of it; the rest is refused: travel-1, airline-1, shop-1, shop-4."""
    place = house(profile)
    version = place.pages.get("/privacy/versions/1.json").get_json()
    assert version["sites"]
    assert all(one["address"].startswith("https://") for one in version["sites"])
    if profile != "shop":
        assert any(one.get("contract") for one in version["sites"])
    point = place.stage.point()
    assert place.take({**place.body(point), "point": "other-site"}).codes == {"point_undeclared"}
    assert clause in {one["id"] for one in version["clauses"]}


STATED = (
    ("travel", "travel-30", ("links", "control")),
    ("shop", "shop-4", ("this site alone", "Links")),
    ("shop", "shop-1", ("policy",)),
    ("tickets", "tickets-25", ("invalid",)),
    ("foundation", "foundation-1", ("Law",)),
)


@pytest.mark.parametrize(("profile", "clause", "words"), STATED, ids=[clause for _, clause, _ in STATED])
def test_what_the_text_only_states_is_stated(house: Open, profile: str, clause: str, words: tuple[str, ...]) -> None:
    """Links are out of scope, one void part voids no other: travel-30, shop-1, shop-4, tickets-25, foundation-1."""
    place = house(profile)
    says = next(one.says.en for one in place.stage.policy.clauses if one.id == clause)
    assert " ".join(says.split()) in read(place, "/privacy/en").text
    assert all(word in says for word in words), says


@pytest.mark.parametrize(
    ("profile", "clause"), [("tickets", "tickets-2"), ("foundation", "foundation-1")], ids=["tickets-2", "foundation-1"]
)
def test_the_law_is_named_and_refusals_cite_its_articles(house: Open, profile: str, clause: str) -> None:
    """Rests on Law 94-V: tickets-2, foundation-1, shop-22."""
    place = house(profile)
    says = next(one.says for one in place.stage.policy.clauses if one.id == clause)
    assert all("94-V" in says.in_(language) for language in LANGUAGES)
    refused = place.door("site").check("use", "no-such-purpose")
    assert refused.body["reasons"][0]["article"]
    assert refused.body["reasons"][0]["clause"].startswith(profile)


CLASHES = (
    ("travel", "travel-49", "access-fee"),
    ("travel", "travel-28", "border-list"),
    ("travel", "travel-29", "border-ground"),
    ("travel", "travel-10", "transfer-consent"),
    ("travel", "travel-11", "transfer-consent"),
    ("travel", "travel-34", "foreign-law"),
    ("airline", "airline-8", "transfer-consent"),
    ("tickets", "tickets-4", "consent-by-use"),
    ("tickets", "tickets-18", "transfer-consent"),
    ("tickets", "tickets-21", "unlimited-term"),
    ("tickets", "tickets-24", "claim-term"),
    ("tickets", "tickets-25", "silent-change"),
    ("foundation", "foundation-21", "border-list"),
    ("foundation", "foundation-35", "border-ground"),
    ("foundation", "foundation-37", "silent-change"),
    ("shop", "shop-3", "consent-by-use"),
    ("shop", "shop-15", "unlimited-term"),
    ("shop", "shop-21", "liability"),
    ("shop", "shop-22", "claim-term"),
    ("shop", "shop-23", "silent-change"),
)


@pytest.mark.parametrize("profile", PROFILES)
def test_each_text_clashes_with_the_law_exactly_where_it_does(house: Open, profile: str) -> None:
    """The clash is shown with its article, and the law wins: travel-49, tickets-21, tickets-24, shop-15, shop-22."""
    place = house(profile)
    checked = place.told("policy", "check")
    assert checked["problems"] == []
    spoken = {(one["clause"], one["rule"]) for one in checked["clashes"] if one["clause"]}
    assert spoken == {(clause, rule) for name, clause, rule in CLASHES if name == profile}
    silent = [one["detail"] for one in checked["clashes"] if not one["clause"]]
    assert len(silent) == {"travel": 1, "airline": 4, "tickets": 2, "foundation": 1, "shop": 2}[profile]
    assert all(one["article"] and one["wins"] == "law" for one in checked["clashes"])
    page = place.pages.get("/privacy/en").text
    assert page.count('class="clash"') == len({clause for name, clause, _ in CLASHES if name == profile})


def test_without_a_term_the_purpose_ends_it_and_consent_can_end_it_any_day(house: Open) -> None:
    """No time limit is what the text says; the law's limit is what people are told: tickets-21, shop-15."""
    for profile, point, purpose in (("tickets", "order", "service"), ("shop", "order", "fulfilment")):
        place = house(profile)
        shown = place.door()("GET", f"/v1/points/{point}/notice", query_string={"language": "en"}).body
        term = next(line["text"] for line in shown["lines"] if line["ref"] == f"purposes.{purpose}.term")
        assert "until the purpose is met" in term
        subject, _ = place.person(point)
        assert place.consent("site", subject, purpose, given=False).status == 201
        assert place.door("site").check("store", purpose, subject).codes == {"consent_withdrawn"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_published_version_is_its_hash(house: Open, profile: str) -> None:
    """Anybody can check what was published, and nothing is published twice: travel-2, tickets-3, foundation-37."""
    place = house(profile)
    told = place.told("policy", "show")
    shown = place.pages.get("/privacy/versions/1.json").data
    assert hashlib.sha256(shown).hexdigest() == told["digest"]
    assert told["digest"] in place.pages.get("/privacy/ru").text
    assert json.loads(shown)["id"] == place.stage.policy.id
    again = place.command("policy", "publish")
    assert isinstance(again.exception, SenimError)
    assert again.exception.code == "unchanged"
