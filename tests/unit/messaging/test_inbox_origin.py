"""Where letters come from: whom our own server vouches for, what machines wrote, what came back to us."""

from __future__ import annotations

import pytest

from senim.messaging.letter import parse
from senim.messaging.letter_origin import Trusted, tokens_in
from senim.messaging.letter_records import Letter
from tests.unit.messaging.letters import raw, read

OURS = Trusted(frozenset({"mx.mini.example"}))
FROM = "From: Anna <a@people.example>"


def sent(fields: str, *, trusted: Trusted = OURS, body: str = "x") -> Letter:
    return parse(raw(fields, body), trusted=trusted)


VOUCHED = {
    "DMARC": ("mx.mini.example; dmarc=pass (p=none) header.from=people.example", True),
    "DMARC without the domain": ("mx.mini.example; dmarc=pass", True),
    "a failed DMARC": (
        "mx.mini.example; dmarc=fail header.from=people.example; dkim=pass header.d=people.example",
        False,
    ),
    "DMARC of another domain": ("mx.mini.example; dmarc=pass header.from=evil.example", False),
    "DKIM": ("mx.mini.example; dkim=pass header.d=people.example header.s=x", True),
    "DKIM by the sender's name": ("mx.mini.example; dkim=pass header.i=@people.example", True),
    "DKIM of another domain": ("mx.mini.example; dkim=pass header.d=evil.example", False),
    "DKIM of a domain that only ends alike": ("mx.mini.example; dkim=pass header.d=ople.example", False),
    "DKIM of a subdomain": ("mx.mini.example; dkim=pass header.d=x.people.example", False),
    "SPF": ("mx.mini.example; spf=pass smtp.mailfrom=bounce@people.example", True),
    "SPF of another domain": ("mx.mini.example; spf=pass smtp.mailfrom=evil.example", False),
    "SPF by HELO alone": ("mx.mini.example; spf=pass smtp.helo=people.example", False),
    "nothing": ("mx.mini.example; none", False),
    "a result in a comment": ("mx.mini.example; dkim=fail (dmarc=pass) header.d=people.example", False),
    "another server": ("mx.evil.example; dmarc=pass header.from=people.example", None),
    "a server whose name begins alike": ("mx.mini.example.evil.example; dmarc=pass", None),
    "a version": ("mx.mini.example 1; dmarc=pass header.from=people.example", True),
}


@pytest.mark.parametrize(("said", "vouched"), VOUCHED.values(), ids=VOUCHED)
def test_only_our_own_server_vouches_and_only_for_the_shown_domain(said: str, vouched: bool | None) -> None:
    """A pass counts if our server says it of the domain in From; what other servers say is no word at all."""
    assert sent(f"Authentication-Results: {said}\n{FROM}").from_authenticated is vouched


def test_forged_results_count_for_nothing() -> None:
    """Who writes our server's name into the letter stands below what our server wrote, and below its Received."""
    forged = "Authentication-Results: mx.mini.example; dmarc=pass header.from=people.example"
    said = "Authentication-Results: mx.mini.example; dmarc=fail header.from=people.example"
    assert sent(f"{said}\nReceived: from evil by mx\n{forged}\n{FROM}").from_authenticated is False
    assert sent(f"{said}\n{forged}\n{FROM}").from_authenticated is False
    assert sent(f"Received: from evil by mx\n{forged}\n{FROM}").from_authenticated is None
    assert sent(f"X: y\n{FROM}").from_authenticated is None
    behind = Trusted(OURS.servers, hops=1)
    assert sent(f"Received: by mx\n{forged}\n{FROM}", trusted=behind).from_authenticated is True
    assert sent(f"Received: by mx\nReceived: from evil\n{forged}\n{FROM}", trusted=behind).from_authenticated is None


def test_two_senders_are_vouched_for_by_nobody() -> None:
    """A letter that shows two senders, in one field or in two, is not authenticated whatever was checked."""
    said = "Authentication-Results: mx.mini.example; dmarc=pass header.from=people.example"
    assert sent(f"{said}\n{FROM}, b@evil.example").from_authenticated is False
    assert sent(f"{said}\n{FROM}\nFrom: b@evil.example").from_authenticated is False


