"""The operator's own databases and systems: find, export, correct, erase, search again.

``records.py`` is the contract that every connector keeps. A system is described by a map (``datamap.py``), a file of
the operator's folder that the program proposes and people correct.
"""

from __future__ import annotations

from senim.connectors.actions import Connectors, by_hand
from senim.connectors.manual_store import Task
from senim.connectors.manual_tasks import Tasks
from senim.connectors.maps import Maps
from senim.connectors.patience import Looks
from senim.connectors.records import Connector, Identifiers, Plan, Receipt, Rescan, Wish, WishKind

__all__ = [
    "Connector",
    "Connectors",
    "Identifiers",
    "Looks",
    "Maps",
    "Plan",
    "Receipt",
    "Rescan",
    "Task",
    "Tasks",
    "Wish",
    "WishKind",
    "by_hand",
]
