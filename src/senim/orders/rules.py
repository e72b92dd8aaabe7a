"""When an order is tried again, and what may stand in it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from senim.errors import Held, SenimError, Unavailable
from senim.identity import SubjectId, is_id, new_id
from senim.languages import Hint, Said

FIRST = 10_000_000
"""Microseconds before the second attempt, more or less."""

LONGEST = 4 * 3600 * 1_000_000
"""Microseconds between attempts at most, more or less."""

ATTEMPTS = 16
"""Attempts before an order is dead, where its kind says nothing else: about a day."""

KIND = re.compile(r"[a-z]+(\.[a-z]+(-[a-z]+)*)+\Z")
_DIGEST = re.compile(r"[0-9a-f]{16,128}\Z")
_DIGITS = re.compile(
    r"\d{10}|\+\d[\d ()-]{8,}\d|\b[78][ (-]{0,2}7\d\d[ )-]{0,2}\d{3}[ -]?\d\d[ -]?\d\d|(?:\d{4}[ -]){3}\d{4}"
)
"""Telephones, IINs and cards, as they are written."""


def wait(order_id: str, tries: int) -> int:
    """Microseconds until the next attempt after ``tries``: doubled each time, capped, spread by a quarter.

    The spread comes from the id, so that orders that failed together do not all come back together.
    """
    usual: int = min(FIRST << min(tries - 1, 32), LONGEST)
    chance = int.from_bytes(hashlib.sha256(f"{order_id} {tries}".encode()).digest()[:4], "big")
    return usual * 3 // 4 + usual // 2 * chance // 0xFFFF_FFFF


def may_pass(error: SenimError) -> bool:
    """Whether what stopped an attempt may be gone at the next one."""
    return isinstance(error, Unavailable | Held)


def id_beside(holder: SubjectId, kind: str = "", key: str = "") -> str:
    """The id of an order in the lane of its holder; with a key always the same one."""
    made = hashlib.sha256(f"{kind}\n{holder}\n{key}".encode()).hexdigest() if key else new_id()
    return made[:30] + holder[-2:]


def personal(facts: Any, where: str = "") -> Iterator[str]:
    """Where something stands that may be a value of a person: an address, or so many digits as telephones have.

    Ids and digests are no values, nor are times (16 digits) and counts.
    """
    if isinstance(facts, Mapping):
        for name, value in facts.items():
            yield from personal(name, f"{where}.{name}" if where else str(name))
            yield from personal(value, f"{where}.{name}" if where else str(name))
    elif isinstance(facts, list | tuple):
        for number, value in enumerate(facts):
            yield from personal(value, f"{where}[{number}]")
    elif isinstance(facts, str) and not is_id(facts) and not _DIGEST.match(facts):
        if "@" in facts or _DIGITS.search(facts):
            yield where
    elif isinstance(facts, int) and 10**9 <= abs(facts) < 10**14:
        yield where


def told(said: Said) -> Said:
    """A detail of a failure as it may be kept: short, and nothing that may be a value."""
    if any(personal(msgspec.to_builtins(said), "detail")):
        return ""
    return said if isinstance(said, Hint) else said[:200]


def why(error: SenimError) -> Said:
    """Where an attempt was stopped, and what is said besides where that is a hint; what a machine says is not kept."""
    if error.hint is None:
        return error.where
    return Hint("at", where=error.where, says=error.hint) if error.where else error.hint
