"""Drills of messages: who agreed is written to, by that way, until the person says no; service stays service."""

from __future__ import annotations

import base64
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from senim.conformance.records import NothingDeclared
from senim.conformance.stage import Person, Stage
from senim.consent import Scope
from senim.errors import Code
from senim.gate import Question
from senim.identity import SYSTEM, SubjectId
from senim.languages import Hint
from senim.messaging.actions import Messages
from senim.messaging.mail import KeptMail
from senim.messaging.marketing import BY_LINK, Marketing, May
from senim.messaging.records import File, MailServer, To
from senim.policy.taxonomy import Channel, FieldType
from senim.subjects import Standing
from senim.work import Work

_SERVER = MailServer(host="drill.example", sender="drill@drill.example")
_URL = "https://drill.example"


@dataclass
class _Post:
    """The stage with a mail server that keeps what it gets."""

    stage: Stage

    def __post_init__(self) -> None:
        platform = self.stage.platform
        self.kept = KeptMail()
        self.messages = Messages(
            policies=platform.policies,
            boxes=platform.boxes,
            orders=platform.orders,
            server=_SERVER,
            mailer=self.kept,
        )
        self.marketing: Marketing = platform.marketing.by(self.messages, url=_URL)

    def about(self, person: Person, act: Any) -> Any:
        platform = self.stage.platform
        return platform.run(self.stage.actor, lambda work: act(work, platform.subjects.about(work, person.subject)))

    def may(self, person: Person, purpose: str, channel: str = Channel.EMAIL) -> May:
        """May this person be written to?"""
        found: May = self.about(person, lambda work, who: self.marketing.may_write(work, who, purpose, channel=channel))
        return found

    def write(self, person: Person, purpose: str) -> SubjectId:
        """Write to a person."""

        def act(work: Work, who: Standing) -> SubjectId:
            return self.marketing.write(work, who, purpose, language="ru", title="Проба", text=("Это испытание.",))

        message: SubjectId = self.about(person, act)
        return message

    def arrived(self) -> EmailMessage:
        """The message that arrives now, and no other."""
        before = len(self.kept.taken)
        self.stage.platform.orders.run_due("mail")
        self.stage.expect(len(self.kept.taken) == before + 1, Hint("messages-out", count=len(self.kept.taken) - before))
        return email.message_from_bytes(self.kept.taken[-1][1], _class=EmailMessage, policy=email.policy.default)


def _mailing(stage: Stage) -> tuple[str, str, str]:
    """A point, a purpose of marketing that it asks consent to by e-mail, and the field of the address."""
    for point, declared in stage.policy.forms.items():
        for ask in declared.consents:
            purpose = stage.policy.purposes[ask.purpose]
            fields = stage.promises.needed[ask.purpose]
            addresses = [one for one in declared.asks if one in fields and _is_address(stage, one)]
            if purpose.kind == "marketing" and Channel.EMAIL in purpose.channels and addresses:
                return point, ask.purpose, addresses[0]
    raise NothingDeclared(Hint("no-mailing"))


def _is_address(stage: Stage, reference: str) -> bool:
    return stage.promises.fields[reference].type is FieldType.EMAIL


def by_channel(stage: Stage) -> None:
    """People are written to only by the ways of contact that they agreed to."""
    point, purpose, _ = _mailing(stage)
    post, person = _Post(stage), stage.person(point)
    stage.expect(post.may(person, purpose), Hint("agreed-unwritten"))
    stage.consent(person, Scope(purpose=purpose, channel=Channel.EMAIL), given=False)
    stage.expect(not post.may(person, purpose), Hint("ended-way-open"))
    stage.refused(Code.CONSENT_WITHDRAWN, lambda: post.write(person, purpose), Hint("mailing-by-ended-way"))
    closed = next(one for one in Channel if one not in stage.policy.purposes[purpose].channels)
    stage.expect(not post.may(stage.person(point), purpose, closed), Hint("undeclared-channel-open", channel=closed))


