"""What is left of what a device tells: pseudonyms, words of short lists, paths in which nothing is somebody's."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.collection.technical_records import Visit, VisitKept
from senim.collection.technical_rules import (
    CUT,
    chosen,
    device_of,
    dropped,
    kept,
    network_of,
    path_of,
    period_of,
    pseudonym,
    referrer_of,
    visits_at,
)
from senim.errors import Code, NotPromised
from senim.policy import Promises
from senim.policy.cookies import kinds
from senim.times import micros, moment
from tests.unit.made import MINI, looked_at, varied
from tests.visits import FIREFOX, IP, IP6, SITE, visit, with_visits

NOW = datetime(2026, 11, 22, 9, 41, 17, tzinfo=UTC)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ZONE = "Asia/Almaty"


def promises(**changes: object) -> Promises:
    checked = looked_at(varied(changes, with_visits(MINI)))
    assert checked.policy is not None, checked.faults
    assert checked.law is not None
    return Promises(checked.policy, checked.law, 1, NOW, "0" * 64)


MADE = promises()


def of(purpose: str, seen: Visit, *, key: bytes = KEY, now: datetime = NOW, made: Promises = MADE) -> VisitKept:
    (one,) = [row for row in kept(made, "visit", seen, key=key, now=now) if row.purpose == purpose]
    return one


PATHS = {
    f"{SITE}/events/42?word=x#y": "/events/42",
    "/events/42?email=somebody@people.example": "/events/42",
    "events/42": "/events/42",
    SITE: "/",
    f"{SITE}/": "/",
    "": "",
    "/news/2026/11": "/news/2026/11",
    "/каталог/билеты": "/каталог/билеты",
    "/%D0%BA%D0%B0%D1%82%D0%B0%D0%BB%D0%BE%D0%B3": "/каталог",
    "/how-to-buy-tickets-2026": "/how-to-buy-tickets-2026",
    "/cart;jsessionid=9A0F": "/cart",
    "/mail/somebody@people.example/read": f"/mail/{CUT}/read",
    "/mail/somebody%2540people.example": f"/mail/{CUT}",
    "/call/+7-700-000-00-00": f"/call/{CUT}",
    "/call/8 (700) 000 00 00": f"/call/{CUT}",
    "/iin/981231500014": f"/iin/{CUT}",
    "/orders/881234": f"/orders/{CUT}",
    "/orders/88-12-34": f"/orders/{CUT}",
    "/pay/9398-0000-0000-0001": f"/pay/{CUT}",
    "/~aigul": f"/{CUT}",
    "/@aigul": f"/{CUT}",
    "/users/Иван-Петров": f"/users/{CUT}",
    "/users/ivan-petrov": f"/users/{CUT}",
    "/u/550e8400-e29b-41d4-a716-446655440000": f"/u/{CUT}",
    "/reset/eyJhbGciOiJIUzI1NiJ9abc": f"/reset/{CUT}",
    "/invite/QmFzZVNpeHR5Rm91clRva2VuQWJj": f"/invite/{CUT}",
    "/find/word=aigul": f"/find/{CUT}",
    "/a/b\x00c": f"/a/{CUT}",
    "/" + "x" * 61: f"/{CUT}",
    "/a" * 13: "/a" * 12 + f"/{CUT}",
    "https://[broken": "",
}


@pytest.mark.parametrize(("address", "path"), PATHS.items())
def test_a_page_keeps_its_path_alone(address: str, path: str) -> None:
    """shop-8: no query, no fragment; what may be somebody's number, name, address or key is cut out whole."""
    assert path_of(address) == path


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_no_query_is_ever_kept(path: str, word: str, fragment: str) -> None:
    """shop-8: whatever a page's address is, nothing behind its question mark or hash stays."""
    mark = "queryquery"
    told = path_of(f"{SITE}/{path.replace('?', '').replace('#', '')}?{mark}{word}#{mark}{fragment}")
    assert mark not in told
    assert "?" not in told


@given(st.emails(), st.sampled_from(["/mail/{}", "/{}", "/a/{}/b", "https://mini.example/x/{}"]))
def test_no_address_of_a_person_is_kept(email: str, where: str) -> None:
    """shop-8: an e-mail in a path is cut out, however it is written."""
    assert email not in path_of(where.format(email))


REFERRERS = {
    "https://search.example/find?word=x": "https://search.example",
    "https://search.example:8443/": "https://search.example",
    "https://somebody@search.example/": "https://search.example",
    f"{SITE}/events/42?word=x": "/events/42",
    "http://203.0.113.77/x": "",
    "http://[2001:db8::1]/x": "",
    "https://ivan-petrov.example/": "",
    "android-app://org.example": "",
    "words": "",
    "": "",
}


@pytest.mark.parametrize(("address", "told"), REFERRERS.items())
def test_a_referrer_keeps_its_origin_alone(address: str, told: str) -> None:
    """shop-8: of the policy's own site the path, of all others where it is and no more."""
    assert referrer_of(address, frozenset({SITE})) == told


