"""How often something may be tried: by a keyed digest of the address, so that no address is kept."""

from __future__ import annotations

from datetime import timedelta

from senim.errors import Code, NotAllowed
from senim.rights import store
from senim.rights.records import Opening
from senim.vault import BlindIndex
from senim.work import Work

HOUR, WHILE, DAY = timedelta(hours=1), timedelta(hours=12), timedelta(days=1)
CODES_TO_ADDRESS, CODES_ABOUT_PERSON, OPENINGS, TRIES_A_DAY = 5, 5, 10, 20
"""Codes an hour to one address, codes an hour about one person, requests in twelve hours, tries of short codes a day.

Whoever names somebody else's address uses up what may be opened in that way for that address, for twelve hours at most.
The person has ways of their own meanwhile: signed in, and by mail that a trusted server vouches for.
"""

QUARTER = timedelta(minutes=15)
FROM_ONE_PLACE = {"open": 60, "code": 60, "try": 120}
"""Requests, codes asked for and codes tried in a quarter of an hour from one place of the network, whatever they name.

An office behind one address does not come near it, and if somebody in it does, the others wait for minutes.
"""


class Limits:
    """Counts attempts in windows of time. The counts are gone two days later, those of places within two hours."""

    def __init__(self, index: BlindIndex) -> None:
        self._index = index

    def count_opening(self, work: Work, opening: Opening) -> None:
        """Count a request: by who is signed in, else by each identifier and by where it is answered to.

        Nobody's mailbox is flooded, and nobody is kept out by others: what was shown is counted apart from what is
        merely said, and one way apart from another. Raises NotAllowed (too_many_attempts), known or unknown alike.
        """
        if opening.subject:
            named = {("subject", opening.subject)}
        else:
            named = {(kind, mailbox(value)) for kind, value in opening.identifiers.items()}
            named |= {("email", mailbox(opening.reply_to))} if opening.reply_to else set()
        way = "vouched" if opening.authenticated else opening.way.value
        for kind, value in sorted(named):
            self.count(work, f"open {way} {kind}", value, most=OPENINGS, window=WHILE)

    def count(self, work: Work, kind: str, value: str, *, most: int, window: timedelta) -> None:
        """Count one more. Raises NotAllowed (too_many_attempts) if there were ``most`` of them already."""
        if not self.may(work, kind, value, most=most, window=window):
            raise NotAllowed(Code.TOO_MANY_ATTEMPTS)

    def count_place(self, work: Work, what: str, place: str) -> None:
        """Count what came from a place of the network, if it is known. Raises NotAllowed (too_many_attempts)."""
        if place:
            self.count(work, f"{what} {store.PLACE}", place, most=FROM_ONE_PLACE[what], window=QUARTER)

    def spent(self, work: Work, kind: str, value: str, *, most: int, window: timedelta) -> bool:
        """Whether there were ``most`` already; counts nothing."""
        return self._counted(work, kind, self._index.digest(f"limit {kind}", mailbox(value)), window)[1] >= most

    def may(self, work: Work, kind: str, value: str, *, most: int, window: timedelta) -> bool:
        """Count one more, if there were fewer than ``most``; whether there were."""
        digest = self._index.digest(f"limit {kind}", mailbox(value))
        since, count = self._counted(work, kind, digest, window)
        if count >= most:
            return False
        work.memo["attempts", kind, digest] = (since, count + 1)
        store.count_attempt(work, kind, digest, since=since, count=count + 1)
        return True

    @staticmethod
    def _counted(work: Work, kind: str, digest: bytes, window: timedelta) -> tuple[int, int]:
        """Since when this window is, and how many there were in it."""
        known = work.memo.get(("attempts", kind, digest))
        since, count = known if isinstance(known, tuple) else store.attempted(work, kind, digest)
        return (work.at, 0) if work.at - since >= window // timedelta(microseconds=1) else (since, count)


def mailbox(address: str) -> str:
    """What is counted as one: ``anna+1@…`` and ``Anna+2@…`` end in the same mailbox. Other identifiers stay."""
    local, sign, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}{sign}{domain}"
