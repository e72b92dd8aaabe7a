"""What staff is answered with at the console."""

from __future__ import annotations

import io
import re
import sqlite3
from contextlib import closing
from email.message import EmailMessage
from html import unescape

from werkzeug.test import Client, TestResponse

from senim.connectors.manual_store import Task
from senim.connectors.manual_tasks import About
from senim.rights import State
from senim.web.site import site
from tests.answers.doors import OWN, Answer, Doors, hidden
from tests.answers.policy import DRAFTS
from tests.console import PASSWORD
from tests.features.rights.scene import System, approve, by, connect, decide, now, run

# coming in


def _signing_in(doors: Doors, name: str, password: str) -> TestResponse:
    """What somebody sees who gave name and password at a browser of their own."""
    browser = Client(site(doors.senim))
    form = hidden(browser.get("/console/sign-in", headers=OWN))
    answer = browser.post("/console/sign-in", data={**form, "name": name, "password": password}, headers=OWN)
    return browser.get("/console/", headers=OWN, follow_redirects=True) if answer.status_code == 303 else answer


def _code(doors: Doors) -> TestResponse:
    return _signing_in(doors, doors.made.me.name, PASSWORD)


def _password(doors: Doors) -> TestResponse:
    """Somebody comes in for the first time."""
    add = doors.senim.staff.add
    _, first = doors.senim.run(
        doors.senim.actor(), lambda work: add(work, "zarina", role="support", shown="Zarina Test", language="en")
    )
    return _signing_in(doors, "zarina", first)


def _again(doors: Doors) -> TestResponse:
    """Who sits there is asked for again, before something of weight."""
    doors.made.clock.move(minutes=11)
    return doors.me.post("/console/keys/add", {"label": "Ticket shop", "role": "site"})


# what is shown once


def _first_password(doors: Doors) -> TestResponse:
    form = {"name": "marat", "shown": "Marat Sample", "role": "support", "language": "en"}
    return doors.me.post("/console/staff/add", form)


def _recovery(doors: Doors) -> TestResponse:
    return doors.me.post("/console/account/recovery")


def _key(doors: Doors) -> TestResponse:
    return doors.me.post("/console/keys/add", {"label": "Ticket shop", "role": "site"})


# people

_FIELD = re.compile(r'name="field" value="([^"]+)"')


def _why(doors: Doors) -> TestResponse:
    return doors.me.get(f"/console/people/{doors.made.people[1].subject}")


def _hand_what(doors: Doors) -> TestResponse:
    """What of a person's data may go to the first recipient for whom there is anything."""
    where = f"/console/people/{doors.person.subject}/hand"
    for to in re.findall(r'<option value="([^":]+:[^"]+)"', doors.me.get(where).text):
        page = doors.me.get(where, query_string={"to": unescape(to)})
        if _FIELD.search(page.text):
            return page
    raise AssertionError("nothing may go to anybody")


def _hand_look(doors: Doors) -> TestResponse:
    page = _hand_what(doors)
    form = {**hidden(page), "field": _FIELD.findall(page.text)}
    return doors.me.post(f"/console/people/{doors.person.subject}/hand/look", form)


def _handed(doors: Doors) -> TestResponse:
    page = _hand_look(doors)
    form = {**hidden(page), "field": _FIELD.findall(page.text)}
    return doors.me.post(f"/console/people/{doors.person.subject}/hand", form)


def _call(doors: Doors) -> TestResponse:
    """What a caller said, taken down."""
    point = next(name for name, one in doors.stage.policy.points.items() if "telephone" in one.channels)
    where = f"/console/telephone/{point}/en"
    page = doors.me.get(where)
    said = {f"consent {one}": "yes" for one in re.findall(r'name="consent ([^"]+)"', page.text)}
    form = {**hidden(page), **doors.stage.values(point), **said, "read": "1"}
    answer = doors.me.post(where, form)
    return doors.me.get(answer.headers["Location"]) if answer.status_code == 303 else answer


def _erased(doors: Doors) -> TestResponse:
    """A person's data was destroyed by a plan of staff's own: its request holds the proof."""
    subject = doors.made.people[7].subject
    purpose = re.search(r'name="purpose" value="([^"]+)"', doors.me.get(f"/console/people/{subject}").text)
    purpose = purpose or re.search(r'<option value="([^"]+)"', doors.me.get(f"/console/people/{subject}").text)
    assert purpose
    doors.me.post(f"/console/people/{subject}/why", {"purpose": purpose[1]})
    where = f"/console/people/{subject}/do/erase"
    reason = re.search(r'<option value="([^"]+)"', doors.me.get(where).text)
    plan = doors.me.post(where, {"reason": reason[1] if reason else ""}).headers["Location"]
    run(doors.stage)
    doors.me.get(plan)
    approve(doors.stage, number := plan.split("/")[-2])
    run(doors.stage)
    return doors.me.get(f"/console/requests/{number}")


def _gone(doors: Doors) -> TestResponse:
    return doors.me.get(f"/console/people/{doors.made.people[7].subject}")


# requests


