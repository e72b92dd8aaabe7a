"""Proof that an entry is in the log, and that the log still begins as it was signed before: short, for an outsider."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from senim.audit.checkpoint import Checkpoint, LogVerifier
from senim.audit.records import Problem, ProblemKind
from senim.audit.tree import HashAt, range_root, verify_inclusion
from senim.errors import Invalid, Tampered


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
            detail = f"a checkpoint knows of {one.size} entries, the log of {newest.size}"
            problems.append(Problem(ProblemKind.CUT, newest.size, detail))
        elif not _same(hash_at, one):
            detail = f"the first {one.size} entries are not what was signed"
            problems.append(Problem(ProblemKind.REWRITTEN, -1, detail))
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
        problems.append(Problem(ProblemKind.SIGNATURE, -1, "the signature of a checkpoint does not hold"))
        return None
