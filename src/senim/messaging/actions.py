"""The outbox: a message is written with the act that sends it, sealed, and handed over by an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec

from senim.errors import Code, Invalid, NotAllowed, NotFound
from senim.identity import SubjectId, is_id
from senim.languages import Language
from senim.messaging import store
from senim.messaging.facts import MARKETING, SECRET
from senim.messaging.mail import Mailer, composed, is_address
from senim.messaging.records import File, MailServer, Message, MessageState, To, Written
from senim.messaging.rendering import House, facts_of, render
from senim.orders import Claimed, Context, Done, Orders, Receipt
from senim.policy import Policies
from senim.storage import Database
from senim.times import moment
from senim.vault import Boxes
from senim.work import Work

SEND: Final = "mail.send"
FORGET: Final = "message.forget"
GRACE = timedelta(days=3)
"""How long a message that was handed over can still be opened, should it come back."""

UNSENT = timedelta(days=30)
"""How long a message that cannot be handed over is kept."""

ATTEMPTS = 24
"""Attempts to hand a message over: about two days and a half, as mail servers do among themselves."""

MOST_FILES = 20
MOST_BYTES = 15 * 1024 * 1024
"""Bytes of all files of a message; beyond that servers refuse it. What is larger goes behind a link."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Written).decode


class Messages:
    """Messages to people and staff, by mail."""

    def __init__(
        self,
        *,
        policies: Policies,
        boxes: Boxes,
        orders: Orders,
        server: MailServer | None = None,
        mailer: Mailer | None = None,
    ) -> None:
        self._policies = policies
        self._boxes = boxes
        self._orders = orders
        self._server = server
        self._mailer = mailer
        orders.handle(FORGET, self._forget)
        if server is not None and mailer is not None:  # otherwise messages wait in the outbox
            orders.handle(SEND, self._hand_over, attempts=ATTEMPTS, lease=timedelta(seconds=4 * server.timeout + 60))

    @property
    def configured(self) -> bool:
        """Whether there is a mail server to hand messages over to."""
        return self._server is not None and self._mailer is not None

    def close(self) -> None:
        """Say good-bye to the mail server."""
        if self._mailer is not None:
            self._mailer.close()

    def trouble(self, database: Database) -> Code | None:
        """What keeps messages in the outbox, for health: that no server is set although some wait."""
        if self.configured:
            return None
        return Code.MAIL_NOT_CONFIGURED if self._orders.waits(database, SEND) else None

    def send(
        self,
        work: Work,
        template: str,
        *,
        to: To,
        language: Language,
        facts: Mapping[str, Any],
        attachments: Sequence[File] = (),
        about: str = "",
        answers: str = "",
        purpose: str = "",
    ) -> SubjectId:
        """Write a message into the outbox with this act; its id. It is sent as it reads now, whatever changes later.

        ``answers`` is the Message-ID of the letter that it answers. A mailing names its ``purpose``; see
        :class:`Marketing`, which asks whether the person may be written to at all.

        Raises Invalid (invalid_value, body_too_large) naming the fact that is wrong.
        """
        _check(to, attachments, marketing=template in MARKETING, purpose=purpose)
        known = facts_of(template, facts)
        unsubscribe = getattr(known, "unsubscribe", "")
        rendered = render(template, language, known, house_of(self._policies, work, language), unsubscribe=unsubscribe)
        message = self._boxes.holder(work)
        written = Written(
            to=to.address,
            sender=_sender(self._policies, work, language),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            files=tuple((one.name, one.media) for one in attachments),
            unsubscribe=unsubscribe,
            answers=answers,
        )
        row = Message(
            id=message,
            template=template,
            language=language,
            subject=to.subject,
            purpose=purpose,
            about=about,
            state=MessageState.WAITING,
            parts=len(attachments),
            sealed=self._boxes.seal(work, message, "message", _encode(written)),
            created_at=work.at,
            ended_at=0,
        )
        files = [self._boxes.seal(work, message, f"file {n}", one.content) for n, one in enumerate(attachments)]
        store.add(work, row, files)
        self._orders.place(work, SEND, lane_of=message, about=about, key="send")
        self._orders.place(work, FORGET, lane_of=message, at=work.now + UNSENT, key="unsent")
        return message

    def on_paper(self, work: Work, template: str, *, language: Language, facts: Mapping[str, Any]) -> str:
        """A message as a page to be printed and handed over: nothing is sent, nothing kept. Raises as :meth:`send`."""
        return render(template, language, facts_of(template, facts), house_of(self._policies, work, language)).html

    def find(self, database: Database, message: str) -> Message:
        """A message of the outbox. Raises NotFound (not_found)."""
        found = store.find(database, SubjectId(message)) if is_id(message) else None
        if found is None:
            raise NotFound(Code.NOT_FOUND, "message")
        return found

    def read(self, work: Work, message: str) -> tuple[Message, Written]:
        """A message as it was written, for who handles requests; in the log before it is told.

        Messages with a secret for the person alone (a code, the link to an answer) are opened to nobody. Raises
        NotFound (also once what it said is destroyed), NotAllowed (role_not_allowed, human_read_forbidden).
        """
        work.attempt("message.opened", ref=message if is_id(message) else None)
        work.need("handle")
        row = self.find(work.database, message)
        if row.template in SECRET:
            raise NotAllowed(Code.HUMAN_READ_FORBIDDEN, row.template)
        if not row.sealed:
            raise NotFound(Code.NOT_FOUND, "message")
        written = _decode(self._boxes.open(work, row.id, "message", row.sealed))
        work.record("message.opened", subject=row.subject, ref=row.id, reason=row.template, channel="email")
        return row, written

    def answered(self, database: Database, message_ids: Sequence[str]) -> Message | None:
        """The message of ours that a letter answers, from its In-Reply-To and References; None if it is none of ours.

        The ids are random: who names one got the message. That says nothing about who writes.
        """
        for one in message_ids:
            local, _, domain = one.strip().strip("<>").partition("@")
            if is_id(local) and (self._server is None or domain == self._server.domain):
                found = store.find(database, SubjectId(local))
                if found is not None:
                    return found
        return None

    def came_back(self, work: Work, message: Message, *, status: str) -> None:
        """Note that a message that was handed over came back: ``status`` as in RFC 3463, such as ``5.1.1``."""
        if message.state is not MessageState.SENT:
            return
        store.move(work, message, MessageState.RETURNED)
        known = status if len(status) <= 9 and status.replace(".", "").isdigit() else None
        work.record("message.returned", subject=message.subject, ref=message.id, channel="email", reason=known)

    # what the orders do

    def _hand_over(self, context: Context, claimed: Claimed) -> Done | Receipt:
        assert self._server is not None
        assert self._mailer is not None
        message = self._waiting(context, claimed)
        if message is None:
            return {"sent": "before"}
        work = context.works.begin(context.actor)
        written = _decode(self._boxes.open(work, message.id, "message", message.sealed))
        sealed = store.files_of(work.database, message.id)
        files = [
            File(name=name, media=media, content=self._boxes.open(work, message.id, f"file {n}", sealed[n]))
            for n, (name, media) in enumerate(written.files)
        ]
        content = composed(
            message.id, written, files, server=self._server, at=moment(message.created_at), language=message.language
        )
        reply = self._mailer.hand_over(self._server.sender, written.to, content)
        return Done({"reply": reply, "bytes": len(content)}, lambda act: self._sent(act, message))

    def _waiting(self, context: Context, claimed: Claimed) -> Message | None:
        """The message, if it is still to be sent. Raises NotFound if its time in the outbox was over."""
        message = store.find(context.works.database, claimed.holder)
        if message is None or message.state is MessageState.EXPIRED:
            raise NotFound(Code.NOT_FOUND, "message")
        return message if message.state is MessageState.WAITING else None

    def _sent(self, work: Work, message: Message) -> None:
        store.move(work, message, MessageState.SENT)
        self._orders.place(work, FORGET, lane_of=message.id, at=work.now + GRACE, key="sent")
        work.record(
            "message.sent",
            subject=message.subject,
            ref=message.id,
            reason=message.template,
            purpose=message.purpose or None,
            channel="email",
        )

    def _forget(self, context: Context, claimed: Claimed) -> Done:
        """Destroy the key of a message that was handed over, or that nobody could hand over for too long."""
        return Done({}, lambda work: self._destroy(work, claimed.holder))

    def _destroy(self, work: Work, holder: SubjectId) -> None:
        message = store.find(work.database, holder)
        if message is None or not message.sealed:
            return
        waiting = message.state is MessageState.WAITING
        if waiting:
            work.record("message.expired", subject=message.subject, ref=message.id, reason=message.template)
        store.move(work, message, MessageState.EXPIRED if waiting else message.state, emptied=True)
        self._boxes.destroy(work, holder)


