"""Numbers and days that no database or calendar can hold: an address that leads nowhere, never a fault of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.test import Client

from senim.testing import Stage
from senim.web.console import console as console_door
from senim.web.portal import portal
from senim.web.public import public
from senim.web.site import site
from tests.console import Colleague

LARGE = ("999999999999999999", str(2**63 - 1), str(2**63), str(10**40), "9" * 5000, "-1", "٣", "²", "1_0", "1.5", "")
DAYS = ("0001-01-01", "9999-12-31", "9999-12-31T23:59:59", "99999-01-01", "x")


def _numbered(senim: Any) -> Iterator[str]:
    """Every page, of every door, that has a number in its address; other parts are made up."""
    for app, below in ((public(senim), ""), (portal(senim), "/portal"), (console_door(senim), "/console")):
        adapter = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            numbers = [name for name, one in rule._converters.items() if type(one).__name__ == "Number"]
            assert not any(type(one).__name__ == "IntegerConverter" for one in rule._converters.values()), rule
            if numbers and "GET" in (rule.methods or ()):
                marks = {name: 7 if name in numbers else "en" for name in rule.arguments}
                yield below + adapter.build(rule.endpoint, marks)


def test_numbers_in_addresses(console: Callable[..., Colleague], stage: Stage) -> None:
    """Each page is not found, or answers; none breaks."""
    me = console()
    places = sorted(_numbered(stage.platform))
    assert len(places) > 10, "the doors have such pages"
    for place in places:
        for large in filter(None, LARGE):
            address = "/".join(part.replace("7", large) if part.startswith("7") else part for part in place.split("/"))
            status = me.get(address).status_code
            assert status < 500, (address[:90], status)
            assert large.isdigit() or status in (404, 405), (address[:90], status)


QUERIES = (
    "/console/log?before={}",
    "/console/log/checkpoints?before={}",
    "/console/registers/disclosures?before={}",
    "/console/registers/mailings?before={}",
    "/console/orders/?about={}",
    "/console/people?before={}",
    "/console/requests?after={}",
    "/console/requests?after={}.R-1",
    "/console/promises/drills?before={}",
    "/privacy/en/changes/compare?from={}&to={}",
    "/console/log?since={}",
    "/console/log?until={}",
    "/console/registers/disclosures?until={}",
)


@pytest.mark.parametrize("query", QUERIES)
def test_numbers_and_days_that_are_asked_with(console: Callable[..., Colleague], query: str) -> None:
    """A filter that nothing fits, or none at all; none breaks."""
    me = console()
    for text in (*LARGE, *DAYS):
        assert me.get(query.replace("{}", text)).status_code < 500, (query, text[:40])


TILES = ("/v1/log/tile/{}/000", "/v1/log/tile/0/{}", "/v1/log/tile/entries/{}", "/v1/log/tile/0/000.p/{}")


@pytest.mark.parametrize("tile", TILES)
def test_numbers_of_tiles(stage: Stage, tile: str) -> None:
    """The log's tiles, as far as a name of one can reach."""
    senim: Any = stage.platform
    client = Client(site(senim))
    for number in (*LARGE, "63", "x999/" * 5 + "999", "x999/" * 6 + "999"):
        assert client.get(tile.replace("{}", number)).status_code in (401, 404), number[:40]


FORMS = (
    ("/console/policy/drafts", {"name": "next", "base": "{}"}),
    ("/console/requests", {"kind": "access", "way": "letter", "day": "{}"}),
    ("/console/policy/drafts/x/propose", {"digest": "x", "effective": "{}"}),
)


@pytest.mark.parametrize(("path", "form"), FORMS)
def test_numbers_and_days_in_forms(console: Callable[..., Colleague], path: str, form: dict[str, str]) -> None:
    """Refused in words, or taken as none."""
    me = console()
    for text in (*LARGE, *DAYS):
        filled = {name: value.replace("{}", text) for name, value in form.items()}
        assert me.post(path, filled).status_code < 500, (path, text[:40])
