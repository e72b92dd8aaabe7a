"""A form that meets a sign-in of long ago: nothing is lost, and nothing is silent."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from senim.testing import FixedClock
from tests.console import PASSWORD, Colleague

OVER = {"kk": "орындалмады", "ru": "не выполнено", "en": "was not done"}
YET = {"kk": "Әзірге ештеңе орындалған жоқ.", "ru": "Пока ничего не сделано.", "en": "Nothing has been done yet."}


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_form_goes_along_and_is_done_by_one_press(
    console: Callable[..., Colleague], clock: FixedClock, language: str
) -> None:
    """What was typed is in the page that asks, as it was typed; the password alone is added."""
    me = console(language=language)
    clock.move(minutes=11)
    form = {"name": "aru", "shown": 'Aru "A" <b>', "role": "desk", "language": "kk"}
    asked = me.post("/console/staff/add", form)
    assert YET[language] in asked.text
    assert "Aru &#34;A&#34; &lt;b&gt;" in asked.text
    assert "no-store" in asked.headers["Cache-Control"]
    assert "Set-Cookie" not in asked.headers, "nothing of it is in the session"
    wrong = me.again(asked, "wrong")
    assert (wrong.status_code, wrong.text.count('role="alert"')) == (403, 1)
    assert 'Aru "A" <b>' not in colleagues(me)
    assert me.again(wrong).status_code == 200
    assert 'Aru "A" <b>' in colleagues(me)
    assert me.get("/console/keys/add").status_code == 200, "they have just shown who they are"


def colleagues(me: Colleague) -> list[str]:
    """What those are called who have an account."""
    return [one.names.shown for one in me.senim.staff.all(me.senim.works.begin(me.senim.actor()))]


def test_an_empty_password_is_not_a_try(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """It asks once more; six wrong ones wait, and the form is still there."""
    me = console()
    clock.move(minutes=11)
    asked = me.post("/console/account/recovery")
    assert [me.again(asked, "").status_code for _ in range(7)] == [403] * 7
    assert [me.again(asked, "wrong").status_code for _ in range(7)] == [403] * 5 + [429] * 2
    clock.move(minutes=16)
    assert "<code>" in me.again(asked).text


def test_a_file_is_asked_for_again(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """Files are not carried through a page: it says so, and has a place for each."""
    me = console()
    clock.move(minutes=11)
    scan = (io.BytesIO(b"%PDF-1.7"), "act.pdf")
    asked = me.post("/console/tasks/x/done", {"rows": "3", "scan": scan}, content_type="multipart/form-data")
    assert 'type="file"' in asked.text
    assert 'name="rows" value="3"' in asked.text
    assert "act.pdf" not in asked.text


def test_the_way_back_leads_to_a_page(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """To where the form stood, if that can be opened; never out of the console."""
    me = console()
    clock.move(minutes=11)
    for referrer, back in (
        ("http://localhost/console/account/", "/console/account/"),
        ("http://localhost/console/account/recovery", "/console/"),
        ("https://evil.example/console/account/", "/console/"),
    ):
        asked = me.post("/console/account/recovery", headers={"Referer": referrer})
        assert f'name="again-back" value="{back}"' in asked.text
        assert f'name="again-back" value="{back}"' in me.again(asked, "").text


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_what_was_sent_after_the_session_ended_was_not_done(
    console: Callable[..., Colleague], clock: FixedClock, language: str
) -> None:
    """It is said where one signs in, and from there one comes back to the page of the form."""
    me = console(language=language)
    me.get(f"/console/?language={language}")
    clock.move(minutes=31)
    sent = me.post("/console/account/recovery", headers={"Referer": "http://localhost/console/account/"})
    assert (sent.status_code, sent.location) == (303, "/console/sign-in?next=/console/account/")
    assert OVER[language] in me.get(sent.location).text
    assert OVER[language] not in me.get(sent.location).text, "it is said once"


def test_asked_again_is_another_session_token(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """Who knew the token of before is out once it was shown who sits there, and the view acts by the new one."""
    me = console()
    before = me.client.get_cookie("senim-console", path="/console")
    assert before
    clock.move(minutes=11)
    asked = me.post("/console/account/recovery")
    me.again(asked)
    after = me.client.get_cookie("senim-console", path="/console")
    assert after
    assert after.value != before.value
    assert me.get("/console/account/").status_code == 200
    me.client.set_cookie("senim-console", before.value, path="/console")
    assert me.get("/console/account/").status_code == 303


def test_a_date_is_kept(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """The page that asks keeps what has no page of its own, too: fields that are there more than once."""
    me = console()
    clock.move(minutes=11)
    day = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    asked = me.post("/console/policy/drafts/x/propose", {"digest": "d", "effective": [day, "twice"]})
    assert asked.text.partition("<main")[2].count('name="effective"') == 2
    assert PASSWORD not in asked.text


def test_the_fields_of_the_page_are_of_no_use_elsewhere(console: Callable[..., Colleague], clock: FixedClock) -> None:
    """Without its token, with a forged one, or with a way back that leads out: nothing is done, nobody is led away."""
    me = console()
    clock.move(minutes=11)
    form = {"name": "aru", "shown": "Aru", "role": "desk", "language": "kk"}
    token = re.search(r'name="csrf_token" value="([^"]+)"', me.post("/console/staff/add", form).text)
    assert token
    filled = {**form, "again-password": PASSWORD}
    assert me.client.post("/console/staff/add", data=filled).status_code == 400
    forged = {**filled, "csrf_token": token[1].replace(token[1][:6], "ImFhYW", 1)}
    assert me.client.post("/console/staff/add", data=forged).status_code == 400
    for away in (
        "https://elsewhere.example/console/",
        "//elsewhere.example/console/",
        "javascript:alert(1)",
        "/portal/",
    ):
        asked = me.post("/console/staff/add", {**form, "again-back": away})
        assert 'href="/console/">' in asked.text
        assert "elsewhere" not in asked.text
        assert "javascript:" not in asked.text
    assert "Aru" not in colleagues(me)
