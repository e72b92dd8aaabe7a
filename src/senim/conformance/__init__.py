"""Per clause: kept, broken or cannot be told; drills and evidence."""

from senim.conformance.actions import Conformance
from senim.conformance.controls import control_names
from senim.conformance.pack import Pack, Period
from senim.conformance.packing import Packs
from senim.conformance.proving import Proving
from senim.conformance.records import Board, ClauseResult, ControlResult, Progress, Status

__all__ = [
    "Board",
    "ClauseResult",
    "Conformance",
    "ControlResult",
    "Pack",
    "Packs",
    "Period",
    "Progress",
    "Proving",
    "Status",
    "control_names",
]
