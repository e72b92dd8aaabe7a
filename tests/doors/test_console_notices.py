"""Letters to staff about their own account, and the mail that one sends oneself to try."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from senim.languages import LANGUAGES, Language, wording
from senim.testing import FixedClock, Stage
from tests.console import PASSWORD, Colleague, account, now
from tests.doors.test_console_entrance import Visitor
from tests.features.rights.scene import Letters
from tests.features.test_outbox import Outbox
from tests.mailserver import Mailbox

ADDRESS = "desk@people.example"


def told(letters: Letters) -> list[tuple[str, str]]:
    """To whom what was told of an account: the address, and the act by its words in English."""
    acts = {text.en: act for act, text in wording("staff").items()}
    return [(address, acts[facts["done"].en]) for address, facts in letters.of("account_notice")]


def test_a_new_device_is_told_once(stage: Stage, clock: FixedClock) -> None:
    """The letter names browser and system, holds no secret, and does not come again for that device."""
    senim: Any = stage.platform
    mine = account(senim, role="desk", name=ADDRESS)
    clock.move(minutes=1)
    letters, visitor = Letters(senim), Visitor(senim)
    for _ in range(2):
        visitor.sign_in(mine.name)
        visitor.send("/console/sign-in/code", code=now(senim, mine.secret))
        token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.client.get("/console/").text)
        assert token
        visitor.client.post("/console/sign-out", data={"csrf_token": token[1]})
        clock.move(minutes=1)
    assert told(letters) == [(ADDRESS, "staff.signed_in")]
    assert letters.of("account_notice")[0][1]["link"].endswith("/console/account/")
    elsewhere = Visitor(senim)
    elsewhere.sign_in(mine.name)
    elsewhere.send("/console/sign-in/code", code=mine.recovery[0])
    assert told(letters)[1:] == [(ADDRESS, "staff.recovery_used"), (ADDRESS, "staff.signed_in")]
    senim.tick()
    assert senim.log.verify().ok


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_changes_an_account_is_told(console: Callable[..., Colleague], language: Language, stage: Stage) -> None:
    """Password, recovery codes and the address itself, in the language of the account; the former address is told."""
    me = console(role="desk", name=ADDRESS, language=language)
    letters = Letters(me.senim)
    me.post("/console/account/password", {"old": PASSWORD, "new": PASSWORD + "!", "again": PASSWORD + "!"})
    page = me.post("/console/account/recovery").text
    assert me.post("/console/account/address", {"address": "other@people.example"}).status_code == 303
    me.post("/console/account/recovery")
    assert told(letters) == [
        (ADDRESS, "staff.password_changed"),
        (ADDRESS, "staff.recovery_renewed"),
        (ADDRESS, "staff.address_set"),
        ("other@people.example", "staff.recovery_renewed"),
    ]
    assert {spoken for _, spoken in letters.languages} == {language}
    codes = re.findall(r"<code>([a-z0-9-]{29})</code>", page)
    said = repr(letters.sent)
    assert len(codes) == 10
    assert not any(secret in said for secret in (*codes, PASSWORD, me.account.secret))


def test_who_has_no_address_gets_no_letter(console: Callable[..., Colleague]) -> None:
    """A sign-in name that is none stays without; what is no address is refused in the form."""
    me = console(role="desk")
    letters = Letters(me.senim)
    me.post("/console/account/recovery")
    wrong = me.post("/console/account/address", {"address": "nobody at all"})
    assert (wrong.status_code, wrong.text.count('aria-invalid="true"')) == (400, 1)
    assert told(letters) == []
    me.post("/console/account/address", {"address": "asel@people.example"})
    assert 'value="asel@people.example"' in me.get("/console/account/").text
    me.post("/console/account/address", {"address": ""})
    assert told(letters) == [("asel@people.example", "staff.address_set")]


def test_a_reset_is_told_to_whose_account_it_is(console: Callable[..., Colleague]) -> None:
    """Not to who did it, and without the first password."""
    me = console()
    desk = account(me.senim, role="desk", name=ADDRESS)
    letters = Letters(me.senim)
    first = re.search(r"(?:[a-z0-9]{4}-){4}[a-z0-9]{4}", me.post(f"/console/staff/{desk.id}/reset").text)
    assert told(letters) == [(ADDRESS, "staff.reset")]
    assert first
    assert first[0] not in repr(letters.sent)


def test_the_test_mail_says_what_is_missing(console: Callable[..., Colleague]) -> None:
    """No address, then no mail server: each is said, and nothing waits in the outbox."""
    me = console()
    assert me.post("/console/settings/test-mail").status_code == 303
    assert "Your address is not known" in me.get("/console/settings/").text
    me.post("/console/account/address", {"address": ADDRESS})
    me.post("/console/settings/test-mail")
    assert "No mail server is set" in me.get("/console/settings/").text
    assert me.senim.orders.counts(me.senim.database).due == {}


def test_the_test_mail_tells_what_came_of_it(
    console: Callable[..., Colleague], tmp_path: Path, clock: FixedClock
) -> None:
    """By the real outbox to a real server: it waits, it was taken, or it could not be handed over and why."""
    me = console(name=ADDRESS)
    with Mailbox(tmp_path) as server:
        outbox = Outbox(me.senim, server.server)
        me.senim.staff._post = outbox.messages
        page = me.post("/console/settings/test-mail").location
        assert "The mail waits to be sent." in me.get(page).text
        outbox.run()
        assert "The mail server took the mail." in me.get(page).text
        tried = [mail["To"] for mail in server.mails if mail["Subject"] == "A test mail from the console"]
        assert tried == [ADDRESS]
        outbox.messages.close()
    page = me.post("/console/settings/test-mail").location
    outbox.run()
    said = me.get(page).text
    assert "The mail waits to be sent." in said
    assert wording("codes")["mail_unreachable"].en in html.unescape(said)
    outbox.messages.close()
    me.senim.tick()
    assert [entry.act for _, entry in me.senim.log.entries()].count("staff.mail_tried") == 2
