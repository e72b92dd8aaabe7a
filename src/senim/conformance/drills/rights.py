"""Drills of rights: a request comes in by any way, its clock runs, and what was asked is done and told."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from senim.audit.statements import open_statement
from senim.conformance.drills import disclosure
from senim.conformance.drills.desk import SCAN, WRITER, Desk, named, with_address
from senim.conformance.drills.vault import traces
from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage, listed
from senim.errors import Code
from senim.languages import LANGUAGES, Hint
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
    stage.expect(tuple(one.id for one in answer.sections) == WHOLE, Hint("sections-missing"))
    _all_told(stage, answer, person)
    sections = {one.id: one for one in answer.sections}
    stage.expect(all(sections[name].rows for name in ("purposes", "data", "access", "terms")), Hint("section-empty"))
    processors = [one for one in stage.policy.recipients.values() if one.kind == "processor"]
    stage.expect(len(sections["processors"].rows) == len(processors), Hint("processors-untold"))
    operator = {cell for row in sections["operator"].rows for cell in row}
    stage.expect({stage.policy.operator.name.ru, stage.policy.operator.bin} <= operator, Hint("operator-untold"))
    stage.expect([one.disclosure for one in answer.disclosures] == handed, Hint("receivers-untold"))
    stage.expect(desk.letters("answer_ready"), Hint("answer-untold"))
    stranger = desk.open("access", way=Way.PORTAL, identifiers={"email": "nobody@drill.example"})
    stage.refused(Code.IDENTITY_UNPROVEN, lambda: desk.decide(stranger.number), Hint("answer-to-unknown"))


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
        stage.expect(told, Hint("field-untold", field=reference))
        stage.expect(told and told.source in stage.policy.sources, Hint("source-untold", field=reference))
        stage.expect(value, Hint("nothing-given"))


def withdraw(stage: Stage) -> None:
    """A withdrawal binds the very next decision, whole or in part, by whatever way it came."""
    desk, name = Desk(stage), stage.consent_purpose()
    for way in (Way.PORTAL, Way.LETTER, Way.TELEPHONE, Way.COUNTER):
        for purposes in ((name,), ()):
            person = stage.person()
            question = stage.question(stage.an_operation(name), name, person)
            stage.allows(question, Hint("purpose-agreed"))
            if way is Way.PORTAL:
                number = desk.signed_in(person, "withdraw", purposes=purposes, **named())
            else:
                number = desk.on_paper(person, "withdraw", way=way, purposes=purposes)
            stage.denies(Code.CONSENT_WITHDRAWN, question, Hint("withdrawn-by", way=way))
            stage.expect(desk.now(number).decision, Hint("withdrawal-waits", way=way))


def block(stage: Stage) -> None:
    """A report of inaccuracy or unlawful acts blocks at once; only a decision lifts it."""
    desk, person, name = Desk(stage), stage.person(), stage.consent_purpose()
    question = stage.question(stage.an_operation(name), name, person)
    for ground in (Ground.INACCURATE, Ground.UNLAWFUL):
        stage.allows(question, Hint("before-report"))
        number = desk.signed_in(person, "block", ground=ground, text="Адрес неверен.")
        stage.denies(Code.SUBJECT_BLOCKED, question, Hint("data-reported", ground=ground))
        stage.expect(desk.now(number).blocked, Hint("block-not-of-request"))
        desk.decide(number, granted=False, reasons=(Refusal.NOT_CONFIRMED,))
        stage.allows(question, Hint("after-check"))


def correct(stage: Stage) -> None:
    """Wrong data is corrected; request, decision and execution are on record."""
    desk, person = Desk(stage), stage.person()
    reference = _corrected(stage, desk, person)
    answer = desk.answer(desk.signed_in(person, "copy"))
    stage.expect(answer.data[reference].value == _RIGHT, Hint("not-corrected", field=reference))
    acts = _acts(stage, person)
    stage.expect({"request.opened", "request.decided", "data.corrected"} <= acts, Hint("act-unrecorded"))


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
    stage.expect(request.state is State.ANSWERED, Hint("request-is", state=request.state))
    return reference


def _correctable(stage: Stage, person: Person) -> str:
    for reference in person.values:
        if stage.promises.fields[reference].type is FieldType.NAME:
            return reference
    raise NothingDeclared(Hint("no-names"))


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
        stage.expect(request.state is State.WAITING_APPROVAL, Hint("without-second", state=request.state))
        stage.expect(traces(stage, person), Hint("destroyed-early"))
        stage.refused(Code.SECOND_PERSON_NEEDED, lambda: desk.approve(number, stage.actor.id), Hint("own-approval"))
        request = desk.approve(number)
    stage.expect(request.state is State.ANSWERED, Hint("request-is", state=request.state))
    standing = stage.platform.subjects.look(stage.platform.database, person.subject)
    stage.expect(standing is not None and standing.erased, Hint("person-left"))
    stage.expect(not (left := traces(stage, person)), Hint("rows-in", tables=listed(left)))
    _certified(stage, desk.paper(number, CERTIFICATE), number)
    stage.expect({"request.decided", "subject.erased"} <= _acts(stage, person), Hint("act-unrecorded"))


def _certified(stage: Stage, certificate: bytes, number: str) -> None:
    _, told = open_statement(certificate.decode(), stage.platform.jwk)
    stage.expect(told["complete"] and told["request"] == number, Hint("certificate-silent"))


def notice(stage: Stage) -> None:
    """The person is told when a violation was put right, and when the data was destroyed, with the proof of it."""
    desk = Desk(stage)
    person, address = with_address(stage)
    _corrected(stage, desk, person)
    told = [one.address for one in desk.letters("correction_done")]
    stage.expect(told == [address], Hint("correction-untold"))
    request = desk.grant(desk.signed_in(person, "erase"))
    letters = desk.letters("erased")
    stage.expect([one.address for one in letters] == [address], Hint("destruction-untold"))
    stage.expect(len(letters[0].files) == 1, Hint("letter-without-proof"))
    _certified(stage, letters[0].files[0].content, request.number)


def claim(stage: Stage) -> None:
    """A claim gets a number and a deadline: the policy's or the law's, whichever comes first; and a written answer."""
    desk, person = Desk(stage), stage.person()
    number = desk.signed_in(person, "claim", text="Верните деньги.", reply_to=WRITER)
    request = desk.now(number)
    latest = _latest(stage, request)
    stage.expect(request.due, Hint("no-deadline"))
    stage.expect(
        moment(request.due) <= latest, Hint("due-otherwise", due=stamp(moment(request.due)), latest=latest.isoformat())
    )
    _acknowledged(stage, desk, number)
    answered = desk.decide(number, granted=True, text="Деньги возвращены.")
    stage.expect(answered.state is State.ANSWERED, Hint("not-answered"))
    told = [(one.address, one.facts["number"]) for one in desk.letters("claim_answer")]
    stage.expect(told == [(WRITER, number)], Hint("no-answer-written"))


def _latest(stage: Stage, request: Request) -> datetime:
    """By when a claim has to be answered. Raises NothingDeclared."""
    clocks = [parse_term(stage.policy.rights.claim.term)] if stage.policy.rights.claim else []
    law = stage.promises.law.clocks.get("claim")
    clocks += [parse_term(law.term)] if law else []
    if not clocks:
        raise NothingDeclared(Hint("no-claim-term"))
    came = moment(request.received_at).astimezone(ZoneInfo(stage.promises.calendar.zone))
    return min(due(one, came, stage.promises.calendar).strict for one in clocks)


def _acknowledged(stage: Stage, desk: Desk, number: str) -> None:
    """Whoever wrote has the number and the deadline in writing."""
    told = [one.facts["due"] for one in desk.letters("received") if one.facts["number"] == number]
    stage.expect(len(told) == 1 and told[0], Hint("number-untold"))


def complaint(stage: Stage) -> None:
    """A complaint gets a number and a deadline, and every answer says where else to complain."""
    desk, person = Desk(stage), stage.person()
    number = desk.signed_in(person, "complaint", text="Мне звонят.", reply_to=WRITER)
    stage.expect(desk.now(number).due, Hint("no-deadline"))
    _acknowledged(stage, desk, number)
    refused = desk.decide(number, granted=False, reasons=(Refusal.UNFOUNDED,))
    stage.expect(refused.state is State.REFUSED, Hint("not-answered"))
    authority = stage.promises.law.pack.authority
    stage.expect(not authority.name.missing() and not authority.where.missing(), Hint("no-authority"))
    upheld = desk.signed_in(person, "complaint", text="Мне звонят.", reply_to=WRITER)
    desk.decide(upheld, granted=True, text="Больше не позвонят.")
    letters = desk.letters("complaint_answer")
    stage.expect([one.facts["number"] for one in letters] == [number, upheld], Hint("no-answer-written"))
    for text in map(desk.text, letters):
        stage.expect(authority.name.ru in text and authority.where.ru in text, Hint("complain-untold"))


def concern(stage: Stage) -> None:
    """Somebody who doubts that the processing is safe says so: a number, a deadline, and an answer in words."""
    desk = Desk(stage)
    number = desk.open("concern", way=Way.PORTAL, text="Чужой номер в моей переписке.", reply_to=WRITER).number
    stage.expect(number in {one.number for one in desk.requests()}, Hint("not-listed"))
    stage.expect(desk.now(number).due, Hint("no-deadline"))
    _acknowledged(stage, desk, number)
    known = desk.signed_in(stage.person(), "concern", text="Чужой номер в моей переписке.", reply_to=WRITER)
    desk.decide(known, granted=True, text="Проверено: номер убран.")
    stage.expect([one.facts["number"] for one in desk.letters("concern_answer")] == [known], Hint("no-answer-written"))


def email(stage: Stage) -> None:
    """A letter opens a request; nothing is done for its sender's name alone, and all once the code came back."""
    desk, name = Desk(stage), stage.consent_purpose()
    person, address = with_address(stage)
    right = stage.policy.rights.kinds.get("withdraw")
    mark = right.mark.ru if right and right.mark.ru else "Отзыв согласия на обработку персональных данных"
    question = stage.question(stage.an_operation(name), name, person)
    stage.allows(question, Hint("purpose-agreed"))
    text = "Я, Серікова Әлия Қасымқызы, отзываю согласие на обработку моих персональных данных."
    desk.receive(f"Aliya <{address}>", mark, f"{text}\nОтвет прошу на {address}.")
    found = desk.requests()
    stage.expect(
        [one.kind for one in found] == ["withdraw"], Hint("letter-read-as", kinds=listed(one.kind for one in found))
    )
    stage.allows(question, Hint("purpose-before-proof"))
    codes = [one for one in desk.letters("code") if one.address == address]
    stage.expect(codes, Hint("no-code-sent"))
    check, number = stage.platform.rights.identities.check_code, found[0].number
    stage.expect(not desk.run(check, number, "000000x").ok, Hint("wrong-code-opens"))
    stage.expect(desk.run(check, number, codes[-1].facts["code"]).ok, Hint("right-code-fails"))
    _supplied(desk, number)
    stage.expect(not stage.ask(question).allowed, Hint("purpose-goes-on"))


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
    stage.expect({one.way for one in found} >= {*ways, Way.LETTER}, Hint("way-missing"))
    stage.expect(Way.EMAIL in {one.way for one in found}, Hint("mail-missing"))
    stage.expect(all(one.due for one in found), Hint("no-deadline"))
    stage.expect(found[0].number == late, Hint("urgent-not-first"))
    stage.expect([one.due for one in found] == sorted(one.due for one in found), Hint("urgent-not-first"))


