"""The outbox: messages written with their act, sealed, handed over once, tried again, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from senim.app import Senim
from senim.audit.records import Entry
from senim.errors import Code, NotPromised, SenimError
from senim.identity import SYSTEM, SubjectId
from senim.messaging.actions import ATTEMPTS, SEND, Messages
from senim.messaging.mail import MOST_TOGETHER, Post
from senim.messaging.records import File, MailServer, MessageState, To
from senim.orders import Order, State
from senim.testing import FixedClock, Stage
from senim.work import Work
from tests.features.acting import refused, senim_of
from tests.mailserver import SENDER, BreakingServer, Breaks, Mailbox

ADDRESS = "aigerim@people.example"
FACTS: dict[str, Any] = {
    "number": "R-2026-000001",
    "kind": {"kk": "көшірме", "ru": "копия", "en": "a copy"},
    "due": {"kk": "Ертең", "ru": "Завтра", "en": "Tomorrow"},
    "link": "https://mini.example/r/abc?x=1&y=2",
}


class Outbox:
    """A platform that writes, by a mail server if there is one."""

    def __init__(self, senim: Senim, server: MailServer | None = None) -> None:
        self.senim = senim
        self.post = Post(server) if server else None
        self.messages = Messages(
            policies=senim.policies, boxes=senim.boxes, orders=senim.orders, server=server, mailer=self.post
        )

    def send(self, template: str = "received", **changed: Any) -> SubjectId:
        parts: dict[str, Any] = {"to": To(address=ADDRESS), "language": "kk", "facts": FACTS, **changed}
        return self.senim.run(SYSTEM, lambda work: self.messages.send(work, template, **parts))

    def run(self) -> int:
        return self.senim.orders.run_due("mail")

    def order(self, message: str) -> Order:
        (order,) = [
            one for one in self.senim.orders.list(self.senim.database, kind=SEND, most=1000) if one.holder == message
        ]
        return order

    def state(self, message: str) -> MessageState:
        return self.messages.find(self.senim.database, message).state


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    """A mail server that takes everything."""
    with Mailbox(tmp_path) as server:
        yield server


@pytest.fixture
def outbox(stage: Stage, mailbox: Mailbox) -> Iterator[Outbox]:
    """A platform with a mail server."""
    made = Outbox(senim_of(stage), mailbox.server)
    yield made
    made.messages.close()


@pytest.fixture
def wired(stage: Stage) -> Iterator[Callable[[MailServer], Outbox]]:
    """Makes platforms with another mail server."""
    made: list[Outbox] = []

    def make(server: MailServer) -> Outbox:
        made.append(Outbox(senim_of(stage), server))
        return made[-1]

    yield make
    for one in made:
        one.messages.close()


def _entries(senim: Senim, act: str) -> list[Entry]:
    senim.tick()
    return [entry for _, entry in senim.log.entries() if entry.act == act]


def test_a_message_arrives_in_the_language_of_its_reader(outbox: Outbox, mailbox: Mailbox) -> None:
    """Number, due date and link arrive in text and HTML; the log tells that it was sent, and not to whom."""
    message = outbox.send(about="R-2026-000001")
    assert mailbox.got == []
    assert outbox.run() == 1
    assert outbox.run() == 0
    (envelope,), (mail,) = mailbox.got, mailbox.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [ADDRESS])
    assert mail["Subject"] == "R-2026-000001 өтінішіңіз қабылданды"
    assert (mail["To"], mail["Auto-Submitted"], mail["Content-Language"]) == (ADDRESS, "auto-generated", "kk")
    assert mail["From"] == f"«Мини» ЖШС <{SENDER}>"
    assert mail["Message-ID"] == f"<{message}@mini.example>"
    assert mail["Date"].datetime == outbox.senim.works.clock.now()
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "көшірме" in plain.get_content()
    assert FACTS["link"] in plain.get_content()
    assert 'href="https://mini.example/r/abc?x=1&amp;y=2"' in html.get_content()
    assert outbox.state(message) is MessageState.SENT
    (entry,) = _entries(outbox.senim, "message.sent")
    assert (entry.ref, entry.reason, entry.channel, entry.subject) == (message, "received", "email", None)
    order = outbox.order(message)
    assert (order.state, order.receipt["reply"], order.about) == (State.DONE, "250 2.0.0", "R-2026-000001")


def test_a_refused_act_sends_nothing(outbox: Outbox, mailbox: Mailbox) -> None:
    """The message is one thing with the act: if that is refused nobody gets a word of it."""

    def act(work: Work) -> None:
        outbox.messages.send(work, "received", to=To(address=ADDRESS), language="ru", facts=FACTS)
        raise NotPromised(Code.CONSENT_MISSING)

    refused(Code.CONSENT_MISSING, lambda: outbox.senim.run(SYSTEM, act))
    assert outbox.run() == 0
    assert mailbox.got == []


def test_files_go_along_and_come_out_as_they_went_in(outbox: Outbox, mailbox: Mailbox) -> None:
    """A certificate is attached, with a name in any script, byte for byte."""
    files = (
        File(name="жою туралы куәлік.pdf", media="application/pdf", content=bytes(range(256)) * 300),
        File(name="certificate.json", media="application/json", content=b'{"a": 1}\r\n.\r\n..\r\n'),
    )
    outbox.send("erased", facts={"number": "R-2026-000001"}, attachments=files)
    outbox.run()
    attached = [
        (one.get_filename(), one.get_content_type(), one.get_content()) for one in mailbox.mails[0].iter_attachments()
    ]
    assert attached == [(one.name, one.media, one.content) for one in files]


def test_an_answer_belongs_to_the_letter_that_it_answers(outbox: Outbox, mailbox: Mailbox) -> None:
    """A reply is threaded in the person's mailbox, and the person's reply leads back to the message by its number."""
    message = outbox.send(answers="<abc@people.example>", about="R-2026-000007")
    outbox.run()
    mail = mailbox.mails[0]
    assert (mail["In-Reply-To"], mail["References"]) == ("<abc@people.example>", "<abc@people.example>")
    assert mail["Auto-Submitted"] == "auto-replied"
    database = outbox.senim.database
    found = outbox.messages.answered(database, ["<x@y.example>", mail["Message-ID"]])
    assert found is not None
    assert (found.id, found.about) == (message, "R-2026-000007")
    assert outbox.messages.answered(database, [f"<{message}@elsewhere.example>", f"<{'0' * 32}@mini.example>"]) is None


@pytest.mark.parametrize(
    "hostile",
    [
        {"number": "R\r\nBcc: all@people.example"},
        {"kind": "</p><script>alert(1)</script><img src=//evil.example/x.png>"},
        {"kind": "{{ house }}{% for x in y %}"},
        {"due": "\u202egpj.exe\r\n\r\n.\r\nMAIL FROM:<x@y>\r\n"},
        {"kind": "\n.\nQUIT\n"},
    ],
)
def test_hostile_words_stay_words(outbox: Outbox, mailbox: Mailbox, hostile: dict[str, str]) -> None:
    """Nothing that stands in a fact adds a header, a recipient, a script or a second message."""
    outbox.send(facts={**FACTS, **hostile})
    assert outbox.run() == 1
    (envelope,), (mail,) = mailbox.got, mailbox.mails
    assert envelope.rcpt_tos == [ADDRESS]
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert "<img" not in html.get_content()
    assert "\u202e" not in html.get_content()


@pytest.mark.parametrize(
    "changed",
    [
        {"to": To(address="a@b.example\r\nRCPT TO:<c@d.example>")},
        {"to": To(address="a@b.example, c@d.example")},
        {"to": To(address="Айгерим <a@b.example>")},
        {"to": To(address="")},
        {"facts": {**FACTS, "link": "javascript:alert(1)"}},
        {"facts": {**FACTS, "iin": "1"}},
        {"facts": {"number": "1"}},
        {"template": "unknown"},
        {"purpose": "newsletter"},
        {"attachments": (File(name="a\r\nb", media="text/plain", content=b""),)},
        {"attachments": (File(name="a", media="plain", content=b""),)},
    ],
)
def test_what_is_no_message_is_refused_before_it_is_kept(outbox: Outbox, changed: dict[str, Any]) -> None:
    """A wrong address, a missing or foreign fact, a link that is none: refused with its place, not its value."""
    refusal = refused(Code.INVALID_VALUE, lambda: outbox.send(**{"template": "received", **changed}))
    assert "@" not in str(refusal) + refusal.where + refusal.detail
    assert outbox.run() == 0


def test_files_that_no_server_takes_are_refused(outbox: Outbox) -> None:
    """What is too large for mail is refused at once: it goes behind a link."""
    large = File(name="a.pdf", media="application/pdf", content=b"x" * (16 * 1024 * 1024))
    refused(Code.BODY_TOO_LARGE, lambda: outbox.send(attachments=(large,)))


def test_neither_address_nor_text_lies_open(outbox: Outbox, mailbox: Mailbox) -> None:
    """No table holds the address or a word of the message, before and after it is sent."""
    outbox.send(about="R-2026-000001", facts={**FACTS, "kind": "өте құпия сөз"})
    for _ in range(2):
        place = create_engine(outbox.senim.database.engine.sqlalchemy_url)
        with place.connect() as connection:
            tables = (
                "message",
                "message_part",
                "stored_order",
                "order_due",
                "order_about",
                "order_dead",
                "log_pending",
            )
            rows = [
                bytes(cell) if isinstance(cell, memoryview) else cell
                for name in tables
                for row in connection.execute(text(f"SELECT * FROM {name}"))
                for cell in row
            ]
        place.dispose()
        for secret in (ADDRESS, "құпия", "mini.example/r/abc"):
            assert not [cell for cell in rows if isinstance(cell, bytes) and secret.encode() in cell]
            assert not [cell for cell in rows if isinstance(cell, str) and secret in cell]
        outbox.run()
    assert len(mailbox.got) == 1


def test_what_was_sent_is_forgotten_after_a_while(outbox: Outbox, clock: FixedClock) -> None:
    """Three days after it was handed over the key is destroyed: nobody can read the address or the text again."""
    senim, message = outbox.senim, outbox.send("erased", facts={"number": "1"}, attachments=(_pdf(),))
    outbox.run()
    row = outbox.messages.find(senim.database, message)
    senim.orders.run_due("message")
    assert outbox.messages.find(senim.database, message).sealed == row.sealed
    clock.move(days=3)
    senim.orders.run_due("message")
    assert (outbox.state(message), outbox.messages.find(senim.database, message).sealed) == (MessageState.SENT, b"")
    work = senim.works.begin(SYSTEM)
    refused(Code.NOT_FOUND, lambda: senim.boxes.open(work, message, "message", row.sealed))
    assert senim.persons.counts() == {}
    clock.move(days=30)
    senim.orders.run_due("message")
    assert outbox.state(message) is MessageState.SENT


def _pdf() -> File:
    return File(name="a.pdf", media="application/pdf", content=b"%PDF-1.7")


def test_what_cannot_be_sent_is_kept_for_a_month(stage: Stage, clock: FixedClock) -> None:
    """A message that nobody took in thirty days is destroyed too, and the log tells that it never went out."""
    outbox = Outbox(senim_of(stage))
    message = outbox.send()
    clock.move(days=30)
    outbox.senim.orders.run_due()
    assert outbox.state(message) is MessageState.EXPIRED
    (entry,) = _entries(outbox.senim, "message.expired")
    assert (entry.ref, entry.reason) == (message, "received")


def test_without_a_mail_server_messages_wait_and_health_says_so(
    stage: Stage, clock: FixedClock, mailbox: Mailbox, wired: Callable[[MailServer], Outbox]
) -> None:
    """Nothing is lost before mail is set up: it goes out when it is."""
    outbox = Outbox(senim_of(stage))
    database = outbox.senim.database
    assert outbox.messages.trouble(database) is None
    message = outbox.send()
    assert outbox.run() == 0
    assert outbox.messages.trouble(database) is Code.MAIL_NOT_CONFIGURED
    assert outbox.senim.messages.trouble(database) is Code.MAIL_NOT_CONFIGURED
    clock.move(days=5)
    later = wired(mailbox.server)
    assert later.messages.trouble(database) is None
    assert later.run() == 1
    assert (len(mailbox.got), later.state(message)) == (1, MessageState.SENT)


@pytest.mark.parametrize(("security", "user"), [("starttls", "senim"), ("tls", "")])
def test_mail_goes_encrypted_and_signed_in(
    tmp_path: Path, wired: Callable[[MailServer], Outbox], security: Any, user: str
) -> None:
    """The connection is encrypted before the password or a word is said."""
    with Mailbox(tmp_path, security=security, user=user, password="s3cret") as mailbox:
        outbox = wired(mailbox.server)
        outbox.send()
        outbox.run()
        assert (len(mailbox.got), mailbox.encrypted) == (1, [True])


def test_a_server_that_offers_no_encryption_gets_nothing(
    mailbox: Mailbox, wired: Callable[[MailServer], Outbox]
) -> None:
    """Who takes STARTTLS out of the conversation gets neither the password nor the message."""
    plain = mailbox.server
    server = MailServer(host=plain.host, port=plain.port, security="starttls", user="u", password="p", sender=SENDER)
    outbox = wired(server)
    message = outbox.send()
    outbox.run()
    assert (outbox.order(message).code, outbox.order(message).detail) == ("mail_sign_in", "starttls")
    assert mailbox.got == []


@pytest.mark.parametrize(
    ("certified_for", "password", "code", "detail"),
    [("elsewhere.example", "right", "mail_unreachable", "tls"), ("localhost", "wrong", "mail_sign_in", "535 5.7.8")],
)
def test_a_wrong_certificate_or_password_keeps_the_message(
    tmp_path: Path,
    clock: FixedClock,
    wired: Callable[[MailServer], Outbox],
    certified_for: str,
    password: str,
    code: str,
    detail: str,
) -> None:
    """An impostor gets nothing; a setting that is wrong is told, and the message goes when it is right."""
    with Mailbox(tmp_path, "starttls", "senim", "right", certified_for) as mailbox:
        right = mailbox.server
        server = MailServer(
            host="localhost", port=right.port, user="senim", password=password, sender=SENDER, authority=right.authority
        )
        outbox = wired(server)
        message = outbox.send()
        outbox.run()
        order = outbox.order(message)
        assert (order.state, order.code, order.detail) == (State.WAITING, code, detail)
        assert mailbox.got == []


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_what_a_server_puts_off_is_tried_again(outbox: Outbox, mailbox: Mailbox, clock: FixedClock, where: str) -> None:
    """4xx: not now. The same message with the same number goes out a little later; the reply's words are not kept."""
    getattr(mailbox, where).append(f"451 4.7.1 Greylisted <{ADDRESS}>, come back")
    message = outbox.send()
    assert outbox.run() == 1
    order = outbox.order(message)
    assert (order.state, order.code, order.detail) == (State.WAITING, "mail_deferred", "451 4.7.1")
    assert (mailbox.got, outbox.run()) == ([], 0)
    clock.move(minutes=1)
    assert outbox.run() == 1
    assert [one["Message-ID"] for one in mailbox.mails] == [f"<{message}@mini.example>"]


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_what_a_server_refuses_is_dead_with_its_reason(outbox: Outbox, mailbox: Mailbox, where: str) -> None:
    """5xx: never. Somebody has to look; when the cause is gone it is run again and arrives once."""
    getattr(mailbox, where).append(f"550 5.1.1 No such user {ADDRESS}")
    message = outbox.send()
    outbox.run()
    order = outbox.order(message)
    assert (order.state, order.code, order.detail) == (State.DEAD, "mail_refused", "550 5.1.1")
    (entry,) = _entries(outbox.senim, "order.died")
    assert (entry.ref, entry.codes) == (order.id, ("mail_refused",))
    assert outbox.senim.orders.dead(outbox.senim.database) == 1
    outbox.senim.run(outbox.senim.actor(), lambda work: outbox.senim.orders.rerun(work, order.id))
    outbox.run()
    assert (len(mailbox.got), outbox.state(message)) == (1, MessageState.SENT)