BROWSERS = {
    FIREFOX: ("Firefox 128", "Linux", "computer"),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1": ("Safari 17", "iOS", "phone"),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36 "
    "Edg/128.0.2739.42": ("Edge 128", "Windows", "computer"),
    "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Mobile "
    "Safari/537.36": ("Chrome 127", "Android", "phone"),
    "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36":
        ("Chrome 127", "Android", "tablet"),
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 "
    "Mobile/15E148 Safari/604.1": ("Chrome 126", "iOS", "tablet"),
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 YaBrowser/24.6 Safari/537.36":
        ("Yandex 24", "Windows", "computer"),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
    "Safari/605.1.15": ("Safari 17", "macOS", "computer"),
    "Mozilla/5.0 (compatible; Searchbot/2.1; +http://search.example/bot.html)": ("robot", "other", "robot"),
    "curl/8.5.0": ("robot", "other", "robot"),
    "somebody's own words": ("other", "other", "other"),
    "": ("", "", ""),
}  # fmt: skip


@pytest.mark.parametrize(("browser", "told"), BROWSERS.items())
def test_a_browser_is_made_coarse(browser: str, told: tuple[str, str, str]) -> None:
    """tickets-8: family, main version, system and kind of thing; neither model nor build."""
    assert tuple(device_of(browser)) == told


@given(st.text(max_size=200))
def test_no_word_of_a_browser_is_kept(browser: str) -> None:
    """Whatever a browser says of itself, words of short lists are kept, and a number of four digits at most."""
    for word in device_of(browser):
        assert len(word) <= 22
        assert sum(one.isdigit() for one in word) <= 4


@given(st.ip_addresses(), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_pseudonyms_hold_as_long_as_their_key_and_in_one_place(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, key: bytes, other: bytes
) -> None:
    """tickets-8: the same in a period, another with another key or for another purpose, and never the address."""
    value = network_of(str(address))
    name = pseudonym(key, "visit diagnostics ip", value)
    assert name == pseudonym(key, "visit diagnostics ip", value)
    assert len(name) == 16
    assert name != pseudonym(key, "visit guarding ip", value)
    assert (name == pseudonym(other, "visit diagnostics ip", value)) == (key == other)
    assert address.packed[:8] not in name


NETWORKS = {
    "203.0.113.77": bytes([203, 0, 113, 77]),
    " 203.0.113.77 ": bytes([203, 0, 113, 77]),
    "::ffff:203.0.113.77": bytes([203, 0, 113, 77]),
    "2001:db8:5e11:7a11:1:2:3:4": bytes.fromhex("20010db85e117a11"),
    "2001:db8:5e11:7a11::/64": bytes.fromhex("20010db85e117a11"),
    "2001:db8:5e11:7a11:ffff::9": bytes.fromhex("20010db85e117a11"),
    "fe80::1%eth0": bytes.fromhex("fe80000000000000"),
    "unknown": b"",
    "203.0.113": b"",
    "": b"",
}


@pytest.mark.parametrize(("address", "network"), NETWORKS.items())
def test_an_address_is_known_by_its_network(address: str, network: bytes) -> None:
    """Of IPv6 the network: the rest of it changes by the day, or names the device for ever."""
    assert network_of(address) == network


def test_periods_begin_where_the_operator_is() -> None:
    """A day from midnight, a week from Monday, by the clocks there."""
    day, week = period_of("day", NOW, ZONE), period_of("week", NOW, ZONE)
    assert moment(day.begins) == datetime(2026, 11, 21, 19, tzinfo=UTC)
    assert moment(day.ends) == datetime(2026, 11, 22, 19, tzinfo=UTC)
    assert moment(week.begins) == datetime(2026, 11, 15, 19, tzinfo=UTC)
    assert moment(week.ends) == datetime(2026, 11, 22, 19, tzinfo=UTC)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from(["day", "week"]))  # noqa: DTZ001  # made aware below
def test_a_time_is_in_its_period(at: datetime, renews: str) -> None:
    """Periods follow each other without gap or overlap, where clocks are changed too."""
    at = at.replace(tzinfo=UTC)
    for zone in (ZONE, "Europe/Berlin"):
        period = period_of(renews, at, zone)
        assert period.begins <= micros(at) < period.ends
        assert period_of(renews, moment(period.ends), zone).begins == period.ends


def test_what_is_kept_is_what_its_purpose_needs() -> None:
    """tickets-8, shop-8: of each purpose its own fields; the time to the hour, where it is asked for."""
    told, guarded = of("diagnostics", visit()), of("guarding", visit())
    assert (told.day, told.hour) == ("2026-11-22", 14)
    assert (told.page, told.referrer, told.system) == ("/events/42", "https://search.example", "Linux")
    assert (told.browser, told.device) == ("Firefox 128", "computer")
    assert len(told.ip) == len(told.visitor) == 16
    assert (guarded.page, guarded.referrer, guarded.system, guarded.visitor, guarded.hour) == ("", "", "", b"", -1)
    assert guarded.browser == "Firefox 128"
    assert guarded.ip not in (told.ip, b"")
    assert all(IP not in str(one) for one in (*told, *guarded))


