"""Requests by e-mail: a marked letter, a reply with the code, a stranger who writes in somebody else's name."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

from senim.gate import Question
from senim.rights import Kind, State, Way
from senim.testing import Stage
from tests.features.acting import senim_of
from tests.features.rights.scene import Letters, approve, now, run
from tests.unit.made import varied

MARK = {
    "kk": "дербес деректерді өңдеуге келісімді кері қайтарып алу",
    "ru": "отзыв согласия на обработку персональных данных",
    "en": "withdrawal of consent to the processing of personal data",
}


def mail(stage: Stage, sender: str, subject: str, text: str, *, reply_to: str = "") -> None:
    """A letter comes in and is read."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, "data@mini.example", subject
    letter["Message-ID"] = f"<{abs(hash((subject, text)))}@people.example>"
    letter["Date"] = "Sun, 22 Nov 2026 09:00:00 +0000"
    if reply_to:
        letter["In-Reply-To"] = reply_to
    letter.set_content(text)
    senim = senim_of(stage)
    senim.inbox.receive(letter.as_bytes(), source="imap")
    for queue in senim.orders.queues:
        if queue != "mail":
            senim.orders.run_due(queue)


def only(stage: Stage) -> str:
    """The number of the one request that there is."""
    senim = senim_of(stage)
    (request,) = senim.rights.everything(senim.database)
    return request.number


def test_a_marked_letter_withdraws_and_deletes_when_the_code_came_back(staged: Callable[[bytes], Stage]) -> None:
    """The mark opens the request (airline-12), the code proves who writes, and then everything goes."""
    changes: dict[str, object] = {"rights.withdrawal-deletes": "true", "rights.kinds.withdraw": {"mark": MARK}}
    stage = staged(varied(changes))
    senim, person = senim_of(stage), stage.person()
    letters, email = Letters(senim), person.values["contact.email"]
    mail(stage, email, MARK["ru"], "Прошу удалить всё.")
    number = only(stage)
    request = now(stage, number)
    assert (request.kind, request.way, request.state) == (Kind.WITHDRAW, Way.EMAIL, State.IDENTITY_NEEDED)
    assert stage.ask(Question("use", "orders", person.subject)), "a sender's name withdraws nothing"
    senim.run(senim.actor(), lambda work: senim.rights.identities.check_code(work, number, letters.code))
    assert not stage.ask(Question("use", "orders", person.subject))
    run(stage)
    approve(stage, number)
    run(stage)
    assert now(stage, number).state is State.ANSWERED
    assert senim.subjects.find(senim.database, person.subject).erased


def test_a_stranger_in_somebody_elses_name_gets_nothing(stage: Stage) -> None:
    """Whatever From says, nothing is told or done; the code goes to the true owner of the address."""
    senim, person = senim_of(stage), stage.person()
    letters, email = Letters(senim), person.values["contact.email"]
    mail(stage, email, "Delete my data", "Please erase all my personal data.")
    request = now(stage, only(stage))
    assert (request.kind, request.state, request.subject) == (Kind.ERASE, State.IDENTITY_NEEDED, "")
    assert [address for address, _ in letters.of("code")] == [email]
    assert not senim.subjects.find(senim.database, person.subject).erased
