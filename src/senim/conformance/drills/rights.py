"""Drills of rights: a request comes in by any way, its clock runs, and what was asked is done and told."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from senim.audit.statements import open_statement
from senim.conformance.drills import disclosure
from senim.conformance.drills.desk import SCAN, WRITER, Desk, named, with_address
from senim.conformance.drills.vault import traces
from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage
from senim.errors import Code
from senim.languages import LANGUAGES
from senim.law import due, parse_term
from senim.policy.taxonomy import FieldType
from senim.rights import Attached, Ground, Opening, Proof, Refusal, Request, State, Way
from senim.rights.answering import CERTIFICATE
from senim.rights.answers.compose import WHOLE
from senim.rights.answers.records import Answer
from senim.times import moment, stamp

_RIGHT = "Қайратқызы"


def access(stage: Stage) -> None:
    """An answer tells whether, which, what for, from where, how long, and who really received it."""
    desk = Desk(stage)
    person, handed = _somebody_disclosed(stage)
    answer = desk.answer(desk.signed_in(person, "access"))
    stage.expect(tuple(one.id for one in answer.sections) == WHOLE, "sections are missing")
    _all_told(stage, answer, person)
    sections = {one.id: one for one in answer.sections}
    stage.expect(all(sections[name].rows for name in ("purposes", "data", "access", "terms")), "a section says nothing")
    processors = [one for one in stage.policy.recipients.values() if one.kind == "processor"]
    stage.expect(len(sections["processors"].rows) == len(processors), "who processes for the operator is not told")
    operator = {cell for row in sections["operator"].rows for cell in row}
    stage.expect({stage.policy.operator.name.ru, stage.policy.operator.bin} <= operator, "the operator is not named")
    stage.expect([one.disclosure for one in answer.disclosures] == handed, "who received the data is not told")
    stage.expect(desk.letters("answer_ready"), "the person is not told that the answer is ready")
    stranger = desk.open("access", way=Way.PORTAL, identifiers={"email": "nobody@drill.example"})
    stage.refused(Code.IDENTITY_UNPROVEN, lambda: desk.decide(stranger.number), "an answer without knowing who asks")


def _somebody_disclosed(stage: Stage) -> tuple[Person, list[str]]:
    """Somebody whose data somebody received, if the policy has anybody who may: the person, and what is on record."""
    try:
        person, handing = disclosure.allowed(stage)
    except NothingDeclared:
        return stage.person(), []
    return person, [disclosure.hand(stage, person, handing).disclosure]


def _all_told(stage: Stage, answer: Answer, person: Person) -> None:
    """Every value that people may see at all is told with its source."""
    closed = {name for name, one in stage.policy.categories.items() if one.people == "never"}
    for reference, value in person.values.items():
        if reference.partition(".")[0] in closed:
            continue
        told = answer.data.get(reference)
        stage.expect(told, f"{reference} is not told")
        stage.expect(told and told.source in stage.policy.sources, f"the source of {reference} is not told")
        stage.expect(value, "nothing was given")


def withdraw(stage: Stage) -> None:
    """A withdrawal binds the very next decision, whole or in part, by whatever way it came."""
    desk, name = Desk(stage), stage.consent_purpose()
    for way in (Way.PORTAL, Way.LETTER, Way.TELEPHONE, Way.COUNTER):
        for purposes in ((name,), ()):
            person = stage.person()
            question = stage.question(stage.an_operation(name), name, person)
            stage.allows(question, "a purpose agreed to")
            if way is Way.PORTAL:
                number = desk.signed_in(person, "withdraw", purposes=purposes, **named())
            else:
                number = desk.on_paper(person, "withdraw", way=way, purposes=purposes)
            stage.denies(Code.CONSENT_WITHDRAWN, question, f"a purpose withdrawn from by {way}")
            stage.expect(desk.now(number).decision, f"a withdrawal by {way} waits for a decision")


def block(stage: Stage) -> None:
    """A report of inaccuracy or unlawful acts blocks at once; only a decision lifts it."""
    desk, person, name = Desk(stage), stage.person(), stage.consent_purpose()
    question = stage.question(stage.an_operation(name), name, person)
    for ground in (Ground.INACCURATE, Ground.UNLAWFUL):
        stage.allows(question, "data before the report")
        number = desk.signed_in(person, "block", ground=ground, text="Адрес неверен.")
        stage.denies(Code.SUBJECT_BLOCKED, question, f"data reported as {ground}")
        stage.expect(desk.now(number).blocked, "the request does not hold the block")
        desk.decide(number, granted=False, reasons=(Refusal.NOT_CONFIRMED,))
        stage.allows(question, "data after the check")


def correct(stage: Stage) -> None:
    """Wrong data is corrected; request, decision and execution are on record."""
    desk, person = Desk(stage), stage.person()
    reference = _corrected(stage, desk, person)
    answer = desk.answer(desk.signed_in(person, "copy"))
    stage.expect(answer.data[reference].value == _RIGHT, f"{reference} is not corrected")
    acts = _acts(stage, person)
    stage.expect({"request.opened", "request.decided", "data.corrected"} <= acts, "an act is not on record")


def _corrected(stage: Stage, desk: Desk, person: Person) -> str:
    """Have a name put right; which one."""
    reference = _correctable(stage, person)
    number = desk.signed_in(
        person,
        "correct",
        ground=Ground.INACCURATE,
        changes={reference: _RIGHT},
        attached=(Attached(what="evidence", media="application/pdf", content=b"%PDF-1.7 drill"),),
    )
    request = desk.grant(number)
    stage.expect(request.state is State.ANSWERED, f"the request is {request.state}")
    return reference


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
    """Data is destroyed after a second person's yes, if the policy wants one, with a signed certificate."""
    desk, person = Desk(stage), stage.person()
    number = desk.signed_in(person, "erase")
    request = desk.decide(number)
    if stage.policy.rights.second_person in ("always", "destructive"):
        stage.expect(request.state is State.WAITING_APPROVAL, f"without a second person the request is {request.state}")
        stage.expect(traces(stage, person), "it was destroyed before a second person said yes")
        stage.refused(
            Code.SECOND_PERSON_NEEDED, lambda: desk.approve(number, stage.actor.id), "approving one's own decision"
        )
        request = desk.approve(number)
    stage.expect(request.state is State.ANSWERED, f"the request is {request.state}")
    standing = stage.platform.subjects.look(stage.platform.database, person.subject)
    stage.expect(standing is not None and standing.erased, "the person is still there")
    stage.expect(not (left := traces(stage, person)), f"{', '.join(left)} still has rows")
    _certified(stage, desk.paper(number, CERTIFICATE), number)
    stage.expect({"request.decided", "subject.erased"} <= _acts(stage, person), "an act is not on record")


