"""The inbox: a letter is sealed and durable at once, kept once, read once, and forgotten when its time is over."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import select

from senim.app import Senim
from senim.audit.records import Entry
from senim.errors import Code, Invalid, SenimError, Unavailable
from senim.messaging import inbox_store, store
from senim.messaging.inbox import FORGET, HEAD, READ
from senim.messaging.inbox_records import Envelope, Outcome, Read, Received
from senim.messaging.letter_origin import Trusted
from senim.messaging.records import MessageState, To
from senim.storage import query
from senim.testing import FixedClock, Stage
from senim.work import Work
from tests.features.acting import recorded, refused, senim_of, stranger
from tests.unit.messaging.letters import SENDER, raw, written

WISH = "Прошу удалить мои персональные данные."
_PIECES = query(select(inbox_store.pieces.c.sealed))


class Desk:
    """Stands for rights: remembers what it was handed, gives numbers, or refuses."""

    def __init__(self, number: str = "R-2026-000001", refusal: SenimError | None = None) -> None:
        self.number = number
        self.refusal = refusal
        self.got: list[Read] = []

    def receive(self, work: Work, read: Read) -> str:
        self.got.append(read)
        if self.refusal is not None:
            work.attempt("request.opened", channel="email")
            raise self.refusal
        return self.number


@pytest.fixture
def senim(stage: Stage) -> Senim:
    """A platform whose inbox has nobody behind it yet."""
    senim = senim_of(stage)
    senim.inbox.receiver = None
    return senim


@pytest.fixture
def desk(senim: Senim) -> Desk:
    desk = Desk()
    senim.inbox.receiver = desk
    return desk


def take(senim: Senim, letter: bytes, **how: Any) -> Received:
    """Take a letter and read it; how it stands then."""
    ident = senim.inbox.receive(letter, source="smtp", **how)
    senim.orders.run_due("letter")
    return senim.inbox.find(senim.database, ident)


def entries(senim: Senim, act: str) -> list[Entry]:
    senim.tick()
    return [entry for _, entry in senim.log.entries() if entry.act == act]


def test_a_letter_is_sealed_before_anything_else(senim: Senim) -> None:
    """What is stored of a letter opens with its own key alone; no word and no address of it is readable anywhere."""
    ident = senim.inbox.receive(written(WISH), source="imap")
    row = senim.inbox.find(senim.database, ident)
    assert (row.outcome, row.source, row.pieces) == (Outcome.WAITING, "imap", 2)
    sealed = b"".join(bytes(one[0]) for one in senim.database.read(_PIECES))
    assert len(sealed) > len(written(WISH))
    assert SENDER.encode() not in sealed
    for word in (SENDER, "Прошу", "Анна"):
        assert all(word not in str(entry) for _, entry in senim.log.entries())
    work = senim.works.begin(senim.actor())
    assert b"".join(senim.inbox.raw(work, row)[1:]) == written(WISH)


def test_the_same_letter_is_kept_once(senim: Senim, desk: Desk) -> None:
    """A letter that comes twice, on two ways, with other fields of servers on top, is one letter and one request."""
    first = take(senim, written(WISH))
    again = take(senim, b"Received: by mx2\r\n" + written(WISH).replace(b"\n", b"\r\n"))
    other = take(senim, written(f"{WISH} Срочно!"))
    assert first.id == again.id != other.id
    assert len(desk.got) == 2
    assert len(entries(senim, "letter.received")) == 2


def test_a_letter_that_asks_is_handed_on_once(senim: Senim, desk: Desk, clock: FixedClock) -> None:
    """What it asks for, who is vouched for, when it came, and what it answers go to whoever opens requests."""
    row = take(senim, written(WISH), envelope=Envelope(to=("data+r1@mini.example",)))
    assert (row.outcome, row.about, row.traits.kinds) == (Outcome.REQUEST, "R-2026-000001", ("erase",))
    (read,) = desk.got
    assert (read.meant.kinds, read.letter.from_address, read.tokens) == (("erase",), SENDER, ("r1",))
    assert read.letter.from_authenticated is None
    assert read.received_at == row.received_at
    assert [entry.reason for entry in entries(senim, "letter.read")] == ["erase"]
    assert SENDER not in str(entries(senim, "letter.read"))
    assert senim.orders.run_due("letter") == 0


def test_nobody_to_hand_it_to_leaves_it_to_a_person(senim: Senim) -> None:
    """Without rights behind it, a letter that asks waits for a person; so does one that may ask."""
    assert take(senim, written(WISH)).outcome is Outcome.UNDECIDED
    doubtful = take(senim, written("Как удалить аккаунт?"))
    assert (doubtful.outcome, doubtful.traits.candidates) == (Outcome.UNDECIDED, ("erase",))
    assert {one.outcome for one in senim.inbox.list(senim.database, outcome="open")} == {Outcome.UNDECIDED}


def test_a_refusal_leaves_the_letter_to_a_person(senim: Senim) -> None:
    """When no request can be opened, nothing of one is written, the refusal is logged, the letter is here."""
    senim.inbox.receiver = Desk(refusal=Invalid(Code.INVALID_VALUE, "kind"))
    assert take(senim, written(WISH)).outcome is Outcome.UNDECIDED
    assert [entry.outcome for entry in entries(senim, "request.opened")] == ["refused"]


def test_a_fault_that_passes_is_tried_again(senim: Senim, clock: FixedClock) -> None:
    """A database that is gone for a moment costs no letter: it waits, and is read when it can be."""
    senim.inbox.receiver = Desk(refusal=Unavailable(Code.STORAGE_BUSY))
    ident = senim.inbox.receive(written(WISH), source="smtp")
    senim.orders.run_due("letter")
    assert senim.inbox.find(senim.database, ident).outcome is Outcome.WAITING
    senim.inbox.receiver = Desk()
    clock.move(hours=1)
    senim.orders.run_due("letter")
    assert senim.inbox.find(senim.database, ident).outcome is Outcome.REQUEST


def test_everyday_mail_asks_for_nothing(senim: Senim, desk: Desk) -> None:
    """A letter about an order opens nothing; it is shown to people, who may want to answer."""
    row = take(senim, written("Когда привезут мой заказ?", subject="Заказ"))
    assert (row.outcome, desk.got) == (Outcome.NEUTRAL, [])


def test_machines_get_no_answer_and_open_nothing(senim: Senim, desk: Desk) -> None:
    """An automatic reply opens no request, whatever its subject says; nor does a letter of our own that came round."""
    row = take(senim, written(WISH, Auto_Submitted="auto-replied"))
    assert (row.outcome, row.traits.quiet) == (Outcome.AUTO_REPLY, True)
    message = senim.run(
        senim.actor(),
        lambda work: senim.messages.send(
            work, "block_done", to=To(address=SENDER), language="ru", facts={"number": "R-2026-000001"}
        ),
    )
    ours = written(WISH).replace(b"letter-1@people.example", f"{message}@mini.example".encode())
    assert take(senim, ours).outcome is Outcome.OWN
    assert desk.got == []


def _sent(senim: Senim, about: str) -> str:
    def act(work: Work) -> str:
        facts = {"number": "R-2026-000007"}
        return senim.messages.send(work, "block_done", to=To(address=SENDER), language="ru", facts=facts, about=about)

    return senim.run(senim.actor(), act)


def test_an_answer_to_our_message_is_joined_to_its_request(senim: Senim, desk: Desk) -> None:
    """Who answers our message belongs to its request, by the message's id and not by From (foundation-32)."""
    message = _sent(senim, "R-2026-000007")
    desk.number = "R-2026-000007"
    row = take(senim, written("Мой паспорт прилагаю.", In_Reply_To=f"<{message}@mini.example>"))
    assert (row.outcome, row.about) == (Outcome.REQUEST, "R-2026-000007")
    assert [read.about for read in desk.got] == ["R-2026-000007"]
    other = take(senim, written("Мой паспорт прилагаю!", In_Reply_To="<made-up@mini.example>"))
    assert other.outcome is Outcome.NEUTRAL


