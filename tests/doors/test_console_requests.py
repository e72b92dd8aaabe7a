"""Requests, letters in doubt and calls at the console: what staff sees, does, and may not do."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from werkzeug.test import TestResponse

from senim.identity import SubjectId
from senim.languages import LANGUAGES, Language, wording
from senim.rights import Opening, State, Way
from senim.testing import FixedClock, Person, Stage
from tests.console import Colleague, colleague
from tests.features.rights.scene import Letters, System, approve, by, connect, decide, run
from tests.features.rights.test_by_hand import MAP

Console = Callable[..., Colleague]


@pytest.fixture
def me(console: Console) -> Colleague:
    """The responsible person."""
    return console(name="first-person")


def opened(me: Colleague, kind: str, person: Person, *, way: Way = Way.LETTER, **more: Any) -> str:
    """A request about a person, that came by letter; its number."""
    opening = Opening(
        kind=kind,
        way=way,
        language="en",
        identifiers={"email": person.values["contact.email"]},
        name={"family": "Akhmetova", "given": "Iya"},
        text="I wrote this myself.",
        **more,
    )
    return me.senim.run(me.senim.actor(), lambda work: me.senim.rights.open(work, opening)).number


def state(me: Colleague, number: str) -> State:
    return me.senim.rights.find(me.senim.database, number).state


def show(me: Colleague, number: str) -> None:
    """Their document was seen."""
    answer = me.post(f"/console/requests/{number}/document", {"seen": "1"})
    assert answer.location == f"/console/requests/{number}/identity"


def text(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.status
    return answer.text


def test_the_list_says_what_is_urgent_and_hides_who_asks(me: Colleague, stage: Stage, clock: FixedClock) -> None:
    """Masked, with days left in words, filtered by address; a look at the names is in the log."""
    assert "No open requests" in text(me.get("/console/requests"))
    claim, access = opened(me, "claim", stage.person()), opened(me, "access", stage.person(), way=Way.COUNTER)
    page = text(me.get("/console/requests"))
    assert "A••• I•••" in page
    assert "Akhmetova" not in page
    assert re.search(r"\d+ working days? left", page)
    assert page.index(access) < page.index(claim), "the most urgent first"
    spoken = re.findall(r'class="under">([^<]+, [^<]+)</span>', page)
    assert len(spoken) == 2
    assert all(one.endswith((", in Kazakh", ", in Russian", ", in English")) for one in spoken), spoken
    assert access not in text(me.get("/console/requests?kind=claim"))
    assert claim not in text(me.get("/console/requests?way=counter"))
    assert "None like that" in text(me.get("/console/requests?view=overdue"))
    clock.move(days=40)
    me = _again(me)
    assert "overdue by" in text(me.get("/console/requests?view=overdue"))
    table = me.get("/console/requests/list.csv?view=overdue")
    assert table.content_type.startswith("text/csv")
    assert claim in table.text
    assert "Akhmetova" not in table.text
    acts = [entry.act for _, entry in _entries(me)]
    assert acts.count("request.listed") >= 3


def _again(me: Colleague) -> Colleague:
    return colleague(me.senim, me.client)


def _entries(me: Colleague) -> list[Any]:
    me.senim.tick()
    return list(me.senim.log.entries())


def test_others_see_no_requests(console: Console) -> None:
    """Who may not handle requests does not see that there are any."""
    desk = console(role="desk")
    assert desk.get("/console/requests").status_code == 403
    assert desk.get("/console/letters").status_code == 403
    assert "/console/requests" not in text(desk.get("/console/"))


@pytest.mark.parametrize(
    ("kind", "says", "second"),
    [
        ("access", "Nothing is changed or destroyed.", "very many rows"),
        ("correct", "shows what is put right", "very many rows"),
        ("erase", "shows what is destroyed and what stays by law", "before anything is destroyed"),
        ("block", "The data stays blocked", ""),
        ("unblock", "The data is unblocked at once", ""),
        ("complaint", "Your answer goes out at once", ""),
        ("visibility", "shows what ends", "very many rows"),
    ],
)
def test_granting_says_what_it_leads_to(me: Colleague, stage: Stage, kind: str, says: str, second: str) -> None:
    """Nobody reads of destruction where nothing is destroyed, nor of a second person who does not come."""
    number = opened(me, kind, stage.person())
    show(me, number)
    page = text(me.get(f"/console/requests/{number}/grant"))
    assert says in page
    assert second in page
    assert ("before anything is destroyed" in page) is (kind == "erase")


def test_from_identity_to_the_second_person_and_the_end(me: Colleague, console: Console, stage: Stage) -> None:
    """Identity shown, granted, planned; the same person may not approve, another does, and it is carried out."""
    person = stage.person()
    email = person.values["contact.email"]
    shop = System({email: 3})
    connect(stage, shop)
    number = opened(me, "erase", person)
    base = f"/console/requests/{number}"
    assert "It is not shown yet who asks" in text(me.get(f"{base}/identity"))
    assert f"{base}/grant" not in text(me.get(base)), "nothing is granted to nobody"
    show(me, number)
    assert me.post(f"{base}/grant").location == base
    me.senim.orders.run_due("rights")
    plan = text(me.get(f"{base}/plan"))
    assert "orders" in plan
    assert "Tax Code, article 206(3)" in plan
    assert "somebody else has to approve it" in plan
    digest = me.senim.rights.find(me.senim.database, number).plan.digest  # type: ignore[union-attr]
    me.post(f"{base}/approve", {"digest": digest})
    assert (state(me, number), shop.rows) == (State.WAITING_APPROVAL, {email: 3})
    other = console(name="second-person")
    other.post(f"{base}/approve", {"digest": "0" * 64})
    assert state(me, number) is State.WAITING_APPROVAL, "another plan than the one that was seen"
    assert digest in text(other.get(f"{base}/plan"))
    other.post(f"{base}/approve", {"digest": digest})
    me.senim.orders.run_due("rights")
    assert (state(me, number), shop.rows) == (State.ANSWERED, {})
    log = text(me.get(f"{base}/log"))
    assert log.index("request was registered") < log.index("second person approved") < log.index("was answered")
    assert "The responsible" in log


BLANK_OR_NAME = {
    "kk": "Картаға «email: {act: depersonalise}» немесе «email: {with: …}» деп жазыңыз.",
    "ru": "Впишите в карту «email: {act: depersonalise}» или «email: {with: …}».",
    "en": "Write “email: {act: depersonalise}” or “email: {with: …}” in the map.",
}


def test_what_is_in_the_way_of_a_stored_plan_is_read_in_each_language(me: Colleague, stage: Stage) -> None:
    """It was found once, and is stored without words of any language."""
    person = stage.person()
    shop = System({person.values["contact.email"]: 3})
    shop.blocked = True
    connect(stage, shop)
    number = opened(me, "erase", person)
    show(me, number)
    me.post(f"/console/requests/{number}/grant")
    me.senim.orders.run_due("rights")
    assert state(me, number) is State.PLANNED
    for language in LANGUAGES:
        me.get(f"/console/?language={language}")
        page = text(me.get(f"/console/requests/{number}/plan"))
        assert wording("troubles")["not_null"].in_(language) in page
        assert BLANK_OR_NAME[language] in page
        assert "not_null" not in page


def test_an_open_claim_in_the_way_is_told_with_its_page(me: Colleague, stage: Stage) -> None:
    """In words, and it leads there."""
    person = stage.person()
    claim = by(stage, person, "claim", text="Give me back my money.").number
    number = by(stage, person, "erase").number
    decide(stage, number, granted=True)
    run(stage)
    page = me.get(f"/console/requests/{number}/plan").text
    assert "A claim of this person is still open" in page
    assert f'<a href="/console/requests/{claim}">' in page


def test_what_gave_up_is_run_again_from_its_step(me: Colleague, console: Console, stage: Stage) -> None:
    """Something was found again: the page says that it gave up, and a press goes on where it stopped."""
    person = stage.person()
    email = person.values["contact.email"]
    shop = System({email: 1})
    shop.forgets = email
    connect(stage, shop)
    number = opened(me, "erase", person)
    base = f"/console/requests/{number}"
    show(me, number)
    me.post(f"{base}/grant")
    me.senim.orders.run_due("rights")
    digest = me.senim.rights.find(me.senim.database, number).plan.digest  # type: ignore[union-attr]
    console(name="second-person").post(f"{base}/approve", {"digest": digest})
    me.senim.orders.run_due("rights")
    assert "gave up" in text(me.get(f"{base}/plan"))
    assert number in text(me.get("/console/requests?view=stuck"))
    shop.rows.clear()
    assert me.post(f"{base}/again").location == f"{base}/plan"
    me.senim.orders.run_due("rights")
    assert state(me, number) is State.ANSWERED
    assert len(shop.executed) == 1, "what was done is not done twice"
    assert number not in text(me.get("/console/requests?view=stuck"))
    answer = me.post(f"{base}/answer", {"form": "json"})
    assert (answer.status_code, answer.headers["Content-Disposition"]) == (200, f'attachment; filename="{number}.json"')


def test_what_is_done_by_hand_is_shown_and_ended_with_its_scan(me: Colleague, stage: Stage, clock: FixedClock) -> None:
    """What the map says there is to do; whom it is about only by a press; and a scan ends it, or nothing does."""
    maps = me.senim.folder / "connectors"
    maps.mkdir()
    (maps / "cabinet.yaml").write_text(MAP, encoding="utf-8")
    person = stage.person()
    number = by(stage, person, "erase").number
    decide(stage, number, granted=True)
    run(stage)
    approve(stage, number)
    run(stage)
    base = f"/console/requests/{number}/tasks"
    page = text(me.get(base))
    assert "Destroy the papers." in page
    assert person.values["contact.email"] not in page
    (task,) = me.senim.tasks.list(me.senim.database)
    assert person.values["contact.email"] in text(me.post(f"{base}/{task.id}"))
    me.post(f"{base}/{task.id}/done", {"rows": "2"})
    assert me.senim.tasks.list(me.senim.database), "nothing shows that it was done"
    scan = (io.BytesIO(b"%PDF-1.7 signed"), "scan.pdf", "application/pdf")
    assert me.post(f"{base}/{task.id}/done", {"rows": "2", "scan": scan}).location == base
    clock.move(hours=2)
    run(stage)
    assert state(me, number) is State.ANSWERED
    assert "cabinet" in text(_again(me).get(base))


def test_a_dangerous_act_needs_a_fresh_sign_in(me: Colleague, stage: Stage, clock: FixedClock) -> None:
    """Granting, refusing, looking at values: who signed in long ago is asked again."""
    number = opened(me, "access", stage.person())
    show(me, number)
    clock.move(minutes=12)
    for act in ("grant", "refuse", "data"):
        answer = me.post(f"/console/requests/{number}/{act}", {"reasons": "unfounded"})
        assert (answer.status_code, "Nothing has been done yet" in answer.text) == (403, True), act
    assert state(me, number) is State.RECEIVED
    asked = me.post(
        f"/console/requests/{number}/refuse", {"reasons": ["unfounded", "rights-of-others"], "text": "Why\nso."}
    )
    assert me.again(asked, "wrong").status_code == 403
    assert me.again(asked).status_code == 303
    decision = me.senim.rights.find(me.senim.database, number).decision
    assert decision
    assert set(decision.reasons) == {"unfounded", "rights-of-others"}


def test_what_is_sealed_opens_by_a_form_and_leaves_its_entry(me: Colleague, stage: Stage) -> None:
    """The text of the request, the person's values, a letter of ours; but never a code that is the person's alone."""
    letters, person = Letters(me.senim), stage.person()
    number = opened(me, "access", person, way=Way.EMAIL)
    base = f"/console/requests/{number}"
    assert "I wrote this myself." not in text(me.get(base))
    assert "I wrote this myself." in text(me.post(f"{base}/read"))
    assert me.get(f"{base}/read").location == base, "another language closes it again"
    traces = me.senim.rights.listing.traces(me.senim.database, number)
    sent = {one.template: one.id for one in traces if one.template}
    assert "Request received" in text(me.get(f"{base}/messages"))
    assert number in text(me.post(f"{base}/messages/{sent['received']}"))
    assert me.post(f"{base}/messages/{sent['code']}").location == f"{base}/messages"
    assert letters.code not in text(me.get(f"{base}/messages"))
    assert me.post(f"{base}/try", {"code": letters.code}).location == f"{base}/identity"
    me.post(f"{base}/grant")
    assert me.senim.orders.run_due("rights")
    assert person.values["contact.email"] not in text(me.get(f"{base}/data"))
    shown = text(me.post(f"{base}/data"))
    assert person.values["contact.email"] in shown
    assert person.values["payment-card.pan"] not in shown, "no human sees a card"
    acts = [entry.act for _, entry in _entries(me)]
    assert {"request.read", "message.opened"} <= set(acts)


def test_refused_with_reasons_or_not_at_all(me: Colleague, stage: Stage) -> None:
    """Without a reason the form comes back and says so; with one the person is told it in words."""
    letters, number = Letters(me.senim), opened(me, "access", stage.person())
    base = f"/console/requests/{number}"
    show(me, number)
    again = me.post(f"{base}/refuse", {"text": "kept text"})
    assert (again.status_code, "kept text" in again.text) == (422, True)
    assert "No reason is chosen." in again.text
    assert me.post(f"{base}/refuse", {"reasons": "law-forbids", "text": "More words."}).location == base
    assert state(me, number) is State.REFUSED
    ((_, told),) = letters.of("refused")
    assert "More words." in told["reasons"]


def test_the_clock_is_told_and_stands_still_only_where_the_law_says_so(me: Colleague, stage: Stage) -> None:
    """No reason of the law's, no pause: the form offers none, and forging one is refused."""
    number = opened(me, "access", stage.person())
    base = f"/console/requests/{number}"
    assert "working days" in text(me.get(base))
    assert me.post(f"{base}/pause", {"reason": "identity"}).status_code in (403, 409, 422)
    assert me.post(f"{base}/extend", {"reason": "complex"}).status_code in (403, 409, 422)
    assert me.post(f"{base}/ask", {"wanted": ["content"]}).location == base
    assert "what you are asking for" in text(me.get(base))
    me.post(f"{base}/assign", {"take": "1"})
    assert number in text(me.get("/console/requests?view=mine"))
    me.post(f"{base}/withdraw")
    assert state(me, number) is State.WITHDRAWN


