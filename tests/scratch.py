"""Where tests and the servers they start keep what they throw away: in memory, where there is room for it.

A third of the suite's time would go into files that nobody needs after a power cut. What must outlive the death of a
process (tests/faults) outlives it in memory too.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3


def keep_in_memory() -> None:
    """Let temporary files be made in memory, here and in every process that is started from here.

    Nothing changes where TMPDIR is set, or where memory is small (containers) or no place for programs.
    """
    if "TMPDIR" not in os.environ and _fits(_MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def _fits(place: Path) -> bool:
    if not os.access(place, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize >= _ROOM and not found.f_flag & os.ST_NOEXEC