@pytest.mark.parametrize(
    ("breaks", "code", "copies"),
    [
        ("greeting", "mail_unreachable", 1),
        ("at-data", "mail_unreachable", 1),
        ("mid-data", "mail_unreachable", 1),
        ("hangs-up-politely", "mail_unreachable", 1),
        ("after-data", "mail_in_doubt", 2),
    ],
)
def test_a_connection_that_breaks_loses_nothing(
    clock: FixedClock, wired: Callable[[MailServer], Outbox], breaks: Breaks, code: str, copies: int
) -> None:
    """Cut before the end the server has nothing, and gets it once; cut after it, both copies have one number."""
    with BreakingServer(breaks) as server:
        outbox = wired(server.server)
        # So large, where it is to break within, that the end is not on its way yet when it does.
        size = 2_000_000 if breaks == "mid-data" else 10
        files = (File(name="a.pdf", media="application/pdf", content=b"%PDF" * size),)
        message = outbox.send(attachments=files)
        outbox.run()
        assert (outbox.order(message).state, outbox.order(message).code) == (State.WAITING, code)
        clock.move(minutes=1)
        outbox.run()
        assert outbox.state(message) is MessageState.SENT
        assert len(server.got) == copies
        assert len(set(server.got)) == 1
        outbox.messages.close()


