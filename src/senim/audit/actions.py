"""The log as others see it: read entries and tiles, export, verify."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from senim.audit import store
from senim.audit.checkpoint import LogVerifier, parse_note
from senim.audit.live import Follow, StoredLog
from senim.audit.proofs import Proof, Span, consistent
from senim.audit.records import Entry, Problem, Report, Tally, from_leaf, time_of
from senim.audit.sealing import Sealer
from senim.audit.searching import PAGE, Found, Sought, done, entry_about, newest_about, search
from senim.audit.tiles import HEIGHT, WIDTH, TileName, pack, stored, widths
from senim.audit.tree import consistency_proof, inclusion_proof, leaf_hash
from senim.audit.verification import verify_log
from senim.errors import Code, NotFound, Tampered, of_disk
from senim.identity import SubjectId
from senim.storage import Database


class Log:
    """The log of a live system."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        vkey: str,
        anchor: Path | None,
        *,
        follow: Follow,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._anchor = anchor
        self._follow = follow
        self.vkey = vkey

    def seal(self) -> int:
        """Put what waits into the tree; the number of entries sealed."""
        return self._sealer.seal_all()

    def release(self) -> None:
        """Let another process seal at once: this one ends."""
        self._sealer.release()

    def checkpoint(self) -> str:
        """The newest signed checkpoint. Raises NotFound while nothing is sealed."""
        note = store.read_head(self._database).checkpoint
        if not note:
            raise NotFound(Code.NOT_FOUND, "checkpoint")
        return note

    @property
    def size(self) -> int:
        """How many entries are sealed."""
        return store.read_head(self._database).size

    def tile(self, name: TileName) -> bytes:
        """A tile or bundle, exactly as wide as named. Raises NotFound if the log is not that long."""
        content = store.read_tile(self._database, name)
        full, part = widths(self.size, name.level)
        if content is None or name.n > full or (name.n == full and name.width > part):
            raise NotFound(Code.NOT_FOUND, "tile")
        if name.level < 0:
            leaves = stored(content, name.path)
            return content if len(leaves) == name.width else pack(leaves[: name.width])
        return content[: 32 * name.width]

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, Entry]]:
        """Sealed entries from ``start`` to before ``end``, in order, with their numbers."""
        end = self.size if end is None else min(end, self.size)
        while start < end:
            leaves = self._leaves(start // WIDTH)
            for index in range(start, min(end, (start // WIDTH + 1) * WIDTH)):
                yield index, _entry(leaves, index)
            start = (start // WIDTH + 1) * WIDTH

    def back(self, before: int, most: int) -> Iterator[tuple[int, Entry]]:
        """Sealed entries before number ``before``, the newest first, at most ``most``."""
        before = min(before, self.size)
        least = max(before - most, 0)
        while before > least:
            first = (before - 1) // WIDTH * WIDTH
            leaves = self._leaves(first // WIDTH)
            for index in range(before - 1, max(first, least) - 1, -1):
                yield index, _entry(leaves, index)
            before = max(first, least)

    def number_at(self, at: int) -> int:
        """The number of the first sealed entry from a time on (microseconds since 1970 UTC), by halving."""
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            if time_of(_entry(self._leaves(middle // WIDTH), middle)) < at:
                low = middle + 1
            else:
                high = middle
        return low

    def entries_about(self, subject: SubjectId, after: int = 0, most: int = 100) -> list[tuple[int, Entry]]:
        """Sealed entries about a person from number ``after`` on, at most ``most``.

        Raises Tampered (log_broken) if the index leads to an entry about somebody else.
        """
        found, leaves, have = [], [b""], -1
        for index in store.indexes_of(self._database, subject, self.size, after, most):
            if index // WIDTH != have:
                have = index // WIDTH
                leaves = self._leaves(have)
            entry = _entry(leaves, index)
            if entry.subject != subject:
                raise Tampered(Code.LOG_BROKEN, "log_index")
            found.append((index, entry))
        return found

    def entries_waiting(self, subject: SubjectId) -> list[Entry]:
        """Entries about a person that are durable but not sealed yet."""
        known = subject.encode()
        packed = (leaf for _, _, leaves in store.waiting(self._database) for leaf in leaves if known in leaf)
        return [entry for leaf in packed if (entry := from_leaf(leaf)).subject == subject]

    def everything_about(self, subject: SubjectId) -> list[Entry]:
        """All entries about a person, sealed or not, in the order of their ids."""
        found = {one.id: one for one in self.entries_waiting(subject)}  # first: what is sealed meanwhile comes twice
        after = 0
        while page := self.entries_about(subject, after, 1000):
            found.update((entry.id, entry) for _, entry in page)
            after = page[-1][0] + 1
        return [found[one] for one in sorted(found)]

    def entry_about(self, subject: SubjectId, entry_id: str) -> Entry | None:
        """The entry about a person with an id, sealed or not, without the others; None if there is none."""
        # Looked at first: an entry that is sealed meanwhile is found twice, and not missed.
        waiting = next((one for one in self.entries_waiting(subject) if one.id == entry_id), None)
        return waiting or entry_about(self._database, subject, entry_id)

    def latest_about(self, subject: SubjectId, most: int) -> tuple[list[Entry], int]:
        """The newest entries about a person, sealed or not, at most so many; and how many there are, unread."""
        fresh = {one.id: one for one in self.entries_waiting(subject)}  # first: what is sealed meanwhile comes twice
        page = self.search(Sought(subject=subject), most=most)
        sealed = {entry.id: entry for _, entry in page.entries}
        older = store.indexes_before(self._database, subject, page.onwards, self.size)
        total = len(fresh.keys() | sealed) + sum(1 for _ in older)
        found = {**fresh, **sealed}
        return [found[one] for one in sorted(found, reverse=True)[:most]], total

    def newest_about(
        self, subject: SubjectId, acts: Collection[str], *, before: int = 0, most: int = 20
    ) -> tuple[list[Entry], int]:
        """The newest entries about a person that tell of acts done, from before a number on; bounded work.

        Where the next page goes on: before that number; 0 if nothing is left. What is not sealed yet stands first, on
        the first page.
        """
        # Looked at first: an entry that is sealed meanwhile is found twice, and not missed.
        waiting = [] if before else [one for one in self.entries_waiting(subject) if done(one, acts)]
        page = newest_about(self._database, subject, acts, before=before, most=most)
        sealed = [entry for _, entry in page.entries]
        known = {one.id for one in sealed}
        fresh = sorted((one for one in waiting if one.id not in known), key=lambda one: one.id, reverse=True)
        return fresh + sealed, page.onwards

    def _leaves(self, n: int) -> list[bytes]:
        content = store.read_tile(self._database, TileName(-1, n))
        if content is None:
            raise Tampered(Code.LOG_BROKEN, f"entries/{n}")
        return stored(content, f"entries/{n}")

    def search(self, sought: Sought, *, before: int = 0, most: int = PAGE) -> Found:
        """The newest sealed entries that fit, from before a number on; bounded work. Raises Tampered (log_broken)."""
        return search(self._database, sought, before=before, most=most)

    def leaf(self, index: int) -> bytes:
        """The sealed entry with a number as the bytes that its hash is of. Raises NotFound, Tampered (log_broken)."""
        if not 0 <= index < self.size:
            raise NotFound(Code.NOT_FOUND, "entry")
        return _leaf(self._leaves(index // WIDTH), index)

    def entry(self, index: int) -> Entry:
        """The sealed entry with a number. Raises NotFound, Tampered (log_broken)."""
        return from_leaf(self.leaf(index))

    def proof(self, index: int) -> Proof:
        """Proof that an entry is in the log of the newest checkpoint. Raises NotFound, Tampered (log_broken)."""
        hashed, head = leaf_hash(self.leaf(index)), store.read_head(self._database)
        hashes = tuple(inclusion_proof(self._hash_at, index, head.size))
        return Proof(index=index, leaf_hash=hashed, hashes=hashes, checkpoint=head.checkpoint)

    def _hash_at(self, level: int, index: int) -> bytes:
        return store.read_node(self._database, level, index)

    def span(self, since: int, until: int) -> Span:
        """The part of the log from a time to before another, between two states of it that were signed.

        Times are microseconds since 1970 UTC. A few reads, however long the log is.
        """
        head = store.read_head(self._database)
        first, end = self.number_at(since), self.number_at(until)
        before = store.checkpoints_before(self._database, first + 1, 1)
        earlier = before[0][1] if before and before[0][0] else ""
        later = store.checkpoint_from(self._database, max(end, 1)) or head.checkpoint
        old, new = (parse_note(note)[0].size if note else 0 for note in (earlier, later))
        hashes = consistency_proof(self._hash_at, old, new) if old else []
        return Span(first=first, end=end, earlier=earlier, later=later, hashes=tuple(hashes))

    def checkpoints(self, before: int = 0, most: int = PAGE) -> list[tuple[int, str]]:
        """Checkpoints that were kept, of logs shorter than ``before`` (0: any), the newest first: size and note."""
        return store.checkpoints_before(self._database, before or store.EVERYTHING, most)

    def consistent(self) -> tuple[int, list[Problem]]:
        """A quick look, without reading entries: the size that is signed, and what is wrong with what was signed.

        The anchor outside the database and the newest kept checkpoints count as earlier ones.
        """
        head = store.read_head(self._database)
        if not head.checkpoint:
            return 0, []
        earlier = [*self.anchors(), *(note for _, note in self.checkpoints(head.size, 3))]
        return consistent(self._hash_at, head.checkpoint, earlier=earlier, verifier=LogVerifier(self.vkey))

    def tallies(self) -> list[Tally]:
        """How often each act was sealed, by outcome and refusal code."""
        return store.tallies(self._database)

    def anchors(self) -> list[str]:
        """The checkpoint kept outside the database, if there is one. Raises Unavailable if it cannot be read."""
        if self._anchor is None or not self._anchor.exists():
            return []
        try:
            return [self._anchor.read_text(encoding="utf-8", errors="replace")]
        except OSError as error:
            raise of_disk(error, self._anchor.name) from error

    def verify(self, *, anchors: tuple[str, ...] = ()) -> Report:
        """Seal what waits and check the whole log, and what is kept beside it, against the public key and all anchors.

        Raises Tampered (log_broken) if what waits cannot be sealed, and not because of what the report tells.
        """
        broken = None
        with self._follow() as follower:
            try:
                self.seal()
            except Tampered as error:
                broken = error
            waiting = [from_leaf(leaf) for _, _, leaves in store.waiting(self._database) for leaf in leaves]
            moment, anchors = store.moment(self._database), (*self.anchors(), *anchors)
            source = StoredLog(self._database, moment, waiting, follower, self.everything_about)
            report = verify_log(source, LogVerifier(self.vkey), anchors=anchors, waiting=len(waiting))
        if broken and report.ok:
            raise broken
        return report

    def export(self, folder: Path) -> int:
        """Write the log as an outsider's copy (C2SP tlog-tiles); the number of entries in it.

        The checkpoint is written last: a copy that was cut off has none, or still its earlier one.
        Raises NotFound while nothing is sealed, Unavailable (storage_full, storage_failed).
        """
        self.seal()
        head = store.read_head(self._database)
        if not head.checkpoint:
            raise NotFound(Code.NOT_FOUND, "checkpoint")
        for level in range(-1, 64 // HEIGHT):
            full, part = widths(head.size, level)
            for n in range(full + bool(part)):
                name = TileName(level, n, WIDTH if n < full else part)
                _write(folder / "tile" / name.path, self.tile(name))
        for size, note in store.kept_checkpoints(self._database):
            _write(folder / "checkpoints" / f"{size:020d}", note.encode())
        _write(folder / "vkey", f"{self.vkey}\n".encode())
        _write(folder / "checkpoint", head.checkpoint.encode())
        return head.size


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise of_disk(error, path.name) from error


def _entry(leaves: list[bytes], index: int) -> Entry:
    """The entry with a number, from its bundle. Raises Tampered (log_broken) if the bundle is too short."""
    return from_leaf(_leaf(leaves, index))


def _leaf(leaves: list[bytes], index: int) -> bytes:
    if index % WIDTH >= len(leaves):
        raise Tampered(Code.LOG_BROKEN, f"entries/{index // WIDTH}")
    return leaves[index % WIDTH]
