"""Puts ``senim.js`` together: the script, its style, and what the policy says, in three languages, as one file.

One file is one request: nothing is asked for before the choice but this. It is made again when the policy's version or
the day changes, and the same policy always makes the same bytes.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from senim.policy.cookies import configuration
from senim.policy.promises import Promises

_SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent, plain and packed."""

    plain: bytes
    packed: bytes
    tag: str
    """Changes with the content."""


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        bare = line.strip()
        if bare and not bare.startswith("//"):
            yield bare


def _read(name: str) -> str:
    """A file without indentation, empty lines and lines of comment: what is left of it packs well."""
    return "\n".join(_lines((_SCRIPTS / name).read_text(encoding="utf-8")))


def _file(text: str) -> File:
    plain = text.encode()
    return File(plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:16])


@functools.lru_cache(maxsize=8)
def banner(promises: Promises, home: str = "") -> File:
    """``senim.js`` for a version of the policy; ``home``: the host whose cookie the choice is, empty for the page's."""
    settings = json.dumps(configuration(promises, home), ensure_ascii=False, separators=(",", ":"))
    style = json.dumps(_read("banner.css").replace("\n", ""), ensure_ascii=False)
    return _file(_read("senim.js").replace('"SETTINGS"', settings).replace('"STYLE"', style))


@functools.cache
def forms() -> File:
    """``senim-forms.js``, the same for every policy: what a form asks comes from its point's notice."""
    return _file(_read("senim-forms.js"))
