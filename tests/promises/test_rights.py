"""Rights from end to end: a letter to the operator, everything it sets going, and the proof that it is done."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData

from senim.app import Senim, make_folder, open_senim, throwaway
from senim.audit.statements import open_statement
from senim.cli.folder import profile
from senim.conformance.stage import Person, Stage
from senim.disclosure import Handing
from senim.gate import Question
from senim.identity import SubjectId
from senim.law import due, parse_term
from senim.policy.taxonomy import FieldType
from senim.rights import Attached, Ground, Opening, Refusal, Request, State, Way
from senim.rights.answering import CERTIFICATE, DATA
from senim.testing import FixedClock
from senim.times import micros, moment
from tests.mailserver import Mailbox
from tests.mariadb import MariaServer
from tests.postgres import Server
from tests.promises import systems
from tests.promises.house import run
from tests.promises.systems import Guest, bookings, fill_bookings, fill_shop, shop

PROFILES = ("travel", "airline", "tickets", "foundation", "shop")
MARKS = {
    "kk": "Дербес деректерді өңдеуге келісімді кері қайтарып алу",
    "ru": "Отзыв согласия на обработку персональных данных",
    "en": "Withdrawal of consent to the processing of personal data",
}
_number = itertools.count()


class Operator:
    """An operator with a profile, two connected databases and a mail server."""

    def __init__(self, senim: Senim, mailbox: Mailbox, engines: dict[str, tuple[Engine, MetaData]]) -> None:
        self.senim = senim
        self.mailbox = mailbox
        self.engines = engines
        source = (senim.folder / "policy.yaml").read_bytes()
        self.stage = Stage(senim, source, throwaway)

    def work(self) -> None:
        """Let everything happen that is due: letters are read, orders carried out, messages handed over."""
        for _ in range(4):
            for queue in self.senim.orders.queues:
                self.senim.orders.run_due(queue)

    def letter(self, sender: str, subject: str, text: str) -> None:
        """A letter comes in."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, self.stage.policy.operator.contacts.email, subject
        mail["Message-ID"] = f"<{next(_number)}@people.example>"
        mail["Date"] = "Sun, 22 Nov 2026 09:00:00 +0000"
        mail.set_content(text)
        self.senim.inbox.receive(mail.as_bytes(), source="imap")
        self.work()

    def answer(self, to: EmailMessage, text: str) -> None:
        """A message to a person is answered."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = to["To"], to["From"], f"Re: {to['Subject']}"
        mail["Message-ID"], mail["In-Reply-To"] = f"<{next(_number)}@people.example>", to["Message-ID"]
        mail["Date"] = "Sun, 22 Nov 2026 09:05:00 +0000"
        mail.set_content(text)
        self.senim.inbox.receive(mail.as_bytes(), source="imap")
        self.work()

    def act(self, verb: Callable[..., Any], *about: Any, name: str = "local", **more: Any) -> Any:
        """A verb as the responsible person."""
        return self.senim.run(self.senim.actor(name=name), lambda work: verb(work, *about, **more))

    def open(self, kind: str, **more: Any) -> str:
        """A request of somebody: its number."""
        opening = Opening(kind=kind, **{"way": Way.PORTAL, "language": "ru", **more})
        number: str = self.act(self.senim.rights.open, opening).number
        return number

    def now(self, number: str) -> Request:
        """A request as it stands."""
        return self.senim.rights.find(self.senim.database, number)

    def only(self) -> Request:
        """The one request that there is."""
        (request,) = self.senim.rights.everything(self.senim.database)
        return request

    def grant(self, number: str) -> Request:
        """Decide, look at the plan, approve as a second person, carry out."""
        if self.now(number).decision is None:
            self.act(self.senim.rights.handling.decide, number, granted=True)
            self.work()
        request = self.now(number)
        if request.state is State.WAITING_APPROVAL:
            assert request.plan is not None
            self.act(self.senim.rights.planning.approve, number, request.plan.digest, name="second")
            self.work()
        return self.now(number)

    def paper(self, number: str, name: str) -> bytes:
        """Something sealed with a request."""
        content: bytes = self.act(self.senim.rights.paper, number, name)[1]
        return content

    def guest(self, number: int) -> tuple[Person, Guest]:
        """Somebody with an account at the operator, and how the systems know the same person."""
        fields = self.stage.promises.fields
        point = self.stage.point(
            lambda one: one.subject != "other" and any(fields[ref].type is FieldType.EMAIL for ref in one.asks)
        )
        person = self.stage.person(point)
        by_type = {fields[ref].type: value for ref, value in person.values.items()}
        phone = by_type.get(FieldType.PHONE, f"+7799{number:07}")
        email = by_type[FieldType.EMAIL]
        return person, Guest(
            family=f"Тегі{number}ов", given=f"Аты{number}", patronymic=f"Әкесі{number}ұлы",
            email=email, phone=f"8 ({phone[2:5]}) {phone[5:8]}-{phone[8:10]}-{phone[10:]}", number=number,
        )  # fmt: skip

    def left(self, guest: Guest) -> dict[str, dict[str, int]]:
        """Where anything of a guest still stands in the systems, found by looking at every row."""
        return {name: systems.holding(*system, guest.marks) for name, system in self.engines.items()}


@pytest.fixture
def operator(
    tmp_path: Path,
    postgres: Server,
    mariadb: MariaServer,
    clock: FixedClock,
) -> Iterator[Callable[[str], Operator]]:
    """Opens an operator with a profile, its systems and its mail."""
    with ExitStack() as opened:
        yield lambda name: opened.enter_context(_operator(name, tmp_path / name, postgres, mariadb, clock))


@contextmanager
def _operator(
    policy: str, folder: Path, postgres: Server, mariadb: MariaServer, clock: FixedClock
) -> Iterator[Operator]:
    name = f"rights_{os.getpid()}_{next(_number)}"
    postgres.execute(f"CREATE DATABASE {name}")
    mariadb.execute(f"CREATE DATABASE {name}")
    make_folder(folder, profile(policy), origin="operator.example/log")
    (folder / "connectors").mkdir()
    for one in ("bookings", "board-shop"):
        shutil.copy(systems.MAPS / f"{one}.yaml", folder / "connectors")
    urls = {"bookings": postgres.url(name), "board-shop": mariadb.url(name)}
    with Mailbox(folder / "mail") as mailbox, ExitStack() as opened:
        environment = {
            "BOOKINGS_URL": urls["bookings"],
            "SHOP_URL": urls["board-shop"],
            "SENIM_MAIL_HOST": "127.0.0.1",
            "SENIM_MAIL_PORT": str(mailbox.port),
            "SENIM_MAIL_SECURITY": "none",
            "SENIM_MAIL_SENDER": "privacy@operator.example",
            "SENIM_SERVE_URL": "https://operator.example",
        }
        engines: dict[str, tuple[Engine, MetaData]] = {}
        with open_senim(folder, environment=environment, now=clock) as senim:
            senim.run(senim.actor(), lambda work: senim.policies.publish(work, profile(policy)))
            made = Operator(senim, mailbox, engines)
            guests = [made.guest(number) for number in (1, 2, 3)]
            people = [guest for _, guest in guests]
            for which, tables, fill in (("bookings", bookings(), fill_bookings), ("board-shop", shop(), fill_shop)):
                driver = {"bookings": "postgresql+psycopg", "board-shop": "mysql+pymysql"}[which]
                url = re.sub(r"^\w+", driver, urls[which])
                engines[which] = opened.enter_context(systems.system(url, tables, fill, people)), tables
            made.guests = guests  # type: ignore[attr-defined]  # whom the systems know
            yield made
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")
    mariadb.execute(f"DROP DATABASE {name}")


def guests_of(made: Operator) -> list[tuple[Person, Guest]]:
    """Whom the systems know."""
    found: list[tuple[Person, Guest]] = made.guests  # type: ignore[attr-defined]  # set above
    return found


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_letter_marked_as_withdrawal_erases_the_account_and_all_records(
    operator: Callable[[str], Operator], tmp_path: Path, language: str
) -> None:
    """airline-12: vault, booking database and shop; confirmed, certified, searched again; others stay as they were."""
    made = operator("airline")
    (person, guest), (_, neighbour), _ = guests_of(made)
    before = {name: systems.counts(*system) for name, system in made.engines.items()}
    of_neighbour = made.left(neighbour)
    made.letter(f"{guest.given} <{guest.email}>", MARKS[language], f"{guest.family} {guest.given}. {MARKS[language]}.")
    request = made.only()
    assert (request.kind, request.state) == ("withdraw", State.IDENTITY_NEEDED)
    assert {name: systems.counts(*system) for name, system in made.engines.items()} == before, "nothing by a name alone"
    mail, code = next(
        (mail, found[0])
        for mail in reversed(made.mailbox.mails)
        if mail["To"] == guest.email and (found := re.findall(r"\b[0-9]{6}\b", _text(mail)))
    )
    made.answer(mail, code)
    request = made.grant(request.number)
    assert request.state is State.ANSWERED, (request.state, request.trouble)
    assert made.senim.subjects.find(made.senim.database, person.subject).erased
    left = made.left(guest)
    assert left["board-shop"] == {}
    assert set(left["bookings"]) <= {"invoices"}, "the invoice of this year stays by law, and nothing else"
    assert made.left(neighbour) == of_neighbour
    assert systems.counts(*made.engines["bookings"])["addresses"] == before["bookings"]["addresses"] - 1
    mail = next(one for one in reversed(made.mailbox.mails) if list(one.iter_attachments()))
    assert mail["To"] == guest.email
    (certificate,) = [part.get_content() for part in mail.iter_attachments()]
    statement = certificate if isinstance(certificate, str) else certificate.decode()
    _, told = open_statement(statement, made.senim.jwk)
    assert {one["system"] for one in told["systems"]} == {"bookings", "board-shop"}
    assert all(one["searched_again"]["tables"] for one in told["systems"])
    file, key = tmp_path / "certificate.jws", tmp_path / "key.json"
    file.write_text(statement)
    key.write_text(json.dumps(made.senim.jwk))
    assert run("verify", file, "--key", key).exit_code == 0
    file.write_text(statement[:-8] + "AAAAAAAA")
    assert run("verify", file, "--key", key).exit_code == 1
    assert made.senim.log.verify().ok
    assert not [one for one in guest.marks if one in statement]


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize("name", PROFILES)
def test_an_access_answer_is_complete_to_the_last_disclosure(operator: Callable[[str], Operator], name: str) -> None:
    """travel-31 to travel-38, airline-13, foundation-29: values, sources, systems, and everybody who got any of it."""
    made = operator(name)
    (person, guest), (_, neighbour), _ = guests_of(made)
    handed = _hand_over(made, person)
    request = made.grant(made.open("access", subject=person.subject))
    assert request.state is State.ANSWERED, request.trouble
    answer = json.loads(made.paper(request.number, DATA))
    closed = {name for name, one in made.stage.policy.categories.items() if one.people == "never"}
    told = {name: one["value"] for name, one in answer["data"].items()}
    assert {name for name in person.values if name.partition(".")[0] not in closed} <= set(told)
    assert [one["disclosure"] for one in answer["disclosures"]] == handed
    systems_told = next(one for one in answer["sections"] if one["id"] == "systems")
    assert {row[0] for row in systems_told["rows"]} == {"bookings", "board-shop"}
    exported = b"".join(made.paper(request.number, f"export-{name}") for name in ("bookings", "board-shop")).decode()
    assert guest.family in exported
    assert neighbour.family not in exported
    assert neighbour.email not in exported
    link = next(
        found[0] for mail in made.mailbox.mails if (found := re.findall(r"https://\S+/answer\?token=\S+", _text(mail)))
    )
    assert request.number in link


def _hand_over(made: Operator, person: Person) -> list[str]:
    """Hand the person's data to every recipient that may have it; the ids of what was handed over."""
    senim, policy, handed = made.senim, made.stage.policy, []
    for name, one in policy.recipients.items():
        for purpose in one.purposes:
            handing = Handing(
                recipient=name,
                purpose=purpose,
                country=one.countries[0] if len(one.countries) > 1 else "",
                reason="0" * 32 if one.kind == "authority" else "",
            )
            question = Question(
                "transfer", purpose, person.subject, recipient=name, country=handing.country, reason=handing.reason
            )
            if senim.gate.check(senim.actor(), question).allowed:
                subjects = [SubjectId(person.subject)]
                handed.append(made.act(senim.disclosures.make, subjects, handing).disclosure)
    assert handed, "somebody gets something"
    return handed


