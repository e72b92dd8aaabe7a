"""Plan, show, approve, start."""

from __future__ import annotations

from senim.connectors.records import Identifiers
from senim.errors import Code, Held, NotFound
from senim.identity import SubjectId
from senim.orders.context import Context
from senim.orders.context import Done as Ended
from senim.orders.records import Claimed
from senim.orders.records import State as OrderState
from senim.rights import store
from senim.rights.desk import AGENT, Desk
from senim.rights.plans import Plans, nothing_there
from senim.rights.records import Approval, Planned, Refusal, Request, State, Way
from senim.rights.rules import check_second, found_again, let_go, needs_second
from senim.vault.rules import check_blocked
from senim.work import Work

PLANNED, APPROVED, STARTED, CHOSEN = (
    "request.planned",
    "request.approved",
    "request.started",
    "request.chosen",
)
_TO_PLAN = (State.DECIDED, State.PLANNED, State.WAITING_APPROVAL)


class Planning:
    """From a decision to an order that carries it out."""

    def __init__(self, desk: Desk, plans: Plans) -> None:
        self._desk = desk
        self._plans = plans
        desk.parts.orders.handle("rights.plan", self._plan_order)

    # plan

    def plan(self, work: Work, number: str) -> Request:
        """Have a plan made anew: after a map was corrected, somebody was chosen, or a run ended in trouble."""
        request = self._desk.begin(work, number, PLANNED, "handle")
        stuck = request.state in (State.EXECUTING, State.RESCANNING) and self._is_stuck(request)
        if request.state not in _TO_PLAN and not stuck:
            raise Held(Code.REQUEST_STATE, number)
        self._desk.parts.orders.place(
            work,
            "rights.plan",
            lane_of=SubjectId(request.holder),
            about=number,
            facts={"by": work.actor.label},
        )
        return request

    def _is_stuck(self, request: Request) -> bool:
        orders = self._desk.parts.orders
        try:
            order = orders.find(self._desk.database(), request.order)
        except NotFound:
            return True
        return order.state in (OrderState.DEAD, OrderState.CANCELLED) or bool(request.trouble)

    def choose(self, work: Work, number: str, system: str, people: tuple[str, ...]) -> Request:
        """Say who is meant where several people match in a system, by the digests that the plan shows."""
        request = self._desk.begin(work, number, CHOSEN, "handle")
        if request.state not in _TO_PLAN:
            raise Held(Code.REQUEST_STATE, number)
        request = self._desk.save(work, request, chosen={**request.chosen, system: people})
        self._desk.tell(work, CHOSEN, request, count=len(people))
        return self.plan(work, number)

    def _plan_order(self, context: Context, claimed: Claimed) -> Ended:
        """Ask every system what would happen; what comes of it is kept with the end of the order."""
        works = self._desk.parts.works
        looking = works.begin(AGENT)
        request = store.look(works.database, claimed.about)
        if request is None or request.decision is None:
            return Ended({"skipped": "request"})
        by = str(claimed.facts.get("by") or request.decision.by)
        planned, who = self._plans.make(looking, request, by=by)
        receipt = {"digest": planned.digest, "rows": planned.rows, "problems": len(planned.problems)}
        return Ended(receipt, lambda work: self._keep_plan(work, claimed.about, planned, who))

    def _keep_plan(self, work: Work, number: str, planned: Planned, who: Identifiers) -> None:
        request = self._desk.load(work, number)
        stuck = request.state in (State.EXECUTING, State.RESCANNING) and self._is_stuck(request)
        if request.state not in _TO_PLAN and not stuck:
            return
        request = self._plans.seal(work, request, who)
        if nothing_there(planned) and not self._desk.people(work, request):
            gone = Refusal.DATA_DESTROYED if request.subject else Refusal.NOTHING_ON_FILE
            self._desk.nothing_on_file(work, request, gone)
            return
        done = tuple(one for one in request.done if not found_again(planned, one)) if stuck else ()
        request = self._desk.save(
            work,
            request,
            state=State.PLANNED,
            plan=planned,
            approval=None,
            done=done,
            trouble=Code.PLAN_PROBLEM.value if planned.problems else "",
        )
        self._desk.tell(work, PLANNED, request, count=planned.rows, digest=planned.digest)
        if planned.problems:
            return
        if needs_second(self._desk.promises(work), planned):
            self._desk.save(work, request, state=State.WAITING_APPROVAL)
            acts = sum(len(one.steps) for one in planned.systems) + len(planned.here)
            self._desk.write_staff(work, "approval_needed", request, acts=acts)
            return
        self._start(work, request)

    # approve and start

    def approve(self, work: Work, number: str, digest: str) -> Request:
        """The second person's word on a plan, which they have seen: its digest says which.

        Raises NotAllowed (second_person_needed) for who asked for it, NotPromised (subject_blocked),
        Held (plan_changed, plan_problem, request_state, claim_open).
        """
        request = self._desk.begin(work, number, APPROVED, "approve")
        if request.plan is not None and request.plan.problems:
            raise Held(Code.PLAN_PROBLEM, number, detail=", ".join(request.plan.problems))
        if request.state is not State.WAITING_APPROVAL or request.plan is None:
            raise Held(Code.REQUEST_STATE, number)
        check_second(request, work.actor, digest)
        self._check_held(work, request)
        approval = Approval(by=work.actor.label, at=work.at, digest=digest)
        request = self._desk.save(work, request, approval=approval)
        self._desk.tell(work, APPROVED, request, digest=digest)
        return self._start(work, request)

    def _check_held(self, work: Work, request: Request) -> None:
        """Raise Held (claim_open), NotPromised (subject_blocked) for a claim or a block since the plan was made."""
        held = self._plans.held(work, request)
        if held:
            raise Held(Code.CLAIM_OPEN, held[0])
        if request.way is Way.OPERATOR:
            for standing in self._desk.people(work, request):
                check_blocked(self._desk.promises(work), work.actor, standing.marks.block)

    def refuse_plan(self, work: Work, number: str) -> Request:
        """The second person says no: the plan has to be made anew, or ends if it was the operator's own."""
        request = self._desk.begin(work, number, APPROVED, "approve")
        if request.state is not State.WAITING_APPROVAL:
            raise Held(Code.REQUEST_STATE, number)
        if request.way is Way.OPERATOR:
            met, until = self._desk.met(work, request, "execute"), self._desk.keep_until(work)
            request = self._desk.save(work, let_go(request), deadlines=met, keep_until=until)
        else:
            request = self._desk.save(work, request, state=State.PLANNED, trouble=Code.SECOND_PERSON_NEEDED.value)
        self._desk.tell(work, PLANNED, request, codes=("second_person_needed",))
        return request

    def _start(self, work: Work, request: Request) -> Request:
        order = self._desk.parts.orders.place(
            work,
            "rights.execute",
            lane_of=SubjectId(request.holder),
            about=request.number,
        )
        request = self._desk.save(work, request, state=State.EXECUTING, order=order, trouble="")
        self._desk.tell(work, STARTED, request, digest=request.plan.digest if request.plan else None)
        return request
