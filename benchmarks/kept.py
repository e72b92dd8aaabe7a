"""What was measured in full is kept between runs: all of it together takes more than an hour.

Each part of the page tells the day, the commit and the machine of its own run; a part is never put together from two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from benchmarks.ground import RESULTS
from benchmarks.page import Taken, page
from benchmarks.sizes import DATABASES, NAMES, Size

_ONCE = ("verify", "scan", "mail", "banner", "connected", "heavy")
"""What depends on no database, or on one of its own."""


def keep(taken: Taken) -> None:
    """Keep what a part of a full run found, instead of what an earlier one did."""
    where = RESULTS / "full"
    where.mkdir(parents=True, exist_ok=True)
    (where / f"{_name(taken)}.json").write_bytes(msgspec.json.encode(taken))


def _name(taken: Taken) -> str:
    databases = "-".join(sorted({one.database for one in taken.figures} - {"—"})) or "none"
    return f"{taken.name}-{databases}"


def _kept() -> list[Taken]:
    found = [msgspec.json.decode(path.read_bytes(), type=Taken) for path in sorted((RESULTS / "full").glob("*.json"))]
    return sorted(found, key=lambda one: NAMES.index(one.name))


def whole() -> bool:
    """Whether everything was measured, on both databases where there are two."""
    return not _missing(_kept())


def _missing(found: Sequence[Taken]) -> list[str]:
    counts = Counter(one.name for one in found)
    return [name for name in NAMES if counts[name] < (1 if name in _ONCE else len(DATABASES))]


def page_with(taken: Sequence[Taken], size: Size) -> str:
    """The page of a run, with what it did not measure as it is kept."""
    new = {_name(one) for one in taken}
    whole = [*(one for one in _kept() if _name(one) not in new), *taken]
    return page(sorted(whole, key=lambda one: NAMES.index(one.name)), size, missing=_missing(whole))
