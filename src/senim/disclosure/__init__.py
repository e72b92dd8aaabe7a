"""Every handing-over of data: through the gate, on record, told to the person."""

from senim.disclosure.actions import Disclosures, counted
from senim.disclosure.records import Foreseen, Handed, HandedOver, Handing, Line
from senim.disclosure.rules import is_number

__all__ = ["Disclosures", "Foreseen", "Handed", "HandedOver", "Handing", "Line", "counted", "is_number"]