def letter(stage: Stage) -> None:
    """A letter on paper is entered with its day and its scan, and its clock runs from that day."""
    desk, person = Desk(stage), stage.person()
    came = stage.platform.works.clock.now() - timedelta(days=1)
    number = desk.on_paper(person, "access", received_at=stamp(came))
    request = desk.now(number)
    stage.expect(_same_day(stage, moment(request.received_at), came), Hint("clock-other-day"))
    scans = [one.id for one in request.papers if one.what == SCAN.what]
    stage.expect(scans and desk.paper(number, scans[0]) == SCAN.content, Hint("scan-unkept"))
    stage.expect(desk.grant(number).state is State.ANSWERED, Hint("not-answered"))


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
        stage.expect(answer.language == language and text, Hint("no-guide", language=language))
        stage.expect(stage.policy.operator.contacts.email in text, Hint("write-untold"))
        stage.expect(authority.name.in_(language) in text, Hint("complain-untold"))
        said.add(text)
    stage.expect(len(said) == len(LANGUAGES), Hint("guide-other-language"))


def self_service(stage: Stage) -> None:
    """Who is signed in sees the data, has it put right and blocked, and takes choices back, with no other proof."""
    desk, person, name = Desk(stage), stage.person(), stage.consent_purpose()
    question = stage.question(stage.an_operation(name), name, person)
    answer = desk.answer(desk.signed_in(person, "copy"))
    _all_told(stage, answer, person)
    reference = _corrected(stage, desk, person)
    seen = desk.answer(desk.signed_in(person, "access")).data[reference].value
    stage.expect(seen == _RIGHT, Hint("correction-unseen"))
    blocked = desk.signed_in(person, "block", ground=Ground.INACCURATE)
    stage.denies(Code.SUBJECT_BLOCKED, question, Hint("data-blocked-by-person"))
    stage.expect(desk.now(blocked).proof is Proof.SESSION, Hint("session-no-proof"))
    desk.run(stage.platform.rights.withdraw, blocked)
    stage.allows(question, Hint("after-report-back"))
    opened = desk.open("withdraw", way=Way.PORTAL, subject=person.subject, purposes=(name,), **named())
    stage.denies(Code.CONSENT_WITHDRAWN, question, Hint("choice-taken-back"))
    status = stage.platform.rights.status(stage.platform.database, opened.number, opened.token)
    stage.expect(status.state is State.ANSWERED, Hint("outcome-unseen"))
