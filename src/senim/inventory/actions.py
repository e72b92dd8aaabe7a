"""The search: files, folders and tables, one after the other, each told when it is done."""

from __future__ import annotations

import io
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from senim.inventory import store
from senim.inventory.files import Reading
from senim.inventory.records import Report, Source, State, Why
from senim.inventory.tally import Tally
from senim.recognisers import Kind
from senim.times import stamp

Advance = Callable[[int, str], None]
"""Told how many bytes or tables more are done, and of what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to look for."""

    kinds: frozenset[str] = field(default_factory=lambda: frozenset(kind.value for kind in Kind))
    least: float = 0.5
    """The confidence from which something is told."""
    samples: int = 0
    """Masked samples of each finding."""
    rows: int = 0
    """Rows of each table that are read at most; 0 reads all."""
    tables: tuple[str, ...] = ()
    """Only tables that match one of these."""


class Inventory:
    """A search under way, and its report."""

    def __init__(self, wish: Wish, begun: datetime) -> None:
        self._wish = wish
        self.report = Report(stamp(begun), sorted(wish.kinds), sources=[])

    def _tally(self) -> Tally:
        return Tally(self._wish.kinds, self._wish.least, self._wish.samples)

    def files(self, paths: Iterable[Path], advance: Advance) -> None:
        """Search files, and everything in folders. What cannot be read is told in the report."""
        started = time.monotonic()
        for path, why in walked(paths):
            if why is None:
                self._file(path, advance)
            else:
                state = State.SKIPPED if why in (Why.LINK, Why.SPECIAL) else State.UNREADABLE
                self.report.add(Source(str(path), "file", state, why, findings=[]))
        self.report.seconds += time.monotonic() - started

    def _file(self, path: Path, advance: Advance) -> None:
        size = 0
        watched = None
        try:
            with Watched(path, advance) as watched:
                size = watched.size
                Reading(self._tally, self.report.add, size).source(str(path), watched, size=size)
        except OSError as error:
            self.report.add(Source(str(path), "file", State.UNREADABLE, _why(error), size=size, findings=[]))
        self.report.size += size
        advance(size - (watched.done if watched else 0), path.name)

    def tables(self, url: str, advance: Advance) -> None:
        """Search the tables of a database. Raises Invalid and Unavailable if it cannot be opened."""
        started = time.monotonic()
        with store.opened(url) as tables:
            for table in tables.names(self._wish.tables):
                source = tables.search(table, self._tally(), most=self._wish.rows)
                self.report.rows += source.size
                self.report.add(source)
                advance(1, source.name)
        self.report.seconds += time.monotonic() - started


class Watched(io.BufferedReader):
    """A file that tells how far it was read."""

    def __init__(self, path: Path, advance: Advance) -> None:
        raw = path.open("rb", buffering=0)
        super().__init__(raw)
        self.size = os.fstat(raw.fileno()).st_size
        self.done = 0
        self._advance = advance
        self._name = path.name

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        at = min(self.tell(), self.size)  # archives go back and forth
        if at > self.done:
            self._advance(at - self.done, self._name)
            self.done = at
        return part


def walked(paths: Iterable[Path]) -> Iterator[tuple[Path, Why | None]]:
    """All files, in order, each with the reason for which it is not opened. Links in folders are not followed."""
    for path in paths:
        if not path.is_dir():
            yield path, _not_opened(path, follow=True)
            continue
        faults: list[OSError] = []
        for folder, folders, names in os.walk(path, onerror=faults.append):
            folders.sort()
            here = Path(folder)
            yield from ((here / name, Why.LINK) for name in folders if (here / name).is_symlink())
            yield from ((here / name, _not_opened(here / name, follow=False)) for name in sorted(names))
        yield from ((Path(error.filename or path), _why(error)) for error in faults)


def weight(paths: Iterable[Path]) -> int:
    """The bytes of all files that will be opened."""
    total = 0
    for path, why in walked(paths):
        try:
            total += path.stat().st_size if why is None else 0
        except OSError:  # gone meanwhile: the search itself will tell
            continue
    return total


def _not_opened(path: Path, *, follow: bool) -> Why | None:
    try:
        mode = path.stat(follow_symlinks=follow).st_mode
    except OSError as error:
        return _why(error)
    if stat.S_ISLNK(mode):
        return Why.LINK
    return None if stat.S_ISREG(mode) else Why.SPECIAL


def _why(error: OSError) -> Why:
    if isinstance(error, PermissionError):
        return Why.NO_PERMISSION
    return Why.GONE if isinstance(error, FileNotFoundError) else Why.DISK
