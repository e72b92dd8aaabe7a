"""Drills of rights: a request comes in by any way, its clock runs, and what was asked is done and told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from senim.audit.statements import open_statement
from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage
from senim.errors import Code
from senim.identity import Actor
from senim.languages import LANGUAGES
from senim.law import due, parse_term
from senim.policy.taxonomy import FieldType
from senim.rights import Attached, Ground, Opened, Opening, Refusal, Request, State, Way
from senim.rights.answering import CERTIFICATE, DATA
from senim.rights.answers.compose import WHOLE
from senim.rights.answers.records import Answer
from senim.times import moment, stamp

_WRITER = "drill@drill.example"


class _Desk:
    """The stage's desk for requests, and the letters that leave it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.platform = stage.platform
        self.sent: list[tuple[str, dict[str, Any]]] = []
        send = self.platform.messages.send

        def keep(work: Any, template: str, **how: Any) -> Any:
            self.sent.append((template, dict(how["facts"])))
            return send(work, template, **how)

        self.platform.messages.send = keep  # a throw-away platform: nobody else writes with it

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

    def now(self, number: str) -> Request:
        """A request as it stands."""
        request: Request = self.platform.rights.find(self.platform.database, number)
        return request

    def grant(self, number: str) -> Request:
        """Grant, plan, have a second person approve, carry out."""
        self.run(self.platform.rights.handling.decide, number, granted=True)
        self.work()
        request = self.now(number)
        if request.state is State.WAITING_APPROVAL and request.plan is not None:
            second = self.platform.actor(name="second")
            self.run(self.platform.rights.planning.approve, number, request.plan.digest, actor=second)
        self.work()
        return self.now(number)

    def work(self) -> None:
        """Do what is due, messages apart: they wait in the outbox."""
        for queue in sorted(self.platform.orders.queues):
            if queue != "mail":
                self.platform.orders.run_due(queue)

    def paper(self, number: str, name: str) -> bytes:
        """Something that is sealed with a request."""
        content: bytes = self.run(self.platform.rights.paper, number, name)[1]
        return content

    def told(self, template: str) -> list[dict[str, Any]]:
        """The facts of the letters by a template."""
        return [facts for name, facts in self.sent if name == template]

    def letter(self, sender: str, subject: str, text: str, answers: str = "") -> None:
        """A letter comes in by mail, and is read."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, self.stage.policy.operator.contacts.email, subject
        mail["Message-ID"] = f"<{len(self.sent)}.{abs(hash(text))}@drill.example>"
        if answers:
            mail["In-Reply-To"] = answers
        mail.set_content(text)
        self.platform.inbox.receive(mail.as_bytes(), source="file")
        self.work()

    def requests(self) -> list[Request]:
        """All requests."""
        return list(self.platform.rights.everything(self.platform.database))


def access(stage: Stage) -> None:
    """An answer tells whether, which, what for, from where, how long, and who really received it."""
    desk, person = _Desk(stage), stage.person()
    request = desk.grant(desk.signed_in(person, "access"))
    stage.expect(request.state is State.ANSWERED, f"the request is {request.state}")
    answer = msgspec.json.decode(desk.paper(request.number, DATA), type=Answer)
    stage.expect(tuple(one.id for one in answer.sections) == WHOLE, "sections are missing")
    closed = {name for name, one in stage.policy.categories.items() if one.people == "never"}
    for reference, value in person.values.items():
        if reference.partition(".")[0] not in closed:
            stage.expect(reference in answer.data, f"{reference} is not told")
            stage.expect(answer.data[reference].source, f"the source of {reference} is not told")
            stage.expect(value, "nothing was given")
    stage.expect(desk.told("answer_ready"), "the person is not told that the answer is ready")
    stranger = desk.open("access", way=Way.PORTAL, identifiers={"email": "nobody@drill.example"})
    stage.expect(desk.now(stranger.number).state is State.IDENTITY_NEEDED, "an answer without knowing who asks")


def withdraw(stage: Stage) -> None:
    """A withdrawal binds the very next decision, whole or in part, by whatever way it came."""
    desk, name = _Desk(stage), stage.consent_purpose()
    for way in (Way.PORTAL, Way.LETTER):
        person = stage.person()
        question = stage.question(stage.an_operation(name), name, person)
        stage.allows(question, "a purpose agreed to")
        number = desk.open(
            "withdraw", way=way, subject=person.subject, purposes=(name,), attached=_scan(way), **_named()
        ).number
        if way is Way.LETTER:
            desk.run(desk.platform.rights.identities.by_document, number, subject=person.subject)
        stage.denies(Code.CONSENT_WITHDRAWN, question, f"a purpose withdrawn from by {way}")
        stage.expect(desk.now(number).decision, f"a withdrawal by {way} waits for a decision")


def _scan(way: Way) -> tuple[Attached, ...]:
    return (Attached(what="letter", media="application/pdf", content=b"%PDF-1.7 drill"),) if way is Way.LETTER else ()


def _named() -> dict[str, Any]:
    """How a letter names its writer (foundation-33)."""
    names = {"family": "Серікова", "given": "Әлия", "patronymic": "Қасымқызы"}
    return {"name": names, "reply_to": _WRITER, "text": "Прошу прекратить обработку."}


def block(stage: Stage) -> None:
    """A report of inaccuracy blocks at once; only a decision lifts it."""
    desk, person, name = _Desk(stage), stage.person(), stage.consent_purpose()
    question = stage.question(stage.an_operation(name), name, person)
    number = desk.signed_in(person, "block", ground=Ground.INACCURATE, text="Адрес неверен.")
    stage.denies(Code.SUBJECT_BLOCKED, question, "data reported as inaccurate")
    stage.expect(desk.now(number).blocked, "the request does not hold the block")
    desk.run(desk.platform.rights.handling.decide, number, granted=False, reasons=(Refusal.NOT_CONFIRMED,))
    stage.allows(question, "data after the check")


def correct(stage: Stage) -> None:
    """Wrong data is corrected; request, decision and execution are on record."""
    desk, person = _Desk(stage), stage.person()
    reference = _correctable(stage, person)
    number = desk.signed_in(
        person,
        "correct",
        ground=Ground.INACCURATE,
        changes={reference: "Қайратқызы"},
        attached=(Attached(what="evidence", media="application/pdf", content=b"%PDF-1.7 drill"),),
    )
    request = desk.grant(number)
    stage.expect(request.state is State.ANSWERED, f"the request is {request.state}")
    answer = msgspec.json.decode(desk.paper(desk.grant(desk.signed_in(person, "copy")).number, DATA), type=Answer)
    stage.expect(answer.data[reference].value == "Қайратқызы", f"{reference} is not corrected")
    stage.expect(desk.told("correction_done"), "the person is not told")
    acts = _acts(stage, person)
    stage.expect({"request.opened", "request.decided", "data.corrected"} <= acts, "an act is not on record")


def _correctable(stage: Stage, person: Person) -> str:
    for reference in person.values:
        if stage.promises.fields[reference].type is FieldType.NAME:
            return reference
    raise NothingDeclared("the policy takes no names")


def _acts(stage: Stage, person: Person) -> set[str]:
    stage.platform.tick()
    return {entry.act for _, entry in stage.platform.log.entries_about(person.subject, most=1000)} | {
        entry.act for _, entry in stage.platform.log.entries()
    }


def erase(stage: Stage) -> None:
    """Data is destroyed after a second person's yes, with a signed certificate."""
    desk, person = _Desk(stage), stage.person()
    request = desk.grant(desk.signed_in(person, "erase"))
    stage.expect(request.state is State.ANSWERED, f"the request is {request.state}")
    standing = stage.platform.subjects.look(stage.platform.database, person.subject)
    stage.expect(standing is not None and standing.erased, "the person is still there")
    _, told = open_statement(desk.paper(request.number, CERTIFICATE).decode(), stage.platform.jwk)
    stage.expect(told["complete"] and told["request"] == request.number, "the certificate does not say so")
    stage.expect(desk.told("erased"), "the person is not told")


