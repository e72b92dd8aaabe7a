"""The evidence pack of a period: the command line, the console, and its check with the public key alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from senim.app import open_senim, throwaway
from senim.conformance.stage import Stage
from tests.console import Colleague
from tests.doors.conftest import Terminal

Console = Callable[..., Colleague]


@pytest.fixture
def used(folder: Path, mini: bytes) -> Path:
    """An operator's folder with some people."""
    with open_senim(folder, environment={}) as senim:
        stage = Stage(senim, mini, throwaway)
        for _ in range(3):
            stage.person()
        senim.tick()
    return folder


def test_the_command_makes_it_and_an_outsider_checks_it(senim: Terminal, used: Path) -> None:
    """As text, as JSON, signed as a whole; each file is checked with the public key alone, and a changed one fails."""
    text = senim("evidence", "-C", used).out
    assert "consents to orders: 9 given, 0 withdrawn" in text
    assert "incidents: cannot be told" in text
    pack = senim("evidence", "--from", "2026-01-01", "-C", used, "--json")
    assert pack.code == 0
    keys = senim("keys", "public", "-C", used).out
    outside = used.parent / "outside"
    outside.mkdir()
    (outside / "keys").write_text(keys, encoding="utf-8")
    plain, signed = outside / "pack.json", outside / "pack.jws"
    plain.write_text(pack.out, encoding="utf-8")
    signed.write_text(senim("evidence", "--from", "2026-01-01", "--signed", "-C", used).out, encoding="utf-8")
    for file in (plain, signed):
        ran = senim("verify", file, "--key", outside / "keys", "-C", outside, "--json")
        assert (ran.code, ran.json["ok"], ran.json["problems"]) == (0, True, [])
    assert senim("verify", signed, "--key", outside / "keys", "-C", outside).out.startswith("Good: evidence-pack+jws")
    assert senim("verify", plain, "-C", used).out.startswith("Good: entries 0 to before")
    told = json.loads(pack.out)
    told["log"]["end"] += 1000
    plain.write_text(json.dumps(told), encoding="utf-8")
    ran = senim("verify", plain, "--key", outside / "keys", "-C", outside, "--json")
    assert (ran.code, ran.json["problems"][0]["kind"]) == (1, "missing")
    signed.write_text(signed.read_text(encoding="utf-8").replace(".", ".A", 1), encoding="utf-8")
    assert senim("verify", signed, "--key", outside / "keys", "-C", outside).code == 1
    plain.write_text('{"a": 1}', encoding="utf-8")
    assert "it is no evidence pack" in senim("verify", plain, "--key", outside / "keys", "-C", outside).err


def test_the_command_refuses_what_is_no_period(senim: Terminal, used: Path) -> None:
    """It says how a period is written."""
    ran = senim("evidence", "--period", "2026-13", "-C", used)
    assert ran.code == 1
    assert "2026-Q3" in ran.err
    assert senim("evidence", "--from", "2999-01-01", "-C", used).code == 1


@pytest.mark.parametrize(
    ("language", "now", "none"),
    [
        ("kk", "Уәделердің қазіргі жайы", "Бұл кезеңде болған жоқ."),
        ("ru", "Как обещания соблюдаются сейчас", "За этот период не было."),
        ("en", "How the promises stand now", "There was none in this period."),
    ],
)
def test_the_console_tells_the_same(console: Console, stage: Stage, language: str, now: str, none: str) -> None:
    """What happened in the period stands before what holds now, which says that it is of now."""
    stage.person()
    stage.platform.tick()
    me = console(language=language)
    page = me.get("/console/promises/evidence?period=2026-11").text
    assert page.index('id="p-requests"') < page.index(now) < page.index('id="summary"')
    assert none in page
    assert me.senim.log.vkey in page
    assert 'id="p-requests"' not in me.get("/console/promises/evidence").text
    saved = me.get("/console/promises/evidence.json?period=2026-11")
    assert "evidence-2026-11-01-2026-11-22.json" in saved.headers["Content-Disposition"]
    assert json.loads(saved.data)["disclosures"] == 0
    assert me.get("/console/promises/evidence.jws?period=2026-11").data.count(b".") == 2


def test_wrong_periods_say_so_and_days_come_before_a_choice(console: Console) -> None:
    """The page stays; the file refuses."""
    me = console()
    assert "There is no such period" in me.get("/console/promises/evidence?period=2027").text
    assert "There is no such period" in me.get("/console/promises/evidence?from=x").text
    assert me.get("/console/promises/evidence.json?period=2027").status_code == 422
    days = me.get("/console/promises/evidence.json?period=2026&from=2026-11-02&to=2026-11-03")
    assert json.loads(days.data)["period"]["since"] == "2026-11-02"


def test_who_may_not_read_the_log_gets_no_period(console: Console) -> None:
    """They see how the promises stand, as before, and no form."""
    me = console(role="desk")
    page = me.get("/console/promises/evidence")
    assert page.status_code == 200
    assert 'name="period"' not in page.text
    assert me.get("/console/promises/evidence?period=2026-11").status_code == 403
    assert me.get("/console/promises/evidence.json").status_code == 403
