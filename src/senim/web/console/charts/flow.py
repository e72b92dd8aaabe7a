"""The flow of data as a Sankey diagram: nodes in columns, ribbons between them as wide as what flows. Pure.

Every ribbon is as wide at its end as at its beginning; a node is as high as the wider of its sides; ribbons stack on
the sides of nodes, and nodes in their columns, without overlapping. Columns are put in an order with few crossings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from senim.web.console.charts.drawing import lines_of, picture, text

NODE, SLOT, GAP = 10.0, 34.0, 8.0
"""Width of a node, the least height of its place (two lines of text), and the gap between places."""

COLUMN, LAST, TOP = 230.0, 170.0, 30.0
"""From column to column, the room of the last one, and the room for headings."""

BESIDE, LETTER = 6.0, 12.5
"""From a node to its label, which ends as far before the next column, and the height of its letters."""

TALL, THICKEST = 320.0, 14.0
"""The height that the fullest column takes, and the most that a ribbon of one field is wide."""

_SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Link:
    """What flows from one node to another; nodes are named ``(column, id)``."""

    source: tuple[int, str]
    target: tuple[int, str]
    weight: float


@dataclass(slots=True)
class Node:
    """A node in its place. ``y`` is its top."""

    column: int
    id: str
    height: float = 0.0
    y: float = 0.0
    used: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """How much of its left and of its right side is taken."""

    @property
    def slot(self) -> float:
        """The height of its place in the column."""
        return max(self.height, SLOT)

    @property
    def x(self) -> float:
        """Its left side."""
        return self.column * COLUMN


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A link in its place: where its upper edge begins and ends, and how wide it is."""

    link: Link
    y_source: float
    y_target: float
    width: float


@dataclass(frozen=True, slots=True)
class Layout:
    """All nodes and ribbons in their places."""

    nodes: dict[tuple[int, str], Node]
    ribbons: tuple[Ribbon, ...]
    unit: float
    """The width of a ribbon for a weight of one."""
    width: float
    height: float


def layout(links: Sequence[Link]) -> Layout:
    """Put nodes and ribbons in their places; columns grow from 0 to the right."""
    nodes: dict[tuple[int, str], Node] = {}
    for link in links:
        for name in (link.source, link.target):
            nodes.setdefault(name, Node(*name))
    weights = {name: _weight(name, links) for name in nodes}
    columns = _ordered(nodes, links)
    fullest = max((sum(weights[node.column, node.id] for node in column) for column in columns), default=0.0)
    unit = min(TALL / fullest, THICKEST) if fullest else THICKEST
    for name, node in nodes.items():
        node.height = weights[name] * unit
    height = max((sum(node.slot + GAP for node in column) - GAP for column in columns), default=0.0)
    for column in columns:
        at = TOP + (height - (sum(node.slot + GAP for node in column) - GAP)) / 2
        for node in column:
            node.y = at + (node.slot - node.height) / 2
            at += node.slot + GAP
    width = max((node.column for node in nodes.values()), default=0) * COLUMN + LAST
    return Layout(nodes, tuple(_ribbons(nodes, links, unit)), unit, width, TOP + height + GAP)


def _weight(name: tuple[int, str], links: Sequence[Link]) -> float:
    """What flows through a node: in or out, whichever is more."""
    return max(
        sum(one.weight for one in links if one.target == name), sum(one.weight for one in links if one.source == name)
    )


def _ordered(nodes: dict[tuple[int, str], Node], links: Sequence[Link]) -> list[list[Node]]:
    """The columns, each node near the middle of its neighbours: back and forth a few times."""
    columns: list[list[Node]] = [[] for _ in range(max((node.column for node in nodes.values()), default=-1) + 1)]
    for node in nodes.values():
        columns[node.column].append(node)
    for sweep in range(_SWEEPS):
        rank = {(node.column, node.id): place for column in columns for place, node in enumerate(column)}
        for column in columns if sweep % 2 else reversed(columns):
            ranks = {node.id: _middle((node.column, node.id), links, rank) for node in column}
            column.sort(key=lambda node, ranks=ranks: ranks[node.id])  # type: ignore[misc]
            rank.update({(node.column, node.id): place for place, node in enumerate(column)})
    return columns


def _middle(name: tuple[int, str], links: Sequence[Link], rank: dict[tuple[int, str], int]) -> float:
    """Where a node would like to be: the mean of its neighbours' places, by weight."""
    near = [(rank[one.target], one.weight) for one in links if one.source == name]
    near += [(rank[one.source], one.weight) for one in links if one.target == name]
    total = sum(weight for _, weight in near)
    return sum(place * weight for place, weight in near) / total if total else rank[name]


def _ribbons(nodes: dict[tuple[int, str], Node], links: Sequence[Link], unit: float) -> list[Ribbon]:
    """Ribbons, stacked on each side in the order of the nodes at their other end."""
    starts = {link: _take(nodes[link.source], 1, link.weight * unit) for link in _by_height(links, nodes, "target")}
    ends = {link: _take(nodes[link.target], 0, link.weight * unit) for link in _by_height(links, nodes, "source")}
    return [Ribbon(link, starts[link], ends[link], link.weight * unit) for link in links]


def _by_height(links: Sequence[Link], nodes: dict[tuple[int, str], Node], end: str) -> list[Link]:
    return sorted(links, key=lambda one: nodes[getattr(one, end)].y)


def _take(node: Node, side: int, width: float) -> float:
    at = node.y + node.used[side]
    node.used[side] += width
    return at


def draw(
    placed: Layout,
    *,
    labels: dict[tuple[int, str], str],
    headings: Sequence[str],
    marked: frozenset[tuple[int, str]],
    title: str,
    says: str,
) -> Markup:
    """The picture. Ribbons that lead to a ``marked`` node stand out."""
    parts = [text(column * COLUMN, 12, heading, "chart-heading") for column, heading in enumerate(headings)]
    for ribbon in placed.ribbons:
        drawn = "ribbon marked" if ribbon.link.target in marked else "ribbon"
        way = f"{labels[ribbon.link.source]} → {labels[ribbon.link.target]}"
        parts.append(Markup('<path class="{}" d="{}"><title>{}</title></path>').format(drawn, _path(ribbon), way))
    for name, node in placed.nodes.items():
        kind = "node marked" if name in marked else "node"
        parts.append(
            Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{}" height="{:.1f}" rx="2"/>').format(
                kind, node.x, node.y, NODE, max(node.height, 2.0)
            )
        )
        room = min(COLUMN, placed.width - node.x) - NODE - 2 * BESIDE
        lines = lines_of(labels[name], room / LETTER, 2)
        first = node.y + node.height / 2 + 4 - 7 * (len(lines) - 1)
        for number, line in enumerate(lines):
            parts.append(text(node.x + NODE + BESIDE, first + 14 * number, line, "chart-label"))
    return picture(placed.width, placed.height, Markup("").join(parts), title=title, says=says)


def _path(ribbon: Ribbon) -> str:
    left, right = ribbon.link.source[0] * COLUMN + NODE, ribbon.link.target[0] * COLUMN
    middle, width = (left + right) / 2, ribbon.width
    upper = f"C{middle:.1f} {ribbon.y_source:.1f} {middle:.1f} {ribbon.y_target:.1f} {right:.1f} {ribbon.y_target:.1f}"
    low, end = ribbon.y_source + width, ribbon.y_target + width
    lower = f"C{middle:.1f} {end:.1f} {middle:.1f} {low:.1f} {left:.1f} {low:.1f}"
    return f"M{left:.1f} {ribbon.y_source:.1f}{upper}V{end:.1f}{lower}Z"
