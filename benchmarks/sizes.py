"""How much is measured: in full, or quickly to see that all of it works."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = (
    "import",
    "verify",
    "start",
    "doors",
    "inside",
    "erase",
    "scan",
    "mail",
    "banner",
    "pages",
    "orders",
    "connected",
    "heavy",
)
"""What may be measured by itself. People are always imported first: everything else needs them."""

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Sizes of a run."""

    people: int = 1_000_000
    """People stored when the doors are measured."""
    entries: int = 1_000_000
    """Entries in the log that is verified; a log of a tenth of them is verified too."""
    repetitions: int = 5
    seconds: float = 3.0
    """How long each load lasts."""
    known: int = 20_000
    """People among whom loads choose."""
    erased: int = 10_000
    """People erased in all."""
    clients: int = 64
    """Connections of the load generator, threads of the measurements in process."""
    connected: int = 10_000_000
    """Rows in all of a connected database."""
    tables: tuple[int, ...] = (10, 50, 200)
    """Tables of the connected databases that are measured."""
    heavy_rows: int = 3_000_000
    """Rows of a person who has very many."""
    heavy_files: int = 2_000
    """Megabytes of files of that person."""
    orders: int = 2_000
    """Orders that are run."""


QUICK = Size(
    people=1_000,
    entries=4_000,
    repetitions=2,
    seconds=0.6,
    known=500,
    erased=200,
    connected=50_000,
    tables=(10, 50),
    heavy_rows=60_000,
    heavy_files=40,
    orders=200,
)
