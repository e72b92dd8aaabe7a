"""Every handing-over of data: through the gate, on record, told to the person."""

from senim.disclosure.actions import Disclosures
from senim.disclosure.records import Handed, HandedOver, Handing

__all__ = ["Disclosures", "Handed", "HandedOver", "Handing"]
