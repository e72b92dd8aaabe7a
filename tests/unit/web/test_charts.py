"""Pictures are true to their numbers: ribbons keep their width, nothing lies over anything else, scales are honest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senim.web.console.charts import bars, drawing, flow, spans
from senim.web.console.charts.bars import Bar
from senim.web.console.charts.flow import Link
from senim.web.console.charts.spans import Span

CLOSE = 1e-6
names = st.sampled_from("abcdefgh")
steps = st.tuples(st.integers(0, 3), names, names)
flows = st.dictionaries(steps, st.integers(1, 40), max_size=40).map(
    lambda found: [Link((column, a), (column + 1, b), weight) for (column, a, b), weight in found.items()]
)


def apart(places: Sequence[tuple[float, float]]) -> bool:
    """Whether none of these (beginning, end) lies over another."""
    return all(first[1] <= second[0] + CLOSE for first, second in pairwise(sorted(places)))


@given(flows)
def test_ribbons_keep_their_width_and_nodes_hold_them(links: list[Link]) -> None:
    """A ribbon is as wide as its weight; each side of a node is filled from its top, without gap, and not beyond."""
    placed = flow.layout(links)
    assert [one.link for one in placed.ribbons] == links
    for ribbon in placed.ribbons:
        assert ribbon.width == ribbon.link.weight * placed.unit
    for name, node in placed.nodes.items():
        for at, end in (("y_source", "source"), ("y_target", "target")):
            side = [one for one in placed.ribbons if getattr(one.link, end) == name]
            edges = [(getattr(one, at), getattr(one, at) + one.width) for one in side]
            assert apart(edges)
            total = sum(one.width for one in side)
            assert total <= node.height + CLOSE
            if side:
                assert min(edges)[0] == pytest.approx(node.y)
                assert max(edges)[1] == pytest.approx(node.y + total)


@given(flows)
def test_nodes_of_a_column_lie_apart_and_within_the_picture(links: list[Link]) -> None:
    """Nodes with the room for their labels do not touch, and nothing is cut off."""
    placed = flow.layout(links)
    for column in {node.column for node in placed.nodes.values()}:
        mine = [node for node in placed.nodes.values() if node.column == column]
        middles = [(node.y + node.height / 2, node.slot / 2) for node in mine]
        assert apart([(middle - half, middle + half) for middle, half in middles])
        assert all(node.y >= 0 and node.y + node.height <= placed.height + CLOSE for node in mine)
        assert all(node.x + flow.NODE <= placed.width for node in mine)


@given(flows)
def test_the_same_flow_is_always_drawn_alike(links: list[Link]) -> None:
    """Nothing depends on chance: a picture can be compared with the one of last year."""
    assert flow.layout(links) == flow.layout(list(links))


def test_crossings_are_few() -> None:
    """Two flows that are given crosswise are put straight."""
    placed = flow.layout([Link((0, "a"), (1, "y"), 1), Link((0, "b"), (1, "x"), 1)])
    order = [(placed.nodes[0, "a"].y < placed.nodes[0, "b"].y), (placed.nodes[1, "y"].y < placed.nodes[1, "x"].y)]
    assert order[0] == order[1]


def test_a_drawing_escapes_what_it_shows() -> None:
    """Names come from a file that people write: markup in them stays text."""
    placed = flow.layout([Link((0, "a"), (1, "b"), 2)])
    drawn = flow.draw(
        placed,
        labels={(0, "a"): "<script>", (1, "b"): '"&'},
        headings=["<b>"],
        marked=frozenset({(1, "b")}),
        title='"><x',
        says="</svg>",
    )
    read = fromstring(drawn)
    assert read.get("aria-label") == '"><x'
    assert "".join(read.itertext()).count("<script>") == 2
    assert 'class="ribbon marked"' in drawn
    assert re.search(r"\b(style|on\w+)=", drawn) is None


counts = st.lists(st.builds(Bar, st.text("abc", max_size=3), st.integers(0, 10**6), st.integers(0, 10**6)), max_size=60)


@given(counts)
def test_bars_have_one_scale(series: list[Bar]) -> None:
    """Above and below the line a count has the same height; no bar leaves the picture or meets the next."""
    above, below, top = bars.place(series)
    assert all(max(one.up, one.down) <= top for one in series)
    for one, up, down in zip(series, above, below, strict=True):
        assert up.height == pytest.approx(bars.HIGH * one.up / top)
        assert down.height == pytest.approx(bars.HIGH * one.down / top)
        assert up.y + up.height == pytest.approx(bars.HIGH)
    assert apart([(one.x, one.x + one.width) for one in above])
    fromstring(bars.draw(series, title="t", says="s"))


@given(st.integers(0, 10**9))
def test_scales_end_with_a_round_number(value: int) -> None:
    """1, 2 or 5 with noughts, not below the value and less than two and a half times as much."""
    top = drawing.round_up(value)
    assert str(top).rstrip("0") in ("1", "2", "5")
    assert value <= top <= max(2.5 * value, 1)


times = st.floats(0, 1e15)


@given(st.lists(st.tuples(times, times), max_size=20), times)
def test_lines_of_time_stand_in_the_order_of_time(found: list[tuple[float, float]], today: float) -> None:
    """What is earlier stands further left, today too, and all of it within the picture."""
    lines = [Span("n", min(one), max(one), max(one) < today, "says") for one in found]
    scale = spans.scale_of(lines, today)
    moments = sorted([today, *(one.begins for one in lines), *(one.ends for one in lines)])
    places = [scale.x(at) for at in moments]
    assert places == sorted(places)
    assert all(spans.LEFT - CLOSE <= one <= spans.WIDTH for one in places)
    fromstring(spans.draw(lines, today=today, now="today", title="t", says="s"))


def test_words_are_cut_where_they_end() -> None:
    """A long name is told in two lines, and says with dots that it goes on."""
    assert drawing.lines_of("a short one", 15, 2) == ["a short one"]
    assert drawing.lines_of("", 15, 2) == [""]
    for words in ("one two three four five six seven eight nine ten eleven", "щ" * 60, "one " + "щ" * 60):
        long = drawing.lines_of(words, 8, 2)
        assert long[-1].endswith("…")
        assert all(drawing.breadth(one) <= 8 for one in long)
        assert len(long) <= 2