def test_what_did_not_come_is_not_made_up() -> None:
    """An empty value has no pseudonym: it would stand for everybody who tells nothing."""
    told = of("diagnostics", visit(ip="", visitor="", browser="", page="", referrer=""))
    assert (told.ip, told.visitor, told.browser, told.device, told.system, told.page) == (b"", b"", "", "", "", "")


def test_another_key_is_another_name() -> None:
    """What was kept in another period has nothing in common with it."""
    for part in ("ip", "visitor"):
        assert getattr(of("diagnostics", visit()), part) == getattr(of("diagnostics", visit()), part)
        assert getattr(of("diagnostics", visit()), part) != getattr(of("diagnostics", visit(), key=OTHER_KEY), part)
    assert of("diagnostics", visit(ip=IP6)).ip == of("diagnostics", visit(ip="2001:db8:5e11:7a11::9")).ip


def test_a_visit_ends_with_the_shorter_term() -> None:
    """The point promises thirty and ten days, the purpose of the second three: the stricter wins."""
    assert moment(of("diagnostics", visit()).ends) == datetime(2026, 12, 22, 19, tzinfo=UTC)
    assert moment(of("guarding", visit()).ends) == datetime(2026, 11, 25, 19, tzinfo=UTC)


def test_times_are_counted_from_the_visit() -> None:
    """What is told late ends as if it had come at once; what is over, or is yet to be, is not kept."""
    for late in (timedelta(), timedelta(hours=20), timedelta(days=2)):
        told = of("diagnostics", visit(at=NOW - late))
        assert told == of("diagnostics", visit(), now=NOW - late)
    over = list(kept(MADE, "visit", visit(at=NOW - timedelta(days=5)), key=KEY, now=NOW))
    assert [row.purpose for row in over] == ["diagnostics"]
    assert list(kept(MADE, "visit", visit(at=NOW - timedelta(days=40)), key=KEY, now=NOW)) == []
    assert list(kept(MADE, "visit", visit(at=NOW + timedelta(hours=1)), key=KEY, now=NOW)) == []


CHOICES = {
    ("statistics",): ("diagnostics", "guarding"),
    ("statistics", "offers"): ("diagnostics", "guarding"),
    ("offers",): ("guarding",),
    ("essential", "diagnostics"): ("guarding",),
    (): ("guarding",),
}


@pytest.mark.parametrize(("allowed", "purposes"), CHOICES.items())
def test_only_what_was_chosen_is_kept(allowed: tuple[str, ...], purposes: tuple[str, ...]) -> None:
    """tickets-13: without the choice nothing is kept for a purpose that rests on it."""
    told = visits_at(MADE, "visit")
    assert chosen(told, visit(allowed=allowed)) == purposes
    rows = kept(MADE, "visit", visit(allowed=allowed), key=KEY, now=NOW)
    assert tuple(row.purpose for row in rows) == purposes


def test_what_is_not_asked_for_is_named_and_dropped() -> None:
    """tickets-8: a device may tell what it likes, only what the policy declares comes in."""
    fewer = promises(
        **{
            "points.visit.asks": {"technical.ip": "optional"},
            "points.visit.visits.tells": {"technical.ip": "ip"},
            "points.visit.visits.keeps": {"diagnostics": {"choice": "statistics", "lasts": "1 month"}},
        }
    )
    told = of("diagnostics", visit(), made=fewer)
    assert told[4:] == (-1, told.ip, b"", "", "", "", "", "")
    assert dropped(visits_at(fewer, "visit"), [visit()]) == ("visitor", "browser", "page", "referrer")
    assert dropped(visits_at(MADE, "visit"), [visit()]) == ()


def test_other_points_take_no_visits() -> None:
    """What devices tell never stands beside what people give."""
    for point, code in (("registration", Code.POINT_KIND_WRONG), ("nowhere", Code.POINT_UNDECLARED)):
        with pytest.raises(NotPromised) as refused:
            visits_at(MADE, point)
        assert refused.value.code is code


WIDER: dict[str, dict[str, object]] = {
    "kept longer": {"points.visit.visits.keeps.diagnostics.lasts": "60 calendar days"},
    "a pseudonym for a week": {"points.visit.visits.renews": "week"},
    "fewer fields": {
        "points.visit.asks": {"technical.ip": "optional"},
        "points.visit.visits.tells": {"technical.ip": "ip"},
    },
}


@pytest.mark.parametrize("what", WIDER)
def test_visitors_are_asked_anew_when_visits_are_kept_otherwise(what: str) -> None:
    """tickets-13: a choice stands for what it was made for; other kinds are not asked about again."""
    before, after = ({one.id: one.mark for one in kinds(made, "en")} for made in (MADE, promises(**WIDER[what])))
    assert {name for name in before if before[name] != after[name]} == {"statistics"}
