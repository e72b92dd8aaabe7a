"""Staff: accounts, how they sign in, what they may do by the policy's roles."""

from senim.governance.actions import Staff
from senim.governance.agenda import Agenda, Agendas, Waiting
from senim.governance.records import Account, Entered, Listed, Names, Passkey, Seat, Session, Step

__all__ = [
    "Account",
    "Agenda",
    "Agendas",
    "Entered",
    "Listed",
    "Names",
    "Passkey",
    "Seat",
    "Session",
    "Staff",
    "Step",
    "Waiting",
]
