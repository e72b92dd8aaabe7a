"""The person's own account: who is signed in, what they see and change of what is theirs, and with which word."""

from senim.accounts.actions import Accounts
from senim.accounts.parts import Parts
from senim.accounts.records import PERSON, Account, Entered, Signed, person

__all__ = ["PERSON", "Account", "Accounts", "Entered", "Parts", "Signed", "person"]
