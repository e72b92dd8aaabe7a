"""When a person's data is destroyed, by whatever way: what holds it back, what ends with it; and how staff begin it."""

from __future__ import annotations

import secrets

from senim.errors import Code, Held, Invalid, Unavailable
from senim.identity import SubjectId
from senim.orders.context import Context
from senim.orders.context import Done as Ended
from senim.orders.records import Claimed
from senim.rights import store
from senim.rights.delivery import LINKS
from senim.rights.desk import AGENT, Desk, in_its_name
from senim.rights.handling import Handling
from senim.rights.plans import Plans
from senim.rights.records import Decision, Kind, Opening, Refusal, Request, State, Way
from senim.rights.rules import ends_with_data, is_open, is_undecided, open_claims, outlasts, token_digest
from senim.subjects import Standing
from senim.times import micros
from senim.vault.rules import check_blocked
from senim.work import Work

OPENED = "request.opened"
OWN_REASONS = ("purpose-met", "unlawful", "court-decision", "deceased")
"""Why the operator destroys of its own accord. Who asks for it has a request of their own, with its clock."""

_BEYOND_CLAIMS = ("court-decision",)
"""Reasons that an open claim does not hold back."""

_MOST = 10_000


class Destruction:
    """Holds requests and the destruction of data together."""

    def __init__(self, desk: Desk, handling: Handling, plans: Plans) -> None:
        self._desk = desk
        self._plans = plans
        self._handling = handling
        desk.parts.orders.handle("rights.close", self._close_order)

    # by staff

    def begin(self, work: Work, standing: Standing, *, reason: str) -> Request:
        """Have all data of a person destroyed, here and in every system; what is under way already is given back.

        It is planned, and looked at by a second person where the policy says so.
        Raises NotAllowed, Invalid (invalid_value), NotPromised (subject_blocked), Held (claim_open).
        """
        promises = self._desk.promises(work)
        work.attempt(OPENED, subject=standing.subject, channel=Way.OPERATOR.value, policy=promises.version)
        work.need("erase")
        if reason not in OWN_REASONS:
            raise Invalid(Code.INVALID_VALUE, "reason", detail=", ".join(OWN_REASONS))
        check_blocked(promises, work.actor, standing.marks.block)
        self.check_destroyable(work, standing, reason)
        others = self._desk.requests_of(work, standing.subject)
        under_way = next((one for one in others if one.way is Way.OPERATOR and is_open(one)), None)
        if under_way is not None:
            return under_way
        request = self._opened(work, standing.subject, reason)
        return self._handling.granted(work, request, Decision(granted=True, by=work.actor.label, at=work.at))

    def _opened(self, work: Work, subject: SubjectId, reason: str) -> Request:
        promises = self._desk.promises(work)
        language = promises.policy.operator.responsible.language
        request = Request(
            number=self._desk.number(work),
            holder=self._desk.parts.boxes.holder(work),
            kind=Kind.ERASE,
            way=Way.OPERATOR,
            state=State.RECEIVED,
            received_at=work.at,
            opened_at=work.at,
            language=language,
            policy=promises.version,
            token=token_digest(secrets.token_urlsafe(24)),
            subject=subject,
            because=reason,
            deceased=reason == "deceased",
        )
        opening = Opening(kind=Kind.ERASE.value, way=Way.OPERATOR, language=language, subject=subject)
        request = self._desk.save(work, self._desk.keep_opening(work, request, opening))
        store.belongs(work, subject, request.number)
        self._desk.tell(work, OPENED, request, channel=Way.OPERATOR.value, policy=promises.version)
        return request

    # by anybody

    def check_destroyable(self, work: Work, standing: Standing, reason: str) -> None:
        """Raise Held (claim_open) while a claim of the person is open: the data is what it is about."""
        work.memo["asked", standing.subject] = asked = self._desk.requests_of(work, standing.subject)
        claims = () if reason in _BEYOND_CLAIMS else open_claims(asked)
        if claims:
            raise Held(Code.CLAIM_OPEN, claims[0])

    def destroyed(self, work: Work, standing: Standing) -> None:
        """What is open ends, and what was told goes, unless another record of the same person is left.

        What can still be carried out in systems goes on, by what was on file here until now.
        """
        work = in_its_name(work)
        asked = work.memo.get(("asked", standing.subject))  # it was read once for the act
        numbers = [
            one.number for one in (asked if isinstance(asked, list) else self._desk.requests_of(work, standing.subject))
        ]
        for number in numbers:
            self._remember(work, self._desk.load(work, number))
        work.memo["destroyed", standing.subject] = True
        for number in numbers:
            self._follow(work, self._desk.load(work, number))

    def _remember(self, work: Work, request: Request) -> None:
        """Seal by what the person is found in systems, for a request that goes on there and is not planned yet."""
        promises, elsewhere = self._desk.promises(work), self._desk.elsewhere(work)
        if not (elsewhere and is_open(request) and outlasts(promises, request)) or request.plan is not None:
            return
        try:
            who = self._plans.who(work, request)
        except Unavailable as gone:  # an erasure that was cut off is done again: what was on file is not to be read
            if gone.code is not Code.PERSON_KEY_MISSING:
                raise
            return
        self._desk.save(work, self._plans.seal(work, request, who))

    def settle(self) -> int:
        """End open requests of people whose data is gone: of those whose erasure was cut off. How many did."""
        works = self._desk.parts.works
        looking = works.begin(AGENT)
        left = [one.number for one in store.opened(works.database, 2**62, _MOST) if self._is_left(looking, one)]
        for number in left:
            works.run(AGENT, lambda work, number=number: self._follow(work, self._desk.load(work, number)))  # type: ignore[misc]
        return len(left)

    def _is_left(self, looking: Work, request: Request) -> bool:
        bound = (request.blocked and is_undecided(request)) or self._ends(looking, request)
        return bound and bool(request.subject) and not self._desk.people(looking, request)

    def _follow(self, work: Work, request: Request) -> None:
        if not is_open(request):
            if request.answers_in:
                self._desk.save(work, self._desk.empty_box(work, request))
        elif self._desk.people(work, request):
            return
        elif self._ends(work, request):
            self._end(work, request)
        elif request.blocked and is_undecided(request):
            self._desk.save(work, request, blocked=False)

    def _ends(self, work: Work, request: Request) -> bool:
        return ends_with_data(self._desk.promises(work), request, elsewhere=self._desk.elsewhere(work))

    def _end(self, work: Work, request: Request) -> None:
        """The person is told, and what was written goes too: there is nothing left that it is about.

        It goes by an order: an act that is cut off after keys were destroyed could not tell anybody any more. Where the
        answer is one on paper, all of it stays for as long as a link to an answer would.
        """
        self._desk.nothing_on_file(work, self._desk.empty_box(work, request), Refusal.DATA_DESTROYED)
        ended = self._desk.load(work, request.number)
        until = work.now + LINKS if any(one.what == "note" for one in ended.papers) else work.now
        self._desk.save(work, ended, keep_until=micros(until))
        self._desk.parts.orders.place(
            work, "rights.close", lane_of=SubjectId(request.holder), about=request.number, at=until
        )

    def _close_order(self, context: Context, claimed: Claimed) -> Ended:
        return Ended({}, lambda work: self._close(work, claimed.about))

    def _close(self, work: Work, number: str) -> None:
        request = self._desk.load(work, number)
        if not request.closed_at:
            self._desk.close(work, request)