AUTOMATIC = {
    "RFC 3834": "Auto-Submitted: auto-replied",
    "RFC 3834 with a comment": "Auto-Submitted: auto-replied (vacation)",
    "a generated letter": "Auto-Submitted: auto-generated",
    "X-Autoreply": "X-Autoreply: yes",
    "X-Autorespond": "X-Autorespond: absent",
    "a precedence": "Precedence: auto_reply",
    "Outlook, English": "Subject: Automatic reply: Request\nX-Auto-Response-Suppress: All",
    "Outlook, Russian": "Subject: Автоматический ответ: Запрос\nIn-Reply-To: <1@mini.example>",
    "Outlook, Kazakh": "Subject: Автоматты жауап: Сұрау\nReferences: <1@mini.example>",
    "out of office": "Subject: Out of Office: Request\nIn-Reply-To: <1@mini.example>",
    "a rule of Exchange": "X-MS-Exchange-Inbox-Rules-Loop: a@people.example",
}


@pytest.mark.parametrize("fields", AUTOMATIC.values(), ids=AUTOMATIC)
def test_automatic_replies_are_recognised_and_never_answered(fields: str) -> None:
    """Whatever program answers for somebody, it gets no answer: no two machines write to each other for ever."""
    letter = sent(f"{FROM}\n{fields}")
    assert (letter.auto_reply, letter.quiet) == (True, True)


@pytest.mark.parametrize(
    "fields", ["Auto-Submitted: no", "Subject: Автоматический ответ не пришёл", "Subject: Re: Out of office?"]
)
def test_people_are_no_machines(fields: str) -> None:
    """A letter of a person, even about automatic replies, is one of a person."""
    letter = sent(f"{FROM}\n{fields}")
    assert (letter.auto_reply, letter.quiet) == (False, False)


@pytest.mark.parametrize(
    "fields",
    [f"{FROM}\nPrecedence: bulk", f"{FROM}\nList-Id: <x.example>", f"{FROM}\nX-Auto-Response-Suppress: OOF, AutoReply",
     f"Return-Path: <>\n{FROM}", "From: noreply@people.example", "From: no-reply@people.example", "Subject: x",
     "From: MAILER-DAEMON@people.example", "From: bounces@people.example"],
)  # fmt: skip
def test_some_letters_get_no_automatic_answer(fields: str) -> None:
    """Lists, machines, nobody: what they ask is read, but nothing is sent to them by itself."""
    assert sent(fields).quiet
    assert not sent(fields).auto_reply


REPORT = """--b
Content-Type: text/plain; charset=utf-8

Не удалось доставить письмо. Прошу удалить мои данные.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.people.example

Final-Recipient: rfc822; a@people.example
Action: {action}
Status: {status}

--b
Content-Type: {media}

From: data@mini.example
Message-ID: <0190aaaa@mini.example>
Subject: Ваш запрос

текст
--b--
"""


@pytest.mark.parametrize(
    ("action", "status", "failed"), [("failed", "5.1.1", True), ("delayed", "4.4.1", False), ("", "", True)]
)
@pytest.mark.parametrize("media", ["message/rfc822", "text/rfc822-headers"])
def test_bounces_are_joined_to_the_message_that_came_back(action: str, status: str, failed: bool, media: str) -> None:
    """A delivery report tells which message of ours it is about, and whether it is lost or late (RFC 3464)."""
    head = "From: mailer-daemon@people.example\nReturn-Path: <>\n"
    head += "Content-Type: multipart/report; report-type=delivery-status; boundary=b"
    letter = parse(raw(head, REPORT.format(action=action, status=status, media=media)))
    assert letter.bounce is not None
    assert letter.bounce.message_ids == ("0190aaaa@mini.example",)
    assert (letter.bounce.failed, letter.bounce.status) == (failed, status)
    assert (letter.quiet, letter.auto_reply) == (True, False)


def test_bounces_in_plain_words_are_recognised() -> None:
    """Old servers report in words; the message is found by its id in them."""
    text = "Your message did not reach: 550 5.1.1 unknown user\n\n> Message-ID: <0190aaaa@mini.example>\n> From: x"
    fields = "From: Mail Delivery System <MAILER-DAEMON@people.example>\nSubject: Undelivered Mail Returned to Sender"
    letter = parse(raw(fields, text))
    assert letter.bounce is not None
    assert letter.bounce.message_ids == ("0190aaaa@mini.example",)
    assert (letter.bounce.failed, letter.bounce.status) == (True, "5.1.1")
    assert read("Письмо не доставлено?", subject="не доставлено").bounce is None


def test_the_reference_behind_the_plus_is_read() -> None:
    """The address that our letter asked to answer to holds a reference; others hold none."""
    assert tokens_in(("data+r26-7f@mini.example", "data@mini.example", "a+b@c.example")) == ("r26-7f", "b")
