"""May this be done? One decision for everybody: policy, consent, law, term, blocks, roles, recipients, borders."""

from senim.gate.actions import Gate
from senim.gate.records import Decision, Facts, Question

__all__ = ["Decision", "Facts", "Gate", "Question"]
