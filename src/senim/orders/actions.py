"""Place, claim, run, and end orders."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import replace

from senim.audit.records import Outcome
from senim.errors import Code, Held, Invalid, NotFound, SenimError, Stale, places
from senim.identity import SYSTEM, SubjectId, is_id
from senim.languages import Said
from senim.orders import store
from senim.orders.context import Context, Done, Handler
from senim.orders.records import CANCEL_REASONS, Claimed, Counts, Order, Receipt, State, queue_of
from senim.orders.rules import ATTEMPTS, KIND, id_beside, may_pass, personal, told, wait, why
from senim.storage import Database
from senim.times import micros
from senim.work import Work, Works

TOGETHER = 8
"""Orders claimed together; the last of them waits for those before it, so that a batch is small."""

LEASE = timedelta(seconds=60)
"""How long an attempt may be silent before somebody else tries."""

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class _Handling:
    handler: Handler
    attempts: int
    lease: timedelta


class Orders:
    """Work that is stored until it is done."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._handlers: dict[str, _Handling] = {}

    # what features do

    def handle(self, kind: str, handler: Handler, *, attempts: int = ATTEMPTS, lease: timedelta = LEASE) -> None:
        """Say who does orders of a kind, how often it is tried, and how long an attempt may be silent."""
        if not KIND.match(kind):
            raise ValueError(kind)
        self._handlers[kind] = _Handling(handler, attempts, lease)

    def place(
        self,
        work: Work,
        kind: str,
        *,
        lane_of: SubjectId,
        about: str = "",
        facts: dict[str, Any] | None = None,
        at: datetime | None = None,
        key: str = "",
    ) -> str:
        """Place an order in the act's own transaction, due ``at`` a time or at once; its id.

        ``lane_of`` is the person or box that it concerns. With a ``key`` (unique for kind and holder) it is placed
        once, however often that is asked. Raises ValueError if a fact may be a value of a person: seal it in a box.
        """
        if not KIND.match(kind):
            raise ValueError(kind)
        found = [*personal(facts or {}), *personal(about, "about")]
        if found:
            raise ValueError(f"{kind}: {', '.join(found)} may be personal; an order holds ids, codes and counts")
        order_id = id_beside(lane_of, kind, key)
        if key:
            if ("order", order_id) in work.memo or store.find(work.database, order_id):
                return order_id
            store.absent(work, order_id)
            work.memo["order", order_id] = True
        due_at = max(micros(at), work.at) if at else work.at
        order = Order(
            id=order_id, kind=kind, holder=lane_of, about=about, facts=facts or {}, state=State.WAITING, attempt=0,
            tries=0, due_at=due_at, step="", code="", detail="", receipt={}, placed_at=work.at, ended_at=0,
        )  # fmt: skip
        store.place(work, order)
        return order_id

    def done(self, work: Work, claimed: Claimed, receipt: Receipt) -> str:
        """The order is done; what came of it is kept with what the act writes. The id of the entry.

        Raises Held (order_taken) if the lease was over and somebody else has the order.
        """
        old = self._ours(work, claimed)
        kept = {name: _plain(value, name) for name, value in receipt.items()}
        new = replace(old, state=State.DONE, code="", detail="", receipt=kept, ended_at=work.at)
        store.move(work, old, new)
        digest = hashlib.sha256(_encode(kept)).hexdigest()
        return work.record("order.done", ref=old.id, reason=old.kind, digest=digest, count=old.attempt)

    def stepped(self, work: Work, claimed: Claimed, step: str) -> Claimed:
        """Remember the step reached, so that a re-run goes on from there; the lease begins anew.

        Raises Held (order_taken).
        """
        old = self._ours(work, claimed)
        until = work.at + _micros(self._lease(old.kind))
        if any(personal(step, "step")):
            raise ValueError("a step's name may be personal")
        new = replace(old, step=step, due_at=until)
        store.move(work, old, new)
        return Claimed(order=new, until=until)

    def failed(
        self, work: Work, claimed: Claimed, code: str, *, retry: bool = True, detail: Said = "", later: int = 0
    ) -> State:
        """The attempt failed: it is tried again later (not before ``later`` microseconds), or the order is dead.

        Raises Held (order_taken).
        """
        old = self._ours(work, claimed)
        handling = self._handlers.get(old.kind)
        told_detail = told(detail)
        if retry and old.tries < (handling.attempts if handling else ATTEMPTS):
            due_at = work.at + max(wait(old.id, old.tries), later)
            new = replace(old, state=State.WAITING, code=code, detail=told_detail, due_at=due_at)
            store.move(work, old, new)
            return State.WAITING
        new = replace(old, state=State.DEAD, code=code, detail=told_detail, ended_at=work.at)
        store.move(work, old, new)
        work.record(
            "order.died", ref=old.id, reason=old.kind, codes=(code,), count=old.attempt, outcome=Outcome.REFUSED
        )
        return State.DEAD

    def _ours(self, work: Work, claimed: Claimed) -> Order:
        order = store.find(work.database, claimed.id)
        if order is None or order.state is not State.RUNNING or order.attempt != claimed.attempt:
            raise Held(Code.ORDER_TAKEN, claimed.id)
        return order

    # what people do

    def find(self, database: Database, order_id: str) -> Order:
        """An order. Raises NotFound (not_found)."""
        order = store.find(database, order_id) if is_id(order_id) else None
        if order is None:
            raise NotFound(Code.NOT_FOUND, "order")
        return order

    def list(
        self, database: Database, *, state: State | str = "", kind: str = "", about: str = "", most: int = 100
    ) -> list[Order]:
        """Orders in a state, of a kind, or belonging to something; the first ones."""
        if state and state not in set(State):
            raise Invalid(Code.INVALID_VALUE, "state", detail=", ".join(State))
        found: Iterator[Order]
        if about:
            found = iter(store.find_many(database, about))
        elif state in (State.WAITING, State.RUNNING):
            found = store.under_way(database)
        elif state == State.DEAD:
            found = store.dead_ones(database)
        else:
            found = store.every(database)
        fit = (one for one in found if (not state or one.state == state) and (not kind or one.kind == kind))
        return [*islice(fit, most)]

    def counts(self, database: Database) -> Counts:
        """How much there is to do."""
        now, oldest = micros(self._works.clock.now()), 0
        due: dict[str, int] = {}
        later: dict[str, int] = {}
        for kind, at in store.due_times(database):
            into = due if at <= now else later
            into[kind] = into.get(kind, 0) + 1
            if at <= now:
                oldest = min(oldest or at, at)
        return Counts(due=due, later=later, dead=store.dead_counts(database), oldest=oldest)

    def dead(self, database: Database) -> int:
        """How many orders failed for good."""
        return sum(store.dead_counts(database).values())

    def waits(self, database: Database, kind: str) -> bool:
        """Whether an order of a kind waits or is under way."""
        return store.waits(database, kind)

    def rerun(self, work: Work, order_id: str) -> Order:
        """Run a dead order again from the step that it reached, or one that waits at once.

        Raises NotFound, NotAllowed, Held (order_state).
        """
        work.attempt("order.rerun", ref=order_id if is_id(order_id) else None)
        work.need("orders")
        old = self.find(work.database, order_id)
        if old.state not in (State.DEAD, State.WAITING):
            raise Held(Code.ORDER_STATE, old.state)
        new = replace(old, state=State.WAITING, tries=0, due_at=work.at, ended_at=0)
        store.move(work, old, new)
        work.record("order.rerun", ref=old.id, reason=old.kind)
        return new

    def cancel(self, work: Work, order_id: str, *, reason: str) -> Order:
        """Give an order up that waits or is dead.

        Raises NotFound, NotAllowed, Invalid (invalid_value), Held (order_state).
        """
        work.attempt("order.cancelled", ref=order_id if is_id(order_id) else None)
        work.need("orders")
        if reason not in CANCEL_REASONS:
            raise Invalid(Code.INVALID_VALUE, "reason", detail=", ".join(CANCEL_REASONS))
        old = self.find(work.database, order_id)
        if old.state not in (State.DEAD, State.WAITING):
            raise Held(Code.ORDER_STATE, old.state)
        new = replace(old, state=State.CANCELLED, ended_at=work.at)
        store.move(work, old, new)
        work.record("order.cancelled", ref=old.id, reason=reason)
        return new

    # what the runner does

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that somebody here handles; slow work of one does not hold up another."""
        return tuple(sorted({queue_of(kind) for kind in self._handlers}))

    def claim(self, *, queue: str, most: int = TOGETHER, lease: timedelta | None = None) -> tuple[Claimed, ...]:
        """Claim some orders of a queue that are due: a batch in a lane, the lanes in a random order.

        An order whose lease is over is due like any other. Raises Unavailable.
        """
        kinds = tuple(kind for kind in self._handlers if queue_of(kind) == queue)
        now = micros(self._works.clock.now())
        until = now + _micros(lease or max((self._lease(kind) for kind in kinds), default=LEASE))
        lanes = store.lanes_due(self._works.database, queue, now)
        random.shuffle(lanes)
        for lane in lanes:
            try:
                taken = store.claim(self._works.database, lane, kinds, queue=queue, now=now, until=until, most=most)
            except Stale:  # somebody else is at this lane
                continue
            if taken:
                return tuple(taken)
        return ()

    def run_due(self, queue: str = "", *, most: int = 0, stopped: Callable[[], bool] = lambda: False) -> int:
        """Run what is due in a queue, or in all; how many attempts were made. ``most`` 0: until nothing is due.

        When ``stopped`` says so, no further order is begun, and what was claimed is given back.

        Raises Unavailable if the database cannot be used; what was claimed comes back when its lease is over.
        """
        total = 0
        for one in (queue,) if queue else self.queues:
            while not stopped() and (not most or total < most):
                claimed = self.claim(queue=one, most=min(TOGETHER, most - total) if most else TOGETHER)
                if not claimed:
                    break
                total += sum(self._attempt(order, stopped) for order in claimed)
        return total

    def _attempt(self, claimed: Claimed, stopped: Callable[[], bool]) -> bool:
        """Run one order, if it is not time to stop: what comes of it is written down, unless somebody else has it."""
        if stopped():
            self._give_back(claimed)
            return False
        context = Context(self._works, self, claimed)
        try:
            self._renew(context)
            ended = self._handlers[claimed.kind].handler(context, context.claimed)
            done = ended if isinstance(ended, Done) else Done(ended)
            self._works.run(SYSTEM, lambda work: (done.then(work), self.done(work, claimed, done.receipt)))
        except SenimError as refusal:
            if refusal.code is not Code.ORDER_TAKEN:
                self._fail(claimed, refusal.code, why(refusal), retry=may_pass(refusal))
        except Exception as bug:  # noqa: BLE001  # an order that fails unseen would be a broken promise unseen
            self._fail(claimed, Code.INTERNAL, f"{type(bug).__name__} in {places(bug)}", retry=True)
        return True

    def _renew(self, context: Context) -> None:
        """Begin the lease anew if those before in the batch used up much of it."""
        left = context.claimed.until - micros(self._works.clock.now())
        if left < _micros(self._lease(context.claimed.kind)) * 2 // 3:
            context.hold()

    def _fail(self, claimed: Claimed, code: str, detail: Said, *, retry: bool) -> None:
        try:
            self._works.run(SYSTEM, lambda work: self.failed(work, claimed, code, retry=retry, detail=detail))
        except Held as taken:
            if taken.code is not Code.ORDER_TAKEN:
                raise

    def _give_back(self, claimed: Claimed) -> None:
        """Let others have an order at once that was claimed and not begun."""

        def act(work: Work) -> None:
            old = self._ours(work, claimed)
            store.move(work, old, replace(old, state=State.WAITING, tries=old.tries - 1, due_at=work.at))

        self._works.run(SYSTEM, act)

    def _lease(self, kind: str) -> timedelta:
        handling = self._handlers.get(kind)
        return handling.lease if handling else LEASE


def _micros(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1)


def _plain(value: Any, name: str) -> Any:
    """A fact of a receipt; what may be a value of a person is left out and seen to be."""
    return value if not any(personal(value, name)) else {"withheld": True}
