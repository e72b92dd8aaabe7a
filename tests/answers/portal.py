"""What people are answered with in the portal."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from tests.answers.doors import OWN, Answer, Doors
from tests.doors.visitor import Visitor


def _at_the_code(doors: Doors) -> Visitor:
    """Somebody whose address was asked for, with a code on its way."""
    guest = Visitor(doors.stage, letters=doors.letters)
    guest.ask_code(doors.made.people[3].values["contact.email"])
    return guest


def _code(doors: Doors) -> TestResponse:
    """The code that came by mail is asked for."""
    return _at_the_code(doors).client.get("/portal/sign-in/code", headers=OWN)


def _wrong(doors: Doors) -> TestResponse:
    """It was another one."""
    return _at_the_code(doors).post("/sign-in/code", code="000000")


def _who(doors: Doors) -> TestResponse:
    """Several people share an address."""
    first = doors.made.people[0]
    values = {**doors.stage.request(first.point).values, "contact.email": first.values["contact.email"]}
    doors.stage.take(doors.stage.request(first.point, values=values))
    guest = Visitor(doors.stage, letters=doors.letters)
    guest.ask_code(first.values["contact.email"])
    return guest.client.get(guest.post("/sign-in/code", code=doors.letters.code).headers["Location"], headers=OWN)


def _word(doors: Doors) -> TestResponse:
    """Somebody for whom another one spoke is asked for their own word."""
    theirs = re.search(r'name="person" value="([^"]+)"', doors.visitor.get("/people"))
    assert theirs
    doors.visitor.post("/people", person=theirs[1])
    link = str(doors.letters.of("your_word")[-1][1]["link"])
    return doors.anybody.get(f"/portal{link.partition('/portal')[2]}", headers=OWN)


PORTAL: dict[str, Answer] = {
    "entering-code": _code,
    "entering-code-wrong": _wrong,
    "others-word": _word,
    "entering-who": _who,
}
