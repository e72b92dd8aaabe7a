"""Attacks on people's rights: to be taken for somebody else, to guess, to flood, to slip in what nobody approved."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from senim.errors import Code
from senim.identity import SubjectId
from senim.messaging.letter import parse
from senim.messaging.letter_origin import Trusted
from senim.rights import Attached, Opening, Proof, State, Way
from senim.rights.limits import OPENINGS
from senim.testing import FixedClock, Person, Stage
from senim.web.public import MOST_FORM, public
from tests.features.acting import refused, senim_of
from tests.features.rights.scene import Letters, System, act, by, connect, decide, now, opened, run, second
from tests.features.rights.test_letters import mail, only

EVIL = "evil@stranger.example"
SCAN = Attached(what="scan", media="application/pdf", content=b"%PDF-1.7")


def named(stage: Stage, email: str, kind: str = "erase", **more: Any) -> str:
    """A request of somebody who is not signed in and names an address: its number."""
    return opened(stage, kind, way=Way.API, identifiers={"email": email}, **more).number


def check(stage: Stage, number: str, code: str) -> bool:
    """Whether a code is taken."""
    return act(stage, senim_of(stage).rights.identities.check_code, number, code).ok


def add(stage: Stage, number: str, **more: object) -> None:
    """Add something to a request."""
    told = Opening(kind=now(stage, number).kind.value, way=Way.API, **more)  # type: ignore[arg-type]  # as tests write it
    act(stage, senim_of(stage).rights.supply, number, told)


# to be taken for somebody else


def test_a_code_shows_only_whom_the_request_named_when_it_was_sent(stage: Stage) -> None:
    """Who gets a code to an own address and then names another person's is not taken for that person."""
    letters, victim = Letters(senim_of(stage)), stage.person()
    number = named(stage, EVIL)
    add(stage, number, identifiers={"email": victim.values["contact.email"]})
    assert not check(stage, number, letters.code)
    assert (now(stage, number).proof, now(stage, number).subject) == (Proof.NONE, "")


def test_nobody_else_is_named_once_it_was_shown_who_asks(stage: Stage) -> None:
    """Systems are searched by what was shown, and by nothing that was added afterwards."""
    letters, shop = Letters(senim_of(stage)), System({"victim@people.example": 5})
    connect(stage, shop)
    number = named(stage, EVIL)
    assert check(stage, number, letters.code)
    refused(Code.REQUEST_STATE, lambda: add(stage, number, identifiers={"email": "victim@people.example"}))
    decide(stage, number, granted=True)
    run(stage)
    assert shop.rows == {"victim@people.example": 5}


def test_a_mailbox_that_was_given_up_shows_nobody(stage: Stage) -> None:
    """An address that was corrected since the request was opened is no longer that person's."""
    senim, person = senim_of(stage), stage.person()
    letters = Letters(senim)
    number = named(stage, person.values["contact.email"], "access")
    new: dict[str, object] = {"contact.email": "new.address@people.example"}
    senim.run(
        stage.actor,
        lambda work: senim.collection.correct(work, senim.subjects.about(work, person.subject), "orders", values=new),
    )
    check(stage, number, letters.code)
    assert now(stage, number).subject == ""


RESULTS = {
    "in the envelope's sender": 'spf=pass smtp.mailfrom="x; dmarc=pass header.from=people.example"@evil.example',
    "in it, beside a failed one": 'spf=pass smtp.mailfrom="x; dmarc=pass"@evil.example; dmarc=fail',
    "in a comment": 'spf=pass (of "x) ; dkim=pass header.d=people.example ("@evil.example) smtp.mailfrom=evil.example',
    "in comments within comments": "spf=pass (a (b) ; dkim=pass header.d=people.example ; c)",
    "behind an escaped bracket": "spf=pass (a\\) ; dkim=pass header.d=people.example ; (c) smtp.mailfrom=evil.example",
    "two that contradict": "dmarc=pass header.from=people.example; dmarc=fail header.from=people.example",
    "brackets without end": "(" * 8000 + "; dmarc=pass header.from=people.example",
}


@pytest.mark.parametrize("said", RESULTS.values(), ids=RESULTS)
def test_a_sender_writes_no_result_of_our_server(said: str) -> None:
    """What a sender may choose, the local part of an address too, vouches for nobody (RFC 8601 §2.2)."""
    letter = f"Authentication-Results: mx.mini.example; {said}\r\nFrom: a@people.example\r\nSubject: x\r\n\r\nx"
    assert not parse(letter.encode(), trusted=Trusted(frozenset({"mx.mini.example"}))).from_authenticated


