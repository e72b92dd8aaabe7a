"""How often something may be tried: by a keyed digest of the address, so that no address is kept."""

from __future__ import annotations

from datetime import timedelta

from senim.errors import Code, NotAllowed
from senim.rights import store
from senim.rights.records import Opening
from senim.vault import BlindIndex
from senim.work import Work

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CODES_TO_ADDRESS, CODES_ABOUT_PERSON, OPENINGS, TRIES_A_DAY = 5, 5, 20, 20
"""Codes an hour to one address, codes an hour about one person, requests a day from one address, tries of codes."""

OPENINGS_FROM = 120
"""Requests an hour from one place of the network. Behind a proxy that is everybody: it stops floods."""


class Limits:
    """Counts attempts in windows of time. The counts are gone two days later."""

    def __init__(self, index: BlindIndex) -> None:
        self._index = index

    def count_opening(self, work: Work, opening: Opening) -> None:
        """Count a request by each identifier, and by where it is answered to: nobody's mailbox is flooded.

        Raises NotAllowed (too_many_attempts), known or unknown alike.
        """
        named = {(kind, mailbox(value)) for kind, value in opening.identifiers.items()}
        answered = {("email", mailbox(opening.reply_to))} if opening.reply_to else set()
        for kind, value in sorted(named | answered):
            self.count(work, f"open {kind}", value, most=OPENINGS, window=DAY)

    def count(self, work: Work, kind: str, value: str, *, most: int, window: timedelta) -> None:
        """Count one more. Raises NotAllowed (too_many_attempts) if there were ``most`` of them already."""
        if not self.may(work, kind, value, most=most, window=window):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)

    def may(self, work: Work, kind: str, value: str, *, most: int, window: timedelta) -> bool:
        """Count one more, if there were fewer than ``most``; whether there were."""
        digest = self._index.digest(f"limit {kind}", mailbox(value))
        known = work.memo.get(("attempts", kind, digest))
        since, count = known if isinstance(known, tuple) else store.attempted(work, kind, digest)
        if work.at - since >= window // timedelta(microseconds=1):
            since, count = work.at, 0
        if count >= most:
            return False
        work.memo["attempts", kind, digest] = (since, count + 1)
        store.count_attempt(work, kind, digest, since=since, count=count + 1)
        return True


def mailbox(address: str) -> str:
    """What is counted as one: ``anna+1@…`` and ``Anna+2@…`` end in the same mailbox. Other identifiers stay."""
    local, sign, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}{sign}{domain}"
