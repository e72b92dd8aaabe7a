"""The answer on its way to the person: a link with a secret of its own, which ends, and the package behind it.

The secret with which somebody looks at the state of a request goes to whoever asked, before it is shown who that is.
It opens no answer. That takes another one, made when the answer is, and written to the proven address alone.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from senim.errors import Code, NotFound
from senim.identity import Actor, ActorKind
from senim.languages import Language
from senim.rights import store
from senim.rights.answering import CERTIFICATE, DATA, PAGE
from senim.rights.answers.package import Part, package
from senim.rights.answers.records import Answer
from senim.rights.answers.rendering import document
from senim.rights.desk import Desk
from senim.rights.records import Paper, Request, State
from senim.rights.rules import token_digest
from senim.times import moment
from senim.work import Work

OPENED, RENEWED = "answer.opened", "answer.renewed"
LINKS = timedelta(days=30)
"""How long the link to an answer opens."""

BY_ANSWER = Actor(kind=ActorKind.PERSON, id="link", role="link")
"""Who comes by the link in the letter; the secret in it is all that it takes."""

FORMS = {
    "page": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "json": "application/json",
    "zip": "application/zip",
}
"""The forms in which an answer can be had, and their media types."""

_decode = msgspec.json.Decoder(Answer).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An answer that may be had: which forms, until when (microseconds since 1970 UTC)."""

    number: str
    language: Language
    until: int
    forms: tuple[str, ...]
    certified: bool


class Delivery:
    """Hands answers to the people whom they are for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def issue(self, work: Work, request: Request) -> tuple[Request, str]:
        """A new link to the answer, in place of an earlier one; the request is not saved yet."""
        token = secrets.token_urlsafe(24)
        until = work.at + int(LINKS.total_seconds()) * 1_000_000
        request = msgspec.structs.replace(request, answer_token=token_digest(token), answer_until=until)
        return request, self._desk.parts.link(f"{request.number}/answer", token)

    def renew(self, work: Work, number: str) -> Request:
        """Send the link anew, to the address that was proven: the earlier one is over or lost.

        Raises NotFound if there is no answer, or nowhere to send it.
        """
        request = self._desk.begin(work, number, RENEWED, "handle")
        address = self._desk.answer_address(work, request) if request.state is State.ANSWERED else ""
        if not address or not _pages(request):
            raise NotFound(Code.NOT_FOUND, "answer")
        request, link = self.issue(work, request)
        request = self._desk.save(work, request)
        self._desk.tell(work, RENEWED, request)
        expires = moment(request.answer_until)
        self._desk.write(work, request, "answer_ready", address=address, number=number, link=link, expires=expires)
        return request

    def ready(self, work: Work, number: str, token: str) -> Ready:
        """What the link opens. Raises NotFound: not_found alike for a wrong number and a wrong secret; link_expired."""
        request = self._known(work, number, token)
        return Ready(
            number=request.number,
            language=request.language,
            until=request.answer_until,
            forms=tuple(FORMS),
            certified=any(one.id.startswith(CERTIFICATE) for one in request.papers),
        )

    def open(self, work: Work, number: str, token: str, form: str) -> tuple[str, Iterator[bytes]]:
        """Media type and content of an answer in one of its forms; in the log before it is told. Raises NotFound."""
        request = self._known(work, number, token)
        if form not in FORMS:
            raise NotFound(Code.NOT_FOUND, "answer")
        self._desk.tell(work, OPENED, request, codes=(form,))
        return FORMS[form], self._content(work, request, form)

    def hand(self, work: Work, number: str, form: str) -> tuple[str, Iterator[bytes]]:
        """The answer for who hands it over: at the counter, by post. Logged. Raises NotFound."""
        request = self._desk.begin(work, number, OPENED, "handle")
        if form not in FORMS or not _pages(request):
            raise NotFound(Code.NOT_FOUND, "answer")
        self._desk.tell(work, OPENED, request, codes=(form,))
        return FORMS[form], self._content(work, request, form)

    def own(self, work: Work, number: str, form: str) -> tuple[str, Iterator[bytes]]:
        """The answer for who is signed in and asked for it, as the caller has seen. Logged. Raises NotFound."""
        request = self._desk.begin(work, number, OPENED, "request")
        if form not in FORMS or not _pages(request):
            raise NotFound(Code.NOT_FOUND, "answer")
        self._desk.tell(work, OPENED, request, codes=(form,))
        return FORMS[form], self._content(work, request, form)

    def _known(self, work: Work, number: str, token: str) -> Request:
        found = store.look(work.database, number)
        known = found.answer_token if found else b""
        if not hmac.compare_digest(known or bytes(16), token_digest(token)) or found is None or not known:
            raise NotFound(Code.NOT_FOUND, "answer")
        if found.answer_until <= work.at or found.closed_at:
            raise NotFound(Code.LINK_EXPIRED, "answer")
        return found

    def _content(self, work: Work, request: Request, form: str) -> Iterator[bytes]:
        pages = _pages(request)
        match form:
            case "page":
                for one in pages:
                    yield from self._desk.get(work, request, one.id)
            case "json":
                yield from self._desk.get(work, request, _data(request)[0].id)
            case "pdf":
                yield document(_decode(b"".join(self._desk.get(work, request, _data(request)[0].id))))
            case _:
                yield from package(self._parts(work, request), moment(request.answered_at))

    def _parts(self, work: Work, request: Request) -> Iterator[Part]:
        """Everything that was sealed for the person, each under a name that says what it is."""
        for one in request.papers:
            if one.what != "answer":
                continue
            yield Part(_path(one), self._desk.get(work, request, one.id))
            if one.id.startswith(DATA):
                answer = _decode(b"".join(self._desk.get(work, request, one.id)))
                yield Part(_path(one).replace(".json", ".pdf"), (document(answer),))


def _pages(request: Request) -> list[Paper]:
    return [one for one in request.papers if one.id.startswith(PAGE)]


def _data(request: Request) -> list[Paper]:
    return [one for one in request.papers if one.id.startswith(DATA)]


def _path(paper: Paper) -> str:
    """``answer.html``, ``answer-2.json``, ``certificate.jws``, ``systems/bookings.jsonl``, ``text-….txt``."""
    name = paper.id
    for prefix, ending in ((PAGE, ".html"), (DATA, ".json")):
        if name.startswith(prefix):
            return f"answer{name.removeprefix(prefix)}{ending}"
    if name.startswith(CERTIFICATE):
        return f"{name}.jws"
    if name.startswith("export-"):
        return f"systems/{name.removeprefix('export-')}.jsonl"
    return f"{name}.txt"
