"""Requests that tests of rules are made from."""

from __future__ import annotations

from typing import Any

from senim.rights.records import Kind, Request, State, Way
from tests.unit.made import AT


def request(**changed: Any) -> Request:
    """A request as it stands just after it came in; ``changed`` replaces parts of it."""
    parts: dict[str, Any] = {
        "number": "R-2026-00000000",
        "holder": "0190" + "b" * 28,
        "kind": Kind.ACCESS,
        "way": Way.PORTAL,
        "state": State.RECEIVED,
        "received_at": AT,
        "opened_at": AT,
        "language": "en",
        "policy": 1,
        "token": bytes(16),
    }
    return Request(**{**parts, **changed})