def _check(to: To, attachments: Sequence[File], *, marketing: bool, purpose: str) -> None:
    if not is_address(to.address):
        raise Invalid(Code.INVALID_VALUE, "to")
    if marketing != bool(purpose):
        raise Invalid(Code.INVALID_VALUE, "purpose")
    if len(attachments) > MOST_FILES or sum(len(one.content) for one in attachments) > MOST_BYTES:
        raise Invalid(Code.BODY_TOO_LARGE, "attachments")
    for one in attachments:
        kind, _, subtype = one.media.partition("/")
        if not (kind.isalnum() and subtype) or any(ord(letter) < 32 for letter in one.name + one.media):
            raise Invalid(Code.INVALID_VALUE, "attachments")


def _sender(policies: Policies, work: Work, language: Language) -> str:
    operator = policies.in_force(work.now).policy.operator
    return " ".join((operator.brand or operator.name.in_(language)).split())


def house_of(policies: Policies, work: Work, language: Language) -> House:
    """Who writes: the operator as the policy in force names it, and the authority of its law."""
    promises = policies.in_force(work.now)
    operator, pack = promises.policy.operator, promises.law.pack
    contacts = operator.contacts
    return House(
        operator=operator.name.in_(language),
        contacts=", ".join(filter(None, (contacts.email, contacts.phone))),
        authority=pack.authority.name.in_(language),
        authority_where=pack.authority.where.in_(language),
        zone=promises.calendar.zone,
    )