def _certified(stage: Stage, certificate: bytes, number: str) -> None:
    _, told = open_statement(certificate.decode(), stage.platform.jwk)
    stage.expect(told["complete"] and told["request"] == number, "the certificate does not say so")


def notice(stage: Stage) -> None:
    """The person is told when a violation was put right, and when the data was destroyed, with the proof of it."""
    desk = Desk(stage)
    person, address = with_address(stage)
    _corrected(stage, desk, person)
    told = [one.address for one in desk.letters("correction_done")]
    stage.expect(told == [address], "the person is not told that it was put right")
    request = desk.grant(desk.signed_in(person, "erase"))
    letters = desk.letters("erased")
    stage.expect([one.address for one in letters] == [address], "the person is not told that the data was destroyed")
    stage.expect(len(letters[0].files) == 1, "the letter does not bring the proof")
    _certified(stage, letters[0].files[0].content, request.number)


def claim(stage: Stage) -> None:
    """A claim gets a number and a deadline: the policy's or the law's, whichever comes first; and a written answer."""
    desk, person = Desk(stage), stage.person()
    number = desk.signed_in(person, "claim", text="Верните деньги.", reply_to=WRITER)
    request = desk.now(number)
    latest = _latest(stage, request)
    stage.expect(request.due, "the claim has no deadline")
    stage.expect(moment(request.due) <= latest, f"due {stamp(moment(request.due))} and not {latest.isoformat()}")
    _acknowledged(stage, desk, number)
    answered = desk.decide(number, granted=True, text="Деньги возвращены.")
    stage.expect(answered.state is State.ANSWERED, "the claim is not answered")
    told = [(one.address, one.facts["number"]) for one in desk.letters("claim_answer")]
    stage.expect(told == [(WRITER, number)], "no answer is written")