COMPLAINTS = {
    "quoted without a mark": "I never asked for this!\n\nYour one-time code:\n\n    {}\n\nIt works for 10 min.",
    "sent back with nothing": "Your one-time code:\n{}\nIt works for 10 min.",
    "told in a sentence": "Somebody made you send me {}, and it was not me.",
}


@pytest.fixture
def answers(stage: Stage) -> Iterator[Callable[[str, str], None]]:
    """Answers the newest letter of ours."""
    senim, ids = senim_of(stage), list[SubjectId]()
    send = senim.messages.send

    def keep(*given: object, **how: object) -> SubjectId:
        ids.append(send(*given, **how))  # type: ignore[arg-type]  # as it came
        return ids[-1]

    senim.messages.send = keep  # type: ignore[method-assign]  # of this platform alone
    yield lambda sender, text: mail(stage, sender, "Re", text, reply_to=f"<{ids[-1]}@senim.invalid>")
    senim.messages.send = send  # type: ignore[method-assign]


@pytest.mark.parametrize("text", COMPLAINTS.values(), ids=COMPLAINTS)
def test_who_complains_of_a_code_does_not_confirm_by_it(
    stage: Stage, answers: Callable[[str, str], None], text: str
) -> None:
    """A stranger asks in a person's name; the person's protest, with our letter in it, erases nothing."""
    letters, person = Letters(senim_of(stage)), stage.person()
    number = named(stage, person.values["contact.email"])
    answers(person.values["contact.email"], text.format(letters.code))
    assert (now(stage, number).proof, now(stage, number).state) == (Proof.NONE, State.IDENTITY_NEEDED)


@pytest.mark.parametrize("text", ["{}", "Код: {}", "My code is {}.\n\nThank you", "\n  {} \n> Ваш код:\n> {}"])
def test_a_reply_that_is_the_code_ends_even_what_binds_at_once(
    stage: Stage, answers: Callable[[str, str], None], text: str
) -> None:
    """A withdrawal that is done and answered with the code stays done (travel-40)."""
    letters, person = Letters(senim_of(stage)), stage.person()
    mail(stage, person.values["contact.email"], "Реклама", "Прошу прекратить рассылку рекламы.")
    answers(person.values["contact.email"], text.replace("{}", letters.code))
    request = now(stage, only(stage))
    assert (request.proof, request.state) == (Proof.CODE, State.ANSWERED)


# to guess, to flood


def test_codes_are_tried_twenty_times_a_day_however_many_requests_there_are(stage: Stage, clock: FixedClock) -> None:
    """New requests give no new tries of short codes; on the next day the right code opens again."""
    letters, person = Letters(senim_of(stage)), stage.person()
    email = person.values["contact.email"]
    first, right = named(stage, email, "access"), letters.code
    for _ in range(4):
        number = named(stage, email, "access")
        wrong = f"{(int(letters.code) + 1) % 1_000_000:06d}"
        assert not any(check(stage, number, wrong) for _ in range(5))
    assert not check(stage, first, right)
    clock.move(days=1)
    number = named(stage, email, "access")
    assert check(stage, number, letters.code)


FLOODS: dict[str, Callable[[int], dict[str, Any]]] = {
    "as the address for answers": lambda number: {"reply_to": "victim@people.example"},
    "beside other names": lambda number: {
        "reply_to": "victim@people.example", "identifiers": {"email": f"p{number}@people.example"}
    },
    "by names that end in one mailbox": lambda number: {"identifiers": {"email": f"Victim+{number}@people.example"}},
}  # fmt: skip


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_nobodys_mailbox_is_flooded(stage: Stage, flood: Callable[[int], dict[str, Any]]) -> None:
    """Requests are counted by the mailbox that is written to, whatever is named."""
    for number in range(OPENINGS):
        opened(stage, "access", way=Way.API, **flood(number))
    refused(Code.TOO_MANY_ATTEMPTS, lambda: opened(stage, "access", way=Way.API, **flood(20)))