def test_a_bounce_is_joined_to_the_message_that_came_back(senim: Senim, desk: Desk) -> None:
    """A message that came back counts as undelivered; one that is only late does not; nothing is answered."""
    message = _sent(senim, "R-2026-000007")
    body = (
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: {}\r\nStatus: 5.1.1\r\n\r\n--b\r\n"
        f"Content-Type: message/rfc822\r\n\r\nMessage-ID: <{message}@mini.example>\r\n\r\nx\r\n--b--\r\n"
    )
    head = "From: mailer-daemon@people.example\nReturn-Path: <>\nDate: Sun, 22 Nov 2026 14:00:0{} +0500\n"
    head += "Content-Type: multipart/report; boundary=b"
    sent = senim.messages.find(senim.database, message)
    senim.run(senim.actor(), lambda work: store.move(work, sent, MessageState.SENT))
    late = take(senim, raw(head.format(1), body.format("delayed")))
    assert (late.outcome, late.about) == (Outcome.BOUNCE, message)
    assert senim.messages.find(senim.database, message).state == "sent"
    back = take(senim, raw(head.format(2), body.format("failed")))
    assert back.outcome is Outcome.BOUNCE
    assert senim.messages.find(senim.database, message).state == "returned"
    assert desk.got == []


def test_a_letter_that_is_too_large_is_told_to_staff(stage: Stage, desk: Desk) -> None:
    """Of a letter beyond the limit the head is kept, sealed, and a person is told; it is not read for a meaning."""
    senim = senim_of(stage)
    row = take(senim, written(WISH) + b"x" * senim.inbox.limits.size)
    assert (row.outcome, row.size > senim.inbox.limits.size, row.traits.faults) == (
        Outcome.TOO_LARGE,
        True,
        ("too_large",),
    )
    assert desk.got == []
    assert row in senim.inbox.list(senim.database, outcome="open")
    _, letter, _ = senim.run(senim.actor(), lambda work: senim.inbox.open(work, row.id))
    assert letter.from_address == SENDER
    assert len(b"".join(senim.inbox.raw(senim.works.begin(senim.actor()), row)[1:])) == HEAD
    assert [entry.codes for entry in entries(senim, "letter.received")] == [("letter_too_large",)]


