"""How much one address may send to the public doors, without keeping the address: by a keyed mark, in memory."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable

from flask import Request

from senim.errors import Code, Unavailable
from senim.web.shared.askers import place

_MOST_MARKS = 50_000


class Limit:
    """Lets each address send ``most`` times a minute, and all together ``all`` times."""

    def __init__(self, most: int, everybody: int, now: Callable[[], float] | None = None) -> None:
        self._most = most
        self._everybody = everybody
        self._now = now
        self._key = os.urandom(32)
        self._minute = -1
        self._counts: dict[bytes, int] = {}
        self._total = 0

    def count(self, asked: Request) -> None:
        """Count one. Raises Unavailable (overloaded) for one too many."""
        minute = int((self._now or time.monotonic)() // 60)
        if minute != self._minute or len(self._counts) > _MOST_MARKS:
            self._minute, self._counts, self._total, self._key = minute, {}, 0, os.urandom(32)
        mark = hashlib.blake2b(place(asked).encode(), key=self._key, digest_size=16).digest()
        self._counts[mark] = self._counts.get(mark, 0) + 1
        self._total += 1
        if self._counts[mark] > self._most or self._total > self._everybody:
            raise Unavailable(Code.OVERLOADED)
