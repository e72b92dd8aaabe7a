"""A seal opens for whom and where it was made, and nowhere else."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from senim.errors import Code, Tampered
from senim.vault.sealing import AES_256_GCM, CHUNK, BlindIndex, _Keyed, bound_chunk, bound_to, seal, unseal

KEY, OTHER = AESGCM(bytes(range(32))), AESGCM(bytes(32))
ids = st.binary(min_size=16, max_size=16)
words = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
versions = st.integers(0, 2**63 - 1)


def opens(key: AESGCM, sealed: bytes, bound: bytes) -> bool:
    """Whether it opens; if not, it says so in the one way that it may."""
    try:
        unseal(key, sealed, bound)
    except Tampered as error:
        assert error.code is Code.SEAL_BROKEN  # noqa: PT017  # no other way of saying no is right
        return False
    return True


@given(st.binary(), st.binary())
def test_round_trip(content: bytes, bound: bytes) -> None:
    """Any bytes in any context come back as they were."""
    sealed = seal(KEY, content, bound)
    assert unseal(KEY, sealed, bound) == content
    assert sealed[:1] == AES_256_GCM
    assert len(sealed) == 1 + 12 + len(content) + 16


@given(st.binary(min_size=8), st.binary())
def test_the_content_is_not_in_the_seal(content: bytes, bound: bytes) -> None:
    """Nothing of the value is readable, and the same value is sealed differently each time."""
    first, second = seal(KEY, content, bound), seal(KEY, content, bound)
    assert content not in first
    assert first != second


@given(st.binary(max_size=60), st.binary(max_size=60), st.data())
def test_any_flipped_bit_is_refused(content: bytes, bound: bytes, data: st.DataObject) -> None:
    """A disk that turns one bit, of the seal or of where it belongs, is found out."""
    sealed = bytearray(seal(KEY, content, bound))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    assert not opens(KEY, bytes(sealed), bound)
    if bound:
        whole, context = seal(KEY, content, bound), bytearray(bound)
        context[bit // 8 % len(bound)] ^= 1 << bit % 8
        assert not opens(KEY, whole, bytes(context))


def test_any_cut_and_any_addition_is_refused() -> None:
    """A seal that was cut at any place, down to nothing, or grew, is refused and not a crash."""
    sealed = seal(KEY, b"value", b"bound")
    for end in range(len(sealed)):
        assert not opens(KEY, sealed[:end], b"bound")
    assert not opens(KEY, sealed + b"\0", b"bound")


@given(st.binary())
def test_any_bytes_are_no_seal(content: bytes) -> None:
    """What was never sealed does not open, whatever it begins with."""
    assert not opens(KEY, content, b"bound")
    assert not opens(KEY, AES_256_GCM + content, b"bound")


def test_another_key_does_not_open() -> None:
    """A value opens with its person's key alone."""
    assert not opens(OTHER, seal(KEY, b"value", b"bound"), b"bound")


@given(ids, words, versions, ids, words, versions)
def test_a_value_opens_only_where_it_belongs(
    subject: bytes, what: str, version: int, other: bytes, else_: str, later: int
) -> None:
    """A value moved to another person, category or version does not open, even under the same key."""
    sealed = seal(KEY, b"value", bound_to(subject, what, version))
    same = (subject, what, version) == (other, else_, later)
    assert opens(KEY, sealed, bound_to(other, else_, later)) is same


@given(ids, ids, st.integers(0, 2**40), st.booleans(), ids, ids, st.integers(0, 2**40), st.booleans())
def test_a_chunk_opens_only_in_its_place(
    subject: bytes, document: bytes, index: int, last: bool, other: bytes, paper: bytes, place: int, end: bool
) -> None:
    """A chunk is bound to the person, the file, its number and whether it is the last."""
    here, there = bound_chunk(subject, document, index, last), bound_chunk(other, paper, place, end)
    assert (here == there) is ((subject, document, index, last) == (other, paper, place, end))
    assert here != bound_to(subject, document.hex(), index), "a chunk is never a value"


def chunked(content: bytes) -> list[bytes]:
    """A file in sealed chunks, as the vault seals it."""
    parts = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)]
    last = len(parts) - 1
    return [seal(KEY, part, bound_chunk(b"s" * 16, b"d" * 16, n, n == last)) for n, part in enumerate(parts)]


def read(chunks: list[bytes]) -> Iterator[bytes]:
    for n, sealed in enumerate(chunks):
        yield unseal(KEY, sealed, bound_chunk(b"s" * 16, b"d" * 16, n, n == len(chunks) - 1))


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_files_of_all_lengths(size: int) -> None:
    """A file comes back whole, at the edges of chunks too."""
    content = os.urandom(size)
    assert b"".join(read(chunked(content))) == content


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_a_file_cannot_be_cut_at_a_chunk(kept: int) -> None:
    """Leaving the last chunks out is found: the new last one was never the last."""
    chunks = chunked(bytes(4 * CHUNK))
    with pytest.raises(Tampered):
        list(read(chunks[:kept]))


def test_chunks_cannot_be_turned_doubled_or_added() -> None:
    """Chunks in another order, twice, or of another file do not open."""
    first, second, third = chunked(bytes(3 * CHUNK))
    for wrong in (
        [second, first, third], [first, first, third], [first, second, third, third], [first, third, second],
        [third], [first, second, third, chunked(b"another")[0]],
    ):  # fmt: skip
        with pytest.raises(Tampered):
            list(read(wrong))


KINDS = st.text(max_size=20)
INDEX = BlindIndex(bytes(range(32)))


@given(st.binary(min_size=32, max_size=32), st.lists(st.binary(max_size=200), max_size=3))
def test_a_key_prepared_gives_the_digests_of_hmac(key: bytes, contents: list[bytes]) -> None:
    """However often it was used before."""
    keyed = _Keyed(key)
    assert [keyed.digest(one) for one in contents] == [hmac.digest(key, one, "sha256") for one in contents]


@given(KINDS, KINDS, st.text(max_size=40), st.text(max_size=40))
def test_the_index_finds_the_same_and_nothing_else(kind: str, other: str, value: str, another: str) -> None:
    """The same value of the same kind has one digest; other values and other kinds have others."""
    digest = INDEX.digest(kind, value)
    assert len(digest) == 16
    assert (digest == INDEX.digest(other, another)) is ((kind, value) == (other, another))


def test_kinds_and_values_do_not_run_into_each_other() -> None:
    """Where a kind ends and a value begins cannot be shifted."""
    digests = {INDEX.digest(kind, value) for kind, value in (("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc"))}
    assert len(digests) == 4


@given(st.binary(min_size=32, max_size=32), st.text(max_size=40))
def test_another_secret_has_other_digests(secret: bytes, value: str) -> None:
    """Without the secret nobody can compute the digest of a telephone number."""
    other = BlindIndex(secret).digest("phone", value)
    assert (other == INDEX.digest("phone", value)) is (secret == bytes(range(32)))
