"""Data of a person for a recipient, at the console: foreseen, asked, done once, refused and in the log."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from senim.consent import Scope
from senim.testing import FixedClock, Stage
from tests.console import Colleague
from tests.doors.switching import switched
from tests.features.acting import told_of

Console = Callable[..., Colleague]
TO = "courier:delivery"
FIELDS = ["identity.given", "contact.phone"]


@pytest.fixture
def person(stage: Stage) -> Any:
    """Somebody who gave everything and agreed to everything."""
    return stage.person()


def begin(me: Colleague, person: Any) -> str:
    """Say what the person is looked at for; where data is handed over."""
    me.post(f"/console/people/{person.subject}/why", {"purpose": "orders"})
    return f"/console/people/{person.subject}/hand"


def hidden(page: str, name: str) -> str:
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page.partition("<main")[2])[1])  # type: ignore[index]


def sent(page: str, fields: list[str], **more: str) -> dict[str, Any]:
    return {"to": TO, "field": fields, "once": hidden(page, "once"), **more}


def handed(me: Colleague, person: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    found = (one for one in told_of(me.senim, person.subject) if one.act == "data.disclosed")
    return [(one.outcome.value, one.recipient or "", one.categories) for one in found]


def test_it_is_told_before_it_is_done_and_done_once(console: Console, person: Any) -> None:
    """travel-34: what goes is seen first; then it goes, with its entry and its file; a second press changes nothing."""
    me = console()
    where = begin(me, person)
    assert f'href="{where}"' in me.get(where.removesuffix("/hand")).text
    assert 'value="courier:delivery"' in me.get(where).text
    boxes = me.get(where, query_string={"to": TO}).text
    assert re.findall(r'name="field" value="([^"]+)" checked', boxes) == sorted(FIELDS)
    seen = me.post(f"{where}/look", {"to": TO, "field": ["contact.phone"]}).text
    assert "The policy and the law allow it." in seen
    assert "<li>Telephone</li>" in seen
    assert hidden(seen, "field") == "contact.phone"
    assert person.values["contact.phone"] not in seen
    assert handed(me, person) == [], "looking hands over nothing"
    done = me.post(where, sent(seen, ["contact.phone"]))
    assert done.status_code == 200
    assert handed(me, person) == [("done", "courier", ("contact.phone",))]
    (line,) = me.senim.disclosures.of(person.subject)
    assert line.entry in done.text
    assert line.disclosure in done.text
    again = me.post(where, sent(seen, ["contact.phone"]))
    assert (again.status_code, again.location) == (303, f"{where.removesuffix('/hand')}/history")
    assert len(handed(me, person)) == 1


def test_the_file_is_saved_from_the_page_and_nobody_else_can(console: Console, person: Any) -> None:
    """It is what /v1 would have told, as JSON and as a table; what the page did not sign is no file."""
    me = console(language="ru")
    where = begin(me, person)
    seen = me.post(f"{where}/look", {"to": TO, "field": FIELDS}).text
    done = me.post(where, sent(seen, FIELDS)).text
    file = {"file": hidden(done, "file")}
    saved = me.post(f"{where}ed.json", file)
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in saved.headers["Cache-Control"]
    told = json.loads(saved.data)
    assert told["data"] == {person.subject: {name: person.values[name] for name in FIELDS}}
    rows = list(csv.reader(io.StringIO(me.post(f"{where}ed.csv", file).data.decode("utf-8-sig"))))
    assert [row[2] for row in rows] == ["id", *sorted(FIELDS)]
    assert person.values["contact.phone"] in rows[1][1]
    assert me.post(f"{where}ed.json", {"file": file["file"][:-2]}).status_code == 422
    assert console(name="another").post(f"{where}ed.json", file).status_code == 422
    assert me.post(f"{where}ed.exe", file).status_code == 404


def test_what_may_not_go_is_told_with_all_reasons_and_has_no_button(
    console: Console, stage: Stage, person: Any
) -> None:
    """travel-9: without consent to couriers nothing goes; who sends the form all the same is refused, in the log."""
    stage.consent(person, Scope(purpose="delivery"), given=False)
    stage.consent(person, Scope(purpose="delivery", recipient="couriers"), given=False)
    me = console()
    where = begin(me, person)
    boxes = me.get(where, query_string={"to": TO}).text
    assert "It may not be handed over" in boxes
    assert 'name="field"' not in boxes
    seen = me.post(f"{where}/look", {"to": TO, "field": FIELDS})
    assert seen.text.count("Delivery: ") == 1
    assert "Delivery · Courier: " in seen.text
    assert "Hand it over</button>" not in seen.text
    once = hidden(
        me.post(f"{where}/look", {"to": "tax:bookkeeping", "field": "contact.order", "reason": "1"}).text, "once"
    )
    refused = me.post(where, {"to": TO, "field": FIELDS, "once": once})
    assert refused.status_code == 403
    assert handed(me, person)[-1][0] == "refused"
    assert me.senim.disclosures.of(person.subject) == []


def test_an_authority_gets_data_only_with_its_document(console: Console, stage: Stage) -> None:
    """tickets-17: the number of the document is asked for; without it there is a reason and no button."""
    person = stage.person()
    me = console()
    where = begin(me, person)
    tax = {"to": "tax:bookkeeping", "field": ["contact.order"]}
    assert 'name="reason"' in me.get(where, query_string={"to": tax["to"]}).text
    bare = me.post(f"{where}/look", tax).text
    assert "Hand it over</button>" not in bare
    seen = me.post(f"{where}/look", {**tax, "reason": "17-3/44"}).text
    done = me.post(where, {**tax, "reason": "17-3/44", "once": hidden(seen, "once")})
    assert "17-3/44" in done.text
    assert handed(me, person)[-1] == ("done", "tax", ("contact.order",))
    me.senim.tick()
    register = me.get("/console/registers/disclosures?recipient=official").text
    assert ("Document of the request" in register, "17-3/44" in register) == (True, True)
    assert "17-3/44" in me.get("/console/registers/disclosures.csv").text
    assert "17-3/44" in me.get(f"/console/people/{person.subject}/history").text


def test_a_name_in_place_of_the_number_leads_back_to_the_form(console: Console, stage: Stage) -> None:
    """It would stay in the log: what is wrong is said before anything goes, and also if the page was not looked at."""
    person = stage.person()
    me = console()
    where = begin(me, person)
    wrong = "Пробников Пётр, дело 5"
    tax = {"to": "tax:bookkeeping", "field": ["contact.order"], "reason": wrong}
    asked = me.post(f"{where}/look", tax)
    assert re.search(
        r'name="reason"[^>]*aria-invalid="true"[^>]*aria-describedby="reason-hint reason-fault"', asked.text
    )
    assert re.search(r'id="reason-fault">This does not look like the number of a document', asked.text)
    assert "Hand it over</button>" not in asked.text
    kazakh = switched(me.client, asked, "kk").text
    assert re.search(r'id="reason-fault">Бұл құжат нөміріне ұқсамайды', kazakh)
    main = kazakh.partition("<main")[2]
    assert main.count(wrong) == 1, "what was typed stays in its field, and is told nowhere as a fact"
    assert 'value="contact.order" checked' in kazakh
    once = hidden(me.post(f"{where}/look", {**tax, "reason": "17-3/44"}).text, "once")
    assert me.post(where, {**tax, "once": once}).status_code == 422
    assert me.senim.disclosures.of(person.subject) == []


def test_nothing_ticked_and_nobody_chosen_lead_back_to_the_choice(console: Console, person: Any) -> None:
    """What is no choice of the policy is asked for anew."""
    me = console(language="kk")
    where = begin(me, person)
    assert "Кемінде бір деректі белгілеңіз." in me.post(f"{where}/look", {"to": TO}).text
    assert me.post(f"{where}/look", {"to": "somebody:orders", "field": FIELDS}).location == where
    assert me.get(f"{where}/look").location == where


def test_who_may_not_hand_over_does_not_see_it_and_the_try_is_in_the_log(console: Console, person: Any) -> None:
    """No door gives a role more than the policy's grants."""
    me = console(role="desk")
    where = begin(me, person)
    assert "/hand" not in me.get(where.removesuffix("/hand")).text.partition("<main")[2]
    assert me.get(where).status_code == 403
    assert me.post(where, {"to": TO, "field": FIELDS, "once": "1"}).status_code == 403
    assert me.post(f"{where}/look", {"to": TO, "field": FIELDS}).status_code == 403
    me.senim.log.seal()
    refused = [one for _, one in me.senim.log.entries() if one.act == "access.sought" and one.reason == "disclose"]
    assert len(refused) == 3
    assert {one.actor for one in refused} == {f"staff:{me.account.id}"}


def test_the_password_is_asked_again_and_nothing_is_lost(console: Console, person: Any, clock: FixedClock) -> None:
    """An old sign-in: the form goes along in the page that asks, and one press hands over."""
    me = console()
    where = begin(me, person)
    seen = me.post(f"{where}/look", {"to": TO, "field": FIELDS}).text
    clock.move(minutes=11)
    asked = me.post(where, sent(seen, FIELDS))
    assert handed(me, person) == []
    assert me.again(asked).status_code == 200
    assert handed(me, person) == [("done", "courier", tuple(sorted(FIELDS)))]
