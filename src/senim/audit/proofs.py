"""Proof that an entry is in the log, and that the log still begins as it was signed before: short, for an outsider."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from senim.audit.checkpoint import Checkpoint, LogVerifier
from senim.audit.records import Problem, ProblemKind
from senim.audit.tree import HashAt, range_root, verify_consistency, verify_inclusion
from senim.errors import Invalid, Tampered
from senim.languages import Hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That an entry stands at a place of the tree that a checkpoint signs."""

    index: int
    leaf_hash: bytes
    hashes: tuple[bytes, ...]
    """The hashes that lead from the entry to the root."""
    checkpoint: str

    def holds(self, verifier: LogVerifier) -> bool:
        """Whether it does, by the public key alone."""
        try:
            signed = verifier.open(self.checkpoint)
        except Invalid:
            return False
        return verify_inclusion(self.leaf_hash, self.index, signed.size, self.hashes, signed.root)

    def text(self) -> str:
        """It as a file that other tools read (C2SP tlog-proof)."""
        lines = ["c2sp.org/tlog-proof@v1", f"index {self.index}"]
        lines += [base64.b64encode(one).decode() for one in self.hashes]
        return "\n".join([*lines, "", self.checkpoint])


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of the log, between two states of it that were signed, and proof that the later one begins as the earlier.

    Entries ``first`` to before ``end`` lie behind the earlier state and within the later one.
    """

    first: int
    end: int
    earlier: str
    """The last checkpoint kept of before it; empty if there is none: the log began later, or was not signed yet."""
    later: str
    """The first one that covers all of it; empty while nothing is signed."""
    hashes: tuple[bytes, ...]

    def problems(self, verifier: LogVerifier) -> list[Problem]:
        """What is wrong with it, by the public key alone."""
        found: list[Problem] = []
        later = _opened(self.later, verifier, found) if self.later else None
        earlier = _opened(self.earlier, verifier, found) if self.earlier else None
        if found:
            return found
        begin, close = earlier.size if earlier else 0, later.size if later else 0
        if not begin <= self.first <= self.end <= close:
            found.append(Problem(ProblemKind.MISSING, self.first, Hint("states-not-around")))
        elif earlier is not None and later is not None:
            holds = verify_consistency(begin, close, self.hashes, earlier.root, later.root)
            if not holds:
                found.append(Problem(ProblemKind.REWRITTEN, -1, Hint("first-entries-other", count=begin)))
        return found


def consistent(
    hash_at: HashAt, checkpoint: str, *, earlier: Iterable[str], verifier: LogVerifier
) -> tuple[int, list[Problem]]:
    """Whether the tree is what its checkpoint signs, and begins as earlier ones signed it: its size, and what is wrong.

    A few reads, however long the log is: entries are not looked at.
    """
    problems: list[Problem] = []
    newest = _opened(checkpoint, verifier, problems)
    if newest is None:
        return 0, problems
    notes = (_opened(note, verifier, problems) for note in earlier)
    for one in (newest, *(note for note in notes if note is not None)):
        if one.size > newest.size:
            detail = Hint("note-knows-more", what=Hint("earlier-checkpoint"), known=one.size, size=newest.size)
            problems.append(Problem(ProblemKind.CUT, newest.size, detail))
        elif not _same(hash_at, one):
            problems.append(Problem(ProblemKind.REWRITTEN, -1, Hint("first-entries-other", count=one.size)))
    return newest.size, problems


def _same(hash_at: HashAt, signed: Checkpoint) -> bool:
    try:
        return signed.size == 0 or range_root(hash_at, 0, signed.size) == signed.root
    except Tampered:  # a tile is missing
        return False


def _opened(note: str, verifier: LogVerifier, problems: list[Problem]) -> Checkpoint | None:
    try:
        return verifier.open(note)
    except Invalid:
        problems.append(Problem(ProblemKind.SIGNATURE, -1, Hint("note-signature", what=Hint("newest-checkpoint"))))
        return None
