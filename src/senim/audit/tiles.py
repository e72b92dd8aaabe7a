"""C2SP tlog-tiles: names of tiles and bundles, and how a bundle holds its entries. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from senim.audit.records import MOST_BYTES
from senim.errors import Code, Invalid, Tampered

WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""

HEIGHT = 8
"""Levels of the tree that one level of tiles covers."""

_PATH = re.compile(
    r"(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<n>(?:x\d{3}/){0,5}\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?\Z"
)


@dataclass(frozen=True, slots=True)
class TileName:
    """A tile (``level`` ≥ 0) or a bundle of entries (``level`` -1); ``width`` below 256 means a partial one."""

    level: int
    n: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below ``tile/``."""
        groups = [f"{self.n % 1000:03d}"]
        rest = self.n // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        part = f".p/{self.width}" if self.width < WIDTH else ""
        return f"{'entries' if self.level < 0 else self.level}/{'/'.join(groups)}{part}"

    @classmethod
    def parse(cls, path: str) -> TileName:
        """The name of a path below ``tile/``. Raises Invalid (not_found is for doors to say)."""
        match = _PATH.match(path)
        width = int(match["width"] or WIDTH) if match else 0
        if match is None or width > WIDTH or (match["width"] and width == WIDTH):
            raise Invalid(Code.NOT_FOUND, "tile")
        level = -1 if match["level"] == "entries" else int(match["level"])
        name = cls(level, int(match["n"].replace("x", "").replace("/", "")), width)
        if name.path != path:
            raise Invalid(Code.NOT_FOUND, "tile")
        return name


def widths(size: int, level: int) -> tuple[int, int]:
    """How many full tiles a level has at ``size`` leaves, and how wide its partial one is (0: none)."""
    hashes = size >> (HEIGHT * max(level, 0))
    return hashes // WIDTH, hashes % WIDTH


def pack(leaves: Iterable[bytes]) -> bytes:
    """A bundle: each entry after its length in 16 bits, big-endian."""
    return b"".join([len(leaf).to_bytes(2, "big") + leaf for leaf in leaves])


def unpack(bundle: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError if it is cut or padded."""
    leaves, at, end = [], 0, len(bundle)
    while at < end:
        start = at + 2
        at = start + (bundle[at] << 8 | bundle[at + 1] if start <= end else end)
        if at > end:
            raise ValueError("the bundle is cut")
        leaves.append(bundle[start:at])
    return leaves


def stored(bundle: bytes, where: str) -> list[bytes]:
    """The entries of a bundle of our own database. Raises Tampered (log_broken) if it is not as it was written."""
    try:
        return unpack(bundle)
    except ValueError as error:
        raise Tampered(Code.LOG_BROKEN, where) from error


def fits(leaf: bytes) -> bool:
    """Whether an entry is short enough for a bundle."""
    return len(leaf) <= MOST_BYTES


def bundle_hashes(bundle: bytes) -> list[bytes]:
    """The leaf hashes of a bundle, in one pass. Raises ValueError if it is cut or padded."""
    sha = hashlib.sha256
    return [sha(b"\x00" + leaf).digest() for leaf in unpack(bundle)]
