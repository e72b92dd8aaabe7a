"""A raw scan: do the bytes of any file give away a value of a person, in whatever way it may be written?"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Shorter values ("KZ", "17") are all over any file by chance and are not looked for."""

FEWEST_DIGITS = 9
"""Rows of fewer digits stand in every file too, as times do; telephone numbers, IINs and cards are longer."""


def ways(value: str) -> Iterator[str]:
    """How a value may be written: as given, in other case, digits alone, for a URL, inside JSON."""
    digits = re.sub(r"\D", "", value)
    for text in (value, value.lower(), value.upper(), digits):
        if len(text) >= (FEWEST_DIGITS if text.isdigit() else SHORTEST):
            yield from (text, quote(text), quote_plus(text), json.dumps(text)[1:-1])


def forms(values: Iterable[str], *, public: str = "") -> set[bytes]:
    """The byte forms to look for. What stands in ``public``, text that everybody may read (the policy), is left out."""
    texts = {text for value in values for text in ways(value)}
    secret = {text for text in texts if text not in public}
    return {text.encode(coding) for text in secret for coding in ("utf-8", "utf-16-le", "utf-16-be")}


def scan(places: Iterable[Path], wanted: Iterable[bytes], work: Path) -> list[str]:
    """What is found: file and bytes. GNU grep looks for all forms at once, in every file below the places."""
    patterns = work / "patterns"
    patterns.write_bytes(b"\n".join(sorted(set(wanted))) + b"\n")
    found = subprocess.run(
        ["grep", "--text", "--recursive", "--only-matching", "--fixed-strings", "-m", "3", "-f", patterns, *places],
        capture_output=True,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    patterns.unlink()
    assert found.returncode in (0, 1), found.stderr
    return [line.decode("latin-1") for line in found.stdout.splitlines()]


def holding(files: Iterable[Path], needles: Iterable[bytes]) -> list[str]:
    """Which files hold one of some byte strings that may have any bytes, line ends included."""
    sought = list(needles)
    contents = {path: path.read_bytes() for path in files if path.exists()}
    return [path.name for path, content in contents.items() if any(one in content for one in sought)]
