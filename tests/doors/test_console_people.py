"""People at the console: found by a body and by no address, looked at for a purpose, acted on through the gate."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from senim.audit.searching import LOOKED
from senim.audit.statements import open_statement
from senim.rights.destruction import OWN_REASONS
from senim.testing import Stage
from tests.console import Colleague
from tests.features.acting import told_of
from tests.features.rights.scene import by


@pytest.fixture
def person(stage: Stage) -> Any:
    """Somebody who gave everything and agreed to everything."""
    return stage.person()


def found(me: Colleague, person: Any, purpose: str = "orders") -> str:
    """Find the person; the address of their page."""
    form = {"kind": "email", "value": person.values["contact.email"].upper(), "purpose": purpose}
    answer = me.post("/console/people/", form)
    assert answer.status_code == 303
    return str(answer.location)


def acts_of(me: Colleague, person: Any) -> list[tuple[str, str, str]]:
    return [(one.act, one.outcome.value, one.purpose or "") for one in told_of(me.senim, person.subject)]


def test_a_person_is_found_and_the_look_is_logged(console: Callable[..., Colleague], person: Any) -> None:
    """The identifier is in no address; the values of the purpose are shown, the card to nobody, with its clause."""
    me = console()
    where = found(me, person)
    assert where == f"/console/people/{person.subject}"
    page = me.get(where).text
    assert person.values["identity.family"] in page
    assert "mini-3" in page
    assert person.values.get("payment-card.pan", "no card") not in page
    acts = acts_of(me, person)
    assert ("subject.found", "done", "") in acts
    assert ("data.read", "done", "orders") in acts
    assert ("document.listed", "done", "") in acts


def test_nothing_is_shown_without_a_purpose(console: Callable[..., Colleague], person: Any) -> None:
    """Who comes by a link is asked first; nothing is read until they say what for. Half an hour later, again."""
    me = console()
    where = f"/console/people/{person.subject}"
    for path in (where, f"{where}/history", f"/console/consents/{person.subject}", f"{where}/do/block"):
        page = me.get(path).text
        assert 'name="purpose"' in page
        assert person.values["identity.family"] not in page
    assert "data.read" not in [act for act, _, _ in acts_of(me, person)]
    answer = me.post(f"{where}/why", {"purpose": "orders", "back": f"{where}/history"})
    assert answer.location == f"{where}/history"
    assert person.values["identity.family"] in me.get(where).text
    assert me.get("/console/people/" + "0" * 32).status_code == 404


def test_a_purpose_lasts_half_an_hour(console: Callable[..., Colleague], person: Any, clock: Any) -> None:
    """A browser that is left open does not look for yesterday's purpose."""
    me = console()
    where = found(me, person)
    clock.move(minutes=31)
    assert person.values["identity.family"] not in me.get(where).text


def test_a_desk_sees_masked_what_it_may_not_see(console: Callable[..., Colleague], person: Any) -> None:
    """The policy's role decides: names in clear, contacts masked, no acts, no log; other purposes are not offered."""
    me = console(role="desk")
    page = me.get(found(me, person)).text
    assert person.values["identity.family"] in page
    assert person.values["contact.email"] not in page
    assert "/do/" not in page
    assert 'value="newsletter"' not in page
    assert me.post(f"/console/people/{person.subject}/do/block", {"reason": "legal-duty"}).status_code == 403
    assert "subject.found" not in me.get(f"/console/people/{person.subject}/history").text


def test_a_purpose_of_another_role_is_not_taken(console: Callable[..., Colleague], person: Any) -> None:
    """Whoever makes up a purpose in the form is asked again."""
    me = console(role="desk")
    assert 'name="purpose"' in me.get(found(me, person, "newsletter")).text


def test_nobody_and_several(console: Callable[..., Colleague], stage: Stage, person: Any) -> None:
    """Nobody like that: the form again. Several with one identifier: a choice, by when they came."""
    me = console()
    form = {"kind": "email", "value": "nobody@person.example", "purpose": "orders"}
    assert "nobody like that" in me.post("/console/people/", form).text
    twin = stage.person()
    change = {"contact.email": person.values["contact.email"]}
    stage.platform.run(
        stage.actor,
        lambda work: stage.platform.collection.correct(
            work, stage.platform.subjects.about(work, twin.subject), "orders", values=change
        ),
    )
    page = me.post("/console/people/", {**form, "value": person.values["contact.email"]}).text
    for one in (person, twin):
        choice = re.search(rf'/people/{one.subject}/why".*?<button[^>]*>(.*?)</button>', page, re.DOTALL)
        assert choice
        assert one.subject[-8:] in choice[1], "by the end of the id: it begins with the time"
        shown = me.get(me.post(f"/console/people/{one.subject}/why", {"purpose": "orders"}).location)
        title = re.search("<title>(.*?)</title>", shown.text)
        assert title
        assert one.subject[-8:] in title[1]


