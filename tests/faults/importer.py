"""A process that imports a file in small transactions, to be killed: the command itself, with its own arguments."""

from __future__ import annotations

import sys

from senim.cli import collection, main

if __name__ == "__main__":
    collection.BATCH = 10
    sys.argv[0] = "senim"
    main()
