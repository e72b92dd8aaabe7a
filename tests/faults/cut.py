"""A process that dies in the middle of an erasure: ``cut.py FOLDER SUBJECT POINT``, dead at that point."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from senim.app import Senim, open_senim
from senim.identity import SubjectId

POINTS = ("before the key goes", "after the key is gone", "before the rows go", "after the rows are gone")


def _die_at(senim: Senim, point: str) -> None:
    """Let the process end, as by kill -9, just before or after a commit."""
    database = senim.key_store if "key" in point else senim.database
    engine: Any = database.engine
    commit = engine.commit

    def dying() -> None:
        if point.startswith("after"):
            commit()
        os._exit(9)

    engine.commit = dying


def main(folder: Path, subject: str, point: str) -> None:
    """Erase a person, and die."""
    senim = open_senim(folder, environment={})
    _die_at(senim, point)
    senim.run(
        senim.actor(),
        lambda work: senim.vault.erase(work, senim.subjects.about(work, SubjectId(subject)), reason="request"),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
