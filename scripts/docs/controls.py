"""``controls.md``: the controls that a clause may name, what each keeps and what its drill shows."""

from __future__ import annotations

from itertools import groupby

from scripts.docs.markdown import code, codes, fill, first_sentence, table
from senim.conformance.controls import CONTROLS
from senim.conformance.records import Control
from senim.languages import wording


def page() -> str:
    """The page."""
    built = [one for one in CONTROLS if one.drill is not None]
    later = [one for one in CONTROLS if one.drill is None]
    return fill(
        "controls",
        built=len(built),
        waiting=len(later),
        rooms="\n".join(_room(room, list(found)) for room, found in groupby(built, key=lambda one: one.room)),
        later=table(["control", "what it is to keep"], [[code(one.name), says(one)] for one in later]),
    )


def says(control: Control) -> str:
    """What a control keeps, in English."""
    return wording("controls")[control.name].en


def _room(room: str, controls: list[Control]) -> str:
    rows = [
        [
            code(one.name),
            says(one),
            first_sentence(getattr(one.drill, "__doc__", "")),
            codes(one.acts) or "its drill alone",
        ]
        for one in controls
    ]
    return f"### {room}\n\n{table(['control', 'keeps', 'its drill shows', 'live evidence'], rows)}"