def test_papers_are_sealed_and_saved_as_they_came(me: Colleague, stage: Stage) -> None:
    """A scan larger than a form goes in; it comes out to be saved, never to be shown within our pages."""
    number = opened(me, "access", stage.person())
    base, scan = f"/console/requests/{number}", b"%PDF-1.7 " + b"x" * 3_000_000
    body = b"".join(
        b'--cut\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % one
        for one in (
            (b"csrf_token", b"", me.csrf.encode()),
            (b"what", b"", b"authority"),
            (b"file", b'; filename="a.pdf"\r\nContent-Type: application/pdf', scan),
        )
    )
    sent = me.client.post(
        f"{base}/papers", data=body + b"--cut--\r\n", content_type="multipart/form-data; boundary=cut"
    )
    assert sent.location == f"{base}/papers"
    (paper,) = (one for one in me.senim.rights.find(me.senim.database, number).papers if one.what == "authority")
    answer = me.post(f"{base}/papers/{paper.id}")
    assert answer.data == scan
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{number}-{paper.id}.pdf"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    me.post(f"{base}/represent", {"by": "power-of-attorney", "paper": paper.id, "until": "2027-01-01"})
    assert "power of attorney" in text(me.get(f"{base}/identity"))


def test_what_was_missing_is_added_as_it_was_told(me: Colleague, stage: Stage) -> None:
    """A correction without the right value waits for it; staff adds what the person says, and nothing is not enough."""
    number = opened(me, "correct", stage.person())
    base = f"/console/requests/{number}"
    assert "changes" in me.senim.rights.find(me.senim.database, number).missing
    assert "which data is wrong and what is right" in text(me.get(f"{base}/supply"))
    assert me.post(f"{base}/supply", {}).status_code == 422
    wrong = {"field-0": "contact.email", "value-0": "no address", "text": "The old one is wrong."}
    assert me.post(f"{base}/supply", wrong).status_code == 422
    assert me.post(f"{base}/supply", {**wrong, "value-0": "new@people.example"}).location == base
    assert "changes" not in me.senim.rights.find(me.senim.database, number).missing