def test_a_server_that_is_down_for_two_days_gets_everything_in_the_end(
    outbox: Outbox, mailbox: Mailbox, clock: FixedClock
) -> None:
    """Messages wait while the server is down, and go out when it is back."""
    mailbox.stop()
    messages = [outbox.send() for _ in range(5)]
    for _ in range(48):
        outbox.run()
        clock.move(hours=1)
    assert {outbox.order(one).code for one in messages} == {"mail_unreachable"}
    assert {outbox.order(one).state for one in messages} == {State.WAITING}
    mailbox.start()
    clock.move(hours=5)
    outbox.run()
    assert sorted(one["Message-ID"] for one in mailbox.mails) == sorted(f"<{one}@mini.example>" for one in messages)


def test_a_server_that_never_comes_back_leaves_dead_orders(outbox: Outbox, mailbox: Mailbox, clock: FixedClock) -> None:
    """After two and a half days the order is dead and seen; the message itself is still there."""
    mailbox.stop()
    message = outbox.send()
    for _ in range(ATTEMPTS):
        outbox.run()
        clock.move(hours=5)
    order = outbox.order(message)
    assert (order.state, order.tries) == (State.DEAD, ATTEMPTS)
    assert outbox.state(message) is MessageState.WAITING
    mailbox.start()


