"""Hits counted as they are found: by kind and column, with the first places. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from senim.inventory.records import MOST_PLACES, Finding, Place
from senim.recognisers import IN_TEXTS, Hit, find

WINDOW = 256 * 1024
"""Characters that are searched at once."""

_OVERLAP = 512
_BESIDE = 64
"""Characters before a window that it is read with, for the words beside a number."""


class Tally:
    """The findings of one source."""

    def __init__(self, kinds: frozenset[str], least: float, samples: int = 0) -> None:
        self.kinds = kinds
        self.in_texts = tuple(kind for kind in IN_TEXTS if kind in kinds)
        self.least = least
        self._samples = samples
        self._findings: dict[tuple[str, str], Finding] = {}

    def add(
        self, kind: str, place: Place, *, confidence: float, why: Iterable[str], value: str, column: str = ""
    ) -> None:
        """Count one."""
        finding = self._findings.get((kind, column))
        if finding is None:
            finding = self._findings[kind, column] = Finding(kind, column, why=[], places=[], samples=[])
        finding.count += 1
        finding.confidence = max(finding.confidence, confidence)
        if len(finding.places) < MOST_PLACES:
            finding.places.append(place)
            finding.why += [one for one in why if one not in finding.why]
            if len(finding.samples) < self._samples:
                finding.samples.append(masked(value))

    def findings(self) -> list[Finding]:
        """What was found, most first."""
        return sorted(self._findings.values(), key=lambda one: (-one.count, one.kind, one.column))

    def text(self, chunks: Iterable[str], *, line: int = 1) -> None:
        """Search a text that comes in parts; only a window of it is in memory, were it one line of gigabytes.

        ``line`` is the number of its first line.
        """
        character = 1
        for window, begin, end in _windows(chunks):
            at = begin
            for hit in self.hits(window):
                if not begin <= hit.start < end:
                    continue
                line, character = _moved(window, at, hit.start, line, character)
                at = hit.start
                written = window[hit.start : hit.end]
                self.add(hit.kind, Place(line, character), confidence=hit.confidence, why=hit.why, value=written)
            line, character = _moved(window, at, end, line, character)

    def hits(self, text: str) -> list[Hit]:
        """What is personal in a text, of the kinds that are looked for."""
        return find(text, kinds=self.in_texts, least=self.least) if self.in_texts else []


def _moved(text: str, start: int, end: int, line: int, character: int) -> tuple[int, int]:
    """Line and character of ``end``, if those of ``start`` are known."""
    lines = text.count("\n", start, end)
    if not lines:
        return line, character + end - start
    return line + lines, end - text.rindex("\n", start, end)


def _windows(chunks: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """A text in windows: each with the part of it, from and to, in which hits begin that are this window's.

    A window ends behind its last line break, or, in a long line, so early that what begins in it is in it whole.
    """
    window, begin = "", 0
    for chunk in chunks:
        window = window + chunk if window else chunk
        if len(window) - begin < WINDOW:
            continue
        end = window.rfind("\n", max(begin, len(window) - WINDOW // 2)) + 1 or len(window) - _OVERLAP
        yield window, begin, end
        kept = max(0, end - _BESIDE)
        window, begin = window[kept:], end - kept
    yield window, begin, len(window)


def masked(value: str) -> str:
    """A value that shows how it is written and no more: first and last character, and what is no letter or digit."""
    shown = value.strip()[:60]
    last = len(shown) - 1
    return "".join(
        one if (place in (0, last) and last > 3) or not one.isalnum() else "•" for place, one in enumerate(shown)
    )