NEW = {
    "way": "counter", "kind": "erase", "language": "kk", "day": "2026-11-20", "time": "10:00", "family": "Akhmetova",
    "given": "Iya", "text": "Erase it, please.",
}  # fmt: skip


def test_staff_writes_down_a_request_and_sees_its_clock_first(me: Colleague, stage: Stage) -> None:
    """The clock is shown before anything is kept, and begins when the request came."""
    form = {**NEW, "by-email": stage.person().values["contact.email"]}
    assert "Show the clock" in text(me.get("/console/requests/new"))
    page = text(me.post("/console/requests/new", form))
    assert "Counted from the day after 20 November 2026" in page
    assert list(me.senim.rights.everything(me.senim.database)) == []
    assert "Erase it, please." in text(me.post("/console/requests/new", {**form, "change": "1"}))
    scan = {"scan": (io.BytesIO(b"%PDF-1.7 scan"), "scan.pdf", "application/pdf")}
    answer = me.post("/console/requests/save", {**form, **scan})
    (request,) = me.senim.rights.everything(me.senim.database)
    assert answer.location == f"/console/requests/{request.number}"
    assert (request.way, request.language) == (Way.COUNTER, "kk")
    assert [one.what for one in request.papers if one.what == "scan"] == ["scan"]
    wrong = me.post("/console/requests/new", {**form, "day": "2036-01-01"})
    assert (wrong.status_code, "Erase it, please." in wrong.text) == (422, True)