ACTS = (
    ("block", {"reason": "inaccuracy-reported"}, "subject.blocked"),
    ("unblock", {"reason": "check-finished"}, "subject.unblocked"),
    ("stop", {"purpose": "newsletter", "reason": "request-of-person"}, "subject.stopped"),
    ("resume", {"purpose": "newsletter", "reason": "request-of-person"}, "subject.resumed"),
    ("event", {"event": "order-completed", "at": "2026-11-20"}, "subject.event"),
    ("correct", {"field": "identity.family", "value": "Жаңаұлы"}, "data.corrected"),
)


def test_acts_go_through_the_gate(console: Callable[..., Colleague], person: Any) -> None:
    """Each act of the page does what it says, leaves its entry by the colleague, and comes back to the person."""
    me = console()
    where = found(me, person)
    for name, form, entry in ACTS:
        assert me.get(f"{where}/do/{name}").status_code == 200
        answer = me.post(f"{where}/do/{name}", form)
        assert (name, answer.status_code, answer.location) == (name, 303, where)
        done = told_of(me.senim, person.subject)
        assert (done[-1].act, done[-1].actor) == (entry, f"staff:{me.account.id}")
        me.get(where)
    marks = me.senim.subjects.find(me.senim.database, person.subject).marks
    assert set(marks.events) >= {"order-completed"}
    assert marks.block is None
    assert marks.stops == {}


def test_what_the_gate_refuses_is_told_with_its_clause(console: Callable[..., Colleague], person: Any) -> None:
    """A card number among the names is refused in the form, and the form is there to try again."""
    me = console()
    where = found(me, person)
    page = me.post(f"{where}/do/correct", {"field": "identity.family", "value": "4111111111111111"})
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    future = me.post(f"{where}/do/event", {"event": "order-completed", "at": "2027-01-01"})
    assert 'role="alert"' in future.text


def test_destroying_is_planned_and_approved(console: Callable[..., Colleague], person: Any, clock: Any) -> None:
    """Ten minutes after signing in one is asked again; then it is planned, approved by a second person, proven."""
    me = console()
    where = found(me, person)
    form = me.get(f"{where}/do/erase").text
    assert re.findall(r'option value="([^"]+)"', form) == [*OWN_REASONS]
    assert "/console/requests/new" in form
    clock.move(minutes=11)
    asked = me.post(f"{where}/do/erase", {"reason": "purpose-met"})
    assert me.senim.rights.of(me.senim.database, person.subject) == []
    plan = str(me.again(asked).location)
    number = plan.split("/")[-2]
    me.senim.orders.run_due("rights")
    page = me.get(plan).text
    assert "Tax Code" in page
    assert 'name="digest"' not in page, "whoever began it does not approve it"
    assert "operator" in me.get(f"/console/requests/{number}").text
    assert not me.senim.subjects.find(me.senim.database, person.subject).erased
    digest = me.senim.rights.find(me.senim.database, number).plan.digest  # type: ignore[union-attr]
    console(name="second").post(f"/console/requests/{number}/approve", {"digest": digest})
    me.senim.orders.run_due("rights")
    proof = re.search(r">(eyJ[\w.-]+)<", me.get(f"/console/requests/{number}").text)
    assert proof
    assert open_statement(proof[1], me.senim.jwk)[1]["subject"] == person.subject
    assert person.values["identity.family"] not in me.get(where).text
    assert me.get(f"{where}/do/erase").location == where
    assert number in me.get(f"{where}/history").text


def test_an_open_claim_is_told_where_data_would_be_destroyed(
    console: Callable[..., Colleague], stage: Stage, person: Any
) -> None:
    """The form says why not, and nothing is begun."""
    me = console()
    where = found(me, person)
    by(stage, person, "claim", text="A refund.")
    page = unescape(me.post(f"{where}/do/erase", {"reason": "unlawful"}).text)
    assert "A claim of this person is still open" in page
    assert len(me.senim.rights.of(me.senim.database, person.subject)) == 1