def test_only_our_own_servers_vouch(stage: Stage, desk: Desk) -> None:
    """The word of our server on a sender counts where our server brought the letter, and nowhere else."""
    senim = senim_of(stage)
    senim.inbox._trusted = Trusted(frozenset({"mx.mini.example"}))
    vouching = b"Authentication-Results: mx.mini.example; dmarc=pass header.from=people.example\r\n"
    take(senim, vouching + written(WISH))
    take(senim, vouching + written(f"{WISH}!"), envelope=Envelope(ours=False))
    assert [read.letter.from_authenticated for read in desk.got] == [True, None]


def test_opening_a_letter_is_for_who_handles_requests_and_in_the_log(senim: Senim) -> None:
    """A letter is shown to who handles requests alone, and the log says who looked; what is said stays out of it."""
    row = take(senim, written(WISH))
    found = recorded(senim, lambda: senim.run(senim.actor(), lambda work: senim.inbox.open(work, row.id)))
    assert [(entry.act, entry.ref) for entry in found] == [("letter.opened", row.id)]
    refused(Code.ROLE_NOT_ALLOWED, lambda: senim.run(stranger("read"), lambda work: senim.inbox.open(work, row.id)))
    refused(Code.NOT_FOUND, lambda: senim.run(senim.actor(), lambda work: senim.inbox.open(work, "nobody")))


def test_a_person_notes_what_came_of_a_letter(senim: Senim) -> None:
    """What a person decided leaves the list of what waits; a letter that was not read yet cannot be decided on."""
    waiting = senim.inbox.receive(written(WISH), source="smtp")
    refused(Code.LETTER_UNREAD, lambda: senim.run(senim.actor(), lambda work: senim.inbox.decide(work, waiting)))
    senim.orders.run_due("letter")
    done = senim.run(senim.actor(), lambda work: senim.inbox.decide(work, waiting, about="R-2026-000009"))
    assert (done.outcome, done.about) == (Outcome.DECIDED, "R-2026-000009")
    assert senim.inbox.list(senim.database, outcome="open") == []
    assert [one.id for one in senim.inbox.list(senim.database, outcome="decided")] == [waiting]
    assert senim.inbox.counts(senim.database) == {Outcome.DECIDED: 1}
    refused(Code.INVALID_VALUE, lambda: senim.inbox.list(senim.database, outcome="lost"))
    refused(Code.ROLE_NOT_ALLOWED, lambda: senim.run(stranger("read"), lambda work: senim.inbox.decide(work, waiting)))


def test_a_letter_is_forgotten_when_its_time_is_over(senim: Senim, desk: Desk, clock: FixedClock) -> None:
    """After its term the key is destroyed: nobody can open it again, and the row says only that it came."""
    row = take(senim, written(WISH))
    clock.move(days=89)
    senim.orders.run_due("letter")
    assert senim.inbox.find(senim.database, row.id).pieces
    clock.move(days=2)
    senim.orders.run_due("letter")
    assert senim.inbox.find(senim.database, row.id).pieces == 0
    assert senim.database.read(_PIECES) == []
    refused(Code.NOT_FOUND, lambda: senim.run(senim.actor(), lambda work: senim.inbox.open(work, row.id)))
    assert len(entries(senim, "letter.forgotten")) == 1


def test_a_letter_that_was_not_read_is_not_forgotten(senim: Senim, clock: FixedClock) -> None:
    """What nobody read yet is kept beyond its term: a request may be in it."""
    senim.inbox.receiver = Desk(refusal=Unavailable(Code.STORAGE_BUSY))
    ident = senim.inbox.receive(written(WISH), source="smtp")
    clock.move(days=91)
    senim.orders.run_due("letter")
    assert senim.inbox.find(senim.database, ident).pieces
    assert {order.kind for order in senim.orders.list(senim.database)} == {READ, FORGET}


def test_orders_and_rows_hold_no_personal_value(senim: Senim, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Neither orders nor receipts nor logs of the machine hold a word of the letter."""
    with caplog.at_level(logging.DEBUG):
        take(senim, written(f"Я, Пробникова Анна Семёновна, {WISH.lower()}", subject="Личное"))
    told = str(senim.orders.list(senim.database)) + str(list(senim.log.entries())) + caplog.text
    told += str(senim.inbox.list(senim.database))
    for word in ("Пробникова", SENDER, "Личное", "people.example"):
        assert word not in told
