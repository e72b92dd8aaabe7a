"""Per clause: kept, broken or cannot be told; drills and evidence."""

from senim.conformance.actions import Conformance
from senim.conformance.controls import control_names
from senim.conformance.records import Board, ClauseResult, ControlResult, Status

__all__ = ["Board", "ClauseResult", "Conformance", "ControlResult", "Status", "control_names"]