def test_many_messages_share_a_connection(outbox: Outbox, mailbox: Mailbox) -> None:
    """A hundred messages go over one connection; a connection that the server closed is made anew."""
    for _ in range(MOST_TOGETHER + 5):
        outbox.send("code", facts={"code": "123456", "minutes": 10})
    outbox.run()
    assert (len(mailbox.got), mailbox.connections) == (MOST_TOGETHER + 5, 2)
    mailbox.stop()
    mailbox.start()
    outbox.send()
    outbox.run()
    assert len(mailbox.got) == MOST_TOGETHER + 6


def test_a_message_that_came_back_is_noted(outbox: Outbox) -> None:
    """A bounce is kept as a fact about the message, once, with its status and without its words."""
    message = outbox.send()
    outbox.run()
    senim = outbox.senim
    for status in ("5.1.1", "5.2.2"):
        found = outbox.messages.find(senim.database, message)
        senim.run(
            SYSTEM,
            partial(lambda work, one, said: outbox.messages.came_back(work, one, status=said), one=found, said=status),
        )
    assert outbox.state(message) is MessageState.RETURNED
    (entry,) = _entries(senim, "message.returned")
    assert (entry.ref, entry.reason) == (message, "5.1.1")


def test_somebody_who_is_known_sees_it_in_the_own_log(outbox: Outbox, stage: Stage) -> None:
    """A message to a person here stands among the entries about that person."""
    person = stage.person()
    outbox.send(to=To(address=ADDRESS, subject=person.subject))
    outbox.run()
    outbox.senim.tick()
    acts = [entry.act for _, entry in outbox.senim.log.entries_about(person.subject)]
    assert acts.count("message.sent") == 1


def test_there_is_no_such_message(outbox: Outbox) -> None:
    """An id that is none of the outbox is told as not found."""
    for wrong in ("0" * 32, "x"):
        with pytest.raises(SenimError) as refusal:
            outbox.messages.find(outbox.senim.database, wrong)
        assert refusal.value.code is Code.NOT_FOUND
