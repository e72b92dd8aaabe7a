"""What a handler is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from senim.identity import SYSTEM, Actor
from senim.orders.records import Claimed, Receipt
from senim.work import Work, Works

if TYPE_CHECKING:
    from senim.orders.actions import Orders

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done:
    """The end of an order: its receipt, and what is to be written in the same transaction."""

    receipt: Receipt
    then: Callable[[Work], object] = lambda work: None


@dataclass(slots=True)
class Context:
    """One attempt at an order. A handler may be cut off anywhere, so each step that it remembers is one it can skip."""

    works: Works
    orders: Orders
    claimed: Claimed
    actor: Actor = SYSTEM

    def run(self, act: Callable[[Work], T]) -> T:
        """Run an act as Senim itself."""
        return self.works.run(self.actor, act)

    def step(self, step: str, then: Callable[[Work], object] = lambda work: None) -> None:
        """Remember the step reached, with what ``then`` writes, in one transaction; the lease begins anew.

        Raises Held (order_taken) if somebody else has the order by now: stop at once.
        """

        def act(work: Work) -> Claimed:
            then(work)
            return self.orders.stepped(work, self.claimed, step)

        self.claimed = self.run(act)

    def hold(self) -> None:
        """Say that this attempt is alive: the lease begins anew. Raises Held (order_taken)."""
        self.claimed = self.run(lambda work: self.orders.stepped(work, self.claimed, self.claimed.step))


Handler = Callable[[Context, Claimed], "Done | Receipt"]
"""Does one order. It returns the receipt, or raises: Unavailable and Held are tried again, other refusals are not."""
