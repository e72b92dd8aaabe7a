"""What a search found: sources, findings and places. No personal value, unless masked samples were asked for."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

import msgspec

MOST_PLACES = 10
"""Places of a finding that are told; all are counted."""


class State(StrEnum):
    """How much of a source was read."""

    READ = "read"
    PART = "part"
    SKIPPED = "skipped"
    UNREADABLE = "unreadable"


class Why(StrEnum):
    """Why a source was not read, or not whole: a closed list, worded in ``locales/scan.toml``."""

    BINARY = "binary"
    PDF = "pdf"
    DATABASE_FILE = "database_file"
    SPECIAL = "special"
    """A device, a pipe, a socket."""
    LINK = "link"
    GONE = "gone"
    NO_PERMISSION = "no_permission"
    DISK = "disk"
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    TOO_MUCH = "too_much"
    """An archive holds far more than it weighs."""
    SAMPLED = "sampled"
    BINARY_COLUMNS = "binary_columns"
    TABLE = "table"
    """The database refused to read it."""


class Place(msgspec.Struct, frozen=True):
    """Where something begins: line and character of a file, counted from 1; row and column of a table."""

    line: int
    character: int = 0


class Finding(msgspec.Struct):
    """Everything of one kind in one source, or in one column of it."""

    kind: str
    column: str = ""
    count: int = 0
    confidence: float = 0.0
    """The highest of all."""
    why: list[str] = []
    """Why it is taken for that: words of ``recognisers.Why``."""
    places: list[Place] = []
    samples: list[str] = []
    """Masked."""


class Source(msgspec.Struct):
    """A file, a member of an archive (``a.zip!b.csv``) or a table."""

    name: str
    what: str
    """``text``, ``sheet``, ``markup``, ``mail``, ``table``, ``archive`` …"""
    state: State = State.READ
    why: str = ""
    encoding: str = ""
    size: int = 0
    """Bytes of a file, rows of a table."""
    findings: list[Finding] = []

    @property
    def count(self) -> int:
        """How much was found in it."""
        return sum(finding.count for finding in self.findings)


class Report(msgspec.Struct):
    """A search: sources with something in them or not wholly read, and how many held nothing."""

    begun: str
    kinds: list[str]
    sources: list[Source] = []
    read: int = 0
    """Sources that were read."""
    size: int = 0
    """Bytes of files that were read."""
    rows: int = 0
    seconds: float = 0.0

    def add(self, source: Source) -> None:
        """Take in a source. Of one that was read whole and held nothing no more is kept than that it was read."""
        if source.state in (State.READ, State.PART):
            self.read += 1
        if source.findings or source.state is not State.READ:
            # A name of a file may be no text at all (another encoding); a report is.
            source.name = source.name.encode("utf-8", "backslashreplace").decode()
            self.sources.append(source)

    def by_kind(self) -> dict[str, int]:
        """How much of each kind, most first."""
        counts: Counter[str] = Counter()
        for source in self.sources:
            for finding in source.findings:
                counts[finding.kind] += finding.count
        return dict(counts.most_common())

    @property
    def found(self) -> int:
        """How much was found in all."""
        return sum(source.count for source in self.sources)

    def not_read(self) -> list[Source]:
        """Sources that were not read, or not whole, in the order of the search."""
        return [source for source in self.sources if source.state is not State.READ]