def _latest(stage: Stage, request: Request) -> datetime:
    """By when a claim has to be answered. Raises NothingDeclared."""
    clocks = [parse_term(stage.policy.rights.claim.term)] if stage.policy.rights.claim else []
    law = stage.promises.law.clocks.get("claim")
    clocks += [parse_term(law.term)] if law else []
    if not clocks:
        raise NothingDeclared("neither policy nor law knows a term of claims")
    came = moment(request.received_at).astimezone(ZoneInfo(stage.promises.calendar.zone))
    return min(due(one, came, stage.promises.calendar).strict for one in clocks)


def _acknowledged(stage: Stage, desk: Desk, number: str) -> None:
    """Whoever wrote has the number and the deadline in writing."""
    told = [one.facts["due"] for one in desk.letters("received") if one.facts["number"] == number]
    stage.expect(len(told) == 1 and told[0], "number and deadline are not told")


def complaint(stage: Stage) -> None:
    """A complaint gets a number and a deadline, and every answer says where else to complain."""
    desk, person = Desk(stage), stage.person()
    number = desk.signed_in(person, "complaint", text="Мне звонят.", reply_to=WRITER)
    stage.expect(desk.now(number).due, "the complaint has no deadline")
    _acknowledged(stage, desk, number)
    refused = desk.decide(number, granted=False, reasons=(Refusal.UNFOUNDED,))
    stage.expect(refused.state is State.REFUSED, "the complaint is not answered")
    authority = stage.promises.law.pack.authority
    stage.expect(not authority.name.missing() and not authority.where.missing(), "the law pack names no authority")
    upheld = desk.signed_in(person, "complaint", text="Мне звонят.", reply_to=WRITER)
    desk.decide(upheld, granted=True, text="Больше не позвонят.")
    letters = desk.letters("complaint_answer")
    stage.expect([one.facts["number"] for one in letters] == [number, upheld], "no answer is written")
    for text in map(desk.text, letters):
        stage.expect(authority.name.ru in text and authority.where.ru in text, "it does not say where to complain")


def concern(stage: Stage) -> None:
    """Somebody who doubts that the processing is safe says so: a number, a deadline, and an answer in words."""
    desk = Desk(stage)
    number = desk.open("concern", way=Way.PORTAL, text="Чужой номер в моей переписке.", reply_to=WRITER).number
    stage.expect(number in {one.number for one in desk.requests()}, "the concern is not on the list")
    stage.expect(desk.now(number).due, "the concern has no deadline")
    _acknowledged(stage, desk, number)
    known = desk.signed_in(stage.person(), "concern", text="Чужой номер в моей переписке.", reply_to=WRITER)
    desk.decide(known, granted=True, text="Проверено: номер убран.")
    stage.expect([one.facts["number"] for one in desk.letters("concern_answer")] == [known], "no answer is written")


def email(stage: Stage) -> None:
    """A letter opens a request; nothing is done for its sender's name alone, and all once the code came back."""
    desk, name = Desk(stage), stage.consent_purpose()
    person, address = with_address(stage)
    right = stage.policy.rights.kinds.get("withdraw")
    mark = right.mark.ru if right and right.mark.ru else "Отзыв согласия на обработку персональных данных"
    question = stage.question(stage.an_operation(name), name, person)
    stage.allows(question, "a purpose agreed to")
    text = "Я, Серікова Әлия Қасымқызы, отзываю согласие на обработку моих персональных данных."
    desk.receive(f"Aliya <{address}>", mark, f"{text}\nОтвет прошу на {address}.")
    found = desk.requests()
    stage.expect([one.kind for one in found] == ["withdraw"], f"the letter is {[one.kind.value for one in found]}")
    stage.allows(question, "the purpose before it is shown who writes")
    codes = [one for one in desk.letters("code") if one.address == address]
    stage.expect(codes, "no code went to the address on file")
    check, number = stage.platform.rights.identities.check_code, found[0].number
    stage.expect(not desk.run(check, number, "000000x").ok, "a wrong code opens")
    stage.expect(desk.run(check, number, codes[-1].facts["code"]).ok, "the code does not open")
    _supplied(desk, number)
    stage.expect(not stage.ask(question).allowed, "the purpose goes on after the withdrawal")


def _supplied(desk: Desk, number: str) -> None:
    """What the policy wants a request to state, if the letter did not say all of it."""
    if desk.now(number).missing:
        desk.run(desk.platform.rights.supply, number, Opening(kind="withdraw", way=Way.EMAIL, **named()))