def notice(stage: Stage) -> None:
    """The person is told when the data was destroyed, with the proof of it."""
    erase(stage)


def claim(stage: Stage) -> None:
    """A claim gets a number and a deadline: the policy's or the law's, whichever comes first."""
    desk, person = _Desk(stage), stage.person()
    opened = desk.open("claim", way=Way.PORTAL, subject=person.subject, text="Верните деньги.", reply_to=_WRITER)
    request = desk.now(opened.number)
    clocks = [parse_term(stage.policy.rights.claim.term)] if stage.policy.rights.claim else []
    law = stage.promises.law.clocks.get("claim")
    clocks += [parse_term(law.term)] if law else []
    if not clocks:
        raise NothingDeclared("neither policy nor law knows a term of claims")
    came = moment(request.received_at).astimezone(ZoneInfo(stage.promises.calendar.zone))
    latest = min(due(one, came, stage.promises.calendar).strict for one in clocks)
    stage.expect(opened.number, "the claim has no number")
    stage.expect(moment(request.due) <= latest, f"due {stamp(moment(request.due))} and not {latest.isoformat()}")
    desk.run(desk.platform.rights.handling.decide, opened.number, granted=True, text="Деньги возвращены.")
    stage.expect(desk.now(opened.number).state is State.ANSWERED, "the claim is not answered")


def complaint(stage: Stage) -> None:
    """A complaint gets a number and a deadline, and the address of the authority is told."""
    desk, person = _Desk(stage), stage.person()
    opened = desk.open("complaint", way=Way.PORTAL, subject=person.subject, text="Мне звонят.", reply_to=_WRITER)
    stage.expect(opened.number and opened.due, "no number or no deadline")
    authority = stage.promises.law.pack.authority
    stage.expect(not authority.name.missing(), "the law pack names no authority")