def _check(doors: Doors) -> TestResponse:
    """The clock of a request that is written down, before it is kept."""
    form = {
        "way": "counter", "kind": "erase", "language": "kk", "day": "2026-11-20", "time": "10:00",
        "family": "Пробникова", "given": "Ия", "text": "Деректерімді жойыңызшы.", "by-email": "iya@people.example",
    }  # fmt: skip
    return doors.me.post("/console/requests/new", form)


def _message(doors: Doors) -> TestResponse:
    """What was written to somebody who asked, opened."""
    number = by(doors.stage, doors.made.people[2], "copy").number
    found = re.search(r'action="([^"]+/messages/[^"]+)"', doors.me.get(f"/console/requests/{number}/messages").text)
    assert found
    return doors.me.post(found[1])


def _waiting(doors: Doors) -> list[str]:
    """Erasures that wait for a second person, two of them at least."""
    people = [one for one in doors.made.people[8:] if "contact.email" in one.values][:2]
    connect(doors.stage, System({one.values["contact.email"]: 2 for one in people}))
    for number in [by(doors.stage, one, "erase").number for one in people]:
        if now(doors.stage, number).state is State.RECEIVED:
            decide(doors.stage, number, granted=True)
    run(doors.stage)
    return re.findall(r'name="number" value="([^"]+)"', doors.me.get("/console/approvals/").text)


def _plans(doors: Doors) -> TestResponse:
    """The plans that were ticked, looked at together."""
    return doors.me.get("/console/approvals/several", query_string={"number": _waiting(doors)})


def _approved(doors: Doors) -> TestResponse:
    """They were approved: what came of each."""
    return doors.me.post("/console/approvals/several", hidden(_plans(doors)))


def _letter(doors: Doors) -> TestResponse:
    """A letter of which a person has to say what it asks, opened."""
    letter = EmailMessage()
    letter["From"], letter["To"] = doors.made.people[4].values["contact.email"], "data@qonyrau.example"
    letter["Subject"], letter["Message-ID"] = "?", "<one@people.example>"
    letter["Date"] = "Sun, 22 Nov 2026 09:00:00 +0000"
    letter.set_content("Hello, I want to know about my personal data, maybe delete it?")
    held = doors.senim.inbox.receive(letter.as_bytes(), source="imap")
    doors.senim.orders.run_due("letter")
    return doors.me.post(f"/console/letters/{held}")


def _task(doors: Doors) -> TestResponse:
    """What somebody has to do by hand, with whom it is about."""
    task = Task(id="", system="Paper archive", of="01a204ee2b7e77b68f0d602ab81c4370", wish="erase", role="support")
    made = doors.senim.tasks.ask(b"12345678", task, About(who={"email": ("iya@people.example",)}))
    return doors.me.post(f"/console/tasks/{made.id}")


# systems

_DATASET = b"""dataset:
  - fides_key: crm
    collections:
      - name: people
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - {name: city, data_categories: [user.contact.address.city]}
"""

_SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT, city TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INT NOT NULL REFERENCES customers (id), note TEXT);
INSERT INTO customers VALUES (1, 'iya@people.example', 'Iya', 'Almaty'), (2, 'petr@people.example', 'Petr', 'Astana');
INSERT INTO orders VALUES (1, 1, ''), (2, 2, '');
"""


def _fides(doors: Doors) -> TestResponse:
    """The maps that come of a file of Fides, before they are saved."""
    return doors.me.post("/console/connectors/fides", {"file": (io.BytesIO(_DATASET), "crm.yml")})


def _proposal(doors: Doors) -> TestResponse:
    """The map that is proposed for a database, with its reasons."""
    path = doors.senim.folder / "shop.db"
    if not path.exists():
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(_SHOP)
    doors.senim.settings.systems["shop"] = f"sqlite:///{path}"
    return doors.me.post("/console/connectors/add", {"name": "shop"})


def _system(doors: Doors) -> TestResponse:
    """It was saved."""
    doors.me.post("/console/connectors/systems/shop/save", hidden(_proposal(doors)))
    return doors.me.get("/console/connectors/systems/shop")


def _at(path: str) -> Answer:
    return lambda doors: doors.me.get(f"/console/{path}")


def _search(doors: Doors) -> TestResponse:
    """What a system has of somebody."""
    return doors.me.post("/console/searches/shop", {"by-email": "iya@people.example", "wish": "find"})


CONSOLE: dict[str, Answer] = {
    "problem": _at("no-such-page"),
    "door-code": _code,
    "door-password": _password,
    "staff-first-password": _first_password,
    "account-recovery": _recovery,
    "keys-made": _key,
    "people-why": _why,
    "handing-what": _hand_what,
    "handing-look": _hand_look,
    "handing-done": _handed,
    "telephone-done": _call,
    "requests-check": _check,
    "requests-message": _message,
    "letters-show": _letter,
    "tasks-show": _task,
    **DRAFTS,
    "approvals-several": _plans,
    "approvals-done": _approved,
    "requests-erased": _erased,
    "people-gone": _gone,
    "connectors-fides-read": _fides,
    "connectors-proposal": _proposal,
    "connectors-show": _system,
    "connectors-versions": _at("connectors/systems/shop/versions"),
    "connectors-version": _at("connectors/systems/shop/versions/1"),
    "maps-table": _at("maps/shop/table?table=customers"),
    "maps-source": _at("maps/shop/file"),
    "searches": _search,
    "again": _again,
}
