"""The command line: what is stored to be done, seen, run, run again and given up; and health, which tells of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from senim.app import open_senim
from senim.identity import SYSTEM
from senim.messaging.records import To
from tests.doors.conftest import Door, Terminal
from tests.mailserver import SENDER, Mailbox

ADDRESS = "aigerim@people.example"
FACTS = {"code": "482910", "minutes": 10}


@pytest.fixture
def mailbox(tmp_path: Path) -> Any:
    """A mail server on this machine."""
    with Mailbox(tmp_path) as server:
        yield server


def _send(folder: Path, about: str = "R-2026-000001") -> str:
    """A message in the outbox of a folder; the id of its order."""
    with open_senim(folder, environment={}) as senim:
        message = senim.run(
            SYSTEM,
            lambda work: senim.messages.send(
                work, "code", to=To(address=ADDRESS), language="ru", facts=FACTS, about=about
            ),
        )
        found = senim.orders.list(senim.database, kind="mail.send")
        return next(one.id for one in found if one.holder == message)


def _configured(folder: Path, mailbox: Mailbox) -> None:
    with (folder / "senim.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[mail]\nhost = "127.0.0.1"\nport = {mailbox.port}\nsecurity = "none"\nsender = "{SENDER}"\n')


def test_cron_runs_what_is_due(senim: Terminal, folder: Path, mailbox: Mailbox) -> None:
    """``senim work`` sends what waits and ends; without a mail server it says what to do, and nothing is lost."""
    order_id = _send(folder)
    waiting = senim("work", "-C", folder, "--json")
    assert (waiting.code, waiting.json["attempts"], waiting.json["note"]) == (0, 0, "mail_not_configured")
    assert "senim.toml" in senim("work", "-C", folder).out
    _configured(folder, mailbox)
    ran = senim("work", "-C", folder, "--json")
    assert (ran.code, ran.json) == (0, {"attempts": 1, "due": 0, "later": 2, "dead": 0, "note": None})
    assert [one["To"] for one in mailbox.mails] == [ADDRESS]
    shown = senim("orders", "show", order_id, "-C", folder, "--json").json
    assert (shown["state"], shown["about"], shown["receipt"]["reply"]) == ("done", "R-2026-000001", "250 2.0.0")
    assert ADDRESS not in str(shown)


def test_a_dead_order_is_seen_run_again_or_given_up(senim: Terminal, folder: Path, mailbox: Mailbox) -> None:
    """The list shows what failed and why; the responsible person runs it again, or gives it up for a reason."""
    _configured(folder, mailbox)
    first, second = _send(folder), _send(folder, "R-2026-000002")
    mailbox.rcpt = ["550 5.1.1 no such user", "550 5.1.1 no such user"]
    ran = senim("work", "-C", folder)
    assert (ran.code, "2 failed for good" in ran.out) == (1, True)
    listed = senim("orders", "list", "--state", "dead", "-C", folder, "--json").json
    assert {(one["id"], one["code"], one["detail"]) for one in listed} == {
        (first, "mail_refused", "550 5.1.1"), (second, "mail_refused", "550 5.1.1"),
    }  # fmt: skip
    text = senim("orders", "list", "-C", folder).out
    assert first in text
    assert "mail_refused" in text
    assert ADDRESS not in text
    assert "mail_refused 550 5.1.1" in senim("orders", "show", first, "-C", folder).out
    about = senim("orders", "list", "--about", "R-2026-000002", "-C", folder, "--json").json
    assert second in {one["id"] for one in about}
    assert senim("orders", "rerun", first, "--role", "desk", "-C", folder).code == 1
    assert senim("orders", "rerun", first, "-C", folder).code == 0
    assert (
        senim("orders", "cancel", second, "--reason", "done-by-hand", "-C", folder, "--json").json["state"]
        == "cancelled"
    )
    assert senim("work", "-C", folder).code == 0
    assert len(mailbox.got) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("show", "0" * 32), 1, "not_found"),
        (("rerun", "x"), 1, "not_found"),
        (("cancel", "0" * 32, "--reason", "because"), 2, "because"),
        (("list", "--state", "tired"), 2, "tired"),
    ],
)
def test_what_is_wrong_is_told(senim: Terminal, folder: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    """No such order, no such reason, no such state: one sentence and the exit code that scripts expect."""
    ran = senim("orders", *arguments, "-C", folder)
    assert ran.code == code
    assert says in ran.err


def test_health_tells_what_waits_for_somebody(lone_door: Door) -> None:
    """Dead orders and a missing mail server are told; neither takes the service out of the balance."""
    platform: Any = lone_door.stage.platform
    well = lone_door.get("/v1/health", role=None).json
    assert (well["status"], well["dead_orders"], well["notes"]) == ("ok", 0, [])
    platform.run(
        SYSTEM,
        lambda work: platform.messages.send(work, "code", to=To(address=ADDRESS), language="ru", facts=FACTS),
    )
    platform.orders.handle("mail.send", lambda context, claimed: {"rows": int("a bug")}, attempts=1)
    told = lone_door.get("/v1/health", role=None).json
    assert (told["status"], told["notes"]) == ("ok", ["mail_not_configured"])
    platform.orders.run_due("mail")
    told = lone_door.get("/v1/health", role=None).json
    assert (told["status"], told["dead_orders"], told["notes"]) == ("ok", 1, [])
