"""Consent: given, withdrawn, by whom, for what, what was shown; receipts."""

from senim.consent.actions import Consents, states_of
from senim.consent.records import Affected, Event, Evidence, Given, Representative, Said, Scope, State

__all__ = [
    "Affected",
    "Consents",
    "Event",
    "Evidence",
    "Given",
    "Representative",
    "Said",
    "Scope",
    "State",
    "states_of",
]
