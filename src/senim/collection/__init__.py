"""Intake against the policy: points, notices, sources, other people's data."""

from senim.collection.actions import Collection
from senim.collection.imports import Imports
from senim.collection.records import Intake, OnBehalf, SourceGiven, Taken

__all__ = ["Collection", "Imports", "Intake", "OnBehalf", "SourceGiven", "Taken"]
