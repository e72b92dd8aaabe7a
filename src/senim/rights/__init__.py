"""Requests and claims of people: received, identified, decided, carried out in every system, answered in time."""

from senim.rights.actions import Rights, Status
from senim.rights.desk import Parts, Post
from senim.rights.identity import challenge
from senim.rights.records import (
    Attached,
    For,
    Ground,
    Kind,
    Opened,
    Opening,
    Proof,
    Refusal,
    Request,
    Shown,
    State,
    Way,
)
from senim.rights.signature import Roots

__all__ = [
    "Attached",
    "For",
    "Ground",
    "Kind",
    "Opened",
    "Opening",
    "Parts",
    "Post",
    "Proof",
    "Refusal",
    "Request",
    "Rights",
    "Roots",
    "Shown",
    "State",
    "Status",
    "Way",
    "challenge",
]
