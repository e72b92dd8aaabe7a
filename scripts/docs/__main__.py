"""``python -m scripts.docs [--check]``."""

from __future__ import annotations

import sys

from scripts.docs import stale, write


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` only tell which are stale. Exit code 1 if any is, 2 for wrong use."""
    if arguments == ["--check"]:
        found = stale()
        for path in found:
            print(f"{path} is stale: run make docs")
        return 1 if found else 0
    if arguments:
        print("python -m scripts.docs [--check]", file=sys.stderr)
        return 2
    for path in write():
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
