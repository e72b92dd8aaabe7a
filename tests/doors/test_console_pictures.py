"""Pictures at the console tell what the log and the policy tell; each has its table and its CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from senim.consent import Scope
from senim.testing import Stage
from tests.console import Colleague
from tests.doors.test_console_registers import rows


def table(me: Colleague, name: str) -> list[list[str]]:
    return rows(me.get(f"/console/pictures/{name}.csv").data)[1:]


def test_the_way_of_data(console: Callable[..., Colleague]) -> None:
    """Every step of the policy is in the table; the country abroad stands out in the picture."""
    me = console()
    steps = [(line[0], line[1]) for line in table(me, "flow")]
    assert ("Contacts", "Fulfilling the order") in steps
    assert ("Delivery", "Courier") in steps
    assert any(source == "Foreign mailer" for source, _ in steps)
    page = me.get("/console/pictures/flow").text
    svg = page[page.index('<svg class="chart"') : page.index("</svg>", page.index('<svg class="chart"')) + 6]
    drawn = fromstring(svg)
    assert len([one for one in drawn.iter("path") if one.get("class") == "ribbon marked"]) == 1
    assert len(list(drawn.iter("path"))) == len(steps)


def test_consents_by_week(console: Callable[..., Colleague], stage: Stage, clock: Any) -> None:
    """What was given and withdrawn is counted in its week, by purpose, from the log."""
    people = [stage.person(), stage.person()]
    clock.move(days=14)
    stage.consent(people[0], Scope(purpose="newsletter", channel="email"), given=False)
    me = console()
    me.senim.tick()
    found = {(line[0], line[1]): line[2:] for line in table(me, "consents")}
    weeks = sorted({week for purpose, week in found if purpose == "Newsletter"})
    assert len(weeks) == 2
    assert sorted(found["Newsletter", week] for week in weeks) == [["0", "1"], ["6", "0"]]
    assert "<svg" in me.get("/console/pictures/consents").text


def test_terms_that_end(console: Callable[..., Colleague], stage: Stage) -> None:
    """A consent for three years ends in the quarter three years on; an intake for bookkeeping in five."""
    stage.person()
    me = console()
    me.senim.tick()
    found = {line[0]: (line[1], line[2]) for line in table(me, "terms")}
    assert found["Newsletter"] == ("2029-Q4", "3")
    assert found["Bookkeeping"] == ("2031-Q4", "1")


def test_nothing_yet(console: Callable[..., Colleague]) -> None:
    """Before anything happened each picture says what will be there."""
    me = console()
    for name in ("consents", "requests", "terms"):
        assert "Nothing to show yet" in me.get(f"/console/pictures/{name}").text
    assert me.get("/console/pictures/unknown").status_code == 404


def test_who_may_not_work_on_requests_sees_none(console: Callable[..., Colleague]) -> None:
    """Pictures are for who may read the log; that of requests for who works on them too."""
    me = console(role="desk")
    assert me.get("/console/pictures/").status_code == 403
    assert me.get("/console/pictures/requests.csv").status_code == 403


def test_counts_go_on_and_are_made_anew_after_a_restore(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting in steps tells the same as counting at once; a log that is shorter than what was counted starts anew."""
    senim: Any = stage.platform
    for _ in range(3):
        stage.person()
    senim.tick()
    monkeypatch.setattr("senim.audit.daily.STEP", 5)
    assert senim.daily.catch_up(most=5) == senim.log.size - 5
    assert senim.daily.catch_up(most=10_000) == 0
    given = [entry for _, entry in senim.log.entries() if entry.act == "consent.given"]
    assert sum(one.count for one in senim.daily.of("consent.given")) == len(given) > 0
    before = senim.daily.of("consent.given", "data.collected")
    monkeypatch.setattr("senim.audit.daily_store.counted", lambda _: senim.log.size + 1)
    senim.daily._step(10_000)  # the log of an older backup, seen from behind its end
    monkeypatch.undo()
    assert senim.daily.of("consent.given", "data.collected") == before


def test_two_who_count_at_once_count_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was slower throws its counts away."""
    senim: Any = stage.platform
    stage.person()
    senim.tick()
    commit = senim.database.commit

    def slower(unit: Any) -> None:
        monkeypatch.setattr(senim.database, "commit", commit)
        senim.daily.catch_up()
        commit(unit)

    monkeypatch.setattr(senim.database, "commit", slower)
    senim.daily.catch_up()
    given = [entry for _, entry in senim.log.entries() if entry.act == "consent.given"]
    assert sum(one.count for one in senim.daily.of("consent.given")) == len(given)