def test_an_authority_needs_its_paper(me: Colleague) -> None:
    """What an authority asks rests on its document: without it nothing is opened."""
    form = {**NEW, "way": "authority", "by-email": "x@people.example"}
    assert me.post("/console/requests/save", form).status_code >= 400
    assert list(me.senim.rights.everything(me.senim.database)) == []


def test_a_person_decides_what_a_letter_asks(me: Colleague, stage: Stage) -> None:
    """A letter in doubt is opened, logged, and becomes a request whose clock began when it came."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = stage.person().values["contact.email"], "data@mini.example", "?"
    letter["Message-ID"], letter["Date"] = "<one@people.example>", "Sun, 22 Nov 2026 09:00:00 +0000"
    letter.set_content("Hello, I want to know about my personal data, maybe delete it?")
    held = me.senim.inbox.receive(letter.as_bytes(), source="imap")
    me.senim.orders.run_due("letter")
    row = me.senim.inbox.find(me.senim.database, held)
    assert row.outcome in ("undecided", "neutral")
    assert f"/console/letters/{held}" in text(me.get("/console/letters"))
    assert "maybe delete it" not in text(me.get(f"/console/letters/{held}"))
    assert "maybe delete it" in text(me.post(f"/console/letters/{held}"))
    answer = me.post(f"/console/letters/{held}/take", {"kind": "erase"})
    (request,) = me.senim.rights.everything(me.senim.database)
    assert answer.location == f"/console/requests/{request.number}"
    assert (request.kind, request.way, request.received_at) == ("erase", Way.EMAIL, row.received_at)
    assert me.senim.inbox.find(me.senim.database, held).about == request.number
    assert me.post(f"/console/letters/{held}/decide", {"about": "R-2026-1"}).location == f"/console/letters/{held}"


def test_a_call_is_taken_in_after_the_notice_was_read(me: Colleague, stage: Stage) -> None:
    """travel-1: the notice in the caller's language, why each field is asked, the mark, the receipts."""
    page = text(me.get("/console/telephone/registration/ru"))
    assert "Чтобы прислать подтверждение." in page
    assert "Кто отвечает за ваши данные" in page
    notice = re.search(r'name="notice" value="([0-9a-f]{64})"', page)
    assert notice
    form = {
        "notice": notice[1],
        **{name: value for name, value in stage.values("registration").items() if name.startswith(("id", "con"))},
        "consent orders": "yes",
        "consent newsletter": "no",
        "consent delivery/couriers": "yes",
    }
    unread = me.post("/console/telephone/registration/ru", form)
    assert unread.status_code >= 400
    assert "aria-invalid" in unread.text
    assert "Read the notice out and tick this" in unread.text
    assert re.search(r'<textarea [^>]*name="contact.note"', page), "what people dictate has room"
    form["read"] = "1"
    card = me.post("/console/telephone/registration/ru", {**form, "contact.note": "4111 1111 1111 1111"})
    assert card.status_code >= 400
    assert "4111 1111" not in card.text, "what should not have been written down does not come back"
    assert "payment-card.pan" not in page, "nobody is asked for what no human may read"
    answer = me.post("/console/telephone/registration/ru", form)
    assert answer.status_code == 303
    subject = SubjectId(answer.location.rpartition("/")[2])
    page = text(me.get(answer.location))
    assert "Delivery · Courier" in page, "nothing is told by its id"
    assert "couriers" not in page
    assert f'href="/console/people/{subject}"' in page
    events, _ = me.senim.consents.history(subject)
    said = {one.said.scope.purpose: one.said for one in events}
    assert (said["orders"].given, said["newsletter"].given) == (True, False)
    proof = said["orders"].evidence
    assert (proof.read_to_caller, proof.surface, proof.act, proof.language) == (True, "telephone", "spoken", "ru")
    receipt = me.post(f"/console/telephone/taken/{subject}/{events[0].id}")
    assert receipt.text.count(".") == 2


