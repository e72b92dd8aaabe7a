"""Counts over time as bars: what came above the line, what went below it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from senim.web.console.charts.drawing import picture, round_up, text

WIDTH, HIGH, LEFT, FOOT = 340.0, 100.0, 40.0, 20.0
"""Width of the picture, the height of the scale, the room for its numbers at the left and for dates below."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A period: how it is called, how many came, how many went."""

    name: str
    up: int
    down: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A bar in its place."""

    x: float
    y: float
    width: float
    height: float


def place(bars: Sequence[Bar]) -> tuple[list[Placed], list[Placed], int]:
    """Where the bars above and below the line stand, and the number at the top of the scale, which is that of both."""
    top = round_up(max((max(one.up, one.down) for one in bars), default=0))
    step = (WIDTH - LEFT) / max(len(bars), 1)
    tall = HIGH / top
    above = [Placed(LEFT + step * n, HIGH - tall * one.up, step * 0.72, tall * one.up) for n, one in enumerate(bars)]
    below = [Placed(LEFT + step * n, HIGH, step * 0.72, tall * one.down) for n, one in enumerate(bars)]
    return above, below, top


def draw(bars: Sequence[Bar], *, title: str, says: str, number: Callable[[int], str] = str) -> Markup:
    """The picture of one series; ``number`` writes its numbers."""
    above, below, top = place(bars)
    depth = max((one.height for one in below), default=0.0)
    parts = [
        Markup('<line class="chart-line" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(LEFT, WIDTH, HIGH, HIGH),
        text(0, 11, number(top), "chart-scale"),
        text(0, HIGH + 4, "0", "chart-scale"),
    ]
    parts += [
        _bar("bar up", at, f"{bar.name}: +{number(bar.up)}") for at, bar in zip(above, bars, strict=True) if bar.up
    ]
    parts += [
        _bar("bar down", at, f"{bar.name}: −{number(bar.down)}")
        for at, bar in zip(below, bars, strict=True)
        if bar.down
    ]
    if bars:
        parts.append(text(LEFT, HIGH + depth + FOOT - 4, bars[0].name, "chart-scale"))
        parts.append(text(WIDTH, HIGH + depth + FOOT - 4, bars[-1].name, "chart-scale end"))
    return picture(WIDTH, HIGH + depth + FOOT, Markup("").join(parts), title=title, says=says)


def _bar(kind: str, one: Placed, name: str) -> Markup:
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
    ).format(kind, one.x, one.y, one.width, one.height, name)
