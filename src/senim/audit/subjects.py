"""Which entries are about a person: an index that is written once and in order, as the tiles are.

Every bundle has a sorted list of (person, place in the bundle); when 256 bundles are full their lists are merged
into one list a lane. A row per entry in a B-tree would cost a page of 4 kB each, a hundred times as much; a look
reads one row a lane for every 65,536 entries, and the lists of the last bundles. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from senim.errors import Code, Tampered
from senim.identity import LANES

RECORD = 20
"""Bytes of a record: 16 of the person, 4 of the place."""


_PLACES = [place.to_bytes(4, "big") for place in range(256)]


def listed(people: Iterable[str | None], begun: int = 0) -> bytes:
    """The list of a bundle: records of whom each entry is about, if anybody, from place ``begun`` on, sorted.

    Raises Tampered (log_broken) for an entry about what is no person.
    """
    pairs = zip(people, _PLACES[begun:], strict=False)
    try:
        return b"".join(sorted([bytes.fromhex(one) + place for one, place in pairs if one]))
    except ValueError as error:
        raise Tampered(Code.LOG_BROKEN, "entry") from error


def in_order(records: bytes) -> bytes:
    """Records put in order."""
    return b"".join(sorted(records[at : at + RECORD] for at in range(0, len(records), RECORD)))


def merged(lists: Iterable[tuple[int, bytes]]) -> dict[int, bytes]:
    """The lists of many bundles (number of the bundle among them, list) as one sorted list for each lane."""
    lanes: list[list[bytes]] = [[] for _ in range(LANES)]
    for number, records in lists:
        bundle = bytes([number])  # the place within it is below 256: a byte, and the one above it is free
        for at in range(0, len(records), RECORD):
            lanes[records[at + 15] % LANES].append(records[at : at + 18] + bundle + records[at + 19 : at + RECORD])
    return {lane: b"".join(sorted(records)) for lane, records in enumerate(lanes) if records}


def places(records: bytes, subject: bytes) -> Iterator[int]:
    """The places of a person in a list, in order."""
    low, high = 0, len(records) // RECORD
    while low < high:
        middle = (low + high) // 2
        if records[middle * RECORD : middle * RECORD + 16] < subject:
            low = middle + 1
        else:
            high = middle
    while records[low * RECORD : low * RECORD + 16] == subject:
        yield int.from_bytes(records[low * RECORD + 16 : (low + 1) * RECORD], "big")
        low += 1