def test_a_request_does_not_grow_without_end(stage: Stage) -> None:
    """Who holds the number of a request and sends text after text is stopped."""
    number = by(stage, stage.person(), "claim", text="x").number
    for _ in range(9):
        add(stage, number, text="x" * 20_000)
    refused(Code.BODY_TOO_LARGE, lambda: add(stage, number, text="x" * 20_000))


def test_a_wrong_code_is_counted_although_the_letter_is_too_much(
    stage: Stage, answers: Callable[[str, str], None]
) -> None:
    """Nothing else that is wrong with a reply takes back the try that it made."""
    letters, person = Letters(senim_of(stage)), stage.person()
    number = named(stage, person.values["contact.email"], text="x" * 20_000)
    for _ in range(9):
        add(stage, number, text="x" * 19_990)
    wrong = f"{(int(letters.code) + 1) % 1_000_000:06d}"
    answers(person.values["contact.email"], f"{wrong}\n\n" + "y" * 19_000)
    request = now(stage, number)
    assert request.code is not None
    assert request.code.tries == 1


@pytest.mark.parametrize(
    ("length", "status"), [(str(50 * 1024 * 1024), "413"), (str(MOST_FORM + 1), "413"), ("", "411")]
)
def test_a_stranger_fills_no_disk_and_holds_no_thread_by_a_form(stage: Stage, length: str, status: str) -> None:
    """A body of a public page that is too large, or has no length, is not read at all."""
    body = io.BytesIO(b"--B\r\n")
    told = (
        {"CONTENT_LENGTH": length} if length else {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    )
    said: list[str] = []

    def start(line: str, headers: object, trouble: object = None, /) -> Callable[[bytes], object]:
        said.append(line)
        return said.append  # type: ignore[return-value]  # nobody writes by it

    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/requests/R-2026-00000000/code", "QUERY_STRING": "", "SERVER_NAME": "x",
        "SERVER_PORT": "80", "wsgi.url_scheme": "http", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": body,
        "CONTENT_TYPE": "multipart/form-data; boundary=B", **told,
    }  # fmt: skip
    list(public(senim_of(stage)).wsgi_app(environ, start))
    assert ([line[:3] for line in said], body.tell()) == ([status], 0)


# to slip in what nobody approved


def to_approve(stage: Stage, person: Person) -> str:
    """An erasure that waits for the second person: its number."""
    number = by(stage, person, "erase", attached=(SCAN,)).number
    decide(stage, number, granted=True)
    run(stage)
    assert now(stage, number).state is State.WAITING_APPROVAL
    return number


def test_another_record_that_joins_later_is_approved_too(stage: Stage) -> None:
    """A word on the plan as it was reaches nobody who was linked to it afterwards."""
    senim, person, other = senim_of(stage), stage.person(), stage.person()
    number = to_approve(stage, person)
    request = now(stage, number)
    assert request.plan is not None
    (paper,) = [one.id for one in request.papers if one.what == "scan"]
    act(stage, senim.rights.identities.link, number, other.subject, paper=paper)
    approve = partial(act, stage, senim.rights.planning.approve, number, request.plan.digest, actor=second(stage))
    refused(Code.REQUEST_STATE, approve)
    run(stage)
    refused(Code.PLAN_CHANGED, approve)
    after = now(stage, number).plan
    assert after is not None
    assert after.people == 2
    assert not senim.subjects.find(senim.database, other.subject).erased


def test_who_decided_does_not_approve_although_somebody_else_planned_anew(stage: Stage) -> None:
    """A colleague who only presses a button is not the second pair of eyes."""
    senim = senim_of(stage)
    number = to_approve(stage, stage.person())
    act(stage, senim.rights.planning.plan, number, actor=second(stage))
    run(stage)
    plan = now(stage, number).plan
    assert plan is not None
    refused(Code.SECOND_PERSON_NEEDED, lambda: act(stage, senim.rights.planning.approve, number, plan.digest))


def test_what_was_decided_is_not_changed_afterwards(stage: Stage) -> None:
    """A correction that was granted puts in place what was looked at, and nothing that was added later."""
    evidence = Attached(what="evidence", media="application/pdf", content=b"%PDF-1.7")
    request = by(stage, stage.person(), "correct", changes={"identity.family": "Пробников"}, attached=(evidence,))
    decide(stage, request.number, granted=True)
    refused(Code.REQUEST_STATE, lambda: add(stage, request.number, changes={"contact.email": EVIL}))
