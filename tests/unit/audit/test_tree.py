"""The Merkle tree of RFC 6962: known vectors, the recursive definition, and proofs that hold and fail."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from senim.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    HashAt,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    range_root,
    subtree_root,
    verify_consistency,
    verify_inclusion,
)

# The reference vectors of Certificate Transparency (google/certificate-transparency, merkle_tree_test).
LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
A, B, C, D, E, F, G = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    ROOTS[4],
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
)


def naive(hashes: Sequence[bytes]) -> bytes:
    """The root as RFC 6962 §2.1 defines it."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(naive(hashes[:split]), naive(hashes[split:]))


def hashes_at(hashes: Sequence[bytes]) -> HashAt:
    """Full subtrees of a list of leaf hashes."""
    return lambda level, index: naive(hashes[index << level : (index + 1) << level])


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def frontier(hashes: Sequence[bytes]) -> Frontier:
    tree = Frontier()
    for one in hashes:
        tree.append(one)
    return tree


@pytest.mark.parametrize("size", range(9))
def test_reference_roots(size: int) -> None:
    """Roots are those that every tool for such logs computes."""
    hashes = [leaf_hash(leaf) for leaf in LEAVES[:size]]
    assert naive(hashes).hex() == frontier(hashes).root().hex() == ROOTS[size]


def test_empty_root_is_that_of_nothing() -> None:
    """An empty log has the hash of no bytes."""
    assert EMPTY_ROOT.hex() == Frontier().root().hex() == ROOTS[0]


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [(0, 1, ()), (0, 8, (A, B, C)), (5, 8, (D, E, F)), (2, 3, (ROOTS[2],)), (1, 5, (ROOTS[1], B, D))],
)
def test_reference_inclusion_proofs(index: int, size: int, proof: tuple[str, ...]) -> None:
    """Proofs of inclusion are those of Certificate Transparency."""
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    assert [one.hex() for one in inclusion_proof(hashes_at(hashes), index, size)] == list(proof)
    root = bytes.fromhex(ROOTS[size])
    assert verify_inclusion(hashes[index], index, size, [bytes.fromhex(one) for one in proof], root)


@pytest.mark.parametrize(("old", "new", "proof"), [(1, 1, ()), (1, 8, (A, B, C)), (6, 8, (G, E, F)), (2, 5, (B, D))])
def test_reference_consistency_proofs(old: int, new: int, proof: tuple[str, ...]) -> None:
    """Proofs of consistency are those of Certificate Transparency."""
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    assert [one.hex() for one in consistency_proof(hashes_at(hashes), old, new)] == list(proof)
    roots = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new])
    assert verify_consistency(old, new, [bytes.fromhex(one) for one in proof], *roots)


def test_leaves_and_nodes_never_have_the_same_hash() -> None:
    """An entry cannot pass for an inner node (second preimages, RFC 6962 §2.1)."""
    left, right = leaves(2)
    assert leaf_hash(left + right) != node_hash(left, right)


def test_every_proof_of_inclusion_up_to_seventy_holds() -> None:
    """Each leaf of each size is proven, and its proof shows no other leaf, place or root."""
    hashes = leaves(70)
    for size in range(1, 71):
        at, root = hashes_at(hashes[:size]), naive(hashes[:size])
        for index in range(size):
            proof = inclusion_proof(at, index, size)
            assert verify_inclusion(hashes[index], index, size, proof, root)
            other = (index + 1) % size
            if other != index:
                assert not verify_inclusion(hashes[other], index, size, proof, root)
                assert not verify_inclusion(hashes[index], other, size, proof, root)


def test_every_proof_of_consistency_up_to_forty_holds() -> None:
    """Each earlier size is the beginning of each later one, and of no other tree."""
    hashes = leaves(40)
    roots = [naive(hashes[:size]) for size in range(41)]
    wrong = leaf_hash(b"wrong")
    for new in range(1, 41):
        at = hashes_at(hashes[:new])
        for old in range(1, new + 1):
            proof = consistency_proof(at, old, new)
            assert verify_consistency(old, new, proof, roots[old], roots[new])
            assert not verify_consistency(old, new, proof, wrong, roots[new])
            assert not verify_consistency(old, new, proof, roots[old], wrong)
            if old < new:
                assert not verify_consistency(old, new, proof, roots[old - 1], roots[new])


sizes = st.integers(1, 300)
flips = st.integers(0, 255)


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def spoiled(data: st.DataObject, proof: list[bytes]) -> list[bytes]:
    """The proof with something wrong: a bit, one too few, one too many, two in the wrong order."""
    place = data.draw(st.integers(0, max(len(proof) - 1, 0)))
    kinds = ["longer", "longer in front"]
    if proof:
        kinds += ["bit", "shorter", "without one", "twice"]
    if len(proof) > 1:
        kinds.append("turned")
    match data.draw(st.sampled_from(kinds)):
        case "bit":
            return [*proof[:place], flipped(proof[place], data.draw(flips)), *proof[place + 1 :]]
        case "shorter":
            return proof[:-1]
        case "without one":
            return proof[:place] + proof[place + 1 :]
        case "twice":
            return [*proof[: place + 1], *proof[place:]]
        case "turned":
            return proof[::-1]
        case "longer":
            return [*proof, data.draw(st.binary(min_size=32, max_size=32))]
        case _:
            return [data.draw(st.binary(min_size=32, max_size=32)), *proof]


