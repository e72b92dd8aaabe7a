"""What all steps of a request share: load and save it, seal what is written in it, tell the log, act in its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from senim.audit.records import Outcome
from senim.audit.statements import StatementSigner
from senim.connectors.records import Connector
from senim.consent import Consents
from senim.disclosure import Disclosures
from senim.errors import Code, Invalid, NotFound, Tampered
from senim.gate import Gate
from senim.gate.access import VERBS
from senim.identity import RESPONSIBLE, Actor, ActorKind, SubjectId, new_id
from senim.languages import Language, wording
from senim.law import due, parse_term
from senim.messaging.records import File, To
from senim.orders import Orders
from senim.policy import Policies
from senim.policy.promises import Promises
from senim.policy.taxonomy import FieldType
from senim.policy.values import identifier_kind
from senim.rights import listing_store, store
from senim.rights.clock import met, reckoned
from senim.rights.records import (
    Deadline,
    Decision,
    Opening,
    Paper,
    Proof,
    Refusal,
    Request,
    Stage,
    State,
    Trace,
    Way,
)
from senim.rights.rules import LAST_WORDS, is_number, is_open, moved, new_number, open_claims
from senim.storage import Database
from senim.subjects import Standing, Subjects
from senim.times import micros
from senim.vault import BlindIndex, Boxes, Documents, Vault
from senim.work import Work, Works

AGENT = Actor(kind=ActorKind.SYSTEM, id="rights", role=RESPONSIBLE, may=VERBS)
"""Who carries out what was decided: for the responsible person, and for nobody else's eyes."""

CHUNK = 256 * 1024
MOST_PAPER = 20 * 1024 * 1024
OPENING, TOKEN = "opening", "token"
DECIDED, CLOSED = "request.decided", "request.closed"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Opening).decode


class Post(Protocol):
    """How people are written to. What is personal in a message is sealed by whoever carries this out."""

    def send(
        self,
        work: Work,
        template: str,
        *,
        to: To,
        language: Language,
        facts: Mapping[str, Any],
        attachments: Sequence[File] = (),
        about: str = "",
    ) -> str:
        """Have a message sent; its id. It goes out only if the act is committed."""

    def on_paper(self, work: Work, template: str, *, language: Language, facts: Mapping[str, Any]) -> str:
        """The same as a page to be printed, for who cannot be sent anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What handling requests needs of the other features."""

    works: Works
    policies: Policies
    subjects: Subjects
    consents: Consents
    gate: Gate
    vault: Vault
    documents: Documents
    disclosures: Disclosures
    boxes: Boxes
    index: BlindIndex
    orders: Orders
    post: Post
    signer: StatementSigner
    link: Callable[[str, str], str]
    """The address where whoever asks looks at a request: number and token in, link out."""
    staff_link: Callable[[str], str]
    """The address where staff look at it: number in, link out."""
    connectors: Callable[[], tuple[Connector, ...]] = field(default=tuple)


def in_its_name(work: Work) -> Work:
    """The same act, done as what was decided demands: rows and entries join those of ``work``."""
    return replace(work, actor=AGENT, attempted=None)