def test_pages_follow_each_other(me: Colleague, stage: Stage, clock: FixedClock) -> None:
    """The list goes on after its last row; no request is on two pages or on none."""
    numbers = set()
    for _ in range(3):
        numbers.add(opened(me, "claim", stage.person()))
        clock.move(hours=1)
    listing, work = me.senim.rights.listing, me.senim.works.begin(me.senim.actor())
    first = listing.page(work, most=2)
    second = listing.page(work, most=2, after=first.next)
    assert (len(first.requests), len(second.requests), second.next) == (2, 1, "")
    assert {one.number for one in (*first.requests, *second.requests)} == numbers
    assert _again(me).get("/console/requests?after=x").status_code == 422


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_happened_is_told_in_words(console: Console, stage: Stage, language: Language) -> None:
    """Tabs of a request and entries of the log have words for reasons, operations and languages, and no codes."""
    me = console(language=language)
    me.get(f"/console/?language={language}")
    number = opened(me, "access", stage.person(), way=Way.EMAIL)
    base = f"/console/requests/{number}"
    told = wording("rights")["proof-document"].in_(language)
    assert me.post(f"{base}/document", {"seen": "1"}).status_code == 303
    assert f"{told}</span>" in text(me.get(f"{base}/log"))
    assert f"{told} (The responsible, " in text(me.get(f"{base}/identity"))
    run(stage)
    letters = text(me.get(f"{base}/messages"))
    assert not re.search(r", (?:kk|ru|en)</td>", letters)
    me.senim.tick()
    acts = {entry.act: index for index, entry in me.senim.log.entries()}
    said = text(me.get(f"/console/log/{acts['data.collected']}"))
    assert wording("notices")["operation-collect"].in_(language) in said
    assert "<code>collect</code>" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_request_without_words_says_so(console: Console, stage: Stage, language: Language) -> None:
    """Somebody at the counter ticks what they want and writes nothing: opening it says that."""
    me = console(language=language)
    me.get(f"/console/?language={language}")
    opening = Opening(kind="access", way=Way.COUNTER, language="kk", identifiers={"email": "nobody@people.example"})
    number = me.senim.run(me.senim.actor(), lambda work: me.senim.rights.open(work, opening)).number
    said = wording("console")["rq-no-words"].in_(language)
    assert said in text(me.post(f"/console/requests/{number}/read"))
    wordy = opened(me, "access", stage.person())
    assert said not in text(me.post(f"/console/requests/{wordy}/read"))
