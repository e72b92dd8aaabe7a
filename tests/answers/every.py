"""All of them, in an order in which none spoils another's."""

from __future__ import annotations

from tests.answers.doors import open_doors, taken
from tests.answers.portal import PORTAL
from tests.answers.public import LAST, PUBLIC
from tests.answers.staff import CONSOLE
from tests.doors.visitor import Visitor
from tests.filled import Filled
from tests.screens import Screen

UNSHOWN = {"console/provided.html": "whoever comes from the identity provider is led on before it can be read"}
"""Templates of screens that no picture shows, each with the reason."""


def every_answer(made: Filled, visitor: Visitor) -> list[Screen]:
    """What everybody is answered with. It changes what is there: screens that links lead to are looked at before."""
    doors = open_doors(made, visitor)
    tables = (("public", PUBLIC), ("portal", PORTAL), ("console", CONSOLE), ("public", LAST))
    return [screen for door, answers in tables for screen in taken(doors, door, answers)]
