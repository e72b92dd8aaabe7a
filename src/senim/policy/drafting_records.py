"""Drafts of the next version of the policy."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A policy file that is being written. Times are microseconds since 1970 UTC, 0 for none."""

    id: str
    name: str
    """What the staff call it among themselves."""
    source: bytes = field(repr=False)
    digest: str
    """SHA-256 of exactly these bytes, in hex: what is proposed, and what is approved."""
    base: int
    """The version that it was begun from."""
    revision: int
    """How often it was saved: whoever saves says which one they had before them."""
    saved_by: str
    saved_at: int
    proposed_by: str = ""
    """Who proposed to publish it as it is; empty while nobody did, and again as soon as it is changed."""
    proposed_at: int = 0
    effective_at: int = 0
    """When it is to take effect; 0: as soon as it is approved."""

    def waits_for(self, who: str) -> bool:
        """Whether it is proposed, and not by them: whoever proposed it does not approve it."""
        return self.proposed_by not in ("", who)