def inbox(stage: Stage) -> None:
    """Requests from all ways come together in one place, the most urgent first, each with its deadline."""
    desk, person = Desk(stage), stage.person()
    ways = (Way.PORTAL, Way.TELEPHONE, Way.COUNTER, Way.API)
    for way in ways:
        desk.open("access", way=way, reply_to=WRITER, text="Что у вас обо мне есть?")
    desk.receive("stranger@drill.example", "Запрос", "Прошу сообщить, какие мои персональные данные вы обрабатываете.")
    came = stage.platform.works.clock.now() - timedelta(days=10)
    late = desk.on_paper(person, "access", received_at=stamp(came))  # entered last, and the most urgent of all
    found = stage.platform.rights.opened(stage.platform.database)
    stage.expect({one.way for one in found} >= {*ways, Way.LETTER}, "a way is missing")
    stage.expect(Way.EMAIL in {one.way for one in found}, "the letter by mail is missing")
    stage.expect(all(one.due for one in found), "a request has no deadline")
    stage.expect(found[0].number == late, "the most urgent is not first")
    stage.expect([one.due for one in found] == sorted(one.due for one in found), "the urgent ones are not first")


def letter(stage: Stage) -> None:
    """A letter on paper is entered with its day and its scan, and its clock runs from that day."""
    desk, person = Desk(stage), stage.person()
    came = stage.platform.works.clock.now() - timedelta(days=1)
    number = desk.on_paper(person, "access", received_at=stamp(came))
    request = desk.now(number)
    stage.expect(_same_day(stage, moment(request.received_at), came), "the clock does not run from the day it came")
    scans = [one.id for one in request.papers if one.what == SCAN.what]
    stage.expect(scans and desk.paper(number, scans[0]) == SCAN.content, "the scan is not kept")
    stage.expect(desk.grant(number).state is State.ANSWERED, "the letter is not answered")


def _same_day(stage: Stage, first: datetime, second: datetime) -> bool:
    zone = ZoneInfo(stage.promises.calendar.zone)
    return first.astimezone(zone).date() == second.astimezone(zone).date()


def guide(stage: Stage) -> None:
    """Every answer says in the person's language how to use one's rights, and where to complain."""
    desk, person = Desk(stage), stage.person()
    authority, said = stage.promises.law.pack.authority, set()
    for language in LANGUAGES:
        answer = desk.answer(desk.signed_in(person, "confirm", language=language))
        rights = next((one for one in answer.sections if one.id == "rights"), None)
        text = "\n".join(rights.text) if rights else ""
        stage.expect(answer.language == language and text, f"no guide in {language}")
        stage.expect(stage.policy.operator.contacts.email in text, "it does not say where to write")
        stage.expect(authority.name.in_(language) in text, "it does not say where to complain")
        said.add(text)
    stage.expect(len(said) == len(LANGUAGES), "the guide is not in the person's language")


def self_service(stage: Stage) -> None:
    """Who is signed in sees the data, has it put right and blocked, and takes choices back, with no other proof."""
    desk, person, name = Desk(stage), stage.person(), stage.consent_purpose()
    question = stage.question(stage.an_operation(name), name, person)
    answer = desk.answer(desk.signed_in(person, "copy"))
    _all_told(stage, answer, person)
    reference = _corrected(stage, desk, person)
    seen = desk.answer(desk.signed_in(person, "access")).data[reference].value
    stage.expect(seen == _RIGHT, "the person does not see what was put right")
    blocked = desk.signed_in(person, "block", ground=Ground.INACCURATE)
    stage.denies(Code.SUBJECT_BLOCKED, question, "data that the person blocked")
    stage.expect(desk.now(blocked).proof is Proof.SESSION, "a session does not show who asks")
    desk.run(stage.platform.rights.withdraw, blocked)
    stage.allows(question, "data after the person took the report back")
    opened = desk.open("withdraw", way=Way.PORTAL, subject=person.subject, purposes=(name,), **named())
    stage.denies(Code.CONSENT_WITHDRAWN, question, "a choice that the person took back")
    status = stage.platform.rights.status(stage.platform.database, opened.number, opened.token)
    stage.expect(status.state is State.ANSWERED, "the person does not see what became of it")
