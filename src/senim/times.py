"""How times are written: microseconds since 1970 UTC where they are compared, RFC 3339 where they are read."""

from __future__ import annotations

import functools
from datetime import UTC, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

utc_now = functools.partial(datetime.now, UTC)
"""The time of this machine."""


def micros(moment: datetime) -> int:
    """An aware time as microseconds since 1970 UTC, exact."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment(microseconds: int) -> datetime:
    """The aware UTC time of a stored number."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


@functools.lru_cache(maxsize=64)  # one act writes its time several times, and an import the same for hundreds
def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as entries and answers write a time."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


@functools.lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def stamp_of(microseconds: int) -> str:
    """A stored number as :func:`stamp` writes its time."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{_second(seconds)}.{rest:06d}Z"
