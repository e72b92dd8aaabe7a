"""What devices tell by themselves at a point, and how it is kept: apart from people, and for a short time."""

from __future__ import annotations

from typing import Literal

from senim.policy.taxonomy import FieldRef, Id, NoId, Part

Told = Literal["ip", "visitor", "browser", "system", "time", "page", "referrer"]
"""What a device tells by itself when it opens a page."""


class VisitsKept(Part, frozen=True, kw_only=True):
    """Visits that are kept for one purpose."""

    choice: NoId = ""
    """The kind of cookies by which visitors choose it; needed where the purpose rests on consent."""
    lasts: str
    """How long a visit is kept, e.g. ``30 calendar days``; never longer than its purpose lasts."""


class Visits(Part, frozen=True, kw_only=True):
    """What devices tell by themselves, kept apart from people: by pseudonyms, for a short time (tickets-8, shop-8)."""

    tells: dict[FieldRef, Told]
    """What each field holds: ``ip``, ``visitor``, ``browser``, ``system``, ``time``, ``page`` or ``referrer``."""
    renews: Literal["day", "week"] = "day"
    """How long an address or a visitor has the same pseudonym; then its key is destroyed."""
    keeps: dict[Id, VisitsKept]
    """The purposes that visits are kept for."""
