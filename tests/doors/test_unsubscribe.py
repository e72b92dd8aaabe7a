"""The page that ends a mailing: looking ends nothing, one click does, and a mistake is taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from senim.app import Senim, make_folder, open_senim
from senim.messaging.actions import Messages
from senim.messaging.mail import Post
from senim.testing import FixedClock, Person, Stage
from senim.web.site import site
from tests.features import acting
from tests.mailserver import Mailbox

URL = "https://mini.example"


class Reader:
    """Somebody who got a mailing, with a browser."""

    def __init__(self, senim: Senim, mailbox: Mailbox, person: Person) -> None:
        self.senim, self.person = senim, person
        # The platform as it is set up, but for the mail server, which is this test's own.
        messages = Messages(
            policies=senim.policies, boxes=senim.boxes, orders=senim.orders, server=mailbox.server,
            mailer=Post(mailbox.server),
        )  # fmt: skip
        acting.about(
            senim,
            person.subject,
            lambda work, who: senim.marketing.write(
                work, who, "newsletter", language="ru", title="Чай", text=("Есть.",)
            ),
        )
        assert senim.orders.run_due("mail") == 1
        messages.close()
        self.mail = mailbox.mails[-1]
        self.path = self.mail["List-Unsubscribe"].strip("<>").removeprefix(URL)
        self.client = Client(site(senim))

    def ask(self, method: str, path: str = "", language: str = "ru") -> TestResponse:
        body = {"List-Unsubscribe": "One-Click"} if method == "POST" else None
        return self.client.open(path or self.path, method=method, data=body, headers={"Accept-Language": language})

    def may(self) -> bool:
        return bool(
            acting.about(
                self.senim,
                self.person.subject,
                lambda work, who: self.senim.marketing.may_write(work, who, "newsletter"),
            )
        )


@pytest.fixture
def reader(mini: bytes, tmp_path: Path, clock: FixedClock) -> Iterator[Reader]:
    """A reader of a mailing of an operator who has a public address."""
    folder = tmp_path / "operator"
    make_folder(folder, mini)
    with Mailbox(tmp_path) as mailbox, open_senim(folder, environment={"SENIM_SERVE_URL": URL}, now=clock) as senim:
        senim.run(senim.actor(), lambda work: senim.policies.publish(work, mini))
        stage = Stage(senim, mini, lambda policy: pytest.fail("no drill"))
        yield Reader(senim, mailbox, stage.person("registration"))


def test_opening_the_link_ends_nothing(reader: Reader) -> None:
    """A mail program that follows every link leaves all as it is; people see what they would end."""
    for method in ("GET", "HEAD"):
        answer = reader.ask(method)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert reader.may()
    shown = reader.ask("GET").get_data(as_text=True)
    assert "рассылка новостей" in shown
    assert '<form method="post"' in shown


def test_one_click_of_a_mail_program_ends_it(reader: Reader) -> None:
    """The POST of RFC 8058, without cookies or a token of ours, ends it at once; doing it again does no harm."""
    for _ in range(2):
        answer = reader.ask("POST")
        assert answer.status_code == 200
        assert "больше не придёт" in answer.get_data(as_text=True)
    assert not reader.may()
    assert "больше не придёт" in reader.ask("GET").get_data(as_text=True)


def test_a_click_by_mistake_is_taken_back_on_the_same_page(reader: Reader) -> None:
    """The page that says it is ended has the button that brings it back."""
    page = reader.ask("POST", language="kk").get_data(as_text=True)
    assert '<html lang="kk"' in page
    back = re.search(r'action="([^"]+/undo\?language=kk)"', page)
    assert back
    assert '<html lang="kk"' in reader.ask("POST", back[1]).get_data(as_text=True), "in the language that was read"
    assert reader.may()
    assert reader.ask("GET", back[1]).status_code == 405


def test_a_mistake_is_taken_back_by_who_comes_back_to_the_link(reader: Reader, clock: FixedClock) -> None:
    """In another language too, and after a mail program ended it by itself; for a day, and once."""
    assert "/undo" not in reader.ask("GET").get_data(as_text=True)
    reader.ask("POST")
    for language in ("kk", "ru", "en"):
        page = reader.ask("GET", f"{reader.path}?language={language}").get_data(as_text=True)
        assert f"/undo?language={language}" in page
    undone = reader.ask("POST", f"{reader.path}/undo")
    assert "/undo" not in undone.get_data(as_text=True)
    assert reader.may()
    reader.ask("POST")
    clock.move(hours=25)
    for method in ("GET", "POST"):
        page = reader.ask(method).get_data(as_text=True)
        assert "больше не придёт" in page
        assert "/undo" not in page, "what it would answer is that there is nothing to take back"


def test_the_page_is_safe_to_show(reader: Reader) -> None:
    """No script, no frame, no third party; only its own form may be sent; no personal value is in page or address."""
    answer = reader.ask("GET")
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"
    told = answer.get_data(as_text=True) + reader.path
    assert [value for value in reader.person.values.values() if len(value) > 3 and value in told] == []
    assert "<script" not in told


@pytest.mark.parametrize("path", ["/unsubscribe/x", "/unsubscribe/" + "A" * 90, "/unsubscribe/x/undo"])
def test_a_link_that_is_none_of_ours_is_not_found(reader: Reader, path: str) -> None:
    """Whatever is made up leads nowhere and changes nothing."""
    answer = reader.ask("POST", path)
    assert answer.status_code == 404
    assert reader.may()
