"""What staff sees of requests: lists by what they look for, who asks (masked), what was done; and who has which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from senim.errors import Code, Held, Invalid, NotFound, Tampered
from senim.identity import is_id
from senim.languages import Language
from senim.rights import listing_store, store
from senim.rights.clock import SOON, opening_deadlines
from senim.rights.desk import Desk, address_of
from senim.rights.listing_store import Wanted
from senim.rights.records import Opening, Request, State, Trace
from senim.rights.rules import check_opening, is_open, kind_of, masked_name, missing, received
from senim.rights.words import explain_deadline
from senim.storage import Database
from senim.times import micros
from senim.vault.rules import masked
from senim.work import Work

LISTED, ASSIGNED, READ, NOTED = "request.listed", "request.assigned", "request.read", "request.noted"
TOGETHER = 50
"""Requests on a page."""

VIEWS = ("open", "overdue", "soon", "new", "identity", "mine", "second", "stuck", "ended", "all")
"""What people look for most often, by a word each."""

OPEN_VIEWS = VIEWS[:-2]
"""Views of open requests: those that are counted."""

MOST_NOTE = 20_000
"""Longest letter that staff writes by hand, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Requests in order, and the place after which the next page begins; empty on the last."""

    requests: tuple[Request, ...]
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What would run for a request if it were opened so: told before it is."""

    received_at: datetime
    says: str
    due: int
    missing: tuple[str, ...]


