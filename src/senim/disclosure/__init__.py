"""Every handing-over of data: through the gate, on record, told to the person."""

from senim.disclosure.actions import Disclosures
from senim.disclosure.records import Foreseen, Handed, HandedOver, Handing

__all__ = ["Disclosures", "Foreseen", "Handed", "HandedOver", "Handing"]
