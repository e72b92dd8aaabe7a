"""The desk of a drill: requests come in, are granted and carried out, and the letters that leave are read."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import msgspec

from senim.conformance.stage import Person, Stage
from senim.identity import Actor
from senim.messaging.records import File, Written
from senim.policy.records import Point
from senim.policy.taxonomy import FieldType
from senim.rights import Attached, Opened, Opening, Request, State, Way
from senim.rights.answering import DATA
from senim.rights.answers.records import Answer

WRITER = "drill@drill.example"
SCAN = Attached(what="letter", media="application/pdf", content=b"%PDF-1.7 drill")


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to a person: its template, where it goes, what it says, what is with it."""

    template: str
    address: str
    facts: dict[str, Any]
    files: tuple[File, ...]
    message: str


class Desk:
    """The stage's desk for requests, and the letters that leave it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.platform = stage.platform
        self.sent: list[Letter] = []
        self._numbers = itertools.count()
        send = self.platform.messages.send

        def keep(work: Any, template: str, **how: Any) -> Any:
            message = send(work, template, **how)
            files = tuple(how.get("attachments", ()))
            self.sent.append(Letter(template, how["to"].address, dict(how["facts"]), files, message))
            return message

        self.platform.messages.send = keep  # type: ignore[method-assign]  # of this throw-away platform alone

    def run(self, act: Callable[..., Any], *about: Any, actor: Actor | None = None, **more: Any) -> Any:
        """A verb as the responsible person."""
        return self.platform.run(actor or self.stage.actor, lambda work: act(work, *about, **more))

    def open(self, kind: str, **more: Any) -> Opened:
        """A request comes in."""
        opened: Opened = self.run(self.platform.rights.open, Opening(kind=kind, **{"language": "ru", **more}))
        return opened

    def signed_in(self, person: Person, kind: str, **more: Any) -> str:
        """A request of somebody who is signed in: its number."""
        return self.open(kind, way=Way.PORTAL, subject=person.subject, **more).number

    def on_paper(self, person: Person, kind: str, *, way: Way = Way.LETTER, **more: Any) -> str:
        """A request that staff enters after seeing who it is: its number."""
        scan = (SCAN,) if way is Way.LETTER else ()
        number = self.open(kind, way=way, subject=person.subject, attached=scan, **named(), **more).number
        self.run(self.platform.rights.identities.by_document, number, subject=person.subject)
        return number

    def now(self, number: str) -> Request:
        """A request as it stands."""
        request: Request = self.platform.rights.find(self.platform.database, number)
        return request

    def requests(self) -> list[Request]:
        """All requests."""
        return list(self.platform.rights.everything(self.platform.database))

    def decide(self, number: str, *, granted: bool = True, **how: Any) -> Request:
        """Decide, and let what follows by itself happen."""
        self.run(self.platform.rights.handling.decide, number, granted=granted, **how)
        self.work()
        return self.now(number)

    def approve(self, number: str, name: str = "second") -> Request:
        """A second person says yes to what they see, and it is carried out."""
        plan = self.now(number).plan
        assert plan is not None
        actor = self.platform.actor(name=name)
        self.run(self.platform.rights.planning.approve, number, plan.digest, actor=actor)
        self.work()
        return self.now(number)

    def grant(self, number: str) -> Request:
        """Grant, plan, have a second person approve, carry out."""
        request = self.decide(number)
        return self.approve(number) if request.state is State.WAITING_APPROVAL else request

    def work(self) -> None:
        """Do what is due, messages apart: they wait in the outbox."""
        for queue in sorted(self.platform.orders.queues):
            if queue != "mail":
                self.platform.orders.run_due(queue)

    def paper(self, number: str, name: str) -> bytes:
        """Something that is sealed with a request."""
        content: bytes = self.run(self.platform.rights.paper, number, name)[1]
        return content

    def answer(self, number: str) -> Answer:
        """The answer to a request for information, once it is given."""
        return msgspec.json.decode(self.paper(self.grant(number).number, DATA), type=Answer)

    def letters(self, template: str) -> list[Letter]:
        """The letters by a template that left."""
        return [one for one in self.sent if one.template == template]

    def text(self, letter: Letter) -> str:
        """What a letter says, as its reader sees it."""
        written: Written = self.run(self.platform.messages.read, letter.message)[1]
        return written.text

    def receive(self, sender: str, subject: str, text: str) -> None:
        """A letter comes in by mail, and is read."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, self.stage.policy.operator.contacts.email, subject
        mail["Message-ID"] = f"<{next(self._numbers)}@drill.example>"
        mail.set_content(text)
        self.platform.inbox.receive(mail.as_bytes(), source="file")
        self.work()


def named() -> dict[str, Any]:
    """How a letter names its writer (foundation-33)."""
    names = {"family": "Серікова", "given": "Әлия", "patronymic": "Қасымқызы"}
    return {"name": names, "reply_to": WRITER, "text": "Прошу прекратить обработку."}


def with_address(stage: Stage) -> tuple[Person, str]:
    """Somebody who gave an e-mail address, and the address. Raises NothingDeclared."""
    person = stage.person(stage.point(lambda one: one.subject != "other" and bool(_addresses(stage, one))))
    return person, person.values[_addresses(stage, stage.policy.points[person.point])[0]]


def _addresses(stage: Stage, point: Point) -> list[str]:
    fields = stage.promises.fields
    return [reference for reference in point.asks if fields[reference].type is FieldType.EMAIL]