def test_staff_let_go_of_a_destruction(console: Callable[..., Colleague], person: Any) -> None:
    """A press that asks first, before it is approved."""
    me = console()
    where = found(me, person)
    plan = str(me.post(f"{where}/do/erase", {"reason": "unlawful"}).location)
    base = plan.rpartition("/")[0]
    assert f"{base}/withdraw" in me.get(base).text
    assert "Give up the destruction" in me.get(f"{base}/withdraw").text
    me.post(f"{base}/withdraw")
    me.senim.orders.run_due("rights")
    assert not me.senim.subjects.find(me.senim.database, person.subject).erased
    assert f"{base}/withdraw" not in me.get(base).text


def test_a_file_is_opened_by_a_form_and_logged(console: Callable[..., Colleague], stage: Stage, person: Any) -> None:
    """A file comes as a download; for a purpose that does not need it, it does not come."""
    me = console()
    document = stage.upload(person)
    where = found(me, person, "newsletter")
    assert document in me.get(where).text
    answer = me.post(f"{where}/files/{document}")
    assert answer.data == b"%PDF-1.7 drill"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert told_of(me.senim, person.subject)[-1].act == "document.read"
    me.post(f"{where}/why", {"purpose": "orders"})
    assert me.post(f"{where}/files/{document}").status_code == 303


def test_blocked_people_are_seen_by_the_responsible_alone(console: Callable[..., Colleague], person: Any) -> None:
    """A desk is told why it sees nothing, with the reason; the responsible person sees the block and its reason."""
    chief, desk = console(), console(role="desk")
    where = found(chief, person)
    chief.post(f"{where}/do/block", {"reason": "unlawful-reported"})
    assert "Reported as unlawful" in chief.get(where).text
    found(desk, person)
    page = desk.get(where).text
    assert person.values["identity.family"] not in page
    assert 'class="alert bad"' in page


def test_history_tells_of_handings_over_and_of_who_did_what(
    console: Callable[..., Colleague], stage: Stage, person: Any
) -> None:
    """Who got what; and the log of this person with colleagues by their names."""
    from senim.disclosure import Handing

    handing = Handing(recipient="courier", purpose="delivery")
    me = console()
    me.senim.run(me.senim.actor(), lambda work: me.senim.disclosures.make(work, [person.subject], handing))
    where = found(me, person)
    page = me.get(f"{where}/history").text
    assert "Courier" in page
    assert "The responsible" in page
    assert told_of(me.senim, person.subject)[-1].act == "disclosures.read"


def test_history_is_shown_page_by_page(console: Callable[..., Colleague], stage: Stage, person: Any) -> None:
    """The newest handings-over first, all of them by going on, however much else was done meanwhile."""
    from senim.disclosure import Handing

    me, handing = console(), Handing(recipient="courier", purpose="delivery")
    for _ in range(23):
        me.senim.run(me.senim.actor(), lambda work: me.senim.disclosures.make(work, [person.subject], handing))
    me.senim.run(
        me.senim.actor(), lambda work: [work.record("data.read", subject=person.subject) for _ in range(LOOKED)]
    )
    me.senim.tick()
    where, counts = f"{found(me, person)}/history", []
    while where:
        page = me.get(where)
        assert page.status_code == 200
        counts.append(page.text.count(">Courier<"))
        older = re.search(r'class="more"><a[^>]* href="([^"]+)"', page.text)
        where = unescape(older[1]) if older else ""
    assert counts[0] == 0, "among what was looked at none was handed over, and it says that there is more"
    assert sum(counts) == 23
    assert max(counts) == 20


def _first_event(page: str, person: Any) -> str:
    match = re.search(rf"/console/consents/{person.subject}/([0-9a-f]{{32}})", page)
    assert match
    return match[1]