def concern(stage: Stage) -> None:
    """Somebody who thinks that the processing is not safe can say so, and it is on the list."""
    desk = _Desk(stage)
    opened = desk.open("concern", way=Way.PORTAL, text="Чужой номер в моей переписке.", reply_to=_WRITER)
    stage.expect(opened.number in {one.number for one in desk.requests()}, "the concern is not on the list")


def email(stage: Stage) -> None:
    """A letter opens a request; nothing is done for its sender's name alone, and all once the code came back."""
    desk, person, name = _Desk(stage), _with_address(stage), stage.consent_purpose()
    address = next(value for ref, value in person.values.items() if stage.promises.fields[ref].type is FieldType.EMAIL)
    right = stage.policy.rights.kinds.get("withdraw")
    mark = right.mark.ru if right and right.mark.ru else "Отзыв согласия на обработку персональных данных"
    question = stage.question(stage.an_operation(name), name, person)
    stage.allows(question, "a purpose agreed to")
    text = "Я, Серікова Әлия Қасымқызы, отзываю согласие на обработку моих персональных данных."
    desk.letter(f"Aliya <{address}>", mark, f"{text}\nОтвет прошу на {address}.")
    found = desk.requests()
    stage.expect([one.kind for one in found] == ["withdraw"], f"the letter is {[one.kind.value for one in found]}")
    stage.allows(question, "the purpose before it is shown who writes")
    codes = desk.told("code")
    stage.expect(codes, "no code went to the address on file")
    wrong = desk.run(stage.platform.rights.identities.check_code, found[0].number, "000000x")
    stage.expect(not wrong.ok, "a wrong code opens")
    right_one = desk.run(stage.platform.rights.identities.check_code, found[0].number, codes[-1]["code"])
    stage.expect(right_one.ok, "the code does not open")
    _supplied(desk, found[0].number)
    stage.expect(not stage.ask(question).allowed, "the purpose goes on after the withdrawal")


def _supplied(desk: _Desk, number: str) -> None:
    """What the policy wants a request to state, if the letter did not say all of it."""
    if desk.now(number).missing:
        more = Opening(kind="withdraw", way=Way.EMAIL, **_named())
        desk.run(desk.platform.rights.supply, number, more)


def _with_address(stage: Stage) -> Person:
    fields = stage.promises.fields
    point = stage.point(
        lambda one: one.subject != "other" and any(fields[ref].type is FieldType.EMAIL for ref in one.asks)
    )
    return stage.person(point)


def inbox(stage: Stage) -> None:
    """Requests from all ways come together in one place, the most urgent first, each with its deadline."""
    desk = _Desk(stage)
    for way in (Way.PORTAL, Way.TELEPHONE, Way.COUNTER, Way.API):
        desk.open("access", way=way, reply_to=_WRITER, text="Что у вас обо мне есть?")
    desk.letter("stranger@drill.example", "Запрос", "Прошу сообщить, какие мои персональные данные вы обрабатываете.")
    found = stage.platform.rights.opened(stage.platform.database)
    stage.expect({one.way for one in found} >= {Way.PORTAL, Way.TELEPHONE, Way.COUNTER, Way.API}, "a way is missing")
    stage.expect(Way.EMAIL in {one.way for one in found}, "the letter by mail is missing")
    stage.expect(all(one.due for one in found), "a request has no deadline")
    stage.expect([one.due for one in found] == sorted(one.due for one in found), "the urgent ones are not first")


def letter(stage: Stage) -> None:
    """A letter on paper is entered with its day and its scan, and its clock runs from that day."""
    desk, person = _Desk(stage), stage.person()
    came = stage.platform.works.clock.now() - timedelta(days=1)
    opened = desk.open(
        "access", way=Way.LETTER, subject=person.subject, received_at=stamp(came), attached=_scan(Way.LETTER),
        **_named(),
    )  # fmt: skip
    request = desk.now(opened.number)
    stage.expect(_same_day(stage, moment(request.received_at), came), "the clock does not run from the day it came")
    stage.expect(request.papers, "the scan is not kept")
    desk.run(stage.platform.rights.identities.by_document, opened.number, subject=person.subject)
    stage.expect(desk.grant(opened.number).state is State.ANSWERED, "the letter is not answered")


def _same_day(stage: Stage, first: datetime, second: datetime) -> bool:
    zone = ZoneInfo(stage.promises.calendar.zone)
    return first.astimezone(zone).date() == second.astimezone(zone).date()


def guide(stage: Stage) -> None:
    """Every answer and every page says in the person's language how to use one's rights."""
    desk, person = _Desk(stage), stage.person()
    for language in LANGUAGES:
        request = desk.grant(desk.signed_in(person, "confirm", language=language))
        answer = msgspec.json.decode(desk.paper(request.number, DATA), type=Answer)
        rights = next(one for one in answer.sections if one.id == "rights")
        stage.expect(answer.language == language and len(rights.text) >= 3, f"no guide in {language}")
        stage.expect(stage.policy.operator.contacts.email in rights.text[0], "it does not say where to write")


def self_service(stage: Stage) -> None:
    """A person who is signed in sees the data, corrects it and takes choices back, without anybody's help."""
    correct(stage)
    withdraw(stage)
