"""Everybody who sends forms, at an example operator: anybody, a person in the portal, staff at the console."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape

from werkzeug.test import Client, TestResponse

from senim.app import Senim
from senim.testing import Person, Stage
from senim.web.site import site
from tests.console import Colleague, cookie, looking
from tests.doors.visitor import Visitor
from tests.features.rights.scene import Letters
from tests.filled import Filled
from tests.screens import Screen, shown

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
OWN = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


@dataclass(frozen=True, slots=True)
class Doors:
    """Who acts."""

    made: Filled
    letters: Letters
    anybody: Client
    visitor: Visitor
    me: Colleague

    @property
    def senim(self) -> Senim:
        """The platform."""
        return self.made.senim

    @property
    def stage(self) -> Stage:
        """The stage."""
        return self.made.stage

    @property
    def person(self) -> Person:
        """The person that staff looks at."""
        return self.made.person

    def get(self, path: str) -> TestResponse:
        """A page for anybody."""
        return self.anybody.get(path, headers=OWN)

    def post(self, path: str, form: Mapping[str, str]) -> TestResponse:
        """A form that anybody sends from a page of ours."""
        return self.anybody.post(path, data=form, headers=OWN)


Answer = Callable[[Doors], TestResponse]


def open_doors(made: Filled, visitor: Visitor) -> Doors:
    """Everybody ready: staff is signed in as ``made.me``, the person as ``visitor``."""
    name, value, csrf = cookie(made.senim, made.me.token, **looking(made.senim, made.me, made.person.subject))
    staff = Client(site(made.senim))
    staff.set_cookie(name, value, path="/console")
    me = Colleague(made.senim, staff, made.me, csrf)
    return Doors(made, visitor.letters, Client(site(made.senim)), visitor, me)


def edited(doors: Doors) -> bytes:
    """The policy with a sentence in other words."""
    was, now = b"so please read the two together.", b"so the two belong together."
    assert was in doors.stage.source
    return doors.stage.source.replace(was, now)


def hidden(answer: TestResponse) -> dict[str, str]:
    """What the forms of a page send along unseen, those of its frame apart."""
    return {unescape(name): unescape(text) for name, text in _HIDDEN.findall(answer.text.partition("<main")[2])}


def taken(doors: Doors, door: str, answers: Mapping[str, Answer]) -> Iterator[Screen]:
    """The screens of a door, each with the answer that it is. Raises AssertionError for one that is no page."""
    for name, make in answers.items():
        with shown() as templates:
            answer = make(doors)
        assert answer.mimetype == "text/html", name
        assert answer.status_code // 100 != 3, (name, answer.location)
        assert templates, name
        assert ("problem.html" in templates) == (name == "problem"), name
        yield Screen(door, name, answer.request.full_path.rstrip("?"), template=templates[-1], answer=answer)
