"""Entries of every act, the Merkle tree over them, signed checkpoints, and their verification. Knows no feature."""

from senim.audit.checkpoint import Checkpoint, LogSigner, LogVerifier, parse_note
from senim.audit.records import Entry, Outcome, Problem, Report
from senim.audit.tree import Frontier, leaf_hash, node_hash

__all__ = [
    "Checkpoint",
    "Entry",
    "Frontier",
    "LogSigner",
    "LogVerifier",
    "Outcome",
    "Problem",
    "Report",
    "leaf_hash",
    "node_hash",
    "parse_note",
]
