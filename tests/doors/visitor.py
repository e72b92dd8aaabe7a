"""A visitor of the portal without a browser: follows forms as they stand in the pages, with their tokens."""

from __future__ import annotations

import re
from html import unescape

from werkzeug.test import Client, TestResponse

from senim.testing import Person, Stage
from senim.web.site import site
from tests.features.acting import senim_of
from tests.features.rights.scene import Letters

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, stage: Stage, *, letters: Letters | None = None, language: str = "en") -> None:
        self.stage = stage
        self.senim = senim_of(stage)
        self.letters = letters or Letters(self.senim)
        self.client = Client(site(self.senim))
        self.language = language
        self.token = ""

    def get(self, path: str, *, status: int = 200) -> str:
        """A page; its text. The token of its forms is remembered."""
        answer = self.client.get(f"/portal{path}", headers={"Accept-Language": self.language})
        return self._text(answer, status)

    def _text(self, answer: TestResponse, status: int) -> str:
        assert answer.status_code == status, answer.status_code
        text = unescape(answer.text) if answer.mimetype == "text/html" else answer.text
        found = _TOKEN.search(text)
        self.token = found[1] if found else self.token
        return text

    def post(self, path: str, **form: str) -> TestResponse:
        """Send a form with the token of the page before it."""
        data, headers = {"csrf_token": self.token, **form}, {"Accept-Language": self.language}
        return self.client.post(f"/portal{path}", data=data, headers=headers)

    def follow(self, answer: TestResponse, *, status: int = 200) -> str:
        """The page that a form leads to."""
        assert answer.status_code == 303, (answer.status_code, answer.text[:500])
        return self.get(answer.location.removeprefix("/portal"), status=status)

    def ask_code(self, contact: str) -> str:
        """Ask for a code as the page wants it; the page that asks for it."""
        self.get("/sign-in")
        text = self.follow(self.post("/sign-in", contact=contact))
        self.senim.orders.run_due("account")
        return text

    def sign_in(self, person: Person) -> str:
        """Sign in; the page after it."""
        self.ask_code(person.values["contact.email"])
        return self.follow(self.post("/sign-in/code", code=self.letters.code))

    def freshen(self) -> TestResponse:
        """Show freshly who one is, from the page that asks for it."""
        self.get("/code")
        self.follow(self.post("/code"))
        self.senim.orders.run_due("account")
        return self.post("/code/enter", code=self.letters.code)

    def cookie(self) -> str:
        """What the browser keeps."""
        kept = self.client.get_cookie("senim-portal", path="/portal")
        return kept.value if kept else ""
