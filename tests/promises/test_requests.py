"""What people ask for, as sites, people and staff do it: ``/v1/requests``, letters, pages, ``senim requests``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from senim.languages import LANGUAGES, Language
from senim.policy.taxonomy import FieldType
from tests.features import acting
from tests.mailserver import Mailbox
from tests.promises.house import House, Told

Open = Callable[..., House]
URL = "https://operator.example"


class Asked:
    """A request that a site opened for somebody, and what staff does with it on the command line."""

    def __init__(self, house: House, kind: str, **more: Any) -> None:
        answer = house.door("site")("POST", "/v1/requests", {"kind": kind, **more})
        assert answer.status == 201, answer.body
        self.house, self.told = house, answer.body
        self.number: str = answer.body["number"]

    def do(self, step: str, *options: str | Path, by: str = "anna") -> Told:
        """A step of ``senim requests``; the request afterwards."""
        done = self.house.command("requests", step, self.number, *map(str, options), "--as", by, "--json")
        assert done.exit_code == 0, done.output
        told: Told = json.loads(done.stdout)
        return told

    def granted(self) -> Told:
        """Decided by one, approved by another where that is needed."""
        told = self.do("decide", "--grant")
        if told["state"] == "waiting_approval":
            told = self.do("approve", "--plan", told["plan"]["digest"], by="boris")
        return told

    def paper(self, name: str) -> str:
        """The answer's page or its data, as staff writes it to a file."""
        file = self.house.folder / f"{self.number}-{name}"
        self.do("answer", name, "--out", file)
        return file.read_text(encoding="utf-8")

    def status(self) -> Told:
        """What the person sees with the secret of the request."""
        answer = self.house.door()("POST", self.told["status_url"], {"token": self.told["token"]})
        assert answer.status == 200, answer.body
        return answer.body


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    """A mail server for the operator's letters."""
    with Mailbox(tmp_path) as server:
        yield server


def by_mail(mailbox: Mailbox) -> dict[str, str]:
    """The settings of an operator who writes letters and has a public address."""
    return {
        "SENIM_MAIL_HOST": "127.0.0.1",
        "SENIM_MAIL_PORT": str(mailbox.port),
        "SENIM_MAIL_SECURITY": "none",
        "SENIM_MAIL_SENDER": "privacy@operator.example",
        "SENIM_SERVE_URL": URL,
    }


def letters(house: House, mailbox: Mailbox) -> list[str]:
    """The texts of all letters that went out."""
    house.senim.orders.run_due("mail")
    bodies = [mail.get_body(("plain",)) for mail in mailbox.mails]
    return [str(body.get_content()) for body in bodies if body is not None]


def plain(page: str) -> str:
    """A page without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def address_of(house: House, values: dict[str, str]) -> str:
    """The e-mail address among what somebody gave."""
    fields = house.stage.promises.fields
    return next(value for name, value in values.items() if fields[name].type is FieldType.EMAIL)


def test_who_asks_is_told_bases_purposes_methods_operator_and_recipients(house: Open) -> None:
    """With number and deadline: travel-31, travel-32, travel-33, travel-34, travel-35, travel-38, travel-46."""
    made = house("travel")
    subject, values = made.person("booking")
    asked = Asked(made, "access", subject=subject, language="kk", channel="portal")
    (listed,) = made.told("requests", "list")
    assert (listed["number"], listed["due"]) == (asked.number, asked.told["due"])
    assert asked.granted()["state"] == "answered"
    assert made.told("requests", "list") == []
    answer, page = json.loads(asked.paper("answer-data")), plain(asked.paper("answer-page"))
    policy, sections = made.stage.policy, {one["id"]: one for one in answer["sections"]}
    told = {one["id"]: one for one in answer["purposes"]}
    assert told
    for name, one in told.items():
        declared = policy.purposes[name]
        assert one["basis"] == declared.basis
        assert one["article"] == made.stage.promises.law.bases[declared.basis].article
        assert one["operations"] == [operation.value for operation in declared.operations]
        assert declared.name.kk in page
    assert {policy.operator.name.kk, policy.operator.bin} <= {
        cell for row in sections["operator"]["rows"] for cell in row
    }
    processors = {one.name.kk for one in policy.recipients.values() if one.kind == "processor"}
    assert {row[0] for row in sections["processors"]["rows"]} == processors
    assert {role.name.kk for role in policy.roles.values()} <= {row[0] for row in sections["access"]["rows"]}
    open_to_people = {name: value for name, value in values.items() if not name.startswith("payment-card")}
    assert set(open_to_people) <= set(answer["data"])
    assert all(one["source"] in policy.sources for one in answer["data"].values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["travel", "foundation"])
def test_the_answer_guides_people_to_their_rights(house: Open, name: str, language: Language) -> None:
    """In the person's language: where to write, that it is free, where to complain: travel-37, foundation-29."""
    made = house(name)
    subject, values = made.person("registration" if name == "foundation" else "booking")
    reply = address_of(made, values)
    names = {"family": "Серікова", "given": "Әлия", "patronymic": "Қасымқызы"}
    asked = Asked(made, "access", subject=subject, language=language, name=names, reply_to=reply, text="?")
    asked.granted()
    guide = next(one for one in json.loads(asked.paper("answer-data"))["sections"] if one["id"] == "rights")
    text, page = " ".join(guide["text"]), plain(asked.paper("answer-page"))
    authority = made.stage.promises.law.pack.authority
    assert made.stage.policy.operator.contacts.email in text
    assert authority.name.in_(language) in text
    assert guide["title"] in page


