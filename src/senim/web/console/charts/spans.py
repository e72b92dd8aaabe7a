"""Things to be done in time: a line for each, from when it came to when it is due; and where today stands. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from senim.web.console.charts.drawing import lines_of, picture, text

WIDTH, LEFT, ROW, TOP = 640.0, 140.0, 26.0, 26.0
"""Width of the picture, the room for names, the height of a line, and the room for the word above today."""


@dataclass(frozen=True, slots=True)
class Span:
    """Something with its beginning and its end, in one measure of time; ``late`` if the end is over."""

    name: str
    begins: float
    ends: float
    late: bool
    says: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From times to places on the picture."""

    first: float
    last: float

    def x(self, at: float) -> float:
        """Where a time stands; what lies outside stands at the edge."""
        whole = self.last - self.first or 1.0
        return LEFT + (WIDTH - LEFT - 8) * min(max((at - self.first) / whole, 0.0), 1.0)


def scale_of(spans: Sequence[Span], today: float) -> Scale:
    """A scale that holds everything and today."""
    times = [today, *(one.begins for one in spans), *(one.ends for one in spans)]
    return Scale(min(times), max(times))


def draw(spans: Sequence[Span], *, today: float, now: str, title: str, says: str) -> Markup:
    """The picture; ``now`` is the word for today."""
    scale, height = scale_of(spans, today), TOP + ROW * len(spans) + 6
    at = scale.x(today)
    parts = [
        Markup('<line class="chart-today" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2:.1f}"/>').format(
            at, TOP - 8, height
        ),
        text(at, 12, now, "chart-scale end" if at > (WIDTH + LEFT) / 2 else "chart-scale"),
    ]
    for number, one in enumerate(spans):
        y, kind = TOP + ROW * number + ROW / 2, "late" if one.late else "open"
        parts.append(text(0, y + 4, lines_of(one.name, 12, 1)[0], "chart-label"))
        parts.append(
            Markup('<line class="span {}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"><title>{}</title></line>').format(
                kind, scale.x(one.begins), scale.x(one.ends), y, y, one.says
            )
        )
        parts.append(Markup('<circle class="due {}" cx="{:.1f}" cy="{}" r="5"/>').format(kind, scale.x(one.ends), y))
    return picture(WIDTH, height, Markup("").join(parts), title=title, says=says)