def test_what_they_saw_and_its_proof(console: Callable[..., Colleague], person: Any) -> None:
    """The frozen text in its language; a receipt that the public key checks; a bundle that proves it elsewhere."""
    me = console(language="ru")
    found(me, person)
    where = f"/console/consents/{person.subject}"
    event = _first_event(me.get(where).text, person)
    page = me.get(f"{where}/{event}").text
    assert 'class="frozen" lang="' in page
    receipt = me.get(f"{where}/{event}/jws").text
    says = open_statement(receipt, me.senim.jwk)[1]
    assert (says["record_id"], says["pii_principal_id"]) == (event, person.subject)
    assert json.loads(me.get(f"{where}/{event}/json").data)["record_id"] == event
    me.senim.tick()
    packed = zipfile.ZipFile(io.BytesIO(me.get(f"{where}/{event}/zip").data))
    assert json.loads(packed.read("entry.json"))["id"] == event
    assert open_statement(packed.read("receipt.jws").decode(), json.loads(packed.read("key.json")))[1] == says
    assert me.get(f"{where}/{event}/exe").status_code == 404
    assert me.get(f"{where}/{'0' * 32}").status_code == 404
    assert "consent.read" in [act for act, _, _ in acts_of(me, person)]


@pytest.mark.parametrize(
    ("evidence", "proven"),
    [
        ({"surface": "document", "archive": "AR-2026/0412"}, True),
        ({"surface": "telephone", "notice": "now", "read_to_caller": "on"}, True),
        ({"surface": "telephone", "notice": "now"}, False),
        ({"surface": "document", "scan": b"%PDF-1.7 paper"}, True),
        ({"surface": "letter"}, False),
    ],
)
def test_word_on_paper_is_recorded_with_its_proof(
    console: Callable[..., Colleague], person: Any, evidence: dict[str, Any], proven: bool
) -> None:
    """What was signed or read out counts as proof; what was neither is kept, and said to prove nothing."""
    me = console()
    found(me, person)
    where = f"/console/consents/{person.subject}"
    page = me.get(f"{where}/record").text
    form = {"said": "given", "scope": "newsletter@email", "at": "", **evidence}
    if form.get("notice"):
        form["notice"] = re.findall(r'<option value="([0-9a-f]{64})"', page)[0]
    if "scan" in form:
        form["scan"] = (io.BytesIO(form["scan"]), "paper.pdf", "application/pdf")
    assert me.post(f"{where}/record", form, content_type="multipart/form-data").location == where
    said = me.senim.consents.history(person.subject)[0][-1].said
    assert (said.scope.key, said.given, said.proven) == ("@email", True, proven)
    told = me.get(where).text
    assert ("with its proof" in told) is proven
    me.post(f"{where}/record", {"said": "withdrawn", "scope": "newsletter", "surface": "telephone"})
    states = {one.scope.key: one.agreed for one in me.senim.consents.of(me.senim.database, person.subject)}
    assert not states["@email"].given


def test_wrong_evidence_is_told(console: Callable[..., Colleague], person: Any) -> None:
    """A place in the archive that could be a name, and a file that is no picture of a paper, are refused."""
    me = console()
    found(me, person)
    where = f"/console/consents/{person.subject}/record"
    form = {"said": "given", "scope": "orders", "surface": "document"}
    for wrong in (
        {"archive": "Aigerim from the second floor"},
        {"scan": (io.BytesIO(b"MZ"), "paper.exe", "application/x-msdownload")},
        {"scope": "made-up"},
        {"surface": "form"},
        {"at": "2030-01-01"},
    ):
        page = me.post(where, {**form, **wrong}, content_type="multipart/form-data")
        assert (page.status_code, 'role="alert"' in page.text) == (200, True), wrong


@pytest.mark.parametrize(
    "scan", [(b"MZ", "paper.exe", "application/x-msdownload"), (b"no document", "paper.pdf", "application/pdf")]
)
def test_a_file_that_is_no_scan_is_told_beside_its_field(
    console: Callable[..., Colleague], person: Any, scan: tuple[bytes, str, str]
) -> None:
    """With what may be chosen, in words for who is at a desk."""
    me = console()
    found(me, person)
    form = {"said": "given", "scope": "orders", "surface": "document", "scan": (io.BytesIO(scan[0]), *scan[1:])}
    page = me.post(f"/console/consents/{person.subject}/record", form, content_type="multipart/form-data").text
    assert re.search(r'name="scan"[^>]*aria-invalid="true"[^>]*aria-describedby="scan-hint scan-fault"', page)
    assert 'id="scan-fault">This file is not taken. Choose a PDF or a picture' in page
    assert "Content-Type" not in page
