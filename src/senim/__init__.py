"""Senim runs a privacy policy: one file publishes the text and keeps it.

import senim

with senim.open("shop", role="site") as shop:
    notice = shop.notice("subscription", "ru")
    taken = shop.intake(notice, {"contact.email": "anna@people.example"}, consents={"site-news@email": True})
    if shop.check(taken.subject, "use", "site-news", channel="email"):
        ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from senim.version import __version__

if TYPE_CHECKING:
    from senim.session import Session
    from senim.session import open_session as open  # noqa: A004  # senim.open(DIR) is the front door's name

__all__ = ["Session", "__version__", "open"]


def __getattr__(name: str) -> Any:
    """Load the front door only when it is used: ``import senim`` itself costs next to nothing."""
    if name in ("open", "Session"):
        from senim import session

        return {"open": session.open_session, "Session": session.Session}[name]
    raise AttributeError(f"module 'senim' has no attribute {name!r}")
