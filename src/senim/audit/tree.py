"""The Merkle tree of RFC 6962 §2.1: hashes, roots, proofs of inclusion and of consistency. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()

HashAt = Callable[[int, int], bytes]
"""The hash of a full subtree: ``(level, index)`` covers leaves ``index·2^level`` to ``(index+1)·2^level - 1``."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of an entry (RFC 6962: SHA-256 of 0x00 and the entry)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 6962: SHA-256 of 0x01 and both children)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def subtree_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a full subtree's hashes (their number is a power of two)."""
    level = list(hashes)
    sha = hashlib.sha256
    while len(level) > 1:
        level = [sha(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level), 2)]
    return level[0]


class Frontier:
    """A tree of which only its right edge is kept: enough to append to and to know its root.

    ``hashes`` are the roots of the full subtrees from left (largest) to right, one for each 1 bit of ``size``.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} full subtrees, not {len(self.hashes)}")

    def append(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        self.join(0, leaf)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add the hashes of leaves, in subtrees as large as their places allow."""
        at, end = 0, len(leaves)
        while at < end:
            level = (end - at).bit_length() - 1
            if self.size:
                level = min(level, (self.size & -self.size).bit_length() - 1)
            self.join(level, subtree_root(leaves[at : at + (1 << level)]))
            at += 1 << level

    def join(self, level: int, root: bytes) -> None:
        """Add a full subtree of ``2^level`` leaves; the size must be a multiple of that."""
        size = self.size >> level
        while size & 1:
            root = node_hash(self.hashes.pop(), root)
            size >>= 1
        self.hashes.append(root)
        self.size += 1 << level

    def root(self) -> bytes:
        """The root over all leaves (RFC 6962 §2.1)."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def range_root(hash_at: HashAt, start: int, end: int) -> bytes:
    """The root over leaves ``start`` to ``end - 1``, where ``start`` is a multiple of a power of two ≥ the range."""
    frontier: list[bytes] = []
    while start < end:
        level = min((start & -start).bit_length() - 1 if start else 64, (end - start).bit_length() - 1)
        frontier.append(hash_at(level, start >> level))
        start += 1 << level
    root = frontier[-1]
    for left in reversed(frontier[:-1]):
        root = node_hash(left, root)
    return root


def _split(count: int) -> int:
    """The largest power of two below ``count`` (RFC 6962: k)."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_proof(hash_at: HashAt, index: int, size: int) -> list[bytes]:
    """The hashes that lead from leaf ``index`` to the root of ``size`` leaves, from the leaf up (RFC 6962 §2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} among {size}")
    start, end, proof = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(hash_at, middle, end))
            end = middle
        else:
            proof.append(range_root(hash_at, start, middle))
            start = middle
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at ``index`` in the tree with that root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and value == root


def consistency_proof(hash_at: HashAt, old: int, new: int) -> list[bytes]:
    """The hashes that show that the first ``old`` of ``new`` leaves are unchanged (RFC 6962 §2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"no tree of {old} leaves within {new}")
    start, end, proof, whole = 0, new, [], True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_root(hash_at, middle, end))
            end = middle
        else:
            proof.append(range_root(hash_at, start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(range_root(hash_at, start, end))
    return proof[::-1]


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the tree of ``old`` leaves is the beginning of the tree of ``new`` (RFC 9162 §2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
