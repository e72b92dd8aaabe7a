"""The people whose data it is: known, blocked, stopped, agreed, erased. Never who they are."""

from senim.subjects.actions import Subjects
from senim.subjects.records import Agreed, Block, Scopes, Standing, scope_key

__all__ = ["Agreed", "Block", "Scopes", "Standing", "Subjects", "scope_key"]
