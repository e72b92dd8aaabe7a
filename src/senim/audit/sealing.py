"""The sealer: puts entries that wait into the one tree, and signs a checkpoint over it.

One at a time, by a lease in the head row; and even without the lease two sealers could not both win, because
the head moves only if it is still where it was read.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from senim.audit import store
from senim.audit.checkpoint import Checkpoint, LogSigner, LogVerifier
from senim.audit.records import Entry, counted, from_leaf
from senim.audit.subjects import in_order, listed, merged
from senim.audit.tiles import WIDTH, TileName, pack, stored, widths
from senim.audit.tree import EMPTY_ROOT, Frontier, leaf_hash, range_root, subtree_root
from senim.errors import Code, Invalid, Stale, Tampered, of_disk
from senim.identity import new_id
from senim.storage import Database, Hold, Unit
from senim.times import micros

MOST = 512
"""Transactions whose entries are sealed together at most."""

ENOUGH = 1024
"""Entries after which no further transaction is taken into a batch, so that memory stays flat."""

KEEP_EVERY = 60_000_000
"""Microseconds between checkpoints that are kept for ever."""

LEASE = 5_000_000
"""Microseconds for which a sealer keeps others from trying."""


class Sealer:
    """Seals what waits; several may run, in one process or in many."""

    def __init__(self, database: Database, signer: LogSigner, now: Callable[[], datetime], anchor: Path | None) -> None:
        self._database = database
        self._signer = signer
        self._verifier = LogVerifier(signer.vkey)
        self._now = now
        self._anchor = anchor
        self._name = new_id()
        self._busy = Hold()

    def seal_all(self) -> int:
        """Seal until nothing waits; the number of entries sealed."""
        total = 0
        while sealed := self.seal():
            total += sealed
        return total

    def seal(self) -> int:
        """Seal one batch; the number of entries sealed (0: nothing waits, or another sealer is at it)."""
        with self._busy:
            # The head first: if another sealer takes what waits before it is read, the head is no longer this one.
            old = store.read_head(self._database)
            now = micros(self._now())
            if old.holder not in ("", self._name) and old.held_until > now:
                return 0  # before what waits is read: it may be much, and is not for this one
            waiting = store.waiting(self._database, MOST, ENOUGH)
            if not waiting:
                return 0
            unit = Unit()
            leaves = [leaf for _, _, packed in waiting for leaf in packed]
            new = self._extend(unit, old, leaves, now)
            for lane, entry_id, _ in waiting:
                unit.add(store.DELETE_PENDING, lane, entry_id)
            store.put_head(unit, new, old)
            try:
                self._database.commit(unit)
            except Stale:
                return 0
            self._write_anchor(new, old)
            return len(leaves)

    def release(self) -> None:
        """Let others seal at once instead of when the lease has run out: this sealer is done."""
        with self._busy:
            head = store.read_head(self._database)
            if head.holder == self._name:
                unit = Unit()
                store.put_head(unit, replace(head, holder="", held_until=0), head)
                with suppress(Stale):
                    self._database.commit(unit)

    def _extend(self, unit: Unit, old: store.Head, leaves: list[bytes], now: int) -> store.Head:
        tree = self._signed(old)
        hashes = [leaf_hash(leaf) for leaf in leaves]
        self._put_bundles(unit, old.size, leaves)
        self._put_tiles(unit, old.size, hashes)
        tree.extend(hashes)
        entries = [from_leaf(leaf) for leaf in leaves]
        self._put_index(unit, old.size, entries)
        self._count(unit, old.size, entries)
        note = self._signer.sign(tree.size, tree.root())
        keeps = now - old.kept_at >= KEEP_EVERY
        if keeps:
            unit.add(store.PUT_KEPT, tree.size, note)
        return store.Head(
            size=tree.size,
            frontier=tuple(tree.hashes),
            checkpoint=note,
            kept_at=now if keeps else old.kept_at,
            holder=self._name,
            held_until=now + LEASE,
        )

    def _signed(self, old: store.Head) -> Frontier:
        """The tree that is gone on with. Raises Tampered (log_broken) if it is not the one that was signed."""
        try:
            tree = old.tree()
            known = self._verifier.open(old.checkpoint) if old.checkpoint else Checkpoint("", 0, EMPTY_ROOT)
        except (ValueError, Invalid) as error:
            raise Tampered(Code.LOG_BROKEN, "log_head") from error
        lost = not old.checkpoint and store.begun(self._database) and store.read_head(self._database) == old
        if lost or (known.size, known.root) != (tree.size, tree.root()):
            raise Tampered(Code.LOG_BROKEN, "log_head")
        return tree

    def _put_bundles(self, unit: Unit, size: int, leaves: list[bytes]) -> None:
        first, begun = size // WIDTH, size % WIDTH
        content = list(leaves)
        if begun:
            content = stored(self._existing(TileName(-1, first, begun)), f"entries/{first}")[:begun] + content
        for at in range(0, len(content), WIDTH):
            store.put_tile(unit, TileName(-1, first + at // WIDTH), pack(content[at : at + WIDTH]))

    def _put_tiles(self, unit: Unit, size: int, hashes: list[bytes]) -> None:
        """Extend the tiles level by level: the roots of tiles that became full are the next level's hashes."""
        level = 0
        while hashes:
            full, begun = widths(size, level)
            content = list(hashes)
            if begun:
                known = self._existing(TileName(level, full, begun))
                content = [known[at : at + 32] for at in range(0, begun * 32, 32)] + content
            hashes = []
            for at in range(0, len(content), WIDTH):
                part = content[at : at + WIDTH]
                store.put_tile(unit, TileName(level, full + at // WIDTH), b"".join(part))
                if len(part) == WIDTH:
                    hashes.append(subtree_root(part))
            level += 1

    def _existing(self, name: TileName) -> bytes:
        content = store.read_tile(self._database, name)
        if content is None:
            raise Tampered(Code.LOG_BROKEN, name.path)
        return content

    def _put_index(self, unit: Unit, size: int, entries: list[Entry]) -> None:
        """Extend the lists of who is in which bundle; merge those of 256 bundles when they are full."""
        people, made = [entry.subject for entry in entries], dict[int, bytes]()
        begun = size % WIDTH
        for at in range(-begun, len(people), WIDTH):
            n = (size + at) // WIDTH
            made[n] = listed(people[max(at, 0) : at + WIDTH], max(-at, 0))
            if at < 0:
                made[n] = in_order(store.read_list(self._database, n) + made[n])
            store.put_list(unit, n, made[n])
        for segment in range(size // store.SEGMENT, (size + len(entries)) // store.SEGMENT):
            bundles = range(segment * WIDTH, (segment + 1) * WIDTH)
            parts = ((n - bundles[0], made.get(n) or store.read_list(self._database, n)) for n in bundles)
            store.put_lists(unit, segment, merged(parts))

    def _count(self, unit: Unit, size: int, entries: list[Entry]) -> None:
        known = {(one.act, one.detail): one for one in store.tallies(self._database)}
        for key in sorted(counted(known, entries, size)):
            one = known[key]
            unit.add(store.PUT_TALLY, *key, one.count, one.first_at, one.last_at, one.last_index)

    def _write_anchor(self, head: store.Head, old: store.Head) -> None:
        """Leave the checkpoint outside the database, where cutting the database's tail does not reach.

        An anchor that knows of more entries than the log has, or of others, stays: it is the proof that the log was
        cut or rewritten. Raises Unavailable (storage_full, storage_failed); the entries are sealed all the same.
        """
        if self._anchor is None or not self._goes_on(head, old):
            return
        draft = self._anchor.with_suffix(f".{self._name}")
        try:
            draft.write_text(head.checkpoint, encoding="utf-8")
            draft.replace(self._anchor)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise of_disk(error, self._anchor.name) from error

    def _goes_on(self, head: store.Head, old: store.Head) -> bool:
        """Whether the log begins with the entries that the anchor knows of, if it is one that this log signed."""
        try:
            note = self._anchor.read_text(encoding="utf-8") if self._anchor else ""
            known = self._verifier.open(note)
        except (OSError, UnicodeDecodeError, Invalid):
            return True
        if note == old.checkpoint or known.size == 0:
            return True
        if known.size > head.size:
            return False
        return range_root(partial(store.read_node, self._database), 0, known.size) == known.root
