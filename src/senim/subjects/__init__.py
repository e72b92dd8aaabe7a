"""The people whose data it is: known, blocked, stopped, erased. Never who they are."""

from senim.subjects.actions import Subjects
from senim.subjects.records import Block, Standing

__all__ = ["Block", "Standing", "Subjects"]
