"""Is the log what was written? Found and located with the public key alone.

The rules: a checkpoint must be signed; each entry's hash must stand in its tile; tiles must hash up to the
checkpoint's root; earlier checkpoints must be beginnings of the same tree; no anchor kept outside may know of
more entries than the log has; and nothing may stand beside the tree that does not belong to it.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

from senim.audit.checkpoint import Checkpoint, LogVerifier
from senim.audit.records import Problem, ProblemKind, Report
from senim.audit.tiles import HEIGHT, WIDTH, TileName, bundle_hashes, widths
from senim.audit.tree import EMPTY_ROOT, Frontier, subtree_root
from senim.errors import Invalid
from senim.languages import Hint, Said

MOST_PROBLEMS = 100
"""Problems listed at most; a log with more is broken beyond listing."""

_CHUNK = 64
"""Bundles handed to a helper process at a time."""


class LogSource(Protocol):
    """Where a log is read from: a live database or an exported folder."""

    def checkpoint(self) -> str | None:
        """The newest signed checkpoint; an empty text while nothing was ever sealed, None if it is lost."""

    def earlier(self) -> Iterable[str]:
        """Signed checkpoints from before."""

    grows: bool
    """Whether entries may be added while it is read: then the last bundle may hold more than was signed."""

    def read(self, name: TileName) -> bytes | None:
        """A tile or bundle at least as wide as named, or None."""

    def beside(self, tree: Frontier) -> Iterable[Problem]:
        """What stands beside a good tree and does not belong to it."""


@dataclass(frozen=True, slots=True)
class FolderLog:
    """An exported log: ``checkpoint``, ``checkpoints/*`` and ``tile/…`` as C2SP tlog-tiles lays them out."""

    folder: Path
    grows = False

    def checkpoint(self) -> str | None:
        """An export always has one: a blank file is none."""
        path = self.folder / "checkpoint"
        note = _text(path) if path.exists() else ""
        return note if note.strip() else None

    def earlier(self) -> list[str]:
        return [_text(path) for path in sorted((self.folder / "checkpoints").glob("*"))]

    def read(self, name: TileName) -> bytes | None:
        try:
            return (self.folder / "tile" / name.path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def beside(self, tree: Frontier) -> Iterator[Problem]:
        """Tiles and bundles behind the signed end, and bytes behind a tile's."""
        root = self.folder / "tile"
        for path in root.rglob("*"):
            kind, name = _behind(path, path.relative_to(root).as_posix(), tree.size)
            if kind is not None:
                start = name.n * WIDTH ** (max(name.level, 0) + 1)
                yield Problem(kind, start, Hint("copy-holds-more", file=f"tile/{name.path}"))


def _behind(path: Path, where: str, size: int) -> tuple[ProblemKind | None, TileName]:
    """Whether a file of an export goes beyond ``size`` entries. What is named as no tile is no part of a log."""
    try:
        name = TileName.parse(where)
    except Invalid:
        return None, TileName(0, 0)
    full, part = widths(size, name.level)
    if name.n > full or (name.n == full and name.width > part):
        return ProblemKind.ADDED, name
    longer = name.level >= 0 and path.stat().st_size > 32 * name.width
    return (ProblemKind.CHANGED if longer else None), name


_NO_FILE = "\0"
"""What stands where a note should be and is no file."""


def _text(path: Path) -> str:
    """A note as it stands there. Bytes that are no text make it one that nobody signed."""
    return _NO_FILE if path.is_dir() else path.read_bytes().decode("utf-8", errors="replace")


def verify_log(
    source: LogSource, verifier: LogVerifier, *, anchors: Iterable[str] = (), processes: int = 1, waiting: int = 0
) -> Report:
    """Check everything a log states. ``anchors`` are signed checkpoints that were kept outside of it."""
    return _Verification(source, verifier).run(list(anchors), processes, waiting)


class _Verification:
    """One run over a log: the tree as it grows, the roots that were signed for it, and what is wrong."""

    def __init__(self, source: LogSource, verifier: LogVerifier) -> None:
        self._source = source
        self._verifier = verifier
        self._problems: list[Problem] = []
        self._tree = Frontier()
        self._good = 0
        self._marks: dict[int, set[bytes]] = {}
        self._above: dict[int, tuple[int, list[bytes]]] = {}

    def run(self, anchors: list[str], processes: int, waiting: int) -> Report:
        signed = self._signed()
        self._marks = {signed.size: {signed.root}}
        for note in self._source.earlier():
            self._mark(note, Hint("earlier-checkpoint"), signed.size)
        for note in anchors:
            self._mark(note, Hint("anchor"), signed.size)
        for bundle in self._bundles(signed.size, processes):
            self._grow(bundle)
        for level, (n, hashes) in self._above.items():
            self._compare_tile(TileName(level, n, len(hashes)), hashes)
        for problem in () if self._problems else self._source.beside(self._tree):
            self._found(problem.kind, problem.index, problem.detail)
        return Report(signed.size, self._tree.root().hex(), tuple(self._problems), self._verifier.name, waiting)

    def _found(self, kind: ProblemKind, index: int, detail: Said) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(Problem(kind, index, detail))

    def _signed(self) -> Checkpoint:
        """What the newest checkpoint says the log is."""
        note = self._source.checkpoint()
        if note is None:
            self._found(ProblemKind.MISSING, -1, Hint("checkpoint-missing"))
        return (note and self._opened(note, Hint("newest-checkpoint"))) or Checkpoint(
            self._verifier.name, 0, EMPTY_ROOT
        )

    def _opened(self, note: str, what: Hint) -> Checkpoint | None:
        if note == _NO_FILE:
            self._found(ProblemKind.UNREADABLE, -1, Hint("note-no-file", what=what))
            return None
        try:
            return self._verifier.open(note)
        except Invalid:
            self._found(ProblemKind.SIGNATURE, -1, Hint("note-signature", what=what))
            return None

    def _mark(self, note: str, what: Hint, size: int) -> None:
        """Remember a root that was signed for some size; one beyond the log's end shows that the log was cut."""
        earlier = self._opened(note, what)
        if earlier is None:
            return
        if earlier.size > size:
            self._found(ProblemKind.CUT, size, Hint("note-knows-more", what=what, known=earlier.size, size=size))
        else:
            self._marks.setdefault(earlier.size, set()).add(earlier.root)

    def _bundles(self, size: int, processes: int) -> Iterator[_Bundle]:
        """All bundles in order, read and hashed ahead in helper processes when there are many."""
        inside = {mark // WIDTH for mark in self._marks if mark % WIDTH}
        names = [TileName(-1, n, min(WIDTH, size - n * WIDTH)) for n in range((size + WIDTH - 1) // WIDTH)]
        chunks = [names[at : at + _CHUNK] for at in range(0, len(names), _CHUNK)]
        asked = ((self._source, chunk, inside) for chunk in chunks)
        if processes == 1 or len(chunks) < 4:
            for one in asked:
                yield from _read_chunk(*one)
            return
        # Frozen: a helper's look for garbage would write into all that it shares with this process, and so copy it.
        with ProcessPoolExecutor(processes, initializer=gc.freeze) as pool:
            running = deque(pool.submit(_read_chunk, *one) for one in islice(asked, 2 * processes))
            while running:
                yield from running.popleft().result()
                running.extend(pool.submit(_read_chunk, *one) for one in islice(asked, 1))

    def _grow(self, bundle: _Bundle) -> None:
        """Add a bundle to the tree and compare roots wherever one was signed."""
        if bundle.root is not None:
            self._tree.join(HEIGHT, bundle.root)
            self._compare()
            self._climb(1, bundle.root)
            return
        hashes = self._hashes(bundle)
        for digest in hashes:
            self._tree.append(digest)
            self._compare()
        if len(hashes) == WIDTH:
            self._climb(1, subtree_root(hashes))

    def _climb(self, level: int, root: bytes) -> None:
        """Gather the roots of full tiles, and compare the tile above them when it is full."""
        n, hashes = self._above.pop(level, (0, []))
        hashes.append(root)
        full = len(hashes) == WIDTH
        if full:
            self._compare_tile(TileName(level, n), hashes)
            self._climb(level + 1, subtree_root(hashes))
        self._above[level] = (n + 1, []) if full else (n, hashes)

    def _compare_tile(self, name: TileName, hashes: list[bytes]) -> None:
        """A tile above the entries must hold the roots below it. Where entries are wrong, that is told instead."""
        if self._problems or not hashes:
            return
        tile = self._source.read(name)
        if (tile or b"")[: 32 * name.width] != b"".join(hashes):
            kind = ProblemKind.MISSING if tile is None else ProblemKind.CHANGED
            start = name.n * WIDTH ** (name.level + 1)
            self._found(kind, start, Hint("tile-hashes", tile=name.path))

    def _compare(self) -> None:
        signed = self._marks.get(self._tree.size)
        if signed is None:
            return
        if signed == {self._tree.root()}:
            self._good = self._tree.size
        elif not any(problem.kind is ProblemKind.REWRITTEN for problem in self._problems):
            end = self._tree.size
            self._found(
                ProblemKind.REWRITTEN,
                self._good,
                Hint("root-other", first=self._good, last=end - 1, size=end),
            )

    def _hashes(self, bundle: _Bundle) -> list[bytes]:
        """Name what is wrong with a bundle, if anything; the hashes that the tree goes on with."""
        start, end = (bundle.name.n * WIDTH, bundle.name.n * WIDTH + bundle.name.width - 1)
        if not bundle.fault:
            return bundle.hashes
        known = [bundle.tile[at : at + 32] for at in range(0, len(bundle.tile), 32)]
        if bundle.fault is ProblemKind.MISSING:
            self._found(bundle.fault, start, Hint("bundle-missing", first=start, last=end))
        elif bundle.fault is ProblemKind.UNREADABLE:
            self._found(bundle.fault, start, Hint("bundle-unread", first=start, last=end))
        elif not known:
            self._found(ProblemKind.MISSING, start, Hint("tile-missing", first=start, last=end))
        else:
            self._locate(start, bundle.hashes, known)
        return known or bundle.hashes

    def _locate(self, start: int, found: list[bytes], known: list[bytes]) -> None:
        """Compare a bundle's hashes with its tile: which entries were changed, moved, removed or added."""
        where, sealed = ({digest: index for index, digest in enumerate(found)}, set(known))
        before = len(self._problems)
        for index in range(max(len(found), len(known))):
            gone = index < len(known) and known[index] not in where
            new = index < len(found) and found[index] not in sealed
            if gone and new:
                self._found(ProblemKind.CHANGED, start + index, Hint("entry-other"))
            elif gone:
                self._found(ProblemKind.REMOVED, start + index, Hint("entry-gone"))
            elif new:
                self._found(ProblemKind.ADDED, start + index, Hint("entry-unsealed"))
            elif len(found) == len(known) and found[index] != known[index]:
                self._found(ProblemKind.MOVED, start + index, Hint("entry-moved", place=start + where[known[index]]))
        if len(found) > len(known) and len(self._problems) == before:
            self._found(ProblemKind.ADDED, start + len(known), Hint("entry-repeated"))


@dataclass(frozen=True, slots=True)
class _Bundle:
    """A bundle as read: its subtree's root if it is full and as sealed, otherwise its hashes and its tile's."""

    name: TileName
    root: bytes | None = None
    hashes: list[bytes] = field(default_factory=list)
    tile: bytes = b""
    fault: ProblemKind | None = None


def _read_chunk(source: LogSource, names: list[TileName], inside: set[int]) -> list[_Bundle]:
    return [_read_bundle(source, name, name.n in inside) for name in names]


def _read_bundle(source: LogSource, name: TileName, inside: bool) -> _Bundle:
    """Read and hash a bundle; ``inside`` says that a root within it was signed, so that each hash is needed."""
    tile = (source.read(TileName(0, name.n, name.width)) or b"")[: 32 * name.width]
    bundle = source.read(name)
    if bundle is None:
        return _Bundle(name, tile=tile, fault=ProblemKind.MISSING)
    try:
        hashes = bundle_hashes(bundle)[: name.width if source.grows else None]
    except ValueError:
        return _Bundle(name, tile=tile, fault=ProblemKind.UNREADABLE)
    if b"".join(hashes) != tile:
        return _Bundle(name, hashes=hashes, tile=tile, fault=ProblemKind.CHANGED)
    if name.width == WIDTH and not inside:
        return _Bundle(name, root=subtree_root(hashes))
    return _Bundle(name, hashes=hashes)