@pytest.mark.parametrize(
    ("name", "term", "received"),
    [
        ("tickets", "30 working days", datetime(2026, 12, 11, 6, tzinfo=UTC)),
        ("tickets", "30 working days", datetime(2027, 2, 26, 6, tzinfo=UTC)),
        ("shop", "30 calendar days", datetime(2026, 11, 23, 6, tzinfo=UTC)),
        ("shop", "30 calendar days", datetime(2026, 12, 2, 6, tzinfo=UTC)),
    ],
)
def test_a_claim_is_due_by_the_promised_day_over_the_holidays(
    operator: Callable[[str], Operator], clock: FixedClock, name: str, term: str, received: datetime
) -> None:
    """tickets-24, shop-22: the 30th working day over New Year and Nauryz, the 30th calendar day; told in words."""
    made = operator(name)
    person, _ = guests_of(made)[0]
    clock.moment = received
    number = made.open("claim", subject=person.subject, text="Верните деньги за билет.", consumer=False)
    calendar = made.stage.promises.calendar
    expected = due(parse_term(term), received, calendar).strict
    request = made.now(number)
    assert request.due == micros(expected)
    status = made.senim.rights.shown(request, "ru")
    assert str(expected.year) in status.clock or str(expected.year - 1) in status.clock
    clock.moment = moment(request.due - 1)
    assert made.senim.rights.overdue(made.senim.database) == []
    clock.moment = moment(request.due + 1)
    assert [one.number for one in made.senim.rights.overdue(made.senim.database)] == [number]
    made.act(made.senim.rights.handling.decide, number, granted=True, text="Деньги возвращены.")
    assert made.now(number).state is State.ANSWERED
    consumer = made.open("claim", subject=guests_of(made)[1][0].subject, text="Верните деньги.", consumer=True)
    assert made.now(consumer).due <= micros(due(parse_term("10 calendar days"), clock.moment, calendar).strict)


