"""May this be done? One decision for everybody: policy, consent, law, term, blocks, roles, recipients, borders."""

from senim.gate.actions import Gate
from senim.gate.records import Decision, Question

__all__ = ["Decision", "Gate", "Question"]
