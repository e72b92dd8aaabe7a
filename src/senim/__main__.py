"""``python -m senim`` is the command ``senim``."""

from senim.cli import main

if __name__ == "__main__":
    main()
