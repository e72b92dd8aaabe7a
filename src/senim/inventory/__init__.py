"""Where personal data lies: files, folders, archives and databases searched with the recognisers, and a report.

Nothing is changed, and no value that is found is in a report: it tells kinds, places and numbers.
"""

from __future__ import annotations

from senim.inventory.actions import Inventory, Wish
from senim.inventory.page import page
from senim.inventory.records import Finding, Place, Report, Source, State, Why

__all__ = ["Finding", "Inventory", "Place", "Report", "Source", "State", "Why", "Wish", "page"]
