"""Samples, their spread, and a figure with its limit."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Samples of one quantity, in the order in which they were taken."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def told(self, digits: int | None = None) -> str:
        """The median with the lowest and the highest; ``digits`` after the point, or as many as make sense."""
        low, high = min(self.values), max(self.values)
        if len(self.values) == 1:
            return number(self.median, digits)
        return f"{number(self.median, digits)} ({number(low, digits)}–{number(high, digits)})"

    def over(self, other: Spread) -> Spread:
        """Sample by sample, this as a part of ``other``."""
        return Spread(tuple(one / limit for one, limit in zip(self.values, other.values, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the page. ``met`` is None where nothing was promised."""

    part: str
    """Which of the measured things, a to m."""
    what: str
    database: str
    unit: str
    measured: Spread
    how: str
    limit: Spread | None = None
    limited_by: str = ""
    ratio: Spread | None = None
    target: str = ""
    met: bool | None = None


def number(value: float, digits: int | None = None) -> str:
    """A number as it is read: thousands apart, no more digits than make sense."""
    if digits is None:
        digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def in_turns(repetitions: int, runs: Mapping[str, Callable[[], float]]) -> dict[str, Spread]:
    """Run everything ``repetitions`` times in turns, every other time backwards, so that no one is always first."""
    samples: dict[str, list[float]] = {name: [] for name in runs}
    for repetition in range(repetitions):
        order: Iterable[str] = runs if repetition % 2 == 0 else reversed(list(runs))
        for name in order:
            samples[name].append(runs[name]())
    return {name: Spread(tuple(values)) for name, values in samples.items()}
