"""Open a request, look at it, add to it, give it up; remind of it, and close it when its own term is over."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from senim.collection.reception import refuse
from senim.collection.rules import look as look_at
from senim.errors import Code, Held, Invalid, NotFound
from senim.identity import SubjectId
from senim.languages import Language, wording
from senim.policy.promises import Promises
from senim.policy.taxonomy import FieldType
from senim.rights import store
from senim.rights.answering import Answering
from senim.rights.clock import last_day, opening_deadlines, reminders
from senim.rights.delivery import Delivery
from senim.rights.desk import AGENT, TOKEN, Desk, Parts
from senim.rights.destruction import Destruction
from senim.rights.execution import Execution
from senim.rights.handling import Handling
from senim.rights.here import HereActs
from senim.rights.identity import Identities
from senim.rights.limits import Limits
from senim.rights.listing import Listing
from senim.rights.planning import Planning
from senim.rights.plans import Plans
from senim.rights.records import Attached, Kind, Opened, Opening, Paper, Proof, Represented, Request, State, Way
from senim.rights.rules import (
    MOST_WORDS,
    check_opening,
    check_undecided,
    drp,
    is_open,
    kind_of,
    let_go,
    missing,
    received,
    repeats,
    token_digest,
)
from senim.rights.signature import Roots
from senim.rights.words import explain, state_told, told
from senim.storage import Database
from senim.times import micros, moment
from senim.work import Work

OPENED, SUPPLIED, GIVEN_UP, REMINDED, READ = (
    "request.opened",
    "request.supplied",
    "request.withdrawn",
    "request.reminded",
    "request.read",
)
_FOREVER = 2**62
_STAFF = (Way.LETTER, Way.TELEPHONE, Way.COUNTER, Way.AUTHORITY)
"""Ways in which staff enters a request; the others come from people or systems themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What whoever asked may see of a request."""

    number: str
    kind: Kind
    state: State
    says: str
    due: int
    clock: str
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    drp: tuple[str, str]
    coded: bool = False
    """Whether a code was made for the address that was named; the same whether or not it is on file."""


class Rights:
    """The one coordinator of what people ask for: every way leads here, every request has its clock."""

    def __init__(self, parts: Parts, *, pepper: bytes, roots: Roots | None = None) -> None:
        self._desk = Desk(parts)
        self._parts = parts
        plans = Plans(self._desk)
        answering = Answering(self._desk)
        self.here = HereActs(self._desk, plans, answering)
        self.planning = Planning(self._desk, plans)
        self.delivery = Delivery(self._desk)
        self.execution = Execution(self._desk, plans, self.here, answering, self.delivery)
        self.handling = Handling(self._desk)
        self.destruction = Destruction(self._desk, self.handling, plans)
        self.listing = Listing(self._desk)
        self._limits = Limits(parts.index)
        self.identities = Identities(self._desk, self.handling, self._limits, pepper=pepper, roots=roots)

    # in

    def open(self, work: Work, opening: Opening, *, came_from: str = "") -> Opened:
        """Open a request. What is told is the same whether or not anybody here is meant by it.

        ``came_from`` is where on the network it was written, if that is known: it is counted by a keyed digest.
        Raises Invalid for what no request can be, NotAllowed, Held (too_many_attempts).
        """
        promises = self._desk.promises(work)
        work.attempt(OPENED, channel=opening.way.value, policy=promises.version)
        work.need("handle" if opening.way in _STAFF else "request")
        kind = kind_of(opening.kind)
        check_opening(promises, opening)
        opening = self._with_address(work, opening)
        refuse(look_at(promises, opening.changes, None, work.now).reasons)
        at = received(opening, work.now)
        claimed = self._claimed(work, opening)
        if opening.way in (Way.PORTAL, Way.EMAIL, Way.API):
            self._limits.count_opening(work, opening)
        self._limits.count_place(work, "open", came_from)
        token, holder = secrets.token_urlsafe(24), self._parts.boxes.holder(work)
        lacking = missing(promises, opening, kind)
        if opening.representative is not None:
            lacking = (*lacking, "authority")
        request = Request(
            number=self._desk.number(work),
            holder=holder,
            kind=kind,
            way=opening.way,
            state=State.IDENTITY_NEEDED,
            received_at=micros(at),
            opened_at=work.at,
            language=opening.language,
            policy=promises.version,
            token=token_digest(token),
            claimed=claimed,
            ground=opening.ground,
            purposes=opening.purposes,
            consumer=opening.consumer,
            missing=lacking,
            reachable=bool(opening.reply_to or opening.identifiers.get("email") or opening.subject),
            represented=Represented(by=opening.representative.by) if opening.representative else None,
            deadlines=opening_deadlines(promises, kind, at, consumer=opening.consumer),
        )
        request = self._desk.keep_opening(work, request, opening)
        request = self._desk.put(work, request, TOKEN, "text/plain", token.encode(), name=TOKEN)
        for one in opening.attached:
            request = self._desk.put(work, request, one.what, one.media, one.content)
        request = self._desk.save(work, request)
        self._desk.tell(
            work, OPENED, request, channel=opening.way.value, policy=promises.version, count=len(opening.attached)
        )
        says = explain(request, promises, request.language)
        signed_in = opening.subject if opening.way in (Way.PORTAL, Way.API) else ""
        self._acknowledge(work, msgspec.structs.replace(request, subject=signed_in), says)
        self.identities.at_opening(work, request, opening)
        return Opened(number=request.number, token=token, due=request.due, says=says, missing=lacking)

    def _with_address(self, work: Work, opening: Opening) -> Opening:
        """Whoever is signed in and names no address is written to at the one on file."""
        if not opening.subject or opening.reply_to or opening.identifiers.get("email"):
            return opening
        standing = self._parts.subjects.look(work.database, SubjectId(opening.subject))
        if standing is None or standing.erased:
            return opening
        fields = self._desk.promises(work).fields
        addresses = [name for name, spec in fields.items() if spec.type is FieldType.EMAIL]
        categories = frozenset(name.partition(".")[0] for name in addresses)
        known = self._parts.vault.everything(work, standing, categories=categories) if addresses else {}
        address = next((known[name].value for name in addresses if name in known), "")
        return msgspec.structs.replace(opening, reply_to=address)

    def _claimed(self, work: Work, opening: Opening) -> tuple[str, ...]:
        """Whom all identifiers given mean together; several, if several people share them."""
        if opening.subject:
            return (self._parts.subjects.find(work.database, SubjectId(opening.subject)).subject,)
        found: set[str] | None = None
        for kind, value in opening.identifiers.items():
            owners: set[str] = set(self._desk.owners(work, kind, value))
            found = owners if found is None else found & owners
        return tuple(sorted(found or ()))[:10]

    def _acknowledge(self, work: Work, request: Request, says: str) -> None:
        link = self._desk.link(work, request)
        kind = wording("rights")[f"kind-{request.kind}"]
        self._desk.write(work, request, "received", number=request.number, kind=kind, due=says, link=link)
        if request.missing:
            words = tuple(wording("rights")[f"contains-{one}"] for one in request.missing)
            self._desk.write(work, request, "needs_more", number=request.number, missing=words, link=link)

    def attach(self, work: Work, number: str, attached: Attached) -> Request:
        """Seal a file that belongs to a request: a scan, a power of attorney, what supports a change."""
        request = self._desk.begin(work, number, SUPPLIED, "request")
        if not is_open(request):
            raise Invalid(Code.REQUEST_STATE, number)
        request = self._desk.put(work, request, attached.what, attached.media, attached.content)
        if attached.what == "evidence":
            request = msgspec.structs.replace(request, missing=_without(request.missing, "documents"))
        request = self._desk.save(work, request)
        self._desk.tell(work, SUPPLIED, request, count=1)
        return self.handling.arrived(work, request)

    def keep_scan(self, work: Work, number: str, media: str, content: bytes) -> str:
        """Seal the scan that shows what a person did by hand in a system; its id. Whoever did it was checked before."""
        request = self._desk.load(work, number)
        if not is_open(request):
            raise Held(Code.REQUEST_STATE, number)
        kept = self._desk.save(work, self._desk.put(work, request, "scan", media, content))
        self._desk.tell(work, SUPPLIED, kept, count=1)
        return kept.papers[-1].id

    def supply(self, work: Work, number: str, more: Opening) -> Request:
        """Add what was missing: name, address, identifiers, the changes meant, words, files."""
        request = self._desk.begin(work, number, SUPPLIED, "request")
        if not is_open(request):
            raise Invalid(Code.REQUEST_STATE, number)
        if more.identifiers or more.changes or more.ground or more.reply_to:
            check_undecided(request)
        if more.identifiers:  # what was shown was shown of whom was named then, and so is a code on its way
            request = self._renamed(request)
        promises = self._desk.promises(work)
        check_opening(promises, more)
        refuse(look_at(promises, more.changes, None, work.now).reasons)
        whole = _together(self._desk.opening(work, request), more)
        if len(whole.text) > MOST_WORDS:
            raise Invalid(Code.BODY_TOO_LARGE, "text")
        request = self._desk.keep_opening(work, request, whole)
        for one in more.attached:
            request = self._desk.put(work, request, one.what, one.media, one.content)
        lacking = missing(promises, whole, request.kind)
        evidence = any(one.what == "evidence" for one in request.papers)
        if "documents" in request.missing and not evidence:
            lacking = (*lacking, "documents")
        claimed = self._claimed(work, whole) if not request.subject else request.claimed
        request = self._desk.save(work, request, missing=lacking, claimed=claimed, ground=whole.ground)
        self._desk.tell(work, SUPPLIED, request, count=len(more.attached))
        return self.handling.arrived(work, request)

    def _renamed(self, request: Request) -> Request:
        """The request when somebody else is named in it. Raises Held (request_state) once it was shown who asks."""
        if request.proof is not Proof.NONE:
            raise Held(Code.REQUEST_STATE, request.number)
        code = msgspec.structs.replace(request.code, until=0) if request.code else None
        return msgspec.structs.replace(request, code=code)

    # look

    def promises(self, work: Work) -> Promises:
        """The policy in force."""
        return self._desk.promises(work)

    def find(self, database: Database, number: str) -> Request:
        """A request as it stands. Raises NotFound."""
        found = store.look(database, number)
        if found is None:
            raise NotFound(Code.NOT_FOUND, "request")
        return found

    def status(self, database: Database, number: str, token: str) -> Status:
        """What whoever asked may see. Raises NotFound alike for an unknown number and a wrong secret."""
        found = store.look(database, number)
        known = found.token if found else bytes(16)
        if not hmac.compare_digest(known, token_digest(token)) or found is None:
            raise NotFound(Code.NOT_FOUND, "request")
        return self.shown(found, found.language)

    def shown(self, request: Request, language: Language) -> Status:
        """A request in words."""
        promises = self._parts.policies.in_force(self._parts.works.clock.now())
        reasons = request.decision.reasons if request.decision else ()
        return Status(
            number=request.number,
            kind=request.kind,
            state=request.state,
            says=state_told(request, language),
            due=request.due,
            clock=explain(request, promises, language),
            missing=tuple(told(f"contains-{one}", language) for one in request.missing),
            reasons=tuple(told(f"refusal-{one}", language) for one in reasons),
            drp=drp(request),
            coded=request.code is not None,
        )

    def opened(self, database: Database, *, most: int = 200) -> list[Request]:
        """Open requests, the most urgent first."""
        return store.opened(database, _FOREVER, most)

    def overdue(self, database: Database, *, most: int = 200) -> list[Request]:
        """Open requests with something too late. None whose clock stands still."""
        now = micros(self._parts.works.clock.now())
        return [one for one in store.opened(database, now + 1, most) if 0 < one.due <= now and not one.paused]

    def everything(self, database: Database) -> Iterator[Request]:
        """All requests, closed ones too."""
        return store.everything(database)

    def of(self, database: Database, subject: SubjectId) -> list[Request]:
        """The requests of a person."""
        return store.of(database, subject)

    def past(self, database: Database, request: Request) -> int:
        """How many requests of this kind the person had answered within a year: shown to whoever decides."""
        return repeats(request, store.of(database, SubjectId(request.subject))) if request.subject else 0

    def read(self, work: Work, number: str) -> Opening:
        """What was written in a request, for who handles it; in the log before it is told."""
        return self._read(work, number, "handle")

    def paper(self, work: Work, number: str, paper: str) -> tuple[str, bytes]:
        """Media type and content of a sealed file of a request, for who handles it; logged. Raises NotFound."""
        return self._paper(work, number, "handle", lambda one: one.id == paper and one.id != TOKEN)

    def own(self, work: Work, number: str) -> Opening:
        """What was written in a request, for whose it is, as the caller has seen; in the log before it is told."""
        return self._read(work, number, "request")

    def own_paper(self, work: Work, number: str, paper: str) -> tuple[str, bytes]:
        """A file that was sent to support a request, for whose it is, as the caller has seen; logged. Raises NotFound.

        What staff put beside it is not the person's to see.
        """
        return self._paper(work, number, "request", lambda one: one.id == paper and one.what == "evidence")

    def _read(self, work: Work, number: str, verb: str) -> Opening:
        request = self._desk.begin(work, number, READ, verb)
        opening = self._desk.opening(work, request)
        self._desk.tell(work, READ, request)
        return opening

    def _paper(self, work: Work, number: str, verb: str, wanted: Callable[[Paper], bool]) -> tuple[str, bytes]:
        request = self._desk.begin(work, number, READ, verb)
        found = next(filter(wanted, request.papers), None)
        if found is None:
            raise NotFound(Code.NOT_FOUND, "paper")
        self._desk.tell(work, READ, request, count=found.chunks)
        return found.media, b"".join(self._desk.get(work, request, found.id))

    # out

    def withdraw(self, work: Work, number: str) -> Request:
        """Let go of a request at the wish of whoever opened it; a block for its check ends with it.

        What the operator began is for its staff to let go of.
        """
        request = self._desk.begin(work, number, GIVEN_UP, "request")
        if request.way is Way.OPERATOR:
            work.need("handle")
        self.handling.unblock(work, request, "check-finished")
        request = self._desk.save(
            work,
            let_go(request),
            blocked=False,
            deadlines=self._desk.met(work, request, "act", "answer", "execute"),
            keep_until=self._desk.keep_until(work),
        )
        self._desk.tell(work, GIVEN_UP, request)
        return request

    def remind(self) -> int:
        """Tell of requests that are due soon or overdue, each once; how many were."""
        works, total = self._parts.works, 0
        horizon = micros(works.clock.now() + timedelta(days=60))
        for found in store.opened(works.database, horizon, 1000):
            if reminders(found, micros(works.clock.now())) and not found.paused:
                works.run(AGENT, lambda work, number=found.number: self._remind(work, number))  # type: ignore[misc]
                total += 1
        return total

    def _remind(self, work: Work, number: str) -> None:
        request = self._desk.load(work, number)
        new = reminders(request, work.at)
        if not new or not is_open(request):
            return
        self._desk.save(work, request, reminded=(*request.reminded, *new))
        for one in new:
            self._desk.tell(work, REMINDED, request, codes=(one.replace(":", "_"),))
        zone = ZoneInfo(self._desk.promises(work).calendar.zone)
        day = last_day(moment(request.due).astimezone(zone))
        days = (day - work.now.astimezone(zone).date()).days
        self._desk.write_staff(work, "reminder", request, due=day, days=days)

    def tidy(self) -> int:
        """Destroy what was written in requests whose own term is over, and what stays of the erased no longer."""
        works, total = self._parts.works, self.destruction.settle()
        now = micros(works.clock.now())
        for number in store.over(works.database, now, 500):
            works.run(AGENT, lambda work, number=number: self._close(work, number))  # type: ignore[misc]
            total += 1
        for holder, number, until, _ in list(store.all_kept(works.database)):
            if until <= now:
                works.run(AGENT, lambda work, of=(holder, number): self.here.drop_kept(work, *of))  # type: ignore[misc]
                total += 1
        store.forget_attempts(works.database, now - 2 * 86_400_000_000)
        store.forget_places(works.database, now - 3_600_000_000)
        return total

    def _close(self, work: Work, number: str) -> None:
        request = self._desk.load(work, number)
        if request.state is not State.CLOSED:
            self._desk.close(work, request)


def _without(missing_ones: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(name for name in missing_ones if name != one)


def _together(first: Opening, more: Opening) -> Opening:
    """How a request reads with what was added to it."""
    return msgspec.structs.replace(
        first,
        identifiers={**first.identifiers, **more.identifiers},
        name={**first.name, **more.name},
        reply_to=more.reply_to or first.reply_to,
        text="\n\n".join(part for part in (first.text, more.text) if part),
        ground=more.ground or first.ground,
        changes={**first.changes, **more.changes},
        attached=(),
    )