def address_bound(stage: Stage) -> None:
    """A message goes only to an address that the person gave for that purpose."""
    point, purpose, field = _mailing(stage)
    post, person = _Post(stage), stage.person(point)
    found = post.may(person, purpose)
    stage.expect(
        found.field in stage.promises.needed[purpose], Hint("field-not-given-for", field=found.field, purpose=purpose)
    )
    post.write(person, purpose)
    stage.expect(post.arrived()["To"] == person.values[field], Hint("message-elsewhere"))
    foreign = [name for name in stage.promises.fields if name not in stage.promises.needed[purpose]]
    if foreign:
        question = Question("use", purpose, person.subject, (foreign[0],), channel=Channel.EMAIL)
        stage.denies(Code.FIELD_NOT_NEEDED, question, Hint("field-for", field=foreign[0], purpose=purpose))


def unsubscribe(stage: Stage) -> None:
    """Every mailing is ended with one click, at once, and the address is not written to again."""
    point, purpose, field = _mailing(stage)
    post, person = _Post(stage), stage.person(point)
    post.write(person, purpose)
    mail = post.arrived()
    link = (mail["List-Unsubscribe"] or "").strip("<>")
    stage.expect(link.startswith(f"{_URL}/unsubscribe/"), Hint("no-end-link"))
    stage.expect(mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", Hint("no-one-click"))
    token = link.rpartition("/")[2]
    platform = stage.platform
    platform.run(BY_LINK, lambda work: post.marketing.unsubscribe(work, token))
    stage.expect(not post.may(person, purpose), Hint("not-withdrawn"))
    stage.refused(Code.CONSENT_WITHDRAWN, lambda: post.write(person, purpose), Hint("mailing-after-end"))
    post.about(person, lambda work, who: platform.vault.erase(work, who, reason="purpose-met"))
    again = stage.person(point, values={**stage.values(point), field: person.values[field]})
    stage.refused(Code.CONSENT_WITHDRAWN, lambda: post.write(again, purpose), Hint("same-address-anew"))


def service(stage: Stage) -> None:
    """Messages of the service are apart from advertising, and need no consent to it."""
    post, person = _Post(stage), stage.person()
    others = [name for name, one in stage.policy.purposes.items() if one.kind != "marketing"]
    for name in others:
        stage.expect(not post.may(person, name), Hint("mailing-as", purpose=name))
    to = To(address="drill@drill.example", subject=person.subject)

    def send(template: str, purpose: str = "", **facts: Any) -> None:
        stage.platform.run(
            SYSTEM,
            lambda work: post.messages.send(work, template, to=to, language="ru", facts=facts, purpose=purpose),
        )

    mailing: dict[str, Any] = {"title": "Проба", "text": ("Это испытание.",), "unsubscribe": f"{_URL}/x"}
    stage.refused(Code.INVALID_VALUE, lambda: send("mailing", **mailing), Hint("advert-as-service"))
    stage.refused(Code.INVALID_VALUE, lambda: send("block_done", others[0], number="R-1"), Hint("service-as-advert"))
    send("block_done", number="R-1")
    stage.expect(post.arrived()["List-Unsubscribe"] is None, Hint("service-looks-advert"))


def notice(stage: Stage) -> None:
    """The notice of a destruction reaches the person with its proof, byte for byte."""
    post, person = _Post(stage), stage.person()
    platform = stage.platform
    erasure = post.about(person, lambda work, who: platform.vault.erase(work, who, reason="purpose-met"))
    proof = File(name="certificate.jws", media="application/jose", content=erasure.proof.encode())
    platform.run(
        SYSTEM,
        lambda work: post.messages.send(
            work,
            "erased",
            to=To(address="drill@drill.example"),
            language="kk",
            facts={"number": "R-1"},
            attachments=(proof,),
        ),
    )
    attached = [base64.b64decode(part.get_payload()) for part in post.arrived().iter_attachments()]  # type: ignore[arg-type]  # it was sent in base64
    stage.expect(attached == [proof.content], Hint("proof-altered"))
