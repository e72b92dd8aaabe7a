"""Sealed values, keys, blind search, documents, destruction by key."""

from senim.vault.actions import Vault
from senim.vault.boxes import Boxes
from senim.vault.documents import Documents
from senim.vault.keys import EnvironmentKeys, FileKeys, KeyProvider, provider
from senim.vault.persons import PersonKeys
from senim.vault.records import ERASE_REASONS, Document, Erasure, Kept, Told
from senim.vault.sealing import BlindIndex

__all__ = [
    "ERASE_REASONS",
    "BlindIndex",
    "Boxes",
    "Document",
    "Documents",
    "EnvironmentKeys",
    "Erasure",
    "FileKeys",
    "Kept",
    "KeyProvider",
    "PersonKeys",
    "Told",
    "Vault",
    "provider",
]