@given(sizes, st.data())
def test_a_spoiled_proof_of_inclusion_is_refused(size: int, data: st.DataObject) -> None:
    """No changed hash, order or length passes."""
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(hashes_at(hashes), index, size)
    root = naive(hashes)
    assert verify_inclusion(hashes[index], index, size, proof, root)
    assert not verify_inclusion(hashes[index], index, size, spoiled(data, proof), root)
    assert not verify_inclusion(flipped(hashes[index], data.draw(flips)), index, size, proof, root)
    assert not verify_inclusion(hashes[index], index, size, proof, flipped(root, data.draw(flips)))


@given(sizes, st.data())
def test_a_proof_shows_one_place_only(size: int, data: st.DataObject) -> None:
    """A leaf proven at one place is proven at no other."""
    assume(size > 1)
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-3, size + 3).filter(lambda one: one != index))
    proof = inclusion_proof(hashes_at(hashes), index, size)
    assert not verify_inclusion(hashes[index], other, size, proof, naive(hashes))


@given(sizes, st.data())
def test_a_spoiled_proof_of_consistency_is_refused(new: int, data: st.DataObject) -> None:
    """No changed hash, order or length passes here either."""
    hashes = leaves(new)
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(hashes_at(hashes), old, new)
    roots = naive(hashes[:old]), naive(hashes)
    assert verify_consistency(old, new, proof, *roots)
    assert not verify_consistency(old, new, spoiled(data, proof), *roots)
    assert not verify_consistency(old, new, proof, flipped(roots[0], data.draw(flips)), roots[1])
    assert not verify_consistency(old, new, proof, roots[0], flipped(roots[1], data.draw(flips)))


@given(sizes, st.data())
def test_a_rewritten_entry_breaks_consistency(new: int, data: st.DataObject) -> None:
    """Who changes an entry that was signed for cannot prove the new tree to continue the old one."""
    assume(new > 1)
    hashes = leaves(new)
    old = data.draw(st.integers(1, new - 1))
    place = data.draw(st.integers(0, old - 1))
    rewritten = [*hashes[:place], leaf_hash(b"rewritten"), *hashes[place + 1 :]]
    proof = consistency_proof(hashes_at(rewritten), old, new)
    assert not verify_consistency(old, new, proof, naive(hashes[:old]), naive(rewritten))


@given(st.integers(0, 600))
def test_the_edge_alone_knows_the_root(size: int) -> None:
    """Appending leaf by leaf to the right edge gives the root of the recursive definition."""
    hashes = leaves(size)
    tree = frontier(hashes)
    assert tree.root() == naive(hashes)
    assert len(tree.hashes) == size.bit_count()
    again = Frontier(tree.size, tree.hashes)
    again.append(leaf_hash(b"one more"))
    assert again.root() == naive([*hashes, leaf_hash(b"one more")])


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 31))
def test_joining_full_subtrees_is_appending_their_leaves(before: int, level: int, after: int) -> None:
    """A subtree that is known by its root counts as its leaves, as bundles do in a verification."""
    hashes = leaves((before + 1 << level) + after)
    tree = frontier(hashes[: before << level])
    tree.join(level, subtree_root(hashes[before << level : before + 1 << level]))
    for one in hashes[before + 1 << level :]:
        tree.append(one)
    assert (tree.size, tree.root()) == (len(hashes), naive(hashes))


@given(st.integers(0, 6), st.integers(1, 64))
def test_range_root_is_the_root_of_the_range(block: int, count: int) -> None:
    """The root over a range is that of its leaves alone."""
    hashes = leaves(64 * 7)
    assert range_root(hashes_at(hashes), block * 64, block * 64 + count) == naive(hashes[block * 64 :][:count])


@pytest.mark.parametrize(("size", "hashes"), [(0, 1), (1, 0), (3, 1), (4, 2), (256, 0)])
def test_an_edge_of_the_wrong_length_is_refused(size: int, hashes: int) -> None:
    """A stored edge that does not fit its size is told at once, not signed."""
    with pytest.raises(ValueError, match="full subtrees"):
        Frontier(size, leaves(hashes))


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (0, 0), (1, 1), (8, 8)])
def test_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    """There is neither a proof nor a check of a leaf outside the tree."""
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(hashes_at(leaves(8)), index, size)
    assert not verify_inclusion(leaves(1)[0], index, size, [], leaves(1)[0])


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 1), (-1, 3), (0, 0)])
def test_no_consistency_with_what_never_was(old: int, new: int) -> None:
    """There is neither a proof nor a check of a tree that is empty or longer than its successor."""
    with pytest.raises(ValueError, match="no tree"):
        consistency_proof(hashes_at(leaves(8)), old, new)
    assert not verify_consistency(old, new, [], EMPTY_ROOT, EMPTY_ROOT)
