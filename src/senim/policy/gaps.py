"""What is missing in a policy because the file is wrong there: told once, and nothing that follows from it. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from senim.languages import Hint


@dataclass(frozen=True, slots=True)
class Gaps:
    """Paths (``purposes.orders.uses[2]``) where something stands in for what could not be read, or was left out."""

    paths: frozenset[str] = frozenset()

    def cover(self, path: str) -> bool:
        """Whether ``path``, or what it is a part of, could not be read."""
        return bool(self.paths) and any(one in self.paths for one in _upwards(path))

    def touch(self, path: str) -> bool:
        """Whether ``path``, what it is a part of, or a part of it could not be read."""
        return self.cover(path) or any(one.startswith((f"{path}.", f"{path}[")) for one in self.paths)

    def match(self, pattern: str) -> bool:
        """Whether any gap's whole path looks like this."""
        return any(re.fullmatch(pattern, one) for one in self.paths)

    def hide(self, container: str, name: str) -> bool:
        """Whether ``name`` may have been declared in ``container``, in a part that could not be read."""
        inside = (one.rpartition(".") for one in self.paths)
        return self.cover(container) or bool(
            nearest(_alike(name), {_alike(key) for where, _, key in inside if where == container})
        )


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]


def _alike(name: str) -> str:
    return name.casefold().replace("_", "-")


def nearest(name: str, known: Iterable[str]) -> str:
    """The one of ``known`` that was most likely meant by ``name``, or an empty text."""
    return next(iter(difflib.get_close_matches(name, sorted(known), 1)), "")


def meant(name: str, known: Iterable[str]) -> Hint | None:
    """A question after the one most likely meant, or else what there is to choose from, if there is anything."""
    known = sorted(known)
    near = nearest(name, known)
    if near:
        return Hint("meant", name=near)
    return Hint("known", known=", ".join(known[:20])) if known else None