@pytest.mark.parametrize("name", ["travel", "foundation"])
def test_a_complaint_gets_a_number_a_deadline_and_an_answer_that_names_the_authority(
    house: Open, mailbox: Mailbox, name: str
) -> None:
    """Whoever is told no is told where to go with it: travel-41, foundation-31."""
    made = house(name, environment=by_mail(mailbox))
    subject, values = made.person("registration" if name == "foundation" else "booking")
    reply = address_of(made, values)
    names = {"family": "Серікова", "given": "Әлия", "patronymic": "Қасымқызы"}
    asked = Asked(made, "complaint", subject=subject, language="ru", name=names, reply_to=reply, text="Мне звонят.")
    assert asked.told["due"]
    assert asked.status()["state"] == "received"
    bare = made.command("requests", "decide", asked.number, "--refuse")
    assert bare.exit_code == 1, "nobody is refused without a reason"
    asked.do("decide", "--refuse", "--reason", "unfounded")
    assert asked.status()["reasons"]
    authority = made.stage.promises.law.pack.authority
    told = [one for one in letters(made, mailbox) if authority.name.ru in one]
    assert len(told) == 1
    assert asked.number in told[0]
    assert authority.where.ru in told[0]


def test_what_a_request_lacks_is_asked_for(house: Open) -> None:
    """Names, an address for the answer, content; with them it goes on: foundation-33."""
    made = house("foundation")
    subject, values = made.person("registration")
    asked = Asked(made, "erase", subject=subject)
    assert {"family", "given"} <= set(asked.told["missing"])
    assert asked.status()["state"] == "clarifying"
    whole = Asked(
        made,
        "erase",
        subject=subject,
        name={"family": "Серікова", "given": "Әлия", "patronymic": "Қасымқызы"},
        reply_to=address_of(made, values),
        text="Прошу уничтожить мои данные.",
    )
    assert whole.told["missing"] == []


@pytest.mark.parametrize("name", ["tickets", "travel"])
def test_a_letter_to_the_address_of_the_policy_leads_to_the_inbox(house: Open, tmp_path: Path, name: str) -> None:
    """Questions about one's data by e-mail, with a number and a deadline: tickets-25, travel-49, travel-46."""
    made = house(name)
    mail = EmailMessage()
    mail["From"], mail["To"] = "aliya@people.example", made.stage.policy.operator.contacts.email
    mail["Subject"], mail["Message-ID"] = "Запрос", "<1@people.example>"
    mail.set_content("Прошу сообщить, какие мои персональные данные вы обрабатываете.")
    file = tmp_path / "letter.eml"
    file.write_bytes(mail.as_bytes())
    assert made.command("mail", "receive", str(file)).exit_code == 0
    made.senim.orders.run_due("letter")
    (listed,) = made.told("requests", "list")
    assert (listed["kind"], listed["way"], listed["state"]) == ("access", "email", "identity_needed")
    assert listed["due"]
    refused = made.command("requests", "decide", listed["number"], "--grant")
    assert refused.exit_code == 1, "a sender's name opens nothing"


def test_a_person_has_data_put_right(house: Open, tmp_path: Path) -> None:
    """Signed in, with what shows it; the old value is gone from every reading: shop-18, travel-39."""
    made = house("shop")
    subject, values = made.person("order")
    fields = made.stage.promises.fields
    name = next(one for one in values if fields[one].type is FieldType.NAME)
    asked = Asked(made, "correct", subject=subject, ground="outdated", changes={name: "Қайратқызы"})
    proof = tmp_path / "marriage.pdf"
    proof.write_bytes(b"%PDF-1.7 made up")
    asked.do("attach", "--what", "evidence", "--file", proof)
    assert asked.granted()["state"] == "answered"
    copy = Asked(made, "copy", subject=subject)
    copy.granted()
    told = json.loads(copy.paper("answer-data"))["data"][name]
    assert (told["value"], told["status"]) == ("Қайратқызы", "verified")
    assert {"request.decided", "data.corrected", "request.answered"} <= {one["act"] for one in made.log(subject)}


@pytest.mark.parametrize(
    ("name", "point", "purpose", "channel"),
    [("travel", "newsletter", "promotions", "email"), ("foundation", "registration", "newsletter", "email")],
    ids=["travel-48", "foundation-34"],
)
def test_a_mailing_is_ended_by_its_link_or_a_word(
    house: Open, mailbox: Mailbox, name: str, point: str, purpose: str, channel: str
) -> None:
    """By one click, in the account, or by writing: travel-48, foundation-34."""
    made = house(name, environment=by_mail(mailbox))
    known = [made.person(point) for _ in range(3)]
    people = [subject for subject, _ in known]
    for subject in people:
        acting.about(
            made.senim,
            subject,
            lambda work, who: made.senim.marketing.write(
                work, who, purpose, language="ru", title="Чай", text=("Есть.",)
            ),
        )
    made.senim.orders.run_due("mail")
    mails = {mail["To"]: mail for mail in mailbox.mails}
    links = []
    for _, values in known:
        mail = mails[address_of(made, values)]
        links.append(mail["List-Unsubscribe"].strip("<>").removeprefix(URL))
        body = mail.get_body(("plain",))
        assert body is not None
        assert links[-1] in str(body.get_content())
    assert made.pages.get(links[0]).status_code == 200
    door = made.door("mailing" if name == "foundation" else "mailer")

    def may(subject: str) -> bool:
        allowed: bool = door.check("use", purpose, subject, channel=channel).body["allowed"]
        return allowed

    assert [may(one) for one in people] == [True, True, True], "looking ends nothing"
    assert made.pages.post(links[0], data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert made.consent("site", people[1], purpose, given=False, channel=channel).status < 300
    Asked(made, "stop-mailings", subject=people[2])
    assert [may(one) for one in people] == [False, False, False]
