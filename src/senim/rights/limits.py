"""How often something may be tried: by a keyed digest of the address, so that no address is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from senim.errors import Code, NotAllowed
from senim.rights import store
from senim.vault import BlindIndex
from senim.work import Work

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CODES_TO_ADDRESS, CODES_ABOUT_PERSON, OPENINGS, WRONG = 5, 5, 20, 20
"""Codes an hour to one address, codes an hour about one person, requests a day from one address, wrong tries a day."""


class Limits:
    """Counts attempts in windows of time. The counts are gone two days later."""

    def __init__(self, index: BlindIndex) -> None:
        self._index = index

    def count_opening(self, work: Work, identifiers: Mapping[str, str]) -> None:
        """Count a request from each address. Raises NotAllowed (too_many_attempts), known or unknown alike."""
        for kind, value in identifiers.items():
            self.count(work, f"open {kind}", value, most=OPENINGS, window=DAY)

    def count(self, work: Work, kind: str, value: str, *, most: int, window: timedelta) -> None:
        """Count one more. Raises NotAllowed (too_many_attempts) if there were ``most`` of them already."""
        if not self.may(work, kind, value, most=most, window=window):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)

    def may(self, work: Work, kind: str, value: str, *, most: int, window: timedelta) -> bool:
        """Count one more, if there were fewer than ``most``; whether there were."""
        digest = self._index.digest(f"limit {kind}", value.strip().lower())
        known = work.memo.get(("attempts", kind, digest))
        since, count = known if isinstance(known, tuple) else store.attempted(work, kind, digest)
        if work.at - since >= window // timedelta(microseconds=1):
            since, count = work.at, 0
        if count >= most:
            return False
        work.memo["attempts", kind, digest] = (since, count + 1)
        store.count_attempt(work, kind, digest, since=since, count=count + 1)
        return True