class Listing:
    """Requests for those who handle them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # lists

    def page(
        self, work: Work, view: str = "open", *, kind: str = "", way: str = "", after: str = "", most: int = TOGETHER
    ) -> Page:
        """A page of requests: open ones by what is due first, then those that ended, the newest first.

        ``view`` is one of VIEWS; ``mine`` are those that the actor took on. Raises Invalid (invalid_value).
        """
        wanted = self._wanted(work, view, kind, way)
        rows = listing_store.page(work.database, wanted, after=_place(after), most=most + 1)
        found = tuple(one for number, _ in rows[:most] if (one := store.look(work.database, number)) is not None)
        following = f"{rows[most - 1][1]}.{rows[most - 1][0]}" if len(rows) > most else ""
        return Page(requests=found, next=following)

    def every(self, work: Work, view: str, *, kind: str = "", way: str = "") -> Iterator[Request]:
        """All requests of a view, page by page, in flat memory."""
        after = ""
        while True:
            found = self.page(work, view, kind=kind, way=way, after=after, most=500)
            yield from found.requests
            after = found.next
            if not after:
                return

    def _wanted(self, work: Work, view: str, kind: str, way: str) -> Wanted:
        if view not in VIEWS:
            raise Invalid(Code.INVALID_VALUE, "view", detail=", ".join(VIEWS))
        wanted = {
            "open": Wanted(),
            "overdue": Wanted(due_from=1, due_to=work.at),
            "soon": Wanted(due_from=work.at + 1, due_to=micros(work.now + SOON)),
            "new": Wanted(state=State.RECEIVED.value),
            "identity": Wanted(state=State.IDENTITY_NEEDED.value),
            "mine": Wanted(assigned=work.actor.id),
            "second": Wanted(state=State.WAITING_APPROVAL.value),
            "stuck": Wanted(stuck=True),
            "ended": Wanted(open=False),
            "all": Wanted(ended=True),
        }[view]
        return replace(wanted, kind=_word(kind), way=_word(way))

    def counts(self, work: Work) -> dict[str, int]:
        """How many requests there are to each view of open ones."""
        now, soon, mine = work.at, micros(work.now + SOON), work.actor.id
        counted = dict.fromkeys(OPEN_VIEWS, 0)
        for state, assigned, stuck, due in listing_store.opened(work.database):
            counted["open"] += 1
            counted["overdue"] += 0 < due <= now
            counted["soon"] += now < due <= soon
            counted["new"] += state == State.RECEIVED
            counted["identity"] += state == State.IDENTITY_NEEDED
            counted["mine"] += assigned == mine
            counted["second"] += state == State.WAITING_APPROVAL
            counted["stuck"] += stuck
        return counted

    def askers(self, work: Work, requests: Iterable[Request]) -> dict[str, str]:
        """Number → who asks, as a hint: enough to tell requests apart. Logged. Raises NotAllowed."""
        work.attempt(LISTED)
        work.need("handle")
        told = {one.number: self._asker(work, one) for one in requests}
        if told:
            work.record(LISTED, count=len(told))
        return told

    def _asker(self, work: Work, request: Request) -> str:
        if request.closed_at:
            return ""
        try:
            opening = self._desk.opening(work, request)
        except (NotFound, Tampered):  # one that cannot be opened is told on its own page and keeps no list away
            return ""
        name = masked_name(opening)
        if name or not opening.identifiers:
            return name
        kind, value = next(iter(opening.identifiers.items()))
        return masked(value, self._desk.field_type(work, kind))

    # one request

    def traces(self, database: Database, number: str) -> list[Trace]:
        """What was done and written about a request, the oldest first."""
        return listing_store.traces_of(database, number)

    def excerpts(self, work: Work, number: str) -> dict[str, list[str]]:
        """What is on file of everybody whom a request is about: field → values. In the log before it is told.

        What no human may see stays masked. Raises NotFound, NotAllowed.
        """
        request = self._desk.begin(work, number, READ, "handle")
        promises = self._desk.promises(work)
        told: dict[str, list[str]] = {}
        for standing in self._desk.people(work, request):
            for name, kept in self._desk.parts.vault.everything(work, standing).items():
                category = promises.policy.categories.get(name.partition(".")[0])
                field = promises.fields.get(name)
                hidden = field is None or category is None or category.people == "never"
                value = masked(kept.value, field.type) if hidden and field else "•••" if hidden else kept.value
                told.setdefault(name, []).append(value)
        self._desk.tell(work, READ, request, categories=tuple(sorted(told)), count=len(told))
        return told

    def forecast(self, work: Work, opening: Opening, language: Language) -> Forecast:
        """When a request would have to be answered, in words, and what it lacks. Nothing is kept. Raises Invalid."""
        promises, kind = self._desk.promises(work), kind_of(opening.kind)
        check_opening(promises, opening)
        at = received(opening, work.now)
        deadlines = opening_deadlines(promises, kind, at, consumer=opening.consumer)
        lacking = missing(promises, opening, kind)
        return Forecast(
            received_at=at,
            says="\n".join(explain_deadline(one, promises, language) for one in deadlines),
            due=min(one.due for one in deadlines),
            missing=(*lacking, "authority") if opening.representative is not None else lacking,
        )

    def assign(self, work: Work, number: str, account: str) -> Request:
        """Note which account has taken a request on; empty: nobody has. Raises Held (request_state) if it ended."""
        request = self._desk.begin(work, number, ASSIGNED, "handle")
        if account and not is_id(account):
            raise Invalid(Code.INVALID_VALUE, "account")
        if not is_open(request):
            raise Held(Code.REQUEST_STATE, number)
        request = self._desk.save(work, request, assigned=account)
        self._desk.tell(work, ASSIGNED, request)
        return request

    def write(self, work: Work, number: str, text: str) -> Request:
        """Write to whoever asked, in one's own words: it is sealed with the request and sent as a letter.

        It goes to where answers may go. Raises Invalid (field_missing), NotFound if there is no address to write to.
        """
        request = self._desk.begin(work, number, NOTED, "handle")
        paragraphs = tuple(part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip())
        if not paragraphs:
            raise Invalid(Code.FIELD_MISSING, "text")
        if len(text) > MOST_NOTE:
            raise Invalid(Code.BODY_TOO_LARGE, "text")
        if request.closed_at or not self._reachable(work, request):
            raise NotFound(Code.NOT_FOUND, "address")
        request = self._desk.put(work, request, "note", "text/plain", text.encode())
        request = self._desk.save(work, request)
        self._desk.tell(work, NOTED, request)
        address = self._desk.answer_address(work, request)
        self._desk.write(work, request, "note", address=address, number=number, text=paragraphs)
        return request

    def _reachable(self, work: Work, request: Request) -> bool:
        return bool(address_of(self._desk.opening(work, request)))


def _word(text: str) -> str:
    if text and not text.replace("-", "").isalpha():
        raise Invalid(Code.INVALID_VALUE, "filter")
    return text


def _place(after: str) -> tuple[int, str]:
    """A place in the list, as a page before told it. Raises Invalid (invalid_value)."""
    if not after:
        return -1, ""
    at, _, number = after.partition(".")
    told = at.isascii() and at.isdigit() and len(at) < 20 and int(at) <= listing_store.NEWEST
    if not told or len(number) > 40:
        raise Invalid(Code.INVALID_VALUE, "after")
    return int(at), number