@pytest.mark.parametrize("name", PROFILES)
def test_data_is_blocked_for_the_time_of_a_check(operator: Callable[[str], Operator], name: str) -> None:
    """shop-20, travel-43, foundation-30: at once, for every purpose, until somebody decides."""
    made = operator(name)
    person, _ = guests_of(made)[0]
    purpose = made.stage.consent_purpose()
    question = made.stage.question(made.stage.an_operation(purpose), purpose, person)
    assert made.senim.gate.check(made.senim.actor(), question).allowed
    number = made.open("block", subject=person.subject, ground=Ground.INACCURATE, text="Фамилия неверна.")
    refused = made.senim.gate.check(made.senim.actor(), question)
    assert "subject_blocked" in {reason.code for reason in refused.reasons}
    made.act(made.senim.rights.handling.decide, number, granted=False, reasons=(Refusal.NOT_CONFIRMED,))
    assert made.senim.gate.check(made.senim.actor(), question).allowed


@pytest.mark.parametrize("name", PROFILES)
def test_an_erasure_by_letter_reaches_every_system(operator: Callable[[str], Operator], name: str) -> None:
    """foundation-32, travel-39, travel-45: a letter on paper with its scan; planned, approved, done, searched again."""
    made = operator(name)
    (person, guest), *_ = guests_of(made)
    scan = Attached(what="letter", media="application/pdf", content=b"%PDF-1.7 made up")
    number = made.open(
        "erase",
        way=Way.LETTER,
        subject=person.subject,
        name={"family": guest.family, "given": guest.given, "patronymic": guest.patronymic},
        reply_to="Алматы, Абай 1",
        text="Прошу удалить мои данные.",
        attached=(scan,),
    )
    made.act(made.senim.rights.identities.by_document, number, subject=person.subject)
    request = made.grant(number)
    assert request.state is State.ANSWERED, (request.state, request.trouble)
    assert made.senim.subjects.find(made.senim.database, person.subject).erased
    left = made.left(guest)
    assert left["board-shop"] == {}
    assert set(left["bookings"]) <= {"invoices"}
    _, told = open_statement(made.paper(number, CERTIFICATE).decode(), made.senim.jwk)
    assert told["request"] == number
    assert told["vault"]["key"] is True
