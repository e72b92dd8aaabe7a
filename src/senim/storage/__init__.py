"""SQLite or PostgreSQL: open, read, commit in groups, migrate. Knows no feature.

Writes are data, not code: a verb reads, decides and hands over a :class:`Unit` of rows with the guards
that must still hold. Units that wait at the same time share one transaction and one fsync.
"""

from senim.storage.database import Database, open_database
from senim.storage.statements import Guard, Query, Statement, at_most, delete, guard, insert, query, update, upsert
from senim.storage.strands import Hold
from senim.storage.tables import keys_metadata, main_metadata
from senim.storage.unit import Unit

__all__ = [
    "Database",
    "Guard",
    "Hold",
    "Query",
    "Statement",
    "Unit",
    "at_most",
    "delete",
    "guard",
    "insert",
    "keys_metadata",
    "main_metadata",
    "open_database",
    "query",
    "update",
    "upsert",
]