class Desk:
    """Requests on the table."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    # load and save

    def promises(self, work: Work) -> Promises:
        """What holds now."""
        return self.parts.policies.in_force(work.now)

    def load(self, work: Work, number: str) -> Request:
        """A request as this act leaves it. Raises NotFound."""
        found = store.find(work, number) if is_number(number) else None
        if found is None:
            raise NotFound(Code.NOT_FOUND, "request")
        return found

    def begin(self, work: Work, number: str, act: str, verb: str) -> Request:
        """A request that this actor wants to do something about: a refusal of it stands in the log too."""
        work.attempt(act, ref=number if is_number(number) else None)
        work.need(verb)
        return self.load(work, number)

    def save(self, work: Work, request: Request, *, state: State | None = None, **changed: object) -> Request:
        """Keep a request with these changes, in another state if one is given. Raises Held (request_state)."""
        after = msgspec.structs.replace(request, **changed)
        if state is not None and state is not after.state:
            after = moved(after, state)
        after = msgspec.structs.replace(after, deadlines=reckoned(after, self.promises(work).calendar, work.now))
        store.list_open(work, after, still=is_open(after))
        listing_store.put(work, after, still=is_open(after))
        return store.save(work, after)

    def met(self, work: Work, request: Request, *stages: Stage) -> tuple[Deadline, ...]:
        """The deadlines with those of these stages met now."""
        for stage in stages:
            request = msgspec.structs.replace(request, deadlines=met(request, stage, work.at))
        return request.deadlines

    def tell(self, work: Work, act: str, request: Request, *, outcome: Outcome = Outcome.DONE, **facts: object) -> str:
        """An entry about a request, with its number, its kind and the person if it is shown who asks."""
        told = {"reason": request.kind.value, "ref": request.number, "subject": request.subject or None, **facts}
        entry = work.record(act, told, outcome=outcome)
        codes: Any = facts.get("codes") or ()
        count: Any = facts.get("count") or 0
        refused = outcome is Outcome.REFUSED
        one = Trace(
            id=entry, at=work.at, act=act, actor=work.actor.label, refused=refused, codes=tuple(codes), count=count
        )
        listing_store.trace(work, request.number, one)
        return entry

    def keep_until(self, work: Work) -> int:
        """When a request that ends now has to be destroyed itself."""
        promises = self.promises(work)
        term = parse_term(promises.policy.rights.kept)
        end = due(term, work.now.astimezone(ZoneInfo(promises.calendar.zone)), promises.calendar, roll=False)
        return micros(end.strict)

    # what is sealed

    def put(self, work: Work, request: Request, what: str, media: str, content: bytes, *, name: str = "") -> Request:
        """Seal something written in a request, chunk by chunk; the request with its paper. It is not saved yet."""
        if len(content) > MOST_PAPER:
            raise Invalid(Code.BODY_TOO_LARGE, what)
        part = name or f"{what}-{new_id()}"
        chunks = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)] or [b""]
        for n, chunk in enumerate(chunks):
            self.put_chunk(work, request, part, n, chunk)
        work.memo["part", request.number, part] = chunks
        paper = Paper(id=part, what=what, media=media, size=len(content), chunks=len(chunks), at=work.at)
        others = tuple(one for one in request.papers if one.id != part)
        return msgspec.structs.replace(request, papers=(*others, paper))

    def put_chunk(self, work: Work, request: Request, part: str, n: int, chunk: bytes) -> None:
        """Seal one chunk of a paper."""
        sealed = self.parts.boxes.seal(work, _box(request, part), f"request {request.number} {part} {n}", chunk)
        store.put_part(work.unit, request.number, part, n, sealed)

    def get(self, work: Work, request: Request, part: str) -> Iterator[bytes]:
        """What is sealed under a name, chunk by chunk. Raises NotFound if it was destroyed or never was."""
        paper = next((one for one in request.papers if one.id == part), None)
        if paper is None:
            raise NotFound(Code.NOT_FOUND, "paper")
        if ("part", request.number, part) in work.memo:
            yield from work.memo["part", request.number, part]  # type: ignore[misc]  # chunks of this very act
            return
        holder = _box(request, part)
        for n in range(paper.chunks):
            sealed = store.read_part(work.database, request.number, part, n)
            if sealed is None:
                raise NotFound(Code.NOT_FOUND, "paper") if request.closed_at else Tampered(Code.SEAL_BROKEN, "paper")
            yield self.parts.boxes.open(work, holder, f"request {request.number} {part} {n}", sealed)

    def with_box(self, work: Work, request: Request) -> Request:
        """The request with a box for the person's data in it; it is not saved yet."""
        if request.answers_in:
            return request
        return msgspec.structs.replace(request, answers_in=self.parts.boxes.holder(work))

    def empty_box(self, work: Work, request: Request) -> Request:
        """Destroy the person's data in a request, its answer with it; the request is not saved yet."""
        if not request.answers_in:
            return request
        self.parts.boxes.destroy(work, SubjectId(request.answers_in))
        papers = tuple(one for one in request.papers if _box(request, one.id) != request.answers_in)
        return msgspec.structs.replace(request, answers_in="", papers=papers, answer_token=b"", answer_until=0)

    def keep_opening(self, work: Work, request: Request, opening: Opening) -> Request:
        """Seal how the request came in, files apart."""
        bare = msgspec.structs.replace(opening, attached=())
        return self.put(work, request, "text", "application/json", _encode(bare), name=OPENING)

    def opening(self, work: Work, request: Request) -> Opening:
        """How the request came in."""
        return _decode(b"".join(self.get(work, request, OPENING)))

    # who it is about

    def people(self, work: Work, request: Request) -> list[Standing]:
        """Everybody that the request is about who was not erased yet: the person, and further records of theirs."""
        found = []
        for subject in dict.fromkeys((request.subject, *request.linked)):
            if ("destroyed", subject) in work.memo:  # by this very act
                continue
            standing = self.parts.subjects.look(work.database, SubjectId(subject)) if subject else None
            if standing is not None and not standing.erased:
                self.parts.subjects.watch(work.unit, standing)
                found.append(standing)
        return found

    def elsewhere(self, work: Work) -> bool:
        """Whether the operator has systems that this act does not know to be rid of the person."""
        cleared = work.memo.get("cleared")
        return any(one.name not in (cleared or ()) for one in self.parts.connectors())  # type: ignore[operator]

    def owners(self, work: Work, kind: str, value: str) -> list[SubjectId]:
        """Whom an identifier belongs to here, in whatever way it is written. Raises Invalid if it cannot be one."""
        return self.parts.vault.owners(work, kind, value)

    def field_type(self, work: Work, kind: str) -> FieldType:
        """What a kind of identifier is written as."""
        fields = self.promises(work).fields
        known = next((spec.type for name, spec in fields.items() if identifier_kind(name, spec) == kind), None)
        return known or (FieldType(kind) if kind in set(FieldType) else FieldType.TEXT)

    def requests_of(self, work: Work, subject: str) -> list[Request]:
        """The requests of a person, as last committed."""
        return store.of(work.database, SubjectId(subject)) if subject else []

    def claims_of(self, work: Work, *subjects: str) -> tuple[str, ...]:
        """Numbers of the open claims of these people: what they are about may not be destroyed meanwhile."""
        asked = (one for subject in dict.fromkeys(subjects) for one in self.requests_of(work, subject))
        return open_claims(asked)

    def number(self, work: Work) -> str:
        """A new number, which nothing else has."""
        year = work.now.astimezone(ZoneInfo(self.promises(work).calendar.zone)).year
        while store.taken(work, number := new_number(year)):
            pass
        return number

    def database(self) -> Database:
        """Where it all lies."""
        return self.parts.works.database

    def nothing_on_file(self, work: Work, request: Request, why: Refusal = Refusal.NOTHING_ON_FILE) -> None:
        """End a request: nobody is on file, here or anywhere, or nobody any more. That is the answer (travel-31)."""
        request = self.save(
            work,
            request,
            state=State.REFUSED,
            decision=Decision(granted=False, by=AGENT.label, at=work.at, reasons=(why,)),
            blocked=False,
            deadlines=self.met(work, request, "act", "answer", "execute"),
            answered_at=work.at,
            keep_until=self.keep_until(work),
            trouble="",
        )
        self.tell(work, DECIDED, request, codes=(why.value,))
        words, address = (wording("rights")[f"refusal-{why}"],), self.answer_address(work, request)
        self.write(work, request, "refused", address=address, number=request.number, reasons=words)

    def close(self, work: Work, request: Request) -> Request:
        """Destroy what was written in a request; what it was, its dates and how it ended stay."""
        request = self.empty_box(work, request)
        self.parts.boxes.destroy(work, SubjectId(request.holder))
        store.drop_parts(work.unit, request.number)
        request = self.save(work, request, state=State.CLOSED, closed_at=work.at, papers=(), code=None)
        self.tell(work, CLOSED, request)
        return request

    # writing to people

    def write(
        self,
        work: Work,
        request: Request,
        template: str,
        *,
        address: str = "",
        attachments: tuple[File, ...] = (),
        **facts: Any,
    ) -> None:
        """Write to whoever asked; how it ends lies ready for staff to hand over if there is no address to answer to.

        Where nobody asked, nobody is written to.
        """
        if request.way is Way.OPERATOR:
            return
        address = address or address_of(self.opening(work, request))
        if not address and template in LAST_WORDS:
            page = self.parts.post.on_paper(work, template, language=request.language, facts=facts)
            now = self.load(work, request.number)
            self.save(work, self.put(work, now, "note", "text/html", page.encode()))
        if address:
            to = To(address=address, subject=SubjectId(request.subject) if request.subject else None)
            message = self.parts.post.send(
                work, template, to=to, language=request.language, facts=facts, attachments=attachments,
                about=request.number,
            )  # fmt: skip
            one = Trace(id=message, at=work.at, template=template, actor=work.actor.label)
            listing_store.trace(work, request.number, one)

    def write_staff(self, work: Work, template: str, request: Request, **facts: Any) -> None:
        """Write to whoever answers for requests, in their language, with no word of whose it is."""
        operator = self.promises(work).policy.operator
        language = operator.responsible.language
        to = To(address=operator.responsible.email or operator.contacts.email)
        told = {"number": request.number, "link": self.parts.staff_link(request.number), **facts}
        message = self.parts.post.send(work, template, to=to, language=language, facts=told, about=request.number)
        one = Trace(id=message, at=work.at, template=template, actor=work.actor.label, staff=True)
        listing_store.trace(work, request.number, one)

    def answer_address(self, work: Work, request: Request) -> str:
        """Where an answer with data in it may go: the address that was proven, and no other that was merely named.

        Who is signed in or stood at the counter names where it goes.
        """
        opening = self.opening(work, request)
        if request.proof in (Proof.CONTACT, Proof.CODE):
            return claimed_address(opening)
        return address_of(opening)

    def link(self, work: Work, request: Request) -> str:
        """Where whoever asked can look at the request; the secret in it is sealed with the request."""
        token = b"".join(self.get(work, request, TOKEN)).decode()
        return self.parts.link(request.number, token)


def _box(request: Request, part: str) -> SubjectId:
    """Whose key a part is under: what holds the person's data as it was told is in a box of its own."""
    told = part.startswith("answer-") and request.plan is not None and request.plan.wish == "read"
    data = told or part in ("who", "before") or part.startswith("export-")
    return SubjectId(request.answers_in if data and request.answers_in else request.holder)


def claimed_address(opening: Opening) -> str:
    """The e-mail address that a person says is on file: the only one that a code goes to."""
    address = opening.identifiers.get("email", "").strip()
    return address if "@" in address else ""


def address_of(opening: Opening) -> str:
    """The e-mail address for answers, or nothing."""
    reply = opening.reply_to.strip()
    return reply if "@" in reply else claimed_address(opening)
