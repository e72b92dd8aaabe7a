"""A live database as it was read: tables, columns, keys, references, rights. Plain facts, no connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MARKS = "senim_orders"
"""The table in which a database remembers the orders that were carried out in it; it holds nothing personal."""


class Family(StrEnum):
    """What kind of values a column holds, whatever its database calls the type."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TIME = "time"
    BOOLEAN = "boolean"
    BINARY = "binary"
    JSON = "json"
    UUID = "uuid"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column. ``folded``: its comparisons ignore case (citext, collations ``_ci``)."""

    name: str
    type: str
    family: Family
    nullable: bool = True
    length: int | None = None
    default: bool = False
    generated: bool = False
    folded: bool = False

    @property
    def long(self) -> bool:
        """Whether a value may be so long that it is not read at once."""
        return self.family in (Family.BINARY, Family.JSON) or (self.family is Family.TEXT and self.length is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A declared foreign key: ``columns`` of ``table`` name a row of ``to``."""

    table: str
    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]
    name: str = ""
    on_delete: str = "NO ACTION"
    deferrable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index: its columns in order, or its expressions as the database writes them (empty column then)."""

    columns: tuple[str, ...]
    expressions: tuple[str, ...] = ()
    unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A CHECK constraint, as the database writes it."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What our role may do with a table. Columns count where the table as a whole is not granted."""

    select: bool = True
    delete: bool = True
    update: bool = True
    select_columns: frozenset[str] = frozenset()
    update_columns: frozenset[str] = frozenset()

    def reads(self, column: str) -> bool:
        """Whether the column may be read."""
        return self.select or column in self.select_columns

    def writes(self, column: str) -> bool:
        """Whether the column may be changed."""
        return self.update or column in self.update_columns

    @property
    def any_read(self) -> bool:
        """Whether anything of the table may be read."""
        return self.select or bool(self.select_columns)

    @property
    def any_write(self) -> bool:
        """Whether anything of the table may be changed; PostgreSQL lets no one else lock its rows."""
        return self.update or bool(self.update_columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table. ``id`` is what maps call it: the bare name in the default schema, else ``schema.name``."""

    id: str
    name: str
    schema: str | None
    columns: Mapping[str, Column]
    key: tuple[str, ...] = ()
    """Primary key, or a unique key without NULL; empty: rows cannot be told apart."""
    indexes: tuple[Index, ...] = ()
    references: tuple[Reference, ...] = ()
    checks: tuple[Check, ...] = ()
    rights: Rights = Rights()
    rows: int = 0
    """An estimate."""
    transactional: bool = True
    """Whether what is done to it can be taken back (MyISAM cannot)."""
    hidden: bool = False
    """Whether rules of the database may hide rows from our role (row-level security)."""
    writable: bool = True
    """Whether rows may be changed at all; a stored view's cannot, nor what a search keeps of its table."""
    past: bool = False
    """Whether the database keeps what rows were before beside them (MariaDB's system versioning)."""

    @property
    def readable(self) -> tuple[str, ...]:
        """The columns that our role may read."""
        return tuple(name for name in self.columns if self.rights.reads(name))

    def unique(self, column: str) -> tuple[str, ...]:
        """The columns of the narrowest unique index that has the column in it; empty if there is none."""
        found = [one.columns for one in self.indexes if one.unique and column in one.columns]
        if column in self.key:
            found.append(self.key)
        return min(found, key=len, default=())

    def indexed(self, columns: tuple[str, ...]) -> bool:
        """Whether an index begins with these columns, in any order."""
        wanted = set(columns)
        tracks = [one.columns for one in self.indexes] + [self.key]
        return any(set(one[: len(columns)]) == wanted for one in tracks if len(one) >= len(columns))

    def indexed_by(self, expression: str) -> bool:
        """Whether there is an index on an expression; blanks, quotes and casts are not looked at."""
        plain = _plain(expression)
        return any(plain == _plain(one) for index in self.indexes for one in index.expressions[:1])


def _plain(expression: str) -> str:
    text = expression.lower().replace("::text", "").replace("character varying", "")
    return "".join(letter for letter in text if letter not in ' "`()')


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """All tables that our role can see."""

    dialect: str
    version: str
    tables: Mapping[str, Table]
    fingerprint: str = ""
    inbound: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict)
    """Table → the declared references to it."""
    user: str = ""
    """Our role, as it stands in a GRANT."""
    beside: tuple[str, ...] = ()
    """Other schemas of the same database that hold tables, which nobody asked to read."""

    @classmethod
    def of(
        cls, dialect: str, tables: Mapping[str, Table], *, version: str = "", fingerprint: str = "", user: str = ""
    ) -> Schema:
        """A schema with its references looked up from both ends."""
        inbound: dict[str, list[Reference]] = {}
        for reference in (one for table in tables.values() for one in table.references):
            inbound.setdefault(reference.to, []).append(reference)
        ends = {name: tuple(found) for name, found in inbound.items()}
        return cls(dialect=dialect, version=version, tables=tables, fingerprint=fingerprint, inbound=ends, user=user)

    def references(self) -> Iterator[Reference]:
        """All declared references."""
        return (one for table in self.tables.values() for one in table.references)
