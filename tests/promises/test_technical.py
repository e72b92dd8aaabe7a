"""What devices tell by themselves, followed from the pixel and the API to the files: tickets-8, shop-8, travel-5."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from senim.testing import FixedClock
from tests.promises.conftest import Open
from tests.promises.house import House
from tests.promises.scanning import forms, scan
from tests.visits import FIREFOX

IP, VISITOR, WORD = "198.51.100.143", "visitor-4711-0815", "hidden-query-word"
PROFILES = ("tickets", "shop", "travel")
CHOICE = {"tickets": "counter", "shop": "statistics", "travel": "security"}
PURPOSE = {"tickets": "diagnostics", "shop": "diagnostics", "travel": "security"}
PAGE = {"tickets": "", "shop": "/help/…/now", "travel": "/help/…/now"}


def site_of(place: House) -> str:
    return place.senim.policies.in_force(place.senim.works.clock.now()).policy.sites[0].address.rstrip("/")


def tell(place: House, profile: str) -> None:
    """A page with the pixel is opened, by somebody who chose that; and the operator's server tells of another one."""
    site = site_of(place)
    page = f"{site}/help/somebody@people.example/now?word={WORD}"
    headers = {"Referer": page, "User-Agent": FIREFOX, "X-Forwarded-For": IP}
    path = f"/visits/visit.gif?allowed={CHOICE[profile]}&visitor={VISITOR}"
    assert place.pages.get(path, headers=headers, environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 200
    place.senim.technical.flush(everything=True)
    seen: dict[str, Any] = {
        "ip": IP, "visitor": VISITOR, "browser": FIREFOX, "page": page, "referrer": page, "allowed": [CHOICE[profile]],
    }  # fmt: skip
    taken = place.door("site")("POST", "/v1/technical", {"point": "visit", "visits": [seen]})
    assert (taken.status, taken.body["kept"]) == (201, 1)


def counts(place: House, profile: str, by: str) -> list[tuple[str, int, int]]:
    found = place.senim.run(
        place.senim.actor(),
        lambda work: place.senim.technical.count(work, PURPOSE[profile], by=by),  # type: ignore[arg-type]  # one of the list
    )
    return [(one.of, one.visits, one.addresses) for one in found.counts]


@pytest.mark.parametrize("profile", PROFILES)
def test_what_devices_tell_is_kept_apart_and_leads_to_nobody(house: Open, tmp_path: Path, profile: str) -> None:
    """tickets-8, shop-8, travel-5: counted as declared; no address, cookie or query stands in any file."""
    place = house(profile, FixedClock(datetime.now(UTC)))
    tell(place, profile)
    assert counts(place, profile, "browser") == [("Firefox 128", 2, 1)]
    assert counts(place, profile, "page") == [(PAGE[profile], 2, 1)]
    assert place.senim.subjects.count(place.senim.database) == (0, 0)
    assert place.clock is not None
    place.clock.move(days=1)
    tell(place, profile)
    assert counts(place, profile, "browser") == [("Firefox 128", 4, 2)]
    place.senim.tick()
    entries = [entry for _, entry in place.senim.log.entries() if entry.act == "technical.taken"]
    assert [entry.count for entry in entries] == [1, 1, 1, 1]
    place.close()
    work = tmp_path / "work"
    work.mkdir()
    wanted = forms([IP, VISITOR, WORD, "somebody@people.example"])
    assert scan([place.folder], wanted, work) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_visits_end_when_the_policy_says(house: Open, profile: str) -> None:
    """tickets-8, shop-8: the clock of the service removes them by itself, and the log tells how many."""
    clock = FixedClock(datetime.now(UTC))
    place = house(profile, clock)
    tell(place, profile)
    clock.move(days=25)
    place.senim.attend()
    assert sum(visits for _, visits, _ in counts(place, profile, "day")) == 2
    clock.move(days=10)
    place.senim.attend()
    place.senim.tick()
    ended = [entry.count for _, entry in place.senim.log.entries() if entry.act == "technical.ended"]
    assert ended == [0, 2]
    assert counts(place, profile, "day") == []


def test_the_technician_finds_faults_and_nobody_else_looks(house: Open) -> None:
    """tickets-14: statistics of addresses to find technical problems, for those whose work that is."""
    place = house("tickets")
    tell(place, "tickets")
    told = place.command("technical", "show", "--purpose", "diagnostics", "--by", "browser", "--role", "technician")
    assert told.exit_code == 0
    assert "Firefox 128" in told.output
    for more in (("--purpose", "diagnostics", "--role", "support"), ("--purpose", "advertising")):
        assert place.command("technical", "show", *more).exit_code == 1


def test_measuring_knows_a_visitor_for_a_week_and_by_nothing_else(house: Open) -> None:
    """foundation-36: what cookies gather measures how effective the sites are, for those who chose it, by purpose."""
    clock = FixedClock(datetime.now(UTC))
    place = house("foundation", clock)
    seen = {"ip": IP, "visitor": VISITOR, "browser": FIREFOX, "page": f"{site_of(place)}/?word={WORD}"}
    for allowed in (["measuring"], ["improving"], ["essential"]):
        sent = {"point": "visit", "visits": [{**seen, "allowed": allowed}]}
        taken = place.door("site")("POST", "/v1/technical", sent)
        assert taken.body["dropped"] == ["ip", "browser", "page"]
        assert taken.body["not_chosen"] == (allowed == ["essential"])
    for purpose in ("campaigns", "research"):
        found = place.told("technical", "show", "--purpose", purpose, "--by", "page")
        assert [(one["of"], one["visits"], one["addresses"]) for one in found["counts"]] == [("", 1, 0)]
