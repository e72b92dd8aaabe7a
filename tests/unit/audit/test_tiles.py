"""Names of tiles and bundles, and how bundles hold entries (C2SP tlog-tiles)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.audit.tiles import TileName, bundle_hashes, fits, pack, stored, unpack, widths
from senim.errors import Code, Invalid, Tampered

NAMES = {
    "0/000": TileName(0, 0),
    "0/000.p/1": TileName(0, 0, 1),
    "0/000.p/255": TileName(0, 0, 255),
    "5/001": TileName(5, 1),
    "63/999": TileName(63, 999),
    "1/x001/000": TileName(1, 1000),
    "0/x001/x234/067": TileName(0, 1_234_067),
    "0/x001/x234/067.p/9": TileName(0, 1_234_067, 9),
    "entries/000": TileName(-1, 0),
    "entries/x012/345.p/77": TileName(-1, 12_345, 77),
}


@pytest.mark.parametrize(("path", "name"), NAMES.items(), ids=NAMES)
def test_names(path: str, name: TileName) -> None:
    """Outsiders' tools find each tile under the name that the specification gives it."""
    assert name.path == path
    assert TileName.parse(path) == name


@given(st.integers(-1, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_every_tile_has_one_name(level: int, n: int, width: int) -> None:
    """A name leads to its tile and back."""
    name = TileName(level, n, width)
    assert TileName.parse(name.path) == name


@pytest.mark.parametrize(
    "path",
    ["", "/", "0", "0/", "0/0", "0/00", "0/0000", "64/000", "-1/000", "00/000", "data/000", "0/000.p", "0/000.p/",
     "0/000.p/0", "0/000.p/01", "0/000.p/256", "0/000.p/257", "0/000.p/999", "0/x000/001", "0/x000/x000/001",
     "0/001/002", "0/x1/002", "0/X001/002", "0/000/", "0/000\n", " 0/000", "0/٠٠٠", "٠/000", "0/../0/000", "0/000?x",
     "entries", "entries/", "Entries/000", "0/000.p/1/2"],
)  # fmt: skip
def test_other_names_lead_nowhere(path: str) -> None:
    """What is not exactly a tile's name is not found."""
    with pytest.raises(Invalid) as refused:
        TileName.parse(path)
    assert refused.value.code is Code.NOT_FOUND


@given(st.text(max_size=30))
def test_any_text_is_a_name_or_is_refused(path: str) -> None:
    """No text makes the reader stumble."""
    try:
        name = TileName.parse(path)
    except Invalid:
        return
    assert name.path == path


@pytest.mark.parametrize(
    ("size", "level", "expected"),
    [(0, 0, (0, 0)), (1, 0, (0, 1)), (255, 0, (0, 255)), (256, 0, (1, 0)), (257, -1, (1, 1)), (257, 1, (0, 1)),
     (70_000, 0, (273, 112)), (70_000, 1, (1, 17)), (70_000, 2, (0, 1)), (70_000, 3, (0, 0)), (65_536, 2, (0, 1))],
)  # fmt: skip
def test_widths(size: int, level: int, expected: tuple[int, int]) -> None:
    """A level has so many full tiles and so wide a last one."""
    assert widths(size, level) == expected


entries = st.lists(st.binary(max_size=300), max_size=20)


@given(entries)
def test_bundles_hold_what_was_put_in(leaves: list[bytes]) -> None:
    """Entries come out of a bundle as they went in, empty ones too."""
    assert unpack(pack(leaves)) == leaves
    assert bundle_hashes(pack(leaves)) == [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]


@given(entries.filter(lambda leaves: leaves != []), st.data())
def test_a_cut_bundle_is_told(leaves: list[bytes], data: st.DataObject) -> None:
    """A bundle cut anywhere gives fewer entries or an error, never a wrong entry."""
    whole = pack(leaves)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        assert unpack(cut) == leaves[: len(unpack(cut))]
    except ValueError:
        with pytest.raises(Tampered):
            stored(cut, "entries/0")
    else:
        assert stored(cut, "entries/0") == unpack(cut)


@pytest.mark.parametrize("bundle", [b"\x00", b"\x00\x01", b"\xff\xff", b"\x00\x02a", b"\x00\x00\x00"])
def test_broken_bundles(bundle: bytes) -> None:
    """A length without its entry is told."""
    with pytest.raises(ValueError, match="cut"):
        unpack(bundle)


def test_the_longest_entry_fits_and_no_longer_one() -> None:
    """A length has 16 bits: 65,535 bytes fit, one more does not."""
    longest = bytes(65_535)
    assert fits(longest)
    assert unpack(pack([longest])) == [longest]
    assert not fits(longest + b"!")
    with pytest.raises(OverflowError):
        pack([longest + b"!"])
