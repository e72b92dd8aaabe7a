"""Stored orders with receipts: remote and slow work that survives restarts, and is seen until it is done."""

from senim.orders.actions import Orders
from senim.orders.context import Context, Done, Handler
from senim.orders.records import CANCEL_REASONS, Claimed, Fact, Order, Receipt, State

__all__ = [
    "CANCEL_REASONS",
    "Claimed",
    "Context",
    "Done",
    "Fact",
    "Handler",
    "Order",
    "Orders",
    "Receipt",
    "State",
]
